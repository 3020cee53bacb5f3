"""cynetdiff: its independent cascade model (in C++), from compressed rows as it takes them. Cascades only."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from cynetdiff.models import IndependentCascadeModel

from benchmarks.peers.workloads import CASCADE, N_SEEDS, Graph, T


def prepare(workload: str, graph: Graph) -> Any:
    if workload != CASCADE:
        return None
    indptr, friends = graph.rows()
    starts, edges = array.array("I"), array.array("I")
    starts.frombytes(indptr[:-1].astype(np.uint32).tobytes())
    edges.frombytes(friends.astype(np.uint32).tobytes())
    return graph.n, IndependentCascadeModel(starts, edges, activation_prob=T)


def run(ready: Any, seed: int) -> float:
    n, model = ready
    rng = np.random.default_rng(seed)
    model.set_rng(seed)
    model.set_seeds(rng.choice(n, N_SEEDS, replace=False).tolist())
    model.reset_model()
    model.advance_until_completion()
    return float(model.get_num_activated_nodes() / n)
