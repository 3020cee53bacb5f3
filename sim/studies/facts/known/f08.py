"""F08: whom to tell first; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import labs
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import SEEDING

FACT: Final = Fact(
    "F08",
    "Seeds with many friends bring most referrals, bridges as many: by reach; their single message works no better.",
    "Hinz, Skiera, Barrot & Becker 2011", "paper (direction, 8 times the worst), secondary (+52 %)", "tuned",
)  # fmt: skip


def referrals(lab: Lab, sort: str) -> tuple[float, float, float]:
    """(people whom seeds of this sort bring, at any remove; whom they bring themselves; their messages to others)."""
    seeds = labs.seeds(lab.graph, sort, lab.seed)
    is_seed = np.isin(lab.graph.ids, seeds).astype(np.int64)
    all_, own, messages = 0, 0, 0
    for r in lab.replications:
        journal = lab.play(replication=r, graph=lab.graph, people={"registered": is_seed}, events=True)
        shoppers, events = journal.shoppers, journal.events
        assert events is not None
        sent = events[(events["type"] == "message") & (events["day"] == 0)]
        all_ += int((shoppers["inviter"] >= 0).sum())
        own += int(shoppers["inviter"].isin(seeds).sum())
        messages += int((~sent["other"].isin(seeds)).sum())
    return float(all_), float(own), float(messages)


@FACT.test(
    SEEDING,
    Band("referrals, hubs against random seeds", 1.2, 4),
    Band("hubs against fringe", 2, 10),
    Band("bridges against hubs", 0.7, 1.3),
    Band("registrations per message of a seed, hubs against random seeds", 0.9, 1.1),
    Band("per message, fringe against random seeds", 0.9, 1.1),
)  # fmt: skip
def seeding(lab: Lab) -> Sequence[Value]:
    """One person of a hundred is a seed, by lot from a pool of one in twenty; messages between seeds do not count."""
    (hub, *hub_own), (bridge, *_), (random, *random_own), (fringe, *fringe_own) = (
        referrals(lab, sort) for sort in labs.SORTS
    )
    per_message = [own / max(messages, 1.0) for own, messages in (hub_own, random_own, fringe_own)]
    return [
        (hub, random), (hub, fringe), (bridge, hub),
        (per_message[0], per_message[1]), (per_message[2], per_message[1]),
    ]  # fmt: skip
