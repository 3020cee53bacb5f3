"""Recommenders against a second, dense computation; what they cannot know; what was served, counted by hand."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.engines import World, simulate
from sim.engines.objects import Shop
from sim.engines.offering import Offering
from sim.engines.operations import Operations
from sim.journal import Journal
from sim.metrics import measure
from sim.recommenders import lists
from sim.recommenders.collaborative import UNIT, WEIGHT_UNIT, Collaborative
from sim.recommenders.content import Content
from sim.recommenders.hybrid import Hybrid
from sim.recommenders.seen import Purchases, Seen, friends
from sim.recommenders.social import Social
from sim.rules import expose as exposing
from sim.rules import feel
from sim.rules.records import RECOMMENDED, Key
from sim.strategies.recommendation import Recommendation
from tests.busy_worlds import BUSY, assert_drivers_agree, assert_same, scenario
from tests.by_hand import P, a_shelf, a_shopper, an_offer
from tests.laboratory import lab, people, products
from tests.members import BOTH

METHODS = ("content", "collaborative", "social", "hybrid")
Table = NDArray[np.int64]


def seen(bought: Any, tastes: Any = None, ties: Any = ()) -> Seen:
    """What a shop has seen, from a dense table of ones (people x products) and pairs (who hears, whom)."""
    table = np.asarray(bought)
    log = Purchases(*table.shape)
    rows, columns = np.nonzero(table)
    log.write(rows, columns)
    heard_by = np.zeros((len(table), len(table)), dtype=int)  # row: who is heard, column: who hears her
    for hears, whom in ties:
        heard_by[whom, hears] = 1
    starts = np.concatenate([[0], np.cumsum(heard_by.sum(axis=1))])
    known = friends(starts, np.nonzero(heard_by)[1].astype(np.int32), True)
    flat = np.zeros((table.shape[1], 3)) if tastes is None else np.asarray(tastes, dtype=float)
    return Seen(log.matrix(), table.sum(axis=0).astype(np.int64), flat, known)


@functools.cache
def a_shop(n: int = 60, n_products: int = 12) -> tuple[Seen, Table, NDArray[np.float64], Table]:
    """A shop at random, sparse and dense: what was bought, tastes, who hears whom."""
    luck = np.random.default_rng(4)
    bought = (luck.random((n, n_products)) < luck.uniform(0.02, 0.5, n_products)).astype(np.int64)
    bought[:, 3] = 0  # nobody knows this one
    bought[:5] = 0  # nor are these known
    tastes = luck.normal(size=(n_products, 3))
    hears = (luck.random((n, n)) < 0.1).astype(np.int64)
    np.fill_diagonal(hears, 0)
    return seen(bought, tastes, np.argwhere(hears)), bought, tastes, hears


EVERYBODY = np.arange(60)


# --- each against a dense table -------------------------------------------------------------------------------


def test_the_log_keeps_who_bought_what_once() -> None:
    log = Purchases(3, 4)
    log.write(np.array([2, 0, 2]), np.array([1, 3, 1]))
    assert log.matrix().toarray().tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    log.write(np.array([0, 0]), np.array([3, 0]))
    assert log.matrix().toarray().tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert log.matrix().has_canonical_format


def test_content_is_the_product_of_attributes() -> None:
    shop, bought, tastes, _ = a_shop()
    scores, known = Content(shop).judge(EVERYBODY)
    expected = np.maximum(bought @ tastes @ tastes.T, 0.0)
    np.testing.assert_allclose(scores / 4096.0**2, expected, atol=0.02)
    assert known.tolist() == bought.sum(axis=1).tolist()
    assert (scores[:, 3] > 0).any(), "a product that nobody bought is judged by what it is"


def test_collaborative_by_items_sums_cosines_of_buyers() -> None:
    shop, bought, _, _ = a_shop()
    scores, known = Collaborative(shop, "item").judge(EVERYBODY)
    length = np.sqrt(np.maximum(bought.sum(axis=0), 1))
    cosine = (bought.T @ bought) / np.outer(length, length)
    np.testing.assert_allclose(scores / UNIT, bought @ cosine, atol=1e-5)
    assert known.tolist() == bought.sum(axis=1).tolist()
    assert not scores[:, 3].any(), "nothing goes with what nobody bought"


def test_collaborative_by_users_sums_cosines_of_people() -> None:
    """The textbook's loop: for each person, over all others, their cosine with her, on all they bought."""
    shop, bought, _, _ = a_shop()
    scores, _ = Collaborative(shop, "user").judge(EVERYBODY)
    length = np.sqrt(np.maximum(bought.sum(axis=1), 1))
    for me in EVERYBODY:
        score = np.zeros(bought.shape[1])
        for other in EVERYBODY:
            score += (bought[me] @ bought[other]) / (length[me] * length[other]) * bought[other]
        np.testing.assert_allclose(scores[me] / WEIGHT_UNIT, score * length[me], atol=0.05)


def test_collaborative_compares_the_best_bought_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, bought, _, _ = a_shop()
    monkeypatch.setattr("sim.recommenders.collaborative.MOST_PRODUCTS", 4)
    scores, _ = Collaborative(shop, "item").judge(EVERYBODY)
    compared = np.argsort(-bought.sum(axis=0), kind="stable")[:4]
    assert set(np.flatnonzero(scores.any(axis=0))) == set(compared.tolist())


def test_social_counts_friends_who_bought_it() -> None:
    shop, bought, _, hears = a_shop()
    scores, known = Social(shop).judge(EVERYBODY)
    count = hears @ bought
    assert ((scores > 0) == (count > 0)).all()
    assert known.tolist() == count.sum(axis=1).tolist()
    sold = bought.sum(axis=0)
    for me in EVERYBODY:
        order = sorted(np.flatnonzero(count[me]), key=lambda j: (-count[me, j], -sold[j], j))
        assert sorted(order, key=lambda j: -scores[me, j]) == order
    assert known[:5].max() > 0, "who bought nothing has friends who did"


def test_friends_are_whom_she_hears() -> None:
    """In a directed graph too: 0 hears 1, who bought; 1 does not hear 0."""
    scores, known = Social(seen([[1, 0], [0, 1]], ties=[(0, 1)])).judge(np.array([0, 1]))
    assert (scores > 0).tolist() == [[False, True], [False, False]]
    assert known.tolist() == [1, 0]


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_hybrid_mixes_shares_of_the_best_and_asks_friends_first(mix: float) -> None:
    shop, bought, tastes, hears = a_shop()
    scores, known = Hybrid(shop, "item", mix, 2).judge(EVERYBODY)
    length = np.sqrt(np.maximum(bought.sum(axis=0), 1))
    parts = [bought @ ((bought.T @ bought) / np.outer(length, length)), np.maximum(bought @ tastes @ tastes.T, 0.0)]
    shares = [part / np.maximum(part.max(axis=1, keepdims=True), 1e-9) for part in parts]
    expected = mix * shares[0] + (1 - mix) * shares[1]
    cold = bought.sum(axis=1) < 2
    np.testing.assert_allclose(scores[~cold] / UNIT, expected[~cold], atol=2e-3)
    of_friends, n_of_friends = Social(shop).judge(EVERYBODY[cold])
    assert [np.argmax(row) for row in scores[cold]] == [np.argmax(row) for row in of_friends]
    assert known.tolist() == np.where(cold, (hears @ bought).sum(axis=1), bought.sum(axis=1)).tolist()
    assert known[cold].tolist() == n_of_friends.tolist()


# --- lists ----------------------------------------------------------------------------------------------------


def test_the_best_are_the_best() -> None:
    luck = np.random.default_rng(1)
    scores = luck.integers(0, 6, (200, 9))
    for places in (1, 4, 9, 12):
        found = lists.best(scores, places)
        for row, mine in zip(scores, found, strict=True):
            order = [j for j in sorted(range(9), key=lambda j: (-row[j], j)) if row[j] > 0][:places]
            assert mine.tolist() == order + [-1] * (places - len(order))


def by_hand(words: Any = None, on_sale: Any = True, **wanted: Any) -> tuple[list[list[int]], list[int]]:
    """Lists by item of four people over five products. 0 and 1 bought both of 0, 1; 2 bought 0; 3 bought nothing.

    Product 2 was bought once, by 1. Nobody bought 3 or 4.
    """
    shop = seen([[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    asked = {"places": 3, "cold_below": 1, "cold_start": "popularity", "skip_bought": True, "exploration": 0.0}
    sells = np.array(np.broadcast_to(on_sale, 5))
    made = lists.make(
        Collaborative(shop, "item"), np.arange(4), words, shop.bought, shop.units, sells, lists.Wanted(**asked | wanted)
    )
    return made.product.tolist(), made.n_personal.tolist()


def test_lists_of_a_shop_of_four() -> None:
    """Cosines: 0-1 2/sqrt 6, 0-2 1/sqrt 3, 1-2 1/sqrt 2. Units 3, 2, 1: best sellers 0, 1, 2."""
    product, personal = by_hand()
    assert product == [[2, 0, 1], [0, 1, 2], [1, 2, 0], [0, 1, 2]]
    assert personal == [1, 0, 2, 0]
    # bought ones have a score too. Person 0: 1.816 each of 0 and 1, the earlier first; person 1: 2.39, 2.52, 2.28
    assert by_hand(skip_bought=False) == ([[0, 1, 2], [1, 0, 2], [0, 1, 2], [0, 1, 2]], [3, 3, 3, 0])
    assert by_hand(cold_below=2) == ([[2, 0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2]], [1, 0, 0, 0])
    sold_out = np.array([False, True, True, True, True])
    assert by_hand(on_sale=sold_out)[0] == [[2, 1, -1], [1, 2, -1], [1, 2, -1], [1, 2, -1]]
    assert by_hand(places=5)[0][2] == [1, 2, 0, -1, -1], "a best seller is not put there twice; 3 and 4 never sold"


def test_places_for_learning_go_to_anything_on_sale() -> None:
    luck = np.random.default_rng(3)
    words = luck.integers(0, 2**32, (4, 3, 2))
    explored, personal = by_hand(words, exploration=1.0, on_sale=np.array([True, False, True, True, True]))
    assert personal == [0, 0, 0, 0]
    sold = np.array([0, 2, 3, 4])
    assert explored == sold[(words[:, :, 1] * 4) >> 32].tolist()
    usual, _ = by_hand()
    some, _ = by_hand(words, exploration=0.4)
    is_drawn = (words[:, :, 0] + 0.5) / 2**32 < 0.4
    assert 0 < is_drawn.sum() < 12
    assert np.array_equal(np.array(some)[~is_drawn], np.array(usual)[~is_drawn])
    unknown, _ = by_hand(words, cold_start="explore")
    assert unknown[3] == ((words[3, :, 1] * 5) >> 32).tolist()
    assert unknown[2][:2] == [1, 2], "what it knows comes first"


def test_equal_shops_give_equal_lists_whatever_the_rows() -> None:
    """People in another order, in parts: the same lists for the same people."""
    shop, bought, tastes, hears = a_shop()
    order = np.random.default_rng(9).permutation(60)
    place = np.argsort(order)
    again = seen(bought[order], tastes, [(place[a], place[b]) for a, b in np.argwhere(hears)])
    wanted = lists.Wanted(5, 1, "popularity", False, 0.0)
    sells = np.ones(12, dtype=bool)
    for build in (Content, Social, lambda s: Collaborative(s, "user"), lambda s: Hybrid(s, "item", 0.5, 1)):
        one = lists.make(build(shop), EVERYBODY, None, shop.bought, shop.units, sells, wanted)
        other = lists.make(build(again), place[:30], None, again.bought, again.units, sells, wanted)
        assert np.array_equal(one.product[:30], other.product)


# --- in a run -------------------------------------------------------------------------------------------------


def test_slots_show_every_place_alike_and_pass_over_what_is_not_sold() -> None:
    on = a_shelf(6, on_sale=[True, True, False, True, True, True])
    offer = an_offer(rec_accuracy=exposing.LISTED, rec_list=[4, 2, 1, 5, -1])
    found = [exposing.listed_item(Key(7, day, 3), offer, on, 0) for day in range(3000)]
    counts = np.bincount(found, minlength=6)
    assert set(found) == {1, 4, 5}
    assert abs(counts[4] - 1200) < 120  # its own place and, after the end of the list, that of nothing
    assert abs(counts[1] - 1200) < 120  # its own place and that of what is not sold
    assert abs(counts[5] - 600) < 100
    assert exposing.listed_item(Key(7, 1, 3), an_offer(rec_list=[2, -1]), on, 0) == -1
    me, nothing = a_shopper(), an_offer(rec_accuracy=exposing.LISTED, rec_list=[])
    best = on._replace(popularity=np.array([0.0, 9.0, 0.0, 0.0, 0.0, 0.0]))
    shown = [exposing.draw_item(P, me, Key(7, day, 3), nothing, best, RECOMMENDED, 0) for day in range(300)]
    assert np.mean(np.array(shown) == 1) > 0.35, "with nothing on her list: by popularity"


STRATEGIES: dict[str, Any] = {
    by: {"kind": "recommendation", "by": by, "weight": 3.0, "places": 4, "refresh_days": 3} for by in METHODS
}
STRATEGIES["users"] = STRATEGIES["collaborative"] | {
    "neighbours": "user", "exploration": 0.2, "cold_start": "explore", "skip_bought": True, "cold_below": 2,
}  # fmt: skip
STRATEGIES["two"] = [
    STRATEGIES["content"] | {"places": 6, "target": {"gender": ["female"]}},
    STRATEGIES["social"] | {"places": 2, "weight": 4.0, "every": 2},
]


@functools.cache
def journals() -> dict[str, Journal]:
    return assert_drivers_agree(scenario(params={**BUSY, "c_priv": 0.2}, strategies=STRATEGIES))


def test_drivers_agree_and_methods_differ() -> None:
    found = journals()
    assert found["control"].served is None
    for label in STRATEGIES:
        assert (found[label].orders["cause"] == "recommendation").any(), label
    tables = [journal.orders.to_csv() for journal in found.values()]
    assert len(set(tables)) == len(tables)


def test_it_sees_only_what_a_shop_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a world that holds no people at all, only products and ties, every method serves the same."""
    original = Operations._desk

    def windowed(self: Operations, index: int, label: str) -> Any:
        desk, world = original(self, index, label), self.world
        what = SimpleNamespace(taste=world.catalogue.taste)
        desk.world = SimpleNamespace(
            catalogue=what, graph=world.graph, scenario=world.scenario, noise_seed=world.noise_seed
        )
        return desk

    expected = journals()
    monkeypatch.setattr(Operations, "_desk", windowed)
    asked = scenario(params={**BUSY, "c_priv": 0.2}, strategies=STRATEGIES)
    for label in STRATEGIES:
        assert_same(expected[label], simulate(asked, label, events=True))


def test_new_products_are_found_by_content_and_not_by_others() -> None:
    """Half the products are launched late: by content they get on lists at once, by others once somebody bought."""
    shown: dict[str, list[set[int]]] = {by: [] for by in METHODS}
    original = Offering.offers
    asked = scenario(days=12, params=BUSY, population={"size": 200, "registered_share": 1.0}, strategies=STRATEGIES)
    world = World.build(asked)
    new = np.arange(25) % 2 == 1
    world.catalogue.launch_day[new] = 6
    for by, days in shown.items():

        def offers(self: Offering, t: int, rows: Any, returned: Any, days: Any = days) -> Any:
            found = original(self, t, rows, returned)
            days.append((set(found.rec_list.ravel().tolist()) - {-1}, self.shop.units.copy(), self.shop.day))
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Offering, "offers", offers)
            simulate(asked, by, world=world)
    for by, days in shown.items():
        learned = np.zeros(25)
        for products_shown, units, day in days:
            if day >= 0 and day % 3 == 0:
                learned = units
            if by in ("collaborative", "social") and day >= 0:
                assert all(learned[j] > 0 for j in products_shown), by
    at_launch = next(products_shown for products_shown, _, day in shown["content"] if day == 6)
    assert at_launch & set(np.flatnonzero(new).tolist())


def test_it_learns_every_so_many_days(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[int] = []
    original = Recommendation._learn

    def learn(self: Recommendation, people: Any, board: Any, desk: Any) -> None:
        learned.append(board.day)
        original(self, people, board, desk)

    monkeypatch.setattr(Recommendation, "_learn", learn)
    tactic = STRATEGIES["content"]
    for changes, days in (({"start": 2}, [2, 5, 8, 11, 14]), ({"every": 2}, [0, 4, 8, 12]), ({"weight": 0.0}, [])):
        learned.clear()
        simulate(scenario(params=BUSY, strategies={"s": tactic | changes}), "s")
        assert learned == days


@pytest.mark.parametrize("label", ["hybrid", "users"])
def test_measures_count_what_was_served(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracy, hits, coverage and diversity by loops over everything that stood on a list."""
    days: list[tuple[int, list[int], Any]] = []
    original = Offering.offers

    def offers(self: Offering, t: int, rows: Any, returned: Any) -> Any:
        found = original(self, t, rows, returned)
        days.append((self.shop.day, rows.tolist(), found.rec_list.copy()))
        return found

    monkeypatch.setattr(Offering, "offers", offers)
    asked = scenario(params=BUSY, strategies=STRATEGIES)
    world = World.build(asked)
    journal = simulate(asked, label, world=world)
    taste, goods = np.stack(world.population.traits[-3:], axis=1), world.catalogue.taste
    match = taste @ goods.T / np.sqrt(3)
    shown, unlike, listed, anything, best, hits, orders = set(), [], [], [], [], 0, 0
    bought = journal.orders.groupby("day")
    for day, rows, table in days:
        for row, mine in zip(rows, table.tolist(), strict=True) if table.shape[1] else ():
            mine = [j for j in mine if j >= 0]
            shown |= set(mine)
            for a, one in enumerate(mine):
                for b, other in enumerate(mine):
                    if a != b:
                        cosine = goods[one] @ goods[other] / np.linalg.norm(goods[one]) / np.linalg.norm(goods[other])
                        unlike.append(1 - cosine)
            listed.append(match[row][mine].mean())
            anything.append(match[row].mean())
            best.append(np.sort(match[row])[-4:].mean())
        if day in bought.groups:
            for order in bought.get_group(day).query("mode == 'solo'").itertuples():
                place = rows.index(int(np.flatnonzero(world.population.ids == order.agent)[0]))
                if table.shape[1]:
                    orders += 1
                    hits += order.product in world.catalogue.id[table[place]]
    got = measure(journal)
    listed_mean, random_mean, best_mean = (float(np.mean(values)) for values in (listed, anything, best))
    assert got["rec_accuracy"] == pytest.approx((listed_mean - random_mean) / (best_mean - random_mean), abs=1e-4)
    assert got["rec_coverage"] == len(shown) / 25
    assert got["rec_diversity"] == pytest.approx(np.mean(unlike), abs=1e-4)
    assert got["rec_hit_rate"] == hits / orders
    assert orders > 20


# --- being known ----------------------------------------------------------------------------------------------


def test_who_minds_being_known_by_hand() -> None:
    """(2d): towards s_bad, by c_priv known (1.5 - trust); never up."""
    p = P._replace(c_priv=0.1, s_bad=-1.0)
    assert feel.next_wary(p, 0.5, 0.5, 1.0) == pytest.approx(0.5 - 0.1 * 1.5)
    assert feel.next_wary(p, 0.5, 0.9, 0.5) == pytest.approx(0.5 - 0.1 * 0.5 * 0.6 * 1.5)
    assert feel.next_wary(p, -2.0, 0.1, 1.0) == -2.0
    assert feel.next_wary(p._replace(c_priv=5.0), 0.5, 0.1, 1.0) == -1.0


@BOTH
def test_personalised_slots_and_aimed_messages_wear_satisfaction_down(engine: str) -> None:
    """Nobody buys; after d days satisfaction is s_bad (1 - (1 - pull)^d), for each by her trust and what is known."""
    trust = np.tile([0.1, 0.5, 0.9, 0.5], 3)
    p = {"c_priv": 0.1, "s_bad": -1.0, "w_new": 1.0}
    slots = {"kind": "recommendation", "weight": 3.0, "accuracy": 0.8}
    push = {"kind": "push", "per_day": 1}
    arms: dict[str, tuple[Any, float]] = {
        "slots": (slots, 0.8 * 3 / (3 + 1)),
        "popular": (slots | {"by": "popularity"}, 0.0),
        "unknown": (slots | {"by": "hybrid"}, 0.0),  # nobody bought anything: nothing is known
        "aimed": (push | {"target": {"intent_above": 0.0}}, 1.0),
        "everybody": (push, 0.0),
    }
    world = lab(people(12, trust=trust, need=0.0), products(3), 3, p, strategies={k: v[0] for k, v in arms.items()})
    for label, (_, known) in arms.items():
        pull = 0.1 * known * (1.5 - trust)
        assert satisfactions(world, label, engine) == pytest.approx(-(1.0 - (1.0 - pull) ** 3)), label


def satisfactions(world: World, label: str, engine: str) -> list[float]:
    """Everybody's at the end of a run."""
    from sim.engines.columnar import Columnar
    from sim.engines.operations import prepare

    if engine == "objects":
        shop = Shop(world.scenario, label, world=world)
        shop.run()
        return [person.satisfaction for person in shop.shoppers]
    run = Columnar(world, *prepare(world, label))
    run.run()
    found: list[float] = run.state.satisfaction.tolist()
    return found


def test_being_known_costs_members_where_people_mind() -> None:
    """The same recommender: with c_priv fewer stay; without it, bit for bit what it was."""
    strategy = {"s": {"kind": "recommendation", "weight": 5.0, "accuracy": 1.0}}
    asked = scenario(days=60, population={"size": 600, "registered_share": 1.0}, strategies=strategy)
    left = [int(simulate(asked.with_({"params": {"c_priv": c}}), "s").daily["churned"].sum()) for c in (0.0, 1.0)]
    assert left[1] > left[0]


# --- size -----------------------------------------------------------------------------------------------------


def test_a_large_shop_stays_small() -> None:
    """100,000 people x 500 products, 5 bought each, 20 friends each: at most 160 bytes a person beside the graph."""
    n, n_products, luck = 100_000, 500, np.random.default_rng(8)
    log = Purchases(n, n_products)
    log.write(np.repeat(np.arange(n), 5), np.floor(n_products * luck.random(5 * n) ** 2).astype(np.int64))
    bought = log.matrix()
    audience = luck.integers(0, n, 20 * n).astype(np.int32)
    known = friends(np.arange(n + 1) * 20, audience, False)
    shop = Seen(bought, np.ones(n_products, dtype=np.int64), luck.normal(size=(n_products, 3)), known)
    hybrid = Hybrid(shop, "item", 0.5, 1)
    tactic = Recommendation(by="hybrid")
    wanted = lists.Wanted(tactic.places, 1, "popularity", False, 0.0)
    rows = np.arange(0, n, 20)
    made = lists.make(hybrid, rows, None, bought, shop.units, np.ones(n_products, dtype=bool), wanted)
    assert (made.product >= 0).all()
    used = hybrid.collaborative.bought
    arrays = [log._pairs, bought.data, bought.indices, bought.indptr, used.data, used.indices, used.indptr]
    owners = {id(array if array.base is None else array.base): array.nbytes for array in arrays}
    held = sum(owners.values()) + hybrid.collaborative.links.nbytes
    held += n * (4 * tactic.places + 1 + 1)  # its notes: lists, places chosen for her, whether made
    print(f"{held / n:.0f} bytes a person; {known.data.nbytes / len(audience):.0f} more for every tie")
    assert held <= 160 * n
    assert known.data.nbytes == len(audience)
