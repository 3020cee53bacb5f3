"""Grapevine's whole model on the same graph, everybody a customer. There is no answer to check it against."""

from __future__ import annotations

from typing import Any

import sim
from benchmarks.peers.tools import grapevine_engine
from benchmarks.peers.workloads import CASCADE, DAYS, Graph


def prepare(workload: str, graph: Graph) -> Any:
    if workload == CASCADE:
        return None
    changes = {"population.size": graph.n, "noise_per_world": 1000, "days": DAYS, "burn_in_days": 0}
    return grapevine_engine.world(sim.Scenario.load("base.closed").with_(changes), graph)


def run(ready: Any, seed: int) -> None:
    scenario = ready.scenario
    sim.simulate(scenario, "control", seed, world=ready.seen_from(scenario, seed))
