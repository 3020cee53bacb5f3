"""By friends: what those she hears bought, what more of them bought first; imports `seen`."""

from __future__ import annotations

import numpy as np

from sim.recommenders.seen import Ints, Seen


class Social:
    """The number of her friends who bought it; what sells comes first among equals. She need not have bought."""

    def __init__(self, seen: Seen) -> None:
        self.bought, self.friends = seen.bought, seen.friends
        self.n_products = len(seen.units)
        self.place = np.empty(self.n_products, dtype=np.int64)  # the best sold has the highest
        self.place[np.argsort(-seen.units, kind="stable")] = np.arange(self.n_products)[::-1]

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores, and how many purchases of friends speak for them."""
        # friends are ones of a byte: sums need room
        n = (self.friends[rows].astype(np.int64) @ self.bought).toarray()
        return np.where(n > 0, n * self.n_products + self.place, 0), n.sum(axis=1).astype(np.int64)
