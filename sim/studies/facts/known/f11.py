"""F11: effect of a friend who adopts; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

#: samples are given on these days, and their receivers' friends followed for the days after
GIFTS: Final = (0, 29, 59)
GIFT_DAYS: Final = 30
GIVEN: Final = Arm(
    "gifts",
    tuple({"kind": "product_sampling", "share": 0.01, "choose": "lot", "start": day, "stop": day + 1} for day in GIFTS),
)

FACT: Final = Fact(
    "F11",
    "A friend who adopts raises the odds to buy by 50 to 60 %, and more of people with few friends.",
    "Bapna & Umyarov 2015", "paper", "tuned",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("odds to buy within 30 days what a friend was given, against the same people without the gift", 1.2, 2.2),
    Direction("log of the odds ratio, people with few friends less those with many"),
    arms=(GIVEN,), log=("sample",),
)  # fmt: skip
def peer_effect(shop: Shop) -> Sequence[Value]:
    """One person of a hundred gets a product by lot, three times; who hears her did not get one herself."""
    exposed = tables.exposed_to_gifts(shop.log("sample", GIVEN), shop.hearers)
    tallies = [tables.bought_after(shop[arm].orders, exposed, GIFT_DAYS) for arm in (GIVEN, CONTROL)]
    n_friends = shop.n_friends(exposed["agent"].to_numpy())
    few = n_friends <= np.median(n_friends) if len(exposed) else np.zeros(0, dtype=bool)
    with_, without = (tables.odds(bought) for bought in tallies)
    by_group = [tables.log_odds_ratio(tallies[0][group], tallies[1][group]) for group in (few, ~few)]
    return [None if with_ is None or without is None else (with_, without), less(*by_group)]
