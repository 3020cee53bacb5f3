"""Phases 2 and 11, coming back and leaving, and why; imports `_jit`, bonds and records."""

from __future__ import annotations

from sim._jit import exp, log, rule
from sim.params import Params
from sim.rules.bonds import bond_hold, price_hold, warning_hold
from sim.rules.records import (
    CONTACT,
    FATIGUE,
    FRIENDS,
    NO_CAUSE,
    PRICE,
    SERVICE,
    Bonds,
    Constants,
    State,
    Traits,
)

LEFT_UNIT = 4294967296.0  # weights of friends who left are integers of 2^-32
LEFT_FADE_DAYS = 30.0  # Nitzan & Libai 2011: strongest in the first month (literature)
LEFT_MOST = 2.0  # cap of eq. 17; keeps contagion of leaving from running away (guess)
TENURED_DAYS = 30  # only friends with this tenure count as a loss (guess)
ROUNDING = 1e-6  # what a bound leaves for rounding


@rule
def return_probability(params: Params, state: State, day: int) -> float:
    """Chance that a lapsed shopper comes back today, eq. 18.

    1 - exp(-om_0 exp(-away / om_tau) (1 + n)^b_fr exp(pull)); `pull` is what the shop does to win her back.
    """
    away = day - state.lapsed_day
    rate = params.om_0 * exp(-away / params.om_tau + params.b_fr * log(1.0 + state.n_orders) + state.pull)
    return 1.0 - exp(-rate)


@rule
def most_returns(params: Params, most_orders: int, most_pull: float = 0.0) -> float:
    """No lapsed shopper with at most this many orders and this pull is likelier to come back on any day."""
    return params.om_0 * exp(params.b_fr * log(1.0 + most_orders) + most_pull) * (1.0 + ROUNDING) + ROUNDING


@rule
def faded_left(left: int, days: int) -> int:
    """Remembered weight of friends who left, `days` later (integer units, so that sums commute)."""
    return int(left * exp(-days / LEFT_FADE_DAYS))


@rule
def rival_lure(params: Params, constants: Constants) -> float:
    """Log hazard of leaving that a rival shop adds while it is cheaper (eq. 17): g_rival max(0, -ln(rival_price))."""
    return params.g_rival * max(0.0, -log(constants.rival_price)) if params.w_rival > 0.0 else 0.0


@rule
def leave_probability(
    params: Params, constants: Constants, traits: Traits, state: State, fatigue: float, n_friends: int, day: int
) -> float:
    """Chance that an active shopper lapses tonight, eq. 17: 1 - (1 - theta)^exp(x); `fatigue` is tonight's.

    x = -g_s satisfaction + g_n min(left, 2) - g_a (active share of friends - normal) + g_f max(0, fatigue - f_1)
    + hold + rival_lure: what the shop does about it today, and what a rival does. With x = 0 this is exactly the
    shifted beta-geometric of Fader & Hardie 2007. `params.churn` scales the hazard; without friends the share does not
    deviate.
    """
    x = params.g_n * left_now(state, day) + _other_reasons(params, constants, state, fatigue, n_friends)
    return 1.0 - exp(params.churn * exp(x) * traits.stay)


@rule
def most_leaves(
    params: Params, constants: Constants, traits: Traits, state: State, fatigue: float, n_friends: int
) -> float:
    """At least `leave_probability`, with one exponential instead of three: nothing is forgotten, 1 - e^-y <= y."""
    left = min(state.left / LEFT_UNIT, LEFT_MOST)
    x = max(params.g_n, 0.0) * left + _other_reasons(params, constants, state, fatigue, n_friends)
    return -params.churn * exp(x) * traits.stay * (1.0 + ROUNDING) + ROUNDING


@rule
def left_now(state: State, day: int) -> float:
    """Weight of tenured friends who left, as it is remembered today, at most LEFT_MOST."""
    return min(state.left * exp(-(day - state.left_day) / LEFT_FADE_DAYS) / LEFT_UNIT, LEFT_MOST)


@rule
def _other_reasons(params: Params, constants: Constants, state: State, fatigue: float, n_friends: int) -> float:
    """x of eq. 17 without the friends who left."""
    return (
        -params.g_s * state.satisfaction
        - params.g_a * _deviation(constants, state, n_friends)
        + params.g_f * max(0.0, fatigue - params.f_1)
        + state.hold
        + rival_lure(params, constants)
    )


@rule
def _deviation(constants: Constants, state: State, n_friends: int) -> float:
    """By how much the active share of her friends differs from the normal; 0 without friends."""
    share = state.n_friends_active / max(n_friends, 1) - constants.active_share
    return share if n_friends > 0 else 0.0


@rule
def cause_of_leaving(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    n_friends: int,
    day: int,
    bonds: Bonds,
    dearer: float,
) -> int:
    """Why somebody who leaves tonight does: the largest term of eq. 17, if it is above `left_because`.

    What the shop's contacts and news add is `hold` less what the slow states `bonds` had added to it this morning.
    """
    price = rival_lure(params, constants) + price_hold(params, constants, traits, dearer)
    service = -params.g_s * state.satisfaction
    friends = params.g_n * left_now(state, day) - params.g_a * _deviation(constants, state, n_friends)
    friends += warning_hold(params, bonds)
    fatigue = params.g_f * max(0.0, state.fatigue - params.f_1)
    contact = state.hold - bond_hold(params, constants, traits, bonds, dearer)
    most = max(price, service, friends, fatigue, contact)
    if most <= params.left_because:
        return NO_CAUSE
    if price == most:
        return PRICE
    if service == most:
        return SERVICE
    if friends == most:
        return FRIENDS
    return FATIGUE if fatigue == most else CONTACT
