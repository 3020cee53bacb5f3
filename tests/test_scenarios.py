"""The scenario loader: everything bad is refused with file, line and path; everything good comes back the same."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import arrivals
from sim.errors import InputError, ScenarioError, did_you_mean, nearest
from sim.money import in_currency, to_cents
from sim.scenario import (
    GOAL_NAMES,
    GRAPHS,
    MEASURE_NAMES,
    SWITCHES,
    Scenario,
    describe,
    difference,
    find,
    parse_assignment,
    parse_path,
    schema,
    shipped,
    template,
)
from sim.scenario.reader import read_text

CAMPUS = """\
name: campus
description: A campus of 20,000; three ways to spend the same budget.
days: 90
burn_in_days: 30
seed: 7
replications: 20
noise_per_world: 4
decide_on: profit_cents
population:
  size: 20000
  registered_share: 0.25
  personas:
    price_hunter: 0.22
    herd_follower: 0.18
    trust_driven: 0.15
    kol_fan: 0.12
    loyal_member: 0.10
    experience_seeker: 0.08
    silent_lurker: 0.15
graph:
  kind: powerlaw_cluster
  mean_degree: 10
  triangle_share: 0.3
catalogue:
  size: 60
arrival:
  kind: bass
  p: 0.001
  q: 0.02
  well_mixed: off
params:
  b_h: 0.30
switches:
  social: on
  platform: on
  product: on
  personal: on
  psychological: on
goals:
  retention_d30: 0.10
  profit: 0.00
events: []
strategies:
  team_up:
    kind: group_buy
    discount: 0.20
    size: 2
    window_days: 1
  coupons:
  - kind: share_coupon
    face: 5.00
    start: 14
    stop: 60
    budget: 50000
  - kind: coupon
    face: 2.50
    target:
      lifecycle: [silent]
"""
LINES = CAMPUS.splitlines()
TREE: dict[str, Any] = yaml.safe_load(CAMPUS)
CAMPUS_SCENARIO = Scenario.from_yaml(CAMPUS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes, name: str = "campus.yaml") -> Scenario:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return Scenario.load(name if "/" in name else Path(name))


def refused(text: str | bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert all(problem.file == "campus.yaml" for problem in caught.value.problems)
    return caught.value


def changed(old: str, new: str) -> str:
    assert CAMPUS.count(old) == 1, old
    return CAMPUS.replace(old, new)


# --- what is good ----------------------------------------------------------------------------------


def test_a_scenario_means_what_it_says(folder: Path) -> None:
    scenario = load(CAMPUS)
    assert scenario.labels == ("control", "team_up", "coupons")
    assert scenario.population.size == 20_000
    assert scenario.graph.kind == "powerlaw_cluster"
    coupons = scenario.tactics("coupons")
    assert [tactic.kind for tactic in coupons] == ["share_coupon", "coupon"]
    assert coupons[0].face == 500  # cents
    assert coupons[0].budget == 5_000_000
    assert scenario.tactics("control") == ()
    assert scenario.switches["social"] is True
    assert scenario.goals == {"retention_d30": 0.1, "profit": 0.0}
    assert scenario.coefficients().b_h == 0.30


def test_defaults_alone_are_a_scenario(folder: Path) -> None:
    scenario = load("seed: 3\n", "small.yaml")
    assert scenario.name == "small"
    assert scenario.labels == ("control",)
    assert scenario.population.size == 10_000
    assert sum(scenario.population.personas.values()) == pytest.approx(1.0)
    assert scenario.switches == dict.fromkeys(SWITCHES, True)


@pytest.mark.parametrize(
    ("word", "value"), [("on", True), ("off", False), ("yes", True), ("no", False), ("true", True), ("False", False)]
)
def test_switches_in_every_spelling_of_yaml(word: str, value: bool) -> None:
    assert Scenario.from_yaml(f"switches: {{social: {word}}}").switches["social"] is value


def test_a_switch_turns_off_its_block() -> None:
    scenario = Scenario.from_yaml("switches: {social: off}")
    assert scenario.coefficients().b_h == 0.0
    assert scenario.coefficients().b_p != 0.0


def test_numbers_people_write() -> None:
    scenario = Scenario.from_yaml("population: {size: 20_000, registered_share: 1}\nparams: {organic: 1e-3}\n")
    assert scenario.population.size == 20_000
    assert scenario.population.registered_share == 1.0
    assert scenario.params["organic"] == 0.001


def test_control_may_be_named_but_not_changed() -> None:
    assert Scenario.from_yaml("strategies: {control: [], other: []}").labels == ("control", "other")
    with pytest.raises(ScenarioError, match=r"strategies\.control: control cannot have tactics"):
        Scenario.from_yaml("strategies: {control: {kind: coupon}}")


def test_chinese_labels_and_names(folder: Path) -> None:
    scenario = load("name: 校园\nstrategies:\n  拼团: {kind: group_buy}\n")
    assert scenario.labels == ("control", "拼团")
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario


def test_one_shopper_one_day_no_friends() -> None:
    tiny = Scenario.from_yaml(
        "days: 1\nburn_in_days: 0\npopulation: {size: 1}\ngraph: {kind: none}\ncatalogue: {size: 1}"
    )
    assert tiny.population.size == 1


# --- what is bad: each case of the contract with its line -------------------------------------------


CASES = [
    ("discount: 0.20", "discont: 0.20", "strategies.team_up.discont: unknown key. Did you mean 'discount'?"),
    ("days: 90", "days: '90'", "days: wrong type: found '90', allowed a whole number"),
    ("days: 90", "days: true", "days: wrong type: found true"),
    ("days: 90", "days: 90.5", "days: wrong type: found 90.5"),
    ("days: 90", "days: 0", "days: out of range: found 0, allowed 1 to 3,650"),
    ("days: 90", "days: 3650", "days: too many days with the burn-in: found 3680"),
    ("seed: 7", "seed: -1", "seed: out of range: found -1"),
    ("seed: 7", "seed: 99999999999999999999999999999", "seed: number too large"),
    ("seed: 7", "seed: 007", "seed: not a plain number: found '007'"),
    ("seed: 7", "sede: 7", "sede: unknown key. Did you mean 'seed'?"),
    ("  size: 20000", "  size: 0", "population.size: out of range: found 0"),
    ("  size: 20000", "  size: -5", "population.size: out of range: found -5"),
    ("  size: 20000", "  size: 5", "population.size, 5"),
    ("  size: 60", "  size: 0", "catalogue.size: out of range: found 0"),
    ("  size: 60", "  sise: 60", "catalogue.sise: unknown key. Did you mean 'size'?"),
    ("price_hunter: 0.22", "price_hunter: 0.32", "shares of personas do not sum to 1: found 1.1, allowed 1"),
    ("price_hunter: 0.22", "price_hunter: -0.22", "population.personas.price_hunter: out of range: found -0.22"),
    ("price_hunter: 0.22", "pricehunter: 0.22", "unknown persona. Did you mean 'price_hunter'?"),
    ("b_h: 0.30", "b_hh: 0.30", "params.b_hh: unknown coefficient. Did you mean 'b_h'?"),
    ("b_h: 0.30", "b_h: -1.4", "params.b_h: out of range: found -1.4, allowed 0 to 1e+06 (utility per sd), usually"),
    ("b_h: 0.30", "b_h: .nan", "params.b_h: not a finite number"),
    ("b_h: 0.30", "b_h: -.inf", "params.b_h: not a finite number"),
    ("b_h: 0.30", "b_h: 1e999", "params.b_h: number too large"),
    ("b_h: 0.30", "b_h: true", "params.b_h: wrong type: found true, allowed a number"),
    ("social: on", "sociall: on", "switches.sociall: unknown switch. Did you mean 'social'?"),
    ("social: on", "social: 1", "switches.social: wrong type: found 1, allowed on or off"),
    ("social: on", "social: 'on'", "switches.social: wrong type: found 'on', allowed on or off"),
    ("profit: 0.00", "profit_cents: 0", "goals.profit_cents: unknown measure. Goals are in currency: write 'profit'."),
    ("profit: 0.00", "profit: 0.001", "goals.profit: too many decimals for money: found 0.001"),
    ("retention_d30: 0.10", "retention_d3: 0.10", "Did you mean 'retention_d30'?"),
    ("decide_on: profit_cents", "decide_on: profit", "decide_on: unknown measure: found 'profit'. Did you mean 'pro"),
    ("kind: powerlaw_cluster", "kind: powerlaw", "graph.kind: unknown kind: found 'powerlaw'"),
    ("triangle_share: 0.3", "triangle_share: 1.3", "graph.triangle_share: out of range: found 1.3, allowed 0 to 1"),
    ("triangle_share: 0.3", "rewire: 0.3", "graph.rewire: unknown key"),
    ("kind: group_buy", "kind: groupbuy", "strategies.team_up.kind: unknown kind: found 'groupbuy'"),
    ("face: 5.00", "face: 5.005", "strategies.coupons[0].face: too many decimals for money: found 5.005"),
    ("face: 5.00", "face: -1", "strategies.coupons[0].face: out of range: found -1, allowed 0.00 or more"),
    ("face: 5.00", "face: five", "strategies.coupons[0].face: not an amount of money: found 'five'"),
    ("stop: 60", "stop: 14", "stop (14) must come after start (14)"),
    ("start: 14\n    stop: 60", "start: 95\n    stop: 96", "coupons[0].start: starts after the last day: found 95"),
    ("lifecycle: [silent]", "lifecycle: [silnt]", "target.lifecycle[0]: unknown value: found 'silnt'"),
    ("lifecycle: [silent]", "personas: [kol_fann]", "Did you mean 'kol_fan'?"),
    ("  team_up:", "  'team up!':", "strategies.team up!: not a label"),
    ("events: []", "events: [1]", "events: events are not available yet"),
    ("name: campus", "name: ../evil", "name: not a name: found '../evil'"),
    ("name: campus", "name: 2024-01-01", "name: a date is not allowed here"),
    ("name: campus", 'name: "a\\0b"', "name: control characters are not allowed"),
    ("name: campus", 'name: "\\ud800"', "name: half of a character is not text"),
    ("seed: 7", "seed: &a 7", "anchors and aliases"),
    ("seed: 7", "seed: *a", "anchors and aliases"),
    ("seed: 7", "seed: !!python/object/apply:os.system ['true']", "tags (!) are not allowed: found '!!python"),
    ("seed: 7", "seed: !!int 7", "tags (!) are not allowed"),
    ("seed: 7", "on: 7", "not a key: found 'on'"),
    ("seed: 7", "<<: {seed: 7}", "Merge keys are not allowed"),
    ("seed: 7", "[a, b]: 7", "not a key"),
    ("seed: 7", "\tseed: 7", "a tab is used for indentation"),
    ("seed: 7", "seed: [[[[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]]]]", "nested more than"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"), CASES, ids=[f"{i}-{new[:30]}" for i, (_, new, _) in enumerate(CASES)]
)
def test_bad_input_is_refused_on_its_line(folder: Path, old: str, new: str, message: str) -> None:
    error = refused(changed(old, new))
    assert message in str(error)
    first_line = next(i for i, line in enumerate(LINES, start=1) if old.split("\n")[0] in line)
    if "personas do not sum" in message:
        first_line = next(i for i, line in enumerate(LINES, start=1) if "personas:" in line)
    if "population.size, 5" in message:
        first_line = next(i for i, line in enumerate(LINES, start=1) if "mean_degree" in line)
    if "must come after" in message:
        first_line = next(i for i, line in enumerate(LINES, start=1) if "kind: share_coupon" in line)
    assert error.line == first_line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "campus.yaml: file is empty"),
        ("# only a comment\n", "campus.yaml: file is empty"),
        ("- 1\n- 2\n", "campus.yaml:1: a scenario is a mapping of keys to values: found a list of 2"),
        ("just text", "campus.yaml:1: a scenario is a mapping"),
        (b"days: 3\nname: \xff\xfe\n", "campus.yaml:2: not UTF-8 text"),
        (b"a\x00b: 1", "malformed YAML"),
        ("days: 3\n---\ndays: 4\n", "campus.yaml:2: more than one document"),
        ("days: [3\nseed: 1\n", "campus.yaml:2: malformed YAML"),
        ("days: 3\nseed: 4\ndays: 5\n", "campus.yaml:3: key 'days' appears twice. It is already on line 1."),
        ("a: " + "[" * 5000, "nested more than"),
        ("#" + "x" * 1_000_001, "file is too large"),
        ('a: "\\UFFFFFFFF"', "malformed YAML"),
        ("graph: random", "campus.yaml:1 graph: wrong type: found 'random', allowed a mapping with a kind"),
        ("graph: {mean_degree: 3}", "campus.yaml:1 graph: missing key 'kind'"),
        ("graph: {kind: file}", "campus.yaml:1 graph.path: missing key"),
        ("graph: {kind: 3}", "graph.kind: unknown kind"),
        ("population: {registered_share: .5}", "campus.yaml:1 population.size: missing key"),
        ("strategies: [1]", "campus.yaml:1 strategies: wrong type"),
        ("strategies: {a: 3}", "campus.yaml:1 strategies.a: wrong type: found 3"),
        ("strategies: {a: {face: 3}}", "campus.yaml:1 strategies.a: missing key 'kind'"),
        ("strategies: {a: [[]]}", "campus.yaml:1 strategies.a[0]: wrong type"),
        ("graph: {kind: configuration, min_degree: 9, max_degree: 3}", "graph.min_degree: above max_degree"),
        ("graph: {kind: community, n_communities: 99999}", "graph.n_communities: more communities than people"),
    ],
)  # fmt: skip
def test_files_that_are_no_scenario(folder: Path, text: str | bytes, message: str) -> None:
    assert message in str(refused(text))


def test_all_problems_are_listed_in_the_order_of_lines(folder: Path) -> None:
    error = refused(
        "dayss: 3\npopulation:\n  size: 100\n  registered_share: 2\nseed: x\nstrategies: {a: {kind: coupon, fase: 1}}\n"
    )
    assert [problem.line for problem in error.problems] == [1, 4, 5, 6]
    assert [line.split(" ")[0] for line in str(error).splitlines()] == [f"campus.yaml:{n}" for n in (1, 4, 5, 6)]


def test_billion_laughs_is_refused_at_once(folder: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "anchors and aliases" in str(refused("\n".join(lines)))


def test_files_and_names_that_do_not_exist(folder: Path) -> None:
    Path("campus.yaml").write_text(CAMPUS, encoding="utf-8")
    for wanted, message in [
        ("campuss.yaml", "campuss.yaml: file not found. Did you mean 'campus.yaml'?"),
        ("nowhere/x.yaml", "file not found"),
        ("baselin", "no such scenario: found 'baselin'. Did you mean 'baseline'?"),
        (".", "not a file|no such scenario|folder"),
        ("", "not a file"),
    ]:
        with pytest.raises(ScenarioError, match=message.replace("?", r"\?")):
            Scenario.load(wanted)
    with pytest.raises(ScenarioError, match="this is a folder"):
        Scenario.load(folder)


def test_unknown_strategy_label_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'team_up'"):
        CAMPUS_SCENARIO.tactics("team-upp")


# --- files a scenario names ---------------------------------------------------------------------------


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


WITH_FILES = """\
graph: {kind: file, path: edges.csv}
catalogue: {path: products.csv}
"""


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    write("deep/edges.csv", "source,target\n1,2\n2,5\n")
    write("deep/products.csv", "id,price\n1,9.99\n")
    write("deep/shop.yaml", WITH_FILES)
    scenario = Scenario.load("deep/shop.yaml")
    assert scenario.files() == {
        "graph.path": Path("deep/edges.csv"),
        "catalogue.path": Path("deep/products.csv"),
    }
    assert scenario.population.size is None
    # As text for another folder the paths lead to the same files.
    write("out/scenario.yaml", scenario.to_yaml(folder="out"))
    again = Scenario.load("out/scenario.yaml")
    assert again.digest == scenario.digest
    assert {file.resolve() for file in again.files().values()} == {file.resolve() for file in scenario.files().values()}


def test_missing_and_malformed_files_are_refused_at_the_door(folder: Path) -> None:
    write("edges.csv", "source,target\n1,2\n2,x\n")
    write("productss.csv", "id,price\n1,9.99\n")
    error = refused_files(WITH_FILES)
    assert "campus.yaml:2 catalogue.path: file not found: found 'products.csv'. Did you mean 'productss.csv'?" in error
    assert re.search(r"edges\.csv:3 .*'x'", error)
    write("products.csv", "id,price\n1,0\n")
    assert re.search(r"products\.csv:2 price: price out of range: found 0", refused_files(WITH_FILES))
    # An old scenario can still be opened where its data are not.
    Path("products.csv").unlink()
    assert Scenario.load("campus.yaml", check_files=False).graph.kind == "file"


def refused_files(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    return str(caught.value)


def test_graph_larger_than_the_population(folder: Path) -> None:
    write("edges.csv", "source,target\n1,2\n2,3\n3,4\n")
    text = "graph: {kind: file, path: edges.csv}\npopulation: {size: 3}\n"
    assert (
        "campus.yaml:2 population.size: the graph has more people than the population: found 3, allowed at least 4"
        in (refused_files(text))
    )
    assert load(text.replace("3}", "9}")).population.size == 9


def test_population_file_has_its_own_size(folder: Path) -> None:
    write("people.csv", "id,persona\n5,kol_fan\n9,price_hunter\n")
    assert load("population: {from: people.csv}\n").population.source == "people.csv"
    assert "allowed 2, or leave it out" in refused_files("population: {from: people.csv, size: 20}\n")
    write("people.csv", "id,persona\n5,kol_fann\n")
    assert "people.csv:2" in refused_files("population: {from: people.csv}\n")


# --- the digest --------------------------------------------------------------------------------------


def test_digest_names_the_question() -> None:
    same = [{"replications": 400}, {"description": "other words"}]
    other = [
        {"seed": 8}, {"days": 91}, {"noise_per_world": 2}, {"params.b_h": 0.31}, {"switches.social": False},
        {"strategies.coupons[1].face": 2.51}, {"goals.profit": 1}, {"decide_on": "gmv_cents"}, {"name": "other"},
        {"strategies.team_up": {"kind": "coupon"}}, {"graph.mean_degree": 9},
    ]  # fmt: skip
    digests = [CAMPUS_SCENARIO.with_(change).digest for change in other]
    assert all(CAMPUS_SCENARIO.with_(change).digest == CAMPUS_SCENARIO.digest for change in same)
    assert len({CAMPUS_SCENARIO.digest, *digests}) == len(other) + 1
    assert re.fullmatch(r"[0-9a-f]{12}", CAMPUS_SCENARIO.digest)


def test_digest_sees_content_not_places(folder: Path) -> None:
    for place in ("a", "b"):
        write(f"{place}/edges-{place}.csv", "source,target\n1,2\n")
        write(f"{place}/shop.yaml", f"graph: {{kind: file, path: edges-{place}.csv}}")
    first, second = Scenario.load("a/shop.yaml"), Scenario.load("b/shop.yaml")
    assert first.digest == second.digest
    write("b/edges-b.csv", "source,target\n1,2\n1,3\n")
    assert first.digest != second.digest


def test_digest_is_the_same_in_another_process(folder: Path) -> None:
    Path("campus.yaml").write_text(CAMPUS, encoding="utf-8")
    code = "import sys; from sim.scenario import Scenario; print(Scenario.load('./campus.yaml').digest)"
    root = Path(__file__).resolve().parents[1]
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(root), "PYTHONHASHSEED": "123", "PATH": "", "HOME": str(folder)},
    )  # fmt: skip
    assert told.stdout.strip() == CAMPUS_SCENARIO.digest


def test_defaults_written_out_ask_the_same_question() -> None:
    short = Scenario.from_yaml("name: x\nstrategies: {a: {kind: coupon}}")
    assert Scenario.from_yaml(short.to_yaml()).digest == short.digest
    assert (
        Scenario.from_yaml("name: x\nstrategies: {a: [{kind: coupon, start: 0}], control: []}").digest == short.digest
    )


# --- changes -----------------------------------------------------------------------------------------


def test_with_makes_a_checked_copy() -> None:
    louder = CAMPUS_SCENARIO.with_(
        {"params.b_h": 0.4, "strategies.team_up.discount": 0.3, "strategies.coupons[1].face": 4, "replications": 40}
    )
    assert louder.params["b_h"] == 0.4
    assert louder.tactics("team_up")[0].discount == 0.3
    assert louder.tactics("coupons")[1].face == 400
    assert louder.replications == 40
    assert CAMPUS_SCENARIO.params["b_h"] == 0.3
    with pytest.raises(Exception, match="frozen"):
        CAMPUS_SCENARIO.days = 3  # type: ignore[misc]


def test_with_can_change_kinds_and_add_strategies() -> None:
    other = CAMPUS_SCENARIO.with_(
        {"graph.kind": "small_world", "graph.rewire": 0.2, "strategies.new": {"kind": "coupon", "face": 3}}
    )
    assert other.graph.rewire == 0.2
    assert other.labels[-1] == "new"
    assert CAMPUS_SCENARIO.with_({"strategies.team_up[0].discount": 0.5}).tactics("team_up")[0].discount == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parms.b_h": 1}, "parms.b_h: unknown path. Did you mean 'params'?"),
        ({"params.b_hh": 1}, "params.b_hh: unknown coefficient. Did you mean 'b_h'?"),
        ({"strategies.teamup.discount": 0.3}, "strategies.teamup: unknown path. Did you mean 'team_up'?"),
        ({"strategies.team_up.discont": 0.3}, "strategies.team_up.discont: unknown key. Did you mean 'discount'?"),
        ({"strategies.coupons.face": 3}, "this is a list"),
        ({"strategies.coupons[7].face": 3}, "strategies.coupons[7]: no such place in the list: allowed 0 to 1"),
        ({"days.x": 3}, "days.x: unknown path"),
        ({"days[0]": 3}, "this is not a list"),
        ({"days": float("nan")}, "days: not a finite number"),
        ({"days": object()}, "days: wrong type: found 'object'"),
        ({"population.size": None}, "population.size: missing key"),
        ({"a[": 3}, "not a path"),
        ({"": 3}, "not a path"),
        ({"catalogue.path": "no.csv"}, "catalogue.path: file not found"),
    ],
)
def test_bad_changes_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        CAMPUS_SCENARIO.with_(change)
    assert message in str(caught.value)


def test_assignments_as_typed() -> None:
    assert parse_assignment("params.b_h=0.4") == ("params.b_h", 0.4)
    assert parse_assignment(" days = 60 ") == ("days", 60)
    assert parse_assignment("switches.social=off") == ("switches.social", False)
    assert parse_assignment("name=a=b") == ("name", "a=b")
    assert parse_assignment("population.size=") == ("population.size", None)
    assert parse_assignment("strategies.x={kind: coupon, face: 3}") == ("strategies.x", {"kind": "coupon", "face": 3})
    for bad in ("days", "=3", "days=!!python/name:os", "x=[1", "x={a: &b 1, c: *b}", "x=.nan"):
        with pytest.raises(InputError):
            parse_assignment(bad)
    assert parse_path("strategies.coupons[1].face") == ("strategies", "coupons", 1, "face")


def test_scenarios_travel_between_processes() -> None:
    again = pickle.loads(pickle.dumps(CAMPUS_SCENARIO))
    assert again == CAMPUS_SCENARIO
    assert again.digest == CAMPUS_SCENARIO.digest
    assert hash(again) == hash(CAMPUS_SCENARIO)


# --- words -------------------------------------------------------------------------------------------


def shipped_and_own() -> list[Scenario]:
    graphs = [{"kind": kind} for kind in GRAPHS if kind != "file"]
    own = [CAMPUS_SCENARIO.with_({"graph": graph}) for graph in graphs]
    return [*own, *(Scenario.load(name, check_files=False) for name in shipped())]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_templates_load_again_as_the_same_scenario(lang: str) -> None:
    for scenario in shipped_and_own():
        text = template(scenario, lang)  # type: ignore[arg-type]
        assert Scenario.from_yaml(text, folder=scenario.folder, check_files=False) == scenario
        assert max(len(line) for line in text.splitlines() if not line.lstrip().startswith("# ")) < 300


def test_a_template_explains_every_field() -> None:
    text = template(CAMPUS_SCENARIO)
    said = " ".join(" ".join(line.strip().removeprefix("#").strip() for line in text.splitlines()).split())
    for model in (
        Scenario,
        type(CAMPUS_SCENARIO.population),
        type(CAMPUS_SCENARIO.graph),
        type(CAMPUS_SCENARIO.catalogue),
    ):
        for field in describe(model):
            assert field.zh, field.name
            if field.name != "kind":
                assert field.description.rstrip(".") in said, field.name
    for tactic in (*CAMPUS_SCENARIO.tactics("team_up"), *CAMPUS_SCENARIO.tactics("coupons")):
        for field in describe(type(tactic)):
            if field.name != "kind":
                words = field.description.rstrip(".")
                assert words[:1].upper() + words[1:] in said


def test_yaml_comes_back_equal() -> None:
    for scenario in shipped_and_own():
        assert Scenario.from_yaml(scenario.to_yaml(), folder=scenario.folder, check_files=False) == scenario


def test_differences_in_words() -> None:
    other = CAMPUS_SCENARIO.with_(
        {
            "days": 120, "params.b_h": 0.5, "goals.profit": 1200.5, "strategies.coupons[0].face": 4,
            "strategies.extra": {"kind": "coupon", "face": 3}, "population.size": 30_000, "switches.social": False,
        }
    )  # fmt: skip
    said = difference(CAMPUS_SCENARIO, other)
    for expected in (
        "days: 90 -> 120 days",
        "population.size: 20,000 -> 30,000 people",
        "params.b_h: 0.3 -> 0.5 utility per sd",
        "switches.social: on -> off",
        "goals.profit: 0.00 -> 1,200.50 (currency)",
        "strategies.coupons[0].face: 5.00 -> 4.00 (currency)",
        "strategies.extra: only in the second ({kind: coupon, face: 3.0})",
    ):
        assert expected in said
    assert len(said) == 7
    assert difference(CAMPUS_SCENARIO, CAMPUS_SCENARIO) == []
    assert len(difference(CAMPUS_SCENARIO, CAMPUS_SCENARIO.with_({"graph.kind": "random"}))) == 1


def test_warnings_name_what_is_probably_not_meant() -> None:
    scenario = CAMPUS_SCENARIO.with_(
        {"days": 20, "strategies": {"a": {"kind": "coupon", "face": 900, "min_price": 0}}, "replications": 4}
    )
    said = " ".join(scenario.warnings())
    assert "retention_d30 needs at least 31 measured days" in said
    assert "strategies.a: face 900.00 exceeds" in said
    assert "only 1 world" in said


# --- one fact, one place -------------------------------------------------------------------------------


def test_names_agree_with_the_floors_they_come_from() -> None:
    from sim.graph import KINDS
    from sim.metrics import MEASURES
    from sim.params import BLOCKS

    assert tuple(MEASURES) == MEASURE_NAMES
    assert len(set(GOAL_NAMES)) == len(MEASURE_NAMES)
    assert tuple(BLOCKS) == SWITCHES
    assert set(KINDS) == set(GRAPHS) - {"file"}
    for kind, knobs in KINDS.items():
        fields = {field.name: field for field in describe(GRAPHS[kind]) if field.name != "kind"}
        assert set(fields) == set(knobs), kind
        for name, setting in knobs.items():
            assert fields[name].default == setting.default, (kind, name)
            low, high = fields[name].low, fields[name].high
            assert setting.low <= (setting.low - 1 if low is None else low), (kind, name)
            assert setting.high >= (setting.high + 1 if high is None else high), (kind, name)


def with_kind(kind: str, **fields: Any) -> dict[str, Any]:
    """A scenario with this arrival rule, or with this tactic."""
    one = {"kind": kind, **fields}
    return {"arrival": one} if kind in arrivals.registry() else {"strategies": {"a": one}}


def test_schema_says_what_the_loader_does() -> None:
    told = schema()
    assert set(told["properties"]) == set(TREE) | {"description"}
    assert told["additionalProperties"] is False
    for definition in told["$defs"].values():
        if "kind" not in definition.get("properties", {}) or "const" not in definition["properties"]["kind"]:
            continue
        kind = definition["properties"]["kind"]["const"]
        if kind in GRAPHS:
            continue
        for name, entry in definition["properties"].items():
            if name in ("start", "stop"):  # also bound by the horizon
                continue
            for part in (entry, *entry.get("anyOf", [])):
                for bound, step in (("minimum", -1), ("maximum", 1)):
                    if bound in part:
                        with pytest.raises(ScenarioError, match="out of range"):
                            Scenario.from_dict(with_kind(kind, **{name: part[bound] + step}))
            if isinstance(entry.get("default"), (int, float)):
                given = with_kind(kind, **{name: entry["default"]})
                assert Scenario.from_dict(given) == Scenario.from_dict(with_kind(kind))


def test_shipped_scenarios_load() -> None:
    for name, path in shipped().items():
        assert find(name) == path
        assert Scenario.load(name, check_files=False).name == name


# --- money, names -------------------------------------------------------------------------------------


@given(st.integers(-(10**12), 10**12))
def test_money_comes_back(cents: int) -> None:
    assert to_cents(cents / 100) == cents
    assert to_cents(in_currency(cents).replace(",", "")) == cents


@pytest.mark.parametrize(
    "value", [True, None, "x", "1e3", "", float("nan"), float("inf"), 1.005, "1.005", 10**400, [], "１"]
)
def test_what_is_not_money(value: Any) -> None:
    with pytest.raises(InputError):
        to_cents(value)


def test_near_cents_are_cents() -> None:
    assert to_cents(0.1 + 0.2) == 30
    assert to_cents(1.1 * 3) == 330


def test_nearest_names() -> None:
    assert nearest("Group-Buy", ["group_buy", "coupon"]) == "group_buy"
    assert nearest("zzz", ["group_buy"]) is None
    assert did_you_mean("zzz", [str(i) for i in range(20)]).endswith("and 8 more.")


def test_errors_travel_between_processes() -> None:
    error = ScenarioError("out of range", file="a.yaml", line=3, path="b.c", found=1.4, allowed="0 to 1")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "a.yaml:3 b.c: out of range: found 1.4, allowed 0 to 1"
    assert (again.file, again.line, again.path) == ("a.yaml", 3, "b.c")


# --- properties ----------------------------------------------------------------------------------------

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

odd_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-3, 200), st.floats(), st.floats(0, 1), st.text(max_size=8),
    st.sampled_from([*GRAPHS, *MEASURE_NAMES[:5], "coupon", "kol_seeding", "price_hunter", "silent", "control", "1e5"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.builds(lambda kind: {"kind": kind}, st.sampled_from([*GRAPHS, "coupon", "group_buy", "x"])),
)  # fmt: skip


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [deeper for key, value in items for deeper in [(*path, key), *paths(value, (*path, key))]]


@st.composite
def mutated_trees(draw: st.DrawFn) -> dict[str, Any]:
    tree = copy.deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        known = paths(tree)
        if not known:
            break
        path = draw(st.sampled_from(known))
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        action = draw(st.sampled_from(["replace", "delete", "rename", "add", "swap"]))
        if action == "delete":
            del parent[path[-1]]
        elif action == "rename" and isinstance(parent, dict):
            parent[draw(st.one_of(st.text(max_size=6), st.sampled_from(list(TREE))))] = parent.pop(path[-1])
        elif action == "add" and isinstance(parent, dict):
            parent[draw(st.text(max_size=6))] = draw(odd_values)
        elif action == "swap":
            parent[path[-1]] = draw(st.sampled_from([copy.deepcopy(v) for v in TREE.values()]))
        else:
            parent[path[-1]] = draw(odd_values)
    return tree


def loads_or_is_refused(text: str | bytes) -> None:
    try:
        scenario = load(text)
    except ScenarioError as error:
        for problem in error.problems:
            assert problem.file is not None
            assert problem.line is not None or problem.path is not None or "empty" in problem.problem
            assert "\n" not in str(problem)
    else:
        again = Scenario.from_yaml(scenario.to_yaml(), check_files=False)
        assert again == scenario
        assert Scenario.from_yaml(template(scenario), check_files=False) == scenario
        assert difference(scenario, again) == []


@QUICK
@given(mutated_trees())
def test_any_mutation_loads_or_is_refused(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.getbasetemp())
        loads_or_is_refused(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))


@QUICK
@given(st.data())
def test_any_damage_to_the_text_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = CAMPUS.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        what = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"\t", b": ", b"- ", b"{", b"&a ", b"!!", b"\n"]))
        )
        text = text[:at] + what + text[at + length :]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.getbasetemp())
        loads_or_is_refused(text)


@QUICK
@given(st.one_of(st.text(max_size=200), st.text(alphabet="{}[]:,-&*!|>%@`'\"#? \n\tabc019.", max_size=60)))
def test_any_text_loads_or_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.getbasetemp())
        loads_or_is_refused(text)


def leaves() -> list[int]:
    """Lines of the campus file that hold one value."""
    return [i for i, line in enumerate(LINES) if re.match(r"[\s-]*\w+: \S", line)]


@pytest.mark.parametrize("row", leaves(), ids=lambda row: LINES[row].strip())
def test_every_wrong_type_is_reported_on_its_own_line(folder: Path, row: int) -> None:
    lines = list(LINES)
    lines[row] = re.sub(r"(: ).*", r"\1{bad: [1]}", lines[row])
    if "kind: powerlaw" in LINES[row] or "events" in LINES[row]:
        assert refused("\n".join(lines)).line in (row + 1, row)
    else:
        assert row + 1 in [problem.line for problem in refused("\n".join(lines)).problems]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
)
keys = st.text("abcdefgh_", min_size=2, max_size=6)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3))


@given(st.recursive(scalars, nested, max_leaves=12))
def test_the_reader_reads_what_yaml_writes(value: Any) -> None:
    text = yaml.safe_dump({"value": value}, allow_unicode=True)
    assert read_text(text).data == {"value": value}
