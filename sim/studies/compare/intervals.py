"""How sure a paired difference is: intervals, Holm, who is probably best, how many more runs; imports nothing of ours.

Replications that share a world share its people and graph and are not independent of each other:
worlds are. Hence the t interval on means of worlds, exact for balanced designs.

That interval holds for a number of worlds fixed beforehand. Where runs are added until something shows, the bound must
hold at every number of worlds at once: `always_valid_p`, the confidence sequence of a mixture t-test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ALPHA = 0.05
#: Power at which "how many more replications" and "detectable" are computed.
POWER = 0.8
N_DRAWS = 20_000
#: Spread of the effect size (difference over its spread between worlds) in the mixture of `always_valid_p`. Any value
#: is valid; it says for which effects bounds are tightest. 1 = an effect as large as its spread (unit information).
MIXTURE = 1.0
_DRAWS_SEED = 20_240_229
_MOST_REPLICATIONS = 100_000


@dataclass(frozen=True)
class Paired:
    """A mean difference over paired replications, with what is known about its error (None: cannot be known)."""

    diff: float
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    sd_unit: float | None  # between units of inference: worlds, or replications if there is one world
    n_units: int
    sd_world: float | None
    sd_noise: float | None


def unit_means(values: FloatArray, worlds: IntArray) -> FloatArray:
    """Means of the worlds, each with the same weight; the values themselves if there is only one world."""
    names, world = np.unique(worlds, return_inverse=True)
    if len(names) < 2:
        return values
    return np.asarray(np.bincount(world, weights=values) / np.bincount(world), dtype=np.float64)


def paired(differences: FloatArray, worlds: IntArray, claims: int = 0) -> Paired:
    """Mean of the differences with its two-sided 95 % interval and p-value; worlds are the units.

    `claims` = 0: the t interval, for a number of worlds fixed beforehand. 1 or more: bounds that hold however often one
    looks, for so many claims together (each at 5 % / claims; the p-value is multiplied by them).
    """
    from scipy.special import stdtr  # what scipy.stats.t calls, without its seconds of import

    units = unit_means(differences, worlds)
    n = len(units)
    diff = float(units.mean())
    sd_world, sd_noise = variance_parts(differences, worlds)
    if n < 2:
        return Paired(diff, None, None, None, None, n, sd_world, sd_noise)
    if (differences == differences[0]).all():  # no spread at all: exact ties, or a constant effect
        diff = float(differences[0])
        return Paired(diff, diff, diff, 1.0 if diff == 0 else 0.0, 0.0, n, sd_world, sd_noise)
    sd = float(units.std(ddof=1))
    error = sd / math.sqrt(n)
    if error == 0.0:
        return Paired(diff, diff, diff, 1.0 if diff == 0 else 0.0, 0.0, n, sd_world, sd_noise)
    half = half_width(sd, n, claims)
    p = claims * always_valid_p(diff / error, n) if claims else float(2 * stdtr(n - 1, -abs(diff) / error))
    if half is None:
        return Paired(diff, None, None, min(p, 1.0), sd, n, sd_world, sd_noise)
    return Paired(diff, diff - half, diff + half, min(p, 1.0), sd, n, sd_world, sd_noise)


def half_width(sd: float, n_units: int, claims: int = 0) -> float | None:
    """Half the 95 % interval of a mean of n units (see `paired` for `claims`); None: no bound with so few."""
    from scipy.special import stdtrit

    error = sd / math.sqrt(n_units)
    if not claims:
        return float(stdtrit(n_units - 1, 1 - ALPHA / 2)) * error
    limit = always_valid_limit(n_units, ALPHA / claims)
    return None if limit is None else limit * error


def always_valid_p(t: float, n_units: int) -> float:
    """A p-value of Student's t that holds at every n at once: 1 / the mixture likelihood ratio.

    Against a mean of 0, effect sizes are mixed over a normal distribution (MIXTURE), the spread by its right Haar
    prior; the ratio is then a martingale under the null, whatever the spread (Lai 1976; Wang & Ramdas 2024), so it
    ever exceeds 1 / alpha with probability alpha at most (Ville).
    """
    if n_units < 2:
        return 1.0
    df, wide = n_units - 1, 1.0 + n_units * MIXTURE**2
    ratio = 0.5 * n_units * (math.log1p(t * t / df) - math.log1p(t * t / (df * wide))) - 0.5 * math.log(wide)
    return min(1.0, math.exp(-ratio))


def always_valid_limit(n_units: int, alpha: float) -> float | None:
    """The |t| at which `always_valid_p` reaches alpha; None where no t does with so few units."""
    if n_units < 2:
        return None
    df, wide = n_units - 1, 1.0 + n_units * MIXTURE**2
    ratio = math.exp((math.log(wide) - 2.0 * math.log(alpha)) / n_units)
    return math.sqrt(df * (ratio - 1.0) / (1.0 - ratio / wide)) if ratio < wide else None


def variance_parts(differences: FloatArray, worlds: IntArray) -> tuple[float | None, float | None]:
    """(sd between worlds, sd of the luck within a world) by analysis of variance; None where not estimable."""
    names, world = np.unique(worlds, return_inverse=True)
    n, n_worlds = len(differences), len(names)
    if n == n_worlds:
        return None, None
    count = np.bincount(world).astype(np.float64)
    mean = np.bincount(world, weights=differences) / count
    within = float(((differences - mean[world]) ** 2).sum()) / (n - n_worlds)
    if n_worlds < 2:
        return None, math.sqrt(within)
    between = float((count * (mean - differences.mean()) ** 2).sum()) / (n_worlds - 1)
    per_world = (n - float((count**2).sum()) / n) / (n_worlds - 1)
    return math.sqrt(max(0.0, (between - within) / per_world)), math.sqrt(within)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    >>> holm([0.25, 0.0625])
    [0.25, 0.125]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


@lru_cache(maxsize=8)
def _posterior_draws(n_units: int) -> FloatArray:
    """Weights of the units' deviations in draws of a multivariate t with n_units - 1 degrees of freedom."""
    rng = np.random.Generator(np.random.Philox(_DRAWS_SEED))
    normal = rng.standard_normal((n_units, N_DRAWS))
    spread = np.sqrt(rng.chisquare(n_units - 1, N_DRAWS) / (n_units - 1))
    return np.asarray(normal / (spread * math.sqrt(n_units * (n_units - 1))), dtype=np.float64)


def probability_best(units: FloatArray, direction: int) -> list[float] | None:
    """For each column (strategy) of units x strategies: the probability that its mean is the best one.

    The joint posterior of the means under a flat prior, with the covariance between strategies as observed, so
    pairing counts; the margin of each difference is the t distribution of `paired`. Exact ties share equally.
    """
    found = chances(units, direction)
    return None if found is None else found[0]


def chances(units: FloatArray, direction: int) -> tuple[list[float], list[float]] | None:
    """(`probability_best`, expected regret) of each column, from the same draws.

    Expected regret: how far its mean is expected to lie behind the best one, whichever that is; never negative, in the
    measure's unit.
    """
    n_units, n_strategies = units.shape
    if n_units < 2 or direction == 0:
        return None
    groups: dict[bytes, list[int]] = {}
    for j in range(n_strategies):
        groups.setdefault(np.ascontiguousarray(units[:, j] + 0.0).tobytes(), []).append(j)
    columns = units[:, [members[0] for members in groups.values()]] * direction
    means = columns.mean(axis=0)
    weights = _posterior_draws(n_units)
    by_column = np.repeat(means[:, None], N_DRAWS, axis=1)
    product = np.empty(N_DRAWS)
    for weight, deviation in zip(weights, columns - means, strict=True):  # not a matrix product: same bits everywhere
        for j, size in enumerate(deviation):  # a column at a time stays in the processor's cache
            by_column[j] += np.multiply(weight, size, out=product)
    draws = np.ascontiguousarray(by_column.T)
    top = draws.max(axis=1, keepdims=True)
    is_best = draws == top
    shares = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
    behind = (top - draws).mean(axis=0)
    p_best, regret = [0.0] * n_strategies, [0.0] * n_strategies
    for members, share, loss in zip(groups.values(), shares, behind, strict=True):
        for j in members:
            p_best[j], regret[j] = float(share) / len(members), float(loss)
    return p_best, regret


def detectable(sd: float, n_units: int, claims: int = 0) -> float | None:
    """The true difference that a test at 5 % on this many units finds 8 times in 10 (nearly exact)."""
    from scipy.special import stdtrit

    half = half_width(sd, n_units, claims)
    return None if half is None else half + float(stdtrit(n_units - 1, POWER)) * sd / math.sqrt(n_units)


def more_replications(lead: Paired, n_now: int, claims: int = 0) -> int | None:
    """Replications to add so that a lead as large as this one would be clear 8 times in 10; None: too many."""
    if lead.sd_unit is None or lead.diff <= 0:
        return None
    sd = lead.sd_unit

    def is_enough(n_units: int) -> bool:  # what can be detected falls with every unit
        least = detectable(sd, n_units, claims)
        return least is not None and least <= lead.diff

    low, high = lead.n_units, int(_MOST_REPLICATIONS * lead.n_units / n_now)
    if not is_enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    more_units = max(low - lead.n_units, 1)
    return math.ceil(more_units * n_now / lead.n_units)
