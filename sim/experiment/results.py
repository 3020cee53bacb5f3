"""A results folder, opened for reading; imports `parts`, `schemas`, scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment.parts import replication_tables, whole_replications
from sim.experiment.schemas import KEEP, SCHEMAS, Keep, stored_tables
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
        if not path.is_dir():
            raise InputError("no such results folder", file=path, hint="`grapevine compare` makes one in results/.")
        if not (path / "manifest.json").exists():
            raise InputError("not a results folder: it has no manifest.json", file=path)
        return cls(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Digest, command, versions, seeds, times."""
        try:
            content = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError("manifest.json is not JSON", file=self.folder, hint=str(error)) from None
        if not isinstance(content, dict):
            raise InputError("manifest.json is not a mapping", file=self.folder)
        return content

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
    def replications(self) -> tuple[int, ...]:
        """The replications that are complete, in order."""
        return tuple(sorted(whole_replications(self.folder, self.stored)))

    @property
    def keep(self) -> Keep:
        """What the folder stores: runs, daily or all."""
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

    def each(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Columns of one table, a replication at a time, in order: for tables that are large together."""
        self._require(name)
        for table in replication_tables(self.folder, name, self.replications):
            yield (table if columns is None else table.select(list(columns))).to_pandas()

    def table(self, name: str) -> pd.DataFrame:
        """One table by name. Complete replications are there even if the experiment was interrupted."""
        self._require(name)
        tables = list(replication_tables(self.folder, name, self.replications))
        if not tables:
            return SCHEMAS[name].empty_table().to_pandas() if name in SCHEMAS else pd.DataFrame()
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
        return frame

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: point, strategy, replication, world, status and every measure."""
        return self.table("runs")

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
