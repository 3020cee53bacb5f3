"""Retention offers: the warning from visits alone, what the offer does to leaving, against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.laboratory import agree, happened, lab, people, play, products, spread
from tests.members import BOTH, FEW, first_day, holders, paid_lines


@BOTH
@pytest.mark.parametrize("choose", ["risk", "uplift"])
def test_retention_offer_warns_and_keeps(choose: str, engine: str) -> None:
    """(17) with hold = - keep ln(1 + face) while she holds the offer, + g_sal when written to after two weeks.

    The warning, from visits alone: days away against (5 + sum of gaps) / (1 + number of gaps).
    """
    days, again, valid, face, threshold = 24, 8, 4, 2.0, 1.5
    p = {"churn": 1.0, "e_p": 0.0, "o_p": 0.0, "g_sal": 0.6}
    tactic = {
        "kind": "retention_offer", "threshold": threshold, "choose": choose, "until": 20, "again": again,
        "valid_days": valid, "face": face, "keep": 0.9, "cost": 0.05,
    }  # fmt: skip
    intensity = spread(FEW, (0.1, 0.5))[0]
    who = people(FEW, intensity=intensity, need=0.0, stay=math.log(0.96))
    journal = play(lab(who, products(), days, p, strategies={"s": tactic}), "s", engine)
    came, left = happened(journal, "visit"), happened(journal, "lapse")
    chance, sent = np.zeros(came.shape), np.full(FEW, -10_000)
    gaps, total, n_written = np.zeros(FEW), np.zeros(FEW), 0
    was = np.zeros(came.shape, dtype=bool)
    for t in range(days):
        last = first_day(came, t)
        away = np.minimum(t - last, t)
        wanted = (away * (1.0 + gaps) / (5.0 + total) >= threshold) & (away < (14 if choose == "uplift" else 20))
        sent, held, written = holders(wanted, came * 0, sent, t, again, valid)
        n_written += int(written.sum())
        hold = -0.9 * math.log1p(face) * held + 0.6 * (written & (away >= 14))
        active = first_day(left, t) < 0
        chance[t], was[t] = 1.0 - 0.96 ** np.exp(hold), active
        known = (came[t] > 0) & (last >= 0)
        gaps += known
        total += np.where(known, away, 0)
    assert n_written > 500
    agree(left, chance, was, groups=np.round(chance, 6), at_least=2)
    assert paid_lines(journal) == {"messages": 5 * n_written}
