"""What a run amounts to: every measure defined once, computed from a journal; imports only `forest`.

`MEASURES` says what each number means (formula, unit, which side is better); `measure` computes them all.
A number that the horizon or an empty denominator cannot give is None, never extrapolated. Sums are
exact integers and nothing depends on the order of rows, so equal journals give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.forest import grow

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Value = int | float | None

#: Written in `registered_day` and `last_visit_day` of a shopper to whom it never happened.
NEVER = -32768
#: A shopper registered at the start counts as retained if she visits in this many last days.
RETAINED_DAYS = 7
#: How long after her own registration a shopper's invitations count for the K factor.
K_WINDOW_DAYS = 30
LTV_DAYS = 180
#: Columns of the daily table that count what people do about each other's words.
ACTS = ("shows", "likes", "comments", "reposts", "questions", "answers")
MONTH_DAYS = 30
DISCOUNT_PER_MONTH = 0.01


class JournalLike(Protocol):
    """The tables of one run that measures read (columns: see `sim.journal`)."""

    @property
    def days(self) -> int: ...
    @property
    def daily(self) -> pd.DataFrame: ...
    @property
    def cohorts(self) -> pd.DataFrame: ...
    @property
    def shoppers(self) -> pd.DataFrame: ...
    @property
    def orders(self) -> pd.DataFrame: ...
    @property
    def products(self) -> pd.DataFrame: ...
    @property
    def ledger(self) -> pd.DataFrame: ...
    @property
    def events(self) -> pd.DataFrame | None: ...
    @property
    def served(self) -> Mapping[str, int] | None: ...


@dataclass(frozen=True)
class Measure:
    """One number about a run. `direction`: +1 more is better, -1 less is better, 0 neither."""

    name: str
    unit: str  # "cents" | "count" | "share" | "ratio" | "days" | "stars" | "distance"
    direction: int
    label: str
    zh: str
    definition: str


# fmt: off
_ALL = (
    Measure(
        "gmv_cents", "cents", +1, "GMV", "成交总额（GMV）",
        "Sum over confirmed orders of list price x quantity, before any reduction the shop funds.",
    ),
    Measure(
        "nmv_cents", "cents", +1, "NMV", "净成交额（NMV）",
        "What shoppers paid minus refunds.",
    ),
    Measure(
        "gross_profit_cents", "cents", +1, "gross profit", "毛利",
        "NMV - cost of goods (net of what resold returns give back) - fulfilment.",
    ),
    Measure(
        "profit_cents", "cents", +1, "profit", "利润",
        "Gross profit - expense lines of the ledger. Price cuts and coupons are already inside NMV.",
    ),
    Measure(
        "cost_cents", "cents", -1, "cost of the strategy", "策略成本",
        "Price cuts and coupons given (GMV - paid) + expense lines.",
    ),
    Measure(
        "roi", "ratio", +1, "return on the strategy's cost", "投资回报率",
        "(Profit of the strategy - profit of the control in the same world and noise) / cost of the strategy. "
        "Null in a single run, which has no control; the verdict gives it as a ratio of means.",
    ),
    Measure(
        "n_orders", "count", +1, "orders", "订单数",
        "Confirmed orders on measured days.",
    ),
    Measure(
        "n_buyers", "count", +1, "buyers", "购买人数",
        "Different shoppers with at least one confirmed order on measured days.",
    ),
    Measure(
        "n_registered", "count", +1, "new registrations", "新注册人数",
        "Registrations on measured days (organic, paid and invited).",
    ),
    Measure(
        "aov_cents", "cents", +1, "average order value", "客单价",
        "GMV / orders, so GMV = orders x average order value.",
    ),
    Measure(
        "conversion", "share", +1, "conversion", "转化率",
        "Orders / visits.",
    ),
    Measure(
        "repeat_rate_30d", "share", +1, "repeat rate within 30 days", "30 日复购率",
        "Of buyers whose first order of the measured days is on day f with f + 30 <= last day: share with an order "
        "on a later day up to f + 30.",
    ),
    Measure(
        "repeat_rate_90d", "share", +1, "repeat rate within 90 days", "90 日复购率",
        "Of buyers whose first order of the measured days is on day f with f + 90 <= last day: share with an order "
        "on a later day up to f + 90.",
    ),
    Measure(
        "retention_d1", "share", +1, "day-1 retention of new shoppers", "新用户次日留存",
        "Of registrations on measured days r with r + 1 <= last day: share with a visit on day r + 1 exactly.",
    ),
    Measure(
        "retention_d7", "share", +1, "day-7 retention of new shoppers", "新用户 7 日留存",
        "Of registrations on measured days r with r + 7 <= last day: share with a visit on day r + 7 exactly.",
    ),
    Measure(
        "retention_d30", "share", +1, "day-30 retention of new shoppers", "新用户 30 日留存",
        "Of registrations on measured days r with r + 30 <= last day: share with a visit on day r + 30 exactly.",
    ),
    Measure(
        "rolling_retention_d30", "share", +1, "rolling day-30 retention of new shoppers", "新用户 30 日滚动留存",
        "Of registrations on measured days r with r + 30 + 30 <= number of days: share with a visit on any day "
        ">= r + 30.",
    ),
    Measure(
        "retained_share", "share", +1, "retention of existing shoppers", "老用户留存率",
        "Of shoppers registered before measured day 0 (the same people under every strategy): share with a visit in "
        "the last 7 days. Null if fewer than 7 days are measured.",
    ),
    Measure(
        "dau_mean", "count", +1, "daily active shoppers", "日均活跃人数",
        "Mean over measured days of the number of different shoppers who visit.",
    ),
    Measure(
        "churn_rate_30d", "share", -1, "30-day churn", "30 日流失率",
        "1 - (1 - h)^30 with h = lapses / active at the start of the day, both summed over measured days; active at "
        "the start = active at the end - registered - returned + lapsed. Null if fewer than 30 days are measured.",
    ),
    Measure(
        "k_factor", "ratio", +1, "K factor", "K 因子",
        "Registrations attributed to an inviter within 30 days after her own registration, mean over shoppers who "
        "registered on measured days r with r + 30 <= last day.",
    ),
    Measure(
        "viral_cycle_days", "days", -1, "viral cycle time", "病毒传播周期",
        "Median of (registration day of the invitee - registration day of the inviter) over invited registrations "
        "on measured days whose inviter registered on a measured day too. Short horizons bias it downwards.",
    ),
    Measure(
        "cac_cents", "cents", -1, "cost per new buyer", "获客成本",
        "Cost of the strategy / shoppers who registered and ordered on measured days. The whole cost is charged to "
        "new buyers, so it is an upper bound where a strategy also serves existing ones. Null if nothing was spent.",
    ),
    Measure(
        "ltv_180d_cents", "cents", +1, "180-day value of a new shopper", "180 日用户价值",
        "Over shoppers registered on measured days r with r + 180 <= number of days: mean of paid - refunds - cost of "
        "goods - fulfilment of their orders on days r .. r + 179, discounted 1 % per full 30 days since registration; "
        "resale value of returns is credited to returned orders in proportion to their cost; before expense lines.",
    ),
    Measure(
        "arpu_cents", "cents", +1, "NMV per 30 active days", "每 30 个活跃日净成交额",
        "NMV / (sum over days of shoppers who visit) x 30.",
    ),
    Measure(
        "share_rate", "ratio", +1, "shares per order", "分享率",
        "Share events / orders.",
    ),
    Measure(
        "participation", "ratio", +1, "acts about each other's words, per visit", "互动率",
        "(Likes + comments + reposts + shows of what was bought + questions + answers) / visits.",
    ),
    Measure(
        "repost_rate", "ratio", +1, "reposts per share", "转发率",
        "Reposts / share events: how many further hands what somebody shared goes through.",
    ),
    Measure(
        "repost_depth", "ratio", 0, "mean depth of reposts", "转发深度",
        "Mean over reposts of the hands the words went through after their author's, this one included.",
    ),
    Measure(
        "review_mean", "stars", +1, "mean review", "平均评分",
        "Mean stars of the reviews written on measured days.",
    ),
    Measure(
        "team_success_rate", "share", +1, "team success rate", "成团率",
        "Teams that filled / (teams that filled + teams that failed) among those decided on measured days.",
    ),
    Measure(
        "gini_sales", "ratio", 0, "inequality of sales (Gini)", "销量基尼系数",
        "Gini coefficient of units sold over all products, unsold ones included.",
    ),
    Measure(
        "top20_share", "share", 0, "share of the top 20 % of buyers", "头部 20% 买家占比",
        "Share of NMV that comes from the fifth of buyers who spend most (a buyer on the border counts in part).",
    ),
    Measure(
        "one_hop_share", "share", 0, "adoptions within one hop", "一跳内采用占比",
        "Over first purchases of a product by a shopper on measured days: share at depth <= 1 of the referral forest. "
        "Depth 0: no sender; otherwise one more than the sender's own first purchase of it on an earlier day; a sender "
        "without one is a root at depth 0. Two on one day: the one without sender counts as the first.",
    ),
    Measure(
        "structural_virality", "distance", 0, "structural virality", "结构病毒性",
        "Mean over cascades (trees of the forest in one_hop_share with at least 2 members, the sender at the root "
        "being one) of the mean distance between two members: 2 / (n (n - 1)) x sum over non-root subtrees of "
        "size x (n - size).",
    ),
    Measure(
        "discount_per_buyer_cents", "cents", 0, "reductions a buyer received", "每位买家所得优惠",
        "(GMV - paid) / buyers.",
    ),
    Measure(
        "pushes_per_month", "ratio", -1, "the shop's messages per member and 30 days", "每位会员每 30 天收到的推送",
        "Messages of the shop received x 30 / sum over days of active shoppers at the end of the day.",
    ),
    Measure(
        "messages_per_month", "ratio", 0, "friends' messages per person and 30 days", "每人每 30 天收到的好友消息",
        "Personal messages about the shop (recommendations, warnings, requests) received x 30 / (people x days), "
        "people who never registered included.",
    ),
    Measure(
        "n_let_down", "count", -1, "seats in teams that failed", "未成团人次",
        "Shoppers whose team failed, each time counted.",
    ),
    Measure(
        "fatigue_mean", "ratio", -1, "fatigue at the end", "期末疲劳度",
        "Mean fatigue of active shoppers after the last day: pushes and requests of about the last ten days "
        "(docs/model.md, eq. 16).",
    ),
    *(
        Measure(
            f"left_over_{cause}_share", "share", 0, f"lapses over {cause}", f"{zh}流失占比",
            f"Lapses whose cause is {meaning}, over all lapses, on measured days. Null unless causes are written down "
            "(coefficient left_because).",
        )
        for cause, zh, meaning in (
            ("price", "因价格", "prices: a cheaper rival, or prices above those remembered"),
            ("service", "因服务", "bad experiences"),
            ("friends", "因好友", "friends who left, are not active, or warned"),
            ("fatigue", "因疲劳", "too much contact"),
            ("contact", "因触达", "what reached her on that day: a message that reminded her, news about the shop"),
        )
    ),
    Measure(
        "rec_accuracy", "share", +1, "accuracy of recommendations", "推荐准确度",
        "Mean true match of the products on a visitor's list, 0 = of all on sale, 1 = of those she would like best. "
        "Null if no recommender made lists.",
    ),
    Measure(
        "rec_hit_rate", "share", +1, "hit rate of recommendations", "推荐命中率",
        "Of the orders of visitors for whom a recommender made a list that day: share of a product on it.",
    ),
    Measure(
        "rec_coverage", "share", 0, "coverage of recommendations", "推荐覆盖率",
        "Products that stood on a visitor's list on any measured day / products.",
    ),
    Measure(
        "rec_diversity", "ratio", 0, "diversity of recommendations", "推荐多样性",
        "1 - mean cosine of the tastes of two products on one list, over all pairs on all visitors' lists.",
    ),
)
# fmt: on

#: Every measure, in the order in which tables show them.
MEASURES: dict[str, Measure] = {m.name: m for m in _ALL}


def measure(journal: JournalLike) -> dict[str, Value]:
    """Every measure of one run, in the order of `MEASURES`; None where it cannot be given."""
    days = journal.days
    totals = journal.daily.to_numpy(dtype=np.int64).sum(axis=0).tolist()
    daily = {str(name): total for name, total in zip(journal.daily.columns, totals, strict=True) if name != "day"}
    orders = _columns(
        journal.orders, "day", "agent", "product", "paid_cents", "cost_cents", "fulfilment_cents", "refund_cents",
        "parent",
    )  # fmt: skip
    is_returned = journal.orders["is_returned"].to_numpy(dtype=np.bool_)
    shoppers = _columns(journal.shoppers, "id", "registered_day", "inviter", "last_visit_day", "n_let_down")

    buyers = _unique(orders["agent"])
    registered = shoppers["registered_day"]
    cohorts = _columns(journal.cohorts, "cohort_day", "age", "n_registered", "n_active")
    n_new_buyers = int((np.isin(shoppers["id"], buyers) & (registered >= 0)).sum())
    gross_profit = daily["nmv_cents"] - daily["cogs_cents"] - daily["fulfilment_cents"]
    one_hop, virality = _cascades(orders)
    values: dict[str, Value] = {
        "gmv_cents": daily["gmv_cents"],
        "nmv_cents": daily["nmv_cents"],
        "gross_profit_cents": gross_profit,
        "profit_cents": gross_profit - daily["expense_cents"],
        "cost_cents": daily["contra_cents"] + daily["expense_cents"],
        "roi": None,
        "n_orders": daily["orders"],
        "n_buyers": len(buyers),
        "n_registered": daily["new_registrations"],
        "aov_cents": _ratio(daily["gmv_cents"], daily["orders"]),
        "conversion": _ratio(daily["orders"], daily["visits"]),
        "repeat_rate_30d": _repeat_rate(orders, 30, days),
        "repeat_rate_90d": _repeat_rate(orders, 90, days),
        "retention_d1": _retention(cohorts, 1, days),
        "retention_d7": _retention(cohorts, 7, days),
        "retention_d30": _retention(cohorts, 30, days),
        "rolling_retention_d30": _rolling_retention(shoppers, days),
        "retained_share": _retained_share(shoppers, days),
        "dau_mean": _ratio(daily["dau"], days),
        "churn_rate_30d": _churn_rate(journal.daily, days),
        "k_factor": _k_factor(shoppers, days),
        "viral_cycle_days": _viral_cycle(shoppers),
        "cac_cents": _ratio(daily["contra_cents"] + daily["expense_cents"] or None, n_new_buyers),
        "ltv_180d_cents": _lifetime_value(orders, is_returned, shoppers, daily["cogs_cents"], days),
        "arpu_cents": _ratio(daily["nmv_cents"] * 30, daily["dau"]),
        "share_rate": _ratio(daily["share_events"], daily["orders"]),
        "participation": _ratio(sum(daily[name] for name in ACTS), daily["visits"]),
        "repost_rate": _ratio(daily["reposts"], daily["share_events"]),
        "repost_depth": _ratio(daily["repost_hands"], daily["reposts"]),
        "review_mean": _ratio(daily["stars"], daily["reviews"]),
        "team_success_rate": _ratio(daily["teams_succeeded"], daily["teams_succeeded"] + daily["teams_failed"]),
        "gini_sales": gini(journal.products["units"].to_numpy(dtype=np.int64)),
        "top20_share": _top_fifth(orders, buyers),
        "one_hop_share": one_hop,
        "structural_virality": virality,
        "discount_per_buyer_cents": _ratio(daily["gmv_cents"] - daily["paid_cents"], len(buyers)),
        "pushes_per_month": _ratio(daily["pushes"] * MONTH_DAYS, daily["n_active"]),
        "messages_per_month": _ratio(daily["messages"] * MONTH_DAYS, len(shoppers["id"]) * days),
        "n_let_down": int(shoppers["n_let_down"].sum()),
        "fatigue_mean": _fatigue(journal.shoppers),
        **{
            f"{name}_share": _ratio(daily[name], daily["churned"]) if name in daily else None
            for name in (m.name.removesuffix("_share") for m in _ALL if m.name.startswith("left_over_"))
        },
        **_recommended(journal.served or {}),
    }
    return {name: values[name] for name in MEASURES}


def _recommended(served: Mapping[str, int]) -> dict[str, Value]:
    def share(count: str, of: str) -> float | None:
        return _ratio(served.get(count), served.get(of, 0))

    accuracy = None
    if served and served["match_best"] > served["match_random"]:
        accuracy = (served["match"] - served["match_random"]) / (served["match_best"] - served["match_random"])
    unlike = share("unlike", "pairs")
    return {
        "rec_accuracy": accuracy,
        "rec_hit_rate": share("hits", "orders"),
        "rec_coverage": share("products_shown", "products"),
        "rec_diversity": None if unlike is None else unlike / 2**20,
    }


def common_retention(worlds: Mapping[str, JournalLike | pd.DataFrame], days: int | None = None) -> pd.DataFrame:
    """D1, D7 and D30 among the shoppers who register on measured days under *every* strategy of one replication.

    A strategy changes who registers, so retention of all registrants mixes its effect on people with its choice of
    people; here the people are the same. `worlds`: label -> journal, or -> shoppers table (then say `days`). One row
    per strategy and measure; `n_shoppers` and `n_visited` are counts, so replications can be pooled by adding.
    """
    tables: dict[str, pd.DataFrame] = {}
    for label, world in worlds.items():
        if isinstance(world, pd.DataFrame):
            tables[label] = world
        else:
            tables[label] = world.shoppers
            days = world.days if days is None else days
    if days is None:
        raise TypeError("common_retention: say `days` when the worlds are given as tables")
    people = {label: _columns(table, "id", "registered_day") for label, table in tables.items()}
    rows: list[tuple[str, str, int, int, float]] = []
    for age in (1, 7, 30):
        common: IntArray | None = None
        for table in people.values():
            day = table["registered_day"]
            ids = _unique(table["id"][(day >= 0) & (day + age <= days - 1)])
            common = ids if common is None else np.intersect1d(common, ids, assume_unique=True)
        for label, table in people.items():
            is_common = np.isin(table["id"], common if common is not None else [])
            n = int(is_common.sum())
            n_visited = int(tables[label][f"visited_d{age}"].to_numpy(dtype=np.bool_)[is_common].sum())
            rows.append((label, f"retention_d{age}", n, n_visited, n_visited / n if n else math.nan))
    return pd.DataFrame(rows, columns=["strategy", "measure", "n_shoppers", "n_visited", "share"])


def gini(units: IntArray) -> float | None:
    """Gini coefficient of non-negative counts; None if nothing was sold."""
    x = np.sort(units)
    n, total = len(x), int(x.sum())
    if total == 0:
        return None
    weighted = int((x * np.arange(1, n + 1, dtype=np.int64)).sum())
    return (2 * weighted - (n + 1) * total) / (n * total)


def _fatigue(shoppers: pd.DataFrame) -> float | None:
    of_active = shoppers["fatigue"].to_numpy(dtype=np.float64)[(shoppers["status"] == "active").to_numpy()]
    return math.fsum(of_active.tolist()) / len(of_active) if len(of_active) else None


def _columns(table: pd.DataFrame, *names: str) -> dict[str, IntArray]:
    return {name: table[name].to_numpy(dtype=np.int64) for name in names}


def _unique(values: IntArray) -> IntArray:
    return np.asarray(np.unique(values), dtype=np.int64)


def _ratio(numerator: int | None, denominator: int) -> float | None:
    return None if numerator is None or denominator == 0 else numerator / denominator


def _retention(cohorts: dict[str, IntArray], age: int, days: int) -> float | None:
    is_observed = (cohorts["cohort_day"] >= 0) & (cohorts["cohort_day"] + age <= days - 1)
    n_registered = int(cohorts["n_registered"][is_observed & (cohorts["age"] == 0)].sum())
    n_active = int(cohorts["n_active"][is_observed & (cohorts["age"] == age)].sum())
    return _ratio(n_active, n_registered)


def _rolling_retention(shoppers: dict[str, IntArray], days: int) -> float | None:
    day = shoppers["registered_day"]
    is_observed = (day >= 0) & (day + 30 + 30 <= days)
    came_back = is_observed & (shoppers["last_visit_day"] >= day + 30)
    return _ratio(int(came_back.sum()), int(is_observed.sum()))


def _retained_share(shoppers: dict[str, IntArray], days: int) -> float | None:
    if days < RETAINED_DAYS:
        return None
    was_there = (shoppers["registered_day"] < 0) & (shoppers["registered_day"] != NEVER)
    is_retained = was_there & (shoppers["last_visit_day"] >= days - RETAINED_DAYS)
    return _ratio(int(is_retained.sum()), int(was_there.sum()))


def _churn_rate(daily: pd.DataFrame, days: int) -> float | None:
    table = _columns(daily, "n_active", "new_registrations", "returned", "churned")
    at_start = table["n_active"] - table["new_registrations"] - table["returned"] + table["churned"]
    lapse_rate = _ratio(int(table["churned"].sum()), int(at_start.sum()))
    if lapse_rate is None or days < MONTH_DAYS:
        return None
    stay = 1.0
    for _ in range(MONTH_DAYS):  # not **: a library's power may differ in the last bit between processors
        stay *= 1.0 - lapse_rate
    return 1.0 - stay


def _repeat_rate(orders: dict[str, IntArray], within: int, days: int) -> float | None:
    """Share of buyers, first order at least `within` days before the end, who order again in time."""
    by_agent = np.lexsort((orders["day"], orders["agent"]))
    agent, day = orders["agent"][by_agent], orders["day"][by_agent]
    is_new_day = np.ones(len(agent), dtype=np.bool_)
    is_new_day[1:] = (agent[1:] != agent[:-1]) | (day[1:] != day[:-1])
    agent, day = agent[is_new_day], day[is_new_day]  # one row per shopper and day with an order
    is_first = np.ones(len(agent), dtype=np.bool_)
    is_first[1:] = agent[1:] != agent[:-1]
    next_day = np.full(len(agent), np.iinfo(np.int64).max, dtype=np.int64)
    next_day[:-1][~is_first[1:]] = day[1:][~is_first[1:]]
    is_observed = is_first & (day + within <= days - 1)
    repeated = is_observed & (next_day <= day + within)
    return _ratio(int(repeated.sum()), int(is_observed.sum()))


def _invitations(shoppers: dict[str, IntArray]) -> tuple[IntArray, IntArray]:
    """(registration day of the inviter, of the invitee) where both registered on measured days."""
    by_id = np.argsort(shoppers["id"], kind="stable")
    ids, day = shoppers["id"][by_id], shoppers["registered_day"][by_id]
    is_invited = (shoppers["inviter"] >= 0) & (shoppers["registered_day"] >= 0)
    inviter, invitee_day = shoppers["inviter"][is_invited], shoppers["registered_day"][is_invited]
    if len(ids) == 0:
        return invitee_day, invitee_day
    row = np.minimum(np.searchsorted(ids, inviter), len(ids) - 1)
    is_known = (ids[row] == inviter) & (day[row] >= 0)
    return day[row][is_known], invitee_day[is_known]


def _k_factor(shoppers: dict[str, IntArray], days: int) -> float | None:
    inviter_day, invitee_day = _invitations(shoppers)
    last = days - 1 - K_WINDOW_DAYS
    day = shoppers["registered_day"]
    n_observed = int(((day >= 0) & (day <= last)).sum())
    in_time = (inviter_day <= last) & (invitee_day >= inviter_day) & (invitee_day <= inviter_day + K_WINDOW_DAYS)
    return _ratio(int(in_time.sum()), n_observed)


def _viral_cycle(shoppers: dict[str, IntArray]) -> float | None:
    inviter_day, invitee_day = _invitations(shoppers)
    return float(np.median(invitee_day - inviter_day)) if len(inviter_day) else None


def _lifetime_value(
    orders: dict[str, IntArray], is_returned: BoolArray, shoppers: dict[str, IntArray], cogs_cents: int, days: int
) -> float | None:
    by_id = np.argsort(shoppers["id"], kind="stable")
    ids, registered = shoppers["id"][by_id], shoppers["registered_day"][by_id]
    n_observed = int(((registered >= 0) & (registered + LTV_DAYS <= days)).sum())
    if n_observed == 0:
        return None
    row = np.minimum(np.searchsorted(ids, orders["agent"]), len(ids) - 1)
    joined = registered[row]
    age = orders["day"] - joined
    counts = (ids[row] == orders["agent"]) & (joined >= 0) & (joined + LTV_DAYS <= days) & (age >= 0) & (age < LTV_DAYS)
    # What resold returns gave back is known in total only (daily cost of goods is net of it).
    returned_cost = int(orders["cost_cents"][is_returned].sum())
    credit = min(max(int(orders["cost_cents"].sum()) - cogs_cents, 0), returned_cost)
    contribution = orders["paid_cents"] - orders["refund_cents"] - orders["cost_cents"] - orders["fulfilment_cents"]
    value, factor = 0.0, 1.0
    for month in range(LTV_DAYS // MONTH_DAYS):
        in_month = counts & (age // MONTH_DAYS == month)
        cents = float(int(contribution[in_month].sum()))
        if returned_cost:
            cents += int(orders["cost_cents"][in_month & is_returned].sum()) * credit / returned_cost
        value += cents * factor
        factor /= 1.0 + DISCOUNT_PER_MONTH
    return value / n_observed


def _top_fifth(orders: dict[str, IntArray], buyers: IntArray) -> float | None:
    row = np.searchsorted(buyers, orders["agent"])
    spend = np.zeros(len(buyers), dtype=np.int64)
    np.add.at(spend, row, orders["paid_cents"] - orders["refund_cents"])
    spend = np.sort(spend)[::-1]
    total = int(spend.sum())
    if total <= 0:
        return None
    whole, part = divmod(len(spend), 5)
    fifths = 5 * int(spend[:whole].sum()) + (part * int(spend[whole]) if part else 0)
    return fifths / (5 * total)


def _cascades(orders: dict[str, IntArray]) -> tuple[float | None, float | None]:
    """(one_hop_share, structural_virality) of the referral forest of first purchases."""
    if len(orders["day"]) == 0:
        return None, None
    products = _unique(orders["product"])
    product = np.searchsorted(products, orders["product"]).astype(np.int64)
    parent = np.where(orders["parent"] == orders["agent"], -1, orders["parent"])
    # One key per (product, shopper): shopper ids are below 2**31.
    key = (product << 31) | orders["agent"]
    first = np.lexsort((parent, orders["day"], key))
    is_first = np.ones(len(first), dtype=np.bool_)
    is_first[1:] = key[first][1:] != key[first][:-1]
    first = first[is_first]
    key, day, parent, product = key[first], orders["day"][first], parent[first], product[first]

    # The sender's own first purchase, if it was on an earlier day; otherwise she is a root without a purchase.
    sender_key = (product << 31) | np.maximum(parent, 0)
    row = np.minimum(np.searchsorted(key, sender_key), len(key) - 1)
    has_sender = parent >= 0
    follows_purchase = has_sender & (key[row] == sender_key) & (day[row] < day)
    is_from_seed = has_sender & ~follows_purchase
    seeds, seed_row = np.unique(sender_key[is_from_seed], return_inverse=True)

    n_first = len(key)
    above = np.full(n_first + len(seeds), -1, dtype=np.int64)  # row of the parent in the forest
    above[:n_first][follows_purchase] = row[follows_purchase]
    above[:n_first][is_from_seed] = n_first + seed_row
    forest = grow(above)
    one_hop = int((forest.depth[:n_first] <= 1).sum()) / n_first
    cascades = np.flatnonzero((above < 0) & (forest.size >= 2))
    if not len(cascades):
        return one_hop, None
    return one_hop, math.fsum(forest.virality(cascades).tolist()) / len(cascades)
