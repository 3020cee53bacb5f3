"""Mini program: the shop opens inside an app that people use anyway; imports `tactic`, `day`, money."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

from sim.day import Day
from sim.money import Cents
from sim.strategies.tactic import Board, Desk, Tactic, lever


class MiniProgram(Tactic):
    """A low-friction way in, for everybody: nothing to install, one tap to pay.

    Visiting and registering become easier (eq. 1, 15b), and so does paying (eq. 5); but who drops in from a chat
    looks around less earnestly, so the more visits it adds the fewer of them buy. Needs are what they were: the
    shop also pays for every visit it serves.
    """

    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = "a fixed cost per day and a cost per 1,000 visits, also of those that came before"
    backfires: ClassVar[str] = "shallow visits: more people look and fewer of them buy, and every visit costs"
    title_zh: ClassVar[str] = "小程序入口"
    about_zh: ClassVar[str] = "面向所有人的低门槛入口：免安装，一键支付。"
    costs_zh: ClassVar[str] = "每日固定费用与每千次访问费用，包括原有的访问"
    backfires_zh: ClassVar[str] = "浅层访问：看的人多、买的人少，而每次访问都要花钱"
    is_for_all: ClassVar[bool] = True

    kind: Literal["mini_program"] = "mini_program"
    access: float = lever(0.1, "log rate", "how much easier it is to visit (guess)", "访问便利度提升", ge=0.0, le=1.0)
    checkout: float = lever(0.05, "logit", "how much easier it is to pay (guess)", "支付便利度提升", ge=0.0, le=1.0)
    shallow: float = lever(
        0.3, "logit per log rate", "how much less earnest visits get with easier access (guess)", "浅访问程度",
        ge=0.0, le=2.0,
    )  # fmt: skip
    sign_up: float = lever(
        0.1, "share", "so many more prospects register by themselves (guess)", "自然注册提升比例", ge=0.0, le=2.0
    )
    cost_per_day: Cents = lever(2000, "currency", "fixed cost of running it", "每日固定成本", ge=0)
    cost_per_1000: Cents = lever(500, "currency", "cost per 1,000 visits", "每千次访问成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """Nothing gets easier, nothing costs."""
        return cls(access=0.0, checkout=0.0, sign_up=0.0, cost_per_day=0, cost_per_1000=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(access=0.5)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(access=1.0, shallow=2.0, cost_per_day=200)

    def begin(self, desk: Desk) -> None:
        """Not running yet."""
        desk.notes |= {"is_open": False, "visits": 0}

    def _cents(self, visits: int) -> int:
        return math.floor(self.cost_per_1000 * visits / 1000 + 0.5)

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Open today's entry, if there is money for the day and for as many visits as last time."""
        cents = self.cost_per_day + self._cents(desk.notes["visits"])
        desk.notes["is_open"] = cents <= desk.budget.available()
        if not desk.notes["is_open"]:
            return
        desk.pay(self.cost_per_day, "serving")
        conditions["e_0"] += self.access
        conditions["alpha"] += self.checkout - self.shallow * self.access
        conditions["organic"] *= 1.0 + self.sign_up

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for the visits served, as far as the budget reaches."""
        if desk.notes["is_open"]:
            desk.notes["visits"] = len(events.visitors)
            desk.pay(min(self._cents(desk.notes["visits"]), desk.budget.available()), "serving")
