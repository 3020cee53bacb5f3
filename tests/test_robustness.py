"""Robustness: splits of variance known in closed form, rules that are there or not, tipping points set by hand."""

from __future__ import annotations

import itertools
import json
import math
import string
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import known_engines
import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from scipy.stats import qmc
from sweeps import SCENARIO
from test_sensitivity import INPUTS, PATHS, TEXT, swept
from typer.testing import CliRunner

import sim
from sim.cli.commands import app
from sim.errors import InputError
from sim.experiment import Results
from sim.experiment.handing_out import export
from sim.params import COEFFICIENTS
from sim.scenario import Scenario
from sim.studies.compare import paired
from sim.studies.robustness.assumptions import SOURCES, ledger
from sim.studies.robustness.best import best, share_best
from sim.studies.robustness.crossing import crossing, curves, lines
from sim.studies.robustness.surrogate import fit
from sim.studies.robustness.tree import grow
from sim.studies.robustness.variance import balanced, mean, parts
from sim.studies.robustness.words import EN, SOURCE_NAMES, ZH
from sim.studies.swept import Factor, Sweep, ground_of

KNOWN = known_engines.shares()


def cube(d: int, n: int, seed: int = 1) -> np.ndarray:
    return qmc.LatinHypercube(d, rng=np.random.default_rng(seed)).random(n)


def factors(columns: np.ndarray, grounds: Any = None) -> tuple[Factor, ...]:
    grounds = grounds or ["guess"] * columns.shape[1]
    return tuple(Factor(f"params.x{k}", grounds[k], "", columns[:, k]) for k in range(columns.shape[1]))


def sweep_of(
    values: np.ndarray, worlds: list[int], given: tuple[Factor, ...], kind: str = "latin_hypercube",
    measure: str = "gmv_cents", **design: Any,
) -> Sweep:  # fmt: skip
    """A sweep that holds these values: point x strategy x replication."""
    n, s, r = values.shape
    labels = ("control", "a", "b", "c")[:s]
    keys = list(itertools.product(range(n), labels, range(r)))
    runs = pd.DataFrame(keys, columns=["point", "strategy", "replication"]).assign(**{measure: values.ravel()})
    results: Any = SimpleNamespace(manifest={"design": {"kind": kind, **design}}, folder=Path("r"))
    return Sweep(results, given, labels, np.arange(n), np.array(worlds), runs, 0)


# --- variance -------------------------------------------------------------------------------------------


def test_parts_of_variance_are_those_that_were_put_in() -> None:
    """Points, worlds, luck and their interactions with known variances; the estimator is unbiased."""
    luck = np.random.default_rng(7)
    found = []
    for _ in range(300):
        n, w, k = 25, 5, 3
        p, world, noise = luck.normal(0, 3, (n, 1, 1)), luck.normal(0, 2, (1, w, 1)), luck.normal(0, 1.5, (1, w, k))
        values = p + world + noise + luck.normal(0, 1, (n, w, 1)) + luck.normal(0, 0.5, (n, w, k))
        one = parts(values)
        found.append((one.points, one.world, one.luck))
    points, world, noise = np.mean(np.array(found), axis=0)
    assert points == pytest.approx(9, rel=0.06)
    assert world == pytest.approx(4 + 1, rel=0.1)  # which world, and how the points take it
    assert noise == pytest.approx(2.25 + 0.25, rel=0.06)


def test_what_a_design_cannot_tell_is_none() -> None:
    luck = np.random.default_rng(1).normal
    assert parts(luck(size=(9, 3, 1))).luck is None
    assert parts(luck(size=(9, 1, 3))).world is None
    one = parts(luck(size=(9, 1, 1)))
    assert (one.world, one.luck) == (None, None)
    assert mean(luck(size=(9, 1, 1))).ci_low is None


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    luck = np.random.default_rng(3)
    hits = []
    for _ in range(400):
        values = 5 + luck.normal(0, 2, (12, 1, 1)) + luck.normal(0, 1, (1, 6, 1)) + luck.normal(0, 1, (12, 6, 2))
        found = mean(values)
        assert found.ci_low is not None
        assert found.ci_high is not None
        hits.append(found.ci_low <= 5 <= found.ci_high)
    assert 0.92 <= np.mean(hits) <= 0.985


def test_without_spread_between_points_the_interval_is_the_verdicts() -> None:
    values = np.random.default_rng(2).normal(size=(1, 6, 2)).repeat(3, axis=0)
    found, known = mean(values), paired(values[0].ravel(), np.repeat(np.arange(6), 2))
    assert found.mean == pytest.approx(known.diff)
    assert (found.ci_low, found.ci_high) == (pytest.approx(known.ci_low), pytest.approx(known.ci_high))


def test_unequal_worlds_are_left_out() -> None:
    values = np.arange(10.0).reshape(2, 5)
    assert balanced(values, np.array([0, 0, 1, 1, 2])).shape == (2, 2, 2)


# --- the polynomial --------------------------------------------------------------------------------------


def test_ishigami_splits_as_in_closed_form() -> None:
    u = cube(3, 200)
    found = fit(factors(u), known_engines.ishigami(u.T))
    assert found.r2 > 0.99
    by_factors: dict[tuple[int, ...], float] = {}
    for share, term in zip(found.shares(), found.terms, strict=True):
        key = tuple(k for k, _ in term)
        by_factors[key] = by_factors.get(key, 0.0) + float(share)
    assert by_factors[(0,)] == pytest.approx(KNOWN["S1"], abs=0.01)
    assert by_factors[(1,)] == pytest.approx(KNOWN["S2"], abs=0.01)
    assert by_factors[(0, 2)] == pytest.approx(KNOWN["S13"], abs=0.01)
    assert sum(by_factors.values()) == pytest.approx(1.0)


def test_of_pure_luck_nothing_is_explained() -> None:
    u = cube(30, 120)
    explained = [fit(factors(u), np.random.default_rng(seed).normal(size=120)).r2 for seed in range(8)]
    assert max(explained) < 0.1


def test_texts_and_switches_are_explained_too() -> None:
    luck = np.random.default_rng(1)
    kinds, on = luck.integers(0, 3, 90).astype(float), luck.integers(0, 2, 90).astype(float)
    given = (Factor("a", "lever", "", kinds, ("x", "y", "z")), Factor("b", "lever", "", on, ("off", "on")))
    found = fit(given, np.array([0.0, 5.0, 1.0])[kinds.astype(int)] + 2 * on)
    assert found.r2 > 0.999


# --- the ledger ------------------------------------------------------------------------------------------


def test_the_ledger_of_a_sum_is_the_shares_of_its_parts() -> None:
    """difference = 3 guess + 2 literature + luck within worlds + world: variances 9/12, 4/12, 0.5 and 0.3."""
    u, luck = cube(3, 250, 5), np.random.default_rng(5)
    worlds = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    noise = luck.normal(0, math.sqrt(0.5), 12)
    noise = noise - np.repeat(noise.reshape(6, 2).mean(axis=1), 2)
    noise *= math.sqrt(0.5 / ((noise**2).sum() / 6))
    place = luck.normal(size=6)
    place = (place - place.mean()) / place.std(ddof=1) * math.sqrt(0.3 + 0.25)  # of means of two: half of luck's in it
    difference = (3 * u[:, 0] + 2 * u[:, 1])[:, None] + noise + np.repeat(place, 2)
    values = np.stack([np.zeros_like(difference), difference], axis=1)
    given = factors(u, ["guess", "literature", "calibrated"])
    rows, by_factor = ledger(sweep_of(values, worlds, given), "gmv_cents", "a")
    shares = {row["source"]: row["share"] for row in rows}
    total = 9 / 12 + 4 / 12 + 0.5 + 0.3
    assert list(shares) == list(SOURCES)
    assert shares["guess"] == pytest.approx(0.75 / total, abs=0.01)
    assert shares["literature"] == pytest.approx(4 / 12 / total, abs=0.01)
    assert shares["calibrated"] == pytest.approx(0.0, abs=1e-3)
    assert shares["lever"] is None
    assert shares["luck"] == pytest.approx(0.5 / total, abs=0.01)
    assert shares["world"] == pytest.approx(0.3 / total, abs=0.01)
    assert sum(share for share in shares.values() if share is not None) == pytest.approx(1.0)
    assert [row["factor"] for row in by_factor[:2]] == ["params.x0", "params.x1"]
    guess = next(row for row in rows if row["source"] == "guess")
    assert guess["share_low"] - 1e-9 <= guess["share"] <= guess["share_high"] + 1e-9


def test_what_no_polynomial_finds_is_shown_as_unexplained() -> None:
    """A difference that depends on a factor as wildly as noise does: its variance is not given to luck or a guess."""
    u = cube(2, 100)
    wild = np.sin(1e6 * u[:, 0])
    values = np.stack([np.zeros((100, 4)), wild[:, None] + np.zeros(4)], axis=1)
    rows, _ = ledger(sweep_of(values, [0, 0, 1, 1], factors(u)), "gmv_cents", "a")
    shares = {row["source"]: row["share"] for row in rows}
    assert shares["unexplained"] > 0.9
    assert shares["luck"] == pytest.approx(0.0, abs=1e-9)


def test_parts_of_factors_that_go_together_still_sum_up() -> None:
    luck = np.random.default_rng(2)
    x = luck.normal(size=(150, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    values = np.stack([np.zeros((150, 2)), np.repeat((x[:, 0] + x[:, 1])[:, None], 2, axis=1)], axis=1)
    given = factors(x, ["calibrated", "guess"])
    rows, _ = ledger(sweep_of(values, [0, 1], given, drawn=["params.x0"]), "gmv_cents", "a")
    shares = {row["source"]: row["share"] for row in rows}
    # Cov(x0, x0 + x1) / Var(x0 + x1), of the sample itself
    expected = np.cov(x[:, 0], x.sum(axis=1))[0, 1] / x.sum(axis=1).var(ddof=1)
    assert shares["calibrated"] == pytest.approx(expected, abs=0.02)
    assert shares["calibrated"] + shares["guess"] == pytest.approx(1.0, abs=0.01)


def test_every_coefficient_rests_on_something() -> None:
    grounds = {ground_of(f"params.{name}") for name in COEFFICIENTS}
    assert grounds == {"guess", "literature", "calibrated"}
    assert (ground_of("strategies.a.face"), ground_of("population.size")) == ("lever", "setting")
    assert set(SOURCES) == set(SOURCE_NAMES)


# --- who is best -----------------------------------------------------------------------------------------


def test_best_regret_and_differences_by_hand() -> None:
    """Two points, two worlds, one replication each: small enough to count."""
    control, a = [[10.0, 10.0], [10.0, 10.0]], [[12.0, 9.0], [7.0, 8.0]]
    values = np.stack([np.array(control), np.array(a)], axis=1)
    sweep = sweep_of(values, [0, 1], factors(np.array([[0.0], [1.0]])))
    rows = {row["strategy"]: row for row in best(sweep, "gmv_cents")}
    assert (rows["control"]["p_best"], rows["a"]["p_best"]) == (0.75, 0.25)
    assert (rows["control"]["p_best_points"], rows["a"]["p_best_points"]) == (0.5, 0.5)  # 10.5 > 10; 7.5 < 10
    assert (rows["control"]["regret"], rows["a"]["regret"]) == (0.25, 1.25)
    assert rows["a"]["diff"] == -1.0
    assert rows["a"]["p_better"] == 0.5


def test_less_is_better_where_the_measure_says_so() -> None:
    values = np.stack([np.full((2, 2), 5.0), np.full((2, 2), 3.0)], axis=1)
    sweep = sweep_of(values, [0, 1], factors(np.array([[0.0], [1.0]])), measure="cost_cents")
    rows = {row["strategy"]: row for row in best(sweep, "cost_cents")}
    assert (rows["a"]["p_best"], rows["a"]["p_better"], rows["a"]["diff"]) == (1.0, 1.0, -2.0)


def test_equal_ones_share() -> None:
    assert share_best(np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])).tolist() == [0.25, 0.75, 0.0]


# --- rules -----------------------------------------------------------------------------------------------


def test_a_rule_that_is_there_is_found_with_its_thresholds() -> None:
    u = cube(12, 200)
    truth = ((u[:, 3] <= 0.4) & (u[:, 7] > 0.5)).astype(int)
    tree = grow(factors(u), truth, 2)
    leaf = max((leaf for leaf in tree.leaves if leaf.best == 1), key=lambda leaf: leaf.n)
    ends = {one.factor: (one.low, one.high) for one in leaf.conditions}
    # questions are asked one at a time, so the first threshold is where it pays most at first, near the true one
    assert ends[3][1] == pytest.approx(0.4, abs=0.08)
    assert ends[7][0] == pytest.approx(0.5, abs=0.08)
    assert tree.accuracy > 0.95 > tree.base_accuracy == (truth == 0).mean()
    mistaken = np.random.default_rng(4).random(200) < 0.1  # with one label in ten wrong no rule can be right more often
    noisy = grow(factors(u), np.where(mistaken, 1 - truth, truth), 2)
    assert noisy.depth > 0
    assert noisy.base_accuracy < noisy.accuracy < 0.95
    assert sum(leaf.n for leaf in tree.leaves) == 200
    rows = leaf.rows
    assert leaf.n == len(rows) == int(((u[:, 3] <= ends[3][1]) & (u[:, 7] > ends[7][0])).sum())


def test_noise_is_not_told_as_a_rule() -> None:
    u, told = cube(15, 100), 0
    for seed in range(25):
        told += grow(factors(u), np.random.default_rng(seed).choice(2, 100, p=[0.7, 0.3]), 2).depth > 0
    assert told <= 3


def test_a_rule_on_a_text_is_found() -> None:
    luck = np.random.default_rng(3)
    kinds = luck.integers(0, 3, 90).astype(float)
    given = (Factor("k", "lever", "", kinds, ("x", "y", "z")), Factor("n", "lever", "", luck.random(90)))
    tree = grow(given, (kinds == 1).astype(int), 2)
    assert {(one.text, one.is_text, leaf.best) for leaf in tree.leaves for one in leaf.conditions} == {
        (1, True, 1), (1, False, 0),
    }  # fmt: skip


# --- tipping points --------------------------------------------------------------------------------------


def leads(factor: np.ndarray, at: float, noise: float, n_worlds: int = 8) -> np.ndarray:
    """Strategy 1 against strategy 0: (x - at) in every world, each with luck of its own."""
    luck = np.random.default_rng(6).normal(0, noise, n_worlds)
    lead = (factor - at)[:, None] + luck
    return np.stack([np.zeros_like(lead), lead])


def test_a_crossing_of_lines_is_where_it_was_put() -> None:
    x = np.arange(1.0, 11.0)
    given = (Factor("strategies.a.face", "lever", "currency", x),)
    values = leads(x, 4.3, 0.2)
    line = curves(given, 0, values)
    found = crossing(line, 1, 0)
    assert found is not None
    shift = values[1, 0].mean() - (1 - 4.3)  # the mean of the worlds' luck
    assert found.value == pytest.approx(4.3 - shift)
    assert found.ci_low < found.value < found.ci_high
    assert found.is_clear
    assert found.ahead_above
    # of a mean of 8 worlds: about 2 standard errors either way
    assert found.ci_high - found.ci_low == pytest.approx(4 * values[1, 0].std() / math.sqrt(8), rel=0.25)


def test_no_crossing_is_said_when_there_is_none() -> None:
    x = np.arange(1.0, 11.0)
    line = curves((Factor("a", "lever", "", x),), 0, leads(x, -5.0, 0.2))
    found = crossing(line, 1, 0)
    assert found is not None
    assert (found.value, found.share, found.is_clear, found.ahead_above) == (None, 0.0, True, True)
    near = crossing(curves((Factor("a", "lever", "", x),), 0, leads(x, 0.95, 0.6)), 1, 0)
    assert near is not None
    assert not near.is_clear  # the line ends just beside the crossing


def test_a_sample_finds_the_crossing_through_what_other_factors_do() -> None:
    u = cube(3, 120)
    given = tuple(Factor(f"f{k}", "lever", "", u[:, k]) for k in range(3))
    lead = 2 * (u[:, 0] - 0.6) + 1.5 * (u[:, 1] - 0.5)
    luck = np.random.default_rng(1).normal(0, 0.05, (120, 4))
    found = crossing(curves(given, 0, np.stack([np.zeros((120, 4)), lead[:, None] + luck])), 1, 0)
    assert found is not None
    assert found.value == pytest.approx(0.6, abs=0.1)
    assert found.ci_low <= 0.6 <= found.ci_high


def test_lines_are_read_off_grids_and_one_at_a_time() -> None:
    grid = np.array(list(itertools.product([1.0, 2.0, 3.0], [5.0, 6.0])))
    assert lines(factors(grid), 0).tolist() == list(range(6))
    stars = np.array([[2.0, 5.0], [1.0, 5.0], [3.0, 5.0], [2.0, 6.0], [2.0, 7.0]])
    assert lines(factors(stars), 0).tolist() == [0, 1, 2]
    assert lines(factors(stars), 1).tolist() == [0, 3, 4]
    assert lines(factors(cube(2, 30)), 0) is None


def test_of_several_crossings_the_one_that_matters_is_told() -> None:
    """The lead wags by .1 at the low end and runs from -3 to 3 beyond it."""
    x = np.arange(10.0)
    lead = np.array([0.1, -0.1, -3.0, -3.0, -3.0, 3.0, 3.0, 3.0, 3.0, 3.0])
    values = np.stack([np.zeros((10, 4)), np.repeat(lead[:, None], 4, axis=1)])
    found = crossing(curves((Factor("a", "lever", "", x),), 0, values), 1, 0)
    assert found is not None
    assert (found.value, found.n_crossings, found.ahead_above) == (4.5, 2, True)


def test_equal_strategies_have_no_tipping_point() -> None:
    x = np.arange(1.0, 6.0)
    assert crossing(curves((Factor("a", "lever", "", x),), 0, np.zeros((2, 5, 3))), 1, 0) is None


# --- from a folder ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("robust") / "r"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPEVINE_KNOWN", "noise=1.0")
        swept(folder, "latin_hypercube", points=64, replications=3)
    return folder


def test_a_stored_sweep_gives_its_ledger(folder: Path) -> None:
    found = sim.robustness(folder)
    table = found.tables["assumptions"].set_index("source")
    variance = known_engines.SCALE**2
    total = table["total_variance"].iloc[0]
    # world and luck are one draw here: variance 1 against Ishigami's, up to what three draws of it were
    noise = [np.random.Generator(np.random.Philox(r)).normal() for r in range(3)]
    assert table.loc["world", "variance"] == pytest.approx(np.var(noise, ddof=1) * variance, rel=1e-4)
    assert table["share"].isna().loc["luck"]
    values = [10 + known_engines.ishigami(row) for row in _unit(Results.open(folder).points)]
    factors_part = total - table.loc["world", "variance"]
    assert factors_part == pytest.approx(np.var(values, ddof=1) * variance, rel=1e-4)
    assert table["share"].sum() == pytest.approx(1.0)
    said = " ".join(s for topic in found.sentences.values() for s in topic)
    assert "64 draws of 3 factors, each in 3 worlds" in said
    assert "not told apart" in said  # luck and worlds
    ahead = np.mean([value + np.mean(noise) > 10 for value in values])
    rows = found.tables["best"].set_index("strategy")
    assert rows.loc["team_up", "p_best_points"] == pytest.approx(ahead)
    for topic, sentences in found.sentences.items():
        assert len(sentences) == len(found.sentences_zh[topic])


def _unit(points: pd.DataFrame) -> Any:
    rows = [COEFFICIENTS[name] for name in known_engines.INPUTS]
    ends = [(points[path] - row.low) / (row.high - row.low) for path, row in zip(PATHS, rows, strict=True)]
    return np.stack(ends, axis=1)


def test_the_command_writes_tables_that_export_gives(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["robustness", str(folder), "--json"])
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["measure"] == "gmv_cents"
    words = CliRunner().invoke(app, ["robustness", str(folder)]).stdout
    for head in ("Which strategy is best", "Where the ranking flips", "What the differences rest on"):
        assert head in words
    files = {file.name: file for file in export(Results.open(folder), "csv", tmp_path)}
    for name in ("best", "assumptions", "factors", "tipping"):
        table = pd.read_csv(files[f"robustness_{name}.csv"])
        assert len(table) == len(answer["tables"][name])
    refused = CliRunner().invoke(app, ["robustness", str(folder), "--points", "9"])
    assert refused.exit_code == 2
    assert "--points" in refused.stderr


def test_a_measure_that_cannot_decide_is_refused(folder: Path) -> None:
    for name, why in (("roi", "ratio of means"), ("gini_sales", "neither more nor less"), ("gmv_cent", "Did you mean")):
        with pytest.raises(InputError, match=why):
            sim.robustness(folder, name)


def test_a_posterior_is_drawn_row_by_row_and_counts_as_calibrated(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    luck = np.random.default_rng(1)
    posterior = pd.DataFrame({"chain": 0, "draw": range(30), "params.b_h": 0.3 + 0.02 * luck.normal(size=30)})
    posterior["params.b_r"] = 1.0 + posterior["params.b_h"]  # so that rows that were torn apart are seen
    scenario = Scenario.from_yaml(TEXT, ".").with_({"replications": 2})
    for name, write in (("p.csv", posterior.to_csv), ("p.parquet", posterior.to_parquet)):
        write(tmp_path / name, index=False)
        design, _ = sim.over_assumptions(scenario, 40, vary={"params.b_q": None}, draws=name)
        assert set(design.points.paths) == {"params.b_q", "params.b_h", "params.b_r"}
        table = design.points.table().to_pandas()
        assert np.allclose(table["params.b_r"] - table["params.b_h"], 1.0)
        counts = table["params.b_h"].value_counts()
        assert (len(counts), counts.max(), counts.min()) == (30, 2, 1)  # each once before one comes again
        assert design.about()["drawn"] == ["params.b_h", "params.b_r"]
    calibration = tmp_path / "calibration"
    calibration.mkdir()
    posterior.to_parquet(calibration / "posterior.parquet", index=False)
    status = {"params.b_h": "identified", "params.b_r": "not identified by your data"}
    about = {"status": status, "fit_for_decisions": False, "sentence": "Two checks failed."}
    (calibration / "posterior.json").write_text(json.dumps(about))
    design, asked = sim.over_assumptions(scenario, 40, vary={}, draws=calibration)
    assert asked.warning == "Two checks failed."
    assert design.about()["calibrated"] == ["params.b_h"]  # of b_r the data told nothing: it is what it was
    assert set(design.points.paths) == {"params.b_h", "params.b_r"}
    both = {"params.b_h": None}
    with pytest.raises(InputError, match="draws give too"):
        sim.over_assumptions(scenario, 8, vary=both, draws="p.csv")


def test_only_coefficients_that_change_a_run_are_drawn(tmp_path: Path) -> None:
    """With the real engines: live sessions, bargains and what is off cannot touch a shop with teams alone."""
    text = SCENARIO.replace("  coupons: {kind: share_coupon}\n", "") + "switches: {psychological: off}\n"
    scenario = Scenario.from_yaml(text, ".").with_({"population.size": 300, "days": 14, "replications": 1})
    design, found = sim.over_assumptions(scenario, 4, statuses=["guess"], jobs=1, out=tmp_path)
    assert {"c_fail", "c_w", "attention", "organic"} <= set(found.varied)
    untouched = dict.fromkeys(("b_l", "a_h", "w_kol"), "changes no run")
    untouched |= {"ship": "a fact of the shop", "e_p": "block psychological is off"}
    untouched |= {"w_rival": "0 in this scenario: its mechanism is off"}
    for name, why in untouched.items():
        assert found.left_out[name] == why
    guesses = {name for name, row in COEFFICIENTS.items() if row.status == "guess"}
    assert guesses == {*found.varied, *found.left_out}
    assert set(design.points.paths) == {f"params.{name}" for name in found.varied}


def test_a_scenario_file_is_swept_and_asked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    words = ["robustness", "shop.yaml", "--points", "4", "--replications", "2", "--jobs", "1", "--quiet"]
    done = CliRunner().invoke(app, [*words, "--vary", "b_r", "--vary", "strategies.coupons.face=2:9", "--json"])
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["factors"] == ["params.b_r", "strategies.coupons.face"]
    assert (Path(answer["folder"]) / "robustness" / "robustness.json").exists()
    compared = CliRunner().invoke(app, ["compare", "shop.yaml", "--replications", "2", "--jobs", "1", "--json", "-q"])
    folder = json.loads(compared.stdout)["folder"]
    again = CliRunner().invoke(app, ["robustness", folder, *words[2:], "--vary", "b_r", "--json"])
    assert again.exit_code == 0, again.stderr
    beside = json.loads((Path(folder) / "robustness" / "robustness.json").read_text())
    assert beside["factors"] == ["params.b_r"]
    assert beside["tables"]["best"] == json.loads(again.stdout)["tables"]["best"]
    assert CliRunner().invoke(app, ["report", folder, "--quiet"]).exit_code == 0
    page = (Path(folder) / "report.html").read_text(encoding="utf-8")
    for said in (beside["sentences"]["best"][0], beside["sentences_zh"]["best"][0]):
        assert str(escape(said)) in page  # what was asked in vain until now
    (tmp_path / "alone.yaml").write_text(SCENARIO.partition("strategies:")[0])
    alone = CliRunner().invoke(app, ["robustness", "alone.yaml", "--quiet"])
    assert alone.exit_code == 2
    assert "no strategy besides the control" in alone.stderr
    wrong = CliRunner().invoke(app, [*words, "--vary", "b_r=low:high"])
    assert wrong.exit_code == 2
    assert "PATH=LOW:HIGH" in wrong.stderr


def test_both_languages_say_the_same_things() -> None:
    assert EN.keys() == ZH.keys()
    for key in EN:
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name and name != "draws"}
            for text in (EN[key], ZH[key])
        ]
        assert fields[0] == fields[1], key


def test_inputs_are_those_of_the_known_engines() -> None:
    assert list(INPUTS) == [f"params.{name}" for name in known_engines.INPUTS]
