"""F26: the dip after a promotion; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Fact, Value
from sim.studies.facts.known.f24 import PROMOTION_DAYS
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

SALES: Final = (0, 45)
DIP_DAYS: Final = 28
SALE: Final = Arm(
    "sale",
    tuple({"kind": "price_cut", "discount": 0.25, "start": day, "stop": day + PROMOTION_DAYS} for day in SALES),
)

FACT: Final = Fact(
    "F26", "After a promotion sales dip: 4 to 25 % of what it brought is lost again.",
    "van Heerde, Leeflang & Wittink 2000", "paper", "emergent",
)  # fmt: skip


@FACT.test(CLOSED, Band("units lost in the next 28 days per unit gained", 0.03, 0.30), arms=(SALE,))
def dip(shop: Shop) -> Sequence[Value]:
    """Everything 25 % off for 4 days, twice in a run, against the twin without."""
    gained = lost = 0
    for start in SALES:
        end = start + PROMOTION_DAYS
        sale, usual = shop[SALE].orders, shop[CONTROL].orders
        gained += tables.units(sale, None, start, end - 1) - tables.units(usual, None, start, end - 1)
        after = end + DIP_DAYS - 1
        lost += tables.units(usual, None, end, after) - tables.units(sale, None, end, after)
    return [(float(lost), float(gained))]
