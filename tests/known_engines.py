"""Engines whose measures are a known function of a point: GMV of `team_up` less the control's is Ishigami's function.

params b_h, b_r, b_q over their ranges are the three inputs, each uniform on -pi..pi; GRAPEVINE_KNOWN=noise=0.5 adds
luck with so much standard deviation (in units of the function), keyed by the replication, the same at every point.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from fake_engines import World, journal, warm_up

from sim.params import COEFFICIENTS

__all__ = ["World", "ishigami", "simulate", "warm_up"]

INPUTS = ("b_h", "b_r", "b_q")
SCALE = 100_000  # cents for 1
_BASE = journal(6, [1], 0)


def ishigami(x: Any) -> Any:
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 (Ishigami & Homma 1990), of inputs from 0 to 1."""
    a, b, c = (math.pi * (2 * np.asarray(one) - 1) for one in x)
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def shares() -> dict[str, float]:
    """First-order and total shares of the variance, in closed form."""
    a, b = 7.0, 0.1
    v1 = 0.5 * (1 + b * math.pi**4 / 5) ** 2
    v2, v13 = a**2 / 8, b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    v = v1 + v2 + v13
    return {"S1": v1 / v, "S2": v2 / v, "S3": 0.0, "S13": v13 / v, "T1": (v1 + v13) / v, "T3": v13 / v, "V": v}


def simulate(scenario: Any, strategy: str, replication: int = 0, engine: str = "columnar", world: Any = None) -> Any:
    noise = float(dict(w.split("=") for w in os.environ.get("GRAPEVINE_KNOWN", "").split()).get("noise", 0))
    value = 10.0
    if strategy == "team_up":
        inputs = []
        for name in INPUTS:
            row = COEFFICIENTS[name]
            inputs.append((float(scenario.params.get(name, row.default)) - row.low) / (row.high - row.low))
        value += float(ishigami(inputs)) + noise * float(np.random.Generator(np.random.Philox(replication)).normal())
    daily = _BASE.daily.copy()
    daily["gmv_cents"] = 0
    daily.loc[0, "gmv_cents"] = round(SCALE * value)
    _BASE.daily = daily
    return _BASE
