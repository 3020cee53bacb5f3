"""Where another strategy is best: a shallow tree, told only if it holds on unseen points; imports `surrogate`, swept.

Classification and regression trees (Breiman et al. 1984), Gini impurity, at most three questions deep. A tree is taken
only if it predicts the best strategy of points it has not seen better than always naming the commonest one does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sim.studies.robustness.surrogate import folds
from sim.studies.swept import Factor, FloatArray, IntArray

DEEPEST: Final = 3
#: a deeper tree must be better by so many standard errors
SURE: Final = 2.0
_REPEATS: Final = 5  # of cross-validation, each with other tenths
_LEAST_LEAF: Final = 8


class Condition(NamedTuple):
    """A factor's values in a leaf: above `low`, at most `high`; for a text, (not) `text`."""

    factor: int
    low: float | None
    high: float | None
    text: int | None = None
    is_text: bool = True


@dataclass(frozen=True)
class Leaf:
    """Points under the same conditions: how often each strategy is best there."""

    conditions: tuple[Condition, ...]
    counts: tuple[int, ...]  # by class
    rows: IntArray

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def best(self) -> int:
        return int(np.argmax(self.counts))

    @property
    def share(self) -> float:
        return self.counts[self.best] / self.n


@dataclass(frozen=True)
class Tree:
    """Leaves of the tree that was taken (one: no rule holds), and how often each depth is right on unseen points."""

    leaves: tuple[Leaf, ...]
    depth: int
    accuracy: float
    base_accuracy: float  # of always naming the commonest
    n: int


def grow(factors: Sequence[Factor], best: IntArray, n_classes: int) -> Tree:
    """The deepest tree each of whose levels is clearly better on unseen points than the one before."""
    n = len(best)
    table = _Table(np.stack([factor.values for factor in factors], axis=1), [not f.is_number for f in factors],
                   best, n_classes, max(_LEAST_LEAF, n // 20))  # fmt: skip
    hits = np.zeros((_REPEATS, DEEPEST + 1, n))
    hits[:, 0] = best == np.bincount(best).argmax()  # the commonest of all points, not of the known: a fair rival
    for repeat in range(_REPEATS):
        for unseen in folds(n, repeat):
            known = np.setdiff1d(np.arange(n), unseen)
            for depth in range(1, DEEPEST + 1):
                hits[repeat, depth, unseen] = _predict(table.grow(known, depth), table.columns, unseen) == best[unseen]
    taken = 0
    for depth in range(1, DEEPEST + 1):
        gains = hits[:, depth] - hits[:, taken]
        error = float(gains.std(axis=1, ddof=1).mean()) / math.sqrt(n)  # of one round: rounds share their points
        if gains.mean() > SURE * error and gains.mean() > 0:
            taken = depth
    right = hits.mean(axis=(0, 2))
    return Tree(tuple(table.grow(np.arange(n), taken)), taken, float(right[taken]), float(right[0]), n)


class _Table:
    """Factors and classes of all points; splits that were found are kept, because trees of all depths share them."""

    def __init__(
        self, columns: FloatArray, is_text: Sequence[bool], best: IntArray, n_classes: int, least: int
    ) -> None:  # fmt: skip
        self.columns, self.is_text, self.best, self.least = columns, is_text, best, least
        self._ones = np.eye(n_classes)[best]
        self._splits: dict[bytes, tuple[int, float] | None] = {}
        self._numbers = [k for k, text in enumerate(is_text) if not text]
        self._texts = [k for k, text in enumerate(is_text) if text]

    def grow(self, rows: IntArray, depth: int, conditions: tuple[Condition, ...] = ()) -> list[Leaf]:
        split = self._split(rows) if depth else None
        leaf = Leaf(conditions, tuple(int(c) for c in self._ones[rows].sum(axis=0)), rows)
        if split is None:
            return [leaf]
        k, at = split
        inside = self.columns[rows, k] == at if self.is_text[k] else self.columns[rows, k] <= at
        found: list[Leaf] = []
        for mine, is_in in ((rows[inside], True), (rows[~inside], False)):
            found += self.grow(mine, depth - 1, _narrowed(conditions, k, at, self.is_text[k], is_in))
        if len({leaf.best for leaf in found}) == 1:  # a question whose answers all say the same
            return [leaf]
        return found

    def _split(self, rows: IntArray) -> tuple[int, float] | None:
        """The question that makes its two answers purest: factor and value; None if none helps."""
        key = rows.tobytes()
        if key not in self._splits:
            self._splits[key] = self._best_split(rows)
        return self._splits[key]

    def _best_split(self, rows: IntArray) -> tuple[int, float] | None:
        n, ones = len(rows), self._ones[rows]
        whole = ones.sum(axis=0)
        before = n - float((whole**2).sum()) / n
        options = [*self._between(rows, ones, whole), *self._equal(rows, ones, whole)]
        if not options:
            return None
        after, k, at = min(options)
        return (k, at) if before - after > 1e-9 else None

    def _between(self, rows: IntArray, ones: FloatArray, whole: FloatArray) -> Iterator[tuple[float, int, float]]:
        """The best threshold of every factor that is a number: impurity after it, factor, value."""
        n = len(rows)
        if not self._numbers or n < 2 * self.least:
            return
        x = self.columns[np.ix_(rows, np.array(self._numbers, dtype=np.int64))]
        order = np.argsort(x, axis=0, kind="stable")
        x = np.take_along_axis(x, order, axis=0)
        left = np.cumsum(ones[order], axis=0)[:-1]
        size = np.arange(1.0, n)[:, None]
        after = n - (left**2).sum(axis=2) / size - ((whole - left) ** 2).sum(axis=2) / (n - size)
        after[(np.diff(x, axis=0) <= 0) | (size < self.least) | (n - size < self.least)] = np.inf
        for j, row in enumerate(after.argmin(axis=0)):
            if np.isfinite(after[row, j]):
                yield float(after[row, j]), self._numbers[j], float((x[row, j] + x[row + 1, j]) / 2)

    def _equal(self, rows: IntArray, ones: FloatArray, whole: FloatArray) -> Iterator[tuple[float, int, float]]:
        """One value of a text against all others."""
        n = len(rows)
        for k in self._texts:
            x = self.columns[rows, k]
            for value in np.unique(x):
                left = ones[x == value].sum(axis=0)
                size = float(left.sum())
                if min(size, n - size) >= self.least:
                    after = n - float((left**2).sum()) / size - float(((whole - left) ** 2).sum()) / (n - size)
                    yield after, k, float(value)


def _narrowed(said: tuple[Condition, ...], k: int, at: float, is_text: bool, is_in: bool) -> tuple[Condition, ...]:
    if is_text:
        return (*said, Condition(k, None, None, int(at), is_in))
    old = next((one for one in said if one.factor == k), Condition(k, None, None))
    new = old._replace(high=at) if is_in else old._replace(low=at)
    return (*(one for one in said if one.factor != k), new)


def _predict(leaves: Sequence[Leaf], columns: FloatArray, rows: IntArray) -> IntArray:
    answer = np.zeros(len(rows), dtype=np.int64)
    for leaf in leaves:
        is_in = np.ones(len(rows), dtype=bool)
        for one in leaf.conditions:
            x = columns[rows, one.factor]
            if one.text is not None:
                is_in &= (x == one.text) == one.is_text
            if one.low is not None:
                is_in &= x > one.low
            if one.high is not None:
                is_in &= x <= one.high
        answer[is_in] = leaf.best
    return answer
