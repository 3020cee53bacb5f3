"""EoN: its discrete SIR, in which everybody infected passes it on once and recovers. Cascades only."""

from __future__ import annotations

import random
from typing import Any

import EoN
import networkx as nx
import numpy as np

from benchmarks.peers.workloads import CASCADE, N_SEEDS, Graph, T


def prepare(workload: str, graph: Graph) -> Any:
    if workload != CASCADE:
        return None
    ties: nx.Graph[int] = nx.Graph()
    ties.add_nodes_from(range(graph.n))
    ties.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    return ties


def run(ready: Any, seed: int) -> float:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - EoN draws from the global generators
    seeds = random.sample(range(ready.number_of_nodes()), N_SEEDS)
    _, susceptible, _, _ = EoN.basic_discrete_SIR(ready, T, initial_infecteds=seeds)
    return float(1.0 - susceptible[-1] / ready.number_of_nodes())
