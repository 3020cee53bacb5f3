"""From a table of runs to one measure's values, by replication and strategy; imports `intervals`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.studies.compare.intervals import FloatArray, IntArray, unit_means

CONTROL = "control"


@dataclass(frozen=True)
class Values:
    """One measure: replications x labels, NaN where a run failed or the measure is null."""

    labels: list[str]
    values: FloatArray
    worlds: IntArray

    def column(self, label: str) -> FloatArray:
        return self.values[:, self.labels.index(label)]

    def mean(self, label: str) -> float | None:
        known = ~np.isnan(self.column(label))
        if not known.any():
            return None
        return float(unit_means(self.column(label)[known], self.worlds[known]).mean())

    def complete(self, labels: Sequence[str]) -> Values:
        """The labels that have values at all, in the replications in which all of those have one."""
        kept = [label for label in labels if not np.isnan(self.column(label)).all()]
        values = self.values[:, [self.labels.index(label) for label in kept]]
        rows = ~np.isnan(values).any(axis=1)
        return Values(kept, values[rows], self.worlds[rows])

    def units(self) -> FloatArray:
        columns = [unit_means(self.values[:, j], self.worlds) for j in range(len(self.labels))]
        return np.stack(columns, axis=1) if columns else np.empty((0, 0))


@dataclass(frozen=True)
class Runs:
    """The finished runs of one point, by replication."""

    labels: list[str]
    replications: list[int]
    worlds: IntArray
    by_label: dict[str, pd.DataFrame]

    @classmethod
    def read(cls, runs: pd.DataFrame, labels: Sequence[str] | None) -> Runs:
        if "point" in runs and runs["point"].nunique() > 1:
            raise ValueError("verdict: the runs belong to several points; give those of one")
        if runs.duplicated(["strategy", "replication"]).any():
            raise ValueError("verdict: two runs of the same strategy and replication")
        present = list(dict.fromkeys(str(label) for label in runs["strategy"]))
        order = list(labels) if labels is not None else present
        order = [CONTROL, *(label for label in order if label != CONTROL)]
        finished = runs[runs["status"] != "failed"]
        world = dict(zip(finished["replication"].astype(int), finished["world"].astype(int), strict=True))
        replications = sorted(world)
        by_label = {
            label: finished[finished["strategy"] == label].set_index("replication").reindex(replications)
            for label in order
        }
        return cls(order, replications, np.array([world[r] for r in replications], dtype=np.int64), by_label)

    def values(self, name: str) -> Values:
        if name == "roi":
            return self._return_on_cost()
        columns = [
            pd.to_numeric(table[name]).to_numpy(dtype=np.float64, na_value=np.nan)
            if name in table
            else np.full(len(table), np.nan)
            for table in self.by_label.values()
        ]
        return Values(self.labels, np.stack(columns, axis=1), self.worlds)

    def _return_on_cost(self) -> Values:
        """Mean profit difference / mean cost, spread over replications by linearisation (the delta method).

        The mean of a column is the ratio of means, its spread that of (difference - ratio x cost) / mean cost. The
        control spends nothing and returns nothing: 0.
        """
        profit, cost = self.values("profit_cents"), self.values("cost_cents")
        result = np.full(profit.values.shape, np.nan)
        for j, label in enumerate(self.labels):
            gain, spent = profit.values[:, j] - profit.column(CONTROL), cost.values[:, j]
            known = ~(np.isnan(gain) | np.isnan(spent))
            if label == CONTROL:
                result[~np.isnan(profit.values[:, j]), j] = 0.0
            elif known.any():
                mean_cost = float(unit_means(spent[known], self.worlds[known]).mean())
                if mean_cost > 0:
                    ratio = float(unit_means(gain[known], self.worlds[known]).mean()) / mean_cost
                    result[known, j] = ratio + (gain[known] - ratio * spent[known]) / mean_cost
        return Values(self.labels, result, self.worlds)
