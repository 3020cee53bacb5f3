"""Who is best in how many draws and worlds, what choosing wrongly costs, the differences; imports `variance`, swept."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.metrics import MEASURES
from sim.studies.compare import CONTROL
from sim.studies.robustness.variance import balanced, mean
from sim.studies.swept import FloatArray, Sweep

#: the middle of draws that a range shows
RANGE: tuple[float, float] = (5.0, 95.0)


def best(sweep: Sweep, measure: str) -> list[dict[str, Any]]:
    """A row a strategy: P(best) over points x worlds and over points, regret, difference to the control."""
    values = sweep.values(measure) * (MEASURES[measure].direction or 1)
    kept = [j for j in range(len(sweep.labels)) if not np.isnan(values[:, j]).any()]
    worlds = sweep.by_world(values[:, kept])
    by_point = worlds.mean(axis=2)
    in_worlds, in_points = share_best(worlds.transpose(0, 2, 1).reshape(-1, len(kept))), share_best(by_point)
    regret = by_point.max(axis=1, keepdims=True) - by_point
    rows = []
    for j, label in enumerate(sweep.labels):
        row: dict[str, Any] = {"strategy": label, "measure": measure, "n_points": len(sweep.points),
                               "n_worlds": len(np.unique(sweep.worlds))}  # fmt: skip
        names = ("p_best", "p_best_points", "regret", "regret_p95", "mean", "diff", "ci_low", "ci_high")
        row |= dict.fromkeys((*names, "diff_p5", "diff_p95", "p_better"))
        if j in kept:
            k = kept.index(j)
            row |= {"p_best": float(in_worlds[k]), "p_best_points": float(in_points[k]),
                    "regret": float(regret[:, k].mean()), "regret_p95": float(np.percentile(regret[:, k], 95)),
                    "mean": float(sweep.values(measure)[:, j].mean())}  # fmt: skip
            if label != CONTROL and 0 in kept:
                row |= _difference(sweep, measure, j)
        rows.append(row)
    return rows


def share_best(values: FloatArray) -> FloatArray:
    """In what share of rows each column is the largest; equal ones share."""
    is_best = values == values.max(axis=1, keepdims=True)
    return np.asarray((is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0))


def differences(sweep: Sweep, measure: str, label: str) -> FloatArray:
    """A strategy's difference from the control, by point and replication: same world, same luck."""
    values = sweep.values(measure)
    return np.asarray(values[:, sweep.labels.index(label)] - values[:, 0])


def _difference(sweep: Sweep, measure: str, j: int) -> dict[str, Any]:
    difference = differences(sweep, measure, sweep.labels[j])
    found = mean(balanced(difference, sweep.worlds))
    by_point = sweep.by_world(difference).mean(axis=1)
    low, high = np.percentile(by_point, RANGE)
    is_better = by_point * (MEASURES[measure].direction or 1) > 0
    return {"diff": found.mean, "ci_low": found.ci_low, "ci_high": found.ci_high, "diff_p5": float(low),
            "diff_p95": float(high), "p_better": float(is_better.mean())}  # fmt: skip


def best_at_points(sweep: Sweep, measure: str) -> tuple[list[str], Any]:
    """The strategies that are best at some point, and for each point which of them is (mean over worlds)."""
    values = sweep.values(measure) * (MEASURES[measure].direction or 1)
    means = np.where(np.isnan(values).any(axis=2), -np.inf, sweep.by_world(values).mean(axis=2))
    winner = means.argmax(axis=1)  # the control, then the first one, where means are equal
    names = sorted(set(winner.tolist()))
    return [sweep.labels[j] for j in names], np.searchsorted(names, winner)
