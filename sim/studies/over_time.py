"""Day by day and age by age: levels, paired differences and their bands, over worlds; imports compare, errors.

The pictures for print (`plots`) and for the screen (`charts`) draw these numbers; neither works any out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.studies.compare import ALPHA, CONTROL, unit_means

FloatArray = npt.NDArray[np.float64]

SMOOTH_DAYS: Final = 7
#: Ages that fewer cohort days than this have reached are left out of the retention curve.
FEWEST_COHORTS: Final = 7
WEEK_DAYS: Final = 7


class TablesLike(Protocol):
    """What is read from results; `daily` and `cohorts` may refuse with InputError if not kept."""

    @property
    def runs(self) -> pd.DataFrame: ...
    @property
    def daily(self) -> pd.DataFrame: ...
    @property
    def cohorts(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Series:
    """Per label: units (worlds, or replications of one world) x points in time. Units of all labels match."""

    x: FloatArray
    values: dict[str, FloatArray]
    n_worlds: int
    n_replications: int

    @property
    def unit(self) -> str:
        return "worlds" if self.n_worlds > 1 else "replications in one world"

    @property
    def n_units(self) -> int:
        """How many worlds, or replications of one world, stand behind each band."""
        return len(next(iter(self.values.values()))) if self.values else 0

    def table(self, *, smooth_differences: bool = False) -> pd.DataFrame:
        """A row a label and point in time: mean, low and high (range of the units), diff with its 95 % interval."""
        pieces = []
        for label, matrix in self.values.items():
            columns: dict[str, Any] = {"x": self.x, "strategy": label, "mean": matrix.mean(axis=0)}
            columns |= {"low": matrix.min(axis=0), "high": matrix.max(axis=0)}
            if CONTROL in self.values and label != CONTROL:
                difference = matrix - self.values[CONTROL]
                mean, half = interval(trailing_mean(difference) if smooth_differences else difference)
                columns |= {"diff": mean}
                columns |= {"diff_low": mean - half, "diff_high": mean + half} if half is not None else {}
            pieces.append(pd.DataFrame(columns))
        table = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()
        return table.reindex(columns=["x", "strategy", "mean", "low", "high", "diff", "diff_low", "diff_high"])


def _finished(runs: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """strategy, replication, world of the runs of replications in which every strategy finished."""
    good = runs.loc[(runs["status"] != "failed") & runs["strategy"].isin(labels), ["strategy", "replication", "world"]]
    n_strategies = good.groupby("replication")["strategy"].transform("nunique")
    return good[n_strategies == len(labels)].sort_values(["strategy", "replication"])


def _units(table: pd.DataFrame, runs: pd.DataFrame, column: str, at: str, labels: Sequence[str]) -> Series:
    finished = _finished(runs, labels)
    joined = table[table["replication"].isin(finished["replication"].unique())]
    world = finished.drop_duplicates("replication").set_index("replication")["world"].sort_index()
    values: dict[str, FloatArray] = {}
    x: FloatArray = np.empty(0)
    for label in labels:
        wide = joined[joined["strategy"] == label].pivot(index="replication", columns=at, values=column).sort_index()
        x = wide.columns.to_numpy(dtype=np.float64)
        matrix = wide.to_numpy(dtype=np.float64)
        worlds = world.loc[wide.index].to_numpy(dtype=np.int64)
        columns = [unit_means(matrix[:, j], worlds) for j in range(matrix.shape[1])]
        values[label] = np.stack(columns, axis=1) if columns else np.empty((0, 0))
    return Series(x, values, int(world.nunique()), len(world))


def by_day(daily: pd.DataFrame, runs: pd.DataFrame, column: str, labels: Sequence[str], factor: float = 1.0) -> Series:
    """A column of the daily table, as the mean of the days up to the one shown."""
    series = _units(daily, runs, column, "day", labels)
    values = {label: trailing_mean(matrix * factor) for label, matrix in series.values.items()}
    return Series(series.x, values, series.n_worlds, series.n_replications)


def trailing_mean(matrix: FloatArray) -> FloatArray:
    """Mean of each day and up to six days before it."""
    result = np.empty_like(matrix)
    for j in range(matrix.shape[1]):
        result[:, j] = matrix[:, max(0, j - SMOOTH_DAYS + 1) : j + 1].mean(axis=1)
    return result


def by_age(cohorts: pd.DataFrame, runs: pd.DataFrame, labels: Sequence[str]) -> Series:
    """Share of registrants who visit at each age, over all cohorts old enough; in percent."""
    days = int(cohorts["cohort_day"].max()) + 1
    last = max(1, days - FEWEST_COHORTS)
    age = cohorts["age"].to_numpy(dtype=np.int64)
    sums = _sums(cohorts, (age >= 1) & (age <= last), {"replication": cohorts["replication"].to_numpy(), "age": age})
    sums["share"] = 100 * sums["n_active"] / sums["n_registered"].where(sums["n_registered"] > 0)
    series = _units(sums, runs, "share", "age", labels)
    known = np.ones(len(series.x), dtype=np.bool_)
    for matrix in series.values.values():
        known &= ~np.isnan(matrix).any(axis=0)
    values = {label: matrix[:, known] for label, matrix in series.values.items()}
    return Series(series.x[known], values, series.n_worlds, series.n_replications)


def _sums(cohorts: pd.DataFrame, is_in: npt.NDArray[np.bool_], keys: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """n_active and n_registered summed by strategy and whole numbers: one pass, for millions of rows."""
    words = cohorts["strategy"].astype("category")
    names = [str(name) for name in words.cat.categories]
    shape = [len(names), *(int(key.max(initial=0)) + 1 for key in keys.values())]
    codes = [words.cat.codes.to_numpy().astype(np.int64), *(key.astype(np.int64) for key in keys.values())]
    place = np.ravel_multi_index([code[is_in] for code in codes], shape)
    size = int(np.prod(shape))
    there = np.flatnonzero(np.bincount(place, minlength=size))
    found = {
        name: np.bincount(place, cohorts[name].to_numpy()[is_in], size)[there].astype(np.int64)
        for name in ("n_active", "n_registered")
    }
    at = np.unravel_index(there, shape)
    table = pd.DataFrame({"strategy": np.array(names, dtype=object)[at[0]]})
    return table.assign(**dict(zip(keys, at[1:], strict=True)), **found)


def cohort_weeks(cohorts: pd.DataFrame, runs: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Who registered in which week, and what share of them visits on a day of each later week; all worlds together.

    Columns: strategy, cohort_week, age_week (1: the week after registration), n_registered (a run), share. Weeks that
    not every day of a cohort has lived through are left out.
    """
    finished = _finished(runs, labels)
    days = int(cohorts["cohort_day"].max()) + 1
    age = cohorts["age"].to_numpy(dtype=np.int64)
    cohort_week = cohorts["cohort_day"].to_numpy(dtype=np.int64) // WEEK_DAYS
    age_week = (np.maximum(age, 1) - 1) // WEEK_DAYS + 1
    is_in = (age >= 1) & ((cohort_week + 1) * WEEK_DAYS - 1 + age_week * WEEK_DAYS < days)
    is_in &= cohorts["replication"].isin(finished["replication"].unique()).to_numpy()
    sums = _sums(cohorts, is_in, {"cohort_week": cohort_week, "age_week": age_week})
    sums = sums[(sums["n_registered"] > 0) & sums["strategy"].isin(list(labels))]
    sums["share"] = sums["n_active"] / sums["n_registered"]
    # Each person counts once a day of the week.
    sums["n_registered"] = sums["n_registered"] / WEEK_DAYS / finished["replication"].nunique()
    return sums[["strategy", "cohort_week", "age_week", "n_registered", "share"]].reset_index(drop=True)


def interval(differences: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    """Mean and half width of the pointwise 95 % t interval over units."""
    from scipy.special import stdtrit

    mean = np.asarray(differences.mean(axis=0), dtype=np.float64)
    n = len(differences)
    if n < 2:
        return mean, None
    error = differences.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, np.asarray(float(stdtrit(n - 1, 1 - ALPHA / 2)) * error, dtype=np.float64)
