"""Service, guarantees and flash sales: chances by formula, payments recounted (see tests/laboratory.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.engines import prepare, simulate
from sim.engines.world import World
from tests.busy_worlds import BUSY, scenario
from tests.laboratory import N, agree, happened, lab, logistic, people, play, products
from tests.test_rewards import line

DAYS = 6


def test_who_is_helped_buys_more_and_is_paid_for() -> None:
    """P(buy) = logistic(alpha + .15) for the share that is helped, whatever else; one contact each."""
    p = {"alpha": -1.0, "fail": 0.5}
    service = {"kind": "customer_service", "coverage": 0.6, "cost": 0.11, "recovery": 0.5, "compensation": 1.0}
    world = lab(people(N, need=0.0), products(), DAYS, p, strategies={"s": service})
    journal = play(world, "s")
    bought = happened(journal, "order")
    mixed = 0.6 * logistic(-0.85) + 0.4 * logistic(-1.0)
    agree(bought, np.full(bought.shape, mixed))
    contacts = line(journal, "contacts") / 11
    assert (np.abs(contacts - 0.6 * N) < 4.5 * math.sqrt(0.24 * N)).all()
    compensation = np.floor(bought.sum(axis=1) * 0.5 * 0.6 * 100 + 0.5)
    assert line(journal, "compensation").tolist() == compensation.tolist()
    before = happened(play(world), "order")
    assert (bought >= before).all()  # the same luck: nobody is lost, some are won


def test_a_larger_coverage_helps_the_same_people_and_more() -> None:
    """Offers of one morning: who is helped at .3 is helped at .6; with money for ten, ten are."""
    spec: dict[str, Any] = {"kind": "customer_service", "cost": 1.0, "recovery": 0.0}
    strategies = {"a": spec | {"coverage": 0.3}, "b": spec | {"coverage": 0.6}, "c": spec | {"budget": 10.0}}
    world = lab(people(1000), products(), 1, {}, strategies=strategies)
    helped = {}
    for label in strategies:
        operations, _ = prepare(world, label)
        operations.morning(0)
        helped[label] = operations.offering.offers(0, np.arange(1000), np.empty(0, dtype=np.int64)).urge == 0.15
    assert 200 < helped["a"].sum() < 400 < helped["b"].sum()
    assert (helped["b"] >= helped["a"]).all()
    assert helped["c"].sum() == 10
    assert (helped["a"] >= helped["c"]).all()


@pytest.mark.parametrize(("recovery", "is_bad"), [(0.5, False), (0.2, True)])
def test_good_handling_takes_disappointment_back(recovery: float, is_bad: bool) -> None:
    """All orders fail: s = -2 (1 - recovery), bad below -1.5, and only bad ones are sent back for sure."""
    p = {"alpha": 0.0, "fail": 1.0, "s_fail": 2.0, "s_bad": -1.5, "ret_0": 0.1, "ret_1": 1000.0}
    service = {"kind": "customer_service", "coverage": 1.0, "recovery": recovery}
    journal = play(lab(people(N), products(), 2, p, strategies={"s": service}), "s")
    agree(happened(journal, "send_back"), np.full((2, N), 1.0 if is_bad else 0.1), at_least=0 if is_bad else 1)


def test_answers_reassure_about_low_rated_products() -> None:
    """Appeal rises by .15 coverage per star missing to 4.2, of well-rated products not at all."""
    world = lab(
        people(20), products(4), 1, {"b_q": 0.1}, strategies={"s": {"kind": "customer_service", "coverage": 0.5}}
    )
    shelves = []
    for label in ("control", "s"):
        operations, _ = prepare(world, label)
        operations.reviews[:], operations.stars[:] = [10, 10, 0, 30], [20, 45, 0, 60]
        shelves.append(operations.morning(0))
    plain, with_ = shelves
    rating = (4.2 * 5 + np.array([20, 45, 0, 60])) / (5 + np.array([10, 10, 0, 30]))
    assert with_.appeal - plain.appeal == pytest.approx(0.075 * np.maximum(4.2 - rating, 0.0))


def test_with_a_target_nothing_is_recovered() -> None:
    with pytest.raises(Exception, match="recovery reaches every buyer"):
        scenario(strategies={"s": {"kind": "customer_service", "target": {"lifecycle": ["new"]}}})


def test_inspection_prevents_failures_and_speed_sells() -> None:
    """fail (1 - cut) of orders fail, which are sent back; logit of buying .0145 a day faster; a price an order."""
    p = {"alpha": -1.0, "fail": 0.5, "s_fail": 2.0, "s_bad": -1.5, "ret_0": 1e-9, "ret_1": 1000.0}
    spec = {"kind": "quality_guarantee", "cut": 0.6, "inspection": 0.5, "days_faster": 5, "cost_per_day": 0.1}
    world = lab(people(N, need=0.0), products(), DAYS, p, strategies={"s": spec, "poor": spec | {"budget": N * 0.1}})
    journal = play(world, "s")
    bought = happened(journal, "order")
    agree(bought, np.full(bought.shape, logistic(-1.0 + 5 * 0.0145)))
    agree(happened(journal, "send_back"), np.where(bought == 1, 0.2, 0.0))
    assert line(journal, "handling").tolist() == (bought.sum(axis=1) * 100).tolist()
    poor = play(world, "poor")
    bought, paid = happened(poor, "order"), line(poor, "handling")
    assert paid.sum() <= N * 10
    assert paid[0] > 0 == paid[-1]
    agree(happened(poor, "send_back")[-1], np.where(bought[-1] == 1, 0.5, 0.0))  # no money, no inspection


def test_a_flash_sale_cuts_a_few_products_in_rounds_until_they_are_sold() -> None:
    """Recounted from order rows: prices, products of a round, days of rounds, units of a round."""
    spec = {"kind": "flash_sale", "discount": 0.37, "products": 3, "days": 3, "gap": 2, "cue": False}
    asked = scenario(
        days=30, params=BUSY, population={"size": 600}, strategies={"s": spec, "few": spec | {"units": 12}}
    )
    world = World.build(asked)
    journal = simulate(asked, "s", world=world)
    mine = journal.orders[journal.orders["tactic"] == "s"]
    assert set(mine["day"] % 5) == {0, 1, 2}
    unit = mine["list_cents"] // mine["quantity"]
    assert (mine["paid_cents"] == np.floor(unit * 0.63 + 0.5) * mine["quantity"]).all()
    sold = mine.groupby(mine["day"] // 5)["product"].unique()
    assert len(sold) == 6
    assert all(len(found) <= 3 for found in sold)
    assert len(set().union(*sold)) > 6, "another lot in every round"
    in_rounds = journal.orders[journal.orders["day"] % 5 < 3]
    keys = {(k, product) for k, found in sold.items() for product in found}
    theirs = [(day // 5, product) in keys for day, product in zip(in_rounds["day"], in_rounds["product"], strict=True)]
    assert in_rounds[theirs]["tactic"].eq("s").all(), "everybody pays the sale's price while it is on"
    few = simulate(asked, "few", world=world).orders
    few = few[few["tactic"] == "few"]
    daily = few.assign(round=few["day"] // 5).pivot_table("quantity", ["round", "product"], "day", "sum", fill_value=0)
    until_yesterday = daily.cumsum(axis=1) - daily
    assert (daily.to_numpy()[until_yesterday.to_numpy() >= 12] == 0).all()
    assert (daily.sum(axis=1) >= 12).any()
    assert few["quantity"].sum() < mine["quantity"].sum()


def test_what_is_scarce_is_shown() -> None:
    """Appeal of a round's products: .2 of the share gone, and .1 on the last day; of others nothing."""
    spec = {"kind": "flash_sale", "products": 2, "days": 2, "gap": 0, "units": 10}
    world = lab(people(20), products(5), 4, {}, strategies={"s": spec})
    operations, _ = prepare(world, "s")
    first = operations.morning(0)
    part = first.price_cents < first.list_cents
    assert part.sum() == 2
    assert (first.appeal == 0.0).all()
    assert (first.promoted == part).all()
    operations.desks[0].notes["sold"][part] = [4, 10]
    last = operations.morning(1)
    assert last.appeal[part] == pytest.approx([0.2 * 0.4 + 0.1, 0.0])
    assert (last.price_cents < last.list_cents).sum() == 1
