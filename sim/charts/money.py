"""Charts of the screen "money": cost lines, what the money brought, attributed and extra; imports the rooms below."""

from __future__ import annotations

from typing import Any, Final

from sim.charts.look import Chart, Lang, chart, number_labels, short, strategy_colour
from sim.charts.numbers import money, number
from sim.charts.words import WORDS
from sim.studies.compare import CONTROL
from sim.studies.explain.pairs import is_clear
from sim.studies.story import Story

_MOST_LINES: Final = 7


def line_name(line: str, lang: Lang) -> str:
    """A line of the ledger in words."""
    from sim.charts.words import LINES_ZH

    return LINES_ZH.get(line, line) if lang == "zh" else line.replace("_", " ")


def cost_lines(source: Any, lang: Lang = "en") -> Chart | None:
    """What each strategy costs more than the control, by line of the ledger."""
    story, words = Story.of(source), WORDS[lang]
    table = story.why("costs")
    if not len(table):
        return None
    sums = table.groupby(["strategy", "line"], sort=False)["diff"].sum()
    by_line = sums.abs().groupby("line", sort=False).sum().sort_values(ascending=False, kind="stable")
    lines = [str(line) for line in by_line.index[: _MOST_LINES if len(by_line) > _MOST_LINES + 1 else len(by_line)]]
    other = "其他" if lang == "zh" else "other"
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for label, line, cents in sums.reset_index().itertuples(index=False):
        name = line_name(str(line), lang) if line in lines else other
        row = rows.setdefault((str(label), name), {"strategy": str(label), "line": name, "cost": 0.0})
        row["cost"] += cents / 100
    costs = {label: e["mean"] or 0 for label, e in story.entries("cost_cents").items() if label != CONTROL}
    most = max(costs, key=lambda label: costs[label])
    title = (
        words["cost_title"].format(label=short(most), cost=money(costs[most], lang))
        if costs[most]
        else words["cost_none"]
    )
    order = sorted(costs, key=lambda label: -costs[label])
    names = list(dict.fromkeys([*(line_name(line, lang) for line in lines), *(row["line"] for row in rows.values())]))
    return chart(
        "cost_lines",
        title,
        words["cost_note"],
        rows.values(),
        lang,
        38 * len(order) + 70,
        mark={"type": "bar", "height": 18, "tooltip": True},
        encoding={
            "y": {"field": "strategy", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 150}},
            "x": {
                "field": "cost",
                "type": "quantitative",
                "title": words["cost_axis"],
                "axis": {"labelExpr": number_labels(lang), "tickCount": 5},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": "category"},
            },
            "order": {"field": "cost", "sort": "descending"},
            "tooltip": [
                {"field": "strategy", "type": "nominal"},
                {"field": "line", "type": "nominal", "title": words["line"]},
                {"field": "cost", "type": "quantitative", "title": words["cost_axis"], "format": ",.2f"},
            ],
        },
    )


def attributed_and_extra(source: Any, lang: Lang = "en") -> Chart | None:
    """Orders that name a strategy beside those that would not have been placed without it."""
    story, words = Story.of(source), WORDS[lang]
    table = story.why("attribution")
    table = table[table["named"] == "total"] if len(table) else table
    if not len(table):
        return None
    rows: list[dict[str, Any]] = []
    order = [str(label) for label in table["strategy"]]
    for row in table.to_dict("records"):
        rows.append({"strategy": row["strategy"], "what": words["named"], "orders": row["n_attributed"]})
        one = {"strategy": row["strategy"], "what": words["extra"], "orders": row["n_extra"]}
        if row["n_extra_low"] is not None and row["n_extra_low"] == row["n_extra_low"]:
            one |= {"low": row["n_extra_low"], "high": row["n_extra_high"]}
        rows.append(one)
    label = story.subject if story.subject in order else order[0]
    mine = table[table["strategy"] == label].iloc[0]
    sure = is_clear({"ci_low": mine["n_extra_low"], "ci_high": mine["n_extra_high"]})
    title = words["attribution_title" if sure else "attribution_open"].format(
        label=short(label),
        named=number(float(mine["n_attributed"]), lang),
        extra=number(float(mine["n_extra"]), lang, signed=not sure),
    )
    kinds = [words["named"], words["extra"]]
    y = {"field": "strategy", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 150}}
    offset = {"field": "what", "type": "nominal", "sort": kinds}
    return chart(
        "attributed_and_extra",
        title,
        words["attribution_note"],
        rows,
        lang,
        52 * len(order) + 70,
        layer=[
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3, "tooltip": True},
                "encoding": {
                    "y": y,
                    "yOffset": offset,
                    "x": {
                        "field": "orders",
                        "type": "quantitative",
                        "title": words["orders_run"],
                        "axis": {"labelExpr": number_labels(lang), "tickCount": 5},
                    },
                    "color": {
                        "field": "what",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": kinds, "range": "category"},
                    },
                    "tooltip": [
                        {"field": "strategy", "type": "nominal"},
                        {"field": "what", "type": "nominal", "title": " "},
                        {"field": "orders", "type": "quantitative", "title": words["orders_run"], "format": ",.1f"},
                        {"field": "low", "type": "quantitative", "title": "95 % ≥", "format": "+,.1f"},
                        {"field": "high", "type": "quantitative", "title": "95 % ≤", "format": "+,.1f"},
                    ],
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.6, "tooltip": False},
                "encoding": {
                    "y": y,
                    "yOffset": offset,
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                },
            },
        ],
    )


def profit_for_cost(source: Any, lang: Lang = "en") -> Chart | None:
    """What each strategy costs, and what it does to profit."""
    story, words = Story.of(source), WORDS[lang]
    profit, cost = story.entries("profit_cents"), story.entries("cost_cents")
    rows: list[dict[str, Any]] = []
    for label in story.others:
        e, spent = profit[label], cost[label]["mean"]
        if e["diff"] is None or spent is None:
            continue
        row = {"strategy": label, "cost": spent / 100, "profit": e["diff"] / 100, "clear": bool(e["is_clear"])}
        if e["ci_low"] is not None:
            row |= {"low": e["ci_low"] / 100, "high": e["ci_high"] / 100}
        rows.append(row)
    if not rows:
        return None
    gains = {row["strategy"]: row for row in rows if row["clear"] and row["profit"] > 0 and row["cost"] > 0}
    if gains:
        best = max(gains.values(), key=lambda row: row["profit"] / row["cost"])
        title = words["return_title_some"].format(
            label=short(best["strategy"]),
            profit=money(100 * best["profit"], lang, signed=True),
            cost=money(100 * best["cost"], lang),
        )
    else:
        title = words["return_title_none"]
    x = {
        "field": "cost",
        "type": "quantitative",
        "title": words["cost_strategy"],
        "axis": {"labelExpr": number_labels(lang), "tickCount": 5, "grid": False},
        "scale": {"zero": True, "padding": 14},
    }
    colour = strategy_colour(story.labels, lang, [row["strategy"] for row in rows])
    tooltip = [
        {"field": "strategy", "type": "nominal"},
        *(
            {"field": f, "type": "quantitative", "title": t, "format": "+,.0f"}
            for f, t in (
                ("cost", words["cost_strategy"]),
                ("profit", words["profit_difference"]),
                ("low", "95 % ≥"),
                ("high", "95 % ≤"),
            )
        ),
    ]
    return chart(
        "profit_for_cost",
        title,
        words["return_note"],
        rows,
        lang,
        300,
        layer=[
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "strokeWidth": 1.4, "tooltip": False},
                "encoding": {"y": {"field": "zero", "type": "quantitative"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.4, "opacity": 0.7, "tooltip": False},
                "encoding": {
                    "x": x,
                    "y": {"field": "low", "type": "quantitative"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1, "tooltip": True},
                "encoding": {
                    "x": x,
                    "y": {
                        "field": "profit",
                        "type": "quantitative",
                        "title": words["profit_difference"],
                        "axis": {"labelExpr": number_labels(lang, signed=True), "tickCount": 5},
                    },
                    "color": colour,
                    "tooltip": tooltip,
                },
            },
        ],
    )
