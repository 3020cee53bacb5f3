"""Bass's model of diffusion, fitted as he did it; imports nothing. Models of buyers are in `sim.evidence.buyers`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


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
