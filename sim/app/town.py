"""A community in a world: who is near whom, where they stand in the picture, what state each is in on a day.

Imports graph, numpy, networkx. Nothing here changes a run: it reads one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

STATES: Final = ("prospect", "left_shop", "member", "visited", "bought")
#: light and dark grounds both carry these; told apart by colour-blind people
COLOURS: Final = {
    "prospect": "#B6BCC6", "left_shop": "#7A4A2B", "member": "#5CA0D3", "visited": "#F0B429", "bought": "#D1495B",
}  # fmt: skip
_SEED: Final = 20_240_229  # of the layout: a picture, no result


class Circle(NamedTuple):
    """People around one: their ids, where they stand, ties among them as pairs of places."""

    ids: list[int]
    x: list[float]
    y: list[float]
    ties: list[tuple[int, int]]


def circle(graph: Any, centre: int, most: int) -> Circle:
    """Those at most so many people whom the one in the centre reaches, or who reach her, in fewest steps."""
    import networkx as nx

    rows = _nearest(graph, graph.row(centre), most)
    place = {row: at for at, row in enumerate(rows)}
    ties = sorted({
        (min(place[row], place[other]), max(place[row], place[other]))
        for row in rows for other in _audience(graph, row) if other in place and other != row
    })  # fmt: skip
    network: nx.Graph[int] = nx.Graph()
    network.add_nodes_from(range(len(rows)))
    network.add_edges_from(ties)
    spots = nx.spring_layout(network, seed=_SEED, iterations=80, k=1.6 / np.sqrt(max(len(rows), 1)))
    return Circle(
        [int(graph.ids[row]) for row in rows], [float(spots[k][0]) for k in range(len(rows))],
        [float(spots[k][1]) for k in range(len(rows))], ties,
    )  # fmt: skip


def _audience(graph: Any, row: int) -> list[int]:
    found: list[int] = graph.audience[graph.indptr[row] : graph.indptr[row + 1]].tolist()
    return found


def _nearest(graph: Any, centre: int, most: int) -> list[int]:
    """Rows in the order of their distance; friends who bind the group together come first among equals."""
    order, seen, at = [centre], {centre}, 0
    while at < len(order) and len(order) < most:
        for other in _audience(graph, order[at]):
            if other not in seen and len(order) < most:
                seen.add(other)
                order.append(other)
        at += 1
    return order


def states(events: pd.DataFrame, shoppers: pd.DataFrame, ids: list[int], day: int) -> list[str]:
    """The state of each of these people on the evening of a day, one of STATES."""
    registered = dict(zip(shoppers["id"].tolist(), shoppers["registered_day"].tolist(), strict=True))
    until = events[events["day"] <= day]
    mine = until[until["agent"].isin(ids)]
    today = mine[mine["day"] == day]
    visited = set(today.loc[today["type"].isin(("visit", "register", "return")), "agent"])
    bought = set(today.loc[today["type"] == "order", "agent"])
    last = mine[mine["type"].isin(("lapse", "return"))].groupby("agent")["type"].last()
    gone = set(last.index[last == "lapse"])
    came = set(mine.loc[mine["type"] == "register", "agent"])

    def state(one: int) -> str:
        if one in bought:
            return "bought"
        if one in visited:
            return "visited"
        if one in gone:
            return "left_shop"
        # registered before the measured days (and `registered_day` is a small number where it never happened)
        is_member = one in came or -10_000 < registered.get(one, -32_768) < 0
        return "member" if is_member else "prospect"

    return [state(one) for one in ids]


def picture(
    people: Circle, rows: list[dict[str, Any]], names: dict[str, str], titles: dict[str, str]
) -> dict[str, Any]:
    """The community as a Vega-Lite specification: ties as lines, people as dots that can be clicked.

    `rows`: for each person `id`, `state`, `size` and what the tooltip says; `names`: state -> what it is called.
    """
    lines = [
        {"x": people.x[a], "y": people.y[a], "x2": people.x[b], "y2": people.y[b]} for a, b in people.ties
    ]  # fmt: skip
    dots = [
        row | {"x": people.x[k], "y": people.y[k], "said": names[row["state"]]} for k, row in enumerate(rows)
    ]  # fmt: skip
    hidden = {"axis": None, "scale": {"zero": False, "nice": False, "padding": 14}}
    place = {
        "x": {"field": "x", "type": "quantitative", **hidden},
        "y": {"field": "y", "type": "quantitative", **hidden},
    }
    colour = {
        "field": "said", "type": "nominal", "sort": [names[state] for state in STATES],
        "scale": {"domain": [names[state] for state in STATES], "range": [COLOURS[state] for state in STATES]},
        "legend": {"title": None, "symbolType": "circle", "symbolStrokeWidth": 0},
    }  # fmt: skip
    tip = [{"field": name, "type": "nominal", "title": title} for name, title in titles.items()]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "height": 460, "autosize": {"type": "fit", "contains": "padding"},
        "layer": [
            {
                "data": {"values": lines},
                "mark": {"type": "rule", "opacity": 0.35, "strokeWidth": 0.8, "tooltip": False},
                "encoding": {**place, "x2": {"field": "x2"}, "y2": {"field": "y2"}},
            },
            {
                "data": {"values": dots},
                "params": [{"name": "pick", "select": {"type": "point", "fields": ["id"], "on": "click"}}],
                "mark": {"type": "circle", "opacity": 1, "cursor": "pointer", "strokeWidth": 2.5},
                "encoding": {
                    **place, "color": colour, "tooltip": tip,
                    "size": {"field": "size", "type": "quantitative", "scale": {"range": [60, 420]}, "legend": None},
                    "stroke": {
                        "condition": {"test": "datum.is_chosen", "value": "#7E56C2"}, "value": "transparent",
                    },
                },
            },
        ],
    }  # fmt: skip
