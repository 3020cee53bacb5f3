"""The conformance suite: what every tactic in the registry must keep, and what money must do."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from annotated_types import Ge, Le
from pandas.testing import assert_frame_equal

from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.engines.operations import Operations
from sim.errors import InputError
from sim.journal import Journal
from sim.metrics import measure
from sim.population import PERSONAS
from sim.scenario import Scenario
from sim.strategies import registry
from sim.strategies.tactic import Tactic

KINDS = sorted(registry())
TABLES = ("daily", "cohorts", "shoppers", "orders", "products")
COMMON = set(Tactic.model_fields)
INCOME = {"member_fees"}  # lines of what a tactic earns: below zero
LATE = ("bargain", "group_buy")  # what they give is promised on one day and booked on a later one, after their window
SETTLED = {"points_liability"}  # lines that fall again when what they stand for is paid


def scenario(strategies: dict[str, Any] | None = None, **more: Any) -> Scenario:
    """A small, lively shop."""
    data: dict[str, Any] = {
        "name": "conformance",
        "days": 25,
        "burn_in_days": 5,
        "population": {"size": 400, "registered_share": 0.6},
        "catalogue": {"size": 12},
        "params": {"alpha": -2.0},
        "strategies": strategies or {},
    }
    return Scenario.from_dict(data | more)


@functools.cache
def world_of(key: str) -> World:
    """Worlds are shared between tests: strategies do not belong to them."""
    settings: dict[str, dict[str, Any]] = {
        "usual": {},
        "lonely": {"population": {"size": 1, "registered_share": 1.0}, "graph": {"kind": "none"}},
        "no ties": {"graph": {"kind": "none"}},
    }
    return World.build(scenario(**settings[key]), 0)


def run(tactics: Any, key: str = "usual", events: bool = False) -> Journal:
    """One run of these tactics in a shared world."""
    base = world_of(key)
    changed = base.scenario.with_({"strategies": {"s": tactics}} if tactics is not None else {})
    world = World(
        changed, base.replication, base.number, base.world_seed, base.noise_seed, base.params, base.constants,
        base.population, base.graph, base.catalogue,
    )  # fmt: skip
    return simulate(changed, "s" if tactics is not None else "control", world=world, events=events)


@functools.cache
def control(key: str = "usual") -> Journal:
    """The control's run."""
    return run(None, key, events=True)


def as_data(tactic: Tactic) -> dict[str, Any]:
    """A tactic as it stands in a file."""
    return tactic.model_dump(mode="json", exclude_defaults=True) | {"kind": tactic.kind}


def given(journal: Journal) -> pd.DataFrame:
    """Cost lines without what the tactic earns."""
    return journal.ledger[~journal.ledger["line"].isin(INCOME)]


def books_balance(journal: Journal) -> None:
    """V0e: money recomputed from order rows, without the ledger."""
    orders, daily = journal.orders, journal.daily
    assert daily["gmv_cents"].sum() == orders["list_cents"].sum()
    assert daily["nmv_cents"].sum() == orders["paid_cents"].sum() - orders["refund_cents"].sum()
    contra = journal.ledger[journal.ledger["cls"] == "contra_revenue"]["amount_cents"].sum()
    assert contra == (orders["list_cents"] - orders["paid_cents"]).sum() == daily["contra_cents"].sum()
    expense = journal.ledger[journal.ledger["cls"] == "expense"]["amount_cents"].sum()
    assert expense == daily["expense_cents"].sum()
    resold = np.floor(orders["cost_cents"][orders["is_returned"]] * 0.7 + 0.5).sum()
    profit = (
        orders["paid_cents"].sum() - orders["refund_cents"].sum() - orders["cost_cents"].sum() + resold
        - orders["fulfilment_cents"].sum() - expense
    )  # fmt: skip
    assert measure(journal)["profit_cents"] == profit


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_is(kind: str) -> None:
    """A strategist can read every lever: a sentence in two languages, a unit, bounds; costs and ways to backfire."""
    cls = registry()[kind]
    assert cls.__doc__
    assert len(cls.__doc__.split()) > 15
    assert cls.costs
    assert cls.backfires
    assert all((cls.title_zh, cls.about_zh, cls.costs_zh, cls.backfires_zh))
    assert cls.grade in "ABCD"
    for name, field in cls.model_fields.items():
        if name in ("kind", "target"):
            continue
        assert field.description, name
        extra = field.json_schema_extra
        assert isinstance(extra, dict), name
        assert extra.get("zh"), name
        if field.annotation in (int, float):
            bounds = [type(m) for m in field.metadata]
            assert Ge in bounds, f"{name} has no lower bound"
            assert Le in bounds or name in ("start",) or "Cents" in str(field) or extra["unit"].startswith("currency")


@pytest.mark.parametrize("kind", KINDS)
def test_null_is_the_control_bit_for_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """V0c: the null instance goes through every hook, changes no event and costs nothing."""
    cls = registry()[kind]
    called = dict.fromkeys(("on_shelf", "on_offer", "on_post", "on_sample", "begin"), 0)
    for name in called:
        original = getattr(cls, name)

        def counted(self: Tactic, *args: Any, _name: str = name, _original: Any = original) -> Any:
            called[_name] += 1
            return _original(self, *args)

        monkeypatch.setattr(cls, name, counted)
    journal = run(as_data(cls.null()), events=True)
    assert called["begin"] == 1
    assert all(called[name] == 25 for name in ("on_shelf", "on_offer", "on_post", "on_sample"))
    assert journal.events is not None
    assert control().events is not None
    assert_frame_equal(journal.events, control().events, check_exact=True)
    for table in TABLES:
        assert_frame_equal(getattr(journal, table), getattr(control(), table), check_exact=True)
    assert journal.ledger.empty


def corners(cls: type[Tactic]) -> list[dict[str, Any]]:
    """Instances with each lever of its own at either bound (money: 0 and 20.00), one at a time."""
    found = []
    for name, field in cls.model_fields.items():
        if name in COMMON or name == "kind":
            continue
        bounds = {type(m): m for m in field.metadata}
        values: list[Any] = []
        if field.annotation is bool:
            values = [True, False]
        elif str(field.annotation).startswith("typing.Literal"):
            values = list(field.annotation.__args__)  # type: ignore[union-attr]
        elif (field.json_schema_extra or {}).get("unit", "").startswith("currency"):  # type: ignore[union-attr]
            values = [0, 20.0]
        else:
            values = [bounds[k].ge if k is Ge else bounds[k].le for k in (Ge, Le) if k in bounds]
        found += [{"kind": cls.model_fields["kind"].default, name: value} for value in values]
    return found


@pytest.mark.parametrize("data", list(itertools.chain.from_iterable(corners(registry()[k]) for k in KINDS)), ids=str)
def test_corners_stay_within_bounds(data: dict[str, Any]) -> None:
    """At the bounds of every lever the run works, prices stay between a cent and the list price, books balance."""
    if data.get("capacity") == 2:
        data = data | {"size": 2}
    if data.get("size") == 20:
        data = data | {"capacity": 20}
    journal = run(data)
    orders = journal.orders
    assert (orders["paid_cents"] >= 1).all()
    assert (orders["paid_cents"] <= orders["list_cents"]).all()
    lines, cents = journal.ledger["line"], journal.ledger["amount_cents"]
    assert (cents[~lines.isin(INCOME | SETTLED)] > 0).all()
    assert (cents[lines.isin(INCOME)] < 0).all()
    assert (cents[lines.isin(SETTLED)] != 0).all()
    assert (given(journal).groupby("day")["amount_cents"].sum().cumsum() >= 0).all()
    books_balance(journal)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["lonely", "no ties"])
def test_survives_small_worlds(kind: str, key: str) -> None:
    """One shopper, and nobody with a friend."""
    books_balance(run({"kind": kind}, key))


GENEROUS = {kind: as_data(tactic.example()) for kind, tactic in registry().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_tactic_costs_and_changes_something(kind: str) -> None:
    """No lever only helps: each tactic has a cost line and moves the world."""
    journal = run(GENEROUS[kind])
    assert given(journal)["amount_cents"].sum() > 0
    assert not journal.orders.equals(control().orders)


@pytest.mark.parametrize("kind", KINDS)
def test_caps_hold_every_day_and_are_spent(kind: str) -> None:
    """Spent plus reserved never passes a cap on any day; where it binds, at least 80 % is spent."""
    free = given(run(GENEROUS[kind]))["amount_cents"].sum()
    cap = int(free * 0.5) // 100
    journal = run(GENEROUS[kind] | {"budget": float(cap)})
    spent = given(journal).groupby("day")["amount_cents"].sum().cumsum()
    assert (spent <= cap * 100).all()
    largest = journal.ledger["amount_cents"].max() if kind == "recommendation" else 0
    assert spent.iloc[-1] >= 0.8 * cap * 100 - largest
    per_day = max(given(journal).groupby("day")["amount_cents"].sum().max() // 300, 40)
    daily = given(run(GENEROUS[kind] | {"budget_per_day": float(per_day)})).groupby("day")["amount_cents"].sum()
    if kind not in LATE:
        assert (daily <= per_day * 100).all()
    books_balance(journal)


def test_reservations_never_pass_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every promise is checked when it is made, in a bundle in which all tactics share the work."""
    from sim.ledger import Budget

    seen: list[tuple[int, int]] = []
    original = Budget.reserve

    def reserve(self: Budget, cents: int) -> None:
        original(self, cents)
        if self.total_cents is not None:
            seen.append((self.spent_cents + self.reserved_cents, self.total_cents))
        assert self.reserved_cents >= 0

    monkeypatch.setattr(Budget, "reserve", reserve)
    bundle = [GENEROUS[kind] | {"budget": 60.0, "budget_per_day": 15.0} for kind in KINDS]
    books_balance(run(bundle))
    assert len(seen) > 50
    assert all(used <= cap for used, cap in seen)
    assert any(used == cap for used, cap in seen) or max(used / cap for used, cap in seen) > 0.8


def test_two_labels_one_strategy_differ_by_nothing() -> None:
    """The label never enters a random number's name."""
    tactics = [GENEROUS["group_buy"], GENEROUS["share_coupon"], GENEROUS["kol_seeding"]]
    two = scenario({"one": tactics, "another": tactics})
    world = World.build(two, 0)
    a, b = simulate(two, "one", world=world), simulate(two, "another", world=world)
    assert measure(a) == measure(b)
    for table in ("daily", "cohorts", "shoppers", "products"):
        assert_frame_equal(getattr(a, table), getattr(b, table), check_exact=True)


def test_coupon_and_price_cut_of_equal_size_are_the_same_money() -> None:
    """A share off by coupon and by price cut: equal GMV, NMV and profit to the cent."""
    cut, coupon = run({"kind": "price_cut", "discount": 0.23}), run({"kind": "coupon", "discount": 0.23})
    for name in ("gmv_cents", "nmv_cents", "gross_profit_cents", "profit_cents", "cost_cents"):
        assert measure(cut)[name] == measure(coupon)[name], name
    assert measure(cut)["gmv_cents"] != measure(control())["gmv_cents"]
    assert_frame_equal(cut.orders.drop(columns="tactic"), coupon.orders.drop(columns="tactic"), check_exact=True)


@pytest.mark.parametrize("kind", KINDS)
def test_timing_and_target(kind: str) -> None:
    """Nothing is given outside its days; the days before are the control's; a target nobody meets means nothing."""
    journal = run(GENEROUS[kind] | {"start": 8, "stop": 16, "every": 2})
    days = journal.ledger["day"]
    grace = 4 if kind in LATE else 0
    if kind == "kol_seeding":
        assert set(journal.ledger[journal.ledger["line"] == "fees"]["day"]) <= set(range(8, 16, 2))
    else:
        assert days.between(8, 15 + grace).all()
        assert (days % 2 == 0).all() or kind in LATE
    assert_frame_equal(journal.daily[:8], control().daily[:8], check_exact=True)


REACHING = [kind for kind, tactic in registry().items() if tactic.on_reach is not Tactic.on_reach]
PRICED = ["bargain", "coupon", "group_buy", "recommendation", "share_coupon"]  # orders tell whom it was for


@pytest.mark.parametrize("kind", REACHING)
def test_reaches_only_whom_it_means(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody outside the target hears of it, and nobody who switched messages off."""
    seen: list[int] = []
    original = Operations.reach

    def reach(self: Operations, t: int) -> Any:
        found = original(self, t)
        if found is not None:
            assert not self.customers.has_opted_out[found.row].any()
            seen.extend(self.world.population.persona[found.row].tolist())
        return found

    monkeypatch.setattr(Operations, "reach", reach)
    run(GENEROUS[kind] | {"target": {"personas": ["price_hunter"]}})
    assert set(seen) == {list(PERSONAS).index("price_hunter")}


@pytest.mark.parametrize("kind", PRICED)
def test_targets_only_whom_it_means(kind: str) -> None:
    """Orders at a tactic's price come from its personas only."""
    journal = run(GENEROUS[kind] | {"target": {"personas": ["price_hunter"]}})
    persona = journal.shoppers.set_index("id")["persona"]
    mine = journal.orders[journal.orders["tactic"] == "s"]
    if kind == "recommendation":
        mine = journal.orders[journal.orders["cause"] == "recommendation"]
    assert len(mine) > 0
    assert set(persona.loc[mine["agent"]]) == {"price_hunter"}


def test_lifecycle_target_reaches_newcomers_only() -> None:
    """`new` means registered for less than 14 days."""
    journal = run(GENEROUS["coupon"] | {"target": {"lifecycle": ["new"]}})
    mine = journal.orders[journal.orders["tactic"] == "s"]
    since = journal.shoppers.set_index("id")["registered_day"]
    assert len(mine) > 0
    assert ((mine["day"].to_numpy() - since.loc[mine["agent"]].to_numpy()) < 14).all()


@pytest.mark.parametrize("kind", KINDS)
def test_can_backfire(kind: str) -> None:
    """Every tactic can be overdone until profit falls below the control's."""
    assert measure(run(as_data(registry()[kind].overdone())))["profit_cents"] < measure(control())["profit_cents"]  # type: ignore[operator]


def test_hype_disappoints() -> None:
    """Leaders who promise too much: with the same luck an order is sent back whenever it was before, or more often."""
    leaders = {"kind": "kol_seeding", "seeds": 60, "posts_every": 1}
    eager = scenario(
        {"honest": leaders | {"hype": 0.0}, "loud": leaders | {"hype": 3.0}},
        params={"alpha": -1.0, "b_inv": 0.0, "nu_sd": 0.5},
    )
    world = World.build(eager, 0)
    honest, loud = (simulate(eager, label, world=world).orders for label in ("honest", "loud"))
    keys = ["day", "agent", "product"]
    both = honest[honest["cause"] == "kol"].merge(loud[loud["cause"] == "kol"], on=keys, suffixes=("", "_loud"))
    assert len(both) > 50
    assert (both["is_returned_loud"] >= both["is_returned"]).all()
    assert both["is_returned_loud"].sum() > both["is_returned"].sum()


def test_seeds_do_not_depend_on_storage_order() -> None:
    """Who is hired depends on ids and lot only."""
    world = world_of("usual")
    changed = world.scenario.with_({"strategies": {"s": GENEROUS["kol_seeding"]}})
    for choose in ("degree", "random", "k_core", "trait"):
        tactic = changed.with_({"strategies.s.choose": choose})
        shared = World.build(tactic, 0)
        operations, _ = prepare(shared, "s")
        rows = operations.desks[0].notes["rows"]
        assert len(set(rows.tolist())) == 12
        if choose == "degree":
            assert shared.audience_sizes()[rows].min() >= np.sort(shared.audience_sizes())[-12]


def test_stock_runs_out_by_lot_and_never_below_zero(tmp_path: Any) -> None:
    """A product with stock sells at most its stock, whatever the demand."""
    rows = "\n".join(f"{k},{5 + k},{3},{7 if k < 3 else ''}".rstrip(",") for k in range(3))
    (tmp_path / "p.csv").write_text("id,price,unit_cost,stock\n" + rows + "\n")
    shop = scenario(
        {"team": {"kind": "group_buy", "window_days": 2}},
        catalogue={"path": str(tmp_path / "p.csv")},
        params={"alpha": -1.0},
    )
    for label in ("control", "team"):
        sold = simulate(shop, label).products
        operations, recorder = prepare(World.build(shop, 0), label)
        driver = Columnar(World.build(shop, 0), operations, recorder)
        driver.run()
        assert (operations.stock >= 0).all()
        assert (sold["units"] <= 7).all()


# --- free samples ------------------------------------------------------------------------------------------

GIVEN = {"kind": "product_sampling", "share": 0.04, "choose": "lot", "handling": 1.5}


def given_away(tactics: Any, **params: float) -> tuple[Journal, pd.DataFrame]:
    """A run and its samples."""
    shop = scenario({"s": tactics}, params={"alpha": -2.0, **params})
    journal = simulate(shop, "s", events=True)
    assert journal.events is not None
    return journal, journal.events[journal.events["type"] == "sample"]


def test_a_sample_is_no_order_and_costs_unit_cost_and_handling() -> None:
    """Where nobody listens or changes her mind, samples move nothing but the ledger and the stars."""
    deaf = {"r_0": 0.0, "p_b": 0.0, "v_own": 0.0, "b_inv": 0.0, "b_s": 0.0, "e_e": 0.0, "b_e": 0.0, "g_s": 0.0}
    deaf |= {"b_q": 0.0, "b_v": 0.0, "om_h": 0.0}
    journal, samples = given_away([GIVEN], **deaf)
    without = simulate(scenario(params={"alpha": -2.0, **deaf}), "control")
    assert len(samples) > 100
    cost = dict(zip(*world_of("usual").catalogue.to_frame()[["id", "unit_cost_cents"]].to_numpy().T, strict=True))
    assert samples["value"].tolist() == [int(cost[item]) + 150 for item in samples["item"]]
    assert set(journal.ledger["line"]) == {"samples"}
    assert set(journal.ledger["cls"]) == {"expense"}
    assert journal.ledger["amount_cents"].sum() == samples["value"].sum()
    assert_frame_equal(journal.orders, without.orders, check_exact=True)
    assert_frame_equal(
        journal.products.drop(columns=["rating", "n_reviews"]), without.products.drop(columns=["rating", "n_reviews"])
    )
    assert_frame_equal(journal.shoppers, without.shoppers, check_exact=True)
    unlike = ["expense_cents", "cost_cents", "reviews", "stars", "share_events"]
    assert_frame_equal(journal.daily.drop(columns=unlike), without.daily.drop(columns=unlike), check_exact=True)
    more = journal.daily[["reviews", "share_events"]].sum() - without.daily[["reviews", "share_events"]].sum()
    assert (more > 0).all()  # who got one has something to say
    log = journal.events
    assert log is not None
    assert more["share_events"] == (log[log["type"] == "share"]["value"] == 3).sum()
    books_balance(journal)


def test_samples_go_by_lot_to_active_members() -> None:
    """About the share of those active, each at most once a day, products evenly; a larger share takes in a smaller."""
    journal, samples = given_away([GIVEN], om_0=0.0, a_inv=0.0, organic=0.0)
    active = journal.daily["n_active"] + journal.daily["churned"]  # this morning
    expected = 0.04 * active.sum()
    assert len(samples) == pytest.approx(expected, abs=4 * expected**0.5)
    assert not samples.duplicated(["day", "agent"]).any()
    counts = samples["item"].value_counts()
    assert len(counts) == 12
    assert ((counts - expected / 12) ** 2 / (expected / 12)).sum() < 35  # chi squared, 11 degrees of freedom
    _, more = given_away([GIVEN | {"share": 0.2}], om_0=0.0, a_inv=0.0, organic=0.0)
    first = samples["day"].min()  # later who is active differs
    got = [
        set(zip(table["agent"], table["item"], strict=True))
        for table in (samples, more)
        for table in [table[table["day"] == first]]
    ]
    assert got[0] < got[1]
    people = journal.shoppers.set_index("id")
    _, some = given_away([GIVEN | {"target": {"personas": ["kol_fan"]}}])
    assert set(people.loc[some["agent"], "persona"]) == {"kol_fan"}


def test_one_sample_a_day_from_the_first_tactic() -> None:
    """Two tactics, everybody meant by both: the second has nobody left."""
    _, samples = given_away([GIVEN | {"share": 1.0}, GIVEN | {"share": 1.0}])
    assert set(samples["tactic"]) == {"s.product_sampling_1"}
    assert not samples.duplicated(["day", "agent"]).any()


def test_what_is_given() -> None:
    """The product asked for, the best seller of the morning, or some of the catalogue by lot."""
    _, asked = given_away([GIVEN | {"product": 7}])
    assert set(asked["item"]) == {7}
    _, some = given_away([GIVEN | {"products": 0.25}])
    assert some["item"].nunique() == 3
    journal, best = given_away([{"kind": "product_sampling", "share": 0.04}])
    log = journal.events
    assert log is not None
    sold = log[log["type"] == "order"].groupby(["day", "item"]).size()  # orders; units are not in the log
    assert best.groupby("day")["item"].nunique().max() == 1
    assert best["item"].nunique() < 6
    often = sold.groupby("item").sum()
    assert often.loc[best["item"].iloc[-1]] >= often.median()
    with pytest.raises(
        InputError, match=r"no product has this id: found 12, allowed the id of one of 12 products, 0 to 11"
    ):
        given_away([GIVEN | {"product": 12}])


def test_samples_end_with_the_stock(tmp_path: Any) -> None:
    """A limited product is given away until it is gone, then sold and given no more."""
    (tmp_path / "p.csv").write_text("id,price,unit_cost,stock\n0,5,3,9\n1,5,3,-1\n")
    files = {"catalogue": {"path": str(tmp_path / "p.csv")}, "burn_in_days": 0}
    shop = scenario({"s": GIVEN | {"product": 0}, "lot": GIVEN | {"share": 1.0}}, **files)
    journal = simulate(shop, "s", events=("sample", "order"))
    log = journal.events
    assert log is not None
    assert set(log["type"]) == {"sample", "order"}
    assert (log[log["type"] == "sample"]["item"] == 0).all()
    assert (log["type"] == "sample").sum() + journal.products["units"][0] == 9
    lot = simulate(shop, "lot", events=("sample",)).events
    assert lot is not None
    assert (lot["item"] == 0).sum() <= 9 < (lot["item"] == 1).sum()


def test_a_sample_meets_the_need() -> None:
    """Who gets one buys less in the next days than she does without it: the same people, the same luck."""
    quiet = {"r_0": 0.0, "p_b": 0.0, "v_own": 0.0}
    once = GIVEN | {"share": 0.5, "start": 0, "stop": 1}
    with_, without = 0, 0
    for seed in range(1, 6):
        shop = scenario({"s": once}, params={"alpha": -1.5, "b_inv": 3.0, **quiet}, seed=seed)
        journal, control_ = simulate(shop, "s", events=("sample",)), simulate(shop, "control")
        assert journal.events is not None
        got = journal.events["agent"]
        with_ += int((journal.orders["agent"].isin(got) & (journal.orders["day"] < 10)).sum())
        without += int((control_.orders["agent"].isin(got) & (control_.orders["day"] < 10)).sum())
    assert without > 100
    assert with_ < 0.8 * without


def test_unknown_types_of_events_are_refused() -> None:
    with pytest.raises(InputError, match=r"no such type of event: found 'orders'. Did you mean 'order'"):
        simulate(scenario(days=2), "control", events=("orders",))


def test_events_say_where_the_money_went() -> None:
    """Cost lines carry the label of the strategy, and of the tactic where there are several."""
    one = run(GENEROUS["coupon"]).ledger
    assert set(one["tactic"]) == {"s"}
    both = run([GENEROUS["coupon"], GENEROUS["group_buy"], GENEROUS["coupon"] | {"face": 1.0}]).ledger
    assert set(both["tactic"]) <= {"s.coupon_1", "s.group_buy", "s.coupon_2"}
    assert isinstance(both, pd.DataFrame)
