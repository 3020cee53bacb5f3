"""Quality guarantee: fewer orders fail, and parcels arrive sooner; imports `tactic`, rewards, money."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal, Self

from sim.day import Day
from sim.money import Cents
from sim.strategies.rewards import pay_part, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, lever

SPEED: Final = 0.0145  # logit of buying per day faster (Fisher, Gallino & Xu 2019: sales +1.45 % a day; memory)


class QualityGuarantee(Tactic):
    """Inspection before sending and faster parcels: a share of failures is prevented, and people buy a little more.

    Preventing failures (docs/model.md, eq. 10) keeps satisfaction, stars and returns where they are good; it pays
    slowly, through who stays and who tells. Speed adds to the logit of buying at once (eq. 5). Both make every
    order dearer to send. If the budget cannot pay for all orders, both shrink in proportion.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "dearer handling of every order, also of the many that would have arrived well"
    backfires: ClassVar[str] = "all orders pay for the few that would have failed; thin margins turn negative"
    title_zh: ClassVar[str] = "品质保障与极速物流"
    about_zh: ClassVar[str] = "发货前质检与更快物流：避免部分失败订单，人们也略多购买。"
    costs_zh: ClassVar[str] = "每单更高的处理费，包括本来就会顺利送达的多数订单"
    backfires_zh: ClassVar[str] = "所有订单为少数会失败的订单买单；毛利薄时转为亏损"
    is_for_all: ClassVar[bool] = True

    kind: Literal["quality_guarantee"] = "quality_guarantee"
    cut: float = lever(0.5, "share of failures", "failures prevented by inspection", "问题订单减少比例", ge=0.0, le=1.0)
    inspection: Cents = lever(50, "currency", "cost of inspecting one order", "每单质检成本", ge=0)
    days_faster: int = lever(0, "days", "days sooner that parcels arrive", "配送提前天数", ge=0, le=5)
    cost_per_day: Cents = lever(
        80, "currency per order and day", "cost of one day less, for one order", "每单每提前一天成本", ge=0
    )

    @classmethod
    def null(cls) -> Self:
        """Orders go out as before."""
        return cls(cut=0.0, inspection=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(cut=0.8, days_faster=2)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(inspection=20)

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Fewer failures and a little more demand today, as far as they are paid for."""
        kept = desk.notes["kept"] = share_kept(desk)
        conditions["fail"] *= 1.0 - self.cut * kept
        conditions["alpha"] += SPEED * self.days_faster * kept

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for inspecting and speeding today's orders."""
        each = self.inspection + self.days_faster * self.cost_per_day
        desk.notes["due_cents"] = len(events.orders.row) * each
        pay_part(math.floor(desk.notes["due_cents"] * desk.notes["kept"] + 0.5), "handling", desk)
