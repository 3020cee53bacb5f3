"""From a results folder to one HTML file; imports the screens, charts, studies. All numbers come from the studies.

The page opens without a network: the program that draws charts lies in it once, charts are data, and the page itself
forbids loading anything and running any script but its own (a content security policy with their digests).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final

from sim.charts import BY_STRATEGY, CHARTS, Chart, Lang, config, program
from sim.errors import InputError
from sim.experiment.files import write_text
from sim.report.ground import assumptions_screen, method_screen, money_screen, robust_screen
from sim.report.people import spread_screen, who_screen, why_screen
from sim.report.verdict import over_time_screen, verdict_screen
from sim.report.words import Words, locale
from sim.studies.story import Story
from sim.version import __version__

LANGS: Final[tuple[Lang, ...]] = ("en", "zh")
SCREENS: Final[dict[str, Callable[[Story, Words], dict[str, Any]]]] = {
    "verdict": verdict_screen,
    "over_time": over_time_screen,
    "why": why_screen,
    "who": who_screen,
    "spread": spread_screen,
    "robust": robust_screen,
    "money": money_screen,
    "assumptions": assumptions_screen,
    "method": method_screen,
}
#: charts of which every strategy has its own; of the others of BY_STRATEGY only the one to look at first is drawn
_PANELS: Final = {"waterfall", "personas", "largest_tree"}


class Drawings:
    """The charts of a page: specifications by id, and one copy of every table that they show."""

    def __init__(self) -> None:
        self.specs: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, dict[str, Any]] = {}

    def add(self, chart: Chart) -> dict[str, Any]:
        """Keep a chart; what a page needs to make room for it."""
        key = f"c{len(self.specs)}"
        inside = ("layer", "mark", "encoding", "transform", "params")
        self.specs[key] = {name: chart[name] for name in (*inside, "height", "autosize", "data") if name in chart}
        for name, rows in chart["datasets"].items():
            self.tables.setdefault(name, _columns(rows))
        return {"id": key, "name": chart.name, "title": chart.title, "subtitle": chart.subtitle}

    def text(self) -> str:
        """Everything as JSON that may stand inside a script element."""
        looks = {theme: config(theme) for theme in ("light", "dark")}
        content = {"specs": self.specs, "tables": self.tables, "looks": looks}
        return in_script(json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as columns: names once, and constant columns as one value."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {"n": len(rows), "columns": {name: [row.get(name) for row in rows] for name in names}}


def in_script(text: str) -> str:
    """JSON that cannot end the element it stands in."""
    for sign, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(sign, code)
    return text


def charts_of(story: Story, lang: Lang, drawings: Drawings) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Every chart of every screen: screen -> strategy ('' where one chart shows all) -> rooms for charts."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {screen: {} for screen in CHARTS}

    def keep(screen: str, of: str, chart: Chart | None) -> None:
        if chart is not None:
            found[screen].setdefault(of, []).append(drawings.add(chart))

    for screen, makers in CHARTS.items():
        for make in makers:
            if make in BY_STRATEGY and make.__name__ in _PANELS:
                for label in story.others:
                    keep(screen, label, make(story, lang, label))
                    if make.__name__ == "waterfall":
                        keep(screen, label, make(story, lang, label, "profit_cents"))
            else:
                keep(screen, "", make(story, lang))
                if make.__name__ == "cohort_heat_map" and story.subject is not None:
                    keep(screen, "", make(story, lang, "control"))
    return found


def render(source: Any, lang: Lang = "en") -> str:
    """The whole report as HTML; `lang` is the language it opens in, the other one is in it too."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    story = Story.of(source)
    if lang not in LANGS:
        raise InputError("no such language", path="--lang", found=lang, allowed="en or zh")
    environment = Environment(
        loader=PackageLoader("sim.report", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = Drawings()
    pages = []
    for one in LANGS:
        words = Words(one)
        screens = {name: make(story, words) for name, make in SCREENS.items()}
        pages.append(
            {
                "lang": one,
                "code": "zh-Hans" if one == "zh" else "en",
                "t": words,
                "s": screens,
                "charts": charts_of(story, one, drawings),
                "others": story.others,
                "subject": story.subject,
            }
        )
    said = {
        one: {k: locale(one)[k] for k in ("table", "table_hide", "not_drawn", "theme", "theme_light")} for one in LANGS
    }
    scripts = [program(), in_js(_own("report.js"))]
    return environment.get_template("report.html").render(
        pages=pages,
        lang=lang,
        name=story.results.scenario.name,
        description=story.results.scenario.description,
        version=__version__,
        style=_own("report.css"),
        scripts=scripts,
        drawings=drawings.text(),
        said=in_script(json.dumps(said, ensure_ascii=False)),
        policy=policy(scripts),
    )


def _own(name: str) -> str:
    return resources.files("sim.report").joinpath("templates", name).read_text(encoding="utf-8")


def in_js(text: str) -> str:
    """A script of ours; it must not hold what would end its element."""
    if "</script" in text.lower():
        raise ValueError("a script that holds the end of a script element cannot stand in a page")
    return text


def policy(scripts: list[str]) -> str:
    """What the page may do: run these scripts, show its own pictures, nothing else. Vega compiles its expressions."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return (
        f"default-src 'none'; script-src {digests} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def require_own_files(folder: Path) -> None:
    """Refuse a results folder in which links lead out of it: a folder that came by mail must not show other files."""
    home = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            raise InputError(
                "a link in this folder leads out of it, so no report is written",
                file=path,
                hint="Put the file itself in its place.",
            )


def write_report(source: Any, lang: Lang = "en", to: str | Path | None = None) -> Path:
    """Write the report, by default as `report.html` into the results folder; answers with the file."""
    story = Story.of(source)
    require_own_files(story.results.folder)
    target = Path(to) if to is not None else story.results.folder / "report.html"
    try:
        write_text(target, render(story, lang))
    except OSError as error:
        raise InputError("the report cannot be written", file=target, found=error.strerror or str(error)) from None
    return target
