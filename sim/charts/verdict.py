"""Charts of the screen "verdict": differences with intervals, who is probably best; imports the rooms below."""

from __future__ import annotations

from typing import Any, Final

from sim.charts.findings import finding, name_of
from sim.charts.look import Chart, Lang, chart, number_labels, strategy_colour
from sim.charts.numbers import chance, measure_name
from sim.charts.words import WORDS
from sim.metrics import MEASURES
from sim.studies.compare import CONTROL
from sim.studies.story import Story

#: from a measure's unit to that of an axis
_FACTOR: Final = {"cents": 0.01, "share": 100.0}


def basis(story: Story, lang: Lang) -> str:
    """On how many runs everything rests."""
    n, worlds = story.answer["replications"], story.answer["worlds"]
    return WORDS[lang]["basis" if n > 1 else "basis_one"].format(n=n, w=worlds)


def measure_differences(source: Any, lang: Lang = "en", measure: str | None = None) -> Chart | None:
    """The difference of every strategy from the control in one measure (default: the one decided on)."""
    story, words = Story.of(source), WORDS[lang]
    name = measure or story.answer["decide_on"]
    entries = {k: e for k, e in story.entries(name).items() if k != CONTROL and e["diff"] is not None}
    if not entries:
        return None
    unit = MEASURES[name].unit
    factor = _FACTOR.get(unit, 1.0)
    order = sorted(entries, key=lambda label: -MEASURES[name].direction * entries[label]["diff"])
    rows: list[dict[str, Any]] = []
    for label in order:
        e = entries[label]
        row = {"strategy": label, "diff": factor * e["diff"], "clear": bool(e["is_clear"])}
        if e["ci_low"] is not None:
            row |= {"low": factor * e["ci_low"], "high": factor * e["ci_high"]}
        rows.append(row)
    of_unit = {"cents": words["currency"], "share": words["points"]}.get(unit, "")
    axis = measure_name(name, lang) + (
        f"（{of_unit}）" if of_unit and lang == "zh" else f", {of_unit}" if of_unit else ""
    )
    y = {"field": "strategy", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 150}}
    colour = strategy_colour(story.labels, lang, legend=False)
    x = {
        "field": "diff",
        "type": "quantitative",
        "title": axis,
        "axis": {"labelExpr": number_labels(lang, signed=True), "tickCount": 5},
        "scale": {"zero": True},
    }
    tooltip = [
        {"field": "strategy", "type": "nominal", "title": "策略" if lang == "zh" else "strategy"},
        {"field": "diff", "type": "quantitative", "title": axis, "format": "+,.4~r"},
        {"field": "low", "type": "quantitative", "title": "95 % ≥", "format": "+,.4~r"},
        {"field": "high", "type": "quantitative", "title": "95 % ≤", "format": "+,.4~r"},
    ]
    dot = {"type": "point", "size": 110, "strokeWidth": 2.4, "opacity": 1, "tooltip": True}
    return chart(
        f"differences_{name}",
        finding(story, name, lang),
        words["differences_note"].format(basis=basis(story, lang)),
        rows,
        lang,
        44 * len(order) + 44,
        layer=[
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeWidth": 1.4, "tooltip": False},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 3, "strokeCap": "round", "tooltip": False},
                "encoding": {
                    "y": y,
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                    "color": colour,
                },
            },
            {"mark": dot | {"filled": False}, "encoding": {"y": y, "x": x, "color": colour, "tooltip": tooltip}},
            *(
                [
                    {
                        "transform": [{"filter": {"field": "clear", "equal": True}}],
                        "mark": dot | {"filled": True},
                        "encoding": {"y": y, "x": x, "color": colour, "tooltip": tooltip},
                    }
                ]
                if any(row["clear"] for row in rows)
                else []
            ),
        ],
    )


def probability_best(source: Any, lang: Lang = "en", measure: str | None = None) -> Chart | None:
    """How probably each strategy is the best of all in one measure (default: the one decided on)."""
    story, words = Story.of(source), WORDS[lang]
    name = measure or story.answer["decide_on"]
    known = {label: e["p_best"] for label, e in story.entries(name).items() if e["p_best"] is not None}
    if len(known) < 2:
        return None
    order = sorted(known, key=lambda label: -known[label])
    first = order[0]
    title = words["best"].format(
        label=name_of(first, lang, opens=True), measure=measure_name(name, lang), p=chance(known[first], lang)
    )
    rows = [
        {
            "strategy": label,
            "shown_as": words["control"] if label == CONTROL and lang == "zh" else label,
            "probability": 100 * known[label],
        }
        for label in order
    ]
    y = {
        "field": "shown_as",
        "type": "nominal",
        "sort": [row["shown_as"] for row in rows],
        "title": None,
        "axis": {"labelLimit": 150},
    }
    x = {
        "field": "probability",
        "type": "quantitative",
        "title": words["best_axis"],
        "scale": {"domain": [0, 100]},
        "axis": {"tickCount": 5},
    }
    return chart(
        "probability_best",
        title,
        words["best_note"].format(measure=measure_name(name, lang)),
        rows,
        lang,
        34 * len(order) + 44,
        layer=[
            {
                "mark": {"type": "bar", "height": 16, "cornerRadiusEnd": 3, "tooltip": True},
                "encoding": {
                    "y": y,
                    "x": x,
                    "color": strategy_colour(story.labels, lang, legend=False),
                    "tooltip": [
                        {"field": "strategy", "type": "nominal"},
                        {"field": "probability", "type": "quantitative", "title": words["best_axis"], "format": ".1f"},
                    ],
                },
            },
        ],
    )
