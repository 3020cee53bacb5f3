"""Education: what lessons do to the new and to the inert, against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.laboratory import agree, happened, lab, people, play, products, spread
from tests.members import BOTH, FEW, first_day, paid_lines


@BOTH
@pytest.mark.parametrize("whom", ["new", "inert", "everybody"])
def test_education_keeps_the_new_and_reminds_the_inert(whom: str, engine: str) -> None:
    """(17), hold = - effect n / (1 + n) after n lessons in the first two weeks, + g_sal for a message to the inert."""
    days, lessons = 6, 3
    tenure = spread(FEW, (0, 10, 20))[0].astype(int)
    p = {"churn": 1.0, "o_p": 0.0, "g_sal": 0.7, "e_p": 0.0}
    tactic = {"kind": "education", "whom": whom, "lessons": lessons, "effect": 1.2, "cost": 0.03}
    who = people(FEW, tenure=tenure, intensity=0.0, stay=math.log(0.9))
    journal = play(lab(who, products(), days, p, strategies={"s": tactic}), "s", engine)
    left = happened(journal, "lapse")
    taken, chance, was = np.zeros(FEW), np.zeros(left.shape), np.zeros(left.shape, dtype=bool)
    for t in range(days):
        age = tenure + t  # nobody comes, so she is away as long as she is registered
        meant = {"new": age < 14, "inert": age >= 14, "everybody": age >= 0}[whom] & (taken < lessons)
        taken += meant
        hold = -1.2 * np.where(age < 14, taken / (1.0 + taken), 0.0) + 0.7 * (meant & (age >= 14))
        chance[t], was[t] = 1.0 - 0.9 ** np.exp(hold), first_day(left, t) < 0
    agree(left, chance, was, groups=np.round(chance, 6), at_least=2)
    assert paid_lines(journal) == {"lessons": 3 * int(taken.sum())}
