"""Reads the files a study names into tables of one form; every row counts or has a reason; imports `study`, `times`.

DuckDB streams the files into a database of its own in a temporary folder, within MEMORY; the source is only ever read.
Every table has the columns asked for and `why`: 0 for rows that count, else the number of a reason in REASONS.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, Self

from sim.errors import InputError, did_you_mean
from sim.evidence.study import FileSpec, Study
from sim.evidence.times import MOST_BAD, Unreadable, quoted, reading

MEMORY: Final = "1500MB"
Kind = Literal["id", "time", "number", "text", "flag"]

#: why a row does not count, by number; 0 counts
REASONS: Final = (
    "", "left out by `keep` or `drop`", "no id", "time missing or unreadable", "number missing or unreadable",
    "before the window", "after the fit (held out or later)", "a refund or cancellation (negative value or quantity)",
    "sent to oneself",
)  # fmt: skip
FILTERED, NO_ID, NO_TIME, NO_NUMBER, BEFORE, AFTER, REFUND, TO_SELF = range(1, len(REASONS))
_SEPARATORS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Window:
    """Days of a study: fitted from `start` on for `n_days`, then `hold_out_days` held out."""

    start: date
    n_days: int
    hold_out_days: int
    data_start: date
    data_end: date
    history_days: int = 0  # the first days of the window, of which there are no targets

    @property
    def end(self) -> date:
        """Last day of the fit."""
        return self.start + timedelta(days=self.n_days - 1)

    @property
    def known_days(self) -> int:
        """Days of the hold-out that the data hold."""
        return max(0, min(self.hold_out_days, (self.data_end - self.end).days))


class Wanted(NamedTuple):
    """A column of the table: the file's column and what it holds; `needed` rows without it do not count."""

    column: str | None
    kind: Kind
    needed: bool = True


@dataclass
class Section:
    """A section that was read: how, how many rows, and why rows do not count."""

    name: str
    path: str
    separator: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    times: str = ""
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "file": self.path, "separator": self.separator, "columns": self.columns, "times": self.times,
            "rows": self.rows, "rows_used": self.rows - sum(self.left_out.values()), "left_out": self.left_out,
            "examples": self.examples, "remarks": self.remarks,
        }  # fmt: skip


class Intake:
    """An open database with the tables of a study; use it as a context, so that its files go away."""

    def __init__(self, study: Study) -> None:
        import duckdb

        self.study = study
        self.folder = Path(tempfile.mkdtemp(prefix="grapevine-"))
        self.con = duckdb.connect(str(self.folder / "data.duckdb"))
        self.con.execute(f"SET memory_limit = '{MEMORY}'")
        self.con.execute(f"SET temp_directory = {quoted(str(self.folder / 'spill'))}")
        self.con.execute("SET preserve_insertion_order = false")
        self.con.execute("SET enable_progress_bar = false")
        self.sections: dict[str, Section] = {}
        self.window: Window | None = None  # days of orders and visits, once these are read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove its folder."""
        self.con.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        rows: list[tuple[Any, ...]] = self.con.execute(sql).fetchall()
        return rows

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        return self.all(sql)[0]

    def columns(self, sql: str) -> dict[str, Any]:
        """Columns of a query as NumPy arrays."""
        found: dict[str, Any] = self.con.execute(sql).fetchnumpy()
        return found

    def read(self, name: str, wanted: Mapping[str, Wanted]) -> Section:
        """Make the table of a section; its name is that of the section with `_` for `.`."""
        spec = self.study.sections()[name]
        return _Reader(self, name, spec, wanted).run()

    def count_reasons(self, name: str) -> None:
        """Count again why rows of a section do not count."""
        rows = self.all(f"SELECT why, count(*) FROM {table_of(name)} WHERE why > 0 GROUP BY why ORDER BY why")
        self.sections[name].left_out = {REASONS[why]: int(n) for why, n in rows}


def table_of(section: str) -> str:
    """The table of a section."""
    return '"' + section.replace(".", "_").replace('"', "") + '"'


class _Reader:
    def __init__(self, intake: Intake, name: str, spec: FileSpec, wanted: Mapping[str, Wanted]) -> None:
        self.intake, self.study, self.con = intake, intake.study, intake.con
        self.name, self.spec = name, spec
        self.wanted = {ours: want for ours, want in wanted.items() if want.column is not None}
        self.file = self.study.existing(name, spec)
        self.section = Section(name, spec.path)

    def run(self) -> Section:
        source = self._parquet() if self._magic(4) == b"PAR1" else self._csv()
        needed = [str(want.column) for want in self.wanted.values()]
        needed += [column for column in (*self.spec.keep, *self.spec.drop) if column not in needed]
        raw = self._stage(source, list(dict.fromkeys(needed)))
        self.section.columns = {ours: str(want.column) for ours, want in self.wanted.items()}
        self.section.rows = int(self.intake.one(f"SELECT count(*) FROM {raw}")[0])
        if self.section.rows == 0:
            raise self._refused("no rows under the header")
        self.intake.sections[self.name] = self.section
        self._typed(raw)
        self.con.execute(f"DROP TABLE {raw}")
        self.intake.count_reasons(self.name)
        return self.section

    # --- the file ---------------------------------------------------------------------------------------

    def _refused(self, problem: str, **more: Any) -> InputError:
        return InputError(f"{self.name}: {problem}", file=self.file, **more)

    def _magic(self, size: int) -> bytes:
        try:
            with self.file.open("rb") as stream:
                return stream.read(size)
        except OSError as error:
            raise self._refused(f"file cannot be read ({error.__class__.__name__})") from None

    def _open(self) -> IO[bytes]:
        return gzip.open(self.file, "rb") if self._magic(2) == b"\x1f\x8b" else self.file.open("rb")  # type: ignore[return-value]

    def _parquet(self) -> str:
        source = f"read_parquet({quoted(str(self.file))})"
        try:
            names = [row[0] for row in self.intake.all(f"DESCRIBE SELECT * FROM {source}")]
        except Exception as error:
            raise self._refused(f"not a Parquet file ({_first_line(error)})") from None
        self._check_columns(names, "")
        self.section.separator = "Parquet"
        return source

    def _csv(self) -> str:
        try:
            codecs.lookup(self.spec.encoding)
        except LookupError:
            raise self.study.refuse(
                "unknown encoding",
                f"{self.name}.encoding",
                found=self.spec.encoding,
                allowed="like utf-8, gbk, latin-1",
            ) from None
        path, packed = self._as_utf8()
        head = self._header(path, packed)
        separator = self.spec.separator or self._separator(head)
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        self._check_columns(names, separator)
        self.section.separator = {"\t": "tab"}.get(separator, separator)
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in _distinct(names))
        return (
            f"read_csv({quoted(str(path))}, delim={quoted(separator)}, header=true, quote='\"', escape='\"', "
            f"columns={{{columns}}}, auto_detect=false, null_padding=true, nullstr='', strict_mode=true, "
            f"compression='{'gzip' if packed else 'none'}', max_line_size=10000000)"
        )

    def _as_utf8(self) -> tuple[Path, bool]:
        """The file, or a copy of it in UTF-8 if it is written otherwise; and whether it is packed."""
        packed = self._magic(2) == b"\x1f\x8b"
        first = self._magic(4)
        encoding = codecs.lookup(self.spec.encoding).name
        if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16"
        if encoding in ("utf-8", "ascii", "utf-8-sig"):
            return self.file, packed
        copy = self.intake.folder / f"{self.name.replace('.', '_')}.csv"
        try:
            with self._open() as raw, copy.open("w", encoding="utf-8", newline="") as out:
                shutil.copyfileobj(codecs.getreader(encoding)(raw), out, 1 << 20)
        except UnicodeError:
            raise self._refused(
                f"not text in {self.spec.encoding}", hint="Say its encoding, like gbk or latin-1."
            ) from None
        except (OSError, EOFError) as error:
            raise self._refused(f"file cannot be read ({error.__class__.__name__})") from None
        return copy, False

    def _header(self, path: Path, packed: bool) -> str:
        try:
            with gzip.open(path, "rb") if packed else path.open("rb") as stream:
                first = stream.readline(1 << 20)
                stream.read(1 << 16)  # a broken archive shows itself
        except (OSError, EOFError, gzip.BadGzipFile):
            raise self._refused("not a whole .gz file", hint="Pack or copy it again.") from None
        if not first.strip():
            raise self._refused("file is empty", hint="The first row must name the columns.")
        try:
            return first.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise self._not_utf8(1) from None

    def _not_utf8(self, line: int) -> InputError:
        hint = f"Say its encoding under {self.name}, like `encoding: gbk` or `encoding: latin-1`."
        return self._refused("not UTF-8 text", line=line, hint=hint)

    def _separator(self, head: str) -> str:
        """The separator that gives most of the columns the study names; of equals, the one that cuts most."""
        needed = {str(want.column) for want in self.wanted.values()}

        def cells(separator: str) -> list[str]:
            return [cell.strip() for cell in next(csv.reader([head], delimiter=separator), [])]

        return max(_SEPARATORS, key=lambda separator: (len(needed & set(cells(separator))), len(cells(separator))))

    def _check_columns(self, names: Sequence[str], separator: str) -> None:
        for ours, want in self.wanted.items():
            column = str(want.column)
            if column not in names:
                self._no_column(column, names, f"{self.name}.{_field(ours)}", separator)
            if names.count(column) > 1:
                raise self._refused("two columns of one name", line=1, found=column, hint="Rename one of them.")
        for key, said in (("keep", self.spec.keep), ("drop", self.spec.drop)):
            for column in said:
                if column not in names:
                    self._no_column(column, names, f"{self.name}.{key}", separator)

    def _no_column(self, column: str, names: Sequence[str], path: str, separator: str) -> None:
        hint = did_you_mean(column, names, kind="columns")
        if separator and len(names) == 1:
            hint = f"The first row has one cell only: '{names[0][:60]}'. Say its `separator`."
        raise self.study.refuse(f"no such column in {self.file.name}", path, found=column, hint=hint)

    def _stage(self, source: str, needed: list[str]) -> str:
        chosen = ", ".join(f"CAST({_name(column)} AS VARCHAR) AS {_name(column)}" for column in needed)
        try:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {chosen} FROM {source}")
        except Exception as error:
            raise self._why_not(error) from None
        return "raw"

    def _why_not(self, error: Exception) -> InputError:
        """What is wrong with a CSV that cannot be read: found by reading it once more, slowly."""
        try:
            with self._open() as stream:
                for number, line in enumerate(stream, 1):  # noqa: B007
                    line.decode(self.spec.encoding)
        except UnicodeError:
            return self._not_utf8(number)
        except (OSError, EOFError):
            return self._refused("not a whole .gz file", hint="Pack or copy it again.")
        text = str(error)
        line_no = next((int(w) for w in text.replace(":", " ").split() if w.isdigit()), None) if "ine" in text else None
        hint = "Rows need as many cells as the header; text with the separator in it goes in quotes."
        return self._refused(f"not a CSV with these columns ({_first_line(error)})", line=line_no, hint=hint)

    # --- the columns ------------------------------------------------------------------------------------

    def _typed(self, raw: str) -> None:
        chosen, missing = [], {NO_ID: [], NO_TIME: [], NO_NUMBER: []}  # type: ignore[var-annotated]
        code = {"id": NO_ID, "text": NO_ID, "time": NO_TIME, "number": NO_NUMBER, "flag": NO_NUMBER}
        for ours, want in self.wanted.items():
            sql = self._sql(raw, ours, want)
            chosen.append(f"{sql} AS {_name(ours)}")
            if want.needed:
                missing[code[want.kind]].append(f"{_name(ours)} IS NULL")
        cases = [f"WHEN {self._filter()} THEN {FILTERED}"] if self.spec.keep or self.spec.drop else []
        cases += [f"WHEN {' OR '.join(tests)} THEN {why}" for why, tests in missing.items() if tests]
        why = f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"
        self.con.execute(
            f"CREATE TABLE {table_of(self.name)} AS SELECT * EXCLUDE (filtered), CAST(0 AS SMALLINT) + ({why}) AS why "
            f"FROM (SELECT {', '.join(chosen)}, {self._filter()} AS filtered FROM {raw})"
            .replace(f"WHEN {self._filter()} THEN", "WHEN filtered THEN")
        )  # fmt: skip
        self._refuse_bad_numbers(raw)

    def _filter(self) -> str:
        """SQL that is true for rows the study leaves out."""

        def among(column: str, values: Sequence[str]) -> str:
            listed = ", ".join(quoted(value) for value in values)
            return f"coalesce({_name(column)}, '') IN ({listed})"

        tests = [f"NOT {among(column, values)}" for column, values in self.spec.keep.items()]
        tests += [among(column, values) for column, values in self.spec.drop.items()]
        return f"({' OR '.join(tests)})" if tests else "false"

    def _sql(self, raw: str, ours: str, want: Wanted) -> str:
        column = f"nullif(trim({_name(str(want.column))}), '')"
        if want.kind == "text":
            return column
        if want.kind == "id":
            self._remark_on_ids(raw, column, str(want.column))
            return f"regexp_replace({column}, '^(-?\\d+)\\.0+$', '\\1')"
        if want.kind == "time":
            return self._time(raw, ours, column)
        if want.kind == "flag":
            words = f"lower({column})"
            return (
                f"CASE WHEN {words} IN ('true', 't', 'yes', 'y') THEN 1.0 "
                f"WHEN {words} IN ('false', 'f', 'no', 'n') THEN 0.0 ELSE {self._number(column)} END"
            )
        return self._number(column)

    def _number(self, column: str) -> str:
        if self.spec.decimal == ",":
            plain = f"replace(replace(replace({column}, '.', ''), ' ', ''), ',', '.')"
        else:
            grouped = f"regexp_matches({column}, '^[+-]?\\d{{1,3}}(,\\d{{3}})+(\\.\\d+)?$')"
            plain = f"CASE WHEN {grouped} THEN replace({column}, ',', '') ELSE {column} END"
        number = f"try_cast({plain} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) AND abs({number}) < 1e12 THEN {number} END"

    def _time(self, raw: str, ours: str, column: str) -> str:
        if getattr(self.spec, "is_period", False):
            self.section.times = "number of a period"
            return self._number(column)
        found = reading(self.con, raw, column, self.study.time_zone, self.spec.time_format)
        if isinstance(found, Unreadable):
            path = f"{self.name}.{_field(ours)}"
            raise self.study.refuse(f"{self.file.name}: {found.problem}", path, found=found.found, hint=found.hint)
        self.section.times = found.name
        bad = self.intake.all(
            f"SELECT DISTINCT {column} FROM {raw} WHERE {column} IS NOT NULL AND {found.sql} IS NULL LIMIT 3"
        )
        if bad:
            self.section.examples[REASONS[NO_TIME]] = ", ".join(str(row[0]) for row in bad)
        return found.sql

    def _remark_on_ids(self, raw: str, column: str, named: str) -> None:
        floats, scientific = self.intake.one(
            f"SELECT count(*) FILTER (regexp_matches({column}, '^-?\\d+\\.0+$')), "
            f"count(*) FILTER (regexp_matches({column}, '^\\d(\\.\\d+)?[eE]\\+?\\d+$')) FROM {raw}"
        )
        if floats:
            self.section.remarks.append(f"{floats:,} ids in '{named}' are written as 123.0; read as 123")
        if scientific:
            self.section.remarks.append(
                f"{scientific:,} ids in '{named}' are written as 1.2E+09: a spreadsheet has cut them, and different "
                f"people "
                "may have become one"
            )

    def _refuse_bad_numbers(self, raw: str) -> None:
        for ours, want in self.wanted.items():
            if want.kind not in ("number", "flag") or getattr(self.spec, "is_period", False):
                continue
            column = f"nullif(trim({_name(str(want.column))}), '')"
            sql = self._sql(raw, ours, want)
            rest = f"FROM {raw} WHERE NOT {self._filter()} AND {column} IS NOT NULL"
            bad, n = self.intake.one(f"SELECT count(*) FILTER ({sql} IS NULL), count(*) {rest}")
            if not bad:
                continue
            rows = self.intake.all(f"SELECT DISTINCT {column} {rest} AND {sql} IS NULL LIMIT 3")
            shown = ", ".join(str(row[0]) for row in rows)
            if bad > MOST_BAD * n:
                hint = (
                    "A decimal comma? Say `decimal: ','`."
                    if any("," in str(row[0]) for row in rows)
                    else "Only numbers."
                )
                path = f"{self.name}.{_field(ours)}"
                raise self.study.refuse(
                    f"{self.file.name}: {bad:,} of {n:,} are not numbers", path, found=shown, hint=hint
                )
            self.section.examples[REASONS[NO_NUMBER]] = shown


def _field(ours: str) -> str:
    """The key of the study file that names a column."""
    return {"stamp": "time", "sender": "from", "receiver": "to", "source": "from", "target": "to"}.get(
        ours, ours.split(":")[0]
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _distinct(names: Sequence[str]) -> list[str]:
    """Names for the reader, which needs them to differ and not to be empty."""
    found: list[str] = []
    for i, name in enumerate(names):
        found.append(name if name and name not in found else f"column {i + 1} {name}".strip())
    return found


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160]
