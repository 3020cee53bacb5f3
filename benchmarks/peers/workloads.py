"""The two workloads every tool does: the graph, the coefficients, and what must come out; imports only NumPy.

*cascade*: an independent cascade. Ten people have something; whoever gets it passes it over each of her ties once,
with chance T. Work is done only where something happens. Theory (Newman 2002) gives the final size: on a random graph
with z ties a person, S = 1 - exp(-z T S), which is .7968 at z T = 2.

*everyday*: everybody who has not adopted decides every day, with chance p + q (share of her friends who had adopted
by last night): a share of neighbours, a chance, a draw for every agent and day. Fibich & Levin (2023) bound it: slower
than the same among everybody (Bass's discrete curve), faster than among pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEAN_DEGREE = 8.0
T = 0.25  # chance to pass it on, per tie
N_SEEDS = 10
P, Q, DAYS = 0.002, 0.1, 30
CASCADE, EVERYDAY = "cascade", "everyday"
WORKLOADS = (CASCADE, EVERYDAY)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """An undirected graph over 0..n-1, every tie once."""

    n: int
    source: Ints
    target: Ints

    @classmethod
    def draw(cls, n: int, seed: int) -> Graph:
        """A random graph with n * MEAN_DEGREE / 2 ties, no tie twice, nobody tied to herself."""
        rng = np.random.default_rng(seed)
        wanted = int(n * MEAN_DEGREE / 2)
        pairs = np.empty(0, dtype=np.int64)
        while len(pairs) < wanted:
            a, b = rng.integers(0, n, (2, wanted + wanted // 50 + 10))
            low, high = np.minimum(a, b)[a != b], np.maximum(a, b)[a != b]
            pairs = np.unique(np.concatenate([pairs, low * n + high]))
        pairs = rng.permutation(pairs)[:wanted]
        return cls(n, pairs // n, pairs % n)

    def rows(self) -> tuple[Ints, Ints]:
        """Both directions as compressed rows: where the friends of each begin, and the friends."""
        a, b = np.concatenate([self.source, self.target]), np.concatenate([self.target, self.source])
        order = np.argsort(a, kind="stable")
        indptr = np.zeros(self.n + 1, dtype=np.int64)
        np.cumsum(np.bincount(a, minlength=self.n), out=indptr[1:])
        return indptr, b[order]


def final_size() -> float:
    """Share that a large cascade reaches in theory: the root of S = 1 - exp(-z T S)."""
    size = 0.5
    for _ in range(200):
        size = 1.0 - np.exp(-MEAN_DEGREE * T * size)
    return float(size)


def bounds() -> tuple[float, float]:
    """Share who adopted after DAYS: at least that among pairs, at most that among everybody (exact recursions)."""
    everybody, neither, first = 0.0, 1.0, 0.0
    for _ in range(DAYS):
        everybody += (P + Q * everybody) * (1.0 - everybody)
        # pairs: `neither` of the two has adopted, or just the `first` (and as likely just the second)
        first = first * (1.0 - P - Q) + neither * P * (1.0 - P)
        neither *= (1.0 - P) ** 2
    return 1.0 - neither - first, everybody
