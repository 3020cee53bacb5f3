"""Trials as runs: a batch is one comparison in the same worlds; the tables; imports `search`, `question`, compare.

All trials of a search meet the same worlds and the same luck, so they are compared in pairs. Those few that are worth
it are run once more on fresh worlds: the best of many is the luckiest too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.experiment import Results
from sim.scenario import Scenario
from sim.studies.compare.intervals import paired, unit_means
from sim.studies.compare.values import CONTROL, Runs
from sim.studies.optimise.question import Question
from sim.studies.optimise.search import Trial, compromise, front

MOST_CONFIRMED: Final = 8  # candidates that are run on fresh worlds
_FRESH: Final = 0x5EED_0F_F12E5  # what is added to the seed for the fresh worlds

Run = Callable[[Scenario, Path], Results]


def label_of(number: int) -> str:
    """The label under which a trial runs."""
    return f"trial_{number:04d}"


def together(question: Question, points: Mapping[int, Mapping[str, Any]], name: str) -> Scenario | None:
    """A scenario whose strategies are these trials; those that are no scenario are left out. None: all are."""
    strategies: dict[str, Any] = {}
    budgets: dict[str, Any] = {}
    for number, point in points.items():
        try:
            made = question.scenario.with_(question.space.changes(point)).as_dict() if point else None
        except InputError:
            continue  # levers that do not fit together: a trial that failed
        if made is not None:
            strategies[label_of(number)] = made["strategies"][question.strategy]
            if question.strategy in made["budgets"]:
                budgets[label_of(number)] = made["budgets"][question.strategy]
    if not strategies:
        return None
    base = question.scenario
    data = {**base.as_dict(), "name": name, "strategies": strategies, "budgets": budgets, "goals": {}}
    return Scenario.from_dict(data, base.folder)


def evaluator(question: Question, folder: Path, run: Run) -> Callable[[int, Sequence[Mapping[str, Any]]], Any]:
    """What a search calls for the goals of a batch."""

    def evaluate(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
        numbered = {first + k: point for k, point in enumerate(points)}
        scenario = together(question, numbered, f"batch_{first:05d}")
        if scenario is None:
            return [None] * len(points)
        results = run(scenario, folder / "batches" / f"{first:05d}")
        table = Runs.read(results.runs, list(scenario.labels))
        return [goals_of(table, question.goals, label_of(number)) for number in numbered]

    return evaluate


def goals_of(table: Runs, goals: Sequence[str], label: str) -> list[float] | None:
    """The means of a strategy's goals; None if one of its runs failed or gives no value."""
    if label not in table.labels:
        return None
    found = []
    for goal in goals:
        values = table.values(goal)
        if np.isnan(values.column(label)).any():
            return None
        found.append(float(unit_means(values.column(label), values.worlds).mean()))
    return found


def trials_table(question: Question, trials: Sequence[Trial]) -> pd.DataFrame:
    """A row a trial: levers, shares, goals, whether it is on the front, whether it is the one chosen."""
    directions = question.directions
    best, chosen = set(front(trials, directions)), compromise(trials, directions)
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"trial": trial.number, "state": "failed" if trial.values is None else "ok"}
        is_whole = set(trial.point) == set(question.space.distributions())
        changes = question.space.changes(trial.point) if is_whole else {}
        for factor in question.space.factors:
            row[factor.path] = changes.get(factor.path)
        for k in range(question.space.n_shares):
            shares = changes.get(f"budgets.{question.strategy}.shares")
            row[f"share_{k}"] = None if shares is None else shares[k]
        row |= dict.fromkeys(question.goals) | dict(zip(question.goals, trial.values or (), strict=False))
        rows.append({**row, "is_front": trial.number in best, "is_chosen": trial.number == chosen})
    return pd.DataFrame(rows)


def candidates(question: Question, trials: Sequence[Trial]) -> list[int]:
    """Trials that are run on fresh worlds: the chosen one first, then the front, then the scenario as it is."""
    directions = question.directions
    chosen = compromise(trials, directions)
    if chosen is None:
        raise InputError(
            "no trial gave a value for every goal", path="goals", found=", ".join(question.goals),
            hint="Does the run last long enough for the measure? Are the ranges of levers possible together?",
        )  # fmt: skip
    numbers = [chosen, *(number for number in front(trials, directions) if number != chosen)][:MOST_CONFIRMED]
    return numbers if not question.has_start or 0 in numbers else [*numbers, 0]


def fresh(question: Question, trials: Sequence[Trial], numbers: Sequence[int]) -> Scenario:
    """These trials in worlds that none of them was chosen on."""
    points = {trial.number: trial.point for trial in trials}
    scenario = together(question, {number: points[number] for number in numbers}, "confirm")
    assert scenario is not None
    seed = (scenario.seed + _FRESH) % 2**63
    return scenario.with_({"seed": seed, "replications": question.confirm})


def confirmed_table(
    question: Question, numbers: Sequence[int], chosen_on: Mapping[int, pd.DataFrame], confirmed: pd.DataFrame
) -> pd.DataFrame:
    """A row a candidate, goal and thing it is held against (the control; trial 0, the scenario as it is).

    `at_choice`: difference in the worlds of the search; `confirmed` with its interval: in fresh worlds.
    """
    rows = []
    labels = [label_of(number) for number in numbers]
    later = Runs.read(confirmed, [CONTROL, *labels])
    against = [CONTROL, *([label_of(0)] if question.has_start else [])]
    for number, label in zip(numbers, labels, strict=True):
        for goal in question.goals:
            for other in against:
                if other == label:
                    continue
                before = _difference(chosen_on[number], chosen_on[0] if other != CONTROL else None, goal, label, other)
                values = later.values(goal)
                difference = values.column(label) - values.column(other)
                known = ~np.isnan(difference)
                row: dict[str, Any] = {
                    "trial": number, "goal": goal, "against": "control" if other == CONTROL else "as_it_is",
                    "at_choice": before, "confirmed": None, "ci_low": None, "ci_high": None, "worlds": 0,
                }  # fmt: skip
                if known.any():
                    found = paired(difference[known], values.worlds[known])
                    row |= {"confirmed": found.diff, "ci_low": found.ci_low, "ci_high": found.ci_high}
                    row["worlds"] = len(set(values.worlds[known].tolist()))
                row["optimism"] = _optimism(row, question.direction(goal))
                rows.append(row)
    kinds = dict.fromkeys(("at_choice", "confirmed", "ci_low", "ci_high", "optimism"), "float64")
    return pd.DataFrame(rows).astype(kinds) if rows else pd.DataFrame()


def _difference(mine: pd.DataFrame, start: pd.DataFrame | None, goal: str, label: str, other: str) -> float | None:
    """Mean difference in the worlds of the search; the two may have run in different batches, in the same worlds."""
    a = Runs.read(mine, None)
    b = a if start is None else Runs.read(start, None)
    if label not in a.labels or other not in b.labels or a.replications != b.replications:
        return None
    values = a.values(goal)
    difference = values.column(label) - b.values(goal).column(other)
    return None if np.isnan(difference).any() else float(unit_means(difference, values.worlds).mean())


def _optimism(row: Mapping[str, Any], direction: int) -> float | None:
    """How much better it looked where it was chosen."""
    if row["at_choice"] is None or row["confirmed"] is None:
        return None
    return float(direction * (row["at_choice"] - row["confirmed"]))
