"""Models of buyers from the literature, fitted by maximum likelihood: sBG, BG/NBD, gamma-gamma; imports nothing.

Fader & Hardie 2007 (shifted beta-geometric: who stays); Fader, Hardie & Lee 2005 (BG/NBD: who buys again, and
when); Fader, Hardie & Lee 2005b (gamma-gamma: for how much).
"""

from __future__ import annotations

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
    return float(np.sum(bg_nbd_log_likelihoods(r, alpha, a, b, x, t_x, t)))


def bg_nbd_log_likelihoods(r: float, alpha: float, a: float, b: float, x: Any, t_x: Any, t: Any) -> Any:
    """The same, customer by customer."""
    from scipy.special import betaln, gammaln

    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
    left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return common + np.where(x > 0, np.logaddexp(stayed, left), stayed)


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


def bg_nbd_alive(r: float, alpha: float, a: float, b: float, x: Any, t_x: Any, t: Any) -> Any:
    """Chance that a customer with x repeats, the last at t_x, watched until t, has not left for good.

    1 / (1 + a / (b + x - 1) ((alpha + t) / (alpha + t_x))^(r + x)), and 1 with no repeat: one leaves after a
    repeat only.
    """
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + t) / (alpha + t_x)) ** (r + x)
    return np.where(np.asarray(x) > 0, 1.0 / (1.0 + odds), 1.0)


def gamma_gamma_log_likelihood(p: float, q: float, gamma: float, n: Any, mean: Any) -> float:
    """Log likelihood of a mean value `mean` over n purchases: values gamma(p, nu), nu gamma(q, gamma)."""
    from scipy.special import gammaln

    of_one = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma)
    return float(
        np.sum(of_one + (p * n - 1) * np.log(mean) + p * n * np.log(n) - (p * n + q) * np.log(gamma + n * mean))
    )


def fit_gamma_gamma(n: Any, mean: Any) -> tuple[float, float, float]:
    """(p, q, gamma) from the number and the mean value of the purchases of each customer; values above 0."""
    from scipy.optimize import minimize

    scale = float(np.mean(mean))

    def minus(log_params: FloatArray) -> float:
        if np.abs(log_params).max() > 12.0:
            return 1e6
        p, q, gamma = (float(value) for value in np.exp(log_params))
        return -gamma_gamma_log_likelihood(p, q, gamma, n, mean / scale) / len(mean)

    options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-4, "fatol": 1e-8}
    best = minimize(minus, np.log([4.0, 3.0, 1.0]), method="Nelder-Mead", options=options)
    p, q, gamma = (float(value) for value in np.exp(best.x))
    return p, q, gamma * scale


def draws_around(log_likelihood: Any, best: Any, n: int, luck: np.random.Generator) -> FloatArray:
    """Draws of positive coefficients around their maximum of likelihood: normal in logarithms, curvature by
    differences.

    One row a draw. What the data leave open is bounded: no eigenvalue of the curvature counts less than that of sd 1.
    """
    center = np.log(np.asarray(best, dtype=np.float64))
    k, step = len(center), 1e-3

    def at(move: FloatArray) -> float:
        return float(log_likelihood(*np.exp(center + step * move)))

    unit = np.eye(k)
    curvature = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            corners = (unit[i] + unit[j], unit[i] - unit[j], unit[j] - unit[i], -unit[i] - unit[j])
            curvature[i, j] = -(at(corners[0]) - at(corners[1]) - at(corners[2]) + at(corners[3])) / (4 * step**2)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    spread = vectors / np.sqrt(np.maximum(values, 1.0))
    drawn: FloatArray = np.exp(center + luck.standard_normal((n, k)) @ spread.T)
    return drawn
