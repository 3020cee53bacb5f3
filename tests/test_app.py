"""The web app without a browser: what it lets in, its forms, its words, its workers; and that it computes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

pytest.importorskip("streamlit", reason="the extra app is not installed")
from streamlit.testing.v1 import AppTest

from sim.app import answer, life, town, words
from sim.app.draft import Draft
from sim.app.places import Limits, read_scenario, read_upload
from sim.app.work import Job, Office
from sim.day import EVENT_TYPES
from sim.errors import InputError
from sim.rules.records import CAUSES
from sim.scenario import Scenario
from sim.strategies import registry
from sim.studies.ask import compare

PAGE = str(ROOT / "sim" / "app" / "page.py")
SMALL = """
name: corner
days: 12
burn_in_days: 2
replications: 6
noise_per_world: 1
population: {size: 300}
graph: {kind: random, mean_degree: 6}
catalogue: {size: 12}
strategies:
  team_up: {kind: group_buy, discount: 0.2}
  coupons: {kind: share_coupon, face: 3.00}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one scenario, in which the app is started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corner.yaml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def page(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page of one tab, in that folder; no worker waits."""
    import streamlit as st

    monkeypatch.setattr(Office, "prepare", lambda self: None)
    st.cache_resource.clear()
    yield AppTest.from_file(PAGE, default_timeout=120)
    st.cache_resource.clear()


def open_small(page: AppTest, screen: str, lang: str = "en") -> AppTest:
    """The page with the small scenario on one of its screens."""
    page.session_state["draft"] = Draft(Scenario.from_yaml(SMALL))
    page.session_state["screen"], page.session_state["lang"] = screen, lang
    page.run()
    assert not page.exception, page.exception[0].stack_trace
    return page


def box(page: AppTest, kind: str, name: str) -> Any:
    """A widget by the path it shows."""
    return next(one for one in page.get(kind) if one.key and one.key.partition("/")[2] == name)


# --- what it lets in -------------------------------------------------------------------------------------


def test_only_the_chosen_folder_is_read(here: Path) -> None:
    limits = Limits(here / "inside")
    limits.folder.mkdir()
    (limits.folder / "link.yaml").symlink_to(here / "corner.yaml")
    for path in ("../corner.yaml", str(here / "corner.yaml"), "link.yaml", "a/../../corner.yaml"):
        with pytest.raises(InputError, match="outside"):
            read_scenario(path, limits)
    assert read_scenario("demo", limits).name == "demo"
    assert read_scenario("corner.yaml", Limits(here)).name == "corner"


BAD_UPLOADS = {
    "a file elsewhere": (SMALL.replace("{kind: random, mean_degree: 6}", "{kind: file, path: /etc/passwd}"), "outside"),
    "a way out": (SMALL.replace("{size: 12}", "{path: ../../products.csv}"), "outside"),
    "a tag": (SMALL + "description: !!python/object/apply:os.system [id]\n", "tags"),
    "an anchor": (SMALL + "description: &a x\n", "anchors"),
    "no scenario": ("just text", "mapping"),
    "an unknown lever": (SMALL.replace("discount", "discont"), "discount"),
    "too many people": (SMALL.replace("size: 300", "size: 3000000"), "at most 200,000"),
    "too large": ("#" * 1_100_000, "too large"),
}


@pytest.mark.parametrize("case", BAD_UPLOADS)
def test_a_bad_upload_is_refused_with_a_reason(here: Path, case: str) -> None:
    text, reason = BAD_UPLOADS[case]
    with pytest.raises(InputError, match=re.escape(reason)):
        read_upload("mine.yaml", text.encode(), Limits(here))


def test_bytes_that_are_no_text_are_refused(here: Path) -> None:
    with pytest.raises(InputError, match="UTF-8"):
        read_upload("mine.yaml", b"\xff\xfe\x00", Limits(here))


def test_an_upload_may_name_files_of_the_folder(here: Path) -> None:
    (here / "edges.csv").write_text("source,target\n" + "".join(f"{k},{k + 1}\n" for k in range(50)))
    text = SMALL.replace("{kind: random, mean_degree: 6}", "{kind: file, path: edges.csv}")
    assert read_upload("mine.yaml", text.encode(), Limits(here)).graph.kind == "file"


# --- the draft ---------------------------------------------------------------------------------------------


def test_a_draft_asks_what_its_scenario_asks(here: Path) -> None:
    for name in ("demo", "campus", "one_purse", "stress_test"):
        scenario = Scenario.load(name)
        assert Draft(scenario).scenario(Limits(here)).digest == scenario.digest


def test_strategies_are_added_copied_renamed_removed(here: Path) -> None:
    draft = Draft(Scenario.from_yaml(SMALL))
    assert draft.add("push") == "push"
    assert draft.add("push") == "push_2"
    assert draft.duplicate("team_up") == "team_up_2"
    assert draft.labels == ["team_up", "team_up_2", "coupons", "push", "push_2"]
    draft.put(("strategies", "team_up_2", 0, "discount"), 0.4)
    assert draft.get(("strategies", "team_up", 0, "discount")) == 0.2
    draft.rename("team_up_2", "deep")
    draft.add_tactic("deep", "coupon")
    made = draft.scenario(Limits(here))
    assert [tactic.kind for tactic in made.tactics("deep")] == ["group_buy", "coupon"]
    for taken in ("coupons", "control", "a b", ""):
        with pytest.raises(InputError, match="label"):
            draft.rename("deep", taken)
    draft.remove_tactic("deep", 0)
    draft.remove_tactic("deep", 0)
    assert "deep" not in draft.labels


# --- the page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("screen", ["ask", "tactics", "answer", "watch", "folders"])
def test_every_screen_opens_in_both_languages(page: AppTest, screen: str, lang: str) -> None:
    open_small(page, screen, lang)
    said = " ".join([*(one.value for one in page.caption), *(one.label for one in page.button)])
    assert bool(re.search("[\u4e00-\u9fff]", said)) == (lang == "zh")


class _AtWork:
    """A job of which nothing was heard yet."""

    done = total = failed = n_answers = 0
    folder = answered = seconds_left = None
    error = where = ""
    is_over = is_cancelled = False
    seconds = 1.0

    def cancel(self) -> None:
        raise AssertionError("nobody cancels it")


def test_a_run_that_ends_while_the_page_is_drawn_leaves_the_button_on(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.session_state["job"] = job = _AtWork()
    told = answer._shown

    def ends(made: Scenario | None) -> None:
        told(made)
        job.is_over = True

    monkeypatch.setattr(answer, "_shown", ends)
    open_small(page, "answer")
    assert job.is_over
    assert not page.button(key="run").disabled


def test_every_tactic_has_a_form_with_all_its_levers(page: AppTest) -> None:
    draft = Draft(Scenario.from_yaml(SMALL))
    draft.data["strategies"] = {}
    for kind in registry():
        draft.add(kind)
    page.session_state["draft"], page.session_state["screen"] = draft, "tactics"
    page.run()
    assert not page.exception, page.exception[0].stack_trace
    widgets = ("slider", "number_input", "text_input", "selectbox", "multiselect", "toggle")
    shown = {one.key.partition("/")[2] for kind in widgets for one in page.get(kind) if one.key}
    for kind, tactic in registry().items():
        for name in set(tactic.model_fields) - {"kind", "target"}:
            path = f"strategies/{kind}/0/{name}"
            assert path in shown or f"on/{path}" in shown, path


def test_a_changed_lever_is_asked_and_warned_of_as_check_does(page: AppTest) -> None:
    open_small(page, "tactics")
    box(page, "slider", "strategies/team_up/0/discount").set_value(0.85).run()
    draft: Draft = page.session_state["draft"]
    assert draft.get(("strategies", "team_up", 0, "discount")) == 0.85
    warned = draft.scenario(Limits(Path())).warnings()
    assert any("below cost" in text for text in warned)
    plain = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in page.markdown))
    assert all(text in plain for text in warned)


def test_what_is_wrong_is_said_at_once_and_cannot_be_run(page: AppTest) -> None:
    open_small(page, "ask")
    box(page, "text_input", "name").set_value("no / name").run()
    assert any("not a name" in one.value for one in page.error)
    page.session_state["screen"] = "answer"
    page.run()
    assert page.button(key="run").disabled


def test_the_estimate_is_that_of_check(page: AppTest, here: Path) -> None:
    from typer.testing import CliRunner

    from sim.cli.commands import app

    open_small(page, "ask")
    told = json.loads(CliRunner().invoke(app, ["check", "corner.yaml", "--json"]).stdout)["estimate"]
    said = " ".join(one.value for one in page.caption)
    assert f"People **{told['shoppers']:,}**" in said
    assert f"Ties **{told['ties']:,}**" in said
    assert f"Runs **{told['runs']:,}**" in said


# --- running -------------------------------------------------------------------------------------------------


def _order(here: Path, scenario: Scenario, **more: Any) -> dict[str, Any]:
    order = {"do": "compare", "scenario": scenario.to_yaml(), "folder": str(here), "out": str(here / "results")}
    return {**order, "jobs": 1, "first": 2, "command": "grapevine app", **more}


def test_a_worker_answers_as_the_command_line_does(here: Path) -> None:
    """A first answer, then all; the same bytes as `sim.compare`; a second order resumes what a cancel left."""
    import sim

    scenario = sim.Scenario.load("corner.yaml")
    job = Job()
    job.give(_order(here, scenario))
    assert job.wait(300)
    assert not job.error, job.where
    assert (job.n_answers, job.answered) == (2, 6)
    assert (job.done, job.failed) == (18, 0)
    assert job.folder is not None
    expected = sim.compare(scenario, jobs=1, to=here / "elsewhere")
    for name in ("verdict.json", "runs.parquet", "daily.parquet"):
        assert (job.folder / name).read_bytes() == (expected.folder / name).read_bytes()


@pytest.mark.slow
def test_an_order_that_is_refused_says_why(here: Path) -> None:
    (here / "results").write_text("a file")
    job = Job()
    job.give(_order(here, Scenario.load("corner.yaml")))
    assert job.wait(300)
    assert "results folder" in job.error
    assert not job.where


@pytest.mark.slow
def test_a_cancelled_folder_is_gone_on_with(here: Path) -> None:
    scenario = Scenario.load("corner.yaml").with_({"replications": 300, "population.size": 3000})
    job = Job()
    job.give(_order(here, scenario, first=300))
    while job.done < 20:
        assert not job.is_over
    job.cancel()
    assert job.wait(60)
    assert not job.error
    assert job.done < 900
    assert job.folder is not None
    ledger = sqlite3.connect(job.folder / "runs.sqlite")
    (kept,) = ledger.execute("SELECT count(*) FROM runs").fetchone()
    ledger.close()
    assert kept > 0
    again = Job()
    again.give({"do": "resume", "to": str(job.folder), "jobs": 1})
    while not again.total:
        assert not again.is_over, again.error
    assert again.total == 900 - kept  # the part it was at is played again, finished parts are not
    again.cancel()
    assert again.wait(60)


@pytest.mark.slow
def test_a_worker_ends_with_the_app() -> None:
    job = Job()
    job.dismiss()
    assert job.wait(120)
    assert not job.error


# --- a world day by day -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Any:
    import sim

    scenario = sim.Scenario.from_yaml(SMALL).with_({"population.registered_share": 0.5, "days": 20})
    return scenario, sim.simulate(scenario, "team_up", events=True)


def test_every_event_and_cause_has_words() -> None:
    assert set(EVENT_TYPES) <= life.known_kinds()
    assert set(CAUSES) == life.known_causes()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_events_are_told(run: Any, lang: Any) -> None:
    events = run[1].events
    for kind, some in events.groupby("type"):
        for one in some.head(20).itertuples():
            said = life.sentence(one, lang)
            assert str(one.agent) in said, kind
            assert one.item < 0 or kind in ("register", "lapse") or str(one.item) in said
            assert "{" not in said


def test_a_life_is_all_she_did_and_heard(run: Any) -> None:
    events = run[1].events
    who = int(events[events["type"] == "message"]["other"].mode().iloc[0])
    told = life.life(events, who, "en")
    hers = events[events["agent"] == who]
    heard = events[(events["other"] == who) & (events["type"] == "message")]
    assert len(told) >= len(hers) + len(heard)
    assert [day for day, _ in told] == sorted(day for day, _ in told)
    assert sum(text.startswith("Hears from") for _, text in told) == len(heard)
    assert sum(text.startswith("She buys") for _, text in told) == (hers["type"] == "order").sum()


def test_states_are_those_of_the_journal(run: Any) -> None:
    """On the last evening: who has left, who is registered, who was there, as the run's own table says."""
    scenario, journal = run
    ids, last = journal.shoppers["id"].tolist(), scenario.days - 1
    state = dict(zip(ids, town.states(journal.events, journal.shoppers, ids, last), strict=True))
    for one in journal.shoppers.itertuples():
        if one.status == "prospect":
            assert state[one.id] == "prospect"
        elif state[one.id] in ("visited", "bought"):
            assert one.last_visit_day == last
        elif one.status == "lapsed":
            assert state[one.id] == "left_shop"
    day = journal.daily.iloc[last]
    assert sum(one in ("visited", "bought") for one in state.values()) == day["visits"]
    bought = journal.orders[journal.orders["day"] == last]["agent"].nunique()
    assert sum(one == "bought" for one in state.values()) == bought


def test_a_circle_is_who_is_nearest(run: Any) -> None:
    import networkx as nx

    from sim.engines import World

    graph = World.build(run[0], 0).graph
    centre = int(graph.ids[graph.degree.argmax()])
    people = town.circle(graph, centre, 40)
    network = graph.to_networkx()
    far = nx.single_source_shortest_path_length(network, centre)
    steps = deque(far[one] for one in people.ids)
    assert people.ids[0] == centre
    assert len(people.ids) == 40
    assert list(steps) == sorted(steps)
    assert max(steps) <= min(far[one] for one in far if one not in people.ids) or len(far) == 40
    for a, b in people.ties:
        assert network.has_edge(people.ids[a], people.ids[b])


def test_a_first_answer_is_shown_while_runs_are_added(page: AppTest, here: Path) -> None:
    made = Scenario.from_yaml(SMALL).with_({"replications": 2})
    folder = compare(made, jobs=1, to=here / "results" / "corner").folder
    (folder / "verdict.json").unlink()  # as it is from the moment on that another run is added
    page.session_state["folder"] = folder
    open_small(page, "answer")
    assert any(one.value.startswith("#### ") and "GMV" in one.value for one in page.markdown)


# --- folders that came by mail -----------------------------------------------------------------------------------


def test_a_calibration_says_whether_it_is_fit(page: AppTest, here: Path) -> None:
    shutil.copytree(ROOT / "calibration" / "cdnow", here / "results" / "cdnow")
    open_small(page, "folders")
    assert any("Not fit for decisions" in one.value for one in page.error)
    shown = [set(one.value.columns) for one in page.dataframe]
    assert {"coefficient", "median", "5 %", "95 %", "status"} in shown
    failed = json.loads((here / "results" / "cdnow" / "posterior.json").read_text())["failed_checks"]
    (checks,) = (one.value for one in page.dataframe if "passed" in one.value.columns)
    assert checks.loc[checks["passed"] == "no", "Check"].tolist() == failed


@pytest.mark.parametrize("what", ["manifest", "table", "calibration", "link", "sentences"])
def test_a_crafted_folder_shows_text_or_is_refused(page: AppTest, here: Path, tmp_path: Path, what: str) -> None:
    folder = here / "results" / "mailed"
    folder.mkdir(parents=True)
    evil = "![x](http://example.org/x.png) <img src=x onerror=alert(1)> [a](javascript:alert(1))"
    (folder / "manifest.json").write_text("{}")
    if what == "manifest":
        (folder / "manifest.json").write_text(json.dumps({"design": [evil], "results_version": {}, "files": 3}))
        (folder / "verdict.json").write_text('{"worlds_from": 3}')
    elif what == "table":
        (folder / "runs.parquet").write_bytes(b"PAR1 this is no table PAR1")
    elif what == "calibration":
        wrong = {
            "sentence": evil,
            "fit_for_decisions": "yes",
            "checks": [3, {"sentence": evil}],
            "coefficients": {"a": evil},
        }
        (folder / "calibration.json").write_text(json.dumps(wrong))
    elif what == "link":
        (tmp_path.parent / "secret.csv").write_text("password\nhunter2\n")
        (folder / "a.csv").symlink_to(tmp_path.parent / "secret.csv")
    else:
        (folder / "robustness").mkdir()
        (folder / "robustness" / "robustness.json").write_text(json.dumps({"sentences": {evil: [evil, 3]}}))
    open_small(page, "folders")
    assert not page.exception
    said = [one.value for kind in ("markdown", "error", "caption") for one in page.get(kind)]
    assert not [text for text in said if re.search(r"(?<!\\)\]\((http|java)", text)]
    assert "hunter2" not in str(said) + "".join(one.value for one in page.code) + "".join(
        one.value.to_csv() for one in page.dataframe
    )
    if what in ("table", "link", "calibration"):
        assert page.error


# --- words ---------------------------------------------------------------------------------------------------------


def test_every_text_is_there_in_both_languages_with_the_same_holes() -> None:
    for key in words.keys():  # noqa: SIM118  (a function, not a mapping)
        english, chinese = words.text(key, "en"), words.text(key, "zh")
        assert english
        assert chinese
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese)), key
    for tactic in registry().values():
        assert all(re.search("[\u4e00-\u9fff]", said) for said in words.tactic_text(tactic, "zh")[:4])


def test_every_text_is_used() -> None:
    """No text that only a test reaches."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim" / "app").glob("*.py"))
    made = {f"grade_{grade}" for grade in "ABCD"} | set(town.STATES)
    for key in words.keys():  # noqa: SIM118
        assert key in made or len(re.findall(rf"[\"']{key}[\"']", code)) > 1, key


def test_the_command_binds_to_this_machine_and_sends_nothing_home() -> None:
    from sim.cli.web import command

    said = " ".join(command(8599, is_headless=True))
    for wanted in ("address=127.0.0.1", "gatherUsageStats=false", "maxUploadSize=1", "enableXsrfProtection=true"):
        assert wanted in said
    assert os.path.exists(command(1, is_headless=True)[4])  # noqa: PTH110
