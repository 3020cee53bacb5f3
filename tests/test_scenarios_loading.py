"""What a scenario's text means, and what is refused, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import InputError, ScenarioError
from sim.scenario import SWITCHES, Scenario
from tests.campus import CAMPUS, CAMPUS_SCENARIO, LINES, changed, load, refused

# --- what is good --------------------------------------------------------------------------------


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


# --- what is bad: each case of the contract with its line ------------------------------------------


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
    ("- kind: season", "- 1\n- kind: season", "events[0]: wrong type: found 1, allowed an event, like {kind: season"),
    ("- kind: season", "- kind: saeson", "events[0].kind: unknown kind: found 'saeson'"),
    ("- kind: stock_out", "- kind: stockout", "Did you mean 'stock_out'?"),
    ("products: [3, 5]", "product: [3, 5]", "events[1].product: unknown key. Did you mean 'products'?"),
    ("shape: peak", "shpe: peak", "events[0].shpe: unknown key. Did you mean 'shape'?"),
    ("shape: peak", "shape: peek", "events[0].shape: unknown value: found 'peek', allowed constant, peak. Did"),
    ("days: 21", "days: 0", "events[0].days: out of range: found 0, allowed 1 to 3,650 (days)"),
    ("start: 45", "start: 90", "events[1].start: starts after the last day: found 90, allowed 0 to 89"),
    ("products: [3, 5]", "products: [3, -5]", "events[1].products[1]: out of range: found -5"),
    ("- kind: stock_out\n  start: 45\n  products: [3, 5]", "- {kind: ban, kinds: [group_by]}", "mean 'group_buy'?"),
    ("- kind: stock_out\n  start: 45\n  products: [3, 5]", "- kind: ban", "events[1].kinds: missing key"),
    ("- kind: stock_out\n  start: 45\n  products: [3, 5]", "- {kind: ban, kinds: []}", "events[1].kinds: too short"),
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
