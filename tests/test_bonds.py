"""Slow states and what is remembered of money: each through the engine, against closed forms (tests/laboratory.py)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sim import draws
from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.metrics import measure
from sim.rules.records import ACTIVE, LEAVING_CAUSES
from sim.rules.remember import POST
from tests.busy_worlds import (
    ALONE,
    BONDS,
    BUSY,
    EVERYTHING,
    TALKING,
    assert_drivers_agree,
    assert_same,
    scenario,
)
from tests.laboratory import (
    DAILY,
    N,
    agree,
    happened,
    lab,
    logistic,
    one_minus_exp,
    people,
    play,
    products,
    rows,
    spread,
)


@pytest.mark.parametrize(
    "only",
    [
        (),
        ("b_ref", "g_ref"),
        ("budget",),
        ("budget", "tier_gap"),
        ("left_because",),
        ("b_hab",),
        ("g_warn",),
        ("p_com", "com_size"),
        ("b_bel", "bel_up"),
    ],
    ids=lambda only: "+".join(only) or "all",
)
def test_drivers_agree(only: tuple[str, ...]) -> None:
    usual = {**BUSY, "p_post": 0.3, "p_b": 1.0, "v_post": 1.0, "r_0": 4.0, "s_bad": 0.0}
    params: dict[str, Any] = {name: x for name, x in BONDS.items() if not only or name in only}
    strategies = {"everything": EVERYTHING} | ({} if only else {"examples": ALONE["all_examples"]})
    asked = scenario(
        params={**usual, **params}, population={"size": 110, "registered_share": 0.6}, strategies=strategies
    )
    on = assert_drivers_agree(asked)
    off = assert_drivers_agree(asked.with_({"params": usual}), ("everything",))
    assert not on["everything"].events.equals(off["everything"].events), "it does something"


# --- (4r), (17b): prices remembered --------------------------------------------------------------------


@pytest.mark.parametrize("tactic", ["cut", "coupon"])
def test_a_permanent_discount_loses_force_and_its_end_is_felt(tactic: str) -> None:
    """20 % off for fifteen days, from everybody's first day on; then list prices again.

    m <- keep m + (1 - keep) x, x = ln(price / list), for a coupon what it took off yesterday;
    P(buy) = logistic(alpha - b_p (price / P) ln(paid / list) - b_ref (felt - x)), felt = x - m, times ref_loss if > 0;
    leaving = 1 - exp(exp(g_ref max(x - m, 0) price / P) stay).
    """
    p = {"alpha": -1.0, "b_p": 2.0, "b_ref": 1.5, "ref_loss": 3.0, "ref_keep": 0.8, "churn": 1.0, "g_ref": 4.0}
    (price,) = spread(N, (0.4, 0.5, 0.6))
    who = people(N, price=price, need=0.0, stay=math.log(0.98))
    spec = {"kind": "price_cut"} if tactic == "cut" else {"kind": "coupon"}
    days, stop, off = 30, 15, math.log(0.8)
    journal = play(lab(who, products(), days, p, strategies={"s": spec | {"discount": 0.2, "stop": stop}}), "s")
    bought, left = happened(journal, "order"), happened(journal, "lapse")
    at_risk = np.cumsum(left, axis=0) - left == 0
    m, yesterday, chance, leaving = 0.0, 0.0, np.zeros((days, N)), np.zeros((days, N))
    for t in range(days):
        mine = off if t < stop else 0.0  # what she pays
        x = mine if tactic == "cut" else yesterday  # what the shop's prices look like
        felt = (x - m) * (3.0 if x > m else 1.0)
        chance[t] = logistic(-1.0 - 2.0 * price / 0.5 * mine - 1.5 * (felt - x))
        leaving[t] = one_minus_exp(-math.log(0.98) * np.exp(4.0 * max(x - m, 0.0) * price / 0.5))
        yesterday = mine
        m = 0.8 * m + 0.2 * mine
    day = np.broadcast_to(np.arange(days)[:, None], (days, N))
    agree(bought, chance, at_risk, groups=day, at_least=days)
    agree(bought, chance, at_risk, groups=price, at_least=3)
    agree(left, leaving, at_risk, groups=day, at_least=days)
    agree(left, leaving, at_risk & (day >= stop), groups=price, at_least=3)
    # the lift falls from that of b_p towards that of b_p - b_ref; after the end fewer buy than without any discount
    share = (bought * at_risk).sum(axis=1) / at_risk.sum(axis=1)
    before, first, limit = (logistic(-1.0 - b * off) for b in (0.0, 2.0, 0.5))
    assert share[0] == pytest.approx(first, abs=0.02)
    assert share[stop - 1] == pytest.approx(limit, abs=0.02)
    assert share[stop + 1] < before - 0.03
    assert share[days - 1] == pytest.approx(before, abs=0.02)


def test_prices_that_nobody_changes_are_not_felt() -> None:
    """Without a reduction nothing is remembered: the same events, to the last one."""
    asked = scenario(params={**BUSY, "b_ref": 1.5, "g_ref": 2.0}, population={"size": 300})
    one, other = (simulate(each, "control", events=True) for each in (asked, asked.with_({"params": BUSY})))
    assert_same(one, other)


# --- (5c): money at hand -------------------------------------------------------------------------------


def test_who_has_spent_her_budget_buys_less() -> None:
    """P(buy) = logistic(alpha - b_bud (spent / (budget P / price))^2); spent <- 29/30 spent + paid - paid back."""
    p = {"alpha": 0.5, "budget": 25.0, "b_bud": 2.5, "ret_0": 0.3}
    (price,) = spread(N, (0.25, 0.5, 0.9))
    days = 12
    journal = play(lab(people(N, price=price, need=0.0), products(), days, p))
    bought, back = happened(journal, "order"), happened(journal, "send_back")
    spent, chance = np.zeros(N), np.zeros((days, N))
    for t in range(days):
        chance[t] = logistic(0.5 - 2.5 * (spent / (2500 * 0.5 / price)) ** 2)
        spent = spent * 29 / 30 + 1000 * (bought[t] - back[t])
    agree(bought, chance, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)), at_least=days)
    agree(bought, chance, groups=price, at_least=3)
    assert (chance[-1] < 0.1).any(), "some have nothing left"


# --- (1b), (17b): habit --------------------------------------------------------------------------------


def test_who_comes_often_gets_into_the_habit_and_stays() -> None:
    """h <- h + r (visited - h); visit 1 - exp(-intensity exp(b_hab h)); leaving 1 - exp(exp(-g_hab h) stay)."""
    p = {"b_hab": 1.4, "g_hab": 2.5, "hab_r": 0.2, "churn": 1.0}
    (intensity,) = spread(N, (0.1, 0.4, 1.0))
    days, stay = 12, math.log(0.94)
    journal = play(lab(people(N, intensity=intensity, need=0.0, stay=stay), products(), days, p))
    visits, left = happened(journal, "visit"), happened(journal, "lapse")
    at_risk = np.cumsum(left, axis=0) - left == 0
    h, coming, leaving, habit = np.zeros(N), np.zeros((days, N)), np.zeros((days, N)), np.zeros((days, N))
    for t in range(days):
        habit[t], coming[t] = np.round(h, 1), one_minus_exp(intensity * np.exp(1.4 * h))
        leaving[t] = one_minus_exp(-stay * np.exp(-2.5 * h))
        h = h + 0.2 * (visits[t] - h)
    agree(visits, coming, at_risk, groups=habit + 10 * intensity, at_least=8)
    agree(left, leaving, at_risk, groups=habit, at_least=5)
    agree(left, leaving, at_risk, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)), at_least=days)


def test_habit_brings_nobody_back_who_left() -> None:
    """(18) has no habit: who left comes back by om_0 alone, however often she used to come."""
    p = {"b_hab": 2.0, "hab_r": 1.0, "churn": 1.0, "om_0": 0.1, "om_tau": 1e6}
    days = 5
    journal = play(lab(people(N, need=0.0, stay=math.log(0.7)), products(), days, p))
    left, back = happened(journal, "lapse"), happened(journal, "return")
    away = np.cumsum(left, axis=0) - left - (np.cumsum(back, axis=0) - back) > 0
    agree(back, np.full((days, N), one_minus_exp(0.1)), away)


# --- (17b): warnings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0.0, 0.6])
def test_who_hears_many_warnings_leaves_unless_they_are_answered(coverage: float) -> None:
    """Up to four discontent and two content senders write every day, from the second day on.

    W <- keep W + (1 - answered) warnings; leaving = 1 - exp(exp(g_warn min(W, 3)) stay), with W of last night.
    """
    p = {"s_match": 2.0, "s_0": 1000, "churn": 1, "g_warn": 0.7, "warn_keep": 0.6, "s_bad": -0.5}
    bad, good = spread(N, (0, 1, 2, 4), (0, 2))
    sender = np.arange(12) < 6
    who = people(
        12 + N,
        taste_0=np.concatenate([np.where(sender, -math.sqrt(3), math.sqrt(3)), np.zeros(N)]),
        intensity=np.concatenate([np.full(12, DAILY), np.zeros(N)]),
        stay=np.concatenate([np.zeros(12), np.full(N, math.log(0.97))]),
    )
    me = np.arange(12, 12 + N)
    ties = [(me[bad > k], k, 1) for k in range(4)] + [(me[good > k], 6 + k, 1) for k in range(2)]
    days, service = 7, {"kind": "customer_service", "coverage": coverage, "recovery": 0.0}
    journal = play(lab(who, products(taste=1.0), days, p, ties, strategies={"s": service}), "s")
    left = happened(journal, "lapse")[:, me]
    at_risk = np.cumsum(left, axis=0) - left == 0
    warned, leaving = np.zeros(N), np.zeros((days, N))
    for t in range(days):
        leaving[t] = one_minus_exp(-math.log(0.97) * np.exp(0.7 * np.minimum(warned, 3.0)))
        warned = 0.6 * warned + (1.0 - coverage) * bad * (t > 0)
    agree(left, leaving, at_risk, groups=bad + 10 * good, at_least=8)
    agree(left, leaving, at_risk & (bad > 0), groups=np.broadcast_to(np.arange(days)[:, None], (days, N)), at_least=7)


# --- (14b), (17b), 5.1b: communities -------------------------------------------------------------------


def days_of(world: World, strategy: str = "control") -> Iterator[tuple[int, Columnar]]:
    """A run, seen after each of its days."""
    run = Columnar(world, *prepare(world, strategy))
    for t in range(world.scenario.days):
        run.step(t, None)
        yield t, run


def test_taking_part_makes_people_belong_stay_and_post() -> None:
    """Everybody buys, shares and has one friend, every day; some review, some post.

    P(post) = p_post + (1 - p_post) b_bel B;  B <- bel_keep B, then B + bel_up (1 - B) for each review and post;
    leaving = 1 - exp(exp(-g_bel B) stay), both with B of last night.
    """
    p = {"s_0": 1000, "p_post": 0.15, "rev_0": 0.3, "rev_max": 1.0, "b_bel": 0.9, "g_bel": 2.0, "bel_up": 0.35,
         "bel_keep": 0.9, "churn": 1.0, "v_own": 0.1}  # fmt: skip
    days, me = 6, np.arange(N)
    world = lab(people(N, stay=math.log(0.93)), products(), days, p, [((me + 1) % N, me, 1)])
    belongs, active = np.zeros(N), np.ones(N, dtype=bool)
    posts, posting, left, leaving, here, belonged = (np.zeros((days, N)) for _ in range(6))
    for t, run in days_of(world):
        reviews = np.bincount(run.acting[1], minlength=N)
        kind, sender = run.messages.kind, run.messages.sender
        posts[t] = np.bincount(sender[kind == POST], minlength=N)
        here[t], belonged[t] = active, np.round(belongs, 1)
        posting[t] = 0.15 + 0.85 * 0.9 * belongs
        leaving[t] = one_minus_exp(-math.log(0.93) * np.exp(-2.0 * belongs))
        stays = run.state.status == ACTIVE
        left[t] = active & ~stays
        belongs = 0.9 * belongs
        for acts in (reviews > 0, posts[t] > 0):
            belongs = np.where(acts, belongs + 0.35 * (1.0 - belongs), belongs)
        active = active & stays
        np.testing.assert_allclose(run.bonds.belonging, belongs, rtol=1e-12)
    agree(posts, posting, here > 0, groups=belonged, at_least=5)
    agree(left, leaving, here > 0, groups=belonged, at_least=4)
    assert belongs.max() > 0.5


@pytest.mark.parametrize("kind", ["live_stream", "content_community"])
def test_who_watches_or_reads_takes_part(kind: str) -> None:
    """Half of all come on a day; who comes watches, or reads once somebody wrote: one act."""
    tactic: dict[str, Any] = {"kind": kind}
    tactic |= {"viewers": 1.0} if kind == "live_stream" else {"weight": 1.0, "reward": 0.0, "moderation": 0.0}
    p = {"g_bel": 1.0, "bel_up": 0.25, "rev_0": 1.0, "rev_max": 1.0, "star_0": 5.0}
    world = lab(people(200, intensity=0.7), products(), 4, p, strategies={"s": tactic})
    belongs = np.zeros(200)
    for t, run in days_of(world, "s"):
        came = run.state.last_visit_day == t
        assert 0 < came.sum() < 200
        acts = came * (1 + (kind == "live_stream" or t > 0))  # the review, and watching or reading
        belongs *= run.params.bel_keep
        for k in range(2):
            belongs = np.where(acts > k, belongs + 0.25 * (1.0 - belongs), belongs)
        np.testing.assert_allclose(run.bonds.belonging, belongs, rtol=1e-12)


def test_posts_reach_the_community_beyond_friends() -> None:
    """Each member of a poster's community who is no friend, by luck of p_com; she counts as a weak tie."""
    p = {"s_0": 1000, "p_post": 1.0, "p_com": 0.2, "com_size": 50.0, "v_post": 0.25}
    n, me = 600, np.arange(600)
    luck = np.random.default_rng(4)
    who = people(n, **{f"taste_{k}": luck.normal(size=n) for k in range(3)})
    ties = [((me + k) % n, me, 1) for k in (1, 2)]
    world = lab(who, products(), 1, p, ties)
    groups = world.communities
    assert len(groups.indptr) - 1 == 12
    seen, chance = np.zeros((n, n)), np.zeros((n, n))
    for _, run in days_of(world):
        m = run.messages
        post = m.kind == POST
        assert post.sum() == len(set(zip(m.sender[post].tolist(), m.receiver[post].tolist(), strict=True))), "once each"
        seen[m.sender[post], m.receiver[post]] = 1
        beyond = post & (m.tie < 0)
        assert set(m.weight[beyond].tolist()) == {math.floor(0.25 * 870 / 1024 * 65536 + 0.5)}
        assert (m.team[beyond] == -1).all()
    chance[groups.of[:, None] == groups.of] = 0.2
    chance[me, me] = 0.0
    for k in (1, 2):
        chance[me, (me + k) % n] = 1.0
    agree(seen, chance)
    agree(seen, chance, groups=np.broadcast_to(groups.of[:, None], (n, n)), at_least=10)


def test_people_join_the_community_that_suits_them() -> None:
    """The best match of the eight that she looks at, whatever the order of rows; members stand by id."""
    asked = scenario(params={"com_size": 30.0}, population={"size": 400})
    world = World.build(asked)
    people_, groups = world.population, world.communities
    count = len(groups.indptr) - 1
    assert count == round(400 / 30)
    taste = np.stack([getattr(people_.traits, f"taste_{k}") for k in range(3)], axis=1)
    centre = np.array(
        [[draws.normal(draws.u01(world.world_seed, 32, 0, c, k)) for k in range(3)] for c in range(count)]
    )
    for row, me in enumerate(people_.ids.tolist()):
        words = [w for attempt in range(2) for w in draws.block(world.world_seed, 31, 0, me, attempt)]
        looked_at = [w * count >> 32 for w in words]
        match = centre[looked_at] @ taste[row]
        assert centre[groups.of[row]] @ taste[row] == pytest.approx(match.max())
    for c in range(count):
        members = groups.member[groups.indptr[c] : groups.indptr[c + 1]]
        assert sorted(people_.ids[members]) == people_.ids[members].tolist()
        assert set(members.tolist()) == set(np.flatnonzero(groups.of == c).tolist())


# --- (17): why people leave ----------------------------------------------------------------------------

LEAK = {"kind": "data_leak", "start": 0, "days": 9, "size": 0.0, "leaving": 1.0}
RIVAL = {"kind": "rival_price_cut", "start": 0, "days": 9, "cut": 0.5}
CAUSES: dict[str, tuple[str, dict[str, float], dict[str, Any]]] = {
    "nothing": ("none", {}, {}),
    "too little": ("none", {"g_s": 0.01, "s_const": -1.0}, {}),
    "bad orders": ("service", {"g_s": 0.5, "s_const": -1.0}, {}),
    "good orders": ("none", {"g_s": 0.5, "s_const": 1.0}, {}),
    "inactive friends": ("friends", {"g_a": 0.9}, {}),
    "friends who left": ("friends", {"g_n": 0.9, "s_const": -1.0, "g_s": 0.1}, {}),
    "messages": ("fatigue", {"g_f": 0.3, "f_1": 0.0, "fat_ask": 2.0, "s_0": 1000, "g_n": 0.001}, {}),
    "warnings": ("friends", {"g_warn": 0.5, "s_0": 1000, "s_const": -1.0, "g_s": 0.1, "s_bad": 0.0}, {}),
    "a rival": ("price", {"w_rival": 1.0, "g_rival": 1.0, "b_p": 0.0, "g_hab": 3.0}, {"events": [RIVAL]}),
    "a leak": ("contact", {"g_hab": 1.0, "hab_r": 0.5, "g_n": 0.001}, {"events": [LEAK]}),
}


@pytest.mark.parametrize("engine", ["columnar", "objects"])
@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_of_leaving_is_the_largest_term(name: str, engine: str) -> None:
    """From the third day on, when every state has moved; the log, the daily table and the measures agree."""
    cause, params, more = CAUSES[name]
    n, days = 150, 6
    p = {"left_because": 0.05, "churn": 1.0, "s_luck": 0.0, **params}
    me = np.arange(n)
    ties = [((me + 1) % n, me, 1)] if "g_a" in p or "g_n" in p or "s_0" in p else []
    who = people(n, stay=math.log(0.75), tenure=100, registered=me % 2 == 0 if "g_a" in p else True)
    journal = play(lab(who, products(), days, p, ties, **more, active_share=0.9), engine=engine)
    codes = rows(journal, "lapse")
    late = codes[codes["day"] >= 2]["value"].to_numpy()
    assert len(late) > 10
    if name == "friends who left":  # only who lost one
        assert {int(code) for code in late} <= {LEAVING_CAUSES.index("service"), LEAVING_CAUSES.index("friends")}
        assert (late == LEAVING_CAUSES.index("friends")).any()
    elif name in ("messages", "warnings", "inactive friends"):  # whose friend still writes, or never did
        assert (late == LEAVING_CAUSES.index(cause)).mean() > 0.5
    else:
        assert set(late) == {LEAVING_CAUSES.index(cause)}
    found = measure(journal)
    for code, label in enumerate(LEAVING_CAUSES[1:], 1):
        assert journal.daily[f"left_over_{label}"].sum() == (codes["value"] == code).sum()
        assert found[f"left_over_{label}_share"] == (codes["value"] == code).sum() / len(codes)


def test_causes_are_written_down_only_where_asked() -> None:
    asked = scenario(params=BUSY, population={"size": 200})
    journal = simulate(asked, "control", events=True)
    assert not any(name.startswith("left_over") for name in journal.daily)
    assert (rows(journal, "lapse")["value"] == 0).all()
    assert measure(journal)["left_over_price_share"] is None


# --- nothing is there where it is off ------------------------------------------------------------------


def test_what_is_off_costs_nothing() -> None:
    """No column, no books; with one of them on, only its own."""
    world = World.build(scenario(population={"size": 100}))
    _, run = next(days_of(world))
    assert [len(column) for column in run.bonds] == [1, 1, 1]
    assert run.ops.prices is None
    assert run.ops.offering.spending is None
    assert "communities" not in vars(world)
    world = World.build(scenario(params={"g_bel": 1.0}, population={"size": 100}))
    _, run = next(days_of(world))
    assert [len(column) for column in run.bonds] == [1, 1, 100]
    assert "communities" not in vars(world)


def test_drivers_agree_where_people_talk_in_communities() -> None:
    """What comes up again, is shown or answered reaches communities and counts by standing, in both drivers."""
    asked = scenario(
        params={**TALKING, **BONDS, "com_size": 12.0}, population={"size": 130, "registered_share": 0.7},
        strategies={"everything": EVERYTHING},
    )  # fmt: skip
    alone = scenario(
        params={**TALKING, **BONDS, "p_com": 0.0}, population={"size": 130, "registered_share": 0.7},
        strategies={"everything": EVERYTHING},
    )  # fmt: skip
    journals, apart = assert_drivers_agree(asked), assert_drivers_agree(alone)
    assert not journals["everything"].daily.equals(apart["everything"].daily)
