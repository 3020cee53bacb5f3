"""V0e, V0f: nobody is lost, books balance, caps hold, the event log says the same; a tactic reaches whom it names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.engines import World, simulate
from sim.journal import Journal
from sim.population import PERSONAS
from tests.busy_worlds import ALONE, BUSY, EVERYTHING, SCARCE, TIMED, events, scenario


@pytest.fixture(scope="module")
def busy() -> dict[str, tuple[World, Journal]]:
    asked = scenario(
        days=40, burn_in_days=0, params=BUSY, population={"size": 600},
        strategies={**ALONE, "everything": EVERYTHING, "scarce": SCARCE, "timed": TIMED},
    )  # fmt: skip
    world = World.build(asked)
    return {label: (world, simulate(asked, label, world=world, events=True)) for label in asked.labels}


LABELS = ["control", *ALONE, "everything", "scarce", "timed"]


@pytest.mark.parametrize("label", LABELS)
def test_nobody_is_lost(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    """V0f: people, and who brought whom."""
    world, journal = busy[label]
    d, n = journal.daily, len(world)
    assert (d["n_prospects"] + d["n_active"] + d["n_lapsed"] == n).all()
    assert (d["new_registrations"] == d["new_organic"] + d["new_paid"] + d["new_invited"]).all()
    start = int(world.population.is_registered.sum())
    assert (d["n_active"] == start + (d["new_registrations"] + d["returned"] - d["churned"]).cumsum()).all()
    assert (d["n_prospects"] == n - start - d["new_registrations"].cumsum()).all()
    s = journal.shoppers.set_index("id")
    invited = s[s["channel"] == "invited"]
    assert (s["inviter"] >= 0).equals(s["channel"] == "invited")
    assert len(invited) == d["new_invited"].sum() > 0
    # an inviter was there before, and wrote the evening before or was helped in a bargain: so invitations have no cycle
    assert (s.loc[invited["inviter"], "registered_day"].to_numpy() < invited["registered_day"].to_numpy()).all()
    wrote = set(
        events(journal).query("type == 'message'")[["day", "agent", "other"]].itertuples(index=False, name=None)
    )
    helped = set(events(journal).query("type == 'help'")[["day", "other", "agent"]].itertuples(index=False, name=None))
    for row in invited.itertuples():
        invitation = (row.registered_day - 1, row.inviter, row.Index) in wrote
        assert invitation or (row.registered_day, row.inviter, row.Index) in helped
        assert row.Index in world.graph.friends(int(row.inviter))
    assert (d["teams_founded"].cumsum() >= (d["teams_succeeded"] + d["teams_failed"]).cumsum()).all()


@pytest.mark.parametrize("label", LABELS)
def test_books_balance_without_the_ledger(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    """V0e: every daily sum of money again, from the orders and the catalogue alone."""
    world, journal = busy[label]
    d, o = journal.daily.set_index("day"), journal.orders
    shelf = world.catalogue.to_frame().set_index("id")
    assert (o["list_cents"].to_numpy() == shelf["price_cents"][o["product"]].to_numpy() * o["quantity"]).all()
    assert (o["cost_cents"].to_numpy() == shelf["unit_cost_cents"][o["product"]].to_numpy() * o["quantity"]).all()
    assert o["paid_cents"].between(1, o["list_cents"]).all()
    back = o["is_returned"]
    resold = np.floor(o["cost_cents"] * 0.7 + 0.5).astype(int).where(back, 0)

    def by_day(values: pd.Series) -> pd.Series:
        return values.groupby(o["day"]).sum().reindex(d.index, fill_value=0)

    gmv, paid = by_day(o["list_cents"]), by_day(o["paid_cents"])
    refund = by_day(o["paid_cents"].where(back, 0))
    cogs, ship = by_day(o["cost_cents"] - resold), 200 * by_day(o["quantity"] * 0 + 1)
    expense = (
        journal.ledger.query("cls == 'expense'").groupby("day")["amount_cents"].sum().reindex(d.index, fill_value=0)
    )
    contra = journal.ledger.query("cls == 'contra_revenue'").groupby("day")["amount_cents"].sum()
    for name, expected in {
        "gmv_cents": gmv, "paid_cents": paid, "refund_cents": refund, "nmv_cents": paid - refund, "cogs_cents": cogs,
        "fulfilment_cents": ship, "contra_cents": gmv - paid, "expense_cents": expense,
        "cost_cents": gmv - paid + expense, "orders": by_day(o["quantity"] * 0 + 1), "units": by_day(o["quantity"]),
        "returns": by_day(back.astype(int)),
    }.items():  # fmt: skip
        assert d[name].tolist() == expected.tolist(), name
    assert contra.reindex(d.index, fill_value=0).tolist() == (gmv - paid).tolist(), (
        "every reduction has its ledger line"
    )
    assert journal.products.set_index("id")["units"].sum() == o["quantity"].sum()
    assert journal.shoppers["spend_cents"].sum() == (paid - refund).sum()


def test_caps_hold(busy: dict[str, tuple[World, Journal]]) -> None:
    names = [
        *("price_cut", "coupon_1", "coupon_2", "share_coupon", "group_buy", "kol_seeding", "recommendation"),
        "product_sampling",
    ]
    caps = dict(zip(names, SCARCE, strict=True))
    totals = busy["scarce"][1].ledger.groupby("tactic")["amount_cents"].sum()
    for name, tactic in caps.items():
        if "budget" in tactic:
            assert 0 < totals[f"scarce.{name}"] <= tactic["budget"] * 100, name
    # what a team is promised on one day is booked on another, so days are looked at without teams
    del caps["group_buy"]
    asked = scenario(
        days=30, burn_in_days=0, params=BUSY, population={"size": 500}, strategies={"scarce": list(caps.values())}
    )
    ledger = simulate(asked, "scarce").ledger
    days = ledger.groupby(["tactic", "day"])["amount_cents"].sum()
    for name, tactic in caps.items():
        if "budget_per_day" in tactic:
            most = days[f"scarce.{name}"].max()
            assert 0 < most <= tactic["budget_per_day"] * 100, name


@pytest.mark.parametrize("label", LABELS)
def test_the_event_log_gives_the_same_tables(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    _, journal = busy[label]
    log, d, s = events(journal), journal.daily, journal.shoppers.set_index("id")
    counts = log.groupby(["day", "type"]).size().unstack(fill_value=0).reindex(d["day"], fill_value=0)
    for name, kind in {
        "visits": "visit", "new_registrations": "register", "returned": "return", "churned": "lapse", "orders": "order",
        "share_events": "share", "messages": "message", "reviews": "review", "returns": "send_back",
        "teams_founded": "found", "shows": "show", "likes": "like", "comments": "comment", "reposts": "repost",
        "questions": "question", "answers": "answer",
    }.items():  # fmt: skip
        expected = counts[kind].tolist() if kind in counts else [0] * len(d)
        assert d[name].tolist() == expected, name
    for name, kind in {"paid_cents": "order", "stars": "review"}.items():
        values = log[log["type"] == kind].groupby("day")["value"].sum()
        assert d[name].tolist() == values.reindex(d["day"], fill_value=0).tolist(), name
    visits, joined = log[log["type"] == "visit"], log[log["type"] == "register"].set_index("agent")["day"]
    assert joined.index.is_unique
    assert visits.groupby("agent").size().reindex(s.index, fill_value=0).tolist() == s["visits"].tolist()
    age = visits["day"] - visits["agent"].map(joined)
    for days in (1, 7, 30):
        came = set(visits["agent"][age == days])
        assert s.index[s[f"visited_d{days}"]].tolist() == [i for i in s.index if i in came]
    cohorts = journal.cohorts.set_index(["cohort_day", "age"])
    expected_active = visits.groupby([visits["agent"].map(joined), age]).size()
    assert cohorts["n_active"][cohorts["n_active"] > 0].to_dict() == {
        (int(a), int(b)): int(n) for (a, b), n in expected_active.items()
    }
    bought = log[log["type"] == "order"]
    assert bought.groupby("agent").size().reindex(s.index, fill_value=0).tolist() == s["n_orders"].tolist()


# --- targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", list(PERSONAS))
def test_a_tactic_reaches_the_persona_it_names(persona: str) -> None:
    asked = scenario(
        population={"size": 400, "registered_share": 1.0}, burn_in_days=0, days=4, params={"alpha": -1.0, "ret_0": 0.0},
        strategies={"gift": {"kind": "coupon", "face": 1.0, "target": {"personas": [persona]}}},
    )  # fmt: skip
    journal = simulate(asked, "gift")
    persona_of = journal.shoppers.set_index("id")["persona"]
    helped = journal.orders[journal.orders["tactic"] == "gift"]
    assert set(persona_of[helped["agent"]]) <= {persona}


@pytest.mark.parametrize("label", LABELS)
def test_who_pays_is_counted_a_second_time(busy: dict[str, tuple[World, Journal]], label: str) -> None:
    """Reductions, messages, failed teams per shopper: again from orders and the event log; pushes add up."""
    _, journal = busy[label]
    s, log, o = journal.shoppers.set_index("id"), events(journal), journal.orders
    heard = log.query("type == 'message'").groupby("other").size().reindex(s.index, fill_value=0)
    assert (s["n_messages"] == heard).all()
    let_down = log.query("type == 'let_down'").groupby("agent").size().reindex(s.index, fill_value=0)
    assert (s["n_let_down"] == let_down).all()
    saved = (o["list_cents"] - o["paid_cents"]).groupby(o["agent"]).sum().reindex(s.index, fill_value=0)
    assert (s["discount_cents"] == saved).all()
    assert s["n_pushes"].sum() == journal.daily["pushes"].sum()
    assert (s["fatigue"] >= 0.0).all()
    if label == "push":
        assert (s["n_pushes"] > 0).any()
