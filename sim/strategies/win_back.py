"""Win-back: members not seen for long get a message with a coupon; imports `tactic`, promises, people, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.promises import Promises, Promising, worth
from sim.strategies.tactic import Board, Contacting, Contacts, Desk, lever


class WinBack(Promising, Contacting):
    """Who was not seen for a while is written to, with money off her next order if she comes within some days.

    The message and the coupon in hand make coming back likelier (eq. 18), for the few days the coupon is good. The
    shop cannot see who has really left: some of those would have come anyway, and use the coupon all the same.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "a price for every message, and the face value on redemption"
    backfires: ClassVar[str] = "pays for returns that would have come anyway; too early it reminds members of leaving"
    title_zh: ClassVar[str] = "流失召回"
    about_zh: ClassVar[str] = "给一段时间未到访的人发消息，若数日内回来则下一单减免。"
    costs_zh: ClassVar[str] = "每条消息的费用，以及核销的面额"
    backfires_zh: ClassVar[str] = "为本来就会发生的回访付费；过早联系等于提醒会员离开"

    kind: Literal["win_back"] = "win_back"
    after: int = lever(30, "days", "written to when not seen for so long", "多少天未访问后联系", ge=1, le=365)
    until: int = lever(
        180, "days", "no longer written to when not seen for so long", "超过多少天不再联系", ge=2, le=730
    )
    again: int = lever(30, "days", "least time between two messages to one member", "两次联系的最短间隔", ge=1, le=365)
    face: Cents = lever(500, "currency", "money off the order on return", "回归优惠面额", ge=0)
    pull: float = lever(
        0.5,
        "log rate per ln(1 + face)",
        "how much a coupon in hand draws, a day (guess)",
        "优惠对回归意愿的拉动",
        ge=0.0,
        le=2.0,
    )
    first: Literal["lot", "spent", "recent"] = lever(
        "lot",
        "",
        "whom first, where not all: by lot, who paid most so far, or who was seen last",
        "优先顺序：随机、消费最多或最近访问",
    )

    @classmethod
    def null(cls) -> Self:
        """Writes to nobody."""
        return cls(most=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(after=5, again=5, face=6, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(after=2, again=2, face=20, min_price=0, cost=1)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Write to who has been away long enough; whoever holds a coupon feels its pull."""
        promises, away = Promises.of(desk), people.days_away
        due = chosen & (away >= self.after) & (away < self.until) & promises.may_write(people, self.again)
        wanted = np.flatnonzero(due)
        wanted = self.in_turn(people, wanted, board, desk)
        if self.first == "spent":
            wanted = wanted[np.argsort(-people.books.paid_cents[people.row[wanted]], kind="stable")]
        elif self.first == "recent":
            wanted = wanted[np.argsort(away[wanted], kind="stable")]
        promises.write(contacts, people, wanted, self.cost, self.most, desk, "messages")
        contacts.pull[promises.hold(people, self.valid_days)] += self.pull * worth(self.face)

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the coupon eats the margin of a typical product, and where nobody can be written to."""
        found = ["until must come after after: nobody is written to"] if self.until <= self.after else []
        return found + super().warnings(list_cents, unit_cost_cents)
