"""How far weeks of the data are from a model's path, and how far they may go: a local level; imports nothing of ours.

r[w] = level[w] + noise[w], level[w + 1] = level[w] + step[w], both normal: the distance on a log scale wanders slowly,
and every week (holidays, weather, mailings) has luck of its own. Filtered exactly (Kalman 1960). Weeks far off, like
those of a
great mailing, pull the level less: noise is taken as Student's t, by weights (Lange, Little & Taylor 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

T_DEGREES: Final = 4.0  # of freedom of a week's luck
ROUNDS: Final = 8  # of weighing: enough to settle
START_SD: Final = 0.5  # of the level before any week is seen: a factor of about two either way
LEAST_STEP: Final = 0.01  # a week: no shop stays on its path for ever
STEP_PRIOR: Final = (
    0.02,
    0.35,
)  # log-normal: middle and log sd of the step, which a few dozen weeks hardly tell
LEAST_WEEKS: Final = 4  # from which a noise is fitted
UNKNOWN_NOISE: Final = 0.3  # guess, where there are fewer: a week is off by a third either way


@dataclass(frozen=True)
class Level:
    """What is known of the level after the last week: mean and variance; step and noise of a week."""

    mean: float
    variance: float
    step: float
    noise: float
    log_likelihood: float
    residuals: Floats  # of every week against the smoothed level


def filtered(r: Floats, step: float, noise: Floats | float) -> tuple[Floats, Floats, float]:
    """(level, its variance) after every week, and the log likelihood; nan: a week that was not seen."""
    n = len(r)
    noise = np.broadcast_to(np.asarray(noise, dtype=np.float64), (n,))
    level, variance, total = 0.0, START_SD**2, 0.0
    levels, variances = np.empty(n), np.empty(n)
    for k in range(n):
        if k:
            variance += step**2
        if np.isfinite(r[k]):
            spread = variance + noise[k] ** 2
            miss = r[k] - level
            total -= 0.5 * (np.log(2.0 * np.pi * spread) + miss**2 / spread)
            gain = variance / spread
            level += gain * miss
            variance *= 1.0 - gain
        levels[k], variances[k] = level, variance
    return levels, variances, float(total)


def smoothed(r: Floats, step: float, noise: Floats | float) -> Floats:
    """The level of every week, knowing all weeks (Rauch, Tung & Striebel 1965)."""
    levels, variances, _ = filtered(r, step, noise)
    found = levels.copy()
    for k in range(len(r) - 2, -1, -1):
        gain = variances[k] / (variances[k] + step**2)
        found[k] = levels[k] + gain * (found[k + 1] - levels[k])
    return found


def fitted(r: Floats) -> tuple[float, Floats]:
    """The most probable step of a week, and the noise of every week: larger for weeks far off. The step has a prior."""
    times = np.ones(len(r))
    for _ in range(ROUNDS):
        step, noise = _fitted(r, times)
        away = np.nan_to_num((r - smoothed(r, step, noise * times)) / noise)
        times = np.sqrt((T_DEGREES + away**2) / (T_DEGREES + 1.0))
    return step, noise * times


def _fitted(r: Floats, times: Floats) -> tuple[float, float]:
    """(step, noise) where the noise of a week is so many times as large."""
    from scipy.optimize import minimize

    def cost(x: Floats) -> float:
        step, noise = np.exp(x)
        prior = 0.5 * ((x[0] - np.log(STEP_PRIOR[0])) / STEP_PRIOR[1]) ** 2
        return float(prior) - filtered(r, float(step), float(noise) * times)[2]

    seen = r[np.isfinite(r)]
    if len(seen) < LEAST_WEEKS:
        return STEP_PRIOR[0], UNKNOWN_NOISE
    start = np.log([STEP_PRIOR[0], max(float(np.std(np.diff(seen))) / 1.5, 0.02)])
    best: Any = minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 400})
    step, noise = np.exp(best.x)
    return max(float(step), LEAST_STEP), max(float(noise), 1e-3)


def level_of(r: Floats, step: float, noise: Floats | float) -> Level:
    """The level after the last week; `noise` may differ from week to week."""
    levels, variances, total = filtered(r, step, noise)
    residuals = r - smoothed(r, step, noise)
    usual = float(np.mean(noise))
    return Level(float(levels[-1]), float(variances[-1]), step, usual, total, residuals[np.isfinite(residuals)])
