"""The verdict: intervals that cover, ties that are exactly zero, Holm as printed, a sentence that says it all."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.metrics import MEASURES
from sim.studies import compare as c
from sim.studies.compare.sentence import EN, ZH


def table(
    values: dict[str, list[float | None]], per_world: int = 1, measure: str = "gmv_cents", **more: Any
) -> pd.DataFrame:
    """Runs with one measure given by strategy and replication; `more`: another measure -> {strategy: values}."""
    rows = []
    for label, column in values.items():
        for r, value in enumerate(column):
            row: dict[str, Any] = dict.fromkeys(MEASURES)
            row |= {"point": 0, "strategy": label, "replication": r, "world": r // per_world, "status": "ok"}
            row[measure] = value
            row |= {name: columns[label][r] for name, columns in more.items()}
            rows.append(row)
    return pd.DataFrame(rows)


def test_interval_by_hand() -> None:
    # Differences 10, 14 | 20, 24 | 30, 34 in three worlds: means 12, 22, 32; sd 10; t(.975, 2) = 4.3026527.
    runs = table({"control": [100, 100, 100, 100, 100, 100], "x": [110, 114, 120, 124, 130, 134]}, per_world=2)
    entry = c.verdict(runs, "gmv_cents", {})["measures"]["gmv_cents"]["x"]
    assert entry["mean"] == 122
    assert entry["control_mean"] == 100
    assert entry["diff"] == 22
    half = 4.30265273 * 10 / math.sqrt(3)
    assert entry["ci_low"] == pytest.approx(22 - half)
    assert entry["ci_high"] == pytest.approx(22 + half)
    # Two-sided p of t = 22 / (10 / sqrt 3) = 3.8105 with 2 df: 1 - t / sqrt(t^2 + 2).
    t = 2.2 * math.sqrt(3)
    assert entry["p_value"] == pytest.approx(1 - t / math.sqrt(t * t + 2))
    # Within: squared deviations 6 x 2^2 / (6 - 3) = 8. Between: 2 x 10^2 = 200; (200 - 8) / 2 = 96.
    assert entry["sd_noise"] == pytest.approx(math.sqrt(8))
    assert entry["sd_world"] == pytest.approx(math.sqrt(96))


def test_intervals_cover_the_truth_95_times_in_100() -> None:
    # 5 worlds x 4 replications, spread between worlds twice that within; treating the 20 as independent covers ~ 66 %.
    rng = np.random.default_rng(12)
    worlds = np.repeat(np.arange(5), 4)
    n = 2000
    hits = naive = 0
    for _ in range(n):
        d = 3.0 + np.repeat(rng.normal(0, 2, 5), 4) + rng.normal(0, 1, 20)
        got = c.paired(d, worlds)
        assert got.ci_low is not None
        assert got.ci_high is not None
        hits += got.ci_low <= 3 <= got.ci_high
        flat = c.paired(d, np.arange(20))
        naive += (flat.ci_low or 0) <= 3 <= (flat.ci_high or 0)
    assert abs(hits / n - 0.95) < 0.02  # 4 standard errors
    assert naive / n < 0.8


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [  # p.adjust(c(.01, .04, .03, .005), "holm") and Holm's step-down with a cap and an enforced order
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.9, 0.6, 0.02], [1.0, 1.0, 0.06]),
        ([0.03], [0.03]),
        ([], []),
    ],
)
def test_holm_worked_examples(p_values: list[float], adjusted: list[float]) -> None:
    assert c.holm(p_values) == pytest.approx(adjusted)


def test_holm_runs_over_the_strategies_of_a_measure() -> None:
    rng = np.random.default_rng(3)
    values = {label: (1000 + e + rng.normal(0, 8, 6)).tolist() for label, e in [("control", 0), ("a", 9), ("b", 14)]}
    entries = c.verdict(table(values), "gmv_cents", {})["measures"]["gmv_cents"]
    small, large = sorted((entries["a"]["p_value"], entries["b"]["p_value"]))
    assert sorted((entries["a"]["p_holm"], entries["b"]["p_holm"])) == pytest.approx([2 * small, max(2 * small, large)])


def test_identical_strategies_differ_by_exactly_zero() -> None:
    rng = np.random.default_rng(5)
    column = rng.normal(1e6, 1e4, 12).tolist()
    better = [v * 1.05 for v in column]
    got = c.verdict(table({"control": column, "null": column, "a": better, "b": better}, 3), "gmv_cents", {})
    entries = got["measures"]["gmv_cents"]
    assert [entries["null"][k] for k in ("diff", "ci_low", "ci_high", "p_value")] == [0, 0, 0, 1]
    assert entries["a"] == entries["b"]
    assert entries["a"]["p_best"] == 0.5
    assert entries["null"]["p_best"] == entries["control"]["p_best"] == 0
    assert got["best"]["gmv_cents"] is None
    assert got["choice"]["is_tie"]
    assert "as good as equal" in got["sentence"]
    alike = c.verdict(table({"control": column, "null": column}, 3), "gmv_cents", {})
    assert "null against the control: GMV exactly the same" in alike["sentence"]


def test_the_winner_must_beat_everybody() -> None:
    rng = np.random.default_rng(8)
    base = rng.normal(1e6, 5e4, 8)

    def best(measure: str = "gmv_cents", **effects: float) -> str | None:
        values = {label: (base + e + rng.normal(0, 500, 8)).tolist() for label, e in effects.items()}
        answer: str | None = c.verdict(table(values, measure=measure), "profit_cents", {})["best"][measure]
        return answer

    assert best(control=0, a=20_000, b=10_000) == "a"
    assert best(control=0, a=-20_000, b=-10_000) == "control"
    assert best(control=0, a=20_000, b=20_000) is None
    assert best(control=0, a=-20_000, b=-10_000, measure="cac_cents") == "a"  # less is better
    assert best(control=0, a=20_000, measure="one_hop_share") is None  # neither side is better
    assert best(control=0, a=700) is None  # clear, but below a thousandth of the control's mean


def test_p_best_agrees_with_the_one_sided_t_test() -> None:
    # Of two, P(best) under the flat prior is the t probability of the paired difference.
    d = np.array([3.0, -1.0, 4.0, 1.0, 2.0])
    units = np.column_stack([np.array([10.0, 50.0, 20.0, 70.0, 40.0]), np.array([10.0, 50.0, 20.0, 70.0, 40.0]) + d])
    p = c.paired(d, np.arange(5)).p_value
    got = c.probability_best(units, +1)
    assert p is not None
    assert got is not None
    assert got[1] == pytest.approx(1 - p / 2, abs=0.01)
    assert sum(got) == pytest.approx(1)
    assert c.probability_best(units, -1) == pytest.approx([got[1], got[0]])
    assert c.probability_best(units, 0) is None
    assert c.probability_best(units[:1], 1) is None


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4))
@settings(deadline=None, max_examples=25)
def test_the_order_of_runs_changes_nothing(seed: int, n_worlds: int, per_world: int) -> None:
    rng = np.random.default_rng(seed)
    n = n_worlds * per_world
    values = {label: rng.normal(1e6, 1e4, n).round().tolist() for label in ("control", "a", "b")}
    runs = table(values, per_world, profit_cents={label: rng.normal(1e5, 1e4, n).tolist() for label in values})
    shuffled = runs.sample(frac=1, random_state=seed)
    labels = list(values)
    answer = c.verdict(runs, "profit_cents", {"profit": 900}, labels=labels)
    assert c.verdict(shuffled, "profit_cents", {"profit": 900}, labels=labels) == answer
    json.dumps(answer, allow_nan=False)


def test_unbalanced_worlds_weigh_the_same_and_it_is_said() -> None:
    runs = table({"control": [0, 0, 0, 0], "x": [1, 1, 1, 5]}, per_world=3)  # worlds: three runs, one run
    got = c.verdict(runs, "gmv_cents", {})
    assert got["measures"]["gmv_cents"]["x"]["diff"] == 3
    assert got["worlds"] == 2
    assert "weighted equally" in got["method"]


def test_one_world_and_one_replication_say_so() -> None:
    got = c.verdict(table({"control": [100, 110, 120], "x": [101, 113, 121]}, per_world=9), "gmv_cents", {})
    entry = got["measures"]["gmv_cents"]["x"]
    assert entry["diff"] == pytest.approx(5 / 3)
    assert entry["ci_low"] < 5 / 3 < entry["ci_high"]
    assert entry["sd_world"] is None
    assert "that world only" in got["sentence"]
    got = c.verdict(table({"control": [100], "x": [101]}), "gmv_cents", {})
    entry = got["measures"]["gmv_cents"]["x"]
    assert entry["diff"] == 1
    assert [entry[k] for k in ("ci_low", "ci_high", "p_value", "p_holm", "p_best")] == [None] * 5
    assert got["best"]["gmv_cents"] is None
    assert "one replication gives no interval" in got["sentence"]


def test_failed_runs_and_nulls_are_left_out_of_their_pairs() -> None:
    runs = table({"control": [100, 200, 300], "x": [110, 220, None], "y": [101, 202, 303]})
    runs.loc[(runs["strategy"] == "y") & (runs["replication"] == 0), "status"] = "failed"
    got = c.verdict(runs, "gmv_cents", {})
    x, y = (got["measures"]["gmv_cents"][label] for label in "xy")
    assert (x["replications"], x["diff"], x["control_mean"]) == (2, 15, 150)
    assert (y["replications"], y["diff"], y["control_mean"]) == (2, 2.5, 250)
    nothing = got["measures"]["ltv_180d_cents"]["x"]
    assert nothing["mean"] is None
    assert nothing["diff"] is None
    runs["status"] = "failed"
    runs["gmv_cents"] = None
    assert "No run finished" in c.verdict(runs, "gmv_cents", {})["sentence"]


def test_only_one_strategy_has_a_measure() -> None:
    rate: dict[str, list[float | None]] = {"control": [None, None], "team_up": [0.7, 0.8]}
    got = c.verdict(table(rate, measure="team_success_rate"), "gmv_cents", {})
    entry = got["measures"]["team_success_rate"]["team_up"]
    assert entry["mean"] == 0.75
    assert entry["diff"] is None
    assert got["best"]["team_success_rate"] is None


def test_return_on_cost_is_a_ratio_of_means() -> None:
    profit = {"control": [100, 100, 100], "x": [130, 90, 140], "free": [150, 150, 150]}
    cost = {"control": [0, 0, 0], "x": [10, 20, 30], "free": [0, 0, 0]}
    gmv: dict[str, list[float | None]] = {"control": [500, 500, 500], "x": [560, 540, 580], "free": [600, 600, 600]}
    got = c.verdict(table(gmv, profit_cents=profit, cost_cents=cost), "profit_cents", {})["measures"]
    x = got["roi"]["x"]
    assert x["mean"] == x["diff"] == pytest.approx(60 / 60)  # (30 - 10 + 40) / (10 + 20 + 30)
    # Delta method: residuals 30 - 10, -10 - 20, 40 - 30 over the mean cost 20: 1, -1.5, .5; sd sqrt(1.75).
    assert x["ci_high"] - x["diff"] == pytest.approx(4.30265273 * math.sqrt(1.75 / 3))
    assert got["roi"]["control"]["mean"] == 0
    assert got["roi"]["free"]["mean"] is None
    assert got["gmv_cents"]["x"]["diff_per_cost"] == pytest.approx(60 / 20)
    assert got["gmv_cents"]["free"]["diff_per_cost"] is None


def test_goals_exclude_from_the_choice_in_the_units_people_use() -> None:
    n = 6
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 100, n)
    gmv = {"control": (1e6 + noise).tolist(), "a": (1.2e6 + 2 * noise).tolist(), "b": (1.1e6 + noise).tolist()}
    profit = {"control": [50_000.0] * n, "a": [-20_000.0] * n, "b": [40_000.0] * n}
    d30 = {label: [0.2] * n for label in gmv}
    churn = {"control": [0.5] * n, "a": [0.4] * n, "b": [0.3] * n}
    runs = table(gmv, profit_cents=profit, retention_d30=d30, churn_rate_30d=churn)
    assert c.verdict(runs, "gmv_cents", {})["choice"]["label"] == "a"
    got = c.verdict(runs, "gmv_cents", {"profit": 300.0, "retention_d30": 0.10, "churn_rate_30d": 0.5})
    assert got["choice"]["label"] == "b"
    assert got["choice"]["is_clear"]
    assert got["choice"]["missed_goals"] == {"a": ["profit"]}
    assert got["best"]["gmv_cents"] == "a"
    assert got["goals"]["profit"]["strategies"]["a"] == {"mean": -200.0, "passed": False, "p_passed": 0.0}
    assert got["goals"]["churn_rate_30d"]["sense"] == "at most"
    assert got["goals"]["churn_rate_30d"]["strategies"]["control"]["passed"]
    assert "Left out because they miss a goal: a (profit -200, goal at least 300)." in got["sentence"]
    assert "misses a goal" in c.verdict(runs, "gmv_cents", {"profit": 1e6})["sentence"]
    assert "cannot be judged" in c.verdict(runs, "gmv_cents", {"k_factor": 0.1})["sentence"]


def test_unknown_questions_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="profit_cents"):
        c.check_question("profits_cents", {})
    with pytest.raises(InputError, match="retention_d30"):
        c.check_question("gmv_cents", {"retention_d3": 0.1})
    with pytest.raises(InputError, match="neither"):
        c.check_question("gini_sales", {})
    runs = table({"control": [1.0], "x": [2.0]})
    with pytest.raises(ValueError, match="two runs"):
        c.verdict(pd.concat([runs, runs]), "gmv_cents", {})


def nested(effects: dict[str, float], n_worlds: int = 5, per_world: int = 4, sd: float = 0.002) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = n_worlds * per_world
    gmv = 1e8 * np.exp(np.repeat(rng.normal(0, 0.05, n_worlds), per_world) + rng.normal(0, 0.01, n))
    spread = {label: rng.normal(0, sd, n) for label in effects}
    up = {label: gmv * (1 + e + (spread[label] if e else 0)) for label, e in effects.items()}
    profit = {label: (0.2 * values - 0.1 * (values - gmv)).tolist() for label, values in up.items()}
    retained = {label: (0.3 + e / 5 + spread[label]).tolist() for label, e in effects.items()}
    d30 = {label: (0.07 - e / 50 + spread[label] / 9).tolist() for label, e in effects.items()}
    columns: dict[str, list[float | None]] = {label: list(values) for label, values in up.items()}
    return table(columns, per_world, profit_cents=profit, retained_share=retained, retention_d30=d30)


def test_the_sentence_names_gmv_retention_and_profit_and_how_sure() -> None:
    got = c.verdict(nested({"control": 0, "team_up": 0.06, "coupons": 0.03}), "profit_cents", {})
    assert got["choice"]["label"] == "team_up"
    text = got["sentence"]
    assert text.startswith(
        "Choose team_up: it is clearly the best of 3 on profit, probability of being best above 99 %."
    )
    for part in ("GMV +6", "retention of existing shoppers +1.", "day-30 retention", "percentage points", "profit +"):
        assert part in text
    assert text.endswith("20 paired replications in 5 worlds.")
    assert "95 % interval" in text
    zh = got["sentence_zh"]
    for part in ("建议选择 team_up", "GMV", "留存", "利润", "95% 区间", "20 次配对重复"):
        assert part in zh
    runs = nested({"control": 0, "a": -0.06, "b": -0.03})
    mean = runs.groupby("strategy")["gmv_cents"].mean()
    worse = c.verdict(runs, "gmv_cents", {})
    assert worse["sentence"].startswith("Keep the shop as it is: the control is clearly the best of 3 on GMV")
    assert f" b against the control: GMV {(mean['b'] - mean['control']) / 100:,.0f} (" in worse["sentence"]
    assert EN.keys() == ZH.keys()


def test_an_open_question_says_what_it_would_take() -> None:
    got = c.verdict(nested({"control": 0, "a": 0.06, "b": 0.059}, sd=0.01), "gmv_cents", {})
    choice = got["choice"]
    assert not choice["is_clear"]
    assert "may be luck" in got["sentence"]
    assert f"About {choice['more_replications']:,} more replications" in got["sentence"]
    assert choice["detectable"] > choice["lead"] > 0
    # With that many more worlds of the same spread, a lead of this size is found 8 times in 10 (by simulation).
    n = 5 + math.ceil(choice["more_replications"] / 4)
    lead = (choice["lead_high"] - choice["lead"]) / 2.7764451  # standard error over 5 worlds
    sd = lead * math.sqrt(5)
    rng = np.random.default_rng(4)
    found = [(c.paired(rng.normal(choice["lead"], sd, n), np.arange(n)).p_value or 0) < 0.05 for _ in range(800)]
    assert abs(np.mean(found) - 0.8) < 0.06


@pytest.mark.parametrize("unit", ["cents", "share", "count", "ratio", "days"])
def test_amounts_read_well(unit: str) -> None:
    measure = next(m for m in MEASURES.values() if m.unit == unit)
    shown = {
        "cents": ("1,234,567", "+0.05"), "share": ("12.3 %", "+0.04 percentage points"), "count": ("1,235", "+4.2"),
        "ratio": ("0.12", "-0.003"), "days": ("4.50 days", "+2.00 days"),
    }[unit]  # fmt: skip
    level, change = {
        "cents": (123_456_700, 5), "share": (0.123, 0.0004), "count": (1234.6, 4.2), "ratio": (0.12, -0.003),
        "days": (4.5, 2),
    }[unit]  # fmt: skip
    assert c.amount(level, measure, is_difference=False) == shown[0]
    assert c.amount(change, measure, is_difference=True) == shown[1]
    assert c.amount(-0.0, measure, is_difference=True).startswith("+0")


@dataclass
class Folder:
    folder: Path
    runs: pd.DataFrame
    daily: pd.DataFrame
    scenario: Any
    looks: pd.DataFrame


def test_comparison_wraps_results(tmp_path: Path) -> None:
    runs = nested({"b": 0.03, "control": 0, "a": 0.06})
    scenario = SimpleNamespace(decide_on="gmv_cents", goals={}, margin=0.001, labels=["control", "a", "b"])
    got = c.compare_results(Folder(tmp_path, runs, pd.DataFrame(), scenario, pd.DataFrame()))
    frame = got.verdict("retained_share")
    assert frame.index.tolist() == ["control", "a", "b"]
    assert got.verdict()["p_best"].tolist() == pytest.approx([0, 1, 0], abs=0.01)
    assert got.sentence == repr(got) == got.answer["sentence"]
    path = got.to_json(tmp_path / "verdict.json")
    assert json.loads(path.read_text(encoding="utf-8")) == got.answer
    assert {"control", "replications", "decide_on", "measures", "best", "goals", "sentence"} <= got.answer.keys()
    with pytest.raises(InputError, match="gmv_cents"):
        got.verdict("gmv_cent")
