"""Adoption alone against the whole model: the same people on the same days, to the last one; and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sim
from sim.engines.adoption import START, Adopters
from sim.errors import InputError
from sim.graph import SocialGraph
from sim.rules.records import NEVER

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "cascade": ("lab.ic", {"population.size": 1500, "population.registered_share": 0.005}),
    "reach that hubs have": (
        "lab.ic",
        {"population.size": 1500, "population.registered_share": 0.01, "days": 8, "params.eta": 0.5,
         "params.a_inv": 0.4, "graph": {"kind": "powerlaw_cluster", "mean_degree": 10, "triangle_share": 0.3}},
    ),
    "seeds who may not come": (
        "lab.ic",
        {"population.size": 1500, "population.registered_share": 0.05, "params.lam": 0.5},
    ),
    "Bass, everybody": ("lab.bass", {"population.size": 1500}),
    "Bass, friends": (
        "lab.bass",
        {"population.size": 1500, "population.registered_share": 0.01, "arrival.well_mixed": False,
         "graph": {"kind": "small_world", "mean_degree": 6, "rewire": 0.1}},
    ),
    "thresholds": ("lab.threshold", {"population.size": 1500, "population.registered_share": 0.003, "days": 40}),
}  # fmt: skip


def day_of(scenario: sim.Scenario, world: sim.World, replication: int) -> NDArray[np.int64]:
    """The day of registration of everybody, by the whole model."""
    journal = sim.simulate(scenario, "control", replication, world=world.seen_from(scenario, replication), events=True)
    day = np.where(world.population.is_registered, START, NEVER)
    assert journal.events is not None
    came = journal.events[journal.events["type"] == "register"]
    row = {agent: k for k, agent in enumerate(world.population.ids.tolist())}
    day[[row[agent] for agent in came["agent"].tolist()]] = came["day"].to_numpy()
    return day


@pytest.mark.parametrize("name", CASES)
def test_the_same_people_adopt_on_the_same_days(name: str) -> None:
    lab, changes = CASES[name]
    scenario = sim.Scenario.load(lab).with_({**changes, "noise_per_world": 2})
    world, alone = sim.World.build(scenario), sim.Adoption(scenario)
    for replication in (0, 1):
        found = alone.run(replication)
        assert np.array_equal(found.day, day_of(scenario, world, replication))
        assert found.share > 0.02


def test_ids_in_any_order_and_with_gaps() -> None:
    rng = np.random.default_rng(3)
    ids = rng.permutation(5000)[:800]
    ties = SocialGraph.from_edges(rng.choice(ids, 3200), rng.choice(ids, 3200), ids=ids)
    scenario = sim.Scenario.load("lab.ic").with_({"population.registered_share": 0.02})
    world = sim.World.build(scenario, graph=ties)
    assert np.array_equal(sim.Adoption(scenario, graph=ties).run().day, day_of(scenario, world, 0))
    # who is where in memory does not matter
    order = np.argsort(ids)
    again = SocialGraph.from_edges(*ties.pairs(), ids=ids[order])
    assert np.array_equal(
        sim.Adoption(scenario, graph=again).run().day, sim.Adoption(scenario, graph=ties).run().day[order]
    )


def test_by_day_counts_who_has_it() -> None:
    found = Adopters(np.array([START, NEVER, 2, 0, 2], dtype=np.int32), 4)
    assert found.by_day().tolist() == [2, 2, 4, 4]
    assert found.share == 0.8


@pytest.mark.parametrize(
    ("lab", "path", "value"),
    [
        ("lab.ic", "params.alpha", 30.0), ("lab.ic", "params.churn", 10.0), ("lab.ic", "params.organic", 0.01),
        ("lab.ic", "params.s_0", 3.0), ("lab.ic", "params.g_n", 0.1), ("lab.ic", "params.p_fwd", 0.1),
        ("lab.ic", "population.personas", {"loyal_member": 0.5, "kol_fan": 0.5}), ("lab.ic", "catalogue.size", 2),
        ("lab.bass", "params.alpha", -20.0), ("lab.bass", "params.churn", 1.0), ("lab.bass", "burn_in_days", 5),
        ("lab.bass", "arrival", {"kind": "dated", "per_day": [1.0]}),
        ("lab.threshold", "events", [{"kind": "season"}]),
    ],
)  # fmt: skip
def test_it_refuses_where_more_is_on(lab: str, path: str, value: Any) -> None:
    scenario = sim.Scenario.load(lab).with_({path: value, "population.size": 50})
    with pytest.raises(InputError, match="more than adoption is on") as error:
        sim.Adoption(scenario)
    named = error.value.path or "nothing"
    assert named.startswith(path) or path.startswith(named)


def test_a_replication_of_another_world_is_refused() -> None:
    alone = sim.Adoption(sim.Scenario.load("lab.bass").with_({"population.size": 50, "noise_per_world": 4}), 5)
    alone.run(7)
    with pytest.raises(InputError, match="another world"):
        alone.run(3)
