"""V4: bounds for any network; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.known.v03 import adopted
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import BASS
from sim.studies.facts.theory import P, Q, bass, pairs

FACT: Final = Fact(
    "V4", "On any network with the same total influence, adoption lies between pairs and everybody mixed.",
    "Fibich & Levin 2023", "paper; calculation", "theory",
)  # fmt: skip
TIMES: Final = (5, 8, 12)
STEP: Final = 0.05
NETWORKS: Final[dict[str, dict[str, Any]]] = {
    "ring": {"kind": "small_world", "mean_degree": 2, "rewire": 0},
    "small world": {"kind": "small_world", "mean_degree": 6, "rewire": 0.1},
    "20 friends": {"kind": "small_world", "mean_degree": 20, "rewire": 1},
}


@FACT.test(
    BASS,
    *[Direction(f"{name}: nearest to the lower bound at t = 5, 8, 12") for name in NETWORKS],
    *[Direction(f"{name}: nearest to the upper bound") for name in NETWORKS],
    Band("ring, F(8), as others have simulated it (.438)", 0.428, 0.448),
)  # fmt: skip
def bounds(lab: Lab) -> Sequence[Value]:
    """Steps of .05."""
    steps = {"days": round(12 / STEP), "arrival.p": P * STEP, "arrival.q": Q * STEP, "arrival.well_mixed": False}
    low, high = (np.array([bound(t) for t in TIMES]) for bound in (pairs, bass))
    share = {
        name: adopted(lab.play({**steps, "graph": graph}))[[round(t / STEP) for t in TIMES]]
        for name, graph in NETWORKS.items()
    }
    above = [float((at - low).min()) for at in share.values()]
    below = [float((high - at).min()) for at in share.values()]
    return [*above, *below, float(share["ring"][1])]
