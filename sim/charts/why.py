"""Charts of the screens "why" and "who": waterfall, kinds of shoppers, the same people; imports the rooms below."""

from __future__ import annotations

from typing import Any, Final

from sim.charts.look import Chart, Lang, chart, number_labels, short
from sim.charts.numbers import amount, measure_name, money, percent
from sim.charts.words import WORDS
from sim.population import PERSONAS
from sim.studies.explain import FACTOR_NAMES
from sim.studies.explain.pairs import is_clear
from sim.studies.story import Story

_LEAST_PART: Final = 0.002  # of the total of all moves: smaller parts are no bars


def persona_name(name: str, lang: Lang) -> str:
    """A kind of shopper in words."""
    if lang == "zh" and name in PERSONAS:
        return PERSONAS[name].zh
    return name.replace("_", " ")


def waterfall(source: Any, lang: Lang = "en", strategy: str | None = None, measure: str = "gmv_cents") -> Chart | None:
    """From the control to a strategy, factor by factor: exact parts of the difference in GMV or profit."""
    story, words = Story.of(source), WORDS[lang]
    label = strategy or story.subject
    table = story.why("why", label)
    if label is None or not len(table):
        return None
    table = table[(table["by"] == "all") & (table["split"] == "path") & (table["measure"] == measure)]
    parts = {str(row["factor"]): row for row in table.to_dict("records")}
    if "total" not in parts:
        return None
    total = parts.pop("total")
    size = sum(abs(part["diff"]) for part in parts.values())
    shown = {k: part for k, part in parts.items() if size and abs(part["diff"]) >= _LEAST_PART * size}
    name = measure_name(measure, lang)
    if not is_clear(total) or not shown:
        title = words["waterfall_open"].format(label=short(label), measure=name)
    else:
        way = 1 if total["diff"] > 0 else -1
        largest = max(shown, key=lambda k: way * shown[k]["diff"])
        title = words["waterfall_more" if way > 0 else "waterfall_less"].format(
            label=short(label),
            diff=amount(total["diff"], measure, lang, difference=True),
            measure=name,
            factor=_factor(largest, lang),
        )
    rows: list[dict[str, Any]] = []
    at = 0.0
    for factor, part in shown.items():
        rows.append(_bar(factor, _factor(factor, lang), at, part, lang))
        at += part["diff"] / 100
    rows.append(_bar("total", "合计" if lang == "zh" else "together", 0.0, total, lang) | {"kind": "total"})
    order = [row["part"] for row in rows]
    y = {"field": "part", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 190}}
    axis = words["difference_from_control"].format(unit=words["currency"])
    x = {
        "field": "start",
        "type": "quantitative",
        "title": axis,
        "axis": {"labelExpr": number_labels(lang, signed=True), "tickCount": 4},
        "scale": {"domain": _room(rows), "nice": False},
    }
    tooltip = [
        {"field": "part", "type": "nominal", "title": "因素" if lang == "zh" else "part"},
        {"field": "diff", "type": "quantitative", "title": axis, "format": "+,.0f"},
        {"field": "low", "type": "quantitative", "title": "95 % ≥", "format": "+,.0f"},
        {"field": "high", "type": "quantitative", "title": "95 % ≤", "format": "+,.0f"},
    ]
    bars = [
        {
            "transform": [{"filter": {"and": [{"field": "kind", "equal": kind}, {"field": "clear", "equal": clear}]}}],
            "mark": {
                "type": "bar",
                "height": 18,
                "cornerRadius": 2,
                "tooltip": True,
                "opacity": 1.0 if clear else 0.4,
                **({} if kind == "total" else {"style": kind}),
                **({"color": "#6B7280"} if kind == "total" else {}),
            },
            "encoding": {"y": y, "x": x, "x2": {"field": "end"}, "tooltip": tooltip},
        }
        for kind in ("for", "against", "total")
        for clear in (True, False)
        if any(row["kind"] == kind and row["clear"] == clear for row in rows)
    ]
    return chart(
        f"waterfall_{measure.removesuffix('_cents')}",
        title,
        words["waterfall_note"].format(label=short(label)),
        rows,
        lang,
        34 * len(rows) + 50,
        layer=[
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeWidth": 1.4, "tooltip": False},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}},
            },
            *bars,
            {
                "mark": {"type": "rule", "strokeWidth": 1.6, "tooltip": False},
                "encoding": {"y": y, "x": {"field": "line_low", "type": "quantitative"}, "x2": {"field": "line_high"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "tooltip": False},
                "encoding": {"y": y, "x": {"field": "right", "type": "quantitative"}, "text": {"field": "text"}},
            },
        ],
    )


def _room(rows: list[dict[str, Any]]) -> list[float]:
    """From the least to the most that is drawn, with room for the numbers at the right."""
    ends = [0.0, *(row[name] for row in rows for name in ("start", "end", "line_low", "line_high") if name in row)]
    low, high = min(ends), max(ends)
    return [low - 0.03 * (high - low), high + 0.34 * (high - low) or 1.0]


def _factor(name: str, lang: Lang) -> str:
    return FACTOR_NAMES[name][lang == "zh"] if name in FACTOR_NAMES else name


def _bar(factor: str, part: str, at: float, entry: dict[Any, Any], lang: Lang) -> dict[str, Any]:
    """One bar from where the last one ended; its line is its interval around its end."""
    diff = entry["diff"] / 100
    row = {
        "factor": factor,
        "part": part,
        "start": at,
        "end": at + diff,
        "diff": diff,
        "clear": is_clear(entry),
        "kind": "for" if diff >= 0 else "against",
        "text": money(entry["diff"], lang, signed=True),
        "right": max(at, at + diff),
    }
    if entry["ci_low"] is not None and entry["ci_low"] == entry["ci_low"]:
        low, high = entry["ci_low"] / 100, entry["ci_high"] / 100
        row |= {"low": low, "high": high, "line_low": at + low, "line_high": at + high}
        row["right"] = max(row["right"], at + high)
    return row


def personas(source: Any, lang: Lang = "en", strategy: str | None = None) -> Chart | None:
    """Which kinds of shopper spend more or less: the same people with and without the strategy."""
    story, words = Story.of(source), WORDS[lang]
    label = strategy or story.subject
    table = story.why("twins", label)
    if label is None or not len(table):
        return None
    rows: list[dict[str, Any]] = []
    for row in table[table["by"] == "persona"].to_dict("records"):
        interval = {"ci_low": row["spend_cents_low"], "ci_high": row["spend_cents_high"]}
        one = {
            "persona": row["of"],
            "shown_as": persona_name(row["of"], lang),
            "people": row["n_people"],
            "spend": row["spend_cents"] / 100,
            "clear": is_clear(interval),
        }
        if interval["ci_low"] is not None and interval["ci_low"] == interval["ci_low"]:
            one |= {"low": interval["ci_low"] / 100, "high": interval["ci_high"] / 100}
        rows.append(one)
    if not rows:
        return None
    rows.sort(key=lambda one: -one["spend"])
    clear = [one for one in rows if one["clear"]]
    if clear:
        most = max(clear, key=lambda one: abs(one["spend"]))
        title = words["personas_gain"].format(
            label=short(label), persona=most["shown_as"], diff=money(100 * most["spend"], lang, signed=True)
        )
    else:
        title = words["personas_open"].format(label=short(label))
    y = {"field": "shown_as", "type": "nominal", "sort": [one["shown_as"] for one in rows], "title": None}
    x = {
        "field": "spend",
        "type": "quantitative",
        "title": words["spend_person"],
        "axis": {"labelExpr": number_labels(lang, signed=True), "tickCount": 5},
        "scale": {"zero": True},
    }
    tooltip = [
        {"field": "shown_as", "type": "nominal", "title": "人群" if lang == "zh" else "kind of shopper"},
        {"field": "people", "type": "quantitative", "title": "人数" if lang == "zh" else "people", "format": ",.0f"},
        *(
            {"field": f, "type": "quantitative", "title": t, "format": "+,.2f"}
            for f, t in (("spend", words["spend_person"]), ("low", "95 % ≥"), ("high", "95 % ≤"))
        ),
    ]
    dots = [
        {
            "transform": [
                {"filter": {"field": "spend", "gte" if style == "for" else "lt": 0}},
                *([{"filter": {"field": "clear", "equal": True}}] if filled else []),
            ],
            "mark": {
                "type": "point",
                "size": 110,
                "strokeWidth": 2.4,
                "opacity": 1,
                "filled": filled,
                "tooltip": True,
                "style": style,
            },
            "encoding": {"y": y, "x": x, "tooltip": tooltip},
        }
        for style in ("for", "against")
        for filled in (False, True)
        if any((one["spend"] >= 0) == (style == "for") and (one["clear"] or not filled) for one in rows)
    ]
    return chart(
        "personas",
        title,
        words["personas_note"],
        rows,
        lang,
        36 * len(rows) + 50,
        layer=[
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeWidth": 1.4, "tooltip": False},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 3, "strokeCap": "round", "opacity": 0.55, "tooltip": False},
                "encoding": {"y": y, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
            },
            *dots,
        ],
    )


def same_people(source: Any, lang: Lang = "en") -> Chart | None:
    """Who orders only with a strategy, who only without it: the same people, the same luck."""
    story, words = Story.of(source), WORDS[lang]
    table = story.why("twins")
    if not len(table):
        return None
    table = table[table["by"] == "all"]
    known = {str(row["strategy"]): row for row in table.to_dict("records")}
    order = [label for label in story.labels if label in known]
    rows = [
        {
            "strategy": label,
            "side": words[side],
            "share": sign * 100 * known[label][column],
            "size": 100 * known[label][column],
        }
        for label in order
        for side, column, sign in (("only_with", "persuadables", 1), ("only_without", "sleeping_dogs", -1))
    ]
    label = story.subject if story.subject in known else order[0]
    title = words["classes"].format(
        label=short(label),
        gained=percent(known[label]["persuadables"], lang),
        lost=percent(known[label]["sleeping_dogs"], lang),
    )
    return chart(
        "same_people",
        title,
        words["classes_note"],
        rows,
        lang,
        40 * len(order) + 60,
        layer=[
            {
                "mark": {"type": "bar", "height": 18, "cornerRadiusEnd": 3, "style": style, "tooltip": True},
                "transform": [{"filter": {"field": "share", "gte" if style == "for" else "lt": 0}}],
                "encoding": {
                    "y": {
                        "field": "strategy",
                        "type": "nominal",
                        "sort": order,
                        "title": None,
                        "axis": {"labelLimit": 150},
                    },
                    "x": {
                        "field": "share",
                        "type": "quantitative",
                        "title": words["share_people"],
                        "axis": {"labelExpr": "format(abs(datum.value), ',.3~g')", "tickCount": 6},
                    },
                    "tooltip": [
                        {"field": "strategy", "type": "nominal"},
                        {"field": "side", "type": "nominal", "title": " "},
                        {"field": "size", "type": "quantitative", "title": words["share_people"], "format": ".2f"},
                    ],
                },
            }
            for style in ("for", "against")
        ],
    )
