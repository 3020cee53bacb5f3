"""Whatever is done to a scenario's text, it loads or is refused in one clear message."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario import GRAPHS, MEASURE_NAMES, Scenario, difference, template
from sim.scenario.reader import read_text
from tests.campus import CAMPUS, LINES, TREE, load, refused

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
