"""Weeks ahead, with intervals: posterior draws x luck x how far the shop has been from the model; imports `levels`.

The fitted model gives paths: repeat orders of every week, for the newcomers of the data and those expected. The data's
own weeks say how far the shop is from each path (a slowly moving level), which paths go with them, and how much weeks
differ by themselves. Value comes from the orders' own values: their level, and its luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.evidence.buying import weekly_table
from sim.evidence.normal import Orders
from sim.evidence.score import Forecast
from sim.studies.calibrate.levels import LEAST_WEEKS, UNKNOWN_NOISE, Level, fitted, level_of

Floats = NDArray[np.float64]

YEAR: Final = 52
SMOOTH_WEEKS: Final = 3.0
SEASON_KEPT: Final = 0.8  # of a week's distance last year, expected again: one year cannot tell season from chance
ARRIVALS_SD: Final = 0.15  # log: how far newcomers of a whole season may be from what is expected
VALUE_STEP: Final = 0.01  # log: how far the mean value of an order moves in a week
LEAST_SEEN: Final = 8  # weeks of the data with repeat orders
FEWEST_PATHS: Final = 30.0  # effective: the weeks may not leave less


@dataclass(frozen=True, eq=False)
class Paths:
    """What runs of the model have by week, rows are runs: weeks of the fit, then weeks ahead; `weight` of the runs."""

    repeat_orders: Floats
    new: Floats
    scale: float
    weight: Floats

    @classmethod
    def of(cls, runs: Sequence[Orders], scale: float, weight: Floats | None = None) -> Paths:
        """From the order days of runs."""
        tables = [weekly_table(run) for run in runs]
        repeat = np.array([t["repeat_orders"] for t in tables], dtype=np.float64)
        new = np.array([t["new"] for t in tables], dtype=np.float64)
        n = len(runs)
        return cls(repeat, new, scale, np.full(n, 1.0 / n) if weight is None else weight / weight.sum())


@dataclass(frozen=True, eq=False)
class Outlook:
    """A forecast and what it rests on: the data's weeks, the level after the last of them, paths that go with them."""

    forecast: Forecast
    seen: pd.DataFrame  # week, repeat_orders, gmv
    level: Level
    effective_paths: float

    @property
    def table(self) -> pd.DataFrame:
        """week, quantity, mean, p05, p50, p95."""
        parts = []
        for quantity, columns in self.forecast.summary().items():
            parts.append(pd.DataFrame({"week": self.forecast.weeks, "quantity": quantity, **columns}))
        return pd.concat(parts, ignore_index=True)


def newcomers_ahead(orders: Orders, n_days: int) -> list[float]:
    """Newcomers expected on each of the days after the window.

    Nobody where they had stopped coming four weeks before its end: a closed cohort. After a year or more: as many as
    the last half year had in relation to all orders, following the orders of the same week last year. Else as many a
    day as in the last eight weeks.
    """
    table = weekly_table(orders)
    new, every = table["new"].astype(np.float64), table["orders"].astype(np.float64)
    if len(new) < 4 or new[-4:].sum() == 0.0:
        return [0.0] * n_days
    if len(new) >= YEAR:
        share = new[-YEAR // 2 :].sum() / max(every[-YEAR // 2 :].sum(), 1.0)
        trend = _declining(new / np.maximum(every, 1.0))
        season = every[-YEAR:] * np.minimum(share, trend)
        weeks = np.array([season[h % YEAR] for h in range(-(-n_days // 7))])
    else:
        weeks = np.full(-(-n_days // 7), new[-8:].mean())
    return [float(weeks[d // 7]) / 7.0 for d in range(n_days)]


def _declining(share: Floats) -> float:
    """Newcomers' share of orders towards the end: records take old customers for new ones at first."""
    return float(np.mean(share[-13:]))


def smooth_log(paths: Floats, weeks: float = SMOOTH_WEEKS) -> Floats:
    """Local straight lines through the logarithms of every row: a path without its luck."""
    n = paths.shape[1]
    at = np.arange(n, dtype=np.float64)
    values = np.log(paths + 0.5)
    found = np.empty_like(values)
    for k in range(n):
        weight = np.exp(-0.5 * ((at - k) / weeks) ** 2)
        x = at - k
        s0, s1, s2 = weight.sum(), (weight * x).sum(), (weight * x * x).sum()
        line = weight * (s2 - s1 * x) / (s0 * s2 - s1 * s1)
        found[:, k] = values @ line
    return found


def forecast(orders: Orders, paths: Paths, ahead: int, seed: int = 1, n_draws: int = 4000) -> Outlook:
    """The next `ahead` weeks after the data's window, given paths that go so far."""
    table = weekly_table(orders)
    n = len(table["orders"])
    rng = np.random.Generator(np.random.PCG64(seed))
    shape = smooth_log(paths.repeat_orders[:, : n + ahead]) + np.log(paths.scale)
    seen = table["repeat_orders"].astype(np.float64)
    distance = np.log(seen + 0.5) - shape[:, :n]
    distance[:, seen < 5.0] = np.nan  # too few to have a logarithm
    if n - LEAST_SEEN >= 0:
        distance[:, : max(1, n // 8)] = np.nan  # the first weeks of a shop's records are like no others
    season = np.zeros(ahead)
    middle = paths.weight @ np.nan_to_num(distance, nan=0.0)
    middle[np.isnan(distance[0])] = np.nan
    has_year = n >= YEAR
    if has_year:
        apart = middle - np.nanmean(middle)
        season = SEASON_KEPT * np.nan_to_num(apart[-YEAR:])[np.arange(ahead) % YEAR]
        season += (1.0 - SEASON_KEPT) * float(np.nanmean(apart[-13:]))
        around = _rolling(middle)
        step, noise = 0.03, float(np.nanstd(middle - around)) * np.sqrt(2.0)  # two years differ by the luck of both
        base = np.nanmean(distance, axis=1)
        known = [Level(float(b), 0.1**2, step, noise, 0.0, (middle - around)[np.isfinite(middle)]) for b in base]
    else:
        step, each = fitted(middle)
        known = [level_of(row, step, each) for row in distance]
    weight = _with_weeks(paths.weight, np.array([one.log_likelihood for one in known]))
    row = rng.choice(len(weight), size=n_draws, p=weight)
    start = np.array([one.mean for one in known])[row] + rng.standard_normal(n_draws) * np.sqrt(
        [known[k].variance for k in row]
    )
    wander = np.cumsum(rng.standard_normal((n_draws, ahead)) * step, axis=1)
    if has_year:
        luck = _luck(known[int(np.argmax(weight))], noise, (n_draws, ahead), rng) * np.sqrt(2.0)
    elif len(known[0].residuals) < LEAST_WEEKS:  # a shop too small to tell
        luck = rng.standard_normal((n_draws, ahead)) * UNKNOWN_NOISE
    else:  # as the weeks seen were, great mailings too: they will come again
        luck = rng.choice(known[int(np.argmax(weight))].residuals, size=(n_draws, ahead))
    rate = np.exp(shape[row][:, n:] + start[:, None] + wander + luck + season)
    repeat = rng.poisson(np.minimum(rate, 1e8)).astype(np.float64)
    fresh = paths.new[row][:, n : n + ahead] * paths.scale
    fresh = rng.poisson(fresh * np.exp(rng.standard_normal((n_draws, 1)) * ARRIVALS_SD + 0.5 * luck)).astype(np.float64)
    total = repeat + fresh
    value = _values(table, n, ahead, total, rng)
    best = known[int(np.argmax(weight))]
    start_of = None if orders.start is None else orders.start + timedelta(days=7 * n)
    drawn = Forecast(np.arange(n + 1, n + ahead + 1), {"repeat_orders": repeat, "gmv": total * value}, start_of)
    weeks = pd.DataFrame({"week": np.arange(1, n + 1), "repeat_orders": seen, "gmv": table["gmv"]})
    return Outlook(drawn, weeks, best, float(1.0 / np.sum(weight**2)))


def _with_weeks(weight: Floats, log_likelihood: Floats) -> Floats:
    """Weights of paths after the data's weeks; tempered so that enough paths are left."""
    power = 1.0
    for _ in range(30):
        raw = np.log(np.maximum(weight, 1e-300)) + power * (log_likelihood - log_likelihood.max())
        found: Floats = np.exp(raw - raw.max())
        found /= found.sum()
        if 1.0 / np.sum(found**2) >= min(FEWEST_PATHS, 0.5 / np.sum(weight**2)):
            break
        power *= 0.7
    return found


def _luck(level: Level, noise: float, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """What single weeks have of their own: drawn again from those seen, scaled to the fitted noise."""
    seen = level.residuals - level.residuals.mean()
    if len(seen) < LEAST_SEEN or seen.std() <= 0.0:
        return rng.standard_normal(shape) * noise
    return np.asarray(rng.choice(seen, size=shape) * (noise / seen.std()), dtype=np.float64)


def _rolling(values: Floats, weeks: int = 5) -> Floats:
    series = pd.Series(values)
    return np.asarray(series.rolling(weeks, center=True, min_periods=1).mean(), dtype=np.float64)


def _values(table: dict[str, Any], n: int, ahead: int, orders: Floats, rng: np.random.Generator) -> Floats:
    """Mean value of an order in the weeks ahead, a row a draw."""
    count = table["orders"].astype(np.float64)
    value = np.log(np.maximum(table["gmv"], 0.01) / np.maximum(count, 1.0))
    value[count < 5.0] = np.nan
    value[: n // 8] = np.nan
    repeat_share = table["repeat_orders"] / np.maximum(count, 1.0)
    if table["new"][-4:].sum() == 0 and (repeat_share == 1.0).sum() >= LEAST_SEEN:
        value[repeat_share < 1.0] = np.nan  # newcomers spend differently, and none are coming
    step, noise = VALUE_STEP, max(float(np.nanstd(value - _rolling(value, 13))), 0.01)
    known = level_of(value, step, noise)
    level = known.mean + rng.standard_normal(len(orders)) * np.sqrt(known.variance)
    wander = np.cumsum(rng.standard_normal(orders.shape) * step, axis=1)
    found: Floats = np.exp(level[:, None] + wander + _luck(known, noise, (orders.shape[0], ahead), rng))
    return found
