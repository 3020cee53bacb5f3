"""A second implementation, written from docs/model.md alone, agrees with the engine to the last event.

Where the two disagree, the text, the engine or the second opinion is wrong. A change of the model changes all three.
"""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sim.engines import World, simulate
from sim.scenario import Scenario
from tests.second_opinion import SecondOpinion

TEN = {
    "days": 40,
    "burn_in_days": 10,
    "seed": 5,
    "population": {"size": 10, "registered_share": 0.7},
    "graph": {"kind": "powerlaw_cluster", "mean_degree": 4},
    "catalogue": {"size": 12},
    "params": {"alpha": -1, "lam": 0.9, "organic": 0.01, "a_inv": 0.3},
}
SIXTY = TEN | {
    "population": {"size": 60, "registered_share": 0.7},
    "graph": {"kind": "powerlaw_cluster", "mean_degree": 6},
    # so that rare things happen in forty days: coming back, being paid for, warnings, posts
    "params": {"alpha": -1, "organic": 0.01, "a_inv": 0.15, "a_kol": 0.1, "om_0": 0.01, "s_0": 0, "fail": 0.15},
}
TALKATIVE = SIXTY | {
    "days": 30,
    "population": {"size": 80, "registered_share": 0.5},
    "params": SIXTY["params"] | {"nu_sd": 0.5, "r_0": 6, "p_post": 0.8, "p_b": 0.9},
}

WORLDS = {"ten": TEN, "sixty": SIXTY, "talkative": TALKATIVE}

RECOMMENDATION = {"kind": "recommendation", "weight": 2}
BY_POPULARITY = RECOMMENDATION | {"by": "popularity"}
TEAM_OF_TWO = {"kind": "group_buy", "size": 2, "window_days": 2}
TEAM_OF_THREE = {"kind": "group_buy", "size": 3, "window_days": 2, "discount": 0.35}
ASKED_ONLY = TEAM_OF_TWO | {"strangers": False, "progress": False, "capacity": 3, "products": 0.5}
PRICE_CUT = {"kind": "price_cut", "discount": 0.2, "products": 0.5, "promoted": True}
SHARE_OFF = {"kind": "coupon", "discount": 0.15}
MONEY_OFF = {"kind": "coupon", "face": 4, "target": {"lifecycle": ["new", "silent", "returned"]}}
SHARE_COUPON = {"kind": "share_coupon", "face": 7}
LEADERS = {"kind": "kol_seeding", "seeds": 3, "posts_every": 2, "hype": 0.5}
SAMPLES = {"kind": "product_sampling", "share": 0.05}
SAMPLES_BY_LOT = SAMPLES | {"choose": "lot", "products": 0.6}
BUNDLE = [PRICE_CUT, SHARE_OFF, MONEY_OFF, SHARE_COUPON, TEAM_OF_TWO, RECOMMENDATION, LEADERS, SAMPLES_BY_LOT]
SCARCE = [
    PRICE_CUT | {"budget_per_day": 20, "products": 0.6},
    SHARE_OFF | {"budget": 90, "every": 2},
    {"kind": "coupon", "face": 4, "min_price": 0, "budget_per_day": 12},
    SHARE_COUPON | {"min_price": 0, "budget_per_day": 15},
    TEAM_OF_TWO | {"budget": 120, "budget_per_day": 30, "capacity": 3},
    TEAM_OF_THREE | {"budget": 200, "start": 8, "stop": 30, "target": {"personas": ["herd_follower", "kol_fan"]}},
    RECOMMENDATION | {"budget": 500},
    LEADERS | {"budget": 300, "commission": 0.2},
    LEADERS | {"budget_per_day": 40, "choose": "trait", "stop": 20},
    SAMPLES | {"share": 0.3, "budget_per_day": 60, "every": 2},
    SAMPLES_BY_LOT | {"share": 0.1, "budget": 400, "target": {"lifecycle": ["new", "silent", "returned"]}},
    SAMPLES | {"product": 3, "share": 0.2, "target": {"personas": ["herd_follower", "kol_fan"]}},
]
STRATEGIES: dict[str, list[dict[str, Any]]] = {
    "control": [],
    "recommendation": [RECOMMENDATION],
    "by_popularity": [BY_POPULARITY],
    "team_of_two": [TEAM_OF_TWO],
    "team_of_three": [TEAM_OF_THREE],
    "asked_only": [ASKED_ONLY],
    "price_cut": [PRICE_CUT],
    "share_off": [SHARE_OFF],
    "money_off": [MONEY_OFF],
    "share_coupon": [SHARE_COUPON],
    "leaders": [LEADERS],
    "samples": [SAMPLES],
    "samples_by_lot": [SAMPLES_BY_LOT],
    "bundle": BUNDLE,
    "scarce": SCARCE,
}


def both(label: str, **fields: Any) -> tuple[SecondOpinion, Any]:
    """The same run twice: the second opinion and the engine's journal."""
    scenario = Scenario.from_dict({**fields, "strategies": {label: STRATEGIES[label]}})
    world = World.build(scenario, 0)
    return SecondOpinion(world, label).run(), simulate(scenario, label, world=world, events=True)


@functools.cache
def drawn(world: str, label: str) -> tuple[SecondOpinion, Any]:
    return both(label, **WORLDS[world])


def assert_agree(opinion: SecondOpinion, journal: Any) -> None:
    days = journal.daily.to_dict("records")
    assert len(opinion.daily) == len(days)
    for mine, engine in zip(opinion.daily, days, strict=True):
        # what the opinion does not count has coefficient 0 in its worlds, so it may not happen
        assert {name: mine.get(name, 0) for name in engine} == engine, f"measured day {engine['day']}"
    # what is worked out from the order itself is the opinion's own
    orders = journal.orders.drop(columns=["resold_cents", "caused_by"]).astype({"mode": str, "cause": str})
    assert sorted(opinion.orders) == sorted(orders.itertuples(index=False, name=None))
    # the log's first six columns; of the burn-in too
    events = journal.events.iloc[:, :6].itertuples(index=False, name=None)
    assert Counter(opinion.events) == Counter(events)


@pytest.mark.parametrize("label", STRATEGIES)
@pytest.mark.parametrize("world", ["ten", "sixty"])
def test_agrees_day_by_day(world: str, label: str) -> None:
    assert_agree(*drawn(world, label))


@pytest.mark.parametrize("label", ["control", "bundle", "scarce"])
def test_agrees_in_a_talkative_world(label: str) -> None:
    assert_agree(*drawn("talkative", label))


@pytest.mark.parametrize("label", ["control", "leaders"])
@pytest.mark.parametrize("kind", ["bass", "mixed", "threshold"])
def test_agrees_on_other_ways_to_arrive(kind: str, label: str) -> None:
    rule = {
        "bass": {"kind": "bass", "p": 0.01, "q": 0.2},
        "mixed": {"kind": "bass", "p": 0.01, "q": 0.2, "well_mixed": True},
        "threshold": {"kind": "threshold", "share": 0.5},
    }[kind]
    opinion, journal = both(label, **TALKATIVE, arrival=rule)
    assert_agree(opinion, journal)
    usual, other = (
        log[(log["type"] == "register") & (log["value"] == 2)]
        for log in (drawn("talkative", label)[1].events, journal.events)
    )
    assert len(other) > 5
    assert set(other["agent"]) != set(usual["agent"]), "the rule changes who comes by herself"


@pytest.mark.parametrize("label", ["team_of_two", "scarce", "samples_by_lot"])
def test_agrees_on_files(label: str, tmp_path: Path) -> None:
    """Ids with gaps and in no order, a directed graph with weights, scarce stock, later launches."""
    ids = [(7919 * i + 13) % 100_003 for i in range(60)]
    people = [f"{identity},{(1, 3, 20)[i % 3]},{int(i % 4 > 0)}" for i, identity in enumerate(ids)]
    ties = [f"{ids[i]},{ids[(i * i + 3 * k + 1) % 60]},{0.4 + 0.3 * k}" for i in range(60) for k in range(6)]
    products = ["900,12.50,4,0", "17,20.00,-1,0", "1000000,9.99,25,5", "3,30.00,-1,12", "55,4.00,9,0", "8,15.00,-1,-3"]
    for name, head, rows in (
        ("people.csv", "id,arrive,registered", people),
        ("ties.csv", "source,target,weight", ties),
        ("products.csv", "id,price,stock,launch_day", products),
    ):
        (tmp_path / name).write_text("\n".join([head, *rows]) + "\n")
    files = {
        "population": {"from": str(tmp_path / "people.csv"), "registered_share": 0.7},
        "graph": {"kind": "file", "path": str(tmp_path / "ties.csv"), "directed": True},
        "catalogue": {"path": str(tmp_path / "products.csv")},
    }
    assert_agree(*both(label, **{**SIXTY, **files}))


def test_the_worlds_are_eventful() -> None:
    """What never happens is not compared: here is that it happens."""
    seen: Counter[str] = Counter()
    for label in ("control", "bundle", "scarce"):
        opinion, _ = drawn("talkative", label)
        seen.update(event[2] for event in opinion.events)
        for day in opinion.daily:
            seen.update({name: value for name, value in day.items() if value})
        seen.update(f"cause {order[9]}" for order in opinion.orders)
        seen.update(f"parent {order[10] >= 0}" for order in opinion.orders)
    happened = [
        *("register", "return", "visit", "found", "join", "let_down", "sample", "order", "send_back", "review"),
        *("share", "message", "lapse", "new_organic", "new_paid", "new_invited", "teams_succeeded", "teams_failed"),
        *("cause browse", "cause taste", "cause popular", "cause friend", "cause kol", "cause recommendation"),
        *("cause promotion", "parent True", "contra_cents", "expense_cents"),
    ]
    assert [name for name in happened if not seen[name]] == []
