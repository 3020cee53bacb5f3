"""What a folder holds: parts of replications, and how they become the merged tables; imports `files`, `schemas`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.parquet as pq

from sim.experiment.files import ROWS_A_GROUP, ParquetFile
from sim.experiment.schemas import FROM_JOURNAL, SCHEMAS

if TYPE_CHECKING:
    from types import TracebackType


class Parts:
    """The parts one replication writes: all of them or none, `runs` last."""

    def __init__(self, folder: Path, replication: int) -> None:
        self._folder, self._replication = folder, replication
        self._files: dict[str, ParquetFile] = {}

    def add(self, name: str, table: pa.Table) -> None:
        if name not in self._files:
            self._files[name] = ParquetFile(part_file(self._folder, name, self._replication))
        self._files[name].write(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            for name in sorted(self._files, key=lambda name: name == "runs"):
                self._files[name].commit()
        else:
            for file in self._files.values():
                file.discard()


def part_file(folder: Path, table: str, replication: int) -> Path:
    """Where one replication's part of a table lies."""
    return folder / "parts" / table / f"r{replication:06d}.parquet"


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _statuses(path: Path) -> dict[int, set[str]]:
    """Replication -> the statuses of its runs ("ok", "failed")."""
    table = pq.read_table(path, columns=["replication", "status"])
    found: dict[int, set[str]] = {}
    for replication, status in zip(table["replication"].to_pylist(), table["status"].to_pylist(), strict=True):
        found.setdefault(replication, set()).add(status)
    return found


def whole_replications(folder: Path, tables: Iterable[str]) -> dict[int, bool]:
    """Replications that are whole in this folder -> whether all their runs succeeded. Torn files count as absent."""
    needed = [name for name in tables if name != "failures"]
    stored: dict[int, bool] = {}
    if all(_is_readable(folder / f"{name}.parquet") for name in needed):
        stored = {r: found == {"ok"} for r, found in _statuses(folder / "runs.parquet").items()}
    for path in sorted((folder / "parts" / "runs").glob("r*.parquet")):
        replication = int(path.stem[1:])
        stored.pop(replication, None)  # the part is newer
        if not _is_readable(path):
            continue
        found = _statuses(path)[replication]
        # A run that failed wrote no tables of its journal, and people can only be the same where all runs are there.
        absent = set() if found == {"ok"} else {"common_retention"}
        if "ok" not in found:
            absent |= {*FROM_JOURNAL}
        names = [name for name in needed if name not in absent]
        if all(_is_readable(part_file(folder, name, replication)) for name in names):
            stored[replication] = found == {"ok"}
    return stored


def _slices(path: Path) -> Iterator[tuple[int, pa.Table]]:
    """A merged table, cut into its replications, in the order of the file, one in memory at a time."""
    if not _is_readable(path):
        return
    with pq.ParquetFile(path) as file:
        pending: list[pa.Table] = []
        current = -1
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            numbers = table["replication"].to_numpy()
            start = 0
            while start < len(numbers):
                number = int(numbers[start])
                stop = int(numbers.searchsorted(number, side="right"))  # ascending within a file
                if number != current and pending:
                    yield current, pa.concat_tables(pending)
                    pending = []
                current = number
                pending.append(table.slice(start, stop - start))
                start = stop
        if pending:
            yield current, pa.concat_tables(pending)


def replication_tables(folder: Path, table: str, stored: Iterable[int]) -> Iterator[pa.Table]:
    """The stored replications of one table in ascending order; a part is newer than the merged table."""
    merged = _slices(folder / f"{table}.parquet")
    at, piece = next(merged, (None, None))
    for replication in sorted(stored):
        while at is not None and at < replication:
            at, piece = next(merged, (None, None))
        part = part_file(folder, table, replication)
        if part_file(folder, "runs", replication).exists():
            if part.exists():
                yield pq.ParquetFile(part).read()
        elif at == replication:
            yield piece


def merge(folder: Path, tables: Iterable[str], stored: Iterable[int]) -> None:
    """Bring parts and merged tables together into new merged tables, then drop the parts."""
    parts = folder / "parts"
    if not parts.exists() and all((folder / f"{name}.parquet").exists() for name in tables):
        return
    for name in sorted(tables, key=lambda name: name == "runs"):
        file = ParquetFile(folder / f"{name}.parquet")
        waiting: list[pa.Table] = []
        try:
            for table in replication_tables(folder, name, stored):
                waiting.append(table)
                if sum(t.num_rows for t in waiting) >= ROWS_A_GROUP:
                    file.write(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                file.write(pa.concat_tables(waiting))
            elif file.is_empty and name in SCHEMAS:
                file.write(SCHEMAS[name].empty_table())
            file.commit()
        except BaseException:
            file.discard()
            raise
    # From here on every replication is in the merged tables; dying between two lines costs nothing.
    for name in sorted(tables, key=lambda name: name != "runs"):
        for path in (parts / name).glob("*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (parts / name).rmdir()
    with contextlib.suppress(OSError):
        parts.rmdir()
