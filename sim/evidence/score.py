"""Forecasts by week and how good they were: error of cumulated values, CRPS, coverage; imports `errors`, `tables`.

A forecast is a set of draws, one row each, or the quantiles that were written. The same scores serve every forecaster.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.tables import read_columns

Floats = npt.NDArray[np.float64]
QUANTITIES: Final = ("repeat_orders", "gmv")
LEVELS: Final = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Forecast:
    """Draws of future weeks: quantity -> one row a draw, one column a week; `weeks` are their numbers."""

    weeks: npt.NDArray[np.int64]
    draws: Mapping[str, Floats]
    start: date | None = None  # first day of the first week

    def summary(self) -> dict[str, dict[str, Floats]]:
        """quantity -> mean, p05, p50, p95 by week."""
        found = {}
        for name, draws in self.draws.items():
            low, middle, high = np.quantile(draws, LEVELS, axis=0)
            found[name] = {"mean": draws.mean(axis=0), "p05": low, "p50": middle, "p95": high}
        return found

    def write(self, path: str | Path) -> None:
        """CSV: week, quantity, mean, p05, p50, p95, first_day."""
        with Path(path).open("w", encoding="utf-8", newline="") as stream:
            out = csv.writer(stream, lineterminator="\n")
            out.writerow(["week", "quantity", "mean", "p05", "p50", "p95", "first_day"])
            for name, columns in self.summary().items():
                for i, week in enumerate(self.weeks.tolist()):
                    day = "" if self.start is None else str(self.start + timedelta(days=7 * i))
                    out.writerow(
                        [week, name, *(f"{columns[key][i]:.2f}" for key in ("mean", "p05", "p50", "p95")), day]
                    )

    def scores(self, actual: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """quantity -> scores against what happened; see `scores_of`."""
        summary = self.summary()
        return {
            name: scores_of(summary[name], np.asarray(actual[name], dtype=np.float64), self.draws[name])
            for name in self.draws
        }


def read_forecast(path: str | Path) -> tuple[list[int], dict[str, dict[str, Floats]]]:
    """(weeks, quantity -> mean, p05, p50, p95) of a forecast that was written."""
    path = Path(path)
    numbers = ("mean", "p05", "p50", "p95")
    columns = read_columns(
        path, required={"week": "int", "quantity": "text", **dict.fromkeys(numbers, "float")}, what="forecast"
    )
    weeks = sorted(set(columns["week"].tolist()))
    found = {}
    for name in dict.fromkeys(columns["quantity"].tolist()):
        rows = columns["quantity"] == name
        if sorted(columns["week"][rows].tolist()) != weeks:
            raise InputError("a forecast needs every week once for every quantity", file=path, found=name)
        order = np.argsort(columns["week"][rows])
        found[str(name)] = {key: np.asarray(columns[key][rows][order], dtype=np.float64) for key in numbers}
    return weeks, found


def scores_of(summary: Mapping[str, Floats], actual: Floats, draws: Floats | None = None) -> dict[str, float]:
    """How good a forecast of weekly values was.

    mape: mean of |forecast mean - actual| / actual by week. mape_cumulative: the same of values cumulated from the
    first week on (BTYD's tracking plot). total_error: of the whole, with its sign. crps: mean over weeks of E|X - y| -
    E|X - X'| / 2 (from draws; Gneiting & Raftery 2007). pinball: mean of the quantile losses at 5, 50 and 95 %.
    coverage_90: share of weeks between p05 and p95. Lower is better, but for coverage, which should be 0.9.
    """
    mean = summary["mean"]
    summed, forecast = np.cumsum(actual), np.cumsum(mean)
    losses = [
        np.where(actual >= summary[key], level * (actual - summary[key]), (1 - level) * (summary[key] - actual))
        for level, key in zip(LEVELS, ("p05", "p50", "p95"), strict=True)
    ]
    used = actual != 0
    found = {
        "mape": float(np.mean(np.abs(mean - actual)[used] / np.abs(actual[used]))) if used.any() else float("nan"),
        "mape_cumulative": float(np.mean(np.abs(forecast - summed) / np.maximum(np.abs(summed), 1e-12))),
        "total_error": float(forecast[-1] / summed[-1] - 1) if summed[-1] else float("nan"),
        "pinball": float(np.mean(losses)),
        "coverage_90": float(np.mean((summary["p05"] <= actual) & (actual <= summary["p95"]))),
    }
    if draws is not None:
        found["crps"] = float(np.mean([crps(column, y) for column, y in zip(draws.T, actual, strict=True)]))
    return found


def crps(draws: Any, actual: float) -> float:
    """Continuous ranked probability score of draws: mean |x - y| - half the mean |x - x'| of all pairs.

    >>> crps([1.0, 3.0], 2.0), crps([5.0], 2.0)
    (0.5, 3.0)
    """
    x = np.sort(np.asarray(draws, dtype=np.float64))
    n = len(x)
    pairs = float(np.sum((2 * np.arange(1, n + 1) - n - 1) * x)) / n**2  # half the mean absolute difference
    return float(np.mean(np.abs(x - actual))) - pairs
