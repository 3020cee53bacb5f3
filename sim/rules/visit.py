"""Phase 3, who opens the shop; imports `_jit` and records."""

from __future__ import annotations

from sim._jit import exp, rule
from sim.params import Params
from sim.rules.records import State, Traits


@rule
def visit_probability(params: Params, traits: Traits, state: State) -> float:
    """Chance that an active shopper visits today: 1 - exp(-lambda), eq. 1.

    lambda = intensity * exp(e_in * min(heard, 3) + e_e * emotion * mood).
    """
    heard = min(state.heard, 3)
    rate = traits.intensity * exp(params.e_in * heard + params.e_e * traits.emotion * state.mood)
    return 1.0 - exp(-rate)
