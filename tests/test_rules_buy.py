"""Prices, utilities, whether to buy, which and how many: by hand, monotone, against the nested logit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import draws
from sim.rules import buy, shelf
from sim.rules import expose as exposing
from sim.rules.records import BROWSE, FRIEND, KOL, NO_TEAM, Key, Shelf, State, Traits
from tests.by_hand import (
    KEY,
    NO_TEAMS,
    C,
    P,
    a_desk,
    a_shelf,
    a_shopper,
    a_state,
    a_team,
    an_inbox,
    an_offer,
    close_share,
    decide_once,
    decided,
    fits,
    often,
    repriced,
    share_of_one,
    visitors,
)

# --- prices --------------------------------------------------------------------------------------


def test_reduced_prices() -> None:
    assert buy.reduced(1000, 0.25) == 750
    assert buy.reduced(1001, 0.5) == 501  # half a cent goes up
    assert buy.reduced(1, 0.9) == 1
    assert buy.reduced(1000, 0.0) == 1000
    assert buy.reduced(333, 0.1) == 300


@often
@given(st.integers(1, 10**7), st.floats(0, 0.9), st.floats(0, 0.9))
def test_a_larger_share_is_never_dearer(cents: int, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 1 <= buy.reduced(cents, high) <= buy.reduced(cents, low) <= cents
    assert abs(buy.reduced(cents, a) - cents * (1 - a)) <= 0.5 + 1e-6 or buy.reduced(cents, a) == 1


def test_the_better_coupon_is_used() -> None:
    assert buy.price_alone(an_offer(), 1000, 0.0) == (1000, 0)
    assert buy.price_alone(an_offer(coupon_share=0.1), 1000, 0.0) == (900, 1)
    assert buy.price_alone(an_offer(coupon_cents=200), 1000, 0.0) == (800, 2)
    assert buy.price_alone(an_offer(coupon_share=0.1, coupon_cents=200), 1000, 0.0) == (800, 2)
    assert buy.price_alone(an_offer(coupon_share=0.3, coupon_cents=200), 1000, 0.0) == (700, 1)
    assert buy.price_alone(an_offer(coupon_cents=5000), 1000, 0.0) == (1, 2)
    assert buy.price_alone(an_offer(coupon_cents=5), 1, 0.0) == (1, 0)
    assert buy.price_alone(an_offer(coupon_share=0.0001), 100, 0.0) == (100, 0)  # worth nothing: not used


def test_money_off_may_need_a_least_price() -> None:
    offer = an_offer(coupon_cents=200, coupon_min_cents=1000)
    assert buy.price_alone(offer, 1000, 0.0) == (800, 2)
    assert buy.price_alone(offer, 999, 0.0) == (999, 0)


@often
@given(st.integers(1, 10**6), st.floats(0, 0.9), st.integers(0, 10**6), st.integers(1, 20))
def test_no_coupon_makes_anything_dearer_or_free(cents: int, off: float, face: int, quantity: int) -> None:
    unit, coupon = buy.price_alone(an_offer(coupon_share=off, coupon_cents=face), cents, 0.0)
    assert 1 <= unit <= cents
    assert (coupon == 0) == (unit == cents)
    paid = buy.order_paid(cents, unit, coupon, face, quantity)
    assert 1 <= paid <= cents * quantity
    if coupon == 1:
        assert paid == quantity * buy.reduced(cents, off)
    if coupon == 2:
        assert cents * quantity - paid <= face  # money off once, never once a unit


def test_orders_by_hand() -> None:
    assert buy.order_paid(1000, 1000, 0, 0, 3) == 3000
    assert buy.order_paid(1000, 900, 1, 0, 3) == 2700
    assert buy.order_paid(1000, 800, 2, 200, 3) == 2800
    assert buy.order_paid(100, 1, 2, 500, 3) == 1


# --- utilities -----------------------------------------------------------------------------------


def test_recommendations_saturate_both_ways() -> None:
    on = a_shelf(sociality=0.8, spam_onset=2.0)

    def effect(strength: float, count: int = 1) -> float:
        return buy.recommendation_effect(P, on, 0, strength, count)

    assert effect(0.0) == 0.0
    assert effect(0.7) == pytest.approx(P.b_r * (1 - math.exp(-0.56)))
    assert effect(-0.7) == -effect(0.7)
    assert effect(1e9) == P.b_r
    assert effect(-1e9) == -P.b_r
    assert effect(0.7, 2) == effect(0.7)
    assert effect(0.7, 5) == pytest.approx(effect(0.7) - 3 * P.b_sp)
    assert buy.recommendation_effect(P, a_shelf(spam_onset=1e9), 0, 0.7, 30_000) == effect(0.7)


@often
@given(st.floats(-50, 50), st.floats(0, 5), st.integers(0, 100))
def test_recommendations_are_monotone_and_bounded(strength: float, more: float, count: int) -> None:
    on = a_shelf()
    found = buy.recommendation_effect(P, on, 0, strength, count)
    assert buy.recommendation_effect(P, on, 0, strength + more, count) >= found
    assert buy.recommendation_effect(P, on, 0, strength, count + 1) <= found
    assert found <= P.b_r


def test_liking_by_hand() -> None:
    on = a_shelf(taste_0=0.5, taste_1=-1.0, taste_2=2.0, appeal=0.11, popularity=1.3, log_price=0.4)
    someone = a_shopper(taste_0=1.0, taste_1=0.5, taste_2=0.25, herd=0.9, price=0.8, kol=0.6)
    expected = P.b_m * (0.5 - 0.5 + 0.5) / math.sqrt(3) + 0.11 + P.b_h * 1.8 * 1.3 - P.b_abs * 1.6 * 0.4
    assert buy.liking(P, C, someone, on, 2, 0.0, 0, 0.0) == pytest.approx(expected)
    told = buy.liking(P, C, someone, on, 2, -0.5, 4, 0.7)
    expected += -P.b_r * (1 - math.exp(-0.4)) - 2 * P.b_sp + P.b_k * 0.6 * 0.7
    assert told == pytest.approx(expected)


def test_price_effect_by_hand() -> None:
    someone = a_shopper(price=0.75)
    assert buy.price_effect(P, C, someone, 0.0) == 0.0
    assert buy.price_effect(P, C, someone, math.log(0.8)) == pytest.approx(-P.b_p * 1.5 * math.log(0.8))
    assert buy.price_effect(P, C, someone, math.log(1 / 3000)) > 0.0


@often
@given(st.integers(1, 10**6), st.integers(1, 10**6), share_of_one)
def test_cheaper_is_never_less_attractive(a: int, b: int, price: float) -> None:
    desk = a_desk([0, 1])
    on = repriced(a_shelf(2), np.array(sorted((a, b))))
    decide_once(2, desk, on=on, traits=a_shopper(price=price))
    assert desk.utility[0] >= desk.utility[1]


@often
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), share_of_one)
def test_a_coupon_and_a_cut_to_the_same_price_are_worth_the_same(
    cents: int, shown: int, off: int, price: float
) -> None:
    """The shelf's own logarithm and that of a coupon's price: the same bits."""
    shown, someone = max(min(shown, cents), 2), a_shopper(price=price)
    now = buy.price_alone(an_offer(coupon_cents=off), shown, 0.0)[0]
    desks = a_desk([0]), a_desk([0])
    cuts = np.empty(2)
    shelf.log_ratios(np.array([shown, now]), np.array([cents, cents]), cuts)
    one = a_shelf(1, list_cents=cents, price_cents=shown)._replace(log_cut=cuts[:1])
    other = a_shelf(1, list_cents=cents, price_cents=now)._replace(log_cut=cuts[1:])
    decide_once(1, desks[0], on=one, traits=someone, offer=an_offer(coupon_cents=off))
    decide_once(1, desks[1], on=other, traits=someone)
    assert desks[0].unit_cents[0] == desks[1].unit_cents[0] == now
    assert desks[0].utility[0] == desks[1].utility[0] == pytest.approx(-P.b_p * price / C.price * math.log(now / cents))


def _incidence(someone: Traits, me: State, inclusive: float) -> float:
    return buy.buy_probability(P, someone, inclusive, 40 - me.last_buy_day, me.satisfaction, me.mood)


def test_incidence_by_hand() -> None:
    someone, me = a_shopper(need=0.3, emotion=0.8), a_state(last_buy_day=33, satisfaction=0.5, mood=-0.4)
    x = P.alpha + 0.3 + P.mu * 1.1 - P.b_inv * math.exp(-7 / P.tau_inv) + P.b_s * 0.5 + P.b_e * 0.8 * -0.4
    assert _incidence(someone, me, 1.1) == pytest.approx(1 / (1 + math.exp(-x)))
    never = _incidence(a_shopper(), a_state(), 0.0)
    assert never == pytest.approx(1 / (1 + math.exp(-P.alpha)))
    days = [_incidence(a_shopper(), a_state(last_buy_day=d), 0.0) for d in range(40)]
    assert days == sorted(days, reverse=True)
    assert _incidence(a_shopper(), a_state(), -1e9) == pytest.approx(0.0, abs=1e-300)
    assert _incidence(a_shopper(), a_state(), 1e9) == 1.0


def test_inclusive_value_by_hand() -> None:
    assert buy.inclusive_value(P, P.attention) == 0.0
    assert buy.inclusive_value(P._replace(attention=5.9), 3.0) == pytest.approx(math.log(3 / 5))  # whole slots
    assert buy.inclusive_value(P._replace(attention=1.0), 3.0) == pytest.approx(math.log(3))


def test_quantity_by_hand() -> None:
    assert [buy.bought_units(P, u) for u in (1 - 1e-9, 0.351, 0.349, 0.35**2 - 1e-6, 0.35**3 - 1e-6)] == [1, 1, 2, 3, 4]
    assert buy.bought_units(P, draws.unit(0)) <= 22
    assert buy.bought_units(P._replace(q_more=0.8), draws.unit(0)) == 20
    assert buy.bought_units(P._replace(q_more=0.0), 1e-9) == 1


# --- choice --------------------------------------------------------------------------------------


def _market() -> tuple[Any, Traits, Any]:
    rng = np.random.default_rng(8)
    taste = rng.normal(size=(3, 8))
    on = a_shelf(
        8, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2], appeal=rng.normal(0, 0.3, 8),
        popularity=rng.normal(size=8), list_cents=rng.integers(500, 9000, 8),
    )  # fmt: skip
    on = repriced(on, on.list_cents.copy())._replace(log_price=np.log(on.list_cents / 3000))
    someone = a_shopper(taste_0=0.8, taste_1=-0.4, taste_2=1.1, price=0.6, herd=0.3, need=2.9)
    u = (
        P.b_m * (0.8 * taste[0] - 0.4 * taste[1] + 1.1 * taste[2]) / math.sqrt(3) + on.appeal
        + P.b_h * 0.6 * on.popularity - P.b_abs * 1.2 * on.log_price
    )  # fmt: skip
    return on, someone, u


def _nested(u: Any, need: float) -> tuple[float, Any]:
    """P(buy) and the shares within, straight from eq. 5-6."""
    inclusive = np.log(np.exp(u).sum()) - math.log(P.attention)
    return 1 / (1 + math.exp(-(P.alpha + need + P.mu * inclusive))), np.exp(u) / np.exp(u).sum()


def _computed(on: Shelf, someone: Traits) -> tuple[float, Any]:
    """P(buy) and shares as the rules compute them: utilities from the desk, incidence from its rule."""
    desk = a_desk(list(range(8)))
    buy.decide(P, C, someone, a_state(), an_offer(), an_inbox(), on, *NO_TEAMS, 0, 0, KEY, 8, desk)
    u = desk.utility[:8]
    inclusive = float(np.log(np.exp(u).sum()) - math.log(P.attention))
    return _incidence(someone, a_state(), inclusive), np.exp(u) / np.exp(u).sum()


def test_nested_logit_elasticities_v7() -> None:
    on, someone, u = _market()
    p_buy, within = _nested(u, someone.need)
    p_rule, within_rule = _computed(on, someone)
    assert p_rule == pytest.approx(p_buy, abs=1e-12)
    assert within_rule == pytest.approx(within, abs=1e-12)
    beta = P.b_p * 0.6 / C.price
    # prices in such small units that one per cent, and a small step, are whole numbers of them
    fine = on._replace(list_cents=on.list_cents * 10**6, price_cents=on.price_cents * 10**6)
    step = 1e-6

    def raised(which: Any) -> tuple[float, Any]:
        cents = fine.price_cents.copy()
        cents[which] = np.rint(cents[which] * (1 + step)).astype(np.int64)
        return _computed(repriced(fine, cents), someone)

    for j in range(8):
        p_new, within_new = raised(j)
        own = (math.log(p_new * within_new[j]) - math.log(p_buy * within[j])) / math.log1p(step)
        assert own == pytest.approx(-beta * (1 - within[j] * (1 - P.mu * (1 - p_buy))), abs=2e-4)
        other = (j + 1) % 8
        cross = (math.log(p_new * within_new[other]) - math.log(p_buy * within[other])) / math.log1p(step)
        assert cross == pytest.approx(beta * within[j] * (1 - P.mu * (1 - p_buy)), abs=2e-4)
    category = (math.log(raised(slice(None))[0]) - math.log(p_buy)) / math.log1p(step)
    assert category == pytest.approx(-beta * P.mu * (1 - p_buy), abs=2e-4)
    # one per cent on one price: the probability itself
    cents = fine.price_cents.copy()
    cents[3] = cents[3] * 101 // 100
    u_new = u.copy()
    u_new[3] -= beta * math.log(1.01)
    expected, found = _nested(u_new, someone.need), _computed(repriced(fine, cents), someone)
    assert found[0] * found[1] == pytest.approx(expected[0] * expected[1], abs=1e-6)


def test_choices_come_as_often_as_the_formula_says() -> None:
    on, someone, u = _market()
    p_buy, within = _nested(u, someone.need)
    out, _ = decided(on=on, traits=someone)
    bought = out[out[:, 0] >= 0]
    close_share(out[:, 0] >= 0, p_buy)
    fits(np.bincount(bought[:, 0], minlength=8), within)
    assert not bought[:, 2].any()


def test_quantities_are_geometric() -> None:
    out, _ = decided(traits=a_shopper(need=20))
    assert (out[:, 0] >= 0).all()
    assert out[:, 1].mean() == pytest.approx(1 / (1 - 0.35), abs=0.015)
    k = np.minimum(out[:, 1], 8) - 1
    fits(np.bincount(k), [0.65 * 0.35**j for j in range(7)] + [0.35**7])


def test_a_new_product_reshuffles_no_other_choice() -> None:
    on, someone, _ = _market()
    seven, _ = decided(20_000, on=on, traits=someone._replace(need=20.0), products=list(range(7)))
    eight, _ = decided(20_000, on=on, traits=someone._replace(need=20.0), products=list(range(8)))
    moved = seven[:, 0] != eight[:, 0]
    assert 0 < moved.mean() < 0.5
    assert (eight[moved, 0] == 7).all()


def test_the_order_on_the_desk_cannot_matter() -> None:
    on, someone, _ = _market()
    one, _ = decided(5000, on=on, traits=someone)
    other, _ = decided(5000, on=on, traits=someone, products=[5, 2, 7, 0, 1, 6, 3, 4])
    assert np.array_equal(one, other)


def test_lower_prices_keep_earlier_buyers() -> None:
    on, someone, _ = _market()
    now, _ = decided(20_000, on=on, traits=someone)
    cut, _ = decided(20_000, on=repriced(on, on.price_cents * 8 // 10), traits=someone)
    assert (cut[now[:, 0] >= 0, 0] >= 0).all()
    assert (cut[:, 0] >= 0).sum() > (now[:, 0] >= 0).sum()


def test_an_empty_desk_sells_nothing() -> None:
    nothing = buy.decide(
        P, C, a_shopper(need=99), a_state(), an_offer(), an_inbox(), a_shelf(), *NO_TEAMS, 0, 0, KEY, 0, a_desk()
    )
    assert (nothing.product, nothing.favourite, nothing.parent, nothing.team) == (-1, -1, -1, NO_TEAM)


def test_only_a_friends_slot_gives_a_parent_within_seven_days() -> None:
    for source, day, parent in ((FRIEND, 33, 77), (FRIEND, 32, -1), (BROWSE, 40, -1), (KOL, 40, -1), (FRIEND, 40, 77)):
        box = an_inbox((2, 65536), sender=[77], sender_day=[day])
        found = decide_once(1, a_desk([2], [source]), inbox=box)
        assert (found.product, found.source, found.parent) == (2, source, parent)
    own = an_inbox((2, 9830))  # seen at a friend's, nobody sent it
    assert decide_once(1, a_desk([2], [FRIEND]), inbox=own).parent == -1


def test_the_favourite_is_known_without_a_purchase() -> None:
    on = a_shelf(appeal=[0, 0, 3, 0, 0, 5, 0, 0])
    found = decide_once(3, a_desk([0, 2, 4]), on=on, traits=a_shopper(need=-99))
    assert (found.product, found.favourite) == (-1, 2)


def test_prices_reach_the_choice() -> None:
    on = a_shelf(price_cents=2000, list_cents=3000)
    found = decide_once(1, a_desk([4]), on=on, offer=an_offer(coupon_share=0.1))
    assert (found.unit_cents, found.coupon, found.is_team) == (1800, 1, False)
    desk = a_desk([4])
    decide_once(1, desk, on=on, offer=an_offer(coupon_share=0.1))
    assert desk.utility[0] == pytest.approx(-P.b_p * math.log(0.6))


# --- Python = compiled ---------------------------------------------------------------------------


def test_exposure_and_choice_have_the_same_bits_in_both_drivers() -> None:
    rng = np.random.default_rng(3)
    taste = rng.normal(size=(3, 30))
    on = a_shelf(
        30, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2], appeal=rng.normal(0, 0.3, 30),
        popularity=rng.normal(size=30), promoted=rng.random(30) < 0.3,
        price_cents=rng.integers(1500, 3000, 30), team_discount=np.where(rng.random(30) < 0.5, 0.2, 0.0),
        on_sale=rng.random(30) < 0.9,
    )  # fmt: skip
    remembered = zip(rng.permutation(30)[:8].tolist(), rng.integers(-60_000, 130_000, 8).tolist(), strict=True)
    asked = [0, 1, -1, -1, 2, -1, -1, -1]
    box = an_inbox(*remembered, sender=list(range(8)), sender_day=[38] * 8, team=asked)
    rows = np.array([a_team(product=int(box.product[e]), founder=e, founder_id=e + 40) for e in (0, 1, 4)])
    public = np.full((30, 3), -1, dtype=np.int64)
    public[:, 0], public[:, 1] = 0, 2
    someone = a_shopper(taste_0=0.4, taste_1=1.2, taste_2=-0.7, need=3.0, kol=0.8)
    state = a_state(inbox_day=38, kol_product=5, kol_day=37, last_buy_day=30, satisfaction=0.2, mood=0.3)
    offer = an_offer(coupon_share=0.05, coupon_cents=180, team_tactics=1, rec_weight=1.5, rec_accuracy=0.6)
    shown, source, bought, luck = visitors(
        150, traits=someone, state=state, offer=offer, inbox=box, on=on, promoting=True, public=public, teams=rows
    )
    for a in range(150):
        desk, key = a_desk(), Key(5, 40, a, 9)
        n = exposing.expose(P, someone, state, offer, box, on, True, key, desk)
        assert shown[a, :n].tolist() == desk.product[:n].tolist()
        assert source[a, :n].tolist() == desk.source[:n].tolist()
        assert (shown[a, n:] == -1).all()
        c = buy.decide(P, C, someone, state, offer, box, on, public, rows, 0, a + 1000, key, n, desk)
        mine = [c.product, c.favourite, c.quantity, c.is_team, c.team, c.source, c.parent, c.unit_cents, c.coupon,
                c.team_cents, c.would_found]  # fmt: skip
        assert bought[a].tolist() == [int(x) for x in mine]
        assert luck[a].tobytes() == np.float64(desk.utility[0]).tobytes()
    assert len(set(bought[:, 0].tolist())) > 5
    assert 0 < bought[:, 3].mean() < 1


@often
@given(st.integers(0, 2**32 - 1))
def test_no_offer_raises_a_slot_by_more_than_the_bound_says(seed: int) -> None:
    """Who is left out by the bound could not have bought: prices from a cent on, every reduction, teams, posts."""
    rng = np.random.default_rng(seed)
    on = a_shelf(
        6, price_cents=np.ceil(10.0 ** rng.uniform(0.0, 6.0, 6)), team_discount=rng.choice([0.0, 0.1, 0.6, 0.95], 6),
        live=rng.integers(0, 2, 6), live_discount=rng.choice([0.0, 0.2, 0.9], 6),
    )  # fmt: skip
    offer = an_offer(
        coupon_share=rng.choice([0.0, 0.05, 0.5, 0.99]), coupon_cents=int(rng.choice([0, 1, 150, 5000, 10**6])),
        coupon_min_cents=int(rng.choice([0, 100, 4000, 10**7])), team_tactics=int(rng.integers(0, 2)),
        live_weight=rng.choice([0.0, 1.0]),
    )  # fmt: skip
    someone = a_shopper(**{name: rng.uniform(0.01, 0.99) for name in ("price", "kol", "social", "emotion")})
    is_led = bool(rng.integers(0, 2))
    bound = buy.most_lure(P, C, someone, offer, buy.lures(on), is_led)
    for product, plain in enumerate(rng.normal(0.0, 2.0, 6)):
        most = buy.most_weight(P, C, someone, offer, on, product, plain, rng.uniform(0, 1) * is_led, True)
        assert most <= math.exp(plain) * bound * (1.0 + 1e-12)
    nothing = buy.most_lure(P, C, someone, an_offer(), buy.lures(a_shelf()), False)
    assert nothing == pytest.approx(1.0)
