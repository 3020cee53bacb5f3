"""F15: ratings follow ratings; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from sim.studies.facts.displays import ForgedReview
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import RATING

FACT: Final = Fact(
    "F15",
    "A forged good rating makes the next one good more often (by a third) and lifts the final score (by a quarter); a "
    "forged bad one is corrected.",
    "Muchnik, Aral & Taylor 2013", "paper", "other",
    stays="a product that nobody reviewed shows 4.2 stars as if five had said so (a prior, guess), so one forged "
    "review moves what is shown by .13 stars and the pull (om_h, guess) passes on a third of that",
)  # fmt: skip
GOOD: Final = 4


def reviews(lab: Lab, forged: int | None) -> pd.DataFrame:
    """Every true review (day, agent, item, value) where each product starts with so many forged stars, or none."""
    events = lab.play(events=True, befalls=() if forged is None else (ForgedReview(stars=forged),)).events
    assert events is not None
    return events[(events["type"] == "review") & (events["day"] > 0)]


def next_is_good(found: pd.DataFrame) -> float:
    """Share of products' next reviews, the first after the forged one was to be seen, with four stars or more."""
    first = found.sort_values(["day", "agent"]).groupby("item")["value"].first()
    return float((first >= GOOD).mean())


@FACT.test(
    RATING,
    Band("next rating is good, after five forged stars against none", 1.02, 1.4),
    Direction("final mean of true ratings: after five forged stars less none"),
    Direction("half of that less what one forged star moves it by, either way"),
)
def forged(lab: Lab) -> Sequence[Value]:
    """A hundred products, each with a forged first review; the same people and luck."""
    found = {stars: reviews(lab, stars) for stars in (None, 5, 1)}
    means = {stars: float(np.mean(table["value"])) for stars, table in found.items()}
    up, down = means[5] - means[None], means[1] - means[None]
    return [(next_is_good(found[5]), next_is_good(found[None])), up, 0.5 * up - abs(down)]
