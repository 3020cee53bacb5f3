"""Points and paid membership: books recounted from order rows, chances by formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.engines import prepare, simulate
from sim.engines.operations import Operations
from sim.engines.world import World
from sim.journal import Journal
from sim.metrics import measure
from sim.strategies import registry
from tests.busy_worlds import BUSY, scenario
from tests.laboratory import lab, people, products
from tests.test_rewards import line

CARD: dict[str, Any] = {"kind": "points", "goal": 40.0, "reward": 6.0, "min_price": 0.0, "redemption": 0.7}


def busy(**strategies: Any) -> tuple[Any, World]:
    """A shop where many buy, and often."""
    asked = scenario(days=60, burn_in_days=0, params=BUSY, population={"size": 500}, strategies=strategies)
    return asked, World.build(asked)


def recounted(orders: pd.DataFrame, label: str, days: int, share: float) -> list[int]:
    """Liability at the end of each day, from what each member paid, kept and redeemed."""
    balance: dict[int, int] = {}
    found = []
    for day in range(days):
        for order in orders[orders["day"] == day].itertuples():
            used = order.tactic == label and order.mode == "solo"
            earned = 0 if order.is_returned else order.paid_cents
            balance[order.agent] = balance.get(order.agent, 0) - 4000 * used + earned
        assert min(balance.values(), default=0) >= 0
        found.append(sum(cents * 600 // 4000 * round(1000 * share) // 1000 for cents in balance.values()))
    return found


def test_points_stand_in_the_books_until_they_are_redeemed() -> None:
    """Balances and liability recounted from the order rows; what is redeemed is charged once."""
    asked, world = busy(s=CARD, team=[CARD, {"kind": "group_buy", "discount": 0.3, "window_days": 2}])
    for label, mine in (("s", "s"), ("team", "team.points")):
        journal = simulate(asked, label, world=world)
        liability = recounted(journal.orders, mine, 60, 0.7)
        assert np.cumsum(line(journal, "points_liability")).tolist() == liability
        used = journal.orders[(journal.orders["tactic"] == mine) & (journal.orders["mode"] == "solo")]
        assert len(used) > 20
        assert line(journal, "points_liability").min() < 0 < line(journal, "points_liability").max()
        coupons = (used["list_cents"] - used["paid_cents"]).sum()
        assert line(journal, "coupon", "contra_revenue").sum() == coupons
        cost = journal.ledger[journal.ledger["tactic"] == mine]["amount_cents"].sum()
        assert cost == coupons + liability[-1]


def test_points_never_promise_more_than_the_budget() -> None:
    """On every day: money off given so far, perks and all points that could still be redeemed."""
    card = CARD | {"redemption": 1.0, "tier_spend": 10.0, "tier_cost": 0.1}
    asked, world = busy(free=card, s=card | {"budget": 150.0}, daily=card | {"budget_per_day": 8.0})
    total = {label: simulate(asked, label, world=world).ledger for label in ("free", "s", "daily")}
    spent = total["s"].groupby("day")["amount_cents"].sum().cumsum()
    assert total["free"]["amount_cents"].sum() > 25_000
    assert (spent <= 15_000).all()
    assert spent.iloc[-1] > 13_500
    assert (total["daily"].groupby("day")["amount_cents"].sum() <= 800).all()


def offers_of(operations: Operations, n: int) -> Any:
    """What everybody is offered on the first morning."""
    operations.morning(0)
    return operations.offering.offers(0, np.arange(n), np.empty(0, dtype=np.int64))


def test_the_goal_pulls_harder_the_nearer_it_is() -> None:
    """.4 shown^2 exp(-recent orders / 3); shown = head start + the rest of the way; full cards are money off."""
    spec = CARD | {"head_start": 0.2}
    world = lab(people(40), products(), 1, {}, strategies={"s": spec})
    operations, _ = prepare(world, "s")
    notes = operations.desks[0].notes
    balance, orders = np.resize([0, 1000, 3999, 4000, 9000], 40), np.resize([0, 0, 1, 3, 30, 500, 2, 1], 40)
    notes["balance"][:], notes["orders"][:] = balance, orders
    found = offers_of(operations, 40)
    way = np.array([b % 4000 / 4000 for b in balance])
    urge = [0.4 * (0.2 + 0.8 * w) ** 2 * math.exp(-min(k, 63) / 3) for w, k in zip(way, orders, strict=True)]
    assert found.urge == pytest.approx(np.array(urge), rel=1e-12)
    assert found.coupon_cents.tolist() == [600 if b >= 4000 else 0 for b in balance]


def test_an_upper_tier_is_left_again() -> None:
    """Who spent enough in the last 90 days is treated well for a price a day; who did long ago is not."""
    spec = CARD | {"tier_spend": 100.0, "tier_cost": 0.25}
    world = lab(people(20), products(), 200, {}, strategies={"s": spec})
    operations, recorder = prepare(world, "s")
    notes = operations.desks[0].notes
    notes["joined"][:] = True
    rows, cents = np.arange(4), np.array([10_000, 9_999, 30_000, 20_000])
    notes["recent"].append((0, rows, cents))
    notes["spent"][rows], notes["orders"][rows] = cents, 1
    for day, who in ((89, [0, 2, 3]), (90, [])):
        operations.morning(day)
        found = operations.reach(day)
        assert found is not None
        assert found.row.tolist() == who
        assert found.pull.tolist() == [0.05] * len(who)
        assert found.hold.tolist() == [-0.1] * len(who)
        assert recorder.ledger.of_day(day, "expense") == 25 * len(who)


# --- membership ------------------------------------------------------------------------------------------------

CLUB: dict[str, Any] = {"kind": "membership", "fee": 4.0, "term_days": 30, "discount": 0.1, "shipping": 2.0}


def test_who_would_save_more_joins_more_often() -> None:
    """Odds (expected saving / fee)^4, three times that for former members; judged from orders so far."""
    n = 30_000
    world = lab(people(n, tenure=200), products(), 1, {}, strategies={"s": CLUB | {"fee": 3.0}})
    operations, recorder = prepare(world, "s")
    orders, was = np.resize([0, 1, 2, 5], n), np.resize([False] * 4 + [True] * 4, n)
    operations.customers.n_orders[:], operations.customers.paid_cents[:] = orders, orders * 3000
    notes = operations.desks[0].notes
    notes["until"][was] = 0  # over
    found = offers_of(operations, n)
    is_member = notes["until"] == 30
    saving = orders * (3000 * 0.1 + 200.0) * 30 / 90  # a term of 30 days, judged over 90
    for k, before in {(int(k), bool(b)) for k, b in zip(orders, was, strict=True)}:
        odds = (k * 500 / 3 / 300) ** 4 * (3.0 if before else 1.0)
        group = (orders == k) & (was == before)
        p = odds / (1 + odds)
        assert abs(is_member[group].mean() - p) <= 4.5 * math.sqrt(p * (1 - p) / group.sum())
    assert saving[is_member].min() > 0
    assert recorder.ledger.of_day(0, "expense") == -300 * is_member.sum()
    assert (found.coupon_share == np.where(is_member, 0.1, 0.0)).all()
    assert found.urge == pytest.approx(np.where(is_member, 0.1 + 1.3 * 200 / 1000, 0.0))


def members(journal: Journal, fee: int, term: int) -> None:
    """Fees, members' prices and free shipping of a run, recounted."""
    fees = -line(journal, "member_fees")
    assert (fees % fee == 0).all()
    mine = journal.orders[journal.orders["tactic"] == journal.strategy]
    off = mine["list_cents"] - mine["paid_cents"]
    assert line(journal, "coupon", "contra_revenue").sum() == off.sum()
    shipped = line(journal, "shipping") // 200
    assert (line(journal, "shipping") % 200 == 0).all()
    assert shipped.sum() >= len(mine) > 50  # of members' orders in a team too
    assert len(mine["agent"].unique()) <= fees.sum() // fee


def test_fees_prices_and_shipping_of_members() -> None:
    """Money of a run recounted; profit = paid - refunds - goods - sending - expenses, fees being negative expenses."""
    asked, world = busy(s=CLUB)
    journal = simulate(asked, "s", world=world)
    members(journal, 400, 30)
    orders, daily = journal.orders, journal.daily
    resold = np.floor(orders["cost_cents"][orders["is_returned"]] * 0.7 + 0.5).sum()
    before = (
        orders["paid_cents"].sum() - orders["refund_cents"].sum() - orders["cost_cents"].sum() + resold
        - orders["fulfilment_cents"].sum()
    )  # fmt: skip
    fees, sent = -line(journal, "member_fees").sum(), line(journal, "shipping").sum()
    assert measure(journal)["profit_cents"] == before + fees - sent
    assert daily["expense_cents"].sum() == sent - fees


def test_nobody_joins_when_the_money_is_gone() -> None:
    """A club with little money stops taking fees; what it gives stays within the cap."""
    asked, world = busy(s=CLUB, poor=CLUB | {"budget": 60.0})
    free, poor = (simulate(asked, label, world=world) for label in ("s", "poor"))
    spent = poor.ledger[poor.ledger["line"] != "member_fees"]["amount_cents"].sum()
    assert 4_000 < spent <= 6_000
    assert -line(poor, "member_fees")[-20:].sum() == 0 < -line(free, "member_fees")[-20:].sum()


def test_a_cheap_club_loses_and_says_so() -> None:
    """Selling below cost is warned of."""
    club = registry()["membership"].model_validate({"discount": 0.5})
    assert club.warnings(np.array([1000]), np.array([700])) == ["members buy 1 of 1 products below cost"]
