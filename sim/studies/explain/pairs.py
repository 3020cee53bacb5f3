"""Runs in pairs: which replications a strategy shares with the control, differences and their intervals.

Imports `compare` (worlds are the units of every interval, as in the verdict), experiment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.experiment import Results
from sim.studies.compare.intervals import paired
from sim.studies.compare.values import CONTROL, Runs

Floats = npt.NDArray[np.float64]
#: columns of the shoppers of one run, as a table or as arrays by name
People = pd.DataFrame | Mapping[str, Any]


@dataclass(frozen=True)
class Pairs:
    """A strategy and the replications in which both it and the control finished."""

    label: str
    replications: list[int]
    worlds: npt.NDArray[np.int64]


def pairs(results: Results, strategies: Sequence[str] | None = None) -> list[Pairs]:
    """The strategies (all by default) that share a replication with the control."""
    known = [label for label in results.scenario.labels if label != CONTROL]
    for label in strategies or ():
        if label not in known:
            hint = did_you_mean(label, known, kind="strategies")
            raise InputError("no such strategy in these results", path="--strategy", found=label, hint=hint)
    if results.runs.empty:
        raise InputError(
            "nothing has finished in this folder yet", file=results.folder,
            hint="`grapevine compare` goes on where it stopped.",
        )  # fmt: skip
    values = Runs.read(results.runs, list(results.scenario.labels)).values("gmv_cents")
    numbers = np.array(sorted(results.runs.loc[results.runs["status"] != "failed", "replication"].unique()))
    found = []
    for label in known if strategies is None else strategies:
        both = ~np.isnan(values.column(label) - values.column(CONTROL))
        if both.any():
            found.append(Pairs(label, [int(r) for r in numbers[both]], values.worlds[both]))
    return found


def estimate(values: Floats, worlds: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Mean over replications with its interval; those without a value are left out."""
    known = ~np.isnan(values)
    if not known.any():
        return {"diff": None, "ci_low": None, "ci_high": None}
    found = paired(values[known], worlds[known])
    return {"diff": found.diff, "ci_low": found.ci_low, "ci_high": found.ci_high}


class Cells:
    """A table with its words as numbers, so that its columns are summed by any of its keys in one pass."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._codes: dict[str, npt.NDArray[np.int64]] = {}
        self._names: dict[str, list[Any]] = {}

    def names(self, key: str) -> list[Any]:
        """What stands in a column, each once, in order."""
        if key not in self._names:
            codes, names = pd.factorize(self._table[key], sort=True)
            self._codes[key], self._names[key] = codes.astype(np.int64), list(names)
        return self._names[key]

    def codes(self, key: str) -> npt.NDArray[np.int64]:
        """The place of each row's entry in `names`."""
        self.names(key)
        return self._codes[key]

    def are(self, key: str, wanted: Iterable[Any]) -> npt.NDArray[np.bool_]:
        """Which rows hold one of these."""
        names, kept = self.names(key), set(wanted)
        found: npt.NDArray[np.bool_] = np.array([*(name in kept for name in names), False])[self.codes(key)]
        return found

    def sums(
        self,
        label: str,
        replications: Sequence[int],
        keys: Sequence[str],
        columns: Sequence[str],
        among: npt.NDArray[np.bool_] | None = None,
    ) -> dict[str, Floats]:
        """Columns of one strategy: replications x every entry of the keys (in order), 0 where a run has no row.

        `among`: only these rows. The column "rows" counts them.
        """
        place_of = {number: k for k, number in enumerate(replications)}
        number = np.array([*(place_of.get(one, -1) for one in self.names("replication")), -1], dtype=np.int64)
        number = number[self.codes("replication")]
        chosen = self.are("strategy", [label]) & (number >= 0)
        rows = np.flatnonzero(chosen if among is None else chosen & among)
        shape = (len(replications), *(len(self.names(key)) for key in keys))
        place = np.ravel_multi_index([number[rows], *(self.codes(key)[rows] for key in keys)], shape)
        size = int(np.prod(shape))
        sums = {name: np.bincount(place, self._column(name)[rows], size) for name in columns}
        return {name: np.asarray(one, dtype=np.float64).reshape(shape) for name, one in sums.items()}

    def _column(self, name: str) -> Floats:
        if name == "rows":
            return np.ones(len(self._table))
        return self._table[name].to_numpy(dtype=np.float64)


_CELLS: WeakKeyDictionary[Results, dict[str, Cells]] = WeakKeyDictionary()


def cells(results: Results, name: str) -> Cells:
    """A table of the results, its words counted once."""
    known = _CELLS.setdefault(results, {})
    if name not in known:
        known[name] = Cells(getattr(results, name))
    return known[name]


def is_clear(entry: Mapping[Any, Any] | pd.Series[Any]) -> bool:
    """Whether there is an interval and it leaves out zero."""
    low, high = entry["ci_low"], entry["ci_high"]
    return bool(not (pd.isna(low) or pd.isna(high)) and (low > 0 or high < 0))
