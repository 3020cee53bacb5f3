"""Events: each does what its equation says, on its days and on no other, to every strategy alike, the control too."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annotated_types import Ge, Le
from pandas.testing import assert_frame_equal

import sim.events as events
from sim.catalogue import Catalogue
from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.engines.objects import Shop
from sim.engines.operations import Operations
from sim.errors import InputError, ScenarioError
from sim.events import Event, registry
from sim.journal import Journal
from sim.rules import buy, leave, reach
from sim.scenario import Scenario, difference, schema, template
from sim.strategies.tactic import CONDITIONS, OUTSIDE, REWARDS
from tests.busy_worlds import BUSY, EVERYTHING, TABLES, WITH_RIVAL, assert_same, fingerprint, scenario
from tests.laboratory import (
    DAILY,
    SURE,
    N,
    agree,
    happened,
    lab,
    logistic,
    one_minus_exp,
    people,
    play,
    products,
    rows,
    spread,
)

KINDS = sorted(registry())
#: Every kind's example, to begin on day 6 of the small shop.
EXAMPLES: dict[str, dict[str, Any]] = {
    kind: event.example().model_dump(mode="json") | {"start": 6, "days": 4} for kind, event in registry().items()
}
DAYS = 16


@functools.cache
def calm() -> Scenario:
    """A small shop with a rival and a strategy, in which nothing befalls anybody."""
    params = {**WITH_RIVAL, "alpha": 1.0}
    return scenario(days=DAYS, params=params, population={"size": 240}, strategies={"everything": EVERYTHING})


def befallen(*shocks: dict[str, Any], **changes: Any) -> Scenario:
    """The same shop with these events."""
    return calm().with_({"events": list(shocks), **changes})


@functools.cache
def usual(label: str) -> Journal:
    """A run of the calm shop."""
    return simulate(calm(), label, events=True)


def mornings(asked: Scenario, label: str = "control") -> list[Operations]:
    """What holds on each measured day, before anybody comes."""
    found = []
    for t in range(asked.burn_in_days + asked.days):
        operations, _ = prepare(World.build(asked), label)
        operations.morning(t)
        found.append(operations)
    return found[asked.burn_in_days :]


# --- every kind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_is(kind: str) -> None:
    """A sentence in two languages, a source, a unit and bounds for every field."""
    cls = registry()[kind]
    assert cls.__doc__
    assert len(cls.__doc__.split()) > 15
    assert cls.source
    assert cls.title_zh
    assert cls.example().kind == kind
    for name, field in cls.model_fields.items():
        if name == "kind":
            continue
        assert field.description, name
        extra = field.json_schema_extra
        assert isinstance(extra, dict), name
        assert extra.get("zh"), name
        if field.annotation in (int, float):
            bounds = {type(rule) for rule in field.metadata}
            assert Ge in bounds, name
            assert Le in bounds or name == "start", name


@pytest.mark.parametrize("kind", KINDS)
def test_is_felt_by_every_strategy_on_its_days_and_by_nobody_before(kind: str) -> None:
    """Days before are the calm shop's to the last bit; conditions, shelf and contacts move on its days only."""
    asked = befallen(EXAMPLES[kind])
    for label in asked.labels:
        felt = simulate(asked, label, events=True)
        assert_frame_equal(felt.daily[:6], usual(label).daily[:6], check_exact=True)
        assert felt.events is not None
        log = usual(label).events
        assert log is not None
        assert_frame_equal(felt.events[felt.events["day"] < 6], log[log["day"] < 6], check_exact=True)
        is_same = felt.events.equals(log)
        assert is_same == (kind == "ban" and label == "control"), label
    plain, moved = mornings(befallen()), mornings(asked)
    for day in range(DAYS):
        one, other = moved[day], plain[day]
        is_same = (
            one.params == other.params
            and one.constants == other.constants
            and bool((one.shelf.on_sale == other.shelf.on_sale).all())
            and not one.banned
            and one.reach(day + asked.burn_in_days) is None
        )
        assert is_same == (not 6 <= day < 10), day


@pytest.mark.parametrize("kind", KINDS)
def test_both_drivers_agree_on_each_alone(kind: str) -> None:
    asked = befallen(EXAMPLES[kind], **{"population.size": 60, "days": 11})
    world = World.build(asked)
    for label in asked.labels:
        fast, slow = (simulate(asked, label, world=world, events=True, engine=e) for e in ("columnar", "objects"))
        assert_same(fast, slow)


def test_an_event_without_a_size_is_no_event() -> None:
    """Null instances go through every hook and change no bit."""
    nothing = [
        *({"kind": kind, "share": 0.0} for kind in ("stock_out", "delivery_failure", "outage")),
        {"kind": "season", "visiting": 0.0, "buying": 0.0}, {"kind": "data_leak", "size": 0.0, "leaving": 0.0},
        {"kind": "rival_price_cut", "cut": 0.0}, {"kind": "ban", "kinds": ["push"]},
    ]  # fmt: skip
    assert {one["kind"] for one in nothing} == set(KINDS)
    asked = befallen(*nothing)
    for label in asked.labels:
        assert fingerprint(simulate(asked, label, events=True)) == fingerprint(usual(label))


def test_the_first_event_of_a_list_does_not_draw_for_the_second() -> None:
    """Two lots of one kind are two lots; another kind before them, or another strategy, moves neither."""
    two = [{"kind": "stock_out", "share": 0.5, "start": 0, "days": 9}, {"kind": "stock_out", "share": 0.5, "start": 0}]

    def missing(asked: Scenario, label: str) -> list[Any]:
        operations, _ = prepare(World.build(asked), label)
        return [scene.notes["missing"] for scene in operations.scenes if "missing" in scene.notes]

    first, second = missing(befallen(*two), "control")
    assert (first != second).any()
    for label in ("control", "everything"):
        again = missing(befallen({"kind": "outage"}, *two), label)
        assert (again[0] == first).all()
        assert (again[1] == second).all()


# --- stock_out ----------------------------------------------------------------------------------------


def test_what_is_out_of_stock_is_neither_shown_nor_bought() -> None:
    ids = World.build(calm()).catalogue.id
    alone = usual("control").orders.query("3 <= day < 8")
    named = alone["product"].value_counts().index[:2].tolist()  # what sells best on those days
    asked = befallen({"kind": "stock_out", "start": 3, "days": 5, "products": named, "share": 1.0})
    for label in asked.labels:
        orders = simulate(asked, label).orders
        assert len(orders.query("product in @named and 3 <= day < 8 and mode == 'alone'")) == 0
        assert len(orders.query("product not in @named and 3 <= day < 8")) > 0
        assert len(orders.query("product in @named and (day < 3 or day >= 8)")) > 0
    for operations in mornings(asked)[3:8]:
        assert (operations.shelf.on_sale == ~np.isin(ids, named)).all()
        assert (operations.board.on_sale == operations.shelf.on_sale).all(), "tactics see it too"


@pytest.mark.parametrize(("share", "n"), [(0.0, 0), (0.1, 3), (0.5, 13), (1.0, 25)])  # of 25, rounded half up
def test_a_share_is_taken_by_lot(share: float, n: int) -> None:
    asked = befallen({"kind": "stock_out", "share": share})
    operations = mornings(asked)[0]
    assert int((~operations.shelf.on_sale).sum()) == n
    another = World.build(asked, 4)  # another world, another lot
    assert another.number != 0
    if 0 < n < 25:
        elsewhere, _ = prepare(another, "control")
        elsewhere.morning(asked.burn_in_days)
        assert (elsewhere.shelf.on_sale != operations.shelf.on_sale).any()


def test_a_product_that_does_not_exist_is_refused() -> None:
    asked = befallen({"kind": "outage"}, {"kind": "stock_out", "products": [3, 9999]})
    assert "events[1]: no product has the id 9999: no run will start." in asked.warnings()
    with pytest.raises(InputError, match=r"events\[1\]\.products: no product has this id: found 9999, allow"):
        simulate(asked, "control")


# --- delivery_failure ---------------------------------------------------------------------------------


def test_more_orders_fail() -> None:
    """One star for each that fails: in all days and kinds of orders fail + share (1 - fail)."""
    p = {"fail": 0.1, "s_fail": 5.0, "s_const": 0.0, "rev_0": 1.0, "rev_max": 1.0, "star_0": 5.0, "star_s": 1.0}
    shock = {"kind": "delivery_failure", "start": 2, "days": 3, "share": 0.25}
    journal = play(lab(people(N // 6), products(), 7, p, events=[shock]))
    orders, poor = happened(journal, "order"), happened(journal, "review", value=1)
    assert (orders == 1).all()
    assert (happened(journal, "review").sum()) == orders.sum()
    day = np.arange(7)[:, None]
    chance = np.where((day >= 2) & (day < 5), 0.1 + 0.25 * 0.9, 0.1)
    agree(poor, np.broadcast_to(chance, orders.shape), groups=np.broadcast_to(day, orders.shape), at_least=7)


# --- season, outage -----------------------------------------------------------------------------------


def test_a_season_moves_visits_and_orders() -> None:
    """visit: 1 - exp(-intensity exp(visiting w)); buy: logistic(alpha + need + buying w).

    w = 1 - |2 (k + .5) / days - 1| on day k of a peak.
    """
    shocks = [
        {"kind": "season", "start": 1, "days": 5, "visiting": 1.2, "buying": 1.0, "shape": "peak"},
        {"kind": "season", "start": 7, "days": 1, "visiting": -0.7, "buying": -2.0},
    ]
    need = spread(N, (-1.0, 0.0, 1.0))[0]
    journal = play(lab(people(N, need=need, intensity=0.2), products(), 9, {"alpha": 0.0}, events=shocks))
    visits, orders = happened(journal, "visit"), happened(journal, "order")
    weight = np.array([0.0, 0.2, 0.6, 1.0, 0.6, 0.2, 0.0, 0.0, 0.0])
    slack = np.array([0.0] * 7 + [1.0, 0.0])
    comes = np.broadcast_to(one_minus_exp(0.2 * np.exp(1.2 * weight - 0.7 * slack))[:, None], visits.shape)
    buys = logistic(need + (1.0 * weight - 2.0 * slack)[:, None])
    day = np.broadcast_to(np.arange(9)[:, None], visits.shape)
    agree(visits, comes, groups=day, at_least=9)
    agree(orders, buys, visits > 0, groups=day, at_least=9)


@pytest.mark.parametrize("days", [1, 2, 7, 8])
def test_a_peak_is_even_and_in_the_middle(days: int) -> None:
    peak = registry()["season"].model_validate({"kind": "season", "start": 3, "days": days, "shape": "peak"})
    strength = [peak.strength(day) for day in range(3, 3 + days)]  # type: ignore[attr-defined]
    assert strength == pytest.approx(strength[::-1])
    assert max(strength) == pytest.approx(1.0 if days % 2 else 1.0 - 1.0 / days)
    assert min(strength) > 0.0


def test_an_outage_loses_visits_and_registrations() -> None:
    """visit: 1 - exp(-intensity (1 - share)); registering by herself: organic (1 - share)."""
    registered = spread(N, (0, 1))[0] > 0
    shock = {"kind": "outage", "start": 2, "days": 2, "share": 0.6}
    world = lab(people(N, registered, intensity=0.5), products(), 6, {"organic": 0.1}, events=[shock])
    journal = play(world)
    visits, new = happened(journal, "visit"), happened(journal, "register")
    day = np.broadcast_to(np.arange(6)[:, None], visits.shape)
    up = np.where((day >= 2) & (day < 4), 0.4, 1.0)
    agree(visits, one_minus_exp(0.5 * up), registered, groups=day, at_least=6)
    waits = ~registered & (np.cumsum(new, axis=0) - new == 0)
    agree(new, 0.1 * up, waits, groups=day, at_least=6)


# --- data_leak ----------------------------------------------------------------------------------------


def test_a_leak_moves_satisfaction_exactly() -> None:
    """(2c) satisfaction <- satisfaction - size (1.5 - trust), for all who ever registered, once; in both drivers."""
    trust = np.array([0.1, 0.5, 0.9, 0.3, 0.7, 0.5] * 2)
    registered = np.array([True, True, True, True, True, False] * 2)
    who = people(12, registered, trust=trust, need=-SURE)
    shock = {"kind": "data_leak", "start": 2, "days": 3, "size": 0.8, "leaving": 0.6}
    world = lab(who, products(), 8, {"churn": 0.0}, events=[shock])
    operations, recorder = prepare(world, "control")
    fast, slow = Columnar(world, operations, recorder), Shop(world.scenario, world=world)
    before = np.array([0.4, 0.0, -0.3, 0.0, 0.2, 0.0] * 2)
    fast.state.satisfaction[:] = before
    fast.state.status[3] = 2  # left long ago, and hears of it all the same
    for person, value in zip(slow.shoppers, before, strict=True):
        person.satisfaction = float(value)
    slow.shoppers[3].status = 2
    operations.customers.has_opted_out[4] = slow.ops.customers.has_opted_out[4] = (
        True  # takes no messages, reads the news
    )
    after = np.where(registered, before - 0.8 * (1.5 - trust), before)
    for t in range(8):
        fast.step(t, None)
        slow.step()
        expected = before if t < 2 else after
        assert fast.state.satisfaction.tolist() == expected.tolist()
        assert [person.satisfaction for person in slow.shoppers] == expected.tolist()


def test_a_leak_makes_members_leave_sooner_for_a_while() -> None:
    """leaving = 1 - exp(exp(-g_s satisfaction + hold) stay), hold = leaving (1 - k / days) on day k of it."""
    trust = spread(N, (0.1, 0.5, 0.9))[0]
    stay, days = math.log(0.97), 9
    shock = {"kind": "data_leak", "start": 2, "days": 4, "size": 0.8, "leaving": 1.6}
    who = people(N, trust=trust, stay=stay, need=-SURE)
    journal = play(lab(who, products(), days, {"churn": 1.0, "g_s": 0.7}, events=[shock]))
    lapses = happened(journal, "lapse")
    active = np.cumsum(lapses, axis=0) - lapses == 0
    hold = np.array([0.0, 0.0, 1.6, 1.2, 0.8, 0.4, 0.0, 0.0, 0.0])
    satisfaction = -0.8 * (1.5 - trust) * (np.arange(days) >= 2)[:, None]
    chance = one_minus_exp(-stay * np.exp(-0.7 * satisfaction + hold[:, None]))
    agree(lapses, chance, active, groups=np.broadcast_to(np.arange(days)[:, None], lapses.shape), at_least=days)
    agree(lapses, chance, active, groups=np.broadcast_to(trust, lapses.shape), at_least=3)


def test_a_push_and_a_leak_on_one_day_add_up() -> None:
    """Who takes messages gets both; who switched them off hears only of the leak."""
    asked = befallen(EXAMPLES["data_leak"], strategies={"push": {"kind": "push", "per_day": 2}})
    operations, _ = prepare(World.build(asked), "push")
    members = operations.customers.registered()
    operations.customers.has_opted_out[members[::3]] = True
    operations.morning(asked.burn_in_days + 6)
    found = operations.reach(asked.burn_in_days + 6)
    assert found is not None
    assert found.row.tolist() == members.tolist()
    assert found.pushes.tolist() == [0 if k % 3 == 0 else 2 for k in range(len(members))]
    assert set(found.blow.tolist()) == {EXAMPLES["data_leak"]["size"]}
    assert set(found.hold.tolist()) == {EXAMPLES["data_leak"]["leaving"]}
    assert not found.impulse.any()


# --- the rival shop -----------------------------------------------------------------------------------


def test_some_buy_at_the_rival_most_where_it_is_cheap_and_they_mind_the_price() -> None:
    """(5b) P(here) = e^x / (1 + e^x + e^r), e^r = w_rival exp(-b_p (price_i / P) ln rival_price)."""
    price, need = spread(N, (0.2, 0.5, 0.9), (-0.5, 0.8))
    shocks = [
        {"kind": "rival_price_cut", "start": 2, "days": 2, "cut": 0.4},
        {"kind": "rival_price_cut", "start": 3, "days": 1, "cut": 0.2},
    ]
    p = {"alpha": 0.3, "w_rival": 0.7, "b_p": 2.0}
    journal = play(lab(people(N, price=price, need=need), products(), 5, p, events=shocks))
    orders = happened(journal, "order")
    level = np.array([1.0, 1.0, 0.6, 0.6 * 0.8, 1.0])[:, None]
    there = 0.7 * level ** (-2.0 * price / 0.5)
    here = np.exp(0.3 + need)
    chance = here / (1.0 + here + there)
    day = np.broadcast_to(np.arange(5)[:, None], orders.shape)
    agree(orders, chance, groups=day, at_least=5)
    agree(orders, chance, groups=day + 100.0 * price, at_least=15)


def test_a_cheap_rival_makes_members_leave() -> None:
    """(17) x grows by g_rival max(0, -ln rival_price)."""
    shock = {"kind": "rival_price_cut", "start": 1, "days": 2, "cut": 0.5}
    stay = math.log(0.9)
    p = {"churn": 1.0, "w_rival": 0.2, "g_rival": 1.5}
    journal = play(lab(people(N, stay=stay, need=-SURE, intensity=DAILY), products(), 4, p, events=[shock]))
    lapses = happened(journal, "lapse")
    active = np.cumsum(lapses, axis=0) - lapses == 0
    x = np.array([0.0, 1.5 * math.log(2.0), 1.5 * math.log(2.0), 0.0])[:, None]
    chance = np.broadcast_to(one_minus_exp(-stay * np.exp(x)), lapses.shape)
    agree(lapses, chance, active, groups=np.broadcast_to(np.arange(4)[:, None], lapses.shape), at_least=4)


def test_without_a_rival_its_prices_mean_nothing() -> None:
    asked = befallen(EXAMPLES["rival_price_cut"], **{"params.w_rival": 0.0})
    world = World.build(asked)
    for label in asked.labels:
        one, other = (
            simulate(s, label, world=World.build(s), events=True) for s in (asked, asked.with_({"events": []}))
        )
        assert fingerprint(one) == fingerprint(other)
    assert any("params.w_rival is 0" in text for text in asked.warnings())
    assert not any("w_rival" in text for text in befallen(EXAMPLES["rival_price_cut"]).warnings())
    assert world.constants.rival_price == 1.0


def test_rules_by_hand() -> None:
    world = World.build(calm())
    params, constants = world.params._replace(w_rival=0.5, b_p=2.0, g_rival=0.4), world.constants
    someone = people(1).traits._replace(price=constants.price)
    assert buy.rival_value(params, constants, someone) == pytest.approx(math.log(1.5))
    cheap = constants._replace(rival_price=0.8)
    assert buy.rival_value(params, cheap, someone) == pytest.approx(math.log(1.0 + 0.5 / 0.64))
    assert buy.rival_value(params._replace(w_rival=0.0), cheap, someone) == 0.0
    assert leave.rival_lure(params, cheap) == pytest.approx(-0.4 * math.log(0.8))
    assert leave.rival_lure(params, constants._replace(rival_price=1.3)) == 0.0
    assert leave.rival_lure(params._replace(w_rival=0.0), cheap) == 0.0
    assert reach.shaken(0.25, 0.5, 0.75) == 0.25 - 0.75
    assert reach.shaken(0.25, 0.9, 0.0) == 0.25


# --- ban ----------------------------------------------------------------------------------------------


def test_a_banned_strategy_is_the_control() -> None:
    kinds = sorted({one["kind"] for one in EVERYTHING})
    asked = befallen({"kind": "ban", "kinds": kinds, "days": DAYS})
    banned, control = (simulate(asked, label, events=True) for label in ("everything", "control"))
    for table in TABLES:
        if table != "ledger":
            assert_frame_equal(getattr(banned, table), getattr(control, table), check_exact=True)
    assert banned.ledger.empty


def test_a_ban_forbids_its_kinds_on_its_days_only() -> None:
    plan = [{"kind": "price_cut", "discount": 0.3}, {"kind": "recommendation", "cost_per_day": 10.0}]
    asked = befallen({"kind": "ban", "kinds": ["price_cut"], "start": 4, "days": 6}, strategies={"both": plan})
    journal = simulate(asked, "both")
    cut = set(journal.ledger.query("line == 'price_cut'")["day"])
    assert cut
    assert not cut & set(range(4, 10))
    assert cut & set(range(10, DAYS))
    assert set(journal.ledger.query("line == 'serving'")["day"]) == set(range(DAYS))
    assert (
        "events[0]: no strategy uses push, which it forbids." in asked.with_({"events[0].kinds": ["push"]}).warnings()
    )


# --- in scenarios -------------------------------------------------------------------------------------


def test_events_are_part_of_the_question() -> None:
    one = befallen(EXAMPLES["season"], EXAMPLES["ban"])
    assert calm().digest == calm().with_({"events": []}).digest
    assert len({calm().digest, one.digest, one.with_({"events[0].visiting": 0.1}).digest}) == 3
    assert Scenario.from_yaml(one.to_yaml()) == one
    for lang in ("en", "zh"):
        assert Scenario.from_yaml(template(one, lang)) == one  # type: ignore[arg-type]
    everything = befallen(*EXAMPLES.values())
    assert Scenario.from_yaml(template(everything)) == everything


def test_what_differs_is_said_in_words() -> None:
    a, b = befallen(EXAMPLES["season"], EXAMPLES["outage"]), befallen(EXAMPLES["season"])
    assert list(difference(a, a)) == []
    told = list(difference(a, b))
    assert len(told) == 1
    assert told[0].startswith("events[1]: only in the first ({kind: outage, start: 6, days: 4, share: 0.9})")
    assert list(difference(a, a.with_({"events[0].days": 9}))) == ["events[0].days: 4 -> 9 days"]
    turned = befallen(EXAMPLES["outage"], EXAMPLES["season"])
    assert list(difference(a, turned)) == ["events: [season, outage] -> [outage, season]"]


def test_another_kind_keeps_what_both_know() -> None:
    asked = befallen(EXAMPLES["season"]).with_({"events[0].kind": "outage"})
    assert asked.as_dict()["events"] == [{"kind": "outage", "start": 6, "days": 4, "share": 0.5}]
    with pytest.raises(ScenarioError, match="no such place in the list"):
        asked.with_({"events[1].kind": "outage"})


def test_the_schema_knows_every_kind() -> None:
    told = schema()
    assert told["properties"]["events"]["items"] == {"$ref": "#/$defs/Event"}
    assert len(told["$defs"]["Event"]["oneOf"]) == len(KINDS)
    assert told["$defs"]["Ban"]["required"] == ["kind", "kinds"]
    assert told["$defs"]["Season"]["properties"]["visiting"]["minimum"] == -3.0


def test_what_lasts_beyond_the_end_is_said() -> None:
    assert any(
        "it lasts beyond the last day, 15" in text for text in befallen({"kind": "data_leak", "start": 9}).warnings()
    )


# --- others' kinds ------------------------------------------------------------------------------------

STRANGE = '''
from typing import Literal

from sim.events import Event, Scene, detail


class Strike(Event):
    """Couriers strike: nothing launched counts, and more arrives late; a kind that another package brings along."""

    source = "made up"
    title_zh = "罢工"
    kind: Literal["strike"] = "strike"
    late: float = detail(0.2, "share of orders", "orders that arrive late", "迟到订单比例", ge=0.0, le=1.0)

    def on_conditions(self, conditions, day, scene):
        conditions["fail"] = self.late
'''


@pytest.fixture
def strike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package with a kind of event, installed as pip would leave it."""
    site = tmp_path / "site"
    info = site / "strange_events-1.dist-info"
    info.mkdir(parents=True)
    (site / "strange_events.py").write_text(STRANGE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-events\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[sim.events]\nstrike = strange_events:Strike\n")
    monkeypatch.syspath_prepend(str(site))
    registry.cache_clear()
    yield
    registry.cache_clear()


def test_a_package_can_bring_a_kind_along(strike: Any) -> None:
    asked = befallen({"kind": "strike", "start": 6, "days": 4, "late": 0.9})
    assert [one.params.fail for one in mornings(asked)] == [
        0.9 if 6 <= day < 10 else BUSY["fail"] for day in range(DAYS)
    ]
    with pytest.raises(ScenarioError, match="Did you mean 'strike'"):
        befallen({"kind": "stirke"})


class _Nameless(Event):
    kind: str


@pytest.mark.parametrize("published", [_Nameless, Catalogue, "text"])
def test_what_is_no_event_is_refused(published: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_others", lambda: [published])
    registry.cache_clear()
    with pytest.raises(InputError):
        registry()
    monkeypatch.undo()
    registry.cache_clear()


def test_conditions_are_what_they_are_called() -> None:
    world = World.build(calm())
    assert all(hasattr(world.params, name) for name in CONDITIONS)
    assert all(hasattr(world.constants, name) for name in (*REWARDS, *OUTSIDE))
    assert len(rows(usual("everything"), "visit")) > 0
