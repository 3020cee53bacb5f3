"""V5: leaving alone; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import CHURN

FACT: Final = Fact(
    "V5", "Where people differ in how prone they are to leave and nothing else happens, survival is the shifted "
    "beta-geometric, and retention rises though nobody changes.",
    "Fader & Hardie 2007", "paper; calculation", "theory",
)  # fmt: skip
PUBLISHED: Final = (0.6267, 0.4738, 0.3880, 0.3321, 0.2924, 0.2625, 0.2391)


@FACT.test(
    CHURN,
    *[Band(f"share left after {t} nights less {share:g}", -0.005, 0.005) for t, share in enumerate(PUBLISHED, 1)],
    Direction("smallest rise of retention from night to night"),
)
def leaving(lab: Lab) -> Sequence[Value]:
    """100,000 people, shapes of Fader & Hardie's regular customers."""
    journal = lab.play()
    alive = np.concatenate([[1.0], journal.daily["n_active"].to_numpy() / journal.n_shoppers])[:8]
    return [
        *[float(a - b) for a, b in zip(alive[1:], PUBLISHED, strict=True)],
        float(np.diff(alive[1:] / alive[:-1]).min()),
    ]
