"""F24: short promotions; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.known.f23 import SOME, SOME_CHEAPER, own
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

PROMOTION_DAYS: Final = 4
#: several promotions in one run, far enough apart that one does not reach into the next
PROMOTIONS: Final = (0, 30, 60)
PROMOTION: Final = Arm(
    "promotion",
    tuple(
        {
            "kind": "price_cut", "discount": 0.20, "products": SOME, "promoted": True,
            "start": day, "stop": day + PROMOTION_DAYS,
        }
        for day in PROMOTIONS
    ),
)  # fmt: skip


def promoted(shop: Shop) -> tuple[int, int, int, int]:
    """Units in the promotions: promoted products with and without promotion, then all others likewise."""
    found = [0, 0, 0, 0]
    for ordinal, start in enumerate(PROMOTIONS):
        lot, last = shop.lot(PROMOTION, ordinal), start + PROMOTION_DAYS - 1
        for k, arm in enumerate((PROMOTION.name, CONTROL)):
            orders = shop[arm].orders
            own = tables.units(orders, lot, start, last)
            found[k] += own
            found[2 + k] += tables.units(orders, None, start, last) - own
    return found[0], found[1], found[2], found[3]


FACT: Final = Fact(
    "F24", "A short promotion moves more than a lasting price: elasticity about -3.6 (20 % off sells 73 % more).",
    "Bijmolt et al. 2005 as cited by van Heerde & Neslin 2008", "secondary", "other",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("units of promoted products, lift", 0.40, 2.50),
    Direction("elasticity of a lasting cut less that of the promotion"),
    arms=(SOME_CHEAPER, PROMOTION),
)  # fmt: skip
def promotion(shop: Shop) -> Sequence[Value]:
    """Ten of 60 products 20 % off for 4 days with promotion slots, three times in a run."""
    treated, control, _, _ = promoted(shop)
    lasting, short = own(shop), tables.elasticity(treated, control, 0.20)
    return [(float(treated - control), float(control)), less(lasting, short)]
