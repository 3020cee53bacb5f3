"""Charts: valid Vega-Lite, the numbers of the tables, both languages, colours everybody can tell apart."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from told import told

from sim import charts
from sim.charts.look import COLOURS
from sim.charts.numbers import money, number
from sim.charts.words import EN, ZH
from sim.errors import InputError
from sim.experiment import Results
from sim.studies.compare import CONTROL
from sim.studies.story import Story

MAKERS = [make for makers in charts.CHARTS.values() for make in makers]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story.of(told(tmp_path_factory.mktemp("charts")))


def rows(chart: Any) -> pd.DataFrame:
    return pd.DataFrame(chart["datasets"][chart["data"]["name"]])


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_chart_is_valid_and_has_two_languages(story: Story, make: Any) -> None:
    altair = pytest.importorskip("altair")
    english, chinese = make(story, "en"), make(story, "zh")
    assert english is not None
    assert english.title != chinese.title
    assert any(ord(letter) > 0x2E7F for letter in chinese.title)
    for chart in (english, chinese):
        plain = json.loads(json.dumps(chart, allow_nan=False))
        altair.Chart.from_dict(plain, validate=True)  # against the published schema


def test_charts_are_saved_without_a_browser(story: Story, tmp_path: Path) -> None:
    chart = charts.gmv_per_day(story, "en")
    assert chart is not None
    svg = charts.save_chart(chart, tmp_path / "one.svg").read_text(encoding="utf-8")
    assert chart.title.split(",")[0] in svg
    assert charts.save_chart(chart, tmp_path / "one.png", "dark").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError):
        charts.save_chart(chart, tmp_path / "one.gif")


def test_gmv_per_day_is_the_mean_of_the_runs(story: Story) -> None:
    shown = rows(charts.gmv_per_day(story)).set_index(["strategy", "x"])["mean"]
    daily = story.results.daily
    for label in story.labels:
        last_week = daily[(daily["strategy"] == label) & (daily["day"] >= 35)]
        by_hand = last_week.groupby("replication")["gmv_cents"].mean().mean() / 100
        assert shown[label, 41] == pytest.approx(by_hand, rel=1e-6)


def test_differences_are_those_of_the_verdict(story: Story) -> None:
    shown = rows(charts.measure_differences(story, "en", "profit_cents")).set_index("strategy")
    for label, row in shown.iterrows():
        entry = story.answer["measures"]["profit_cents"][label]
        for name, value in (("diff", entry["diff"]), ("low", entry["ci_low"]), ("high", entry["ci_high"])):
            assert row[name] == pytest.approx(value / 100, rel=1e-5)


def test_a_waterfall_ends_at_the_difference(story: Story) -> None:
    for measure in ("gmv_cents", "profit_cents"):
        for label in story.others:
            table = rows(charts.waterfall(story, "en", label, measure))
            total = story.answer["measures"][measure][label]["diff"] / 100
            parts = table[table["kind"] != "total"]
            # Parts below a five-hundredth of all moves are no bars.
            assert parts["diff"].sum() == pytest.approx(total, abs=0.03 * parts["diff"].abs().sum() + 0.02)
            assert np.allclose(parts["end"].iloc[:-1], parts["start"].iloc[1:], atol=0.01)
            assert table[table["kind"] == "total"]["end"].iloc[0] == pytest.approx(total, abs=0.02)


def test_the_heat_map_counts_people(story: Story) -> None:
    shown = rows(charts.cohort_heat_map(story, "en", "invite"))
    cohorts = story.results.cohorts
    mine = cohorts[
        (cohorts["strategy"] == "invite") & cohorts["cohort_day"].between(7, 13) & cohorts["age"].between(8, 14)
    ]
    cell = shown[(shown["registered_week"] == 2) & (shown["age_week"] == 2)]["share"].iloc[0]
    assert cell == pytest.approx(mine["n_active"].sum() / mine["n_registered"].sum(), rel=1e-5)
    # Week 4 after registration in week 3 would need 14 + 6 + 28 = day 48 of 42.
    assert shown[shown["registered_week"] == 3]["age_week"].max() == 3


def test_costs_are_those_of_the_ledger(story: Story) -> None:
    shown = rows(charts.cost_lines(story)).groupby("strategy")["cost"].sum()
    ledger = story.results.ledger.groupby("strategy")["amount_cents"].sum() / 3 / 100
    for label in story.others:
        assert shown.get(label, 0.0) == pytest.approx(ledger.get(label, 0.0), rel=1e-5, abs=0.01)


def test_the_largest_tree_is_drawn_whole(story: Story) -> None:
    found = story.largest_tree("invite")
    assert found is not None
    about, table = found
    people = story.results.shoppers
    people = people[(people["strategy"] == "invite") & (people["replication"] == about["replication"])]
    inviter = people.set_index("id")["inviter"]
    assert len(table) == about["size"]
    for row in table.to_dict("records"):
        assert row["generation"] == pytest.approx(np.hypot(row["x"], row["y"]))
        assert row["inviter"] == (inviter[row["id"]] if row["generation"] else -1)


def test_communities_are_counted_from_shoppers(story: Story) -> None:
    found = story.communities("coupons")
    table = found["communities"]
    assert table["people"].sum() <= 900
    people = story.results.of_replication("shoppers", 0, ["strategy", "id", "n_orders"])
    wide = people.pivot(index="id", columns="strategy", values="n_orders")
    whole = (wide["coupons"] > wide[CONTROL]).sum()
    # All but those in groups of fewer than ten.
    assert round(float((table["more"] * table["people"]).sum())) <= whole
    assert (found["ties"]["one"] < found["ties"]["other"]).all()


def test_words_of_both_languages_fit(tmp_path: Path) -> None:
    assert EN.keys() == ZH.keys()
    for key in EN:
        names = [{name for _, name, _, _ in string.Formatter().parse(words[key]) if name} for words in (EN, ZH)]
        assert names[1] <= names[0] | {"Measure", "measure"}, key


def _channels(colour: str) -> np.ndarray[Any, Any]:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    return float(_channels(colour) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("theme", "ground"), [("light", "#FFFFFF"), ("dark", "#15191E")])
def test_colours_stand_out_and_apart(theme: str, ground: str) -> None:
    # WCAG 1.4.11: graphics need 3 to 1. Viénot, Brettel & Mollon (1999): how a deuteranope sees linear RGB.
    deutan = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    for colour in COLOURS[theme]:
        bright, dim = sorted((_luminance(colour), _luminance(ground)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 3.0, colour
    seen = [np.clip(deutan @ _channels(colour), 0, 1) ** (1 / 2.2) for colour in COLOURS[theme]]
    for i in range(len(seen)):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 0.10, (COLOURS[theme][i], COLOURS[theme][j])


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (1_234_567, "1.23 million", "123.5 万"),
        (99_999_999, "100.0 million", "1.00 亿"),
        (9_999.9, "10,000", "1.00 万"),
        (-53_200, "−53,200", "−5.32 万"),
        (0.0, "0", "0"),
        (-0.0001, "−0.0001", "−0.0001"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers_as_people_write_them(value: float, en: str, zh: str) -> None:
    assert (number(value, "en"), number(value, "zh")) == (en, zh)


def test_money_beside_money_has_the_same_decimals() -> None:
    assert (money(4911, "en"), money(4911, "en", beside=52_100)) == ("49.11", "49")


def test_twelve_strategies_are_told_apart(tmp_path: Path) -> None:
    from sim.charts.look import strategy_colour, strategy_dash

    labels = [CONTROL, *(f"s{k}" for k in range(12))]
    dash = strategy_dash(labels)
    assert dash is not None
    colours, domain = COLOURS["light"], strategy_colour(labels, "en")["scale"]["domain"]
    looks = {(colours[k % len(colours)], tuple(dash["scale"]["range"][k])) for k in range(len(domain))}
    assert len(looks) == 13


def test_a_folder_that_keeps_little_gives_fewer_charts(tmp_path: Path) -> None:
    from sim.experiment import Experiment
    from sim.scenario import Scenario

    scenario = Scenario.from_yaml(
        "name: small\ndays: 10\nburn_in_days: 2\nreplications: 1\npopulation: {size: 120}\n"
        "strategies: {cut: {kind: price_cut, discount: 0.1}}\n"
    )
    results = Experiment(scenario).run(jobs=1, to=tmp_path / "small", keep="runs")
    made = {make.__name__: make(Results.open(results.folder)) for make in MAKERS}
    assert made["measure_differences"] is not None
    assert made["gmv_per_day"] is None
    assert made["waterfall"] is None
    assert made["communities"] is None
