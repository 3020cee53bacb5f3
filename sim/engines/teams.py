"""Teams of one run: founding, seats, closing; the same for both drivers. Imports rules and `journal`.

A team is known by a running number; only recent ones are held, because a closed team can no longer
be joined. Numbers never enter a random number's name: founder, day and product do.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import kernel
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
    Column,
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
    return _NO_SEATS


_NOBODY: Final[dict[str, Any]] = {name: np.empty(0, dtype=np.int64) for name in Seats._fields}
_NO_SEATS: Final = Seats(**_NOBODY | {"hype": np.empty(0)})


@kernel
def _show_rates(events: Column, exposure: Column, prior: float, out: Column) -> None:
    """Each product's rate, near that of the whole shop where it had few teams."""
    of_shop = displayed_rate(events.sum(), exposure.sum(), prior)
    is_new = exposure.sum() == 0
    for j in range(out.shape[0]):
        out[j] = displayed_rate(0 if is_new else events[j], exposure[j], of_shop)


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
        self._rates: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None  # None: they have changed

    def shown_rates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displayed success rate, and joins per open team and day, of every product.

        A product with few teams of its own is shown near the rate of the whole shop.
        """
        if self._rates is None:
            n = len(self.n_closed)
            self._rates = np.empty(n), np.empty(n)
            _show_rates(self.n_filled, self.n_closed, SUCCESS_PRIOR, self._rates[0])
            _show_rates(self.n_joins, self.n_days, JOINS_PRIOR, self._rates[1])
        return self._rates[0].copy(), self._rates[1].copy()

    def start_day(self, day: int) -> None:
        """Forget closed teams at the front, draw the public lists by keyed priority."""
        if len(self.is_open) == 0:
            return
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
        self._rates = None

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
        self._rates = None
        index = self.seats.team - self.first
        confirmed, refunded = self.seats.take(filled[index]), self.seats.take((closing & ~filled)[index])
        self.seats = self.seats.take(~closing[index])
        n_filled = int(filled.sum())
        return confirmed, refunded, n_filled, int(closing.sum()) - n_filled
