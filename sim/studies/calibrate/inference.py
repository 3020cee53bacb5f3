"""From stored runs to a posterior: approximate Bayesian computation with regression adjustment; imports `priors`.

The steps, all on runs that are already there (Beaumont, Zhang & Balding 2002; Blum 2010; Fearnhead & Prangle 2012):

1. Summaries (targets of runs) are put on scales on which they are nearly linear, and divided by what separates a run
   from the data without meaning anything: the target's standard error and the luck of a run.
2. *Semi-automatic summaries.* For every coefficient a ridge regression on the summaries that can tell it gives one
   number: the best linear guess of the coefficient. These guesses are compared, not the forty summaries.
3. The runs closest to the data are kept, weighted by an Epanechnikov kernel, and moved along a local linear regression
   to where they would be if their guesses were those of the data.
4. Runs of later rounds were not drawn from the prior (`proposal`): each weighs prior over the mixture of all rounds.
   Guesses and the units of distance are fitted with every run counting once, so that they are best where later rounds
   looked; only the posterior itself takes the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.studies.calibrate.priors import Floats, expit, logit

Mask = NDArray[np.bool_]

KEPT_SHARE: Final = 0.2  # of the runs
KEPT_LEAST: Final = 150
_RIDGE: Final = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, eq=False)
class Bank:
    """Runs as numbers: where each lies between the priors' bounds (0 to 1), its summaries, its weight.

    `tells[j, k]`: may summary k say something about coefficient j? `weight` is prior over proposal (1: from the prior).
    """

    shares: Floats  # runs x coefficients
    summaries: Floats  # runs x summaries
    tells: Mask  # coefficients x summaries
    weight: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if len(self.weight) == 0:
            object.__setattr__(self, "weight", np.ones(len(self.shares)))

    def __len__(self) -> int:
        return len(self.shares)

    def take(self, rows: NDArray[np.int64] | Mask) -> Bank:
        """Some of the runs."""
        return replace(self, shares=self.shares[rows], summaries=self.summaries[rows], weight=self.weight[rows])

    @property
    def is_told(self) -> Mask:
        """Of every coefficient: is there any summary that can tell it?"""
        return np.asarray(self.tells.any(axis=1), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted draws, as shares of the priors' ranges."""

    shares: Floats
    weight: Floats  # sums to 1
    distance: float  # of the farthest run kept, in the units of the guesses
    nearest: float  # of the closest run
    rows: NDArray[np.int64]  # of the bank: which runs the draws were moved from

    @property
    def effective(self) -> float:
        """How many draws of equal weight these are worth."""
        return float(1.0 / np.sum(self.weight**2))

    def quantile(self, k: int, at: Sequence[float]) -> Floats:
        """Quantiles of one coefficient's share."""
        return weighted_quantile(self.shares[:, k], self.weight, at)

    def below(self, k: int, value: float) -> float:
        """How much of the posterior lies below a value: its rank, 0 to 1; ties are split."""
        column = self.shares[:, k]
        return float(np.sum(self.weight[column < value]) + 0.5 * np.sum(self.weight[column == value]))

    def sd(self, k: int) -> float:
        """Standard deviation of one coefficient's share."""
        column = self.shares[:, k]
        mean = float(np.sum(self.weight * column))
        return float(np.sqrt(np.sum(self.weight * (column - mean) ** 2)))

    def draws(self, n: int, seed: int) -> Floats:
        """So many draws of equal weight (systematic resampling, then in random order)."""
        rng = np.random.Generator(np.random.PCG64(seed))
        places = (np.arange(n) + rng.random()) / n
        rows = np.minimum(np.searchsorted(np.cumsum(self.weight), places), len(self.weight) - 1)
        drawn: Floats = self.shares[rng.permutation(rows)]
        return drawn


def weighted_quantile(values: Floats, weight: Floats, at: Sequence[float]) -> Floats:
    """Quantiles of weighted values, with straight lines between the middles of the steps."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weight[order]) - 0.5 * weight[order]
    found: Floats = np.interp(np.asarray(at), middle / np.sum(weight), values[order])
    return found


@dataclass(frozen=True, eq=False)
class Scale:
    """How each summary is made linear and comparable."""

    kind: NDArray[np.int8]  # 0: as it is, 1: logarithm, 2: log odds
    middle: Floats
    width: Floats

    @classmethod
    def of(cls, summaries: Floats, observed: Floats, sd: Floats, shares: Floats) -> Scale:
        """Scales for these runs and data; `sd` are the targets' standard errors (0: not known).

        Shares get log odds and amounts logarithms where all runs and the data allow it. The width is what separates a
        run from the data without meaning: sd of the target, and of what coefficients do not explain in the runs.
        """
        everything = np.vstack([summaries, observed])
        kind = np.zeros(summaries.shape[1], dtype=np.int8)
        kind[(everything > 0.0).all(axis=0)] = 1
        kind[((everything > 0.0) & (everything < 1.0)).all(axis=0)] = 2
        plain = cls(kind, np.zeros(len(kind)), np.ones(len(kind)))
        values, seen = plain.apply(summaries), plain.apply(observed)
        slope = np.ones(len(kind))  # of the scale, at the data
        slope[kind == 1] = 1.0 / observed[kind == 1]
        slope[kind == 2] = 1.0 / (observed * (1.0 - observed))[kind == 2]
        noise = _unexplained(values, logit(shares))
        width = np.hypot(noise, np.nan_to_num(sd) * slope)
        width[width <= 1e-12] = 1.0
        return cls(kind, seen, width)

    def apply(self, summaries: Floats) -> Floats:
        """Summaries on these scales."""
        values = np.array(summaries, dtype=np.float64, ndmin=2)
        logged, odds = self.kind == 1, self.kind == 2
        values[:, logged] = np.log(np.maximum(values[:, logged], 1e-300))
        values[:, odds] = logit(values[:, odds])
        scaled: Floats = (values - self.middle) / self.width
        return scaled


def _unexplained(values: Floats, odds: Floats) -> Floats:
    """Standard deviation of every column that a quadratic of the coefficients does not explain."""
    design = quadratic(odds)
    if len(values) < 2 * design.shape[1]:
        design = np.column_stack([np.ones(len(odds)), odds])
    fitted, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = values - design @ fitted
    spare = max(len(values) - design.shape[1], 1)
    sd: Floats = np.sqrt(np.sum(left**2, axis=0) / spare)
    return sd


def quadratic(z: Floats) -> Floats:
    """Columns of a full quadratic: 1, every column, every product of two."""
    n, p = z.shape
    pairs = [z[:, a] * z[:, b] for a in range(p) for b in range(a, p)]
    return np.column_stack([np.ones(n), z, *pairs])


@dataclass(frozen=True, eq=False)
class Guesser:
    """Semi-automatic summaries: for every told coefficient a linear guess from the summaries that can tell it."""

    scale: Scale
    columns: list[NDArray[np.int64]]  # of every told coefficient
    slopes: list[Floats]
    unit: Floats  # sd of what each guess misses
    own: Floats  # of the runs it was fitted on: what would have been guessed of each without it

    @classmethod
    def fit(cls, bank: Bank, observed: Floats, sd: Floats) -> Guesser:
        """Fit the guesses on the runs of a bank."""
        scale = Scale.of(bank.summaries, observed, sd, bank.shares)
        features = _features(scale.apply(bank.summaries))
        z = logit(bank.shares)
        columns, slopes, unit, own = [], [], [], []
        for j in np.flatnonzero(bank.is_told):
            mine = np.flatnonzero(np.tile(bank.tells[j], 2))
            slope, left_out = _ridge(features[:, mine], z[:, j], np.ones(len(bank)))
            columns.append(mine)
            slopes.append(slope)
            own.append(left_out)
            unit.append(max(float(np.sqrt(np.mean((z[:, j] - left_out) ** 2))), 1e-9))
        units = np.array(unit)
        return cls(scale, columns, slopes, units, np.column_stack(own) / units if own else np.empty((len(bank), 0)))

    def guess(self, summaries: Floats) -> Floats:
        """The guesses from these summaries, a column a told coefficient, in units of what a guess misses."""
        features = _features(self.scale.apply(summaries))
        table = [
            slope[0] + features[:, mine] @ slope[1:] for mine, slope in zip(self.columns, self.slopes, strict=True)
        ]
        return np.column_stack(table) / self.unit


def _features(scaled: Floats) -> Floats:
    """Each summary, and its square in a form that far runs cannot blow up."""
    bent = np.arcsinh(scaled / 3.0)
    return np.column_stack([bent, bent**2])


def _ridge(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Ridge regression, its penalty by leaving out one at a time: (intercept and slopes, what is guessed without each).

    Guesses of the runs themselves would be too good: a penalty or not, they have seen the answer.
    """
    w = weight / weight.sum()
    x_mean, y_mean = w @ x, float(w @ y)
    spread = np.sqrt(w @ (x - x_mean) ** 2)
    spread[spread < 1e-12] = 1.0
    root = np.sqrt(w * len(y))
    a, b = root[:, None] * (x - x_mean) / spread, root * (y - y_mean)
    u, d, vt = np.linalg.svd(a, full_matrices=False)
    ub = u.T @ b
    best: tuple[float, Floats, Floats] = (np.inf, np.zeros(len(d)), y)
    for penalty in _RIDGE:
        keep = d**2 / (d**2 + penalty)
        pull = np.minimum((u**2) @ keep + w, 0.99)  # of a run on its own guess
        missed = (b - u @ (keep * ub)) / (1.0 - pull)
        score = float(np.mean(missed**2))
        if score < best[0]:
            best = (score, d / (d**2 + penalty) * ub, y - missed / np.maximum(root, 1e-12))
    slope = (vt.T @ best[1]) / spread
    return np.concatenate([[y_mean - float(x_mean @ slope)], slope]), best[2]


def infer(bank: Bank, observed: Floats, sd: Floats) -> Posterior:
    """The posterior of the coefficients given data that look like `observed`.

    Coefficients that no summary tells keep their prior: they stand beside the guesses in the regression, so that what
    is told is told given them, are not moved themselves, and the weights are raked back to their even prior.
    """
    guesser = Guesser.fit(bank, observed, sd)
    return infer_guesses(bank, guesser.own, guesser.guess(observed)[0])


def infer_guesses(bank: Bank, guesses: Floats, seen: Floats) -> Posterior:
    """As `infer`, for guesses at hand."""
    told = np.flatnonzero(bank.is_told)
    untold = np.flatnonzero(~bank.is_told)
    away = np.sqrt(np.sum((guesses - seen) ** 2, axis=1))
    possible = np.flatnonzero(bank.weight > 0.0)
    n_keep = min(len(possible), max(KEPT_LEAST, round(KEPT_SHARE * len(possible))))
    rows = possible[np.argsort(away[possible], kind="stable")[:n_keep]]
    width = float(away[rows].max()) * (1.0 + 1e-9) + 1e-300
    weight = bank.weight[rows] * (1.0 - (away[rows] / width) ** 2)
    z = logit(bank.shares[rows])
    design = np.column_stack([np.ones(len(rows)), guesses[rows] - seen, z[:, untold] - z[:, untold].mean(axis=0)])
    root = np.sqrt(weight)
    n_moved = guesses.shape[1]
    fitted, *_ = np.linalg.lstsq(root[:, None] * design, root[:, None] * z[:, told], rcond=None)
    shares = bank.shares[rows].copy()
    middle = z[:, told].mean(axis=0) if n_moved == 0 else fitted[0] + (design[:, 1 + n_moved :] @ fitted[1 + n_moved :])
    missed = z[:, told] - design @ fitted
    shares[:, told] = expit(middle + missed * _spread_there(design[:, : 1 + n_moved], missed, weight))
    if len(untold):
        weight = _raked(shares[:, untold], weight)
    return Posterior(shares, weight / weight.sum(), width, float(away[possible].min()), rows)


def _spread_there(design: Floats, missed: Floats, weight: Floats) -> Floats:
    """By what to multiply what the regression misses: its spread at the data over that at each run.

    After Blum & Francois (2010): the log of squared misses is regressed on the guesses (the first column is 1; the data
    lie at 0 of the others). With it goes what so few runs take away from the misses by being fitted.
    """
    root = np.sqrt(weight)
    logs = np.log(missed**2 + 1e-12)
    slopes, *_ = np.linalg.lstsq(root[:, None] * design, root[:, None] * logs, rcond=None)
    ratio = np.exp(np.clip(-0.5 * (design[:, 1:] @ slopes[1:]), -1.5, 1.5))
    n = float(weight.sum() ** 2 / np.sum(weight**2))
    loss = np.sqrt(n / max(n - design.shape[1] - 1.0, 1.0))
    spread: Floats = ratio * loss
    return spread


def _raked(shares: Floats, weight: Floats, bins: int = 5, rounds: int = 10) -> Floats:
    """Weights under which every column is even again over `bins` equal parts of 0 to 1."""
    cells = np.clip((shares * bins).astype(np.int64), 0, bins - 1)
    weight = weight / weight.sum()
    for _ in range(rounds):
        for k in range(shares.shape[1]):
            total = np.bincount(cells[:, k], weights=weight, minlength=bins)
            there = total > 0.0
            factor = np.zeros(bins)
            factor[there] = (1.0 / there.sum()) / total[there]
            weight = weight * factor[cells[:, k]]
    return weight
