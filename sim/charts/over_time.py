"""Charts of the screen "over time": levels, differences, retention, cohorts; imports the rooms below, studies."""

from __future__ import annotations

from typing import Any, Final

from sim.charts.findings import finding, levels, name_of
from sim.charts.look import Chart, Lang, chart, number_labels, short, strategy_colour, strategy_dash
from sim.charts.numbers import percent
from sim.charts.words import WORDS
from sim.studies.compare import CONTROL
from sim.studies.over_time import SMOOTH_DAYS, Series
from sim.studies.story import Story

_MOST_BANDS: Final = 4  # more would be a tangle
_MOST_POINTS: Final = 140  # in time: a screen shows no more


def _thinned(series: Series) -> set[float]:
    """Points in time that are drawn: all, or every second, third ... so that the last one is among them."""
    step = -(-len(series.x) // _MOST_POINTS)
    return {float(x) for x in series.x[::-1][::step]}


def _unit(series: Series, lang: Lang) -> str:
    return WORDS[lang]["worlds" if series.n_worlds > 1 else "replications"]


def _lines(
    story: Story,
    series: Series,
    name: str,
    measure: str,
    axis: str,
    lang: Lang,
    *,
    differences: bool,
    note: str = "",
    x_title: str,
    smooth: bool = False,
    height: int = 280,
) -> Chart:
    words, labels = WORDS[lang], list(series.values)
    shown = [label for label in labels if label != CONTROL] if differences else labels
    one_or_two = [label for label in shown if label in (CONTROL, story.subject)]
    banded = shown if differences and len(shown) <= _MOST_BANDS else one_or_two
    table, at = series.table(smooth_differences=smooth), _thinned(series)
    low, mid, high = ("diff_low", "diff", "diff_high") if differences else ("low", "mean", "high")
    some = table[table["strategy"].isin(shown) & table["x"].isin(at)]
    rows = [
        {
            "strategy": row["strategy"],
            "x": row["x"],
            mid: row[mid],
            **({low: row[low], high: row[high]} if row["strategy"] in banded and series.n_units > 1 else {}),
        }
        for row in some.to_dict("records")
    ]
    kind = "band_interval" if differences else "band_range"
    if series.n_units < 2:
        note += words["no_band"]
    else:
        key = kind if len(banded) == len(shown) else kind + "_some"
        note += words[key].format(n=series.n_units, unit=_unit(series, lang), label=short(story.subject or ""))
    x = {
        "field": "x",
        "type": "quantitative",
        "title": x_title,
        "axis": {"grid": False, "tickMinStep": 1},
        "scale": {"nice": False},
    }
    y_axis = {"labelExpr": number_labels(lang, signed=differences), "tickCount": 5}
    colour = strategy_colour(labels, lang, shown)
    dash = strategy_dash(labels)
    hover: dict[str, Any] = {
        "params": [
            {
                "name": "near",
                "select": {
                    "type": "point",
                    "fields": ["x"],
                    "nearest": True,
                    "on": "pointermove",
                    "clear": "pointerout",
                },
            }
        ],
        "mark": {"type": "point", "filled": True, "size": 48, "tooltip": True},
        "encoding": {
            "y": {"field": mid, "type": "quantitative"},
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
            "tooltip": [
                {"field": "strategy", "type": "nominal", "title": "策略" if lang == "zh" else "strategy"},
                {"field": "x", "type": "quantitative", "title": x_title},
                {"field": mid, "type": "quantitative", "title": axis, "format": "+,.4~r" if differences else ",.4~r"},
                *(
                    {
                        "field": end,
                        "type": "quantitative",
                        "title": f"95 % {way}" if differences else way,
                        "format": "+,.4~r" if differences else ",.4~r",
                    }
                    for end, way in ((low, "≥"), (high, "≤"))
                    if series.n_units > 1
                ),
            ],
        },
    }
    layers: list[dict[str, Any]] = []
    if series.n_units > 1:
        layers.append(
            {
                "mark": {"type": "area", "opacity": 0.14, "tooltip": False},
                "encoding": {"y": {"field": low, "type": "quantitative"}, "y2": {"field": high}},
            }
        )
    if differences:
        layers.append(
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeWidth": 1.4, "tooltip": False},
                "encoding": {"y": {"field": "zero", "type": "quantitative"}},
            }
        )
    line: dict[str, Any] = {
        "mark": {"type": "line", "strokeWidth": 2.2, "interpolate": "linear", "tooltip": False},
        "encoding": {
            "y": {"field": mid, "type": "quantitative", "title": axis, "axis": y_axis, "scale": {"zero": True}}
        },
    }
    colour["legend"] |= {"symbolType": "stroke", "symbolSize": 260}
    if dash is not None:
        dash["legend"] = colour["legend"]
        line["encoding"]["strokeDash"] = dash
    shared = {"x": x, "color": colour}
    for layer in (*layers, line, hover):
        if "data" not in layer:
            layer["encoding"] = {**shared, **layer["encoding"]}
    title = (finding if differences else levels)(story, measure, lang)
    return chart(name, title, note, rows, lang, height, layer=[*layers, line, hover])


def _smoothed(lang: Lang) -> str:
    return WORDS[lang]["smooth"].format(n=SMOOTH_DAYS)


def gmv_per_day(source: Any, lang: Lang = "en") -> Chart | None:
    """GMV of every strategy, day by day."""
    return _by_day(source, "gmv_per_day", lang, differences=False)


def gmv_difference(source: Any, lang: Lang = "en") -> Chart | None:
    """What every strategy sells more or less than the control, day by day."""
    return _by_day(source, "gmv_difference", lang, differences=True)


def active_shoppers(source: Any, lang: Lang = "en") -> Chart | None:
    """How many shoppers visit, day by day."""
    return _by_day(source, "active_shoppers", lang, differences=False)


def active_difference(source: Any, lang: Lang = "en") -> Chart | None:
    """How many more or fewer shoppers visit than under the control, day by day."""
    return _by_day(source, "active_difference", lang, differences=True)


def _by_day(source: Any, name: str, lang: Lang, *, differences: bool) -> Chart | None:
    story, words = Story.of(source), WORDS[lang]
    of_gmv = name.startswith("gmv")
    series = story.gmv if of_gmv else story.active
    if series is None or (differences and len(series.values) < 2):
        return None
    unit = words["currency"] if of_gmv else words["people"]
    axis = (
        words["difference_from_control"].format(unit=unit)
        if differences
        else words["gmv_day" if of_gmv else "active_day"]
    )
    return _lines(
        story,
        series,
        name,
        "gmv_cents" if of_gmv else "dau_mean",
        axis,
        lang,
        differences=differences,
        note=_smoothed(lang),
        x_title=words["day"],
    )


def retention_by_age(source: Any, lang: Lang = "en") -> Chart | None:
    """What share of new shoppers visits, by days since they registered."""
    story, words = Story.of(source), WORDS[lang]
    if story.retention is None:
        return None
    return _lines(
        story,
        story.retention,
        "retention_by_age",
        story.retention_measure,
        words["retention_age"],
        lang,
        differences=False,
        note=words["by_age_note"],
        x_title=words["age"],
    )


def retention_difference(source: Any, lang: Lang = "en") -> Chart | None:
    """Percentage points by which a strategy keeps more or fewer of its new shoppers than the control."""
    story, words = Story.of(source), WORDS[lang]
    if story.retention is None or len(story.labels) < 2:
        return None
    axis = words["difference_from_control"].format(unit=words["points"])
    return _lines(
        story,
        story.retention,
        "retention_difference",
        story.retention_measure,
        axis,
        lang,
        differences=True,
        note=words["by_age_note"] + _smoothed(lang),
        x_title=words["age"],
        smooth=True,
    )


def cohort_heat_map(source: Any, lang: Lang = "en", strategy: str | None = None) -> Chart | None:
    """Weeks of registration by weeks since: what share of a cohort visits on a day, under one strategy."""
    story, words = Story.of(source), WORDS[lang]
    label = strategy or story.subject or CONTROL
    table = story.cohort_weeks
    mine = table[table["strategy"] == label] if len(table) else table
    if not len(mine) or mine["age_week"].max() < 2:
        return None
    first = mine[mine["cohort_week"] == mine["cohort_week"].min()].set_index("age_week")["share"]
    week = int(first.index.max())
    title = words["cohorts_control" if label == CONTROL else "cohorts"].format(
        label=name_of(label, lang, opens=lang == "zh"),
        first=percent(float(first.loc[1]), lang),
        last=percent(float(first.loc[week]), lang),
        week=week,
    )
    rows = [
        {
            "registered_week": row["cohort_week"] + 1,
            "age_week": row["age_week"],
            "share": row["share"],
            "registered_a_run": row["n_registered"],
        }
        for row in mine.to_dict("records")
    ]
    n_cohorts = int(mine["cohort_week"].nunique())
    shown: dict[str, Any] = {
        "x": {
            "field": "age_week",
            "type": "ordinal",
            "title": words["age_week"],
            "axis": {"labelAngle": 0, "orient": "top"},
        },
        "y": {"field": "registered_week", "type": "ordinal", "title": words["cohort_week"]},
    }
    tooltip = [
        {"field": "registered_week", "type": "ordinal", "title": words["cohort_week"]},
        {"field": "age_week", "type": "ordinal", "title": words["age_week"]},
        {"field": "share", "type": "quantitative", "title": words["share_visiting"], "format": ".1%"},
    ]
    middle = float((mine["share"].max() + mine["share"].min()) / 2)
    return chart(
        "cohort_heat_map",
        title,
        words["cohorts_note"],
        rows,
        lang,
        max(140, min(26 * n_cohorts + 50, 420)),
        layer=[
            {
                "mark": {"type": "rect", "cornerRadius": 2, "tooltip": True},
                "encoding": {
                    **shown,
                    "tooltip": tooltip,
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"range": "ramp", "zero": True},
                        "legend": None,
                    },
                },
            },
            *(
                {
                    "transform": [{"filter": {"field": "share", "gt" if high else "lte": middle}}],
                    "mark": {"type": "text", "fontSize": 10, "tooltip": False, "style": "on_dark" if high else "text"},
                    "encoding": shown | {"text": {"field": "share", "type": "quantitative", "format": ".0%"}},
                }
                for high in (False, True)
            ),
        ],
    )
