"""F18: elasticities of word of mouth; imports the other rooms of `facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sim.studies.facts.displays import ReviewsShown, StarsShown
from sim.studies.facts.fact import Arm, Band, Fact, Value
from sim.studies.facts.known.f17 import log_change, shift
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import CLOSED

FACT: Final = Fact(
    "F18", "Sales move with the number of reviews (elasticity .24) and with the mean of their stars (.42).",
    "You, Vadakkepatt & Joshi 2015; Babic Rosario et al. 2016; Floyd et al. 2014", "paper; memory for Floyd", "input",
)  # fmt: skip
MORE: Final = Arm("more_reviews", events=(ReviewsShown(factor=1.2),))
FEWER: Final = Arm("fewer_reviews", events=(ReviewsShown(factor=0.8),))
BETTER: Final = Arm("better_stars", events=(StarsShown(factor=1.2),))
WORSE: Final = Arm("worse_stars", events=(StarsShown(factor=0.8),))


@FACT.test(
    CLOSED,
    Band("elasticity of units in the number of reviews shown", 0.05, 0.45),
    Band("elasticity in the mean stars shown", 0.15, 0.9),
    arms=(MORE, FEWER, BETTER, WORSE),
)  # fmt: skip
def word_of_mouth(shop: Shop) -> Sequence[Value]:
    """A third of the products, by lot, with a fifth more and a fifth fewer shown than there are."""
    more, fewer, better, worse = (log_change(shop, arm) for arm in (MORE, FEWER, BETTER, WORSE))
    volume = None if more is None or fewer is None else (more - fewer) / math.log(1.2 / 0.8)
    if better is None or worse is None:
        return [volume, None]
    apart = shift(shop, BETTER, "log_shifts") - shift(shop, WORSE, "log_shifts")
    return [volume, (better - worse) / apart]
