"""Changed copies of a scenario, and a scenario in words: templates, differences, warnings, the schema."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from sim import arrivals, events
from sim.errors import InputError, ScenarioError
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
from tests.campus import CAMPUS_SCENARIO, TREE

# --- changes ------------------------------------------------------------------------------------------


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


# --- words --------------------------------------------------------------------------------------------


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
        {
            "days": 20,
            "events": [],
            "strategies": {"a": {"kind": "coupon", "face": 900, "min_price": 0}},
            "replications": 4,
        }
    )
    said = " ".join(scenario.warnings())
    assert "retention_d30 needs at least 31 measured days" in said
    assert "strategies.a: face 900.00 exceeds" in said
    assert "only 1 world" in said


# --- one fact, one place ------------------------------------------------------------------------------


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
    """A scenario with this arrival rule, this event, or this tactic."""
    one = {"kind": kind, **fields}
    if kind in events.registry():
        return {"events": [{"kinds": ["push"], **one} if kind == "ban" else one]}
    return {"arrival": one} if kind in arrivals.registry() else {"strategies": {"a": one}}


def test_schema_says_what_the_loader_does() -> None:
    told = schema()
    assert set(told["properties"]) == set(TREE) | {"description", "calendar", "analytics", "budgets", "margin"}
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
