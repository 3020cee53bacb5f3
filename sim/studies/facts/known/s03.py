"""S3: buying in teams; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from sim.metrics import measure
from sim.studies.facts.fact import Arm, Direction, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S3",
    "Teams fill less often the larger they must be; telling how many have joined brings more joins; profit first rises "
    "and then falls with the discount; team orders are rated no better.",
    "Luo, Andrews, Song & Aspara 2014; Hu & Winer 2017; Byers et al. 2011", "paper", "other",
    grade="B/C", about=("group_buy",),
    stays="what is bought in a team is no worse here, so its stars differ only by who buys in teams; deal users who "
    "rate lower for other reasons are not in the model",
)  # fmt: skip
_TEAM: Final = {"kind": "group_buy", "discount": 0.3, "window_days": 2}
TOLD: Final = Arm("team_of_three", ({**_TEAM, "size": 3, "capacity": 5},), log=("join",))
UNTOLD: Final = Arm("team_of_three_untold", ({**_TEAM, "size": 3, "capacity": 5, "progress": False},), log=("join",))
PAIRS: Final = Arm("team_of_two", ({**_TEAM, "size": 2},))
FIVES: Final = Arm("team_of_five", ({**_TEAM, "size": 5},))
SMALL, MIDDLE, LARGE = (
    Arm(f"team_{round(100 * share)}", ({**_TEAM, "discount": share},)) for share in (0.05, 0.15, 0.5)
)

#: arms whose reviews are looked at together
WITH_TEAMS: Final = (PAIRS, TOLD, SMALL, MIDDLE, LARGE)


def _success(shop: Shop, arm: Arm) -> float:
    daily = shop[arm].daily
    filled, failed = float(daily["teams_succeeded"].sum()), float(daily["teams_failed"].sum())
    return filled / max(filled + failed, 1.0)


def _profit(shop: Shop, arm: Arm) -> float:
    return float(measure(shop[arm])["profit_cents"] or 0)


def stars_by_mode(orders: pd.DataFrame, reviews: pd.DataFrame) -> dict[str, float]:
    """Mean stars of reviews written on the day of an order, by how it was bought; both tables name the arm."""
    keys = ["arm", "day", "agent", "item"]
    known = orders[["arm", "day", "agent", "product", "mode"]].rename(columns={"product": "item"})
    both = reviews.astype({"day": "int64", "agent": "int64", "item": "int64"}).merge(known, on=keys)
    return {str(mode): float(part["value"].mean()) for mode, part in both.groupby("mode", observed=True)}


@FACT.test(
    LEVERS,
    Direction("share of teams that fill: of two less of three"),
    Direction("of three less of five"),
    Direction("joins with progress told, less without, per team founded with it told"),
    Direction("profit at the better of 5 and 15 % off less at 50 %, of that at 5 %"),
    Direction("stars of solo orders less those of team orders", above=-0.05),
    arms=(PAIRS, TOLD, UNTOLD, FIVES, SMALL, MIDDLE, LARGE), log=("review",),
)  # fmt: skip
def teams(shop: Shop) -> Sequence[Value]:
    """Thirty per cent off for who finds others within two days; sizes, what is told and discounts vary."""
    two, three, five = (_success(shop, arm) for arm in (PAIRS, TOLD, FIVES))
    told, untold = (float(len(shop.log("join", arm))) for arm in (TOLD, UNTOLD))
    founded = float(shop[TOLD].daily["teams_founded"].sum())
    small, middle, large = (_profit(shop, arm) for arm in (SMALL, MIDDLE, LARGE))
    orders, reviews = (
        pd.concat([table.assign(arm=arm.name) for arm, table in zip(WITH_TEAMS, tables, strict=True)])
        for tables in ([shop[arm].orders for arm in WITH_TEAMS], [shop.log("review", arm) for arm in WITH_TEAMS])
    )
    stars = stars_by_mode(orders, reviews)
    rated = stars["solo"] - stars["team"] if {"solo", "team"} <= stars.keys() else None
    return [
        two - three, three - five, (told - untold) / max(founded, 1.0),
        (max(small, middle) - large) / abs(small), rated,
    ]  # fmt: skip
