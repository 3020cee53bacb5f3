"""V6: teams that fill; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import GROUP
from sim.studies.facts.theory import fills, reach_for

FACT: Final = Fact(
    "V6", "A founder and a Poisson number of joiners: a team of g fills with chance P(Poisson >= g - 1).",
    "calculation", "theory", "theory",
)  # fmt: skip
SIZES: Final = {"pairs": 2, "threes": 3, "fives": 5}
JOINERS: Final = (1.0, 2.0)


@FACT.test(
    GROUP,
    *[
        Band(f"{label}, {joiners:g} joiners in the mean: share filled less {fills(joiners, size):.4f}", -0.007, 0.007)
        for joiners in JOINERS
        for label, size in SIZES.items()
    ],
)
def teams(lab: Lab) -> Sequence[Value]:
    """10,000 teams of each size."""
    found: list[Value] = []
    share = lab.scenario.population.registered_share
    for joiners in JOINERS:
        for label, size in SIZES.items():
            daily = lab.play({"params.r_0": reach_for(joiners, share)}, label).daily
            founded, filled = float(daily["teams_founded"][0]), float(daily["teams_succeeded"][1])
            found.append((filled - founded * fills(joiners, size), founded))
    return found
