"""A calibration -> figures: fit against targets, posterior, recovery, forecast; imports `look`, studies.

Titles state what was found. Equal results give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.plots.look import MUTED, save, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.studies.calibrate import Calibration

_DATA: Final = "#D55E00"
_MODEL: Final = "#0072B2"
_PALE: Final = "#9CC7E3"
_MOST_PAIRS: Final = 6
_CURVES: Final = ("repeat_in_week", "ladder", "ever_repeated", "gap_days")


def save_calibration_figures(found: Calibration, folder: str | Path) -> list[Path]:
    """Draw and save every figure as PNG and SVG; answers with the files."""
    with style():
        return [path for name, figure in _figures(found) for path in save(figure, name, Path(folder))]


def _figures(found: Calibration) -> Iterator[tuple[str, Figure]]:
    yield "fit", _fit(found)
    yield "posterior_pairs", _pairs(found)
    yield "rank_histograms", _ranks(found)
    yield "predictive_checks", _checks(found)
    if found.outlook is not None:
        yield "forecast", _fan(found)


def _new(n_rows: int, n_columns: int, width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, np.atleast_2d(figure.subplots(n_rows, n_columns, squeeze=False))


def _fit(found: Calibration) -> Figure:
    """Data against the fitted model played again, family by family."""
    table = found.predictive
    families = [name for name in _CURVES if (table["family"] == name).sum() > 1]
    figure, panels = _new(2, 2, 10.0, 7.0)
    n_missed = int(table["missed"].sum())
    figure.suptitle(
        f"{found.study.name}: the fitted model meets {len(table) - n_missed} of {len(table)} targets", fontsize=12
    )
    for panel, family in zip(panels.flat, families, strict=False):
        mine = table[table["family"] == family]
        at = [name[name.index("[") + 1 : -1] for name in mine["target"]]
        x = np.array([float(a.lstrip("p")) for a in at])
        panel.fill_between(x, mine["low"], mine["high"], color=_PALE, alpha=0.6, label="model, 95 % of runs", lw=0)
        panel.plot(x, mine["predicted"], color=_MODEL, lw=1.5, label="model")
        panel.errorbar(x, mine["value"], 1.96 * mine["sd"], fmt="o", ms=3.5, color=_DATA, lw=1.0, label="data, 95 %")
        panel.set_title(_FAMILY.get(family, family), fontsize=10, loc="left")
        panel.set_xlabel(_AT.get(family, ""))
    for panel in list(panels.flat)[len(families) :]:
        panel.set_visible(False)
    if families:
        panels.flat[0].legend(frameon=False, fontsize=8)
    return figure


_FAMILY: Final = {
    "repeat_in_week": "Customers who order in a week after their first order, share",
    "ladder": "One more order after k, share",
    "ever_repeated": "Ever ordered again, share",
    "gap_days": "Days from one order to the next",
}
_AT: Final = {
    "repeat_in_week": "week",
    "ladder": "k orders so far",
    "ever_repeated": "by the end of week",
    "gap_days": "percentile",
}


def _pairs(found: Calibration) -> Figure:
    """Draws of the posterior, pair by pair; the axes are the priors."""
    order = sorted(range(len(found.priors)), key=lambda k: (not found.told[k], k))[:_MOST_PAIRS]
    draws, n = found.draws(600).to_numpy(), len(order)
    figure, panels = _new(n, n, 1.9 * n + 0.6, 1.9 * n + 0.6)
    told = ", ".join(found.priors[k].name for k in range(len(found.priors)) if found.told[k]) or "nothing"
    figure.suptitle(f"{found.study.name}: the data tell {told}", fontsize=12)
    for i, a in enumerate(order):
        for j, b in enumerate(order):
            panel, first, second = panels[i, j], found.priors[a], found.priors[b]
            if j > i:
                panel.set_visible(False)
                continue
            panel.grid(False)
            if second.is_log:
                panel.set_xscale("log")
            panel.set_xlim(second.low, second.high)
            if i == j:
                edges = (
                    np.geomspace(second.low, second.high, 25)
                    if second.is_log
                    else np.linspace(second.low, second.high, 25)
                )
                panel.hist(draws[:, b], bins=edges, color=_MODEL if found.told[b] else MUTED)
                panel.set_yticks([])
            else:
                panel.plot(draws[:, b], draws[:, a], ".", ms=1.5, color=_MODEL, alpha=0.5)
                if first.is_log:
                    panel.set_yscale("log")
                panel.set_ylim(first.low, first.high)
            panel.tick_params(labelsize=6, which="both")
            if i == n - 1:
                panel.set_xlabel(second.name, fontsize=8)
            if j == 0 and i > 0:
                panel.set_ylabel(first.name, fontsize=8)
    return figure


def _ranks(found: Calibration) -> Figure:
    """Where planted values fall in their posteriors: even, if the intervals mean what they say."""
    recovery, n = found.recovery, len(found.priors)
    columns = min(4, n)
    figure, panels = _new(-(-n // columns), columns, 2.6 * columns, 2.2 * -(-n // columns) + 0.6)
    pooled = recovery.coverage()[found.told]
    share = f"{100 * pooled.mean():.1f} %" if len(pooled) else "none told"
    figure.suptitle(
        f"{len(recovery)} planted studies: 90 % intervals hold the planted value in {share} of cases", fontsize=11
    )
    counts, _ = recovery.evenness()
    usual = len(recovery) / len(counts)
    for k, panel in enumerate(panels.flat):
        if k >= n:
            panel.set_visible(False)
            continue
        at = (np.arange(len(counts)) + 0.5) / len(counts)
        panel.axhspan(usual - 2.6 * usual**0.5, usual + 2.6 * usual**0.5, color="#EEEEEE")
        panel.bar(at, counts[:, k], width=0.9 / len(counts), color=_MODEL if found.told[k] else MUTED)
        panel.set_title(found.priors[k].name + ("" if found.told[k] else " (not told)"), fontsize=9, loc="left")
        panel.tick_params(labelsize=7)
        panel.set_xlabel("rank", fontsize=7)
    return figure


def _checks(found: Calibration) -> Figure:
    """How many standard deviations every target is from the fitted model."""
    table = found.predictive
    figure, panels = _new(1, 1, 8.0, 0.17 * len(table) + 1.4)
    panel = panels[0, 0]
    figure.suptitle(f"{int(table['missed'].sum())} of {len(table)} targets are missed", fontsize=11)
    at = np.arange(len(table))[::-1]
    panel.axvspan(-2.58, 2.58, color="#EEEEEE")
    panel.scatter(table["distance"], at, s=14, color=[_DATA if m else _MODEL for m in table["missed"]])
    panel.set_yticks(at, table["target"], fontsize=6)
    panel.set_xlabel("data less model, in standard deviations of both; orange: and off by more than a tenth")
    panel.grid(axis="y", visible=False)
    return figure


def _fan(found: Calibration) -> Figure:
    """Weeks of the data and the weeks ahead with their intervals."""
    outlook = found.outlook
    assert outlook is not None
    figure, panels = _new(2, 1, 9.0, 6.4)
    first, last = outlook.table["week"].min(), outlook.table["week"].max()
    figure.suptitle(f"{found.study.name}: forecast of weeks {first} to {last}", fontsize=12)
    for panel, quantity, title in (
        (panels[0, 0], "repeat_orders", "Repeat orders a week"),
        (panels[1, 0], "gmv", f"GMV a week, {found.study.currency}"),
    ):  # fmt: skip
        mine = outlook.table[outlook.table["quantity"] == quantity]
        panel.plot(outlook.seen["week"], outlook.seen[quantity], ".-", color=_DATA, lw=0.8, ms=4, label="data")
        panel.fill_between(mine["week"], mine["p05"], mine["p95"], color=_PALE, alpha=0.7, lw=0, label="90 %")
        panel.plot(mine["week"], mine["mean"], color=_MODEL, lw=1.5, label="forecast")
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_xlabel("week")
        panel.set_ylim(bottom=0)
        panel.legend(frameon=False, fontsize=8)
    return figure
