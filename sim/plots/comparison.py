"""Tables and a verdict -> figures (PNG and SVG); imports `look`, studies, metrics, errors.

Every title states what was found, every axis has its unit, every band says what it is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError
from sim.metrics import MEASURES, Measure
from sim.plots.look import (
    CONTROL_COLOUR,
    MUTED,
    capital,
    colour_of,
    dash_of,
    label_ends,
    minus,
    number_axis,
    put_head,
    put_title,
    save,
    short,
    style,
)
from sim.studies.compare import ALPHA, CONTROL, amount
from sim.studies.over_time import SMOOTH_DAYS, Series, TablesLike, by_age, by_day, interval, trailing_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

_DIFFERENCES = ("gmv_cents", "nmv_cents", "profit_cents", "retained_share", "retention_d30")
_INCH_PER_CHARACTER = 0.085
#: Strategies named in a title, and lines that each get a band; more would be a tangle.
_MOST_NAMED = 3
_MOST_BANDS = 5
#: A band wider than so many times the largest difference is cut off at the frame.
_MOST_BAND = 4.0


def save_figures(results: TablesLike, verdict: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Draw every figure the tables can give and save each as PNG and SVG; answers with the files."""
    with style():
        return [path for name, figure in _figures(results, verdict) for path in save(figure, name, Path(folder))]


def _figures(results: TablesLike, verdict: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    labels = list(_entries(verdict, "gmv_cents"))
    runs = results.runs
    daily, cohorts = _kept(results, "daily"), _kept(results, "cohorts")
    if daily is not None and len(daily):
        for name, column, measure, what, words in (
            ("gmv_per_day", "gmv_cents", "gmv_cents", "GMV per day, currency", _Words("sells", "more", "less")),
            ("active_shoppers", "dau", "dau_mean", "Shoppers who visit per day",
             _Words("brings", "more shoppers a day", "fewer shoppers a day")),
        ):  # fmt: skip
            factor = 0.01 if column == "gmv_cents" else 1.0
            series = by_day(daily, runs, column, labels, factor)
            if not len(series.x):  # no replication in which every strategy finished
                continue
            title = _finding(_entries(verdict, measure), MEASURES[measure], words)
            yield name, _over_time(series, title, what, "Day after the start of the strategies", _smoothing(series))
    if cohorts is not None and len(cohorts):
        series = by_age(cohorts, runs, labels)
        if len(series.x) > 1:
            measure = next((m for m in ("retention_d30", "retention_d7") if _is_known(verdict, m)), "retention_d1")
            of = f"of its new shoppers on day {measure.removeprefix('retention_d')}"
            words = _Words("keeps", f"more {of}", f"less {of}")
            title = _finding(_entries(verdict, measure), MEASURES[measure], words)
            note = "all who register on measured days, not the same people under every strategy"
            yield (
                "retention_by_age",
                _over_time(series, title, "New shoppers who visit, %", "Days since registration", note, is_share=True),
            )
    known = [name for name in _DIFFERENCES if _is_known(verdict, name)]
    if known and len(labels) > 1:
        yield "differences", _differences(verdict, known)


def _kept(results: TablesLike, name: str) -> pd.DataFrame | None:
    try:
        table: pd.DataFrame = getattr(results, name)
    except InputError:  # the study did not keep this table
        return None
    return table


def _entries(verdict: Mapping[str, Any], measure: str) -> dict[str, Any]:
    return dict(verdict["measures"].get(measure, {}))


def _is_known(verdict: Mapping[str, Any], measure: str) -> bool:
    return any(e["diff"] is not None for e in _entries(verdict, measure).values())


# --- what is drawn ---------------------------------------------------------------------------------------------


def _smoothing(series: Series) -> str:
    return f"mean of {SMOOTH_DAYS} days up to the one shown" if len(series.x) > 1 else ""


# --- what is said ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    verb: str
    more: str
    less: str


def _finding(entries: Mapping[str, Mapping[str, Any]], measure: Measure, words: _Words) -> str:
    """The title: which strategies clearly differ from the control in this measure, by how much."""
    found = {label: e for label, e in entries.items() if label != CONTROL and e["diff"] is not None}
    if not found:
        return f"{capital(measure.label)} of the control alone"
    clear = {label: e for label, e in found.items() if e["p_holm"] is not None and e["p_holm"] <= ALPHA}
    if not clear:
        if all(e["p_holm"] is None for e in found.values()):
            return f"One replication cannot tell the strategies apart on {measure.label}"
        if all(e["diff"] == e["ci_low"] == e["ci_high"] == 0 for e in found.values()):
            return f"No strategy changes {measure.label}"
        return f"No strategy clearly changes {measure.label}"
    ordered = sorted(clear.items(), key=lambda item: -abs(item[1]["diff"]))[:_MOST_NAMED]
    parts: list[str] = []
    for label, entry in ordered:
        more = words.more if entry["diff"] > 0 else words.less
        size = _size(entry, measure)
        # The first in full, the others as short as can be.
        parts.append(
            f"{short(label)} {words.verb} {size} {more} than the control"
            if not parts
            else f"{short(label)} {size} {more.split(' ')[0]}"
        )
    rest = len(found) - len(parts)
    if rest and len(clear) == len(parts):
        parts.append(f"{rest} other{'s' if rest > 1 else ''} not clearly different")
    elif rest:
        parts.append(f"{rest} other{'s' if rest > 1 else ''} by less or not clearly")
    return ", ".join(parts)


def _size(entry: Mapping[str, Any], measure: Measure) -> str:
    base = entry["control_mean"]
    if measure.unit in ("cents", "count") and base:
        return f"{abs(100 * entry['diff'] / base):.1f} %"
    return amount(abs(entry["diff"]), measure, is_difference=True).lstrip("+")


def _width(label: str) -> int:
    """Characters, Chinese ones counting double."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in label)


# --- how it is drawn -------------------------------------------------------------------------------------------


def _over_time(series: Series, title: str, y_label: str, x_label: str, note: str, *, is_share: bool = False) -> Figure:
    """Levels above (band: range of the worlds), paired differences from the control below (band: 95 % interval)."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    labels = list(series.values)
    others = [label for label in labels if label != CONTROL] if CONTROL in labels else []
    margin = 0.45 + _INCH_PER_CHARACTER * max(_width(short(label)) for label in labels)
    width, left = 6.9 + margin, 0.95
    lines = textwrap.wrap(title, 68)
    top = 0.62 + 0.23 * len(lines)
    heights = (2.5, 1.9) if others else (2.9,)
    gap = 0.68
    height = top + sum(heights) + (gap if others else 0.0) + 0.62
    figure = Figure(figsize=(width, height))
    panels: list[Axes] = []
    y = height - top
    for h in heights:
        y -= h
        panels.append(figure.add_axes((left / width, y / height, (width - left - margin) / width, h / height)))
        y -= gap

    def band(values: FloatArray) -> str:
        n = len(values)
        whose = " of the control" if len(labels) > _MOST_BANDS and others else ""
        return f"band: range{whose} over {n} {series.unit}" if n > 1 else "one replication"

    levels = panels[0]
    for label in labels:
        values = series.values[label]
        line = values.mean(axis=0)
        style: dict[str, Any] = {"color": colour_of(label, labels)}
        if len(values) > 1 and (len(labels) <= _MOST_BANDS or label == CONTROL):
            levels.fill_between(series.x, values.min(axis=0), values.max(axis=0), alpha=0.10, linewidth=0, **style)
        marker = "o" if len(series.x) == 1 else None
        levels.plot(series.x, line, linewidth=1.9, linestyle=dash_of(label, labels), marker=marker, **style)
    levels.set_ylim(bottom=0)
    levels.set_xlim(series.x[0], series.x[-1] if len(series.x) > 1 else series.x[0] + 1)
    put_head(levels, y_label, ", ".join(part for part in (note, band(series.values[labels[0]])) if part))
    label_ends(levels, {label: float(series.values[label].mean(axis=0)[-1]) for label in labels}, labels)

    if others:
        below = panels[1]
        below.axhline(0, color=CONTROL_COLOUR, linewidth=1.2)
        ends = {CONTROL: 0.0}
        reach = lowest = highest = 0.0
        for label in others:
            difference = series.values[label] - series.values[CONTROL]
            mean, half = interval(trailing_mean(difference) if is_share else difference)
            style = {"color": colour_of(label, labels)}
            if half is not None:
                below.fill_between(series.x, mean - half, mean + half, alpha=0.15, linewidth=0, **style)
                lowest = min(lowest, float((mean - half).min()))
                highest = max(highest, float((mean + half).max()))
            below.plot(series.x, mean, linewidth=1.9, linestyle=dash_of(label, labels), marker=marker, **style)
            ends[label] = float(mean[-1])
            reach = max(reach, _MOST_BAND * float(np.abs(mean).max()))
        below.set_xlim(levels.get_xlim())
        unit = ", percentage points" if is_share else ", currency" if "currency" in y_label else ""
        n = len(series.values[CONTROL])
        how = f"mean of {SMOOTH_DAYS} days up to the one shown; " if is_share else ""
        how += "same world and luck"
        how += f"; band: 95 % interval at each point over {n} {series.unit}" if n > 1 else ""
        levels.tick_params(axis="x", labelbottom=False)
        below.margins(y=0.12)
        if reach > 0 and max(-lowest, highest) > reach:  # two or three worlds: the bands would flatten the lines
            below.set_ylim(max(1.12 * lowest, -reach), min(1.12 * highest, reach))
            how += ", cut off at the frame"
        put_head(below, f"Difference from the control{unit}", how)
        label_ends(below, ends, labels)
    for panel in panels:
        number_axis(panel, "y", is_signed=panel is not levels)
        panel.grid(visible=False, axis="x")
        panel.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))
    panels[-1].set_xlabel(x_label)
    put_title(figure, lines, left, width, height)
    return figure


def _differences(verdict: Mapping[str, Any], measures: Sequence[str]) -> Figure:
    """Small multiples: for each measure the difference of every strategy from the control, with its interval."""
    from matplotlib.figure import Figure

    labels = list(_entries(verdict, measures[0]))
    others = [label for label in labels if label != CONTROL]
    left = 0.35 + _INCH_PER_CHARACTER * max(_width(short(label)) for label in others)
    panel_width, gap, right = 2.1, 0.42, 0.25
    width = max(left + len(measures) * (panel_width + gap) - gap + right, 6.5)
    lines = textwrap.wrap(_choice_title(verdict), int((width - 0.5) * 8.2))
    top, bottom = 0.78 + 0.23 * len(lines), 0.95
    height = top + 0.6 * len(others) + bottom
    figure = Figure(figsize=(width, height))
    has_interval = False
    for i, name in enumerate(measures):
        measure, entries = MEASURES[name], _entries(verdict, name)
        x = left + i * (panel_width + gap)
        panel = figure.add_axes((x / width, bottom / height, panel_width / width, 0.6 * len(others) / height))
        factor = {"cents": 0.01, "share": 100.0}.get(measure.unit, 1.0)
        panel.axvline(0, color=CONTROL_COLOUR, linewidth=1.2, zorder=1)
        reach = [0.0]
        for row, label in enumerate(others):
            entry = entries[label]
            if entry["diff"] is None:
                panel.text(0, row, " not available", va="center", ha="left", color=MUTED, fontsize=8)
                continue
            colour = colour_of(label, labels)
            diff = factor * entry["diff"]
            reach.append(diff)
            if entry["ci_low"] is not None:
                has_interval = True
                low, high = factor * entry["ci_low"], factor * entry["ci_high"]
                reach += [low, high]
                panel.plot([low, high], [row, row], color=colour, linewidth=2.4, solid_capstyle="round", zorder=2)
            is_clear = entry["p_holm"] is not None and entry["p_holm"] <= ALPHA
            panel.plot([diff], [row], "o", markersize=7.5, color=colour, markeredgewidth=1.8,
                       markerfacecolor=colour if is_clear else "white", zorder=3)  # fmt: skip
            text = amount(entry["diff"], measure, is_difference=True).split(" ")[0]
            panel.annotate(minus(text), (diff, row), (0, 7), textcoords="offset points", ha="center", va="bottom",
                           fontsize=8.5, color="#222222",
                           bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
        # Room at both sides, so that a number above a dot at the edge stays in its own panel.
        low, high = min(reach), max(reach)
        pad = 0.28 * (high - low) or 1.0
        panel.set_xlim(low - pad, high + pad)
        panel.set_ylim(len(others) - 0.45, -0.65)
        panel.set_yticks(range(len(others)), [short(label) for label in others] if i == 0 else [""] * len(others))
        panel.tick_params(axis="y", length=0, labelsize=10, labelcolor="#222222")
        panel.tick_params(axis="x", labelsize=8.5)
        panel.spines["left"].set_visible(False)
        panel.grid(visible=False, axis="y")
        number_axis(panel, "x", is_signed=True, most=4)
        unit = {"cents": "currency", "share": "percentage points"}.get(measure.unit, measure.unit)
        heading = textwrap.wrap(capital(measure.label), 26)
        panel.set_title("\n".join(heading), loc="left", fontsize=9.5, fontweight="bold", color="#222222", pad=6)
        panel.set_xlabel(unit, fontsize=9)
    n, worlds = verdict["replications"], verdict["worlds"]
    how = f"{n} paired replications in {worlds} world{'s' if worlds != 1 else ''}" if n > 1 else "one replication"
    dots = "Bars: 95 % intervals. Filled: clear at 5 % (Holm); hollow: may be luck." if has_interval else ""
    put_title(figure, lines, 0.3, width, height)
    note = "\n".join(textwrap.wrap(f"Difference from the control, {how}. {dots}", int((width - 0.5) * 12.5)))
    figure.text(0.3 / width, 0.12 / height, note, fontsize=8.5, color=MUTED, va="bottom")
    return figure


def _choice_title(verdict: Mapping[str, Any]) -> str:
    choice, what = verdict["choice"], MEASURES[verdict["decide_on"]].label
    label = choice["label"]
    if label is None:
        return f"Nothing can be chosen on {what}"
    name = "The control" if label == CONTROL else short(label)
    if choice["is_clear"]:
        return f"{name} is clearly best on {what}{_price(verdict, label)}"
    if choice["rival"] is None:
        return f"{name} is the only one left to choose on {what}"
    rival = "the control" if choice["rival"] == CONTROL else short(choice["rival"])
    if choice["is_tie"]:
        return f"{name} and {rival} are as good as equal on {what}"
    return f"{name} leads on {what}, but its lead over {rival} may be luck"


def _price(verdict: Mapping[str, Any], label: str) -> str:
    """The other side of the choice: its profit if it was made on something else, its GMV if on profit."""
    other = MEASURES["gmv_cents" if verdict["decide_on"] == "profit_cents" else "profit_cents"]
    diff = verdict["measures"].get(other.name, {}).get(label, {}).get("diff")
    if label == CONTROL or diff is None:
        return ""
    return f"; {other.label} {minus(amount(diff, other, is_difference=True))} against the control"
