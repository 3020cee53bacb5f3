"""Measures on hand-made journals: every answer here was worked out on paper, or by brute force another way."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.journal import LEFT
from sim.metrics import MEASURES, NEVER, common_retention, gini, measure

DAILY = [
    "visits", "dau", "new_registrations", "new_organic", "new_paid", "new_invited", "returned", "churned",
    "n_prospects", "n_active", "n_lapsed", "orders", "units", "gmv_cents", "paid_cents", "refund_cents", "nmv_cents",
    "cogs_cents", "fulfilment_cents", "contra_cents", "expense_cents", "cost_cents", "share_events", "messages",
    "pushes", "reviews", "stars", "returns", "teams_founded", "teams_succeeded", "teams_failed",
    "shows", "likes", "comments", "reposts", "repost_hands", "questions", "answers",
]  # fmt: skip
SHOPPER = {
    "id": 0, "persona": "loyal_member", "registered_day": NEVER, "channel": "", "inviter": -1, "status": "prospect",
    "last_visit_day": NEVER, "visits": 0, "n_orders": 0, "spend_cents": 0,
    "discount_cents": 0, "n_pushes": 0, "n_messages": 0, "n_let_down": 0, "fatigue": 0.0,
    "visited_d1": False, "visited_d7": False, "visited_d30": False,
}  # fmt: skip
ORDER = {
    "day": 0, "agent": 0, "product": 0, "mode": "solo", "quantity": 1, "list_cents": 100, "paid_cents": 100,
    "cost_cents": 0, "fulfilment_cents": 0, "cause": "browse", "parent": -1, "is_returned": False, "refund_cents": 0,
    "tactic": "",
}  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """A journal made by hand; what is not said is zero or empty."""

    days: int
    daily: pd.DataFrame
    cohorts: pd.DataFrame = field(
        default_factory=lambda: rows([], {"cohort_day": 0, "age": 0, "n_registered": 0, "n_active": 0})
    )
    shoppers: pd.DataFrame = field(default_factory=lambda: rows([], SHOPPER))
    orders: pd.DataFrame = field(default_factory=lambda: rows([], ORDER))
    products: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"id": [0], "units": [0], "gmv_cents": [0]}))
    ledger: pd.DataFrame = field(default_factory=pd.DataFrame)
    served: dict[str, int] | None = None


def rows(given_rows: list[dict[str, Any]], default: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame([default | row for row in given_rows], columns=list(default))
    if not given_rows:
        table = table.astype({name: type(value) for name, value in default.items() if not isinstance(value, str)})
    return table


def by_day(days: int, **columns: list[int] | int) -> pd.DataFrame:
    table = pd.DataFrame({"day": range(days)})
    for name in DAILY:
        value = columns.pop(name, 0)
        table[name] = value if isinstance(value, int) else value + [0] * (days - len(value))
    assert not columns, f"no such column: {columns}"
    return table.astype("int64")


def hand(days: int = 90, *, shoppers: Any = (), orders: Any = (), **kw: Any) -> Hand:
    daily = kw.pop("daily", None)
    journal = Hand(days, by_day(days) if daily is None else daily, **kw)
    return replace(journal, shoppers=rows(list(shoppers), SHOPPER), orders=rows(list(orders), ORDER))


def test_every_measure_of_the_contract_is_there_in_order() -> None:
    names = [
        "gmv_cents", "nmv_cents", "gross_profit_cents", "profit_cents", "cost_cents", "roi", "n_orders", "n_buyers",
        "n_registered", "aov_cents", "conversion", "repeat_rate_30d", "repeat_rate_90d", "retention_d1", "retention_d7",
        "retention_d30", "rolling_retention_d30", "retained_share", "dau_mean", "churn_rate_30d", "k_factor",
        "viral_cycle_days", "cac_cents", "ltv_180d_cents", "arpu_cents", "share_rate", "participation",
        "repost_rate", "repost_depth", "review_mean", "team_success_rate", "gini_sales", "top20_share",
        "one_hop_share", "structural_virality", "discount_per_buyer_cents", "pushes_per_month", "messages_per_month",
        "n_let_down", "fatigue_mean",
        *(f"{name}_share" for name in LEFT),
        "rec_accuracy", "rec_hit_rate", "rec_coverage", "rec_diversity",
    ]  # fmt: skip
    assert list(MEASURES) == names
    assert list(measure(hand())) == names
    for name, m in MEASURES.items():
        assert m.name == name
        assert m.direction in (-1, 0, 1)
        assert m.definition.endswith(".")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in m.zh)


def test_an_empty_shop_gives_zeros_and_nulls() -> None:
    got = measure(hand())
    zeros = {"gmv_cents", "nmv_cents", "gross_profit_cents", "profit_cents", "cost_cents", "n_orders", "n_buyers"}
    zeros |= {"n_registered", "dau_mean", "n_let_down"}
    assert {name for name, value in got.items() if value is not None} == zeros
    assert all(got[name] == 0 for name in zeros)


def test_a_day_of_one_shopper() -> None:
    daily = by_day(1, visits=1, dau=1, n_active=1, orders=1, gmv_cents=1000, paid_cents=900, nmv_cents=900)
    got = measure(hand(1, daily=daily, shoppers=[{"registered_day": -5}], orders=[{"paid_cents": 900}]))
    assert got["conversion"] == 1
    assert got["retained_share"] is None
    assert got["churn_rate_30d"] is None
    assert got["top20_share"] == 0.2  # one buyer: a fifth of her


def test_money() -> None:
    daily = by_day(
        2, visits=[40, 10], dau=[30, 10], orders=[4, 1], gmv_cents=[10_000, 2_500], paid_cents=[9_000, 2_500],
        refund_cents=[0, 500], nmv_cents=[9_000, 2_000], cogs_cents=[6_000, 1_000], fulfilment_cents=[400, 100],
        contra_cents=[1_000, 0], expense_cents=[300, 200], cost_cents=[1_300, 200], share_events=[1, 1],
        shows=[1, 0], likes=[9, 4], comments=[2, 0], reposts=[3, 1], repost_hands=[5, 4], questions=[3, 2], answers=1,
        reviews=[3, 1], stars=[12, 5], teams_succeeded=[3, 0], teams_failed=[0, 1], new_registrations=[7, 1],
    )  # fmt: skip
    got = measure(hand(2, daily=daily))
    assert got["gmv_cents"] == 12_500
    assert got["nmv_cents"] == 11_000
    assert got["gross_profit_cents"] == 11_000 - 7_000 - 500
    assert got["profit_cents"] == 3_500 - 500
    assert got["cost_cents"] == 1_500
    assert got["roi"] is None
    assert got["n_orders"] == 5
    assert got["n_registered"] == 8
    assert got["aov_cents"] == 2_500
    assert got["conversion"] == 5 / 50
    assert got["arpu_cents"] == 11_000 / 40 * 30
    assert got["dau_mean"] == 20
    assert got["share_rate"] == 2 / 5
    assert got["participation"] == (1 + 13 + 2 + 4 + 5 + 2) / 50
    assert got["repost_rate"] == 4 / 2
    assert got["repost_depth"] == 9 / 4
    assert got["review_mean"] == 17 / 4
    assert got["team_success_rate"] == 3 / 4
    for name in ("gmv_cents", "profit_cents", "n_orders"):
        assert type(got[name]) is int


def test_retention_counts_the_exact_day_and_only_cohorts_observed_long_enough() -> None:
    cohorts = pd.DataFrame(
        [  # cohort_day, age, n_registered, n_active; 9 days: the last is day 8
            (0, 0, 10, 10), (0, 1, 10, 4), (0, 7, 10, 2), (0, 8, 10, 9),
            (1, 0, 5, 5), (1, 1, 5, 1), (1, 7, 5, 0),
            (2, 0, 8, 8), (2, 1, 8, 8),   # would be 7 days old on day 9: not observed
            (8, 0, 100, 100),             # not even one day old
        ],
        columns=["cohort_day", "age", "n_registered", "n_active"],
    )  # fmt: skip
    got = measure(hand(9, cohorts=cohorts))
    assert got["retention_d1"] == (4 + 1 + 8) / (10 + 5 + 8)
    assert got["retention_d7"] == 2 / 15
    assert got["retention_d30"] is None


def test_rolling_retention_needs_thirty_days_after_day_thirty() -> None:
    shoppers = [
        {"id": 1, "registered_day": 0, "last_visit_day": 29},
        {"id": 2, "registered_day": 0, "last_visit_day": 30},
        {"id": 3, "registered_day": 2, "last_visit_day": 61},
        {"id": 4, "registered_day": 3, "last_visit_day": 61},  # 3 + 60 > 62
        {"id": 5, "registered_day": -1, "last_visit_day": 61},
    ]
    assert measure(hand(62, shoppers=shoppers))["rolling_retention_d30"] == 2 / 3
    assert measure(hand(59, shoppers=shoppers))["rolling_retention_d30"] is None


def test_retained_share_is_about_those_who_were_there() -> None:
    shoppers = [
        {"id": 1, "registered_day": -1, "last_visit_day": 23},  # day 23 is the first of the last 7 of 30
        {"id": 2, "registered_day": -400, "last_visit_day": 29},
        {"id": 3, "registered_day": -2, "last_visit_day": 22},
        {"id": 4, "registered_day": -2, "last_visit_day": NEVER},
        {"id": 5, "registered_day": 0, "last_visit_day": 29},
        {"id": 6, "registered_day": NEVER},
    ]
    assert measure(hand(30, shoppers=shoppers))["retained_share"] == 2 / 4


def test_churn_is_the_daily_lapse_rate_over_thirty_days() -> None:
    # Day 0 starts with 100 active: 10 lapse, 5 come back, 5 register. Day 1: 100, 10 lapse. Then 90 and no more.
    days = 30
    churned, n_active = [10, 10], [100, 90] + [90] * 28
    daily = by_day(days, churned=churned, returned=[5], new_registrations=[5], n_active=n_active)
    at_start = 100 + 100 + 28 * 90
    expected = 1 - Fraction(at_start - 20, at_start) ** 30
    assert measure(hand(days, daily=daily))["churn_rate_30d"] == pytest.approx(float(expected), rel=1e-12)


def test_repeat_rates() -> None:
    orders = [
        {"agent": 1, "day": 0}, {"agent": 1, "day": 30},            # repeats, just in time
        {"agent": 2, "day": 5}, {"agent": 2, "day": 36},            # 31 days later: too late for 30, in time for 90
        {"agent": 3, "day": 1}, {"agent": 3, "day": 1},             # twice on one day is no repeat
        {"agent": 4, "day": 60}, {"agent": 4, "day": 61},           # 60 + 30 <= 99: observed, repeats
        {"agent": 5, "day": 70}, {"agent": 5, "day": 71},           # 70 + 30 > 99: not observed
        {"agent": 6, "day": 9}, {"agent": 6, "day": 9}, {"agent": 6, "day": 10},
    ]  # fmt: skip
    got = measure(hand(100, orders=orders))
    assert got["repeat_rate_30d"] == 3 / 5  # 1, 4, 6 of 1, 2, 3, 4, 6
    assert got["repeat_rate_90d"] == 3 / 4  # 1, 2, 6 of 1, 2, 3, 6
    assert got["n_buyers"] == 6
    assert measure(hand(90, orders=orders))["repeat_rate_90d"] is None


def test_k_factor_and_cycle_time() -> None:
    shoppers = [
        {"id": 50, "registered_day": 0},
        {"id": 7, "registered_day": 4, "inviter": 50},    # counts, 4 days
        {"id": 9, "registered_day": 30, "inviter": 50},   # counts, 30 days
        {"id": 3, "registered_day": 31, "inviter": 50},   # too late for K, 31 days for the cycle
        {"id": 8, "registered_day": 9, "inviter": 7},     # counts, 5 days
        {"id": 2, "registered_day": 10, "inviter": 1},    # inviter from before the window: neither
        {"id": 1, "registered_day": -20},
        {"id": 4, "registered_day": 35},                  # observed 24 days: not in the denominator
        {"id": 5, "registered_day": 36, "inviter": 4},    # 1 day; inviter not observed for 30 days
        {"id": 6, "registered_day": NEVER, "inviter": -1},
    ]  # fmt: skip
    got = measure(hand(60, shoppers=shoppers))  # observed if registered on day 0 .. 29: 50, 7, 8, 2
    assert got["k_factor"] == 3 / 4
    assert got["viral_cycle_days"] == 5  # median of 1 4 5 30 31
    assert measure(hand(30, shoppers=shoppers))["k_factor"] is None


def test_cost_per_new_buyer() -> None:
    shoppers = [{"id": 1, "registered_day": 2}, {"id": 2, "registered_day": -1}, {"id": 3, "registered_day": 0}]
    orders = [{"agent": 1, "day": 3}, {"agent": 1, "day": 5}, {"agent": 2, "day": 3}]
    daily = by_day(10, expense_cents=[100, 50], contra_cents=[0, 7])
    assert measure(hand(10, daily=daily, shoppers=shoppers, orders=orders))["cac_cents"] == 157
    assert measure(hand(10, shoppers=shoppers, orders=orders))["cac_cents"] is None


def test_lifetime_value() -> None:
    shoppers = [
        {"id": 1, "registered_day": 0}, {"id": 2, "registered_day": 20}, {"id": 3, "registered_day": 21},
        {"id": 4, "registered_day": -1},
    ]  # fmt: skip
    money = {"paid_cents": 1000, "cost_cents": 600, "fulfilment_cents": 50}
    orders = [
        {"agent": 1, "day": 29, **money},                                    # month 0: 350
        {"agent": 1, "day": 30, **money},                                    # month 1: 350 / 1.01
        {"agent": 1, "day": 180, **money},                                   # day 180 of her life: beyond
        {"agent": 2, "day": 199, **money, "is_returned": True, "refund_cents": 1000},  # month 5
        {"agent": 3, "day": 40, **money},                                    # registered too late: 21 + 180 > 200
        {"agent": 4, "day": 40, **money},
    ]  # fmt: skip
    # Of the returned order's cost of 600 the shop got 300 back: cost of goods 6 x 600 - 300.
    daily = by_day(200, cogs_cents=[3300])
    expected = (350 + 350 / 1.01 + (0 - 300 - 50) / 1.01**5) / 2
    got = measure(hand(200, daily=daily, shoppers=shoppers, orders=orders))
    assert got["ltv_180d_cents"] == pytest.approx(expected)
    assert measure(hand(179, shoppers=shoppers, orders=orders[:2]))["ltv_180d_cents"] is None


def test_top_fifth_of_buyers() -> None:
    spend = [500, 300, 100, 50, 30, 20]  # 6 buyers: the first and a fifth of the second
    orders = [{"agent": i, "paid_cents": cents + 40, "refund_cents": 40} for i, cents in enumerate(spend)]
    assert measure(hand(orders=orders))["top20_share"] == pytest.approx((500 + 60) / 1000)
    assert measure(hand(orders=[{"refund_cents": 100}]))["top20_share"] is None


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_gini_is_half_the_relative_mean_absolute_difference(units: list[int]) -> None:
    got = gini(np.array(units, dtype=np.int64))
    total = sum(units)
    if total == 0:
        assert got is None
        return
    expected = Fraction(sum(abs(a - b) for a in units for b in units), 2 * len(units) * total)
    assert got == pytest.approx(float(expected), abs=1e-12)


def test_gini_counts_products_that_sold_nothing() -> None:
    products = pd.DataFrame({"id": [1, 2, 3, 4], "units": [0, 0, 0, 12]})
    assert measure(hand(products=products))["gini_sales"] == 0.75


def test_a_referral_chain() -> None:
    # 1 -> 2 -> 3 buy product 5 on days 0, 1, 2: a path. Distances 1, 1, 2: mean 4/3. 3 is two hops from the seed.
    orders = [
        {"day": 0, "agent": 1, "product": 5}, {"day": 1, "agent": 2, "product": 5, "parent": 1},
        {"day": 2, "agent": 3, "product": 5, "parent": 2}, {"day": 9, "agent": 3, "product": 5, "parent": -1},
        {"day": 3, "agent": 4, "product": 6},
    ]  # fmt: skip
    got = measure(hand(orders=orders))
    assert got["one_hop_share"] == 3 / 4
    assert got["structural_virality"] == pytest.approx(4 / 3)


def test_a_sender_who_did_not_buy_before_is_the_root() -> None:
    # 9 never bought: star of 9 with 1, 2 (distances 1, 1, 2). 3's sender 1 bought later than 3: a root of her own.
    orders = [
        {"day": 4, "agent": 1, "product": 5, "parent": 9}, {"day": 7, "agent": 2, "product": 5, "parent": 9},
        {"day": 4, "agent": 3, "product": 5, "parent": 1},
    ]  # fmt: skip
    got = measure(hand(orders=orders))
    assert got["one_hop_share"] == 1
    assert got["structural_virality"] == pytest.approx((4 / 3 + 1) / 2)


def test_nobody_was_referred() -> None:
    got = measure(hand(orders=[{"agent": 1}, {"agent": 2, "parent": 2}]))  # her own message does not count
    assert got["one_hop_share"] == 1
    assert got["structural_virality"] is None


@given(st.integers(0, 10**6), st.integers(2, 40), st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_cascades_against_networkx(seed: int, n: int, p_parent: float) -> None:
    rng = np.random.default_rng(seed)
    agents = rng.permutation(np.arange(100, 100 + n)).tolist()
    orders: list[dict[str, Any]] = []
    forests: dict[int, nx.Graph[int]] = {}
    depth: list[int] = []
    for product in (3, 8):
        forest = forests[product] = nx.Graph()
        root_depth: dict[int, int] = {}
        for i, agent in enumerate(agents):
            forest.add_node(agent)
            parent = agents[int(rng.integers(i))] if i and rng.random() < p_parent else -1
            root_depth[agent] = root_depth[parent] + 1 if parent >= 0 else 0
            if parent >= 0:
                forest.add_edge(parent, agent)
            orders.append({"day": i, "agent": agent, "product": product, "parent": parent})
        depth += root_depth.values()
    trees = [f.subgraph(part) for f in forests.values() for part in nx.connected_components(f) if len(part) > 1]
    got = measure(hand(orders=[orders[i] for i in rng.permutation(len(orders))]))
    assert got["one_hop_share"] == sum(d <= 1 for d in depth) / len(depth)
    if trees:
        expected = math.fsum(nx.average_shortest_path_length(tree) for tree in trees) / len(trees)
        assert got["structural_virality"] == pytest.approx(expected, rel=1e-12)
    else:
        assert got["structural_virality"] is None


def random_journal(seed: int, n_shoppers: int = 300, n_orders: int = 500, days: int = 200) -> Hand:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(4 * n_shoppers)[:n_shoppers]
    registered = np.where(rng.random(n_shoppers) < 0.2, NEVER, rng.integers(-60, days, n_shoppers))
    inviter = np.where(rng.random(n_shoppers) < 0.3, rng.choice(ids, n_shoppers), -1)
    shoppers = pd.DataFrame(
        {
            "id": ids, "persona": "x", "registered_day": registered, "channel": "", "inviter": inviter,
            "status": np.where(rng.random(n_shoppers) < 0.5, "active", "lapsed"),
            "last_visit_day": np.where(registered == NEVER, NEVER, rng.integers(0, days, n_shoppers)),
            "visited_d1": rng.random(n_shoppers) < 0.3, "visited_d7": rng.random(n_shoppers) < 0.2,
            "visited_d30": rng.random(n_shoppers) < 0.1, "n_let_down": rng.integers(0, 3, n_shoppers),
            "fatigue": rng.random(n_shoppers),
        }
    )  # fmt: skip
    paid = rng.integers(100, 9000, n_orders)
    is_returned = rng.random(n_orders) < 0.1
    orders = pd.DataFrame(
        {
            "day": rng.integers(0, days, n_orders), "agent": rng.choice(ids, n_orders),
            "product": rng.integers(0, 20, n_orders), "paid_cents": paid, "cost_cents": paid // 2,
            "fulfilment_cents": 30, "parent": np.where(rng.random(n_orders) < 0.4, rng.choice(ids, n_orders), -1),
            "is_returned": is_returned, "refund_cents": np.where(is_returned, paid, 0),
        }
    )  # fmt: skip
    daily = by_day(days, **{name: rng.integers(1, 500, days).tolist() for name in DAILY})
    cohorts = pd.DataFrame(
        [(r, a, 5, int(rng.integers(0, 6)), 0, 0) for r in range(days) for a in range(min(32, days - r))],
        columns=["cohort_day", "age", "n_registered", "n_active", "n_buyers", "gmv_cents"],
    )
    products = pd.DataFrame({"id": range(20), "units": rng.integers(0, 50, 20)})
    served = {
        "orders": 40, "hits": 12, "products": 20, "products_shown": 9, "pairs": 90, "unlike": 80 * 2**20,
        "match": 5, "match_random": 1, "match_best": 9,
    }  # fmt: skip
    return Hand(days, daily, cohorts, shoppers, orders, products, served=served)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_changes_no_bit(seed: int) -> None:
    journal = random_journal(seed)
    rng = np.random.default_rng(seed)

    def mixed(table: pd.DataFrame) -> pd.DataFrame:
        return table.iloc[rng.permutation(len(table))]

    shuffled = replace(
        journal, shoppers=mixed(journal.shoppers), orders=mixed(journal.orders), products=mixed(journal.products),
        cohorts=mixed(journal.cohorts), daily=mixed(journal.daily),
    )  # fmt: skip
    got = measure(journal)
    assert [name for name, value in got.items() if value is None] == ["roi", *(f"{name}_share" for name in LEFT)]
    assert measure(shuffled) == got


def test_a_large_journal_takes_seconds_at_most() -> None:
    journal = random_journal(1, n_shoppers=100_000, n_orders=1_000_000, days=90)
    clock = time.process_time()
    measure(journal)
    assert time.process_time() - clock < 5


def test_common_retention_compares_the_same_people() -> None:
    a = rows([
        {"id": 1, "registered_day": 0, "visited_d1": True, "visited_d7": True},
        {"id": 2, "registered_day": 3, "visited_d1": True},
        {"id": 3, "registered_day": 1, "visited_d1": True},
        {"id": 4, "registered_day": -1, "visited_d1": True},
        {"id": 5, "registered_day": 8, "visited_d7": True},   # 8 + 7 > 14
    ], SHOPPER)  # fmt: skip
    b = rows([
        {"id": 5, "registered_day": 2, "visited_d7": True},
        {"id": 3, "registered_day": NEVER},
        {"id": 1, "registered_day": 5},
        {"id": 2, "registered_day": 14, "visited_d1": False},  # 14 + 1 > 14
        {"id": 4, "registered_day": -1, "visited_d1": True},
    ], SHOPPER)  # fmt: skip
    got: Any = common_retention({"control": a, "x": b}, days=15).set_index(["strategy", "measure"])
    assert tuple(got.loc[("control", "retention_d1")])[:2] == (2, 1)  # 1 and 5
    assert tuple(got.loc[("x", "retention_d1")])[:2] == (2, 0)
    assert tuple(got.loc[("control", "retention_d7")])[:2] == (1, 1)  # 1
    assert got.loc[("x", "retention_d7"), "share"] == 0
    assert got.loc[("x", "retention_d30"), "n_shoppers"] == 0
    assert got["share"].isna().tolist() == [False, False, False, False, True, True]
    journals = {label: hand(15, shoppers=table.to_dict("records")) for label, table in {"control": a, "x": b}.items()}
    assert common_retention(journals).set_index(["strategy", "measure"]).equals(got)
    with pytest.raises(TypeError, match="days"):
        common_retention({"control": a})


def test_who_pays_for_the_win() -> None:
    shoppers = [
        {"id": 1, "status": "active", "n_let_down": 2, "fatigue": 1.5},
        {"id": 2, "status": "active", "n_let_down": 0, "fatigue": 0.5},
        {"id": 3, "status": "lapsed", "n_let_down": 1, "fatigue": 9.0},  # gone: tires no more
        {"id": 4, "status": "prospect"},
    ]
    orders = [{"agent": 1, "list_cents": 500}, {"agent": 1}, {"agent": 2}]
    daily = by_day(
        2, gmv_cents=[700, 200], paid_cents=[500, 150], pushes=[4, 6], messages=[10, 14], n_active=[3, 2],
    )  # fmt: skip
    got = measure(hand(2, daily=daily, shoppers=shoppers, orders=orders))
    assert got["discount_per_buyer_cents"] == (900 - 650) / 2
    assert got["pushes_per_month"] == 10 * 30 / 5
    assert got["messages_per_month"] == 24 * 30 / (4 * 2)
    assert got["n_let_down"] == 3
    assert got["fatigue_mean"] == 1.0
    empty = measure(hand(2))
    assert empty["discount_per_buyer_cents"] is empty["fatigue_mean"] is empty["pushes_per_month"] is None
