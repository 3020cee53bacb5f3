"""CSV files at the door: typed columns, or one message with file and line; imports only `errors` and `money`.

Arrow reads the whole file fast. Only if something is wrong is the file read again, row by row, to say
on which line: a good file never pays for the message of a bad one.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TextIO, cast

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped,unused-ignore]

from sim.errors import InputError, did_you_mean, nearest
from sim.money import MOST_CENTS, to_cents

Kind = Literal["int", "float", "text", "money"]

_ARROW: Final[dict[str, Any]] = {"int": pa.int64(), "float": pa.float64(), "money": pa.float64(), "text": pa.string()}
_ALLOWED: Final = {
    "int": "a whole number",
    "float": "a number",
    "money": "an amount with at most two decimals, like 5.00",
    "text": "text",
}
_INT: Final = re.compile(r"[+-]?\d+\Z", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_UNREADABLE: Final = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)


def _open(path: Path) -> TextIO:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _unreadable(path: Path, what: str, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{what} file not found", file=path, hint="Paths are relative to the scenario file.")
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return InputError(f"{what} file expected, this is a folder", file=path)
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{what} file is not UTF-8 text", file=path, hint="Save it as CSV (UTF-8).")
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        return InputError(f"{what} file is not a whole .gz file", file=path, hint="Pack or copy it again.")
    if isinstance(error, csv.Error):
        return InputError(f"{what} file is not a CSV ({error})", file=path)
    return InputError(f"{what} file cannot be read ({error.__class__.__name__})", file=path)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty, the header first."""
    with _open(path) as stream:
        reader = csv.reader(stream, strict=True)
        before = 0
        for cells in reader:
            if cells:
                yield before + 1, cells
            before = reader.line_num


def records(path: str | Path, what: str = "data") -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty, spaces around cells removed; the header comes first."""
    path = Path(path)
    is_empty = True
    try:
        for line, cells in _records(path):
            is_empty = False
            yield line, [cell.strip() for cell in cells]
    except _UNREADABLE as error:
        raise _unreadable(path, what, error) from None
    if is_empty:
        raise InputError(f"{what} file is empty", file=path, hint="The first row must name the columns.")


def header(path: str | Path, what: str = "data") -> list[str]:
    """The names in the first row, spaces around them removed."""
    return next(records(path, what))[1]


def line_of(path: str | Path, row: int) -> int:
    """The line on which data row `row` (0 is the first under the header) begins; for messages."""
    for number, (line, _) in enumerate(_records(Path(path))):
        if number == row + 1:
            return line
    return row + 2


def read_columns(
    path: str | Path,
    *,
    required: Mapping[str, Kind],
    optional: Mapping[str, Kind] | None = None,
    rename: Mapping[str, str] | None = None,
    what: str = "data",
    extra: Literal["ignore", "refuse"] = "ignore",
) -> dict[str, np.ndarray]:
    """Columns of a CSV (or .csv.gz) by name: int64, float64, object (text), or int64 cents (money).

    `rename` maps our name to the file's. Optional columns that the file does not have are not in the
    answer. Columns of other names are left alone unless `extra="refuse"`, but one that looks like a
    misspelt column of ours is always refused: it would otherwise be replaced by made-up numbers.
    """
    path = Path(path)
    rename = dict(rename or {})
    kinds: dict[str, Kind] = {**required, **(optional or {})}
    names = header(path, what)
    chosen = _choose(path, names, required, kinds, rename, what, extra)
    if not chosen:
        hint = did_you_mean(names[0], kinds, kind="columns")
        raise InputError(f"no column of the {what} file is known", file=path, line=1, found=", ".join(names), hint=hint)
    try:
        columns = _read_fast(path, names, {ours: (place, kinds[ours]) for ours, place in chosen.items()})
    except (pa.ArrowException, _Refused, *_UNREADABLE) as error:
        _explain(path, names, chosen, kinds, what)
        raise _unreadable(path, what, error if isinstance(error, OSError) else OSError(str(error))) from None
    if not next(iter(columns.values())).size:
        raise InputError(f"{what} file has no rows under its header", file=path)
    return columns


def _choose(
    path: Path,
    names: list[str],
    required: Mapping[str, Kind],
    kinds: Mapping[str, Kind],
    rename: dict[str, str],
    what: str,
    extra: str,
) -> dict[str, int]:
    """Our column name -> its place in the file."""
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"column '{name}' appears twice", file=path, line=1)
    for ours, theirs in rename.items():
        if ours not in kinds:
            hint = did_you_mean(ours, kinds, kind="columns")
            raise InputError(f"a {what} has no column '{ours}'", file=path, hint=hint)
        if theirs not in names:
            raise InputError(
                f"no column '{theirs}' (asked for as {ours})", file=path, line=1,
                hint=did_you_mean(theirs, names, kind="columns"),
            )  # fmt: skip
    wanted = {ours: rename.get(ours, ours) for ours in kinds}
    chosen = {ours: names.index(theirs) for ours, theirs in wanted.items() if theirs in names}
    missing = [ours for ours in kinds if ours not in chosen]
    for ours in required:
        if ours in missing:
            others = [name for name in names if name not in wanted.values()]
            hint = did_you_mean(wanted[ours], others, kind="columns in the file")
            if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
                hint = "The cells seem not to be separated by commas."
            raise InputError(f"column '{ours}' is missing", file=path, line=1, hint=hint)
    for name in names:
        if name in wanted.values():
            continue
        close = nearest(name, missing, cutoff=0.75)
        if close is not None:
            raise InputError(f"unknown column '{name}'", file=path, line=1, hint=f"Did you mean '{close}'?")
        if extra == "refuse":
            raise InputError(
                f"unknown column '{name}'", file=path, line=1, hint=did_you_mean(name, kinds, kind="columns")
            )
    return chosen


class _Refused(Exception):
    """A cell that Arrow accepts and we do not."""


def _read_fast(path: Path, names: list[str], chosen: dict[str, tuple[int, Kind]]) -> dict[str, np.ndarray]:
    places = [f"c{i}" for i in range(len(names))]
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with pa.input_stream(str(path), compression="gzip" if packed else None) as stream:
        table = pa_csv.read_csv(
            stream,
            read_options=pa_csv.ReadOptions(column_names=places, skip_rows=1),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types={places[i]: _ARROW[kind] for i, kind in chosen.values()},
                include_columns=[places[i] for i, _ in chosen.values()],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    columns: dict[str, np.ndarray] = {}
    for ours, (place, kind) in chosen.items():
        column = table.column(places[place])
        if column.null_count:
            raise _Refused
        if kind == "text":
            values = np.array([cast(str, text).strip() for text in column.to_pylist()], dtype=object)
            if not all(values):
                raise _Refused
        else:
            values = column.to_numpy()
            if kind != "int" and not np.isfinite(values).all():
                raise _Refused
            if kind == "money":
                values = _cents(values)
        columns[ours] = values
    return columns


def _cents(values: np.ndarray) -> np.ndarray:
    if values.size and float(np.abs(values).max()) > MOST_CENTS // 100:
        raise _Refused
    cents = np.rint(values * 100.0)
    if (np.abs(values * 100.0 - cents) > 1e-7 * np.maximum(1.0, np.abs(values))).any():
        raise _Refused
    return cents.astype(np.int64)


def _explain(path: Path, names: list[str], chosen: dict[str, int], kinds: Mapping[str, Kind], what: str) -> None:
    """Find the first thing that is wrong and raise it, with its line."""
    try:
        for number, (line, cells) in enumerate(_records(path)):
            if number == 0:
                continue
            if len(cells) != len(names):
                raise InputError(
                    "wrong number of cells in this row", file=path, line=line,
                    found=len(cells), allowed=f"{len(names)}, as in the header",
                )  # fmt: skip
            for ours, place in chosen.items():
                problem = _wrong(cells[place].strip(), kinds[ours])
                if problem:
                    raise InputError(
                        problem, file=path, line=line, path=names[place],
                        found=cells[place].strip() if cells[place].strip() else ..., allowed=_ALLOWED[kinds[ours]],
                    )  # fmt: skip
    except _UNREADABLE as error:
        raise _unreadable(path, what, error) from None


def _wrong(text: str, kind: Kind) -> str:
    if not text:
        return "blank cell"
    if kind == "int":
        if not _INT.match(text):
            return "not a whole number"
        return "" if -(2**63) <= int(text[:40]) < 2**63 else "number too large"
    if kind in ("float", "money"):
        if not _FLOAT.match(text):
            return "not a number"
        if not math.isfinite(float(text)):
            return "number too large"
    if kind == "money":
        try:
            to_cents(float(text))
        except InputError as error:
            return error.problem
    return ""
