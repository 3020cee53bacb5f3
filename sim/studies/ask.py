"""From a question to its verdict: run what is missing, compare, write it down; imports `compare`, `experiment`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import Experiment, Keep, Progress, Results, write_json
from sim.studies.compare import Comparison, check_question, compare_results

if TYPE_CHECKING:
    from sim.scenario import Scenario


def compare(
    scenario: Scenario,
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    keep: Keep = "all",
    executor: Executor | None = None,
    command: str | None = None,
) -> Comparison:
    """Run all strategies of a scenario in paired worlds and compare them; see `Experiment.run` for the arguments.

    The same question goes on in the same folder: what is there is not run again, more replications are added.
    """
    check_question(scenario.decide_on, scenario.goals)  # before an hour is spent on it
    results = Experiment(scenario, command=command).run(jobs, to, progress, keep, executor)
    return conclude(results)


def conclude(results: Results) -> Comparison:
    """Compare finished results and write `verdict.json` into their folder (unless it is read-only)."""
    comparison = compare_results(results)
    comparison.answer["common_retention"] = common_retention(results)
    if results.is_writable:
        write_json(results.folder / "verdict.json", comparison.answer)
    return comparison


def common_retention(results: Results) -> dict[str, dict[str, Any]]:
    """D1, D7, D30 among those who register under every strategy of a replication, pooled over replications.

    A strategy changes who registers; here the people are the same, so the differences are those in behaviour.
    """
    table = results.common_retention
    pooled: dict[str, dict[str, Any]] = {}
    if table.empty:
        return pooled
    for key, group in table.groupby(["measure", "strategy"], sort=False):
        measure, strategy = map(str, key)
        n, visited = int(group["n_shoppers"].sum()), int(group["n_visited"].sum())
        pooled.setdefault(measure, {})[strategy] = {"share": visited / n if n else None, "n_shoppers": n}
    return pooled
