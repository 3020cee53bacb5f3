"""The command line as people meet it: answers, messages, exit codes, pure JSON; and the README, which must be true."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Typed
from typer.testing import CliRunner

from sim.cli import show
from sim.cli.commands import app
from sim.experiment import Progress

#: the engines are written by other hands; until they are there, nothing can be run
needs_engines = pytest.mark.skipif(
    importlib.util.find_spec("sim.engines.columnar") is None, reason="there are no engines yet"
)

SMALL = """
name: corner_shop
days: 20
burn_in_days: 5
replications: 4
noise_per_world: 1
population: {size: 300}
graph: {kind: random, mean_degree: 6}
catalogue: {size: 12}
strategies:
  team_up: {kind: group_buy, discount: 0.2}
  coupons: {kind: share_coupon, face: 3.00}
"""


class Answer:
    """What a command printed and how it left."""

    def __init__(self, *words: str) -> None:
        done = CliRunner().invoke(app, words)
        self.code, self.out, self.err = done.exit_code, done.stdout, done.stderr
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with one small scenario."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders figures were asked for; none is drawn and no report written, which takes seconds."""
    asked: list[Path] = []

    def note(results: Any, verdict: Any, folder: Path) -> list[Path]:
        asked.append(folder)
        return []

    monkeypatch.setattr("sim.plots.save_figures", note)
    monkeypatch.setattr("sim.cli.comparing.write_beside", lambda results, quiet: None)
    return asked


# --- the way in ------------------------------------------------------------------------------------


def test_help_is_quick_and_names_every_command(typed: Typed) -> None:
    took = []
    for _ in range(3):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = typed("--help", COLUMNS="200")
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        # its own seconds, not those in which a busy machine let it wait
        took.append(ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime)
        assert done.returncode == 0
    for name in (
        "demo",
        "new",
        "check",
        "run",
        "compare",
        "ab-test",
        "optimise",
        "sweep",
        "resume",
        "status",
        "failures",
        "merge",
        "query",
        "export",
        "diff",
        "strategies",
        "events",
        "arrivals",
        "personas",
        "params",
        "scenarios",
        "doctor",
    ):
        assert re.search(rf"\b{name}\b", done.stdout)
    assert min(took) < 0.5


def test_help_needs_none_of_the_heavy_packages() -> None:
    code = "import sys, sim.cli.commands; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in ("numpy", "numba", "pandas", "pyarrow", "pydantic", "matplotlib", "networkx", "mesa"):
        assert name not in done.stdout.split()


def test_version_is_the_packages_own() -> None:
    import sim

    answer = Answer("--version")
    assert answer.code == 0
    assert sim.__version__ in answer.out
    assert str(sim.results_version) in answer.out


# --- bad input: one message on stderr, nothing on stdout, code 2 -------------------------------------

BAD = {
    "no such scenario": (["check", "nothing_like_it"], "no such scenario"),
    "no such file": (["compare", "smal.yaml"], "small.yaml"),
    "no such command": (["comprae", "small.yaml"], "comprae"),
    "no such field": (["compare", "small.yaml", "--set", "dayz=3"], "Did you mean 'days'"),
    "not a change": (["compare", "small.yaml", "--set", "days"], "path=value"),
    "wrong type": (["check", "small.yaml", "--set", "days=many"], "days"),
    "out of range": (["check", "small.yaml", "--set", "days=0"], "days"),
    "no such strategy": (["run", "small.yaml", "--strategy", "team_upp"], "team_up"),
    "no such engine": (["run", "small.yaml", "--strategy", "team_up", "--engine", "magic"], "columnar or objects"),
    "no such tactic": (["strategies", "group_by"], "Did you mean 'group_buy'"),
    "no such arrival rule": (["arrivals", "treshold"], "Did you mean 'threshold'"),
    "no such event": (["events", "sesson"], "Did you mean 'season'"),
    "no such coefficient": (["params", "b_hh"], "Did you mean 'b_h'"),
    "no such language": (["new", "mine", "--lang", "fr"], "en or zh"),
    "no name for a file": (["new", "no/such/folder/mine"], "cannot write"),
    "zero replications": (["compare", "small.yaml", "--replications", "0"], "replications"),
    "zero jobs": (["compare", "small.yaml", "--jobs", "0"], "jobs"),
    "text for a seed": (["compare", "small.yaml", "--seed", "abc"], "seed"),
    "negative seed": (["check", "small.yaml", "--seed", "-1"], "seed"),
    "results in a file": (["compare", "small.yaml", "--out", "small.yaml"], "results folder"),
    "decides on nothing known": (["compare", "small.yaml", "--set", "decide_on=fame"], "decide_on"),
    "decides on what has no better side": (["compare", "small.yaml", "--set", "decide_on=gini_sales"], "decide_on"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_message_and_code_2(here: Path, case: str) -> None:
    words, message = BAD[case]
    answer = Answer(*words)
    assert answer.code == 2
    assert message in re.sub(r"\s*│?\n│?\s*", " ", answer.err)
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert sorted(path.name for path in here.iterdir()) == ["small.yaml"]


def test_message_says_file_and_line(here: Path) -> None:
    (here / "typo.yaml").write_text(SMALL.replace("discount:", "discont:"))
    answer = Answer("check", "typo.yaml")
    assert answer.code == 2
    assert "typo.yaml:11" in answer.err
    assert "Did you mean 'discount'" in answer.err


def test_a_defect_of_ours_is_short_unless_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("no shop")

    monkeypatch.setattr("sim.scenario.Scenario.load", broken)
    answer = Answer("check", "small.yaml")
    assert answer.code == 1
    assert "ZeroDivisionError: no shop" in answer.err
    assert "GRAPEVINE_DEBUG" in answer.err
    assert "Traceback" not in answer.err
    monkeypatch.setenv("GRAPEVINE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        Answer("check", "small.yaml")


def test_ctrl_c_is_130(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.scenario.Scenario.load", interrupted)
    answer = Answer("check", "small.yaml")
    assert answer.code == 130
    assert "interrupted" in answer.err


def test_a_reader_who_leaves_is_no_error(typed: Typed, tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m sim params | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.split()[-1] == "0"


# --- scenarios and catalogues ------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_new_scenario_asks_the_same_question_and_is_never_overwritten(here: Path, lang: str) -> None:
    from sim.scenario import Scenario

    assert Answer("new", "mine", "--from", "demo", "--lang", lang).code == 0
    text = (here / "mine.yaml").read_text(encoding="utf-8")
    assert text.count("#") > 20
    assert ("人群" in text) == (lang == "zh")
    mine, demo = Scenario.load(here / "mine.yaml"), Scenario.load("demo")
    assert mine.with_({"name": "demo"}).digest == demo.with_({"name": "demo"}).digest
    again = Answer("new", "mine.yaml", "--from", "demo")
    assert again.code == 2
    assert "not overwritten" in again.err
    assert (here / "mine.yaml").read_text(encoding="utf-8") == text


def test_diff_says_what_differs_and_nothing_else(here: Path) -> None:
    (here / "other.yaml").write_text(SMALL.replace("face: 3.00", "face: 4.50").replace("days: 20", "days: 30"))
    answer = Answer("diff", "small.yaml", "other.yaml")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert len(lines) == 2
    assert any("days" in line and "20" in line and "30" in line for line in lines)
    assert any("face" in line and "3.00" in line and "4.50" in line for line in lines)
    assert len(Answer("diff", "small.yaml", "other.yaml", "--json").json["differences"]) == 2
    assert "no difference" in Answer("diff", "small.yaml", "small.yaml").out


def test_every_shipped_scenario_is_listed_and_sound() -> None:
    from sim.scenario import Scenario

    listed = {one["name"]: one for one in Answer("scenarios", "--json").json}
    assert set(listed) >= {"baseline", "demo", "campus", "facebook_campus"}
    for path in (ROOT / "scenarios").glob("*.yaml"):
        scenario = Scenario.load(path, check_files=False)
        assert scenario.name == path.stem
        assert listed[scenario.name]["strategies"][0] == "control"
        assert listed[scenario.name]["description"]
        assert path.read_text(encoding="utf-8").count("#") >= 5  # written for people
    plain = Answer("scenarios").out
    assert all(name in plain for name in listed)


def test_demo_is_what_was_promised() -> None:
    from sim.scenario import Scenario

    demo = Scenario.load("demo")
    assert demo.labels == ("control", "group_buy", "share_coupon", "kol_seeding")
    assert (demo.population.size, demo.days, demo.burn_in_days) == (10_000, 90, 30)
    assert (demo.replications, demo.noise_per_world) == (20, 1)
    # nobody may win by spending more
    assert len({tactic.budget for label in demo.labels for tactic in demo.tactics(label)}) == 1


def test_strategies_shows_every_lever_with_its_story() -> None:
    from sim.strategies import registry

    everything = Answer("strategies", "--json").json
    assert set(everything) == set(registry())
    for kind, tactic in registry().items():
        about = Answer("strategies", kind)
        assert about.code == 0
        names = [lever["name"] for lever in everything[kind]["levers"]]
        assert {name for name in names if "." not in name} == set(tactic.model_fields) - {"kind"}
        assert {"target.lifecycle", "when.metric", "when.cool_down_days", "stop_loss.cost_above"} < set(names)
        for lever in everything[kind]["levers"]:
            assert lever["description"]
            assert lever["zh"]
            assert re.search(rf"^{re.escape(lever['name'])}\s", about.out, re.MULTILINE)
        assert "之后的冷却天数" in Answer("strategies", kind, "--lang", "zh").out
        assert tactic.costs in about.out
        assert tactic.backfires in about.out
    assert all(kind in Answer("strategies").out for kind in everything)


def test_arrivals_shows_every_rule_with_its_source(here: Path) -> None:
    from sim.arrivals import registry

    everything = Answer("arrivals", "--json").json
    assert set(everything) == set(registry())
    for kind, rule in registry().items():
        about = Answer("arrivals", kind)
        assert about.code == 0
        assert rule.source in about.out
        assert {one["name"] for one in everything[kind]["coefficients"]} == set(rule.model_fields) - {"kind"}
        for one in everything[kind]["coefficients"]:
            assert one["description"]
            assert one["zh"]
            assert re.search(rf"^{one['name']}\s", about.out, re.MULTILINE)
        assert re.search(rf"^{kind}\s", Answer("arrivals").out, re.MULTILINE)
        said = Answer("check", "small.yaml", "--set", f"arrival.kind={kind}").out
        assert (f"the rule {kind}:" in said) == (kind != "organic")


def test_events_shows_every_kind_with_its_fields(here: Path) -> None:
    from sim.events import registry

    everything = Answer("events", "--json").json
    assert set(everything) == set(registry())
    for kind, event in registry().items():
        about = Answer("events", kind)
        assert about.code == 0
        assert event.source in about.out
        assert {one["name"] for one in everything[kind]["fields"]} == set(event.model_fields) - {"kind"}
        for one in everything[kind]["fields"]:
            assert one["description"]
            assert one["zh"]
            assert re.search(rf"^{one['name']}\s", about.out, re.MULTILINE)
        assert re.search(rf"^{kind}\s", Answer("events").out, re.MULTILINE)
    said = Answer("check", "small.yaml", "--set", "events=[{kind: rival_price_cut, start: 2, days: 3}]").out
    assert "days 2 to 4, all strategies: rival_price_cut" in said
    assert "events[0]: it changes nothing: params.w_rival is 0" in said


def test_params_shows_every_coefficient_with_source_and_status() -> None:
    from sim.params import COEFFICIENTS, Params

    rows = Answer("params", "--json").json
    assert [row["name"] for row in rows] == list(Params._fields)
    for row in rows:
        assert row["status"] in ("verified", "literature", "fitted", "guess")
        assert row["source"]
        assert row["low"] <= row["default"] <= row["high"]
    plain = Answer("params").out
    assert all(re.search(rf"^{name}\s", plain, re.MULTILINE) for name in COEFFICIENTS)
    assert Answer("params", "b_h").out.splitlines()[1].startswith("b_h")


def test_personas_sum_to_one() -> None:
    found = Answer("personas", "--json").json
    assert sum(persona["share"] > 0 for persona in found.values()) == 7
    assert {name for name, persona in found.items() if persona["share"] == 0} == {"young_white_collar", "homemaker"}
    assert sum(persona["share"] for persona in found.values()) == pytest.approx(1.0)
    assert all(name in Answer("personas").out for name in found)


# --- running -----------------------------------------------------------------------------------------


@needs_engines
def test_compare_prints_the_verdict_and_leaves_every_table(here: Path) -> None:
    answer = Answer("compare", "small.yaml", "--jobs", "1")
    assert answer.code == 0, answer.err
    (folder,) = (here / "results").iterdir()
    assert re.fullmatch(r"corner_shop-[0-9a-f]{12}", folder.name)
    names = "manifest.json scenario.yaml runs.parquet timing.parquet daily.parquet cohorts.parquet shoppers.parquet"
    for name in [*names.split(), "ledger.parquet", "failures.parquet", "verdict.json"]:
        assert (folder / name).is_file(), name
    assert {".png", ".svg"} <= {path.suffix for path in (folder / "figures").iterdir()}
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    for key in ("control", "replications", "decide_on", "measures", "best", "goals", "sentence"):
        assert key in verdict
    entry = verdict["measures"]["gmv_cents"]["team_up"]
    assert {"mean", "control_mean", "diff", "ci_low", "ci_high", "p_best", "diff_per_cost"} <= set(entry)
    assert verdict["sentence"] in answer.out
    for word in ("GMV", "retention", "profit", "team_up", "coupons", "95 % interval", str(folder.relative_to(here))):
        assert word in answer.out
    assert str(here) not in (folder / "manifest.json").read_text()


@needs_engines
def test_json_is_pure_and_says_the_same(here: Path) -> None:
    plain = Answer("compare", "small.yaml", "--jobs", "1", "--quiet")
    assert plain.err == ""
    pure = Answer("compare", "small.yaml", "--jobs", "1", "--json")
    assert pure.json["sentence"] in plain.out
    assert pure.json["failed"] == 0
    run = Answer("run", "small.yaml", "--strategy", "team_up", "--json")
    folder = pure.json["folder"]
    import pandas as pd

    runs = pd.read_parquet(Path(folder) / "runs.parquet").set_index(["strategy", "replication"])
    for name in ("gmv_cents", "profit_cents", "n_orders", "dau_mean"):
        assert runs.loc[("team_up", 0), name] == run.json["measures"][name]
    check = Answer("check", "small.yaml", "--json").json
    assert check["estimate"]["shoppers"] == 300
    assert check["strategies"] == ["control", "team_up", "coupons"]


@needs_engines
def test_more_replications_extend_and_a_changed_question_gets_its_own_folder(here: Path, drawn: list[Path]) -> None:
    Answer("compare", "small.yaml", "--jobs", "1", "--replications", "2")
    Answer("compare", "small.yaml", "--jobs", "1", "--replications", "3")
    assert len(list((here / "results").iterdir())) == 1
    assert len(drawn) == 2
    Answer("compare", "small.yaml", "--jobs", "1", "--replications", "2", "--set", "strategies.coupons.face=2")
    assert len(list((here / "results").iterdir())) == 2
    Answer("compare", "small.yaml", "--jobs", "1", "--replications", "2", "--seed", "5", "--out", "elsewhere")
    assert len(list((here / "elsewhere").iterdir())) == 1


@needs_engines
def test_paths_typed_start_from_here_and_paths_written_from_the_scenario(here: Path, drawn: list[Path]) -> None:
    (here / "shop").mkdir()
    (here / "data").mkdir()
    (here / "small.yaml").rename(here / "shop" / "small.yaml")
    (here / "data" / "edges.csv").write_text("source,target\n" + "".join(f"{k},{k + 1}\n" for k in range(100)))
    words = ["shop/small.yaml", "--set", "graph={kind: file, path: ../data/edges.csv}", "--set", "population.size=120"]
    by_file = Answer("check", *words, "--json")
    assert by_file.code == 0, by_file.err
    words = ["shop/small.yaml", "--set", "graph={kind: file, path: x}", "--set", "graph.path=data/edges.csv"]
    words += ["--set", "population.size=120"]
    by_hand = Answer("check", *words, "--json")
    assert by_hand.code == 0, by_hand.err
    assert by_hand.json["digest"] == by_file.json["digest"]  # the content counts, not the way to it
    done = Answer("compare", *words, "--replications", "2", "--jobs", "1", "--json")
    folder = here / done.json["folder"]
    assert str(here) not in (folder / "scenario.yaml").read_text()
    assert str(here) not in (folder / "manifest.json").read_text()
    import sim

    assert sim.Scenario.load(folder / "scenario.yaml").digest == by_file.json["digest"]


@needs_engines
def test_failed_runs_are_told_and_leave_with_3(here: Path, drawn: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import sim.engines

    right = sim.engines.simulate

    def sometimes(scenario: Any, strategy: str, replication: int = 0, **more: Any) -> Any:
        if (strategy, replication) == ("coupons", 1):
            raise RuntimeError("till on fire")
        return right(scenario, strategy, replication=replication, **more)

    monkeypatch.setattr("sim.engines.simulate", sometimes)
    answer = Answer("compare", "small.yaml", "--jobs", "1")
    assert answer.code == 3
    assert "1 of 12 runs failed" in answer.err
    assert "till on fire" in answer.err
    assert "GMV" in answer.out  # the others are compared all the same


@needs_engines
@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_one_run_shows_measures_with_units_and_writes_tables(here: Path, engine: str) -> None:
    answer = Answer("run", "small.yaml", "--strategy", "coupons", "--replication", "1", "--engine", engine, "--events")
    assert answer.code == 0, answer.err
    for word in ("GMV", "currency", "gmv_cents", "retained_share", "%"):
        assert word in answer.out
    (folder,) = (here / "results").iterdir()
    for name in ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events"):
        assert (folder / f"{name}.parquet").is_file()


@needs_engines
def test_check_describes_warns_and_estimates(here: Path) -> None:
    (here / "dear.yaml").write_text(SMALL.replace("discount: 0.2", "discount: 0.9"))
    answer = Answer("check", "dear.yaml")
    assert answer.code == 0, answer.err
    assert "300 shoppers" in answer.out
    assert "team_up, coupons" in answer.out
    assert re.search(r"warning: .*team_up.*below cost", answer.out)
    assert re.search(r"memory [\d.]+ MB, disk [\d.]+ [kM]B", answer.out)


@needs_engines
def test_interrupted_comparison_leaves_130_and_goes_on(here: Path) -> None:
    words = [sys.executable, "-m", "sim", "compare", "small.yaml", "--jobs", "2", "--set", "population.size=3000"]
    words += ["--replications", "40"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=here, env=environment, stderr=subprocess.PIPE) as child:
        try:
            until = time.monotonic() + 200  # the first run after an edit compiles
            while not list(here.glob("results/*/parts/runs/*.parquet")):
                assert time.monotonic() < until
                assert child.poll() is None
                time.sleep(0.02)
            child.send_signal(signal.SIGTERM)  # what batch systems send
            _, errors = child.communicate(timeout=30)
        finally:
            child.kill()
    assert child.returncode == 130
    assert b"interrupted" in errors
    assert b"Traceback" not in errors


@needs_engines
def test_doctor_finds_this_machine_sound() -> None:
    report = Answer("doctor", "--json").json
    assert [test["name"] for test in report["checks"] if not test["passed"]] == []
    assert {"grapevine", "python", "numba", "compiler cache", "cores", "memory"} <= set(report["facts"])


@needs_engines
def test_compare_from_python_answers_with_the_same_verdict(here: Path) -> None:
    import sim

    scenario = sim.Scenario.load("small.yaml").with_({"replications": 2})
    comparison = sim.compare(scenario, jobs=1)
    table = comparison.verdict("gmv_cents")
    assert table.loc["control", "mean"] == table.loc["team_up", "control_mean"]
    written = json.loads((comparison.folder / "verdict.json").read_text(encoding="utf-8"))
    assert written["sentence"] == comparison.sentence
    shares = written["common_retention"]["retention_d1"]
    assert shares["control"]["n_shoppers"] == shares["team_up"]["n_shoppers"]


# --- the README is true ------------------------------------------------------------------------------


def _blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_readme_names_only_commands_that_exist() -> None:
    known = {
        command.callback.__name__.replace("_", "-")
        for command in app.registered_commands
        if command.callback is not None
    }
    known |= {str(group.name) for group in app.registered_groups}
    named = set(re.findall(r"grapevine ([\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named <= known
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))) <= targets


def _as_a_shell_does(here: Path, word: str) -> list[str]:
    return [str(path.relative_to(here)) for path in here.glob(word)] if "*" in word else [word]


@needs_engines
def test_readme_commands_run(here: Path, drawn: list[Path]) -> None:
    lines = [line.partition("#")[0].partition(">")[0] for block in _blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("grapevine")]
    assert commands
    small = ["--set", "population.size=200", "--set", "days=12", "--set", "burn_in_days=2"]
    for words in commands:
        if words[0] == "compare":
            words = [word for word in words if word not in ("--jobs", "8", "--replications", "100")]
            words += [*small, "--jobs", "1", "--replications", "2"]
        if words[0] == "ab-test":
            words += [*small, "--set", "graph.n_communities=8", "--jobs", "1", "--tests", "2", "--worlds", "1"]
        if words[0] == "optimise":
            words += [*small, "--jobs", "1", "--trials", "8", "--replications", "1"]
        if words[0] == "sweep":
            words += [*small, "--jobs", "1", "--replications", "1"]
        if words[0] == "robustness" and "DIR" not in words:
            words += [*small, "--jobs", "1", "--replications", "2", "--points", "4", "--vary", "b_r"]
        found = sorted((here / "results").glob("how_generous-*"))
        words = [str(found[0]) if word == "DIR" else word for word in words]
        answer = Answer(*(path for word in words for path in _as_a_shell_does(here, word)))
        assert answer.code == 0, (words, answer.err)


@needs_engines
def test_readme_python_runs(here: Path) -> None:
    for block in _blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


# --- printing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "cents", "0.00"), (-150, "cents", "-1.50"), (1_234_567_890, "cents", "12,345,679"),
        (0.5, "share", "50.00 %"),
        (12, "count", "12"), (12.34, "count", "12.3"), (1234.5, "count", "1,234"), (1.23456, "ratio", "1.235"),
        (float("nan"), "days", "n/a"), ("x", "cents", "x"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(value: Any, unit: str, text: str) -> None:
    assert show.number(value, unit) == text


def test_differences_have_signs_and_points() -> None:
    assert show.difference(0.012, "share") == "+1.20 pp"
    assert show.difference(-5, "cents") == "-0.05"
    assert show.difference(None, "cents") == "n/a"


def test_tables_line_up_with_wide_letters() -> None:
    lines = show.table(["名称", "n"], [["拼团", "1"], ["ab", "22"]]).splitlines()
    assert lines == ["名称   n", "拼团   1", "ab    22"]


def test_progress_in_a_log_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with show.progress(quiet=False) as step:
        for done in range(5):
            step(Progress(done, 4, 1))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "4/4 runs, 1 failed\n"
    with show.progress(quiet=True) as step:
        step(Progress(4, 4, 0))
    assert capsys.readouterr() == ("", "")
