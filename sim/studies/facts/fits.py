"""Two models of the literature, fitted by maximum likelihood: sBG survival and BG/NBD repeat buying; imports nothing.

Fader & Hardie 2007 (shifted beta-geometric); Fader, Hardie & Lee 2005 (BG/NBD).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def sbg_survival(a: float, b: float, periods: int) -> FloatArray:
    """Share still there after 1, 2, .. periods: S(t) = B(a, b + t) / B(a, b).

    >>> [round(float(s), 4) for s in sbg_survival(0.704, 1.182, 3)]
    [0.6267, 0.4738, 0.388]
    """
    t = np.arange(1, periods + 1)
    return np.asarray(np.cumprod((b + t - 1) / (a + b + t - 1)), dtype=np.float64)


def fit_sbg(alive: Any, n: int) -> tuple[float, float]:
    """(a, b) from how many of n are still there after 1, 2, .. periods."""
    from scipy.optimize import minimize

    alive = np.asarray(alive, dtype=np.float64)
    lost = -np.diff(np.concatenate([[float(n)], alive]))

    def minus_log_likelihood(log_ab: FloatArray) -> float:
        s = sbg_survival(float(np.exp(log_ab[0])), float(np.exp(log_ab[1])), len(alive))
        died = -np.diff(np.concatenate([[1.0], s]))
        return -float(lost @ np.log(np.maximum(died, 1e-300)) + alive[-1] * np.log(max(s[-1], 1e-300))) / n

    best = minimize(minus_log_likelihood, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10})
    return float(np.exp(best.x[0])), float(np.exp(best.x[1]))


def bg_nbd_log_likelihood(r: float, alpha: float, a: float, b: float, x: Any, t_x: Any, t: Any) -> float:
    """Log likelihood of repeats x, the last at t_x, watched until t (all since the first order)."""
    from scipy.special import betaln, gammaln

    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
    left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return float(np.sum(common + np.where(x > 0, np.logaddexp(stayed, left), stayed)))


def fit_bg_nbd(x: Any, t_x: Any, t: Any) -> tuple[float, float, float, float]:
    """(r, alpha, a, b); times in the unit they are given in."""
    from scipy.optimize import minimize

    def minus(log_params: FloatArray) -> float:
        if np.abs(log_params).max() > 12.0:  # where a shape is not identified, far enough is far enough
            return 1e6
        r, alpha, a, b = (float(value) for value in np.exp(log_params))
        return -bg_nbd_log_likelihood(r, alpha, a, b, x, t_x, t) / len(x)

    start = np.log([0.3, float(np.mean(t)) / 5.0, 0.8, 2.5])
    options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-4, "fatol": 1e-8}
    best = minimize(minus, start, method="Nelder-Mead", options=options)
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return r, alpha, a, b


def bg_nbd_expected(r: float, alpha: float, a: float, b: float, t: Any) -> Any:
    """Expected repeats of a new customer within t of her first order."""
    from scipy.special import hyp2f1

    z = t / (alpha + t)
    if abs(a - 1.0) < 1e-6:
        a = 1.0 + 1e-6
    return (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, z))


def fit_bass(new: Any, market: float | None = None) -> tuple[float, float, float]:
    """(p, q, R2) from how many are new in each period, as Bass (1969) did it: by least squares.

    new = p (m - N) + q N (1 - N / m), N all before: a + b N + c N^2 of which m, p and q follow; with the market m given
    only p and q are estimated. Not a number where no market fits.
    """
    found = np.asarray(new, dtype=np.float64)
    before = np.concatenate([[0.0], np.cumsum(found)[:-1]])
    if market is not None:
        left = market - before
        design = np.stack([left, before * left / market], axis=1)
        (p, q), *_ = np.linalg.lstsq(design, found, rcond=None)
        fitted = design @ np.array([p, q])
    else:
        design = np.stack([np.ones_like(before), before, before**2], axis=1)
        (a, b, c), *_ = np.linalg.lstsq(design, found, rcond=None)
        fitted = design @ np.array([a, b, c])
        roots = [float(root.real) for root in np.roots([c, b, a]) if abs(root.imag) < 1e-9 and root.real > 0.0]
        m = max(roots, default=math.nan)
        p, q = a / m, -c * m
    rest = float(((found - fitted) ** 2).sum())
    return float(p), float(q), 1.0 - rest / max(float(((found - found.mean()) ** 2).sum()), 1e-300)
