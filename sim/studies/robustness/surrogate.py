"""A sparse polynomial for a value at points, judged on points it has not seen; imports `swept`.

Terms are products of polynomials, each orthonormal under the values its factor really takes. They are taken one by one,
the one that explains most first (orthogonal least squares); cross-validation says how many. What they explain splits
over terms without a remainder (polynomial chaos: Sudret 2008; sparse: Blatman & Sudret 2011).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.studies.swept import Factor, FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]
FOLDS: Final = 10
LEAST_POINTS: Final = 20
_MOST_TERMS: Final = 50
_MOST_CANDIDATES: Final = 3000
_MANY: Final = 1000  # candidates, of which a tenth as many as there are points is taken at most
_MOST_DEGREE: Final = 10
_MOST_FACTORS: Final = 3  # in one term
_SEED: Final = 20_261_130

Term = tuple[tuple[int, int], ...]  # (factor, degree) pairs


@dataclass(frozen=True)
class Surrogate:
    """What was found: `r2` on unseen points, and for every term its factors and its share of what is explained."""

    r2: float  # cross-validated; at most 0: nothing was found
    terms: tuple[Term, ...]
    columns: FloatArray  # points x terms
    values: FloatArray
    is_independent: bool  # whether the design draws each factor for itself

    def shares(self, rows: IntArray | None = None) -> FloatArray:
        """Each term's share of the variance of the fitted values; they sum to 1. `rows`: fitted to those points only.

        Independent factors: squared weights, because the terms are orthonormal under the factors' own values. Else the
        covariance of each term with the fitted values.
        """
        if not self.terms:
            return np.zeros(0)
        columns, values = (self.columns, self.values) if rows is None else (self.columns[rows], self.values[rows])
        columns = columns - columns.mean(axis=0)
        weights = np.linalg.lstsq(columns, values - values.mean(), rcond=None)[0]
        fitted = columns @ weights
        found = weights**2 if self.is_independent else (columns * weights).T @ fitted
        whole = float(found.sum())
        return np.asarray(found / whole if whole > 0 else found * 0.0)


def fit(factors: Sequence[Factor], values: FloatArray, is_independent: bool = True) -> Surrogate:
    """The polynomial for values at points; without terms if points are few or it tells nothing of unseen ones.

    Straight lines, curves of single factors, and both with products of factors are tried; the family that predicts
    unseen points best is taken. With few points among many factors the smaller win: chance finds fewer terms in them.
    """
    n = len(values)
    nothing = Surrogate(0.0, (), np.empty((n, 0)), values, is_independent)
    spread = float(values.var())
    if n < LEAST_POINTS or not factors or spread <= 1e-18 * float((values**2).mean()):
        return nothing
    terms, columns = _candidates(factors, n)
    found: tuple[float, IntArray, int] | None = None
    for family in _families(terms, factors):
        error, count = _judged(columns[:, family], values)
        if found is None or error < found[0]:
            found = (error, family, count)
    assert found is not None
    error, family, count = found
    r2 = 1.0 - error / spread
    if r2 <= 0.0:
        return nothing
    best = itertools.islice(_forward(columns[:, family], values, np.ones(n, dtype=bool)), count)
    chosen = [int(family[k]) for k, _ in best]
    return Surrogate(r2, tuple(terms[k] for k in chosen), columns[:, chosen], values, is_independent)


def _families(terms: Sequence[Term], factors: Sequence[Factor]) -> list[IntArray]:
    """Positions of the terms of each family, each within the next: lines (all of a text), curves, products."""
    is_single = np.array([len(term) == 1 for term in terms])
    is_line = np.array([len(term) == 1 and (term[0][1] == 1 or not factors[term[0][0]].is_number) for term in terms])
    every = [np.flatnonzero(one) for one in (is_line, is_single, np.ones(len(terms), dtype=bool))]
    return [one for k, one in enumerate(every) if k == 0 or len(one) > len(every[k - 1])]


def _judged(columns: FloatArray, values: FloatArray) -> tuple[float, int]:
    """Mean squared error on unseen points, and how many terms that takes: the fewest that are as good as the best."""
    n = len(values)
    most = min(n // (5 if columns.shape[1] < _MANY else 10), _MOST_TERMS, columns.shape[1])
    errors = np.zeros((most, n))  # squared, by number of terms
    for unseen in folds(n):
        known = np.ones(n, dtype=bool)
        known[unseen] = False
        guess = np.full(n, values[known].mean())
        steps = _forward(columns, values, known)
        for count in range(most):
            guess = guess + next(steps, (0, 0.0))[1]
            errors[count, unseen] = (values[unseen] - guess[unseen]) ** 2
    means = errors.mean(axis=1)
    best = int(means.argmin())
    # half a standard error: a whole one throws out terms that are there where points are few
    slack = 0.5 * (errors - errors[best]).std(axis=1) / math.sqrt(n)
    count = next(k for k in range(best + 1) if means[k] - means[best] <= slack[k])
    return float(means[count]), count + 1


def folds(n: int, seed: int = _SEED) -> list[IntArray]:
    """Positions of 0..n-1 in tenths, by lot; the same for the same n."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n)
    return [np.sort(order[k::FOLDS]) for k in range(min(FOLDS, n))]


def _candidates(factors: Sequence[Factor], n: int) -> tuple[list[Term], FloatArray]:
    d = len(factors)
    degree = max((t for t in range(2, _MOST_DEGREE + 1) if math.comb(d + t, t) <= _MOST_CANDIDATES), default=1)
    alone = max(degree, 3)
    single = [_polynomials(factor.values, alone if factor.is_number else factor.n_values - 1) for factor in factors]
    terms: list[Term] = []
    columns: list[FloatArray] = []
    for count in range(1, min(_MOST_FACTORS, d) + 1):
        if count > 1 and degree < count:
            break
        for chosen in itertools.combinations(range(d), count):
            for degrees in itertools.product(*(range(1, single[k].shape[1] + 1) for k in chosen)):
                if count > 1 and sum(degrees) > degree:
                    continue
                terms.append(tuple(zip(chosen, degrees, strict=True)))
                columns.append(math.prod((single[k][:, j - 1] for k, j in terms[-1]), start=np.ones(n)))
    return terms, np.stack(columns, axis=1)


def _polynomials(values: FloatArray, degree: int) -> FloatArray:
    """Columns of degree 1, 2, ... with mean 0 and variance 1, uncorrelated, under the values as they are."""
    degree = min(degree, len(np.unique(values)) - 1)
    centre, half = (values.max() + values.min()) / 2, (values.max() - values.min()) / 2
    scaled = (values - centre) / half
    powers = np.polynomial.chebyshev.chebvander(scaled, degree)
    basis, _ = np.linalg.qr(powers)
    return np.asarray(basis[:, 1:] * math.sqrt(len(values)), dtype=np.float64)


def _forward(columns: FloatArray, values: FloatArray, known: BoolArray) -> Iterator[tuple[int, FloatArray]]:
    """Columns by how much each explains of what those before it leave, and what each adds to the prediction of rows.

    Only known rows are looked at; the others are carried along.
    """
    rest = columns - columns[known].mean(axis=0)
    left = values[known] - values[known].mean()
    whole, wanted = np.maximum((rest[known] ** 2).sum(axis=0), 1e-300), 1e-20 * float(left @ left)
    is_free = np.ones(columns.shape[1], dtype=bool)
    while float(left @ left) > wanted:
        mine = rest[known]
        size = (mine**2).sum(axis=0)
        is_free &= size > 1e-8 * whole  # what is a sum of others explains nothing new
        if not is_free.any():
            return
        gain = np.where(is_free, (mine.T @ left) ** 2 / np.maximum(size, 1e-300), -1.0)
        best = int(gain.argmax())
        is_free[best] = False
        direction = rest[:, best] / math.sqrt(size[best])
        step = float(direction[known] @ left)
        yield best, direction * step
        left = left - direction[known] * step
        rest = rest - np.outer(direction, direction[known] @ mine)
