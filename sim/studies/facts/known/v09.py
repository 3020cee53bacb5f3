"""V9: a budget goes round by lot; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.graph import SocialGraph
from sim.studies.facts.fact import Direction, Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V9", "With C a day and c per treatment, floor(C / c) are treated, and who they are goes by lot and not by order.",
    "definition", "theory", "theory",
)  # fmt: skip
CAP, COST, WANTED = 1.0, 0.07, 14


@FACT.test(
    EXACT,
    exactly("most treated on a day less floor(C / c)"),
    exactly("fewest treated on a day less floor(C / c)"),
    exactly("people treated in one order of people and not in another"),
    Direction("people treated at all", above=100),
)
def by_lot(lab: Lab) -> Sequence[Value]:
    """A message a day for .07 with a budget of 1.00; the ids of the same people dealt out in two orders."""
    push = {"kind": "push", "cost": COST, "budget_per_day": CAP}
    graph = lab.world().graph
    one, other = graph.pairs()
    luck, treated, daily = np.random.default_rng(lab.seed % 2**32), [], []
    for shuffled in (False, True):
        rows = luck.permutation(len(one)) if shuffled else np.arange(len(one))
        swapped = (other, one) if shuffled else (one, other)
        given = SocialGraph.from_edges(swapped[0][rows], swapped[1][rows], np.ones(len(one)), graph.ids)
        changes = {
            "strategies": {"push": [push]},
            "population.registered_share": 1.0,
            "params.churn": 0.0,
            "params.o_p": 0.0,
        }
        journal = lab.play(changes, "push", graph=given)
        people = journal.shoppers
        treated.append(dict(zip(people["id"], people["n_pushes"], strict=True)))
        daily.append(journal.daily["pushes"].to_numpy())
    unlike = sum(count != treated[1][who] for who, count in treated[0].items())
    n = sum(count > 0 for count in treated[0].values())
    return [float(daily[0].max() - WANTED), float(daily[0].min() - WANTED), float(unlike), float(n)]
