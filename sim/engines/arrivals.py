"""Another arrival rule in the columnar driver: one small loop a day fills a column; imports columns, rules, world.

The rule's answer takes the place of `organic * arrive` in eq. 15b: kernels find it in the column of the trait
`arrive`, with the coefficient `organic` at 1. So they stay as they are, and where prospects arrive as usual nothing
of this runs. Only the loop below takes a function, so only it must be compiled in every process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim._jit import as_argument, function_kernel
from sim.arrivals import Arrival
from sim.engines.rows import state_of, traits_of
from sim.engines.world import World
from sim.params import Params
from sim.rules.arrive import ruled_probability
from sim.rules.records import ACTIVE, PROSPECT, Column, State, Traits


class Arrivals:
    """Every prospect's chance to register by herself today, by the scenario's rule."""

    def __init__(self, world: World) -> None:
        arrival: Arrival = world.scenario.arrival
        self._chance = as_argument(arrival.chance)
        self._arrival, self._burn_in = arrival, world.scenario.burn_in_days
        self._given, self._n_heard = world.population.traits, world.graph.n_heard
        self._today = np.zeros(len(world))
        self.traits = self._given._replace(arrive=self._today)

    def ruled(self, params: Params) -> Params:
        """Today's coefficients, with the rule's answer in the place of `organic`."""
        return params._replace(organic=1.0)

    def fill(self, state: State, t: int) -> None:
        """Work out this morning's chances, which `traits.arrive` then holds; t counts from the start of the burn-in."""
        active_share = int(np.sum(state.status == ACTIVE)) / len(state.status)
        today = self._arrival.coefficients_on(t - self._burn_in)
        _fill(self._chance, today, self._given, state, self._n_heard, active_share, self._today)


def arrivals_of(world: World) -> Arrivals | None:
    """The scenario's arrival rule at work; None where prospects arrive as usual."""
    return None if world.scenario.arrival.chance is None else Arrivals(world)


@function_kernel
def _fill(
    chance: Any,
    coefficients: tuple[float, ...],
    traits: Traits,
    state: State,
    n_heard: Column,
    active_share: float,
    today: Column,
) -> None:
    for i in range(n_heard.shape[0]):
        today[i] = 0.0
        if state.status[i] == PROSPECT:
            it, me = traits_of(traits, i), state_of(state, i)
            today[i] = ruled_probability(chance(coefficients, it, me, int(n_heard[i]), active_share), it)
