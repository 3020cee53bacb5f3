"""A/B tests inside a world: arms by name, the same bits in both drivers, estimates against closed forms, the truth."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sim
from sim.cli.commands import app
from sim.engines import World
from sim.errors import InputError
from sim.graph import SocialGraph, ego_nets, friend_communities
from sim.strategies import registry
from sim.strategies.arms import UNITS, Arm
from sim.studies.ab_test.estimate import estimate
from sim.studies.ab_test.planning import planned
from sim.studies.ab_test.tables import one_test, summary_table

SHARING: dict[str, Any] = {
    "name": "sharing", "days": 12, "burn_in_days": 3, "population": {"size": 400, "registered_share": 0.5},
    "graph": {"kind": "community", "mean_degree": 10, "n_communities": 12, "share_inside": 0.9},
    "catalogue": {"size": 12}, "strategies": {"coupons": {"kind": "share_coupon", "face": 10.0}},
}  # fmt: skip


def scenario(**changes: Any) -> sim.Scenario:
    return sim.Scenario.from_dict({**SHARING, **changes})


# --- arms --------------------------------------------------------------------------------------------


def test_an_arm_depends_on_name_and_seed_alone() -> None:
    names = np.arange(20_000, dtype=np.int64)
    treated = Arm(seed=3, treated=0.3).treats(names)
    assert treated.mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 20_000))
    shuffled = np.random.default_rng(1).permutation(20_000)
    assert (Arm(seed=3, treated=0.3).treats(names[shuffled]) == treated[shuffled]).all()
    for other in (Arm(seed=4, treated=0.3), Arm(seed=3, treated=0.3, unit="community")):  # independent of it
        both = (other.treats(names) & treated).mean()
        assert both == pytest.approx(0.09, abs=4 * math.sqrt(0.09 * 0.91 / 20_000))


def test_ego_nets_are_disjoint_balls_of_radius_one() -> None:
    graph = SocialGraph.draw("powerlaw_cluster", np.arange(300, dtype=np.int64), 7)
    names = ego_nets(graph, 5)
    for row, ego in enumerate(names.tolist()):
        assert ego == row or row in graph.audience[graph.indptr[ego] : graph.indptr[ego + 1]]
        assert names[ego] == ego
    assert 20 < len(set(names.tolist())) < 200


def test_groups_do_not_depend_on_the_order_of_rows_and_find_what_was_planted() -> None:
    scenario_ = scenario()
    world = World.build(scenario_, 0)
    order = np.random.default_rng(2).permutation(len(world))
    there = world.graph
    speaker = np.repeat(there.ids, np.diff(there.indptr))
    turned = SocialGraph.from_edges(speaker, there.ids[there.audience], None, there.ids[order])
    assert (turned.ids == there.ids[order]).all()
    assert (ego_nets(turned, 9) == ego_nets(there, 9)[order]).all()
    found = friend_communities(there)
    assert (friend_communities(turned) == found[order]).all()
    planted = there.ids * 12 // len(world)
    same = pd.crosstab(found, planted).max().sum() / len(world)
    assert same > 0.5  # of each planted community, the largest part that was found together


@pytest.mark.parametrize("unit", UNITS)
def test_both_drivers_agree_and_the_ends_are_everybody_and_nobody(unit: str) -> None:
    some, all_, none = (
        {"kind": "share_coupon", "face": 10.0, "target": {"arm": {"unit": unit, "treated": t, "seed": 2}}}
        for t in (0.5, 1.0, 0.0)
    )
    told = scenario(strategies={**SHARING["strategies"], "some": some, "all": all_, "none": none})
    world = World.build(told, 0)
    tables = {label: sim.simulate(told, label, world=world).shoppers for label in told.labels}
    assert tables["all"].equals(tables["coupons"])
    assert tables["none"].equals(tables["control"])
    assert not tables["some"].equals(tables["coupons"])
    objects = sim.simulate(told, "some", world=world, engine="objects")
    assert objects.shoppers.equals(tables["some"])


def test_a_question_without_arms_keeps_its_name() -> None:
    target = {"personas": ["kol_fan"]}
    plain = scenario(strategies={"x": {"kind": "push", "target": target}})
    assert plain.digest == scenario(strategies={"x": {"kind": "push", "target": {**target, "arm": None}}}).digest
    assert plain.digest != scenario(strategies={"x": {"kind": "push", "target": {**target, "arm": {}}}}).digest


# --- estimates ---------------------------------------------------------------------------------------


def test_estimates_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(3)
    y, arm = rng.normal(5, 2, 400), rng.random(400) < 0.4
    found = estimate(y, arm, np.arange(400))
    welch = stats.ttest_ind(y[arm], y[~arm], equal_var=False)
    assert found.diff == pytest.approx(y[arm].mean() - y[~arm].mean())
    assert found.diff is not None
    assert found.se == pytest.approx(found.diff / welch.statistic)
    assert found.se_clustered == pytest.approx(found.se)  # groups of one
    group = np.repeat(np.arange(40), 10)  # equal groups: the t test on their means
    arm = np.repeat(rng.random(40) < 0.5, 10)
    y = y + np.repeat(rng.normal(0, 3, 40), 10)
    means, treated = y.reshape(40, 10).mean(axis=1), arm[::10]
    a, b = means[treated], means[~treated]
    exact = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    assert estimate(y, arm, group).se_clustered == pytest.approx(exact)
    assert estimate(y, arm, group).limit == pytest.approx(stats.t.ppf(0.975, 38))
    assert estimate(y, np.repeat(np.arange(40) == 0, 10), group).diff is None  # one group in an arm


def test_by_hand_what_is_missed_and_what_spills_over() -> None:
    # Four pairs of friends. Treated: +1, and +2 more if the friend is treated too; untreated: +.5 if the friend is.
    group, arm = np.repeat(np.arange(4), 2), np.array([1, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    nobody = np.arange(8.0)
    friend = arm.reshape(4, 2)[:, ::-1].ravel()
    seen = nobody + arm * (1 + 2.0 * friend) + ~arm * 0.5 * friend
    got = one_test(seen, nobody + 3, nobody, arm, np.arange(8))
    assert got["truth"] == 3
    assert got["missed"] == 2  # no treated shopper has a treated friend
    assert got["spilled"] == pytest.approx(0.5 * 3 / 5)
    assert got["interference"] == pytest.approx(-2.3)
    draw = nobody[arm].mean() - nobody[~arm].mean()
    assert got["estimate"] == pytest.approx(3 - 2.3 + draw)
    assert got["placebo"] == pytest.approx(draw)
    together = one_test(nobody + 3 * (arm := np.repeat([True, True, False, False], 2)), nobody + 3, nobody, arm, group)
    assert together["interference"] == 0


def test_a_user_level_test_is_unbiased_and_covers_where_nobody_influences_anybody() -> None:
    # Neyman (1923): potential outcomes fixed, arms by lot; the Welch interval covers at least nominally.
    rng = np.random.default_rng(4)
    nobody = rng.gamma(0.5, 4, 800)
    everybody = nobody + rng.gamma(0.5, 3, 800)
    rows = []
    for seed in range(400):
        arm = Arm(seed=seed).treats(np.arange(800))
        got = one_test(np.where(arm, everybody, nobody), everybody, nobody, arm, np.arange(800))
        rows.append({"world": 0, "unit": "shopper", "seed": seed, "outcome": "x", "n_groups": 800, **got})
    one = summary_table(pd.DataFrame(rows)).iloc[0]
    assert one["bias"] == 0.0
    assert abs(one["draw"]) < 3.5 * one["sd"] / math.sqrt(400)  # known from estimates only to within their spread
    assert 0.93 <= one["coverage"] <= 0.985
    assert one["sd"] == pytest.approx(one["se"], rel=0.1)
    assert one["false_alarms"] == pytest.approx(0.05, abs=0.033)


# --- the model ---------------------------------------------------------------------------------------


def test_without_friends_and_crowds_the_bias_is_exactly_none(tmp_path: Path) -> None:
    # No ties, no ratings, no popularity, no posts: what one is given changes nobody else, to the last bit.
    alone = scenario(
        graph={"kind": "none"}, switches={"social": False, "product": False, "platform": False},
        strategies={"offers": {"kind": "coupon", "discount": 0.5}},
    )  # fmt: skip
    found = sim.ab_test(alone, tests=3, worlds=2, units=["shopper"], to=tmp_path / "a", jobs=1)
    tests = found.tables["tests"]
    assert (tests["interference"] == 0).all()
    assert tests["truth"].abs().max() > 0
    assert found.best == "shopper"
    assert "no bias at all" in " ".join(found.sentences)
    assert "无偏" in "".join(found.sentences_zh)


def test_a_strategy_without_effect_gives_the_a_a_test(tmp_path: Path) -> None:
    null = scenario(strategies={"nothing": {"kind": "push", "per_day": 0}})
    found = sim.ab_test(null, tests=2, worlds=1, to=tmp_path / "a", jobs=1, outcome="visits")
    tests = found.tables["tests"].dropna(subset=["estimate"])
    assert (tests["estimate"] == tests["placebo"]).all()
    assert (tests["truth"] == 0).all()
    assert "changes nothing" in found.sentences[0]


def test_the_same_study_goes_on_in_its_folder_with_the_same_bytes(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"tests": 2, "units": ["shopper", "ego_net"], "who": "everybody"}
    whole = sim.ab_test(scenario(), worlds=2, to=tmp_path / "a", jobs=1, **asked)
    sim.ab_test(scenario(), worlds=1, to=tmp_path / "b", jobs=1, **asked)
    sim.ab_test(scenario(), worlds=2, to=tmp_path / "b", jobs=2, **asked)
    for name in ("ab_tests.parquet", "ab_summary.parquet", "ab_test.json", "runs.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert set(whole.tables["tests"]["world"]) == {0, 1}
    assert len(whole.tables["summary"]) == 2 * 3
    json.dumps(whole.answer, allow_nan=True)


def test_refusals_say_what_to_do() -> None:
    two = scenario(strategies={"a": {"kind": "push"}, "b": {"kind": "price_cut", "discount": 0.1}})
    with pytest.raises(InputError, match="which strategy"):
        sim.ab_test(two)
    with pytest.raises(InputError, match="reaches everybody"):
        sim.ab_test(two, "b")
    with pytest.raises(InputError, match="no such unit"):
        sim.ab_test(two, "a", units=["family"])
    with pytest.raises(InputError, match="both arms"):
        sim.ab_test(two, "a", treated=1.0)
    with pytest.raises(InputError, match="no such choice"):
        sim.ab_test(two, "a", outcome="clicks")


def test_every_tactic_that_takes_a_target_can_be_tested() -> None:
    for kind, tactic in registry().items():
        if tactic.is_for_all:
            continue
        data = tactic.example().model_dump(mode="json", exclude={"target"})
        money = {
            name for name, about in tactic.model_json_schema()["properties"].items() if about.get("unit") == "currency"
        }
        told = {name: value / 100 if name in money and value is not None else value for name, value in data.items()}
        try:
            made = scenario(strategies={"it": told})
        except InputError:
            continue  # an example that needs more of its scenario (a festival)
        if kind == "customer_service":  # compensation reaches every buyer
            with pytest.raises(InputError, match=r"strategies.it: .*recovery: 0"):
                planned(made, "it", ["shopper"], 2, 0.5, 1)
        else:
            assert len(planned(made, "it", ["shopper"], 2, 0.5, 1).labels) == 4, kind


def test_from_the_command_line(tmp_path: Path) -> None:
    import yaml
    from typer.testing import CliRunner

    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(SHARING))
    asked = ["ab-test", str(file), "--tests", "2", "--worlds", "1", "--jobs", "1", "-q", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*asked, "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert {row["unit"] for row in answer["tables"]["summary"]} <= set(UNITS)
    shown = CliRunner().invoke(app, asked)
    assert "power" in shown.stdout
    assert shown.exit_code == 0
    assert CliRunner().invoke(app, [*asked, "--unit", "x"]).exit_code == 2


@pytest.mark.slow
def test_where_sharing_is_strong_user_level_tests_mislead_and_communities_help(tmp_path: Path) -> None:
    asked = sim.Scenario.load("ab_test_of_sharing").with_({"population.size": 2000})
    found = sim.ab_test(asked, tests=10, worlds=6, who="everybody", to=tmp_path / "a", units=["shopper", "community"])
    some = found.tables["summary"].set_index(["unit", "outcome"])
    user, group = some.loc[("shopper", "orders")], some.loc[("community", "orders")]
    assert user["truth"] > 0
    assert user["bias"] < -0.3 * user["truth"]  # it sees much less than there is
    assert abs(user["bias"]) > 3 * user["bias_se"]
    assert abs(group["bias"]) < 0.5 * abs(user["bias"])
    assert user["spilled"] > 0
