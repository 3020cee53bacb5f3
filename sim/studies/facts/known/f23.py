"""F23: own-price elasticity; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

#: share of the catalogue in product trials: 10 of 60
SOME: Final = 10 / 60
SOME_CHEAPER: Final = Arm("some_cheaper", ({"kind": "price_cut", "discount": 0.10, "products": SOME},))

FACT: Final = Fact(
    "F23", "The own-price elasticity of a brand is about -2.6 (mean of 1,851 estimates; an older mean is -1.8).",
    "Bijmolt, van Heerde & Pieters 2005; Tellis 1988", "paper", "tuned",
)  # fmt: skip


def own(shop: Shop) -> float | None:
    lot = shop.lot(SOME_CHEAPER)
    sold = [tables.units(shop[arm].orders, lot) for arm in (SOME_CHEAPER, CONTROL)]
    return tables.elasticity(sold[0], sold[1], 0.10)


@FACT.test(CLOSED, Band("own-price elasticity", -4, -1.5), arms=(SOME_CHEAPER,))
def own_price(shop: Shop) -> Sequence[Value]:
    """Ten of 60 products 10 % cheaper for the whole time, not shown more often."""
    return [own(shop)]
