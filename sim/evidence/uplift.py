"""Targets of experiments: the mean of every arm and its uplift over the control; imports `target`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.evidence.target import Target

FEWEST: Final = 30


def arm_targets(
    arm: Any, outcomes: Mapping[str, Any], control: str, prefix: str = "", source: str = ""
) -> Iterator[Target]:
    """arm[outcome.arm] = mean; uplift[outcome.arm] = mean of the arm - mean of the control.

    Standard errors: sd / sqrt(n) of a mean, sqrt(of the arm^2 + of the control^2) of a difference (Neyman).
    """
    arm = np.asarray(arm).astype(str)
    names = sorted(set(arm.tolist()))
    if control not in names:
        raise InputError("the control is no arm", found=control, allowed=", ".join(names[:12]))
    for outcome, values in outcomes.items():
        value = np.asarray(values, dtype=np.float64)
        found: dict[str, tuple[float, float, int]] = {}
        for name in names:
            of_arm = value[(arm == name) & np.isfinite(value)]
            if len(of_arm) >= FEWEST:
                se = max(float(of_arm.std(ddof=1)) / len(of_arm) ** 0.5, 0.5 / len(of_arm))
                found[name] = (float(of_arm.mean()), se, len(of_arm))
                yield Target("arm", *found[name][:2], source, len(of_arm), f"{prefix}{outcome}.{name}")
        if control not in found:
            continue
        mean_0, se_0, n_0 = found[control]
        for name, (mean, se, n) in found.items():
            if name != control:
                sd = (se**2 + se_0**2) ** 0.5
                yield Target("uplift", mean - mean_0, sd, source, n + n_0, f"{prefix}{outcome}.{name}")
