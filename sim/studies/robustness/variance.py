"""How much of a difference lies between points, between worlds, in luck: crossed analysis of variance; imports swept.

Every point lives in the same worlds under the same luck, so points, worlds and luck (within worlds) are crossed random
effects; expected mean squares give the parts without bias. A part that comes out negative is 0 in truth or nearly, and
is given as 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.studies.compare import ALPHA
from sim.studies.swept import FloatArray, IntArray


class Parts(NamedTuple):
    """Variances of one run's value. None: the design cannot tell (one world, or one replication a world)."""

    points: float  # of the mean over worlds and luck, from point to point
    world: float | None  # which world is drawn, also as far as that differs from point to point
    luck: float | None  # within a world, also as far as that differs from point to point
    noise_of_means: float  # what luck and worlds leave in a point's mean, against other points

    @property
    def total(self) -> float:
        return self.points + (self.world or 0.0) + (self.luck or 0.0)


class Mean(NamedTuple):
    """A mean over points and worlds with its 95 % interval."""

    mean: float
    ci_low: float | None
    ci_high: float | None


def balanced(values: FloatArray, worlds: IntArray) -> FloatArray:
    """Point x replication as point x world x luck; worlds with fewer replications than the fullest are left out."""
    names, counts = np.unique(worlds, return_counts=True)
    full = names[counts == counts.max()]
    return np.stack([values[:, worlds == world] for world in full], axis=1)


def parts(cube: FloatArray) -> Parts:
    """Parts of the variance of a cube, point x world x luck."""
    n, w, k = cube.shape
    squares = _mean_squares(cube)
    if w == 1 and k == 1:
        return Parts(squares["points"], None, None, 0.0)
    if w == 1:  # one world: its luck takes the place of worlds
        between, mixed, error = squares["luck"], squares["error"], squares["error"]
        luck = max(0.0, (between - error) / n) + mixed
        return Parts(max(0.0, (squares["points"] - mixed) / k), None, luck, mixed / k)
    mixed = squares["points_worlds"]
    points = max(0.0, (squares["points"] - mixed) / (w * k))
    if k == 1:
        return Parts(points, max(0.0, (squares["worlds"] - mixed) / n) + mixed, None, mixed / w)
    error, luck_squares = squares["error"], squares["luck"]
    luck = max(0.0, (luck_squares - error) / n) + error
    world = max(0.0, (squares["worlds"] - mixed - luck_squares + error) / (n * k)) + max(0.0, (mixed - error) / k)
    return Parts(points, world, luck, mixed / (w * k))


def mean(cube: FloatArray) -> Mean:
    """Mean of a cube, with an interval for other points and other worlds (for the same world where there is one)."""
    from scipy.special import stdtrit

    w = cube.shape[1]
    middle = float(cube.mean())
    if w == 1:
        cube = cube.transpose(0, 2, 1)
    n, w, _ = cube.shape
    if w == 1:
        return Mean(middle, None, None)
    squares = _mean_squares(cube)
    a, b, c = squares["points"], squares["worlds"], squares["points_worlds"]
    variance = a + b - c
    if variance <= 0.0:
        variance, freedom = max(a, b), float((n if a > b else w) - 1)
    else:
        freedom = variance**2 / (a**2 / (n - 1) + b**2 / (w - 1) + c**2 / ((n - 1) * (w - 1)))
    half = float(stdtrit(max(freedom, 1.0), 1 - ALPHA / 2)) * math.sqrt(variance / cube.size)
    return Mean(middle, middle - half, middle + half)


def _mean_squares(cube: FloatArray) -> dict[str, float]:
    """Mean squares of the crossed design; those that it has no degrees of freedom for are left out."""
    n, w, k = cube.shape
    all_, by_point, by_world, by_both, by_luck = (
        cube.mean(), cube.mean(axis=(1, 2)), cube.mean(axis=(0, 2)), cube.mean(axis=2), cube.mean(axis=0),
    )  # fmt: skip
    found = {"points": w * k * float(((by_point - all_) ** 2).sum()) / (n - 1)}
    if w > 1:
        found["worlds"] = n * k * float(((by_world - all_) ** 2).sum()) / (w - 1)
        rest = by_both - by_point[:, None] - by_world[None, :] + all_
        found["points_worlds"] = k * float((rest**2).sum()) / ((n - 1) * (w - 1))
    if k > 1:
        found["luck"] = n * float(((by_luck - by_world[:, None]) ** 2).sum()) / (w * (k - 1))
        rest = cube - by_both[:, :, None] - by_luck[None, :, :] + by_world[None, :, None]
        found["error"] = float((rest**2).sum()) / ((n - 1) * w * (k - 1))
    return found
