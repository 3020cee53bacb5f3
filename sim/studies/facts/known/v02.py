"""V2: Watts's cascade window; imports the other rooms of `facts`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.known.v01 import adopters, one_seed
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import THRESHOLD

FACT: Final = Fact(
    "V2",
    "Where people wait for a share phi of their friends, one seed can set off everybody only in a window of mean "
    "degrees, and above phi = .25 in none.",
    "Watts 2002", "paper; calculation", "theory",
)  # fmt: skip
PHI: Final = 0.18
INSIDE, OUTSIDE, GAP = (1.5, 3.0, 5.0), (0.8, 7.0, 9.0), (4.0, 5.0, 5.5)
WITHOUT: Final = (0.26, (2.0, 4.0))  # phi, mean degrees


def reached(lab: Lab, mean_degree: float, phi: float, replication: int | None = None, size: int = 10_000) -> float:
    """Share that one seed at random reaches in a random graph."""
    from sim.engines import World, simulate

    number = lab.first if replication is None else replication
    asked = lab.scenario.with_({"population.size": size, "graph.mean_degree": mean_degree, "arrival.share": phi})
    world = World.build(asked, number, people=one_seed(size))
    for days in (8, 40, 300):  # most cascades are over at once
        longer = asked.with_({"days": days})
        journal = simulate(longer, "control", number, world=dataclasses.replace(world, scenario=longer))
        if journal.daily["new_registrations"].iloc[-1] == 0:
            break
    return adopters(journal) / size


@FACT.test(
    THRESHOLD,
    *[Direction(f"cascades beyond a tenth of all: phi .18, mean degree {z:g}", above=0.3) for z in INSIDE],
    *[Band(f"outside the window: mean degree {z:g}", 0, 0.01) for z in OUTSIDE],
    Band("neither tiny nor global, mean degree 4 to 5.5", 0, 0.01),
    Band("phi .26, mean degree 2 and 4", 0, 0.01),
)  # fmt: skip
def window(lab: Lab) -> Sequence[Value]:
    """One seed in a graph of 10,000 for each mean degree."""
    size = {z: reached(lab, z, PHI) for z in (*INSIDE, *OUTSIDE, *GAP)}
    phi, degrees = WITHOUT
    none = [reached(lab, z, phi) > 0.1 for z in degrees]
    between = [0.05 < size[z] < 0.5 for z in GAP]
    return [
        *[float(size[z] > 0.1) for z in (*INSIDE, *OUTSIDE)],
        (float(sum(between)), float(len(between))), (float(sum(none)), float(len(none))),
    ]  # fmt: skip
