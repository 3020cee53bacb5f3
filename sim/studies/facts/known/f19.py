"""F19: the label of a best seller; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import tables
from sim.studies.facts.displays import BestSellersNamed
from sim.studies.facts.fact import Arm, Band, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import CLOSED

FACT: Final = Fact(
    "F19", "Dishes named as the five best sellers sell 13 to 20 % more.",
    "Cai, Chen & Fang 2009", "secondary", "other",
    stays="herding (b_h) is as strong as the Music Lab needs (F14), where a count beside every song moved much; a sign "
    "in a restaurant moved less, and one coefficient cannot do both",
)  # fmt: skip
#: nobody sees how well things sell, and nothing is sorted by it
UNTOLD: Final = Arm("untold", params={"b_h": 0.0, "w_pop": 0.0})
#: the same, but the five best sellers are named
NAMED: Final = Arm("named", params={"w_pop": 0.0}, events=(BestSellersNamed(),))


@FACT.test(CLOSED, Band("units of the five best sellers: named against untold", 1.05, 1.35), arms=(UNTOLD, NAMED))
def best_sellers(shop: Shop) -> Sequence[Value]:
    """Five of 60 products, those that sold best until the first day; ranks are told and nothing is moved."""
    best = shop.ending(NAMED).operations.scenes[-1].notes["best"]
    ids = np.asarray(shop.world.catalogue.id[best], dtype=np.int64)
    named, untold = (float(tables.units(shop[arm].orders, ids)) for arm in (NAMED, UNTOLD))
    return [(named, untold)]
