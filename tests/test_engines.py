"""The two drivers, plain Python and threads give the same bits; order, strangers and unused parts change nothing."""

from __future__ import annotations

import hashlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import mesa
import numpy as np
import pandas as pd
import pytest

from sim.engines import World, columnar, columns, prepare, simulate, visits
from sim.engines.columnar import Columnar
from sim.engines.objects import NOTHING, Shop, Shopper
from sim.errors import InputError
from sim.journal import EVENT_TYPES, Journal
from sim.population import PERSONA_TRAITS, PERSONAS
from sim.rules.buy import decide
from sim.rules.expose import expose
from sim.rules.records import STATUSES, Choice, Key, State
from sim.scenario import Scenario
from sim.strategies import registry

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events")

# makes what is rare frequent, so that small worlds go through every line of the model
BUSY = {
    "alpha": -1.0, "p_post": 0.8, "g_n": 0.9, "organic": 0.05, "churn": 3.0, "om_0": 0.01, "a_inv": 0.3, "a_kol": 0.1,
    "s_0": 0.0, "s_u": 0.0, "r_0": 10.0, "rev_0": 0.2, "fail": 0.15, "ret_0": 0.4, "w_fr": 5.0, "q_more": 0.8,
    "f_1": 0.0, "g_f": 0.3, "fat_ask": 2.0, "k_e": 0.05, "b_r": 3.0, "v_bad": 3.0, "w_promo": 4.0,
}  # fmt: skip

ALONE: dict[str, Any] = {
    "cut": {"kind": "price_cut", "discount": 0.25, "products": 0.5, "promoted": True},
    "coupon": {"kind": "coupon", "discount": 0.2},
    "money_off": {"kind": "coupon", "face": 6.0},
    "team": {"kind": "group_buy", "discount": 0.4},
    "big_team": {"kind": "group_buy", "discount": 0.5, "size": 3, "capacity": 4, "window_days": 3, "progress": False},
    "friends_only": {"kind": "group_buy", "discount": 0.5, "window_days": 2, "strangers": False},
    "kol": {"kind": "kol_seeding", "seeds": 6, "posts_every": 2, "hype": 2.0},
    "kol_core": {"kind": "kol_seeding", "seeds": 6, "choose": "k_core", "posts_every": 3, "commission": 0.5},
    "recommend": {"kind": "recommendation", "weight": 3.0},
    "best_sellers": {"kind": "recommendation", "weight": 5.0, "by": "popularity"},
    "unlock": {"kind": "share_coupon", "face": 8.0},
    "samples": {"kind": "product_sampling", "share": 0.1, "choose": "lot", "products": 0.5},
}
EVERYTHING = [
    {"kind": "price_cut", "discount": 0.1, "products": 0.5, "promoted": True},
    {"kind": "coupon", "discount": 0.15},
    {"kind": "coupon", "face": 3.0},
    {"kind": "share_coupon", "face": 6.0},
    {"kind": "group_buy", "discount": 0.3, "size": 2, "capacity": 5, "window_days": 2},
    {"kind": "kol_seeding", "seeds": 4, "posts_every": 2},
    {"kind": "kol_seeding", "seeds": 4, "choose": "trait", "posts_every": 3},
    {"kind": "recommendation"},
    {"kind": "product_sampling", "share": 0.1},
    {"kind": "product_sampling", "share": 0.1, "choose": "lot"},
]
SCARCE = [
    {"kind": "price_cut", "discount": 0.2, "budget_per_day": 25.0},
    {"kind": "coupon", "discount": 0.2, "budget": 60.0},
    {"kind": "coupon", "face": 4.0, "budget": 90.0, "budget_per_day": 20.0},
    {"kind": "share_coupon", "face": 7.0, "budget": 120.0, "budget_per_day": 30.0},
    {"kind": "group_buy", "discount": 0.4, "budget": 150.0, "budget_per_day": 40.0},
    {"kind": "kol_seeding", "seeds": 8, "posts_every": 1, "budget": 400.0},
    {"kind": "recommendation", "budget_per_day": 20.2},
    {"kind": "product_sampling", "share": 0.2, "choose": "lot", "budget": 250.0, "budget_per_day": 70.0},
]
TIMED = [
    {"kind": "price_cut", "discount": 0.3, "start": 3, "stop": 9},
    {"kind": "coupon", "face": 5.0, "every": 3, "target": {"lifecycle": ["new", "returned"]}},
    {"kind": "share_coupon", "start": 5, "target": {"personas": ["price_hunter", "kol_fan"]}},
    {"kind": "group_buy", "discount": 0.4, "window_days": 3, "stop": 8, "target": {"lifecycle": ["active", "silent"]}},
    {"kind": "kol_seeding", "start": 2, "every": 2, "posts_every": 4},
    {"kind": "product_sampling", "share": 0.2, "stop": 9, "target": {"lifecycle": ["active", "returned"]}},
]


def scenario(**changes: Any) -> Scenario:
    fields = {"name": "small", "days": 16, "burn_in_days": 6, "population": {"size": 120}, "catalogue": {"size": 25}}
    return Scenario.model_validate({**fields, **changes})


def write(path: Path, table: pd.DataFrame) -> str:
    table.to_csv(path, index=False)
    return str(path)


def people(n: int, seed: int = 0) -> pd.DataFrame:
    """A shoppers' file with every column; ids shuffled, with gaps."""
    luck = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "id": luck.permutation(np.arange(n) * 7 + 3),
        "persona": luck.choice(list(PERSONAS), n),
        "registered": luck.integers(0, 2, n),
        "tenure_days": luck.integers(0, 90, n),
    }
    columns |= {trait: luck.uniform(0.05, 0.95, n).round(3) for trait in PERSONA_TRAITS}
    columns |= {
        "intensity": luck.gamma(1.0, 0.5, n).round(3), "need": luck.normal(0, 1.5, n).round(3),
        "theta": luck.beta(0.5, 10, n).round(5), "arrive": luck.gamma(1.0, 3.0, n).round(3),
    }  # fmt: skip
    return pd.DataFrame(columns | {f"taste_{k}": luck.normal(0, 1, n).round(3) for k in range(3)})


def edges(ids: np.ndarray, per_person: int = 6, seed: int = 1) -> pd.DataFrame:
    """Ties among these people with weights, none twice."""
    luck = np.random.default_rng(seed)
    ties = luck.choice(ids, (len(ids) * per_person // 2, 2))
    table = pd.DataFrame(ties, columns=["source", "target"])
    table = table[table["source"] != table["target"]]
    order = np.sort(table.to_numpy(), axis=1)
    table = table[~pd.DataFrame(order, index=table.index).duplicated()]
    return table.assign(weight=luck.uniform(0.2, 2.0, len(table)).round(3))


def products(n: int, seed: int = 2) -> pd.DataFrame:
    luck = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": luck.permutation(np.arange(n) * 3 + 1),
            "price": luck.uniform(2, 60, n).round(2),
            "stock": np.where(luck.random(n) < 0.5, luck.integers(0, 6, n), -1),
            "launch_day": np.where(luck.random(n) < 0.3, luck.integers(0, 12, n), 0),
        }
    )


def from_files(folder: Path, directed: bool = True) -> dict[str, Any]:
    table = people(110)
    return {
        "population": {"from": write(folder / "people.csv", table)},
        "graph": {
            "kind": "file", "path": write(folder / "ties.csv", edges(table["id"].to_numpy())), "directed": directed,
        },
        "catalogue": {"path": write(folder / "products.csv", products(30))},
    }  # fmt: skip


def assert_same(one: Journal, other: Journal, tables: tuple[str, ...] = TABLES) -> None:
    for name in tables:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, obj=name)


def assert_drivers_agree(asked: Scenario, labels: tuple[str, ...] = ()) -> dict[str, Journal]:
    world = World.build(asked)
    journals = {}
    for label in labels or asked.labels:
        fast = simulate(asked, label, world=world, events=True)
        slow = simulate(asked, label, world=world, events=True, engine="objects")
        assert_same(fast, slow)
        assert fast.provenance == slow.provenance
        journals[label] = fast
    return journals


def events(journal: Journal) -> pd.DataFrame:
    assert journal.events is not None
    return journal.events


# --- two drivers ---------------------------------------------------------------------------------


def test_drivers_agree_on_defaults() -> None:
    assert_drivers_agree(scenario(days=20, burn_in_days=12, population={"size": 220}))


def test_drivers_agree_on_every_tactic() -> None:
    journals = assert_drivers_agree(scenario(params=BUSY, strategies=ALONE))
    log = pd.concat([events(journal) for journal in journals.values()])
    assert set(EVENT_TYPES) == set(log["type"])
    assert {"browse", "taste", "popular", "friend", "kol", "recommendation", "promotion"} <= set(log["cause"])
    assert {"organic", "paid", "invited"} <= set(pd.concat([j.shoppers for j in journals.values()])["channel"])
    assert any((j.orders["mode"] == "team").any() for j in journals.values())
    assert (log.query("type == 'order'")["other"] >= 0).any(), "a friend was the cause of some order"
    kinds = log.query("type == 'share'")["value"].unique()
    assert set(kinds) == {0, 1, 2, 3}, "shares of orders, for coupons and for teams, of samples"


@pytest.mark.parametrize("registered_share", [0.0, 1.0])
def test_drivers_agree_on_bundles(registered_share: float) -> None:
    asked = scenario(
        params=BUSY,
        graph={"kind": "small_world", "mean_degree": 8.0},
        population={"size": 110, "registered_share": registered_share},
        strategies={"everything": EVERYTHING, "scarce": SCARCE, "timed": TIMED},
    )
    assert_drivers_agree(asked)


def test_drivers_agree_without_ties() -> None:
    assert_drivers_agree(scenario(params=BUSY, graph={"kind": "none"}, strategies={"everything": EVERYTHING}))


@pytest.mark.parametrize("directed", [True, False])
def test_drivers_agree_on_files(tmp_path: Path, directed: bool) -> None:
    asked = scenario(
        params=BUSY, **from_files(tmp_path, directed), strategies={"everything": EVERYTHING, "scarce": SCARCE}
    )
    journals = assert_drivers_agree(asked)
    sold = journals["everything"].products.set_index("id")["units"]
    table = products(30).set_index("id")
    limited = table.index[table["stock"] >= 0]
    assert (sold[limited] <= table["stock"][limited]).all()
    assert (sold[limited] == table["stock"][limited]).any(), "something sold out"
    first_sale = journals["everything"].orders.groupby("product")["day"].min()
    assert (first_sale >= table["launch_day"][first_sale.index]).all()


@pytest.mark.parametrize(
    "switches",
    [{"social": False}, {"platform": False, "product": False}, {"personal": False, "psychological": False}],
    ids=lambda switches: "-".join(switches),
)
def test_drivers_agree_with_parts_switched_off(switches: dict[str, bool]) -> None:
    assert_drivers_agree(scenario(params=BUSY, switches=switches, strategies={"scarce": SCARCE}), ("scarce",))


@pytest.mark.parametrize(
    ("attention", "look_error", "n_products"), [(1.0, 1.5, 150), (20.0, 0.0, 150), (20.0, 4.0, 20), (8.0, 0.0, 3)]
)
def test_drivers_agree_whatever_a_list_shows(attention: float, look_error: float, n_products: int) -> None:
    """Few and many slots; no error, so that equal scores are met; more products than a word has bits, and few."""
    asked = scenario(
        days=10, params={**BUSY, "attention": attention, "look_error": look_error}, catalogue={"size": n_products},
        population={"size": 90, "registered_share": 0.7}, strategies={"everything": EVERYTHING, "scarce": SCARCE},
    )  # fmt: skip
    shown = assert_drivers_agree(asked)["everything"]
    assert shown.daily["orders"].sum() > 10


@pytest.mark.parametrize("burn_in_days", [0, 3])
@pytest.mark.parametrize(("size", "days"), [(1, 8), (2, 1)])
def test_drivers_agree_at_the_limits(size: int, days: int, burn_in_days: int) -> None:
    asked = scenario(
        days=days, burn_in_days=burn_in_days, params=BUSY, population={"size": size, "registered_share": 1.0},
        graph={"kind": "random", "mean_degree": size - 1.0}, catalogue={"size": 1},
        strategies={"everything": EVERYTHING, "scarce": SCARCE},
    )  # fmt: skip
    for journal in assert_drivers_agree(asked).values():
        assert len(journal.daily) == days
        assert len(journal.shoppers) == size
        assert journal.daily["messages"].sum() == 0 or size == 2


def test_drivers_agree_where_counts_of_messages_end() -> None:
    asked = scenario(params=BUSY, population={"size": 60, "registered_share": 1.0})
    world = World.build(asked)
    operations, recorder = prepare(world, "control", events=True)
    fast = Columnar(world, operations, recorder)
    fast.n_sent[:] = 254
    fast.run()
    expected = recorder.journal("control", 0, operations.labels, fast.state.status, operations.ratings(), {})
    shop = Shop(asked, world=world, events=True)
    for shopper in shop.shoppers:
        for tie in shopper.ties:
            tie.n_sent = 254
    assert_same(expected, shop.run())
    assert fast.n_sent.max() == 255
    assert [tie.n_sent for shopper in shop.shoppers for tie in shopper.ties] == fast.n_sent.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["powerlaw_cluster", "small_world", "random", "community", "configuration", "none"])
@pytest.mark.parametrize("params", [{}, BUSY], ids=["defaults", "busy"])
@pytest.mark.parametrize("registered_share", [0.0, 0.25, 1.0])
def test_drivers_agree_widely(graph: str, params: dict[str, float], registered_share: float) -> None:
    asked = scenario(
        days=24, burn_in_days=12, seed=hash_of(graph) % 1000, params=params, graph={"kind": graph},
        population={"size": 250, "registered_share": registered_share},
        strategies={"everything": EVERYTHING, "scarce": SCARCE, "timed": TIMED},
    )  # fmt: skip
    assert_drivers_agree(asked)


def visit_step_by_step(label: str, n_products: int) -> None:
    """A day on which everybody visits with a full memory: every table of the steps against the rules, one by one."""
    asked = scenario(
        params=BUSY, population={"size": 150, "registered_share": 1.0}, catalogue={"size": n_products},
        strategies={"everything": EVERYTHING},
    )  # fmt: skip
    world, luck = World.build(asked), np.random.default_rng(5)
    if n_products > 100:  # so few are sold that often none of four met by chance is
        world.catalogue.launch_day[luck.random(n_products) < 0.8] = 99
    run = Columnar(world, *prepare(world, label))
    for t in range(3):
        run.step(t, None)
    box, n_known = run.inboxes, min(n_products, 8)
    for i in range(len(world)):
        box.product[i, :n_known] = luck.permutation(n_products)[:n_known]
        box.product[i, luck.random(8) < 0.2] = -1
    box.strength[:] = luck.integers(-90_000, 200_000, box.strength.shape)
    box.count[:] = luck.integers(0, 5, box.count.shape)
    run.state.inbox_day[:] = luck.integers(0, 4, len(world))
    run.traits.intensity[:] = 50.0
    given: dict[str, Any] = {}
    together = visits.look_and_choose

    def watched(*values: Any) -> None:
        together(*values)
        given.update(inspect.signature(getattr(together, "py_func", together)).bind(*values).arguments)
        assert_rules_agree(label, **given)

    with mock.patch.object(visits, "look_and_choose", watched):
        run.step(3, None)
    assert given["last"] - given["first"] == int(np.sum(run.state.last_visit_day == 3)) > 75


def assert_rules_agree(
    label: str, params: Any, constants: Any, traits: Any, state: Any, inboxes: Any, offers: Any, shelf: Any,
    is_promoting: bool, public: Any, teams: Any, first_team: int, rows: Any, seed: int, world_seed: int, day: int,
    view: Any, desk: Any, out: Any, **_: Any,
) -> None:  # fmt: skip
    """What each of these visitors sees, likes and buys, worked out again by itself."""
    n_slots, n_bought, n_told = int(params.attention), 0, 0
    for k, i in enumerate(rows.tolist()):
        it, me, memory = columns.traits_of(traits, i), columns.state_of(state, i), columns.inbox_of(inboxes, i)
        offer, key = columns.offer_of(offers, k), Key(seed, day, i, world_seed)  # rows are ids here
        n_shown = expose(params, it, me, offer, memory, shelf, is_promoting, key, desk)
        shown = np.flatnonzero(view.product[:n_slots, k] >= 0)
        assert view.product[shown, k].tolist() == desk.product[:n_shown].tolist()
        assert view.source[shown, k].tolist() == desk.source[:n_shown].tolist()
        choice = decide(
            params, constants, it, me, offer, memory, shelf, public, teams, first_team, i, key, n_shown, desk
        )
        if label == "control":  # no coupon, team or leader: the shelf's price and what friends said
            assert view.utility[shown, k].tobytes() == desk.utility[:n_shown].tobytes()
            assert view.decides[k] == (choice.product >= 0)
            n_told += len(set(memory.product[memory.product >= 0].tolist()) & set(desk.product[:n_shown].tolist()))
        if choice.product >= 0:
            assert [getattr(out, name)[k] for name in Choice._fields] == list(choice)
        assert out.product[k] == choice.product
        assert out.favourite[k] == (choice.favourite if view.decides[k] else -1)
        n_bought += choice.product >= 0
    assert 0 < n_bought < len(rows)
    assert n_told > len(rows) or label != "control"


@pytest.mark.parametrize("label", ["control", "everything"])
@pytest.mark.parametrize("n_products", [2, 64, 150])
def test_the_steps_of_a_visit_are_those_of_the_rules(label: str, n_products: int) -> None:
    visit_step_by_step(label, n_products)


# --- threads, and plain Python -------------------------------------------------------------------


def hash_of(thing: Any) -> int:
    return int.from_bytes(hashlib.sha256(str(thing).encode()).digest()[:8], "big")


def fingerprint(journal: Journal) -> str:
    return hashlib.sha256("".join(getattr(journal, name).to_csv() for name in TABLES).encode()).hexdigest()


def tiny(n_products: int = 8) -> Scenario:
    return scenario(
        days=5, burn_in_days=3, params=BUSY, population={"size": 40}, graph={"kind": "small_world", "mean_degree": 4.0},
        catalogue={"size": n_products}, strategies={"everything": EVERYTHING, "scarce": SCARCE},
    )  # fmt: skip


PLAIN = ((8, "everything"), (8, "scarce"), (90, "control"))  # 90: more products than bits in a word


@pytest.mark.parametrize("threads", [2, 5])
def test_number_of_threads_does_not_matter(threads: int) -> None:
    asked = scenario(params=BUSY, population={"size": 301}, strategies={"everything": EVERYTHING})
    world = World.build(asked)
    one = simulate(asked, "everything", world=world, events=True)
    assert_same(one, simulate(asked, "everything", world=world, events=True, threads=threads))


@pytest.mark.parametrize("at_once", [1, 7])
def test_number_of_visitors_who_take_a_step_together_does_not_matter(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that one lot of visitors leaves on the scratch tables reaches the next."""
    asked = scenario(params=BUSY, population={"size": 301}, strategies={"everything": EVERYTHING})
    world = World.build(asked)
    one = simulate(asked, "everything", world=world, events=True)
    assert one.daily["visits"].max() > 10 * at_once
    monkeypatch.setattr(columnar, "VISITS_AT_ONCE", at_once)
    assert_same(one, simulate(asked, "everything", world=world, events=True))
    assert_same(one, simulate(asked, "everything", world=world, events=True, threads=3))


def test_plain_python_gives_the_same_bits() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); import test_engines as t\n"
        "from sim._jit import IS_COMPILED; assert not IS_COMPILED\n"
        "t.visit_step_by_step('control', 150)\n"
        "print(*[t.fingerprint(t.simulate(t.tiny(n), label, events=True)) for n, label in t.PLAIN])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code], cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [fingerprint(simulate(tiny(n), label, events=True)) for n, label in PLAIN]


# --- V0: what must not matter --------------------------------------------------------------------


def sorted_log(journal: Journal) -> pd.DataFrame:
    log = events(journal)
    return log.sort_values(list(log.columns), ignore_index=True)


@pytest.mark.parametrize("label", ["everything", "scarce"])
def test_order_of_files_does_not_matter(tmp_path: Path, label: str) -> None:
    """V0a: rows of the shoppers' file and of the edge file permuted, ids kept."""
    logs = []
    table = people(150)[["id", "registered", "tenure_days"]]  # traits are drawn: by id, whatever the row
    ties = edges(table["id"].to_numpy())
    shelf = products(25)
    for k in range(2):
        luck = np.random.default_rng(k)
        folder = tmp_path / str(k)
        folder.mkdir()
        parts = [t.iloc[luck.permutation(len(t))] if k else t for t in (table, ties, shelf)]
        asked = scenario(
            params=BUSY,
            population={"from": write(folder / "people.csv", parts[0])},
            graph={"kind": "file", "path": write(folder / "ties.csv", parts[1]), "directed": True},
            catalogue={"path": write(folder / "products.csv", parts[2])},
            strategies={"everything": EVERYTHING, "scarce": SCARCE},
        )
        logs.append(sorted_log(simulate(asked, label, events=True)))
    assert len(logs[0]) > 1000
    pd.testing.assert_frame_equal(logs[0], logs[1], check_exact=True)


def test_order_of_agents_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """V0a for the objects: every phase in another random order."""
    asked = scenario(params=BUSY, strategies={"everything": EVERYTHING})
    world = World.build(asked)
    expected = simulate(asked, "everything", world=world, events=True)
    agent_set = type(Shop(asked, world=world).agents)
    done: list[str] = []

    def in_any_order(agents: Any, phase: str) -> None:
        done.append(phase)
        agents.shuffle_do(phase)

    monkeypatch.setattr(agent_set, "do", in_any_order)
    assert_same(expected, Shop(asked, "everything", world=world, events=True).run())
    assert len(done) == 10 * 22


def test_strangers_change_nothing(tmp_path: Path) -> None:
    """V0b: a hundred people who know nobody and never register."""
    table = people(120)
    ties = write(tmp_path / "ties.csv", edges(table["id"].to_numpy()))
    strangers = people(100, seed=9).assign(registered=0, tenure_days=0, arrive=0.0)
    strangers["id"] = np.arange(100) * 7 + 5
    mixed = pd.concat([strangers.iloc[:50], table, strangers.iloc[50:]])
    bundle = [{**tactic} for tactic in EVERYTHING if tactic["kind"] != "kol_seeding"]  # anybody may be hired or follow
    logs = []
    for k, given in enumerate((table, mixed)):
        asked = scenario(
            params=BUSY, population={"from": write(tmp_path / f"people{k}.csv", given)},
            graph={"kind": "file", "path": ties}, strategies={"bundle": bundle},
        )  # fmt: skip
        logs.append(sorted_log(simulate(asked, "bundle", events=True)))
    assert len(logs[0]) > 1000
    pd.testing.assert_frame_equal(logs[0], logs[1], check_exact=True)


def test_null_tactics_change_nothing() -> None:
    """V0b, V0c: all mechanisms present without effect, and other strategies in the same scenario."""
    nulls = [cls.null().model_dump(mode="json") for cls in registry().values()]
    asked = scenario(params=BUSY, strategies={"nothing": nulls, "everything": EVERYTHING})
    control = simulate(scenario(params=BUSY), "control", events=True)
    assert_same(control, simulate(asked, "control", events=True))
    assert_same(control, simulate(asked, "nothing", events=True))


def test_label_does_not_matter() -> None:
    asked = scenario(params=BUSY, strategies={"a": SCARCE, "b": SCARCE})
    a, b = (simulate(asked, label, events=True) for label in "ab")
    assert_same(a, b, ("daily", "cohorts", "shoppers", "products"))
    assert a.ledger["amount_cents"].tolist() == b.ledger["amount_cents"].tolist()


@pytest.mark.parametrize(("low", "high"), [(0.42, 0.43), (0.1, 1.0)])
def test_raising_a_chance_keeps_what_happened_before(low: float, high: float) -> None:
    """V0d: with more intensity, everybody who came on the first day still comes, and some more."""
    came = []
    for lam in (low, high):
        asked = scenario(
            days=1, burn_in_days=0, params={"lam": lam}, population={"size": 3000, "registered_share": 1.0}
        )
        came.append(set(events(simulate(asked, "control", events=True)).query("type == 'visit'")["agent"]))
    assert came[0] < came[1]


# --- V0e, V0f: sums that must hold ---------------------------------------------------------------


@pytest.fixture(scope="module")
def busy() -> dict[str, tuple[World, Journal]]:
    asked = scenario(
        days=40, burn_in_days=0, params=BUSY, population={"size": 600},
        strategies={**ALONE, "everything": EVERYTHING, "scarce": SCARCE, "timed": TIMED},
    )  # fmt: skip
    world = World.build(asked)
    return {label: (world, simulate(asked, label, world=world, events=True)) for label in asked.labels}


LABELS = ["control", *ALONE, "everything", "scarce", "timed"]


@pytest.mark.parametrize("label", LABELS)
def test_nobody_is_lost(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    """V0f: people, and who brought whom."""
    world, journal = busy[label]
    d, n = journal.daily, len(world)
    assert (d["n_prospects"] + d["n_active"] + d["n_lapsed"] == n).all()
    assert (d["new_registrations"] == d["new_organic"] + d["new_paid"] + d["new_invited"]).all()
    start = int(world.population.is_registered.sum())
    assert (d["n_active"] == start + (d["new_registrations"] + d["returned"] - d["churned"]).cumsum()).all()
    assert (d["n_prospects"] == n - start - d["new_registrations"].cumsum()).all()
    s = journal.shoppers.set_index("id")
    invited = s[s["channel"] == "invited"]
    assert (s["inviter"] >= 0).equals(s["channel"] == "invited")
    assert len(invited) == d["new_invited"].sum() > 0
    # an inviter was there before and wrote the evening before: so chains of invitations have no cycle
    assert (s.loc[invited["inviter"], "registered_day"].to_numpy() < invited["registered_day"].to_numpy()).all()
    wrote = set(
        events(journal).query("type == 'message'")[["day", "agent", "other"]].itertuples(index=False, name=None)
    )
    for row in invited.itertuples():
        assert (row.registered_day - 1, row.inviter, row.Index) in wrote
        assert row.Index in world.graph.friends(int(row.inviter))
    assert (d["teams_founded"].cumsum() >= (d["teams_succeeded"] + d["teams_failed"]).cumsum()).all()


@pytest.mark.parametrize("label", LABELS)
def test_books_balance_without_the_ledger(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    """V0e: every daily sum of money again, from the orders and the catalogue alone."""
    world, journal = busy[label]
    d, o = journal.daily.set_index("day"), journal.orders
    shelf = world.catalogue.to_frame().set_index("id")
    assert (o["list_cents"].to_numpy() == shelf["price_cents"][o["product"]].to_numpy() * o["quantity"]).all()
    assert (o["cost_cents"].to_numpy() == shelf["unit_cost_cents"][o["product"]].to_numpy() * o["quantity"]).all()
    assert o["paid_cents"].between(1, o["list_cents"]).all()
    back = o["is_returned"]
    resold = np.floor(o["cost_cents"] * 0.7 + 0.5).astype(int).where(back, 0)

    def by_day(values: pd.Series) -> pd.Series:
        return values.groupby(o["day"]).sum().reindex(d.index, fill_value=0)

    gmv, paid = by_day(o["list_cents"]), by_day(o["paid_cents"])
    refund = by_day(o["paid_cents"].where(back, 0))
    cogs, ship = by_day(o["cost_cents"] - resold), 200 * by_day(o["quantity"] * 0 + 1)
    expense = (
        journal.ledger.query("cls == 'expense'").groupby("day")["amount_cents"].sum().reindex(d.index, fill_value=0)
    )
    contra = journal.ledger.query("cls == 'contra_revenue'").groupby("day")["amount_cents"].sum()
    for name, expected in {
        "gmv_cents": gmv, "paid_cents": paid, "refund_cents": refund, "nmv_cents": paid - refund, "cogs_cents": cogs,
        "fulfilment_cents": ship, "contra_cents": gmv - paid, "expense_cents": expense,
        "cost_cents": gmv - paid + expense, "orders": by_day(o["quantity"] * 0 + 1), "units": by_day(o["quantity"]),
        "returns": by_day(back.astype(int)),
    }.items():  # fmt: skip
        assert d[name].tolist() == expected.tolist(), name
    assert contra.reindex(d.index, fill_value=0).tolist() == (gmv - paid).tolist(), (
        "every reduction has its ledger line"
    )
    assert journal.products.set_index("id")["units"].sum() == o["quantity"].sum()
    assert journal.shoppers["spend_cents"].sum() == (paid - refund).sum()


def test_caps_hold(busy: dict[str, tuple[World, Journal]]) -> None:
    names = [
        *("price_cut", "coupon_1", "coupon_2", "share_coupon", "group_buy", "kol_seeding", "recommendation"),
        "product_sampling",
    ]
    caps = dict(zip(names, SCARCE, strict=True))
    totals = busy["scarce"][1].ledger.groupby("tactic")["amount_cents"].sum()
    for name, tactic in caps.items():
        if "budget" in tactic:
            assert 0 < totals[f"scarce.{name}"] <= tactic["budget"] * 100, name
    # what a team is promised on one day is booked on another, so days are looked at without teams
    del caps["group_buy"]
    asked = scenario(
        days=30, burn_in_days=0, params=BUSY, population={"size": 500}, strategies={"scarce": list(caps.values())}
    )
    ledger = simulate(asked, "scarce").ledger
    days = ledger.groupby(["tactic", "day"])["amount_cents"].sum()
    for name, tactic in caps.items():
        if "budget_per_day" in tactic:
            most = days[f"scarce.{name}"].max()
            assert 0 < most <= tactic["budget_per_day"] * 100, name


@pytest.mark.parametrize("label", LABELS)
def test_the_event_log_gives_the_same_tables(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    _, journal = busy[label]
    log, d, s = events(journal), journal.daily, journal.shoppers.set_index("id")
    counts = log.groupby(["day", "type"]).size().unstack(fill_value=0).reindex(d["day"], fill_value=0)
    for name, kind in {
        "visits": "visit", "new_registrations": "register", "returned": "return", "churned": "lapse", "orders": "order",
        "share_events": "share", "messages": "message", "reviews": "review", "returns": "send_back",
        "teams_founded": "found",
    }.items():  # fmt: skip
        expected = counts[kind].tolist() if kind in counts else [0] * len(d)
        assert d[name].tolist() == expected, name
    for name, kind in {"paid_cents": "order", "stars": "review"}.items():
        values = log[log["type"] == kind].groupby("day")["value"].sum()
        assert d[name].tolist() == values.reindex(d["day"], fill_value=0).tolist(), name
    visits, joined = log[log["type"] == "visit"], log[log["type"] == "register"].set_index("agent")["day"]
    assert joined.index.is_unique
    assert visits.groupby("agent").size().reindex(s.index, fill_value=0).tolist() == s["visits"].tolist()
    age = visits["day"] - visits["agent"].map(joined)
    for days in (1, 7, 30):
        came = set(visits["agent"][age == days])
        assert s.index[s[f"visited_d{days}"]].tolist() == [i for i in s.index if i in came]
    cohorts = journal.cohorts.set_index(["cohort_day", "age"])
    expected_active = visits.groupby([visits["agent"].map(joined), age]).size()
    assert cohorts["n_active"][cohorts["n_active"] > 0].to_dict() == {
        (int(a), int(b)): int(n) for (a, b), n in expected_active.items()
    }
    bought = log[log["type"] == "order"]
    assert bought.groupby("agent").size().reindex(s.index, fill_value=0).tolist() == s["n_orders"].tolist()


# --- the objects as Mesa sees them ---------------------------------------------------------------


def test_a_shopper_is_her_own_state() -> None:
    shop = Shop(scenario(population={"size": 3}, graph={"kind": "none"}))
    missing = [name for name in State._fields if not hasattr(shop.shoppers[0], name)]
    assert not missing


def test_mesa_tools_work() -> None:
    asked = scenario(params=BUSY)
    shop = Shop(asked)
    collector = mesa.DataCollector(
        model_reporters={"n_active": lambda shop: len(shop.agents.select(lambda a: a.is_active))},
        agent_reporters={"mood": "mood", "n_orders": "n_orders"},
    )
    for _ in range(5):
        shop.step()
        collector.collect(shop)
    assert shop.day == 5
    assert shop.running
    active = shop.agents.select(lambda a: a.is_active)
    assert len(active) == collector.get_model_vars_dataframe()["n_active"].iloc[-1] > 0
    assert active.get("mood") == [shopper.mood for shopper in shop.shoppers if shopper.is_active]
    assert len(collector.get_agent_vars_dataframe()) == 5 * 120
    assert sum(shop.agents.get("visits_today")) > 0
    with pytest.raises(InputError, match="not over"):
        shop.journal()
    while shop.running:  # what Mesa's own tools do
        shop.step()
    with pytest.raises(InputError, match="over"):
        shop.step()
    expected = simulate(asked, "control")
    assert_same(expected, shop.journal(), TABLES[:-1])
    assert [STATUSES[k] for k in shop.statuses()] == expected.shoppers["status"].tolist()
    assert sum(shop.agents.get("n_visits")) >= expected.daily["visits"].sum()


def test_a_behaviour_is_one_overridden_phase() -> None:
    class Thrifty(Shopper):
        """Buys nothing dearer than thirty."""

        def choose(self) -> None:
            super().choose()
            if self.choice.unit_cents > 3000:
                self.choice = NOTHING._replace(favourite=self.choice.favourite)

    asked = scenario(params=BUSY, population={"size": 500, "registered_share": 1.0}, burn_in_days=0, days=4)
    world = World.build(asked)
    usual = Shop(asked, world=world).run().orders
    thrifty = Shop(asked, world=world, shopper=Thrifty).run().orders
    assert (thrifty["paid_cents"] / thrifty["quantity"]).max() <= 3000
    first = usual[usual["day"] == 0]  # until the first evening both shops have the same past
    kept = first[first["paid_cents"] / first["quantity"] <= 3000].reset_index(drop=True)
    assert 3 < len(kept) < len(first)
    pd.testing.assert_frame_equal(kept, thrifty[thrifty["day"] == 0].reset_index(drop=True), check_exact=True)


def test_importing_the_objects_leaves_the_start_method_alone() -> None:
    code = "import multiprocessing as m\n{}import sim.engines.objects\nprint(m.get_start_method(allow_none=True))"
    for before, expected in (("", "None"), ("m.set_start_method('forkserver')\n", "forkserver")):
        done = subprocess.run(
            [sys.executable, "-c", code.format(before)], env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.strip() == expected


def test_the_page_on_mesa_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "mesa.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/mesa.md", "exec"), names)


# --- targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", list(PERSONAS))
def test_a_tactic_reaches_the_persona_it_names(persona: str) -> None:
    asked = scenario(
        population={"size": 400, "registered_share": 1.0}, burn_in_days=0, days=4, params={"alpha": -1.0, "ret_0": 0.0},
        strategies={"gift": {"kind": "coupon", "face": 1.0, "target": {"personas": [persona]}}},
    )  # fmt: skip
    journal = simulate(asked, "gift")
    persona_of = journal.shoppers.set_index("id")["persona"]
    helped = journal.orders[journal.orders["tactic"] == "gift"]
    assert set(persona_of[helped["agent"]]) <= {persona}


def test_state_fits_its_budget() -> None:
    """At most 400 bytes a shopper, plus 8 bytes a directed tie: counted on the arrays a run holds."""
    world = World.build(Scenario.from_dict({"name": "size", "population": {"size": 3000}, "days": 1}), 0)
    operations, recorder = prepare(world, "control")
    run = Columnar(world, operations, recorder)
    people = [*run.state, *run.inboxes, *run.traits, run.ids, run.churn_word, run.flags, run.n_heard]
    people += [world.population.persona, world.population.is_registered, world.population.tenure_days, run.indptr]
    people += [recorder.registered_day, recorder.channel, recorder.inviter, recorder.last_visit, recorder.visits]
    assert held([*people, recorder.marks]) <= 400 * len(world) + 1024  # a cache line or so a block of memory
    assert held([run.audience, run.strength, run.n_sent]) <= 8 * len(run.audience)


def held(columns: list[np.ndarray]) -> int:
    """Bytes of the memory behind these columns, gaps between them included; what several share counts once."""
    owners = {}
    for column in columns:
        while isinstance(column.base, np.ndarray):
            column = column.base
        owners[id(column)] = column
    return sum(owner.nbytes for owner in owners.values())


def test_columns_of_a_run_lie_where_they_should() -> None:
    """Rows that are read together begin at a cache line, and no column shares bytes with another."""
    run = Columnar(world := World.build(scenario()), *prepare(world, "control"))
    for row in (run.traits.price, run.inboxes.product, run.inboxes.count):
        assert row.ctypes.data % 64 == row.strides[0] % (64 if row.ndim == 1 else 32) == 0
    columns = [*run.traits, *run.state, *run.inboxes]
    for k, one in enumerate(columns):
        assert not any(np.shares_memory(one, other) for other in columns[k + 1 :])
    assert {len(column) for column in columns} == {120}
