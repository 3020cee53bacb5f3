"""The screen "strategies": cards to add, change, duplicate, schedule, remove; imports `forms`, `shown`."""

from __future__ import annotations

from typing import Any

import streamlit as st

from sim.app import session
from sim.app.forms import form
from sim.app.session import draft, key, say
from sim.app.shown import calendar_strip, refuse
from sim.app.words import tactic_text
from sim.errors import InputError
from sim.scenario.fields import names_of
from sim.scenario.kinds import tactic_kinds
from sim.scenario.parts import CampaignSpec
from sim.strategies.tactic import Tactic

_WHEN = ("start", "stop", "every", "dates", "festivals")
_MONEY = ("budget", "budget_per_day")


def show() -> None:
    """All strategies of the draft, and one more."""
    st.caption(say("about_tactics"))
    _add()
    if st.session_state.get("refused"):
        refuse(st.session_state.pop("refused"))
    if not draft().labels:
        st.info(say("no_strategies"))
    for label in draft().labels:
        _card(label)


def _kind_name(kind: str) -> str:
    about = tactic_text(tactic_kinds()[kind], session.lang())
    return f"{about.title} · {about.summary}"


def _add() -> None:
    kinds = list(tactic_kinds())
    where, button = st.columns([5, 1], vertical_alignment="bottom")
    kind = where.selectbox(say("new_tactic"), kinds, format_func=_kind_name, key="new_kind")
    button.button(
        say("add"), icon=":material/add:", key="add_strategy", width="stretch", on_click=_do, args=("add", kind),
        type="primary",
    )  # fmt: skip


def _do(what: str, *words: Any) -> None:
    """One change of the list of strategies."""
    getattr(draft(), what)(*words)
    session.changed()


def _rename(label: str, name: str) -> None:
    try:
        draft().rename(label, st.session_state[name].strip())
    except InputError as error:
        st.session_state.refused = str(error)
    session.changed()


def _card(label: str) -> None:
    tactics = draft().data["strategies"][label]
    with st.container(border=True, key=f"card_{label}"):
        name = key("label", label)
        with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
            st.text_input(say("label"), label, key=name, on_change=_rename, args=(label, name), max_chars=40)
            st.button(
                "", icon=":material/content_copy:", key=key("copy", label), help=say("duplicate"), on_click=_do,
                args=("duplicate", label),
            )  # fmt: skip
            st.button(
                "", icon=":material/delete:", key=key("drop", label), help=say("remove"), on_click=_do,
                args=("remove", label),
            )  # fmt: skip
        calendar_strip(tactics, draft().data)
        for place, tactic in enumerate(tactics):
            _tactic(label, place, tactic, is_alone=len(tactics) == 1)
        _more(label)


def _tactic(label: str, place: int, values: dict[str, Any], *, is_alone: bool) -> None:
    model = tactic_kinds()[values["kind"]]
    about = tactic_text(model, session.lang())
    path = ("strategies", label, place)
    with st.expander(f"**{about.title}** · {about.summary}", expanded=is_alone, key=f"tactic_{label}_{place}"):
        st.caption(
            f"{say('evidence')} **{about.grade}** ({say('grade_' + about.grade)}) · {say('costs')}: {about.costs}"
        )
        st.caption(f":orange[{say('backfires')}: {about.backfires}]")
        own = [name for name in names_of(model) if name not in Tactic.model_fields]
        levers, when, whom, money, stop = st.tabs(
            [say(one) for one in ("levers", "when", "whom", "money", "conditions")]
        )
        with levers:
            form(model, path, own)
        with when:
            _days(path, values)
            form(model, path, _WHEN)
        with whom:
            form(model, path, ("target",))
        with money:
            form(model, path, _MONEY)
        with stop:
            form(model, path, ("when", "stop_loss"))
        if not is_alone:
            st.button(
                say("remove_tactic"), icon=":material/delete:", key=key("drop", *path), on_click=_do,
                args=("remove_tactic", label, place),
            )  # fmt: skip


def _days(path: tuple[Any, ...], values: dict[str, Any]) -> None:
    """Start and stop on one slider over the measured days."""
    n = int(draft().data["days"])
    if n < 2:
        return
    start, stop = int(values.get("start") or 0), values.get("stop")
    shown = (min(start, n - 1), n if stop is None else max(min(int(stop), n), min(start, n - 1) + 1))
    name = key("span", *path)
    st.slider(
        say("runs_days"), 0, n, shown, key=name, help=say("runs_days_help"), on_change=_span, args=(path, name, n)
    )


def _span(path: tuple[Any, ...], name: str, n: int) -> None:
    start, stop = st.session_state[name]
    draft().put((*path, "start"), min(start, n - 1))
    draft().put((*path, "stop"), None if stop >= n else max(stop, start + 1))
    session.changed()


def _more(label: str) -> None:
    """What the tactics of a strategy share: another tactic, one purse."""
    with st.popover(say("more"), icon=":material/add:"):
        kind = st.selectbox(say("run_together"), list(tactic_kinds()), format_func=_kind_name, key=key("more", label))
        st.button(
            say("add_tactic"), key=key("add", label), on_click=_do, args=("add_tactic", label, kind),
            icon=":material/add:",
        )  # fmt: skip
        has_purse = label in draft().data["budgets"]
        name = key("purse", label)
        st.toggle(say("shared_purse"), has_purse, key=name, on_change=_purse, args=(label, name))
        if has_purse:
            form(CampaignSpec, ("budgets", label), ("total", "per_day"), columns=2)


def _purse(label: str, name: str) -> None:
    budgets = draft().data["budgets"]
    if st.session_state[name]:
        budgets[label] = CampaignSpec(total=100_000).model_dump(mode="json", by_alias=True)
    else:
        budgets.pop(label, None)
    session.changed()
