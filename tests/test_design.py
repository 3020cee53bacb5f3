"""Designs: which points there are, against counting by hand; ranges from the model; every mistake said at the door."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from sim.design import Design, Points, shipped_designs
from sim.errors import InputError
from sim.params import COEFFICIENTS
from sim.scenario import Scenario

BASE = """
name: shop
days: 9
burn_in_days: 1
replications: 2
population: {size: 50}
graph: {kind: random, mean_degree: 4}
strategies:
  team_up: {kind: group_buy, discount: 0.2}
  both: [{kind: share_coupon, face: 3.00}, {kind: push, per_day: 1}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(BASE)
    return tmp_path


def load(here: Path, text: str) -> Design:
    (here / "d.yaml").write_text("scenario: shop.yaml\n" + text)
    return Design.load(here / "d.yaml")


def test_grid_is_every_combination_in_order(here: Path) -> None:
    design = load(here, "factors: {params.b_h: [0.1, 0.4], strategies.team_up.size: [2, 3, 5]}")
    assert design.points.rows == tuple(itertools.product([0.1, 0.4], [2, 3, 5]))
    assert design.name == "d"
    changed = design.points.scenario(design.scenario, 4)
    assert changed.params["b_h"] == 0.4
    assert changed.as_dict()["strategies"]["team_up"]["size"] == 3


def test_one_at_a_time_starts_from_the_scenario_as_it_is(here: Path) -> None:
    text = "kind: one_at_a_time\nlevels: 3\nfactors: {params.b_h: , strategies.team_up.discount: [0.1, 0.2, 0.3]}"
    design = load(here, text)
    b_h = COEFFICIENTS["b_h"]
    assert design.points.rows[0] == (b_h.default, 0.2)
    middle = (b_h.low + b_h.high) / 2
    assert [row[0] for row in design.points.rows[1:4]] == [b_h.low, middle, b_h.high]
    assert design.points.rows[4:] == ((b_h.default, 0.1), (b_h.default, 0.3))  # .2 is point 0 already
    for row in design.points.rows[1:]:
        assert sum(one != usual for one, usual in zip(row, design.points.rows[0], strict=True)) == 1


def test_latin_hypercube_has_one_point_in_every_strip(here: Path) -> None:
    design = load(here, "kind: latin_hypercube\npoints: 10\nfactors: {params.b_h: , params.b_r: {low: 1, high: 2}}")
    for k, (low, high) in enumerate([(COEFFICIENTS["b_h"].low, COEFFICIENTS["b_h"].high), (1, 2)]):
        strips = [int((row[k] - low) / (high - low) * 10) for row in design.points.rows]
        assert sorted(strips) == list(range(10))


def test_sobol_is_balanced_and_keyed_by_its_seed(here: Path) -> None:
    text = "kind: sobol\npoints: 16\nseed: {}\nfactors: {{params.b_h: , params.b_r: }}"
    one, again, other = (load(here, text.format(seed)).points for seed in (3, 3, 4))
    assert one == again
    assert one != other
    row = COEFFICIENTS["b_h"]
    cells = [int((values[0] - row.low) / (row.high - row.low) * 16) for values in one.rows]
    assert sorted(cells) == list(range(16))  # a scrambled Sobol sequence stratifies every axis


def test_values_are_what_the_field_can_hold(here: Path) -> None:
    text = """kind: latin_hypercube
points: 40
factors:
  strategies.team_up.size: {low: 2, high: 4}
  strategies.both[0].face: {low: 1, high: 2}
  population.size: {low: 20, high: 200}
  switches.social:
  params.churn: {low: 0.01, high: 1, scale: log}
"""
    design = load(here, text)
    sizes, faces, people, social, churn = zip(*design.points.rows, strict=True)
    assert {type(size) for size in sizes} == {int}
    assert {sizes.count(size) for size in (2, 3, 4)} <= {13, 14}  # each a third of the strips
    assert all(round(face, 2) == face for face in faces)
    assert all(isinstance(n, int) and 20 <= n <= 200 for n in people)
    assert sorted(set(social)) == [False, True]
    assert sum(value < 0.1 for value in churn) == 20  # half of the strips below the middle of a log scale
    for point in range(len(design.points)):
        design.points.scenario(design.scenario, point)  # every point is a scenario


def test_csv_has_a_column_a_path(here: Path) -> None:
    (here / "points.csv").write_text("point,params.b_h,strategies.team_up.kind\n7,0.1,group_buy\n8,0.5,coupon\n")
    design = load(here, "kind: csv\nfile: points.csv")
    assert design.points.paths == ("params.b_h", "strategies.team_up.kind")
    assert design.points.rows == ((0.1, "group_buy"), (0.5, "coupon"))
    assert design.points.scenario(design.scenario, 1).tactics("team_up")[0].kind == "coupon"


def test_points_survive_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    points = Points.of(["a", "b", "c", "d"], [(1, 0.1, True, "x"), (2, None, False, "y"), (3, 1e-300, True, "z")])
    pq.write_table(points.table(), tmp_path / "points.parquet")
    assert Points.read(tmp_path / "points.parquet") == points
    assert points.table().column_names == ["point", "a", "b", "c", "d"]


def test_set_and_changes_go_to_the_base(here: Path) -> None:
    (here / "d.yaml").write_text("scenario: shop.yaml\nset: {days: 5}\nfactors: {params.b_h: [0.1]}")
    design = Design.load(here / "d.yaml", {"seed": 9})
    assert (design.scenario.days, design.scenario.seed) == (5, 9)
    assert design.scenario.name == "d"


def test_from_python_is_the_same_as_from_a_file(here: Path) -> None:
    factors = {"params.b_h": None, "strategies.team_up.discount": [0.1, 0.3]}
    made = Design.of(Scenario.load(here / "shop.yaml"), factors, levels=3)
    assert made.points == load(here, "levels: 3\nfactors: {params.b_h: , strategies.team_up.discount: [.1, .3]}").points


WRONG = {
    "unknown coefficient": ("factors: {params.b_hh: }", "d.yaml:2 params.b_hh: .*Did you mean 'b_h'"),
    "unknown lever": ("factors:\n  strategies.team_up.discont: ", "d.yaml:3 .*Did you mean 'discount'"),
    "unknown key": ("factor: {}", "d.yaml:2 factor: .*Did you mean 'factors'"),
    "unknown kind": ("kind: sobel", "Did you mean 'sobol'"),
    "no factors": ("kind: grid", "needs factors"),
    "no range": ("factors: {strategies.team_up.budget: }", "has no 'high' of its own"),
    "empty range": ("factors: {params.b_h: {low: 2, high: 1}}", "range is empty"),
    "not balanced": ("kind: sobol\npoints: 5\nfactors: {params.b_h: }", "4 or 8"),
    "no points": ("kind: latin_hypercube\nfactors: {params.b_h: }", "missing key 'points'"),
    "not for this kind": ("kind: grid\npoints: 5\nfactors: {params.b_h: }", "has no 'points'"),
    "two kinds of values": ("factors: {params.b_h: [0.1, much]}", "several kinds"),
    "twice": ("factors: {params.b_h: [0.1, 0.1]}", "twice"),
    "replications": ("factors: {replications: [1, 2]}", "cannot be a factor"),
    "a file": ("factors: {graph.path: [a.csv]}", "cannot be a factor"),
    "too many": ("levels: 1000\nfactors: {params.b_h: , params.b_r: , params.b_q: }", "1,000,000,000.*sample"),
    "no such file": ("kind: csv\nfile: nothing.csv", "not found"),
    "log from zero": ("factors: {params.b_h: {low: 0, high: 1, scale: log}}", "above 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_every_mistake_is_said_at_the_door(here: Path, case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        load(here, text)


def test_csv_mistakes_name_their_line(here: Path) -> None:
    (here / "p.csv").write_text("params.b_h,params.b_r\n0.1,1\n0.2\n")
    with pytest.raises(InputError, match=r"p\.csv:3.*1 cells"):
        load(here, "kind: csv\nfile: p.csv")


def test_a_point_that_is_no_scenario_is_named(here: Path) -> None:
    design = load(here, "factors: {strategies.team_up.discount: [0.1, 1.5]}")
    with pytest.raises(InputError, match=r"point 1 is no scenario: out of range.*discount = 1\.5"):
        design.points.scenario(design.scenario, 1)


def test_shipped_designs_load_and_every_point_is_a_scenario() -> None:
    assert shipped_designs()
    for name in shipped_designs():
        design = Design.load(name)
        assert design.description
        for point in range(len(design.points)):
            design.points.scenario(design.scenario, point)
