"""What a visitor sees: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.laboratory import ONE_SLOT, N, agree, lab, people, play, products, rows, spread, wins


@pytest.mark.parametrize(
    ("error", "engine"), [(0.0, "columnar"), (1.6, "columnar"), (0.2, "objects")], ids=["sharp", "blurred", "objects"]
)
def test_slots_go_to_sources_by_weight_and_to_products_by_score(error: float, engine: str) -> None:
    """All sources but friends. Weights: kol = w_kol kol p_fade^(t - day of the post), rec, promo, w_s, w_pop, w_new.

    Items: the best of four met by chance, each seen with an error; by popularity, by match, by the recommender's score
    rho match + sqrt(1 - rho^2) noise; promoted and browsed by lot. One product is not for sale yet and wins nothing.
    Orders caused by a post disappoint by hype.
    """
    p = {**ONE_SLOT, "w_new": 1.2, "w_s": 0.9, "w_pop": 0.6, "w_kol": 6.0, "w_promo": 0.8, "p_fade": 0.5,
         "look_error": error, "rev_0": 1.0, "rev_max": 1.0, "star_0": 4.0, "star_s": 1.0, "s_hype": 0.8}  # fmt: skip
    days, tastes, sells = 5, np.array([-3.0, -1.5, 0.0, 5.0, 1.0, 2.0, 4.0]), np.arange(7) != 3
    size = N if engine == "columnar" else 2_000
    hears, taste, kol = spread(size, (0, 1), (-1.2, 0.8), (0.3, 0.9))
    other = np.array([[0.4, -0.9, 1.2, 2.0, -1.6, 0.1, -0.3], [1.1, 0.2, -0.7, -2.0, 0.5, -1.3, 0.6]])
    who = people(
        1 + size, kol=np.concatenate([[0.0], kol]), taste_0=np.concatenate([[0.1], taste]),
        taste_1=np.concatenate([[0.0], np.full(size, 0.7)]), taste_2=np.concatenate([[0.0], np.full(size, -0.9)]),
    )  # fmt: skip
    me = np.arange(1, 1 + size)
    bundle = [
        {"kind": "kol_seeding", "seeds": 1, "posts_every": 3, "hype": 1.5, "fee_base": 0, "fee_per_follower": 0},
        {"kind": "recommendation", "weight": 1.3, "accuracy": 0.9},
        {"kind": "price_cut", "discount": 0.1, "products": 0.5, "promoted": True},
    ]
    what = products(7, taste=np.stack([tastes, *other], axis=1), launch_day=np.where(sells, 0, 1000))
    world = lab(who, what, days, p, [(me[hears > 0], 0, 1)], {"bundle": bundle})
    journal = play(world, "bundle", engine)
    orders = rows(journal, "order")
    orders = orders[orders["agent"] > 0].sort_values(["day", "agent"])
    assert len(orders) == days * size
    day, agent, item = (orders[name].to_numpy() for name in ("day", "agent", "item"))
    cause = orders["cause"].to_numpy()
    weights = {
        "kol": 6.0 * kol * np.where(hears > 0, 1.0, 0.0) * 0.5 ** (np.arange(days) % 3)[:, None],
        "recommendation": np.full((days, size), 1.3), "promotion": np.full((days, size), 0.8),
        "taste": np.full((days, size), 0.9), "popular": np.full((days, size), 0.6),
        "browse": np.full((days, size), 1.2),
    }  # fmt: skip
    total = np.sum(list(weights.values()), axis=0)
    for source, weight in weights.items():
        chance = (weight / total)[day, agent - 1]
        groups = day + 10 * hears[agent - 1] + 100 * (kol[agent - 1] > 0.5)
        agree(cause == source, chance, groups=groups, at_least=8)
    assert (item[cause == "kol"] == 6).all()  # what suits the leader, of what is for sale
    promoted = np.unique(journal.orders.loc[journal.orders["tactic"].str.contains("price_cut"), "product"])
    assert len(promoted) in (3, 4)  # four of seven, of which one may not be for sale

    units = np.zeros((days, 7))
    everything = journal.orders.groupby(["day", "product"])["quantity"].sum().unstack(fill_value=0)
    for t in range(1, days):
        units[t] = everything.loc[: t - 1].sum().reindex(range(7), fill_value=0).to_numpy()
    log_units = np.log(1.0 + units)
    z = (log_units - log_units.mean(axis=1, keepdims=True)) / (log_units.std(axis=1, keepdims=True) + 0.3)
    two = np.array([-1.2, 0.8])
    is_second = (taste[agent - 1] > 0).astype(int)
    match = (two[:, None] * tastes + 0.7 * other[0] - 0.9 * other[1]) / math.sqrt(3)
    noise = np.random.default_rng(1).normal(size=(10_000, 7))
    blurred = np.array([wins(0.9 * x + math.sqrt(1 - 0.81) * noise, 0.0, sells).mean(axis=0) for x in match])
    shares = {
        "popular": wins(z, error, sells)[day], "taste": wins(match, error, sells)[is_second],
        "browse": np.broadcast_to(sells / 6.0, (len(orders), 7)), "recommendation": blurred[is_second],
        "promotion": np.broadcast_to(np.isin(np.arange(7), promoted) / len(promoted), (len(orders), 7)),
    }  # fmt: skip
    for source, share in shares.items():
        for j in range(7):
            least = int(share[cause == source, j].sum() > 60.0)  # of two groups, one has enough of them
            agree(item == j, share[:, j], cause == source, groups=taste[agent - 1], at_least=least)
    stars = (
        rows(journal, "review").set_index(["day", "agent"])["value"].reindex(orders.set_index(["day", "agent"]).index)
    )
    assert (stars.to_numpy() == np.where(cause == "kol", 3, 4)).all()  # 4 - .8 1.5 = 2.8
    # by popularity the recommender is the sorted list again
    best = lab(who, what, days, p, (), {"best": {**bundle[1], "by": "popularity", "weight": 5.0}})
    journal = play(best, "best", engine)
    orders = rows(journal, "order")
    everything = journal.orders.groupby(["day", "product"])["quantity"].sum().unstack(fill_value=0)
    for t in (0, 1, days - 1):
        log_units = np.log(1.0 + everything.loc[: t - 1].sum().reindex(range(7), fill_value=0).to_numpy() * (t > 0))
        z = (log_units - log_units.mean()) / (log_units.std() + 0.3)
        today = orders[(orders["day"] == t) & (orders["cause"] == "recommendation")]["item"].to_numpy()
        for j in range(7):
            share = wins(z, 0.0, sells)[j]
            agree(today == j, np.full(len(today), share), at_least=int(len(today) * min(share, 1.0 - share) > 12.0))


@pytest.mark.parametrize("error", [0.3, 1.2])
def test_a_look_is_as_sharp_as_its_error(error: float) -> None:
    """All slots are found by taste: of four met by chance the one that looks best, match + error U(-1, 1)."""
    tastes = np.linspace(-1.0, 1.0, 8)
    p = {**ONE_SLOT, "w_s": 1e6, "w_new": 0.001, "look_error": error}
    journal = play(lab(people(N, taste_0=math.sqrt(3)), products(8, taste=tastes), 1, p))
    orders = rows(journal, "order")
    assert (orders["cause"] == "taste").all()
    assert len(orders) == N
    share = wins(tastes, error, np.ones(8, dtype=bool))
    for j in range(8):
        agree(orders["item"].to_numpy() == j, np.full(N, share[j]), at_least=int(N * share[j] > 12.0))


def test_few_promoted_products_of_many_are_found() -> None:
    """All slots are promoted ones, and two of 100 products are promoted: sixteen times four are met by lot.

    Whoever meets none of them (.98^64) gets the next that is promoted, going up from the last one met.
    """
    cut = {"kind": "price_cut", "discount": 0.1, "products": 0.02, "promoted": True}
    p = {**ONE_SLOT, "w_promo": 1e6, "w_new": 0.001}
    journal = play(lab(people(N), products(100), 1, p, (), {"cut": cut}, seed=5), "cut")
    orders = rows(journal, "order")
    assert len(orders) == N
    item = orders["item"].to_numpy()
    ours = sorted(set(item))
    assert len(ours) == 2
    gap = ours[1] - ours[0] - 1  # so many others lie before the second, the rest before the first
    missed = 0.98**64
    agree(item == ours[1], np.full(N, (1.0 - missed) / 2.0 + missed * gap / 98.0))
    assert gap < 10  # so that it shows which way is up
    assert (orders["cause"] == "promotion").all()
