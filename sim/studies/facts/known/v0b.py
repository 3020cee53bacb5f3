"""V0b: luck has a name; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.graph import SocialGraph
from sim.population import PERSONA_TRAITS
from sim.studies.facts import exact
from sim.studies.facts.fact import Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

#: everything by which people differ
GIVEN: Final = (*PERSONA_TRAITS, "taste_0", "taste_1", "taste_2", "need", "intensity")

FACT: Final = Fact(
    "V0b",
    "Luck goes by seed, person, day and purpose: a hundred strangers who never register, or a strategy nobody uses, "
    "change nothing for anybody.",
    "definition (keyed draws)", "theory", "theory",
)  # fmt: skip


@FACT.test(EXACT, exactly("events that differ with strangers"), exactly("events that differ with unused strategies"))
def named_luck(lab: Lab) -> Sequence[Value]:
    """Everybody is given; leaders are left out, as anybody may be hired or follow one."""
    world = lab.world()
    graph, traits, n, n_strangers = world.graph, world.population.traits, world.graph.n, 100
    columns = {
        "registered": world.population.is_registered.astype(np.int64),
        "tenure_days": np.zeros(n, dtype=np.int64),
        "theta": np.full(n, 0.05),
        **{name: np.asarray(getattr(traits, name, np.full(n, 0.5)), dtype=np.float64) for name in GIVEN},
    }
    bundle = {"all": exact.examples("kol_seeding")}
    one, other = graph.pairs()
    logs = []
    for more in (0, n_strangers):
        ids = np.arange(n + more)
        people = {name: np.concatenate([column, np.full(more, column[0])]) for name, column in columns.items()}
        people["registered"][n:] = 0
        people["arrive"] = np.concatenate([np.ones(n), np.zeros(more)])
        given = SocialGraph.from_edges(one, other, np.ones(len(one)), ids)
        changes = {**exact.busy(), "strategies": bundle, "population.size": n + more}
        logs.append(exact.log(lab.play(changes, "all", graph=given, people=people, events=True)))
    unused = lab.play({**exact.busy(), "strategies": {**bundle, "b": exact.examples()}}, events=True)
    plain = lab.play(exact.busy(), events=True)
    return [exact.differing(*logs), exact.differing(exact.log(unused), exact.log(plain))]
