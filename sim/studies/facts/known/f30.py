"""F30: the ladder of orders; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import measure
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Value, less, number
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F30", "Most buyers buy once; the chance of a next order rises with the number of orders.",
    "CDNOW, weeks 1-39", "data", "emergent",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("buyers with a single order day", 0.40, 0.75),
    Band("chance of a 2nd order day", 0.25, 0.60),
    Band("chance of a 5th after the 4th", 0.60, 0.85),
    Band("buyers who order again within 90 days", 0.15, 0.45),
    Direction("2nd to 3rd step of the ladder less the 1st"),
    Direction("3rd less 2nd"),
    Direction("4th less 3rd"),
)  # fmt: skip
def order_ladder(shop: Shop) -> Sequence[Value]:
    """All who buy during the year; days with an order count, as in the source."""
    steps = tables.ladder(shop[CONTROL].orders)
    chance = [a / b if b else None for a, b in steps]
    once = (steps[0][1] - steps[0][0], steps[0][1])
    rises = [less(chance[k + 1], chance[k]) for k in range(3)]
    return [once, steps[0], steps[3], number(measure(shop[CONTROL])["repeat_rate_90d"]), *rises]
