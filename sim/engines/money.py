"""What people remember of prices and have left to spend, where a scenario switches it on; imports rules, world, day.

Both are kept here and not in the rules' State, because visits need not read them: remembered prices live in the
products' appeal of the day (eq. 4r), money at hand and waiting for deals in the urge of today's offer (eq. 5c, 5d).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim._jit import exp, log
from sim.day import Orders
from sim.demographics import full_shares
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


def _income(world: World) -> NDArray[np.float64]:
    """What everybody has to spend by the class of her city, against the mean of all under the scenario's shares."""
    shares = full_shares(world.population.demographic_shares)["city_tier"].values()
    levels = [exp(-world.params.tier_gap * k) for k in range(len(shares))]
    mean = sum(share * level for share, level in zip(shares, levels, strict=True))
    return np.array(levels)[world.population.demographic("city_tier")] / mean


class Deals:
    """How much of what everybody bought was reduced, and who waits for the next reduction."""

    def __init__(self, world: World) -> None:
        self.weight, self.speed = world.params.b_deal, world.params.deal_r
        self.mean_price, self.price = world.constants.price, world.population.traits.price
        self.prone = np.zeros(len(world))

    def urge(self, rows: NDArray[np.int64], offers: Mapping[str, NDArray[Any]], shelf: Shelf) -> NDArray[np.float64]:
        """Added to the logit of buying of these visitors, eq. 5d: -b_deal prone price / P (1 - deals she finds)."""
        found = deals_found(offers, shelf)
        return np.asarray(-self.weight * self.prone[rows] * (self.price[rows] / self.mean_price) * (1.0 - found))

    def write(self, orders: Orders) -> None:
        """Every order today draws proneness towards 1 if it was reduced, else towards 0; of one day all alike."""
        rows, place = np.unique(orders.row, return_inverse=True)
        is_deal = orders.paid_cents < orders.list_cents
        bought, reduced = np.bincount(place, minlength=len(rows)), np.bincount(place[is_deal], minlength=len(rows))
        kept = np.ones(len(rows))
        for k in range(int(bought.max(initial=0))):
            kept = np.where(bought > k, kept * (1.0 - self.speed), kept)
        self.prone[rows] = kept * self.prone[rows] + (1.0 - kept) * (reduced / np.maximum(bought, 1))


def deals_found(offers: Mapping[str, NDArray[Any]], shelf: Shelf) -> NDArray[np.float64]:
    """For each visitor 1 if she has a coupon, or may have one by sharing; else the share of products reduced."""
    teams, live = shelf.team_discount > 0.0, shelf.live_discount > 0.0
    reduced = np.array(  # products on sale at a reduction, by whether she sees team prices, and live ones
        [[(shelf.on_sale & ((shelf.log_cut < 0.0) | (a & teams) | (b & live))).sum() for b in (False, True)]
         for a in (False, True)]
    )  # fmt: skip
    sees_teams, watches = (offers["team_tactics"] != 0).astype(int), (offers["live_weight"] > 0.0).astype(int)
    found = reduced[sees_teams, watches] / max(int(shelf.on_sale.sum()), 1)
    holds = (offers["coupon_share"] > 0.0) | (offers["coupon_cents"] > 0) | (offers["unlock_cents"] > 0)
    return np.where(holds, 1.0, found)


class Spending:
    """What everybody spent lately, against what she can spend."""

    def __init__(self, world: World) -> None:
        self.weight = world.params.b_bud
        self.spent_cents = np.zeros(len(world))
        # who minds prices more has less: the average shopper has the scenario's budget
        self.budget_cents = world.params.budget * 100.0 * world.constants.price / world.population.traits.price
        if world.params.tier_gap > 0.0:
            self.budget_cents = self.budget_cents * _income(world)

    def urge(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Added to the logit of buying of these visitors, eq. 5c: -b_bud (spent / budget)^2."""
        used = self.spent_cents[rows] / self.budget_cents[rows]
        return np.asarray(-self.weight * (used * used))

    def write(self, orders: Orders) -> None:
        """A day passes; what was paid today, and not paid back, counts in full tomorrow."""
        self.spent_cents *= 1.0 - 1.0 / SPENDING_DAYS
        np.add.at(self.spent_cents, orders.row, np.where(orders.is_returned, 0, orders.paid_cents))
