"""Phase 1, prospects who register by themselves or through an opinion leader's post; imports `_jit` and records."""

from __future__ import annotations

from sim._jit import exp, rule
from sim.params import Params
from sim.rules.records import Constants, State, Traits


@rule
def organic_probability(params: Params, traits: Traits) -> float:
    """Chance that a prospect registers by herself today."""
    return min(params.organic * traits.arrive, 1.0)


@rule
def arrival_probability(params: Params, constants: Constants, traits: Traits, state: State) -> float:
    """Chance that a prospect registers by herself or through posts, eq. 15b: 1 - (1 - organic)(1 - paid).

    paid = 1 - exp(-posts * a_kol * kol / mean). A draw below `organic_probability` counts as organic.
    """
    unmoved = exp(-state.n_posts * params.a_kol * traits.kol / constants.kol)
    return 1.0 - (1.0 - organic_probability(params, traits)) * unmoved


# --- other arrival rules (sim/arrivals) -------------------------------------------------------------


@rule
def friends_active(state: State, n_friends: int) -> float:
    """Share of the people she hears who were active last night; 0 for who hears nobody."""
    return state.n_friends_active / n_friends if n_friends > 0 else 0.0


@rule
def ruled_probability(answer: float, traits: Traits) -> float:
    """What another arrival rule answers, times her `arrive`, within 0 and 1.

    Drivers put it in the place of the trait `arrive`, with `organic` at 1: then `organic_probability` is this number.
    """
    chance = answer * traits.arrive
    return min(chance, 1.0) if chance > 0.0 else 0.0
