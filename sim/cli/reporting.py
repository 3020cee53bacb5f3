"""The command that writes what one mails: report; and the report beside every comparison. Part of the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import show
from sim.cli.options import Json, Quiet
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.charts import Lang
    from sim.experiment import Results


def _wanted(lang: str | None) -> Lang:
    """The language asked for, or that of the terminal."""
    if lang is None:
        said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        return "zh" if said.startswith("zh") else "en"
    if lang == "zh":
        return "zh"
    if lang != "en":
        raise InputError("no such language", path="--lang", found=lang, allowed="en or zh")
    return "en"


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder that `compare` made.")],
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="en|zh", help="In which language it opens; both are in it.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where to write it; default: report.html in the folder.")
    ] = None,
    robustness: Annotated[
        Path | None,
        typer.Option("--robustness", metavar="DIR", help="Folder of `grapevine robustness` on the same scenario."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One HTML file to open anywhere and to mail: verdict, over time, why, who, how it spread, money, assumptions."""
    wanted = _wanted(lang)
    from sim.experiment import Results
    from sim.report import write_report
    from sim.studies.story import Story

    story = Story(Results.open(folder), robustness)
    if robustness is not None and story.robustness is None:
        raise InputError(
            "this folder does not answer how far this comparison holds", path="--robustness", found=str(robustness),
            hint=f"Run `grapevine robustness {folder}/scenario.yaml`, and give the folder that it names.",
        )  # fmt: skip
    written = write_report(story, wanted, to)
    if json:
        show.as_json({"folder": str(folder), "report": str(written), "bytes": written.stat().st_size})
    else:
        print(written)
        if not quiet:
            show.note(f"{show.size(written.stat().st_size)}, in English and Chinese; open it in a browser.")


def write_beside(results: Results, quiet: bool) -> str | None:
    """Write the report of a comparison; a comparison is not lost because its report could not be written."""
    from sim.report import write_report

    try:
        return write_report(results, _wanted(None)).name
    except (InputError, OSError, RuntimeError) as error:
        if not quiet:
            show.note(f"the report could not be written: {error}")
        return None
