"""Splits of a difference that do not depend on the order of the factors: Shapley values of products; imports NumPy.

The Shapley value of a factor is its mean contribution over all orders in which the factors may move from their
value before to their value after. For a product it is an integral along the straight line between the two (Owen,
1972), of a polynomial, so Gauss-Legendre quadrature gives it exactly, without going through the orders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def weights(before: Floats, after: Floats) -> Floats:
    """What a unit of each factor (the last axis) is worth: the mean product of the others over all orders.

    >>> weights(np.array([2.0, 3.0]), np.array([4.0, 7.0])).tolist()
    [5.0, 3.0]
    """
    n = before.shape[-1]
    nodes, masses = np.polynomial.legendre.leggauss(max(math.ceil(n / 2), 1))
    total = np.zeros(np.broadcast_shapes(before.shape, after.shape))
    for node, mass in zip(nodes, masses, strict=True):
        t = (node + 1) / 2
        at = before + t * (after - before)
        for i in range(n):
            total[..., i] += mass / 2 * np.prod(np.delete(at, i, axis=-1), axis=-1)
    return total


def of_product(before: Floats, after: Floats) -> Floats:
    """Shapley values of the factors (the last axis) of a product; they sum to the product's difference.

    >>> of_product(np.array([2.0, 3.0]), np.array([4.0, 3.0])).tolist()
    [6.0, 0.0]
    """
    return np.asarray(weights(before, after) * (after - before), dtype=np.float64)


def ratios(levels: Sequence[Floats]) -> Floats:
    """Levels x0, x1, ... as factors x0, x1/x0, x2/x1 ... on a new last axis, whose product is the last level.

    A ratio over nothing is NaN: nobody there, so nothing is known of what they would have done.
    """
    factors = [np.asarray(levels[0], dtype=np.float64)]
    for below, above in pairwise(levels):
        factors.append(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) != 0))
    return np.stack(factors, axis=-1)


def filled(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Both with what is not known on one side taken from the other, so that it counts as unmoved; 0 if on neither."""
    one = np.where(np.isnan(before), after, before)
    other = np.where(np.isnan(after), before, after)
    return np.nan_to_num(one), np.nan_to_num(other)
