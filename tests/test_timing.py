"""When tactics run: calendars, triggers on daily measures, stops at a loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engines import World, simulate
from sim.errors import ScenarioError
from sim.journal import DAILY, Journal
from sim.scenario import Scenario, template
from sim.strategies import registry
from sim.strategies.timing import METRICS, Past, Schedule, StopLoss, When
from tests.busy_worlds import assert_drivers_agree
from tests.conftest import Typed
from tests.test_strategies import GENEROUS, KINDS, control, run, scenario

CALENDAR = {"singles_day": [11, 12], "new_year": [20]}


def ran(tactic: dict[str, Any], **more: Any) -> tuple[Journal, list[int]]:
    """A run of one tactic, and the days on which it cost something."""
    shop = scenario({"s": tactic}, **more)
    journal = simulate(shop, "s")
    return journal, sorted(set(journal.ledger["day"]))


# --- calendar ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_runs_on_its_dates_and_festivals_only(kind: str) -> None:
    """Days named one by one and festivals together; before the first the run is the control's."""
    named = {"dates": [8], "festivals": ["singles_day"]}
    shop = scenario({"s": GENEROUS[kind] | named}, calendar=CALENDAR)
    journal = simulate(shop, "s")
    paid = set(journal.ledger.query("line != 'commission'")["day"])  # commissions come with later orders
    if kind in ("group_buy", "bargain"):  # teams close after their window, bargains after their deadline
        assert paid <= set(range(8, 17))
    else:
        assert paid <= {8, 11, 12}
    assert paid or kind in ("referral", "share_coupon")  # in three days nobody may have earned anything
    assert (journal.daily[:8] == control().daily[:8]).all(axis=None)


def test_a_calendar_keeps_within_start_and_stop() -> None:
    shop = scenario(calendar=CALENDAR)
    coupon = registry()["coupon"].model_validate(
        {"festivals": ["new_year", "singles_day"], "dates": [3], "start": 4, "stop": 20}
    )
    assert coupon.days_on(shop.calendar, 25) == [11, 12]
    assert shop.with_({"strategies": {"s": {"kind": "coupon", "dates": [3], "start": 4}}}).warnings()[0] == (
        "strategies.s: its calendar leaves it no day; it never runs."
    )


def test_what_is_done_every_n_days_is_done_on_the_first_day_of_a_festival() -> None:
    """Leaders post on a festival although it is no multiple of seven days after their start."""
    _, days = ran({"kind": "kol_seeding", "seeds": 3, "posts_every": 7, "commission": 0.0, "dates": [3, 4, 9, 10, 11]})
    assert days == [3, 10]


@pytest.mark.parametrize(
    ("tactic", "message"),
    [
        (
            {"kind": "coupon", "festivals": ["singels_day"]},
            r"strategies\.s\.festivals\[0\]: no festival of this name in calendar: found 'singels_day'. "
            r"Did you mean 'singles_day'\?",
        ),
        ({"kind": "coupon", "dates": [25]}, r"dates\[0\]: after the last day: found 25, allowed 0 to 24$"),
        ({"kind": "coupon", "dates": [3], "every": 2}, r"every \(2\) does not go with dates or festivals"),
        ({"kind": "coupon", "dates": ["3"]}, r"s\.dates\[0\]: wrong type: found '3', allowed a whole number"),
        (
            {"kind": "coupon", "when": {"metric": "dua", "below": 3}},
            r"strategies\.s\.when\.metric: no daily metric is called 'dua'\. Did you mean 'dau'\?",
        ),
        ({"kind": "coupon", "when": {"metric": "gmv_cents", "below": 3}}, r"triggers are in currency: write 'gmv'"),
        ({"kind": "coupon", "when": {"metric": "dau"}}, r"strategies\.s\.when: give one of below and above"),
        (
            {"kind": "coupon", "when": {"metric": "dau", "below": 1, "above": 2}},
            r"strategies\.s\.when: give one of below and above",
        ),
        (
            {"kind": "coupon", "when": {"metric": "dau", "below": 1, "for_dys": 2}},
            r"strategies\.s\.when\.for_dys: unknown key\. Did you mean 'for_days'\?",
        ),
        (
            {"kind": "coupon", "when": {"metric": "dau", "below": 1, "for_days": 0}},
            r"strategies\.s\.when\.for_days: out of range: found 0, allowed 1 to 365 \(days\)",
        ),
        ({"kind": "coupon", "stop_loss": {}}, r"strategies\.s\.stop_loss: give cost_above, or a metric"),
        ({"kind": "coupon", "stop_loss": {"below": 3}}, r"strategies\.s\.stop_loss: below and above need a metric"),
    ],
    ids=str,
)
def test_refusals(tactic: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario({"s": tactic}, calendar=CALENDAR)


def test_festivals_need_a_calendar_and_days() -> None:
    with pytest.raises(ScenarioError, match=r"Name it in the scenario: calendar: {singles_day: \[20, 21\]}"):
        scenario({"s": {"kind": "coupon", "festivals": ["x"]}})
    with pytest.raises(ScenarioError, match=r"calendar\.x: a festival without a day"):
        scenario(calendar={"x": []})


def test_what_says_nothing_asks_the_same_question() -> None:
    plain = scenario({"s": {"kind": "coupon", "face": 1}})
    spelt = scenario({"s": {"kind": "coupon", "face": 1, "dates": [], "when": None, "stop_loss": None}}, calendar={})
    assert spelt.digest == plain.digest
    other = {"when": {"metric": "dau", "below": 1}}, {"dates": [1]}, {"stop_loss": {"cost_above": 5}}
    found = {scenario({"s": {"kind": "coupon", "face": 1, **one}}).digest for one in other}
    assert len({plain.digest, *found}) == 4
    assert scenario(calendar=CALENDAR).digest != scenario().digest


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_new_file_explains_them_and_reads_back(lang: Any) -> None:
    asked = scenario(
        {
            "a": {"kind": "coupon", "face": 1},
            "b": {"kind": "coupon", "face": 1, "festivals": ["new_year"], "when": {"metric": "dau", "below": 2.5}},
            "c": {"kind": "price_cut", "stop_loss": {"metric": "profit", "below": 0, "cost_above": 12.5}},
        },
        calendar=CALENDAR,
    )
    text = template(asked, lang)
    assert Scenario.from_yaml(text) == asked
    flat = " ".join(line.strip().removeprefix("#").strip() for line in text.splitlines())
    assert "when.cool_down_days: " in flat
    assert ("days of rest after that" in flat.lower()) == (lang == "en")
    assert ("冷却天数" in flat) == (lang == "zh")


# --- triggers ----------------------------------------------------------------------------------------------


def test_every_metric_is_in_the_daily_table_and_is_worked_out_from_it() -> None:
    """By pandas, independently; undefined days have no value."""
    daily = control().daily
    rows = daily[list(DAILY)].to_numpy().tolist()
    past = Past(DAILY, rows)
    by_hand = {
        "gross_profit": (daily["nmv_cents"] - daily["cogs_cents"] - daily["fulfilment_cents"]) / 100,
        "conversion": daily["orders"] / daily["visits"],
        "aov": daily["gmv_cents"] / daily["orders"] / 100,
        "return_rate": daily["returns"] / daily["orders"],
        "review_mean": daily["stars"] / daily["reviews"],
    }
    by_hand["profit"] = by_hand["gross_profit"] - daily["expense_cents"] / 100
    for name, metric in METRICS.items():
        assert set(metric.plus + metric.minus + metric.over) <= set(DAILY), name
        assert metric.zh
        assert metric.meaning
        found = [past.value(name, day) for day in range(25)]
        if name in by_hand:
            expected = [None if not np.isfinite(x) else pytest.approx(x, abs=1e-9) for x in by_hand[name]]
            assert found == expected, name
        elif not metric.over:
            divided = 100 if metric.unit == "currency" else 1
            assert found == [x / divided for x in daily[metric.plus[0]]], name
    assert past.value("dau", 25) is None
    assert past.value("dau", -1) is None


def days_of(when: When | None, values: list[int], stop_loss: StopLoss | None = None) -> list[int]:
    """On which days it runs where dau takes these values."""
    schedule = Schedule(lambda day: True, when, stop_loss, lambda first, last: 100 * (last - first + 1))
    rows: list[list[int]] = []
    found = []
    for day, value in enumerate([*values, 0]):
        if schedule.runs(day, Past(["dau"], rows)):
            found.append(day)
        rows.append([value])
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"below": 5}, [2, 3, 4, 7, 8]),  # the day after each low day
        ({"below": 5, "for_days": 2}, [3, 4, 8]),
        ({"below": 5, "for_days": 2, "run_days": 3}, [3, 4, 5, 8]),
        ({"below": 5, "run_days": 2, "cool_down_days": 2}, [2, 3, 7, 8]),
        ({"below": 5, "run_days": 2, "cool_down_days": 4}, [2, 3, 8]),
        ({"above": 5}, [1, 5, 6]),
        ({"below": 5, "for_days": 4}, []),
    ],
    ids=str,
)
def test_a_trigger_by_hand(rule: dict[str, Any], expected: list[int]) -> None:
    assert days_of(When(metric="dau", **rule), [9, 1, 2, 3, 8, 9, 1, 2]) == expected


def test_a_trigger_runs_after_the_days_its_measure_was_low() -> None:
    """In a run: the ledger's days are those after three low days; until then the run is the control's."""
    level = float(control().daily["orders"].median())
    rule = {"metric": "orders", "below": level, "for_days": 2}
    journal = run(GENEROUS["coupon"] | {"when": rule})
    low = (journal.daily["orders"] < level).to_numpy()
    expected = [day for day in range(2, 25) if low[day - 2] and low[day - 1]]
    assert sorted(set(journal.ledger["day"])) == [
        day for day in expected if (journal.daily["contra_cents"] + journal.daily["expense_cents"])[day] > 0
    ]
    assert 2 < len(expected) < 23
    assert (journal.daily[: expected[0]] == control().daily[: expected[0]]).all(axis=None)
    never = run(GENEROUS["coupon"] | {"when": {"metric": "dau", "below": 0}})
    assert (never.daily == control().daily).all(axis=None)
    assert never.ledger.empty


# --- stops -------------------------------------------------------------------------------------------------


def test_a_stop_by_hand() -> None:
    """Days before it first ran do not count; it never starts again."""
    values = [1, 1, 9, 9, 1, 1, 9, 9, 9]
    assert days_of(None, values, StopLoss(metric="dau", below=5, for_days=2)) == [0, 1]
    late = When(metric="dau", above=5, run_days=100)  # from day 3 on
    assert days_of(late, values, StopLoss(metric="dau", below=5, for_days=2)) == [3, 4, 5]
    assert days_of(late, values, StopLoss(metric="dau", below=5, for_days=3)) == [3, 4, 5, 6, 7, 8, 9]
    assert days_of(None, values, StopLoss(cost_above=3, over_days=4)) == [0]  # 1.00 a day, four days looked at
    assert days_of(None, values, StopLoss(cost_above=4, over_days=4)) == list(range(10))


def test_a_tactic_that_costs_too_much_stops_for_good() -> None:
    free = run(GENEROUS["coupon"]).ledger.groupby("day")["amount_cents"].sum().reindex(range(25), fill_value=0)
    limit = int(free.iloc[:10].rolling(3).sum().max() * 0.6) // 100
    journal = run(GENEROUS["coupon"] | {"stop_loss": {"cost_above": float(limit), "over_days": 3}})
    spent = journal.ledger.groupby("day")["amount_cents"].sum().reindex(range(25), fill_value=0)
    over = spent.rolling(3, min_periods=1).sum() > limit * 100
    first = int(np.argmax(over))
    assert over.any()
    assert first < 10
    assert (free[first + 1 :] > 0).any()
    assert (spent[first + 1 :] == 0).all()
    assert (spent[: first + 1] == free[: first + 1]).all()


def test_one_tactic_stops_at_its_own_cost_only() -> None:
    """Of two, the dear one stops and the other goes on."""
    dear = GENEROUS["coupon"] | {"face": 15.0, "stop_loss": {"cost_above": 1.0, "over_days": 2}}
    cheap = {"kind": "recommendation", "cost_per_day": 0.5, "stop_loss": {"cost_above": 1000.0}}
    ledger = run([dear, cheap]).ledger
    last = ledger.groupby("tactic")["day"].max()
    assert last["s.coupon"] < 24
    assert last["s.recommendation"] == 24


def test_drivers_agree_on_calendars_triggers_and_stops() -> None:
    asked = scenario(
        {
            "loop": [
                GENEROUS["coupon"] | {"when": {"metric": "orders", "below": 12, "for_days": 2, "run_days": 3}},
                GENEROUS["kol_seeding"] | {"festivals": ["singles_day"], "posts_every": 1},
                GENEROUS["push"] | {"stop_loss": {"metric": "profit", "below": 50, "for_days": 3}},
                GENEROUS["group_buy"] | {"dates": [2, *range(4, 20)], "stop_loss": {"cost_above": 20, "over_days": 5}},
            ]
        },
        calendar=CALENDAR,
        population={"size": 150, "registered_share": 0.6},
        params={"alpha": -1.0},
    )
    journal = assert_drivers_agree(asked, ("loop",))["loop"]
    assert set(journal.ledger["tactic"]) == {"loop.coupon", "loop.kol_seeding", "loop.push", "loop.group_buy"}
    assert World.build(asked).scenario.calendar["singles_day"] == (11, 12)


def test_check_says_when_tactics_run(typed: Typed, tmp_path: Path) -> None:
    """In words: the days, what is waited for, what ends it."""
    strategies = {
        "loop": [
            {
                "kind": "push",
                "when": {"metric": "gmv", "below": 300, "for_days": 3, "run_days": 7, "cool_down_days": 2},
            },
            {"kind": "coupon", "face": 1, "festivals": ["singles_day"], "stop_loss": {"cost_above": 99.5}},
        ]
    }
    (tmp_path / "mine.yaml").write_text(scenario(strategies, calendar=CALENDAR).to_yaml(), encoding="utf-8")
    done = typed("check", "mine.yaml")
    assert done.returncode == 0, done.stderr
    waits = "waits until gmv was below 300 (currency) for 3 days; then runs 7 days, then rests 2 days"
    assert f"loop: push {waits}" in done.stdout
    ends = "ends for good once it cost more than 99.50 in 7 days"
    assert f"loop: coupon runs only on day 11, 12; {ends}" in done.stdout
