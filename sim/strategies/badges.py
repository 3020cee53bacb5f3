"""Badges: a title for every so many orders or visits, worth nothing but to be had; imports `tactic`, people, money."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.day import Day
from sim.money import Cents
from sim.strategies.people import SILENT_DAYS, People
from sim.strategies.tactic import Board, Contacts, Desk, Tactic, lever


class Badges(Tactic):
    """Badges, titles and levels without money: one for every so many orders, or days on which a member comes.

    The nearer the next badge, the likelier she does what earns it, with the square of the way gone; after the badge the
    pull is gone (docs/model.md, 8.1b). Who has one stays longer, for her title; a title that everybody has is worth
    nothing, so this wears off as badges spread.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "running it, and what one badge costs, also of who would have earned it anyway"
    backfires: ClassVar[str] = (
        "frequent customers earn most badges without changing; a title that all have is worth nothing"
    )
    title_zh: ClassVar[str] = "勋章与称号"
    about_zh: ClassVar[str] = "非金钱激励：每完成若干订单（或到访若干天）授予一枚勋章或称号。"
    costs_zh: ClassVar[str] = "每日运营费与每枚勋章的成本，包括本来就会达成的人"
    backfires_zh: ClassVar[str] = "常客得到最多勋章却没有改变；人人都有的称号一文不值"

    kind: Literal["badges"] = "badges"
    earn_by: Literal["orders", "visits"] = lever(
        "orders", "", "what is counted: orders that are kept, or days with a visit", "按订单数或到访天数授予"
    )
    step: int = lever(
        3, "orders or visits", "so many earn a badge, and so many more the next", "每枚所需次数", ge=1, le=100
    )
    pull: float = lever(
        0.3,
        "log odds or log rate",
        "pull of a badge in reach on buying, or on visiting (guess: less than that of money, .4)",
        "临近达成时的拉动",
        ge=0.0,
        le=2.0,
    )
    status: float = lever(
        0.1,
        "log hazard",
        "how much longer the only holder of a badge stays (guess)",
        "称号对留存的作用",
        ge=0.0,
        le=1.0,
    )
    cost: Cents = lever(50, "currency", "what one badge costs the shop", "每枚勋章成本", ge=0)
    cost_per_day: Cents = lever(500, "currency", "fixed cost of running it", "每日固定成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """Nobody cares, and it costs nothing."""
        return cls(pull=0.0, status=0.0, cost=0, cost_per_day=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(step=2, pull=2.0, cost_per_day=100)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(step=1, cost=2_000)

    def begin(self, desk: Desk) -> None:
        """Nobody has done anything yet."""
        for name in ("done", "badges"):
            desk.notes[name] = np.zeros(len(desk.world), dtype=np.int64)
        desk.notes["is_open"] = False

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Open for the day, if the budget has its cost."""
        desk.notes["is_open"] = bool(desk.pay_in_turn(np.array([self.cost_per_day]), "running")[0])

    def _drawn(self, people: People, desk: Desk) -> NDArray[np.float64]:
        """How much the next badge pulls each of these people: pull times the square of the way gone."""
        gone = desk.notes["done"][people.row] % self.step / self.step
        return np.asarray(self.pull * (gone * gone))

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Who was seen lately comes for the next badge; who has one stays for her title."""
        if not desk.notes["is_open"]:
            return
        if self.earn_by == "visits":
            contacts.pull += np.where(chosen & (people.days_away < SILENT_DAYS), self._drawn(people, desk), 0.0)
        has_one = desk.notes["badges"] > 0
        worth = self.status * (1.0 - int(has_one.sum()) / max(len(people.books.registered()), 1))
        contacts.hold -= np.where(chosen & has_one[people.row], worth, 0.0)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Show how near the next badge is; count who came."""
        if not desk.notes["is_open"]:
            return
        if self.earn_by == "orders":
            offers["urge"] += np.where(chosen, self._drawn(people, desk), 0.0)
            desk.notes["chosen"] = people.row[chosen]
        else:
            desk.notes["done"][people.row[chosen]] += 1

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Count the day's orders and hand out badges that are due, by lot as far as the budget reaches."""
        if not desk.notes["is_open"]:
            return
        done, badges = desk.notes["done"], desk.notes["badges"]
        if self.earn_by == "orders":
            orders = events.orders
            counts = ~orders.is_returned.astype(np.bool_) & np.isin(orders.row, desk.notes["chosen"])
            np.add.at(done, orders.row[counts], 1)
        due = np.flatnonzero(done // self.step > badges)
        due = due[self.by_lot(desk.world.population.ids[due], board, desk)]
        due = due[desk.pay_in_turn((done[due] // self.step - badges[due]) * self.cost, "badges")]
        badges[due] = done[due] // self.step
