"""Standard errors in closed form, for rows that come in clusters (the orders of a customer); imports nothing.

Rows of one customer are alike, so that the customers are what is drawn, not the rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def of_mean(value: Any, cluster: Any) -> float:
    """Standard error of the mean of rows: sqrt(sum over clusters of (S_c - m n_c)^2) / N.

    S_c: sum of the cluster's values, n_c: its rows, m: the mean of all N rows.

    >>> round(of_mean([1.0, 1.0, 3.0, 3.0], [0, 0, 1, 1]), 3), round(of_mean([1.0, 3.0], [0, 1]), 3)
    (0.707, 0.707)
    """
    value = np.asarray(value, dtype=np.float64)
    _, place = np.unique(np.asarray(cluster), return_inverse=True)
    apart = np.bincount(place, weights=value - value.mean())
    return float(np.sqrt((apart**2).sum()) / len(value))


def of_quantile(value: Any, cluster: Any, q: float) -> float:
    """Standard error of a quantile, after Woodruff (1952): half the distance of the quantiles at q - s and q + s.

    s is the standard error of the share of rows at or below the quantile.
    """
    value = np.asarray(value, dtype=np.float64)
    below = (value <= np.quantile(value, q)).astype(np.float64)
    s = max(of_mean(below, cluster), 0.5 / len(value))
    low, high = np.quantile(value, [max(q - s, 0.0), min(q + s, 1.0)])
    return float(high - low) / 2.0


def top_share(spend: Any, part: float = 0.2) -> tuple[float, float]:
    """(share of all spending from the `part` who spend most, its standard error).

    T = sum of the top part / sum of all; who is on the border counts in part. Standard error from the influence of one
    spender on T: ((y - q)+ + part q - T y) / mean, q the border (Langel & Tille 2011 for Lorenz shares).
    """
    spend = np.sort(np.asarray(spend, dtype=np.float64))[::-1]
    n, total = len(spend), float(spend.sum())
    running = np.concatenate([[0.0], np.cumsum(spend)])
    share = float(np.interp(part * n, np.arange(n + 1), running)) / total
    q = spend[min(int(part * n), n - 1)]
    influence = (np.maximum(spend - q, 0.0) + part * q - share * spend) / (total / n)
    return share, float(np.std(influence) / math.sqrt(n))
