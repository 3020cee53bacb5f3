"""Coupons promised in a message to members: who may use one, and until when; imports `tactic`, money_off.

What tactics that write to members share. A promise belongs to one member: it is good from the day of the message for
some days, until her next order, and only in the shop; while she holds it she is likelier to come.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim._jit import log
from sim.money import Cents
from sim.rules.records import NEVER
from sim.strategies.money_off import MoneyOff
from sim.strategies.people import People
from sim.strategies.tactic import Board, Contacts, Desk, lever

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Promises:
    """When each member was last written to (column: all people, by row)."""

    def __init__(self, n: int) -> None:
        self.sent_day: Ints = np.full(n, NEVER, dtype=np.int64)

    @classmethod
    def of(cls, desk: Desk) -> Promises:
        """The promises of a tactic in this run."""
        found: Promises = desk.notes.setdefault("promises", cls(len(desk.world)))
        return found

    def may_write(self, people: People, again: int) -> Mask:
        """Who was not written to in the last `again` days."""
        allowed: Mask = self.sent_day[people.row] <= people.day - again
        return allowed

    def hold(self, people: People, valid_days: int) -> Mask:
        """Who holds a coupon today: promised within its days, and no order since."""
        sent = self.sent_day[people.row]
        held: Mask = (sent > people.day - valid_days) & (people.books.last_order_day[people.row] < sent)
        return held

    def write(
        self, contacts: Contacts, people: People, order: Ints, cost: int, most: int | None, desk: Desk, line: str
    ) -> Ints:
        """Send one message each to these people (positions, the first first), as far as `most` and the budget reach."""
        limit = len(order) if most is None else min(most, len(order))
        limit = limit if cost == 0 else min(limit, desk.budget.available() // cost)
        sent = order[:limit]
        desk.pay(limit * cost, line)
        contacts.pushes[sent] += 1
        self.sent_day[people.row[sent]] = people.day
        return sent

    def redeem(
        self, offers: dict[str, NDArray[Any]], people: People, valid_days: int, face: int, least: int, desk: Desk
    ) -> None:
        """In the shop: money off for who holds a coupon, where it is more than she has."""
        better = self.hold(people, valid_days) & (offers["coupon_cents"] < face)
        offers["coupon_cents"][better] = face
        offers["coupon_min_cents"][better] = least
        offers["coupon_cents_tactic"][better] = desk.index


class Promising(MoneyOff):
    """A tactic that promises money off in a message to a member: how often, how long it is good, what it costs."""

    again: int = lever(14, "days", "least time between two messages to one member", "两次联系的最短间隔", ge=1, le=365)
    valid_days: int = lever(7, "days", "the coupon is good for so long", "优惠有效天数", ge=1, le=60)
    cost: Cents = lever(5, "currency", "price of one message", "单条成本", ge=0)
    most: int | None = lever(None, "members", "at most so many a day; empty = all", "每日最多联系人数", ge=0, le=10**9)

    def on_offer(self, offers: dict[str, NDArray[Any]], people: People, chosen: Mask, board: Board, desk: Desk) -> None:
        """Who holds a coupon may use it, whatever her stage is by now."""
        Promises.of(desk).redeem(offers, people, self.valid_days, self.face, self.least_cents, desk)


def worth(face: int) -> float:
    """How a face value is felt, ln(1 + face) in currency: twice the money is less than twice the pull."""
    value: float = log(1.0 + face / 100.0)
    return value
