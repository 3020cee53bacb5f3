"""Files that are whole or absent, the same bytes on every machine: Parquet, JSON, text; imports errors."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError

ROWS_A_GROUP: Final = 1 << 17


#: Everything that could differ between machines or versions of the defaults is fixed here.
_ALWAYS: Final[dict[str, Any]] = {
    "version": "2.6", "data_page_version": "1.0", "store_schema": True, "write_page_checksum": True,
}  # fmt: skip
_TO_STAY: Final[dict[str, Any]] = {"compression": "zstd", "use_dictionary": True, "write_statistics": True}
#: of a file that is read once and dropped: half the time to write and to read
_TO_PASS: Final[dict[str, Any]] = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}


class ParquetFile:
    """A Parquet file under a temporary name, until `commit` has it on disk and renames it in one step."""

    def __init__(self, path: Path, *, to_stay: bool = True) -> None:
        self.path = path
        self._settings = _TO_STAY if to_stay else _TO_PASS
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._writer: pq.ParquetWriter | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been written yet."""
        return self._writer is None

    def write(self, table: pa.Table) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._temporary, table.schema, **_ALWAYS, **self._settings)
        self._writer.write_table(table.combine_chunks(), row_group_size=8 * ROWS_A_GROUP)

    def annotate(self, notes: Mapping[str, str]) -> None:
        """Add notes to the end of the file."""
        if self._writer is not None:
            self._writer.add_key_value_metadata(notes)

    def commit(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        with self._temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        self._temporary.replace(self.path)

    def discard(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError, pa.ArrowException):  # the disk may be full: that is told already
                self._writer.close()
            self._writer = None
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a whole table in one step."""
    file = ParquetFile(path)
    try:
        file.write(table)
        file.commit()
    except BaseException:
        file.discard()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text in one step: readers see the old file or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON in one step, as `write_text` does."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_journal(journal: Any, folder: str | Path) -> list[str]:
    """Write the tables of one run as Parquet files; returns their names."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("cannot make the folder", file=folder, found=error.strerror) from None
    written = []
    for name in ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events"):
        frame = getattr(journal, name)
        if frame is None:
            (folder / f"{name}.parquet").unlink(missing_ok=True)  # of an earlier run with --events
            continue
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        write_table(folder / f"{name}.parquet", table)
        written.append(f"{name}.parquet")
    return written
