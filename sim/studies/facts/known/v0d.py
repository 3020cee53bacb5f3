"""V0d: a chance that rises only adds; imports the other rooms of `facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sim.studies.facts.fact import Direction, Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V0d", "A chance that is raised adds happenings and takes none away on the first day on which it is drawn.",
    "definition (monotone coupling)", "theory", "theory",
)  # fmt: skip


@FACT.test(
    EXACT,
    exactly("visitors of the first day who do not come when all come 1 % more often"),
    exactly("the same, twice as often"),
    Direction("visitors more when all come twice as often"),
)
def more_visits(lab: Lab) -> Sequence[Value]:
    """The first day alone."""
    came = []
    for factor in (1.0, 1.01, 2.0):
        changes = {"days": 1, "burn_in_days": 0, "params.e_0": math.log(factor), "population.registered_share": 1.0}
        events = lab.play(changes, events=True).events
        assert events is not None
        came.append(set(events[events["type"] == "visit"]["agent"]))
    return [float(len(came[0] - came[1])), float(len(came[0] - came[2])), float(len(came[2]) - len(came[0]))]
