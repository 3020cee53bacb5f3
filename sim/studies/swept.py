"""A sweep as arrays: its factors, and any measure by point, strategy and replication; imports experiment, design.

What questions about many points (robustness, sensitivity) have in common: they read stored runs and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sim.design import unit_of
from sim.errors import InputError, did_you_mean
from sim.experiment import Results, write_json, write_table
from sim.metrics import MEASURES
from sim.params import COEFFICIENTS
from sim.scenario import parse_path
from sim.scenario.words import UNITS_ZH
from sim.studies.compare import CONTROL

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: what the values of a factor rest on
Ground = Literal["guess", "literature", "calibrated", "lever", "setting"]
_GROUND_OF_STATUS: Final[dict[str, Ground]] = {
    "guess": "guess", "literature": "literature", "verified": "literature", "fitted": "calibrated",
}  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """A field that differs between points: what its values rest on, its unit, its value at each point."""

    path: str
    ground: Ground
    unit: str
    values: FloatArray  # by point; where the values are not numbers, positions in `texts`
    texts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`b_h` of params.b_h, `team_up.size` of strategies.team_up.size."""
        return self.path.removeprefix("params.").removeprefix("strategies.")

    @property
    def n_values(self) -> int:
        return len(np.unique(self.values))

    @property
    def is_number(self) -> bool:
        return not self.texts

    def written(self, value: float, language: str = "en") -> str:
        """A value as people read it, with its unit."""
        if self.texts:
            return self.texts[round(value)]
        unit = UNITS_ZH.get(self.unit, self.unit) if language == "zh" else self.unit
        if self.unit == "currency":
            return f"{value:,.2f}"
        return f"{value:,.3g}" + (f" {unit}" if unit else "")


@dataclass(frozen=True, eq=False)
class Sweep:
    """Complete points of a sweep: the factors, the strategies, the replications and their worlds."""

    results: Results
    factors: tuple[Factor, ...]
    labels: tuple[str, ...]  # the control first
    points: IntArray
    worlds: IntArray  # by replication
    runs: pd.DataFrame  # one row a run of these points, in the order point, strategy, replication
    n_left_out: int  # points of the design without all their runs

    @property
    def others(self) -> tuple[str, ...]:
        """Every strategy but the control."""
        return self.labels[1:]

    @property
    def kind(self) -> str:
        """How the points were chosen; see `sim.design`."""
        return str((self.results.manifest.get("design") or {}).get("kind", "csv"))

    @property
    def is_independent(self) -> bool:
        """Whether the design draws each factor for itself, so that values of one say nothing of another's."""
        drawn = (self.results.manifest.get("design") or {}).get("drawn")
        return self.kind in ("grid", "latin_hypercube", "sobol", "saltelli") and not drawn

    def values(self, measure: str) -> FloatArray:
        """A measure, by point x strategy x replication; NaN where a run cannot give it."""
        column = pd.to_numeric(self.runs[measure]).to_numpy(dtype=np.float64, na_value=np.nan)
        return column.reshape(len(self.points), len(self.labels), len(self.worlds))

    def by_world(self, values: FloatArray) -> FloatArray:
        """Means over the replications of each world: the last axis becomes the worlds."""
        return np.stack([values[..., self.worlds == world].mean(axis=-1) for world in np.unique(self.worlds)], axis=-1)


def check_measure(name: str, path: str = "--measure") -> None:
    """Refuse what cannot be compared run by run."""
    if name not in MEASURES:
        raise InputError("unknown measure", path=path, found=name, hint=did_you_mean(name, MEASURES, kind="measures"))
    if name == "roi":
        raise InputError(
            "roi is a ratio of means and no single run has it", path=path, found=name, hint="Ask for profit_cents.",
        )  # fmt: skip


def read_sweep(results: Results | str | Path, measures: Sequence[str]) -> Sweep:
    """The complete points of a sweep's folder with the measures asked for."""
    found = results if isinstance(results, Results) else Results.open(results)
    table = found.points
    if len(table.columns) < 2:
        raise InputError(
            "this folder holds one point, not a sweep", file=found.folder,
            hint="`grapevine robustness FILE` makes a sweep over what a scenario assumes, `grapevine sweep DESIGN` "
            "runs any design.",
        )  # fmt: skip
    keys = ["point", "strategy", "replication", "world", "status"]
    runs = found.table("runs", [*keys, *dict.fromkeys(measures)])
    runs = runs[runs["status"] == "ok"]
    labels = tuple(found.scenario.labels)
    labels = (CONTROL, *(label for label in labels if label != CONTROL))
    points, replications = _complete(runs, len(labels))
    if len(points) < 2 or not len(replications):
        raise InputError(
            "too few points have all their runs", file=found.folder, found=len(points), allowed="2 or more",
            hint=f"`grapevine resume {found.folder}` runs what is missing.",
        )  # fmt: skip
    runs = runs[runs["point"].isin(points) & runs["replication"].isin(replications)]
    rank = {label: k for k, label in enumerate(labels)}
    order = np.lexsort((runs["replication"], runs["strategy"].map(rank), runs["point"]))
    runs = runs.iloc[order].reset_index(drop=True)
    worlds = runs["world"].to_numpy(np.int64)[: len(replications)]
    factors = factors_of(found, points)
    return Sweep(found, factors, labels, points, worlds, runs, len(table) - len(points))


def _complete(runs: pd.DataFrame, n_labels: int) -> tuple[IntArray, IntArray]:
    """Points and replications such that every one of the points has every one of the replications, all strategies."""
    cells = runs.groupby(["point", "replication"]).size()
    whole = cells[cells == n_labels].index
    if not len(whole):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    grid = pd.DataFrame(True, index=whole, columns=["there"])["there"].unstack(fill_value=False).to_numpy(bool)
    points, replications = (np.asarray(level, np.int64) for level in _levels(whole))
    kept = grid.mean(axis=0) >= 0.5  # a replication that most points lack was added and is not finished
    kept = kept if kept.any() else grid.mean(axis=0) == grid.mean(axis=0).max()
    return points[grid[:, kept].all(axis=1)], replications[kept]


def _levels(index: Any) -> tuple[Any, Any]:
    frame = index.to_frame(index=False)
    return np.unique(frame["point"]), np.unique(frame["replication"])


def factors_of(results: Results, points: IntArray | None = None) -> tuple[Factor, ...]:
    """The fields that differ between points (all of the design, or those given)."""
    about: dict[str, Any] = results.manifest.get("design") or {}
    drawn = set(about.get("calibrated", about.get("drawn", ())))
    chosen = results.points.set_index("point")
    chosen = chosen if points is None else chosen.loc[points]
    found = []
    for path in chosen.columns:
        column = chosen[path]
        if column.nunique(dropna=False) < 2:
            continue
        ground = "calibrated" if path in drawn else ground_of(str(path))
        unit = unit_of(results.scenario, str(path))
        if pd.api.types.is_numeric_dtype(column) and column.dtype != bool and column.notna().all():
            found.append(Factor(str(path), ground, unit, column.to_numpy(np.float64)))
            continue
        said = [_text(value) for value in column]
        texts = tuple(dict.fromkeys(sorted(said)))
        found.append(Factor(str(path), ground, unit, np.array([texts.index(one) for one in said], float), texts))
    return tuple(found)


def _text(value: Any) -> str:
    if value is None or value != value:
        return "nothing"
    return ("on" if value else "off") if isinstance(value, (bool, np.bool_)) else str(value)


def ground_of(path: str) -> Ground:
    """What the values of a field rest on: a coefficient's status; a lever is ours to choose; else a setting."""
    parts = parse_path(path)
    if parts[0] == "params" and parts[1:] and str(parts[1]) in COEFFICIENTS:
        return _GROUND_OF_STATUS[COEFFICIENTS[str(parts[1])].status]
    return "lever" if parts[0] == "strategies" else "setting"


def write_answer(folder: Path, name: str, answer: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    """Write an answer as `<name>.json` and its tables as Parquet; tables of an earlier answer go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        if old.stem not in tables:
            old.unlink()
    for key, frame in tables.items():
        write_table(
            folder / f"{key}.parquet", pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        )
    write_json(folder / f"{name}.json", answer)
