"""V0: what must not matter does not: the order of files and of people, strangers, labels, tactics that do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.engines import World, simulate
from sim.engines.objects import Shop
from sim.journal import Journal
from sim.strategies import registry
from tests.busy_worlds import BUSY, EVERYTHING, SCARCE, assert_same, edges, events, people, products, scenario, write


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
