"""Gift: members get something from the shop on a day of their own or of the shop's; imports `tactic`, promises."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.promises import worth
from sim.strategies.tactic import Board, Contacting, Contacts, Desk, lever

YEAR_DAYS = 365


class Gift(Contacting):
    """Members get a gift without asking: on their birthday, on the day they joined, or when the shop likes.

    It pleases at once (eq. 16), and for some days makes leaving less likely (eq. 17), both with the logarithm of what
    it is worth: a gift ten times as dear is not ten times as kind. Nothing is asked in return, so it tires nobody; who
    would have stayed anyway gets it too.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "what the gift is worth and sending it, for every member who gets one"
    backfires: ClassVar[str] = "who would have stayed gets one too; a dear gift pleases little more than a small one"
    title_zh: ClassVar[str] = "会员礼物"
    about_zh: ClassVar[str] = "无需索取的会员礼物：生日、入会纪念日或商家选定的日子。"
    costs_zh: ClassVar[str] = "礼物本身与寄送费，每位获赠会员一份"
    backfires_zh: ClassVar[str] = "本来就会留下的人也得到礼物；贵重礼物并不比小礼物讨喜多少"

    kind: Literal["gift"] = "gift"
    occasion: Literal["birthday", "joining", "any"] = lever(
        "birthday", "", "once a year on a day of her own, on each anniversary of joining, or on every day it runs",
        "赠礼时机：生日、入会周年或活动期间每天",
    )  # fmt: skip
    value: Cents = lever(500, "currency", "what the gift is worth, and costs the shop", "礼物价值", ge=0)
    sending: Cents = lever(200, "currency", "packing and sending one", "包装与寄送成本", ge=0)
    impulse: float = lever(
        0.05, "mood per ln(1 + value)", "what it does to mood, times emotional reactivity (guess)", "对情绪的影响",
        ge=0.0, le=1.0,
    )  # fmt: skip
    keep: float = lever(
        0.1, "log hazard per ln(1 + value)",
        "how much it keeps her, a night (guess; gifts are returned in kind: Falk 2007, from memory)", "对留存的作用",
        ge=0.0, le=2.0,
    )  # fmt: skip
    lasts_days: int = lever(30, "days", "it keeps her for so long (guess)", "作用持续天数", ge=1, le=365)

    @classmethod
    def null(cls) -> Self:
        """Worth nothing, and nothing is sent."""
        return cls(value=0, sending=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(occasion="any", value=5, keep=1.0, impulse=0.5)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(occasion="any", value=20)

    def begin(self, desk: Desk) -> None:
        """Everybody has a birthday; nobody has a gift."""
        ids = desk.world.population.ids
        words = np.empty((len(ids), 4), dtype=np.int64)
        draws.blocks(desk.seed, self.purpose("birthday", desk), 0, ids, np.zeros(len(ids), np.int64), words)
        desk.notes["birthday"] = (words[:, 0] * YEAR_DAYS) >> 32
        desk.notes["given_day"] = np.full(len(ids), -YEAR_DAYS, dtype=np.int64)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Send today's gifts, by lot as far as the budget reaches; who got one lately is likelier to stay."""
        if self.value == 0:
            return
        due = {
            "birthday": desk.notes["birthday"][people.row] == board.day % YEAR_DAYS,
            "joining": (people.tenure_days > 0) & (people.tenure_days % YEAR_DAYS == 0),
            "any": np.ones(len(people.row), dtype=np.bool_),
        }[self.occasion]
        cents = self.value + self.sending
        most = desk.budget.available() // cents
        given = self.in_turn(people, np.flatnonzero(chosen & due), board, desk, most=most)
        desk.pay(len(given) * cents, "gifts")
        contacts.impulse[given] += self.impulse * worth(self.value)
        desk.notes["given_day"][people.row[given]] = board.day
        lasts = board.day - desk.notes["given_day"][people.row] < self.lasts_days
        contacts.hold[lasts] -= self.keep * worth(self.value)
