"""F21: contagion of moods; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import measure
from sim.studies.facts.displays import GoodMoodTaken
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

FACT: Final = Fact(
    "F21", "Moods are contagious and the effect is tiny (Cohen's d up to .02); sales do not hang on them.",
    "Kramer, Guillory & Hancock 2014", "secondary; memory for sizes", "input",
)  # fmt: skip
TAKEN: Final = Arm("good_mood_taken", events=(GoodMoodTaken(),))
UNMOVED: Final = Arm("unmoved", params={"k_e": 0.0, "mood_s": 0.0, "b_e": 0.0, "e_e": 0.0})


@FACT.test(
    CLOSED,
    Band("d of the mood of those whose friends show half as much good mood", 0, 0.05),
    Direction("the same: lower than without"),
    Band("GMV without any emotion, against with it, less 1", -0.02, 0.02),
    arms=(TAKEN, UNMOVED),
)  # fmt: skip
def moods(shop: Shop) -> Sequence[Value]:
    """Half of the people lose half of their good mood every morning; the others are looked at on the last evening."""
    others = shop.world.population.ids % 2 == 1
    with_, without = (shop.ending(arm).state.mood[others].astype(float) for arm in (CONTROL, TAKEN))
    d = float((with_.mean() - without.mean()) / with_.std())
    gmv = [measure(shop[arm])["gmv_cents"] or 0 for arm in (UNMOVED, CONTROL)]
    return [d, d, gmv[0] / gmv[1] - 1.0]
