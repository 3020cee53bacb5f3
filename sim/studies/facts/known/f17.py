"""F17: one more star; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import tables
from sim.studies.facts.displays import StarsShown
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED
from sim.studies.facts.tables import IntArray

FACT: Final = Fact(
    "F17", "One more star shown brings 5 to 9 % more revenue, and losing one weighs more.",
    "Luca 2011; Chevalier & Mayzlin 2006", "paper", "input",
    left_out="chains, on which stars have no effect: there are no brands here",
)  # fmt: skip
UP: Final = Arm("half_a_star_up", events=(StarsShown(by=0.5),))
DOWN: Final = Arm("half_a_star_down", events=(StarsShown(by=-0.5),))


def lot(shop: Shop) -> IntArray:
    """Ids of the products of which something else is shown than is so."""
    world = shop.world
    return np.asarray(world.catalogue.id[StarsShown().lot(world)], dtype=np.int64)


def log_change(shop: Shop, arm: Arm) -> float | None:
    """Change of log units of these products against the control."""
    sold = [tables.units(shop[one].orders, lot(shop)) for one in (arm.name, CONTROL)]
    return float(np.log(sold[0] / sold[1])) if min(sold) > 0 else None


def shift(shop: Shop, arm: Arm, what: str = "shifts") -> float:
    """By how much what was shown differed, mean over days and products."""
    notes = shop.ending(arm).operations.scenes[-1].notes
    return float(notes[what] / notes["days"])


@FACT.test(
    CLOSED,
    Band("change of log units per star shown", 0.03, 0.25),
    Direction("effect per star of half a star less, less that of half a star more (no smaller)", above=-0.01),
    arms=(UP, DOWN),
)  # fmt: skip
def one_more_star(shop: Shop) -> Sequence[Value]:
    """A third of the products, by lot, half a star up or down for the whole time."""
    up, down = log_change(shop, UP), log_change(shop, DOWN)
    if up is None or down is None:
        return [None, None]
    high, low = shift(shop, UP), shift(shop, DOWN)
    return [(up - down) / (high - low), down / low - up / high]
