"""Grapevine's engine: the laboratories lab.ic and lab.bass with all phases and books of any scenario."""

from __future__ import annotations

from typing import Any

import numpy as np

import sim
from benchmarks.peers.workloads import CASCADE, DAYS, MEAN_DEGREE, N_SEEDS, Graph, P, Q, T


def prepare(workload: str, graph: Graph) -> Any:
    return world(scenario_of(workload, graph), graph)


def scenario_of(workload: str, graph: Graph) -> sim.Scenario:
    """The laboratory with the coefficients of the workload."""
    changes: dict[str, Any] = {"population.size": graph.n, "noise_per_world": 1000}
    if workload == CASCADE:
        changes["population.registered_share"] = N_SEEDS / graph.n
        # a share reaches a tie with chance r_0 / mean degree; the invitation is accepted with chance 1 - exp(-a_inv)
        changes |= {"params.r_0": T * MEAN_DEGREE / (1.0 - np.exp(-1.0)), "params.a_inv": 1.0}
    else:
        changes |= {"days": DAYS, "arrival": {"kind": "bass", "p": P, "q": Q, "well_mixed": False}}
    return sim.Scenario.load("lab.ic" if workload == CASCADE else "lab.bass").with_(changes)


def world(scenario: sim.Scenario, graph: Graph) -> sim.World:
    """The scenario on the given graph."""
    ties = sim.SocialGraph.from_edges(graph.source, graph.target, ids=np.arange(graph.n))
    return sim.World.build(scenario, graph=ties)


def run(ready: Any, seed: int) -> float:
    scenario = ready.scenario
    last = sim.simulate(scenario, "control", seed, world=ready.seen_from(scenario, seed)).daily.iloc[-1]
    return float((last["n_active"] + last["n_lapsed"]) / len(ready))
