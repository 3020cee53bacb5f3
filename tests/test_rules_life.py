"""Who arrives, visits, leaves and comes back, and how she feels: by hand, at the limits, monotone.

Formulas are written here from docs/model.md with `math`, never by calling the rule that is tested.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from sim import draws, params
from sim._jit import kernel
from sim.engines import kernels
from sim.rules import arrive, feel, leave, visit
from sim.rules.records import ACTIVE, LAPSED, NEVER, PROSPECT, State, Traits
from tests.by_hand import C, P, a_shopper, a_state, close_share, often, share_of_one

# --- 1 arrive ------------------------------------------------------------------------------------


def test_arrival_by_hand() -> None:
    assert arrive.organic_probability(P, a_shopper(arrive=2)) == pytest.approx(2 * P.organic)
    assert arrive.organic_probability(P, a_shopper(arrive=1e6)) == 1.0
    nobody = a_shopper(arrive=0)
    assert arrive.organic_probability(P, nobody) == 0.0
    assert arrive.arrival_probability(P, C, nobody, a_state()) == 0.0
    seen = arrive.arrival_probability(P, C, a_shopper(kol=0.8), a_state(n_posts=3))
    assert seen == pytest.approx(1 - (1 - P.organic) * math.exp(-3 * P.a_kol * 0.8 / C.kol), abs=1e-15)


@often
@given(st.floats(0, 1000), st.integers(0, 200), share_of_one)
def test_posts_only_add_to_organic_arrival(times: float, posts: int, kol: float) -> None:
    someone = a_shopper(arrive=times, kol=kol)
    organic = arrive.organic_probability(P, someone)
    found = [arrive.arrival_probability(P, C, someone, a_state(n_posts=n)) for n in (0, posts, posts + 1)]
    assert 0.0 <= organic <= found[0] + 1e-16
    assert found[0] == pytest.approx(organic, abs=1e-15)
    assert found == sorted(found)
    assert found[-1] <= 1.0


# --- 3 visit -------------------------------------------------------------------------------------


def test_visit_by_hand() -> None:
    assert visit.visit_probability(P, a_shopper(intensity=0.3), a_state()) == pytest.approx(1 - math.exp(-0.3))
    me = a_state(heard=2, mood=-0.5)
    rate = 0.3 * math.exp(P.e_in * 2 + P.e_e * 0.9 * -0.5)
    assert visit.visit_probability(P, a_shopper(intensity=0.3, emotion=0.9), me) == pytest.approx(1 - math.exp(-rate))
    assert visit.visit_probability(P, a_shopper(intensity=0), me) == 0.0
    assert visit.visit_probability(P, a_shopper(intensity=50), me) == 1.0


@often
@given(st.floats(0, 50), st.integers(0, 300), st.floats(-1, 0.9), share_of_one)
def test_visiting_rises_with_messages_up_to_three_and_with_mood(
    rate: float, heard: int, mood: float, emotion: float
) -> None:
    someone = a_shopper(intensity=rate, emotion=emotion)
    p = visit.visit_probability(P, someone, a_state(heard=heard, mood=mood))
    assert 0.0 <= p <= 1.0
    assert p <= visit.visit_probability(P, someone, a_state(heard=heard + 1, mood=mood))
    assert p <= visit.visit_probability(P, someone, a_state(heard=heard, mood=mood + 0.1))
    most = visit.visit_probability(P, someone, a_state(heard=3, mood=mood))
    assert p <= most
    assert heard < 3 or p == most


def chance_to_act(p: Any, someone: Traits, me: State, is_invited: bool, day: int) -> tuple[int, float]:
    """The lane of her LIFE block that decides about her, and her chance: eq. 1, 15b and 18 again."""
    if me.status == ACTIVE:
        return 0, 1 - math.exp(
            -someone.intensity * math.exp(p.e_in * min(me.heard, 3) + p.e_e * someone.emotion * me.mood)
        )
    if me.status == LAPSED:
        rate = p.om_0 * math.exp(-(day - me.lapsed_day) / p.om_tau) * (1 + me.n_orders) ** p.b_fr
        return 2, 1 - math.exp(-rate)
    unmoved = math.exp(-me.n_posts * p.a_kol * someone.kol / C.kol)
    return 3, 1.0 if is_invited else 1 - (1 - min(p.organic * someone.arrive, 1.0)) * unmoved


_STATUSES = (PROSPECT, ACTIVE, LAPSED)
_word = st.integers(0, 2**32 - 1)
_wide = {name: st.floats(row.low, row.high) for name, row in params.COEFFICIENTS.items()}
some_params = st.one_of(
    st.just(P),
    st.builds(
        P._replace, **{name: _wide[name] for name in ("e_in", "e_e", "om_0", "om_tau", "b_fr", "organic", "a_kol")}
    ),
)
somebody = st.builds(
    a_shopper, intensity=st.floats(0, 20), emotion=share_of_one, kol=share_of_one,
    arrive=st.one_of(st.just(0.0), st.floats(0, 10), st.floats(0, 1e5)),
)  # fmt: skip
some_past: dict[str, Any] = {
    "heard": st.integers(0, 6), "mood": st.floats(-1, 1),
    "lapsed_day": st.one_of(st.integers(0, 39), st.just(39), st.just(NEVER)),
    "n_orders": st.one_of(st.integers(0, 3), st.integers(0, 5000)),
    "n_posts": st.one_of(st.just(0), st.integers(0, 9)),
}  # fmt: skip


@pytest.mark.parametrize("status", _STATUSES)
@pytest.mark.parametrize("is_invited", [False, True])
@settings(max_examples=200, deadline=None)
@given(some_params, somebody, st.fixed_dictionaries(some_past), st.tuples(_word, _word, _word, _word), st.data())
def test_whoever_acts_could_act(
    status: int, is_invited: bool, p: Any, someone: Traits, past: dict[str, Any], words: tuple[int, ...], data: Any
) -> None:
    """Also at the very edge: where the draw that decides lies within a few words of the chance."""
    me = a_state(status=status, **past)
    lane, chance = chance_to_act(p, someone, me, is_invited, 40)
    bound = leave.most_returns(p, me.n_orders + data.draw(st.one_of(st.just(0), st.integers(0, 1000))))
    near = [min(max(int(chance * 2**32) + step, 0), 2**32 - 1) for step in range(-4, 5)]
    for deciding in (words[lane], *near):
        w0, w1, w2, w3 = (deciding if k == lane else word for k, word in enumerate(words))
        lanes = (w0, w1, w2, w3)
        acts = visit.acts(p, C, someone, me, is_invited, 40, lanes)
        could = visit.could_act(p, someone, me, is_invited, bound, lanes)
        assert could or not acts
        assert acts == could or status != ACTIVE  # exact for the active
        u = draws.unit(deciding)
        assert acts == (u < chance) or abs(u - chance) < 1e-9 or (is_invited and status == PROSPECT)
        if status != PROSPECT:  # an invitation of a member is none
            assert acts == visit.acts(p, C, someone, me, not is_invited, 40, lanes)
            assert could == visit.could_act(p, someone, me, not is_invited, bound, lanes)


@kernel
def _mornings(
    params: Any,
    constants: Any,
    traits: Any,
    state: Any,
    is_invited: bool,
    bound: float,
    seed: int,
    acts: Any,
    could: Any,
) -> None:
    for a in range(acts.shape[0]):
        words = draws.block(seed, draws.LIFE, 40, a, 0)
        acts[a] = visit.acts(params, constants, traits, state, is_invited, 40, words)
        could[a] = visit.could_act(params, traits, state, is_invited, bound, words)


@pytest.mark.parametrize("status", _STATUSES)
def test_the_quick_test_keeps_everybody_who_acts_and_spares_nearly_all_others(status: int) -> None:
    someone = a_shopper(arrive=3.0, intensity=0.2, kol=0.8)
    for changed in ({}, {"n_posts": 4}, {"n_orders": 7, "lapsed_day": 39}, {"n_orders": 7, "lapsed_day": 10}):
        me = a_state(status=status, **{"lapsed_day": 39, **changed})
        acts, could = np.empty(1_000_000, dtype=bool), np.empty(1_000_000, dtype=bool)
        _mornings(P, C, someone, me, False, float(leave.most_returns(P, 7)), 5, acts, could)
        chance = chance_to_act(P, someone, me, False, 40)[1]
        close_share(acts, chance)
        assert (could | ~acts).all()
        most = 1 - math.exp(-P.om_0 * 8**P.b_fr) if status == LAPSED else chance
        if status == PROSPECT and me.n_posts > 0:
            assert could.all()  # a post is looked at in any case
        else:
            close_share(could, most)


# --- 2, 11 leave and come back -------------------------------------------------------------------


def _leaves(p: Any, constants: Any, someone: Any, state: Any, n_friends: int, day: int) -> float:
    """Chance to lapse where tonight's fatigue is the state's."""
    return leave.leave_probability(p, constants, someone, state, state.fatigue, n_friends, day)


def _left(friends: float) -> int:
    return int(friends * leave.LEFT_UNIT)


def test_with_nothing_special_leaving_is_baseline_churn() -> None:
    for theta in (1e-9, 0.003, 0.2, 0.9):
        someone = a_shopper(stay=math.log1p(-theta))
        assert _leaves(P, C, someone, a_state(), 0, 40) == pytest.approx(theta, rel=1e-6)
        twice = _leaves(P._replace(churn=2.0), C, someone, a_state(), 0, 40)
        assert twice == pytest.approx(1 - (1 - theta) ** 2, rel=1e-6)
    assert _leaves(P._replace(churn=0.0), C, a_shopper(stay=-20), a_state(fatigue=99), 0, 40) == 0.0
    # friends as active as is normal change nothing either
    assert _leaves(P, C, a_shopper(stay=math.log1p(-0.02)), a_state(n_friends_active=2), 8, 40) == (
        pytest.approx(0.02, rel=1e-12)
    )


def test_survival_is_shifted_beta_geometric() -> None:
    a, b = 0.704, 1.182
    # Gauss-Jacobi: exact for polynomials in theta, as (1 - theta)^t is; weight theta^(a-1) (1-theta)^(b-1)
    x, w = special.roots_jacobi(40, b - 1, a - 1)
    theta, w = (x + 1) / 2, w / w.sum()
    stay = 1 - np.array([_leaves(P, C, a_shopper(stay=math.log1p(-t)), a_state(), 0, 1) for t in theta])
    survival = [float((w * stay**t).sum()) for t in range(1, 8)]
    assert survival == pytest.approx([special.beta(a, b + t) / special.beta(a, b) for t in range(1, 8)], rel=1e-9)
    assert survival == pytest.approx([0.6267, 0.4738, 0.3880, 0.3321, 0.2924, 0.2625, 0.2391], abs=6e-5)


def test_a_tenured_friend_who_just_left_multiplies_the_hazard_by_exp_g_n() -> None:
    someone = a_shopper(stay=math.log1p(-0.001))

    def hazard(friends: float, days_ago: int = 0) -> float:
        state = a_state(left=_left(friends), left_day=40 - days_ago)
        return -math.log1p(-_leaves(P, C, someone, state, 0, 40))

    assert hazard(1) / hazard(0) == pytest.approx(1.8, rel=1e-8)
    assert hazard(2) / hazard(0) == pytest.approx(1.8**2, rel=1e-8)
    assert hazard(5) == hazard(2)  # capped
    assert hazard(1, 30) / hazard(0) == pytest.approx(1.8 ** math.exp(-1), rel=1e-8)
    assert hazard(1, 3000) == pytest.approx(hazard(0), rel=1e-12)


def test_leaving_by_hand() -> None:
    state = a_state(satisfaction=-1.2, left=_left(0.5), left_day=40, n_friends_active=3, fatigue=9.0)
    x = P.g_s * 1.2 + P.g_n * 0.5 - P.g_a * (3 / 4 - C.active_share) + P.g_f * (9.0 - P.f_1)
    found = _leaves(P, C, a_shopper(stay=math.log1p(-0.05)), state, 4, 40)
    assert found == pytest.approx(1 - 0.95 ** math.exp(x), rel=1e-9)


@often
@given(share_of_one, st.floats(-3, 2.9), st.floats(0, 3), st.floats(0, 40), st.integers(0, 9))
def test_leaving_is_monotone(theta: float, s: float, left: float, fatigue: float, active: int) -> None:
    someone = a_shopper(stay=math.log1p(-theta))

    def p(**changed: Any) -> float:
        now = {"satisfaction": s, "left": _left(left), "left_day": 40, "n_friends_active": active, "fatigue": fatigue}
        return _leaves(P, C, someone, a_state(**{**now, **changed}), 10, 40)

    assert 0.0 <= p() <= 1.0
    assert p(satisfaction=s + 0.1) <= p()
    assert p(left=_left(left + 0.2)) >= p()
    assert p(n_friends_active=active + 1) <= p()
    assert p(fatigue=fatigue + 1) >= p()
    assert p(fatigue=min(fatigue, P.f_1)) == p(fatigue=0.0)


def test_coming_back_by_hand() -> None:
    assert leave.return_probability(P, a_state(lapsed_day=40), 40) == pytest.approx(1 - math.exp(-P.om_0))
    rate = P.om_0 * math.exp(-30 / P.om_tau) * 6**P.b_fr
    assert leave.return_probability(P, a_state(lapsed_day=10, n_orders=5), 40) == pytest.approx(1 - math.exp(-rate))
    assert leave.return_probability(P, a_state(lapsed_day=0), 30_000) == pytest.approx(0.0, abs=1e-12)
    assert leave.return_probability(P._replace(om_0=0.0), a_state(lapsed_day=40), 40) == 0.0


@often
@given(st.integers(0, 400), st.integers(0, 1000))
def test_coming_back_fades_and_grows_with_orders(away: int, orders: int) -> None:
    p = leave.return_probability(P, a_state(lapsed_day=0, n_orders=orders), away)
    assert 0.0 <= p <= 1.0
    assert leave.return_probability(P, a_state(lapsed_day=0, n_orders=orders), away + 1) <= p
    assert leave.return_probability(P, a_state(lapsed_day=0, n_orders=orders + 1), away) >= p


@often
@given(some_params, st.integers(0, 5000), st.integers(0, 5000), st.integers(-5, 5))
def test_nobody_is_likelier_to_come_back_than_the_bound(p: Any, orders: int, more: int, days: int) -> None:
    bound = leave.most_returns(p, orders + more)
    assert bound >= p.om_0 * (1 + orders + more) ** p.b_fr >= leave.return_probability(p, a_state(lapsed_day=40), 40)
    for away in (0, 1, abs(days), 40 - NEVER):
        me = a_state(lapsed_day=40 - away, n_orders=orders)
        assert leave.return_probability(p, me, 40) <= bound
    assert bound <= leave.most_returns(p, orders + more + 1)
    # and no more generous than it must be: the rate itself on the day of leaving
    assert bound == pytest.approx(p.om_0 * (1 + orders + more) ** p.b_fr, rel=2e-6, abs=2e-6)


# (17) anywhere in the usual ranges, and out to what a scenario may ask for
leaving_params = st.builds(
    P._replace,
    **{
        name: st.one_of(st.just(row.default), st.floats(row.low, row.high), st.floats(row.least, row.most))
        for name, row in params.COEFFICIENTS.items()
        if name in ("churn", "g_s", "g_n", "g_a", "g_f", "f_1", "fat_keep", "fat_ask")
    },
)
who_may_leave = st.tuples(
    st.builds(a_shopper, stay=st.one_of(st.floats(-0.2, -1e-12), st.floats(-50.0, -1e-300))),
    st.fixed_dictionaries(
        {
            "satisfaction": st.floats(-6, 6), "fatigue": st.floats(0, 40), "heard": st.integers(0, 8),
            "left": st.one_of(st.just(0), st.integers(0, 2**34), st.integers(0, 2**50)),
            "left_day": st.one_of(st.just(NEVER), st.integers(0, 40)), "n_friends_active": st.integers(0, 60),
        }
    ),
    st.integers(0, 60),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(leaving_params, who_may_leave)
def test_nobody_is_likelier_to_leave_than_the_bound(p: Any, who: tuple[Traits, dict[str, Any], int]) -> None:
    someone, now, n_friends = who
    me = a_state(status=ACTIVE, **now)
    fatigue = feel.next_fatigue(p, me)
    bound = leave.most_leaves(p, C, someone, me, fatigue, n_friends)
    for day in (40, 41, 70, 3000):
        assert leave.leave_probability(p, C, someone, me, fatigue, n_friends, day) <= bound
    # and no more generous than it must be: the hazard itself on the day on which the last friend left
    today = me._replace(left_day=40)
    chance = leave.leave_probability(p, C, someone, today, fatigue, n_friends, 40)
    if chance < 0.5:
        assert bound == pytest.approx(-math.log1p(-chance), rel=1e-5, abs=2e-6)


def _columns(record: Any, rows: list[Any], kinds: dict[str, Any]) -> Any:
    return record(
        *[np.array([getattr(r, name) for r in rows], dtype=kinds.get(name, np.float64)) for name in record._fields]
    )


@settings(max_examples=60, deadline=None)
@given(leaving_params, st.lists(st.tuples(who_may_leave, st.sampled_from(_STATUSES), _word), min_size=1, max_size=20))
def test_an_evening_is_the_equation_for_everybody_although_few_are_worked_out(p: Any, crowd: list[Any]) -> None:
    """close_day marks whom the bound lets through, `leaves` decides: together exactly eq. 16 and 17, at any draw."""
    people, states, words, n_friends = [], [], [], []
    for (someone, now, friends), status, word in crowd:
        me = a_state(status=status, mood=0.3, joy=-0.4, seen=3, valence=1, **now)
        chance = leave.leave_probability(p, C, someone, me, feel.next_fatigue(p, me), friends, 40)
        edge = [min(max(int(chance * 2**32) + step, 0), 2**32 - 1) for step in (-2, -1, 0, 1)]
        for deciding in (word, *edge):  # also where the draw just decides
            people.append(someone)
            states.append(me)
            words.append(deciding)
            n_friends.append(friends)
    floats = {"satisfaction", "mood", "fatigue", "joy", "kol_hype"}
    traits = _columns(Traits, people, {})
    state = _columns(State, states, dict.fromkeys(set(State._fields) - floats, np.int64))
    heard, churn_word = np.array(n_friends), np.array(words)
    may_leave = np.empty(len(words), dtype=bool)
    kernels.close_day(p, C, traits, state, heard, churn_word, may_leave)
    rows = np.flatnonzero(may_leave)
    out = np.empty(len(rows), dtype=bool)
    kernels.leaves(p, C, traits, state, rows, heard, churn_word, 40, out)
    gone = np.zeros(len(words), dtype=bool)
    gone[rows] = out
    for k, (someone, me) in enumerate(zip(people, states, strict=True)):
        is_active = me.status == ACTIVE
        mood, fatigue = (feel.next_mood(p, me), feel.next_fatigue(p, me)) if is_active else (me.mood, me.fatigue)
        assert (state.mood[k], state.fatigue[k]) == (mood, fatigue)
        chance = leave.leave_probability(p, C, someone, me, fatigue, n_friends[k], 40)
        assert gone[k] == (is_active and draws.unit(words[k]) < chance)


@pytest.mark.parametrize("days_ago", [0, 60])
def test_few_are_worked_out_who_stay(days_ago: int) -> None:
    """A quick test that let everybody through would be right as well, and no quicker: here at most one in ten."""
    n = 20_000
    me = a_state(status=ACTIVE, left=_left(1), left_day=40 - days_ago)
    state = _columns(State, [me] * n, {"status": np.int8, "left": np.int64, "left_day": np.int16})
    traits = _columns(Traits, [a_shopper(stay=math.log1p(-0.02))] * n, {})
    may_leave = np.empty(n, dtype=bool)
    words = np.random.default_rng(8).integers(0, 2**32, n)
    kernels.close_day(P, C, traits, state, np.full(n, 3), words, may_leave)
    close_share(may_leave, -math.log1p(-0.02) * 1.8 * math.exp(P.g_a * C.active_share))


def test_friends_who_left_are_remembered_by_tie_and_day() -> None:
    assert leave.left_now(a_state(), 40) == 0.0
    assert leave.left_now(a_state(left=_left(0.7), left_day=40), 40) == pytest.approx(0.7)
    assert leave.left_now(a_state(left=_left(0.7), left_day=31), 40) == pytest.approx(0.7 * math.exp(-9 / 30))
    assert leave.left_now(a_state(left=_left(5), left_day=40), 40) == 2.0  # the cap comes after forgetting
    assert leave.left_now(a_state(left=_left(5), left_day=0), 60) == pytest.approx(5 * math.exp(-2))


def test_weights_of_friends_who_left_fade() -> None:
    assert leave.faded_left(_left(1), 0) == _left(1)
    assert leave.faded_left(_left(1), 30) == pytest.approx(_left(math.exp(-1)), abs=2)
    assert leave.faded_left(leave.faded_left(_left(2), 7), 12) == pytest.approx(leave.faded_left(_left(2), 19), abs=2)
    assert leave.faded_left(_left(3), 40 - NEVER) == 0


# --- 10 feel -------------------------------------------------------------------------------------


def test_mood_by_hand() -> None:
    kept = P.mood_keep * 0.5
    assert feel.next_mood(P, a_state(mood=0.5)) == pytest.approx(kept)
    assert feel.next_mood(P, a_state(mood=0.5, joy=-1)) == pytest.approx(kept - P.mood_s)
    seen = a_state(mood=0.5, seen=4, valence=-2)
    assert feel.next_mood(P, seen) == pytest.approx(kept + P.k_e * (-0.5 - 0.5))
    assert feel.next_mood(P._replace(mood_keep=0.99, mood_s=0.5), a_state(mood=1.0, joy=1.0)) == 1.0
    assert feel.next_mood(P._replace(mood_keep=0.99, mood_s=0.5), a_state(mood=-1.0, joy=-1.0)) == -1.0


@often
@given(st.floats(-1, 1), st.integers(0, 50), st.floats(-1, 1), st.data())
def test_mood_stays_in_its_range_and_contagion_is_tiny(mood: float, seen: int, joy: float, data: Any) -> None:
    valence = data.draw(st.integers(-seen, seen))
    found = feel.next_mood(P, a_state(mood=mood, seen=seen, valence=valence, joy=joy))
    alone = feel.next_mood(P, a_state(mood=mood, joy=joy))
    assert -1.0 <= found <= 1.0
    assert abs(found - alone) <= 2 * P.k_e + 1e-15


def test_fatigue_satisfaction_and_joy_by_hand() -> None:
    assert feel.next_fatigue(P, a_state(fatigue=4.0, heard=3)) == pytest.approx(P.fat_keep * 4 + P.fat_ask * 3)
    assert feel.next_fatigue(P, a_state()) == 0.0
    assert feel.next_satisfaction(P, 1.0, -2.0) == pytest.approx(0.7 * 1.0 + 0.3 * -2.0)
    assert feel.next_satisfaction(P, 0.4, 0.4) == pytest.approx(0.4)
    assert [feel.joy(s) for s in (-3.0, -1.0, 0.3, 1.0, 7.0)] == [-1.0, -1.0, 0.3, 1.0, 1.0]
