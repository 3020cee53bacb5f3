"""Bargains of one run: terms of the day, starting, helping, winning, money; the same for both drivers. Imports rules.

Only made where a tactic lets people bargain (`lets_bargain`). One person has at most one open bargain, so
her row names it. Amounts of help are whole numbers (rules.bargain.CUT is the mean cut), so their order cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.day import Day, Orders, no_orders
from sim.rules import resolve
from sim.rules.bargain import CUT
from sim.rules.records import BARGAIN, Bargains, Shelf
from sim.rules.team import SUCCESS_PRIOR, displayed_rate
from sim.strategies.people import People
from sim.strategies.tactic import Desk, Tactic, reduced_cents

if TYPE_CHECKING:
    from sim.engines.operations import Operations

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_INTEGERS: Final = (
    "owner", "product", "day", "closes", "list_cents", "floor_cents", "cost_cents", "needed", "is_random", "tactic",
    "source", "parent", "kol_tactic", "progress",
    "instead",
)  # fmt: skip
_OPEN: Final = np.dtype([*((name, np.int64) for name in _INTEGERS), ("hype", np.float64)])
_ASKED: Final = np.dtype([(name, np.int64) for name in ("owner", "friend", "earlier")])


class Wishes(NamedTuple):
    """Visitors who want to bargain, one entry each, ascending by row."""

    visit: Ints  # position among today's visitors
    row: Ints
    product: Ints
    source: Ints
    parent: Ints
    hype: NDArray[np.float64]
    kol_tactic: Ints
    instead: Ints  # units she would have bought today without bargains, 0 = she came for the bargain only

    def take(self, chosen: NDArray[Any]) -> Wishes:
        """Those entries only."""
        return Wishes(*[column[chosen] for column in self])


class Asked(NamedTuple):
    """Friends who may still help, one entry for each bargain and friend."""

    friend: Ints  # row
    owner: Ints
    product: Ints
    earlier: Ints  # messages that the owner had sent her before
    gift: Ints  # cents, promised today to a prospect who registers by helping
    is_random: Bools


def lets_bargain(tactic: Tactic) -> bool:
    """Has it anything to do with bargains?"""
    return type(tactic).on_bargain is not Tactic.on_bargain


class Bargaining:
    """All open bargains, who was asked to help, and what the shop offers today."""

    def __init__(self, shop: Operations, in_stock: Callable[[Ints, Ints, Ints], Bools]) -> None:
        self.shop, self.in_stock = shop, in_stock
        n = len(shop.world.catalogue)
        self._none: dict[str, NDArray[Any]] = {name: np.zeros(n, dtype=np.int64) for name in Bargains._fields}
        self._none |= {"discount": np.zeros(n), "is_random": np.zeros(n, dtype=np.bool_)}
        self.terms = Bargains(**self._none)
        self.is_offering = False  # may anybody start one today?
        self.open = np.empty(0, dtype=_OPEN)
        self.asked = np.empty(0, dtype=_ASKED)
        self.n_closed = self.n_won = 0

    @property
    def success(self) -> float:
        """Displayed share of the bargains of this shop that were won."""
        return displayed_rate(self.n_won, self.n_closed, SUCCESS_PRIOR)

    # --- morning ---------------------------------------------------------------------------------

    def morning(self, on: list[tuple[Tactic, Desk]], shelf: Shelf) -> None:
        """Today's terms, as the tactics that run set them."""
        columns = {name: column.copy() for name, column in self._none.items()}
        for tactic, desk in on:
            tactic.on_bargain(columns, self.shop.board, desk)
        columns["discount"][~shelf.on_sale] = 0.0
        self.terms = Bargains(**columns)
        self.is_offering = bool((columns["discount"] > 0.0).any())

    def pending(self) -> Asked:
        """Whom open bargains still wait for."""
        of = self._place(self.asked["owner"])
        product = self.open["product"][of]
        promised = np.where(self.terms.tactic[product] == self.open["tactic"][of], self.terms.gift[product], 0)
        return Asked(
            self.asked["friend"], self.asked["owner"], product, self.asked["earlier"], promised,
            self.open["is_random"][of] > 0,
        )  # fmt: skip

    def help(self, asked: Asked, helps: Bools, registers: Bools, cut: Ints, priority: Ints, events: Day) -> Ints:
        """Count today's helps (arrays as in `asked`, which is `pending`); entries that bring prospects who register.

        `registers`: prospects who help and agree to. Where several brought one, the smallest priority counts.
        """
        of = self._place(asked.owner[helps])
        np.add.at(self.open["progress"], of, cut[helps])
        events.helpers, events.helped, events.helped_with = (
            asked.friend[helps],
            asked.product[helps],
            asked.owner[helps],
        )
        target = self.open["list_cents"][of] - self.open["floor_cents"][of]
        # the cut in cents, in steps of 1/65536 of the mean so that it fits into 64 bits
        events.help_cents = (target * (cut[helps] >> 16)) // (self.open["needed"][of] * (CUT >> 16))
        self.asked = self.asked[~helps]
        came = np.flatnonzero(registers)
        best = came[
            resolve.winners(asked.friend[came], priority[came], self.shop.world.population.ids[asked.owner[came]])
        ]
        events.newcomers = asked.friend[best]
        events.newcomer_tactic = self.open["tactic"][self._place(asked.owner[best])]
        return best

    def _place(self, owners: Ints) -> Ints:
        """Where these people's bargains stand in the table."""
        order = np.argsort(self.open["owner"], kind="stable")
        return order[np.searchsorted(self.open["owner"], owners, sorter=order)]

    # --- day -------------------------------------------------------------------------------------

    def allowed(self, people: People, on: list[tuple[Tactic, Desk]]) -> Ints:
        """For each visitor, bit k set iff tactic k lets her start a bargain; 0 for who has one open."""
        tactics = np.zeros(len(people.row), dtype=np.int64)
        for tactic, desk in on:
            if lets_bargain(tactic):
                tactics[tactic.target.chosen(people)] |= 1 << desk.index
        tactics[np.isin(people.row, self.open["owner"])] = 0
        return tactics

    def start(self, t: int, wishes: Wishes, events: Day) -> Wishes:
        """Open bargains, as far as stock and budgets reach, by keyed priority; those that were opened.

        The unit and the whole cut are kept for her until the bargain closes.
        """
        shop, shelf = self.shop, self.shop.shelf
        ids, product_ids = shop.world.population.ids, shop.world.catalogue.id
        p = wishes.product
        floor = reduced_cents(shelf.list_cents[p], self.terms.discount[p])
        opens = np.zeros(len(p), dtype=np.bool_)
        for k, (tactic, desk) in enumerate(zip(shop.tactics, shop.desks, strict=True)):
            wants = np.flatnonzero(self.terms.tactic[p] == k)
            if len(wants) == 0:
                continue
            agents, items = ids[wishes.row[wants]], product_ids[p[wants]]
            purpose = tactic.purpose("bargain", desk)
            words = resolve.priorities(shop.world.noise_seed, purpose, t, agents, items)
            served = self.in_stock(p[wants], words, agents)
            wants, words, agents = wants[served], words[served], agents[served]
            if desk.budget.is_capped:
                cents = shelf.list_cents[p[wants]] - floor[wants]
                granted = resolve.grant(cents, desk.budget.available(), words, agents)
                desk.budget.reserve(int(cents[granted].sum()))
                wants = wants[granted]
            opens[wants] = True
            limited = p[wants][shop.stock[p[wants]] >= 0]
            np.subtract.at(shop.stock, limited, 1)
        wishes, floor = wishes.take(opens), floor[opens]
        p, table = wishes.product, np.zeros(len(wishes.row), dtype=_OPEN)
        columns = {
            "owner": wishes.row, "product": p, "day": t, "closes": t + self.terms.deadline[p],
            "list_cents": shelf.list_cents[p], "floor_cents": floor, "cost_cents": shelf.unit_cost_cents[p],
            "needed": self.terms.helpers[p], "is_random": self.terms.is_random[p],
            "tactic": self.terms.tactic[p], "source": wishes.source, "parent": wishes.parent,
            "kol_tactic": wishes.kol_tactic, "hype": wishes.hype, "instead": wishes.instead,
        }  # fmt: skip
        for name, column in columns.items():
            table[name] = column
        self.open = np.concatenate([self.open, table])
        events.bargainers, events.bargained = wishes.row, p
        return wishes

    def close(self, t: int, events: Day) -> Orders:
        """Bargains whose target is reached or whose time is over; orders of both kinds.

        Who won has one unit at the floor price. Who lost and had come to buy anyway pays the list price; where stock
        is limited for the unit kept for her. Money and stock of the others go back.
        """
        table, shop = self.open, self.shop
        if len(table) == 0:
            return no_orders()
        is_won = table["progress"] >= table["needed"] * CUT
        is_lost = ~is_won & (table["closes"] <= t)
        self.n_won, self.n_closed = self.n_won + int(is_won.sum()), self.n_closed + int((is_won | is_lost).sum())
        won, lost = table[is_won], table[is_lost]
        self.open = table[~(is_won | is_lost)]
        self.asked = self.asked[np.isin(self.asked["owner"], self.open["owner"])]
        cut_won, cut_lost = won["list_cents"] - won["floor_cents"], lost["list_cents"] - lost["floor_cents"]
        for k, budget in enumerate(shop.budgets):
            given = int(cut_won[won["tactic"] == k].sum())
            shop.recorder.ledger.book(shop.day, shop.labels[k], "bargain", "contra_revenue", given)
            if budget.is_capped:
                budget.spend(given)
                budget.release(int(cut_lost[lost["tactic"] == k].sum()), same_day=False)
        events.won, events.won_product = won["owner"], won["product"]
        events.lost, events.lost_product = lost["owner"], lost["product"]
        limited = shop.stock[lost["product"]] >= 0
        gives_back = limited & (lost["instead"] == 0)
        np.add.at(shop.stock, lost["product"][gives_back], 1)
        lost["instead"][limited] = np.minimum(lost["instead"][limited], 1)
        buys = lost[lost["instead"] > 0]
        both = np.concatenate([won, buys])
        quantity = np.concatenate([np.ones(len(won), dtype=np.int64), buys["instead"]])
        paid = np.concatenate([won["floor_cents"], buys["list_cents"]])
        n = len(both)
        return Orders(
            row=both["owner"], product=both["product"], mode=np.full(n, BARGAIN), quantity=quantity,
            list_cents=both["list_cents"] * quantity, paid_cents=paid * quantity,
            cost_cents=both["cost_cents"] * quantity, source=both["source"], parent=both["parent"],
            tactic=np.concatenate([won["tactic"], np.full(len(buys), -1)]), hype=both["hype"],
            kol_tactic=both["kol_tactic"], is_returned=np.zeros(n, dtype=np.bool_),
        )  # fmt: skip

    # --- evening ---------------------------------------------------------------------------------

    def ask(self, owners: Ints, friends: Ints, earlier: Ints) -> None:
        """Note whom who started a bargain today has asked; they answer from tomorrow on."""
        more = np.empty(len(owners), dtype=_ASKED)
        more["owner"], more["friend"], more["earlier"] = owners, friends, earlier
        self.asked = np.concatenate([self.asked, more])
