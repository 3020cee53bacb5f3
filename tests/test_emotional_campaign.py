"""Emotional campaigns: mood, talk and fatigue after a story or an advertisement, against formulas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sim.engines import simulate
from sim.scenario import Scenario
from tests.laboratory import N, agree, happened, lab, logistic, one_minus_exp, people, play, products
from tests.members import paid_lines


@pytest.mark.parametrize("commercial", [0.0, 1.0])
def test_a_campaign_stirs_mood_and_talk_or_only_tires(commercial: float) -> None:
    """(16), (14): while fresh, a story lifts mood and what is bought is shared more; an advertisement is a push."""
    days, impulse, welcome, arousal, emotion = 8, 0.3, 3, 1.5, 0.8
    p = {
        "alpha": 0.0, "mood_keep": 0.6, "e_e": 0.5, "s_0": -1.0, "b_a": 0.9, "e_p": 0.4, "f_0": 3.0, "o_p": 0.0,
        "fat_keep": 0.5, "g_sal": 0.0,
    }  # fmt: skip
    tactic = {
        "kind": "emotional_campaign", "reach": 1.0, "impulse": impulse, "arousal": arousal, "commercial": commercial,
        "welcome": welcome, "lasts_days": 2, "creative": 70, "media": 0.02,
    }  # fmt: skip
    who = people(N, intensity=0.3, emotion=emotion)
    journal = play(lab(who, products(), days, p, strategies={"s": tactic}), "s")
    came, bought, shared = (happened(journal, kind) for kind in ("visit", "order", "share"))
    mood, fatigue, moved = 0.0, 0.0, 0
    for t in range(days):
        fresh = max(1.0 - t / welcome, -1.0)
        rate = 0.3 * math.exp(0.4 * math.exp(-fatigue / 3.0)) if commercial else 0.3
        if not commercial:
            mood = min(max(mood + impulse * fresh * emotion, -1.0), 1.0)
            rate *= math.exp(0.5 * emotion * mood)
        agree(came[t], np.full(N, one_minus_exp(rate)))
        agree(shared[t], np.full(N, logistic(-1.0 + 0.9 * arousal * moved / 1024)), bought[t] > 0)
        if not commercial:
            moved = max(math.floor(moved * 0.5 ** (1 / 2)), math.floor(1024 * max(fresh, 0.0)))
        mood, fatigue = 0.6 * mood, 0.5 * fatigue + (1.0 if commercial else 0.0)
    assert paid_lines(journal) == {"creative": 7000, "media": 2 * N * days}


def test_a_campaign_needs_the_money_for_its_creative() -> None:
    """Nothing is shown where it cannot be made; media only as far as the budget reaches."""
    tactic = {"kind": "emotional_campaign", "reach": 0.5, "creative": 70, "media": 0.10, "commercial": 0.0}
    world = lab(people(100), products(), 3, {}, strategies={"s": tactic | {"budget": 69.99}})
    assert play(world, "s").ledger.empty
    world = lab(people(100), products(), 3, {}, strategies={"s": tactic | {"budget": 77.04}})
    lines = play(world, "s").ledger
    assert lines[lines["line"] == "media"]["amount_cents"].tolist() == [500, 200]


def test_an_advertisement_to_everybody_is_a_push() -> None:
    """All of it commercial, shown to all every day: the same events as a push a day, to the last one."""
    asked = {
        "name": "small", "days": 20, "burn_in_days": 5, "population": {"size": 500, "registered_share": 0.5},
        "strategies": {
            "advert": {"kind": "emotional_campaign", "commercial": 1.0, "reach": 1.0}, "push": {"kind": "push"}
        },
    }  # fmt: skip
    advert, push = (simulate(Scenario.from_dict(asked), label, events=True) for label in ("advert", "push"))
    pd.testing.assert_frame_equal(advert.events, push.events, check_exact=True)
    assert set(paid_lines(advert)) == {"creative", "media"}
