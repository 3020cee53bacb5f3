"""F27: orders per visit; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F27", "About 2 to 3 % of visits end in an order, more where the visitor has ordered before.",
    "industry reports (Oberlo, Dojo Business, VWO)", "secondary", "tuned",
    left_out="visits brought about by a friend against visits from advertising: visits carry no cause in the model",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("orders per visit", 0.01, 0.05),
    Direction("orders per visit after the first order, less before it"),
    log=("visit",),
)  # fmt: skip
def conversion(shop: Shop) -> Sequence[Value]:
    """All visits of the year; those of shoppers who ordered on an earlier day against the others."""
    daily, orders = shop[CONTROL].daily, shop[CONTROL].orders
    visit_day, visitor = tables.ints(shop.log("visit"), "day", "agent")
    with_, without = tables.conversion_by_history(visit_day, visitor, orders)
    return [(float(daily["orders"].sum()), float(daily["visits"].sum())), with_ - without]
