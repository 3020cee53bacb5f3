"""Education: lessons for new members, so that fewer leave in their first days; imports `tactic`, people, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import NEW_DAYS, SILENT_DAYS, People
from sim.strategies.tactic import Board, Contacting, Contacts, Desk, lever


class Education(Contacting):
    """Onboarding: how to find, compare, return; one lesson a day, as a message, until a member had all of them.

    In her first two weeks each lesson taken makes leaving less likely, the first ones most. Later it teaches
    nothing new: it only reminds members who were not seen for two weeks that they could leave (eq. 17). Every
    lesson is a message, so many of them tire and are switched off.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "a price for every lesson to every member"
    backfires: ClassVar[str] = "reminds inert members that they could leave; too many lessons tire"
    title_zh: ClassVar[str] = "新手教育"
    about_zh: ClassVar[str] = "新手引导：教会员如何查找、比较、退货；每天一课，以消息送达，学完为止。"
    costs_zh: ClassVar[str] = "每位会员每节课的费用"
    backfires_zh: ClassVar[str] = "提醒本已淡忘的会员离开；课程过多令人疲劳"

    kind: Literal["education"] = "education"
    whom: Literal["new", "inert", "everybody"] = lever(
        "new",
        "",
        "members registered for less than two weeks; older ones not seen for two weeks; or all",
        "对象：新会员、沉睡老会员或全部",
    )
    lessons: int = lever(3, "lessons", "lessons to each member, one on a day", "每人课程数", ge=0, le=14)
    effect: float = lever(
        0.7,
        "log hazard",
        "most that lessons can do: half as many leave (Retana et al. 2016, from memory)",
        "教育对新会员流失的最大作用",
        ge=0.0,
        le=2.0,
    )
    cost: Cents = lever(10, "currency", "price of one lesson to one member", "每人每课成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """No lesson."""
        return cls(lessons=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(whom="everybody", lessons=14, effect=2.0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(whom="everybody", lessons=14, cost=2)

    def begin(self, desk: Desk) -> None:
        """Nobody has learnt anything yet."""
        desk.notes["taken"] = np.zeros(len(desk.world), dtype=np.int64)

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """The lesson of the day, by lot as far as the budget reaches; what was learnt keeps new members."""
        taken, is_new = desk.notes["taken"], people.tenure_days < NEW_DAYS
        meant = {
            "new": is_new,
            "inert": ~is_new & (people.days_away >= SILENT_DAYS),
            "everybody": np.ones(len(people.row), dtype=bool),
        }[self.whom]
        wanted = np.flatnonzero(chosen & meant & (taken[people.row] < self.lessons))
        most = len(wanted) if self.cost == 0 else min(len(wanted), desk.budget.available() // self.cost)
        sent = self.in_turn(people, wanted, board, desk, most=most)
        desk.pay(len(sent) * self.cost, "lessons")
        contacts.pushes[sent] += 1
        taken[people.row[sent]] += 1
        n = taken[people.row] * is_new
        contacts.hold[:] -= self.effect * n / (1.0 + n)
