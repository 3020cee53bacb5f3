"""Runs in pairs: which replications a strategy shares with the control, differences and their intervals.

Imports `compare` (worlds are the units of every interval, as in the verdict), experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.experiment import Results
from sim.studies.compare.intervals import paired
from sim.studies.compare.values import CONTROL, Runs

Floats = npt.NDArray[np.float64]


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


def cubes(
    table: pd.DataFrame, label: str, replications: Sequence[int], keys: Sequence[str], columns: Sequence[str]
) -> dict[str, Floats]:
    """Columns of one strategy: replications x every key of the whole table (in order), 0 where a run has no row."""
    whole = pd.MultiIndex.from_product([replications, *(sorted(table[key].unique()) for key in keys)])
    mine = table.loc[table["strategy"] == label, ["replication", *keys, *columns]]
    sums = mine.groupby(["replication", *keys], observed=True).sum().reindex(whole, fill_value=0)
    shape = [len(level) for level in whole.levels]
    return {name: sums[name].to_numpy(dtype=np.float64).reshape(shape) for name in columns}


def is_clear(entry: Mapping[Any, Any] | pd.Series[Any]) -> bool:
    """Whether there is an interval and it leaves out zero."""
    low, high = entry["ci_low"], entry["ci_high"]
    return bool(not (pd.isna(low) or pd.isna(high)) and (low > 0 or high < 0))
