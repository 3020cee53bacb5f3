"""Sensitivity indices against Ishigami's function, whose indices are known in closed form; designs and refusals."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import known_engines
import numpy as np
import pandas as pd
import pytest
from sweeps import SCENARIO
from typer.testing import CliRunner

import sim
from sim.cli.commands import app
from sim.design import Design
from sim.errors import InputError
from sim.experiment import Experiment, Results
from sim.experiment.handing_out import export, query
from sim.params import COEFFICIENTS
from sim.scenario import Scenario
from sim.studies.sensitivity.methods import growing, indices
from sim.studies.sensitivity.structure import Structure, structure
from sim.studies.sensitivity.words import EN, ZH
from sim.studies.swept import Factor

KNOWN = known_engines.shares()
INPUTS = {f"params.{name}": None for name in known_engines.INPUTS}
TEXT = SCENARIO.replace("  coupons: {kind: share_coupon}\n", "") + "decide_on: gmv_cents\n"
PATHS = tuple(INPUTS)


def swept(folder: Path, kind: str, **more: Any) -> Results:
    base = Scenario.from_yaml(TEXT, ".").with_({"replications": more.pop("replications", 1), "noise_per_world": 1})
    design = Design.of(base, more.pop("factors", INPUTS), kind, **more)
    return Experiment(design.scenario, design, engines="known_engines").run(1, folder, keep="runs")


def unit(design: Design) -> np.ndarray:
    rows = np.array(design.points.rows, dtype=float)
    ends = [(COEFFICIENTS[name].low, COEFFICIENTS[name].high) for name in known_engines.INPUTS]
    return np.stack([(rows[:, k] - low) / (high - low) for k, (low, high) in enumerate(ends)], axis=1)


def of_design(kind: str, **more: Any) -> tuple[Structure, tuple[Factor, ...], np.ndarray]:
    design = Design.of(Scenario.from_yaml(TEXT, "."), INPUTS, kind, **more)
    columns = unit(design)
    found = structure(columns, kind)
    assert found is not None
    factors = tuple(Factor(path, "guess", "", columns[:, k]) for k, path in enumerate(PATHS))
    return found, factors, known_engines.ishigami(columns.T)


def value(rows: list[Any], name: str, factor: int, other: int | None = None) -> Any:
    wanted = PATHS[factor], None if other is None else PATHS[other]
    return next(row for row in rows if row.name == name and (row.factor, row.other) == wanted)


def test_sobol_indices_are_the_analytic_ones() -> None:
    rows = indices(*of_design("saltelli", base=2048, second_order=True), 4)
    expected = {("S1", 0): KNOWN["S1"], ("S1", 1): KNOWN["S2"], ("S1", 2): 0.0,
                ("ST", 0): KNOWN["T1"], ("ST", 1): KNOWN["S2"], ("ST", 2): KNOWN["T3"]}  # fmt: skip
    for (name, k), truth in expected.items():
        row = value(rows, name, k)
        assert row.value == pytest.approx(truth, abs=0.03)
        assert row.ci_low <= truth + 0.01
        assert row.ci_high >= truth - 0.01
    assert value(rows, "S2", 0, 2).value == pytest.approx(KNOWN["S13"], abs=0.05)
    assert value(rows, "S2", 0, 1).value == pytest.approx(0.0, abs=0.05)


def test_morris_effects_of_a_sum_are_its_weights() -> None:
    """Of 3 a - 2 b + 0 c every elementary effect is the weight itself; of a product it depends on the rest."""
    found, factors, _ = of_design("morris", trajectories=12)
    a, b, c = (factor.values for factor in factors)
    rows = indices(found, factors, 3 * a - 2 * b, 4)
    for k, weight in enumerate((3.0, -2.0, 0.0)):
        assert value(rows, "mu", k).value == pytest.approx(weight, abs=1e-9)
        assert value(rows, "mu_star", k).value == pytest.approx(abs(weight), abs=1e-9)
        assert value(rows, "sigma", k).value == pytest.approx(0.0, abs=1e-9)
    assert value(indices(found, factors, a * c, 4), "sigma", 0).value > 0.1


def test_given_data_finds_first_order_shares_and_tells_chance() -> None:
    rows = indices(*of_design("latin_hypercube", points=1000), 4)
    for k, truth in enumerate((KNOWN["S1"], KNOWN["S2"], 0.0)):
        assert value(rows, "S1", k).value == pytest.approx(truth, abs=0.06)
    chance = next(row.value for row in rows if row.factor == "chance" and row.name == "S1")
    assert value(rows, "S1", 1).value > 5 * max(chance, 0.0)


def test_more_data_moves_less_and_has_narrower_intervals() -> None:
    found, factors, values = of_design("saltelli", base=1024)
    parts = list(growing(found))
    assert [len(part.blocks) for part in parts] == [128, 256, 512, 1024]
    widths = []
    for part in parts:
        row = value(indices(part, factors, values, 4), "ST", 1)
        widths.append(row.ci_high - row.ci_low)
    assert widths[-1] < widths[0] / 2  # 8 times the data: about 2.8 times narrower


def test_designs_are_known_by_their_points_not_by_their_names() -> None:
    for kind, more, method in (
        ("saltelli", {"base": 8}, "sobol"),
        ("saltelli", {"base": 8, "second_order": True}, "sobol"),
        ("morris", {"trajectories": 5}, "morris"),
    ):
        columns = unit(Design.of(Scenario.from_yaml(TEXT, "."), INPUTS, kind, **more))
        found = structure(columns, "csv")
        assert found is not None
        assert found.method == method
        assert found.second_order == more.get("second_order", False)
        shuffled = np.random.default_rng(1).permutation(columns)
        again = structure(shuffled, kind)
        assert again is None or again.method == "given_data"
    few = unit(Design.of(Scenario.from_yaml(TEXT, "."), INPUTS, "latin_hypercube", points=39))
    assert structure(few, "latin_hypercube") is None


def test_a_design_of_trajectories_and_blocks_counts_as_the_books_say() -> None:
    base = Scenario.from_yaml(TEXT, ".")
    assert len(Design.of(base, INPUTS, "morris", trajectories=7).points) == 7 * 4
    assert len(Design.of(base, INPUTS, "saltelli", base=16).points) == 16 * 5
    assert len(Design.of(base, INPUTS, "saltelli", base=16, second_order=True).points) == 16 * 8
    assert Design.of(base, INPUTS, "morris", seed=3).points == Design.of(base, INPUTS, "morris", seed=3).points
    with pytest.raises(InputError, match="8 or 16"):
        Design.of(base, INPUTS, "saltelli", base=9)
    with pytest.raises(InputError, match="even number"):
        Design.of(base, INPUTS, "morris", levels=5)
    with pytest.raises(InputError, match="has no 'points'"):
        Design.of(base, INPUTS, "morris", points=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Saltelli sweep by the known engines."""
    folder = tmp_path_factory.mktemp("known") / "r"
    swept(folder, "saltelli", base=64)
    return folder


def test_a_stored_sweep_gives_its_indices(folder: Path) -> None:
    found = sim.sensitivity(folder)
    table = found.tables["indices"]
    mine = table[(table["measure"] == "gmv_cents") & (table["strategy"] == "team_up") & (table["name"] == "ST")]
    values = mine.set_index("factor")["value"]
    for path, truth in zip(PATHS, (KNOWN["T1"], KNOWN["S2"], KNOWN["T3"]), strict=True):
        low, high = mine.set_index("factor").loc[path, ["ci_low", "ci_high"]]
        assert low - 0.05 <= truth <= high + 0.05
    assert values[PATHS[0]] > values[PATHS[2]]
    assert sorted(found.tables["convergence"]["n"].unique()) == [8, 16, 32, 64]
    said = " ".join(found.sentences)
    assert "Sobol indices: 64 blocks over 3 factors" in said
    assert "Not settled" in said  # 64 blocks are too few
    assert len(found.sentences) == len(found.sentences_zh)
    assert set(mine["ground"]) == {"calibrated", "literature"}  # b_h and b_r are fitted, b_q is literature


def test_the_command_writes_tables_that_export_and_query_give(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["sensitivity", str(folder), "--measure", "gmv_cents", "--json"])
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["method"] == "sobol"
    assert json.loads((folder / "sensitivity" / "sensitivity.json").read_text()) == {
        key: value for key, value in answer.items() if key != "folder"
    }
    words = CliRunner().invoke(app, ["sensitivity", str(folder), "--measure", "gmv_cents"]).stdout
    assert "ST on the difference in GMV" in words
    files = {file.name for file in export(Results.open(folder), "csv", tmp_path)}
    assert {"sensitivity_indices.csv", "sensitivity_convergence.csv"} <= files
    csv = pd.read_csv(tmp_path / "sensitivity_indices.csv")
    _, rows = query(Results.open(folder), "SELECT count(*) FROM sensitivity_indices")
    assert rows == [(len(csv),)]
    assert len(csv) == len(answer["tables"]["indices"])


def test_points_without_runs_take_their_block_with_them(folder: Path) -> None:
    results = Results.open(folder)
    table = results.runs
    table.loc[(table["point"] == 7) & (table["strategy"] == "team_up"), "status"] = "failed"

    class Lamed(Results):
        def table(self, name: str, columns: Any = None) -> pd.DataFrame:
            return table if columns is None else table[list(columns)]

    said = " ".join(sim.sensitivity(Lamed(folder)).sentences)
    assert "63 blocks" in said
    assert "1 of them lack runs" in said


def test_a_design_that_fits_no_method_is_refused_with_one_that_does(tmp_path: Path) -> None:
    swept(tmp_path / "r", "one_at_a_time", levels=3)
    done = CliRunner().invoke(app, ["sensitivity", str(tmp_path / "r")])
    assert done.exit_code == 2
    assert "no method can read sensitivity off this design" in done.stderr
    assert f"grapevine sweep {tmp_path / 'r' / 'sensitivity' / 'saltelli.yaml'}" in done.stderr.replace("\n", " ")
    for kind, n in (("saltelli", 64 * 5), ("morris", 20 * 4)):
        design = Design.load(tmp_path / "r" / "sensitivity" / f"{kind}.yaml")
        assert (design.kind, len(design.points)) == (kind, n)
        assert set(design.points.paths) == set(PATHS)
        for point in range(0, n, 17):
            design.points.scenario(design.scenario, point)


def test_a_comparison_is_refused(tmp_path: Path) -> None:
    base = Scenario.from_yaml(TEXT, ".").with_({"replications": 2})
    Experiment(base, engines="known_engines").run(1, tmp_path / "r", keep="runs")
    with pytest.raises(InputError, match="one point, not a sweep"):
        sim.sensitivity(tmp_path / "r")
    with pytest.raises(InputError, match="unknown measure"):
        sim.sensitivity(tmp_path / "r", ["gmv"])


def test_both_languages_say_the_same_things() -> None:
    import string

    assert EN.keys() == ZH.keys()
    for key in EN:
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (EN[key], ZH[key])]
        assert fields[0] == fields[1], key


def test_the_known_shares_are_those_of_the_literature() -> None:
    assert KNOWN["S1"] == pytest.approx(0.3139, abs=1e-4)
    assert KNOWN["S2"] == pytest.approx(0.4424, abs=1e-4)
    assert KNOWN["S13"] == pytest.approx(0.2437, abs=1e-4)
    assert math.isclose(KNOWN["S1"] + KNOWN["S2"] + KNOWN["S13"], 1.0)
