"""Options that several commands share, and what they do to a scenario; part of the command line."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sim.scenario import Scenario

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file, or the name of a shipped scenario.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field, e.g. --set population.size=5000. Repeatable."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of worlds and luck; same as --set seed=N.")]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Worker processes.  [default: one a core]")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results folders are made.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
Replications = Annotated[
    int | None, typer.Option("--replications", min=1, help="Paired replications; more of them extend a folder.")
]
Executor = Annotated[
    str, typer.Option("--executor", metavar="NAME", help="Who works: loky (processes here), dask, dask://HOST:PORT.")
]
CheckpointEvery = Annotated[
    int | None,
    typer.Option(
        "--checkpoint-every",
        min=1,
        metavar="DAYS",
        help="Keep long runs on disk after every so many days; one that is killed goes on from there.",
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")]
RESULTS = Path("results")


def load(
    file: str, changes: list[str] | None = None, seed: int | None = None, replications: int | None = None
) -> Scenario:
    """A scenario with the changes of the command line applied."""
    from sim.scenario import Scenario

    wanted = changes_of(changes, seed, replications)
    for path in ("graph.path", "catalogue.path", "population.from"):
        if isinstance(wanted.get(path), str):
            wanted[path] = _from_here(wanted[path], file)
    # A change may name the very file that is missing, so files are looked at after the changes.
    scenario = Scenario.load(file, check_files=not wanted)
    return scenario.with_(wanted) if wanted else scenario


def changes_of(changes: list[str] | None, seed: int | None, replications: int | None) -> dict[str, Any]:
    """What the command line changes, by path."""
    from sim.scenario import parse_assignment

    wanted = dict(parse_assignment(change) for change in changes or [])
    if seed is not None:
        wanted["seed"] = seed
    if replications is not None:
        wanted["replications"] = replications
    return wanted


def _from_here(path: str, file: str) -> str:
    """A path typed on the command line starts from here; a scenario's paths start from the scenario's own folder."""
    from sim.scenario import find

    if Path(path).is_absolute():
        return path
    try:
        return Path(os.path.relpath(path, find(file).parent)).as_posix()
    except ValueError:  # another drive
        return str(Path(path).absolute())


def typed_command() -> str:
    """What was typed, without the folders of this machine."""

    def plain_word(word: str) -> str:
        key, equals, value = word.rpartition("=")
        return key + equals + re.split(r"[/\\]", value)[-1]

    return " ".join(["grapevine", *map(plain_word, sys.argv[1:])])
