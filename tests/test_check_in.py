"""Check-in: the pull of a small reward until it wears off, and what it costs, against formulas."""

from __future__ import annotations

import math

import numpy as np

from tests.laboratory import N, agree, happened, lab, one_minus_exp, people, play, products, spread
from tests.members import first_day, paid_lines


def test_check_in_draws_the_habit_until_it_wears_off() -> None:
    """(1) with pull ln(1 + reward) / (1 + times / wear) for who was seen lately; every visit is paid."""
    days, recent, wear = 12, 3, 4.0
    tactic = {"kind": "check_in", "reward": 0.5, "pull": 2.0, "recent": recent, "wear": wear}
    who = people(N, intensity=0.3, need=0.0, tenure=spread(N, (2, 9))[0].astype(int))
    journal = play(lab(who, products(), days, {}, strategies={"s": tactic}), "s")
    came = happened(journal, "visit")
    times, chance, habit = np.zeros(N), np.zeros(came.shape), np.zeros(came.shape, dtype=bool)
    for t in range(days):
        habit[t] = np.minimum(t - first_day(came, t), t + who.tenure_days) <= recent
        chance[t] = one_minus_exp(0.3 * np.exp(2.0 * math.log(1.5) / (1.0 + times / wear) * habit[t]))
        times += came[t]
    agree(came, chance, groups=np.arange(days)[:, None] + 100 * habit, at_least=18)
    assert paid_lines(journal) == {"check_ins": 50 * int(came.sum())}
