"""What comes of an order: delivery, review, sharing; by hand, at the limits, monotone, by frequency."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.rules import fulfil, review, share
from sim.rules.records import Key
from tests.by_hand import KEY, C, P, a_shopper, close_share, often, share_of_one, small

# --- 7 fulfil ------------------------------------------------------------------------------------


def test_experience_by_hand() -> None:
    assert fulfil.experience(P, 0.0, 0.0, 0.0, 0.0, False) == P.s_const
    s = fulfil.experience(P, 1.0, -2.0, 0.5, 0.7, True)
    assert s == pytest.approx(P.s_const + 0.4 - 0.25 * 2 + 0.6 * 0.7 - 2.6 - P.s_hype * 0.5)
    assert fulfil.experience(P, 0.0, 0.0, -5.0, 0.0, False) == P.s_const  # promising too little does not please


@often
@given(small, small, st.floats(0, 3), small)
def test_experience_is_monotone(quality: float, match: float, hype: float, luck: float) -> None:
    s = fulfil.experience(P, quality, match, hype, luck, False)
    assert fulfil.experience(P, quality + 0.1, match, hype, luck, False) > s
    assert fulfil.experience(P, quality, match + 0.1, hype, luck, False) > s
    assert fulfil.experience(P, quality, match, hype + 0.1, luck, False) < s
    assert fulfil.experience(P, quality, match, hype, luck, True) == pytest.approx(s - P.s_fail)


def test_sending_back_by_hand() -> None:
    assert fulfil.return_probability(P, 0.0) == pytest.approx(P.ret_0, rel=1e-14)
    assert fulfil.return_probability(P, P.s_bad) == pytest.approx(P.ret_0, rel=1e-14)  # below, not at
    odds = P.ret_0 / (1 - P.ret_0) * math.exp(P.ret_1)
    assert fulfil.return_probability(P, -2.0) == pytest.approx(odds / (1 + odds), rel=1e-14)
    assert fulfil.return_probability(P._replace(ret_0=0.0), -9.0) == 0.0


def test_deliveries_have_the_named_shape() -> None:
    found = [fulfil.deliver(P, Key(3, 5, a), 9, 0.0, 0.0, 0.0) for a in range(6000)]
    s = np.array([f[0] for f in found])
    failed = s < -1.5
    assert s[~failed].std() == pytest.approx(P.s_luck, rel=0.05)
    assert s.mean() == pytest.approx(P.s_const - P.s_fail * P.fail, abs=0.05)
    bad = s < P.s_bad
    close_share(np.array([f[1] for f in found])[~bad], P.ret_0)
    close_share(np.array([f[1] for f in found])[bad], fulfil.return_probability(P, -2.0))
    assert stats.kstest([f[2] for f in found], "uniform").pvalue > 1e-4


# --- 8 review ------------------------------------------------------------------------------------


def test_reviewing_by_hand() -> None:
    assert review.review_probability(P, 0.0) == P.rev_0
    assert review.review_probability(P, 1.0) == pytest.approx(0.02 + 0.06)
    assert review.review_probability(P, -1.0) == pytest.approx(0.02 + 0.06 * 1.3)
    assert review.review_probability(P, 10.0) == review.review_probability(P, -10.0) == P.rev_max


@often
@given(st.floats(0, 8), st.floats(0, 8))
def test_strong_experiences_are_reviewed_more_and_bad_ones_most(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert review.review_probability(P, low) <= review.review_probability(P, high)
    assert review.review_probability(P, -low) <= review.review_probability(P, -high)
    assert review.review_probability(P, high) <= review.review_probability(P, -high) <= P.rev_max


def test_stars_by_hand() -> None:
    lone = a_shopper(herd=0.0)
    assert [review.stars(P, lone, s, 4.2) for s in (-9, -2.0, -1.0, 0.0, 0.4, 0.5, 9)] == [1, 1, 3, 4, 4, 5, 5]
    own = P.star_0 - 1.25 * 0.9  # 2.775: three stars alone
    pulled = own + P.om_h * 1.0 * (5.0 - own)  # 3.44: still three
    assert review.stars(P, a_shopper(herd=1.0), -0.9, 5.0) == math.floor(pulled + 0.5)
    assert review.stars(P, a_shopper(herd=1.0), -1.2, 5.0) == 3 > review.stars(P, lone, -1.2, 5.0) == 2


@often
@given(st.floats(-4, 4), st.floats(1, 5), share_of_one)
def test_a_shown_rating_pulls_up_only(s: float, shown: float, herd: float) -> None:
    alone = review.stars(P, a_shopper(herd=0.0), s, shown)
    found = review.stars(P, a_shopper(herd=herd), s, shown)
    assert 1 <= alone <= found <= 5
    assert found == review.stars(P, a_shopper(herd=herd), s, 1.0) or shown > P.star_0 + P.star_s * s
    assert found <= max(alone, math.floor(max(shown, 1.0) + 0.5))  # never beyond what is shown
    assert review.stars(P, a_shopper(herd=herd), s + 0.1, shown) >= found


# --- 9 share -------------------------------------------------------------------------------------


def test_sharing_by_hand() -> None:
    assert share.share_probability(P, C, a_shopper(), 0.0, 0.0) == pytest.approx(1 / (1 + math.exp(1.0)))
    x = P.s_0 + P.b_n * (0.7 - C.social) / 0.2 + P.b_sat * -1.5 + P.b_a * 2
    found = share.share_probability(P, C, a_shopper(social=0.7), -1.5, 2.0)
    assert found == pytest.approx(1 / (1 + math.exp(-x)))


def test_rewards_by_hand() -> None:
    cheap, dear = a_shopper(price=0.9), a_shopper(price=0.1)
    assert share.hassle_cents(P, C, a_shopper(price=0.5)) == pytest.approx(100 * P.h_0)
    assert share.hassle_cents(P, C, cheap) < share.hassle_cents(P, C, dear)
    assert share.reward_effect(P, C, cheap, 0.0) == 0.0
    assert share.reward_effect(P, C, a_shopper(price=0.5), 300.0) == pytest.approx(P.b_rw * math.log(4.0))
    x = P.s_u + P.b_n * 1.0 + P.b_rw * math.log(1 + 500 / 100)
    found = share.unlock_probability(P, C, a_shopper(price=0.5, social=0.6), 500.0)
    assert found == pytest.approx(1 / (1 + math.exp(-x)))
    assert share.unlock_probability(P, C, a_shopper(), 0.0) == 0.0


@often
@given(share_of_one, share_of_one, small, st.floats(1, 1e5))
def test_sharing_is_monotone(social: float, price: float, s: float, face: float) -> None:
    one, more = a_shopper(social=social, price=price), a_shopper(social=min(social + 0.05, 1.0), price=price)
    assert share.share_probability(P, C, one, s, 0.0) <= share.share_probability(P, C, more, s, 0.0)
    assert share.share_probability(P, C, one, s, 0.0) < share.share_probability(P, C, one, s + 0.1, 0.0)
    assert share.share_probability(P, C, one, s, 0.0) < share.share_probability(P, C, one, s, 0.1)
    assert share.unlock_probability(P, C, one, face) < share.unlock_probability(P, C, one, face * 1.1)
    assert share.unlock_probability(P, C, one, face) <= share.unlock_probability(P, C, more, face)
    keener = a_shopper(social=social, price=min(price + 0.1, 1.0))
    assert share.unlock_probability(P, C, one, face) <= share.unlock_probability(P, C, keener, face)


def test_reach_by_hand() -> None:
    assert share.tie_probability(P, C, 0) == 0.0
    assert share.tie_probability(P, C, -3) == 0.0
    assert share.tie_probability(P, C, 1) == pytest.approx(P.r_0 * 0.1**0.5)
    assert share.tie_probability(P._replace(r_0=4.0), C, 1) == 1.0
    assert share.tie_probability(P, C, 10) == pytest.approx(P.r_0 / 10)
    assert 40 * share.tie_probability(P, C, 40) == pytest.approx(2 * P.r_0)
    assert share.tie_probability(P._replace(r_0=0.0), C, 5) == 0.0
    flat = P._replace(eta=0.0)
    assert 40 * share.tie_probability(flat, C, 40) == pytest.approx(P.r_0)


@often
@given(st.integers(1, 100_000))
def test_more_friends_more_reach_but_less_for_each(audience: int) -> None:
    p, q = share.tie_probability(P, C, audience), share.tie_probability(P, C, audience + 1)
    assert 0.0 < q <= p <= 1.0
    assert audience * p <= (audience + 1) * q * (1 + 1e-12)


def test_accepting_by_hand() -> None:
    assert share.accept_probability(P, 0) == 0.0
    assert share.accept_probability(P, 4) == pytest.approx(1 - math.exp(-4 * P.a_inv))
    assert share.accept_probability(P._replace(a_inv=0.0), 100) == 0.0
    once = [share.accept_probability(P, n) for n in range(200)]
    assert once == sorted(once)
    assert once[-1] <= 1.0


def test_shares_and_messages_come_as_often_as_they_should() -> None:
    p = share.share_probability(P, C, a_shopper(), 0.5, 0.3)
    found = [share.shares(P, C, a_shopper(), Key(1, 2, a), 77, 0.5, 0.3) for a in range(6000)]
    close_share([f[0] for f in found], p)
    close_share([f[1] for f in found], p * P.p_post)
    assert all(shared for shared, posted in found if posted)
    close_share([share.sends_to(Key(1, 2, a), 5, 77, 0.3) for a in range(6000)], 0.3)
    assert not share.sends_to(KEY, 5, 77, 0.0)
    assert share.sends_to(KEY, 5, 77, 1.0)


@often
@given(st.integers(0, 2**31 - 1), st.floats(0, 1), st.floats(0, 1))
def test_raising_a_chance_keeps_the_earlier_messages(receiver: int, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert not share.sends_to(KEY, receiver, 9, low) or share.sends_to(KEY, receiver, 9, high)
