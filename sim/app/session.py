"""What one tab is about: language, draft, job, limits; imports `draft`, `places`, `work`, `words`, streamlit.

Everything of a tab lies in Streamlit's session state, so tabs do not see one another. Shared by all tabs are the
limits, and the office that keeps a worker ready.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st

from sim.app.draft import Draft
from sim.app.places import Limits, read_scenario
from sim.app.words import Lang, text
from sim.app.work import Job, Office
from sim.cli.show import duration


@st.cache_resource
def limits() -> Limits:
    """What was said when the app was started."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--most-shoppers", type=int, default=Limits.most_shoppers)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--lang", default="")
    said, _ = parser.parse_known_args(sys.argv[1:])
    return Limits(said.folder.resolve(), said.most_shoppers, said.jobs)


@st.cache_resource
def office() -> Office:
    """Everybody's jobs."""
    return Office()


@st.cache_resource
def preload() -> None:
    """Load what the answer needs while somebody still reads the first page: the libraries behind verdict and charts."""

    def work() -> None:
        for name in (
            "scipy.special",
            "pyarrow.dataset",
            "networkx",
            "sim.engines",
            "sim.report",
            "sim.studies.explain",
        ):
            importlib.import_module(name)

    threading.Thread(target=work, daemon=True).start()


def lang() -> Lang:
    """The language of this tab: chosen, asked for by the address or the command, or the browser's own."""
    if "lang" not in st.session_state:
        asked = st.query_params.get("lang") or next(
            (word.partition("=")[2] for word in sys.argv if word.startswith("--lang=")), ""
        )
        browser = str(st.context.locale or "")
        st.session_state.lang = "zh" if (asked or browser).lower().startswith("zh") else "en"
    return "zh" if st.session_state.lang == "zh" else "en"


def say(key: str, **more: Any) -> str:
    """A text of the app in this tab's language."""
    return text(key, lang()).format(**more)


def time(seconds: float) -> str:
    """Seconds as people say them, in this tab's language."""
    said = duration(seconds)
    if lang() == "zh":
        for unit, word in ((" min", " 分"), (" h", " 小时"), (" s", " 秒")):
            said = said.replace(unit, word)
    return said


def draft() -> Draft:
    """The scenario this tab is editing; the shipped demo to begin with."""
    if "draft" not in st.session_state:
        take(Draft(read_scenario("demo", limits())))
    found: Draft = st.session_state.draft
    return found


def take(new: Draft) -> None:
    """Edit another scenario."""
    st.session_state.draft = new
    changed()


def changed() -> None:
    """The draft was changed by other means than its widgets: make the widgets anew."""
    st.session_state.revision = st.session_state.get("revision", 0) + 1


def key(*parts: Any) -> str:
    """A name for a widget that shows a part of the draft."""
    return "/".join(map(str, (st.session_state.get("revision", 0), *parts)))


def job() -> Job | None:
    """What this tab has ordered last, if anything."""
    found: Job | None = st.session_state.get("job")
    return found


def theme() -> Any:
    """The theme of this tab, as charts name it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def go(screen: str) -> None:
    """Show another screen at the next run."""
    st.session_state.screen = screen
