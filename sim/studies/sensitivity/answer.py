"""From a sweep's folder to its sensitivity: tables, sentences, files; imports the rooms beside it, swept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.experiment import Results
from sim.studies.sensitivity.methods import MAIN, growing, indices
from sim.studies.sensitivity.sentence import Voice, about, basis, is_told
from sim.studies.sensitivity.structure import LEAST_POINTS, Structure, structure
from sim.studies.sensitivity.suggestion import write_designs
from sim.studies.swept import Factor, FloatArray, Sweep, check_measure, factors_of, read_sweep, write_answer

#: measures asked for if nobody says otherwise, after the one decided on
USUAL: Final = ("gmv_cents", "profit_cents", "retained_share")
_LANGUAGES: Final = ("en", "zh")


class Sensitivity:
    """Which factors move each strategy's difference from the control: `tables` (tidy), `sentences`, `method`."""

    def __init__(
        self, sweep: Sweep, found: Structure, factors: tuple[Factor, ...], measures: Sequence[str],
        labels: Sequence[str],
    ) -> None:  # fmt: skip
        self.results, self.method, self.measures, self.strategies = sweep.results, found.method, measures, labels
        self._sweep, self._factors = sweep, factors
        levels = int((sweep.results.manifest.get("design") or {}).get("levels") or _levels(factors))
        all_blocks = found.blocks
        used = Structure(found.method, all_blocks[np.isin(all_blocks, sweep.points).all(axis=1)], found.second_order)
        voices = {language: Voice(language, used, factors) for language in _LANGUAGES}
        said: dict[str, list[str]] = {language: [] for language in _LANGUAGES}
        rows: list[dict[str, Any]] = []
        growth: list[dict[str, Any]] = []
        for label in labels:
            for measure in measures:
                values, noise = _means(sweep, measure, label)
                head = {"strategy": label, "measure": measure}
                if values is None:
                    said = {lang: [*said[lang], _plain(voices[lang], "unknown", label, measure)] for lang in said}
                    continue
                whole = np.full(int(all_blocks.max()) + 1, np.nan)
                whole[sweep.points] = values
                mine = [head | one._asdict() for one in indices(used, factors, whole, levels)]
                if not mine:
                    said = {lang: [*said[lang], _plain(voices[lang], "same", label, measure)] for lang in said}
                    continue
                steps = [
                    {**head, "n": len(part.blocks), **one._asdict()}
                    for part in growing(used)
                    for one in indices(part, factors, whole, levels)
                    if one.name == MAIN[found.method] and one.factor != "chance"
                ]
                rows += [{**row, "is_told": _told(row, mine)} for row in mine]
                growth += steps
                for lang, voice in voices.items():
                    said[lang] += about(label, measure, mine, steps, noise, voice)
        n_out = len(all_blocks) - len(used.blocks)
        heads = {lang: basis(voice, len(factors), len(sweep.worlds), n_out) for lang, voice in voices.items()}
        self.sentences, self.sentences_zh = ([*heads[lang], *said[lang]] for lang in _LANGUAGES)
        self.tables = {"indices": _table(rows, factors), "convergence": _table(growth, factors)}
        self.tables = {name: table for name, table in self.tables.items() if len(table)}
        if found.method == "given_data" and sweep.results.is_writable:
            suggested = write_designs(sweep.results, factors)
            (file, n), (screen, n_screen) = suggested["saltelli"], suggested["morris"]
            parts = {"file": file, "n": f"{n:,}", "screen": screen, "n_screen": f"{n_screen:,}"}
            self.sentences.append(voices["en"].say("instead", **parts))
            self.sentences_zh.append(voices["zh"].say("instead", **parts))

    @property
    def answer(self) -> dict[str, Any]:
        """Everything as JSON knows it: sentences, and tables as lists of records."""
        return {
            "method": self.method, "strategies": list(self.strategies), "measures": list(self.measures),
            "factors": [factor.path for factor in self._factors], "points": len(self._sweep.points),
            "sentences": self.sentences, "sentences_zh": self.sentences_zh,
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in self.tables.items()
            },
        }  # fmt: skip

    def write(self, folder: str | Path | None = None) -> Path:
        """Write `sensitivity.json` and the tables as Parquet, by default into `sensitivity/` in the results folder."""
        target = Path(folder) if folder is not None else self.results.folder / "sensitivity"
        write_answer(target, "sensitivity", self.answer, self.tables)
        return target

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


def sensitivity(
    results: Results | str | Path, measures: Sequence[str] | None = None, strategies: Sequence[str] | None = None
) -> Sensitivity:
    """Which factors of a sweep move the strategies' differences from the control, with intervals and convergence.

    Sweeps of kind `morris` and `saltelli` give Morris's effects and Sobol indices; any other of 40 points and more an
    estimate from given data (RBD-FAST, PAWN).
    """
    found = results if isinstance(results, Results) else Results.open(results)
    asked = tuple(dict.fromkeys(measures or (found.scenario.decide_on, *USUAL)))
    if not measures:
        asked = tuple(name for name in asked if name != "roi")
    for name in asked:
        check_measure(name)
    sweep = read_sweep(found, asked)
    for label in strategies or ():
        if label not in sweep.others:
            hint = did_you_mean(label, sweep.others, kind="strategies")
            raise InputError("unknown strategy", path="--strategy", found=label, hint=hint)
    factors = factors_of(found)
    columns = np.stack([factor.values for factor in factors], axis=1)
    method = structure(columns, sweep.kind)
    if method is None:
        raise InputError(
            "no method can read sensitivity off this design", file=found.folder, found=_design(sweep, columns),
            allowed=f"kind morris, kind saltelli, or {LEAST_POINTS} points that vary all factors at once",
            hint=_hint(found, factors),
        )  # fmt: skip
    return Sensitivity(sweep, method, factors, asked, tuple(strategies or sweep.others))


def _design(sweep: Sweep, columns: FloatArray) -> str:
    return f"kind {sweep.kind} with {len(columns)} points"


def _hint(results: Results, factors: tuple[Factor, ...]) -> str:
    if not results.is_writable:
        return "Run a design of kind saltelli (Sobol indices) or morris (screening) over the same factors."
    files = write_designs(results, factors)
    (saltelli, n), (morris, m) = files["saltelli"], files["morris"]
    return (
        f"Two designs over the same factors have been written: `grapevine sweep {saltelli}` ({n:,} points: Sobol "
        f"indices), `grapevine sweep {morris}` ({m:,} points: screening)."
    )


def _means(sweep: Sweep, measure: str, label: str) -> tuple[FloatArray | None, float | None]:
    """A strategy's difference at each point, mean over replications; the share of its variance that is luck."""
    values = sweep.values(measure)
    difference = values[:, sweep.labels.index(label)] - values[:, 0]
    if np.isnan(difference).any():
        return None, None
    means = difference.mean(axis=1)
    spread, n, r = float(means.var(ddof=1)), *difference.shape
    if r < 2 or spread <= 0:
        return means, None
    # points share worlds and luck, so what all points have in common is no difference between them
    rest = difference - means[:, None] - difference.mean(axis=0) + difference.mean()
    return means, min(1.0, float((rest**2).sum()) / ((n - 1) * (r - 1)) / r / spread)


def _levels(factors: tuple[Factor, ...]) -> int:
    """Levels of trajectories that nobody noted: as many as the factor with most values has, made even."""
    most = max(factor.n_values for factor in factors)
    return most + most % 2


def _told(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool | None:
    return None if row["ci_low"] is None or row["factor"] == "chance" else is_told(row, rows)


def _plain(voice: Voice, key: str, label: str, measure: str) -> str:
    return voice.say(key, label=label, measure=voice.measure(measure))


def _table(rows: list[dict[str, Any]], factors: tuple[Factor, ...]) -> pd.DataFrame:
    """Rows as a table, with what each factor's values rest on."""
    grounds = {factor.path: factor.ground for factor in factors}
    return pd.DataFrame([{**row, "ground": grounds.get(row["factor"])} for row in rows])
