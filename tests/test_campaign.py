"""Money that tactics of one strategy share: caps hold on every day, the split is the one asked for, money moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.day import no_orders
from sim.engines import World, simulate
from sim.engines.campaign import LEAST, Campaign
from sim.errors import InputError
from sim.journal import Journal
from sim.ledger import Budget
from sim.scenario import Scenario
from sim.scenario.parts import CampaignSpec
from sim.strategies import registry
from tests.busy_worlds import BUSY, scenario

BUNDLE = [
    {"kind": "coupon", "face": 3.0},
    {"kind": "push", "per_day": 1, "cost": 0.05},
    {"kind": "share_coupon", "face": 6.0},
    {"kind": "price_cut", "discount": 0.2, "products": 0.3},
]


def played(budgets: dict[str, Any], engine: Any = "columnar") -> Journal:
    asked = scenario(
        days=20,
        burn_in_days=0,
        params=BUSY,
        population={"size": 500},
        strategies={"s": BUNDLE},
        budgets=budgets,
    )
    return simulate(asked, "s", engine=engine, world=World.build(asked))


def spent(journal: Journal) -> pd.DataFrame:
    """Cents by day (rows) and tactic (columns), from the ledger."""
    return journal.ledger.pivot_table(index="day", columns="tactic", values="amount_cents", aggfunc="sum", fill_value=0)


def test_a_limit_that_never_binds_changes_nothing() -> None:
    free, capped = played({}), played({"s": {"total": 9e6, "per_day": 9e6}})
    pd.testing.assert_frame_equal(free.orders, capped.orders)
    pd.testing.assert_frame_equal(free.ledger, capped.ledger)


@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_all_tactics_together_keep_within_the_caps(engine: str) -> None:
    free = spent(played({})).sum(axis=1)
    total, per_day = round(float(free.sum()) / 400, 2), round(float(free.max()) / 300, 2)
    tight = spent(played({"s": {"total": total, "per_day": per_day}}, engine)).sum(axis=1)
    assert tight.sum() <= 100 * total
    assert (tight <= 100 * per_day).all()
    assert tight.sum() > 0.8 * 100 * total or tight.max() > 0.8 * 100 * per_day  # what binds is spent


def test_the_split_is_the_one_asked_for() -> None:
    budgets = {"s": {"total": 1000.0, "per_day": 100.0, "shares": [0.1, 0.2, 0.3, 0.4]}}
    got = spent(played(budgets))
    assert list(got.columns) == ["s.coupon", "s.price_cut", "s.push", "s.share_coupon"]
    for name, share in {"s.coupon": 0.1, "s.push": 0.2, "s.share_coupon": 0.3, "s.price_cut": 0.4}.items():
        assert 0 < got[name].sum() <= 100_000 * share
        assert (got[name] <= 10_000 * share).all()


def test_both_drivers_move_money_alike() -> None:
    budgets = {"s": {"total": 200.0, "shares": [0.25] * 4, "move_days": 5}}
    fast, slow = played(budgets), played(budgets, "objects")
    pd.testing.assert_frame_equal(fast.ledger, slow.ledger)
    pd.testing.assert_frame_equal(fast.orders, slow.orders)


def campaign(costs: list[int], **spec: Any) -> Campaign:
    kinds = ["coupon", "push", "share_coupon"]
    return Campaign(CampaignSpec(**spec), [registry()[kind]() for kind in kinds], lambda k, first, last: costs[k])


def margins(of: list[int]) -> Any:
    """One order a tactic with this margin."""
    n = np.arange(len(of))
    return no_orders()._replace(
        row=n,
        tactic=n,
        kol_tactic=np.full(len(of), -1),
        paid_cents=np.array(of) + 500,
        cost_cents=np.full(len(of), 500),
    )


def test_money_moves_to_what_brings_more_per_unit_of_cost() -> None:
    """By hand: returns 3 and 1 of coupon and share coupon, mean 2: factors 4/3 and 2/3; push is not judged."""
    one = campaign([100, 100, 100], per_day=100.0, shares=[0.3, 0.4, 0.3], move_days=7)
    for day in range(7):
        one.start_day(day)
        one.note(margins([300, 900, 100]) if day == 3 else no_orders())
    one.start_day(7)
    assert one.shares == pytest.approx([0.4, 0.4, 0.2])
    assert [budget.per_day_cents for budget in one.budgets] == [4000, 4000, 2000]
    one.start_day(14)  # nothing came back from either since: the same return, 0
    assert one.shares == pytest.approx([0.4, 0.4, 0.2])


def test_nobody_is_left_without_money_and_nothing_is_lost() -> None:
    one = campaign([100, 0, 100], total=90.0, shares=[0.4, 0.2, 0.4], move_days=1)
    one.budgets[2].reserve(600)
    one.budgets[2].spend(500)
    for day in range(40):
        one.start_day(day)
        one.note(margins([100_000, 0, 0]))
    assert one.shares is not None
    assert one.shares[1] == pytest.approx(0.2)
    assert one.shares[2] == pytest.approx(LEAST / 3)
    assert sum(one.shares) == pytest.approx(1.0)
    totals = [budget.total_cents or 0 for budget in one.budgets]
    assert 9000 - 3 <= sum(totals) <= 9000  # whole cents
    assert totals[2] >= 600  # what it promised is its own


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.booleans()), max_size=40),
    st.none() | st.integers(0, 3000), st.none() | st.integers(0, 1000),
)  # fmt: skip
def test_a_pot_counts_what_all_its_budgets_promise(steps: Any, total: int | None, per_day: int | None) -> None:
    pot = Budget(total, per_day)
    budgets = [Budget(700, None, pot), Budget(None, 300, pot), Budget(None, None, pot)]
    for k, cents, is_spent in steps:
        granted = min(cents, budgets[k].available())
        budgets[k].reserve(granted)
        (budgets[k].spend if is_spent else budgets[k].release)(granted // 2)
        assert pot.spent_cents == sum(b.spent_cents for b in budgets)
        assert pot.reserved_cents == sum(b.reserved_cents for b in budgets)
        assert pot.today_cents == sum(b.today_cents for b in budgets)
        assert total is None or pot.spent_cents + pot.reserved_cents <= total
        assert per_day is None or pot.today_cents <= per_day
        assert all(b.available() <= pot.available() for b in budgets)


@pytest.mark.parametrize(
    ("budgets", "said"),
    [
        ({"t": {"total": 5.0}}, "no such strategy"),
        ({"s": {}}, "without a limit"),
        ({"s": {"total": 5.0, "move_days": 3}}, "nothing to move"),
        ({"s": {"total": 5.0, "shares": [0.5, 0.5]}}, "wrong number of shares"),
        ({"s": {"total": 5.0, "shares": [0.5, 0.5, 0.5, 0.5]}}, "do not sum to 1"),
        ({"s": {"total": 5.0, "shares": [2.0, -1.0, 0.0, 0.0]}}, "out of range"),
        ({"s": {"total": -5.0}}, "budgets.s.total"),
    ],
)
def test_wrong_budgets_are_refused(budgets: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Scenario.from_dict({"name": "x", "strategies": {"s": BUNDLE}, "budgets": budgets})
