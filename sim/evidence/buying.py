"""Targets of order days: repeat buying, cohorts, values, weeks; the same for data and runs; imports `normal`, `target`.

Every function takes `Orders` (one row a customer and day) and gives targets. Newcomers are those whose first order
is in the window. Whoever could not be followed long enough is left out of a figure, not counted as lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from sim.evidence.errors_of import of_mean, of_quantile, top_share
from sim.evidence.normal import WEEK, Ints, Orders
from sim.evidence.target import Target, share

#: a figure on fewer cases than this is no target
FEWEST: Final = 30
PERCENTILES: Final = (10, 25, 50, 75, 90)
STEPS: Final = 6
BLOCK: Final = 28


def all_targets(orders: Orders, source: str = "") -> Iterator[Target]:
    """Every target that order days hold."""
    if not len(orders.day):
        return
    yield from repeat_curve(orders, source)
    yield from repeat_rate(orders, source)
    yield from cohort_retention(orders, source)
    yield from ladder(orders, source)
    yield from gaps(orders, source)
    yield from values(orders, source)
    yield from concentration(orders, source)
    yield from weekly(orders, source)


def new_run(*keys: Ints) -> Any:
    """Whether a row differs from the one before in any of the keys; always for the first."""
    found = np.ones(len(keys[0]), dtype=bool)
    found[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return found


def repeat_table(orders: Orders) -> dict[str, Ints]:
    """By age w = 1, 2, ..: newcomers seen that long, those who order in week w, those who have ordered again by
    its end.

    Week w of a newcomer are the days 7 (w - 1) + 1 .. 7 w after her first order; seen that long: first day + 7 w is in
    the window.
    """
    first = orders.first_day
    is_new = first >= 0
    customer, day, first = orders.customer[is_new], orders.day[is_new], first[is_new]
    start = np.ones(len(customer), dtype=bool)
    start[1:] = customer[1:] != customer[:-1]
    seen = orders.n_days - 1 - day[start]  # days after the first order that are in the window
    most = int(seen.max(initial=0)) // WEEK
    weeks = np.arange(1, most + 1)
    # how many were seen for so many whole weeks or more
    n_seen = np.bincount(seen // WEEK, minlength=most + 1)[::-1].cumsum()[::-1][1:]
    week = (day - first + WEEK - 1) // WEEK
    who = np.cumsum(start) - 1
    counts = (week > 0) & (seen[who] >= WEEK * week)
    counts[counts] = new_run(who[counts], week[counts])
    in_week = np.bincount(week[counts], minlength=most + 1)[1 : most + 1]
    # again for the first time in week f: so she counts for every week from f to the last one she was seen
    second = np.flatnonzero(start) + 1
    second = second[second < len(day)]
    second = second[~start[second] & counts[second]]
    comes = np.bincount(week[second], minlength=most + 2)
    goes = np.bincount(seen[who[second]] // WEEK + 1, minlength=most + 2)
    ever = (comes - goes).cumsum()[1 : most + 1]
    return {"week": weeks, "seen": n_seen, "in_week": in_week, "ever": ever}


def repeat_curve(orders: Orders, source: str = "") -> Iterator[Target]:
    """repeat_in_week[w] = newcomers who order in week w / newcomers seen for w weeks; ever_repeated[w] likewise.

    Standard error of a share: sqrt(p (1 - p) / n).
    """
    table = repeat_table(orders)
    for week, n, now, ever in zip(*(table[k].tolist() for k in ("week", "seen", "in_week", "ever")), strict=True):
        if n >= FEWEST:
            yield share("repeat_in_week", now, n, source, str(week))
            yield share("ever_repeated", ever, n, source, str(week))


def repeat_rate(orders: Orders, source: str = "", days: int = 90) -> Iterator[Target]:
    """repeat_rate_90d = newcomers with an order 1..90 days after their first / newcomers seen for 90 days."""
    first = orders.first_day
    start = orders.is_start & (first >= 0) & (first + days < orders.n_days)
    n = int(start.sum())
    second = np.flatnonzero(start) + 1
    second = second[second < len(orders.day)]
    same = orders.customer[second] == orders.customer[second - 1]
    soon = orders.day[second] - orders.day[second - 1] <= days
    if n >= FEWEST:
        yield share("repeat_rate_90d", int((same & soon).sum()), n, source)


def cohort_table(orders: Orders, cohort: Ints, period: Ints) -> tuple[Ints, Ints]:
    """(people a cohort, who orders k periods later: one row a cohort); both arguments give the period of a row, 0,
    1, ..

    `cohort` is the period of the row's first order, `period` that of the row. Rows of cohorts below 0 are left out.
    """
    kept = (cohort >= 0) & (period >= cohort)
    n = int(period.max(initial=0)) + 1
    kept[kept] = new_run(orders.customer[kept], period[kept])
    cell = cohort[kept] * n + period[kept] - cohort[kept]
    active = np.bincount(cell, minlength=n * n).reshape(n, n)
    return active[:, 0].copy(), active


def cohort_retention(orders: Orders, source: str = "") -> Iterator[Target]:
    """cohort_retention[c3.k2] = of those who first order in 4-week block 3, the share that orders in block 3 + 2.

    Blocks of 28 days from the first day of the window, whole ones only.
    """
    n_blocks = orders.n_days // BLOCK
    if n_blocks < 2:
        return
    known = orders.until(n_blocks * BLOCK)
    sizes, active = cohort_table(known, known.first_day // BLOCK, known.day // BLOCK)
    for c in range(len(sizes)):
        for k in range(1, n_blocks - c):
            if sizes[c] >= FEWEST:
                came = int(active[c, k]) if k < len(sizes) else 0  # nobody ordered in the last blocks
                yield share("cohort_retention", came, int(sizes[c]), source, f"c{c + 1}.k{k}")


def ladder(orders: Orders, source: str = "") -> Iterator[Target]:
    """ladder[k] = customers with more than k order days in the window / customers with at least k."""
    known = orders.inside()
    counts = np.unique(known.customer, return_counts=True)[1]
    for k in range(1, STEPS + 1):
        reached = int((counts >= k).sum())
        if reached >= FEWEST:
            yield share("ladder", int((counts > k).sum()), reached, source, str(k))


def between(orders: Orders) -> tuple[Ints, Ints]:
    """(days from one order day of a customer to her next, the customer)."""
    same = orders.customer[1:] == orders.customer[:-1]
    return np.diff(orders.day)[same], orders.customer[1:][same]


def gaps(orders: Orders, source: str = "") -> Iterator[Target]:
    """gap_days[p50] and others: percentiles of the days from one order day of a customer to her next, both in the
    window.

    Standard error after Woodruff, customers as clusters. Long gaps do not fit into a short window: compare equal
    windows.
    """
    days, who = between(orders.inside())
    yield from _percentiles("gap_days", days, who, 0.5, source)


def values(orders: Orders, source: str = "") -> Iterator[Target]:
    """order_value[mean] and percentiles of the value of an order day, in currency; days without a value left out."""
    known = orders.where((orders.day >= 0) & (orders.value_cents > 0))
    value = known.value_cents / 100
    if len(value) < FEWEST:
        return
    yield Target("order_value", float(value.mean()), _above(of_mean(value, known.customer)), source, len(value), "mean")
    yield from _percentiles("order_value", value, known.customer, 0.005, source)


def _percentiles(measure: str, value: Any, who: Ints, least: float, source: str) -> Iterator[Target]:
    """Percentiles; `least` is half the unit in which the value is counted: no sd is smaller."""
    if len(value) < FEWEST:
        return
    for p in PERCENTILES:
        sd = max(of_quantile(value, who, p / 100), least)
        yield Target(measure, float(np.quantile(value, p / 100)), sd, source, len(value), f"p{p}")


def spending(orders: Orders) -> Ints:
    """What each customer spent in the window, in cents; who spent nothing is left out."""
    known = orders.inside()
    if not len(known.customer):
        return known.customer
    _, who = np.unique(known.customer, return_inverse=True)
    spent = np.zeros(int(who.max()) + 1, dtype=np.int64)
    np.add.at(spent, who, known.value_cents)
    return spent[spent > 0]


def concentration(orders: Orders, source: str = "") -> Iterator[Target]:
    """top_20_share = spending of the 20 % of customers who spend most / all spending; see `errors_of.top_share`."""
    spent = spending(orders)
    if len(spent) >= FEWEST:
        value, sd = top_share(spent)
        yield Target("top_20_share", value, _above(sd), source, len(spent))


def weekly_table(orders: Orders) -> dict[str, Any]:
    """By week of the window, whole weeks only: order days, newcomers, repeat order days, value in currency."""
    n_weeks = orders.n_days // WEEK
    kept = (orders.day >= 0) & (orders.day < n_weeks * WEEK)
    week = orders.day[kept] // WEEK
    is_new = (orders.is_start & (orders.first_day >= 0))[kept]
    n = np.bincount(week, minlength=n_weeks)
    new = np.bincount(week[is_new], minlength=n_weeks)
    value = np.bincount(week, weights=orders.value_cents[kept], minlength=n_weeks) / 100
    return {"orders": n, "new": new, "repeat_orders": n - new, "gmv": value}


def weekly(orders: Orders, source: str = "") -> Iterator[Target]:
    """weekly_gmv, weekly_orders, weekly_new [w], whole weeks of the window.

    Customers come and go by themselves, so a sum over customers has the standard error sqrt(sum over customers of the
    square of what each adds); of a count of people sqrt(n).
    """
    table = weekly_table(orders)
    n_weeks = len(table["orders"])
    kept = (orders.day >= 0) & (orders.day < n_weeks * WEEK)
    week, who = orders.day[kept] // WEEK, orders.customer[kept]
    at = np.flatnonzero(new_run(who, week))

    def squares(value: Any) -> Any:
        per_customer = np.add.reduceat(value, at) if len(at) else value
        return np.bincount(week[at], weights=per_customer**2, minlength=n_weeks)

    gmv_sd = np.sqrt(squares(orders.value_cents[kept] / 100))
    orders_sd = np.sqrt(squares(np.ones(len(week))))
    for w in range(n_weeks):
        n, new = int(table["orders"][w]), int(table["new"][w])
        if n >= FEWEST:
            yield Target("weekly_gmv", float(table["gmv"][w]), _above(float(gmv_sd[w])), source, n, str(w + 1))
            yield Target("weekly_orders", float(n), float(orders_sd[w]), source, n, str(w + 1))
            yield Target("weekly_new", float(new), max(new, 1) ** 0.5, source, n, str(w + 1))


def _above(sd: float) -> float:
    return max(sd, 1e-9)
