"""Results for other tools: SQL over a folder's Parquet files, tables as CSV or Excel; imports `results`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from sim.errors import InputError
from sim.experiment.parts import cannot_write
from sim.experiment.results import Results
from sim.experiment.schemas import SCHEMAS

_SHEET_ROWS: Final = 1_048_575  # of a worksheet, without its head
FORMATS: Final = ("csv", "xlsx")
_BESIDES: Final = ("points", "verdicts", "looks", "ab_tests", "ab_summary")  # tables besides those of runs
_STUDIES: Final = ("explain", "robustness", "sensitivity")  # folders in which studies leave their tables


def _besides(results: Results) -> dict[str, Path]:
    """Tables beside those of runs, by the name they are handed out under: verdicts, robustness_best, ..."""
    found = {name: results.folder / f"{name}.parquet" for name in _BESIDES}
    found = {name: file for name, file in found.items() if file.exists()}
    for study in _STUDIES:
        found |= {f"{study}_{file.stem}": file for file in sorted((results.folder / study).glob("*.parquet"))}
    return found


def query(results: Results, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and rows of a query; every table of the folder is a view, also those of studies (`robustness_best`)."""
    import duckdb

    db = duckdb.connect()
    try:
        _make_views(db, results)
        try:
            answer = db.execute(sql)
            return [column[0] for column in answer.description or []], answer.fetchall()
        except duckdb.Error as error:
            raise InputError("the query failed", hint=str(error).strip()) from None
    finally:
        db.close()


def _make_views(db: Any, results: Results) -> None:
    files, cells = results.files()
    db.register("cells_", cells)
    for name, paths in files.items():
        if not paths:
            if name in SCHEMAS:
                db.register(name, SCHEMAS[name].empty_table())
            continue
        listed = ", ".join(_quoted(path) for path in paths)
        merged = _quoted(results.folder / f"{name}.parquet")
        # A cell may lie in several files after it was repeated; the ledger says which one counts.
        part = f"CASE WHEN filename = {merged} THEN '' ELSE parse_filename(filename, true) END"
        db.execute(
            f"CREATE VIEW {name} AS SELECT * EXCLUDE (filename) FROM read_parquet([{listed}], filename = true) AS t"
            f" SEMI JOIN cells_ AS c ON t.point = c.point AND t.replication = c.replication AND c.part = {part}"
        )
    for name, file in _besides(results).items():
        db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(file)})")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def export(results: Results, kind: str, to: str | Path | None = None) -> list[Path]:
    """Write every table as CSV (a file each) or Excel (a sheet each); returns the files."""
    if kind not in FORMATS:
        raise InputError("no such format", path="--format", found=kind, allowed=" or ".join(FORMATS))
    target = Path(to) if to is not None else results.folder / "export"
    try:
        target.mkdir(parents=True, exist_ok=True)
        names = [*results.stored, *_besides(results)]
        if kind == "xlsx":
            return [_workbook(results, names, target / f"{results.manifest['name']}.xlsx")]
        return [_csv(results, name, target / f"{name}.csv") for name in names]
    except OSError as error:
        raise cannot_write(target, error) from None


def _blocks(results: Results, name: str) -> Any:
    """(head, rows) of a table, piece by piece."""
    if name not in results.stored:
        table = pq.read_table(_besides(results)[name])
        yield table.column_names, zip(*(column.to_pylist() for column in table.columns), strict=True)
        return
    is_empty = True
    for table in results.pieces(name):
        is_empty = False
        for batch in table.to_batches(max_chunksize=1 << 14):
            yield batch.schema.names, zip(*(column.to_pylist() for column in batch.columns), strict=True)
    if is_empty and name in SCHEMAS:
        yield SCHEMAS[name].names, ()


def _csv(results: Results, name: str, file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        for k, (head, rows) in enumerate(_blocks(results, name)):
            if k == 0:
                writer.writerow(head)
            writer.writerows(rows)
    return file


def _workbook(results: Results, names: list[str], file: Path) -> Path:
    try:
        from openpyxl import Workbook
    except ImportError:
        raise InputError(
            "openpyxl is not installed", hint="pip install 'grapevine-sim[xlsx]', or --format csv"
        ) from None
    book = Workbook(write_only=True)
    for name in names:
        sheet, n = None, 0
        for head, rows in _blocks(results, name):
            if sheet is None:
                sheet = book.create_sheet(name)
                sheet.append(head)
            for row in rows:
                if n and n % _SHEET_ROWS == 0:  # what does not fit on a sheet goes on on the next
                    sheet = book.create_sheet(f"{name}_{n // _SHEET_ROWS + 1}")
                    sheet.append(head)
                sheet.append(list(row))
                n += 1
    book.save(file)
    return file
