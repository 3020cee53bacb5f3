"""The experiment: what is missing in a folder is run, and merged; imports the rooms beside it, scenario, engines."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.experiment.files import write_json, write_text
from sim.experiment.parts import merge, whole_replications
from sim.experiment.pool import cores, in_own_pool, in_pool
from sim.experiment.results import Results
from sim.experiment.schemas import FORMAT, KEEP, Keep
from sim.experiment.worker import Task, record_death, replicate
from sim.scenario import Scenario
from sim.version import RESULTS_VERSION, __version__


@dataclass(frozen=True)
class Progress:
    """How far an experiment is, in runs (one strategy in one replication)."""

    done: int
    total: int
    failed: int


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
        stored = whole_replications(folder, tables) if manifest["keep"] == keep else {}
        complete = {replication for replication, is_ok in stored.items() if is_ok}
        manifest = {**manifest, "keep": keep}
        todo = [r for r in range(scenario.replications) if r not in complete]
        own_pool = executor is None and jobs != 1 and len(todo) > 1
        tasks = [
            Task(scenario, r, folder.resolve(), tables, self.engines, self.engine, os.getpid() if own_pool else None)
            for r in todo
        ]
        if tasks:
            (folder / "verdict.json").unlink(missing_ok=True)  # it would speak of fewer replications than are here
            write_json(folder / "manifest.json", {**manifest, "finished": None})
            write_text(folder / "scenario.yaml", scenario.to_yaml(folder))

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
                left = in_pool(tasks, executor, jobs or 2 * cores(), done)
                for task in left:
                    done(*record_death(task, RuntimeError("the executor broke")))
            elif own_pool:
                in_own_pool(tasks, min(jobs or cores(), len(tasks)), done)
            else:
                for task in tasks:
                    replicate(task, lambda is_failed: done(1, int(is_failed)))
        merge(folder, tables, whole_replications(folder, tables))
        if tasks or manifest.get("finished") is None:
            write_json(folder / "manifest.json", {**manifest, "finished": _now()})
        return Results.open(folder)

    def _take_over(self, folder: Path, keep: Keep) -> tuple[Scenario, Keep, dict[str, Any]]:
        """What this folder already is: its scenario may have more replications, it may keep more tables."""
        scenario = self.scenario
        fresh: dict[str, Any] = {
            "format": FORMAT,
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
