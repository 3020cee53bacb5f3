"""A comparison whose worlds are draws of a posterior: each has its own coefficients; imports `writing`, compare."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.design import Design, Points
from sim.errors import InputError
from sim.experiment import Experiment, Progress, Results, write_json
from sim.scenario import Scenario
from sim.studies.calibrate.writing import read_posterior
from sim.studies.compare import check_question, verdict


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


def as_one(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs at many points as those of one: a point is a world, and replications are numbered on."""
    per_point = int(runs["replication"].max()) + 1 if len(runs) else 1
    return runs.assign(
        world=runs["point"], replication=runs["point"] * per_point + runs["replication"], point=0
    )  # fmt: skip


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
    answer = verdict(as_one(results.runs), scenario.decide_on, scenario.goals, labels=list(scenario.labels))
    n = len(experiment.points)
    fit = about.get("fit_for_decisions")
    answer["worlds_from"] = {
        "study": about.get("study"),
        "draws": n,
        "fit_for_decisions": fit,
        "failed_checks": about.get("failed_checks", []),
    }
    answer["sentence"], answer["sentence_zh"] = (
        f"{answer['sentence']} {_says(about, n)[0]}", f"{answer['sentence_zh']}{_says(about, n)[1]}",
    )  # fmt: skip
    write_json(results.folder / "verdict.json", answer)
    return results, answer


def _says(about: dict[str, Any], n: int) -> tuple[str, str]:
    fit = about.get("fit_for_decisions")
    if fit is None:
        return f"Worlds: {n} draws of a table without a manifest.", f"世界：来自无说明文件的 {n} 组抽样。"
    name = about.get("study", "")
    if fit:
        return f"Worlds: {n} draws of the posterior of {name}.", f"世界：{name} 后验的 {n} 组抽样。"
    why = " ".join(about.get("failed_checks", []))
    return (
        f"Worlds: {n} draws of the posterior of {name}, which is NOT FIT FOR DECISIONS: {why}",
        f"世界：{name} 后验的 {n} 组抽样；该后验不可用于决策。",
    )
