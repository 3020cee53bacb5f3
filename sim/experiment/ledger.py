"""The ledger of runs: which are done, how they ended, in which part they lie; imports `parts`, errors.

An SQLite file that only the coordinator writes. It is an index, not the truth: the truth is in the Parquet files, and
a ledger that is lost, torn or behind is made whole again from them.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from sim.experiment.parts import is_readable, is_whole, part_names, runs_of_part

NAME: Final = "runs.sqlite"
MERGED: Final = ""  # the "part" of runs that lie in the merged tables
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS runs (
    family INTEGER NOT NULL, world INTEGER NOT NULL, point INTEGER NOT NULL, replication INTEGER NOT NULL,
    place INTEGER NOT NULL, strategy TEXT NOT NULL, status TEXT NOT NULL, part TEXT NOT NULL,
    PRIMARY KEY (family, world, point, replication, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cells ON runs (point, replication, status, part);
CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Run(NamedTuple):
    """One run as the ledger knows it; `place` is that of its strategy in the scenario."""

    world: int
    point: int
    replication: int
    place: int
    strategy: str
    status: str


class Cell(NamedTuple):
    """All strategies of one replication at one point: what is run, stored and repeated together."""

    point: int
    replication: int


class RunLedger:
    """Runs of a folder. `families` says which points share worlds: with the world, it gives the order of all tables."""

    def __init__(self, connection: sqlite3.Connection, families: Sequence[int]) -> None:
        self._db, self._families = connection, families

    def __del__(self) -> None:
        self._db.close()

    # --- opening -----------------------------------------------------------------------------------

    @classmethod
    @contextlib.contextmanager
    def writing(cls, folder: Path, families: Sequence[int], tables: Sequence[str]) -> Iterator[tuple[Self, list[str]]]:
        """The folder's own ledger, brought up to date, and what had to be mended, in words."""
        db = _connect(folder / NAME)
        try:
            is_new = db is None
            if db is None:
                for old in (folder / NAME, folder / f"{NAME}-journal"):
                    old.unlink(missing_ok=True)
                db = sqlite3.connect(folder / NAME)
                with db:
                    db.executescript(_TABLES)
            ledger = cls(db, families)
            if is_new:
                ledger._read_merged(folder)
            yield ledger, ledger._catch_up(folder, tables)
        finally:
            if db is not None:
                db.close()

    @classmethod
    def view(cls, folder: Path, families: Sequence[int], tables: Sequence[str], *, check: bool = True) -> Self:
        """The runs of a folder as they are now, in memory: for readers, who change nothing in it.

        Without `check` files that the ledger knows are taken to be whole: quicker, enough to count.
        """
        memory = sqlite3.connect(":memory:", check_same_thread=False)  # an app reads on in another thread
        db = None
        with contextlib.suppress(sqlite3.Error):
            db = _connect(folder / NAME, read_only=True)
        ledger = cls(memory, families)
        if db is not None:
            with contextlib.closing(db):
                db.backup(memory)
        else:
            memory.executescript(_TABLES)
            ledger._read_merged(folder)
        ledger._catch_up(folder, tables, check=check)
        return ledger

    def _read_merged(self, folder: Path) -> None:
        """Enter the runs of the merged tables."""
        if is_readable(folder / "runs.parquet"):
            with self._db:
                for batch in runs_of_part(folder / "runs.parquet"):
                    self._enter([Run(*row) for row in batch], MERGED)

    def _catch_up(self, folder: Path, tables: Sequence[str], *, check: bool = True) -> list[str]:
        """Strike out what is damaged, enter parts whose writer did not live to tell; says what it struck out."""
        said = []
        merged = self._count("SELECT count(*) FROM runs WHERE part = ?", MERGED)
        if merged and check:
            # A table that no run got as far as having is not there either.
            must = self._count("SELECT count(*) FROM runs WHERE part = ? AND status = 'ok'", MERGED) > 0
            files = {name: folder / f"{name}.parquet" for name in tables}
            torn = [name for name, file in files.items() if (must or file.exists()) and not is_readable(file)]
            if torn:
                said.append(f"{torn[0]}.parquet is damaged or gone: its {merged} runs are needed again")
                self.forget(MERGED)
        known = {part for (part,) in self._db.execute("SELECT part FROM parts")}
        there = set(part_names(folder))
        for part in sorted(known) if check else ():
            if part not in there or not is_whole(folder, part):
                n = self._count("SELECT count(*) FROM runs WHERE part = ?", part)
                if n:
                    said.append(f"part {part} is damaged or gone: its {n} runs are needed again")
                self.forget(part)
        for part in sorted(there - known):
            if is_whole(folder, part):
                runs = [Run(*row) for batch in runs_of_part(folder / "parts" / "runs" / f"{part}.parquet")
                        for row in batch]  # fmt: skip
                self.adopt(part, runs, only_better=True)
        return said

    # --- writing -----------------------------------------------------------------------------------

    def adopt(self, part: str, runs: Sequence[Run], *, only_better: bool = False) -> None:
        """Enter the runs of a part. `only_better`: where a cell is known already, only if that one had failed runs."""
        if only_better:
            done = {cell for cell in {Cell(run.point, run.replication) for run in runs} if self.is_done(cell)}
            runs = [run for run in runs if Cell(run.point, run.replication) not in done]
        with self._db:
            self._enter(runs, part)
            self._db.execute("INSERT OR REPLACE INTO parts VALUES (?)", (part,))

    def _enter(self, runs: Iterable[Run], part: str) -> None:
        rows = [(self._family(run.point), *run, part) for run in runs]
        self._db.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _family(self, point: int) -> int:
        return self._families[point] if point < len(self._families) else 0

    def forget(self, part: str) -> None:
        """Strike out every run of a part: they are missing from now on."""
        with self._db:
            self._db.execute("DELETE FROM runs WHERE part = ?", (part,))
            self._db.execute("DELETE FROM parts WHERE part = ?", (part,))

    def all_merged(self) -> None:
        """Every run lies in the merged tables now."""
        with self._db:
            self._db.execute("UPDATE runs SET part = ? WHERE part != ?", (MERGED, MERGED))
            self._db.execute("DELETE FROM parts")

    def clear(self) -> None:
        """Strike out everything."""
        with self._db:
            self._db.execute("DELETE FROM runs")
            self._db.execute("DELETE FROM parts")

    # --- reading -----------------------------------------------------------------------------------

    def is_done(self, cell: Cell) -> bool:
        """Whether every run of a cell is there and succeeded."""
        return self.statuses(cell) == {"ok"}

    def statuses(self, cell: Cell) -> set[str]:
        """How the runs of a cell ended; empty if it has not been run."""
        found = self._db.execute("SELECT status FROM runs WHERE point = ? AND replication = ?", cell)
        return {status for (status,) in found}

    def part_of(self, cell: Cell) -> str | None:
        """The part a cell lies in, MERGED for the merged tables, None if it has not been run."""
        found = self._db.execute("SELECT part FROM runs WHERE point = ? AND replication = ? LIMIT 1", cell).fetchone()
        return None if found is None else str(found[0])

    def cells(self) -> Iterator[tuple[Cell, str]]:
        """Every cell with its part, in the order of the tables; nothing is held but the current row."""
        rows = self._db.execute(
            "SELECT point, replication, part FROM runs GROUP BY family, world, point, replication"
            " ORDER BY family, world, point, replication"
        )
        for point, replication, part in rows:
            yield Cell(point, replication), part

    def n_runs(self, status: str | None = None) -> int:
        """Runs of a status, or all."""
        if status is None:
            return self._count("SELECT count(*) FROM runs")
        return self._count("SELECT count(*) FROM runs WHERE status = ?", status)

    def n_cells(self, *, failed: bool) -> int:
        """Cells with a failed run, or without one."""
        query = "SELECT count(*) FROM (SELECT min(status) AS worst FROM runs GROUP BY point, replication) WHERE worst "
        return self._count(query + ("= 'failed'" if failed else "= 'ok'"))

    def parts(self) -> list[str]:
        """Parts whose runs are not in the merged tables yet."""
        return [part for (part,) in self._db.execute("SELECT part FROM parts ORDER BY part")]

    def replications(self) -> tuple[int, ...]:
        """Replications of which there is something."""
        return tuple(r for (r,) in self._db.execute("SELECT DISTINCT replication FROM runs ORDER BY replication"))

    def _count(self, query: str, *values: str) -> int:
        return int(self._db.execute(query, values).fetchone()[0])


def _connect(file: Path, *, read_only: bool = False) -> sqlite3.Connection | None:
    """An existing ledger, or None if there is none that can be used."""
    if not file.is_file() or not file.stat().st_size:
        return None
    uri = f"{file.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
    db = sqlite3.connect(uri, uri=True, timeout=10, check_same_thread=False)
    try:
        db.execute("SELECT point, replication, status, part FROM runs LIMIT 1").fetchone()
        db.execute("SELECT part FROM parts LIMIT 1").fetchone()
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
    except sqlite3.DatabaseError as error:
        db.close()
        if read_only or "locked" not in str(error):
            return None
        raise
    return db


def read_families(folder: Path) -> list[int]:
    """Which points share worlds, as stored with the table of points; one family where there is no such table."""
    file = folder / "points.parquet"
    if not file.exists():
        return [0]
    try:
        stored = pq.read_schema(file).metadata or {}
    except (OSError, pa.ArrowException):
        return [0]
    return [int(family) for family in json.loads(stored.get(b"families", b"[0]"))]
