"""The table of points: a row a point, a column a factor; imports errors and scenario."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sim.errors import InputError, shown
from sim.scenario import Scenario, parse_path

Value = bool | int | float | str | None

MOST_POINTS: Final = 1_000_000

#: fields that no point may change, and why
NOT_A_FACTOR: Final = {
    "name": "it names the sweep",
    "description": "it changes no run",
    "replications": "every point has the same; set it for all of them",
    "noise_per_world": "every point has the same; set it for all of them",
    "decide_on": "it changes no run",
    "goals": "it changes no run",
    "margin": "it changes no run",
    "graph.path": "paths start from another folder in the results; make one design a file",
    "catalogue.path": "paths start from another folder in the results; make one design a file",
    "population.from": "paths start from another folder in the results; make one design a file",
}


@dataclass(frozen=True)
class Points:
    """Numbered points: `rows[k]` holds the values of `paths` at point k. One point without factors is a comparison."""

    paths: tuple[str, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ((),)

    @classmethod
    def of(cls, paths: Sequence[str], rows: Sequence[Sequence[Value]]) -> Self:
        """Points whose columns each hold one kind of value; whole numbers beside fractions become fractions."""
        if not rows:
            raise InputError("a design without points")
        if len(rows) > MOST_POINTS:
            raise InputError("too many points", found=len(rows), allowed=f"at most {MOST_POINTS:,}")
        for path in paths:
            check_path(path)
        columns = [_one_kind(path, [row[k] for row in rows]) for k, path in enumerate(paths)]
        return cls(tuple(paths), tuple(zip(*columns, strict=True)) if columns else tuple(() for _ in rows))

    def __len__(self) -> int:
        return len(self.rows)

    def changes(self, point: int) -> dict[str, Value]:
        """What this point changes in the scenario."""
        return dict(zip(self.paths, self.rows[point], strict=True))

    def scenario(self, base: Scenario, point: int) -> Scenario:
        """The scenario at a point; what is wrong with it is said with the point's number."""
        if not self.paths:
            return base
        try:
            return base.with_(self.changes(point))
        except InputError as error:
            first = error.problems[0]
            values = ", ".join(f"{path} = {shown(value)}" for path, value in self.changes(point).items())
            raise InputError(
                f"point {point} is no scenario: {first.problem}", path=first.path, hint=f"There {values}.",
                allowed=first.allowed,
            ) from None  # fmt: skip

    def as_text(self) -> str:
        """All points as one text: what a digest is made of."""
        return json.dumps([self.paths, self.rows], ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    def table(self) -> Any:
        """An Arrow table: point, then a column a factor."""
        import pyarrow as pa

        columns: dict[str, Any] = {"point": pa.array(range(len(self)), pa.int64())}
        for k, path in enumerate(self.paths):
            columns[path] = pa.array([row[k] for row in self.rows])
        return pa.table(columns)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Points as a results folder has stored them."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise InputError("the table of points cannot be read", file=file, hint=str(error).splitlines()[0]) from None
        paths = tuple(name for name in table.column_names if name != "point")
        columns = [table[path].to_pylist() for path in paths]
        return cls(paths, tuple(zip(*columns, strict=True)) if columns else tuple(() for _ in range(table.num_rows)))


#: the scenario as it is: what a comparison runs
ONE_POINT: Final = Points()


def check_path(path: str) -> None:
    """Refuse what cannot be a factor."""
    parts = parse_path(path)
    for refused, why in NOT_A_FACTOR.items():
        if parts[: refused.count(".") + 1] == parse_path(refused):
            raise InputError("this field cannot be a factor", path=path, hint=f"Not {refused}: {why}.")


def _one_kind(path: str, values: list[Value]) -> list[Value]:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and float in kinds:
        return [None if value is None else float(value) for value in values]
    if len(kinds) > 1:
        found = " and ".join(sorted({shown(value) for value in values})[:2])
        raise InputError("a factor's values are of several kinds", path=path, found=found,
                         allowed="only numbers, only texts, or only on/off")  # fmt: skip
    if not kinds <= {bool, int, float, str}:
        raise InputError("a factor's value is not plain", path=path, found=values[0], allowed="number, text, on or off")
    if kinds == {int} and any(abs(value) >= 2**63 for value in values if isinstance(value, int)):
        raise InputError("a factor's value is too large", path=path)
    return values
