"""The screen "scenario": pick, upload, change, save; imports `forms`, `places`, `session`, scenario."""

from __future__ import annotations

from typing import Any

import streamlit as st

from sim.app import session, shown
from sim.app.draft import Draft
from sim.app.forms import form
from sim.app.places import MOST_UPLOADED, read_scenario, read_upload
from sim.app.session import draft, key, limits, say
from sim.app.words import kind_text, measure_text, persona_text, value_name
from sim.errors import InputError
from sim.events import registry as event_registry
from sim.scenario import (
    GOAL_NAMES,
    GRAPHS,
    MEASURE_NAMES,
    CatalogueFile,
    DrawnCatalogue,
    PopulationSpec,
    Scenario,
    shipped,
    template,
)
from sim.scenario.kinds import arrival_kinds, dumped, event_kinds
from sim.scenario.parts import AnalyticsSpec


def show() -> None:
    """What is asked: where it comes from, its fields, where it goes."""
    _pick()
    question, people, ties, products, others = st.tabs(
        [say(one) for one in ("question", "people", "ties", "products", "events_model")]
    )
    with question:
        form(Scenario, (), ("name", "description"), columns=2)
        form(Scenario, (), ("days", "burn_in_days", "replications", "noise_per_world", "seed"))
        _measures()
    with people:
        form(PopulationSpec, ("population",), ("size", "registered_share", "from"))
        _shares(say("personas"), ("population", "personas"), persona_text)
        for name in draft().data["population"]["demographics"]:
            _shares(value_name(name, session.lang()), ("population", "demographics", name), value_name)
        _of_kind("arrival", arrival_kinds(), ("arrival",))
    with ties:
        _of_kind("graph", GRAPHS, ("graph",))
    with products:
        _catalogue()
    with others:
        _events()
        _calendar()
        _switches()
        _coefficients()
        with st.expander(say("analytics")):
            form(AnalyticsSpec, ("analytics",))


# --- where it comes from, where it goes -----------------------------------------------------------------


def _pick() -> None:
    mine = limits().scenarios()
    names = [*mine, *(name for name in shipped() if not name.startswith(("lab.", "base.")))]
    picked, uploaded, saved = st.columns([3, 3, 2])
    with picked:
        name = st.selectbox(say("start_from"), names, index=names.index("demo"), key="source", format_func=_source)
        st.button(say("open"), icon=":material/folder_open:", on_click=_open, args=(name,), key="open", width="stretch")
    with uploaded:
        file = st.file_uploader(say("upload"), type=["yaml", "yml"], key="upload", max_upload_size=1)
        if file is not None and st.session_state.get("uploaded") != file.file_id:
            st.session_state.uploaded = file.file_id
            _upload(file.name, file.getvalue() if file.size <= MOST_UPLOADED else b"\0" * (MOST_UPLOADED + 1))
    with saved:
        st.download_button(
            say("download_yaml"), _yaml(), f"{draft().data['name'] or 'scenario'}.yaml", "application/yaml",
            icon=":material/download:", key="save_yaml", on_click="ignore", width="stretch",
        )  # fmt: skip
        st.button(
            say("save_here"), icon=":material/save:", key="save", on_click=_save, help=say("save_help"), width="stretch"
        )
        if st.session_state.get("told"):
            st.success(st.session_state.pop("told"))
    if st.session_state.get("refused"):
        shown.refuse(st.session_state.pop("refused"))


def _source(name: str) -> str:
    return name if name in limits().scenarios() else f"{name} · {say('shipped')}"


def _open(name: str) -> None:
    try:
        session.take(Draft(read_scenario(name, limits())))
    except InputError as error:
        st.session_state.refused = str(error)


def _upload(name: str, content: bytes) -> None:
    try:
        session.take(Draft(read_upload(name, content, limits())))
    except InputError as error:
        st.session_state.refused = str(error)
    st.rerun()


def _yaml() -> str:
    """The draft as a commented file; while it is wrong, as it stands."""
    import yaml

    try:
        made = Scenario.from_dict(draft().data, draft().folder, check_files=False)
    except InputError:
        return str(yaml.safe_dump(draft().data, sort_keys=False, allow_unicode=True))
    return template(made, session.lang())


def _save() -> None:
    name = str(draft().data["name"]).strip()
    try:
        made = draft().scenario(limits())
        target = limits().inside(f"{name.replace(' ', '_')}.yaml")
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(template(made, session.lang()))
        st.session_state.told = say("saved", name=target.name)
    except FileExistsError:
        st.session_state.refused = say("exists", name=f"{name}.yaml")
    except OSError as error:
        st.session_state.refused = f"{name}.yaml: {error.strerror}"
    except InputError as error:
        st.session_state.refused = str(error)


# --- fields that are no plain value -----------------------------------------------------------------------


def _measures() -> None:
    lang, name = session.lang(), key("decide_on")
    asked, goals = st.columns(2)
    with asked:
        st.selectbox(
            say("decide_on"), MEASURE_NAMES, MEASURE_NAMES.index(draft().data["decide_on"]), key=name,
            format_func=lambda one: measure_text(one, lang), on_change=lambda: _put(("decide_on",), name),
        )  # fmt: skip
    with goals:
        held = draft().data["goals"]
        more = key("goals")
        st.multiselect(
            say("goals"), GOAL_NAMES, list(held), key=more, help=say("goals_help"), placeholder=say("nothing"),
            format_func=lambda one: measure_text(one, lang), on_change=_goals, args=(more,),
        )  # fmt: skip
        for goal in held:
            one = key("goal", goal)
            st.number_input(
                say("at_least", what=measure_text(goal, lang)), value=float(held[goal]), key=one, format="%g",
                on_change=_put, args=(("goals", goal), one),
            )  # fmt: skip


def _put(path: tuple[Any, ...], name: str) -> None:
    if st.session_state[name] is not None:
        draft().put(path, st.session_state[name])


def _goals(name: str) -> None:
    held = draft().data["goals"]
    draft().data["goals"] = {goal: held.get(goal, 0.0) for goal in st.session_state[name]}


def _shares(title: str, path: tuple[Any, ...], named: Any) -> None:
    """Shares that must sum to 1."""
    shares: dict[str, float] = draft().get(path)
    with st.expander(title):
        columns = st.columns(4)
        for place, (name, share) in enumerate(shares.items()):
            one = key(*path, name)
            columns[place % 4].number_input(
                named(name, session.lang()), 0.0, 1.0, float(share), 0.01, key=one, on_change=_put,
                args=((*path, name), one),
            )  # fmt: skip
        total = sum(shares.values())
        if abs(total - 1) > 1e-6:
            st.warning(say("sum", total=f"{total:.4g}"))
            st.button(say("make_one"), key=key("one", *path), on_click=_to_one, args=(path,))


def _to_one(path: tuple[Any, ...]) -> None:
    shares = draft().get(path)
    total = sum(shares.values()) or 1.0
    draft().put(path, {name: share / total for name, share in shares.items()})
    session.changed()


def _of_kind(title: str, kinds: dict[str, Any], path: tuple[Any, ...]) -> None:
    """A part whose fields depend on its kind."""
    now, name, lang = draft().get(path)["kind"], key("kind", *path), session.lang()
    st.selectbox(
        say(title), list(kinds), list(kinds).index(now), key=name, on_change=_kind, args=(kinds, path, name),
        format_func=lambda kind: f"{kind} · {kind_text(kinds[kind], lang)}",
    )  # fmt: skip
    form(kinds[now], path)


def _kind(kinds: dict[str, Any], path: tuple[Any, ...], name: str) -> None:
    kind = st.session_state[name]
    known = {"file": {"path": "edges.csv"}}.get(kind, {})
    draft().put(path, dumped(kinds[kind](**known)))
    session.changed()


def _catalogue() -> None:
    is_file, name = "path" in draft().data["catalogue"], key("catalogue")
    st.toggle(say("own_products"), is_file, key=name, help=say("own_products_help"), on_change=_products, args=(name,))
    form(CatalogueFile if is_file else DrawnCatalogue, ("catalogue",), None if not is_file else ("path",))


def _products(name: str) -> None:
    part = CatalogueFile(path="products.csv") if st.session_state[name] else DrawnCatalogue()
    draft().put(("catalogue",), dumped(part))
    session.changed()


def _events() -> None:
    kinds, lang = event_kinds(), session.lang()
    st.markdown(f"**{say('events')}**")
    st.caption(say("events_help"))
    where, button = st.columns([5, 1], vertical_alignment="bottom")
    kind = where.selectbox(
        say("new_event"), list(kinds), key="new_event", format_func=lambda one: kind_text(kinds[one], lang)
    )
    button.button(
        say("add"), icon=":material/add:", key="add_event", on_click=_add_event, args=(kind,), width="stretch"
    )
    for place, event in enumerate(draft().data["events"]):
        with st.container(border=True):
            said, drop = st.columns([6, 1])
            said.markdown(f"**{kind_text(kinds[event['kind']], lang)}**")
            drop.button(
                "", icon=":material/delete:", key=key("drop_event", place), help=say("remove"), on_click=_drop_event,
                args=(place,), width="stretch",
            )  # fmt: skip
            form(kinds[event["kind"]], ("events", place))


def _add_event(kind: str) -> None:
    draft().data["events"].append(dumped(event_registry()[kind].example()))
    session.changed()


def _drop_event(place: int) -> None:
    del draft().data["events"][place]
    session.changed()


def _calendar() -> None:
    held, name = draft().data["calendar"], key("calendar")
    shown = "\n".join(f"{festival}: {', '.join(map(str, days))}" for festival, days in held.items())
    st.text_area(
        say("calendar"), shown, key=name, help=say("calendar_help"), placeholder="singles_day: 20, 21", height=70,
        on_change=_festivals, args=(name,),
    )  # fmt: skip


def _festivals(name: str) -> None:
    made: dict[str, Any] = {}
    for line in st.session_state[name].splitlines():
        festival, _, days = line.partition(":")
        if festival.strip():
            words = days.replace("，", ",").replace(",", " ").split()
            made[festival.strip()] = [int(word) if word.isdigit() else word for word in words]
    draft().data["calendar"] = made


def _switches() -> None:
    st.markdown(f"**{say('switches')}**")
    held = draft().data["switches"]
    for place, (switch, column) in enumerate(zip(held, st.columns(len(held)), strict=True)):
        name = key("switch", place)
        column.toggle(
            value_name(switch, session.lang()),
            held[switch],
            key=name,
            on_change=_put,
            args=(("switches", switch), name),
        )


def _coefficients() -> None:
    """Coefficients that differ from their defaults: each with range, unit, source and how well it is known."""
    from sim.params import COEFFICIENTS

    st.markdown(f"**{say('params')}**")
    held, name = draft().data["params"], key("params")
    st.multiselect(
        say("params_pick"), list(COEFFICIENTS), list(held), key=name, placeholder=say("nothing"), on_change=_params,
        args=(name,), format_func=lambda one: f"{one} · {COEFFICIENTS[one].meaning}",
    )  # fmt: skip
    for one in held:
        row, box = COEFFICIENTS[one], key("param", one)
        st.number_input(
            f"{one} · {row.meaning}", float(row.least), float(row.most), float(held[one]), key=box, format="%g",
            help=f"{row.low:g} – {row.high:g} {row.unit} · {say('default')} {row.default:g} · {row.status}",
            on_change=_put, args=(("params", one), box),
        )  # fmt: skip
        st.caption(
            f"{say('source')}: {row.source} · {say('status')}: **{row.status}** · {row.low:g} – {row.high:g} {row.unit}"
        )


def _params(name: str) -> None:
    from sim.params import COEFFICIENTS

    held = draft().data["params"]
    draft().data["params"] = {one: held.get(one, float(COEFFICIENTS[one].default)) for one in st.session_state[name]}
