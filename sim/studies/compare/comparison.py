"""From a table of runs to the verdict, and results with theirs; imports `sentence`, `choice`, `values`, metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.metrics import MEASURES
from sim.studies.compare.choice import (
    MARGIN,
    Rule,
    about_measure,
    check_question,
    choose,
    clear_best,
    describe_method,
    goal_measure,
    judge_goal,
)
from sim.studies.compare.looks import as_records
from sim.studies.compare.sentence import EN, ZH, Facts, say
from sim.studies.compare.values import CONTROL, Runs


def verdict(
    runs: pd.DataFrame,
    decide_on: str,
    goals: Mapping[str, float],
    measures: Iterable[str] | None = None,
    margin: float = MARGIN,
    labels: Sequence[str] | None = None,
    looks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Compare all strategies with the control and choose on `decide_on`, subject to `goals` (see `interface.md`).

    `runs`: point, strategy, replication, world, status and the measures, a row per run of one point.
    `margin`: share of the control's mean below which a difference is none in practice. `looks`: when it was looked at
    while runs were added (`looks.at`); bounds then hold at every look.
    """
    rule = Rule(margin, bool(looks))
    check_question(decide_on, goals)
    table = Runs.read(runs, labels)
    names = list(MEASURES if measures is None else measures)
    needed = {"gmv_cents", "profit_cents", "cost_cents", "retained_share", "retention_d30", decide_on}
    needed |= {goal_measure(goal)[0].name for goal in goals}
    values = {name: table.values(name) for name in MEASURES if name in names or name in needed}
    entries = {name: about_measure(MEASURES[name], values[name], values["cost_cents"], rule) for name in values}
    goal_report = {goal: judge_goal(goal, float(level), table, values) for goal, level in goals.items()}
    choice = choose(MEASURES[decide_on], values[decide_on], goal_report, rule)
    facts = Facts(table, decide_on, entries, goal_report, choice, rule, len(looks))
    return {
        "control": CONTROL,
        "replications": len(table.replications),
        "worlds": len(set(table.worlds.tolist())),
        "decide_on": decide_on,
        "margin": margin,
        "looks": [dict(look) for look in looks],
        "measures": {name: entries[name] for name in names},
        "best": {name: clear_best(MEASURES[name], values[name], table.labels, rule)[0] for name in names},
        "goals": goal_report,
        "choice": choice,
        "sentence": say(facts, EN, "en"),
        "sentence_zh": say(facts, ZH, "zh"),
        "method": describe_method(table, rule),
    }


# --- results compared ------------------------------------------------------------------------------------------


class _Question(Protocol):
    @property
    def decide_on(self) -> str: ...
    @property
    def goals(self) -> Mapping[str, float]: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def margin(self) -> float: ...


class ResultsLike(Protocol):
    """What a comparison reads from a results folder."""

    @property
    def folder(self) -> Path: ...
    @property
    def runs(self) -> pd.DataFrame: ...
    @property
    def daily(self) -> pd.DataFrame: ...
    @property
    def looks(self) -> pd.DataFrame: ...
    @property
    def scenario(self) -> Any: ...  # a _Question; Any, because a frozen pydantic field is no read-only property to mypy


class Comparison:
    """Results with their verdict: `results.verdict("gmv_cents")`, `results.sentence`."""

    def __init__(self, results: ResultsLike) -> None:
        self.results = results

    @property
    def folder(self) -> Path:
        return self.results.folder

    @property
    def runs(self) -> pd.DataFrame:
        return self.results.runs

    @property
    def daily(self) -> pd.DataFrame:
        return self.results.daily

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The whole verdict, as written to `verdict.json`."""
        question: _Question = self.results.scenario
        return verdict(
            self.results.runs, question.decide_on, question.goals, margin=question.margin,
            labels=list(question.labels), looks=as_records(self.results.looks),
        )  # fmt: skip

    @property
    def sentence(self) -> str:
        return str(self.answer["sentence"])

    @property
    def sentence_zh(self) -> str:
        return str(self.answer["sentence_zh"])

    def verdict(self, measure: str | None = None) -> pd.DataFrame:
        """One measure (default: the one decided on), a row per strategy."""
        name = measure or str(self.answer["decide_on"])
        if name not in MEASURES:
            raise InputError("unknown measure", found=name, hint=did_you_mean(name, MEASURES, kind="measures"))
        table = pd.DataFrame.from_dict(self.answer["measures"][name], orient="index")
        table.index.name = "strategy"
        return table

    def to_json(self, path: str | Path) -> Path:
        """Write `verdict.json`."""
        target = Path(path)
        text = json.dumps(self.answer, ensure_ascii=False, indent=2, allow_nan=False)
        target.write_text(text + "\n", encoding="utf-8", newline="\n")
        return target

    def __repr__(self) -> str:
        return self.sentence


def compare_results(results: ResultsLike) -> Comparison:
    """The verdict on results that are already there."""
    return Comparison(results)
