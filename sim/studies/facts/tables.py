"""From a run's tables to the numbers the facts speak of: pure functions of DataFrames and arrays; imports nothing.

Days are measured days. `days` is the number of measured days: what happens later is not seen, so whoever could not be
followed long enough is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
Pair: TypeAlias = tuple[float, float]


def ints(table: pd.DataFrame, *names: str) -> list[IntArray]:
    """Columns as whole numbers."""
    return [table[name].to_numpy(dtype=np.int64) for name in names]


# --- what was sold ---------------------------------------------------------------------------------------------


def units(orders: pd.DataFrame, products: Any = None, first: int = 0, last: int | None = None) -> int:
    """Units sold on days first to last, of some products or of all."""
    day, product, quantity = ints(orders, "day", "product", "quantity")
    counts = day >= first
    if last is not None:
        counts &= day <= last
    if products is not None:
        counts &= np.isin(product, products)
    return int(quantity[counts].sum())


def elasticity(treated: int, control: int, cut: float) -> float | None:
    """Change of log units per change of log price."""
    if treated <= 0 or control <= 0:
        return None
    return float(np.log(treated / control) / np.log(1.0 - cut))


def top_share(spend: IntArray, part: float = 0.2) -> float | None:
    """Share of all spending that comes from the part of spenders who spend most; one on the border counts in part."""
    total = int(spend.sum())
    if total <= 0:
        return None
    running = np.concatenate([[0], np.cumsum(np.sort(spend)[::-1])])
    return float(np.interp(part * len(spend), np.arange(len(running)), running) / total)


def unpredictability(shares: FloatArray) -> float:
    """Mean difference of a product's share between two worlds (Salganik et al. 2006); one row a world."""
    n = len(shares)
    apart = [np.abs(shares[a] - shares[b]).mean() for a in range(n) for b in range(a)]
    return float(np.mean(apart))


def spending(orders: pd.DataFrame, last: int) -> IntArray:
    """What each buyer paid, less refunds, until the end of day `last`."""
    known = orders[orders["day"] <= last]
    paid = known["paid_cents"] - known["refund_cents"]
    return np.asarray(paid.groupby(known["agent"].to_numpy()).sum().to_numpy(), dtype=np.int64)


# --- recommendations -------------------------------------------------------------------------------------------


def message_yield(
    day: IntArray, receiver: IntArray, product: IntArray, orders: pd.DataFrame, days: int, within: int = 7
) -> Pair:
    """(orders of a product by people who were sent it in the days before, messages that could be followed)."""
    followed = (day >= 0) & (day + within < days)
    span = days + 1
    sent = np.sort(_keys(receiver[followed], product[followed]) * span + day[followed])
    order_day, agent, bought = ints(orders, "day", "agent", "product")
    key = _keys(agent, bought)
    at = np.searchsorted(sent, key * span + order_day) - 1  # the last message on an earlier day
    last = sent[np.maximum(at, 0)] if len(sent) else np.zeros(len(key), dtype=np.int64)
    hit = (at >= 0) & (last // span == key) & (order_day - last % span <= within)
    return float(hit.sum()), float(len(sent))


def depths(orders: pd.DataFrame) -> IntArray:
    """Depth in the referral forest of every first purchase of a product by a shopper.

    0: nobody sent it. Otherwise one more than the sender's own first purchase on an earlier day (a sender without one
    counts as a seed). Of two on one day, the one without sender is the first.
    """
    ordered = orders.sort_values(["day", "parent"], kind="stable").drop_duplicates(["agent", "product"])
    day, agent, product, parent = ints(ordered, "day", "agent", "product", "parent")
    depth = np.zeros(len(day), dtype=np.int64)
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for k, (d, a, p, sender) in enumerate(
        zip(day.tolist(), agent.tolist(), product.tolist(), parent.tolist(), strict=True)
    ):
        if sender >= 0 and sender != a:
            when, above = found.get((sender, p), (d, 0))
            depth[k] = above + 1 if when < d else 1
        found[(a, p)] = (d, int(depth[k]))
    return depth


def tree_sizes(ids: IntArray, inviter: IntArray, is_root: Any) -> IntArray:
    """People below every root, herself included; ids ascending, inviter -1: none."""
    above = np.where(inviter >= 0, np.searchsorted(ids, inviter), np.arange(len(ids)))
    while True:
        further = above[above]
        if (further == above).all():
            break
        above = further
    return np.asarray(np.bincount(above, minlength=len(ids))[np.asarray(is_root, dtype=bool)], dtype=np.int64)


def exposed_to_gifts(gifts: pd.DataFrame, hearers: Any) -> pd.DataFrame:
    """(agent, item, day): who hears somebody who was given a product on that day, and was given none that day herself.

    Each once, however many friends were given it. `gifts` has day, agent, item; `hearers(id)` hear of her.
    """
    day, agent, item = ints(gifts, "day", "agent", "item")
    heard = [np.asarray(hearers(one), dtype=np.int64) for one in agent.tolist()]
    sizes = [len(one) for one in heard]
    who = np.concatenate([*heard, np.empty(0, dtype=np.int64)])
    exposed = pd.DataFrame({"agent": who, "item": np.repeat(item, sizes), "day": np.repeat(day, sizes)})
    had = np.isin(_keys(exposed["agent"], exposed["day"]), _keys(agent, day))
    return exposed[~had].drop_duplicates(ignore_index=True)


def bought_after(orders: pd.DataFrame, exposed: pd.DataFrame, days: int) -> Any:
    """Of each (agent, item, day): did she buy it on one of the days after that day?"""
    wanted = exposed.reset_index(names="place")
    bought = orders.rename(columns={"product": "item", "day": "order_day"})[["agent", "item", "order_day"]]
    both = wanted.merge(bought, on=["agent", "item"])
    age = both["order_day"] - both["day"]
    found = np.zeros(len(exposed), dtype=bool)
    found[both.loc[(age > 0) & (age <= days), "place"].to_numpy()] = True
    return found


def odds(bought: Any) -> float | None:
    """Those who did against those who did not."""
    yes = int(np.sum(bought))
    return yes / (len(bought) - yes) if len(bought) > yes else None


def log_odds_ratio(treated: Any, control: Any) -> float | None:
    """Log of the ratio of odds, with half a case more in every cell (Haldane), so that it exists."""
    if len(treated) == 0 or len(control) == 0:
        return None
    yes, other = int(np.sum(treated)) + 0.5, int(np.sum(control)) + 0.5
    return math.log(yes / (len(treated) + 1 - yes)) - math.log(other / (len(control) + 1 - other))


def contagion(
    orders: pd.DataFrame, twin: pd.DataFrame, hearers: Any, n_people: int, n_products: int, days: int, within: int = 7
) -> tuple[float | None, float | None]:
    """(naive, causal) relative chance to buy what a friend has just bought.

    Pairs of shopper and product are looked at once every `within` days. Exposed: a friend bought it in the days before.
    Naive: chance to buy in the days after, exposed against all others. Causal: chance of the exposed against the same
    pairs in the twin, in which nobody hears of others' orders. `hearers(id)` are those who hear of a shopper.
    """
    exposed_bought = twin_bought = n_exposed = others_bought = n_others = 0
    tables = [ints(table, "day", "agent", "product") for table in (orders, twin)]

    def bought(table: list[IntArray], first: int, last: int) -> IntArray:
        day, agent, product = table
        chosen = (day >= first) & (day <= last)
        return np.unique(_keys(agent[chosen], product[chosen]))

    for start in range(within, days - within + 1, within):
        before = bought(tables[0], start - within, start - 1)
        parts = [_keys(hearers(key >> 31), np.int64(key & (2**31 - 1))) for key in before.tolist()]
        exposed = np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
        after, after_twin = (bought(table, start, start + within - 1) for table in tables)
        hits = int(np.isin(after, exposed).sum())
        exposed_bought += hits
        others_bought += len(after) - hits
        twin_bought += int(np.isin(after_twin, exposed).sum())
        n_exposed += len(exposed)
        n_others += n_people * n_products - len(exposed)
    naive = _over(exposed_bought * n_others, n_exposed * others_bought)
    return naive, _over(exposed_bought, twin_bought)


def _keys(agent: Any, product: Any) -> IntArray:
    return np.asarray((np.asarray(agent, dtype=np.int64) << 31) | product, dtype=np.int64)


def _over(a: float, b: float) -> float | None:
    return a / b if b else None


# --- visits and staying ----------------------------------------------------------------------------------------


def conversion_by_history(visit_day: IntArray, visitor: IntArray, orders: pd.DataFrame) -> tuple[float, float]:
    """Orders per visit of those who have ordered on an earlier day, and of those who have not."""
    day, agent = ints(orders, "day", "agent")
    first = pd.Series(day).groupby(agent).min()
    since_visit = first.reindex(visitor).to_numpy(dtype=np.float64)
    since_order = first.reindex(agent).to_numpy(dtype=np.float64)
    is_old = since_visit < visit_day
    old = float((since_order < day).sum())
    return old / max(float(is_old.sum()), 1.0), (len(day) - old) / max(float((~is_old).sum()), 1.0)


def survival(registered: IntArray, lapsed: FloatArray, days: int, weeks: int) -> tuple[IntArray, int]:
    """(how many of the registrants are still there after 1, 2, .. weeks, how many there were).

    `lapsed`: the day a registrant first left, or infinity. Only who could be followed for all weeks counts.
    """
    followed = (registered >= 0) & (registered + 7 * weeks <= days)
    tenure = lapsed[followed] - registered[followed]
    left = np.array([int((tenure >= 7 * week).sum()) for week in range(1, weeks + 1)], dtype=np.int64)
    return left, int(followed.sum())


def returned_between(
    registered: IntArray, ids: IntArray, visit_day: IntArray, visitor: IntArray, days: int, first: int, last: int
) -> Pair:
    """(registrants who visit on some day first..last after registration, registrants who could be followed)."""
    when = pd.Series(registered, index=ids).reindex(visitor).to_numpy(dtype=np.float64)
    age = visit_day - when
    seen = np.unique(visitor[(when >= 0) & (when + last < days) & (age >= first) & (age <= last)])
    return float(len(seen)), float(((registered >= 0) & (registered + last < days)).sum())


# --- buying again ----------------------------------------------------------------------------------------------


def order_days(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per shopper and day with an order: agent, day, number (1, 2, ..); sorted by agent and day."""
    table = orders[["agent", "day"]].drop_duplicates().sort_values(["agent", "day"], ignore_index=True)
    return table.assign(number=table.groupby("agent").cumcount() + 1)


def ladder(orders: pd.DataFrame, steps: int = 4) -> list[Pair]:
    """For k = 1, 2, ..: (buyers with more than k order days, buyers with at least k)."""
    number = order_days(orders)["number"].to_numpy()
    reached = [float((number == k).sum()) for k in range(1, steps + 2)]
    return [(reached[k + 1], reached[k]) for k in range(steps)]


def windows_after_first(
    orders: pd.DataFrame, members: IntArray, days: int, length: int = 28, count: int = 6
) -> list[Pair]:
    """For successive windows after the first order: (members who order in it, members who can be followed so long)."""
    table = order_days(orders[orders["agent"].isin(members)])
    first = table.groupby("agent")["day"].transform("min")
    kept = table[first + length * count < days]
    age = kept["day"] - kept.groupby("agent")["day"].transform("min")
    n = float(kept["agent"].nunique())
    window = (age - 1) // length  # days 1..length after the first order are window 0
    return [(float(kept.loc[window == k, "agent"].nunique()), n) for k in range(count)]


def histories(orders: pd.DataFrame, members: IntArray, joined_until: int, until: int) -> tuple[Any, Any, Any, IntArray]:
    """Repeat buying of the members who first order by day `joined_until`, looked at on day `until`.

    x (repeats), t_x (first to last order), T (first order to `until`), days; and the ids.
    """
    table = order_days(orders[orders["agent"].isin(members)])
    table = table[(table["day"] <= until)]
    grouped = table.groupby("agent")["day"].agg(["min", "max", "size"])
    grouped = grouped[grouped["min"] <= joined_until]
    first = grouped["min"].to_numpy(dtype=np.float64)
    return (
        grouped["size"].to_numpy(dtype=np.float64) - 1,
        grouped["max"].to_numpy(dtype=np.float64) - first,
        until - first,
        grouped.index.to_numpy(dtype=np.int64),
    )


def spearman(x: Any, y: Any) -> float:
    """Rank correlation."""
    return float(pd.Series(x).corr(pd.Series(y), method="spearman"))


def slope(values: Sequence[float]) -> float:
    """Least-squares slope per step."""
    return float(np.polyfit(np.arange(len(values)), np.asarray(values, dtype=np.float64), 1)[0])


def pairs_of_friends(bought: IntArray, friends: int, senders: int) -> pd.DataFrame:
    """(agent, item, day) for each friend of each (sender, product, day); sender k's are senders + k friends, .."""
    sender, product, day = bought.T
    hearer = (senders + sender[:, None] * friends + np.arange(friends)).ravel()
    repeated = {"item": np.repeat(product, friends), "day": np.repeat(day, friends)}
    return pd.DataFrame({"agent": hearer, **repeated}).drop_duplicates(["agent", "item", "day"], ignore_index=True)
