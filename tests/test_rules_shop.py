"""What a shop does to people, rule by rule and by hand (see tests/by_hand.py)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.rules import buy, reach
from sim.rules.records import BROWSE, CONTENT, LIVE, Key
from tests.by_hand import C, P, a_shelf, a_shopper, a_state, an_offer, close_share


def test_an_emotional_message_moves_mood_by_reactivity_within_bounds() -> None:
    assert reach.stirred(0.1, 0.5, 0.4) == pytest.approx(0.1 + 0.4 * 0.5)
    assert reach.stirred(0.1, 0.5, -0.4) == pytest.approx(0.1 - 0.4 * 0.5)
    assert reach.stirred(0.9, 0.9, 0.9) == 1.0
    assert reach.stirred(-0.9, 0.9, -0.9) == -1.0


def test_what_a_contact_adds_is_kept_in_steps() -> None:
    assert reach.in_steps(0.25) == 1024
    assert reach.in_steps(-0.25) == -1024
    assert reach.in_steps(0.0001) == 0
    assert reach.in_steps(99.0) == 32_767 == -reach.in_steps(-99.0)


def test_switching_off_is_by_luck_and_only_for_who_got_a_message() -> None:
    p = P._replace(o_p=0.05, f_0=4.0)
    tired = a_state(fatigue=8.0)
    found = np.array([reach.opts_out(p, Key(1, 2, a), tired, 2) for a in range(6000)])
    close_share(found, 1.0 - math.exp(-0.05 * 2 * (1 + 8.0 / 4.0)))
    assert not any(reach.opts_out(p._replace(o_p=9.0), Key(1, 2, a), tired, 0) for a in range(50))


def test_a_contact_leaves_pull_hold_mood_and_trust_behind() -> None:
    p = P._replace(e_p=0.4, f_0=2.0, g_sal=0.5)
    me = a_state(fatigue=1.0, mood=0.2, satisfaction=0.3, last_visit_day=10, registered_day=0)
    one = a_shopper(emotion=0.5, trust=0.6)
    pull, hold, mood, trust = reach.reached(p, one, me, 24, 2, 0.1, -0.2, 0.4, 0.0)
    assert pull == pytest.approx(0.1 + 0.4 * 2 * math.exp(-0.5), abs=1 / 8192)
    assert hold == pytest.approx(-0.2 + 0.5, abs=1 / 8192)
    assert (mood, trust) == (pytest.approx(0.4), 0.3)
    assert reach.reached(p, one, me, 23, 2, 0.1, -0.2, 0.4, 0.0)[1] == pytest.approx(-0.2, abs=1 / 8192)  # a day less


def test_a_session_is_for_who_watches_and_notes_for_who_reads() -> None:
    p = P._replace(b_l=0.7, b_u=0.4, b_imp=0.9)
    on, one = a_shelf(4, live=[1, 0, 1, 0]), a_shopper(social=C.social * 1.5, emotion=C.emotion * 0.5)
    watching, not_watching = an_offer(live_weight=2.0), an_offer()
    assert buy.place_effect(p, C, one, watching, on, 0, LIVE) == pytest.approx(0.7)
    assert buy.place_effect(p, C, one, watching, on, 0, BROWSE) == pytest.approx(0.7)  # wherever she sees it
    assert buy.place_effect(p, C, one, watching, on, 1, LIVE) == 0.0
    assert buy.place_effect(p, C, one, not_watching, on, 0, BROWSE) == 0.0
    assert buy.place_effect(p, C, one, not_watching, on, 1, CONTENT) == pytest.approx(0.4 * 1.5)
    assert buy.place_effect(p, C, one, watching, on, 2, CONTENT) == pytest.approx(0.7 + 0.4 * 1.5)
    assert buy.content_effect(p, C, one, CONTENT) == pytest.approx(0.6)
    assert buy.content_effect(p, C, one, LIVE) == 0.0
    assert buy.impulse(p, C, one, watching) == pytest.approx(0.45)
    assert buy.impulse(p, C, one, not_watching) == 0.0


def test_the_price_of_a_session_is_one_of_the_reductions() -> None:
    watching = an_offer(live_weight=1.0, coupon_share=0.2)
    assert buy.price_alone(watching, 1000, 0.3) == (700, 3)
    assert buy.price_alone(watching, 1000, 0.1) == (800, 1)
    assert buy.price_alone(an_offer(coupon_share=0.2), 1000, 0.3) == (800, 1)
    assert buy.price_alone(an_offer(), 1000, 0.3) == (1000, 0)
