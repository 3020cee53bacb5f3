"""NDlib: its own independent cascades; the other workload as a model of one's own, as its manual shows."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import networkx as nx
import numpy as np
from ndlib.models import ModelConfig
from ndlib.models.DiffusionModel import DiffusionModel
from ndlib.models.epidemics import IndependentCascadesModel

from benchmarks.peers.workloads import CASCADE, DAYS, N_SEEDS, Graph, P, Q, T


class Bass(DiffusionModel):  # type: ignore[misc]
    """Everybody who has not adopted does so with chance p + q (share of friends who have)."""

    def __init__(self, graph: nx.Graph[int], seed: int | None = None) -> None:
        super().__init__(graph, seed)
        self.available_statuses = {"Susceptible": 0, "Infected": 1}
        self.parameters = {"model": {}, "nodes": {}, "edges": {}}
        self.name = "Bass"

    def iteration(self, node_status: bool = True) -> dict[str, Any]:
        self.clean_initial_status(list(self.available_statuses.values()))
        actual = dict(self.status)
        if self.actual_iteration > 0:
            for node in self.graph.nodes:
                if self.status[node] == 0:
                    friends = list(self.graph.neighbors(node))
                    share = sum(self.status[f] for f in friends) / len(friends) if friends else 0.0
                    if random.random() < P + Q * share:
                        actual[node] = 1
        delta, node_count, status_delta = self.status_delta(actual)
        self.status = actual
        self.actual_iteration += 1
        return {
            "iteration": self.actual_iteration - 1, "status": delta if node_status else {},
            "node_count": node_count.copy(), "status_delta": status_delta.copy(),
        }  # fmt: skip


def prepare(workload: str, graph: Graph) -> Any:
    ties: nx.Graph[int] = nx.Graph()
    ties.add_nodes_from(range(graph.n))
    ties.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    config = ModelConfig.Configuration()
    if workload == CASCADE:
        for a, b in ties.edges():
            config.add_edge_configuration("threshold", (a, b), T)
        return workload, IndependentCascadesModel(ties), config
    return workload, Bass(ties), config


def run(ready: Any, seed: int) -> float:
    workload, model, config = ready
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - NDlib draws from the global generators
    n = model.graph.number_of_nodes()
    seeds = random.sample(range(n), N_SEEDS) if workload == CASCADE else []
    config.add_model_initial_configuration("Infected", seeds)
    with contextlib.redirect_stdout(None):
        model.set_initial_status(config)
    model.reset(seeds)
    steps = 0
    while True:
        step = model.iteration(node_status=False)
        steps += 1
        counts = step["node_count"]
        if workload == CASCADE and counts[1] == 0:
            return float((n - counts[0]) / n)
        if workload != CASCADE and steps == DAYS + 1:
            return float(counts[1] / n)
