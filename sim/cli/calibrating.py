"""The command that fits the model to data: calibrate; part of the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import RESULTS, Executor, Jobs, Json, Out, Quiet
from sim.cli.speed import say_if_compiling

if TYPE_CHECKING:
    from sim.experiment import Progress


def calibrate(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Study file, or the name of a shipped study.")],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="The folder with the study's data.")
    ] = None,
    points: Annotated[int, typer.Option("--points", min=60, help="Runs drawn from the prior.")] = 640,
    rounds: Annotated[int, typer.Option("--rounds", min=0, help="Later rounds, where the data can come from.")] = 2,
    size: Annotated[int, typer.Option("--size", min=200, help="Customers simulated, at most.")] = 5000,
    point: Annotated[
        int, typer.Option("--point", min=0, help="Instead: so many runs to find one good point. No posterior.")
    ] = 0,
    jobs: Jobs = None,
    executor: Executor = "loky",
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the model to a study's data: posterior, checks, forecast of the hold-out. The same command goes on."""
    from sim.studies.calibrate import Effort
    from sim.studies.calibrate import calibrate as ask

    if not quiet:
        say_if_compiling()
    if point:
        _point(study, point, size, jobs, data, out, json, quiet, executor)
        return
    effort = Effort(points=points, rounds=rounds, size=size)
    with _Stages(quiet) as watch:
        found = ask(study, jobs, None, effort, watch, data, out, executor)
    _figures(found, quiet)
    if json:
        show.as_json({"folder": str(found.folder), **found.answer})
        return
    print(_text(found.answer))
    if not quiet:
        show.note(f"\nPosterior, checks, figures: {found.folder}")


def _point(
    study: str, runs: int, size: int, jobs: int | None, data: Path | None, out: Path, json: bool, quiet: bool,
    executor: Any,
) -> None:  # fmt: skip
    """One point near the data: values, and how far from each family of targets."""
    from sim.studies.calibrate import point_fit

    with _Stages(quiet) as watch:
        found = point_fit(study, runs, jobs, None, size, watch, data, out, executor)
    if json:
        show.as_json({"folder": str(found.folder), **found.as_dict()})
        return
    rows = [[path, f"{value:.4g}", "searched" if path in found.free else "middle of its prior: not told by the data"]
            for path, value in found.values.items()]  # fmt: skip
    print(show.table(["coefficient", "value", ""], rows, left=(0, 2)))
    distances = [[name, f"{cost**0.5:.1f}"] for name, cost in found.by_family.items()]
    print("\n" + show.table(["targets", "distance (1: as near as noise allows)"], distances))
    print("\nA point says nothing about how sure it is; decide with `grapevine calibrate` without --point.")
    if not quiet:
        show.note(f"\nscenario.yaml with these coefficients, trials: {found.folder}")


def _figures(found: Any, quiet: bool) -> None:
    """Draw the figures; a calibration is not lost because a picture could not be drawn."""
    from sim.plots import save_calibration_figures

    try:
        save_calibration_figures(found, found.folder / "figures")
    except (OSError, RuntimeError) as error:
        if not quiet:
            show.note(f"the figures could not be drawn: {error}")


class _Stages:
    """A bar a stage, on stderr."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._what = quiet, ""
        self._bar = contextlib.ExitStack()
        self._step: Callable[[Progress], None] | None = None

    def __enter__(self) -> Callable[[str, int, int], None]:
        return self._watch

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def _watch(self, what: str, done: int, total: int) -> None:
        from sim.experiment import Progress

        if what != self._what or self._step is None:
            self._bar.close()
            self._what = what
            if not self._quiet:
                show.note(what)
            self._step = self._bar.enter_context(show.progress(quiet=self._quiet))
        self._step(Progress(done, total, 0))


def _text(answer: dict[str, Any]) -> str:
    """Coefficients, checks, forecast, and the sentence."""
    head = ["coefficient", "prior", "median", "90 % interval", "narrower by", "found again", "status"]
    rows = []
    for row in answer["coefficients"]:
        low, high = row["prior"]
        again = row["recovered"]
        rows.append([
            row["path"], f"{low:g} to {high:g}", f"{row['median']:.3g}", f"{row['p05']:.3g} to {row['p95']:.3g}",
            f"{100 * row['shrinkage']:.0f} %", f"{100 * again['coverage_90']:.0f} % of 90 %", row["status"],
        ])  # fmt: skip
    blocks = [show.table(head, rows, left=(0, 6))]
    checks = [[c["name"], _plain(c["found"]), c["allowed"], "yes" if c["passed"] else "NO"] for c in answer["checks"]]
    blocks.append(show.table(["check", "found", "allowed", "passed"], checks, left=(0, 2, 3)))
    scores = answer.get("forecast", {}).get("rehearsal", {}).get("scores")
    if scores:
        rows = [
            [quantity, who, _plain(s["mape"]), f"{100 * s['total_error']:+.1f} %", f"{100 * s['coverage_90']:.0f} %"]
            for quantity, by in scores.items()
            for who, s in by.items()
        ]
        weeks = answer["forecast"]["rehearsal"]["weeks"]
        title = f"forecast of weeks {weeks[0]} to {weeks[1]} from those before"
        blocks.append(show.table([title, "by", "weekly error", "total", "in 90 %"], rows, left=(0, 1)))
    return "\n\n".join([*blocks, answer["sentence"]])


def _plain(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3g}"
