"""Every rule by hand, at its limits, and for monotonicity; frequencies against closed forms.

Formulas are written here from docs/model.md with `math`, never by calling the rule that is tested.
Large samples run through kernels defined below; a rule has the same bits in both worlds (tested too).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from sim import draws, params
from sim._jit import kernel
from sim.rules import arrive, buy, feel, fulfil, leave, remember, resolve, review, share, shelf, team, visit
from sim.rules import expose as exposing
from sim.rules.records import (
    ACTIVE,
    BROWSE,
    FOUND,
    FRIEND,
    INBOX_SIZE,
    KOL,
    LAPSED,
    MOST_SLOTS,
    NEVER,
    NO_TEAM,
    POPULAR,
    PROMOTED,
    PROSPECT,
    RECOMMENDED,
    TASTE_SEARCH,
    TEAM_CAPACITY,
    TEAM_CLOSES,
    TEAM_COLUMNS,
    TEAM_DAY,
    TEAM_FOUNDER,
    TEAM_FOUNDER_ID,
    TEAM_MEMBERS,
    TEAM_PRODUCT,
    TEAM_SIZE,
    Constants,
    Desk,
    Inbox,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)

P = params.build()
C = Constants(
    price=0.5, herd=0.5, trust=0.5, social=0.4, emotion=0.5, kol=0.4, degree=10.0, active_share=0.25, p_ref=3000.0
)
KEY = Key(12345, 40, 7)
often = settings(max_examples=100, deadline=None)
small = st.floats(-3, 3)
share_of_one = st.floats(0.001, 0.999)


# --- records with neutral values -----------------------------------------------------------------

_NEUTRAL_TRAITS = dict.fromkeys(Traits._fields, 0.0) | {
    "price": 0.5, "herd": 0.5, "trust": 0.5, "social": 0.4, "emotion": 0.5, "kol": 0.4,
    "intensity": 0.3, "stay": math.log(1 - 0.02), "arrive": 1.0,
}  # fmt: skip
_FLOAT_STATE = {"satisfaction", "mood", "fatigue", "joy", "kol_hype"}


def a_shopper(**traits: float) -> Traits:
    return Traits(**{**_NEUTRAL_TRAITS, **{name: float(value) for name, value in traits.items()}})


def a_state(**state: Any) -> State:
    neutral: dict[str, Any] = {name: 0.0 if name in _FLOAT_STATE else 0 for name in State._fields}
    neutral |= dict.fromkeys(("last_visit_day", "last_buy_day", "lapsed_day", "left_day", "kol_day"), NEVER)
    neutral |= dict.fromkeys(("kol_product", "kol_tactic", "team", "invited_by"), -1)
    given_values = {name: float(value) if name in _FLOAT_STATE else int(value) for name, value in state.items()}
    return State(**{**neutral, **given_values})


def an_offer(**offer: Any) -> Offer:
    neutral: dict[str, Any] = dict.fromkeys(Offer._fields, 0)
    neutral |= {name: -1 for name in Offer._fields if name.endswith("_tactic")}
    neutral |= {"coupon_share": 0.0, "rec_weight": 0.0, "rec_accuracy": 0.0}
    return Offer(**{**neutral, **offer})


def a_shelf(n: int = 8, **columns: Any) -> Shelf:
    """Products with neutral values; what the price is to the list price follows from the two."""
    floats = dict.fromkeys(
        "quality taste_0 taste_1 taste_2 arousal promoted log_price log_cut popularity appeal team_discount".split(),  # noqa: SIM905
        0.0,
    )
    values: dict[str, Any] = {name: np.zeros(n, dtype=np.int64) for name in Shelf._fields}
    values |= {name: np.full(n, value) for name, value in floats.items()}
    values |= {
        "id": np.arange(n) + 100,
        "list_cents": np.full(n, 3000),
        "price_cents": np.full(n, 3000),
        "unit_cost_cents": np.full(n, 2000),
        "sociality": np.full(n, 0.8),
        "spam_onset": np.full(n, 2.0),
        "on_sale": np.ones(n, dtype=bool),
        "rating": np.full(n, 4.2),
        "team_strangers": np.ones(n, dtype=bool),
        "team_told": np.ones(n, dtype=bool),
        "team_size": np.full(n, 2),
        "team_capacity": np.full(n, 2),
        "team_window": np.ones(n, dtype=np.int64),
        "team_success": np.full(n, 0.5),
        "team_joins": np.full(n, 0.3),
    }
    for name, value in columns.items():
        values[name] = np.array(np.broadcast_to(np.asarray(value, dtype=values[name].dtype), (n,)))
    return repriced(Shelf(**values), values["price_cents"])


def repriced(on: Shelf, price_cents: Any) -> Shelf:
    """The same products at other prices."""
    return on._replace(price_cents=price_cents, log_cut=np.log(price_cents / on.list_cents))


def an_inbox(*entries: tuple[int, int], **columns: list[int]) -> Inbox:
    """Entries (product, strength in 1/65536); other columns by name."""
    box = Inbox(*(np.zeros(INBOX_SIZE, dtype=np.int64) for _ in Inbox._fields))
    box.product[:], box.sender[:], box.team[:] = -1, -1, -1
    for place, (product, strength) in enumerate(entries):
        box.product[place], box.strength[place], box.count[place] = product, strength, 1
    for name, values in columns.items():
        getattr(box, name)[: len(values)] = values
    return box


def _leaves(p: Any, constants: Any, someone: Any, state: Any, n_friends: int, day: int) -> float:
    """Chance to lapse where tonight's fatigue is the state's."""
    return leave.leave_probability(p, constants, someone, state, state.fatigue, n_friends, day)


def a_desk(products: list[int] | None = None, sources: list[int] | None = None) -> Desk:
    floats = {"utility", "team_utility", "found_utility", "weight", "times"}
    desk = Desk(*(np.zeros(MOST_SLOTS, dtype=float if name in floats else np.int64) for name in Desk._fields))
    if products is not None:
        desk.product[: len(products)] = products
        desk.source[: len(products)] = sources if sources is not None else BROWSE
    return desk


NO_TEAMS = (np.full((8, 3), -1, dtype=np.int64), np.zeros((0, TEAM_COLUMNS), dtype=np.int64))


def a_team(**columns: int) -> list[int]:
    row = [0] * TEAM_COLUMNS
    spec = {"founder": 1, "founder_id": 501, "product": 0, "day": 39, "closes": 41, "members": 1}
    spec |= {"size": 3, "capacity": 3} | columns
    for place, name in (
        (TEAM_FOUNDER, "founder"), (TEAM_FOUNDER_ID, "founder_id"), (TEAM_PRODUCT, "product"), (TEAM_DAY, "day"),
        (TEAM_CLOSES, "closes"), (TEAM_MEMBERS, "members"), (TEAM_SIZE, "size"), (TEAM_CAPACITY, "capacity"),
    ):  # fmt: skip
        row[place] = spec[name]
    return row


@kernel
def _items(params: Any, traits: Any, offer: Any, shelf: Any, seed: int, source: int, out: Any) -> None:
    for a in range(out.shape[0]):
        out[a] = exposing.draw_item(params, traits, Key(seed, 3, a, 9), offer, shelf, source, 2)


@kernel
def _visitors(
    params: Any, constants: Any, traits: Any, state: Any, offer: Any, inbox: Any, shelf: Any, promoting: bool,
    seed: int, day: int, desk: Any, public: Any, teams: Any, shown: Any, source: Any, bought: Any, luck: Any,
) -> None:  # fmt: skip
    """Exposure and purchase of shoppers who differ only in their luck."""
    for a in range(shown.shape[0]):
        key = Key(seed, day, a, 9)
        n = exposing.expose(params, traits, state, offer, inbox, shelf, promoting, key, desk)
        for k in range(shown.shape[1]):
            shown[a, k] = desk.product[k] if k < n else -1
            source[a, k] = desk.source[k] if k < n else -1
        c = buy.decide(params, constants, traits, state, offer, inbox, shelf, public, teams, 0, a + 1000, key, n, desk)
        bought[a, 0], bought[a, 1], bought[a, 2] = c.product, c.favourite, c.quantity
        bought[a, 3], bought[a, 4], bought[a, 5], bought[a, 6] = c.is_team, c.team, c.source, c.parent
        bought[a, 7], bought[a, 8], bought[a, 9], bought[a, 10] = c.unit_cents, c.coupon, c.team_cents, c.would_found
        luck[a] = desk.utility[0]


@kernel
def _deciders(
    params: Any, constants: Any, traits: Any, state: Any, offer: Any, inbox: Any, shelf: Any, seed: int,
    desk: Any, n_shown: int, public: Any, teams: Any, out: Any,
) -> None:  # fmt: skip
    """Purchase from a fixed display, by shoppers who differ only in their luck."""
    for a in range(out.shape[0]):
        key = Key(seed, 40, a, 9)
        c = buy.decide(
            params, constants, traits, state, offer, inbox, shelf, public, teams, 0, a + 1000, key, n_shown, desk
        )
        out[a, 0], out[a, 1], out[a, 2] = c.product, c.quantity, c.is_team


def visitors(
    n: int = 20_000, *, p: Any = P, traits: Any = None, state: Any = None, offer: Any = None, inbox: Any = None,
    on: Any = None, promoting: bool = False, seed: int = 5, public: Any = None, teams: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    shown, source = np.empty((n, MOST_SLOTS), dtype=np.int64), np.empty((n, MOST_SLOTS), dtype=np.int64)
    bought, luck = np.empty((n, 11), dtype=np.int64), np.empty(n)
    on = on if on is not None else a_shelf()
    _visitors(
        p, C, traits or a_shopper(), state or a_state(inbox_day=40), offer or an_offer(), inbox or an_inbox(), on,
        promoting, seed, 40, a_desk(), NO_TEAMS[0] if public is None else public,
        NO_TEAMS[1] if teams is None else teams, shown, source, bought, luck,
    )  # fmt: skip
    return shown, source, bought, luck


def decided(
    n: int = 100_000, *, p: Any = P, traits: Any = None, state: Any = None, offer: Any = None, inbox: Any = None,
    on: Any = None, products: list[int] | None = None, seed: int = 5, desk: Any = None,
) -> tuple[Any, Desk]:  # fmt: skip
    products = products if products is not None else list(range(8))
    desk = desk or a_desk(products)
    out = np.empty((n, 3), dtype=np.int64)
    _deciders(
        p, C, traits or a_shopper(), state or a_state(inbox_day=40), offer or an_offer(), inbox or an_inbox(),
        on if on is not None else a_shelf(), seed, desk, len(products), *NO_TEAMS, out,
    )  # fmt: skip
    return out, desk


def fits(counts: Any, weights: Any, p: float = 1e-4) -> None:
    """Chi-square of counts against weights (cells with weight 0 must be empty)."""
    counts, weights = np.asarray(counts, dtype=float), np.asarray(weights, dtype=float)
    assert counts[weights == 0].sum() == 0
    counts, weights = counts[weights > 0], weights[weights > 0] / weights.sum()
    if len(counts) == 1:
        assert counts.sum() > 0
        return
    assert stats.chisquare(counts, weights * counts.sum()).pvalue > p


def close_share(hits: Any, p: float, sds: float = 4.5) -> None:
    """An observed share against its probability."""
    n = len(hits)
    assert abs(np.mean(hits) - p) < sds * math.sqrt(p * (1 - p) / n) + 1e-12


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
    assert bound == pytest.approx(p.om_0 * (1 + orders + more) ** p.b_fr, rel=2e-6, abs=2e-9)


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


# --- 4 remember ----------------------------------------------------------------------------------


def test_wearing_out_is_flat_to_three_then_falls_to_w_inf() -> None:
    assert [remember.wear_out(P, m) for m in range(4)] == [1.0] * 4
    assert remember.wear_out(P, 7) == pytest.approx(0.5 + 0.5 * math.exp(-4 / P.m_f))
    assert remember.wear_out(P, 255) == pytest.approx(P.w_inf, abs=1e-12)
    assert remember.wear_out(P._replace(w_inf=1.0), 100) == 1.0
    worn = [remember.wear_out(P, m) for m in range(60)]
    assert worn == sorted(worn, reverse=True)
    assert worn[3] > worn[4]


def test_signs_and_sizes_of_messages() -> None:
    def weight(kind: int, tie: int = 1024, trust: float = 0.5, earlier: int = 0) -> int:
        return remember.message_weight(P, C, trust, tie, earlier, kind)

    unit = 65536
    assert weight(remember.GOOD) == unit
    assert weight(remember.BAD) == -1.5 * unit
    assert weight(remember.POST) == 0.25 * unit
    assert weight(remember.BAD_POST) == -0.375 * unit
    assert weight(remember.OWN) == math.floor(P.v_own * unit + 0.5)
    assert weight(remember.GOOD, tie=512, trust=1.0) == unit
    assert weight(remember.GOOD, trust=0.25) == unit // 2
    assert weight(remember.GOOD, earlier=7) == math.floor(remember.wear_out(P, 7) * unit + 0.5)
    assert weight(remember.BAD, earlier=255) == -0.75 * unit
    assert weight(remember.ASK, earlier=50) == weight(remember.ASK) == unit  # a founder's request never wears out
    assert weight(remember.POST, earlier=50) == weight(remember.POST)  # only personal messages wear out
    assert weight(remember.GOOD, tie=0) == 0


@often
@given(st.integers(0, 30), st.integers(0, 30), st.integers(-200_000, 200_000))
def test_fading_composes(one: int, two: int, strength: int) -> None:
    assert remember.fading(P, one) == pytest.approx(P.delta_r**one, rel=1e-13)
    whole = remember.fading(P, one) * remember.fading(P, two)
    assert whole == pytest.approx(remember.fading(P, one + two), rel=1e-13)
    in_steps = remember.faded(remember.faded(strength, remember.fading(P, one)), remember.fading(P, two))
    assert abs(in_steps - remember.faded(strength, remember.fading(P, one + two))) <= 1
    assert remember.faded(strength, remember.fading(P, 0)) == strength
    assert abs(remember.faded(strength, remember.fading(P, one))) <= abs(strength) + 1


IDS = np.arange(20) * 3 + 100

Message = tuple[int, int, int, int, int]  # product, weight, kind, sender, team


def after(messages: list[Message], box: Inbox | None = None, days: int = 0, key: Key = KEY) -> Inbox:
    """The inbox after these messages (put in order of product, as drivers do, but in the given order within)."""
    box = box or an_inbox()
    columns = np.array(sorted(messages, key=lambda m: m[0]), dtype=np.int64).reshape(-1, 5)
    product, weight, kind, sender, team_number = columns.T.copy()
    remember.remember(P, key, box, days, IDS, product, weight, kind, sender, sender + 9000, team_number)
    return box


def contents(box: Inbox) -> dict[int, tuple[int, ...]]:
    return {
        int(box.product[e]): tuple(int(column[e]) for column in box[1:])
        for e in range(INBOX_SIZE)
        if box.product[e] >= 0
    }


def test_one_message_is_remembered() -> None:
    assert contents(after([(4, 65536, remember.GOOD, 2, 17)])) == {4: (65536, 1, 2, 40, 17)}
    assert contents(after([(4, 16384, remember.POST, 2, -1)])) == {4: (16384, 0, -1, 0, -1)}
    assert contents(after([(4, 300, remember.OWN, 2, -1)])) == {}  # too weak to stick
    assert contents(after([])) == {}


def test_messages_about_one_product_add_up() -> None:
    personal: list[Message] = [(4, 65536, 0, 1, -1), (4, 65536, 0, 2, -1), (4, -98304, 1, 3, -1)]
    found = contents(after([*personal, (4, 9830, remember.OWN, 5, -1)]))
    strength, count, sender, day, team_number = found[4]
    assert (strength, count, day, team_number) == (65536 * 2 - 98304 + 9830, 3, 40, -1)
    luck = {s: draws.u01(KEY.seed, draws.WINNER, 40, 7, draws.pair(9000 + s, int(IDS[4]))) for s in (1, 2, 3)}
    assert sender == min(luck, key=lambda s: luck[s])


def test_the_inbox_fades_and_forgets() -> None:
    box = after([], an_inbox((4, 65536), (5, -65536), (6, 400)), days=5)
    assert {product: entry[0] for product, entry in contents(box).items()} == {
        4: math.floor(65536 * 0.9**5 + 0.5), 5: math.floor(-65536 * 0.9**5 + 0.5)
    }  # fmt: skip
    assert contents(after([], an_inbox((4, 65536)), days=40 - NEVER)) == {}


def test_a_known_sender_is_not_counted_twice_and_the_old_winner_stays_without_personal_messages() -> None:
    box = an_inbox((4, 65536), sender=[2], sender_day=[38], team=[5])
    assert contents(after([(4, 65536, 0, 2, -1)], box))[4] == (131072, 1, 2, 40, 5)
    box = an_inbox((4, 65536), sender=[2], sender_day=[38], team=[5])
    assert contents(after([(4, 16384, remember.POST, 3, -1)], box))[4] == (81920, 1, 2, 38, 5)


def test_the_eight_strongest_are_kept() -> None:
    weights = [5, 90, 30, 70, 20, 60, 10, 80, 40, 50, -65, 1]
    messages = [(j, w * 1000, 0 if w > 0 else 1, 1, -1) for j, w in enumerate(weights)]
    strongest = sorted(range(len(weights)), key=lambda j: -abs(weights[j]))[:INBOX_SIZE]
    assert set(contents(after(messages))) == set(strongest)
    box = an_inbox(*[(10 + k, 40_000 + k) for k in range(8)])
    assert set(contents(after([(3, 39_999, 0, 1, -1)], box))) == set(range(10, 18))
    assert set(contents(after([(3, 40_500, 0, 1, -1)], box))) == {3, *range(11, 18)}


def _by_hand(messages: list[Message], before: dict[int, int], days: int) -> dict[int, int]:
    """Strengths by the definition: fade, add, keep the eight strongest, ties by keyed priority."""
    fade = 0.9**days
    total = {p: math.floor(s * fade + 0.5) for p, s in before.items()}
    total = {p: s for p, s in total.items() if abs(s) >= remember.FORGOTTEN}
    known = set(total)
    for product, weight, *_ in messages:
        total[product] = total.get(product, 0) + weight
    total = {p: s for p, s in total.items() if p in known or abs(s) >= remember.FORGOTTEN}
    luck = {p: draws.u01(KEY.seed, draws.INBOX_TIE, 40, 7, int(IDS[p])) for p in total}
    best = sorted(total, key=lambda p: (-abs(total[p]), -luck[p]))[:INBOX_SIZE]
    return {p: total[p] for p in best}


a_message = st.tuples(
    st.integers(0, 19),
    st.sampled_from([65536, 65536, 32768, 9830, 100, -98304, -24576]),
    st.sampled_from([remember.GOOD, remember.BAD, remember.ASK, remember.POST, remember.OWN]),
    st.integers(0, 6),
    st.integers(-1, 3),
)
a_memory = st.dictionaries(
    st.integers(0, 19), st.sampled_from([65536, 50000, 32768, 1000, -98304, -20000]), max_size=INBOX_SIZE
)


@settings(max_examples=300, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(a_message, max_size=30), a_memory, st.integers(0, 9))
def test_the_inbox_against_its_definition(messages: list[Message], before: dict[int, int], days: int) -> None:
    found = contents(after(messages, an_inbox(*before.items()), days))
    assert {p: entry[0] for p, entry in found.items()} == _by_hand(messages, before, days)


def test_a_product_that_was_crowded_out_is_not_taken_in_again_with_only_todays_messages() -> None:
    # product 9 is remembered with +.5, today's message takes it to -.1; stronger news crowds it out. It must not
    # come back as -.6 merely because it is looked at after product 0.
    before = {9: 32768, **dict.fromkeys(range(10, 17), 60000)}
    messages: list[Message] = [(0, 30_000, 0, 1, -1), (9, -39_322, 1, 2, -1)]
    found = contents(after(messages, an_inbox(*before.items())))
    assert {p: entry[0] for p, entry in found.items()} == _by_hand(messages, before, 0)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_order_of_messages_cannot_matter(data: Any) -> None:
    # one message a sender, product and day, as in the model (a team request replaces the plain message)
    messages = data.draw(st.lists(a_message, max_size=20, unique_by=lambda m: (m[0], m[3])))
    shuffled = data.draw(st.permutations(messages))
    before = data.draw(a_memory)
    one = after(messages, an_inbox(*before.items()), 2)
    other = after(list(shuffled), an_inbox(*before.items()), 2)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_two_messages_of_one_sender_about_one_product_may_come_in_any_order() -> None:
    # she shares to unlock a coupon and founds a team for the same product on the same day
    messages: list[Message] = [(4, 65536, 0, 1, -1), (4, 65536, 0, 1, 17)]
    one, other = after(messages), after(messages[::-1])
    assert contents(one) == contents(other)
    assert contents(one)[4][4] == 17


@often
@given(a_memory, st.lists(a_message, max_size=10))
def test_where_an_entry_lies_cannot_matter(before: dict[int, int], messages: list[Message]) -> None:
    forwards = after(messages, an_inbox(*before.items()), 1)
    backwards = after(messages, an_inbox(*reversed(before.items())), 1)
    assert contents(forwards) == contents(backwards)


# --- the shelf -----------------------------------------------------------------------------------


def _show(units: Any, reviews: Any, stars: Any, p: Any = P) -> tuple[Any, Any, Any]:
    out = tuple(np.empty(len(units)) for _ in range(3))
    shelf.show(p, np.asarray(units), np.asarray(reviews), np.asarray(stars), *out)
    return out


def test_the_shelf_by_hand() -> None:
    units, reviews, stars = [0, 3, 10, 500], [0, 1, 4, 200], [0, 5, 8, 900]
    popularity, rating, appeal = _show(units, reviews, stars)
    logs = np.log1p(units)
    z = (logs - logs.mean()) / (logs.std() + 0.3)
    np.testing.assert_allclose(popularity, z, rtol=1e-13)
    shown = [(21 + s) / (5 + n) for n, s in zip(reviews, stars, strict=True)]
    np.testing.assert_allclose(rating, shown, rtol=1e-14)
    f = [x if x < 0 else 0.7 * x for x in (r - 4.2 for r in shown)]
    volume = np.log1p(reviews) - np.log1p(reviews).mean()
    np.testing.assert_allclose(appeal, P.b_q * np.array(f) + P.b_v * volume, rtol=1e-12, atol=1e-15)


def test_a_new_shop_shows_all_products_alike() -> None:
    zero = np.zeros(6, dtype=np.int64)
    popularity, rating, appeal = _show(zero, zero, zero)
    assert not popularity.any()
    assert not appeal.any()
    assert (rating == 4.2).all()
    one = _show(zero[:1] + 7, zero[:1], zero[:1])
    assert one[0][0] == 0.0


def test_popularity_does_not_explode_early() -> None:
    first = np.zeros(100, dtype=np.int64)
    first[3] = 1
    popularity, *_ = _show(first, 0 * first, 0 * first)
    assert popularity[3] == pytest.approx((math.log(2) * 0.99) / (math.log(2) * math.sqrt(0.0099) + 0.3))


def test_stars_lost_weigh_more_than_stars_gained() -> None:
    assert shelf.star_effect(4.2) == 0.0
    assert shelf.star_effect(5.0) == pytest.approx(0.7 * 0.8)
    assert shelf.star_effect(3.4) == pytest.approx(-0.8)
    effects = [shelf.star_effect(1 + k / 100) for k in range(401)]
    assert effects == sorted(effects)


@often
@given(st.integers(0, 10**6), st.data())
def test_a_displayed_rating_lies_between_its_prior_and_the_mean(n: int, data: Any) -> None:
    stars = data.draw(st.integers(n, 5 * n))
    shown = shelf.displayed_rating(n, stars)
    mean = stars / n if n else 4.2
    assert min(4.2, mean) - 1e-12 <= shown <= max(4.2, mean) + 1e-12
    assert shelf.displayed_rating(0, 0) == 4.2


def test_log_ratios() -> None:
    out = np.empty(4)
    shelf.log_ratios(np.array([1500, 3000, 6000, 777]), np.array([3000, 3000, 3000, 777]), out)
    assert out[:3] == pytest.approx([-math.log(2), 0.0, math.log(2)], abs=1e-15)
    assert out[1] == out[3] == 0.0  # nothing is cut: exactly nothing
    shelf.log_ratios(np.array([3, 5, 7, 11]), np.full(4, 2.5), out)
    assert out == pytest.approx(np.log([1.2, 2.0, 2.8, 4.4]).tolist(), rel=1e-14)


# --- 5 expose: an item for a slot ----------------------------------------------------------------


def _draw(source: int, on: Shelf, n: int = 200_000, traits: Any = None, offer: Any = None, p: Any = P) -> Any:
    out = np.empty(n, dtype=np.int64)
    _items(p, traits or a_shopper(), offer or an_offer(), on, 5, source, out)
    return out


def _counts(found: Any, n: int) -> Any:
    assert (found >= 0).all()
    return np.bincount(found, minlength=n)


def tournament(score: Any, error: float, fits_slot: Any = None) -> Any:
    """Chance of each product to fill a slot, exactly: the best looking of four met by chance, among those that fit.

    A product that is met looks uniform within `error` of its score. If none of four fits, four others are met, sixteen
    times; then the next product that fits is taken, going up from the last one met.
    """
    score = np.asarray(score, dtype=float)
    n = len(score)
    fit = np.ones(n, dtype=bool) if fits_slot is None else np.asarray(fits_slot, dtype=bool)
    won, misfit = np.zeros(n), 1.0 - fit.sum() / n
    if error == 0.0:
        for value in np.unique(score[fit]):
            tied = fit & (score == value)  # whoever of them is met first: each as often as another
            below = misfit + (fit & (score < value)).sum() / n
            won[tied] = ((below + tied.sum() / n) ** 4 - below**4) / tied.sum()
    else:
        edges = np.unique(np.concatenate([score[fit] - error, score[fit] + error]))
        nodes, weights = np.polynomial.legendre.leggauss(3)  # exact: a cubic between any two edges
        half = np.diff(edges)[:, None] / 2
        x, dx = (edges[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()
        under = misfit + np.clip((x[:, None] - score[fit] + error) / (2 * error), 0.0, 1.0).sum(axis=1) / n
        density = (np.abs(x[:, None] - score) < error) * fit / (2 * error * n)
        won = (dx * 4 * under**3) @ density
    if not fit.any():
        return won
    won *= (1.0 - misfit**64) / (1.0 - misfit**4)
    for last in np.flatnonzero(~fit):  # as likely one as another
        found = next(j % n for j in range(last, last + n) if fit[j % n])
        won[found] += misfit**64 / (~fit).sum()
    return won


def test_the_formula_of_the_tournament() -> None:
    ranks = np.arange(1, 8)
    np.testing.assert_allclose(tournament(np.arange(7.0), 0.0), (ranks**4 - (ranks - 1) ** 4) / 7**4, rtol=1e-13)
    score, fit = np.array([0.3, -1.0, 0.3, 2.0, 0.0]), np.array([1, 1, 1, 0, 1], dtype=bool)
    won = np.zeros(5)
    for met in itertools.product(range(5), repeat=4):  # every way to meet four of five
        found = -1
        for j in met:
            if fit[j] and (found < 0 or score[j] > score[found]):
                found = j
        if found >= 0:
            won[found] += 1
    won *= (1 - 0.2**64) / won.sum()
    won[4] += 0.2**64
    np.testing.assert_allclose(tournament(score, 0.0, fit), won, rtol=1e-13)
    np.testing.assert_allclose(tournament(score, 1e-7, fit), won, atol=1e-6)
    np.testing.assert_allclose(tournament(score, 1e7), 0.2, atol=1e-6)
    luck = np.random.default_rng(4)
    met = luck.integers(0, 5, (400_000, 4))
    seen = np.where(fit[met], score[met] + 1.1 * luck.uniform(-1, 1, met.shape), -np.inf)
    best = met[np.arange(len(met)), seen.argmax(axis=1)][seen.max(axis=1) > -np.inf]
    fits(np.bincount(best, minlength=5), tournament(score, 1.1, fit))
    few = tournament(np.zeros(200), 1.5, np.isin(np.arange(200), [10, 20]))
    assert few[10] - few[20] == pytest.approx(0.99**64 * (190 - 10) / 198, rel=1e-9)
    for error in (0.0, 0.7, 4.0):
        assert tournament(score, error, fit).sum() == pytest.approx(1.0, rel=1e-12)


ERRORS = [0.0, P.look_error, 1.5, params.COEFFICIENTS["look_error"].high]


@pytest.mark.parametrize("error", ERRORS)
def test_items_of_a_popular_slot_come_as_often_as_the_tournament_says(error: float) -> None:
    z = np.linspace(-2, 3.5, 40)
    z[[7, 8, 30]] = z[6], z[6], z[31]  # some look alike
    sells = np.arange(40) % 9 != 4
    on, p = a_shelf(40, popularity=z, on_sale=sells), P._replace(look_error=error)
    fits(_counts(_draw(POPULAR, on, p=p), 40), tournament(z, error, sells))
    first = a_shelf(40)  # a shop on its first morning: all alike
    fits(_counts(_draw(POPULAR, first, p=p), 40), np.full(40, 1 / 40))


@pytest.mark.parametrize("error", ERRORS)
def test_items_of_other_slots_come_as_often_as_the_tournament_says(error: float) -> None:
    p, places = P._replace(look_error=error), np.arange(12)
    taste, z = np.linspace(-2, 2, 12), np.linspace(-1, 2, 12)[::-1]
    on = a_shelf(12, taste_0=taste, popularity=z, on_sale=places != 4, promoted=places % 3 == 0)
    someone, sells = a_shopper(taste_0=1.5), np.asarray(on.on_sale)

    def found(source: int, accuracy: float = 0.0) -> Any:
        return _counts(_draw(source, on, traits=someone, offer=an_offer(rec_accuracy=accuracy), p=p), 12)

    match = 1.5 * taste / math.sqrt(3)
    alike = np.zeros(12)
    fits(found(BROWSE), tournament(alike, error, sells))
    fits(found(PROMOTED), tournament(alike, error, sells & (places % 3 == 0)))
    fits(found(TASTE_SEARCH), tournament(match, error, sells))
    fits(found(POPULAR), tournament(z, error, sells))
    fits(found(RECOMMENDED, 1.0), tournament(match, error, sells))
    fits(found(RECOMMENDED, -1.0), tournament(z, error, sells))
    fits(found(RECOMMENDED, 0.0), sells)  # everybody has another error, for life


def _by_definition(source: int, score: Any, fit: Any, p: Any, agent: int) -> int:
    """One slot of one visitor, from docs/model.md, 7.2."""
    n, place = len(score), -1
    for attempt in range(16):
        met = []
        for word in draws.block(5, draws.SLOT_ITEM, 3, agent, draws.pair(attempt, 256 * source + 2)):
            place, rest = divmod(int(word) * n, 2**32)
            if fit[place]:
                met.append((score[place] + p.look_error * (2 * (rest / 2**32) - 1), place))
        if met:
            return max(met, key=lambda seen: seen[0])[1]  # the first of the highest
    return next((j % n for j in range(place, place + n) if fit[j % n]), -1)


@pytest.mark.parametrize("error", [0.0, P.look_error])
@pytest.mark.parametrize("n_sell", [0, 3, 75, 150])
def test_items_against_their_definition(error: float, n_sell: int) -> None:
    luck, p = np.random.default_rng(2), P._replace(look_error=error)
    taste, z = luck.normal(size=(3, 150)).round(1), luck.normal(size=150).round(1)  # rounded: some are alike
    lot = luck.permutation(150)
    sells, promoted = lot < n_sell, lot % 3 == 1  # of the three that sell, one is promoted
    on = a_shelf(
        150, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2], popularity=z, on_sale=sells, promoted=promoted
    )
    someone = a_shopper(taste_0=0.5, taste_1=-1.0, taste_2=1.5)
    match = (0.5 * taste[0] - 1.0 * taste[1] + 1.5 * taste[2]) * 0.5773502691896258
    alike = np.zeros(150)
    asked: list[tuple[int, float, Any, Any]] = [
        (BROWSE, 0.0, alike, sells), (TASTE_SEARCH, 0.0, match, sells), (POPULAR, 0.0, z, sells),
        (RECOMMENDED, 1.0, match, sells), (RECOMMENDED, -1.0, z, sells), (PROMOTED, 0.0, alike, sells & promoted),
    ]  # fmt: skip
    for source, accuracy, score, fit in asked:
        found = _draw(source, on, 400, traits=someone, offer=an_offer(rec_accuracy=accuracy), p=p)
        assert found.tolist() == [_by_definition(source, score, fit, p, agent) for agent in range(400)]


def test_the_first_of_equals_is_taken() -> None:
    words = (3 << 30, 1 << 30, 0, 1 << 31)  # products 3, 1, 0, 2 of four, each at the lowest it can look
    sorts = {
        TASTE_SEARCH: a_shelf(4, taste_0=[1, 2, 1, 2]),
        POPULAR: a_shelf(4, popularity=[1, 2, 1, 2]),
        BROWSE: a_shelf(4),
    }
    for source, on in sorts.items():
        for order in itertools.permutations(range(4)):
            lanes = tuple(words[k] for k in order)
            best = [word >> 30 for word in lanes if source == BROWSE or (word >> 30) in (1, 3)]
            found = exposing.look(P, a_shopper(taste_0=1), on, source, (lanes[0], lanes[1], lanes[2], lanes[3]))
            assert found == best[0]


def test_a_draw_is_a_product_and_the_luck_of_looking_at_it() -> None:
    assert exposing.proposed(0, 7) == (0, 0.0)
    assert exposing.proposed(2**32 - 1, 7) == (6, pytest.approx(1 - 7 / 2**32, abs=1e-15))
    assert exposing.proposed(1 << 31, 7) == (3, 0.5)
    most = exposing.proposed(2**32 - 1, 2**31 - 1)  # does not leave 63 bits
    assert (most[0], 0.0 <= most[1] < 1.0) == (2**31 - 2, True)
    assert exposing.seen_score(P, 0.3, 0.5) == 0.3
    assert exposing.seen_score(P, 0.3, 0.0) == 0.3 - P.look_error
    assert exposing.seen_score(P, 0.3, 0.75) == pytest.approx(0.3 + P.look_error / 2)


def test_a_recommender_is_as_accurate_as_it_says() -> None:
    taste = np.random.default_rng(1).normal(size=(3, 400))
    on = a_shelf(400, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2])
    someone = a_shopper(taste_0=0.9, taste_1=-1.1, taste_2=0.98)  # matches have variance one
    match = [exposing.taste_match(someone, on, j) for j in range(400)]
    assert match == pytest.approx((np.array([0.9, -1.1, 0.98]) @ taste / math.sqrt(3)).tolist())
    for rho in (0.0, 0.6, 1.0):
        offer = an_offer(rec_accuracy=rho)
        lives = [Key(1, 1, 3, 77), Key(2, 9, 3, 77)]  # another day of another replication of the same world
        guess = [exposing.guessed_match(someone, key, offer, on, j) for key in lives for j in range(400)]
        assert guess[:400] == guess[400:]  # the error is for life
        assert np.corrcoef(match, guess[:400])[0, 1] == pytest.approx(rho, abs=0.13)
        assert np.std(guess[:400]) == pytest.approx(1.0, abs=0.13)


SORTED = {
    TASTE_SEARCH: ("taste_0", 0.0),
    POPULAR: ("popularity", 0.0),
    RECOMMENDED: ("popularity", -1.0),
}  # the column that sorts, and the recommender's accuracy


def _slots(source: int, score: Any, sells: Any, p: Any) -> Any:
    """Many slots of one source, where a product's score is as given."""
    column, accuracy = SORTED[source]
    by = np.asarray(score) * (math.sqrt(3) if column == "taste_0" else 1.0)
    on = a_shelf(len(by), on_sale=sells, **{column: by})
    return _draw(source, on, traits=a_shopper(taste_0=1.0), offer=an_offer(rec_accuracy=accuracy), p=p)


def _raised_to(times: float, score: Any, at: int, error: float, sells: Any) -> Any:
    """The same scores, but one so much higher that its product is shown so many times as often."""
    before = tournament(score, error, sells)[at]

    def now(by: float) -> Any:
        return score + by * (np.arange(len(score)) == at)

    return now(optimize.brentq(lambda by: tournament(now(by), error, sells)[at] - times * before, 0.0, 20.0))


@pytest.mark.parametrize("source", SORTED)
@pytest.mark.parametrize(
    ("at", "times", "n_off"),  # the lowest, the middle and the highest of 40 products, some of which are not on sale
    [(0, 1.05, 0), (0, 2.0, 0), (0, 20.0, 0), (17, 1.2, 0), (17, 2.0, 0), (39, 1.2, 0), (0, 2.0, 10), (17, 2.0, 10)],
)
def test_raising_one_score_moves_only_what_it_newly_wins(source: int, at: int, times: float, n_off: int) -> None:
    score, error = np.linspace(-2, 1.4, 40), 1.5
    p = P._replace(look_error=error)
    sells = ~np.isin(np.arange(40), 4 * np.arange(n_off) + 2)
    raised = _raised_to(times, score, at, error, sells)
    before, now = _slots(source, score, sells, p), _slots(source, raised, sells, p)
    chance, chance_now = tournament(score, error, sells), tournament(raised, error, sells)
    variation = float(0.5 * np.abs(chance - chance_now).sum())
    assert variation == pytest.approx(chance_now[at] - chance[at], rel=1e-6)
    assert chance_now[at] == pytest.approx(times * chance[at], rel=1e-6)
    moved = before != now
    assert moved.any()
    assert (now[moved] == at).all()
    close_share(moved, variation)
    assert moved.mean() <= 2 * variation + 0.005
    close_share(now == at, times * chance[at])


@pytest.mark.parametrize("source", SORTED)
def test_without_error_the_highest_score_wins_whatever_it_is(source: int) -> None:
    p, score, sells = P._replace(look_error=0.0), np.linspace(-2, 1.4, 40), np.ones(40, dtype=bool)
    before = _slots(source, score, sells, p)
    for at, rank in ((0, 13), (0, 40), (17, 19), (39, 40)):
        raised = score.copy()
        raised[at] = score[rank - 1] + 1e-3  # above the product that had this rank
        now = _slots(source, raised, sells, p)
        moved = before != now
        assert (now[moved] == at).all()
        gained = (rank**4 - (rank - 1) ** 4 - (at + 1) ** 4 + at**4) / 40**4
        assert moved.any() == (gained > 0)
        close_share(moved, gained)


@pytest.mark.parametrize("source", [BROWSE, *SORTED, PROMOTED])
@pytest.mark.parametrize("n_fit", [1, 3, 60])
def test_a_new_product_takes_slots_and_moves_no_other(source: int, n_fit: int) -> None:
    fit = np.zeros(80, dtype=bool)
    fit[np.random.default_rng(1).permutation(80)[:n_fit]] = True
    at = int(np.flatnonzero(~fit)[len(fit) // 10])
    more = fit | (np.arange(80) == at)
    z = np.linspace(1, -1, 80)

    def slots(fits_slot: Any) -> Any:
        which = {"promoted": fits_slot} if source == PROMOTED else {"on_sale": fits_slot}
        on = a_shelf(80, popularity=z, taste_0=z, **which)
        return _draw(source, on, traits=a_shopper(taste_0=1.0), offer=an_offer(rec_accuracy=-1.0))

    before, now = slots(fit), slots(more)
    moved = before != now
    assert (now[moved] == at).all()
    if source in (BROWSE, POPULAR, PROMOTED):
        score = z if source == POPULAR else 0 * z
        chance, chance_now = tournament(score, P.look_error, fit), tournament(score, P.look_error, more)
        fits(_counts(now, 80), chance_now)
        close_share(moved, chance_now[at])
        assert moved.mean() <= np.abs(chance - chance_now).sum() + 0.005


def test_an_empty_shop_shows_nothing() -> None:
    closed = a_shelf(5, on_sale=False)
    for source in (BROWSE, TASTE_SEARCH, POPULAR, RECOMMENDED, PROMOTED):
        assert (_draw(source, closed, 100) == -1).all()
    assert (_draw(PROMOTED, a_shelf(5), 100) == -1).all()  # none is promoted
    shown, *_ = visitors(50, on=closed)
    assert (shown == -1).all()
    assert (_draw(BROWSE, a_shelf(1), 100) == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1), st.floats(0, 4))
def test_only_what_is_on_sale_is_shown(n: int, seed: int, selling: float, promoted: float, error: float) -> None:
    luck = np.random.default_rng(seed)
    sells, is_promoted = luck.random(n) < selling**2, luck.random(n) < promoted**2
    on = a_shelf(n, on_sale=sells, promoted=is_promoted, popularity=luck.normal(size=n), taste_0=luck.normal(size=n))
    for source in (BROWSE, TASTE_SEARCH, POPULAR, RECOMMENDED, PROMOTED):
        fit = sells & is_promoted if source == PROMOTED else sells
        offer = an_offer(rec_accuracy=0.6)
        found = _draw(source, on, 300, traits=a_shopper(taste_0=1), offer=offer, p=P._replace(look_error=error))
        assert fit[found].all() if fit.any() else (found == -1).all()  # filled wherever anything fits
    shown, source, *_ = visitors(
        300, on=on, promoting=bool(is_promoted.any()), traits=a_shopper(taste_0=1),
        offer=an_offer(rec_weight=1.0, rec_accuracy=0.6), state=a_state(inbox_day=40, kol_product=n - 1, kol_day=40),
        inbox=an_inbox(*[(j, 65536) for j in range(min(n, 8))]),
    )  # fmt: skip
    assert sells[shown[shown >= 0]].all()
    assert is_promoted[shown[source == PROMOTED]].all()
    assert (shown >= 0).any() == sells.any()


@pytest.mark.parametrize("n_promoted", [1, 2, 7, 20, 200])
def test_few_promoted_products_of_many_are_found(n_promoted: int) -> None:
    is_promoted = np.isin(np.arange(200), np.random.default_rng(6).permutation(200)[:n_promoted])
    found = _draw(PROMOTED, a_shelf(200, promoted=is_promoted))
    fits(_counts(found, 200), tournament(np.zeros(200), P.look_error, is_promoted))


# --- 5 expose: a visitor's slots -----------------------------------------------------------------

BIG = 20_000  # so many products that one is hardly ever shown twice
SOURCES = (BROWSE, TASTE_SEARCH, POPULAR, FRIEND, KOL, RECOMMENDED, PROMOTED)


def _big_shelf() -> Shelf:
    return a_shelf(BIG, promoted=np.arange(BIG) % 2 == 0)


def _full_house(**weights: float) -> dict[str, Any]:
    """Every source has some weight."""
    p = P._replace(**{name: value for name, value in weights.items() if name != "rec_weight"})
    return {
        "p": p, "on": _big_shelf(), "promoting": True, "state": a_state(inbox_day=40, kol_product=9000, kol_day=40),
        "inbox": an_inbox(*[(100 + k, 65536) for k in range(8)]),
        "offer": an_offer(rec_weight=weights.get("rec_weight", 1.0), rec_accuracy=0.5),
    }  # fmt: skip


def _pairs(shown: Any, source: Any) -> list[set[tuple[int, int]]]:
    return [{(int(j), int(s)) for j, s in zip(a, b, strict=True) if j >= 0} for a, b in zip(shown, source, strict=True)]


def test_sticks_by_hand() -> None:
    p = P._replace(w_s=2.0, w_pop=1.0, w_new=0.5, w_fr=0.7, w_kol=2.0, w_promo=1.5, p_fade=0.9)
    someone, on = a_shopper(kol=0.4), a_shelf()
    told = a_state(kol_product=3, kol_day=38)
    found = exposing.sticks(p, someone, told, an_offer(rec_weight=1.1), 4, on, True, 40)
    kol = 2.0 * 0.4 * 0.9**2
    placed = kol + 1.1 + 1.5
    assert found == pytest.approx(
        (placed / (placed + 2.8 + 3.5), 2.8 / 6.3, 2 / 3.5, 1 / 1.5, kol, 1.1, 1.5), rel=1e-13
    )
    assert exposing.organic_weight(p) == 3.5
    assert [exposing.friend_chance(p, n) for n in (0, 1, 8)] == pytest.approx([0.0, 0.7 / 4.2, 5.6 / 9.1])
    nothing = exposing.sticks(p, someone, a_state(), an_offer(), 0, on, False, 40)
    assert nothing == pytest.approx((0.0, 0.0, 2 / 3.5, 1 / 1.5, 0.0, 0.0, 0.0))
    sold_out = a_shelf(on_sale=np.arange(8) != 3)
    assert exposing.sticks(p, someone, told, an_offer(), 0, sold_out, False, 40).kol == 0.0
    assert exposing.sticks(p, someone, told, an_offer(), 0, on, False, 40).kol == pytest.approx(kol)


def test_the_first_stick_that_wins_gives_the_source() -> None:
    chance = exposing.Sticks(0.2, 0.4, 0.6, 0.8, 0.0, 0.0, 0.0)
    sources = (exposing.PLACED, FRIEND, TASTE_SEARCH, POPULAR)
    for wins in itertools.product([True, False], repeat=4):
        below = [int(c * 2**32) + (-1 if won else 1) for c, won in zip(chance[:4], wins, strict=True)]
        expected = next((source for source, won in zip(sources, wins, strict=True) if won), BROWSE)
        assert exposing.slot_source(chance, (below[0], below[1], below[2], below[3])) == expected


def test_a_strategys_slots_go_by_weight() -> None:
    for weights in (
        (1.0, 2.0, 3.0),
        (0.0, 1.0, 1.0),
        (2.0, 0.0, 1.0),
        (1.0, 1.0, 0.0),
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ):
        chance = exposing.Sticks(0.5, 0.5, 0.5, 0.5, *weights)
        found = [exposing.placed_source(chance, Key(3, 4, a), 2) for a in range(6000)]
        fits(np.bincount(found, minlength=7)[[KOL, RECOMMENDED, PROMOTED]], weights)
        assert set(found) <= {KOL, RECOMMENDED, PROMOTED}


def test_slots_are_shared_by_weight() -> None:
    no_leader = {**_full_house(), "state": a_state(inbox_day=40)}
    shown, source, *_ = visitors(20_000, **no_leader)
    counts = np.bincount(source[shown >= 0], minlength=7)
    weights = [P.w_new, P.w_s, P.w_pop, P.w_fr * 8, 0.0, 1.0, P.w_promo]
    assert counts[KOL] == 0
    fits(np.delete(counts, KOL), np.delete(weights, KOL))
    assert (shown >= 0).sum(axis=1).max() == 8


def test_a_followed_leaders_post_shows_one_product() -> None:
    p_one = P.w_kol * 0.4 / (P.w_kol * 0.4 + P.w_new + P.w_s + P.w_pop)
    leader = a_state(inbox_day=40, kol_product=9000, kol_day=40)
    shown, source, *_ = visitors(20_000, on=_big_shelf(), state=leader)
    by_leader = source == KOL
    assert (shown[by_leader] == 9000).all()
    assert by_leader.sum(axis=1).max() == 1
    close_share(by_leader.any(axis=1), 1 - (1 - p_one) ** 8)
    assert exposing.kol_presence(P, a_state(), 40) == 0.0
    assert exposing.kol_presence(P, leader, 40) == 1.0
    assert exposing.kol_presence(P, leader, 45) == pytest.approx(P.p_fade**5)


def test_a_visitor_sees_at_most_her_attention_and_nothing_twice() -> None:
    for attention in (2, 8, 20):
        shown, *_ = visitors(2000, on=a_shelf(10), p=P._replace(attention=float(attention)))
        n = (shown >= 0).sum(axis=1)
        assert n.max() <= min(attention, 10)
        assert all(len(set(row[:k])) == k for row, k in zip(shown.tolist(), n, strict=True))


def _moved(lever: str, source: int) -> tuple[int, int]:
    """Double a weight: (products newly shown by that source, products newly shown by another)."""
    low = 1.0 if lever == "rec_weight" else getattr(P, lever)
    houses = [_full_house(**{lever: low}), _full_house(**{lever: 2 * low})]
    for house in houses:  # no placed source besides the one whose weight is raised
        if lever != "w_kol":
            house["state"] = a_state(inbox_day=40)
        if lever != "rec_weight":
            house["offer"] = an_offer()
        if lever != "w_promo":
            house["promoting"] = False
    before, now = (_pairs(*visitors(1500, **house)[:2]) for house in houses)
    new = [pair for a, b in zip(before, now, strict=True) for pair in b - a]
    gained = sum(pair[1] == source for pair in new)
    return gained, len(new) - gained


PLACED_OR_FRIEND = {"w_kol": KOL, "rec_weight": RECOMMENDED, "w_promo": PROMOTED, "w_fr": FRIEND}


@pytest.mark.parametrize("lever", PLACED_OR_FRIEND)
def test_raising_the_weight_of_the_only_placed_source_moves_slots_into_it_only(lever: str) -> None:
    gained, strays = _moved(lever, PLACED_OR_FRIEND[lever])
    assert gained > 100
    assert strays <= 0.02 * gained  # a product shown twice counts for whoever showed it first


def test_friends_products_by_hand() -> None:
    box = an_inbox((0, 65536), (1, int(0.05 * 65536)), (2, -65536), (3, 40_000), (4, 65536))
    on = a_shelf(8, on_sale=np.arange(8) != 3)
    desk = a_desk()
    assert (
        exposing.friend_products(P, KEY, box, 1.0, on, desk) == 2
    )  # .05 is not above .05; -1 and sold out do not show
    assert {int(box.product[e]) for e in desk.ranked[:2]} == {0, 4}
    assert (np.diff(desk.times[:2]) >= 0).all()
    assert exposing.friend_products(P, KEY, box, 0.0500001, on, desk) == 2  # what is left of a whole one still shows
    assert exposing.friend_products(P, KEY, box, 0.05, on, desk) == 0
    assert exposing.friend_products(P, KEY, box, P.delta_r**100, on, desk) == 0


def test_a_stronger_recommendation_tends_to_come_first() -> None:
    box, on, first = an_inbox((0, 65536), (1, 32768), (2, 16384)), a_shelf(), []
    for a in range(4000):
        desk = a_desk()
        exposing.friend_products(P, Key(1, 1, a), box, 1.0, on, desk)
        first.append(int(box.product[desk.ranked[0]]))
    fits(np.bincount(first, minlength=3), [4, 2, 1])


# --- 6 buy: prices -------------------------------------------------------------------------------


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
    assert buy.price_alone(an_offer(), 1000) == (1000, 0)
    assert buy.price_alone(an_offer(coupon_share=0.1), 1000) == (900, 1)
    assert buy.price_alone(an_offer(coupon_cents=200), 1000) == (800, 2)
    assert buy.price_alone(an_offer(coupon_share=0.1, coupon_cents=200), 1000) == (800, 2)
    assert buy.price_alone(an_offer(coupon_share=0.3, coupon_cents=200), 1000) == (700, 1)
    assert buy.price_alone(an_offer(coupon_cents=5000), 1000) == (1, 2)
    assert buy.price_alone(an_offer(coupon_cents=5), 1) == (1, 0)
    assert buy.price_alone(an_offer(coupon_share=0.0001), 100) == (100, 0)  # worth nothing: not used


def test_money_off_may_need_a_least_price() -> None:
    offer = an_offer(coupon_cents=200, coupon_min_cents=1000)
    assert buy.price_alone(offer, 1000) == (800, 2)
    assert buy.price_alone(offer, 999) == (999, 0)


@often
@given(st.integers(1, 10**6), st.floats(0, 0.9), st.integers(0, 10**6), st.integers(1, 20))
def test_no_coupon_makes_anything_dearer_or_free(cents: int, off: float, face: int, quantity: int) -> None:
    unit, coupon = buy.price_alone(an_offer(coupon_share=off, coupon_cents=face), cents)
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


# --- 6 buy: utilities ----------------------------------------------------------------------------


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
    _decide(2, desk, on=on, traits=a_shopper(price=price))
    assert desk.utility[0] >= desk.utility[1]


@often
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), share_of_one)
def test_a_coupon_and_a_cut_to_the_same_price_are_worth_the_same(
    cents: int, shown: int, off: int, price: float
) -> None:
    """The shelf's own logarithm and that of a coupon's price: the same bits."""
    shown, someone = max(min(shown, cents), 2), a_shopper(price=price)
    now = buy.price_alone(an_offer(coupon_cents=off), shown)[0]
    desks = a_desk([0]), a_desk([0])
    cuts = np.empty(2)
    shelf.log_ratios(np.array([shown, now]), np.array([cents, cents]), cuts)
    one = a_shelf(1, list_cents=cents, price_cents=shown)._replace(log_cut=cuts[:1])
    other = a_shelf(1, list_cents=cents, price_cents=now)._replace(log_cut=cuts[1:])
    _decide(1, desks[0], on=one, traits=someone, offer=an_offer(coupon_cents=off))
    _decide(1, desks[1], on=other, traits=someone)
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


# --- 6 buy: choice -------------------------------------------------------------------------------


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


def _decide(n: int, desk: Desk, **what: Any) -> Any:
    return buy.decide(
        P, C, what.get("traits", a_shopper(need=99)), what.get("state", a_state(inbox_day=40)),
        what.get("offer", an_offer()), what.get("inbox", an_inbox()), what.get("on", a_shelf()),
        what.get("public", NO_TEAMS[0]), what.get("teams", NO_TEAMS[1]), what.get("first", 0), 0, KEY, n, desk,
    )  # fmt: skip


def test_only_a_friends_slot_gives_a_parent_within_seven_days() -> None:
    for source, day, parent in ((FRIEND, 33, 77), (FRIEND, 32, -1), (BROWSE, 40, -1), (KOL, 40, -1), (FRIEND, 40, 77)):
        box = an_inbox((2, 65536), sender=[77], sender_day=[day])
        found = _decide(1, a_desk([2], [source]), inbox=box)
        assert (found.product, found.source, found.parent) == (2, source, parent)
    own = an_inbox((2, 9830))  # seen at a friend's, nobody sent it
    assert _decide(1, a_desk([2], [FRIEND]), inbox=own).parent == -1


def test_the_favourite_is_known_without_a_purchase() -> None:
    on = a_shelf(appeal=[0, 0, 3, 0, 0, 5, 0, 0])
    found = _decide(3, a_desk([0, 2, 4]), on=on, traits=a_shopper(need=-99))
    assert (found.product, found.favourite) == (-1, 2)


def test_prices_reach_the_choice() -> None:
    on = a_shelf(price_cents=2000, list_cents=3000)
    found = _decide(1, a_desk([4]), on=on, offer=an_offer(coupon_share=0.1))
    assert (found.unit_cents, found.coupon, found.is_team) == (1800, 1, False)
    desk = a_desk([4])
    _decide(1, desk, on=on, offer=an_offer(coupon_share=0.1))
    assert desk.utility[0] == pytest.approx(-P.b_p * math.log(0.6))


# --- teams ---------------------------------------------------------------------------------------


@often
@given(st.floats(0, 40), st.integers(-2, 60))
def test_poisson_tail_against_scipy(mean: float, least: int) -> None:
    assert team.poisson_tail(mean, least) == pytest.approx(stats.poisson.sf(least - 1, mean), abs=1e-13)


def test_group_formation_v6() -> None:
    found = [[team.poisson_tail(mean, size - 1) for size in (2, 3, 5)] for mean in (1.0, 2.0)]
    assert found[0] == pytest.approx([0.632, 0.264, 0.019], abs=5e-4)
    assert found[1] == pytest.approx([0.865, 0.594, 0.143], abs=5e-4)
    assert team.poisson_tail(0.0, 1) == 0.0


def test_the_chance_that_a_team_fills() -> None:
    on = a_shelf(team_joins=0.5, team_success=0.37)
    assert team.fill_chance(on, 0, 2, 3, 0) == 1.0  # she is the third
    assert team.fill_chance(on, 0, 5, 3, 0) == 1.0  # tipped
    assert team.fill_chance(on, 0, 1, 3, 0) == 0.0  # closes tonight, one missing
    assert team.fill_chance(on, 0, 1, 3, 2) == pytest.approx(1 - math.exp(-1.0))
    assert team.fill_chance(on._replace(team_told=np.zeros(8, dtype=bool)), 0, 2, 3, 0) == 0.37


def test_team_utility_at_its_limits() -> None:
    social, alone = a_shopper(social=1.0, price=0.75), a_shopper(social=0.0, price=0.75)
    assert team.team_utility(P, C, social, 0.4, 0.3, 1.0) == pytest.approx(0.4 + P.b_p * 1.5 * 0.3)
    assert team.team_utility(P, C, social, 0.4, 0.3, 0.0) == pytest.approx(0.4 - P.c_fail)
    assert team.team_utility(P, C, alone, 0.4, 0.3, 1.0) == pytest.approx(0.4 + P.b_p * 1.5 * 0.3 - P.c_w)
    assert team.team_utility(P, C, social, 0.4, 0.0, 1.0) == 0.4


@often
@given(share_of_one, share_of_one, st.floats(0, 2), st.floats(0, 0.9))
def test_team_utility_is_monotone(social: float, price: float, saving: float, fills: float) -> None:
    def u(social: float = social, saving: float = saving, fills: float = fills) -> float:
        return team.team_utility(P, C, a_shopper(social=social, price=price), 0.0, saving, fills)

    assert u(social=min(social + 0.1, 1)) >= u()
    assert u(saving=saving + 0.1) >= u()
    assert u(fills=fills + 0.1) >= u()


def test_displayed_rates_start_at_their_prior() -> None:
    assert team.displayed_rate(0, 0, 0.5) == 0.5
    assert team.displayed_rate(3, 4, 0.5) == pytest.approx((2 + 3) / 8)
    assert team.displayed_rate(10**6, 10**6, 0.3) == pytest.approx(1.0, abs=1e-5)


def _best(
    teams: list[list[int]], public: list[int], asked: int = -1, first: int = 0, on: Any = None, me: int = 0
) -> tuple[int, float]:
    shown = np.full((8, 3), -1, dtype=np.int64)
    shown[0, : len(public)] = public
    table = np.array(teams, dtype=np.int64).reshape(-1, TEAM_COLUMNS)
    return buy.best_team(on if on is not None else a_shelf(), 0, asked, shown, table, first, me, KEY)


def test_the_fullest_open_team_is_best() -> None:
    one, two = a_team(), a_team(founder=2, founder_id=502, members=2)
    assert _best([], []) == (FOUND, 0.0)
    assert _best([one, two], [0, 1]) == _best([one, two], [1, 0]) == (1, 1.0)
    number, chance = _best([one], [0])
    assert (number, chance) == (0, pytest.approx(1 - math.exp(-0.3 * 2)))  # today and tomorrow
    assert _best([two], [7], first=7)[0] == 7  # numbers go on when old teams are forgotten
    assert _best([two], [3], first=7) == (FOUND, 0.0)
    assert _best([one, two], [0], asked=1) == (1, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [{"founder": 0}, {"product": 1}, {"day": 40}, {"closes": 39}, {"members": 3}],
    ids=["her own", "another product", "founded today", "closed", "full"],
)
def test_teams_that_cannot_be_joined(wrong: dict[str, int]) -> None:
    assert _best([a_team(members=2)], [0])[0] == 0
    assert _best([a_team(**{"members": 2, **wrong})], [0]) == (FOUND, 0.0)
    assert _best([a_team(**{"members": 2, **wrong})], [], asked=0) == (FOUND, 0.0)


def test_strangers_are_shown_only_where_they_are_shown() -> None:
    closed = a_shelf(team_strangers=False)
    assert _best([a_team(members=2)], [0], on=closed) == (FOUND, 0.0)
    assert _best([a_team(members=2)], [0], asked=0, on=closed)[0] == 0


def test_equal_teams_go_by_keyed_priority() -> None:
    rows = [a_team(founder=k, founder_id=500 + k, members=2) for k in (1, 2, 3)]
    luck = [draws.u01(KEY.seed, draws.TEAM_CHOICE, KEY.day, KEY.agent, draws.pair(500 + k, 100)) for k in (1, 2, 3)]
    for order in itertools.permutations(range(3)):
        assert _best(rows, list(order)) == (int(np.argmin(luck)), 1.0)


def test_a_team_price_is_an_alternative_of_its_own() -> None:
    on = a_shelf(team_discount=[0.3, 0, 0, 0, 0, 0, 0, 0])
    someone = a_shopper(need=20, social=0.7)
    saving = -math.log(2100 / 3000)
    founding = 0.5 * P.b_p * saving - 0.5 * P.c_fail - P.c_w * 0.3
    out, desk = decided(on=on, traits=someone, offer=an_offer(team_tactics=1), products=[0, 1])
    assert desk.found_utility[0] == desk.team_utility[0] == pytest.approx(founding)
    assert desk.team[0] == FOUND
    assert desk.team[1] == NO_TEAM
    weights = np.exp([0.0, founding, 0.0])
    fits(np.bincount(out[:, 0] * 2 + out[:, 2], minlength=3)[:3], weights)
    assert desk.team_cents[0] == 2100


def test_teams_are_for_who_may_and_is_in_none() -> None:
    on = a_shelf(team_discount=0.3)
    for offer, state in (
        (an_offer(), a_state()),
        (an_offer(team_tactics=0b1110), a_state()),  # other tactics' teams
        (an_offer(team_tactics=1), a_state(team=4)),
    ):
        desk = a_desk([0, 1])
        found = _decide(2, desk, on=on, offer=offer, state=state)
        assert (desk.team[:2] == NO_TEAM).all()
        assert (found.is_team, found.team, found.team_cents) == (False, NO_TEAM, 0)


def test_joining_is_preferred_when_it_fills_more_surely() -> None:
    on = a_shelf(team_discount=0.3)
    rows = np.array([a_team(members=2)], dtype=np.int64)
    public = NO_TEAMS[0].copy()
    public[0, 0] = 0
    desk = a_desk([0])
    _decide(1, desk, on=on, offer=an_offer(team_tactics=1), public=public, teams=rows)
    assert desk.team[0] == 0
    assert desk.team_utility[0] == pytest.approx(P.b_p * -math.log(0.7) - P.c_w * 0.6)
    rows[0, TEAM_MEMBERS] = 1  # now two more are missing and founding looks better
    slow = on._replace(team_joins=np.full(8, 0.01))
    _decide(1, desk, on=slow, offer=an_offer(team_tactics=1), public=public, teams=rows)
    assert desk.team[0] == FOUND


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


# --- scarce things -------------------------------------------------------------------------------


def test_priorities_are_named() -> None:
    agents, items = np.array([3, 1, 2]), np.array([7, 7, 8])
    words = resolve.priorities(5, draws.SEAT, 9, agents, items)
    names = zip(agents.tolist(), items.tolist(), strict=True)
    assert words.tolist() == [draws.block(5, draws.SEAT, 9, a, i)[0] for a, i in names]
    assert resolve.priorities(5, draws.SEAT, 9, agents[::-1], items[::-1]).tolist() == words[::-1].tolist()
    assert len(resolve.priorities(5, draws.SEAT, 9, agents[:0], items[:0])) == 0


@often
@given(st.integers(0, 10_000), st.integers(1, 500), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_budget_treats_floor_of_cap_over_cost_v9(cap: int, cost: int, n: int, rng: Any) -> None:
    agents = np.arange(n)
    rng.shuffle(order := list(range(n)))

    def treated(rows: Any) -> set[int]:
        words = resolve.priorities(1, draws.SEAT, 2, agents[rows], 0 * agents[rows])
        granted = resolve.grant(np.full(n, cost), cap, words, agents[rows])
        return set(agents[rows][granted].tolist())

    assert len(treated(np.arange(n))) == min(cap // cost, n)
    assert treated(np.array(order, dtype=np.int64)) == treated(np.arange(n))


requests = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), max_size=30)  # few priorities: many ties


@often
@given(requests, st.integers(-5, 400), st.randoms(use_true_random=False))
def test_grants_against_a_naive_loop(wanted: list[tuple[int, int]], available: int, rng: Any) -> None:
    amounts, words = (np.array([w[k] for w in wanted], dtype=np.int64) for k in range(2))
    names = np.arange(len(wanted)) + 50
    left, expected = available, set()
    for word, name, amount in sorted(zip(words.tolist(), names.tolist(), amounts.tolist(), strict=True)):
        assert word >= 0
        if amount <= left:
            expected.add(name)
            left -= amount
    rng.shuffle(order := list(range(len(wanted))))
    order = np.array(order, dtype=np.int64)
    for rows in (np.arange(len(wanted)), order):
        granted = resolve.grant(amounts[rows], available, words[rows], names[rows])
        assert set(names[rows][granted].tolist()) == expected
        assert amounts[rows][granted].sum() <= max(available, 0)


@often
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=30),
    st.lists(st.integers(-1, 4), min_size=5, max_size=5),
    st.randoms(use_true_random=False),
)
def test_seats_and_winners_against_a_naive_loop(wanted: list[tuple[int, int]], free: list[int], rng: Any) -> None:
    things, words = (np.array([w[k] for w in wanted], dtype=np.int64) for k in range(2))
    names = np.arange(len(wanted)) + 50
    left, expected, first = list(free), set(), {}
    for _word, name, thing in sorted(zip(words.tolist(), names.tolist(), things.tolist(), strict=True)):
        first.setdefault(thing, name)
        if left[thing] > 0:
            left[thing] -= 1
            expected.add(name)
    rng.shuffle(order := list(range(len(wanted))))
    for rows in (np.arange(len(wanted)), np.array(order, dtype=np.int64)):
        granted = resolve.seats(things[rows], np.array(free), words[rows], names[rows])
        assert set(names[rows][granted].tolist()) == expected
        won = resolve.winners(things[rows], words[rows], names[rows])
        assert names[rows][won].tolist() == [first[thing] for thing in sorted(first)]


def test_every_request_has_the_same_chance() -> None:
    won = np.zeros(10, dtype=np.int64)
    agents = np.arange(10)
    for day in range(3000):
        words = resolve.priorities(1, draws.SEAT, day, agents, 0 * agents)
        won += resolve.grant(np.ones(10, dtype=np.int64), 3, words, agents)
    assert won.sum() == 9000
    assert stats.chisquare(won).pvalue > 1e-4
