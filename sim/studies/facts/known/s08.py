"""S8: points; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.metrics import measure
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, exactly
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import YEAR

FACT: Final = Fact(
    "S8",
    "Points change what light and moderate buyers spend and not what heavy ones do; buying speeds up towards the "
    "reward, and a head start works.",
    "Liu 2007; Kivetz, Urminsky & Zheng 2006", "paper", "tuned", grade="A/C", about=("points",),
)  # fmt: skip
GOAL_CENTS: Final = 10_000
CARD: Final[dict[str, Any]] = {"kind": "points", "goal": GOAL_CENTS / 100, "reward": 5.0}
LATER: Final = Arm("points_later", ({**CARD, "start": 180},))
POINTS: Final = Arm("points", (CARD,), log=("visit",))
HEAD_START: Final = Arm("points_with_a_head_start", ({**CARD, "head_start": 0.3},), log=("visit",))


def spending_by_tercile(shop: Shop, start: int = 180) -> tuple[tuple[float, float], tuple[float, float]]:
    """(spent with points, without) from `start` on, of the heaviest third by spending before, and of the others."""
    without, with_ = shop[CONTROL].orders, shop[LATER].orders
    before = without[without["day"] < start].groupby("agent")["paid_cents"].sum()
    is_heavy = before.rank(pct=True) > 2 / 3
    later = [o[o["day"] >= start].groupby("agent")["paid_cents"].sum() for o in (with_, without)]
    heavy, others = (
        tuple(float(spent.reindex(who, fill_value=0).sum()) for spent in later)
        for who in (before.index[is_heavy], before.index[~is_heavy])
    )
    return (heavy[0], heavy[1]), (others[0], others[1])


def _visits(shop: Shop, arm: str | Arm) -> pd.DataFrame:
    visits = shop.log("visit", arm)[["day", "agent"]].astype("int64")
    bought = shop[arm].orders[["day", "agent"]].astype("int64").drop_duplicates().assign(bought=1)
    return visits.merge(bought, how="left", on=["day", "agent"]).fillna({"bought": 0})


def cards(shop: Shop, arm: Arm) -> pd.DataFrame:
    """Visits of a run with points: what was on the card that morning, and the day of the last reward."""
    orders = shop[arm].orders.sort_values(["agent", "day"], kind="stable")
    used = ((orders["tactic"] == arm.name) & (orders["mode"] == "solo")).to_numpy()
    step = np.where(orders["is_returned"], 0, orders["paid_cents"]) - GOAL_CENTS * used
    balance = pd.Series(step, index=orders.index).groupby(orders["agent"]).cumsum()
    after = pd.DataFrame({"day": orders["day"] + 1, "agent": orders["agent"], "balance": balance, "used": used})
    after = after.groupby(["agent", "day"], as_index=False).last()
    after["reward"] = after["day"].where(after["used"]).groupby(after["agent"]).ffill()
    after = after.astype({"day": "int64", "agent": "int64"}).sort_values("day")
    return pd.merge_asof(_visits(shop, arm).sort_values("day"), after, on="day", by="agent").fillna({"balance": 0})


def rates(shop: Shop, arm: Arm) -> dict[str, float]:
    """Orders on visits with a card nearly full, a fresh one, and in the month after a reward; against the same visits
    without points."""
    both = cards(shop, arm).merge(_visits(shop, CONTROL), on=["day", "agent"], suffixes=("", "_plain"))
    way, is_open = both["balance"] % GOAL_CENTS / GOAL_CENTS, both["balance"] < GOAL_CENTS
    parts = {
        "near": is_open & (way >= 0.6), "fresh": is_open & (way < 0.2) & (both["balance"] > 0),
        "after": is_open & (way < 0.5) & (both["day"] - both["reward"] < 30),
    }  # fmt: skip
    return {name: both[part]["bought"].sum() / max(both[part]["bought_plain"].sum(), 1) for name, part in parts.items()}


@FACT.test(
    YEAR,
    Band("spending of the heaviest third against the control", 0.95, 1.05),
    Direction("spending of the others against the control", above=1.0),
    Direction("orders near the reward less in the month after one, each against the same visits without points"),
    Direction("orders with a fresh card: with a head start less without"),
    exactly("profit less gross profit and the liability, cents"),
    arms=(LATER, POINTS, HEAD_START), log=("visit",),
)  # fmt: skip
def points(shop: Shop) -> Sequence[Value]:
    """Terciles by spending before: half a year without points, half a year with; the rest with them all year."""
    heavy, others = spending_by_tercile(shop)
    with_, head = rates(shop, POINTS), rates(shop, HEAD_START)
    found = measure(shop[LATER])
    owed = int(shop[LATER].ledger.query("line == 'points_liability'")["amount_cents"].sum())
    off = (found["profit_cents"] or 0) - ((found["gross_profit_cents"] or 0) - owed)
    return [heavy, others[0] / others[1], with_["near"] - with_["after"], head["fresh"] - with_["fresh"], float(off)]
