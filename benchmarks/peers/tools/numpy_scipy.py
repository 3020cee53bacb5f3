"""A careful version in NumPy and SciPy, as an expert would write it for these two workloads and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.peers.workloads import CASCADE, DAYS, N_SEEDS, Graph, P, Q, T


def prepare(workload: str, graph: Graph) -> Any:
    indptr, friends = graph.rows()
    if workload == CASCADE:
        return workload, graph.n, indptr, friends
    ties = csr_matrix((np.ones(len(friends), dtype=np.float32), friends, indptr), shape=(graph.n, graph.n))
    weight = (Q / np.maximum(np.diff(indptr), 1)).astype(np.float32)
    return workload, graph.n, ties, weight


def run(ready: Any, seed: int) -> float:
    workload, n, *parts = ready
    rng = np.random.default_rng(seed)
    has = np.zeros(n, dtype=bool)
    if workload == CASCADE:
        indptr, friends = parts
        new = rng.choice(n, N_SEEDS, replace=False)
        while len(new):
            has[new] = True
            counts = indptr[new + 1] - indptr[new]
            place = np.repeat(indptr[new] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
            told = friends[place + np.arange(counts.sum())]
            told = told[rng.random(len(told)) < T]
            new = np.unique(told[~has[told]])
        return float(has.mean())
    ties, weight = parts
    for _ in range(DAYS):
        chance = P + weight * (ties @ has.astype(np.float32))
        has |= rng.random(n, dtype=np.float32) < chance
    return float(has.mean())
