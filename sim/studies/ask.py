"""From a question to its verdict: run what is missing, compare, write it down; imports `compare`, `experiment`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sim.design import Design
from sim.errors import InputError
from sim.experiment import Experiment, Keep, Progress, Results, Shard, write_json, write_table
from sim.metrics import MEASURES
from sim.studies.compare import Comparison, check_question, columns_needed, compare_results, looks, verdicts

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
    until_clear: bool = False,
    most: int | None = None,
    checkpoint_every: int | None = None,
) -> Comparison:
    """Run all strategies of a scenario in paired worlds and compare them; see `Experiment.run` for the arguments.

    The same question goes on in the same folder: what is there is not run again, more replications are added.
    `until_clear`: replications are added, world by world, until one strategy is clearly best, or the best ones are
    practically equal (`scenario.margin`), or there are `most` of them (default: ten times the scenario's). Every bound
    then holds at all looks together, also of a folder that is extended later. `checkpoint_every`: runs are kept on disk
    after every so many days, and one that is killed goes on from there.
    """
    check_question(scenario.decide_on, scenario.goals)  # before an hour is spent on it
    if not until_clear and most is not None:
        raise InputError("a budget of replications needs until_clear", path="most", found=most)

    def run(n: int) -> Results:
        asked = scenario if n == scenario.replications else scenario.with_({"replications": n})
        experiment = Experiment(asked, command=command, checkpoint_every=checkpoint_every)
        return experiment.run(jobs, to, progress, keep, executor, remark)

    if until_clear:
        return conclude(_until_clear(scenario, most, run, remark or (lambda _: None)))
    return conclude(run(scenario.replications))


def _until_clear(
    scenario: Scenario, most: int | None, run: Callable[[int], Results], remark: Callable[[str], None]
) -> Results:
    """Run and look in turn. What is seen at a look comes from the replications it is about, whatever else is there.

    So a study that was killed has the same looks when it is asked again. A folder that holds more replications than
    were needed to decide is looked at once more, as a whole.
    """
    limit = looks.budget(scenario.replications, scenario.noise_per_world, most)
    seen: list[dict[str, Any]] = []
    have = 0
    for n in looks.schedule(scenario.replications, scenario.noise_per_world, limit):
        if have < n:
            results = run(n)
            have = int(results.manifest["seeds"]["replications"])
        seen.append(_look(results, scenario, n, seen, remark))
        if seen[-1]["state"] != "open" and (have <= n or _look(results, scenario, have, seen)["state"] != "open"):
            break
    if have > seen[-1]["replications"]:
        seen.append(_look(results, scenario, have, seen, remark))
    write_table(results.folder / "looks.parquet", pa.Table.from_pandas(looks.as_table(seen), preserve_index=False)
                .replace_schema_metadata(None))  # fmt: skip
    return Results.open(results.folder)


def _look(
    results: Results, scenario: Scenario, n: int, before: Sequence[Any], remark: Callable[[str], None] | None = None
) -> dict[str, Any]:
    runs = results.runs
    found = looks.at(runs, scenario.decide_on, scenario.goals, scenario.labels, scenario.margin, n)
    if remark is not None:
        remark(looks.in_words(found, len(before) + 1, MEASURES[scenario.decide_on]))
    return found


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
    found = verdicts(runs, question.decide_on, question.goals, question.labels, question.margin)
    table = pa.Table.from_pandas(found)
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
