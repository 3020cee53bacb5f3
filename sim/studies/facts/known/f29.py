"""F29: day-N retention; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import measure
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Value, less, number
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F29", "Of new users of a shopping app 20 to 27 % are back after 1 day, 8 to 14 % after 7, 4 to 8 % after 30.",
    "AppsFlyer, Adjust; CleverTap 2019; Localytics 2015-17", "memory; anchors secondary", "tuned",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("visits exactly 1 day after registering (D1)", 0.18, 0.40),
    Band("7 days after (D7)", 0.08, 0.20),
    Band("30 days after (D30)", 0.03, 0.12),
    Band("D30 / D7", 0.4, 0.75),
    Band("any visit 30 to 59 days after", 0.15, 0.45),
    Direction("D1 less D7"),
    Direction("D7 less D30"),
    log=("visit",),
)  # fmt: skip
def day_n_retention(shop: Shop) -> Sequence[Value]:
    """Classic retention of those who register during the year, and the share seen in the second month."""
    found = measure(shop[CONTROL])
    d1, d7, d30 = (number(found[f"retention_d{age}"]) for age in (1, 7, 30))
    ids, registered = shop.registrants
    visit_day, visitor = tables.ints(shop.log("visit"), "day", "agent")
    second_month = tables.returned_between(registered, ids, visit_day, visitor, shop.days, 30, 59)
    return [d1, d7, d30, None if d30 is None or d7 is None else (d30, d7), second_month, less(d1, d7), less(d7, d30)]
