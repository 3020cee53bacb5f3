"""F14: the Music Lab; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sim.metrics import gini
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Fact, Value, less
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import MUSICLAB
from sim.studies.facts.tables import IntArray

FACT: Final = Fact(
    "F14", "Seeing what others chose makes success more unequal and less predictable; more so the clearer it is shown.",
    "Salganik, Dodds & Watts 2006", "paper (order), memory (read off figures: Gini, unpredictability)", "tuned",
)  # fmt: skip
#: conditions of the experiment: what of the lab is switched off
HIDDEN: Final = {"params.b_h": 0.0, "params.w_pop": 0.0}
SHOWN: Final = {"params.w_pop": 0.0}
SORTED: Final[dict[str, float]] = {}


def downloads(lab: Lab, condition: Mapping[str, float]) -> IntArray:
    """How often each product was taken, in every parallel world of one draw of products; one row a world."""
    worlds = [lab.play(condition, replication=r).products["units"] for r in lab.replications]
    return np.array(worlds, dtype=np.int64)


@FACT.test(
    MUSICLAB,
    Band("draws in which inequality rises with the signal", 0.95, 1),
    Band("Gini of shares: counts shown less hidden", 0.03, 0.20),
    Band("Gini: counts shown and sorted less hidden", 0.12, 0.40),
    Band("unpredictability: counts shown against hidden", 1.15, 2.2),
    Band("unpredictability: counts shown and sorted against hidden", 1.6, 4),
    Band("Spearman of quality (share where hidden) and share where shown and sorted", 0.4, 0.95),
)  # fmt: skip
def music_lab(lab: Lab) -> Sequence[Value]:
    """48 products in eight parallel worlds of 700 people who come one after the other, under three conditions."""
    taken = [downloads(lab, condition) for condition in (HIDDEN, SHOWN, SORTED)]
    a, b, c = (float(np.mean([gini(world) for world in worlds])) for worlds in taken)
    shares = [worlds / worlds.sum(axis=1, keepdims=True) for worlds in taken]
    u_a, u_b, u_c = (tables.unpredictability(worlds) for worlds in shares)
    quality = shares[0].mean(axis=0)
    alike = float(np.mean([tables.spearman(quality, world) for world in shares[2]]))
    return [float(a < b < c), less(b, a), less(c, a), (u_b, u_a), (u_c, u_a), alike]
