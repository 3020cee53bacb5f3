"""A mix: collaborative and content by weight, friends for whom both know nothing; imports the three."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.recommenders.collaborative import UNIT, Collaborative
from sim.recommenders.content import Content
from sim.recommenders.seen import Ints, Seen
from sim.recommenders.social import Social


def _of_best(scores: Ints) -> NDArray[np.float64]:
    """Scores as shares of each person's best."""
    shares: NDArray[np.float64] = scores / np.maximum(scores.max(axis=1, keepdims=True), 1)
    return shares


class Hybrid:
    """`mix` of the collaborative score and the rest of content's, each as a share of her best.

    A product that nobody bought yet has its content to speak for it, a customer who bought too little her friends.
    """

    def __init__(self, seen: Seen, neighbours: Literal["item", "user"], mix: float, cold_below: int) -> None:
        self.collaborative, self.content = Collaborative(seen, neighbours), Content(seen)
        self.social = Social(seen)
        self.mix, self.cold_below = mix, cold_below

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores, and how many purchases speak for them: her own, or her friends' where hers are too few."""
        together, _ = self.collaborative.judge(rows)
        alike, known = self.content.judge(rows)
        mixed = self.mix * _of_best(together) + (1.0 - self.mix) * _of_best(alike)
        cold = np.flatnonzero(known < self.cold_below)
        if len(cold):
            of_friends, known[cold] = self.social.judge(rows[cold])
            mixed[cold] = _of_best(of_friends)
        return np.floor(UNIT * mixed).astype(np.int64), known
