"""What workers write: parts, a file a table, with many runs in each; imports `files`, `schemas`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiment.files import ROWS_A_GROUP, ParquetFile

if TYPE_CHECKING:
    from types import TracebackType

_ROWS: Final = "rows"  # in the notes of a part of `runs`: the tables written with it, and their rows


class Parts:
    """The parts one task writes: all of them or none. `runs` comes last and says which others there must be."""

    def __init__(self, folder: Path, part: str) -> None:
        self._folder, self._part = folder, part
        self._files: dict[str, ParquetFile] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}
        self._pending: dict[str, int] = {}

    def add(self, name: str, table: pa.Table) -> None:
        """Keep a table until there are enough rows to be written."""
        self._waiting.setdefault(name, []).append(table)
        self._rows[name] = self._rows.get(name, 0) + table.num_rows
        self._pending[name] = self._pending.get(name, 0) + table.num_rows
        if self._pending[name] >= ROWS_A_GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if name not in self._files:
            self._files[name] = ParquetFile(part_file(self._folder, name, self._part), to_stay=False)
        self._pending[name] = 0
        self._files[name].write(pa.concat_tables(self._waiting.pop(name)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if kind is None:
                for name in list(self._waiting):
                    self._flush(name)
                if "runs" in self._files:
                    self._files["runs"].annotate({_ROWS: json.dumps(self._rows)})
                for name in sorted(self._files, key=lambda name: name == "runs"):
                    self._files[name].commit()
                self._files = {}
        except OSError as problem:
            raise cannot_write(self._folder, problem) from None
        finally:
            for file in self._files.values():
                file.discard()


def cannot_write(folder: Path, error: Exception) -> InputError:
    """What to say when a results folder cannot be written to."""
    why = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return InputError(
        "the results folder cannot be written", file=folder, found=why,
        hint=f"What is done is kept. Make room or give the right to write, then `grapevine resume {folder}`.",
    )  # fmt: skip


def part_file(folder: Path, table: str, part: str) -> Path:
    """Where a part of a table lies."""
    return folder / "parts" / table / f"{part}.parquet"


def part_names(folder: Path) -> list[str]:
    """Parts whose writer has finished."""
    return sorted(path.stem for path in (folder / "parts" / "runs").glob("*.parquet"))


def n_rows(path: Path) -> int | None:
    """Rows of a Parquet file, None if it is torn or absent."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return None


def is_readable(path: Path) -> bool:
    """Whether a Parquet file is there and was written to its end."""
    return n_rows(path) is not None


def tables_of(folder: Path, part: str) -> dict[str, int]:
    """Tables that belong to a part, with their rows; none if its `runs` cannot be read."""
    try:
        stored = pq.read_metadata(part_file(folder, "runs", part)).metadata or {}
        return {str(name): int(rows) for name, rows in json.loads(stored[_ROWS.encode()]).items()}
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return {}


def is_whole(folder: Path, part: str) -> bool:
    """Whether every table of a part is there, with the rows it was written with."""
    tables = tables_of(folder, part)
    return bool(tables) and all(n_rows(part_file(folder, name, part)) == rows for name, rows in tables.items())


def remove_part(folder: Path, part: str) -> None:
    """Drop a part; `runs` first, so that it never counts as whole again."""
    for path in sorted((folder / "parts").glob(f"*/{part}.parquet"), key=lambda path: path.parent.name != "runs"):
        path.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Drop all parts."""
    parts = folder / "parts"
    for table in sorted(parts.glob("*"), key=lambda path: path.name != "runs"):
        for path in table.glob("*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            table.rmdir()
    with contextlib.suppress(OSError):
        parts.rmdir()


def runs_of_part(file: Path) -> Iterator[list[tuple[int, int, int, int, str, str]]]:
    """(world, point, replication, place, strategy, status) of every run in a file of `runs`, in batches."""
    last, place = (-1, -1), 0
    with pq.ParquetFile(file) as runs:
        for batch in runs.iter_batches(
            batch_size=1 << 14, columns=["point", "strategy", "replication", "world", "status"]
        ):
            rows = []
            columns = [batch[name].to_pylist() for name in ("world", "point", "replication", "strategy", "status")]
            for world, point, replication, strategy, status in zip(*columns, strict=True):
                place = place + 1 if (point, replication) == last else 0
                last = (point, replication)
                rows.append((world, point, replication, place, strategy, status))
            yield rows


def cell_slices(table: pa.Table) -> Iterator[tuple[tuple[int, int], pa.Table]]:
    """A table cut where the point or the replication changes."""
    point, replication = (table[name].to_numpy() for name in ("point", "replication"))
    cuts = np.flatnonzero((np.diff(point) != 0) | (np.diff(replication) != 0)) + 1
    starts: Any = np.concatenate([[0], cuts]) if table.num_rows else []
    stops = [*cuts, table.num_rows]
    for start, stop in zip(starts, stops, strict=bool(table.num_rows)):
        yield (int(point[start]), int(replication[start])), table.slice(start, stop - start)
