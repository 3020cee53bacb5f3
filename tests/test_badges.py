"""Badges: the pull of the next one, what a title is worth, what they cost, against formulas (docs/model.md, 8.1b)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.busy_worlds import ALONE, assert_drivers_agree, scenario
from tests.laboratory import N, agree, happened, lab, logistic, one_minus_exp, people, play, products, spread
from tests.members import paid_lines


def test_the_next_badge_pulls_with_the_square_of_the_way_gone() -> None:
    """Every third order: logit + pull ((n mod 3) / 3)^2, n orders that were kept; each badge costs its price once."""
    tactic = {"kind": "badges", "step": 3, "pull": 1.8, "status": 0.0, "cost": 0.5, "cost_per_day": 7.0}
    days = 14
    world = lab(people(N, need=0.0), products(), days, {"alpha": -0.7, "ret_0": 0.2}, strategies={"s": tactic})
    journal = play(world, "s")
    bought, back = happened(journal, "order"), happened(journal, "send_back")
    kept = np.cumsum(bought - back, axis=0) - (bought - back)
    chance = logistic(-0.7 + 1.8 * (kept % 3 / 3.0) ** 2)
    agree(bought, chance, groups=kept % 3 + 10 * np.minimum(kept // 3, 1), at_least=6)
    earned = int(((kept[-1] + (bought - back)[-1]) // 3).sum())
    assert paid_lines(journal) == {"running": 700 * days, "badges": 50 * earned}


def test_a_badge_for_coming_brings_who_was_seen_lately() -> None:
    """By visits: log rate + pull (gone)^2, until she was not seen for two weeks."""
    tactic = {"kind": "badges", "earn_by": "visits", "step": 4, "pull": 1.5, "status": 0.0, "cost_per_day": 0}
    days, tenure = 10, 30
    who = people(N, intensity=spread(N, (0.05, 0.4))[0], need=0.0, tenure=tenure)
    journal = play(lab(who, products(), days, {}, strategies={"s": tactic}), "s")
    came = happened(journal, "visit")
    done = np.cumsum(came, axis=0) - came
    pull = np.floor(1.5 * (done % 4 / 4.0) ** 2 * 4096 + 0.5) / 4096
    agree(came, one_minus_exp(who.traits.intensity * np.exp(pull)), groups=done % 4, at_least=4)


def test_a_title_holds_and_is_worth_less_the_more_have_one() -> None:
    """Half of all buy, and have a badge from the first evening on: hold -status (1 - holders / members)."""
    (buys,) = spread(N, (0, 1))
    tactic = {"kind": "badges", "step": 1, "pull": 0.0, "status": 1.0, "cost_per_day": 0}
    days, stay = 4, math.log(0.9)
    who = people(N, need=np.where(buys > 0, 2000.0, -9e9), stay=stay)
    journal = play(lab(who, products(), days, {"churn": 1.0}, strategies={"s": tactic}), "s")
    left = happened(journal, "lapse")
    at_risk = np.cumsum(left, axis=0) - left == 0
    holds = np.where(np.arange(days)[:, None] > 0, buys, 0)
    leaving = one_minus_exp(-stay * np.exp(-holds * (1.0 - buys.mean())))
    agree(left, leaving, at_risk, groups=holds, at_least=2)


def test_nothing_where_the_budget_does_not_run_it_and_badges_within_it() -> None:
    tactic: dict[str, Any] = {"kind": "badges", "step": 1, "cost": 1.0, "cost_per_day": 3.0}
    world = lab(people(40, need=9e9), products(), 6, {}, strategies={
        "none": tactic | {"budget": 2.0}, "some": tactic | {"budget": 20.0}, "late": tactic | {"start": 3},
    })  # fmt: skip
    assert paid_lines(play(world, "none")) == {}
    assert paid_lines(play(world, "some")) == {"running": 300, "badges": 1700}
    assert paid_lines(play(world, "late")) == {"running": 900, "badges": 40 * 3 * 100}


def test_drivers_agree() -> None:
    both = [ALONE["badges"], {"kind": "badges", "earn_by": "visits", "step": 2, "pull": 1.0, "budget_per_day": 9.0}]
    assert_drivers_agree(scenario(strategies={"s": both}))
