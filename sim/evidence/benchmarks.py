"""The answer of `grapevine data forecast`: both benchmarks of a study, and scores; imports `findings`, `forecast`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.evidence.findings import gather
from sim.evidence.forecast import actual, bg_nbd, seasonal_naive
from sim.evidence.normal import WEEK
from sim.evidence.score import LEVELS, Forecast
from sim.evidence.study import Study

_FEWEST_WEEKS: Final = 4


@dataclass(frozen=True)
class Benchmarks:
    """Both forecasts of the weeks after `end`, and their scores if it is known what happened."""

    study: str
    start: date | None
    end: date | None
    weeks: int
    forecasts: dict[str, Forecast]
    scores: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """forecast_bgnbd.csv and forecast_naive.csv."""
        for name, forecast in self.forecasts.items():
            forecast.write(folder / f"forecast_{name}.csv")

    def totals(self) -> dict[str, dict[str, dict[str, float]]]:
        """forecast -> quantity -> mean and quantiles of the sum over all weeks."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for name, forecast in self.forecasts.items():
            found[name] = {}
            for quantity, draws in forecast.draws.items():
                total = draws.sum(axis=1)
                low, middle, high = (float(value) for value in np.quantile(total, LEVELS))
                found[name][quantity] = {"mean": float(total.mean()), "p05": low, "p50": middle, "p95": high}
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        weekly = {
            name: {
                quantity: {key: values.tolist() for key, values in columns.items()}
                for quantity, columns in forecast.summary().items()
            }
            for name, forecast in self.forecasts.items()
        }
        first = next(iter(self.forecasts.values()))
        return {
            "study": self.study, "fitted_from": str(self.start), "fitted_to": str(self.end),
            "weeks": first.weeks.tolist(), "total": self.totals(), "by_week": weekly, "scores": self.scores,
        }  # fmt: skip


def ask(study: Study, weeks: int = 13, hold_out: int = 0) -> Benchmarks:
    """Forecast the weeks after the fit of a study, or its last `hold_out` weeks, which are then hidden and scored.

    A study whose window has a hold-out is scored on the whole weeks of it that the data hold.
    """
    if study.orders is None:
        raise InputError(
            "a forecast needs orders", file=study.file, hint="Only studies with a section `orders` have one."
        )
    evidence = gather(study)
    assert evidence.orders is not None
    assert evidence.window is not None
    known = evidence.orders
    fitted, truth = known, None
    if hold_out:
        if known.n_days < (hold_out + _FEWEST_WEEKS) * WEEK:
            most = known.n_days // WEEK - _FEWEST_WEEKS
            raise InputError("too many weeks to hide", found=hold_out, allowed=f"at most {max(most, 0)}")
        n_days = known.n_days // WEEK * WEEK - hold_out * WEEK
        fitted, weeks = known.until(n_days), hold_out
        truth = actual(known, n_days, weeks)
    elif evidence.hold_out is not None and evidence.window.known_days >= WEEK:
        weeks = min(weeks, evidence.window.known_days // WEEK)
        truth = actual(evidence.hold_out, known.n_days, weeks)
    forecasts = {"bgnbd": bg_nbd(fitted, weeks), "naive": seasonal_naive(fitted, weeks)}
    scores = {} if truth is None else {name: forecast.scores(truth) for name, forecast in forecasts.items()}
    end = (
        evidence.window.end
        if not hold_out
        else evidence.window.start.fromordinal(evidence.window.start.toordinal() + fitted.n_days - 1)
    )
    return Benchmarks(study.name, evidence.window.start, end, weeks, forecasts, scores)
