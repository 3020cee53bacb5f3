"""Phase 0, the shop reaches people who are not in it: pushes, offers, campaigns; imports `draws`, `_jit`, records."""

from __future__ import annotations

import math

from sim import draws
from sim._jit import exp, rule
from sim.params import Params
from sim.rules.records import Key, State, Traits

HARDEST = 1.5  # how many times its size a blow hits who trusts nobody; who trusts as most do (.5) it hits once (guess)
STEPS = 4096.0  # what a contact adds today is kept in steps of 1/4096, up to 8 either way (technical: two bytes)
STEPS_MOST = 32_767
PUSHES_MOST = 120  # messages of a day that are counted (technical: one byte)
PUSHES_SEEN = 3  # pushes of a day that can bring her; the others only tire (guess, as for friends' messages)
INERT_DAYS = 14  # not seen for so long: a contact may remind her that she could leave (guess)


@rule
def push_pull(params: Params, fatigue: float, pushes: int) -> float:
    """Log rate of visiting that pushes add today, eq. 2: e_p min(n, 3) exp(-fatigue / f_0)."""
    return params.e_p * min(pushes, PUSHES_SEEN) * exp(-fatigue / params.f_0)


@rule
def salience(params: Params, days_away: int, pushes: int) -> float:
    """Log hazard of leaving that a contact adds for who has not been seen for long (eq. 17): she is reminded of it."""
    return params.g_sal * min(pushes, 1) if days_away >= INERT_DAYS else 0.0


@rule
def stirred(mood: float, emotion: float, impulse: float) -> float:
    """Mood after an emotional message (eq. 16): mood + impulse * emotional reactivity, within [-1, 1]."""
    return min(max(mood + impulse * emotion, -1.0), 1.0)


@rule
def shaken(satisfaction: float, trust: float, blow: float) -> float:
    """Satisfaction after bad news about the shop (eq. 2c): less by blow (1.5 - trust), most for who trusts least."""
    return satisfaction - blow * (HARDEST - trust)


@rule
def opt_out_probability(params: Params, fatigue: float, pushes: int) -> float:
    """Chance to switch pushes off for good today (eq. 2b): 1 - exp(-o_p n (1 + fatigue / f_0)), tired people sooner."""
    return 1.0 - exp(-params.o_p * pushes * (1.0 + fatigue / params.f_0))


@rule
def opts_out(params: Params, key: Key, state: State, pushes: int) -> bool:
    """Does she switch pushes off?"""
    if pushes <= 0:
        return False
    u = draws.u01(key.seed, draws.OPT_OUT, key.day, key.agent, 0)
    return u < opt_out_probability(params, state.fatigue, pushes)


@rule
def in_steps(x: float) -> int:
    """A log rate or log hazard in steps of 1/4096."""
    return min(max(math.floor(x * STEPS + 0.5), -STEPS_MOST), STEPS_MOST)


@rule
def reached(
    params: Params,
    traits: Traits,
    state: State,
    day: int,
    pushes: int,
    pull: float,
    hold: float,
    impulse: float,
    blow: float,
) -> tuple[float, float, float, float]:
    """What a contact leaves behind today: (log rate of coming, log hazard of leaving, mood, satisfaction)."""
    away = day - max(state.last_visit_day, state.registered_day)
    return (
        in_steps(pull + push_pull(params, state.fatigue, pushes)) / STEPS,
        in_steps(hold + salience(params, away, pushes)) / STEPS,
        stirred(state.mood, traits.emotion, impulse),
        shaken(state.satisfaction, traits.trust, blow),
    )
