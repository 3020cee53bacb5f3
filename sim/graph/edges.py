"""Edge files: ties as text, refused with their line; imports _jit, errors; in the package base, people, social."""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim._jit import kernel, rule
from sim.errors import InputError, did_you_mean
from sim.graph.limits import MAX_ID, Bytes, Floats, Ints
from sim.graph.people import unique
from sim.graph.social import SocialGraph

_OK, _BAD_ID, _BAD_WEIGHT, _BAD_COLUMNS = range(4)
_POWERS_OF_TEN: Final = np.array([float(f"1e{k}") for k in range(23)])  # all exact


@rule
def _is_blank(c: int, separator: int) -> bool:
    return c == 32 or c == 13 or (c == 9 and separator != 9)


@rule
def _whole(buffer: Bytes, low: int, high: int) -> int:
    """Digits as an id, or -1."""
    if low == high or high - low > 10:
        return -1
    value = 0
    for i in range(low, high):
        digit = int(buffer[i]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value if value <= 2147483647 else -1


@rule
def _decimal(buffer: Bytes, low: int, high: int) -> float:
    """A decimal number of at least 0, or -1; exact to 15 digits, which is far finer than a strength is kept."""
    i = low
    negative = False
    if i < high and (buffer[i] == 43 or buffer[i] == 45):
        negative = buffer[i] == 45
        i += 1
    mantissa = 0
    shift = 0
    n_digits = 0
    after_point = False
    while i < high:
        c = int(buffer[i])
        if 48 <= c <= 57:
            n_digits += 1
            if mantissa < 100000000000000000:
                mantissa = mantissa * 10 + (c - 48)
                shift -= after_point
            else:
                shift += not after_point
        elif c == 46 and not after_point:
            after_point = True
        else:
            break
        i += 1
    if n_digits == 0:
        return -1.0
    if i < high:
        if buffer[i] != 101 and buffer[i] != 69:
            return -1.0
        i += 1
        sign = 1
        if i < high and (buffer[i] == 43 or buffer[i] == 45):
            sign = -1 if buffer[i] == 45 else 1
            i += 1
        if i == high:
            return -1.0
        exponent = 0
        while i < high:
            digit = int(buffer[i]) - 48
            if digit < 0 or digit > 9:
                return -1.0
            exponent = min(exponent * 10 + digit, 1000)
            i += 1
        shift += sign * exponent
    if mantissa == 0:
        return 0.0
    if negative or shift > 308:
        return -1.0
    value = float(mantissa)
    while shift > 0:
        step = min(shift, 22)
        value *= _POWERS_OF_TEN[step]
        shift -= step
    while shift < 0 and value > 0.0:
        step = min(-shift, 22)
        value /= _POWERS_OF_TEN[step]
        shift += step
    return value if value <= 1.7976931348623157e308 else -1.0


@kernel
def _parse(
    buffer: Bytes,
    start: int,
    line: int,
    separator: int,
    n_columns: int,
    columns: tuple[int, int, int],
    most: int,
    source: Ints,
    target: Ints,
    weight: Floats,
) -> tuple[int, int, int, int, int, int, int]:
    """Read `most` lines of ties at most; separator 0 is any run of blanks.

    Returns what went wrong, how many ties were read, the line, the cell (from, to, column) and the columns found.
    """
    n = buffer.shape[0]
    at = start
    k = 0
    while at < n and k < most:
        end = at
        while end < n and buffer[end] != 10:
            end += 1
        low, high = at, end
        at = end + 1
        while high > low and _is_blank(buffer[high - 1], separator):
            high -= 1
        while low < high and _is_blank(buffer[low], separator):
            low += 1
        if low == high or buffer[low] == 35:
            line += 1
            continue
        column = 0
        p = low
        while True:
            q = p
            if separator == 0:
                while q < high and buffer[q] != 32 and buffer[q] != 9:
                    q += 1
            else:
                while q < high and buffer[q] != separator:
                    q += 1
            a, b = p, q
            while b > a and buffer[b - 1] == 32:
                b -= 1
            while a < b and buffer[a] == 32:
                a += 1
            if b - a >= 2 and buffer[a] == 34 and buffer[b - 1] == 34:
                a += 1
                b -= 1
            if column == columns[0] or column == columns[1]:
                person = _whole(buffer, a, b)
                if person < 0:
                    return _BAD_ID, k, line, a, b, column, 0
                if column == columns[0]:
                    source[k] = person
                else:
                    target[k] = person
            elif column == columns[2]:
                value = _decimal(buffer, a, b)
                if value < 0.0:
                    return _BAD_WEIGHT, k, line, a, b, column, 0
                weight[k] = value
            column += 1
            if q >= high:
                break
            p = q + 1
            if separator == 0:
                while buffer[p] == 32 or buffer[p] == 9:
                    p += 1
        if column != n_columns:
            return _BAD_COLUMNS, k, line, low, high, 0, column
        k += 1
        line += 1
    return _OK, k, line - 1, 0, 0, 0, 0


class _Layout(NamedTuple):
    """How an edge file is laid out: where its first tie is and which columns mean what."""

    start: int
    line: int
    separator: int
    n_columns: int
    columns: tuple[int, int, int]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EdgeList:
    """Ties as a file gives them; `graph` makes a SocialGraph of them."""

    source: Ints
    target: Ints
    weight: Floats | None
    directed: bool
    file: Path
    layout: _Layout
    notes: tuple[str, ...] = ()

    @cached_property
    def ids(self) -> Ints:
        """Everybody who has a tie, sorted."""
        return np.union1d(unique(self.source), unique(self.target))

    def graph(self, ids: ArrayLike | None = None) -> SocialGraph:
        """The graph over these people (default: everybody who has a tie)."""
        people = self.ids if ids is None else ids
        graph, unknown = SocialGraph._from_checked(self.source, self.target, self.weight, people, self.directed)
        if graph is None:
            k = unknown % self.source.size
            raise InputError(
                "a tie names a person who is not in the population",
                file=str(self.file),
                line=_line_of(self.file, self.layout, k),
                found=int(self.source[k] if unknown < self.source.size else self.target[k]),
                hint="Add the person, or leave out population.size to take everybody who has a tie.",
            )
        object.__setattr__(graph, "notes", self.notes + graph.notes)
        return graph


def read_edges(
    path: str | Path,
    *,
    directed: bool = False,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
) -> EdgeList:
    """Read ties from text: one a line, cells parted by commas, semicolons, tabs or blanks; .gz accepted.

    Columns are found by the names source, target and weight (or the names given here). Without such
    names, or without a header, the first two columns are taken, and a third as tie strength if it
    holds numbers. Lines that start with # are comments. Directed: source hears target.
    """
    file = Path(path)
    text = _read_bytes(file)
    layout, notes = _find_layout(file, text, source, target, weight)
    buffer = np.frombuffer(text, np.uint8)
    most = text.count(b"\n", layout.start) + 1
    a, b = np.empty(most, np.int64), np.empty(most, np.int64)
    c = np.empty(most if layout.columns[2] >= 0 else 0, np.float64)
    wrong, k, line, low, high, column, n_columns = _parse(
        buffer, layout.start, layout.line, layout.separator, layout.n_columns, layout.columns, most, a, b, c
    )
    if wrong == _BAD_COLUMNS:
        raise InputError(
            "the number of columns changes",
            file=str(file),
            line=line,
            found=n_columns,
            allowed=f"{layout.n_columns}, as in the first line",
        )
    if wrong != _OK:
        raise _bad_cell(file, line, layout.names[column], text[low:high].decode("utf-8", "replace"), wrong == _BAD_ID)
    if k == 0:
        raise InputError("the file has no ties", file=str(file), hint="A tie is a line with two ids: 17,42")
    return EdgeList(a[:k].copy(), b[:k].copy(), c[:k].copy() if c.size else None, directed, file, layout, tuple(notes))


def _read_bytes(file: Path) -> bytes:
    try:
        data = file.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise InputError("there is no such edge file", file=str(file), hint="Check the path.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError("the compressed file is damaged", file=str(file), hint="Try gzip -t on it.") from None
    except OSError as error:
        raise InputError(f"cannot read the edge file ({error.strerror})", file=str(file)) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError("the file is UTF-16 text", file=str(file), hint="Save it as UTF-8.")
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    if not data.strip():
        raise InputError("the edge file is empty", file=str(file), hint="A tie is a line with two ids: 17,42")
    return data


def _cells(line: str, separator: int) -> list[str]:
    cells = line.split(chr(separator)) if separator else line.split()
    return [cell.strip().removeprefix('"').removesuffix('"') for cell in cells]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _find_layout(
    file: Path, text: bytes, source: str | None, target: str | None, weight: str | None
) -> tuple[_Layout, list[str]]:
    """Look at the first lines: what parts the cells, is there a header, which columns are wanted."""
    rows: list[tuple[int, int, str]] = []  # where it starts, its number, the line; the first two that are no comments
    at, number = 0, 1
    while at < len(text) and len(rows) < 2:
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].decode("utf-8", "replace").strip(" \r")
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append((at, number, line))
        at, number = end + 1, number + 1
    if not rows:
        raise InputError("the file holds only comments", file=str(file), hint="A tie is a line with two ids: 17,42")
    first = rows[0][2]
    separator = next((ord(c) for c in ",;\t" if c in first), 0)
    cells = _cells(first, separator)
    n_columns = len(cells)
    if n_columns < 2:
        raise InputError(
            "a tie needs two columns",
            file=str(file),
            line=rows[0][1],
            found=first,
            hint="Part source and target by a comma, a tab or a blank.",
        )
    asked = [name for name in (source, target, weight) if name is not None]
    if any(_is_number(cell) for cell in cells[:2]):
        if asked:
            raise InputError(
                "columns are named, but the file has no header", file=str(file), line=rows[0][1], found=first
            )
        if n_columns > 3:
            raise InputError(
                f"{n_columns} columns and no header: which are source and target?",
                file=str(file),
                line=rows[0][1],
                found=first,
                allowed="2 or 3 columns without a header",
                hint="Add a line such as source,target,weight,... at the top.",
            )
        third = 2 if n_columns == 3 else -1
        return _Layout(rows[0][0], rows[0][1], separator, n_columns, (0, 1, third), ("source", "target", "weight")), []
    names = [cell.lower() for cell in cells]
    if len(rows) < 2:
        raise InputError("the file has a header but no ties", file=str(file), line=rows[0][1], found=first)
    start, line_number, second = rows[1]
    wanted = (source or "source").lower(), (target or "target").lower()
    notes: list[str] = []
    if asked or all(name in names for name in wanted):
        for name in (*wanted, *([weight.lower()] if weight else [])):
            if names.count(name) != 1:
                raise InputError(
                    "no such column" if name not in names else "a column appears twice",
                    file=str(file),
                    line=rows[0][1],
                    found=first,
                    allowed=f"a column named '{name}'",
                    hint=did_you_mean(name, names) if name not in names else None,
                )
        if wanted[0] == wanted[1]:
            raise InputError("source and target are the same column", file=str(file), found=wanted[0])
        strength = (weight or "weight").lower()
        third = names.index(strength) if strength in names else -1
        columns = names.index(wanted[0]), names.index(wanted[1]), third
    elif n_columns > 3:
        raise InputError(
            "which columns are source and target?",
            file=str(file),
            line=rows[0][1],
            found=first,
            allowed="columns named source and target",
            hint="Rename two columns, or name them (source=..., target=...).",
        )
    else:
        third = -1
        if n_columns == 3:
            values = _cells(second, separator)
            third = 2 if len(values) == 3 and _is_number(values[2]) else -1
            notes.append(f"column '{cells[2]}' is {'read as tie strength' if third == 2 else 'not used'}")
        columns = 0, 1, third
    return _Layout(start, line_number, separator, n_columns, columns, tuple(cells)), notes


def _bad_cell(file: Path, line: int, name: str, cell: str, is_id: bool) -> InputError:
    text = cell.strip()
    if is_id:
        allowed, hint = f"a whole number from 0 to {MAX_ID}", "Number the people 0, 1, 2, ..."
        problem = "an id is not a whole number"
        if not text:
            problem, hint = "an id is missing", "Fill the cell or delete the line."
        elif text.lstrip("+-").isdigit():
            problem = "an id is negative" if text[0] == "-" else "an id is too large"
    else:
        allowed, hint = "a finite number, 0 or more", "Correct the cell or delete the line."
        problem = "a weight is not a number"
        if not text:
            problem = "a weight is missing"
        elif _is_number(text):
            problem, hint = "a weight is negative", "Leave out ties of distrust, or shift the scale to start at 0."
            if not math.isfinite(float(text)):
                problem, hint = "a weight is not finite", "Correct the cell or delete the line."
    return InputError(problem, file=str(file), line=line, path=name, found=text, allowed=allowed, hint=hint)


def _line_of(file: Path, layout: _Layout, k: int) -> int:
    """The number of the line that holds tie k: read again, because only a message needs it."""
    buffer = np.frombuffer(_read_bytes(file), np.uint8)
    a, b, c = np.empty(k + 1, np.int64), np.empty(k + 1, np.int64), np.empty(0, np.float64)
    nothing = (-1, -1, -1)
    found = _parse(buffer, layout.start, layout.line, layout.separator, layout.n_columns, nothing, k + 1, a, b, c)
    return int(found[2])
