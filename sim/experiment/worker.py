"""One task: all strategies of one replication, written down; imports `parts`, `schemas`, funnel, metrics."""

from __future__ import annotations

import importlib
import os
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment.parts import Parts
from sim.experiment.schemas import FROM_JOURNAL, SCHEMAS, runs_table, with_keys
from sim.funnel import run_table
from sim.scenario import Scenario

_PACKAGE: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Task:
    """One replication to run: everything its worker must know."""

    scenario: Scenario
    replication: int
    folder: Path
    tables: tuple[str, ...]
    engines: str
    engine: str
    parent: int | None = None  # process id of the coordinator, if the worker should die with it


def _die_with(parent: int | None) -> None:
    """A worker whose coordinator was killed stops here, before it writes where somebody else may now be at work."""
    if parent is not None and hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(1)


def _shown_traceback(error: BaseException) -> str:
    """The traceback with paths from the package on: the same text on every machine."""
    text = "".join(traceback.format_exception(error))
    text = text.replace(str(_PACKAGE.parent) + os.sep, "")
    return re.sub(r'File "[^"]*[/\\]([^"/\\]+[/\\][^"/\\]+)"', r'File "\1"', text)


def _how_to_rerun(strategy: str, replication: int) -> str:
    return f"grapevine run scenario.yaml --strategy {strategy} --replication {replication}"


def _registrants(shoppers: pd.DataFrame) -> pd.DataFrame:
    columns = ["id", "registered_day", "visited_d1", "visited_d7", "visited_d30"]
    return shoppers.loc[shoppers["registered_day"] >= 0, columns]


def _failure(strategy: str, replication: int, error: str, shown: str) -> dict[str, Any]:
    keys = {"point": 0, "strategy": strategy, "replication": replication}
    return {**keys, "error": error, "traceback": shown, "rerun": _how_to_rerun(strategy, replication)}


def replicate(task: Task, on_run: Callable[[bool], None] | None = None) -> tuple[int, int]:
    """Run every strategy of one replication in one world and write its parts; (runs, failed runs)."""
    from sim.metrics import MEASURES, common_retention, measure

    backend: Any = importlib.import_module(task.engines)
    scenario, replication = task.scenario, task.replication
    rows: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    timings: list[dict[str, Any]] = []
    people: dict[str, pd.DataFrame] = {}  # who registered during the run, for what only all strategies together tell
    world: Any = None
    broken: Exception | None = None
    with Parts(task.folder, replication) as parts:
        try:
            world = backend.World.build(scenario, replication)
        except InputError:
            raise  # bad input is for the person who asked, not a row in a table
        except Exception as error:
            broken = error
        for strategy in scenario.labels:
            _die_with(task.parent)
            keys: dict[str, Any] = {"point": 0, "strategy": strategy, "replication": replication}
            row: dict[str, Any] = {**keys, "world": replication // scenario.noise_per_world, "status": "ok"}
            started, clock = datetime.now(UTC), time.perf_counter()
            try:
                if broken is not None:
                    raise broken
                journal = backend.simulate(scenario, strategy, replication=replication, engine=task.engine, world=world)
                row.update(measure(journal))
                tables = {
                    name: with_keys(run_table(journal, name), 0, strategy, replication)
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
                failures.append(
                    _failure(strategy, replication, f"{type(error).__name__}: {error}", _shown_traceback(error))
                )
            rows.append(row)
            timings.append({
                **keys, "seconds": time.perf_counter() - clock,
                "started": started.isoformat(timespec="seconds"), "worker": os.getpid(),
            })  # fmt: skip
            if on_run is not None:
                on_run(row["status"] != "ok")
        if not failures:
            common = common_retention(people, scenario.days)
            common.insert(0, "point", 0)
            common.insert(2, "replication", replication)
            parts.add(
                "common_retention", pa.Table.from_pandas(common, SCHEMAS["common_retention"], preserve_index=False)
            )
        else:
            parts.add("failures", pa.Table.from_pylist(failures, SCHEMAS["failures"]))
        parts.add("timing", pa.Table.from_pylist(timings, SCHEMAS["timing"]))
        parts.add("runs", runs_table(rows, MEASURES))
        _die_with(task.parent)
    return len(rows), len(failures)


def record_death(task: Task, error: BaseException) -> tuple[int, int]:
    """Every run of a replication that killed its worker (out of memory, as a rule) becomes a failed run."""
    from sim.metrics import MEASURES

    labels = task.scenario.labels
    world = task.replication // task.scenario.noise_per_world
    keys = [{"point": 0, "strategy": strategy, "replication": task.replication} for strategy in labels]
    text = "the worker process died, probably out of memory: fewer --jobs or fewer shoppers may help"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with Parts(task.folder, task.replication) as parts:
        failures = [_failure(strategy, task.replication, text, type(error).__name__) for strategy in labels]
        parts.add("failures", pa.Table.from_pylist(failures, SCHEMAS["failures"]))
        timings = [{**key, "seconds": None, "started": now, "worker": None} for key in keys]
        parts.add("timing", pa.Table.from_pylist(timings, SCHEMAS["timing"]))
        parts.add("runs", runs_table([{**key, "world": world, "status": "failed"} for key in keys], MEASURES))
    return len(labels), len(labels)
