"""Mini program: easier visiting, paying, registering, and what it costs, against formulas."""

from __future__ import annotations

import math

import numpy as np

from tests.laboratory import N, agree, happened, lab, logistic, one_minus_exp, people, play, products, spread
from tests.members import paid_lines


def test_mini_program_eases_the_way_in() -> None:
    """(1), (5) and (15b) with shifted coefficients, for everybody, on the days it runs."""
    p = {"alpha": -1.0, "organic": 0.05}
    tactic = {
        "kind": "mini_program", "access": 0.6, "checkout": 0.5, "shallow": 1.5, "sign_up": 0.8, "cost_per_day": 3,
        "cost_per_1000": 40, "start": 1,
    }  # fmt: skip
    registered = spread(N, (0, 1))[0].astype(bool)
    who = people(N, registered=registered, tenure=np.where(registered, 5, 0), intensity=0.3, need=0.3)
    journal = play(lab(who, products(), 2, p, strategies={"s": tactic}), "s")
    came, bought, new = (happened(journal, kind) for kind in ("visit", "order", "register"))
    day = np.arange(2)[:, None]
    prospect = ~registered & (np.cumsum(new, axis=0) - new == 0)
    agree(new, np.where(day == 1, 0.05 * 1.8, 0.05) + 0.0 * came, prospect, groups=day + 0 * came, at_least=2)
    eased = np.where(day == 1, one_minus_exp(0.3 * math.exp(0.6)), one_minus_exp(0.3)) + 0.0 * came
    agree(came, eased, registered, groups=day, at_least=2)
    earnest = np.where(day == 1, logistic(-0.7 + 0.5 - 0.9), logistic(-0.7)) + 0.0 * came
    agree(bought, earnest, came > 0, groups=day, at_least=2)
    assert paid_lines(journal) == {"serving": 300 + math.floor(4.0 * came[1].sum() + 0.5)}
