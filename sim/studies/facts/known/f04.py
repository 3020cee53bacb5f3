"""F04: small cascades; imports the other rooms of `facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import labs, tables
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import IC
from sim.studies.facts.tables import IntArray

FACT: Final = Fact(
    "F04", "Cascades are tiny, 1.3 people in the mean, with a heavy tail: one in 3,000 to 6,000 reaches a hundred.",
    "Goel, Anderson, Hofman & Watts 2016; Leskovec, Adamic & Huberman 2007", "memory, secondary", "emergent",
)  # fmt: skip
_BRANCHING: Final = 0.25  # R, whom one brings in the mean
_ROOTS, _LUCKS = 1000, 16  # cascades of one run; runs in one graph


def cascades(lab: Lab, lucks: int, n_roots: int = _ROOTS) -> IntArray:
    """Sizes of cascades where everybody's audience is her own and every tie passes on with the same small chance."""
    graph = labs.audiences(lab.seed)
    audience, chance = labs.audience_law()
    per_tie = _BRANCHING / float(audience @ chance)
    # equations 14 (eta 1) and 15: chance per tie = r_0 / mean audience, times acceptance
    reach = per_tie * graph.mean_degree / (1.0 - math.exp(-lab.scenario.coefficients().a_inv))
    changes = {"params.r_0": reach, "days": 20, "noise_per_world": lucks, "replications": lucks * (lab.first + 1)}
    sizes = []
    for luck in range(lucks):
        people = labs.roots(lab.seed, luck, n_roots)
        shoppers = lab.play(changes, replication=lucks * lab.first + luck, graph=graph, people=people).shoppers
        ids, inviter = tables.ints(shoppers, "id", "inviter")
        sizes.append(tables.tree_sizes(ids, inviter, people["registered"] > 0))
    return np.concatenate(sizes)


@FACT.test(
    IC,
    Band("mean size of a cascade", 1.30, 1.36),
    Band("cascades of at least 100", 5e-5, 1e-3),
    Direction("largest cascade of 16,000 against the median", above=100),
)  # fmt: skip
def small_cascades(lab: Lab) -> Sequence[Value]:
    """Audiences of 10 to 100,000 by a power law of exponent 2.3; one brings .25 others in the mean."""
    sizes = cascades(lab, _LUCKS)
    return [float(sizes.mean()), float((sizes >= 100).mean()), float(sizes.max() / np.median(sizes))]
