"""How charts look: colours, type, numbers, the frame of a Vega-Lite specification; imports compare's names only.

A chart is plain data (a Vega-Lite specification), so it is the same in the report, the app, a notebook and a file.
Strategies have one colour each, everywhere; colours come from the theme, so that light and dark share a chart.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from sim.studies.compare import CONTROL

Lang = Literal["en", "zh"]
Theme = Literal["light", "dark"]

VEGA_LITE: Final = "6.4"
SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"  # a name, never fetched
#: both names under which notebooks know such data; nothing here needs the newer one
_MIMES: Final = ("application/vnd.vegalite.v6+json", "application/vnd.vegalite.v5+json")
FONT: Final = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Hiragino Sans GB", '
    '"Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", sans-serif'
)
#: after Okabe and Ito: apart for the colour-blind, 3 to 1 against their ground; the control is grey and comes first
COLOURS: Final[dict[str, tuple[str, ...]]] = {
    "light": ("#4B5563", "#0072B2", "#C8500A", "#00936F", "#D4649F", "#7A6200", "#3B97CF", "#56389A"),
    "dark": ("#9CA3AF", "#5CB8F0", "#FF9A5C", "#3DD6A3", "#F09ACB", "#F2D64B", "#2F8FD6", "#C4B5FF"),
}
_DASHES: Final = ([1, 0], [6, 3], [2, 2])
#: ends of what goes against and what speaks for; the same two hues in both themes, told apart by the colour-blind
AGAINST_FOR: Final[dict[str, tuple[str, str]]] = {"light": ("#C8500A", "#0072B2"), "dark": ("#FF9A5C", "#5CB8F0")}
INK: Final = {"light": "#1B1F24", "dark": "#E8EAED"}
MUTED: Final = {"light": "#5C6570", "dark": "#A4ADB8"}
_GRID: Final = {"light": "#E9ECEF", "dark": "#2C323A"}
_GROUND: Final = {"light": "#FFFFFF", "dark": "#15191E"}
_RAMP: Final = {"light": ["#F1F6FA", "#0B4F7D"], "dark": ["#1C2630", "#8FD0FF"]}
_LONGEST_LABEL: Final = 24
_DIGITS: Final = 7  # a chart needs no more


class Chart(dict[str, Any]):
    """A Vega-Lite specification that notebooks draw by themselves; `title`, `subtitle` and `name` say what it is."""

    @property
    def name(self) -> str:
        return str(self["usermeta"]["name"])

    @property
    def title(self) -> str:
        return str(self["usermeta"]["title"])

    @property
    def subtitle(self) -> str:
        return str(self["usermeta"]["subtitle"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        drawn = dict(self) | {"width": 640}
        return {**dict.fromkeys(_MIMES, drawn), "text/plain": f"{self.title}\n{self.subtitle}"}


def config(theme: Theme = "light", *, legend_columns: int = 4) -> dict[str, Any]:
    """What all charts share in one theme."""
    ink, muted, grid = INK[theme], MUTED[theme], _GRID[theme]
    colours = COLOURS[theme]
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": ink,
            "fontSize": 16,
            "fontWeight": 600,
            "offset": 14,
            "subtitleColor": muted,
            "subtitleFontSize": 12,
            "subtitlePadding": 6,
            "subtitleLineHeight": 16,
            "lineHeight": 20,
        },
        "axis": {
            "labelColor": muted,
            "titleColor": muted,
            "gridColor": grid,
            "domainColor": grid,
            "tickColor": grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelPadding": 6,
            "ticks": False,
            "domain": False,
            "labelLimit": 190,
            "titlePadding": 10,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "columns": legend_columns,
            "labelColor": ink,
            "labelFontSize": 12,
            "titleColor": muted,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "symbolStrokeWidth": 3,
            "labelLimit": 170,
            "columnPadding": 18,
            "rowPadding": 4,
            "offset": 8,
        },
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": muted},
        "range": {
            "category": list(colours),
            "ordinal": {"scheme": "blues"},
            "heatmap": _RAMP[theme],
            "ramp": _RAMP[theme],
            "diverging": [AGAINST_FOR[theme][0], _GRID[theme], AGAINST_FOR[theme][1]],
        },
        "style": {
            "muted": {"color": muted, "stroke": muted},
            "for": {"color": AGAINST_FOR[theme][1]},
            "against": {"color": AGAINST_FOR[theme][0]},
            "on_dark": {"color": _GROUND[theme]},
        },
        "mark": {"tooltip": True},
    }


def rounded(value: Any) -> Any:
    """A number with as many digits as a chart needs; missing is None."""
    if value is None or isinstance(value, str | bool):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    if number == 0:
        return 0
    short = round(number, _DIGITS - 1 - math.floor(math.log10(abs(number))))
    return int(short) if short == int(short) and abs(short) < 2**53 else short


#: names that every object of JavaScript has; Vega groups by names, and takes these for what they are not
_TAKEN: Final = frozenset({
    "__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
    "valueOf", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
})  # fmt: skip


def _tamed(value: Any) -> Any:
    """A specification in which no text is such a name: an invisible sign stands before it."""
    if isinstance(value, dict):
        return {key: _tamed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tamed(one) for one in value]
    return f"\u2060{value}" if isinstance(value, str) and value in _TAKEN else value


_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "equal": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip


def _passes(row: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    if "and" in test:
        return all(_passes(row, one) for one in test["and"])
    value = row.get(test["field"])
    return value is not None and all(ask(value, test[name]) for name, ask in _TESTS.items() if name in test)


def _has_marks(layer: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a layer has anything to draw; Vega warns of those that have not."""
    if "data" in layer:
        return True
    tests = [step["filter"] for step in layer.get("transform", ())]
    fields = [layer["encoding"][at].get("field") for at in ("x", "x2", "y", "y2") if at in layer["encoding"]]
    return any(
        all(_passes(row, test) for test in tests) and all(row.get(f) is not None for f in fields if f) for row in rows
    )


def short(label: str) -> str:
    """A label that fits beside a bar."""
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def chart(
    name: str,
    title: str,
    subtitle: str,
    rows: Iterable[Mapping[str, Any]],
    lang: Lang,
    height: int | Mapping[str, int],
    **spec: Any,
) -> Chart:
    """A specification in our frame. Equal rows have equal names, so that a page can keep one copy of them."""
    values = [{key: _tamed(rounded(value)) for key, value in row.items()} for row in rows]
    if "layer" in spec:
        spec["layer"] = [layer for layer in spec["layer"] if _has_marks(layer, values)]
    key = "data-" + hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()[:16]
    return Chart(
        {
            "$schema": SCHEMA,
            "description": f"{title}. {subtitle}",
            "title": {
                "text": _folded(title, 46 if lang == "zh" else 78),
                "subtitle": _folded(subtitle, 60 if lang == "zh" else 108),
            },
            "width": "container",
            "height": height,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "data": {"name": key},
            "datasets": {key: values},
            "usermeta": {"name": name, "title": title, "subtitle": subtitle, "lang": lang},
            "config": config(),
            **_tamed(spec),
        }
    )


def _folded(text: str, width: int) -> list[str]:
    """Lines of at most so many signs, broken at spaces or, where there are none, anywhere."""
    lines: list[str] = []
    while len(text) > width:
        cut = text.rfind(" ", width // 2, width + 1)
        cut = width if cut < 0 else cut
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def number_labels(lang: Lang, *, signed: bool = False) -> str:
    """A Vega expression that writes an axis number: 12,000, 1.2m; in Chinese 1.2万, 3亿."""
    sign = "+" if signed else ""
    plain = f"format(datum.value, '{sign},.4~g')"
    steps = ((1e8, "亿"), (1e4, "万")) if lang == "zh" else ((1e9, "bn"), (1e6, "m"), (1e4, "k"))
    text = plain
    for unit, word in reversed(steps):
        text = f"abs(datum.value) >= {unit:.0f} ? format(datum.value / {unit:.0f}, '{sign},.4~g') + '{word}' : {text}"
    return f"datum.value == 0 ? '0' : {text}"


def strategy_colour(
    labels: Sequence[str], lang: Lang, shown: Sequence[str] | None = None, *, legend: bool = True
) -> dict[str, Any]:
    """The colour of a strategy: the same in every chart of these labels."""
    domain = [CONTROL, *(label for label in labels if label != CONTROL)]
    words: dict[str, Any] = {
        "values": [label for label in domain if shown is None or label in shown],
        "title": None,
        "symbolOpacity": 1,
    }
    words["labelExpr"] = f"datum.label == 'control' ? '{'对照组' if lang == 'zh' else 'control'}' : datum.label"
    return {
        "field": "strategy",
        "type": "nominal",
        "scale": {"domain": domain, "range": "category"},
        "legend": words if legend else None,
    }


def strategy_dash(labels: Sequence[str]) -> dict[str, Any] | None:
    """Dashes that tell strategies of the same colour apart; None where colours suffice."""
    n = len(COLOURS["light"])
    domain = [CONTROL, *(label for label in labels if label != CONTROL)]
    if len(domain) <= n:
        return None
    dashes = [_DASHES[min(k // n, len(_DASHES) - 1)] for k in range(len(domain))]
    return {"field": "strategy", "type": "nominal", "scale": {"domain": domain, "range": dashes}, "legend": None}
