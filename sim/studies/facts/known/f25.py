"""F25: the whole shop, and switching; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Fact, Value
from sim.studies.facts.known.f23 import SOME_CHEAPER, own
from sim.studies.facts.known.f24 import PROMOTION, promoted
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

ALL_CHEAPER: Final = Arm("all_cheaper", ({"kind": "price_cut", "discount": 0.10},))

FACT: Final = Fact(
    "F25", "Demand for the whole shop is much less elastic; most of what a promoted product gains is switching.",
    "Gupta 1988; van Heerde, Gupta & Wittink 2003", "secondary; memory for 33 % in units", "tuned",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("storewide price elasticity", -1.8, -0.4),
    Band("storewide against own elasticity", 0, 0.6),
    Band("share of a promotion's gain in units taken from other products", 0.30, 0.85),
    arms=(ALL_CHEAPER, SOME_CHEAPER, PROMOTION),
)  # fmt: skip
def switching(shop: Shop) -> Sequence[Value]:
    """Everything 10 % cheaper for the whole time; and who lost what the promoted products of F24 gained."""
    sold = [tables.units(shop[arm].orders) for arm in (ALL_CHEAPER, CONTROL)]
    store, one = tables.elasticity(sold[0], sold[1], 0.10), own(shop)
    treated, control, others, others_control = promoted(shop)
    ratio = None if store is None or one is None else (store, one)
    return [store, ratio, (float(others_control - others), float(treated - control))]
