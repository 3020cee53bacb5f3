"""One task: some cells, world by world, written as one part; imports `parts`, `ledger`, `schemas`, funnel, metrics."""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
import re
import shlex
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment.ledger import Cell, Run
from sim.experiment.parts import Parts
from sim.experiment.schemas import FROM_JOURNAL, SCHEMAS, runs_table, with_keys
from sim.funnel import RECORDED, run_table
from sim.scenario import Scenario, content_hash
from sim.version import RESULTS_VERSION

_PACKAGE: Final = Path(__file__).resolve().parent.parent
CHECKPOINTS: Final = "checkpoints"  # in the results folder: runs that are not finished
_kept = threading.local()  # the last world of this worker: the next task often needs the same one


@dataclass(frozen=True)
class Task:
    """Cells to run: everything their worker must know."""

    scenario: Scenario
    cells: tuple[tuple[Cell, Mapping[str, Any]], ...]  # each with what its point changes in the scenario
    part: str
    folder: Path
    tables: tuple[str, ...]
    engines: str
    engine: str
    files: Mapping[str, str]  # what the scenario's files held when the question was asked
    parent: int | None = None  # process id of the coordinator, if the worker should die with it
    checkpoint_every: int | None = None  # days
    results_version: int = RESULTS_VERSION

    def alone(self) -> list[Task]:
        """A task for each cell: which of them is it?"""
        return [replace(self, cells=(one,), part=f"{self.part}-{k}") for k, one in enumerate(self.cells)]


class Report(NamedTuple):
    """What a worker hands back: which runs it did and where they lie."""

    part: str
    runs: list[Run]
    seconds: float


def _die_with(parent: int | None) -> None:
    """A worker whose coordinator was killed stops here, before it writes where somebody else may now be at work."""
    if parent is not None and hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(1)


def _shown_traceback(error: BaseException) -> str:
    """The traceback with paths from the package on: the same text on every machine."""
    text = "".join(traceback.format_exception(error))
    text = text.replace(str(_PACKAGE.parent) + os.sep, "")
    return re.sub(r'File "[^"]*[/\\]([^"/\\]+[/\\][^"/\\]+)"', r'File "\1"', text)


def _typed(value: Any) -> str:
    """A value as it is typed after --set."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value) if isinstance(value, (int, float)) else str(value)


def how_to_rerun(strategy: str, replication: int, changes: Mapping[str, Any]) -> str:
    """The command that repeats one run, typed in the results folder."""
    sets = "".join(f" --set {shlex.quote(f'{path}={_typed(value)}')}" for path, value in changes.items())
    return f"grapevine run scenario.yaml --strategy {strategy} --replication {replication}{sets}"


def _registrants(shoppers: pd.DataFrame) -> pd.DataFrame:
    is_new = shoppers["registered_day"].to_numpy() >= 0
    names = ("id", "registered_day", "visited_d1", "visited_d7", "visited_d30")
    return pd.DataFrame({name: shoppers[name].to_numpy()[is_new] for name in names}, copy=False)


def _failure(keys: Mapping[str, Any], changes: Mapping[str, Any], error: str, shown: str) -> dict[str, Any]:
    rerun = how_to_rerun(keys["strategy"], keys["replication"], changes)
    return {**keys, "error": error, "traceback": shown, "rerun": rerun}


def _world(task: Task, backend: Any, scenario: Scenario, replication: int) -> Any:
    """The world of a cell: the last one, if it is made of the same things, else a new one."""
    key = (task.engines, str(task.folder), backend.World.inputs(scenario), replication // scenario.noise_per_world)
    if getattr(_kept, "key", None) == key:
        return _kept.world.seen_from(scenario, replication)
    _kept.key = _kept.world = None  # two large worlds at once may be too many
    world = backend.World.build(scenario, replication)
    for path, file in scenario.files().items():
        if content_hash(file) != task.files.get(path):
            raise InputError("this file was changed while its scenario is being run", file=file, path=path,
                             hint="Put it back and resume, or start anew: results of two files never mix.")  # fmt: skip
    _kept.world, _kept.key = world, key
    return world


def run_task(task: Task, on_run: Callable[[bool], None] | None = None) -> Report:
    """Run every strategy in every cell and write the parts; says which runs there are now."""
    if task.results_version != RESULTS_VERSION:
        raise InputError("a worker has another version of the model", found=RESULTS_VERSION,
                         allowed=str(task.results_version), hint="Install the same version everywhere.")  # fmt: skip
    if not (task.folder / "manifest.json").exists():
        raise InputError("a worker does not see the results folder", file=task.folder,
                         hint="Workers on other machines need the same folder under the same path.")  # fmt: skip
    if task.parent is not None and task.engine == "columnar":
        _settle_in(task.engines)
    began = time.perf_counter()
    with Parts(task.folder, task.part) as parts:
        runs = []
        for cell, changes in task.cells:
            runs += _run_cell(task, cell, changes, parts, on_run)
        _die_with(task.parent)
    for path in _checkpoints(task, [cell for cell, _ in task.cells]):  # only now are the results safe
        path.unlink(missing_ok=True)
    return Report(task.part, runs, time.perf_counter() - began)


@functools.cache
def _settle_in(engines: str) -> None:
    """Once in a worker of our own: what is loaded now stays, so later collections of garbage need not look at it."""
    importlib.import_module(engines).warm_up()
    gc.collect()
    gc.freeze()


def _checkpoints(task: Task, cells: Iterable[Cell]) -> list[Path]:
    """Where the unfinished runs of these cells lie, or may lie: by cell, then strategy; none where nobody asked."""
    folder = task.folder / CHECKPOINTS
    if task.checkpoint_every is None and not folder.exists():
        return []
    places = range(len(task.scenario.labels))
    return [folder / f"{cell.point}-{cell.replication}-{place}.zip" for cell in cells for place in places]


def _passed_over(error: InputError) -> None:
    logging.getLogger(__name__).warning("A run begins with its first day. %s", error)


def _run_cell(
    task: Task, cell: Cell, changes: Mapping[str, Any], parts: Parts, on_run: Callable[[bool], None] | None
) -> list[Run]:
    from sim.metrics import MEASURES, common_retention, measure

    backend: Any = importlib.import_module(task.engines)
    scenario = task.scenario.with_(changes) if changes else task.scenario
    point, replication = cell
    number = replication // scenario.noise_per_world
    rows: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    timings: list[dict[str, Any]] = []
    people: dict[str, pd.DataFrame] = {}  # who registered during the run, for what only all strategies together tell
    world: Any = None
    broken: Exception | None = None
    kept: list[Path | None] = [*_checkpoints(task, [cell])] or [None] * len(scenario.labels)
    started, clock = datetime.now(UTC), _Clock()
    try:
        world = _world(task, backend, scenario, replication)
    except InputError:
        raise  # bad input is for the person who asked, not a row in a table
    except Exception as error:
        broken = error
    for strategy, path in zip(scenario.labels, kept, strict=True):
        _die_with(task.parent)
        keys: dict[str, Any] = {"point": point, "strategy": strategy, "replication": replication}
        row: dict[str, Any] = {**keys, "world": number, "status": "ok"}
        try:
            if broken is not None:
                raise broken
            more: dict[str, Any] = {"events": RECORDED} if "records" in task.tables else {}
            if path is not None:
                more["checkpoint"] = backend.Checkpoint(path, task.checkpoint_every, _passed_over)
            journal = backend.simulate(
                scenario, strategy, replication=replication, engine=task.engine, world=world, **more
            )
            row.update(measure(journal))
            tables = {
                name: with_keys(run_table(journal, name), point, strategy, replication)
                for name in FROM_JOURNAL
                if name in task.tables
            }
            people[strategy] = _registrants(journal.shoppers)
            del journal
            for name, table in tables.items():
                parts.add(name, table)
        except InputError:
            raise
        except Exception as error:
            row = {**row, "status": "failed"}
            failures.append(_failure(keys, changes, f"{type(error).__name__}: {error}", _shown_traceback(error)))
        rows.append(row)
        timings.append({
            **keys, "seconds": clock.seconds(),
            "started": started.isoformat(timespec="seconds"), "worker": os.getpid(),
        })  # fmt: skip
        started, clock = datetime.now(UTC), _Clock()
        if on_run is not None:
            on_run(row["status"] != "ok")
    if not failures:
        common = common_retention(people, scenario.days)
        common.insert(0, "point", point)
        common.insert(2, "replication", replication)
        parts.add("common_retention", pa.Table.from_pandas(common, SCHEMAS["common_retention"], preserve_index=False))
    else:
        parts.add("failures", pa.Table.from_pylist(failures, SCHEMAS["failures"]))
    parts.add("timing", pa.Table.from_pylist(timings, SCHEMAS["timing"]))
    parts.add("runs", runs_table(rows, MEASURES))
    return _as_runs(rows)


class _Clock:
    """How long a run works: on a busy machine without the time in which it waits for a processor."""

    def __init__(self) -> None:
        self._wall, self._worked = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """Since it was made; where several threads work, the clock on the wall is the shorter one."""
        return min(time.perf_counter() - self._wall, time.process_time() - self._worked)


def _as_runs(rows: list[dict[str, Any]]) -> list[Run]:
    return [
        Run(row["world"], row["point"], row["replication"], place, row["strategy"], row["status"])
        for place, row in enumerate(rows)
    ]


def record_death(task: Task, error: BaseException) -> Report:
    """Every run of cells that killed their worker (out of memory, as a rule) becomes a failed run."""
    from sim.metrics import MEASURES

    text = "the worker process died, probably out of memory: fewer --jobs or fewer shoppers may help"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    runs: list[Run] = []
    with Parts(task.folder, f"{task.part}-died") as parts:
        for cell, changes in task.cells:
            world = cell.replication // task.scenario.noise_per_world
            keys = [
                {"point": cell.point, "strategy": strategy, "replication": cell.replication}
                for strategy in task.scenario.labels
            ]
            failures = [_failure(key, changes, text, type(error).__name__) for key in keys]
            parts.add("failures", pa.Table.from_pylist(failures, SCHEMAS["failures"]))
            timings = [{**key, "seconds": None, "started": now, "worker": None} for key in keys]
            parts.add("timing", pa.Table.from_pylist(timings, SCHEMAS["timing"]))
            rows = [{**key, "world": world, "status": "failed"} for key in keys]
            parts.add("runs", runs_table(rows, MEASURES))
            runs += _as_runs(rows)
    return Report(f"{task.part}-died", runs, 0.0)
