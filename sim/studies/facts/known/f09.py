"""F09: who will be influential; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import labs, tables
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import SEEDING

FACT: Final = Fact(
    "F09",
    "Which user's message will travel can hardly be predicted, and where followers cost money ordinary influencers pay "
    "best.",
    "Bakshy, Hofman, Mason & Watts 2011", "paper", "emergent",
)  # fmt: skip
CAMPAIGNS: Final = 30
#: what one more follower costs, against hiring anybody at all
PER_FOLLOWER: Final = (0.0, *np.geomspace(0.001, 10.0, 41).tolist())


@FACT.test(
    SEEDING,
    Band("R2 of log cascade size on degree and past mean, out of sample", -0.1, 0.5),
    Direction("part of the range of costs per follower in which another tenth than the best connected pays best"),
)  # fmt: skip
def influence_is_hard_to_predict(lab: Lab) -> Sequence[Value]:
    """Thirty campaigns of 200 users by lot; half of the campaigns to learn from, the others to predict."""
    seeds = np.sort(lab.graph.ids[np.argsort(labs.drawn(lab.graph.ids, lab.seed, 5))[: round(0.01 * lab.graph.n)]])
    is_seed = np.isin(lab.graph.ids, seeds)
    lucks = {"noise_per_world": CAMPAIGNS, "replications": CAMPAIGNS * (lab.first // lab.scenario.noise_per_world + 1)}
    first = CAMPAIGNS * (lab.first // lab.scenario.noise_per_world)
    sizes = []
    for campaign in range(CAMPAIGNS):
        people = {"registered": is_seed.astype(np.int64)}
        shoppers = lab.play(lucks, replication=first + campaign, graph=lab.graph, people=people).shoppers
        ids, inviter = tables.ints(shoppers, "id", "inviter")
        sizes.append(tables.tree_sizes(ids, inviter, is_seed))
    size = np.array(sizes, dtype=np.float64)
    degree = lab.graph.degree[is_seed].astype(np.float64)
    half = CAMPAIGNS // 2
    known = np.stack([np.ones_like(degree), np.log(degree + 1.0), np.log(size[:half]).mean(axis=0)], axis=1)
    learnt, *_ = np.linalg.lstsq(known, np.log(size[half : half + half // 2]).mean(axis=0), rcond=None)
    actual = np.log(size[half + half // 2 :])
    error = float(((actual - known @ learnt) ** 2).mean())
    tenths = np.array_split(np.argsort(degree, kind="stable"), 10)
    brought = np.array([(size[:, part] - 1.0).mean() for part in tenths])
    followers = np.array([degree[part].mean() for part in tenths])
    best = [int(np.argmax(brought / (1.0 + cost * followers))) for cost in PER_FOLLOWER]
    return [1.0 - error / float(actual.var()), float(np.mean([tenth != 9 for tenth in best]))]
