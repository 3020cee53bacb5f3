"""The sums of one run that explanations are made from: people and money by group, orders by what caused them.

Imports `metrics`. Small tables (docs/explain.md), computed from a journal, so that no order need be stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.metrics import NEVER, JournalLike
from sim.population import PERSONAS

#: where people came from: registered before measured day 0, or on a measured day by one of three ways
GROUPS: Final = ("existing", "organic", "paid", "invited")
PURCHASES: Final = ("first", "later")
#: columns of the funnel after the group and the persona
FUNNEL: Final = (
    "n_people",
    "shopper_days",  # measured days on the books, from registration on
    "active_days",  # of the shopper-days: not lapsed
    "visitor_days",  # of the active days: those of visitors
    "visits",
    "n_visitors",  # of the people: with a visit on a measured day
    "n_buyers",
    "n_orders",
    "units",
    "gmv_cents",
    "paid_cents",
    "refund_cents",
    "cost_cents",  # of goods
    "resold_cents",  # goods of orders sent back, sold again
    "fulfilment_cents",
)
_OF_ORDERS: Final = (
    "quantity", "list_cents", "paid_cents", "refund_cents", "cost_cents", "resold_cents", "fulfilment_cents",
)  # fmt: skip
#: columns of the sales after purchase, cause and tactic
SALES: Final = ("n_orders", "units", "gmv_cents", "paid_cents", "refund_cents")

Ints = npt.NDArray[np.int64]


def _ints(table: pd.DataFrame, name: str) -> Ints:
    return table[name].to_numpy(dtype=np.int64)


def _words(column: pd.Series) -> tuple[Ints, list[str]]:
    """A text column as numbers of words."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64), [str(word) for word in column.cat.categories]
    codes, words = pd.factorize(column.to_numpy(dtype=object))
    return np.asarray(codes, dtype=np.int64), [str(word) for word in words]


def _codes(column: pd.Series, names: Sequence[str]) -> Ints:
    """A text column as places in `names`, -1 for what is not there."""
    codes, words = _words(column)
    place = {name: k for k, name in enumerate(names)}
    return np.array([*(place.get(word, -1) for word in words), -1], dtype=np.int64)[codes]


def funnel(journal: JournalLike) -> pd.DataFrame:
    """A row a group and persona, all of them, empty ones too: people, their days, visits, orders and money."""
    shoppers, orders, days = journal.shoppers, journal.orders, journal.days
    registered = _ints(shoppers, "registered_day")
    is_member = registered != NEVER
    group = np.where(registered < 0, 0, _codes(shoppers["channel"], GROUPS))
    cell = (group * len(PERSONAS) + _codes(shoppers["persona"], list(PERSONAS)))[is_member]
    n_cells = len(GROUPS) * len(PERSONAS)
    on_books = days - np.maximum(registered[is_member], 0)
    visits, active = (_ints(shoppers, name)[is_member] for name in ("visits", "active_days"))
    ids = _ints(shoppers, "id")[is_member]
    by_id = np.argsort(ids, kind="stable")
    agents = _ints(orders, "agent")
    buyer = by_id[np.searchsorted(ids, agents, sorter=by_id)] if len(agents) else agents
    came = visits > 0

    def total(cells: Ints, values: npt.ArrayLike) -> Ints:
        sums = np.zeros(n_cells, dtype=np.int64)
        np.add.at(sums, cells, values)
        return sums

    of_orders = [total(cell[buyer], _ints(orders, name)) for name in _OF_ORDERS]
    columns = [
        total(cell, 1), total(cell, on_books), total(cell, active), total(cell[came], active[came]),
        total(cell, visits), total(cell[came], 1), total(cell[np.unique(buyer)], 1), total(cell[buyer], 1),
        *of_orders,
    ]  # fmt: skip
    keys = {"group": np.repeat(GROUPS, len(PERSONAS)), "persona": np.tile(list(PERSONAS), len(GROUPS))}
    return pd.DataFrame(keys | dict(zip(FUNNEL, columns, strict=True)))


def sales(journal: JournalLike) -> pd.DataFrame:
    """A row a purchase (first: on a shopper's first measured day with an order), cause and tactic that has orders.

    The tactic is the one whose price applied or, without one, whose post or live session caused the order.
    """
    orders = journal.orders
    day = _ints(orders, "day")
    buyers, buyer = np.unique(_ints(orders, "agent"), return_inverse=True)
    first_day = np.full(len(buyers), np.iinfo(np.int64).max)
    np.minimum.at(first_day, buyer, day)
    is_later = (day != first_day[buyer]).astype(np.int64)
    # Words are sorted, so that the order of the numbers is that of the rows.
    causes = sorted(_words(orders["cause"])[1])
    tactics = sorted({"", *_words(orders["tactic"])[1], *_words(orders["caused_by"])[1]})
    priced, caused = _codes(orders["tactic"], tactics), _codes(orders["caused_by"], tactics)
    tactic = np.where(priced == tactics.index(""), caused, priced)
    sold, row = np.unique((is_later * len(causes) + _codes(orders["cause"], causes)) * len(tactics) + tactic,
                          return_inverse=True)  # fmt: skip
    rest, which = np.divmod(sold, len(tactics))
    when, why = np.divmod(rest, max(1, len(causes)))
    columns: dict[str, npt.ArrayLike] = {
        name: np.array([words[k] for k in numbers], dtype=object)
        for name, words, numbers in (("purchase", PURCHASES, when), ("cause", causes, why), ("tactic", tactics, which))
    }
    for name, of in zip(SALES, (None, "quantity", "list_cents", "paid_cents", "refund_cents"), strict=True):
        columns[name] = sums = np.zeros(len(sold), dtype=np.int64)
        np.add.at(sums, row, 1 if of is None else _ints(orders, of))
    return pd.DataFrame(columns)


def order_days(journal: JournalLike) -> pd.DataFrame:
    """A row a shopper and day with orders, as a shop's own records have them: agent, day, gmv_cents."""
    agent, day, cents = (_ints(journal.orders, name) for name in ("agent", "day", "list_cents"))
    order = np.lexsort((day, agent))
    agent, day, cents = agent[order], day[order], cents[order]
    first = np.flatnonzero((np.diff(agent, prepend=-1) != 0) | (np.diff(day, prepend=-1) != 0))
    total = np.add.reduceat(cents, first) if len(first) else cents
    return pd.DataFrame({"agent": agent[first], "day": day[first], "gmv_cents": total})


#: events that shops keep records of, by their number in `records`
RECORDED: Final = ("visit", "register", "message")


def records(journal: JournalLike) -> pd.DataFrame:
    """What a shop's logs hold of visits, registrations and messages: day, agent, what, other.

    `what` is the place in RECORDED; `other` is the receiver of a message, else -1. Needs a journal with these events.
    """
    log = journal.events
    assert log is not None
    what = log["type"].map({name: k for k, name in enumerate(RECORDED)})
    return pd.DataFrame({
        "day": log["day"], "agent": log["agent"], "what": what.astype(np.int64), "other": log["other"],
    })  # fmt: skip


#: table of a results folder -> how it is computed from a journal
SUMS: Final[dict[str, Callable[[JournalLike], pd.DataFrame]]] = {
    "funnel": funnel, "sales": sales, "order_days": order_days, "records": records,
}  # fmt: skip


def run_table(journal: JournalLike, name: str) -> pd.DataFrame:
    """One table of a run by name: a sum of ours, or what the journal has."""
    table: pd.DataFrame = SUMS[name](journal) if name in SUMS else getattr(journal, name)
    return table
