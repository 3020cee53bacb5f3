"""Retention offer: a warning that a member may leave, and an offer to stay; imports `tactic`, promises, people."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.rules.records import NEVER
from sim.strategies.people import NEW_DAYS, SILENT_DAYS, People
from sim.strategies.promises import Promises, Promising, worth
from sim.strategies.tactic import Board, Contacts, Desk, lever

USUAL_GAP: Final = 5.0  # days between two visits of somebody about whom nothing is known yet; counts as one gap (guess)


class RetentionOffer(Promising):
    """Who stays away much longer than she used to is warned of, and gets an offer that makes leaving less likely.

    The warning is simple: days not seen against her own usual gap between visits, as far as the shop counted
    them since the tactic began. Above the threshold she is written to; while she holds the coupon her hazard is
    lower (eq. 17). False alarms cost as much, and who was not seen for two weeks is reminded by the contact.
    By risk, who is most overdue comes first: many of those are gone already, or inert. By uplift, the inert
    are left alone, and newer members, who leave more easily, come first.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "a price for every message, and the face value on redemption, also after false alarms"
    backfires: ClassVar[str] = "reminds inert members that they could leave; pays members who meant to stay"
    title_zh: ClassVar[str] = "流失预警挽留"
    about_zh: ClassVar[str] = "对离开时间明显长于往常的人发出预警，并给予使其不易离开的优惠。"
    costs_zh: ClassVar[str] = "每条消息的费用与核销的面额，包括误报"
    backfires_zh: ClassVar[str] = "提醒本已淡忘的会员离开；为本打算留下的会员付费"

    kind: Literal["retention_offer"] = "retention_offer"
    threshold: float = lever(
        3.0, "usual gaps", "warns when she stays away so many times her usual gap", "预警阈值（倍数）", ge=1.0, le=20.0
    )
    choose: Literal["uplift", "risk"] = lever(
        "uplift", "", "whom first: where an offer helps most, or who is most overdue", "优先增益人群或高风险人群"
    )
    until: int = lever(30, "days", "not seen for so long she is given up", "超过多少天放弃", ge=2, le=365)
    face: Cents = lever(300, "currency", "money off the order", "优惠面额", ge=0)
    keep: float = lever(
        0.3,
        "log hazard per ln(1 + face)",
        "how much a coupon in hand keeps her, a night (guess)",
        "优惠对留存的作用",
        ge=0.0,
        le=2.0,
    )

    @classmethod
    def null(cls) -> Self:
        """Writes to nobody."""
        return cls(most=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(threshold=1.0, again=2, face=6, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(threshold=1.0, again=1, face=20, min_price=0, choose="risk", cost=1)

    def begin(self, desk: Desk) -> None:
        """Nothing counted yet."""
        n = len(desk.world)
        desk.notes |= {"gaps": np.zeros(n, dtype=np.int64), "days": np.zeros(n, dtype=np.int64)}

    def overdue(self, people: People, desk: Desk) -> NDArray[np.float64]:
        """Days not seen over her usual gap: mean of the gaps counted, and of one usual one."""
        gaps, days = desk.notes["gaps"][people.row], desk.notes["days"][people.row]
        found: NDArray[np.float64] = people.days_away * (1.0 + gaps) / (USUAL_GAP + days)
        return found

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Write to who is overdue; whoever holds a coupon is likelier to stay."""
        promises, away, overdue = Promises.of(desk), people.days_away, self.overdue(people, desk)
        due = chosen & (overdue >= self.threshold) & (away < self.until) & promises.may_write(people, self.again)
        if self.choose == "uplift":
            due &= away < SILENT_DAYS
        wanted = np.flatnonzero(due)
        wanted = wanted[self.by_lot(people.id[wanted], board, desk)]
        rank = people.tenure_days[wanted] // NEW_DAYS if self.choose == "uplift" else -overdue[wanted]
        wanted = wanted[np.argsort(rank, kind="stable")]
        promises.write(contacts, people, wanted, self.cost, self.most, desk, "messages")
        contacts.hold[promises.hold(people, self.valid_days)] -= self.keep * worth(self.face)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Count the gap of everybody who visits; who holds a coupon may use it."""
        known = (people.books.last_visit_day[people.row] != NEVER) & (people.days_away > 0)
        desk.notes["gaps"][people.row[known]] += 1
        desk.notes["days"][people.row[known]] += people.days_away[known]
        super().on_offer(offers, people, chosen, board, desk)
