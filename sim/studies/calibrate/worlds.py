"""A comparison whose worlds are draws of a posterior: each has its own coefficients; imports `writing`, compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.design import Design, Points
from sim.errors import InputError
from sim.experiment import Experiment, Progress, Results, write_json
from sim.scenario import Scenario
from sim.studies.calibrate.writing import read_posterior
from sim.studies.compare import check_question, compare_results


def question_in(scenario: Scenario, posterior: str | Path) -> tuple[Experiment, dict[str, Any]]:
    """The experiment in which world w of the scenario has the coefficients of one draw; and the draws' manifest.

    There are as many worlds as the scenario asks for; draws are taken evenly from the table.
    """
    draws, about = read_posterior(posterior)
    per_world = scenario.noise_per_world
    n_worlds = -(-scenario.replications // per_world)
    rows = np.linspace(0, len(draws), n_worlds, endpoint=False).astype(int)
    values = draws.iloc[rows].to_numpy(dtype=np.float64)
    table = [(*(float(v) for v in row), scenario.seed + k) for k, row in enumerate(values)]
    base = scenario.with_({"replications": min(per_world, scenario.replications)})
    taken = set(draws.columns) & {"seed", "replications", "noise_per_world"}
    if taken:
        raise InputError("draws cannot set this field", file=posterior, path=sorted(taken)[0])
    return Experiment(
        base, Design(scenario.name, "csv", base, Points.of([*map(str, draws.columns), "seed"], table))
    ), about


class OneQuestion(Results):
    """A comparison in worlds of a posterior, read as one question: a point is a world, replications are numbered on."""

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Without the design: its points are the worlds of one question."""
        return {**Results.open(self.folder).manifest, "design": None}

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """One table, its points as worlds."""
        frame = super().table(name)
        if not frame.empty:
            frame = frame.sort_values(["point", "replication"], kind="stable", ignore_index=True)
            changed: dict[str, Any] = {
                "replication": frame["point"] * self.scenario.replications + frame["replication"],
                "point": 0,
            }
            changed |= {"world": frame["point"]} if "world" in frame else {}
            frame = frame.assign(**changed)
        return frame if columns is None else frame[columns]

    @cached_property
    def replications(self) -> tuple[int, ...]:
        """The replications of which runs are there, in order."""
        return tuple(sorted({int(number) for number in self.runs["replication"]}))


def worlds_from(results: Results) -> dict[str, Any] | None:
    """Of which posterior the worlds of a folder are draws: study, draws, whether it is fit; None: of none."""
    file = results.folder / "verdict.json"
    if Results.open(results.folder).manifest.get("design") is None or not file.is_file():
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))["worlds_from"]
        fit = said["fit_for_decisions"]
        return {
            "study": None if said["study"] is None else str(said["study"]), "draws": int(said["draws"]),
            "fit_for_decisions": None if fit is None else bool(fit),
            "failed_checks": [str(one) for one in said["failed_checks"]],
            "failed_checks_zh": [str(one) for one in said.get("failed_checks_zh", said["failed_checks"])],
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_question(results: Results) -> Results:
    """These results, or, where their points are worlds of a posterior, the same as one question."""
    return results if worlds_from(results) is None else OneQuestion(results.folder)


def compare_in(
    scenario: Scenario,
    posterior: str | Path,
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
    remark: Callable[[str], None] | None = None,
) -> tuple[Results, dict[str, Any]]:
    """Run all strategies in worlds drawn from a posterior: (results, verdict with `worlds_from`).

    A study that is not fit for decisions says so in the verdict's sentence.
    """
    check_question(scenario.decide_on, scenario.goals)
    experiment, about = question_in(scenario, posterior)
    results = experiment.run(jobs, to, progress, "daily", executor, remark)
    worlds = {
        "study": about.get("study"),
        "draws": len(experiment.points),
        "fit_for_decisions": about.get("fit_for_decisions"),
        "failed_checks": about.get("failed_checks", []),
        "failed_checks_zh": about.get("failed_checks_zh", about.get("failed_checks", [])),
    }
    answer = said_of(compare_results(OneQuestion(results.folder)).answer, worlds)
    write_json(results.folder / "verdict.json", answer)
    return results, answer


def said_of(answer: dict[str, Any], worlds: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict that says in which worlds it was found."""
    english, chinese = _says(worlds)
    sentences = {"sentence": f"{answer['sentence']} {english}", "sentence_zh": f"{answer['sentence_zh']}{chinese}"}
    return {**answer, "worlds_from": dict(worlds), **sentences}


def _says(worlds: Mapping[str, Any]) -> tuple[str, str]:
    fit, n, name = worlds["fit_for_decisions"], worlds["draws"], worlds["study"]
    if fit is None:
        return f"Worlds: {n} draws of a table without a manifest.", f"世界：来自无说明文件的 {n} 组抽样。"
    if fit:
        return f"Worlds: {n} draws of the posterior of {name}.", f"世界：{name} 后验的 {n} 组抽样。"
    return (
        f"Worlds: {n} draws of the posterior of {name}, which is NOT FIT FOR DECISIONS: "
        + " ".join(worlds["failed_checks"]),
        f"世界：{name} 后验的 {n} 组抽样；该后验不可用于决策：{''.join(worlds['failed_checks_zh'])}",
    )
