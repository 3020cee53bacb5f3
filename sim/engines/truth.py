"""What the engine hands to the shop's analytics to be blurred: true chances of leaving and buying; imports rules."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim._jit import kernel
from sim.analytics import INTENT_DAYS, RISK_DAYS, Truth
from sim.engines.rows import state_of, traits_of
from sim.params import Params
from sim.rules.buy import buy_probability
from sim.rules.leave import leave_probability, return_probability
from sim.rules.records import ACTIVE, LAPSED, Column, Constants, State, Traits
from sim.rules.visit import visit_probability


@kernel
def _chances(
    params: Params, constants: Constants, traits: Traits, state: State, n_heard: Column, day: int, risk_days: int,
    intent_days: int, risk: Column, intent: Column,
) -> None:  # fmt: skip
    """Chances of not visiting, and of ordering, in the coming days if everything stays as it is this morning.

    Of the shop's offer only the average is known (an inclusive value of 0), at list prices. Who leaves does not come
    back within these days; who has left either comes back or does not.
    """
    for i in range(risk.shape[0]):
        risk[i] = intent[i] = 0.0
        it, me = traits_of(traits, i), state_of(state, i)
        if me.status == ACTIVE:
            visits, leaves = visit_probability(params, it, me), leave_probability(
                params, constants, it, me, me.fatigue, n_heard[i], day
            )  # fmt: skip
            buys = visits * buy_probability(params, it, 0.0, day - me.last_buy_day, me.satisfaction, me.mood)
            unseen = 1.0  # neither left nor came
            for _ in range(risk_days):
                unseen *= 1.0 - visits
                risk[i] += unseen * leaves
                unseen *= 1.0 - leaves
            risk[i] += unseen
            still = 1.0  # neither left nor bought
            for _ in range(intent_days):
                intent[i] += still * buys
                still *= (1.0 - buys) * (1.0 - leaves)
        elif me.status == LAPSED:
            returns = return_probability(params, me, day)
            buys = returns * buy_probability(params, it, 0.0, day - me.last_buy_day, me.satisfaction, me.mood)
            away = 1.0
            for _ in range(risk_days):
                away *= 1.0 - returns
            risk[i] = away
            none = 1.0
            for _ in range(intent_days):
                none *= 1.0 - buys
            intent[i] = 1.0 - none


def truth_of(
    params: Params, constants: Constants, traits: Traits, state: State, n_heard: NDArray[Any], day: int
) -> Truth:
    """The truth this morning, for everybody."""
    n = len(state.mood)
    risk, intent = np.empty(n), np.empty(n)
    _chances(params, constants, traits, state, n_heard, day, RISK_DAYS, INTENT_DAYS, risk, intent)
    return Truth(risk, intent, np.array(state.mood, dtype=np.float64))
