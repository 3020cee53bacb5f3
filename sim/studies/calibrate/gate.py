"""Checks that a posterior must pass before anybody decides with it; imports `doubt`, `inference`.

A study that fails one is marked *not fit for decisions* wherever its posterior is used (`posterior.json`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.evidence import Targets
from sim.studies.calibrate.doubt import FLAT_BELOW, Recovery
from sim.studies.calibrate.inference import Mask, Posterior
from sim.studies.calibrate.priors import Floats

POOLED: Final = (0.87, 0.93)  # of 90 % intervals, over all told coefficients
EACH: Final = (0.84, 0.96)
FEWEST_STUDIES: Final = 500
FEWEST_DRAWS: Final = 50.0
UNEVEN: Final = 0.001  # p-value of a rank histogram, divided among the coefficients
MISSED_MOST: Final = 0.10  # of the targets
OFF_BY: Final = 0.10  # of the value: less does not matter to anybody
OFF_SD: Final = 2.58


@dataclass(frozen=True)
class Check:
    """One condition: what was found, what is allowed, in words."""

    name: str
    passed: bool
    found: float
    allowed: str
    sentence: str
    sentence_zh: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        found = round(float(self.found), 4) if np.isfinite(self.found) else None
        return {"name": self.name, "passed": bool(self.passed), "found": found, "allowed": self.allowed,
                "sentence": self.sentence, "sentence_zh": self.sentence_zh}  # fmt: skip


def recovery_checks(recovery: Recovery, told: Mask, names: Sequence[str]) -> list[Check]:
    """Coverage, rank histograms, and flatness of what is not told."""
    checks = []
    n = len(recovery)
    checks.append(
        Check(
            "pseudo_studies", n >= FEWEST_STUDIES, n, f"{FEWEST_STUDIES} or more",
            f"{n} planted studies were fitted to see whether their coefficients come back.",
            f"用 {n} 个已知参数的模拟研究检验能否找回参数。",
        )
    )  # fmt: skip
    if told.any():
        each = recovery.coverage()[told]
        pooled = float(each.mean())
        low, high = POOLED
        checks.append(
            Check(
                "coverage", low <= pooled <= high, pooled, f"{low} to {high}",
                f"90 % intervals held the planted value in {100 * pooled:.1f} % of cases.",
                f"90% 区间在 {100 * pooled:.1f}% 的情形下包含真实值。",
            )
        )  # fmt: skip
        worst = int(np.argmax(np.abs(each - 0.9)))
        name = [names[k] for k in np.flatnonzero(told).tolist()][worst]
        checks.append(
            Check(
                "coverage_each", EACH[0] <= each[worst] <= EACH[1], float(each[worst]), f"{EACH[0]} to {EACH[1]}",
                f"The worst of them, {name}: {100 * each[worst]:.1f} %.", f"其中最差的 {name}：{100 * each[worst]:.1f}%。",
            )
        )  # fmt: skip
        p = np.array(recovery.evenness()[1])[told]
        least = float(p.min()) * len(p)
        checks.append(
            Check(
                "ranks", least >= UNEVEN, min(least, 1.0), f"p at least {UNEVEN}",
                f"Ranks of planted values are {'even' if least >= UNEVEN else 'not even'} (least p {min(least, 1.0):.3g}, corrected for {len(p)}).",
                f"秩直方图{'均匀' if least >= UNEVEN else '不均匀'}（校正后最小 p = {min(least, 1.0):.3g}）。",
            )
        )  # fmt: skip
    else:
        checks.append(
            Check(
                "told",
                False,
                0.0,
                "at least one coefficient",
                "The data tell none of the coefficients.",
                "数据无法识别任何参数。",
            )
        )
    if not told.all():
        most = float(np.max(recovery.shrinkage.mean(axis=0)[~told]))
        checks.append(
            Check(
                "flat", most < 2 * FLAT_BELOW, most, f"below {2 * FLAT_BELOW}",
                f"What the data do not tell stays as wide as its prior (at most {100 * max(most, 0.0):.0f} % narrower).",
                f"数据无法识别的参数保持先验宽度（最多收窄 {100 * max(most, 0.0):.0f}%）。",
            )
        )  # fmt: skip
    return checks


def reach_check(nearest: float, recovery: Recovery) -> Check:
    """Do the data look like something the model can do? Their closest run against those of planted studies."""
    usual = float(np.quantile(recovery.nearest, 0.99))
    return Check(
        "within_reach", nearest <= usual, nearest, f"at most {usual:.2f}",
        f"The run closest to the data is {nearest:.2f} away; of planted studies 99 % have one within {usual:.2f}.",
        f"与数据最近的一次模拟距离为 {nearest:.2f}；99% 的模拟研究在 {usual:.2f} 之内。",
    )  # fmt: skip


def draws_check(posterior: Posterior) -> Check:
    """Are there enough different draws?"""
    return Check(
        "draws", posterior.effective >= FEWEST_DRAWS, posterior.effective, f"{FEWEST_DRAWS:.0f} or more",
        f"The posterior rests on {posterior.effective:.0f} effective runs.", f"后验基于 {posterior.effective:.0f} 次有效模拟。",
    )  # fmt: skip


def predictive_table(data: Targets, played: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Every target against runs at draws of the posterior: value, middle, 95 % interval, distance, whether it is missed.

    Missed: more than 2.58 standard deviations away, and by more than a tenth of the value.
    """
    rows = []
    for name in names:
        target = data[name]
        values = played[name].dropna().to_numpy() if name in played else np.empty(0)
        if len(values) < 10:
            continue
        middle, sd = float(np.mean(values)), float(np.hypot(np.std(values), target.sd))
        low, high = np.quantile(values, [0.025, 0.975])
        away = (target.value - middle) / max(sd, 1e-12)
        missed = abs(away) > OFF_SD and abs(target.value - middle) > OFF_BY * abs(target.value)
        rows.append((name, target.measure, target.value, target.sd, middle, float(low), float(high), away, missed))
    columns = ["target", "family", "value", "sd", "predicted", "low", "high", "distance", "missed"]
    return pd.DataFrame(rows, columns=columns)


def predictive_check(table: pd.DataFrame) -> Check:
    """How many targets the fitted model misses."""
    share = float(table["missed"].mean()) if len(table) else 1.0
    worst = table["target"].iloc[int(table["distance"].abs().to_numpy().argmax())] if len(table) else "-"
    return Check(
        "predictive", share <= MISSED_MOST, share, f"at most {MISSED_MOST}",
        f"Played again, the fitted model misses {int(table['missed'].sum())} of {len(table)} targets (farthest: {worst}).",
        f"拟合后的模型重放时，{len(table)} 个目标中有 {int(table['missed'].sum())} 个未命中（最远：{worst}）。",
    )  # fmt: skip


def shrinkage(posterior: Posterior, k: int) -> float:
    """1 - sd of the posterior / sd of the prior, of the data's own posterior."""
    return float(1.0 - posterior.sd(k) * np.sqrt(12.0))


def table_of(
    posterior: Posterior, values_at: Floats, told: Mask, may: Mask, names: Sequence[str]
) -> list[dict[str, Any]]:
    """A row a coefficient; `values_at`: quantiles .05, .5, .95 in units of the coefficient, a row a coefficient."""
    rows = []
    for k, name in enumerate(names):
        status = "identified" if told[k] else ("too few data" if may[k] else "not identified by your data")
        low, middle, high = (float(x) for x in values_at[k])
        rows.append({"path": name, "status": status, "median": middle, "p05": low, "p95": high,
                     "shrinkage": round(shrinkage(posterior, k), 3)})  # fmt: skip
    return rows
