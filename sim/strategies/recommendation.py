"""Recommended slots: personalised or by popularity; imports `tactic`, rules."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, Tactic, lever


class Recommendation(Tactic):
    """Slots filled by a recommender: personalised with some accuracy, or simply what sells best.

    The recommender's score is rho * true match + sqrt(1 - rho^2) * error, the error fixed for each
    shopper and product (docs/model.md, eq. 3). By popularity it only repeats what the lists already
    show, and concentrates sales.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "a fixed cost per day and a cost per 1,000 visits served"
    backfires: ClassVar[str] = "an inaccurate one takes slots from better products; by popularity it narrows sales"
    title_zh: ClassVar[str] = "个性化推荐"

    kind: Literal["recommendation"] = "recommendation"
    weight: float = lever(
        1.0, "slots against one random slot", "weight of recommended slots", "推荐位权重", ge=0.0, le=5.0
    )
    accuracy: float = lever(
        0.7, "correlation", "correlation of the score with the true match", "推荐准确度", ge=0.0, le=1.0
    )
    by: Literal["taste", "popularity"] = lever("taste", "", "personalised by taste, or by popularity", "按口味或按热度")
    cost_per_day: Cents = lever(2000, "currency", "fixed cost of running it", "每日固定成本", ge=0)
    cost_per_1000: Cents = lever(200, "currency", "cost per 1,000 visits served", "每千次访问成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """No slots, no cost."""
        return cls(weight=0.0, cost_per_day=0, cost_per_1000=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(cost_per_day=30)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(accuracy=0.0, cost_per_day=200)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Give recommended slots to whom they are meant for; without money to serve them there are none."""
        served = int(np.sum(chosen))
        cents = self.cost_per_day + math.floor(self.cost_per_1000 * served / 1000 + 0.5)
        if not desk.pay_in_turn(np.array([cents]), "serving")[0]:
            return
        better = chosen & (offers["rec_weight"] < self.weight)
        offers["rec_weight"][better] = self.weight
        offers["rec_accuracy"][better] = self.accuracy if self.by == "taste" else -1.0
        offers["rec_tactic"][better] = desk.index
