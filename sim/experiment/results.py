"""A results folder, opened for reading; imports `ledger`, `merging`, `schemas`, design, scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.design import ONE_POINT, Points
from sim.errors import InputError
from sim.experiment.ledger import RunLedger, read_families
from sim.experiment.merging import Damaged, cell_tables, damaged
from sim.experiment.parts import part_file
from sim.experiment.schemas import KEEP, Keep, stored_tables
from sim.experiment.state import read_manifest, status
from sim.scenario import Scenario
from sim.version import RESULTS_VERSION


@dataclass(frozen=True, eq=False)
class Results:
    """A results folder: its tables as DataFrames (read when first asked for) and its scenario."""

    folder: Path

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Open a folder for reading. One made by another results version can be read but not written."""
        path = Path(folder)
        read_manifest(path)
        return cls(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Digest, command, versions, seeds, times."""
        return read_manifest(self.folder)

    @property
    def is_writable(self) -> bool:
        """Whether this version of the model made the folder; only then may anything be added to it."""
        return bool(self.manifest.get("results_version") == RESULTS_VERSION)

    def require_writable(self) -> None:
        """Refuse to add new answers to those of another model."""
        if not self.is_writable:
            raise InputError(
                "this folder was made by another results version and is read-only",
                file=self.folder,
                found=self.manifest.get("results_version"),
                allowed=str(RESULTS_VERSION),
                hint="Run the scenario again; it gets a folder of its own.",
            )

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as run, all defaults filled in."""
        return Scenario.load(self.folder / "scenario.yaml", check_files=False)

    @cached_property
    def _ledger(self) -> RunLedger:
        return RunLedger.view(self.folder, read_families(self.folder), self.stored)

    @cached_property
    def replications(self) -> tuple[int, ...]:
        """The replications of which runs are there, in order."""
        return self._ledger.replications()

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points of a design, a row a point, a column a factor; one row where there is no design."""
        file = self.folder / "points.parquet"
        return Points.read(file).table().to_pandas() if file.exists() else pd.DataFrame({"point": [0]})

    def scenario_at(self, point: int) -> Scenario:
        """The scenario of one point: `sim.compare` answers it as a question of its own."""
        file = self.folder / "points.parquet"
        points = Points.read(file) if file.exists() else ONE_POINT
        if not 0 <= point < len(points):
            raise InputError("no such point", path="point", found=point, allowed=f"0 to {len(points) - 1}",
                             file=self.folder)  # fmt: skip
        return points.scenario(self.scenario, point)

    @property
    def keep(self) -> Keep:
        """What the folder stores: runs, orders, records, daily or all."""
        keep: Keep = self.manifest.get("keep", "all")
        return keep

    @property
    def stored(self) -> tuple[str, ...]:
        """Names of the tables that the folder stores."""
        return stored_tables(self.manifest)

    def _require(self, name: str) -> None:
        if name in self.stored:
            return
        is_old = name in KEEP[self.keep]
        raise InputError(
            f"this folder does not store the table '{name}'",
            file=self.folder,
            found="made before there was such a table" if is_old else f"keep {self.keep}",
            hint="Run the scenario again." if is_old else "Run again with --keep all.",
        )

    def each(self, name: str, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Columns of one table, a replication at a time, in order: for tables that are large together.

        Text comes as categories.
        """
        self._require(name)
        waiting: list[pd.DataFrame] = []
        current: Any = None
        wanted = list(dict.fromkeys(["point", "replication", *columns]))
        for piece in _ahead(piece.to_pandas(split_blocks=True) for piece in self.pieces(name, wanted, words=True)):
            for key, part in _in_turn(piece):
                if waiting and key != current:
                    yield _joined(waiting)[list(columns)]
                    waiting = []
                current = key
                waiting.append(part)
        if waiting:
            yield _joined(waiting)[list(columns)]

    def of_replication(self, name: str, replication: int, columns: Sequence[str]) -> pd.DataFrame:
        """Columns of one table, of one replication (of a folder with one point)."""
        self._require(name)
        found = []
        for piece in self.pieces(name, list(dict.fromkeys(["replication", *columns])), replication):
            mine = piece.filter(pc.equal(piece["replication"], replication))
            if mine.num_rows:
                found.append(mine.select(list(columns)).to_pandas())
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(columns))

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """One table by name, or some of its columns. Complete runs are there even if the experiment was interrupted."""
        self._require(name)
        tables = list(self.pieces(name, columns))
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas() if tables else pd.DataFrame()
        if "point" in frame and self.manifest.get("design") is not None:
            frame = frame.sort_values(["point", "replication"], kind="stable", ignore_index=True)
        return frame

    def pieces(
        self, name: str, columns: Sequence[str] | None = None, replication: int | None = None, *, words: bool = False
    ) -> Iterator[pa.Table]:
        """One table, piece by piece, for those too long to hold; or some columns of it.

        With `replication`, pieces that cannot hold rows of it are left out. `words`: text as numbers of words, which
        become categories; for millions of rows.
        """
        try:
            merged = self.folder / f"{name}.parquet"
            if not self._ledger.parts() and self._ledger.n_runs() and merged.exists():
                with pq.ParquetFile(merged, read_dictionary=_text_columns(merged) if words else None) as file:
                    if not file.num_row_groups:
                        empty = file.schema_arrow.empty_table()
                        yield empty if columns is None else empty.select(list(columns))
                    for group in range(file.num_row_groups):
                        if replication is None or _may_hold(file.metadata.row_group(group), replication):
                            yield file.read_row_group(group, columns=None if columns is None else list(columns))
            else:
                for piece in cell_tables(self.folder, name, self._ledger):
                    some = piece if columns is None else piece.select(list(columns))
                    yield _as_words(some) if words else some
        except Damaged as error:
            raise damaged(error, self.folder) from None

    def files(self) -> tuple[dict[str, list[Path]], pa.Table]:
        """The Parquet files of every table, and which part holds which cell ('' are the merged files)."""
        parts = self._ledger.parts()
        found: dict[str, list[Path]] = {}
        for name in self.stored:
            paths = [part_file(self.folder, name, part) for part in parts]
            found[name] = [path for path in (self.folder / f"{name}.parquet", *paths) if path.exists()]
        cells = list(self._ledger.cells())
        columns = {
            "point": pa.array([cell.point for cell, _ in cells], pa.int64()),
            "replication": pa.array([cell.replication for cell, _ in cells], pa.int64()),
            "part": pa.array([part for _, part in cells], pa.string()),
        }
        return found, pa.table(columns)

    def status(self) -> dict[str, Any]:
        """How far this folder is; see `state.status`."""
        return status(self.folder)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: point, strategy, replication, world, status and every measure."""
        return self.table("runs")

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Point x strategy of a finished sweep: the measure decided on, against the control; which one is chosen."""
        return self.beside("verdicts")

    @cached_property
    def looks(self) -> pd.DataFrame:
        """When a comparison was looked at while runs were added (`--until-clear`), a row a look; else empty."""
        return self.beside("looks")

    def beside(self, name: str) -> pd.DataFrame:
        """A table that a study wrote beside those of the runs; empty if there is none."""
        file = self.folder / f"{name}.parquet"
        return pq.read_table(file).to_pandas() if file.exists() else pd.DataFrame()

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Run x day."""
        return self.table("daily")

    @cached_property
    def cohorts(self) -> pd.DataFrame:
        """Run x cohort day x age."""
        return self.table("cohorts")

    @cached_property
    def shoppers(self) -> pd.DataFrame:
        """Run x shopper."""
        return self.table("shoppers")

    @cached_property
    def funnel(self) -> pd.DataFrame:
        """Run x group x persona: people, their days, visits, orders and money."""
        return self.table("funnel")

    @cached_property
    def sales(self) -> pd.DataFrame:
        """Run x purchase (first, later) x cause x tactic: orders and money."""
        return self.table("sales")

    @cached_property
    def products(self) -> pd.DataFrame:
        """Run x product: units, GMV, rating."""
        return self.table("products")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Run x day x tactic x line, in cents."""
        return self.table("ledger")

    @cached_property
    def common_retention(self) -> pd.DataFrame:
        """Run x measure: retention among those who register under every strategy of the replication."""
        return self.table("common_retention")

    @cached_property
    def failures(self) -> pd.DataFrame:
        """One row a failed run: error, traceback, how to run it again."""
        return self.table("failures")

    @cached_property
    def timing(self) -> pd.DataFrame:
        """One row a run: seconds, start, worker. Outside every promise of equal bytes."""
        return self.table("timing")


def _ahead(pieces: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same pieces; the next one is read while somebody works on this one."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = reader.submit(next, pieces, None)
            yield piece


def _in_turn(frame: pd.DataFrame) -> Iterator[tuple[tuple[int, int], pd.DataFrame]]:
    """((point, replication), rows) in the order of the rows: views, no copies."""
    point, replication = frame["point"].to_numpy(), frame["replication"].to_numpy()
    if not len(point):
        return
    starts = np.flatnonzero((np.diff(point) != 0) | (np.diff(replication) != 0)) + 1
    for start, end in pairwise([0, *starts.tolist(), len(point)]):
        yield (int(point[start]), int(replication[start])), frame.iloc[start:end]


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if len(parts) == 1:
        return parts[0]
    plain = [part.astype({k: object for k in part.columns if part[k].dtype == "category"}) for part in parts]
    whole = pd.concat(plain, ignore_index=True)
    return whole.astype({k: "category" for k in parts[0].columns if parts[0][k].dtype == "category"})


def _text_columns(file: Path) -> list[str]:
    return [field.name for field in pq.read_schema(file) if pa.types.is_string(field.type)]


def _as_words(table: pa.Table) -> pa.Table:
    for k, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(k, field.name, table.column(k).dictionary_encode())
    return table


def _may_hold(group: Any, replication: int) -> bool:
    """Whether a row group may hold rows of a replication, by what its footer says of the column."""
    for k in range(group.num_columns):
        column = group.column(k)
        if column.path_in_schema == "replication":
            known = column.statistics
            return known is None or not known.has_min_max or known.min <= replication <= known.max
    return True
