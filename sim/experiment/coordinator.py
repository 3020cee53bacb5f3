"""The experiment: what is missing in a folder is run, and merged; imports the rooms beside it, scenario, engines."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.design import ONE_POINT, Design, Points
from sim.errors import InputError
from sim.experiment.batches import Batches
from sim.experiment.cluster import cluster_named
from sim.experiment.files import write_json, write_table, write_text
from sim.experiment.ledger import Cell, RunLedger
from sim.experiment.lock import only_writer
from sim.experiment.merging import Damaged, damaged, merge
from sim.experiment.parts import cannot_write, remove_part, remove_parts
from sim.experiment.plan import Plan, Shard
from sim.experiment.pool import cores, in_given_pool, in_own_pool
from sim.experiment.results import Results
from sim.experiment.schemas import FORMAT, KEEP, Keep, stored_tables
from sim.experiment.worker import CHECKPOINTS, Report, Task, run_task
from sim.scenario import Scenario, content_hash
from sim.version import RESULTS_VERSION, __version__

Remark = Callable[[str], None]


@dataclass(frozen=True)
class Progress:
    """How far an experiment is, in runs (one strategy in one replication at one point)."""

    done: int
    total: int
    failed: int


def folder_name(scenario: Scenario, digest: str | None = None, shard: Shard | None = None) -> str:
    """`<name>-<digest>`, the name made safe for a file system; a shard says which it is."""
    plain = re.sub(r"[^\w.-]+", "-", scenario.name).strip("-._")[:60] or "scenario"
    share = f"-shard-{shard.number}-of-{shard.of}" if shard else ""
    return f"{plain}-{digest or scenario.digest}{share}"


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"grapevine-sim": __version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "pandas", "pyarrow", "mesa"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


@dataclass(frozen=True)
class Experiment:
    """All strategies of a scenario in its replications, at one point or at all points of a design."""

    scenario: Scenario
    design: Design | None = None
    engine: str = "columnar"
    shard: Shard | None = None
    engines: str = field(default="sim.engines", repr=False)  # module with World, simulate, warm_up
    command: str | None = field(default=None, repr=False)  # what was typed, for the manifest
    checkpoint_every: int | None = None  # days; a run that is killed goes on from its last checkpoint

    @classmethod
    def of_folder(cls, folder: str | Path) -> Experiment:
        """The experiment a results folder belongs to, as it was asked."""
        results = Results.open(folder)
        manifest = results.manifest
        if not (results.folder / "scenario.yaml").exists():
            raise InputError("this folder was left before it was set up", file=results.folder,
                             hint="Type the command that made it again: it goes on in this folder.")  # fmt: skip
        scenario, about, shard = results.scenario, manifest.get("design"), manifest.get("shard")
        for path, file in scenario.files().items():
            if file.exists() and content_hash(file) != manifest.get("files", {}).get(path, content_hash(file)):
                raise InputError("this file was changed since its results were begun", file=file, path=path,
                                 hint="Put it back, or ask anew: the new file gets a folder of its own.")  # fmt: skip
        design = None
        if about is not None:
            design = Design(about["name"], about["kind"], scenario, Points.read(results.folder / "points.parquet"))
        scenario.check_files()
        return cls(scenario, design, manifest.get("engine", "columnar"), Shard.parse(shard) if shard else None,
                   command=manifest.get("command"), checkpoint_every=manifest.get("checkpoint_every"))  # fmt: skip

    @property
    def points(self) -> Points:
        """The points run: of the design, or the one point of a comparison."""
        return ONE_POINT if self.design is None else self.design.points

    @cached_property
    def plan(self) -> Plan:
        """All cells in their order."""
        return Plan(self.scenario, self.points, self.shard, self._backend().World.inputs)

    def _backend(self) -> Any:
        return importlib.import_module(self.engines)

    def default_folder(self, out: Path = Path("results")) -> Path:
        """Where results go if nobody says where."""
        return out / folder_name(self.scenario, self.plan.digest, self.shard)

    def run(
        self,
        jobs: int | None = None,
        to: str | Path | None = None,
        progress: Callable[[Progress], None] | None = None,
        keep: Keep = "all",
        executor: Executor | str | None = None,
        remark: Remark | None = None,
        only_failed: bool = False,
    ) -> Results:
        """Run what is missing in the folder `to` (default: results/<name>-<digest>) and open it.

        `jobs`: worker processes, default one a core; 1 runs in this process. `executor`: loky, dask, dask://HOST:PORT,
        or any executor of `concurrent.futures`. `keep`: what is stored (runs, daily, all). `remark` is told what had to
        be mended. `only_failed`: what failed is run again, what is missing is left.
        """
        if keep not in KEEP:
            raise InputError("unknown value", path="keep", found=keep, allowed=", ".join(KEEP))
        if jobs is not None and jobs < 1:
            raise InputError("too few workers", path="jobs", found=jobs, allowed="at least 1")
        folder = Path(to) if to is not None else self.default_folder()
        if folder.exists() and not folder.is_dir():
            raise InputError("there is a file where the results folder should be", file=folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("cannot make the results folder", file=folder, found=error.strerror) from None
        with only_writer(folder):
            try:
                return self._run_in(folder, jobs, progress, keep, executor, remark or (lambda _: None), only_failed)
            except (OSError, sqlite3.OperationalError) as error:
                raise cannot_write(folder, error) from None

    def _run_in(
        self,
        folder: Path,
        jobs: int | None,
        progress: Callable[[Progress], None] | None,
        keep: Keep,
        executor: Executor | str | None,
        remark: Remark,
        only_failed: bool,
    ) -> Results:
        plan, keep, manifest = self._take_over(folder, keep)
        tables = KEEP[keep]
        if not (folder / "manifest.json").exists():
            write_json(folder / "manifest.json", manifest)  # first of all: it says whose folder this is
        for path in folder.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
        held = stored_tables(manifest)
        with RunLedger.writing(folder, plan.families, held) as (ledger, mended):
            for text in mended:
                remark(text)
            if held != tables:  # more tables than the folder keeps: all over again
                ledger.clear()
                remove_parts(folder)
            manifest = {**manifest, "format": FORMAT, "keep": keep}
            cells, n_cells = _missing(plan, ledger, only_failed)
            text, file = plan.scenario.to_yaml(folder), folder / "scenario.yaml"
            if n_cells or not file.exists() or file.read_text(encoding="utf-8") != text:  # the margin may be new
                for name in ("verdict.json", "verdicts.parquet"):  # they would speak of fewer runs than are here
                    (folder / name).unlink(missing_ok=True)
                write_text(file, text)
            if n_cells:
                write_json(folder / "manifest.json", {**manifest, "finished": None})
                if self.design is not None:
                    families = {b"families": json.dumps(plan.families).encode()}
                    write_table(folder / "points.parquet", plan.points.table().replace_schema_metadata(families))
                self._work(_Work(plan, cells, n_cells, folder.resolve(), tables, ledger), jobs, progress, executor)
            try:
                merge(folder, tables, ledger)
            except Damaged as error:
                ledger.forget(error.part)
                remove_part(folder, error.part)
                raise damaged(error, folder) from None
            with contextlib.suppress(OSError):  # not there, or runs of other cells are in it
                (folder / CHECKPOINTS).rmdir()
            is_whole = ledger.n_cells(failed=False) + ledger.n_cells(failed=True) >= plan.n_cells
        if n_cells or manifest.get("finished") is None:
            write_json(folder / "manifest.json", {**manifest, "finished": now() if is_whole else None})
        return Results.open(folder)

    def _work(
        self,
        work: _Work,
        jobs: int | None,
        progress: Callable[[Progress], None] | None,
        executor: Executor | str | None,
    ) -> None:
        total, state = work.n_cells * len(work.plan.scenario.labels), [0, 0]

        def count(runs: int, failed: int) -> None:
            state[0] += runs
            state[1] += failed
            if progress is not None:
                progress(Progress(state[0], total, state[1]))

        def done(report: Report) -> None:
            work.ledger.adopt(report.part, report.runs)
            batches.learn(report)
            count(len(report.runs), sum(run.status != "ok" for run in report.runs))

        session = secrets.token_hex(4)  # parts of another session have other names
        files = work.plan.files()
        is_own = (executor is None or executor == "loky") and jobs != 1 and work.n_cells > 1

        def task_of(cells: tuple[Cell, ...], number: int) -> Task:
            changes = tuple((cell, work.plan.points.changes(cell.point)) for cell in cells)
            return Task(
                work.plan.scenario, changes, f"{session}-{number:06d}", work.folder, work.tables, self.engines,
                self.engine, files, os.getpid() if is_own else None, self.checkpoint_every,
            )  # fmt: skip

        batches = Batches(work.cells, work.n_cells, jobs or cores(), task_of)
        if self.engine == "columnar":
            # Before any worker exists: many processes compiling into one cache at once can crash (numba #4807).
            self._backend().warm_up()
        count(0, 0)  # the clock of whoever watches starts after the compiler
        if is_own:
            in_own_pool(batches, min(jobs or cores(), work.n_cells), done)
        elif executor is None or executor == "loky":
            for task in batches:
                report = run_task(task, lambda is_failed: count(1, int(is_failed)))
                work.ledger.adopt(report.part, report.runs)
                batches.learn(report)
        elif isinstance(executor, str):
            with cluster_named(executor, jobs, self.engines) as (pool, window):
                in_given_pool(batches, pool, window, done)
        else:
            in_given_pool(batches, executor, lambda: jobs or 2 * cores(), done)

    def _take_over(self, folder: Path, keep: Keep) -> tuple[Plan, Keep, dict[str, Any]]:
        """What this folder already is: its scenario may have more replications, it may keep more tables."""
        scenario, plan = self.scenario, self.plan
        fresh: dict[str, Any] = {
            "format": FORMAT,
            "name": scenario.name,
            "digest": plan.digest,
            "results_version": RESULTS_VERSION,
            "command": self.command,
            "engine": self.engine,
            "versions": _versions(),
            "seeds": {"seed": scenario.seed, "replications": scenario.replications,
                      "noise_per_world": scenario.noise_per_world},
            "strategies": list(scenario.labels),
            "design": None if self.design is None else self.design.about(),
            "shard": None if self.shard is None else str(self.shard),
            "files": plan.files(),
            "keep": keep,
            "checkpoint_every": self.checkpoint_every,
            "started": now(),
            "finished": None,
        }  # fmt: skip
        if not (folder / "manifest.json").exists():
            if any(path.name != ".lock" and path.suffix != ".tmp" for path in folder.iterdir()):
                raise InputError("the folder is not empty and is not a results folder", file=folder)
            return plan, keep, fresh
        there = Results.open(folder)
        there.require_writable()
        if there.manifest.get("digest") != plan.digest:
            raise InputError(
                "this folder holds the answers to another question",
                file=folder,
                found=there.manifest.get("digest"),
                allowed=plan.digest,
                hint="Choose another folder; `grapevine diff` says what differs.",
            )
        if there.manifest.get("shard") != fresh["shard"]:
            raise InputError("this folder holds another shard", file=folder, found=there.manifest.get("shard"),
                             allowed=fresh["shard"], hint="Give each shard a folder, then merge them.")  # fmt: skip
        more = int(there.manifest["seeds"]["replications"])
        if self.shard is not None and more != scenario.replications:
            raise InputError("a shard cannot be extended", file=folder, path="replications",
                             found=scenario.replications, allowed=str(more))  # fmt: skip
        if more > scenario.replications:
            plan = replace(plan, scenario=scenario.with_({"replications": more}))
            fresh["seeds"]["replications"] = more
        wider = max(keep, there.keep, key=list(KEEP).index)
        kept = {"started": there.manifest.get("started"), "finished": there.manifest.get("finished")}
        return plan, wider, {**fresh, **kept, "format": there.manifest.get("format", 1), "keep": there.keep}


@dataclass(frozen=True)
class _Work:
    """What is to be done in a folder."""

    plan: Plan
    cells: Iterator[Cell]
    n_cells: int
    folder: Path
    tables: tuple[str, ...]
    ledger: RunLedger


def _missing(plan: Plan, ledger: RunLedger, only_failed: bool) -> tuple[Iterator[Cell], int]:
    """The cells to run, one at a time, and how many. A cell with a failed run: asking again tries again."""
    failed = ledger.n_cells(failed=True)
    if only_failed:
        return (cell for cell in plan.cells() if "failed" in ledger.statuses(cell)), failed
    return (cell for cell in plan.cells() if not ledger.is_done(cell)), plan.n_cells - ledger.n_cells(failed=False)


def now() -> str:
    """This moment, as manifests write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
