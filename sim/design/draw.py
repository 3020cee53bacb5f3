"""Which combinations of factors are taken: grid, samples, trajectories, one at a time; imports the rooms beside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from sim.design.factors import Factor
from sim.design.listed import beside
from sim.design.points import MOST_POINTS, Points, Value
from sim.design.ranges import value_at
from sim.errors import InputError
from sim.scenario import Scenario


def grid(factors: Sequence[Factor], levels: int) -> Points:
    """Every combination; the last factor varies fastest."""
    columns = [factor.levels(levels) for factor in factors]
    n = math.prod(len(column) for column in columns)
    if n > MOST_POINTS:
        hint = "Fewer levels, or a sample: kind latin_hypercube or sobol."
        raise InputError("the grid has too many points", found=f"{n:,}", allowed=f"at most {MOST_POINTS:,}", hint=hint)
    return Points.of([factor.path for factor in factors], list(itertools.product(*columns)))


def one_at_a_time(scenario: Scenario, factors: Sequence[Factor], levels: int) -> Points:
    """The scenario as it is (point 0), then each factor through its values while the others stay as they are."""
    base: list[Value] = [value_at(scenario, factor.path) for factor in factors]
    rows = [tuple(base)]
    for k, factor in enumerate(factors):
        rows += [(*base[:k], value, *base[k + 1 :]) for value in factor.levels(levels) if value != base[k]]
    return Points.of([factor.path for factor in factors], rows)


def latin_hypercube(factors: Sequence[Factor], n: int, seed: int) -> Points:
    """So many points, each factor's range cut into as many strips with one point in each."""
    from scipy.stats import qmc

    return _sampled(factors, qmc.LatinHypercube(len(factors), rng=_luck(seed)).random(n))


def sobol(factors: Sequence[Factor], n: int, seed: int) -> Points:
    """So many points of a scrambled Sobol sequence; a power of 2, because only then it is balanced."""
    if n & (n - 1):
        hint = f"{1 << (n.bit_length() - 1)} or {1 << n.bit_length()}; latin_hypercube takes any number."
        raise InputError("a Sobol design has 2, 4, 8, 16 ... points", path="points", found=n, hint=hint)
    from scipy.stats import qmc

    return _sampled(factors, qmc.Sobol(len(factors), rng=_luck(seed)).random_base2(n.bit_length() - 1))


def morris(factors: Sequence[Factor], n: int, levels: int, seed: int) -> Points:
    """So many trajectories: each starts anywhere and moves one factor after the other, in an order of its own."""
    from SALib.sample.morris import sample

    _is_even(levels)
    return _sampled(factors, sample(_problem(factors), n, num_levels=levels, seed=_luck(seed)))


def saltelli(factors: Sequence[Factor], n: int, second_order: bool, seed: int) -> Points:
    """Saltelli's blocks: n times A, A with each factor from B, (B with each from A,) B; for Sobol indices."""
    from SALib.sample.sobol import sample

    if n & (n - 1):
        found = f"{1 << (n.bit_length() - 1)} or {1 << n.bit_length()}"
        raise InputError("a Saltelli design has a base of 2, 4, 8, 16 ...", path="base", found=n, hint=f"{found}.")
    shares = sample(_problem(factors), n, calc_second_order=second_order, seed=_luck(seed))
    return _sampled(factors, shares)


def _is_even(levels: int) -> None:
    if levels % 2:
        raise InputError("a Morris design has an even number of levels", path="levels", found=levels,
                         hint="4 is usual.")  # fmt: skip


def _problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The unit cube, as SALib wants it; factors turn shares into values themselves."""
    n = len(factors)
    return {"num_vars": n, "names": [factor.path for factor in factors], "bounds": [[0.0, 1.0]] * n}


def beside_draws(points: Points | None, draws: Points, n: int, seed: int) -> Points:
    """A sample with joint draws of other fields beside it; n of the draws alone where there is no sample."""
    return beside(points or Points((), ((),) * n), draws, _luck(seed))


def _luck(seed: int) -> Any:
    import numpy as np

    return np.random.Generator(np.random.PCG64(seed))


def _sampled(factors: Sequence[Factor], shares: Any) -> Points:
    rows = [tuple(factor.at(float(u)) for factor, u in zip(factors, row, strict=True)) for row in shares]
    return Points.of([factor.path for factor in factors], rows)
