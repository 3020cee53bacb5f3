"""Whom a tactic is for: demographics, RFM scores; refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.demographics import DEMOGRAPHICS
from sim.engines import World, simulate
from sim.errors import InputError, ScenarioError
from sim.params import build
from sim.population import Population, read_population
from sim.scenario import Scenario, template
from sim.strategies.people import RFM, Customers, People
from sim.strategies.tactic import Target
from tests.busy_worlds import assert_drivers_agree
from tests.test_strategies import GENEROUS, run, scenario

N = 20_000
DEFAULTS = build()


@pytest.fixture(scope="module")
def crowd() -> Population:
    shares = {"gender": {"female": 0.9, "male": 0.1}, "region": {"north": 1.0}}
    return Population.draw(np.arange(N), 3, DEFAULTS, demographic_shares=shares)


def share_of(people: Population, name: str, value: str) -> float:
    return float(np.mean(people.demographic(name) == list(DEMOGRAPHICS[name]).index(value)))


def test_the_usual_shares_sum_to_one_and_have_names() -> None:
    for groups in DEMOGRAPHICS.values():
        assert sum(group.share for group in groups.values()) == pytest.approx(1.0)
        assert all(group.zh for group in groups.values())


def test_shares_are_those_asked_for(crowd: Population) -> None:
    for name, groups in DEMOGRAPHICS.items():
        for value, group in groups.items():
            expected = {"female": 0.9, "male": 0.1, "north": 1.0, "south": 0.0}.get(value, group.share)
            assert share_of(crowd, name, value) == pytest.approx(
                expected, abs=4 * (expected * (1 - expected) / N) ** 0.5
            )


def test_attributes_are_drawn_by_id_and_apart_from_everything_else(crowd: Population) -> None:
    """Any order of people gives each the same; knowing one attribute, or a trait, tells nothing about another."""
    order = np.random.default_rng(0).permutation(N)
    mixed = Population.draw(np.arange(N)[order], 3, DEFAULTS, demographic_shares=crowd.demographic_shares)
    for name in DEMOGRAPHICS:
        assert (mixed.demographic(name) == crowd.demographic(name)[order]).all()
    columns = [crowd.demographic(name) for name in ("age_band", "city_tier", "gender")]
    columns += [crowd.traits.price, crowd.traits.intensity, crowd.is_registered]
    correlations = np.corrcoef(np.array(columns, dtype=float))
    assert np.abs(correlations - np.eye(6)).max() < 0.8  # traits go with personas; the rest below
    assert np.abs(correlations[:3] - np.eye(6)[:3]).max() < 4 / N**0.5
    other = Population.draw(np.arange(N), 4, DEFAULTS)
    assert np.mean(other.demographic("age_band") == crowd.demographic("age_band")) < 0.5


def test_no_rule_reads_them() -> None:
    """Another public, the same events to the last bit."""
    young = scenario(population={"size": 400, "registered_share": 0.6, "demographics": {"age_band": {"18-24": 1.0}}})
    assert simulate(young, "control").orders.equals(run(None).orders)


def test_a_file_may_say_who_is_who(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,gender,age_band\n4,male,over_50\n9,female,18-24\n")
    given = read_population(tmp_path / "people.csv")
    asked = scenario(population={"from": str(tmp_path / "people.csv")}, graph={"kind": "none"})
    frame = World.build(asked).population.to_frame()
    assert frame["gender"].tolist() == ["male", "female"]
    assert frame["age_band"].tolist() == given["age_band"].tolist() == ["over_50", "18-24"]
    assert set(frame["region"]) <= {"north", "south"}
    (tmp_path / "bad.csv").write_text("id,gender\n4,male\n9,woman\n")
    with pytest.raises(InputError, match=r"bad\.csv:3 gender: value not allowed: found 'woman', allowed female, male"):
        read_population(tmp_path / "bad.csv")


@pytest.mark.parametrize(
    ("target", "columns"),
    [
        ({"gender": ["male"]}, {"gender": {"male"}}),
        ({"city_tier": ["tier_3", "tier_4_5"], "region": ["south"]},
         {"city_tier": {"tier_3", "tier_4_5"}, "region": {"south"}}),
        ({"age_band": ["25-35"], "personas": ["price_hunter"]}, {"age_band": {"25-35"}, "persona": {"price_hunter"}}),
    ],
    ids=["gender", "city and region", "age and persona"],
)  # fmt: skip
def test_offers_go_only_to_whom_they_are_for(target: dict[str, Any], columns: dict[str, set[str]]) -> None:
    journal = run(GENEROUS["coupon"] | {"target": target})
    people = World.build(scenario(), 0).population.to_frame().set_index("id")
    mine = people.loc[journal.orders[journal.orders["tactic"] == "s"]["agent"]]
    assert len(mine) > 5
    for column, values in columns.items():
        assert set(mine[column]) == values


def books(n: int = 200, seed: int = 5) -> Customers:
    """What a shop might have written down of 200 members."""
    luck = np.random.default_rng(seed)
    people = Population.draw(np.arange(n), 1, DEFAULTS, registered_share=1.0)
    found = Customers(people)
    for day in range(30):
        buyers = luck.choice(n // 2, 12, replace=False)  # half of them never buy
        found.write(day, np.empty(0, dtype=np.int64), buyers, buyers, luck.integers(100, 9000, 12))
    return found


def test_rfm_scores_are_quintiles_of_buyers() -> None:
    """Against pandas' own ranks; equal customers have equal scores, who never bought has none."""
    shop = books()
    rows = np.arange(200)
    table = pd.DataFrame({"recency": shop.last_order_day, "frequency": shop.n_orders, "monetary": shop.paid_cents})
    table = table[shop.n_orders > 0]
    for name in RFM:
        score = shop.quintiles(name, rows)
        assert (score[shop.n_orders == 0] == 0).all()
        less = table[name].rank(method="min") - 1
        assert score[shop.n_orders > 0].tolist() == (1 + np.floor(5 * less / len(table))).astype(int).tolist()
    money = shop.quintiles("monetary", rows)[shop.n_orders > 0]
    assert np.bincount(money)[1:].tolist() == pytest.approx([len(money) / 5] * 5, abs=1)


def test_scores_are_of_the_day_and_of_the_books() -> None:
    shop = books()
    before = shop.quintiles("recency", np.arange(200))
    none = np.empty(0, dtype=np.int64)
    late = np.flatnonzero(before == 1)[:1]
    shop.write(31, none, late, late, np.array([100]))
    assert shop.quintiles("recency", late)[0] == 5
    people = People(np.arange(200), np.arange(200), 32, shop, np.zeros(200, dtype=bool))
    target = Target.model_validate({"rfm": {"recency": [5], "monetary": [4, 5]}})
    chosen = target.chosen(people)
    expected = (shop.quintiles("recency", np.arange(200)) == 5) & (shop.quintiles("monetary", np.arange(200)) >= 4)
    assert (chosen == expected).all()
    assert 0 < chosen.sum() < 60
    nobody_bought = Customers(Population.draw(np.arange(9), 1, DEFAULTS, registered_share=1.0))
    assert nobody_bought.quintiles("recency", np.arange(9)).tolist() == [0] * 9


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"gender": ["woman"]}, r"target\.gender\[0\]: no gender is called 'woman'"),
        ({"city_tier": ["tier3"]}, r"no city_tier is called 'tier3'\. Did you mean 'tier_3'\?"),
        ({"rfm": {}}, r"target\.rfm: give scores for at least one of recency, frequency and monetary"),
        ({"rfm": {"recency": [6]}}, r"target\.rfm\.recency\[0\]: out of range: found 6"),
        ({"rfm": {"recancy": [5]}}, r"target\.rfm\.recancy: unknown key\. Did you mean 'recency'\?"),
        ({"lifecycle": ["prospect"]}, r"target\.lifecycle: prospects are not members, and no tactic reaches them"),
        ({"lifecycle": ["activ"]}, r"target\.lifecycle\[0\]: unknown value: found 'activ'.*Did you mean 'active'\?"),
    ],
    ids=str,
)
def test_wrong_targets_are_refused(target: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario({"s": {"kind": "coupon", "target": target}})


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"sex": {"male": 1.0}}, r"population\.demographics\.sex: unknown attribute of people"),
        ({"gender": {"mail": 1.0}}, r"population\.demographics\.gender\.mail: unknown value\. Did you mean 'male'\?"),
        ({"gender": {"male": 0.5}}, r"demographics\.gender: shares do not sum to 1: found 0\.5, allowed 1"),
        ({"gender": {"male": 1.5, "female": -0.5}}, r"demographics\.gender\.male: out of range: found 1\.5"),
    ],
    ids=str,
)
def test_wrong_shares_are_refused(shares: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(population={"size": 400, "demographics": shares})


def test_what_says_nothing_asks_the_same_question() -> None:
    plain = scenario({"s": {"kind": "coupon", "face": 1}})
    usual = {name: {value: group.share for value, group in of.items()} for name, of in DEMOGRAPHICS.items()}
    spelt = scenario(
        {"s": {"kind": "coupon", "face": 1, "target": {"gender": [], "rfm": None}}},
        population={"size": 400, "registered_share": 0.6, "demographics": usual},
    )
    assert spelt.digest == plain.digest
    assert plain.with_({"strategies.s.target.gender": ["male"]}).digest != plain.digest
    assert plain.with_({"population.demographics.gender": {"male": 1.0}}).digest != plain.digest
    for lang in ("en", "zh"):
        assert Scenario.from_yaml(template(spelt, lang)) == spelt  # type: ignore[arg-type]


def test_drivers_agree_on_targets() -> None:
    asked = scenario(
        {
            "aimed": [
                GENEROUS["coupon"] | {"target": {"gender": ["female"], "rfm": {"frequency": [3, 4, 5]}}},
                GENEROUS["push"] | {"target": {"age_band": ["25-35"], "city_tier": ["tier_1_2"]}},
                GENEROUS["group_buy"] | {"target": {"rfm": {"recency": [4, 5], "monetary": [2, 3, 4, 5]}}},
            ]
        },
        population={"size": 150, "registered_share": 0.6},
        params={"alpha": -1.0},
    )
    journal = assert_drivers_agree(asked, ("aimed",))["aimed"]
    assert {"aimed.coupon", "aimed.push"} <= set(journal.ledger["tactic"])
