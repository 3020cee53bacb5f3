"""From stored runs to what tests found and what is true: two tidy tables; imports `estimate`, `planning`, engines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.engines import World
from sim.experiment import Results
from sim.rules.records import NEVER
from sim.strategies.arms import Arm, Unit
from sim.studies.ab_test.estimate import Floats, estimate
from sim.studies.ab_test.planning import EVERYBODY, label_of
from sim.studies.compare.values import CONTROL

#: outcomes of a shopper: column of the table of shoppers
OUTCOMES: Final = {"orders": "n_orders", "spend": "spend_cents", "visits": "visits"}
_COLUMNS: Final = ("strategy", "id", "registered_day", *OUTCOMES.values())


def tests_table(results: Results, units: Sequence[Unit], n_tests: int, treated: float, who: str) -> pd.DataFrame:
    """A row a world, design, randomisation and outcome: what the analyst sees, and beside it what is true."""
    rows: list[dict[str, Any]] = []
    scenario, worlds = results.scenario, results.replications
    for world, people in zip(worlds, results.each("shoppers", _COLUMNS), strict=True):
        made = World.build(scenario, world)
        place = np.argsort(made.population.ids, kind="stable")
        by_label = {str(label): one.sort_values("id") for label, one in people.groupby("strategy", sort=False)}
        if CONTROL not in by_label or EVERYBODY not in by_label:
            continue  # a run failed: the truth of this world is not known
        day = by_label[CONTROL]["registered_day"].to_numpy()
        counted = np.ones(len(day), dtype=np.bool_) if who == "everybody" else (day < 0) & (day != NEVER)
        for unit in units:
            names = made.groups(unit)[place]
            group = np.unique(names[counted], return_inverse=True)[1].astype(np.int64)
            for seed in range(n_tests):
                if label_of(unit, seed) not in by_label:
                    continue
                arm = Arm(unit=unit, treated=treated, seed=seed).treats(names)[counted]
                for outcome, column in OUTCOMES.items():
                    values = {
                        label: by_label[label][column].to_numpy()[counted].astype(np.float64)
                        for label in (label_of(unit, seed), EVERYBODY, CONTROL)
                    }
                    rows.append({
                        "world": world, "unit": unit, "seed": seed, "outcome": outcome, "n_treated": int(arm.sum()),
                        "n_untreated": int((~arm).sum()), "n_groups": int(group.max()) + 1 if len(group) else 0,
                        **one_test(values[label_of(unit, seed)], values[EVERYBODY], values[CONTROL], arm, group),
                    })  # fmt: skip
    return pd.DataFrame(rows)


def one_test(seen: Floats, everybody: Floats, nobody: Floats, arm: Any, group: Any) -> dict[str, Any]:
    """One test: `seen` is what happened in it, the other two what would have happened to the same shoppers.

    The error of a test is split: who was drawn into which arm (on average nothing), and interference, which is what
    the treated miss because others are not treated, less what the others gain because some are.
    """
    found = estimate(seen, arm, group)
    truth = float((everybody - nobody).mean()) if len(seen) else math.nan
    entry: dict[str, Any] = {"truth": truth, "estimate": found.diff, "se": found.se, "se_clustered": found.se_clustered}
    entry |= dict.fromkeys(("placebo", "missed", "spilled", "interference"))
    entry |= dict.fromkeys(("holds", "holds_plain", "finds", "finds_placebo"), None)
    if found.diff is None or found.se is None or found.se_clustered is None or found.limit is None:
        return entry
    before = estimate(nobody, arm, group)  # an A/A test: the same arms, nobody treated
    missed, spilled = float((everybody - seen)[arm].mean()), float((seen - nobody)[~arm].mean())
    half = found.limit * found.se_clustered
    entry |= {
        "placebo": before.diff, "missed": missed, "spilled": spilled, "interference": 0.0 - missed - spilled,
        "holds": float(abs(found.diff - truth) <= half),
        "holds_plain": float(abs(found.diff - truth) <= 1.96 * found.se),
        "finds": float(abs(found.diff) > half and found.diff * truth > 0),
    }  # fmt: skip
    if before.diff is not None and before.se_clustered is not None:
        entry["finds_placebo"] = float(abs(before.diff) > found.limit * before.se_clustered)
    return entry


def summary_table(tests: pd.DataFrame) -> pd.DataFrame:
    """A row a design and outcome: bias, spread, coverage and power over all tests in all worlds."""
    rows = []
    for (unit, outcome), all_of in tests.groupby(["unit", "outcome"], sort=False):
        some = all_of.dropna(subset=["estimate"])
        if some.empty:
            continue
        error = some["estimate"] - some["truth"]
        spread = error - some["interference"]  # who was drawn into which arm: nothing on average
        by_world = some.groupby("world")["interference"].mean()
        bias_se = by_world.std(ddof=1) / math.sqrt(len(by_world)) if len(by_world) > 1 else math.nan
        truth, bias = float(some["truth"].mean()), float(some["interference"].mean())
        sd = float(error.groupby(some["world"]).std(ddof=1).pow(2).mean() ** 0.5)
        rows.append({
            "unit": unit, "outcome": outcome, "n_tests": len(some), "n_void": len(all_of) - len(some),
            "n_groups": float(some["n_groups"].mean()), "truth": truth, "expected": truth + bias,
            "estimate": float(some["estimate"].mean()),
            "bias": bias, "bias_se": bias_se, "bias_share": bias / truth if truth else math.nan,
            "missed": float(some["missed"].mean()), "spilled": float(some["spilled"].mean()),
            "draw": float(spread.mean()), "sd": sd, "rmse": math.hypot(bias, sd),
            "se": float(some["se"].mean()), "se_clustered": float(some["se_clustered"].mean()),
            "coverage": float(some["holds"].mean()), "coverage_plain": float(some["holds_plain"].mean()),
            "power": float(some["finds"].mean()), "false_alarms": float(some["finds_placebo"].mean()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def best_design(summary: pd.DataFrame, outcome: str) -> str | None:
    """The design whose single test lies nearest to the truth: least root mean square of bias and spread."""
    some = summary[summary["outcome"] == outcome] if len(summary) else summary
    return None if some.empty else str(some["unit"].to_numpy()[some["rmse"].to_numpy().argmin()])
