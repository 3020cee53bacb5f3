"""From parts to merged tables, in one order, a few cells in memory at a time; imports `ledger`, `parts`, `schemas`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiment import files
from sim.experiment.files import ParquetFile
from sim.experiment.ledger import MERGED, Cell, RunLedger
from sim.experiment.parts import cell_slices, is_readable, part_file, remove_parts, tables_of
from sim.experiment.schemas import SCHEMAS

_MOST_ROWS: Final = 1 << 18  # of parts held in memory while their cells are taken


class Damaged(Exception):
    """A file that was written whole and can no longer be read."""

    def __init__(self, part: str, file: Path) -> None:
        super().__init__(part, file)
        self.part, self.file = part, file


def _groups(file: Path, part: str) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as stored:
            for group in range(stored.num_row_groups):
                yield stored.read_row_group(group).replace_schema_metadata(None)
    except (OSError, pa.ArrowException):
        raise Damaged(part, file) from None


class _Stream:
    """Cells of a long file in its own order, one in memory at a time."""

    def __init__(self, file: Path, part: str) -> None:
        self._rest = self._cells(file, part)
        self.head = next(self._rest, None)

    def advance(self) -> None:
        self.head = next(self._rest, None)

    @staticmethod
    def _cells(file: Path, part: str) -> Iterator[tuple[Cell, pa.Table]]:
        pending: list[pa.Table] = []
        current: tuple[int, int] | None = None
        for table in _groups(file, part):
            for cell, piece in cell_slices(table):
                if cell != current and current is not None:
                    yield Cell(*current), pa.concat_tables(pending)
                    pending = []
                current = cell
                pending.append(piece)
        if current is not None:
            yield Cell(*current), pa.concat_tables(pending)


class _Reader:
    """Cells of one table, asked for in the order of the tables, from whichever file holds them."""

    def __init__(self, folder: Path, table: str, ledger: RunLedger) -> None:
        self._folder, self._table, self._ledger = folder, table, ledger
        self._short: OrderedDict[str, dict[tuple[int, int], pa.Table]] = OrderedDict()
        self._long: dict[str, _Stream] = {}
        self._held = 0

    def take(self, cell: Cell, part: str) -> pa.Table | None:
        """The rows of a cell, None if it has none in this table."""
        if part not in self._short and part not in self._long:
            self._open(part)
        if part in self._short:
            self._short.move_to_end(part)
            return self._short[part].get(cell)
        stream = self._long[part]
        # Both orders are the same. A cell that now lies in another part is passed over; any other one comes later.
        while stream.head is not None and stream.head[0] != cell and self._ledger.part_of(stream.head[0]) != part:
            stream.advance()
        if stream.head is None or stream.head[0] != cell:
            return None
        rows = stream.head[1]
        stream.advance()
        return rows

    def _open(self, part: str) -> None:
        if part == MERGED:
            self._long[part] = _Stream(self._folder / f"{self._table}.parquet", part)
            return
        rows = tables_of(self._folder, part).get(self._table)
        if rows is None and not part_file(self._folder, "runs", part).exists():
            raise Damaged(part, part_file(self._folder, "runs", part))
        file = part_file(self._folder, self._table, part)
        if rows is not None and rows > _MOST_ROWS:
            self._long[part] = _Stream(file, part)
            return
        tables = list(_groups(file, part)) if rows is not None else []
        cells = dict(cell_slices(pa.concat_tables(tables))) if tables else {}
        self._short[part] = cells
        self._held += rows or 0
        while self._held > _MOST_ROWS and len(self._short) > 1:
            _, gone = self._short.popitem(last=False)
            self._held -= sum(table.num_rows for table in gone.values())


def cell_tables(folder: Path, table: str, ledger: RunLedger) -> Iterator[pa.Table]:
    """One table, cell by cell, in the order of the tables; its columns alone if it has no rows. Raises Damaged."""
    reader = _Reader(folder, table, ledger)
    is_empty = True
    for cell, part in ledger.cells():
        rows = reader.take(cell, part)
        if rows is not None:
            is_empty = False
            yield rows
    schema = _schema(folder, table, ledger) if is_empty else None
    if schema is not None:
        yield schema.empty_table()


def _schema(folder: Path, table: str, ledger: RunLedger) -> pa.Schema | None:
    """Columns of a table without rows; None where no run of the folder got as far as having it."""
    if table in SCHEMAS:
        return SCHEMAS[table]
    for file in (folder / f"{table}.parquet", *(part_file(folder, table, part) for part in ledger.parts())):
        if is_readable(file):
            return pq.read_schema(file).remove_metadata()
    return None


def damaged(error: Damaged, folder: Path) -> InputError:
    """What to say of a damaged file."""
    return InputError(
        "this file is damaged", file=error.file,
        hint=f"`grapevine resume {folder}` strikes out its runs, repeats them and leaves all others as they are.",
    )  # fmt: skip


def write_cells(file: ParquetFile, tables: Iterable[pa.Table]) -> None:
    """Write tables in row groups whose size depends on the tables only."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= files.ROWS_A_GROUP:
            file.write(pa.concat_tables(waiting))
            waiting, rows = [], 0
    if waiting:
        file.write(pa.concat_tables(waiting))


def merge(folder: Path, tables: Iterable[str], ledger: RunLedger) -> None:
    """Bring parts and merged tables together into new merged tables, then drop the parts."""
    tables = list(tables)
    if not ledger.parts() and (folder / "runs.parquet").exists():
        if (folder / "parts").exists():
            remove_parts(folder)
        return
    for name in sorted(tables, key=lambda name: name == "runs"):
        file = ParquetFile(folder / f"{name}.parquet")
        try:
            write_cells(file, cell_tables(folder, name, ledger))
            file.commit()
        except BaseException:
            file.discard()
            raise
    # From here on every run is in the merged tables; dying between two lines costs nothing.
    ledger.all_merged()
    remove_parts(folder)
