"""F05: depth of adoptions; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED, OPEN

FACT: Final = Fact(
    "F05", "At least 90 % of adoptions are seeds and about 99 % lie within one hop of a seed.",
    "Goel, Watts & Goldstein 2012", "paper (direction), secondary (figures)", "emergent",
)  # fmt: skip


@FACT.test(OPEN, Band("first purchases at depth 0, open", 0.80, 1), Band("at depth 0 or 1, open", 0.93, 1))
@FACT.test(CLOSED, Band("first purchases at depth 0, closed", 0.80, 1), Band("at depth 0 or 1, closed", 0.93, 1))
def depth_of_adoptions(shop: Shop) -> Sequence[Value]:
    """Depth in the referral forest of first purchases."""
    depth = tables.depths(shop[CONTROL].orders)
    n = float(len(depth))
    return [(float((depth == 0).sum()), n), (float((depth <= 1).sum()), n)]
