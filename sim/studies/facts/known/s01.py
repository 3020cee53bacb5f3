"""S1: personalised recommendation; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import gini
from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S1",
    "Recommendation sells 5 to 45 % more units, much of what its slots sell would have been sold anyway, and by "
    "popularity it narrows sales.",
    "Lee & Hosanagar, two field experiments; Sharma, Hofman & Watts 2015", "paper", "tuned",
    grade="A/B", about=("recommendation",),
)  # fmt: skip
TASTE: Final = Arm("recommended", ({"kind": "recommendation"},))
COLLABORATIVE: Final = Arm("collaborative", ({"kind": "recommendation", "by": "collaborative"},))
USERS: Final = Arm("among_users", ({"kind": "recommendation", "by": "collaborative", "neighbours": "user"},))
POPULAR: Final = Arm("popular", ({"kind": "recommendation", "by": "popularity"},))


def narrower(shop: Shop, arm: Arm) -> float | None:
    """Gini of units over products, less the control's."""
    with_, without = (gini(shop[one].products["units"].to_numpy()) for one in (arm.name, CONTROL))
    return less(with_, without)


def anyway(shop: Shop, arm: Arm) -> tuple[float, float]:
    """(orders its slots caused by people who order on that day without it too, orders its slots caused)."""
    orders = shop[arm].orders
    mine = orders[orders["cause"] == "recommendation"]
    usual = set(zip(shop[CONTROL].orders["agent"], shop[CONTROL].orders["day"], strict=True))
    pairs = zip(mine["agent"], mine["day"], strict=True)
    return float(sum(pair in usual for pair in pairs)), float(len(mine))


@FACT.test(
    LEVERS,
    Band("units against the control, by taste (the default)", 1.05, 1.45),
    Band("units against the control, collaborative (as in the experiments)", 1.05, 1.45),
    Band("of orders from its slots: those that are placed on that day without it too", 0.4, 1),
    Direction("Gini of units over products: by popularity, less without"),
    Direction("Gini, collaborative less without"),
    Direction("Gini, among users less among products"),
    arms=(TASTE, COLLABORATIVE, USERS, POPULAR),
)  # fmt: skip
def recommendation(shop: Shop) -> Sequence[Value]:
    """Slots at their defaults."""
    units = {arm: float(tables.units(shop[arm].orders)) for arm in (TASTE.name, COLLABORATIVE.name, CONTROL)}
    return [
        (units[TASTE.name], units[CONTROL]), (units[COLLABORATIVE.name], units[CONTROL]), anyway(shop, COLLABORATIVE),
        narrower(shop, POPULAR), narrower(shop, COLLABORATIVE),
        less(narrower(shop, USERS), narrower(shop, COLLABORATIVE)),
    ]  # fmt: skip
