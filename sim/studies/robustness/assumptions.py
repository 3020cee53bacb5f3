"""The assumption ledger: on what the variance of a difference rests; imports `variance`, `surrogate`, `best`, swept.

The variance of one paired run's difference is split into what the factors explain (by what their values rest on), what
they do and no polynomial found explains, the world that is drawn, and luck within it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.studies.robustness.best import differences
from sim.studies.robustness.surrogate import Surrogate, fit
from sim.studies.robustness.variance import Parts, balanced, parts
from sim.studies.swept import FloatArray, Sweep

#: what a part can rest on, in the order in which it is shown
SOURCES: Final = (
    *("guess", "literature", "calibrated", "lever", "setting", "between"),
    *("unexplained", "world", "luck"),
)
_RESAMPLES: Final = 200
_SEED: Final = 20_261_202
#: factors of each difference that the table of factors holds at most
MOST_FACTORS: Final = 200


def ledger(sweep: Sweep, measure: str, label: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(a row a source of variance, a row a factor) of one strategy's difference from the control."""
    cube = balanced(differences(sweep, measure, label), sweep.worlds)
    found = parts(cube)
    means = cube.mean(axis=(1, 2))
    surrogate = fit(sweep.factors, means, sweep.is_independent)
    explained = min(max(surrogate.r2, 0.0) * float(means.var(ddof=1)), found.points)
    head = {"strategy": label, "measure": measure}
    return _by_source(sweep, found, surrogate, explained, head), _by_factor(sweep, surrogate, explained, found, head)


def _by_source(
    sweep: Sweep, found: Parts, surrogate: Surrogate, explained: float, head: dict[str, Any]
) -> list[dict[str, Any]]:
    grounds = {factor.ground for factor in sweep.factors}
    own, low, high = _grouped(sweep, surrogate)
    variances: dict[str, float | None] = {
        source: explained * own[source] if source in own else (0.0 if source in grounds else None)
        for source in SOURCES[:6]
    }
    variances |= {"unexplained": found.points - explained, "world": found.world, "luck": found.luck}
    total = found.total
    rows = []
    for source in SOURCES:
        variance = variances[source]
        row = {**head, "source": source, "n_factors": sum(f.ground == source for f in sweep.factors),
               "variance": variance, "share": None, "share_low": None, "share_high": None,
               "r2": surrogate.r2, "total_variance": total}  # fmt: skip
        if variance is not None and total > 0:
            row["share"] = variance / total
            if source in own:
                row |= {"share_low": explained * low[source] / total, "share_high": explained * high[source] / total}
        rows.append(row)
    return rows


def _grouped(sweep: Sweep, surrogate: Surrogate) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Shares of what is explained by ground, with the middle 95 % of resamples of points."""
    sources = []
    for term in surrogate.terms:
        grounds = {sweep.factors[k].ground for k, _ in term}
        sources.append(next(iter(grounds)) if len(grounds) == 1 else "between")
    names = list(dict.fromkeys(sources))
    if not names:
        return {}, {}, {}
    member = np.array([[source == name for source in sources] for name in names], dtype=np.float64)
    luck = np.random.Generator(np.random.PCG64(_SEED))
    n = len(surrogate.values)
    again: FloatArray = np.stack([member @ surrogate.shares(luck.integers(0, n, n)) for _ in range(_RESAMPLES)])
    middle, (low, high) = member @ surrogate.shares(), np.percentile(again, [2.5, 97.5], axis=0)
    return tuple(dict(zip(names, map(float, row), strict=True)) for row in (middle, low, high))  # type: ignore[return-value]


def _by_factor(
    sweep: Sweep, surrogate: Surrogate, explained: float, found: Parts, head: dict[str, Any]
) -> list[dict[str, Any]]:
    shares = surrogate.shares()
    rows = []
    for k, factor in enumerate(sweep.factors):
        alone = sum(share for share, term in zip(shares, surrogate.terms, strict=True) if [j for j, _ in term] == [k])
        touched = sum(share for share, term in zip(shares, surrogate.terms, strict=True) if k in [j for j, _ in term])
        scale = explained / found.total if found.total > 0 else 0.0
        rows.append({
            **head, "factor": factor.path, "ground": factor.ground, "low": _end(factor.values.min(), factor.is_number),
            "high": _end(factor.values.max(), factor.is_number), "unit": factor.unit,
            "share_alone": float(alone) * scale, "share_with_others": float(touched) * scale,
        })  # fmt: skip
    rows.sort(key=lambda row: (-row["share_with_others"], row["factor"]))
    return rows[:MOST_FACTORS]


def _end(value: float, is_number: bool) -> float | None:
    return float(value) if is_number else None
