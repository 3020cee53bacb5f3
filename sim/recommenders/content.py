"""By content: products like those she bought; imports `seen`."""

from __future__ import annotations

import numpy as np

from sim.recommenders.seen import Ints, Seen

UNIT = 4096.0  # attributes are counted to 1/4096 (technical: whole numbers)


class Content:
    """The inner product of a product's attributes with the sum of those of what she bought.

    A new product has it like any other. (Without the division by lengths that makes it a cosine: products that are
    more of what she likes come first, and it finds more of what people like.)
    """

    def __init__(self, seen: Seen) -> None:
        self.bought = seen.bought
        self.tastes = np.floor(seen.tastes * UNIT + 0.5).astype(np.int64)

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores, and how many different products each bought; below 0 there is no reason to show it."""
        bought = self.bought[rows]
        likeness = (bought @ self.tastes) @ self.tastes.T
        return np.maximum(likeness, 0), np.diff(bought.indptr).astype(np.int64)
