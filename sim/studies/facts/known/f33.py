"""F33: the long tail; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.metrics import gini
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

NO_HERDING: Final = Arm("no_herding", params={"b_h": 0.0})

FACT: Final = Fact(
    "F33", "Sales over products are long-tailed; seeing what others buy concentrates them.",
    "Leskovec et al. 2007; Lee & Hosanagar 2019", "paper", "emergent",
    left_out="collaborative filtering raises concentration: a strategy's fact (S1)",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("Gini of units over products", 0.35, 0.80),
    Direction("Gini less that without herding", above=0.05),
    arms=(NO_HERDING,),
)  # fmt: skip
def long_tail(shop: Shop) -> Sequence[Value]:
    """With herding as it is and with b_h at 0."""
    with_, without = (gini(shop[arm].products["units"].to_numpy(dtype=np.int64)) for arm in (CONTROL, NO_HERDING))
    return [with_, less(with_, without)]
