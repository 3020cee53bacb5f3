"""What people remember of prices and have left to spend, where a scenario switches it on; imports rules, world, day.

Both are kept here and not in the rules' State, because visits need not read them: remembered prices live in the
products' appeal of the day (eq. 4r), money at hand in the urge of today's offer (eq. 5c).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim._jit import log
from sim.day import Orders
from sim.engines.world import World
from sim.rules import shelf as shelf_rules
from sim.rules.records import Shelf

SPENDING_DAYS: Final = 30.0  # what was spent is forgotten over so many days (the period of `budget`)


class RememberedPrices:
    """The price people remember of every product, as ln(price / list price), and what coupons took off yesterday."""

    def __init__(self, world: World) -> None:
        self.params = world.params
        self.log_price = np.zeros(len(world.catalogue))
        self.coupons = 0.0

    def compare(self, log_cut: NDArray[np.float64], appeal: NDArray[np.float64]) -> None:
        """Let today's prices be felt against the remembered ones."""
        shelf_rules.feel_prices(self.params, log_cut, self.coupons, self.log_price, appeal)

    def dearer(self, shelf: Shelf) -> float:
        """Mean log price above the remembered one, over what is on sale."""
        gaps = np.maximum(shelf.log_cut + self.coupons - self.log_price, 0.0)[shelf.on_sale]
        total = 0.0
        for gap in gaps.tolist():  # one after the other: NumPy's sums depend on their length
            total += gap
        return total / max(len(gaps), 1)

    def write(self, shelf: Shelf, orders: Orders) -> None:
        """Remember the day: prices on the shelf, less what was paid below them on all orders together."""
        paid, shown = int(orders.paid_cents.sum()), int((shelf.price_cents[orders.product] * orders.quantity).sum())
        self.coupons = min(log(paid / shown), 0.0) if paid > 0 and shown > 0 else 0.0
        shelf_rules.remember_prices(self.params, shelf.log_cut, self.coupons, self.log_price)


class Spending:
    """What everybody spent lately, against what she can spend."""

    def __init__(self, world: World) -> None:
        self.weight = world.params.b_bud
        self.spent_cents = np.zeros(len(world))
        # who minds prices more has less: the average shopper has the scenario's budget
        self.budget_cents = world.params.budget * 100.0 * world.constants.price / world.population.traits.price

    def urge(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Added to the logit of buying of these visitors, eq. 5c: -b_bud (spent / budget)^2."""
        used = self.spent_cents[rows] / self.budget_cents[rows]
        return np.asarray(-self.weight * (used * used))

    def write(self, orders: Orders) -> None:
        """A day passes; what was paid today, and not paid back, counts in full tomorrow."""
        self.spent_cents *= 1.0 - 1.0 / SPENDING_DAYS
        np.add.at(self.spent_cents, orders.row, np.where(orders.is_returned, 0, orders.paid_cents))
