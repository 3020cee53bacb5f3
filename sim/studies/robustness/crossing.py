"""Tipping points: where along a factor one strategy overtakes another, with intervals; imports `surrogate`, swept.

How a lead runs along a factor is read off the design: listed levels (one at a time, grids) as they are, straight lines
between them; a sample as a polynomial in the factor, the other factors' straight lines taken out. Worlds are drawn anew
in every resample, and the points of a sample too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.studies.robustness.surrogate import folds
from sim.studies.swept import Factor, FloatArray, IntArray

RESAMPLES: Final = 400
_STEPS: Final = 101  # of a curve that is a polynomial
_FEW: Final = 12  # values; a factor with more of them is sampled
_MOST_DEGREE: Final = 3
_MOST_LINES: Final = 10  # of other factors that are taken out
_SEED: Final = 20_261_201


@dataclass(frozen=True)
class Curves:
    """Every strategy's value along a factor: strategy x resample x place (resample 0: all data)."""

    factor: Factor
    at: FloatArray
    values: FloatArray
    has_error: bool  # whether resamples differ at all: several worlds, or a sample of points

    def lead(self, one: int, other: int) -> FloatArray:
        return np.asarray(self.values[one] - self.values[other])


@dataclass(frozen=True)
class Crossing:
    """What is known of where a lead changes sign. `value` None: it does not, within the range."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    share: float  # of resamples in which it changes sign
    ahead_above: bool  # whether the lead is positive above the crossing (or all along, where there is none)
    n_crossings: int
    is_clear: bool  # the crossing, or its absence, holds in 95 % of resamples


def _weights(n: int, luck: np.random.Generator) -> FloatArray:
    """How often each of n is drawn in each resample; the first row draws each once."""
    counts = luck.multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES).astype(np.float64)
    return np.vstack([np.ones(n), counts])


def lines(factors: Sequence[Factor], k: int) -> IntArray | None:
    """The points along a factor with few values (its own line through the base, or all of a grid); None: a sample."""
    factor = factors[k]
    names = np.unique(factor.values)
    if len(names) > _FEW:
        return None
    others = [other.values for j, other in enumerate(factors) if j != k]
    if not others:
        return np.arange(len(factor.values))
    rows = np.stack(others, axis=1)
    _, group = np.unique(rows, axis=0, return_inverse=True)
    # groups of points that differ in this factor alone and hold all its values: lines along it
    spans = {g: len(np.unique(factor.values[group == g])) for g in range(group.max() + 1)}
    whole = [g for g, span in spans.items() if span == len(names)]
    chosen = np.flatnonzero(np.isin(group, whole))
    return chosen if len(chosen) else None


def curves(factors: Sequence[Factor], k: int, values: FloatArray) -> Curves:
    """How strategies (strategy x point x world, differences to the control) run along a factor."""
    luck = np.random.Generator(np.random.PCG64(_SEED))
    n_worlds = values.shape[2]
    worlds = _weights(n_worlds, luck) / n_worlds
    by_resample = np.einsum("bw,spw->sbp", worlds, values)
    rows, factor = lines(factors, k), factors[k]
    if rows is not None:
        at = np.unique(factor.values[rows])
        means = [by_resample[:, :, rows[factor.values[rows] == value]].mean(axis=2) for value in at]
        return Curves(factor, at, np.stack(means, axis=2), n_worlds > 1)
    return _smooth(factors, k, by_resample, _weights(values.shape[1], luck))


def _smooth(factors: Sequence[Factor], k: int, by_resample: FloatArray, points: FloatArray) -> Curves:
    factor = factors[k]
    low, high = float(factor.values.min()), float(factor.values.max())
    x = 2 * (factor.values - low) / (high - low) - 1
    beside = _beside(factors, k, by_resample[:, 0])
    degree = _degree(x, beside, by_resample[:, 0], min(_MOST_DEGREE, factor.n_values - 1))
    at = np.linspace(-1.0, 1.0, _STEPS)
    design = np.column_stack([np.polynomial.chebyshev.chebvander(x, degree), beside])
    p = design.shape[1]
    squares = (points @ (design[:, :, None] * design[:, None, :]).reshape(len(x), p * p)).reshape(-1, p, p)
    squares += 1e-9 * len(x) * np.eye(p)  # a resample may lack what tells two columns apart
    sums = np.einsum("np,bn,sbn->bps", design, points, by_resample)
    found = np.linalg.solve(squares, sums)  # resample x column x strategy
    wanted = np.polynomial.chebyshev.chebvander(at, degree)
    values = np.einsum("ap,bps->sba", wanted, found[:, : degree + 1])  # other factors at their means: they are centred
    return Curves(factor, low + (at + 1) / 2 * (high - low), values, True)


def _beside(factors: Sequence[Factor], k: int, values: FloatArray) -> FloatArray:
    """Straight lines of the other factors that go with the strategies' values most."""
    found = [_scaled(other.values) for j, other in enumerate(factors) if j != k and other.is_number]
    if not found:
        return np.empty((values.shape[1], 0))
    columns, wanted = np.stack(found, axis=1), np.stack([_scaled(one) for one in values], axis=1)
    order = np.argsort(-np.abs(columns.T @ wanted).max(axis=1), kind="stable")
    return columns[:, np.sort(order[: min(_MOST_LINES, len(columns) // 10)])]


def _scaled(values: FloatArray) -> FloatArray:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread if spread > 0 else values * 0.0)


def _degree(x: FloatArray, beside: FloatArray, values: FloatArray, most: int) -> int:
    """1, 2 or 3: the one that predicts unseen points best."""
    errors = []
    for degree in range(1, most + 1):
        design = np.column_stack([np.polynomial.chebyshev.chebvander(x, degree), beside])
        wrong = 0.0
        for unseen in folds(len(x)):
            known = np.setdiff1d(np.arange(len(x)), unseen)
            found = np.linalg.lstsq(design[known], values[:, known].T, rcond=None)[0]
            wrong += float(((values[:, unseen].T - design[unseen] @ found) ** 2).sum())
        errors.append(wrong)
    return 1 + int(np.argmin(errors))


def crossing(line: Curves, one: int, other: int) -> Crossing | None:
    """Where one strategy overtakes another; of several places the one with most lead on both sides. None: the same."""
    lead = line.lead(one, other)
    if not lead[0].any():
        return None
    found = [_roots(line.at, row) for row in lead]
    mine, others = found[0], found[1:]
    with_one = [roots for roots in others if len(roots)]
    share = len(with_one) / len(others)
    if not len(mine):
        return Crossing(None, None, None, share, bool(lead[0].mean() > 0), 0, line.has_error and share <= 0.05)
    value = _main(line.at, lead[0], mine)
    above = lead[0][(line.at > value) & (lead[0] != 0.0)]
    ahead = bool(above[0] > 0)
    if not line.has_error:
        return Crossing(value, None, None, share, ahead, len(mine), False)
    near = [float(roots[np.abs(roots - value).argmin()]) for roots in with_one] or [value]
    low, high = (float(end) for end in np.percentile(near, [2.5, 97.5]))
    return Crossing(value, low, high, share, ahead, len(mine), share >= 0.95)


def _main(at: FloatArray, lead: FloatArray, roots: FloatArray) -> float:
    """The crossing with most lead on its weaker side, up to the next crossings: not where a curve's end wags."""
    ends = [-np.inf, *roots, np.inf]
    weight = [
        min(np.abs(lead[(at >= ends[k]) & (at <= ends[k + 1])]).max(initial=0.0),
            np.abs(lead[(at >= ends[k + 1]) & (at <= ends[k + 2])]).max(initial=0.0))
        for k in range(len(roots))
    ]  # fmt: skip
    return float(roots[int(np.argmax(weight))])


def _roots(at: FloatArray, lead: FloatArray) -> FloatArray:
    """Where a broken line changes sign. Touching zero is no change; equal all along is none."""
    is_there = lead != 0.0
    x, y = at[is_there], lead[is_there]
    changes = np.flatnonzero(y[:-1] * y[1:] < 0)
    return np.asarray(x[changes] + (x[changes + 1] - x[changes]) * y[changes] / (y[changes] - y[changes + 1]))
