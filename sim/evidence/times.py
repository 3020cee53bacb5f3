"""How times are written in a column of text, found out and not guessed: SQL that reads them; imports `errors`.

A column is read in one way only. A column that could be read in two ways (3/4/2010) or in none is refused.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

#: ways people write times, besides ISO 8601; tried in this order
FORMATS: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y",
    "%b %d, %Y", "%d/%m/%y", "%m/%d/%y",
)  # fmt: skip
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
#: pairs that differ in which of day and month comes first
_TWINS: Final = (("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d/%m/%y", "%m/%d/%y"))
_OFFSET: Final = r"\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d(:?\d\d)?)$"
_SAMPLE: Final = 20_000
#: share of rows that may be unreadable before the column is refused
MOST_BAD: Final = 0.01


class Reading(NamedTuple):
    """How a column of times is read: SQL that gives a local TIMESTAMP, and its name."""

    sql: str
    name: str


class Unreadable(NamedTuple):
    """Why a column of times cannot be read."""

    problem: str
    found: str
    hint: str


def quoted(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _iso(column: str, zone: str) -> str:
    moved = f"try_cast({column} AS TIMESTAMPTZ) AT TIME ZONE {quoted(zone)}"
    return (
        f"CASE WHEN regexp_matches({column}, {quoted(_OFFSET)}) THEN {moved} ELSE try_cast({column} AS TIMESTAMP) END"
    )


def _epoch(column: str, zone: str) -> str:
    number = f"try_cast({column} AS DOUBLE)"
    seconds = f"CASE WHEN {number} >= 1e11 THEN {number} / 1000 ELSE {number} END"
    return f"to_timestamp({seconds}) AT TIME ZONE {quoted(zone)}"


def _strptime(column: str, form: str) -> str:
    forms = ", ".join(quoted(form + clock) for clock in _CLOCKS)
    return f"try_strptime({column}, [{forms}])"


def reading(con: Any, table: str, column: str, zone: str, time_format: str | None) -> Reading | Unreadable:
    """How the times of `column` (SQL) in `table` are read."""
    filled = f"FROM {table} WHERE {column} IS NOT NULL"
    n = con.execute(f"SELECT count(*) {filled}").fetchone()[0]
    if n == 0:
        return Reading(_iso(column, zone), "ISO 8601")

    def readable(sql: str, source: str = filled) -> int:
        return int(con.execute(f"SELECT count({sql}) {source}").fetchone()[0])

    def examples(where: str, most: int = 3) -> str:
        rows = con.execute(f"SELECT DISTINCT {column} {filled} AND {where} ORDER BY 1 LIMIT {most}").fetchall()
        return ", ".join(str(row[0]) for row in rows)

    if time_format is not None:
        sql = f"try_strptime({column}, {quoted(time_format)})"
        try:
            n_good = readable(sql)
        except Exception:  # DuckDB's own error about the format
            return Unreadable("not a format of times", time_format, "Like '%d.%m.%Y %H:%M'.")
        if n_good < (1 - MOST_BAD) * n:
            return Unreadable("times are not written so", examples(f"{sql} IS NULL"), f"The study says {time_format}.")
        return Reading(sql, time_format)

    size = min(n, _SAMPLE)
    few = "" if n <= _SAMPLE else f" USING SAMPLE reservoir({_SAMPLE} ROWS) REPEATABLE (1)"
    inner = f"FROM (SELECT x FROM (SELECT {column} AS x {filled}){few})"
    ways: list[Reading] = [Reading(_iso(column, zone), "ISO 8601")]
    digits = readable("CASE WHEN regexp_matches(x, '^\\d{10}(\\d{3})?(\\.0+)?$') THEN 1 END", inner)
    if digits >= (1 - MOST_BAD) * size:
        ways = [Reading(_epoch(column, zone), "seconds or milliseconds since 1970")]
    else:
        ways += [
            Reading(_strptime(column, form), form)
            for form in FORMATS
            if readable(_strptime("x", form), inner) >= (1 - MOST_BAD) * size
        ]
    good = {}
    for way in ways:
        n_good = readable(way.sql)
        if n_good >= (1 - MOST_BAD) * n:
            good[way.name] = (n_good, way)
    if not good:
        read = "coalesce(" + ", ".join([_iso(column, zone), *(_strptime(column, f) for f in FORMATS)]) + ")"
        n_any = readable(read)
        bad = examples(f"{_iso(column, zone)} IS NULL")
        if n_any >= (1 - MOST_BAD) * n:
            iso = examples(f"{_iso(column, zone)} IS NOT NULL", 1)
            both = f"{iso} and {bad}" if iso else bad
            return Unreadable("times are written in several ways", both, "Write all in one way, best as 2010-11-30.")
        return Unreadable("times cannot be read", bad, "Write them as 2010-11-30 14:05, or say time_format.")
    best = max(count for count, _ in good.values())
    for one, other in _TWINS:
        if one in good and other in good and good[one][0] == good[other][0] == best and "ISO 8601" not in good:
            hint = f"Day or month first? Say time_format: '{one}...' or '{other}...'."
            return Unreadable("times can be read in two ways", examples("true"), hint)
    return next(way for count, way in good.values() if count == best)
