"""What the report says in words and tables, in the app: what would change it, assumptions, method, and whether a
calibration is fit for decisions. Imports `places`, `session`, `shown`, report.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from sim.app import session, shown
from sim.app.places import read_object
from sim.app.session import say
from sim.report import SCREENS, Words
from sim.report.verdict import gate

_STATUSES: Final = ("identified", "too few data", "not identified by your data")


def _text(said: Any) -> str:
    """A sentence of the report without its marks, as plain text."""
    return str(said.striptags()) if hasattr(said, "striptags") else str(said)


def _table(rows: list[dict[str, Any]], columns: dict[str, Any]) -> None:
    """Some entries of rows under heads; nothing where there are none."""
    if rows:
        made = [{_text(head): _text(row[name]) for name, head in columns.items()} for row in rows]
        st.dataframe(made, hide_index=True, width="stretch")


def fitness(folder: Path) -> None:
    """Whether the calibration whose draws the worlds of a folder are is fit for decisions; nothing without one."""
    story = shown.story_of(folder)
    said = gate(story, Words(session.lang()))
    if said and story.worlds_from is not None:
        box = st.info if story.worlds_from["fit_for_decisions"] else st.error
        box("  \n".join(shown.plain(_text(one)) for one in said))


def robust(folder: Path) -> None:
    """How far the answer holds when the assumptions move, if anybody has asked; else how to ask."""
    words = Words(session.lang())
    found = SCREENS["robust"](shown.story_of(folder), words)
    for title, lines in found["topics"]:
        _list(title, lines)
    if found["rows"]:
        heads = {"label": words("strategy"), "best": words("robust_p_best"), "better": words("robust_p_better")}
        _table(found["rows"], {**heads, "diff": found["measure"], "low": "5 %", "high": "95 %"})
    if not found["topics"] and not found["rows"]:
        st.info(f"{words('robust_none')} {words('robust_how')}")
        st.code(found["command"], language=None)


def assumptions(folder: Path) -> None:
    """How well the coefficients are known, what the scenario changed, the evidence for the tactics."""
    words = Words(session.lang())
    found = SCREENS["assumptions"](shown.story_of(folder), words)
    st.markdown(words("known_lead", n=found["n"], guesses=found["guesses"]))
    for place, one in zip(st.columns(len(found["known"])), found["known"], strict=True):
        place.metric(_text(one["name"]), one["n"], border=True)
    if found["drawn"]:
        st.markdown(f"**{words('drawn')}**")
        _table(found["drawn"], {"path": words("name"), "p05": "5 %", "median": words("drawn_median"), "p95": "95 %"})
    if found["evidence"]:
        st.markdown(f"**{words('evidence')}**")
        st.caption(str(words("evidence_note")))
        names = ("strategy", "tactic", "grade", "costs", "backfires")
        heads = dict(zip(("label", "name", "grade", "costs", "backfires"), map(words, names), strict=True))
        _table(found["evidence"], heads)
    st.markdown(words("changed", n=len(found["changed"])) if found["changed"] else words("changed_none"))
    keys = {"name": "name", "value": "value", "known": "status", "meaning": "meaning", "source": "source"}
    heads = {key: words(name) for key, name in keys.items()}
    _table(found["changed"], heads | {"default": words("default")})
    with st.expander(str(words("all_coefficients"))):
        _table(found["rows"], heads)


def method(folder: Path) -> None:
    """How the numbers came about, and how to get them again."""
    words = Words(session.lang())
    found = SCREENS["method"](shown.story_of(folder), words)
    for one in found["said"]:
        st.markdown(shown.plain(_text(one)))
    if found["looks"]:
        st.markdown(f"**{words('looks')}**")
        names = ("runs", "worlds", "leader", "rival", "lead", "bound", "state")
        keys = ("n", "worlds", "label", "rival", "lead", "bound", "state")
        _table(found["looks"], {key: words(f"look_{name}") for key, name in zip(keys, names, strict=True)})
    st.markdown(f"**{words('aa')}**")
    {"passed": st.success, "failed": st.error}.get(found["aa"]["state"], st.info)(shown.plain(found["aa"]["said"]))
    st.markdown(f"**{words('again')}**")
    st.code(found["command"], language=None)
    _table([{"a": name, "b": value} for name, value in found["facts"]], {"a": words("facts"), "b": " "})


#: screens of the report that are words and tables: name -> what shows it
TOLD: Final[dict[str, Callable[[Path], None]]] = {"robust": robust, "assumptions": assumptions, "method": method}


# --- a calibration's own folder, and what else was asked of a sweep -------------------------------------------


def calibration(folder: Path) -> None:
    """A study's posterior: its sentence, whether it is fit for decisions, its checks and coefficients."""
    about = read_object(folder / "calibration.json") or read_object(folder / "posterior.json")
    if not about:
        return
    zh = session.lang() == "zh"
    if "fit_for_decisions" in about:
        if about["fit_for_decisions"] is True:
            st.success(say("fit"))
        else:
            st.error(say("unfit"))
    said = about.get("sentence_zh" if zh else "sentence")
    if isinstance(said, str):
        st.markdown(shown.plain(said))
    checks = [one for one in _records(about.get("checks")) if "sentence" in one]
    _table(
        [
            {"passed": say("yes") if one.get("passed") is True else say("no"), "allowed": one.get("allowed", ""),
             "said": one.get("sentence_zh" if zh else "sentence", "")}
            for one in checks
        ],
        {"passed": say("check_passed"), "said": say("check"), "allowed": say("allowed")},
    )  # fmt: skip
    keys = ("path", "median", "p05", "p95", "status")
    rows = [{key: _short(one.get(key)) for key in keys} for one in _records(about.get("coefficients"))]
    for row in rows:
        row["status"] = say(row["status"]) if row["status"] in _STATUSES else row["status"]
    heads = {"path": say("coefficient"), "median": say("median"), "p05": "5 %", "p95": "95 %", "status": say("status")}
    _table(rows, heads)


def answers(folder: Path) -> None:
    """What `grapevine robustness` and `sensitivity` said of a folder."""
    for name in ("robustness", "sensitivity"):
        about = read_object(folder / name / f"{name}.json")
        said = about.get("sentences_zh" if session.lang() == "zh" else "sentences")
        groups = said if isinstance(said, dict) else {"": said}
        for lines in groups.values():
            if isinstance(lines, list) and lines:
                _list(say(name), lines)


def _list(title: Any, lines: Any) -> None:
    st.markdown(f"**{shown.plain(_text(title))}**\n" + "\n".join(f"- {shown.plain(_text(one))}" for one in lines))


def _records(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
