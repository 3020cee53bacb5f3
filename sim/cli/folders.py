"""Commands on results folders: status, failures, merge, query, export; part of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import Executor, Folder, Jobs, Json, Quiet
from sim.cli.sweeping import describe, finish, go_on

_MOST_ROWS = 200  # of a query on a terminal


def status(folder: Folder, json: Json = False) -> None:
    """How far a results folder is: runs done, failed, missing; whether somebody is at work on it."""
    from sim.experiment.state import status as ask

    state = ask(folder)
    if json:
        show.as_json(state)
    else:
        print(describe(state))


def failures(
    folder: Folder,
    rerun: Annotated[bool, typer.Option("--rerun", help="Run them again, and nothing else.")] = False,
    jobs: Jobs = None,
    executor: Executor = "loky",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Which runs failed, why, and the command that repeats each (typed in the results folder)."""
    from sim.experiment import Results

    if rerun:
        go_on(folder, jobs, executor, json, quiet, only_failed=True)
        return
    rows = Results.open(folder).failures.to_dict("records")
    if json:
        show.as_json(rows)
    elif not rows:
        print("no run failed")
    else:
        for row in rows:
            print(f"point {row['point']}, {row['strategy']}, replication {row['replication']}: {row['error']}")
            print(f"    {row['rerun']}")


def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of one design.")],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder that gets all of them.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring the shards of one design together in one folder; the shards stay as they are."""
    from sim.experiment import merge_folders
    from sim.studies.ask import conclude_points

    results = merge_folders(folders, into)
    if results.manifest.get("design") is not None:
        conclude_points(results)
    finish(results, json, quiet)


def query(
    folder: Folder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Tables: runs, points, daily, ledger ...; SHOW TABLES.")],
    json: Json = False,
) -> None:
    """SQL (DuckDB) over the tables of a results folder, also of one that is still being filled."""
    from sim.experiment import Results
    from sim.experiment.handing_out import query as ask

    names, rows = ask(Results.open(folder), sql)
    if json:
        show.as_json([dict(zip(names, map(_plain, row), strict=True)) for row in rows])
        return
    shown = [[_text(value) for value in row] for row in rows[:_MOST_ROWS]]
    if names:
        left = [k for k in range(len(names)) if any(isinstance(row[k], str) for row in rows)]
        print(show.table(names, shown, left=left))
    if len(rows) > _MOST_ROWS:
        show.note(f"{len(rows) - _MOST_ROWS:,} more rows; --json prints all of them.")


def export(
    folder: Folder,
    kind: Annotated[str, typer.Option("--format", metavar="csv|xlsx", help="A file a table, or a workbook.")] = "csv",
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where to.  [default: export/ in the folder]")
    ] = None,
    json: Json = False,
) -> None:
    """Every table of a results folder for people with spreadsheets."""
    from sim.experiment import Results
    from sim.experiment.handing_out import export as write

    files = write(Results.open(folder), kind, to)
    if json:
        show.as_json({"files": [str(file) for file in files]})
    else:
        print("\n".join(str(file) for file in files))


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and value - value != 0 else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
