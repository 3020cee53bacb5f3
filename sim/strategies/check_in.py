"""Check-in: a small reward for every day on which a member opens the shop; imports `tactic`, people, money, `_jit`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.promises import worth
from sim.strategies.tactic import Board, Contacts, Desk, Tactic, lever


class CheckIn(Tactic):
    """Daily check-in: points, a task, a small game for everybody who opens the shop, worth a few cents.

    Who was seen in the last days has the habit and comes more often; each check-in wears the novelty off. The shop
    owes the points of every visit, also of the many that would have come without, so it is paid per visit.
    """

    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = "the reward of every visit, also of those that would have come anyway"
    backfires: ClassVar[str] = "pays for habits that are there already; the novelty wears off, the points do not"
    title_zh: ClassVar[str] = "每日签到"
    about_zh: ClassVar[str] = "每日签到：积分、任务或小游戏，面向所有到访者，每次价值几分钱。"
    costs_zh: ClassVar[str] = "每次到访的奖励，包括本来就会发生的到访"
    backfires_zh: ClassVar[str] = "为已有的习惯付费；新鲜感会消退，积分成本不会"

    kind: Literal["check_in"] = "check_in"
    reward: Cents = lever(5, "currency", "what the points of one check-in cost the shop", "单次签到成本", ge=0)
    pull: float = lever(
        3.0,
        "log rate per ln(1 + reward)",
        "how much a fresh reward draws, a day (guess: .05 brings a seventh more visits)",
        "签到奖励对访问的拉动",
        ge=0.0,
        le=10.0,
    )
    recent: int = lever(7, "days", "works on members seen within so many days", "近多少天访问过的会员有效", ge=1, le=60)
    wear: float = lever(
        30.0, "check-ins", "after so many it draws half as much (guess)", "多少次后吸引力减半", ge=1.0, le=1000.0
    )

    @classmethod
    def null(cls) -> Self:
        """Worth nothing."""
        return cls(reward=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(reward=1)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(reward=2)

    def begin(self, desk: Desk) -> None:
        """Nobody has checked in yet."""
        desk.notes["times"] = np.zeros(len(desk.world), dtype=np.int64)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Draw who has the habit, while there is money for a reward at all."""
        if self.reward > desk.budget.available():
            return
        habit = np.flatnonzero(chosen & (people.days_away <= self.recent))
        times = desk.notes["times"][people.row[habit]]
        contacts.pull[habit] += self.pull * worth(self.reward) / (1.0 + times / self.wear)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Credit the points of today's visits, by lot as far as the budget reaches."""
        if not self.reward:
            return
        came = np.flatnonzero(chosen)
        most = min(len(came), desk.budget.available() // self.reward)
        paid = came[self.by_lot(people.id[came], board, desk)[:most]]
        desk.pay(len(paid) * self.reward, "check_ins")
        desk.notes["times"][people.row[paid]] += 1
