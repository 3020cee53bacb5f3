"""Charts of the screen "how it spread": trees of invitations, generations, communities; imports the rooms below."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.charts.look import Chart, Lang, chart, number_labels, short, strategy_colour
from sim.charts.numbers import number, percent
from sim.charts.why import persona_name
from sim.charts.words import WORDS
from sim.studies.story import Story

#: sizes of trees that are counted together: up to each
_SIZES: Final = (2, 3, 5, 9, 17, 33, 65, 129, 257, 513, 1025)
_FEWEST_IN_TREE: Final = 5  # fewer make no picture
_BLANK: Final = {"axis": None, "scale": {"zero": False, "nice": False, "padding": 18}}


def _mean(story: Story, label: str, what: str) -> float | None:
    table = story.why("referral", label)
    row = table[table["what"] == what] if len(table) else table
    value = row["mean"].iloc[0] if len(row) else None
    return None if value is None or value != value else float(value)


def tree_sizes(source: Any, lang: Lang = "en") -> Chart | None:
    """How many trees of invitations of which size: every strategy."""
    story, words = Story.of(source), WORDS[lang]
    table = story.why("tree_sizes")
    if not len(table):
        return None
    rows: list[dict[str, Any]] = []
    groups: list[str] = []
    for low, high in zip(_SIZES, (*(size - 1 for size in _SIZES[1:]), None), strict=True):
        name = str(low) if high == low else f"{low}+" if high is None else f"{low}–{high}"
        groups.append(name)
        of = table[(table["size"] >= low) & ((table["size"] <= high) if high is not None else True)]
        rows += [
            {"strategy": label, "people": name, "trees_a_run": float(n)}
            for label, n in of.groupby("strategy", sort=False)["n_trees"].sum().items()
        ]
    label = story.subject or story.labels[0]
    largest = story.why("largest_trees", label)
    if not len(largest):
        title = words["trees_none"]
    else:
        title = words["trees_title"].format(
            label=short(label), n=number(_mean(story, label, "n_trees"), lang), largest=int(largest["size"].max())
        )
    shown = [name for name in groups if any(row["people"] == name for row in rows)]
    labels = [one for one in story.labels if any(row["strategy"] == one for row in rows)]
    return chart(
        "tree_sizes",
        title,
        words["trees_note"],
        rows,
        lang,
        260,
        mark={"type": "line", "point": {"size": 55}, "strokeWidth": 2, "tooltip": True},
        encoding={
            "x": {
                "field": "people",
                "type": "ordinal",
                "sort": shown,
                "title": words["tree_size"],
                "axis": {"labelAngle": 0},
            },
            "y": {
                "field": "trees_a_run",
                "type": "quantitative",
                "scale": {"type": "log"},
                "title": words["trees_run"],
                "axis": {"tickCount": 5, "format": "~g"},
            },
            "color": strategy_colour(story.labels, lang, labels),
            "tooltip": [
                {"field": "strategy", "type": "nominal"},
                {"field": "people", "type": "nominal", "title": words["tree_size"]},
                {"field": "trees_a_run", "type": "quantitative", "title": words["trees_run"], "format": ",.3~r"},
            ],
        },
    )


def generations(source: Any, lang: Lang = "en") -> Chart | None:
    """How far invitations reach: people by generation, every strategy."""
    story, words = Story.of(source), WORDS[lang]
    table = story.why("generations")
    table = table[table["generation"] >= 1] if len(table) else table
    if not len(table):
        return None
    rows = [
        {"strategy": r["strategy"], "generation": r["generation"], "people_a_run": r["n_people"]}
        for r in table.to_dict("records")
    ]
    label = story.subject if story.subject in set(table["strategy"]) else None
    label = label or str(table["strategy"].iloc[0])
    mine = table[table["strategy"] == label]
    title = words["generations_title"].format(
        label=short(label), depth=int(mine["generation"].max()), n=number(float(mine["n_people"].iloc[0]), lang)
    )
    labels = [one for one in story.labels if one in set(table["strategy"])]
    return chart(
        "generations",
        title,
        words["generations_note"],
        rows,
        lang,
        260,
        mark={"type": "line", "point": {"size": 55}, "strokeWidth": 2, "tooltip": True},
        encoding={
            "x": {"field": "generation", "type": "ordinal", "title": words["generation"], "axis": {"labelAngle": 0}},
            "y": {
                "field": "people_a_run",
                "type": "quantitative",
                "title": words["people_run"],
                "axis": {"tickCount": 5, "labelExpr": number_labels(lang)},
            },
            "color": strategy_colour(story.labels, lang, labels),
            "tooltip": [
                {"field": "strategy", "type": "nominal"},
                {"field": "generation", "type": "ordinal", "title": words["generation"]},
                {"field": "people_a_run", "type": "quantitative", "title": words["people_run"], "format": ",.3~r"},
            ],
        },
    )


def largest_tree(source: Any, lang: Lang = "en", strategy: str | None = None) -> Chart | None:
    """A picture of the largest tree of invitations under a strategy."""
    story, words = Story.of(source), WORDS[lang]
    label = strategy or story.subject
    found = story.largest_tree(label) if label is not None else None
    if label is None or found is None:
        return None
    about, table = found
    if about["size"] < _FEWEST_IN_TREE:
        return None
    at = {row["id"]: row for row in table.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for row in at.values():
        one = {
            "shopper": row["id"],
            "persona": persona_name(row["persona"], lang),
            "generation": row["generation"],
            "x": row["x"],
            "y": row["y"],
            "first": row["inviter"] < 0,
        }
        if row["inviter"] in at:
            above = at[row["inviter"]]
            one |= {"invited_by": row["inviter"], "x2": above["x"], "y2": above["y"]}
        rows.append(one)
    note = words["largest_note"].format(r=about["replication"], persona=persona_name(about["persona"], lang))
    if len(rows) < about["size"]:
        note += words["largest_cut"].format(n=len(rows))
    x, y = {"field": "x", "type": "quantitative", **_BLANK}, {"field": "y", "type": "quantitative", **_BLANK}
    tooltip = [
        {"field": "persona", "type": "nominal", "title": "人群" if lang == "zh" else "kind of shopper"},
        {"field": "generation", "type": "quantitative", "title": words["generation"]},
    ]
    return chart(
        "largest_tree",
        words["largest_title"].format(label=short(label), n=about["size"], depth=about["depth"]),
        note,
        rows,
        lang,
        320,
        layer=[
            {
                "transform": [{"filter": {"field": "first", "equal": False}}],
                "mark": {"type": "rule", "strokeWidth": 1.2, "opacity": 0.6, "tooltip": False},
                "encoding": {"x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"}},
            },
            {
                "mark": {"type": "circle", "size": 70, "opacity": 1, "style": "for", "tooltip": True},
                "encoding": {"x": x, "y": y, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": {"field": "first", "equal": True}}],
                "mark": {"type": "circle", "size": 220, "opacity": 1, "style": "against", "tooltip": True},
                "encoding": {"x": x, "y": y, "tooltip": tooltip},
            },
        ],
    )


def communities(source: Any, lang: Lang = "en", strategy: str | None = None) -> Chart | None:
    """Groups of people who hear one another, and how many in each buy more because of a strategy."""
    story, words = Story.of(source), WORDS[lang]
    label = strategy or story.subject
    found = story.communities(label) if label is not None else {}
    table = found.get("communities")
    if label is None or table is None or not len(table):
        return None
    rows: list[dict[str, Any]] = [
        {"kind": "community", **{k: row[k] for k in ("community", "people", "more", "fewer", "invited", "x", "y")}}
        for row in table.to_dict("records")
    ]
    ties = found["ties"]
    strong = ties[ties["ties"] >= np.quantile(ties["ties"], 0.5)] if len(ties) else ties
    rows += [{"kind": "ties"} | {str(k): v for k, v in row.items()} for row in strong.to_dict("records")]
    title = words["community_title"].format(
        label=short(label),
        low=percent(float(table["more"].min()), lang),
        high=percent(float(table["more"].max()), lang),
    )
    note = words["community_note"].format(n=number(int(table["people"].sum()), lang))
    x, y = {"field": "x", "type": "quantitative", **_BLANK}, {"field": "y", "type": "quantitative", **_BLANK}
    return chart(
        "communities",
        title,
        note,
        rows,
        lang,
        380,
        layer=[
            {
                "transform": [{"filter": {"field": "kind", "equal": "ties"}}],
                "mark": {"type": "rule", "opacity": 0.35, "tooltip": False},
                "encoding": {
                    "x": x,
                    "y": y,
                    "x2": {"field": "x2"},
                    "y2": {"field": "y2"},
                    "strokeWidth": {
                        "field": "ties",
                        "type": "quantitative",
                        "scale": {"range": [0.4, 4]},
                        "legend": None,
                    },
                },
            },
            {
                "transform": [{"filter": {"field": "kind", "equal": "community"}}],
                "mark": {"type": "circle", "opacity": 1, "stroke": "#7A8794", "strokeWidth": 1, "tooltip": True},
                "encoding": {
                    "x": x,
                    "y": y,
                    "size": {"field": "people", "type": "quantitative", "scale": {"range": [60, 2600]}, "legend": None},
                    "color": {
                        "field": "more",
                        "type": "quantitative",
                        "scale": {"range": "ramp", "zero": False},
                        "legend": {"title": words["community_more"], "format": ".0%", "gradientLength": 140},
                    },
                    "tooltip": [
                        {"field": "people", "type": "quantitative", "title": words["community_people"], "format": ","},
                        {"field": "more", "type": "quantitative", "title": words["community_more"], "format": ".1%"},
                        {"field": "fewer", "type": "quantitative", "title": words["community_fewer"], "format": ".1%"},
                        {"field": "invited", "type": "quantitative", "title": words["community_invited"]},
                    ],
                },
            },
        ],
    )
