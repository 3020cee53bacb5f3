"""The best levers: known optima are found, a killed search goes on, nobody believes the luckiest trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.cli.commands import app
from sim.errors import InputError
from sim.studies.optimise import Question
from sim.studies.optimise.question import parse_vary
from sim.studies.optimise.search import Trial, compromise, front, search
from sim.studies.optimise.space import shares_of

optuna = pytest.importorskip("optuna")

TWO: dict[str, Any] = {
    "name": "two", "days": 6, "burn_in_days": 2, "replications": 3, "noise_per_world": 1, "decide_on": "gmv_cents",
    "population": {"size": 200, "registered_share": 0.6}, "catalogue": {"size": 8},
    "strategies": {"mix": [{"kind": "price_cut", "discount": 0.05}, {"kind": "share_coupon", "face": 4.0}]},
}  # fmt: skip
VARY: dict[str, Any] = {"[0].discount": {"low": 0.0, "high": 0.6}, "[1].face": {"low": 0.0, "high": 5.0}}
FAKE = "tests.fake_levers"


def two(**changes: Any) -> sim.Scenario:
    return sim.Scenario.from_dict({**TWO, **changes})


def space(**ends: float) -> dict[str, Any]:
    return {name: optuna.distributions.FloatDistribution(0.0, high) for name, high in ends.items()}


# --- the search, against functions whose optimum is known ---------------------------------------------


def peak(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
    return [[-((p["x"] - 0.3) ** 2) - (p["y"] - 2.0) ** 2] for p in points]


def test_a_known_peak_is_found(tmp_path: Path) -> None:
    trials = search(tmp_path / "log", space(x=1.0, y=4.0), [1], 64, peak, seed=3)
    best = max(trials, key=lambda trial: trial.values or [-9])
    assert abs(best.point["x"] - 0.3) < 0.15
    assert abs(best.point["y"] - 2.0) < 0.3
    by_lot = [-((x - 0.3) ** 2) - (y - 2.0) ** 2 for x, y in np.random.default_rng(1).random((64, 2)) * [1, 4]]
    assert np.mean([(t.values or [0])[0] for t in trials[32:]]) > np.mean(by_lot)  # it learned


def test_a_killed_search_goes_on_as_it_would_have_gone(tmp_path: Path) -> None:
    whole = search(tmp_path / "a", space(x=1.0, y=4.0), [1], 24, peak, seed=5, start={"x": 0.5, "y": 1.0})
    assert whole[0].point == {"x": 0.5, "y": 1.0}
    calls = 0

    def killed(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
        nonlocal calls
        calls += 1
        if calls in (1, 3):
            raise KeyboardInterrupt
        return peak(first, points)

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "b", space(x=1.0, y=4.0), [1], 24, killed, seed=5, start={"x": 0.5, "y": 1.0})
    again = search(tmp_path / "b", space(x=1.0, y=4.0), [1], 24, killed, seed=5, start={"x": 0.5, "y": 1.0})
    assert again == whole
    n = calls
    assert search(tmp_path / "b", space(x=1.0, y=4.0), [1], 24, killed, seed=5) == whole
    assert calls == n  # nothing was tried twice


def test_trials_that_failed_are_left_out(tmp_path: Path) -> None:
    def half(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
        return [None if p["x"] < 0.5 else [p["x"]] if p["x"] < 0.9 else [float("nan")] for p in points]

    trials = search(tmp_path / "log", space(x=1.0), [-1], 16, half)
    assert {trial.values is None for trial in trials} == {True, False}
    assert all(trial.values is None or 0.5 <= trial.point["x"] < 0.9 for trial in trials)


def test_the_front_and_the_compromise_by_hand() -> None:
    values = [[10.0, 5.0], [9.0, 1.0], [10.0, 5.0], [4.0, 0.0], [3.0, 2.0], None]  # more is better, less is better
    trials = [Trial(k, {}, v) for k, v in enumerate(values)]
    assert front(trials, [1, -1]) == [0, 1, 3]
    assert compromise(trials, [1, -1]) == 1  # behind by 1/7 and 1/5; trial 0 by a whole range, trial 3 by 6/7
    assert compromise(trials, [1, 1]) == 0
    assert compromise([Trial(0, {}, None)], [1]) is None


def test_several_goals_reach_a_known_front(tmp_path: Path) -> None:
    # x^2 and (x - 2)^2 (Schaffer): the front is 0 <= x <= 2; y only does harm.
    def both(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
        return [[p["x"] ** 2 + p["y"], (p["x"] - 2) ** 2 + p["y"]] for p in points]

    trials = search(tmp_path / "log", space(x=6.0, y=1.0), [-1, -1], 64, both, seed=2)
    kept = [trials[n] for n in front(trials, [-1, -1])]
    assert len(kept) >= 4
    assert np.mean([0 <= t.point["x"] <= 2.2 for t in kept]) > 0.8
    assert max(t.point["y"] for t in kept) < 0.5


# --- what varies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weights", "shares"), [
    ([1.0, 1.0], [0.5, 0.5]), ([0.0, 0.0, 0.0, 0.0], [0.25] * 4), ([1.0, 1.0, 1.0], [0.3334, 0.3333, 0.3333]),
    ([0.9, 0.3], [0.75, 0.25]),
])  # fmt: skip
def test_shares_sum_to_one(weights: list[float], shares: list[float]) -> None:
    assert shares_of(weights) == shares
    assert sum(round(10_000 * share) for share in shares_of(weights)) == 10_000


def test_what_is_typed() -> None:
    assert parse_vary("face=1..8") == ("face", {"low": 1, "high": 8})
    assert parse_vary("[0].discount = 0.1..0.3") == ("[0].discount", {"low": 0.1, "high": 0.3})
    assert parse_vary("size=2,3,5") == ("size", [2, 3, 5])
    assert parse_vary("discount") == ("discount", None)
    with pytest.raises(InputError, match="not a range"):
        parse_vary("face=")


@pytest.mark.parametrize(("said", "problem"), [
    ({}, "nothing varies"),
    ({"vary": {"[0].discont": None}}, "unknown path"),
    ({"vary": {"params.b_h": None}}, "only the strategy"),
    ({"vary": VARY, "goals": ["profitt"]}, "unknown measure"),
    ({"vary": VARY, "goals": ["one_hop_share"]}, "neither more nor less"),
    ({"vary": VARY, "goals": ["messages_per_month:fewer"]}, "which side"),
    ({"split": True}, "no budget to split"),
    ({"vary": VARY, "strategy": "mux"}, "no such strategy"),
    ({"vary": VARY, "trials": 0}, "out of range"),
])  # fmt: skip
def test_refusals(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        Question.of(two(), **said)


def test_a_search_file_is_read_and_what_is_wrong_in_it_is_said(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(TWO))
    told = {"scenario": "shop.yaml", "vary": VARY, "goals": ["gmv_cents", "fatigue_mean"], "trials": 7, "budget": 50,
            "split": True}  # fmt: skip
    (tmp_path / "search.yaml").write_text(yaml.safe_dump(told))
    asked = Question.load(tmp_path / "search.yaml", {"replications": 2}, {"trials": 9})
    assert (asked.trials, asked.goals, asked.scenario.replications) == (16, ("gmv_cents", "fatigue_mean"), 2)
    assert asked.scenario.budgets["mix"].total == 5000  # cents
    assert asked.space.n_shares == 2
    assert asked.directions == (1, -1)
    assert Question.of(two(), VARY, goals=["messages_per_month:less"]).directions == (-1,)
    (tmp_path / "search.yaml").write_text(yaml.safe_dump({**told, "goal": "gmv"}))
    with pytest.raises(InputError, match=r"search.yaml.* goal: unknown key.*'goals'"):
        Question.load(tmp_path / "search.yaml")
    (tmp_path / "search.yaml").write_text(yaml.safe_dump({**told, "vary": ["face"]}))
    with pytest.raises(InputError, match="wrong type"):
        Question.load(tmp_path / "search.yaml")


# --- through results folders -------------------------------------------------------------------------


def test_levers_and_the_split_of_a_budget_are_found_and_confirmed(tmp_path: Path) -> None:
    found = sim.optimise(two(), VARY, trials=32, split=True, budget=100, to=tmp_path / "a", jobs=1, engines=FAKE)
    assert found.best["strategies.mix[0].discount"] == pytest.approx(0.3, abs=0.1)
    assert found.best["strategies.mix[1].face"] == pytest.approx(2.0, abs=1.0)
    assert found.best["budgets.mix.shares"][0] == pytest.approx(0.7, abs=0.25)
    table = found.tables["confirmed"].set_index(["trial", "against"])
    chosen = found.tables["trials"].query("is_chosen").iloc[0]
    one = table.loc[(chosen["trial"], "control")]
    assert one["worlds"] == 6  # twice those of a trial
    assert one["ci_low"] < one["confirmed"] < one["ci_high"]
    assert one["optimism"] == pytest.approx(one["at_choice"] - one["confirmed"])
    levers = found.scenario.tactics("mix")
    assert levers[0].discount == pytest.approx(found.best["strategies.mix[0].discount"])  # type: ignore[attr-defined]
    assert sim.Scenario.load(tmp_path / "a" / "best.yaml").budgets["mix"].shares == found.scenario.budgets["mix"].shares


def test_the_winner_is_less_good_where_it_was_not_chosen(tmp_path: Path) -> None:
    # Levers without effect but for luck: what looks best of 24 is nothing on fresh worlds.
    lucky = {"[0].discount": {"low": 0.2999, "high": 0.3001}}
    found = sim.optimise(two(replications=2), lucky, trials=24, confirm=40, to=tmp_path / "a", jobs=1, engines=FAKE)
    number = int(found.tables["trials"].query("is_chosen").iloc[0]["trial"])
    one = found.tables["confirmed"].query(f"trial == {number} and against == 'control'").iloc[0]
    truth = 100_000 - 5_000 * 2.0**2 - 60_000
    assert one["at_choice"] > truth + 200  # the largest of 24 means of spread 212
    assert one["confirmed"] == pytest.approx(truth, abs=5 * 300 / 40**0.5)
    assert one["optimism"] > 150


def test_the_same_search_goes_on_and_has_the_same_tables_for_any_number_of_workers(tmp_path: Path) -> None:
    sim.optimise(two(), VARY, trials=16, to=tmp_path / "a", jobs=1, engines=FAKE)

    class Killed(Exception):
        pass

    def kill(progress: Any) -> None:
        if progress.done == 8:
            raise Killed

    with pytest.raises(Killed):
        sim.optimise(two(), VARY, trials=16, to=tmp_path / "b", jobs=2, progress=kill, engines=FAKE)
    sim.optimise(two(), VARY, trials=16, to=tmp_path / "b", jobs=1, engines=FAKE)
    for name in ("trials.parquet", "confirmed.parquet", "optimise.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    with pytest.raises(InputError, match="another question"):
        sim.optimise(two(), VARY, trials=16, seed=2, to=tmp_path / "a", jobs=1, engines=FAKE)
    assert len(sim.optimise(two(), VARY, trials=20, to=tmp_path / "a", jobs=1, engines=FAKE).tables["trials"]) == 24


def test_a_small_real_search_from_the_command_line(tmp_path: Path) -> None:
    import yaml
    from typer.testing import CliRunner

    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump(TWO))
    asked = ["optimise", str(file), "--vary", "[0].discount=0.0..0.5", "--goal", "profit_cents", "--goal", "n_orders",
             "--trials", "4", "--jobs", "1", "--replications", "2", "--out", str(tmp_path), "-q"]  # fmt: skip
    result = CliRunner().invoke(app, [*asked, "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert set(answer["best"]) == {"strategies.mix[0].discount"}
    assert answer["tables"]["trials"][0]["strategies.mix[0].discount"] == 0.05  # the scenario as it is comes first
    shown = CliRunner().invoke(app, asked)
    assert "fresh worlds" in shown.stdout
    assert CliRunner().invoke(app, ["optimise", str(file), "--vary", "x=1..2"]).exit_code == 2
