"""What a calibration found, and the same as plain data; imports the rooms beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.evidence import Study
from sim.evidence.findings import Evidence
from sim.studies.calibrate.bank import Round
from sim.studies.calibrate.blocks import KNOWN_RIDGES, block_of
from sim.studies.calibrate.doubt import Recovery, ridges
from sim.studies.calibrate.forecast import Outlook
from sim.studies.calibrate.gate import Check
from sim.studies.calibrate.gate import table_of as coefficients_table
from sim.studies.calibrate.inference import Bank, Posterior
from sim.studies.calibrate.priors import Priors
from sim.studies.calibrate.words import say
from sim.studies.calibrate.world import Setting
from sim.version import RESULTS_VERSION

DRAWS: Final = 1000  # in posterior.parquet


@dataclass(frozen=True)
class Effort:
    """How much is run: points of the prior, later rounds and their points, runs at draws of the posterior."""

    points: int = 640
    rounds: int = 2
    later_points: int = 200
    predictive: int = 120
    size: int = 5000  # customers simulated, at most

    def __post_init__(self) -> None:
        for name, least in (("points", 60), ("rounds", 0), ("later_points", 20), ("predictive", 20), ("size", 200)):
            if getattr(self, name) < least:
                raise InputError(
                    "too little to calibrate with", path=name, found=getattr(self, name), allowed=f"{least} or more"
                )


@dataclass(frozen=True, eq=False)
class Calibration:
    """What came out: `answer` is calibration.json; tables beside it."""

    folder: Path
    study: Study
    evidence: Evidence
    setting: Setting
    priors: Priors
    rounds: list[Round]
    bank: Bank
    names: list[str]  # of the summaries compared
    posterior: Posterior
    recovery: Recovery
    told: Any
    checks: list[Check]
    predictive: pd.DataFrame
    outlook: Outlook | None = None  # of the weeks held out
    rehearsal: dict[str, Any] | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def fit_for_decisions(self) -> bool:
        """Did it pass every check?"""
        return all(bool(check.passed) for check in self.checks)

    def draws(self, n: int = DRAWS, seed: int = 1) -> pd.DataFrame:
        """Draws of the posterior, a column a path of the scenario."""
        return pd.DataFrame(self.priors.values(self.posterior.draws(n, seed)), columns=self.priors.paths)


def answer_of(found: Calibration, effort: Effort) -> dict[str, Any]:
    """Everything as plain data: calibration.json."""
    priors, posterior, told = found.priors, found.posterior, found.told
    names = priors.paths
    quantiles = np.array([posterior.quantile(k, (0.05, 0.5, 0.95)) for k in range(len(priors))])
    values = np.column_stack([priors.values(quantiles[:, q][None, :])[0] for q in range(3)])
    coefficients = coefficients_table(posterior, values, told, found.bank.is_told, names)
    coverage, explained = found.recovery.coverage(), found.recovery.explained()
    mean_shrinkage = found.recovery.shrinkage.mean(axis=0)
    for k, (row, span) in enumerate(zip(coefficients, priors, strict=True)):
        block = block_of(span.path)
        row |= {
            "prior": [span.low, span.high], "scale": "log" if span.is_log else "linear",
            "block": block.name if block else "",
            "needs": "" if row["status"] == "identified" or block is None else block.needs,
            "recovered": {"coverage_90": round(float(coverage[k]), 3), "explained": round(float(explained[k]), 3),
                          "shrinkage": round(float(mean_shrinkage[k]), 3)},
        }  # fmt: skip
    answer: dict[str, Any] = {
        "study": found.study.name,
        "source": found.study.source,
        "results_version": RESULTS_VERSION,
        "customers": found.setting.n_customers,
        "simulated_customers": found.setting.scenario.population.size,
        "days": found.setting.n_days,
        "runs": {
            "rounds": [len(one.shares) for one in found.rounds],
            "compared": len(found.bank),
            "predictive": effort.predictive,
        },
        "targets_compared": len(found.names),
        "coefficients": coefficients,
        "ridges": [_explained(one) for one in ridges(found.posterior.draws(2000, 1), names)],
        "known_ridges": [
            {"paths": list(paths), "why": why, "why_zh": why_zh, "parted_by": parts}
            for paths, parts, why, why_zh in KNOWN_RIDGES
            if set(paths) <= set(names) and (not parts or getattr(found.study, parts) is None)
        ],
        "checks": [check.as_dict() for check in found.checks],
        "fit_for_decisions": found.fit_for_decisions,
        "pseudo_studies": len(found.recovery),
        "missed_targets": found.predictive.loc[found.predictive["missed"], "target"].tolist(),
    }
    if found.outlook is not None or found.rehearsal is not None:
        answer["forecast"] = {"rehearsal": found.rehearsal}
    if found.outlook is not None:
        weeks = found.outlook.forecast.weeks
        totals = {name: draws.sum(axis=1) for name, draws in found.outlook.forecast.draws.items()}
        answer["forecast"] |= {
            "weeks": [int(weeks[0]), int(weeks[-1])],
            "totals": {name: {"mean": float(total.mean()), **{key: float(np.quantile(total, at)) for key, at in
                       (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))}} for name, total in totals.items()},
        }  # fmt: skip
    answer["sentence"], answer["sentence_zh"] = say(answer)
    return answer


def _explained(ridge: dict[str, Any]) -> dict[str, Any]:
    """A ridge of the posterior, with the reason where it is a known one."""
    known = next((one for one in KNOWN_RIDGES if {ridge["first"], ridge["second"]} <= set(one[0])), None)
    return ridge if known is None else {**ridge, "why": known[2], "why_zh": known[3]}
