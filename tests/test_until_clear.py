"""Verdicts that err as rarely as they say: bounds that hold at every look, regret, margins, exact ties."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import sim
from sim.cli.commands import app
from sim.errors import InputError
from sim.metrics import MEASURES
from sim.studies import compare as c
from sim.studies.compare import intervals, looks
from sim.studies.compare.choice import Rule, clear_best
from sim.studies.compare.values import Runs

TINY = """
name: tiny
days: 6
burn_in_days: 3
replications: 5
noise_per_world: 1
decide_on: gmv_cents
population: {size: 250, registered_share: 0.6}
catalogue: {size: 12}
strategies:
  cut: {kind: price_cut, discount: 0.4}
  nothing: {kind: price_cut, discount: 0.0}
"""


def runs_of(values: dict[str, Any]) -> pd.DataFrame:
    """Runs with one measure, a world a replication."""
    n = len(next(iter(values.values())))
    frames = [
        pd.DataFrame(
            {"point": 0, "strategy": label, "replication": range(n), "world": range(n), "status": "ok", "gmv_cents": v}
        )
        for label, v in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(("t", "n"), [(0.0, 5), (1.3, 6), (2.5, 9), (-3.1, 20), (4.0, 60)])
def test_the_mixture_is_the_integral_it_is_said_to_be(t: float, n: int) -> None:
    # Likelihood ratio of t: noncentral over central, effect sizes mixed over a standard normal.
    def over(effect: float) -> float:
        return float(stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect))

    ratio = integrate.quad(over, -8, 8, limit=200)[0] / stats.t.pdf(t, n - 1)
    assert intervals.always_valid_p(t, n) == pytest.approx(min(1.0, 1.0 / ratio), rel=1e-5)


def test_limit_and_p_say_the_same() -> None:
    for n in (5, 8, 30, 400):
        for alpha in (0.05, 0.05 / 6):
            limit = intervals.always_valid_limit(n, alpha)
            if limit is not None:
                assert intervals.always_valid_p(limit, n) == pytest.approx(alpha)
                assert limit > stats.t.ppf(1 - alpha / 2, n - 1)  # looking costs something
    assert intervals.always_valid_limit(2, 0.05) is None


def test_looking_after_every_world_errs_at_most_5_times_in_100_and_plain_tests_far_more() -> None:
    rng = np.random.default_rng(1)
    n = np.arange(1, 201)
    values = rng.normal(0, 3, (2000, 200))
    mean = values.cumsum(axis=1) / n
    sd = np.sqrt(np.maximum((values**2).cumsum(axis=1) - n * mean**2, 0)[:, 1:] / (n[1:] - 1))
    t = np.abs(mean[:, 4:]) / (sd[:, 3:] / np.sqrt(n[4:]))
    limits = np.array([intervals.always_valid_limit(int(k), 0.05) or np.inf for k in n[4:]])
    false_alarms = (t > limits).any(axis=1).mean()
    assert false_alarms <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert false_alarms > 0.01  # and is not merely silent
    assert (t > stats.t.ppf(0.975, n[4:] - 1)).any(axis=1).mean() > 0.2


def play(rng: np.random.Generator, effects: dict[str, float], most: int, margin: float = 0.0) -> dict[str, Any]:
    """One study with its looks: differences of spread 10 over worlds of spread 100."""
    world = rng.normal(1000, 100, most)
    runs = runs_of({label: world + effect + rng.normal(0, 7, most) for label, effect in effects.items()})
    found: dict[str, Any] = {}
    for n in looks.schedule(5, 1, most):
        found = looks.at(runs, "gmv_cents", {}, list(effects), margin, n)
        if found["state"] != "open":
            break
    return found


@pytest.mark.parametrize("n", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_equal_strategies_are_rarely_told_apart(n: int) -> None:
    rng = np.random.default_rng(2)
    alike = [play(rng, {"control": 0, "a": 0, "b": 0}, 40)["state"] for _ in range(n)]
    assert alike.count("clear") / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


def test_the_best_is_found_as_soon_as_it_is_clear() -> None:
    rng = np.random.default_rng(2)
    found = [play(rng, {"control": 0, "a": 12, "b": 25}, 60) for _ in range(15)]
    assert {one["label"] for one in found if one["state"] == "clear"} == {"b"}
    assert sum(one["state"] == "clear" for one in found) > 11
    assert len({one["replications"] for one in found}) > 2  # it stops when it knows, not at the end


def test_practically_equal_is_a_way_to_stop() -> None:
    rng = np.random.default_rng(3)
    near = [play(rng, {"control": 0, "a": 200, "b": 200.5}, 120, margin=0.02) for _ in range(12)]  # margin 20
    assert sum(one["state"] == "equal" for one in near) > 9
    apart = [play(rng, {"control": 0, "a": 200, "b": 222}, 60, margin=0.02)["state"] for _ in range(20)]
    assert apart.count("equal") <= 3  # 22 apart is not within 20


def test_a_budget_and_a_schedule() -> None:
    assert list(looks.schedule(5, 1, 20)) == [5, 7, 9, 12, 15, 19, 20]
    assert list(looks.schedule(8, 4, 40)) == [20, 28, 36, 40]  # five worlds at least, whole worlds
    assert list(looks.schedule(30, 1, 30)) == [30]
    assert looks.budget(6, 4, None) == 60
    with pytest.raises(InputError, match="at least 20"):
        looks.budget(6, 4, 19)


def test_expected_regret_by_hand() -> None:
    # Of two, the difference has a t posterior: E max(0, d) = scale x (g(z) + z G(z)) with g, G of t and v + z2 weights.
    d = np.array([3.0, -1.0, 4.0, 1.0, 2.0])
    base = np.array([10.0, 50.0, 20.0, 70.0, 40.0])
    found = intervals.chances(np.column_stack([base, base + d]), +1)
    assert found is not None
    scale = d.std(ddof=1) / math.sqrt(5)
    z, df = d.mean() / scale, 4
    gain = scale * (stats.t.pdf(z, df) * (df + z * z) / (df - 1) + z * stats.t.cdf(z, df))
    assert found[1][0] == pytest.approx(gain, rel=0.03)  # of the worse one: what the better one gains
    assert found[1][1] == pytest.approx(gain - d.mean(), rel=0.15)
    assert intervals.chances(np.column_stack([base, base + d]), -1)[1][0] == pytest.approx(found[1][1], rel=0.3)  # type: ignore[index]


def test_detectable_is_what_is_found_8_times_in_10() -> None:
    rng = np.random.default_rng(4)
    n, sd = 12, 5.0
    least = intervals.detectable(sd, n)
    assert least is not None
    p = stats.ttest_1samp(rng.normal(least, sd, (4000, n)), 0, axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.03)
    careful = intervals.detectable(sd, n, claims=3)
    assert careful is not None
    assert careful > least


def test_the_margin_decides_what_is_equal_and_what_is_said() -> None:
    rng = np.random.default_rng(5)
    world = rng.normal(1000, 50, 16)
    runs = runs_of({label: world + e + rng.normal(0, 1, 16) for label, e in [("control", 0), ("a", 30), ("b", 35)]})
    for name in MEASURES:
        if name not in runs:
            runs[name] = None
    strict, loose = (c.verdict(runs, "gmv_cents", {}, margin=margin) for margin in (0.001, 0.02))
    assert strict["choice"]["is_clear"]
    assert loose["choice"]["is_clear"] is False
    assert loose["choice"]["equal"] == ["b" if loose["choice"]["label"] == "a" else "a"]
    assert loose["choice"]["is_decided"]
    assert "up to 0.20 is called equal" in loose["sentence"]
    assert "2 % of the control's mean" in loose["method"]
    assert loose["measures"]["gmv_cents"]["a"]["is_equal"] is False


def test_verdicts_between_independent_identical_worlds_err_5_times_in_100() -> None:
    rng = np.random.default_rng(6)
    clear = []
    for _ in range(300):
        runs = runs_of({"control": rng.normal(1000, 100, 10), "a": rng.normal(1000, 100, 10)})
        values = Runs.read(runs, None).values("gmv_cents")
        clear.append(clear_best(MEASURES["gmv_cents"], values, ["control", "a"], Rule(0.0))[0])
    assert sum(label is not None for label in clear) / 300 == pytest.approx(0.05, abs=0.038)  # 3 standard errors


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file


def test_a_real_study_stops_resumes_and_has_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    scenario = sim.Scenario.load(tiny)
    said: list[str] = []
    whole = sim.compare(scenario, 1, tmp_path / "a", until_clear=True, most=15, remark=said.append)
    assert [s.split(":")[0] for s in said if s.startswith("look")] == [f"look {k + 1}" for k in range(len(said))]
    answer = whole.answer
    null = answer["measures"]["gmv_cents"]["nothing"]
    assert [null[k] for k in ("diff", "ci_low", "ci_high", "p_value")] == [0, 0, 0, 1]  # A/A: exactly nothing
    assert answer["looks"][-1]["replications"] == answer["replications"]
    assert "looked at" in answer["sentence"]
    assert "confidence sequence" in answer["method"]

    class Killed(Exception):
        pass

    def kill(progress: Any) -> None:
        if progress.done == 4:
            raise Killed

    for _ in range(3):  # dies in the first look, then in the second ...
        try:
            sim.compare(scenario, 1, tmp_path / "b", kill, until_clear=True, most=15)
        except Killed:
            continue
    sim.compare(scenario, 1, tmp_path / "b", until_clear=True, most=15)
    for name in ("looks.parquet", "verdict.json", "runs.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    # A folder that was looked at stays so, whoever adds to it.
    more = sim.compare(scenario.with_({"replications": answer["replications"] + 2}), 1, tmp_path / "a")
    assert more.answer["looks"] == answer["looks"]
    assert "confidence sequence" in more.answer["method"]


_WATCHED = """
import sys
import sim

def watch(progress):
    print(progress.done, flush=True)
    sys.stdin.readline()  # goes on when it is told to, so that whoever kills it knows how far it is

sim.compare(sim.Scenario.load({file!r}), {jobs}, {folder!r}, watch, until_clear=True, most=15)
"""


@pytest.mark.parametrize(
    ("jobs", "kills"), [(1, (7, 12)), pytest.param(2, (2, 4, 1, 3), marks=pytest.mark.slow)]
)  # fmt: skip
def test_killed_with_kill_9_between_and_within_looks_it_has_the_same_tables(
    tiny: Path, tmp_path: Path, jobs: int, kills: tuple[int, ...]
) -> None:
    """Killed after so many reports: alone, the first look has 16 of them; two workers tell of several runs at once."""
    scenario, luck = sim.Scenario.load(tiny), random.Random(jobs)
    whole = sim.compare(scenario, 1, tmp_path / "whole", until_clear=True, most=15)
    assert len(whole.answer["looks"]) > 1  # else there is nothing between looks to be killed in
    folder, done = tmp_path / "killed", []
    code = _WATCHED.format(file=str(tiny), jobs=jobs, folder=str(folder))
    for steps in kills:
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            for _ in range(steps):
                if not child.stdout.readline():
                    break
                child.stdin.write(b"\n")
            time.sleep(luck.uniform(0.0, 0.03))
            child.kill()
        done.append(sim.Results.open(folder).status()["done"])
    assert done == sorted(done)  # what was done stays done
    assert done[-1] > 0
    assert done[0] < len(whole.runs)
    again = sim.compare(scenario, 1, folder, until_clear=True, most=15)
    assert again.answer == whole.answer
    written = [file.name for file in (tmp_path / "whole").glob("*.parquet") if file.name != "timing.parquet"]
    assert {"runs.parquet", "daily.parquet", "looks.parquet"} <= set(written)
    for name in (*written, "verdict.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_new_margin_reads_the_same_runs_anew(tiny: Path, tmp_path: Path) -> None:
    scenario = sim.Scenario.load(tiny).with_({"replications": 2})
    sim.compare(scenario, 1, tmp_path / "a", keep="runs")
    before = (tmp_path / "a" / "runs.parquet").read_bytes()
    again = sim.compare(scenario.with_({"margin": 0.9}), 1, tmp_path / "a", keep="runs")
    assert again.answer["margin"] == 0.9
    assert (tmp_path / "a" / "runs.parquet").read_bytes() == before
    assert sim.Results.open(tmp_path / "a").scenario.margin == 0.9


def test_from_the_command_line(tiny: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    asked = ["compare", str(tiny), "--until-clear", "--most", "6", "--margin", "0.5", "--jobs", "1", "--json", "-q"]
    result = CliRunner().invoke(app, [*asked, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["margin"] == 0.5
    assert answer["looks"][0]["replications"] == 5
    refused = CliRunner().invoke(app, ["compare", str(tiny), "--most", "6"])
    assert refused.exit_code == 2
    assert "--until-clear" in refused.output


@pytest.mark.slow
def test_intervals_and_verdicts_of_the_real_model_err_as_they_say(tiny: Path, tmp_path: Path) -> None:
    """Coverage of the paired interval, and false verdicts between independent worlds, from 400 worlds of the model."""
    scenario = sim.Scenario.load(tiny).with_({"replications": 400, "population.size": 1000, "days": 12})
    runs = sim.compare(scenario, 1, tmp_path / "a", keep="runs").runs
    wide = runs.pivot(index="replication", columns="strategy", values="gmv_cents").astype(float)
    difference, control = (wide["cut"] - wide["control"]).to_numpy(), wide["control"].to_numpy()
    truth, rng = difference.mean(), np.random.default_rng(7)
    hits, alarms = 0, 0
    for _ in range(2000):
        some = rng.choice(400, 24, replace=False)
        got = c.paired(difference[some[:12]], np.arange(12))
        hits += (got.ci_low or 0) <= truth <= (got.ci_high or 0)
        p = c.paired(control[some[:12]] - control[some[12:]], np.arange(12)).p_value
        alarms += (p or 0) <= 0.05
    assert 0.93 <= hits / 2000 <= 0.97
    assert 0.035 <= alarms / 2000 <= 0.065
