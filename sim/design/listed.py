"""Points that a table lists: CSV or Parquet, a column a path, also draws of a posterior; imports the rooms below."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sim.design.points import Points, Value
from sim.errors import InputError
from sim.scenario.reader import read_value

#: columns that number the rows and change nothing: ours, and those of programs that write posteriors
_NUMBERS: Final = ("point", "chain", "draw")


def read_points(file: Path) -> Points:
    """All rows of a table, in their order."""
    if file.suffix == ".parquet":
        if not file.is_file():
            raise InputError("no such file", file=file, hint="Paths start from the design's folder.")
        known = Points.read(file)
        kept = [k for k, path in enumerate(known.paths) if path not in _NUMBERS]
        paths, rows = [known.paths[k] for k in kept], [[row[k] for k in kept] for row in known.rows]
    else:
        paths, rows = _read_csv(file)
    if not paths or not rows:
        raise InputError("the design has no points", file=file, hint="First row: paths; then a row a point.")
    try:
        return Points.of(paths, rows)
    except InputError as error:
        raise error.placed(file, None) from None


def _read_csv(file: Path) -> tuple[list[str], list[list[Value]]]:
    from sim.tables import records

    lines = records(file, "design")
    _, head = next(lines)
    kept = [k for k, name in enumerate(head) if name not in _NUMBERS]
    found: list[list[Value]] = []
    for line, cells in lines:
        if len(cells) != len(head):
            raise InputError("a row of another length", file=file, line=line, found=f"{len(cells)} cells",
                             allowed=f"{len(head)}, as in the first row")  # fmt: skip
        try:
            found.append([read_value(cells[k].strip()) for k in kept])
        except InputError as error:
            raise InputError(error.problem, file=file, line=line, hint=error.hint) from None
    return [head[k] for k in kept], found


def beside(points: Points, draws: Points, luck: Any) -> Points:
    """Points with a row of joint draws beside each: every draw once, by lot, before one comes again."""
    twice = sorted({*points.paths} & {*draws.paths})
    if twice:
        raise InputError(
            "a factor that the draws give too", path=f"factors.{twice[0]}", hint="Leave out one of the two."
        )
    n = len(points)
    rounds = [luck.permutation(len(draws)) for _ in range(-(-n // len(draws)))]
    chosen = [int(k) for order in rounds for k in order][:n]
    rows = [(*row, *draws.rows[k]) for row, k in zip(points.rows, chosen, strict=True)]
    return Points.of([*points.paths, *draws.paths], rows)
