"""Phase 6, buying in a team: how likely it fills and what that is worth; imports `_jit` and records."""

from __future__ import annotations

from typing import Final

from sim._jit import exp, rule
from sim.params import Params
from sim.rules.records import Constants, Shelf, Traits

SUCCESS_PRIOR: Final = 0.5  # displayed success rate before any team closed (guess)
JOINS_PRIOR: Final = 0.7  # displayed joins per open team and day before any (guess: at .3 teams of three never begin)
PRIOR_WEIGHT: Final = 4.0  # teams, or team-days, those priors are worth (guess)


@rule
def poisson_tail(mean: float, least: int) -> float:
    """P(N >= least) for N ~ Poisson(mean)."""
    if least <= 0:
        return 1.0
    term = exp(-mean)
    below = term
    for k in range(1, least):
        term *= mean / k
        below += term
    return max(0.0, 1.0 - below)


@rule
def fill_chance(shelf: Shelf, product: int, members: int, size: int, days_left: int) -> float:
    """pi_hat of eq. 19 for joining a team of `size` that has `members` now.

    Where the shop tells how many have joined: certain once tipped, else P(Poisson(joins * days left)
    brings the rest, herself counted; today is a day left). Where it does not tell: the displayed success rate.
    """
    if not shelf.team_told[product]:
        return float(shelf.team_success[product])
    return poisson_tail(shelf.team_joins[product] * days_left, size - (members + 1))


@rule
def team_utility(
    params: Params, constants: Constants, traits: Traits, alone: float, log_saving: float, fills: float
) -> float:
    """Utility of a team order, eq. 19: alone + pi beta saving - (1 - pi) c_fail - c_w (1 - social need)."""
    beta = params.b_p * traits.price / constants.price
    return alone + fills * beta * log_saving - (1.0 - fills) * params.c_fail - params.c_w * (1.0 - traits.social)


@rule
def displayed_rate(events: int, exposure: int, prior: float) -> float:
    """Events per exposure with a prior worth PRIOR_WEIGHT exposures; what the shop shows about its teams."""
    return (prior * PRIOR_WEIGHT + events) / (PRIOR_WEIGHT + exposure)
