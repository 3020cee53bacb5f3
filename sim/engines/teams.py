"""Teams of one run: founding, seats, closing; the same for both drivers. Imports rules and `journal`.

A team is known by a running number; only recent ones are held, because a closed team can no longer
be joined. Numbers never enter a random number's name: founder, day and product do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.rules import resolve
from sim.rules.records import (
    PUBLIC_TEAMS,
    TEAM_CAPACITY,
    TEAM_CLOSES,
    TEAM_COLUMNS,
    TEAM_DAY,
    TEAM_FOUNDER_ID,
    TEAM_MEMBERS,
    TEAM_PRODUCT,
    TEAM_SIZE,
)
from sim.rules.team import JOINS_PRIOR, SUCCESS_PRIOR, displayed_rate

Ints = NDArray[np.int64]


class Seats(NamedTuple):
    """Orders waiting for their team, one entry a member (arrays of equal length)."""

    team: Ints
    row: Ints
    product: Ints
    quantity: Ints
    list_cents: Ints  # of one unit
    price_cents: Ints  # of one unit, on the shelf
    team_cents: Ints  # of one unit, in the team
    source: Ints
    parent: Ints
    cut_tactic: Ints
    team_tactic: Ints
    hype: NDArray[np.float64]
    kol_tactic: Ints

    def take(self, mask: NDArray[np.bool_]) -> Seats:
        """Those entries only."""
        columns: list[Any] = [column[mask] for column in self]
        return Seats(*columns)

    def plus(self, other: Seats) -> Seats:
        """Both, one after the other."""
        columns: list[Any] = [np.concatenate([a, b]) for a, b in zip(self, other, strict=True)]
        return Seats(*columns)


def no_seats() -> Seats:
    """Nobody waits."""
    columns: dict[str, Any] = {name: np.empty(0, dtype=np.int64) for name in Seats._fields}
    return Seats(**columns | {"hype": np.empty(0)})


class Teams:
    """All teams that can still be joined, and who holds a seat in one."""

    def __init__(self, seed: int, product_ids: Ints) -> None:
        self.seed, self.product_ids = seed, product_ids
        n = len(product_ids)
        self.first = 0  # number of the first team in the table
        self.table = np.zeros((0, TEAM_COLUMNS), dtype=np.int64)
        self.is_open = np.zeros(0, dtype=np.bool_)
        self.seats = no_seats()
        self.public = np.full((n, PUBLIC_TEAMS), -1, dtype=np.int64)
        self.n_closed, self.n_filled = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.n_joins, self.n_days = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)

    def shown_rates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displayed success rate, and joins per open team and day, of every product.

        A product with few teams of its own is shown near the rate of the whole shop.
        """

        def shown(events: Ints, exposure: Ints, prior: float) -> NDArray[np.float64]:
            of_shop = displayed_rate(int(events.sum()), int(exposure.sum()), prior)
            if not exposure.any():
                return np.full(len(events), displayed_rate(0, 0, of_shop))
            pairs = zip(events.tolist(), exposure.tolist(), strict=True)
            return np.array([displayed_rate(a, b, of_shop) for a, b in pairs])

        return shown(self.n_filled, self.n_closed, SUCCESS_PRIOR), shown(self.n_joins, self.n_days, JOINS_PRIOR)

    def start_day(self, day: int) -> None:
        """Forget closed teams at the front, draw the public lists by keyed priority."""
        keep = int(np.argmax(self.is_open)) if self.is_open.any() else len(self.is_open)
        self.table, self.is_open, self.first = self.table[keep:], self.is_open[keep:], self.first + keep
        self.public[:] = -1
        rows = np.flatnonzero(self.is_open)
        if len(rows) == 0:
            return
        product = self.table[rows, TEAM_PRODUCT]
        founder, founded = self.table[rows, TEAM_FOUNDER_ID], self.table[rows, TEAM_DAY]
        items = (founded << 32) | self.product_ids[product]
        words = resolve.priorities(self.seed, draws.PUBLIC_TEAM, day, founder, items)
        order = np.lexsort((founded, founder, words, product))
        ordered = product[order]
        place = np.arange(len(order)) - np.searchsorted(ordered, ordered, side="left")
        shown = place < PUBLIC_TEAMS
        self.public[ordered[shown], place[shown]] = rows[order][shown] + self.first

    def seat(self, day: int, team: Ints, agents: Ints) -> NDArray[np.bool_]:
        """Who of those who want to join today gets a seat."""
        index = team - self.first
        founder = self.table[index, TEAM_FOUNDER_ID]
        items = (founder << 32) | self.product_ids[self.table[index, TEAM_PRODUCT]]
        words = resolve.priorities(self.seed, draws.SEAT, day, agents, items)
        free = self.table[:, TEAM_CAPACITY] - self.table[:, TEAM_MEMBERS]
        return resolve.seats(index, free, words, agents)

    def found(self, table: Ints) -> Ints:
        """Open new teams (rows of TEAM_* columns, one member each); returns their numbers."""
        numbers = self.first + len(self.table) + np.arange(len(table), dtype=np.int64)
        self.table = np.concatenate([self.table, table])
        self.is_open = np.concatenate([self.is_open, np.ones(len(table), dtype=np.bool_)])
        return numbers

    def take_seats(self, seats: Seats, is_joining: NDArray[np.bool_]) -> None:
        """Seat founders and joiners; joiners count as members from now on."""
        index = seats.team[is_joining] - self.first
        np.add.at(self.table[:, TEAM_MEMBERS], index, 1)
        np.add.at(self.n_joins, seats.product[is_joining], 1)
        self.seats = self.seats.plus(seats)

    def close(self, day: int) -> tuple[Seats, Seats, int, int]:
        """Close what is full or due tonight: (seats to confirm, seats to refund, teams filled, teams failed)."""
        joinable = self.is_open & (self.table[:, TEAM_DAY] < day)
        np.add.at(self.n_days, self.table[joinable, TEAM_PRODUCT], 1)
        full = self.table[:, TEAM_MEMBERS] >= self.table[:, TEAM_CAPACITY]
        closing = self.is_open & (full | (self.table[:, TEAM_CLOSES] <= day))
        filled = closing & (self.table[:, TEAM_MEMBERS] >= self.table[:, TEAM_SIZE])
        np.add.at(self.n_closed, self.table[closing, TEAM_PRODUCT], 1)
        np.add.at(self.n_filled, self.table[filled, TEAM_PRODUCT], 1)
        self.is_open &= ~closing
        index = self.seats.team - self.first
        confirmed, refunded = self.seats.take(filled[index]), self.seats.take((closing & ~filled)[index])
        self.seats = self.seats.take(~closing[index])
        n_filled = int(filled.sum())
        return confirmed, refunded, n_filled, int(closing.sum()) - n_filled
