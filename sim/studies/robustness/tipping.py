"""Tipping points of every factor that matters, for every pair of strategies; imports `crossing`, swept."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any, Final

import numpy as np

from sim.metrics import MEASURES
from sim.studies.compare import CONTROL
from sim.studies.robustness.crossing import crossing, curves
from sim.studies.swept import FloatArray, Sweep

#: a factor with fewer values says nothing of what is between them
LEAST_VALUES: Final = 3


def asked(sweep: Sweep, also: Collection[str]) -> list[int]:
    """Positions of the factors looked at: all levers and settings, and those coefficients that matter."""
    return [
        k for k, factor in enumerate(sweep.factors)
        if factor.is_number and factor.n_values >= LEAST_VALUES
        and (factor.ground in ("lever", "setting") or factor.path in also)
    ]  # fmt: skip


def tipping(sweep: Sweep, measure: str, also: Collection[str]) -> list[dict[str, Any]]:
    """A row a factor and pair of strategies: where one overtakes the other, with its interval, or that none does."""
    values, labels = _values(sweep, measure)
    rows = []
    for k in asked(sweep, also):
        factor = sweep.factors[k]
        line = curves(sweep.factors, k, values)
        for one, other in itertools.combinations(range(len(labels)), 2):
            found = crossing(line, one, other)
            if found is None:
                continue
            # `ahead`: who is ahead above the crossing, or all along
            ahead, behind = (one, other) if found.ahead_above else (other, one)
            rows.append({
                "factor": factor.path, "measure": measure, "ahead": labels[ahead], "behind": labels[behind],
                "value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high,
                "share_of_resamples": found.share if line.has_error else None, "n_crossings": found.n_crossings,
                "is_clear": found.is_clear, "low": float(line.at[0]), "high": float(line.at[-1]), "unit": factor.unit,
                "lead_low": float(line.lead(ahead, behind)[0, 0]),
                "lead_high": float(line.lead(ahead, behind)[0, -1]),
            })  # fmt: skip
    return rows


def _values(sweep: Sweep, measure: str) -> tuple[FloatArray, list[str]]:
    """Differences to the control by strategy (the control's own are 0), point and world; more is better."""
    values = sweep.values(measure) * (MEASURES[measure].direction or 1)
    kept = [j for j in range(len(sweep.labels)) if not np.isnan(values[:, j]).any()]
    units = sweep.by_world(values) if len(np.unique(sweep.worlds)) > 1 else values
    base = units[:, :1] if 0 in kept else 0.0
    return np.moveaxis((units - base)[:, kept], 1, 0), [
        sweep.labels[j] for j in kept if j or sweep.labels[j] == CONTROL
    ]
