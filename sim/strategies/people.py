"""Customers as the shop knows them: what it wrote down, and at which stage that puts them; imports records, population,
recommenders.

Nothing here is a shopper's true state or trait: a shop sees registrations, visits and orders. Days count from
the start of the burn-in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sim.analytics import Analytics, Books, ScoreName
from sim.population import Population
from sim.recommenders.seen import Purchases
from sim.rules.records import NEVER
from sim.strategies.arms import Arm, Unit

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

Lifecycle = Literal["new", "active", "silent", "lapsed", "returned", "high_value", "loyal"]
LIFECYCLES: Final[tuple[Lifecycle, ...]] = ("new", "active", "silent", "lapsed", "returned", "high_value", "loyal")
RfmName = Literal["recency", "frequency", "monetary"]
RFM: Final[tuple[RfmName, ...]] = ("recency", "frequency", "monetary")
NEW_DAYS: Final = 14  # registered for less: new
SILENT_DAYS: Final = 14  # not seen for at least this long before today: silent
LAPSED_DAYS: Final = 30  # not seen for at least this long before today: taken for lost, and no longer silent
LOYAL_ORDERS: Final = 3  # so many orders, and neither silent nor lapsed: loyal
HIGH_VALUE_SHARE: Final = 0.1  # of all buyers, by what they paid so far


def stages(tenure_days: Ints, days_away: Ints, is_back: Mask) -> dict[Lifecycle, Mask]:
    """Who is at which of the stages of which everybody has one, by days since registration and since the last visit."""
    is_new = (tenure_days < NEW_DAYS) & ~is_back
    is_gone = (days_away >= LAPSED_DAYS) & ~is_new & ~is_back
    is_silent = (days_away >= SILENT_DAYS) & ~is_gone & ~is_new & ~is_back
    is_active = ~(is_back | is_new | is_gone | is_silent)
    return {"returned": is_back, "new": is_new, "lapsed": is_gone, "silent": is_silent, "active": is_active}


class Customers:
    """What the shop wrote down about everybody who ever registered (columns: all shoppers, by row)."""

    def __init__(self, population: Population, analytics: Analytics | None = None) -> None:
        n = len(population)
        self.population = population
        self.analytics = analytics
        self.n_visits = np.zeros(n, dtype=np.int64)
        self.registered_day = np.where(population.is_registered, -population.tenure_days, NEVER).astype(np.int64)
        self.last_visit_day = np.full(n, NEVER, dtype=np.int64)
        self.last_order_day = np.full(n, NEVER, dtype=np.int64)
        self.n_orders = np.zeros(n, dtype=np.int64)
        self.paid_cents = np.zeros(n, dtype=np.int64)
        self.has_opted_out = np.zeros(n, dtype=np.bool_)
        self.purchases: Purchases | None = None  # who bought what; kept only where a tactic reads it
        self.names_of: Callable[[Unit], Ints] | None = (
            None  # of everybody's group in an experiment; set by who has ties
        )
        self._treated: dict[Arm, Mask] = {}
        self._sorted: dict[str, Ints] = {}  # what buyers have, until the next night

    def quintiles(self, name: str, rows: Ints) -> Ints:
        """Scores 1 to 5 of these customers among all who ever bought (5 = latest, most often, most).

        1 + floor(5 share of buyers with less), so that equal customers have equal scores; 0 without an order.
        """
        column = {"recency": self.last_order_day, "frequency": self.n_orders, "monetary": self.paid_cents}[name]
        if name not in self._sorted:
            self._sorted[name] = np.sort(column[self.n_orders > 0])
        of_buyers = self._sorted[name]
        score: Ints = 1 + 5 * np.searchsorted(of_buyers, column[rows], side="left") // max(len(of_buyers), 1)
        return np.where(self.n_orders[rows] > 0, score, 0)

    def write(self, day: int, registered: Ints, visitors: Ints, buyers: Ints, paid_cents: Ints) -> None:
        """Write down a day: rows of who registered, who visited, who bought (one entry an order) and what they paid."""
        self._sorted.clear()
        self.registered_day[registered] = day
        self.last_visit_day[visitors] = day
        self.n_visits[visitors] += 1
        self.last_order_day[buyers] = day
        np.add.at(self.n_orders, buyers, 1)
        np.add.at(self.paid_cents, buyers, paid_cents)

    def start_day(self, day: int) -> None:
        """Work out what is predicted this morning."""
        if self.analytics is not None:
            books = Books(self.registered_day, self.last_visit_day, self.last_order_day, self.n_visits, self.n_orders)
            self.analytics.start_day(day, books)

    def predicted(self, name: ScoreName, rows: Ints) -> NDArray[np.float64]:
        """What the shop's analytics say of these people this morning."""
        if self.analytics is None:
            raise RuntimeError("this run has no analytics")
        return self.analytics.score(name, rows)

    def is_treated(self, arm: Arm) -> Mask:
        """Who is in this arm, of everybody; fixed for the run."""
        if arm not in self._treated:
            if self.names_of is None:
                raise RuntimeError("this run has no groups")
            self._treated[arm] = arm.treats(self.names_of(arm.unit))
        return self._treated[arm]

    def registered(self) -> Ints:
        """Rows of all who ever registered."""
        return np.flatnonzero(self.registered_day != NEVER)

    def members(self) -> Ints:
        """Rows of all who ever registered, and did not switch messages off."""
        return np.flatnonzero((self.registered_day != NEVER) & ~self.has_opted_out)

    def least_high_value(self) -> int:
        """What a customer must have paid to be among the best tenth of buyers; more than anybody if there are none."""
        paid = np.sort(self.paid_cents[self.n_orders > 0])
        if len(paid) == 0:
            return int(np.iinfo(np.int64).max)
        return int(paid[-max(1, round(len(paid) * HIGH_VALUE_SHARE))])


@dataclass(frozen=True, eq=False)
class People:
    """Some customers as the shop sees them this morning, one entry each; columns are worked out when asked for."""

    row: Ints
    id: Ints
    day: int
    books: Customers
    is_back: Mask  # had left, and opened the shop today

    @cached_property
    def persona(self) -> Ints:
        """Index into PERSONAS: the shop's own segmentation."""
        return self.books.population.persona[self.row].astype(np.int64)

    def demographic(self, name: str) -> Ints:
        """One of DEMOGRAPHICS, as codes."""
        return self.books.population.demographic(name)[self.row].astype(np.int64)

    def score(self, name: RfmName) -> Ints:
        """Recency, frequency or money as a quintile, 1 to 5; 0 for who never bought."""
        return self.books.quintiles(name, self.row)

    @cached_property
    def tenure_days(self) -> Ints:
        """Days since registration; 0 for who registers today."""
        since: Ints = self.day - self.books.registered_day[self.row]
        return np.where(self.books.registered_day[self.row] == NEVER, 0, since)

    @cached_property
    def days_away(self) -> Ints:
        """Days since the last visit before today, or since registration."""
        away: Ints = np.minimum(self.day - self.books.last_visit_day[self.row], self.tenure_days)
        return away

    @cached_property
    def n_orders(self) -> Ints:
        """Orders until yesterday."""
        found: Ints = self.books.n_orders[self.row]
        return found

    @cached_property
    def paid_cents(self) -> Ints:
        """Paid until yesterday, returns included."""
        found: Ints = self.books.paid_cents[self.row]
        return found

    @cached_property
    def risk(self) -> NDArray[np.float64]:
        """Predicted chance that she is not seen in the next 14 days (analytics.RISK_DAYS)."""
        return self.books.predicted("risk", self.row)

    @cached_property
    def intent(self) -> NDArray[np.float64]:
        """Predicted chance that she orders in the next 7 days (analytics.INTENT_DAYS)."""
        return self.books.predicted("intent", self.row)

    @cached_property
    def mood(self) -> NDArray[np.float64]:
        """Her mood as the shop recognises it, -1 to 1."""
        return self.books.predicted("mood", self.row)

    def is_at(self, stage: Lifecycle) -> Mask:
        """Who is at this stage; high_value and loyal go beside the others, of which everybody has one."""
        if stage == "high_value":
            return np.asarray(self.books.paid_cents[self.row] >= self.books.least_high_value())
        found = stages(self.tenure_days, self.days_away, self.is_back)
        if stage == "loyal":
            return np.asarray((self.n_orders >= LOYAL_ORDERS) & ~(found["lapsed"] | found["silent"]))
        return found[stage]
