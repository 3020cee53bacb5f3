"""Explanations: splits that add up exactly, funnels counted by hand, twins; all of it on real small runs."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_metrics import ORDER, SHOPPER, hand
from typer.testing import CliRunner

import sim
from sim.cli.commands import app
from sim.engines import World, simulate
from sim.errors import InputError
from sim.experiment import Experiment, Results
from sim.funnel import FUNNEL, GROUPS, SUMS, funnel, sales
from sim.metrics import measure
from sim.population import PERSONAS
from sim.scenario import Scenario
from sim.studies.explain import Explanation, explain
from sim.studies.explain.shapley import filled, of_product, ratios
from sim.studies.explain.who import CLASSES, SEGMENTS, class_shares, twins
from sim.studies.explain.why import split_funnel
from sim.studies.explain.words import EN, FACTOR_NAMES, ZH

SCENARIO = """
name: small
days: 30
burn_in_days: 15
seed: 3
replications: {replications}
noise_per_world: {noise}
population: {{size: 700, registered_share: 0.5}}
params: {{a_inv: 0.5, organic: 0.01}}
catalogue: {{size: 20}}
strategies:
  coupons: {{kind: share_coupon, face: 6.0}}
  never: {{kind: coupon, discount: 0.2, when: {{metric: dau, above: 100000}}}}
  sale: {{kind: price_cut, discount: 0.3, start: 5, stop: 15}}
  both:
    - {{kind: kol_seeding, seeds: 5}}
    - {{kind: recommendation}}
"""


def scenario(replications: int = 3, noise: int = 1) -> Scenario:
    return Scenario.from_yaml(SCENARIO.format(replications=replications, noise=noise))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Experiment(scenario()).run(1, tmp_path_factory.mktemp("explain") / "r")


@pytest.fixture(scope="module")
def explained(results: Results) -> Explanation:
    return explain(results, luck_worlds=1)


# --- splits -----------------------------------------------------------------------------------------


def shapley_over_orders(before: list[float], after: list[float]) -> list[float]:
    """The definition: mean contribution over all orders in which the factors move."""
    n = len(before)
    total = [0.0] * n
    for order in itertools.permutations(range(n)):
        at = list(before)
        for i in order:
            was = math.prod(at)
            at[i] = after[i]
            total[i] += math.prod(at) - was
    return [x / math.factorial(n) for x in total]


values = st.floats(-5, 5).map(lambda x: round(x, 3))
two_sides = st.integers(1, 6).flatmap(
    lambda n: st.tuples(st.lists(values, min_size=n, max_size=n), st.lists(values, min_size=n, max_size=n))
)


@settings(max_examples=100, deadline=None)
@given(two_sides)
def test_parts_of_a_product_are_those_of_all_orders(sides: tuple[list[float], list[float]]) -> None:
    before, after = (np.array(side) for side in sides)
    found = of_product(before, after)
    assert found == pytest.approx(shapley_over_orders(*sides), abs=1e-9)
    assert found.sum() == pytest.approx(math.prod(sides[1]) - math.prod(sides[0]), abs=1e-9)
    assert of_product(after, before) == pytest.approx(-found, abs=1e-12), "who is compared with whom changes the sign"


def test_what_is_not_known_does_not_move() -> None:
    # Nobody was invited under the control: what they would have done there is not known, so all is their number.
    before, after = filled(ratios([np.array(0.0)] * 3), ratios([np.array(4.0), np.array(2.0), np.array(10.0)]))
    assert of_product(before, after).tolist() == [10.0, 0.0, 0.0]
    # There were people, none of them came: all is that they come.
    before, after = filled(ratios([np.array(4.0), np.array(0.0), np.array(0.0)]), after)
    assert of_product(before, after).tolist() == [0.0, 10.0, 0.0]
    assert of_product(*filled(before * np.nan, after * np.nan)).tolist() == [0.0, 0.0, 0.0]


def a_funnel(seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Two runs x groups x personas, every column of the size it may have, group paid empty."""
    rng = np.random.default_rng(seed)
    sizes = {name: 2.0 ** (20 - k) for k, name in enumerate(("shopper_days", "active_days", "visitor_days", "visits"))}
    sizes |= {"n_people": 2000.0, "n_visitors": 1500.0, "n_buyers": 400.0, "n_orders": 700.0, "units": 900.0}
    sizes |= {"gmv_cents": 9e6, "paid_cents": 8e6, "refund_cents": 1e5, "cost_cents": 4e6, "resold_cents": 1e4}
    sizes |= {"fulfilment_cents": 3e5}
    shape = (2, len(GROUPS), len(PERSONAS))
    found = {name: np.floor(sizes[name] * rng.uniform(0.5, 1.5, shape)) for name in FUNNEL}
    for column in found.values():
        column[:, GROUPS.index("paid")] = 0
    return found


def totals(splits: list[Any], measure: str, split: str) -> dict[str, float]:
    parts = next(one.parts for one in splits if (one.measure, one.split) == (measure, split))
    return {name: float(part.sum()) for name, part in parts.items()}


MONEY = ("gmv_cents", "paid_cents", "refund_cents", "cost_cents", "resold_cents", "fulfilment_cents")
#: factor -> (the columns that move with it alone, the group they move in)
ONE_FACTOR = {
    "acquisition": (FUNNEL, "organic"),
    "referral": (FUNNEL, "invited"),
    "retention": (("active_days", "visitor_days", "visits", "n_orders", *MONEY), None),
    "activation": (("visitor_days", "visits", "n_orders", *MONEY), None),
    "frequency": (("visits", "n_orders", *MONEY), None),
    "conversion": (("n_orders", *MONEY), None),
}


@pytest.mark.parametrize("factor", ONE_FACTOR)
def test_where_one_factor_moves_everything_is_its_doing(factor: str) -> None:
    columns, group = ONE_FACTOR[factor]
    control = a_funnel()
    strategy = {name: column.copy() for name, column in control.items()}
    rows = slice(None) if group is None else GROUPS.index(group)
    for name in columns:
        strategy[name][:, rows] *= 1.25
    splits = split_funnel(control, strategy)
    for money, difference in (
        ("gmv_cents", (strategy["gmv_cents"] - control["gmv_cents"]).sum()),
        ("profit_cents", (gross_profit(strategy) - gross_profit(control)).sum()),
    ):
        found = totals(splits, money, "path")
        assert found.pop(factor) == pytest.approx(difference, rel=1e-12)
        assert difference != 0
        assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-4)


def gross_profit(one: dict[str, Any]) -> Any:
    return one["paid_cents"] - one["refund_cents"] - one["cost_cents"] + one["resold_cents"] - one["fulfilment_cents"]


@pytest.mark.parametrize(
    ("factor", "column", "sign"),
    [("reductions", "paid_cents", 1), ("returns", "refund_cents", -1), ("returns", "resold_cents", 1),
     ("order_value", "cost_cents", -1), ("order_value", "fulfilment_cents", -1)],
)  # fmt: skip
def test_what_an_order_leaves_is_split_by_lines(factor: str, column: str, sign: int) -> None:
    control = a_funnel()
    strategy = control | {column: control[column] * 1.25}
    splits = split_funnel(control, strategy)
    found = totals(splits, "profit_cents", "path")
    assert found.pop(factor) == pytest.approx(sign * 0.25 * control[column].sum())
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-4)
    assert totals(splits, "gmv_cents", "path") == dict.fromkeys(totals(splits, "gmv_cents", "path"), 0.0)


def test_splits_add_up_in_every_cell_whatever_differs() -> None:
    control, strategy = a_funnel(1), a_funnel(2)
    strategy["shopper_days"][0, GROUPS.index("existing")] += 10
    for column in control.values():
        column[0, GROUPS.index("invited")] = 0  # nobody was invited under the control
    expected = {"gmv_cents": strategy["gmv_cents"] - control["gmv_cents"]}
    expected["profit_cents"] = gross_profit(strategy) - gross_profit(control)
    splits, back = split_funnel(control, strategy), split_funnel(strategy, control)
    assert [(one.measure, one.split) for one in splits] == [
        ("gmv_cents", "path"), ("gmv_cents", "buyers"), ("profit_cents", "path")
    ]  # fmt: skip
    for one, other in zip(splits, back, strict=True):
        whole = np.sum(list(one.parts.values()), axis=0)
        np.testing.assert_allclose(whole, expected[one.measure], rtol=0, atol=1e-6)
        for name, part in one.parts.items():
            np.testing.assert_allclose(part, -other.parts[name], rtol=0, atol=1e-6)


# --- what is stored ---------------------------------------------------------------------------------


def test_funnel_and_sales_by_hand() -> None:
    person = SHOPPER | {"active_days": 0}
    shoppers = [
        person | {"id": 7, "registered_day": -20, "channel": "start", "visits": 3, "active_days": 10},
        person | {"id": 2, "registered_day": -5, "channel": "organic", "visits": 0, "active_days": 4},
        person | {"id": 5, "registered_day": 6, "channel": "invited", "visits": 1, "active_days": 4, "inviter": 7},
        person | {"id": 9},
    ]
    order = ORDER | {"resold_cents": 0, "caused_by": ""}
    orders = [
        order | {"day": 1, "agent": 7, "list_cents": 500, "paid_cents": 400, "tactic": "coupon", "quantity": 2},
        order | {"day": 1, "agent": 7, "list_cents": 300, "paid_cents": 300, "caused_by": "kol", "cause": "kol"},
        order | {"day": 4, "agent": 7, "refund_cents": 100, "cost_cents": 60, "resold_cents": 30, "is_returned": True},
        order | {"day": 6, "agent": 5, "list_cents": 200, "paid_cents": 150, "tactic": "coupon", "caused_by": "kol"},
    ]
    journal = hand(10)
    journal = type(journal)(10, journal.daily, shoppers=pd.DataFrame(shoppers), orders=pd.DataFrame(orders))
    found = funnel(journal).set_index(["group", "persona"])
    assert len(found) == len(GROUPS) * len(PERSONAS)
    existing = dict(zip(FUNNEL, (2, 20, 14, 10, 3, 1, 1, 3, 4, 900, 800, 100, 60, 30, 0), strict=True))
    invited = dict(zip(FUNNEL, (1, 4, 4, 4, 1, 1, 1, 1, 1, 200, 150, 0, 0, 0, 0), strict=True))
    assert found.loc[("existing", "loyal_member")].to_dict() == existing
    assert found.loc[("invited", "loyal_member")].to_dict() == invited
    assert (found.drop([("existing", "loyal_member"), ("invited", "loyal_member")]) == 0).all(axis=None)
    assert sales(journal).to_dict("records") == [
        {"purchase": "first", "cause": "browse", "tactic": "coupon", "n_orders": 2, "units": 3, "gmv_cents": 700,
         "paid_cents": 550, "refund_cents": 0},
        {"purchase": "first", "cause": "kol", "tactic": "kol", "n_orders": 1, "units": 1, "gmv_cents": 300,
         "paid_cents": 300, "refund_cents": 0},
        {"purchase": "later", "cause": "browse", "tactic": "", "n_orders": 1, "units": 1, "gmv_cents": 100,
         "paid_cents": 100, "refund_cents": 100},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def journals() -> dict[str, Any]:
    asked = scenario()
    world = World.build(asked)
    return {label: simulate(asked, label, world=world) for label in asked.labels}


def test_sums_of_a_run_are_those_of_its_days(journals: dict[str, Any]) -> None:
    for journal in journals.values():
        daily, table, sold = journal.daily.sum(), funnel(journal), sales(journal)
        for column, by_day in (
            ("visits", "visits"), ("n_orders", "orders"), ("units", "units"), ("gmv_cents", "gmv_cents"),
            ("paid_cents", "paid_cents"), ("refund_cents", "refund_cents"), ("fulfilment_cents", "fulfilment_cents"),
        ):  # fmt: skip
            assert table[column].sum() == daily[by_day], column
            assert column not in sold or sold[column].sum() == daily[by_day], column
        assert table["cost_cents"].sum() - table["resold_cents"].sum() == daily["cogs_cents"]
        new = table[table["group"] != "existing"]["n_people"].sum()
        assert new == daily["new_registrations"]
        assert table["n_buyers"].sum() == measure(journal)["n_buyers"]
        # a day counts as active for whoever is so at its end, or left on it
        assert table["active_days"].sum() == daily["n_active"] + daily["churned"]
        assert (table["visits"] <= table["visitor_days"]).all()
        assert (table["visitor_days"] <= table["active_days"]).all()
        assert (table["active_days"] <= table["shopper_days"]).all()
        assert journal.daily["churned"].sum() > 0
        assert journal.daily["returned"].sum() > 0
        assert journal.orders["resold_cents"].sum() > 0


def test_stage_at_the_start_is_the_books_and_the_same_under_every_strategy(journals: dict[str, Any]) -> None:
    control = journals["control"].shoppers.set_index("id")
    for journal in journals.values():
        assert journal.shoppers.set_index("id")["stage"].equals(control["stage"])
    registered = control["registered_day"]
    assert ((control["stage"] == "prospect") == ((registered >= 0) | (registered < -9999))).all()
    assert ((control["stage"] == "new") == ((registered < 0) & (registered > -14))).all()
    log = simulate(scenario(), "control", world=World.build(scenario()), events=["visit"]).events
    assert log is not None
    last = log[log["day"] < 0].groupby("agent")["day"].max().reindex(control.index, fill_value=-9999)
    away = -np.maximum(last, registered)
    old = control["stage"].isin(["active", "silent", "lapsed"])
    expected = np.where(away < 14, "active", np.where(away < 30, "silent", "lapsed"))
    assert (control["stage"].astype(str)[old] == expected[old]).all()
    assert set(control["stage"]) == {"prospect", "new", "active", "silent", "lapsed"}


# --- why, on real runs ------------------------------------------------------------------------------


def difference(results: Results, label: str, name: str) -> np.ndarray[Any, Any]:
    runs = results.runs.set_index(["strategy", "replication"])[name].astype(float)
    return (runs[label] - runs["control"]).to_numpy()


def test_parts_sum_to_the_paired_difference(results: Results, explained: Explanation) -> None:
    why = explained.tables["why"]
    assert set(why["strategy"]) == {"coupons", "never", "sale", "both"}
    for (label, money, _), rows in why.groupby(["strategy", "measure", "split"]):
        by_part = rows.groupby(["by", "of"])
        for _, part in by_part:
            whole = part[part["factor"] == "total"]["diff"].item()
            assert part[part["factor"] != "total"]["diff"].sum() == pytest.approx(whole, abs=1e-6)
        total = rows[(rows["by"] == "all") & (rows["factor"] == "total")].iloc[0]
        expected = difference(results, label, money)
        assert total["diff"] == pytest.approx(expected.mean(), abs=1e-6)
        half = 4.302652729696 * expected.std(ddof=1) / math.sqrt(3)  # t of 2 degrees of freedom
        assert [total["ci_low"], total["ci_high"]] == pytest.approx(
            [expected.mean() - half, expected.mean() + half], abs=1e-3
        )
        shared = rows[(rows["by"] == "all") & ~rows["factor"].isin(["total", "expenses"])].set_index("factor")["diff"]
        for by in ("group", "persona"):
            summed = rows[(rows["by"] == by) & (rows["factor"] != "total")].groupby("factor")["diff"].sum()
            pd.testing.assert_series_equal(summed[shared.index], shared, check_names=False, atol=1e-6, rtol=0)
    assert (why[(why["strategy"] == "both") & (why["factor"] == "expenses") & (why["by"] == "all")]["diff"] < 0).all()
    assert (
        why[(why["by"] == "group") & (why["of"] == "existing") & (why["factor"] == "acquisition")]["diff"] == 0
    ).all()


def test_a_strategy_that_never_runs_differs_in_nothing(explained: Explanation) -> None:
    for name, table in explained.tables.items():
        rows = table[table["strategy"] == "never"] if "strategy" in table else table.iloc[:0]
        for column in {"diff", "ci_low", "ci_high"} & set(rows.columns):
            assert (rows[column].dropna() == 0).all(), (name, column)
    twin = explained.tables["twins"].query("strategy == 'never'")
    assert (twin[["persuadables", "sleeping_dogs", "n_orders", "spend_cents", "visits"]] == 0).all(axis=None)
    assert explained.sentences["never"][0] == "GMV exactly the same."


def test_orders_by_cause_and_tactic(results: Results, explained: Explanation) -> None:
    for label in ("coupons", "sale", "both"):
        causes = explained.tables["causes"].query("strategy == @label and what == 'n_orders'")
        extra = difference(results, label, "n_orders").mean()
        for by in ("cause", "purchase"):
            assert causes[causes["by"] == by]["diff"].sum() == pytest.approx(extra)
        rows = explained.tables["attribution"].query("strategy == @label").set_index("named")
        assert rows.loc["total", "n_extra"] == pytest.approx(extra)
        assert rows.loc["total", "n_not_extra"] == pytest.approx(rows.loc["total", "n_attributed"] - extra)
        assert rows.drop("total")["n_attributed"].sum() == pytest.approx(rows.loc["total", "n_attributed"])
        cost = results.runs.query("strategy == @label")["cost_cents"].mean()
        assert rows.loc["total", "cost_cents"] == pytest.approx(cost)
        lines = explained.tables["costs"].query("strategy == @label")
        assert lines["diff"].sum() == pytest.approx(cost)
    named = explained.tables["attribution"].query("strategy == 'both'").set_index("named")["n_attributed"]
    # a recommendation is no reduction: only the slot names it
    assert named["recommendation"] > 0
    orders = pd.concat([simulate(scenario(), "both", replication=r).orders for r in range(3)])
    by_slot = (orders["cause"] == "recommendation") & (orders["tactic"] == "") & (orders["caused_by"] == "")
    assert named["recommendation"] == pytest.approx(by_slot.sum() / 3)


def test_pulled_forward_and_days(results: Results, explained: Explanation) -> None:
    table = explained.tables["pulled_forward"]
    assert set(table["strategy"]) == {"sale"}, "the others never pause"
    days = explained.tables["days"].query("strategy == 'sale' and what == 'orders'").set_index("day")["diff"]
    assert days.sum() == pytest.approx(difference(results, "sale", "n_orders").mean())
    assert days[:5].sum() == 0, "nothing differs before the first day"
    rows = table.query("what == 'orders'").set_index("when")
    assert rows.loc["on its days", "n_days"] == 10
    assert rows.loc["on its days", "diff"] == pytest.approx(days[5:15].sum())
    assert rows.loc["after", "diff"] == pytest.approx(days[15:].sum())


def test_products_by_rank(results: Results, explained: Explanation) -> None:
    rows = explained.tables["products"].query("strategy == 'coupons' and what == 'gmv_cents'")
    assert rows["by"].tolist() == ["rank"] * 3
    assert rows["diff"].sum() == pytest.approx(difference(results, "coupons", "gmv_cents").mean())


# --- for whom ---------------------------------------------------------------------------------------


def people(bought: list[int], **columns: Any) -> pd.DataFrame:
    n = len(bought)
    table = {"id": range(n), "n_orders": bought, "spend_cents": [100 * x for x in bought], "visits": 1}
    table |= {"last_visit_day": 5, "stage": ["active"] * (n - 1) + ["prospect"], "persona": "kol_fan"}
    return pd.DataFrame(table | columns)


def test_twins_by_hand() -> None:
    control, strategy = people([0, 1, 2, 0, 0]), people([1, 0, 3, 0, 2], last_visit_day=[29, 5, 5, 5, 25])
    sums = twins(strategy.sample(frac=1, random_state=1), control, 30)
    by_segment = dict(zip(SEGMENTS, sums, strict=True))
    # people, orders, spend, visits, retained, then sure things, persuadables, sleeping dogs, lost causes
    assert by_segment["all", "all"].tolist() == [5, 3, 300, 0, 2, 1, 2, 1, 1]
    assert by_segment["stage", "prospect"].tolist() == [1, 2, 200, 0, 1, 0, 1, 0, 0]
    assert by_segment["persona", "kol_fan"].tolist() == by_segment["all", "all"].tolist()
    assert class_shares(sums[:1]) == dict(zip(CLASSES, (0.2, 0.4, 0.2, 0.2), strict=True))
    with pytest.raises(ValueError, match="same people"):
        twins(people([1]), people([1, 2]), 30)


def test_uplift_is_that_of_the_runs(results: Results, explained: Explanation) -> None:
    table = explained.tables["twins"]
    assert table[list(CLASSES)].sum(axis=1).to_numpy() == pytest.approx(1)
    for label in ("coupons", "sale"):
        rows = table[table["strategy"] == label]
        whole = rows[rows["by"] == "all"].iloc[0]
        assert 700 * whole["n_orders"] == pytest.approx(difference(results, label, "n_orders").mean())
        assert 700 * whole["spend_cents"] == pytest.approx(difference(results, label, "nmv_cents").mean())
        assert 700 * whole["net_buyers"] == pytest.approx(difference(results, label, "n_buyers").mean())
        for by in ("stage", "persona"):
            parts = rows[rows["by"] == by]
            assert (parts["n_people"] * parts["visits"]).sum() == pytest.approx(700 * whole["visits"], rel=0.05)
            assert parts["n_people"].sum() == pytest.approx(700)


def test_luck_is_the_same_played_again_or_stored(results: Results, explained: Explanation, tmp_path: Path) -> None:
    stored = explain(Experiment(scenario(2, noise=2)).run(1, tmp_path / "r"), ["never"], luck_worlds=1)
    pd.testing.assert_frame_equal(stored.tables["luck"], explained.tables["luck"])
    whole = stored.tables["luck"].iloc[0]
    assert whole["persuadables"] > 0.02
    assert whole["n_worlds"] == 1
    assert "differ in luck alone" in stored.notes[0]
    assert "luck" not in explain(results, ["never"], luck_worlds=0).tables
    # a folder that another version of the model made cannot be played again
    manifest = json.loads((results.folder / "manifest.json").read_text())
    other = tmp_path / "other"
    shutil.copytree(results.folder, other)
    (other / "manifest.json").write_text(json.dumps(manifest | {"results_version": 0}))
    found = explain(other, ["never"], luck_worlds=1)
    assert "luck" not in found.tables
    assert found.notes == [EN["no_luck"]]


# --- who brought whom -------------------------------------------------------------------------------


def test_referral_tables_of_real_runs(results: Results, explained: Explanation) -> None:
    means = explained.tables["referral"].set_index(["strategy", "what"])
    invited = results.daily.groupby("strategy")["new_invited"].sum() / 3
    for label in ("control", "coupons", "both"):
        assert means.loc[(label, "n_invited"), "mean"] == pytest.approx(invited[label])
        generations = explained.tables["generations"].query("strategy == @label and generation > 0")
        assert generations["n_people"].sum() == pytest.approx(invited[label])
    k = results.runs.query("strategy == 'coupons'")["viral_cycle_days"].astype(float).mean()
    assert means.loc[("coupons", "viral_cycle_days"), "mean"] == pytest.approx(k)
    sizes = explained.tables["tree_sizes"].query("strategy == 'coupons'")
    assert (sizes["n_trees"] * (sizes["size"] - 1)).sum() == pytest.approx(invited["coupons"])


# --- words and faces --------------------------------------------------------------------------------


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    assert EN.keys() == ZH.keys()
    for key in EN:
        assert fields(EN[key]) == fields(ZH[key]), key
    assert all(en and zh for en, zh in FACTOR_NAMES.values())


def test_every_word_is_said() -> None:
    said = (Path(sim.__file__).parent / "studies" / "explain" / "sentence.py").read_text(encoding="utf-8")
    assert [key for key in EN if f'"{key}"' not in said] == []


def test_a_failed_run_leaves_out_its_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_once(asked: Scenario, label: str, replication: int = 0, **more: Any) -> Any:
        if (label, replication) == ("sale", 1):
            raise RuntimeError("the shop burned down")
        return simulate(asked, label, replication=replication, **more)

    monkeypatch.setattr("sim.engines.simulate", fails_once)
    results = Experiment(scenario()).run(1, tmp_path / "r")
    found = explain(results, luck_worlds=0)
    assert found.pairs == {"coupons": 3, "never": 3, "sale": 2, "both": 3}
    runs = results.runs.set_index(["strategy", "replication"])["gmv_cents"].astype(float)
    total = found.tables["why"].query("strategy == 'sale' and factor == 'total' and by == 'all' and split == 'buyers'")
    assert total["diff"].item() == pytest.approx((runs["sale"] - runs["control"])[[0, 2]].mean())


def test_sentences_name_what_they_explain(results: Results, explained: Explanation) -> None:
    told = explained.sentences["coupons"]
    assert told[0].startswith("GMV")
    assert len(told) == len(explained.sentences_zh["coupons"])
    total = difference(results, "coupons", "gmv_cents").mean() / 100
    assert f"{total:+,.{0 if abs(total) >= 100 else 2}f}" in told[0]
    assert any("ordered only under it" in sentence for sentence in told)
    assert "coupons: GMV" in repr(explained)


def run_cli(*words: str) -> Any:
    return CliRunner().invoke(app, words)


def test_command_writes_prints_and_answers_json(results: Results) -> None:
    plain = run_cli("explain", str(results.folder), "--luck", "1")
    assert plain.exit_code == 0, plain.output
    assert "coupons against the control (3 pairs of runs, worlds: 3)" in plain.stdout
    written = {path.name for path in (results.folder / "explain").iterdir()}
    assert {"explain.json", "why.parquet", "twins.parquet", "largest_trees.parquet"} <= written
    stored = pd.read_parquet(results.folder / "explain" / "why.parquet")
    answer = run_cli("explain", str(results.folder), "--json", "--luck", "1")
    assert answer.exit_code == 0
    content = json.loads(answer.stdout)
    assert len(content["tables"]["why"]) == len(stored)
    assert (
        content["sentences"]["coupons"]
        == json.loads((results.folder / "explain" / "explain.json").read_text(encoding="utf-8"))["sentences"]["coupons"]
    )
    detail = run_cli("explain", str(results.folder), "--strategy", "sale", "--luck", "0")
    assert detail.exit_code == 0
    for part in ("sale in detail", "pulled forward?", "the same people", "largest trees", "cost line", "funnel"):
        assert part in detail.stdout
    assert "coupons" not in detail.stdout


def test_bad_input_is_refused_in_words(results: Results, tmp_path: Path) -> None:
    wrong = run_cli("explain", str(results.folder), "--strategy", "coupon")
    assert wrong.exit_code == 2
    assert "coupons" in wrong.stderr
    assert run_cli("explain", str(tmp_path / "nowhere")).exit_code == 2
    with pytest.raises(InputError, match="luck_worlds"):
        explain(results, luck_worlds=-1)
    few = Experiment(scenario(1)).run(1, tmp_path / "few", keep="runs")
    with pytest.raises(InputError, match="does not store the table"):
        explain(few)


def test_folder_without_people_and_one_world(tmp_path: Path) -> None:
    found = sim.explain(Experiment(scenario(1)).run(1, tmp_path / "r", keep="daily"))
    assert "twins" not in found.tables
    assert found.notes == [EN["no_people"].format(keep="daily")]
    assert "no interval" in found.sentences["coupons"][0]


def test_folder_of_an_older_format_is_read_and_says_what_it_lacks(results: Results, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for path in results.folder.glob("*"):
        if path.is_file() and path.stem not in {*SUMS, "products"}:
            (old / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((old / "manifest.json").read_text())
    (old / "manifest.json").write_text(json.dumps(manifest | {"format": 1}))
    opened = Results.open(old)
    assert len(opened.runs) == len(results.runs)
    with pytest.raises(InputError, match="does not store the table 'funnel'"):
        explain(opened)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    for name in ("manifest.json", "scenario.yaml"):
        (unfinished / name).write_bytes((results.folder / name).read_bytes())
    with pytest.raises(InputError, match="nothing has finished"):
        explain(unfinished)
