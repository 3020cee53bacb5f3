"""The screen "watch": one run day by day, a community as a graph, events in words, one shopper's life.

Imports `session`, `shown`, `town`, `life`, engines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sim.app import life, session, shown, town
from sim.app.places import MOST_WATCHED
from sim.app.session import draft, limits, office, say
from sim.app.words import persona_text
from sim.errors import InputError
from sim.experiment import folder_name
from sim.scenario import CONTROL, Scenario

_MOST_PEOPLE = 120
_MOST_LINES = 40


def show() -> None:
    """Choose a run, have it written down, look at it."""
    st.caption(say("watch_about"))
    try:
        made = draft().scenario(limits())
    except InputError as error:
        shown.refuse(error)
        return
    label, replication = _choose(made)
    folder = limits().results / f"{folder_name(made)}-{label}-r{replication}"
    if not (folder / "events.parquet").exists():
        _write_down(made, label, replication)
        return
    _look(made, replication, folder)


def _choose(made: Scenario) -> tuple[str, int]:
    which, where = st.columns([3, 1])
    label = which.selectbox(say("of_strategy"), made.labels, index=min(1, len(made.labels) - 1), key="watch_label")
    replication = where.number_input(say("replication"), 0, made.replications - 1, 0, key="watch_replication")
    return str(label or CONTROL), int(replication or 0)


def _write_down(made: Scenario, label: str, replication: int) -> None:
    people = made.population.size or limits().most_shoppers
    if people * (made.days + made.burn_in_days) > MOST_WATCHED:
        st.warning(say("too_long", most=f"{MOST_WATCHED:,}"))
        return
    now = st.session_state.get("watch_job")
    if now is not None and not now.is_over:
        _waiting()
        return
    if now is not None and now.error:
        shown.refuse(say("gone_wrong", error=now.error))
    is_busy = office().is_busy()
    if st.button(say("play_run"), icon=":material/videocam:", type="primary", key="write_down", disabled=is_busy):
        st.session_state.watch_job = office().order(
            do="watch", scenario=made.to_yaml(), folder=str(made.folder.resolve()), out=str(limits().results),
            strategy=label, replication=replication,
        )  # fmt: skip
        st.rerun()


@st.fragment(run_every=0.4)
def _waiting() -> None:
    now = st.session_state.get("watch_job")
    if now is None or now.is_over:
        st.rerun()
    st.progress(0.0 if not now.total else 0.5, say("working") if now.total else say("loading"))
    st.button(say("cancel"), icon=":material/stop:", key="cancel_watch", on_click=now.cancel)


# --- looking ----------------------------------------------------------------------------------------------


@st.cache_data(max_entries=4, show_spinner=False)
def _tables(folder: str, stamped: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_parquet(Path(folder) / "events.parquet"), pd.read_parquet(Path(folder) / "shoppers.parquet")


@st.cache_resource(max_entries=4, show_spinner=False)
def _graph(built: str, _scenario: Scenario, replication: int) -> Any:
    from sim.engines import World

    return World.build(_scenario, replication).graph


@st.cache_data(max_entries=40, show_spinner=False)
def _circle(built: str, replication: int, centre: int, _graph: Any) -> town.Circle:
    return town.circle(_graph, centre, _MOST_PEOPLE)


def _look(made: Scenario, replication: int, folder: Path) -> None:
    from sim.engines import World

    events, shoppers = _tables(str(folder), (folder / "events.parquet").stat().st_mtime)
    built = World.inputs(made)
    graph = _graph(built, made, replication)
    centre = _centre(graph, events, shoppers)
    if centre is None:
        return
    people = _circle(built, replication, centre, graph)
    if st.session_state.get("ego_of") != (str(folder), centre):
        st.session_state.ego, st.session_state.ego_of = centre, (str(folder), centre)
    _days(made.days)
    _day_by_day(events, shoppers, people)


def _centre(graph: Any, events: pd.DataFrame, shoppers: pd.DataFrame) -> int | None:
    ways = ("most_busy", "most_friends", "by_id")
    where, number = st.columns([2, 1])
    way = where.segmented_control(
        say("community"), ways, default="most_busy", format_func=say, key="centre_by", required=True
    )  # fmt: skip
    if way == "most_friends":
        return int(graph.ids[graph.degree.argmax()])
    if way == "by_id":
        known = shoppers["id"]
        asked = number.number_input(
            say("shopper"), int(known.min()), int(known.max()), int(known.min()), key="centre_id"
        )
        return int(asked) if asked is not None and asked in set(known) else None
    told = events[events["type"] != "visit"]["agent"]
    return int(told.mode().iloc[0]) if len(told) else int(graph.ids[0])


def _days(n_days: int) -> None:
    slider, play = st.columns([5, 1], vertical_alignment="bottom")
    st.session_state.setdefault("watch_day", 0)
    st.session_state.watch_day = min(st.session_state.watch_day, n_days - 1)
    with play:
        st.toggle(say("play"), key="playing")
    with slider:
        if n_days > 1:
            st.slider(say("day"), 0, n_days - 1, key="watch_day", disabled=st.session_state.get("playing", False))


def _day_by_day(events: pd.DataFrame, shoppers: pd.DataFrame, people: town.Circle) -> None:
    """The picture and what happened; while it plays, the next day every second."""
    n_days = int(draft().data["days"])
    is_playing = st.session_state.get("playing", False)

    @st.fragment(run_every=1.0 if is_playing else None)
    def moving() -> None:
        day = int(st.session_state.watch_day)
        if is_playing and st.session_state.get("drawn_day") is not None:
            day = min(n_days - 1, int(st.session_state.drawn_day) + 1)
        st.session_state.drawn_day = day
        _one_day(events, shoppers, people, day)

    if not is_playing:
        st.session_state.drawn_day = None
    moving()


def _one_day(events: pd.DataFrame, shoppers: pd.DataFrame, people: town.Circle, day: int) -> None:
    lang, ego = session.lang(), st.session_state.ego
    left, right = st.columns([3, 2], gap="large")
    persona = dict(zip(shoppers["id"].tolist(), shoppers["persona"].astype(str).tolist(), strict=True))
    states = town.states(events, shoppers, people.ids, day)
    n_ties = [0] * len(people.ids)
    for a, b in people.ties:
        n_ties[a] += 1
        n_ties[b] += 1
    with left:
        rows = [
            {"id": one, "state": state, "size": n, "is_chosen": one == ego, "persona": persona_text(persona[one], lang),
             "name": life.name(one, lang), "friends": n}
            for one, state, n in zip(people.ids, states, n_ties, strict=True)
        ]  # fmt: skip
        titles = {"name": say("shopper"), "persona": say("persona"), "said": say("state"), "friends": say("friends")}
        spec = town.picture(people, rows, {state: say(state) for state in town.STATES}, titles)
        st.caption(f"**{say('day_n', n=day)}** · {say('pick_help')}")
        picked = shown.draw(spec, "town", on_select="rerun", selection_mode="pick")
        chosen = picked["selection"].get("pick") if picked else None
        if chosen and chosen[0].get("id") not in (None, ego):
            st.session_state.ego = int(chosen[0]["id"])
            st.rerun()
    with right:
        found = life.days_events(events, people.ids, day)
        st.markdown(f"**{say('today', day=day)}** ({say('in_community')})")
        if found.empty:
            st.caption(say("quiet_day"))
        with st.container(height=190, border=True):
            st.markdown("\n".join(f"- {life.sentence(one, lang)}" for one in found.head(_MOST_LINES).itertuples()))
            if len(found) > _MOST_LINES:
                st.caption(say("and_more", n=len(found) - _MOST_LINES))
        st.markdown(f"**{say('her_life')}: {life.name(ego, lang)}** · {persona_text(persona[ego], lang)}")
        told = life.life(events, ego, lang)
        if not told:
            st.caption(say("no_life"))
        with st.container(height=250, border=True):
            st.markdown("\n".join(_line(at, text, day) for at, text in told))


def _line(at: int, text: str, day: int) -> str:
    said = f"`{at:>3}` {text}"
    return f"- **{said}**" if at == day else f"- {said}" if at < day else f"- :gray[{said}]"
