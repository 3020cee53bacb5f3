"""Shards of one sweep become one folder; imports `coordinator` and the rooms below it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex

import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiment.coordinator import now
from sim.experiment.files import write_json, write_table, write_text
from sim.experiment.ledger import Run, RunLedger, read_families
from sim.experiment.lock import only_writer
from sim.experiment.merging import Damaged, cell_tables, damaged, merge
from sim.experiment.parts import Parts, cannot_write, part_file, runs_of_part
from sim.experiment.results import Results


def merge_folders(sources: Sequence[str | Path], into: str | Path) -> Results:
    """Bring folders that answer the same question together; what `into` already holds is kept."""
    folders = [Results.open(source) for source in sources]
    if not folders:
        raise InputError("nothing to merge")
    first, target = folders[0], Path(into)
    if any(folder.folder.resolve() == target.resolve() for folder in folders):
        raise InputError("a folder cannot be merged into itself", file=target)
    for folder in folders:
        folder.require_writable()
        _same(folder, first)
    if target.exists() and any(path.name != ".lock" for path in target.iterdir()):
        there = Results.open(target)
        there.require_writable()
        _same(there, first)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for place in [target, *(one.folder for one in folders)]:
                stack.enter_context(only_writer(place))
            _merge_into(folders, target)
    except (OSError, sqlite3.OperationalError) as error:
        raise cannot_write(target, error) from None
    return Results.open(target)


def _same(one: Results, other: Results) -> None:
    for key, what in (("digest", "question"), ("engine", "engine"), ("keep", "choice of tables")):
        if one.manifest.get(key) != other.manifest.get(key):
            raise InputError(f"folders of another {what} cannot be merged", file=one.folder,
                             found=one.manifest.get(key), allowed=str(other.manifest.get(key)))  # fmt: skip


def _merge_into(folders: list[Results], target: Path) -> None:
    first = folders[0]
    families, tables = read_families(first.folder), first.stored
    there = [Results.open(target)] if (target / "manifest.json").exists() else []
    manifest = {**first.manifest, "shard": None, "finished": None}
    manifest["started"] = min(str(folder.manifest["started"]) for folder in [*folders, *there])
    n = max(int(folder.manifest["seeds"]["replications"]) for folder in [*folders, *there])
    manifest["seeds"] = {**manifest["seeds"], "replications": n}
    scenario = first.scenario.with_({"replications": n}) if n != first.scenario.replications else first.scenario
    write_json(target / "manifest.json", manifest)
    write_text(target / "scenario.yaml", scenario.to_yaml(target))
    if (first.folder / "points.parquet").exists():
        write_table(target / "points.parquet", pq.read_table(first.folder / "points.parquet"))
    with RunLedger.writing(target, families, tables) as (ledger, _):
        for source in folders:
            _take(source, target, tables, families, ledger)
        try:
            merge(target, tables, ledger)
        except Damaged as error:
            raise damaged(error, target) from None
        n_points = 1 if manifest.get("design") is None else int(manifest["design"]["points"])
        if ledger.n_cells(failed=False) + ledger.n_cells(failed=True) >= n_points * n:
            write_json(target / "manifest.json", {**manifest, "finished": now()})


def _take(source: Results, target: Path, tables: Sequence[str], families: list[int], ledger: RunLedger) -> None:
    """Copy a folder's runs as one part of the target; its ledger decides which of them are new."""
    theirs = RunLedger.view(source.folder, families, tables)
    if not theirs.n_runs():
        return
    part = f"{token_hex(4)}-merged"
    try:
        with Parts(target, part) as parts:
            for name in tables:
                for rows in cell_tables(source.folder, name, theirs):
                    parts.add(name, rows)
    except Damaged as error:
        raise damaged(error, source.folder) from None
    for batch in runs_of_part(part_file(target, "runs", part)):
        ledger.adopt(part, [Run(*row) for row in batch], only_better=True)
