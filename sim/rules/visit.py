"""Phases 1-3 as one decision, and phase 3, who opens the shop; imports `draws`, `_jit` and other rules."""

from __future__ import annotations

from typing import Final

from sim import draws
from sim._jit import exp, rule
from sim.params import Params
from sim.rules.arrive import arrival_probability, organic_probability
from sim.rules.leave import return_probability
from sim.rules.records import ACTIVE, LAPSED, Constants, State, Traits

NOTHING: Final = 0
VISITS: Final = 1
REGISTERS: Final = 2  # by herself
REGISTERS_PAID: Final = 3
REGISTERS_INVITED: Final = 4
RETURNS: Final = 5


@rule
def visit_probability(params: Params, traits: Traits, state: State) -> float:
    """Chance that an active shopper visits today: 1 - exp(-lambda), eq. 1.

    lambda = intensity * exp(e_in * min(heard, 3) + e_e * emotion * mood).
    """
    heard = min(state.heard, 3)
    rate = traits.intensity * exp(params.e_in * heard + params.e_e * traits.emotion * state.mood)
    return 1.0 - exp(-rate)


@rule
def morning(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    is_invited: bool,
    day: int,
    words: tuple[int, int, int, int],
) -> int:
    """What a shopper does this morning; `words` are the four lanes of her LIFE block of the day.

    Whoever registers or comes back visits on that day.
    """
    if state.status == ACTIVE:
        return VISITS if draws.unit(words[0]) < visit_probability(params, traits, state) else NOTHING
    if state.status == LAPSED:
        return RETURNS if draws.unit(words[2]) < return_probability(params, state, day) else NOTHING
    if is_invited:
        return REGISTERS_INVITED
    u = draws.unit(words[3])
    if u >= arrival_probability(params, constants, traits, state):
        return NOTHING
    return REGISTERS if u < organic_probability(params, traits) else REGISTERS_PAID
