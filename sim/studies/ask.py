"""From a question to its verdict: run what is missing, compare, write it down; imports `compare`, `experiment`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sim.design import Design
from sim.experiment import Experiment, Keep, Progress, Results, Shard, write_json, write_table
from sim.studies.compare import Comparison, check_question, columns_needed, compare_results, verdicts

if TYPE_CHECKING:
    from sim.scenario import Scenario

MOST_VERDICTS: Final = 5000  # points; each takes some hundredths of a second


def compare(
    scenario: Scenario,
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    keep: Keep = "all",
    executor: Executor | str | None = None,
    command: str | None = None,
    remark: Callable[[str], None] | None = None,
) -> Comparison:
    """Run all strategies of a scenario in paired worlds and compare them; see `Experiment.run` for the arguments.

    The same question goes on in the same folder: what is there is not run again, more replications are added.
    """
    check_question(scenario.decide_on, scenario.goals)  # before an hour is spent on it
    results = Experiment(scenario, command=command).run(jobs, to, progress, keep, executor, remark)
    return conclude(results)


def sweep(
    design: Design | str | Path,
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    keep: Keep = "daily",
    executor: Executor | str | None = None,
    shard: str | None = None,
    command: str | None = None,
    remark: Callable[[str], None] | None = None,
) -> Results:
    """Run all strategies at every point of a design (a Design, its file, or the name of a shipped one).

    `shard`: `2/4` runs the second quarter, in a folder of its own; `merge_folders` brings the quarters together. For
    the other arguments see `Experiment.run`. The same design goes on in the same folder.
    """
    design = design if isinstance(design, Design) else Design.load(design)
    share = None if shard is None else Shard.parse(shard)
    experiment = Experiment(design.scenario, design, shard=share, command=command)
    check_question(design.scenario.decide_on, design.scenario.goals)
    results = experiment.run(jobs, to, progress, keep, executor, remark)
    conclude_points(results)
    return results


def resume(
    folder: str | Path,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
    only_failed: bool = False,
    remark: Callable[[str], None] | None = None,
) -> Results:
    """Run what is missing or failed in a results folder, whatever made it; a comparison gets its verdict again."""
    experiment = Experiment.of_folder(folder)
    keep = Results.open(folder).keep
    results = experiment.run(jobs, folder, progress, keep, executor, remark, only_failed)
    if experiment.design is None:
        conclude(results)
    else:
        conclude_points(results)
    return results


def conclude_points(results: Results) -> None:
    """Write `verdicts.parquet` into the folder of a finished sweep: what decides at each point."""
    n_points = len(results.points)
    target = results.folder / "verdicts.parquet"
    is_whole = results.manifest["finished"] and results.manifest["shard"] is None
    if target.exists() or n_points > MOST_VERDICTS or not is_whole or not results.is_writable:
        return
    question = results.scenario
    runs = results.table("runs", columns_needed(question.decide_on, question.goals))
    table = pa.Table.from_pandas(verdicts(runs, question.decide_on, question.goals, question.labels))
    write_table(target, table.replace_schema_metadata(None))


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
