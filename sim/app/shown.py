"""Pieces that several screens show: the check, a calendar, a verdict, charts; imports `session`, charts, studies, cli.

The check is that of `grapevine check`, the charts are those of the report: this room only sets them on the page.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import streamlit as st

from sim.app import session
from sim.app.session import draft, limits, say
from sim.app.words import measure_text
from sim.charts import BY_STRATEGY, CHARTS, config
from sim.charts.numbers import amount, chance
from sim.cli.show import size
from sim.cli.speed import estimate_of
from sim.errors import InputError
from sim.scenario import Scenario
from sim.scenario.kinds import tactic_kinds
from sim.studies.story import Story

_MAIN = ("gmv_cents", "profit_cents", "retained_share", "retention_d30", "n_buyers", "cost_cents")


def refuse(text: object) -> None:
    """Say what went wrong, word for word: what somebody's file holds is no Markdown, and shows no pictures."""
    st.error(plain(text), icon=":material/error:")


# --- the check ------------------------------------------------------------------------------------------


def check() -> Scenario | None:
    """Say what is wrong with the draft, where money is lost by design, what a comparison needs; None if it is wrong."""
    from sim.studies.compare import check_question

    with st.container(border=True, key="check"):
        try:
            made = draft().scenario(limits())
            check_question(made.decide_on, made.goals)
            estimate = _estimate(_what_is_built(made), made)
            warnings = made.warnings()
        except InputError as error:
            st.error(f"**{say('is_wrong')}**\n" + "\n".join(f"- {plain(one)}" for one in error.problems))
            return None
        if warnings:
            with st.expander(f":orange[:material/warning: {say('warnings', n=len(warnings))}]", expanded=True):
                st.markdown("\n".join(f"- {plain(text)}" for text in warnings))
        else:
            st.markdown(f":green[:material/check_circle: {say('is_sound')}]")
        facts = [
            (say("n_people"), f"{estimate['shoppers']:,}"), (say("n_ties"), f"{estimate['ties']:,}"),
            (say("products"), f"{estimate['products']:,}"), (say("n_runs"), f"{estimate['runs']:,}"),
            (say("time"), session.time(estimate["seconds"])), (say("memory"), size(estimate["memory_bytes"])),
            (say("disk"), size(estimate["disk_bytes"])),
        ]  # fmt: skip
        st.caption(" · ".join(f"{name} **{value}**" for name, value in facts))
        if not estimate["is_measured"]:
            st.caption(f"({say('time')}: {say('rough')})")
    return made


def plain(text: Any) -> str:
    """A message as it is, without meaning anything to Markdown."""
    said = str(text)
    for sign in "\\`*_[]$<>#~|:":
        said = said.replace(sign, f"\\{sign}")
    return said


def _what_is_built(scenario: Scenario) -> str:
    from sim.engines import World

    return World.inputs(scenario) + str((scenario.replications, scenario.days, scenario.burn_in_days, scenario.labels))


@st.cache_data(max_entries=50, show_spinner=False)
def _estimate(built: str, _scenario: Scenario) -> dict[str, Any]:
    """What a comparison needs; the world is built for it once for each that is asked about."""
    from sim.engines import World

    world = World.build(_scenario, 0)
    if len(world.population) > limits().most_shoppers:
        raise InputError(
            "more people than this app runs", found=len(world.population), allowed=f"{limits().most_shoppers:,}"
        )
    return estimate_of(_scenario, world, limits().jobs)


# --- a calendar -------------------------------------------------------------------------------------------


def calendar_strip(tactics: list[dict[str, Any]], scenario: dict[str, Any]) -> None:
    """On which measured days each tactic runs, as a strip from the first to the last."""
    n_days = int(scenario["days"])
    strips = []
    for number, values in enumerate(tactics):
        try:
            tactic = tactic_kinds()[values["kind"]].model_validate(values)
            days = set(tactic.days_on(scenario["calendar"], n_days))  # type: ignore[attr-defined]
        except (ValueError, KeyError):
            continue  # the check says what is wrong
        strips.append(_strip(days, n_days, number))
    if strips:
        ends = f"<span>{say('day_n', n=0)}</span><span>{say('day_n', n=n_days - 1)}</span>"
        st.html(
            f'<div role="img" aria-label="{html.escape(say("when"))}">{"".join(strips)}'
            f'<div style="display:flex;justify-content:space-between;font-size:.75rem;opacity:.7">{ends}</div></div>'
        )


def _strip(days: set[int], n_days: int, number: int) -> str:
    """One bar; runs of days on which it is the same become one block."""
    colours = ("#7e56c2", "#0f9d8a", "#c8500a", "#0072b2")
    blocks, at = [], 0
    while at < n_days:
        end = at
        while end < n_days and (end in days) == (at in days):
            end += 1
        paint = colours[number % len(colours)] if at in days else "transparent"
        blocks.append(f'<div style="flex:{end - at};background:{paint}"></div>')
        at = end
    frame = (
        "display:flex;height:9px;border-radius:4px;overflow:hidden;background:rgba(128,128,128,.18);margin-bottom:3px"
    )
    return f'<div style="{frame}">{"".join(blocks)}</div>'


# --- an answer --------------------------------------------------------------------------------------------


def stamp(folder: Path) -> str:
    """Changes whenever the answer in a folder does."""
    made = [folder / name for name in ("runs.parquet", "robustness")]
    return "/".join(f"{path.stat().st_mtime_ns}" for path in made if path.exists())


@st.cache_resource(max_entries=8, show_spinner=False)
def _story(folder: str, stamped: str) -> Story:
    return Story.of(folder)


def story_of(folder: Path) -> Story:
    """Everything that is told of a folder, worked out once for all tabs."""
    return _story(str(folder), stamp(folder))


@st.cache_data(max_entries=200, show_spinner=False)
def _charts(folder: str, stamped: str, screen: str, lang: Any, strategy: str | None) -> list[dict[str, Any]]:
    story = _story(folder, stamped)
    made = []
    for make in CHARTS[screen]:
        chart = make(story, lang, strategy) if make in BY_STRATEGY else make(story, lang)
        made += [dict(chart)] if chart is not None else []
        if make.__name__ == "waterfall":
            chart = make(story, lang, strategy, "profit_cents")
            made += [dict(chart)] if chart is not None else []
    return made


def draw(chart: dict[str, Any], name: str, **more: Any) -> Any:
    """A chart in the colours of the page's theme."""
    spec = chart | {"config": config(session.theme(), legend_columns=3)}
    return st.vega_lite_chart(spec, theme=None, key=name, width="stretch", alt=chart.get("description"), **more)


def screen(folder: Path, name: str, place: str = "") -> None:
    """One screen of the report: its charts, and for those that need one a strategy to choose."""
    story, strategy = story_of(folder), None
    if any(make in BY_STRATEGY for make in CHARTS[name]) and len(story.others) > 1:
        strategy = st.segmented_control(
            say("of_strategy"), story.others, default=story.subject or story.others[0], key=f"of_{name}{place}",
            required=True,
        )  # fmt: skip
    with st.spinner(say("working")):
        charts = _charts(str(folder), stamp(folder), name, session.lang(), strategy)
    if not charts:
        st.info(say("not_there"))
    for number, chart in enumerate(charts):
        draw(chart, f"chart_{name}{place}_{number}")


def sentence(folder: Path) -> None:
    """What the comparison says, in one sentence."""
    answer = story_of(folder).answer
    said = str(answer["sentence_zh" if session.lang() == "zh" else "sentence"])
    st.markdown(f"#### {plain(said)}")


def table(folder: Path, place: str = "") -> None:
    """The main measures, a row a strategy; any other measure is one choice away."""
    answer, lang = story_of(folder).answer, session.lang()
    asked = answer["decide_on"]
    names = list(dict.fromkeys([asked, *_MAIN, *answer["measures"]]))
    name = st.selectbox(say("measure"), names, key=f"measure{place}", format_func=lambda one: measure_text(one, lang))
    rows = []
    for label, entry in answer["measures"][name].items():
        has_interval = entry["ci_low"] is not None
        low, high = (
            amount(entry[end], name, lang, difference=True) if has_interval else "" for end in ("ci_low", "ci_high")
        )
        is_control = label == answer["control"]
        rows.append({
            say("strategy"): label, say("mean"): amount(entry["mean"], name, lang),
            say("difference"): "" if is_control else amount(entry["diff"], name, lang, difference=True),
            say("interval"): f"{low} … {high}" if has_interval else "",
            say("p_best"): "" if entry["p_best"] is None else chance(entry["p_best"], lang),
        })  # fmt: skip
    st.dataframe(rows, hide_index=True, width="stretch")
