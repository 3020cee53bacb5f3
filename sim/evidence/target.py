"""A target: one number that data hold and a model is held against, with its standard error; imports `errors`, `tables`.

Targets are written as CSV (one row each), so that a study can publish them without its data.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim.errors import InputError, did_you_mean
from sim.tables import records

#: families of targets: name -> what a value of it is
FAMILIES: Final[dict[str, str]] = {
    "repeat_in_week": "share of first-time buyers who order in week w after their first order",
    "ever_repeated": "share of first-time buyers who have ordered again by the end of week w",
    "repeat_rate_90d": "share of first-time buyers who order again within 90 days",
    "cohort_retention": "share of those who first order in 4-week block c who order k blocks later",
    "ladder": "P(k+1 | k): share of customers with k order days who have one more",
    "gap_days": "days from one order day to the next (percentile)",
    "order_value": "value of an order day in currency (percentile or mean)",
    "top_20_share": "share of all spending that comes from the 20 % of customers who spend most",
    "weekly_gmv": "value of all orders in a week, in currency",
    "weekly_orders": "order days in a week",
    "weekly_new": "first-time buyers in a week",
    "visits_per_day": "visitors a day",
    "conversion": "order days per visit day of a person",
    "visits_per_visitor": "visit days per visitor and week",
    "retention_d30": "share of newcomers who come back on day 30 after their first day",
    "fan_out": "distinct receivers a sender (mean or percentile)",
    "tie_reuse": "share of shares that go over a tie used before",
    "shared_again": "share of receivers who also send",
    "team_success": "share of group-buys that succeed",
    "team_joiners": "joiners of a successful group-buy (mean)",
    "adoption": "share of (person, item) pairs with k adopting friends that adopt",
    "adoption_lift": "the same against adoptions shuffled between people who adopt as often",
    "hazard": "chance to adopt in a period with k adopting friends",
    "adopted_by": "share of all people who have adopted by period t",
    "arm": "mean outcome of an arm",
    "uplift": "mean outcome of an arm less that of the control",
    "degree": "ties a person (mean or percentile)",
    "clustering": "mean share of a person's friends who know each other",
    "transitivity": "share of open triads that are closed",
    "reciprocity": "share of ties that go both ways",
}


@dataclass(frozen=True)
class Target:
    """One number of the data: which measure, at which place of it, its value, standard error, cases and source.

    `at` says which of a family: a week, k, a percentile, an arm; empty where there is one only.
    """

    measure: str
    value: float
    sd: float
    source: str = ""
    n: int = 0
    at: str = ""

    @property
    def name(self) -> str:
        """`measure` or `measure[at]`: what pairs a target of the data with that of a run."""
        return f"{self.measure}[{self.at}]" if self.at else self.measure

    def distance(self, value: float) -> float:
        """How many standard errors a value is from this target."""
        return (value - self.value) / self.sd


class Targets(Sequence[Target]):
    """Targets in order, found by name as well; a name appears once."""

    def __init__(self, targets: Iterable[Target] = ()) -> None:
        self._all = tuple(targets)
        self._by_name = {target.name: target for target in self._all}
        if len(self._by_name) < len(self._all):
            names = [target.name for target in self._all]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError("a target appears twice", found=twice)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Target]:
        return iter(self._all)

    def __getitem__(self, key):  # type: ignore[no-untyped-def]
        """By place, or by name."""
        return self._by_name[key] if isinstance(key, str) else self._all[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_name if isinstance(key, str) else key in self._all

    def get(self, name: str) -> Target | None:
        """The target with a name, or None."""
        return self._by_name.get(name)

    def of(self, *measures: str) -> Targets:
        """Only those of some families."""
        return Targets(target for target in self._all if target.measure in measures)

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return list(self._by_name)

    def write(self, path: str | Path) -> None:
        """CSV: measure, at, value, sd, n, source."""
        with Path(path).open("w", encoding="utf-8", newline="") as stream:
            out = csv.writer(stream, lineterminator="\n")
            out.writerow(["measure", "at", "value", "sd", "n", "source"])
            out.writerows([t.measure, t.at, f"{t.value:.8g}", f"{t.sd:.4g}", t.n, t.source] for t in self._all)

    @classmethod
    def read(cls, path: str | Path) -> Targets:
        """Read what `write` wrote."""
        path = Path(path)
        rows = records(path, "targets")
        _, names = next(rows)
        for needed in ("measure", "value", "sd"):
            if needed not in names:
                hint = did_you_mean(needed, names, kind="columns")
                raise InputError("no such column in the targets file", file=path, line=1, found=needed, hint=hint)
        found = []
        for line, cells in rows:
            cell = dict(zip(names, cells, strict=False))
            try:
                value, sd, n = float(cell["value"]), float(cell["sd"]), int(cell.get("n") or 0)
            except (KeyError, ValueError):
                raise InputError(
                    "value, sd and n must be numbers", file=path, line=line, found=",".join(cells)
                ) from None
            if not (math.isfinite(value) and math.isfinite(sd) and sd > 0):
                raise InputError("a target needs a value and an sd above 0", file=path, line=line, found=sd)
            found.append(Target(cell["measure"], value, sd, cell.get("source", ""), n, cell.get("at", "")))
        return cls(found)


def share(measure: str, yes: float, n: float, source: str = "", at: str = "") -> Target:
    """yes / n with sd = sqrt(q (1 - q) / n), q = (yes + 1) / (n + 2): not 0 where all or nobody did.

    >>> share("team_success", 3, 4).value, round(share("team_success", 4, 4).sd, 3)
    (0.75, 0.186)
    """
    q = (yes + 1) / (n + 2)
    return Target(measure, yes / n, math.sqrt(q * (1 - q) / n), source, round(n), at)
