"""What an analyst works out from one test: a difference in means and two standard errors; imports nothing of ours."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Estimate(NamedTuple):
    """One test of one outcome; None where an arm is too small to say anything."""

    diff: float | None  # mean of the treated less mean of the others
    se: float | None  # as if shoppers were independent (Welch)
    se_clustered: float | None  # groups that were randomised are independent, their members need not be
    limit: float | None  # of |diff| / se_clustered at 5 %: Student's t with groups - 2 degrees of freedom


def group_sums(values: Floats, group: npt.NDArray[np.int64], n: int) -> Floats:
    """Sums over groups numbered 0..n-1."""
    return np.bincount(group, weights=values, minlength=n).astype(np.float64)


def estimate(outcome: Floats, treated: Mask, group: npt.NDArray[np.int64]) -> Estimate:
    """Difference in means of an outcome, where whole groups (numbered from 0) were treated or not.

    Clustered standard error: the mean of an arm is a ratio of sums over groups, so its variance is
    g/(g-1) sum (S_c - n_c mean)^2 / n^2 (linearisation; g groups, n shoppers). For groups of one that is s^2/n.
    """
    from scipy.special import stdtrit

    n_groups = int(group.max()) + 1 if len(group) else 0
    means, plain, clustered, groups = [], 0.0, 0.0, 0
    for arm in (treated, ~treated):
        y, c = outcome[arm], group[arm]
        sizes = group_sums(np.ones(len(y)), c, n_groups)
        g = int((sizes > 0).sum())
        if g < 2:
            return Estimate(None, None, None, None)
        mean = float(y.mean())
        residual = group_sums(y, c, n_groups) - sizes * mean
        means.append(mean)
        plain += float(y.var(ddof=1)) / len(y)
        clustered += g / (g - 1) * float((residual**2).sum()) / len(y) ** 2
        groups += g
    return Estimate(
        means[0] - means[1], math.sqrt(plain), math.sqrt(clustered), float(stdtrit(groups - 2, 0.975))
    )  # fmt: skip
