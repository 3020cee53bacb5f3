"""Replications x strategies into a results folder; resume, extend, survive. Imports metrics, engines, scenario.

One task is one replication: its world is built once and shared by every strategy. The worker writes
its own Parquet parts and hands back nothing heavy; the part of `runs` is renamed last and says that
the replication is complete. When all is done the parts are merged, in the order of replications and
with fixed writer settings, so the tables are the same bytes for any number of workers and after any
number of interruptions. Wall times live apart, in `timing`, outside that promise.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.scenario import Scenario
from sim.version import RESULTS_VERSION, __version__

if TYPE_CHECKING:
    from types import TracebackType

Keep = Literal["runs", "daily", "all"]

#: which tables a folder stores; `runs` comes first here and is written last
KEEP: Final[dict[Keep, tuple[str, ...]]] = {
    "runs": ("runs", "common_retention", "failures", "timing"),
    "daily": ("runs", "common_retention", "failures", "timing", "daily", "ledger"),
    "all": ("runs", "common_retention", "failures", "timing", "daily", "ledger", "cohorts", "shoppers"),
}
_FROM_JOURNAL: Final = ("daily", "ledger", "cohorts", "shoppers")
_KEYS: Final = (("point", pa.int64()), ("strategy", pa.string()), ("replication", pa.int64()))
_SCHEMAS: Final = {
    "failures": pa.schema([*_KEYS, ("error", pa.string()), ("traceback", pa.string()), ("rerun", pa.string())]),
    "common_retention": pa.schema(
        [
            *_KEYS,
            ("measure", pa.string()),
            ("n_shoppers", pa.int64()),
            ("n_visited", pa.int64()),
            ("share", pa.float64()),
        ]
    ),
    "timing": pa.schema([*_KEYS, ("seconds", pa.float64()), ("started", pa.string()), ("worker", pa.int64())]),
}
#: text columns of the journal's tables, named because an empty column does not tell its type
_TEXT: Final = frozenset({"strategy", "persona", "channel", "status", "tactic", "line", "cls"})
_ROWS_A_GROUP: Final = 1 << 17
_PACKAGE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Progress:
    """How far an experiment is, in runs (one strategy in one replication)."""

    done: int
    total: int
    failed: int


# --- tables --------------------------------------------------------------------------------------


def _with_keys(frame: pd.DataFrame, point: int, strategy: str, replication: int) -> pa.Table:
    """A table of the journal with the run's keys in front; types do not depend on what the run held."""
    n = len(frame)
    columns: dict[str, pa.Array] = {
        "point": pa.array([point] * n, pa.int64()),
        "strategy": pa.array([strategy] * n, pa.string()),
        "replication": pa.array([replication] * n, pa.int64()),
    }
    for name in frame.columns:
        values = frame[name]
        if name in _TEXT:
            columns[str(name)] = pa.array(values.astype(object).tolist(), pa.string())
        elif values.dtype == bool:
            columns[str(name)] = pa.array(values.to_numpy(), pa.bool_())
        elif n and values.dtype.kind == "f":
            columns[str(name)] = pa.array(values.to_numpy(), pa.float64())
        else:
            columns[str(name)] = pa.array(values.to_numpy(dtype=np.int64), pa.int64())
    return pa.table(columns)


def _runs_table(rows: list[dict[str, Any]], measures: Iterable[str]) -> pa.Table:
    """One row a run. A measure counted in whole units is int64, every other is float64; missing is null."""
    schema = pa.schema(
        [*_KEYS, ("world", pa.int64()), ("status", pa.string())] + [(name, _type_of(name)) for name in measures]
    )
    return pa.Table.from_pylist(rows, schema)


def _type_of(measure: str) -> pa.DataType:
    whole = measure.endswith("_cents") or measure.startswith("n_")
    return pa.int64() if whole and measure not in _FRACTIONS_OF_CENTS else pa.float64()


#: averages of cents keep their fraction
_FRACTIONS_OF_CENTS: Final = frozenset({"aov_cents", "cac_cents", "ltv_180d_cents", "arpu_cents"})


class _ParquetFile:
    """A Parquet file under a temporary name, until `commit` has it on disk and renames it in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Everything that could differ between machines or versions of the defaults is fixed here.
            self._writer = pq.ParquetWriter(
                self._temporary, table.schema, version="2.6", compression="zstd", data_page_version="1.0",
                use_dictionary=True, write_statistics=True, store_schema=True,
            )  # fmt: skip
        self._writer.write_table(table.combine_chunks(), row_group_size=8 * _ROWS_A_GROUP)

    def commit(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        with self._temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        self._temporary.replace(self.path)

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._temporary.unlink(missing_ok=True)


class _Parts:
    """The parts one replication writes: all of them or none, `runs` last."""

    def __init__(self, folder: Path, replication: int) -> None:
        self._folder, self._replication = folder, replication
        self._files: dict[str, _ParquetFile] = {}

    def add(self, name: str, table: pa.Table) -> None:
        if name not in self._files:
            self._files[name] = _ParquetFile(_part(self._folder, name, self._replication))
        self._files[name].write(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            for name in sorted(self._files, key=lambda name: name == "runs"):
                self._files[name].commit()
        else:
            for file in self._files.values():
                file.discard()


def _part(folder: Path, table: str, replication: int) -> Path:
    return folder / "parts" / table / f"r{replication:06d}.parquet"


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON in one step: readers see the old file or the new one, never half of it."""
    _write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


# --- what a folder holds -------------------------------------------------------------------------


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _statuses(path: Path) -> dict[int, set[str]]:
    """Replication -> the statuses of its runs ("ok", "failed")."""
    table = pq.read_table(path, columns=["replication", "status"])
    found: dict[int, set[str]] = {}
    for replication, status in zip(table["replication"].to_pylist(), table["status"].to_pylist(), strict=True):
        found.setdefault(replication, set()).add(status)
    return found


def _stored(folder: Path, tables: Iterable[str]) -> dict[int, bool]:
    """Replications that are whole in this folder -> whether all their runs succeeded. Torn files count as absent."""
    needed = [name for name in tables if name != "failures"]
    stored: dict[int, bool] = {}
    if all(_is_readable(folder / f"{name}.parquet") for name in needed):
        stored = {r: found == {"ok"} for r, found in _statuses(folder / "runs.parquet").items()}
    for path in sorted((folder / "parts" / "runs").glob("r*.parquet")):
        replication = int(path.stem[1:])
        stored.pop(replication, None)  # the part is newer
        if not _is_readable(path):
            continue
        found = _statuses(path)[replication]
        # A run that failed wrote no tables of its journal, and people can only be the same where all runs are there.
        absent = set() if found == {"ok"} else {"common_retention"}
        if "ok" not in found:
            absent |= {*_FROM_JOURNAL}
        names = [name for name in needed if name not in absent]
        if all(_is_readable(_part(folder, name, replication)) for name in names):
            stored[replication] = found == {"ok"}
    return stored


def _slices(path: Path) -> Iterator[tuple[int, pa.Table]]:
    """A merged table, cut into its replications, in the order of the file, one in memory at a time."""
    if not _is_readable(path):
        return
    with pq.ParquetFile(path) as file:
        pending: list[pa.Table] = []
        current = -1
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            numbers = table["replication"].to_numpy()
            start = 0
            while start < len(numbers):
                number = int(numbers[start])
                stop = int(numbers.searchsorted(number, side="right"))  # ascending within a file
                if number != current and pending:
                    yield current, pa.concat_tables(pending)
                    pending = []
                current = number
                pending.append(table.slice(start, stop - start))
                start = stop
        if pending:
            yield current, pa.concat_tables(pending)


def _replication_tables(folder: Path, table: str, stored: Iterable[int]) -> Iterator[pa.Table]:
    """The stored replications of one table in ascending order; a part is newer than the merged table."""
    merged = _slices(folder / f"{table}.parquet")
    at, piece = next(merged, (None, None))
    for replication in sorted(stored):
        while at is not None and at < replication:
            at, piece = next(merged, (None, None))
        part = _part(folder, table, replication)
        if _part(folder, "runs", replication).exists():
            if part.exists():
                yield pq.ParquetFile(part).read()
        elif at == replication:
            yield piece


def _merge(folder: Path, tables: Iterable[str], stored: Iterable[int]) -> None:
    """Bring parts and merged tables together into new merged tables, then drop the parts."""
    parts = folder / "parts"
    if not parts.exists() and all((folder / f"{name}.parquet").exists() for name in tables):
        return
    for name in sorted(tables, key=lambda name: name == "runs"):
        file = _ParquetFile(folder / f"{name}.parquet")
        waiting: list[pa.Table] = []
        try:
            for table in _replication_tables(folder, name, stored):
                waiting.append(table)
                if sum(t.num_rows for t in waiting) >= _ROWS_A_GROUP:
                    file.write(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                file.write(pa.concat_tables(waiting))
            elif file._writer is None and name in _SCHEMAS:
                file.write(_SCHEMAS[name].empty_table())
            file.commit()
        except BaseException:
            file.discard()
            raise
    # From here on every replication is in the merged tables; dying between two lines costs nothing.
    for name in sorted(tables, key=lambda name: name != "runs"):
        for path in (parts / name).glob("*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (parts / name).rmdir()
    with contextlib.suppress(OSError):
        parts.rmdir()


# --- a results folder, opened --------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Results:
    """A results folder: its tables as DataFrames (read when first asked for) and its scenario."""

    folder: Path

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Open a folder for reading. One made by another results version can be read but not written."""
        path = Path(folder)
        if not path.is_dir():
            raise InputError("no such results folder", file=path, hint="`grapevine compare` makes one in results/.")
        if not (path / "manifest.json").exists():
            raise InputError("not a results folder: it has no manifest.json", file=path)
        return cls(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Digest, command, versions, seeds, times."""
        try:
            content = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError("manifest.json is not JSON", file=self.folder, hint=str(error)) from None
        if not isinstance(content, dict):
            raise InputError("manifest.json is not a mapping", file=self.folder)
        return content

    @property
    def is_writable(self) -> bool:
        """Whether this version of the model made the folder; only then may anything be added to it."""
        return bool(self.manifest.get("results_version") == RESULTS_VERSION)

    def require_writable(self) -> None:
        """Refuse to add new answers to those of another model."""
        if not self.is_writable:
            raise InputError(
                "this folder was made by another results version and is read-only",
                file=self.folder,
                found=self.manifest.get("results_version"),
                allowed=str(RESULTS_VERSION),
                hint="Run the scenario again; it gets a folder of its own.",
            )

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as run, all defaults filled in."""
        return Scenario.load(self.folder / "scenario.yaml", check_files=False)

    @cached_property
    def replications(self) -> tuple[int, ...]:
        """The replications that are complete, in order."""
        return tuple(sorted(_stored(self.folder, KEEP[self.keep])))

    @property
    def keep(self) -> Keep:
        """What the folder stores: runs, daily or all."""
        keep: Keep = self.manifest.get("keep", "all")
        return keep

    def table(self, name: str) -> pd.DataFrame:
        """One table by name. Complete replications are there even if the experiment was interrupted."""
        if name not in KEEP[self.keep]:
            raise InputError(
                f"this folder does not store the table '{name}'",
                file=self.folder,
                found=f"keep {self.keep}",
                hint="Run again with --keep all.",
            )
        tables = list(_replication_tables(self.folder, name, self.replications))
        if not tables:
            return _SCHEMAS[name].empty_table().to_pandas() if name in _SCHEMAS else pd.DataFrame()
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
        return frame

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: point, strategy, replication, world, status and every measure."""
        return self.table("runs")

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Run x day."""
        return self.table("daily")

    @cached_property
    def cohorts(self) -> pd.DataFrame:
        """Run x cohort day x age."""
        return self.table("cohorts")

    @cached_property
    def shoppers(self) -> pd.DataFrame:
        """Run x shopper."""
        return self.table("shoppers")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Run x day x tactic x line, in cents."""
        return self.table("ledger")

    @cached_property
    def common_retention(self) -> pd.DataFrame:
        """Run x measure: retention among those who register under every strategy of the replication."""
        return self.table("common_retention")

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row a failed run: error, traceback, how to run it again."""
        return self.table("failures")

    @cached_property
    def timing(self) -> pd.DataFrame:
        """One row a run: seconds, start, worker. Outside every promise of equal bytes."""
        return self.table("timing")


# --- the worker ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
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


def _replicate(task: _Task, on_run: Callable[[bool], None] | None = None) -> tuple[int, int]:
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
    with _Parts(task.folder, replication) as parts:
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
                    name: _with_keys(getattr(journal, name), 0, strategy, replication)
                    for name in _FROM_JOURNAL
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
                "common_retention", pa.Table.from_pandas(common, _SCHEMAS["common_retention"], preserve_index=False)
            )
        else:
            parts.add("failures", pa.Table.from_pylist(failures, _SCHEMAS["failures"]))
        parts.add("timing", pa.Table.from_pylist(timings, _SCHEMAS["timing"]))
        parts.add("runs", _runs_table(rows, MEASURES))
        _die_with(task.parent)
    return len(rows), len(failures)


def _record_death(task: _Task, error: BaseException) -> tuple[int, int]:
    """Every run of a replication that killed its worker (out of memory, as a rule) becomes a failed run."""
    from sim.metrics import MEASURES

    labels = task.scenario.labels
    world = task.replication // task.scenario.noise_per_world
    keys = [{"point": 0, "strategy": strategy, "replication": task.replication} for strategy in labels]
    text = "the worker process died, probably out of memory: fewer --jobs or fewer shoppers may help"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with _Parts(task.folder, task.replication) as parts:
        failures = [_failure(strategy, task.replication, text, type(error).__name__) for strategy in labels]
        parts.add("failures", pa.Table.from_pylist(failures, _SCHEMAS["failures"]))
        timings = [{**key, "seconds": None, "started": now, "worker": None} for key in keys]
        parts.add("timing", pa.Table.from_pylist(timings, _SCHEMAS["timing"]))
        parts.add("runs", _runs_table([{**key, "world": world, "status": "failed"} for key in keys], MEASURES))
    return len(labels), len(labels)


# --- the coordinator -----------------------------------------------------------------------------


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody; the coordinator answers for all


def _pool(jobs: int) -> Executor:
    from loky.process_executor import ProcessPoolExecutor

    # One process a run: threads inside libraries would only fight for the same cores.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pool: Executor = ProcessPoolExecutor(jobs, initializer=_ignore_interrupts, env=threads)
    return pool


def _close(pool: Executor, *, kill: bool) -> None:
    pool.shutdown(wait=True, kill_workers=kill)  # type: ignore[call-arg]  # loky's own argument


def _in_pool(tasks: list[_Task], pool: Executor, jobs: int, done: Callable[[int, int], None]) -> list[_Task]:
    """Run tasks in a pool, at most `jobs` at a time; returns those that were at work when a worker died."""
    waiting = list(reversed(tasks))
    running: dict[Future[tuple[int, int]], _Task] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            task = waiting.pop()
            try:
                running[pool.submit(_replicate, task)] = task
            except BrokenExecutor:
                return [*running.values(), task, *reversed(waiting)]
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=lambda f: running[f].replication):
            try:
                runs, failed = future.result()
            except BrokenExecutor:
                return [*running.values(), *reversed(waiting)]
            del running[future]
            done(runs, failed)
    return []


def _in_own_pool(tasks: list[_Task], jobs: int, done: Callable[[int, int], None]) -> None:
    """Run tasks in worker processes; a replication that kills its worker becomes failed runs, the others go on."""
    left, width = tasks, jobs
    while left:
        pool = _pool(width)
        try:
            after = _in_pool(left, pool, width, done)
        except BaseException:
            _close(pool, kill=True)
            raise
        _close(pool, kill=bool(after))
        if after and width == 1:
            # alone in its pool, so it was this one
            done(*_record_death(after[0], RuntimeError("worker died")))
            after = after[1:]
        left, width = after, 1 if after else jobs


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system drops it when the process ends, however it ends."""
    handle = (folder / ".lock").open("a+")
    try:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                "another process is writing this results folder",
                file=folder,
                hint="Wait until it has finished, or choose another folder with --out.",
            ) from None
        yield
    finally:
        handle.close()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def folder_name(scenario: Scenario) -> str:
    """`<name>-<digest>`, the name made safe for a file system."""
    plain = re.sub(r"[^\w.-]+", "-", scenario.name).strip("-._")[:60] or "scenario"
    return f"{plain}-{scenario.digest}"


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"grapevine-sim": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "pandas", "pyarrow", "mesa"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


@dataclass(frozen=True)
class Experiment:
    """All strategies of a scenario in its replications."""

    scenario: Scenario
    engine: str = "columnar"
    engines: str = field(default="sim.engines", repr=False)  # module with World, simulate, warm_up
    command: str | None = field(default=None, repr=False)  # what was typed, for the manifest

    def run(
        self,
        jobs: int | None = None,
        to: str | Path | None = None,
        progress: Callable[[Progress], None] | None = None,
        keep: Keep = "all",
        executor: Executor | None = None,
    ) -> Results:
        """Run what is missing in the folder `to` (default: results/<name>-<digest>) and open it.

        `jobs`: worker processes, default one a core; 1 runs in this process. `executor`: any executor of
        `concurrent.futures`, for a cluster. `keep`: what is stored (runs, daily, all).
        """
        if keep not in KEEP:
            raise InputError("unknown value", path="keep", found=keep, allowed=", ".join(KEEP))
        if jobs is not None and jobs < 1:
            raise InputError("too few workers", path="jobs", found=jobs, allowed="at least 1")
        folder = Path(to) if to is not None else Path("results") / folder_name(self.scenario)
        if folder.exists() and not folder.is_dir():
            raise InputError("there is a file where the results folder should be", file=folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("cannot make the results folder", file=folder, found=error.strerror) from None
        with _only_writer(folder):
            return self._run_in(folder, jobs, progress, keep, executor)

    def _run_in(
        self,
        folder: Path,
        jobs: int | None,
        progress: Callable[[Progress], None] | None,
        keep: Keep,
        executor: Executor | None,
    ) -> Results:
        scenario, keep, manifest = self._take_over(folder, keep)
        tables = KEEP[keep]
        for path in folder.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
        # Wider tables than the folder keeps: all over again. A replication with a failed run: asking again tries again.
        stored = _stored(folder, tables) if manifest["keep"] == keep else {}
        complete = {replication for replication, is_ok in stored.items() if is_ok}
        manifest = {**manifest, "keep": keep}
        todo = [r for r in range(scenario.replications) if r not in complete]
        own_pool = executor is None and jobs != 1 and len(todo) > 1
        tasks = [
            _Task(scenario, r, folder.resolve(), tables, self.engines, self.engine, os.getpid() if own_pool else None)
            for r in todo
        ]
        if tasks:
            (folder / "verdict.json").unlink(missing_ok=True)  # it would speak of fewer replications than are here
            write_json(folder / "manifest.json", {**manifest, "finished": None})
            _write_text(folder / "scenario.yaml", scenario.to_yaml(folder))

        total, state = len(tasks) * len(scenario.labels), [0, 0]

        def done(runs: int, failed: int) -> None:
            state[0] += runs
            state[1] += failed
            if progress is not None:
                progress(Progress(state[0], total, state[1]))

        if tasks:
            if self.engine == "columnar":
                # Before any worker exists: many processes compiling into one cache at once can crash (numba #4807).
                importlib.import_module(self.engines).warm_up()
            done(0, 0)  # the clock of whoever watches starts after the compiler
            if executor is not None:
                left = _in_pool(tasks, executor, jobs or 2 * cores(), done)
                for task in left:
                    done(*_record_death(task, RuntimeError("the executor broke")))
            elif own_pool:
                _in_own_pool(tasks, min(jobs or cores(), len(tasks)), done)
            else:
                for task in tasks:
                    _replicate(task, lambda is_failed: done(1, int(is_failed)))
        _merge(folder, tables, _stored(folder, tables))
        if tasks or manifest.get("finished") is None:
            write_json(folder / "manifest.json", {**manifest, "finished": _now()})
        return Results.open(folder)

    def _take_over(self, folder: Path, keep: Keep) -> tuple[Scenario, Keep, dict[str, Any]]:
        """What this folder already is: its scenario may have more replications, it may keep more tables."""
        scenario = self.scenario
        fresh: dict[str, Any] = {
            "format": 1,
            "name": scenario.name,
            "digest": scenario.digest,
            "results_version": RESULTS_VERSION,
            "command": self.command,
            "engine": self.engine,
            "versions": _versions(),
            "seeds": {"seed": scenario.seed, "replications": scenario.replications,
                      "noise_per_world": scenario.noise_per_world},
            "strategies": list(scenario.labels),
            "keep": keep,
            "started": _now(),
            "finished": None,
        }  # fmt: skip
        if not (folder / "manifest.json").exists():
            if any(path.name != ".lock" for path in folder.iterdir()):
                raise InputError("the folder is not empty and is not a results folder", file=folder)
            return scenario, keep, fresh
        there = Results.open(folder)
        there.require_writable()
        if there.manifest.get("digest") != scenario.digest:
            raise InputError(
                "this folder holds the answers to another question",
                file=folder,
                found=there.manifest.get("digest"),
                allowed=scenario.digest,
                hint="Choose another folder; `grapevine diff` says what differs.",
            )
        more = int(there.manifest["seeds"]["replications"])
        if more > scenario.replications:
            scenario = scenario.with_({"replications": more})
            fresh["seeds"]["replications"] = more
        wider = max(keep, there.keep, key=list(KEEP).index)
        kept = {"started": there.manifest.get("started"), "finished": there.manifest.get("finished")}
        return scenario, wider, {**fresh, **kept, "keep": there.keep}


def write_journal(journal: Any, folder: str | Path) -> list[str]:
    """Write the tables of one run as Parquet files; returns their names."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("cannot make the folder", file=folder, found=error.strerror) from None
    written = []
    for name in ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events"):
        frame = getattr(journal, name)
        if frame is None:
            (folder / f"{name}.parquet").unlink(missing_ok=True)  # of an earlier run with --events
            continue
        file = _ParquetFile(folder / f"{name}.parquet")
        file.write(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None))
        file.commit()
        written.append(f"{name}.parquet")
    return written


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
