"""Phases 1-3 as one decision, and phase 3, who opens the shop; imports `draws`, `_jit` and other rules."""

from __future__ import annotations

from typing import Final

from sim import draws
from sim._jit import exp, rule
from sim.params import Params
from sim.rules.arrive import arrival_probability, organic_probability
from sim.rules.leave import return_probability
from sim.rules.records import ACTIVE, LAPSED, PROSPECT, Constants, State, Traits

VISITS: Final = 1
REGISTERS: Final = 2  # by herself
REGISTERS_PAID: Final = 3
REGISTERS_INVITED: Final = 4
RETURNS: Final = 5

ROUNDING: Final = 1e-9  # what a bound leaves for rounding


@rule
def visit_probability(params: Params, traits: Traits, state: State) -> float:
    """Chance that an active shopper visits today: 1 - exp(-lambda), eq. 1.

    lambda = intensity * exp(e_0 + e_in * min(heard, 3) + e_e * emotion * mood + pull).
    """
    heard = min(state.heard, 3)
    rate = traits.intensity * exp(
        params.e_0 + params.e_in * heard + params.e_e * traits.emotion * state.mood + state.pull
    )
    return 1.0 - exp(-rate)


@rule
def acts(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    is_invited: bool,
    day: int,
    words: tuple[int, int, int, int],
) -> bool:
    """Does anything happen this morning: a visit, a return, a registration?

    `words` are the four lanes of her LIFE block of the day. All three chances are worked out and one is
    taken: without a branch, the compiled loop does many shoppers at once.
    """
    visits = visit_probability(params, traits, state)
    returns = return_probability(params, state, day)
    arrives = arrival_probability(params, constants, traits, state)
    is_active, is_prospect = state.status == ACTIVE, state.status == PROSPECT
    chance = visits if is_active else returns
    chance = arrives if is_prospect else chance
    word = words[0] if is_active else words[2]
    word = words[3] if is_prospect else word
    return (draws.unit(word) < chance) | (is_prospect & is_invited)


@rule
def could_act(
    params: Params,
    traits: Traits,
    state: State,
    is_invited: bool,
    most_returns: float,
    words: tuple[int, int, int, int],
) -> bool:
    """A quick test that everybody passes who acts: exact for the active, generous for the others.

    Hardly anybody of the others acts on a day, so their chances need not be worked out for all of them;
    `most_returns` is at least the chance of any lapsed shopper (see `most_returns`).
    """
    visits = draws.unit(words[0]) < visit_probability(params, traits, state)
    comes = (draws.unit(words[3]) < organic_probability(params, traits) + ROUNDING) | (state.n_posts > 0) | is_invited
    returns = draws.unit(words[2]) < most_returns
    is_active, is_prospect = state.status == ACTIVE, state.status == PROSPECT
    return (is_active & visits) | (is_prospect & comes) | ((state.status == LAPSED) & returns)


@rule
def action(params: Params, traits: Traits, state: State, is_invited: bool, words: tuple[int, int, int, int]) -> int:
    """What it is that she does, given that something happens; who registers or comes back visits on that day."""
    if state.status == ACTIVE:
        return VISITS
    if state.status == LAPSED:
        return RETURNS
    if is_invited:
        return REGISTERS_INVITED
    return REGISTERS if draws.unit(words[3]) < organic_probability(params, traits) else REGISTERS_PAID
