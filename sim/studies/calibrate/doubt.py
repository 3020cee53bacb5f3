"""Is a posterior to be believed? Recovery of planted coefficients on stored runs; imports `inference`.

Every stored run of the prior is taken once for the data of a study (simulation-based calibration, Talts et al. 2018).
Its coefficients are known. Runs are dealt into folds; guesses are fitted, and the posterior made, without the fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.studies.calibrate.inference import Bank, Guesser, Mask, infer_guesses
from sim.studies.calibrate.priors import Floats

FOLDS: Final = 10
EVEN_SD: Final = 1.0 / np.sqrt(12.0)  # of an even prior, as a share of its range
TOLD_FROM: Final = 0.10  # a posterior at least this much narrower than the prior, on average, is told by the data
FLAT_BELOW: Final = 0.05  # ... and not this much: flat


@dataclass(frozen=True, eq=False)
class Recovery:
    """What pseudo-studies with known coefficients gave: a row a pseudo-study, a column a coefficient."""

    truth: Floats  # shares of the range
    rank: Floats  # of the truth in the posterior, 0 to 1
    low: Floats  # 5 % quantile
    middle: Floats
    high: Floats  # 95 % quantile
    shrinkage: Floats  # 1 - sd of the posterior / sd of the prior
    nearest: Floats  # a number a pseudo-study: distance to the closest other run

    def __len__(self) -> int:
        return len(self.truth)

    def coverage(self, level: float = 0.9) -> Floats:
        """Share of pseudo-studies whose central interval of this level holds the truth, by coefficient."""
        tail = (1.0 - level) / 2.0
        inside: Floats = ((self.rank > tail) & (self.rank < 1.0 - tail)).mean(axis=0)
        return inside

    def explained(self) -> Floats:
        """Share of the truth's variance that the posterior's median explains."""
        left = np.mean((self.truth - self.middle) ** 2, axis=0)
        explained: Floats = 1.0 - left / np.var(self.truth, axis=0)
        return explained

    def evenness(self, bins: int = 20) -> tuple[Floats, list[float]]:
        """Rank histograms (bins x coefficients) and the p-values of a chi-square test that they are even."""
        from scipy.stats import chisquare

        cells = np.minimum((self.rank * bins).astype(int), bins - 1)
        counts = np.array([np.bincount(column, minlength=bins) for column in cells.T])
        return counts.T.astype(np.float64), [float(chisquare(row).pvalue) for row in counts]


def recover(bank: Bank, sd: Floats, n: int | None = None, seed: int = 1) -> Recovery:
    """Take runs of a bank for studies, in turn (`n` of them; all if left out)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    order = rng.permutation(len(bank))
    n = len(bank) if n is None else min(n, len(bank))
    asked = np.zeros(len(bank), dtype=np.bool_)
    asked[order[:n]] = True
    folds = np.array_split(order, min(FOLDS, len(bank)))
    found: dict[int, tuple[Any, ...]] = {}
    for fold in folds:
        mine = fold[asked[fold]]
        if len(mine) == 0:
            continue
        rest = np.setdiff1d(order, fold)
        others = bank.take(rest)
        centre = np.median(bank.summaries[rest], axis=0)
        guesser = Guesser.fit(others, centre, sd)
        guesses, seen = guesser.own, guesser.guess(bank.summaries[mine])
        for row, one in zip(mine, seen, strict=True):
            found[int(row)] = _judged(others, guesses, one, bank.shares[row])
    rows = sorted(found)
    columns = [np.array([found[row][k] for row in rows]) for k in range(7)]
    return Recovery(*columns)


def _judged(bank: Bank, guesses: Floats, seen: Floats, truth: Floats) -> tuple[Any, ...]:
    posterior = infer_guesses(bank, guesses, seen)
    p = len(truth)
    rank = [posterior.below(k, truth[k]) for k in range(p)]
    quantiles = np.array([posterior.quantile(k, (0.05, 0.5, 0.95)) for k in range(p)])
    shrinkage = [1.0 - posterior.sd(k) / EVEN_SD for k in range(p)]
    return truth, rank, quantiles[:, 0], quantiles[:, 1], quantiles[:, 2], shrinkage, posterior.nearest


def ridges(shares: Floats, names: Sequence[str], above: float = 0.6) -> list[dict[str, Any]]:
    """Pairs of coefficients that the data tell only together: strong correlations of the posterior's draws."""
    spread = shares.std(axis=0)
    found = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            if spread[a] > 1e-9 and spread[b] > 1e-9:
                r = float(np.corrcoef(shares[:, a], shares[:, b])[0, 1])
                if abs(r) >= above:
                    found.append({"first": names[a], "second": names[b], "correlation": round(r, 3)})
    return sorted(found, key=lambda one: -abs(one["correlation"]))


def is_told(recovery: Recovery, may_tell: Mask) -> Mask:
    """Coefficients that data of this kind and size tell, by how much narrower posteriors are than the prior."""
    told: Mask = may_tell & (recovery.shrinkage.mean(axis=0) >= TOLD_FROM)
    return told
