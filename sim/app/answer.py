"""The screen "answer": run with progress, cancel, go on; the verdict and the report's screens; beside an earlier one.

Imports `ground`, `session`, `shown`, report, studies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from sim.app import ground, session, shown
from sim.app.places import read_object
from sim.app.session import draft, job, limits, office, say
from sim.app.work import Job
from sim.errors import InputError
from sim.experiment import Results, folder_name
from sim.scenario import Scenario, difference

#: replications of the first answer
FIRST = 4
_SCREENS = {
    "verdict": "verdict",
    "over_time": "over_time",
    "why": "why",
    "who": "who",
    "spread": "spread",
    "robust": "robust",
    "money": "cash",
    "assumptions": "assumptions",
    "method": "method",
}


def show() -> None:
    """Run it, watch it run, read what came out."""
    made = shown.check()
    now = job()
    was_running = now is not None and not now.is_over
    _run(made, was_running)
    place = st.container()
    with place:
        _told()
    _shown(made)
    if was_running:  # also if it has ended meanwhile: this page does not know yet
        with place:
            _while_running()  # last: each time that it looks, it would end a page that is still being drawn


def _shown(made: Scenario | None) -> None:
    folder: Path | None = st.session_state.get("folder")
    if folder is None or not _has_answer(folder):
        st.info(say("no_answer"), icon=":material/hourglass_empty:")
        return
    asked = made is not None and folder.name == folder_name(made)
    if not asked and made is not None:
        st.warning(say("stale"), icon=":material/history:")
    answer(folder)


def _has_answer(folder: Path) -> bool:
    """Whether a comparison can be told; while runs are added to it, it has no `verdict.json`."""
    if not (folder / "runs.parquet").exists():
        return False
    manifest = read_object(folder / "manifest.json")
    return (folder / "verdict.json").exists() or ("strategies" in manifest and manifest.get("design") is None)


# --- running ----------------------------------------------------------------------------------------------


def _run(made: Scenario | None, is_running: bool) -> None:
    many, button = st.columns([1, 2], vertical_alignment="bottom")
    name = session.key("replications", "run")
    many.number_input(
        say("replications"), 1, 1000, int(draft().data["replications"]), key=name, help=say("replications_help"),
        on_change=lambda: draft().put(("replications",), int(st.session_state[name] or 1)),
    )  # fmt: skip
    pressed = button.button(
        say("run"), icon=":material/play_arrow:", type="primary", disabled=made is None or is_running, key="run",
        width="stretch",
    )  # fmt: skip
    if pressed and made is not None:
        _order(
            do="compare", scenario=made.to_yaml(), folder=str(made.folder.resolve()), out=str(limits().results),
            jobs=limits().jobs, first=FIRST, command="grapevine app",
        )  # fmt: skip


def _order(**order: Any) -> None:
    if office().is_busy():
        st.session_state.refused = say("busy")
    else:
        st.session_state.job = office().order(**order)
        st.session_state.seen = 0
    st.rerun()


@st.fragment(run_every=0.4)
def _while_running() -> None:
    now = job()
    if now is None:
        return
    if now.is_over or now.n_answers != st.session_state.get("seen", 0):
        st.session_state.seen = now.n_answers
        if now.folder is not None and now.n_answers:
            st.session_state.folder = now.folder
        st.rerun()
    with st.container(border=True):
        if not now.total:
            st.progress(0.0, say("loading"))
        else:
            left = "" if now.seconds_left is None else say("left", time=session.time(now.seconds_left))
            failed = say("failed", n=now.failed) if now.failed else ""
            said = say("progress", done=now.done, total=now.total, failed=failed, left=left)
            st.progress(min(1.0, now.done / now.total), said)
        if now.answered and now.n_answers:
            st.caption(say("first_answer", n=now.answered, of=draft().data["replications"]))
        st.button(say("cancel"), icon=":material/stop:", key="cancel", on_click=now.cancel)


def _told() -> None:
    """How the last order ended, once it has."""
    now = job()
    if st.session_state.get("refused"):
        shown.refuse(st.session_state.pop("refused"))
    if now is None or not now.is_over:
        return
    if now.n_answers and now.folder is not None and st.session_state.get("told_job") is not now:
        st.session_state.folder, st.session_state.told_job = now.folder, now
    if now.error:
        shown.refuse(say("gone_wrong", error=now.error))
        if now.where:
            st.code(now.where)
    elif now.is_cancelled:
        _cancelled(now)
    elif now.answered:
        st.caption(f":green[:material/check_circle:] {say('done_in', n=now.answered, time=session.time(now.seconds))}")


def _cancelled(now: Job) -> None:
    st.warning(say("cancelled", done=now.done, total=now.total or "?"), icon=":material/pause:")
    # the same order, not `resume`: a folder cancelled during the first answer knows of no more than that
    if st.button(say("resume"), icon=":material/play_arrow:", key="go_on"):
        _order(**now.order)


def resume(folder: Path) -> None:
    """A button that goes on with a folder."""
    if st.button(say("resume"), icon=":material/play_arrow:", key=f"resume_{folder.name}"):
        _order(do="resume", to=str(folder), jobs=limits().jobs)


# --- reading ----------------------------------------------------------------------------------------------


def answer(folder: Path) -> None:
    """The verdict of a folder and the screens of its report; another one beside it if asked."""
    try:
        shown.story_of(folder).answer  # noqa: B018  (worked out here, where a refusal can be told)
    except InputError as error:
        shown.refuse(error)
        return
    st.divider()
    others = [path for path in limits().result_folders().values() if path != folder and _has_answer(path)]
    chosen = st.selectbox(
        say("compare_with"), [None, *others], key="beside",
        format_func=lambda path: say("none") if path is None else path.relative_to(limits().folder).as_posix(),
    )  # fmt: skip
    if chosen is None:
        _one(folder)
    else:
        _two(folder, chosen)


def _one(folder: Path) -> None:
    ground.fitness(folder)
    shown.sentence(folder)
    places = st.tabs([*(say(word) for word in _SCREENS.values()), say("download_report")], key="report_screens")
    for place, name in zip(places, _SCREENS, strict=False):
        with place:
            if name == "verdict":
                shown.table(folder)
            _screen(folder, name)
    with places[-1]:
        _report(folder)
    st.caption(f"{say('shown_folder')}: `{folder.relative_to(limits().folder)}`")


def _two(folder: Path, other: Path) -> None:
    first, second = Results.open(folder).scenario, Results.open(other).scenario
    lines = difference(second, first)
    with st.expander(say("differs"), expanded=True):
        st.markdown("\n".join(f"- {shown.plain(line)}" for line in lines) if lines else say("same_question"))
    name = st.segmented_control(
        say("screens"), list(_SCREENS), default="verdict", format_func=lambda one: say(_SCREENS[one]),
        key="beside_screen", required=True, label_visibility="collapsed",
    )  # fmt: skip
    for place, path in zip(st.columns(2, gap="large"), (folder, other), strict=True):
        with place:
            st.caption(f"`{path.relative_to(limits().folder)}`")
            ground.fitness(path)
            shown.sentence(path)
            if name == "verdict":
                shown.table(path, path.name)
            _screen(path, name or "verdict", path.name)


def _screen(folder: Path, name: str, place: str = "") -> None:
    """One screen of the report: charts, or words and tables."""
    if name in ground.TOLD:
        ground.TOLD[name](folder)
    else:
        shown.screen(folder, name, place)


@st.cache_data(max_entries=8, show_spinner=False)
def _html(folder: str, stamped: str, lang: Any) -> str:
    from sim.report import render

    return render(folder, lang)


def _report(folder: Path) -> None:
    """The whole report: made when asked for, shown here, and to take away."""
    key = ("report", str(folder), shown.stamp(folder), session.lang())
    st.caption(say("report_help"))
    if st.session_state.get("report") != key:
        st.button(
            say("make_report"), icon=":material/description:", key="make_report",
            on_click=lambda: st.session_state.update(report=key),
        )  # fmt: skip
        return
    with st.spinner(say("working")):
        text = _html(str(folder), shown.stamp(folder), session.lang())
    st.download_button(
        say("download_report"), text, f"{folder.name}.html", "text/html", icon=":material/download:", on_click="ignore",
        key="download_report", type="primary",
    )  # fmt: skip
    st.iframe(text, height=900)
