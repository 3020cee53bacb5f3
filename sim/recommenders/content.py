"""By content: products like those she bought; imports `seen`."""

from __future__ import annotations

import numpy as np

from sim.recommenders.seen import Ints, Seen

UNIT = 4096.0  # attributes are counted to 1/4096 (technical: whole numbers)


class Content:
    """Cosine between a product's attributes and the sum of those of what she bought; a new product has it like any."""

    def __init__(self, seen: Seen) -> None:
        self.bought = seen.bought
        self.tastes = np.floor(seen.tastes * UNIT + 0.5).astype(np.int64)
        squares = (self.tastes * self.tastes).sum(axis=1)
        self.length = np.sqrt(np.maximum(squares, 1).astype(np.float64))

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores: the cosine times the length of her sum, which ranks the same; below 0 there is no reason to show."""
        bought = self.bought[rows]
        likeness = ((bought @ self.tastes) @ self.tastes.T) / self.length
        return np.maximum(np.floor(likeness + 0.5), 0.0).astype(np.int64), np.diff(bought.indptr).astype(np.int64)
