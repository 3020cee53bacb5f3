"""S7: a content community; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S7", "Members of a customer community spend 3 to 30 % more because of it, and those who post more than lurkers.",
    "Manchanda, Packard & Pattabhiramaiah 2015", "paper", "tuned", grade="B", about=("content_community",),
)  # fmt: skip
COMMUNITY: Final = Arm("community", ({"kind": "content_community"},))


@FACT.test(
    LEVERS,
    Band("what members of the first day spend, against the control", 1.03, 1.30),
    Direction("that of the more social half, who post, less that of the less social half"),
    arms=(COMMUNITY,),
)  # fmt: skip
def community(shop: Shop) -> Sequence[Value]:
    """Everybody may read and write from the first day on."""
    people = shop.world.population
    member, social = people.is_registered, people.traits.social
    posts = social > np.median(social[member])
    spend = [shop[arm].shoppers["spend_cents"].to_numpy(dtype=np.float64) for arm in (COMMUNITY.name, CONTROL)]
    total = [float(spent[member].sum()) for spent in spend]
    groups = [float(spend[0][member & part].sum() / spend[1][member & part].sum()) for part in (posts, ~posts)]
    return [(total[0], total[1]), groups[0] - groups[1]]
