"""Gifts: mood and staying after one, against formulas; whose day it is; what they cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.engines import World
from sim.scenario import Scenario
from sim.strategies.gift import YEAR_DAYS
from tests.laboratory import N, agree, happened, lab, one_minus_exp, people, play, products, spread
from tests.members import BOTH, FEW, first_day, paid_lines


@BOTH
def test_a_gift_keeps_a_member_for_some_days(engine: str) -> None:
    """(17), hold = -keep ln(1 + value) for lasts_days; on the anniversary of joining, and on no other day."""
    days, keep, value, lasts = 6, 0.8, 4.0, 2
    tenure = spread(FEW, (YEAR_DAYS - 2, 2 * YEAR_DAYS, 100))[0].astype(int)
    tactic = {
        "kind": "gift", "occasion": "joining", "value": value, "sending": 0.5, "keep": keep, "lasts_days": lasts,
    }  # fmt: skip
    who = people(FEW, tenure=tenure, intensity=0.0, stay=math.log(0.9))
    journal = play(lab(who, products(), days, {"churn": 1.0}, strategies={"s": tactic}), "s", engine)
    left = happened(journal, "lapse")
    chance, was, given, n_given = np.zeros(left.shape), np.zeros(left.shape, dtype=bool), np.full(FEW, -99), 0
    for t in range(days):
        due = (tenure + t) % YEAR_DAYS == 0
        n_given += int(due.sum())
        given[due] = t
        hold = np.where(t - given < lasts, -keep * math.log(1.0 + value), 0.0)
        chance[t], was[t] = 1.0 - 0.9 ** np.exp(hold), first_day(left, t) < 0
    agree(left, chance, was, groups=np.round(chance, 6), at_least=2)
    assert n_given > FEW / 2
    assert paid_lines(journal) == {"gifts": 450 * n_given}


def test_a_gift_pleases_by_the_logarithm_of_its_value() -> None:
    """(16), (1): mood rises by impulse ln(1 + value) emotion, and fades."""
    days, value, emotion = 4, 9.0, 0.7
    p = {"mood_keep": 0.5, "e_e": 0.9, "churn": 0.0, "alpha": -50.0}
    tactic = {"kind": "gift", "occasion": "any", "every": 3, "value": value, "impulse": 0.2, "sending": 0.0}
    who = people(N, intensity=0.3, emotion=emotion)
    came = happened(play(lab(who, products(), days, p, strategies={"s": tactic}), "s"), "visit")
    mood = 0.0
    for t in range(days):
        mood = min(mood + (0.2 * math.log(1.0 + value) * emotion if t % 3 == 0 else 0.0), 1.0)
        agree(came[t], np.full(N, one_minus_exp(0.3 * math.exp(0.9 * emotion * mood))))
        mood *= 0.5


def test_everybody_has_one_birthday_a_year() -> None:
    """Over a year everybody gets one gift, on days as even as luck; a cap a day is kept, by lot."""
    tactic: dict[str, Any] = {"kind": "gift", "value": 1.0, "sending": 0.0}
    p = {"churn": 0.0}
    asked = lab(people(FEW, intensity=0.0), products(), YEAR_DAYS, p, strategies={"s": tactic})
    journal = play(asked, "s")
    assert paid_lines(journal) == {"gifts": 100 * FEW}
    a_day = journal.ledger.groupby("day")["amount_cents"].sum().reindex(range(YEAR_DAYS), fill_value=0) // 100
    expected = FEW / YEAR_DAYS
    assert a_day.var() == pytest.approx(expected, rel=0.35)  # Poisson
    capped = lab(people(FEW), products(), 30, p, strategies={"s": tactic | {"budget_per_day": 3.5}})
    paid = play(capped, "s").ledger.groupby("day")["amount_cents"].sum()
    assert paid.max() == 300


def test_birthdays_belong_to_people_not_to_rows() -> None:
    """The same persons have the same birthdays in a shop with other people in it."""
    given = []
    for size in (300, 500):
        asked = Scenario.from_dict(
            {
                "name": "s",
                "days": 5,
                "burn_in_days": 0,
                "population": {"size": size},
                "strategies": {"s": {"kind": "gift"}},
            }
        )
        from sim.engines import prepare

        operations, _ = prepare(World.build(asked), "s")
        given.append(operations.desks[0].notes["birthday"][:300].tolist())
    assert given[0] == given[1]
