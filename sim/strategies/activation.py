"""Activation: silent members get a push and a small coupon; imports `tactic`, promises, people, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import LAPSED_DAYS, SILENT_DAYS, People
from sim.strategies.promises import Promises, Promising, worth
from sim.strategies.tactic import Board, Contacting, Contacts, Desk, lever


class Activation(Promising, Contacting):
    """Dormant members, not seen for two weeks but not yet taken for lost, get messages and a small coupon.

    Most of them still mean to come: the message brings the visit forward. But it also reminds the inert that they
    could leave (eq. 17), it tires, and those who would have come by themselves use the coupon too.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "a price for every message, and the face value on redemption"
    backfires: ClassVar[str] = "wakes sleeping dogs: who is reminded leaves sooner; pays for visits that were coming"
    title_zh: ClassVar[str] = "沉睡会员激活"
    about_zh: ClassVar[str] = "给两周未到访但尚未判定流失的会员发消息和小额优惠券。"
    costs_zh: ClassVar[str] = "每条消息的费用，以及核销时的优惠券面额"
    backfires_zh: ClassVar[str] = "提醒本已淡忘的会员离开；为本来就会发生的到访付费"

    kind: Literal["activation"] = "activation"
    messages: int = lever(1, "messages", "messages to one member at a time", "每次推送条数", ge=0, le=10)
    face: Cents = lever(200, "currency", "money off the order", "优惠面额", ge=0)
    valid_days: int = lever(3, "days", "the coupon is good for so long", "优惠有效天数", ge=1, le=60)
    pull: float = lever(
        0.3,
        "log rate per ln(1 + face)",
        "how much a coupon in hand draws, a day (guess)",
        "优惠对访问意愿的拉动",
        ge=0.0,
        le=2.0,
    )
    cost: Cents = lever(1, "currency", "price of one message", "单条成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """No message, no coupon."""
        return cls(messages=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(messages=3, again=1, face=6, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(messages=10, again=1, face=20, min_price=0, cost=1)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Write to the silent, by lot as far as the budget reaches; whoever holds a coupon feels its pull."""
        if not self.messages:
            return
        promises, away = Promises.of(desk), people.days_away
        is_silent = (away >= SILENT_DAYS) & (away < LAPSED_DAYS)
        wanted = np.flatnonzero(chosen & is_silent & promises.may_write(people, self.again))
        wanted = self.in_turn(people, wanted, board, desk)
        sent = promises.write(contacts, people, wanted, self.messages * self.cost, self.most, desk, "messages")
        contacts.pushes[sent] += self.messages - 1
        contacts.pull[promises.hold(people, self.valid_days)] += self.pull * worth(self.face)
