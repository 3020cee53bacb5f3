"""The two drivers, plain Python and threads give the same bits, whatever is asked."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from sim.day import EVENT_TYPES
from sim.engines import World, columnar, prepare, simulate, visits
from sim.engines import rows as reading
from sim.engines.columnar import Columnar
from sim.engines.objects import Shop
from sim.rules.buy import decide
from sim.rules.expose import expose
from sim.rules.records import Choice, Key
from sim.scenario import Scenario
from tests.busy_worlds import (
    ALONE,
    BUSY,
    EVENTS,
    EVERYTHING,
    ROOT,
    SCARCE,
    TALK_TYPES,
    TIMED,
    WITH_RIVAL,
    assert_drivers_agree,
    assert_same,
    events,
    fingerprint,
    from_files,
    hash_of,
    products,
    scenario,
)

# --- two drivers ---------------------------------------------------------------------------------


def test_drivers_agree_on_defaults() -> None:
    assert_drivers_agree(scenario(days=20, burn_in_days=12, population={"size": 220}))


def test_drivers_agree_on_every_tactic() -> None:
    journals = assert_drivers_agree(scenario(params=BUSY, strategies=ALONE))
    assert not set(TALK_TYPES) & {kind for journal in journals.values() for kind in events(journal)["type"]}
    log = pd.concat([events(journal) for journal in journals.values()])
    assert set(EVENT_TYPES) - set(TALK_TYPES) == set(log["type"])
    assert {"browse", "taste", "popular", "friend", "kol", "recommendation", "promotion"} <= set(log["cause"])
    assert {"organic", "paid", "invited"} <= set(pd.concat([j.shoppers for j in journals.values()])["channel"])
    assert any((j.orders["mode"] == "team").any() for j in journals.values())
    assert (log.query("type == 'order'")["other"] >= 0).any(), "a friend was the cause of some order"
    kinds = log.query("type == 'share'")["value"].unique()
    assert set(kinds) == {0, 1, 2, 3, 4}, (
        "shares of orders, for coupons and for teams, of samples, for help in a bargain"
    )


@pytest.mark.parametrize("registered_share", [0.0, 1.0])
def test_drivers_agree_on_bundles(registered_share: float) -> None:
    asked = scenario(
        params=BUSY,
        graph={"kind": "small_world", "mean_degree": 8.0},
        population={"size": 110, "registered_share": registered_share},
        strategies={"everything": EVERYTHING, "scarce": SCARCE, "timed": TIMED},
    )
    assert_drivers_agree(asked)


def test_drivers_agree_whatever_befalls_the_shop() -> None:
    asked = scenario(
        params=WITH_RIVAL, events=EVENTS, population={"size": 100, "registered_share": 0.6},
        strategies={"everything": EVERYTHING, "examples": ALONE["all_examples"]},
    )  # fmt: skip
    felt = assert_drivers_agree(asked)
    calm = assert_drivers_agree(asked.with_({"events": []}))
    for label in asked.labels:
        assert (felt[label].daily["visits"] != calm[label].daily["visits"]).any(), label


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
    expected = recorder.journal(
        "control", 0, operations.labels, fast.state.status, fast.state.fatigue, operations.ratings(), {}
    )
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
        params=BUSY, population={"size": 150, "registered_share": 1.0}, catalogue={"size": n_products}, burn_in_days=0,
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

    with mock.patch.object(run.visits, "look_and_choose", watched):
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
        it, me, memory = reading.traits_of(traits, i), reading.state_of(state, i), reading.inbox_of(inboxes, i)
        offer, key = reading.offer_of(offers, k), Key(seed, day, i, world_seed)  # rows are ids here
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
        "from tests import test_engines_drivers as t\n"
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
