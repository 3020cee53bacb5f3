"""Grapevine's laboratory mode: the same two scenarios on the given graph, of which only adoption is played."""

from __future__ import annotations

from typing import Any

import numpy as np

import sim
from benchmarks.peers.tools.grapevine_engine import scenario_of
from benchmarks.peers.workloads import Graph


def prepare(workload: str, graph: Graph) -> Any:
    ties = sim.SocialGraph.from_edges(graph.source, graph.target, ids=np.arange(graph.n))
    return sim.Adoption(scenario_of(workload, graph), graph=ties)


def run(ready: Any, seed: int) -> float:
    return float(ready.run(seed).share)
