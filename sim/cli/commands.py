"""What can be typed: every command, in the order of the help; part of the command line.

Commands are plain functions in the rooms beside this one; here they get their name, panel and guard.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from sim.cli import (
    calibrating,
    catalogues,
    comparing,
    data,
    doubting,
    explaining,
    facts,
    folders,
    health,
    optimising,
    reporting,
    scenarios,
    sweeping,
    testing,
    web,
)
from sim.cli.guard import INTERRUPTED, guarded
from sim.version import RESULTS_VERSION, __version__

app = typer.Typer(
    name="grapevine",
    help="An open simulator of social shopping: which strategy wins on retention, GMV and profit, how sure is it?",
    epilog="Start with `grapevine demo`, then `grapevine new my_shop --from baseline`.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"grapevine {__version__} (results version {RESULTS_VERSION})")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


#: headings of the help, each with its commands
PANELS: tuple[tuple[str, tuple[Callable[..., None], ...]], ...] = (
    (
        "Compare strategies",
        (
            *(web.app, comparing.demo, comparing.compare, explaining.explain, reporting.report, testing.ab_test),
            *(optimising.optimise, comparing.run),
        ),
    ),
    ("Long sweeps", (sweeping.sweep, sweeping.resume, folders.status, folders.failures, folders.merge)),
    ("How far to trust it", (doubting.robustness, doubting.sensitivity)),
    ("Results for other tools", (folders.query, folders.export)),
    ("Is the model right", (calibrating.calibrate, facts.validate)),
    ("Scenarios", (scenarios.new, scenarios.check, scenarios.diff, scenarios.scenarios)),
    (
        "What exists",
        (
            *(catalogues.strategies, catalogues.events, catalogues.arrivals, catalogues.personas, catalogues.params),
            health.doctor,
        ),
    ),
)

for _panel, _commands in PANELS:
    for _one in _commands:
        app.command(rich_help_panel=_panel)(guarded(_one))


#: commands about data are typed as `grapevine data ...`
data_app = typer.Typer(help="What data hold, before a model is fitted to them.", no_args_is_help=True)
for _one in (data.check, data.forecast):
    data_app.command()(guarded(_one))
app.add_typer(data_app, name="data", rich_help_panel="Is the model right")


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def start() -> None:
    """Run what was typed."""
    # Batch systems end a job with SIGTERM: leave as politely as after Ctrl-C, so the folder can be resumed.
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese must not stop a table
    try:
        app(prog_name="grapevine")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
