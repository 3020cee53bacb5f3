"""Phases 0b3 and 10b, slow states: habit, warnings, belonging; imports `draws`, `_jit` and records.

They act through `pull` and `hold`, as contacts do, so visiting and leaving need not know of them. Each is on only where
one of its coefficients is not 0.
"""

from __future__ import annotations

from sim import draws
from sim._jit import rule
from sim.params import Params
from sim.rules.reach import STEPS, in_steps
from sim.rules.records import ACTIVE, Bonds, Constants, Key, State, Traits

WARNINGS_MOST = 3.0  # warnings that count, as messages that count for visiting (guess)


@rule
def has_habit(params: Params) -> bool:
    """Does habit do anything?"""
    return params.b_hab != 0.0 or params.g_hab != 0.0


@rule
def has_warnings(params: Params) -> bool:
    """Do warnings about the shop do anything?"""
    return params.g_warn != 0.0


@rule
def has_belonging(params: Params) -> bool:
    """Does belonging do anything?"""
    return params.b_bel != 0.0 or params.g_bel != 0.0


@rule
def has_bonds(params: Params) -> bool:
    """Is there anything that `bound` adds?"""
    return has_habit(params) or has_warnings(params) or params.g_bel != 0.0 or params.g_ref != 0.0


@rule
def warning_hold(params: Params, bonds: Bonds) -> float:
    """Log hazard of leaving that warnings add, eq. 17b: g_warn min(warned, 3)."""
    return params.g_warn * min(bonds.warned, WARNINGS_MOST)


@rule
def price_hold(params: Params, constants: Constants, traits: Traits, dearer: float) -> float:
    """Log hazard of leaving that prices above the remembered ones add, eq. 17b; `dearer` is their mean log ratio."""
    return params.g_ref * dearer * traits.price / constants.price


@rule
def bond_hold(params: Params, constants: Constants, traits: Traits, bonds: Bonds, dearer: float) -> float:
    """All that slow states add to the log hazard of leaving, eq. 17b."""
    ties = params.g_hab * bonds.habit + params.g_bel * bonds.belonging
    return warning_hold(params, bonds) + price_hold(params, constants, traits, dearer) - ties


@rule
def bound(
    params: Params, constants: Constants, traits: Traits, state: State, bonds: Bonds, dearer: float
) -> tuple[float, float]:
    """Today's pull and hold, with what last night's slow states add: eq. 1b (the active only), 17b."""
    pull = state.pull + (params.b_hab * bonds.habit if state.status == ACTIVE else 0.0)
    hold = state.hold + bond_hold(params, constants, traits, bonds, dearer)
    return in_steps(pull) / STEPS, in_steps(hold) / STEPS


@rule
def next_habit(params: Params, habit: float, visited: bool) -> float:
    """h + hab_r (visited - h), eq. 1b: rises with every day on which she comes, fades with every other."""
    return habit + params.hab_r * ((1.0 if visited else 0.0) - habit)


@rule
def next_warned(params: Params, constants: Constants, warned: float, seen: int, valence: int) -> float:
    """Warnings remembered after today, eq. 17b: of what she saw today (seen - valence) / 2 were warnings."""
    return params.warn_keep * warned + (1.0 - constants.answered) * ((seen - valence) / 2.0)


@rule
def next_belonging(params: Params, belonging: float, acts: int, likes: int) -> float:
    """Belonging after today, eq. 14b: faded, then part of the way to 1 with every act of hers, and with every like."""
    belonging = params.bel_keep * belonging
    for _ in range(acts):
        belonging += params.bel_up * (1.0 - belonging)
    for _ in range(likes):
        belonging += params.bel_like * params.bel_up * (1.0 - belonging)
    return belonging


@rule
def posts_too(params: Params, key: Key, name: int, belonging: float) -> bool:
    """Does who only shared an order (by its name in draws) also post it, because she belongs? Eq. 14b."""
    u = draws.u01(key.seed, draws.BELONGING_POST, key.day, key.agent, name)
    return u < params.b_bel * belonging


@rule
def comes_across(params: Params, key: Key, receiver_id: int, product_id: int) -> bool:
    """Does a post of `key`'s agent reach this member of her community, who is no friend of hers? (7.7b)"""
    name = draws.pair(receiver_id, product_id)
    return draws.u01(key.seed, draws.COMMUNITY_POST, key.day, key.agent, name) < params.p_com
