"""What one run writes down: daily, cohort, shopper, order and cost tables; imports `ledger` and rules' records.

Both drivers tell the `Recorder` what happened on a day as plain arrays of rows; it keeps the tables.
Memory grows with people and orders, never with visits or messages; the full event log is kept only
on request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sim._jit import kernel
from sim.day import EVENT_TYPES, Day, Orders
from sim.errors import InputError, did_you_mean
from sim.ledger import Ledger
from sim.rules.records import CAUSES, CHANNELS, LEAVING_CAUSES, NEVER, STATUSES, Column
from sim.strategies.people import stages

if TYPE_CHECKING:
    import pandas as pd

    from sim.catalogue import Catalogue
    from sim.population import Population
    from sim.recommenders.served import Served

_MARKED_AGES: Final = (1, 7, 30)
_EMPTY: Final = np.empty(0, dtype=np.int64)
#: where a person stands in the shop's books on the morning of measured day 0
STAGES: Final = ("prospect", "new", "active", "silent", "lapsed")


@dataclass(frozen=True)
class Journal:
    """Tables of one run; money in cents, days count from the end of the burn-in."""

    strategy: str
    replication: int
    days: int
    burn_in_days: int
    n_shoppers: int
    daily: pd.DataFrame
    cohorts: pd.DataFrame
    shoppers: pd.DataFrame
    orders: pd.DataFrame
    products: pd.DataFrame
    ledger: pd.DataFrame
    provenance: dict[str, Any]
    events: pd.DataFrame | None = None
    served: dict[str, int] | None = None  # counts of what recommenders' lists held; None: none was shown


#: columns of the daily table
DAILY: Final = (
    "day",
    "visits",
    "dau",
    "new_registrations",
    "new_organic",
    "new_paid",
    "new_invited",
    "returned",
    "churned",
    "n_prospects",
    "n_active",
    "n_lapsed",
    "orders",
    "units",
    "gmv_cents",
    "paid_cents",
    "refund_cents",
    "nmv_cents",
    "cogs_cents",
    "fulfilment_cents",
    "contra_cents",
    "expense_cents",
    "cost_cents",
    "share_events",
    "messages",
    "pushes",
    "reviews",
    "stars",
    "returns",
    "teams_founded",
    "teams_succeeded",
    "teams_failed",
    "shows",
    "likes",
    "comments",
    "reposts",
    "repost_hands",
    "questions",
    "answers",
)
#: and these, where causes of leaving are written down (coefficient left_because): how many left for each
LEFT: Final = tuple(f"left_over_{cause}" for cause in LEAVING_CAUSES[1:])


@kernel
def _count_visits(
    rows: Column,
    day: int,
    first: int,
    registered_day: Column,
    last_visit: Column,
    visits: Column,
    marks: Column,
    n_active: Column,
) -> None:
    for k in range(rows.shape[0]):
        i = rows[k]
        last_visit[i] = day
        if day < first:
            continue
        visits[i] += 1
        age = day - registered_day[i]
        if registered_day[i] >= first:
            n_active[registered_day[i] - first, age] += 1
            if age == 1:
                marks[i] |= 1
            elif age == 7:
                marks[i] |= 2
            elif age == 30:
                marks[i] |= 4


@kernel
def _count(rows: Column, out: Column) -> None:
    """One more for every row, as often as it is named."""
    for k in range(rows.shape[0]):
        out[rows[k]] += 1


@kernel
def _count_orders(
    row: Column,
    product: Column,
    quantity: Column,
    list_cents: Column,
    paid_cents: Column,
    cost_cents: Column,
    is_returned: Column,
    resold_cents: Column,
    day: int,
    first: int,
    registered_day: Column,
    units: Column,
    gmv: Column,
    cohorts: Column,
) -> tuple[int, int, int, int, int, int]:
    """Count the orders of measured day `day` by product and cohort.

    Returns units, gmv, what was paid, refunds, cost of goods less what is sold again, and how many were sent back.
    """
    n_units = all_gmv = paid = refund = cogs = n_returned = 0
    buyers = np.empty(row.shape[0], dtype=np.int64)
    n_buyers = 0
    for k in range(row.shape[0]):
        n_units += quantity[k]
        all_gmv += list_cents[k]
        paid += paid_cents[k]
        cogs += cost_cents[k] - resold_cents[k]
        if is_returned[k]:
            n_returned += 1
            refund += paid_cents[k]
        units[product[k]] += quantity[k]
        gmv[product[k]] += list_cents[k]
        cohort = np.int64(registered_day[row[k]]) - first
        if cohort >= 0:
            cohorts[3, cohort, day - cohort] += list_cents[k]
            buyers[n_buyers] = row[k]
            n_buyers += 1
    buyers = np.sort(buyers[:n_buyers])
    for k in range(n_buyers):
        if k == 0 or buyers[k] != buyers[k - 1]:  # who buys twice on a day is one buyer
            cohort = np.int64(registered_day[buyers[k]]) - first
            cohorts[2, cohort, day - cohort] += 1
    return n_units, all_gmv, paid, refund, cogs, n_returned


class Recorder:
    """Keeps a run's tables while it runs; the same for both drivers."""

    def __init__(
        self,
        population: Population,
        catalogue: Catalogue,
        days: int,
        burn_in_days: int,
        resale: float,
        ship_cents: int,
        events: bool | Collection[str] = False,
        has_causes: bool = False,
    ) -> None:
        self.has_causes = has_causes
        self.columns = (*DAILY, *(LEFT if has_causes else ()))  # of the daily table
        n = len(population)
        self.population, self.catalogue = population, catalogue
        self.days, self.first = days, burn_in_days
        self.resale, self.ship_cents = resale, ship_cents
        self.ledger = Ledger()
        self.registered_day = np.where(population.is_registered, -population.tenure_days, NEVER).astype(np.int16)
        self.channel = np.where(population.is_registered, CHANNELS.index("start"), 0).astype(np.int8)
        self.inviter = np.full(n, -1, dtype=np.int32)
        self.last_visit = np.full(n, NEVER, dtype=np.int16)
        self.stage = np.zeros(n, dtype=np.int8)  # index into STAGES
        self.active_since = np.where(population.is_registered, 0, NEVER).astype(np.int16)
        self.active_days = np.zeros(n, dtype=np.int16)
        self.visits = np.zeros(n, dtype=np.int16)
        self.marks = np.zeros(n, dtype=np.uint8)
        self.n_pushes = np.zeros(n, dtype=np.int32)
        self.n_messages = np.zeros(n, dtype=np.int32)
        self.n_let_down = np.zeros(n, dtype=np.int16)
        self.units = np.zeros(len(catalogue), dtype=np.int64)
        self.gmv = np.zeros(len(catalogue), dtype=np.int64)
        self.reviews = np.zeros(len(catalogue), dtype=np.int64)
        self.cohorts = np.zeros((4, days, days), dtype=np.int64)  # registered, active, buyers, gmv
        self.daily: list[list[int]] = []
        self.served: Served | None = None  # what recommenders' lists held, if any were shown
        self.orders: list[tuple[int, Orders]] = []
        self.logged = (EVENT_TYPES if events else ()) if isinstance(events, bool) else tuple(events)
        for kind in self.logged:
            if kind not in EVENT_TYPES:
                raise InputError(
                    "no such type of event", found=kind, hint=did_you_mean(kind, EVENT_TYPES, kind="types", most=20)
                )
        self.log: list[tuple[int, str, dict[str, NDArray[Any]]]] | None = [] if self.logged else None

    def write(self, day: int, events: Day, n_by_status: tuple[int, int, int]) -> None:
        """Write down one day (counted from the start of the burn-in)."""
        if day == self.first:
            self._note_stages()
        self.registered_day[events.registered] = day
        self.channel[events.registered] = events.channel
        self.inviter[events.registered] = events.inviter
        self.active_since[events.registered] = day
        self.active_since[events.returned] = day
        self._stop_counting(events.lapsed, day + 1)
        _count_visits(
            events.visitors, day, self.first, self.registered_day, self.last_visit, self.visits, self.marks,
            self.cohorts[1],
        )  # fmt: skip
        if self.log is not None:
            self._log(day, events)
        if day >= self.first:
            self._measure(day - self.first, events, n_by_status)

    def _note_stages(self) -> None:
        """Before anything of the measured days happens: the same under every strategy of a world."""
        is_member = self.registered_day != NEVER
        tenure = np.where(is_member, self.first - self.registered_day.astype(np.int64), 0)
        away = np.minimum(self.first - self.last_visit.astype(np.int64), tenure)
        for stage, is_there in stages(tenure, away, np.zeros(len(tenure), dtype=np.bool_)).items():
            if stage in STAGES:
                self.stage[is_member & is_there] = STAGES.index(stage)

    def _stop_counting(self, rows: NDArray[Any], end: int) -> None:
        """Active until the day before `end`: the measured ones of these days are written down."""
        since = np.maximum(self.active_since[rows], self.first)
        self.active_days[rows] += np.maximum(end - since, 0).astype(np.int16)
        self.active_since[rows] = NEVER

    def _resold_cents(self, orders: Orders) -> NDArray[np.int64]:
        """What each order gives back of its goods' cost: those sent back are sold again at a part of it."""
        resold = np.floor(orders.cost_cents * self.resale + 0.5).astype(np.int64)
        return np.where(orders.is_returned.astype(bool), resold, 0)

    def _measure(self, day: int, events: Day, n_by_status: tuple[int, int, int]) -> None:
        orders = events.orders
        units, gmv, paid, refund, cogs, n_returned = _count_orders(
            *orders[:2], orders.quantity, orders.list_cents, orders.paid_cents, orders.cost_cents, orders.is_returned,
            self._resold_cents(orders), day, self.first, self.registered_day, self.units, self.gmv, self.cohorts,
        )  # fmt: skip
        expense = self.ledger.of_day(day, "expense")
        came = np.bincount(events.channel, minlength=len(CHANNELS)).tolist()
        channels = [came[CHANNELS.index(name)] for name in ("organic", "paid", "invited")]
        visits = len(events.visitors)
        self.daily.append(
            [
                day, visits, visits, len(events.registered), *channels, len(events.returned), len(events.lapsed),
                *n_by_status, len(orders.row), units, gmv, paid, refund, paid - refund, cogs,
                self.ship_cents * len(orders.row), gmv - paid, expense, gmv - paid + expense, len(events.sharers),
                len(events.senders), int(events.pushes.sum()), len(events.reviewers), int(events.stars.sum()),
                n_returned, len(events.founders), events.n_teams_filled, events.n_teams_failed,
                len(events.shows.row), len(events.likes.row), len(events.comments.row), len(events.reposts.row),
                int(events.reposts.value.sum()), len(events.questions.row), len(events.answers.row),
                *self._left(events),
            ]
        )  # fmt: skip
        np.add.at(self.n_pushes, events.pushed, events.pushes.astype(np.int32))
        _count(events.receivers, self.n_messages)
        np.add.at(self.n_let_down, events.let_down, 1)
        np.add.at(self.reviews, events.reviewed, 1)
        self.cohorts[0, day, :] = len(events.registered)
        if len(orders.row):
            self.orders.append((day, orders))

    def _left(self, events: Day) -> list[int]:
        """How many left for each cause; nothing where causes are not written down."""
        if not self.has_causes:
            return []
        because = events.left_because if events.left_because is not None else _EMPTY
        return [int(n) for n in np.bincount(because, minlength=len(LEAVING_CAUSES))[1:]]

    def _log(self, day: int, events: Day) -> None:
        assert self.log is not None
        o, because = events.orders, events.left_because
        rows: list[tuple[str, dict[str, Any]]] = [
            ("register", {"row": events.registered, "other": events.inviter, "value": events.channel}),
            ("return", {"row": events.returned}),
            ("visit", {"row": events.visitors}),
            ("found", {"row": events.founders, "item": events.founded}),
            ("join", {"row": events.joiners, "item": events.joined, "other": events.joined_with}),
            ("let_down", {"row": events.let_down, "item": events.let_down_product}),
            (
                "sample",
                {
                    "row": events.samples.row,
                    "item": events.samples.product,
                    "value": events.samples.cents,
                    "tactic": events.samples.tactic,
                },
            ),
            (
                "order",
                {
                    "row": o.row,
                    "item": o.product,
                    "other": o.parent,
                    "value": o.paid_cents,
                    "cause": o.source,
                    "tactic": o.tactic,
                },
            ),
            ("send_back", {"row": o.row[o.is_returned.astype(bool)], "item": o.product[o.is_returned.astype(bool)]}),
            ("review", {"row": events.reviewers, "item": events.reviewed, "value": events.stars}),
            ("share", {"row": events.sharers, "item": events.shared, "value": events.share_kind}),
            ("message", {"row": events.senders, "item": events.messaged, "other": events.receivers}),
            *[
                (kind, {"row": acts.row, "item": acts.product, "other": acts.other, "value": acts.value})
                for kind, acts in (
                    ("show", events.shows),
                    ("like", events.likes),
                    ("comment", events.comments),
                    ("repost", events.reposts),
                    ("question", events.questions),
                    ("answer", events.answers),
                )
            ],
            ("lapse", {"row": events.lapsed} | ({} if because is None else {"value": because})),
            ("bargain", {"row": events.bargainers, "item": events.bargained}),
            (
                "help",
                {"row": events.helpers, "item": events.helped, "other": events.helped_with, "value": events.help_cents},
            ),
            ("bargain_won", {"row": events.won, "item": events.won_product}),
            ("bargain_failed", {"row": events.lost, "item": events.lost_product}),
        ]
        for kind, columns in rows:
            if len(columns["row"]) and kind in self.logged:
                self.log.append((day - self.first, kind, columns))

    def journal(
        self,
        strategy: str,
        replication: int,
        tactics: list[str],
        status: NDArray[Any],
        fatigue: NDArray[np.float64],
        rating: NDArray[np.float64],
        provenance: dict[str, Any],
    ) -> Journal:
        """Close the books: all tables of the run; status, fatigue and the shelf's rating are those of the end."""
        import pandas as pd

        from sim.population import PERSONAS

        self._stop_counting(np.flatnonzero(self.active_since != NEVER), self.first + self.days)
        ids = self.population.ids.copy()  # tables share no memory with the world
        orders = self._orders(tactics)
        spend = np.zeros(len(ids), dtype=np.int64)
        n_orders, discount = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
        for _, part in self.orders:
            np.add.at(spend, part.row, np.where(part.is_returned, 0, part.paid_cents))
            np.add.at(n_orders, part.row, 1)
            np.add.at(discount, part.row, part.list_cents - part.paid_cents)

        def since(days: NDArray[Any]) -> NDArray[np.int64]:
            return np.where(days == NEVER, NEVER, days.astype(np.int64) - self.first)

        shoppers = pd.DataFrame(
            {
                "id": ids,
                "persona": pd.Categorical.from_codes(self.population.persona, categories=pd.Index(list(PERSONAS))),
                "registered_day": since(self.registered_day),
                "channel": pd.Categorical.from_codes(self.channel, categories=pd.Index(list(CHANNELS))),
                "inviter": np.where(self.inviter >= 0, ids[self.inviter], -1),
                "status": pd.Categorical.from_codes(status, categories=pd.Index(list(STATUSES))),
                "last_visit_day": since(self.last_visit),
                "visits": self.visits.astype(np.int64),
                "stage": pd.Categorical.from_codes(self.stage, categories=pd.Index(list(STAGES))),
                "active_days": self.active_days.astype(np.int64),
                "n_orders": n_orders,
                "spend_cents": spend,
                "discount_cents": discount,
                "n_pushes": self.n_pushes.astype(np.int64),
                "n_messages": self.n_messages.astype(np.int64),
                "n_let_down": self.n_let_down.astype(np.int64),
                "fatigue": fatigue.copy(),
                "visited_d1": (self.marks & 1) > 0,
                "visited_d7": (self.marks & 2) > 0,
                "visited_d30": (self.marks & 4) > 0,
            },
            copy=False,
        )
        cohort_day, age = np.nonzero(np.add.outer(np.arange(self.days), np.arange(self.days)) < self.days)
        cohorts = pd.DataFrame(
            {
                "cohort_day": cohort_day,
                "age": age,
                "n_registered": self.cohorts[0][cohort_day, age],
                "n_active": self.cohorts[1][cohort_day, age],
                "n_buyers": self.cohorts[2][cohort_day, age],
                "gmv_cents": self.cohorts[3][cohort_day, age],
            },
            copy=False,
        )
        products = pd.DataFrame(
            {
                "id": self.catalogue.id,
                "units": self.units,
                "gmv_cents": self.gmv,
                "rating": rating,
                "n_reviews": self.reviews,
            }
        )
        ledger = pd.DataFrame(self.ledger.rows(), columns=["day", "tactic", "line", "cls", "amount_cents"])
        ledger = ledger[ledger["day"] >= 0].astype({"day": "int64", "amount_cents": "int64"}).reset_index(drop=True)
        return Journal(
            strategy=strategy,
            replication=replication,
            days=self.days,
            burn_in_days=self.first,
            n_shoppers=len(ids),
            daily=pd.DataFrame(
                np.array(self.daily, dtype=np.int64).reshape(-1, len(self.columns)), columns=list(self.columns)
            ),
            cohorts=cohorts,
            shoppers=shoppers,
            orders=orders,
            products=products,
            ledger=ledger,
            provenance=provenance,
            events=self._events(tactics) if self.log is not None else None,
            served=None if self.served is None else self.served.counts(),
        )

    def _orders(self, tactics: list[str]) -> pd.DataFrame:
        import pandas as pd

        ids = self.population.ids
        parts = [part for _, part in self.orders]
        day = np.repeat([d for d, _ in self.orders], [len(part.row) for part in parts]).astype(np.int64)
        columns = [
            np.concatenate([np.asarray(part[k]) for part in parts]) if parts else _EMPTY
            for k in range(len(Orders._fields))
        ]
        o = Orders(*columns)
        # within a day by shopper, then product: the same order whatever the driver
        order = np.lexsort((o.mode, self.catalogue.id[o.product], ids[o.row], day))
        o, day = Orders(*[column[order] for column in o]), day[order]
        returned = o.is_returned.astype(bool)
        labels = pd.Series([*tactics, ""])
        return pd.DataFrame(
            {
                "day": day,
                "agent": ids[o.row],
                "product": self.catalogue.id[o.product],
                "mode": pd.Categorical.from_codes(
                    np.minimum(o.mode, 2).astype(np.int8), categories=pd.Index(["solo", "team", "bargain"])
                ),
                "quantity": o.quantity.astype(np.int64),
                "list_cents": o.list_cents.astype(np.int64),
                "paid_cents": o.paid_cents.astype(np.int64),
                "cost_cents": o.cost_cents.astype(np.int64),
                "fulfilment_cents": np.full(len(day), self.ship_cents, dtype=np.int64),
                "cause": pd.Categorical.from_codes(o.source, categories=pd.Index(list(CAUSES))),
                "parent": np.where(o.parent >= 0, ids[o.parent], -1),
                "is_returned": returned,
                "refund_cents": np.where(returned, o.paid_cents, 0).astype(np.int64),
                "resold_cents": self._resold_cents(o),
                "tactic": labels.take(o.tactic % len(labels)).array,
                "caused_by": labels.take(o.kol_tactic % len(labels)).array,
            },
            copy=False,
        )

    def _events(self, tactics: list[str]) -> pd.DataFrame:
        import pandas as pd

        assert self.log is not None
        names = ["day", "agent", "type", "item", "other", "value", "cause", "tactic"]
        if not self.log:
            return pd.DataFrame(columns=names)
        ids, products = self.population.ids, self.catalogue.id
        words = {"type": sorted({kind for _, kind, _ in self.log}), "cause": [*CAUSES, ""], "tactic": [*tactics, ""]}
        # one array a column and kind of event; a table for each kind and day would cost more than the run itself
        parts: dict[str, list[NDArray[np.int64]]] = {name: [] for name in names}
        for number, kind in enumerate(words["type"]):
            days, logged = zip(*[(day, columns) for day, type_, columns in self.log if type_ == kind], strict=True)
            sizes = [len(columns["row"]) for columns in logged]
            found = {name: np.concatenate([np.asarray(columns[name]) for columns in logged]) for name in logged[0]}
            none = np.full(sum(sizes), -1)
            other = found.get("other", none)
            parts["day"].append(np.repeat(days, sizes))
            parts["agent"].append(ids[found["row"]])
            parts["type"].append(np.full(len(none), number))
            parts["item"].append(products[found["item"]] if "item" in found else none)
            parts["other"].append(np.where(other >= 0, ids[other], -1))
            parts["value"].append(found.get("value", np.zeros(len(none), dtype=np.int64)))
            for name in ("cause", "tactic"):
                parts[name].append(found.get(name, none) % len(words[name]))  # -1: the last, which is ""
        columns = {name: np.concatenate(found).astype(np.int64) for name, found in parts.items()}
        keys = dict(columns)
        for name, known in words.items():  # in alphabetical order, as the words themselves would sort
            keys[name] = np.argsort(np.argsort(np.array(known), kind="stable"))[columns[name]]
        order = np.lexsort([keys[name] for name in reversed(names)])
        table: dict[str, Any] = {name: column[order] for name, column in columns.items()}
        for name, known in words.items():
            table[name] = pd.Series(known).take(table[name]).array
        return pd.DataFrame(table)
