"""F38: who is friends with whom; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import CLOSED

FACT: Final = Fact(
    "F38",
    "Friends of friends are friends (clustering .14), some have very many, 84 % have fewer than their friends, "
    "and friends are alike.",
    "Ugander, Karrer, Backstrom & Marlow 2011", "secondary; memory for the mean degree", "tuned",
    left_out="the number of friends (median 99): ties that matter in shopping are a small part of it",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("people with fewer friends than their friends have", 0.65, 0.95),
    Band("local clustering", 0.05, 0.35),
    Direction("variance over mean of the number of friends", above=3),
    Direction("correlation of friends' tastes and traits, the weakest of them", above=0.1),
)  # fmt: skip
def friendships(shop: Shop) -> Sequence[Value]:
    """The graph as scenarios draw it by default, and the people on it."""
    graph, people = shop.world.graph, shop.world.population
    said = graph.summary()
    one = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    other = graph.audience
    names = ("price", "herd", "trust", "social", "emotion", "kol", "taste_0", "taste_1", "taste_2")
    traits = [getattr(people.traits, name) for name in names]
    alike = min(float(np.corrcoef(trait[one], trait[other])[0, 1]) for trait in traits)
    return [said["share_paradox"], said["clustering"], said["degree_variance_over_mean"], alike]
