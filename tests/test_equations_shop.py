"""What a shop does to people: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.engines import prepare
from sim.engines.columnar import Columnar
from tests.laboratory import DAILY, SURE, N, agree, happened, lab, one_minus_exp, people, play, products, spread

PUSH = {"s": [{"kind": "push", "per_day": 2, "cost": 0.0}]}
MANY = {"s": [{"kind": "push", "per_day": 5, "cost": 0.0}]}


# --- (2), (2b), (16), (17), (18): contacts ------------------------------------------------------------


def test_pushes_bring_people_tire_them_and_remind_the_inert() -> None:
    """Five pushes a day, of which three are seen, to everybody who ever registered, also to who left.

    visit:   1 - exp(-intensity exp(e_p min(n, 3) exp(-fatigue / f_0)));  fatigue: fat_keep fatigue + n
    leaving: 1 - exp(exp(g_f max(0, fatigue - f_1) + g_sal [away >= 14]) stay), with tonight's fatigue
    return:  1 - exp(-om_0 exp(-away / om_tau + e_p min(n, 3) exp(-fatigue / f_0))), with the fatigue she left with
    """
    p = {"e_p": 0.8, "f_0": 6.0, "fat_keep": 0.6, "g_f": 0.1, "f_1": 6.0, "g_sal": 1.2, "churn": 1, "o_p": 0.0,
         "om_0": 0.1, "om_tau": 5.0}  # fmt: skip
    intensity, tenure = spread(N, (0.0, 0.1, 0.4), (0, 9, 40))
    who = people(N, tenure=tenure, intensity=intensity, need=0.0, stay=math.log(0.93))
    days = 9
    journal = play(lab(who, products(), days, p, strategies=MANY), "s")
    visits, lapses, returns = (happened(journal, kind) for kind in ("visit", "lapse", "return"))
    fatigue, active, left = np.zeros(N), np.ones(N, dtype=bool), np.zeros(N)
    seen = -tenure.astype(float)  # day of the last visit, or of registration
    coming, leaving, back, here = (np.zeros((days, N)) for _ in range(4))
    for t in range(days):
        here[t] = active
        pull = 0.8 * 3 * np.exp(-fatigue / 6.0)
        inert = t - seen >= 14
        coming[t] = one_minus_exp(intensity * np.exp(pull))
        back[t] = one_minus_exp(0.1 * np.exp(-(t - left) / 5.0 + pull))
        is_here = active | (returns[t] > 0)
        fatigue = np.where(is_here, 0.6 * fatigue + 5, fatigue)
        hazard = 0.1 * np.maximum(0.0, fatigue - 6.0) + 1.2 * inert
        leaving[t] = one_minus_exp(-math.log(0.93) * np.exp(hazard))
        seen = np.where(visits[t] > 0, t, seen)
        left = np.where(lapses[t] > 0, t, left)
        active = is_here & (lapses[t] == 0)
    stays = here > 0
    day = np.broadcast_to(np.arange(days)[:, None], (days, N))
    agree(visits, coming, stays, groups=day, at_least=6)
    agree(visits, coming, stays, groups=intensity, at_least=2)
    agree(lapses, leaving, stays, groups=day, at_least=6)
    agree(lapses, leaving, stays, groups=tenure + 100 * (intensity > 0), at_least=4)
    agree(returns, back, ~stays)
    agree(returns, back, ~stays, groups=day)


@pytest.mark.parametrize("rate", [0.02, 0.2])
def test_pushes_are_switched_off_by_the_tired_first(rate: float) -> None:
    """Still reached after D days: product of exp(-o_p n (1 + fatigue / f_0)), fatigue growing meanwhile."""
    p = {"e_p": 0.0, "f_0": 2.0, "fat_keep": 0.5, "o_p": rate}
    days = 4
    world = lab(people(N, intensity=0.0, need=0.0), products(), days, p, strategies=PUSH)
    operations, recorder = prepare(world, "s")
    Columnar(world, operations, recorder).run()
    gone, fatigue, log_stays = operations.customers.has_opted_out, 0.0, 0.0
    for _ in range(days):
        log_stays -= rate * 2 * (1.0 + fatigue / 2.0)
        fatigue = 0.5 * fatigue + 2
    agree(gone[None, :], np.full((1, N), 1.0 - math.exp(log_stays)))


# --- (12), (14): rewards -------------------------------------------------------------------------------


def test_rewards_make_people_review_and_share_the_price_sensitive_most() -> None:
    """review: (rev_0) exp(b_rv ln(1 + r / h)); share: logit s_0 + b_rw ln(1 + r / h); h = 100 h_0 mean / price."""
    p = {"rev_0": 0.1, "rev_max": 1.0, "b_rv": 0.5, "s_0": -1.0, "b_rw": 0.4, "h_0": 1.5, "r_0": 0.0}
    (price,) = spread(N, (0.2, 0.5, 0.9))
    who = people(N, price=price, intensity=DAILY, need=SURE)
    tactics = [{"kind": "review_reward", "reward": 2.0}, {"kind": "share_reward", "reward": 3.0, "per_day": 9}]
    journal = play(lab(who, products(), 2, p, strategies={"s": tactics}), "s")
    hassle = 100 * 1.5 * 0.5 / price
    reviews, shares = happened(journal, "review"), happened(journal, "share")
    assert (happened(journal, "order") == 1).all()
    chance = 0.1 * np.exp(0.5 * np.log1p(200 / hassle))
    agree(reviews, np.broadcast_to(chance, reviews.shape), groups=price, at_least=3)
    logit = -1.0 + 0.4 * np.log1p(300 / hassle)
    agree(shares, np.broadcast_to(1 / (1 + np.exp(-logit)), shares.shape), groups=price, at_least=3)
