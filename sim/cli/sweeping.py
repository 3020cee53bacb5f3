"""Commands that run many points and go on with what was begun: sweep, resume; part of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.guard import SOME_FAILED
from sim.cli.options import (
    RESULTS,
    Changes,
    Executor,
    Folder,
    Jobs,
    Json,
    Out,
    Quiet,
    Replications,
    Seed,
    changes_of,
    typed_command,
)
from sim.cli.speed import say_if_compiling
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from sim.experiment import Experiment, Keep, Results


def sweep(
    design: Annotated[str, typer.Argument(metavar="DESIGN", help="Design file, or the name of a shipped design.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try a few runs; say how many, how long, how much disk.")
    ] = False,
    shard: Annotated[str | None, typer.Option("--shard", metavar="I/N", help="Only this share, e.g. 2/4.")] = None,
    replications: Replications = None,
    jobs: Jobs = None,
    executor: Executor = "loky",
    keep: Annotated[str, typer.Option("--keep", help="What is stored: runs, orders, records, daily or all.")] = "daily",
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """All strategies at every point of a design: grid, Latin hypercube, Sobol, one at a time, or a CSV of points."""
    from sim.design import Design
    from sim.experiment import KEEP, Experiment, Shard

    stored = _keep(keep, KEEP)
    wanted = changes_of(changes, seed, replications)
    asked = Design.load(design, wanted)
    share = None if shard is None else Shard.parse(shard)
    experiment = Experiment(asked.scenario, asked, shard=share)
    if dry_run:
        _dry_run(experiment, stored, jobs, json, quiet)
        return
    from sim.studies.ask import sweep as ask

    folder = experiment.default_folder(out)
    if not quiet:
        n, r = len(asked.points), asked.scenario.replications
        show.note(f"{asked.name}: {n} points x {len(asked.scenario.labels)} strategies x {r} replications -> {folder}")
        say_if_compiling()
    with show.progress(quiet=quiet) as step:
        results = ask(asked, jobs, folder, step, stored, executor, shard, typed_command(), _remark(quiet))
    finish(results, json, quiet)


def resume(
    folder: Folder, jobs: Jobs = None, executor: Executor = "loky", json: Json = False, quiet: Quiet = False
) -> None:
    """Go on with a sweep or a comparison that was interrupted; try again what failed."""
    go_on(folder, jobs, executor, json, quiet, only_failed=False)


def go_on(folder: Path, jobs: int | None, executor: str, json: bool, quiet: bool, *, only_failed: bool) -> None:
    """Run what is missing or failed in a folder, and say how it stands."""
    from sim.studies.ask import resume as ask

    with show.progress(quiet=quiet) as step:
        results = ask(folder, jobs, step, executor, only_failed, _remark(quiet))
    finish(results, json, quiet)


def finish(results: Results, json: bool, quiet: bool) -> None:
    """How a folder stands after work on it; leaves with 3 if runs failed."""
    state = results.status()
    if json:
        show.as_json(state)
    else:
        print(describe(state))
        print(_chosen(results), end="")
        print(f"Tables: {results.folder}")
    if state["failed"]:
        if not quiet:
            show.note(f"{state['failed']} runs failed: `grapevine failures {results.folder}` lists them.")
        raise typer.Exit(SOME_FAILED)


def _chosen(results: Results) -> str:
    """Which strategies are chosen at how many points, if a sweep is finished."""
    table = results.verdicts
    if table.empty:
        return ""
    chosen = table[table["is_chosen"]].groupby("strategy")["is_clear"].agg(["size", "sum"])
    n_points = table["point"].nunique()
    parts = [f"{label} at {n} of {n_points} points ({clear} clearly)" for label, n, clear in chosen.itertuples()]
    said = f"Best on {table['measure'].iloc[0]}: {', '.join(parts)}\n" if parts else ""
    question = results.scenario
    worlds = -(-question.replications // question.noise_per_world)
    if said and worlds < 3:  # else one wonders why nothing is clear
        said += f"With {worlds} world{'s'[: worlds - 1]} a point hardly anything can be clear: "
        said += "more --replications add worlds, also to what is here.\n"
    return said


def describe(state: dict[str, Any]) -> str:
    """A folder's state in words."""
    shape = f"{state['points']} points x " if state["points"] > 1 else ""
    share = f", shard {state['shard']}" if state["shard"] else ""
    shape += f"{len(state['strategies'])} strategies x {state['replications']} replications{share}"
    counts = [f"{state['done']:,} of {state['runs']:,} runs done"]
    counts += [f"{state[name]:,} {name}" for name in ("failed", "missing") if state[name]]
    if state["is_running"]:
        counts.append("running now")
    elif state["missing"] or state["failed"]:
        counts.append(f"`grapevine resume {state['folder']}` goes on")
    return f"{state['name']}: {shape}\n{', '.join(counts)}"


def _remark(quiet: bool) -> Any:
    return (lambda text: None) if quiet else show.note


def _keep(name: str, known: Any) -> Keep:
    if name not in known:
        hint = did_you_mean(name, known)
        raise InputError("no such choice", path="--keep", found=name, allowed=", ".join(known), hint=hint)
    stored: Keep = name  # type: ignore[assignment]
    return stored


def _dry_run(experiment: Experiment, keep: Keep, jobs: int | None, json: bool, quiet: bool) -> None:
    from sim.experiment.pilot import pilot

    if not quiet:
        say_if_compiling()
    found = pilot(experiment, keep, jobs)
    if json:
        show.as_json({"digest": experiment.plan.digest, **found._asdict()})
        return
    print(
        f"{found.points:,} points x {len(experiment.scenario.labels)} strategies x {found.replications} replications: "
        f"{found.runs:,} runs"
    )
    print(
        f"about {show.duration(found.seconds)} with {found.jobs} workers ({1000 * found.seconds_per_run:.0f} ms a run "
        f"in {found.tried} tried), disk at most {show.size(found.disk_bytes)}; nothing has been kept"
    )
