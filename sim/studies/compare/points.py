"""A verdict a point of a sweep: what decides there, by how much, how sure; imports `choice`, `values`, metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sim.metrics import MEASURES
from sim.studies.compare.choice import MARGIN, Rule, about_measure, choose, goal_measure, judge_goal
from sim.studies.compare.values import Runs

_SHOWN = ("mean", "diff", "ci_low", "ci_high", "p_best")


def columns_needed(decide_on: str, goals: Mapping[str, float]) -> list[str]:
    """What of a table of runs the verdicts are made of."""
    measures = {decide_on, "cost_cents", *(goal_measure(goal)[0].name for goal in goals)}
    if "roi" in measures:  # a ratio of means
        measures = measures - {"roi"} | {"profit_cents"}
    return ["point", "strategy", "replication", "world", "status", *(name for name in MEASURES if name in measures)]


def verdicts(
    runs: pd.DataFrame, decide_on: str, goals: Mapping[str, float], labels: Sequence[str], margin: float = MARGIN
) -> pd.DataFrame:
    """A row a point and strategy: its mean of `decide_on`, the difference from the control, whether it is chosen."""
    rows: list[dict[str, Any]] = []
    for point, group in runs.groupby("point", sort=True):
        table = Runs.read(group, labels)
        names = {decide_on, "cost_cents", *(goal_measure(goal)[0].name for goal in goals)}
        values = {name: table.values(name) for name in MEASURES if name in names}
        entries = about_measure(MEASURES[decide_on], values[decide_on], values["cost_cents"], Rule(margin))
        report = {goal: judge_goal(goal, float(level), table, values) for goal, level in goals.items()}
        choice = choose(MEASURES[decide_on], values[decide_on], report, Rule(margin))
        for label, entry in entries.items():
            is_chosen = choice["label"] == label
            rows.append({
                "point": point, "strategy": label, "measure": decide_on, **{name: entry[name] for name in _SHOWN},
                "is_chosen": is_chosen, "is_clear": is_chosen and bool(choice["is_clear"]),
                "misses_a_goal": label in choice["missed_goals"],
            })  # fmt: skip
    kinds = dict.fromkeys(_SHOWN, "float64")
    return pd.DataFrame(rows).astype(kinds)
