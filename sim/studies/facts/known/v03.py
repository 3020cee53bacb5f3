"""V3: Bass's curve; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.journal import Journal
from sim.studies.facts import fits
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import BASS
from sim.studies.facts.tables import FloatArray
from sim.studies.facts.theory import DISCRETE, P, Q

FACT: Final = Fact(
    "V3", "Where everybody meets everybody, adoption with hazard p + q F is Bass's curve.",
    "Bass 1969; Rand & Rust 2011", "paper; calculation", "theory",
)  # fmt: skip


def adopted(journal: Journal) -> FloatArray:
    """F after 0, 1, 2, ... steps."""
    return np.concatenate([[0.0], journal.daily["n_active"].to_numpy() / journal.n_shoppers])


@FACT.test(
    BASS,
    *[Band(f"F after {t} steps less {DISCRETE[t - 1]:g}", -0.01, 0.01) for t in (5, 10, 15)],
    Band("p by least squares (.03)", 0.9 * P, 1.1 * P),
    Band("q (.38)", 0.95 * Q, 1.05 * Q),
)  # fmt: skip
def bass_curve(lab: Lab) -> Sequence[Value]:
    """20,000 people in daily steps."""
    share = adopted(lab.play())
    p, q, _ = fits.fit_bass(np.diff(share), 1.0)
    return [*[float(share[t] - DISCRETE[t - 1]) for t in (5, 10, 15)], p, q]
