"""Targets of visits: visits a day, conversion, coming back on day 30; imports `normal`, `target`.

`Orders` serves for visits as well: one row a customer and day, here a day with a visit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.evidence.errors_of import of_mean
from sim.evidence.normal import WEEK, Orders
from sim.evidence.target import Target, share

if TYPE_CHECKING:
    import pandas as pd

FEWEST: Final = 30
RETURN_DAY: Final = 30


def per_day(visits: Any, source: str = "") -> Iterator[Target]:
    """visits_per_day = mean over whole weeks of visitors a day; standard error from how the weeks differ, sd /
    sqrt(weeks).

    `visits`: visitors of every day, a person counts once a day. With less than three weeks, from the days.
    """
    visits = np.asarray(visits, dtype=np.float64)
    n_weeks = len(visits) // WEEK
    means = visits[: n_weeks * WEEK].reshape(n_weeks, WEEK).mean(axis=1) if n_weeks >= 3 else visits
    if len(visits) < 2:
        return
    sd = float(means.std(ddof=1)) / len(means) ** 0.5
    least = max(float(visits.sum()), 1.0) ** 0.5 / len(visits)  # what luck alone does to counts
    yield Target("visits_per_day", float(means.mean()), max(sd, least), source, len(visits))


def visit_targets(visits: Orders, orders: Orders | None, first_day: Any = None, source: str = "") -> Iterator[Target]:
    """Targets of visit days; `orders` must have the customers under the same numbers.

    conversion = order days / visit days, an order day counts as a visit day too; standard error with customers as
    clusters.
    visits_per_visitor = visit days per visitor and week, of whole weeks. retention_d30 = newcomers with a visit on
    the 30th day after their first / newcomers seen so long; `first_day` by row replaces the day of the first visit
    by that of registration.
    """
    seen = visits.inside()
    if len(seen.day) < FEWEST:
        return
    yield from per_day(np.bincount(seen.day, minlength=visits.n_days), source)
    whole = seen.where(seen.day < visits.n_days // WEEK * WEEK)
    if len(whole.day) >= FEWEST:
        _, at, n = np.unique(whole.customer * visits.n_days + whole.day // WEEK, return_index=True, return_counts=True)
        value, who = n.astype(np.float64), whole.customer[at]
        yield Target("visits_per_visitor", float(value.mean()), max(of_mean(value, who), 1e-6), source, len(value))
    if orders is not None:
        ordered = orders.inside()
        key = np.concatenate([seen.customer, ordered.customer]), np.concatenate([seen.day, ordered.day])
        bought = np.concatenate([np.zeros(len(seen.day)), np.ones(len(ordered.day))])
        order = np.lexsort((-bought, key[1], key[0]))
        who, day, bought = key[0][order], key[1][order], bought[order]
        kept = np.ones(len(who), dtype=bool)
        kept[1:] = (who[1:] != who[:-1]) | (day[1:] != day[:-1])
        who, bought = who[kept], bought[kept]
        yield Target("conversion", float(bought.mean()), max(of_mean(bought, who), 0.5 / len(who)), source, len(who))
    first = visits.first_day if first_day is None else np.asarray(first_day)
    newcomer = (first >= 0) & (first + RETURN_DAY < visits.n_days)
    n = len(np.unique(visits.customer[newcomer]))
    back = int((newcomer & (visits.day - first == RETURN_DAY)).sum())
    if n >= FEWEST:
        yield share("retention_d30", back, n, source)


def visit_targets_of_run(daily: pd.DataFrame, shoppers: pd.DataFrame, orders: Orders) -> Iterator[Target]:
    """The same figures from the tables of a run: visits_per_day, conversion, retention_d30.

    A run counts its visitors by day in `daily`; who came back on day 30 after registration is marked in `shoppers`.
    """
    n_days = orders.n_days
    visitors = daily.loc[(daily["day"] >= 0) & (daily["day"] < n_days), "dau"].to_numpy(dtype=np.int64)
    n_visits, n_orders = int(visitors.sum()), len(orders.inside().day)
    yield from per_day(visitors)
    if n_visits:
        yield share("conversion", min(n_orders, n_visits), n_visits)
    registered = shoppers["registered_day"].to_numpy(dtype=np.int64)
    new = (registered >= 0) & (registered + RETURN_DAY < n_days)
    if new.any():
        yield share("retention_d30", int((new & shoppers["visited_d30"].to_numpy(dtype=bool)).sum()), int(new.sum()))
