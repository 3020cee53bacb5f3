"""What field experiments found about share coupons, points and service, against worlds like `base.open`, in pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import draws
from sim.engines import World, simulate
from sim.journal import Journal
from sim.metrics import measure
from sim.scenario import Scenario

pytestmark = pytest.mark.slow


def shop(strategies: dict[str, Any], **changes: Any) -> Scenario:
    """`base.open`, with these strategies."""
    return Scenario.load("base.open").with_({"strategies": strategies, **changes})


def conversion(journal: Journal) -> float:
    return float(journal.daily["orders"].sum() / journal.daily["visits"].sum())


def near(values: list[float], low: float, high: float) -> None:
    """The mean over worlds lies in the band, and so does nearly all of what worlds differ in."""
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)
    told = f"{mean:.4f} +- {error:.4f} ({', '.join(f'{value:.4f}' for value in values)})"
    print(told)
    assert low <= mean - error, told
    assert mean + error <= high, told


# --- share to get against a plain coupon (Iyengar & Park 2016) --------------------------------------------------


def test_a_coupon_behind_a_share_sells_less_and_invites_more() -> None:
    """The same face: fewer of those who get the offer buy, revenue is a wash, more friends register."""
    asked = shop({"plain": {"kind": "coupon", "face": 5.0}, "gated": {"kind": "share_coupon", "face": 5.0}}, days=180)
    sold, revenue, invited = [], [], []
    for number in range(4):
        world = World.build(asked, number)
        plain, gated = (simulate(asked, label, world=world) for label in ("plain", "gated"))
        sold.append(conversion(gated) / conversion(plain))
        revenue.append(gated.daily["nmv_cents"].sum() / plain.daily["nmv_cents"].sum())
        invited.append(gated.daily["new_invited"].sum() / plain.daily["new_invited"].sum())
    near(sold, 0.6, 0.98)
    near(revenue, 0.8, 1.25)
    near(invited, 1.0, 20.0)


# --- points (Liu 2007; Kivetz, Urminsky & Zheng 2006) -----------------------------------------------------------

CARD: dict[str, Any] = {"kind": "points", "goal": 100.0, "reward": 5.0}


def test_points_move_light_and_moderate_buyers_and_not_heavy_ones() -> None:
    """Half a year without, half a year with: spending of terciles by spending before; the liability is in the books."""
    asked = shop({"points": CARD | {"start": 180}}, days=360)
    heavy, others = [], []
    for number in range(6):
        world = World.build(asked, number)
        without, with_ = (simulate(asked, label, world=world) for label in ("control", "points"))
        before = without.orders[without.orders["day"] < 180].groupby("agent")["paid_cents"].sum()
        is_heavy = before.rank(pct=True) > 2 / 3
        later = [journal.orders[journal.orders["day"] >= 180] for journal in (without, with_)]
        spent = [orders.groupby("agent")["paid_cents"].sum() for orders in later]
        for kept, who in ((heavy, before.index[is_heavy]), (others, before.index[~is_heavy])):
            base, now = (found.reindex(who, fill_value=0).sum() for found in spent)
            kept.append(now / base - 1.0)
        lines = with_.ledger.groupby("line")["amount_cents"].sum()
        assert lines["points_liability"] > 0
        gross = measure(with_)["gross_profit_cents"]
        assert measure(with_)["profit_cents"] == gross - lines["points_liability"]
    near(heavy, -0.05, 0.05)
    near(others, 0.0, 0.3)


def _cards(journal: Journal) -> pd.DataFrame:
    """Visits of a run with points: what was on the card that morning, and the day of the last reward."""
    orders = journal.orders.sort_values(["agent", "day"], kind="stable")
    used = ((orders["tactic"] == journal.strategy) & (orders["mode"] == "solo")).to_numpy()
    step = np.where(orders["is_returned"], 0, orders["paid_cents"]) - 10_000 * used
    balance = pd.Series(step, index=orders.index).groupby(orders["agent"]).cumsum()
    after = pd.DataFrame({"day": orders["day"] + 1, "agent": orders["agent"], "balance": balance, "used": used})
    after = after.groupby(["agent", "day"], as_index=False).last()
    after["reward"] = after["day"].where(after["used"]).groupby(after["agent"]).ffill()
    after = after.astype({"day": "int64", "agent": "int64"}).sort_values("day")
    visits = pd.merge_asof(_visits(journal).sort_values("day"), after, on="day", by="agent")
    return visits.fillna({"balance": 0})


def _visits(journal: Journal) -> pd.DataFrame:
    assert journal.events is not None
    visits = journal.events[journal.events["type"] == "visit"][["day", "agent"]].astype("int64")
    bought = journal.orders[["day", "agent"]].drop_duplicates().assign(bought=1)
    return visits.merge(bought, how="left", on=["day", "agent"]).fillna({"bought": 0})


def test_buying_speeds_up_towards_the_reward_and_slows_after_it() -> None:
    """Orders on visits near the goal and in the month after a reward, against the same visits without points.

    The time between orders goes as the inverse of the rate: before a reward over after it is rate after over rate near.
    A head start speeds up fresh cards too.
    """
    asked = shop({"points": CARD, "head": CARD | {"head_start": 0.3}}, days=360)
    ratio, fresh = [], []
    for number in range(3):
        world = World.build(asked, number)
        plain = _visits(simulate(asked, "control", world=world, events=("visit",)))
        rate = {}
        for label in ("points", "head"):
            cards = _cards(simulate(asked, label, world=world, events=("visit",)))
            both = cards.merge(plain, on=["day", "agent"], suffixes=("", "_plain"))
            way, is_open = both["balance"] % 10_000 / 10_000, both["balance"] < 10_000
            parts = {
                "near": is_open & (way >= 0.6), "fresh": is_open & (way < 0.2) & (both["balance"] > 0),
                "after": is_open & (way < 0.5) & (both["day"] - both["reward"] < 30),
            }  # fmt: skip
            for name, part in parts.items():
                rate[label, name] = both[part]["bought"].sum() / both[part]["bought_plain"].sum()
        ratio.append(rate["points", "after"] / rate["points", "near"])
        fresh.append(rate["head", "fresh"] - rate["points", "fresh"])
    near(ratio, 0.5, 1.0)
    near(fresh, 0.0, 0.2)


# --- service (Tan, Wang & Tan 2019) -----------------------------------------------------------------------------


def _has_failed(orders: pd.DataFrame, world: World) -> Any:
    """Which orders arrived late, broken or wrong: the second word of each delivery's draw."""
    words = np.empty((len(orders), 4), dtype=np.int64)
    for day in np.unique(orders["day"]):
        today = (orders["day"] == day).to_numpy()
        part = np.empty((int(today.sum()), 4), dtype=np.int64)
        names = (orders[name][today].to_numpy(np.int64) for name in ("agent", "product"))
        draws.blocks(world.noise_seed, draws.FULFIL, int(day) + world.scenario.burn_in_days, *names, part)
        words[today] = part
    return (words[:, 1] + 0.5) * 2.0**-32 < world.params.fail


def test_help_sells_more_where_stars_are_low() -> None:
    """All visitors are helped: orders a visit; units of the third of products with the fewest and the most stars."""
    asked = shop({"chat": {"kind": "customer_service", "coverage": 1.0, "recovery": 0.0}}, days=180, burn_in_days=60)
    lift, gap = [], []
    for number in range(4):
        world = World.build(asked, number)
        without, with_ = (simulate(asked, label, world=world) for label in ("control", "chat"))
        lift.append(conversion(with_) / conversion(without) - 1.0)
        shown = without.products.set_index("id")["rating"].rank(pct=True)
        thirds = [shown.index[shown <= 1 / 3], shown.index[shown > 2 / 3]]
        low, high = ((with_.orders["product"].isin(t).sum() / without.orders["product"].isin(t).sum()) for t in thirds)
        gap.append(low - high)
    near(lift, 0.05, 0.30)
    near(gap, 0.0, 1.0)


def test_who_is_recovered_stays() -> None:
    """All are helped alike; orders that fail with and without recovery: fewer of their buyers leave within 60 days."""
    service = {"kind": "customer_service", "coverage": 1.0, "cost": 0.0}
    asked = shop({"care": service | {"recovery": 0.6}, "chat": service | {"recovery": 0.0}}, days=180, burn_in_days=60)
    n_orders, left = 0, {"chat": 0, "care": 0}
    for number in range(8):
        world = World.build(asked, number)
        runs = {label: simulate(asked, label, world=world, events=("lapse",)) for label in left}
        failed = {label: run.orders[_has_failed(run.orders, world)] for label, run in runs.items()}
        same = failed["chat"].merge(failed["care"], on=["day", "agent", "product"])[["day", "agent"]]
        same = same[same["day"] < 120]
        n_orders += len(same)
        for label, run in runs.items():
            assert run.events is not None
            lapses = same.reset_index().merge(run.events[["day", "agent"]], on="agent", suffixes=("", "_left"))
            within = lapses["day_left"] - lapses["day"]
            left[label] += lapses[(within >= 0) & (within < 60)]["index"].nunique()
    print(n_orders, left)
    assert n_orders > 1000
    assert left["chat"] > 200
    assert left["care"] < left["chat"]
