"""Choices become orders: stock, seats in teams and money by keyed priority; the same for both drivers.

Imports rules, teams; part of operations.py, which says what is on the shelf today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.day import Day, Orders, no_orders
from sim.engines.teams import Seats, no_seats
from sim.rules import resolve
from sim.rules.records import FOUND, TEAM_COLUMNS, Offer

if TYPE_CHECKING:
    from sim.engines.operations import Operations

Ints = NDArray[np.int64]


class Buyers(NamedTuple):
    """What today's buyers chose, one entry each, ascending by row (fields as in rules' Choice)."""

    row: Ints
    product: Ints
    is_team: NDArray[np.bool_]
    team: Ints
    would_found: NDArray[np.bool_]
    quantity: Ints
    source: Ints
    parent: Ints
    unit_cents: Ints
    coupon: Ints
    team_cents: Ints
    hype: NDArray[np.float64]
    kol_tactic: Ints
    visit: Ints  # position among today's visitors

    def take(self, chosen: NDArray[Any]) -> Buyers:
        """Those entries only."""
        return Buyers(*[column[chosen] for column in self])


class Settling:
    """Who gets what she chose, and at what price, in one run."""

    def __init__(self, shop: Operations) -> None:
        self.shop = shop
        self.is_limited = bool((shop.stock >= 0).any())  # has anything in the catalogue a stock?

    def settle(self, t: int, buyers: Buyers, offers: Offer) -> tuple[Buyers, Orders, Day]:
        """Turn choices into orders placed alone and seats in teams.

        Returns the buyers who ended up with an order or a seat, today's orders alone, and what happened
        to teams. Scarce things go by keyed priority: stock, seats, budgets.
        """
        events = Day()
        buyers = self._from_stock(t, buyers)
        alone = buyers
        if buyers.is_team.any():
            buyers = self._seat(t, buyers)
            buyers = self._fund_teams(t, buyers)
            self._open_and_join(t, buyers, events)
            alone = buyers.take(~buyers.is_team)
        return buyers, self._sell(t, alone, offers), events

    def _from_stock(self, t: int, buyers: Buyers) -> Buyers:
        shop = self.shop
        if not self.is_limited:
            return buyers
        limited = np.flatnonzero(shop.stock[buyers.product] >= 0)
        if len(limited) == 0:
            return buyers
        keep = np.ones(len(buyers.row), dtype=np.bool_)
        ids = shop.world.population.ids[buyers.row]
        for product in np.unique(buyers.product[limited]).tolist():
            wants = np.flatnonzero(buyers.product == product)
            item = np.full(len(wants), shop.world.catalogue.id[product])
            words = resolve.priorities(shop.world.noise_seed, draws.STOCK, t, ids[wants], item)
            granted = resolve.grant(buyers.quantity[wants], int(shop.stock[product]), words, ids[wants])
            keep[wants[~granted]] = False
            shop.stock[product] -= int(buyers.quantity[wants[granted]].sum())
        return buyers.take(keep)

    def _seat(self, t: int, buyers: Buyers) -> Buyers:
        """Joiners without a seat found a team if that still beats buying alone, else buy alone."""
        joins = np.flatnonzero(buyers.is_team & (buyers.team != FOUND))
        if len(joins) == 0:
            return buyers
        seated = self.shop.teams.seat(t, buyers.team[joins], self.shop.world.population.ids[buyers.row[joins]])
        left = joins[~seated]
        buyers.team[left] = FOUND
        buyers.is_team[left] = buyers.would_found[left]
        return buyers

    def _fund_teams(self, t: int, buyers: Buyers) -> Buyers:
        """Reserve team discounts; who does not fit into the budget buys alone."""
        shop, shelf = self.shop, self.shop.shelf
        p = buyers.product
        cut = (shelf.list_cents[p] - shelf.price_cents[p]) * buyers.quantity
        saving = (shelf.price_cents[p] - buyers.team_cents) * buyers.quantity
        held = np.zeros(len(p), dtype=np.int64)  # reserved from the cut's budget
        for site, amount, tactic_of in (
            ("team_cut", cut, shelf.cut_tactic[p]),
            ("team", saving, shelf.team_tactic[p]),
        ):
            for k, budget in enumerate(shop.budgets):
                wants = np.flatnonzero(buyers.is_team & (tactic_of == k) & (amount > 0))
                if not budget.is_capped or len(wants) == 0:
                    continue
                ids = shop.world.population.ids[buyers.row[wants]]
                granted = shop.grant(t, k, site, amount[wants], ids, shop.world.catalogue.id[p[wants]])
                buyers.is_team[wants[~granted]] = False
                if site == "team_cut":
                    held[wants[granted]] = amount[wants[granted]]
        for k, budget in enumerate(shop.budgets):
            budget.release(int(held[~buyers.is_team & (shelf.cut_tactic[p] == k)].sum()))
        return buyers

    def _open_and_join(self, t: int, buyers: Buyers, events: Day) -> None:
        shop, shelf = self.shop, self.shop.shelf
        in_team = buyers.take(buyers.is_team)
        is_founding = in_team.team == FOUND
        founding = in_team.take(is_founding)
        n = len(founding.row)
        table = np.empty((n, TEAM_COLUMNS), dtype=np.int64)
        if n:
            p = founding.product
            columns = (
                founding.row, shop.world.population.ids[founding.row], p, np.full(n, t), t + shelf.team_window[p],
                np.ones(n, dtype=np.int64), shelf.team_size[p], shelf.team_capacity[p],
            )  # fmt: skip
            table[:] = np.stack(columns, axis=1)
        in_team.team[is_founding] = shop.teams.found(table)
        joining = in_team.take(~is_founding)
        events.founders, events.founded = founding.row, founding.product
        events.joiners, events.joined = joining.row, joining.product
        events.joined_with = shop.teams.table[joining.team - shop.teams.first, 0] if len(joining.row) else joining.team
        buyers.team[buyers.is_team] = in_team.team
        p = in_team.product
        cut = np.where(shelf.price_cents[p] < shelf.list_cents[p], shelf.cut_tactic[p], -1)
        seats = Seats(
            in_team.team, in_team.row, p, in_team.quantity, shelf.list_cents[p], shelf.price_cents[p],
            in_team.team_cents, in_team.source, in_team.parent, cut, shelf.team_tactic[p],
            in_team.hype, in_team.kol_tactic,
        )  # fmt: skip
        shop.teams.take_seats(seats, ~is_founding)

    def _sell(self, t: int, alone: Buyers, offers: Offer) -> Orders:
        """Prices of orders placed alone: shelf price, then the better coupon; budgets that ran dry give nothing."""
        shop, shelf = self.shop, self.shop.shelf
        p, q = alone.product, alone.quantity
        if not shop.tactics:
            none = np.full(len(p), -1, dtype=np.int64)
            return self._orders(alone, 0, shelf.list_cents[p] * q, alone.unit_cents * q, none)
        ids = shop.world.population.ids[alone.row]
        product_ids = shop.world.catalogue.id[p]
        list_cents, price = shelf.list_cents[p], shelf.price_cents[p].copy()
        unit, coupon = alone.unit_cents.copy(), alone.coupon.copy()
        cut_by = np.where(price < list_cents, shelf.cut_tactic[p], -1)
        by_share = np.where(coupon == 1, offers.coupon_share_tactic[alone.visit], -1)
        by_share = np.where(coupon == 3, offers.live_tactic[alone.visit], by_share)  # a session's price works alike
        by_money = np.where(coupon == 2, offers.coupon_cents_tactic[alone.visit], -1)
        for k, budget in enumerate(shop.budgets):
            if not budget.is_capped:
                continue
            wants = np.flatnonzero(cut_by == k)
            granted = shop.grant(t, k, "cut", (list_cents - price)[wants] * q[wants], ids[wants], product_ids[wants])
            budget.spend(int(((list_cents - price)[wants] * q[wants])[granted].sum()))
            self._at_list_price(wants[~granted], list_cents, price, unit, coupon, cut_by)
            wants = np.flatnonzero(by_share == k)
            granted = shop.grant(t, k, "share", (price - unit)[wants] * q[wants], ids[wants], product_ids[wants])
            budget.spend(int(((price - unit)[wants] * q[wants])[granted].sum()))
            lost = wants[~granted]
            unit[lost], coupon[lost], by_share[lost] = price[lost], 0, -1
        book = shop.recorder.ledger.book
        money = np.where(coupon == 2, offers.coupon_cents[alone.visit], 0)
        paid = np.where(coupon == 2, np.maximum(price * q - money, 1), unit * q)
        given = self._by_tactic(by_money, price * q - paid)
        shared = self._by_tactic(np.where(coupon == 1, by_share, -1), price * q - paid)
        live = self._by_tactic(np.where(coupon == 3, by_share, -1), price * q - paid)
        cut = self._by_tactic(cut_by, (list_cents - price) * q)
        for k, budget in enumerate(shop.budgets):
            book(shop.day, shop.labels[k], "coupon", "contra_revenue", given[k] + shared[k])
            book(shop.day, shop.labels[k], "live_price", "contra_revenue", live[k])
            book(shop.day, shop.labels[k], "price_cut", "contra_revenue", cut[k])
            if budget.is_capped:
                budget.spend(given[k])
                used = by_money == k
                shop.offering.issued[alone.visit[used]] -= (price * q - paid)[used]
        tactic = np.where(by_money >= 0, by_money, np.where(by_share >= 0, by_share, cut_by))
        return self._orders(alone, 0, list_cents * q, paid, tactic)

    def _by_tactic(self, tactic: Ints, cents: Ints) -> list[int]:
        """Sums of cents for each tactic; -1 is nobody's."""
        sums = np.zeros(len(self.shop.tactics) + 1, dtype=np.int64)
        np.add.at(sums, tactic, cents)
        return [int(total) for total in sums[:-1]]

    def _at_list_price(self, lost: Ints, list_cents: Ints, price: Ints, unit: Ints, coupon: Ints, cut_by: Ints) -> None:
        """The cut's budget is gone: list price, less what her coupon took off the cut price."""
        off = price[lost] - unit[lost]
        price[lost] = list_cents[lost]
        unit[lost] = np.where((coupon[lost] == 1) | (coupon[lost] == 3), list_cents[lost] - off, list_cents[lost])
        cut_by[lost] = -1

    def _orders(self, of: Buyers | Seats, mode: int, list_cents: Ints, paid: Ints, tactic: Ints) -> Orders:
        n = len(of.row)
        return Orders(
            row=of.row,
            product=of.product,
            mode=np.full(n, mode),
            quantity=of.quantity,
            list_cents=list_cents,
            paid_cents=paid,
            cost_cents=self.shop.shelf.unit_cost_cents[of.product] * of.quantity,
            source=of.source,
            parent=of.parent,
            tactic=tactic,
            hype=of.hype,
            kol_tactic=of.kol_tactic,
            is_returned=np.zeros(n, dtype=np.bool_),
        )

    def close_teams(self, t: int, events: Day) -> tuple[Orders, Seats]:
        """Orders of teams that filled tonight, and the seats of those that failed."""
        shop = self.shop
        if not shop.teams.is_open.any():
            return no_orders(), no_seats()
        confirmed, refunded, events.n_teams_filled, events.n_teams_failed = shop.teams.close(t)
        saved = (confirmed.price_cents - confirmed.team_cents) * confirmed.quantity
        cut = (confirmed.list_cents - confirmed.price_cents) * confirmed.quantity
        released = (refunded.price_cents - refunded.team_cents) * refunded.quantity
        for k, budget in enumerate(shop.budgets):
            mine, theirs = confirmed.team_tactic == k, refunded.team_tactic == k
            cut_given = int(cut[confirmed.cut_tactic == k].sum())
            cut_back = ((refunded.list_cents - refunded.price_cents) * refunded.quantity)[refunded.cut_tactic == k]
            book = shop.recorder.ledger.book
            book(shop.day, shop.labels[k], "team_discount", "contra_revenue", int(saved[mine].sum()))
            book(shop.day, shop.labels[k], "price_cut", "contra_revenue", cut_given)
            if budget.is_capped:
                budget.spend(int(saved[mine].sum()) + cut_given)
                budget.release(int(released[theirs].sum()) + int(cut_back.sum()), same_day=False)
        limited = shop.stock[refunded.product] >= 0
        np.add.at(shop.stock, refunded.product[limited], refunded.quantity[limited])
        events.let_down, events.let_down_product = refunded.row, refunded.product
        list_cents, paid = confirmed.list_cents * confirmed.quantity, confirmed.team_cents * confirmed.quantity
        orders = self._orders(confirmed, 1, list_cents, paid, confirmed.team_tactic)
        return orders, refunded
