"""Activation of silent members: the pull of messages and coupon, and what a reminder does, against formulas."""

from __future__ import annotations

import math

import numpy as np

from tests.laboratory import N, agree, happened, lab, one_minus_exp, people, play, products, spread
from tests.members import BOTH, FEW, first_day, holders, paid_lines


def test_activation_draws_the_silent() -> None:
    """(1) on the day of the message, and while the coupon is good; those away less or longer hear nothing."""
    days, valid = 5, 3
    tenure = spread(N, (13, 14, 22, 29, 30))[0].astype(int)
    p = {"e_p": 0.3, "o_p": 0.0, "g_sal": 0.0, "alpha": -1000.0}
    tactic = {"kind": "activation", "messages": 2, "again": 14, "face": 3.0, "valid_days": valid, "pull": 0.4}
    who = people(N, tenure=tenure, intensity=0.1, need=0.0)
    journal = play(lab(who, products(), days, p, strategies={"s": tactic | {"cost": 0.02}}), "s")
    came = happened(journal, "visit")
    chance = np.zeros(came.shape)
    sent, n_written = np.full(N, -10_000), 0
    for t in range(days):
        away = np.minimum(t - first_day(came, t), tenure + t)
        sent, held, written = holders((away >= 14) & (away < 30), came * 0, sent, t, 14, valid)
        n_written += int(written.sum())
        chance[t] = one_minus_exp(0.1 * np.exp(0.3 * 2 * written + 0.4 * math.log1p(3.0) * held))
    agree(came, chance, groups=np.arange(days)[:, None] + 10 * tenure, at_least=25)
    assert paid_lines(journal) == {"messages": 4 * n_written}


@BOTH
def test_activation_reminds(engine: str) -> None:
    """(17): whoever is written to after two weeks leaves sooner, in the same night."""
    tenure = spread(FEW, (5, 20))[0].astype(int)
    who = people(FEW, tenure=tenure, intensity=0.0, stay=math.log(0.8))
    p = {"churn": 1.0, "o_p": 0.0, "g_sal": 0.7, "fat_keep": 0.0}
    journal = play(lab(who, products(), 1, p, strategies={"s": {"kind": "activation"}}), "s", engine)
    chance = np.where(tenure >= 14, 1.0 - 0.8 ** math.exp(0.7), 0.2)
    agree(happened(journal, "lapse"), chance[None], groups=tenure, at_least=2)
