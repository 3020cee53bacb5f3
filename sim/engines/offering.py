"""What each of today's visitors is offered, and what is given away; the same for both drivers.

Imports strategies, rules, recommenders; part of operations.py, which says what runs today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.day import Samples, no_samples
from sim.engines.checks import check_types
from sim.engines.money import Deals, Spending
from sim.recommenders.served import Served
from sim.rules import resolve
from sim.rules.expose import LISTED, organic_weight
from sim.rules.records import NEVER, Offer

if TYPE_CHECKING:
    from sim.engines.operations import Operations

Ints = NDArray[np.int64]

_OFFER_TYPES: Final[dict[str, Any]] = {
    name: np.float64 if name in ("coupon_share", "rec_weight", "rec_accuracy", "rec_known", "live_weight", "live_hype",
                                 "content_weight", "urge") else np.int64
    for name in Offer._fields
} | {"rec_list": np.int32}  # fmt: skip


def _blank_offers(n: int) -> dict[str, NDArray[Any]]:
    """Columns of rules' Offer in which nothing is offered to n visitors."""
    columns: dict[str, NDArray[Any]] = {}
    for name, kind in _OFFER_TYPES.items():
        if name == "rec_list":
            columns[name] = np.empty((n, 0), dtype=kind)  # as wide as the longest list that is served
        elif name.endswith("_tactic"):
            columns[name] = np.full(n, -1, dtype=kind)
        else:
            columns[name] = np.zeros(n, dtype=kind)
    return columns


class Offering:
    """Offers, coupons and samples of one run."""

    def __init__(self, shop: Operations) -> None:
        self.shop = shop
        self.spending = Spending(shop.world) if shop.world.params.budget > 0.0 else None
        self.deals = Deals(shop.world) if shop.world.params.b_deal > 0.0 else None
        self._nothing = _blank_offers(0)
        self.issued = np.zeros(0, dtype=np.int64)  # money off reserved today, per visitor
        self.issuer = np.zeros(0, dtype=np.int64)  # by which tactic

    def offers(self, t: int, rows: Ints, returned: Ints) -> Offer:
        """What each of today's visitors is offered; `returned` are the rows of those who came back today."""
        n, on = len(rows), self.shop.on()
        if not on:
            columns = self._no_offers(n)
        else:
            columns = _blank_offers(n)
            self.issued, self.issuer = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
            people = self.shop.people(rows, returned)
            for tactic, desk in on:
                tactic.on_offer(columns, people, tactic.target.chosen(people), self.shop.board, desk)
            check_types(columns, _OFFER_TYPES, "offers")
            self._issue(t, columns["coupon_cents"], columns["coupon_cents_tactic"], people.id)
            self._count_lists(rows, columns)
        if self.spending is not None:
            columns["urge"] = columns["urge"] + self.spending.urge(rows)
        if self.deals is not None:
            columns["urge"] = columns["urge"] + self.deals.urge(rows, columns, self.shop.shelf)
        first_urge = self.shop.world.scenario.arrival.first_urge
        if first_urge:
            is_new = self.shop.recorder.registered_day[rows] == NEVER  # in the shop, and not written down yet
            columns["urge"] = columns["urge"] + np.where(is_new, first_urge, 0.0)
        return Offer(**columns)

    def _no_offers(self, n: int) -> dict[str, NDArray[Any]]:
        """What n visitors are offered while nothing runs: nothing, and nobody writes into it, so it is made once."""
        if len(self._nothing["urge"]) < n:
            self._nothing = _blank_offers(min(2 * n, len(self.shop.world)))
        return {name: column[:n] for name, column in self._nothing.items()}

    def may_bargain(self, rows: Ints, returned: Ints) -> Ints | None:
        """Which tactics let each of today's visitors bargain (see Bargaining.allowed); None where nobody can."""
        if self.shop.bargaining is None or not self.shop.bargaining.is_offering:
            return None
        return self.shop.bargaining.allowed(self.shop.people(rows, returned), self.shop.on())

    def _count_lists(self, rows: Ints, columns: dict[str, NDArray[Any]]) -> None:
        """For the measures: what recommenders' lists show today's visitors."""
        mine = np.flatnonzero(columns["rec_accuracy"] == LISTED)
        if len(mine) == 0:
            return
        if self.shop.recorder.served is None:
            self.shop.recorder.served = Served(self.shop.world.catalogue.taste)
        people, traits = rows[mine], self.shop.world.population.traits
        taste = np.stack([traits.taste_0[people], traits.taste_1[people], traits.taste_2[people]], axis=1)
        lists, ids = columns["rec_list"][mine], self.shop.world.population.ids[people]
        self.shop.recorder.served.show(people, ids, lists, taste, self.shop.shelf.on_sale)

    def watched(self, rows: Ints, offers: Offer) -> tuple[Ints, NDArray[np.float64]] | None:
        """Who is shown today that the shop knows her, and how much of what she sees is (eq. 2d); None: nobody minds.

        For visitors the share of recommended slots among those that need no friends, times the share of these that were
        chosen for her; for members who got a message that was aimed by the shop's predictions about her, 1.
        """
        if self.shop.params.c_priv == 0.0:
            return None
        share = offers.rec_weight / (offers.rec_weight + organic_weight(self.shop.params))
        known = np.zeros(len(self.shop.world))
        known[rows] = offers.rec_known * share
        known[self.shop.aimed_at] = 1.0
        about = np.flatnonzero(known)
        return about, known[about]

    def _issue(self, t: int, cents: Ints, tactic_of: Ints, ids: Ints) -> None:
        """Reserve money-off coupons as they are handed out; who does not fit into a budget gets none."""
        for k, budget in enumerate(self.shop.budgets):
            wants = np.flatnonzero((tactic_of == k) & (cents > 0))
            if not budget.is_capped or len(wants) == 0:
                continue
            granted = self.shop.grant(t, k, "issue", cents[wants], ids[wants], np.zeros(len(wants), dtype=np.int64))
            self.issued[wants[granted]] = cents[wants[granted]]
            self.issuer[wants[granted]] = k
            cents[wants[~granted]] = 0
            tactic_of[wants[~granted]] = -1

    def unlock(self, t: int, offers: Offer, willing: Ints, rows: Ints) -> Ints:
        """Give coupons to visitors willing to share for them, as far as budgets reach; who got one (positions)."""
        got = []
        for k, budget in enumerate(self.shop.budgets):
            wants = willing[offers.unlock_tactic[willing] == k]
            if len(wants) == 0:
                continue
            cents = offers.unlock_cents[wants]
            better = cents > offers.coupon_cents[wants]
            if budget.is_capped:
                ids = self.shop.world.population.ids[rows[wants]]
                granted = self.shop.grant(t, k, "unlock", cents, ids, np.zeros(len(wants), dtype=np.int64))
                wants, cents, better = wants[granted], cents[granted], better[granted]
                budget.release(int(cents[~better].sum()))  # shared in vain: she holds a better coupon
            got.append(wants)
            wants, cents = wants[better], cents[better]
            self.give_back(wants)  # the smaller coupon she held before
            if budget.is_capped:
                self.issued[wants], self.issuer[wants] = cents, k
            offers.coupon_cents[wants] = cents
            offers.coupon_min_cents[wants] = offers.unlock_min_cents[wants]
            offers.coupon_cents_tactic[wants] = k
        return np.sort(np.concatenate(got)) if got else np.empty(0, dtype=np.int64)

    def give_back(self, visits: Ints) -> None:
        """Release what is still reserved for these visitors."""
        visits = visits[self.issued[visits] > 0]
        if len(visits) == 0:
            return
        for k, budget in enumerate(self.shop.budgets):
            budget.release(int(self.issued[visits[self.issuer[visits] == k]].sum()))
        self.issued[visits] = 0

    def samples(self, t: int, members: Callable[[], tuple[Ints, Ints]]) -> Samples:
        """What is given away today; paid at once, taken from the stock.

        `members`, asked only where something is given: rows of the active members, and of those who came back today.

        By keyed lot; who comes first in it comes first for stock and budget. One sample a day: the first tactic's.
        """
        planned = [(tactic, desk, tactic.on_sample(self.shop.board, desk)) for tactic, desk in self.shop.on()]
        planned = [(tactic, desk, plan) for tactic, desk, plan in planned if plan and plan.share and len(plan.product)]
        if not planned:
            return no_samples()
        people = self.shop.people(*members())
        has_one = np.zeros(len(people.row), dtype=np.bool_)
        given = [no_samples()]
        for tactic, desk, plan in planned:
            assert plan is not None
            purpose, words = tactic.purpose("sample", desk), np.empty((len(people.row), 4), dtype=np.int64)
            none = np.zeros(len(people.row), dtype=np.int64)
            draws.blocks(self.shop.world.noise_seed, purpose, t, people.id, none, words)
            is_drawn = (words[:, 0] + 0.5) * 2.0**-32 < plan.share
            wants = np.flatnonzero(tactic.target.chosen(people) & ~has_one & is_drawn)
            product = plan.product[(words[wants, 1] * len(plan.product)) >> 32]
            cents = self.shop.world.catalogue.unit_cost_cents[product] + plan.handling_cents
            granted = self.in_stock(product, words[wants, 0], people.id[wants])
            if desk.budget.is_capped:
                asks = np.flatnonzero(granted & (cents > 0))
                fits = resolve.grant(
                    cents[asks], desk.budget.available(), words[wants[asks], 0], people.id[wants[asks]]
                )
                granted[asks[~fits]] = False
                desk.budget.reserve(int(cents[granted].sum()))
                desk.budget.spend(int(cents[granted].sum()))
            wants, product, cents = wants[granted], product[granted], cents[granted]
            has_one[wants] = True
            limited = self.shop.stock[product] >= 0
            np.subtract.at(self.shop.stock, product[limited], 1)
            desk.book("samples", "expense", int(cents.sum()))
            given.append(Samples(people.row[wants], product, cents, np.full(len(wants), desk.index)))
        together = Samples(*[np.concatenate(columns) for columns in zip(*given, strict=True)])
        order = np.argsort(together.row, kind="stable")
        return Samples(*[column[order] for column in together])

    def in_stock(self, product: Ints, words: Ints, names: Ints) -> NDArray[np.bool_]:
        """Which requests for one unit the stock can serve, by priority."""
        served = np.ones(len(product), dtype=np.bool_)
        for scarce in np.unique(product[self.shop.stock[product] >= 0]).tolist():
            wants = np.flatnonzero(product == scarce)
            one = np.ones(len(wants), dtype=np.int64)
            served[wants] = resolve.grant(one, int(self.shop.stock[scarce]), words[wants], names[wants])
        return served
