"""Push messages: the shop writes to members so that they open it; imports `tactic`, people, `draws`, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.tactic import Board, Contacting, Contacts, Desk, lever


class Push(Contacting):
    """Messages on the phone: each makes a visit today likelier, and each tires.

    A tired member reacts less (eq. 2), leaves sooner (eq. 17) and switches messages off for good (eq. 2b); who has
    not been seen for two weeks is also reminded that she could leave. So more is better only up to a point.
    """

    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = "a price for every message"
    backfires: ClassVar[str] = (
        "tires members, who react less, leave sooner and switch messages off; wakes sleeping dogs"
    )
    title_zh: ClassVar[str] = "推送消息"
    about_zh: ClassVar[str] = "手机推送：每条使当日到访更可能，每条也带来疲劳。"
    costs_zh: ClassVar[str] = "每条消息的费用"
    backfires_zh: ClassVar[str] = "会员疲劳：反应变弱、更早离开、关闭消息；唤醒本已淡忘的人"

    kind: Literal["push"] = "push"
    per_day: int = lever(
        1, "messages", "messages to each member it is for, on each day it runs", "每人每日推送条数", ge=0, le=10
    )
    cost: Cents = lever(1, "currency", "price of one message", "单条成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """No message."""
        return cls(per_day=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(per_day=3)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(per_day=10, cost=1)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Write to whom it is meant for, in turn as far as the budget reaches."""
        wanted = np.flatnonzero(chosen) if self.per_day else np.empty(0, dtype=np.int64)
        each = self.per_day * self.cost
        most = len(wanted) if each == 0 else min(len(wanted), desk.budget.available() // each)
        sent = self.in_turn(people, wanted, board, desk, most=most)
        contacts.pushes[sent] += self.per_day
        desk.pay(len(sent) * each, "messages")
