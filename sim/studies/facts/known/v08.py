"""V8: no influence where nobody listens; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import exact, tables
from sim.studies.facts.fact import Direction, Fact, Plan, Stage, Value, exactly
from sim.studies.facts.play import Lab

FACT: Final = Fact(
    "V8",
    "Where no coupling between people is on, what is given to some changes nothing for anybody else, however alike "
    "friends' purchases look.",
    "definition", "theory", "theory",
)  # fmt: skip
DEAF: Final = Stage(
    "deaf", "base.closed", Plan(4, 4_000), Plan(10, 10_000),
    {
        "days": 60, "burn_in_days": 10, "params.alpha": -2.0,
        **{f"params.{name}": value for name, value in exact.ALONE.items()},
    },
    alone=True,
)  # fmt: skip
GIFT: Final = {"kind": "product_sampling", "share": 0.01, "choose": "lot", "stop": 1}


@FACT.test(
    DEAF,
    exactly("orders of others that differ"),
    Direction("orders of the receivers that differ"),
    Direction("chance to buy what a friend has just bought, against what others buy", above=1.05),
)
def gifts(lab: Lab) -> Sequence[Value]:
    """One of a hundred gets a product on the first day."""
    changes = {"strategies": {"gift": [GIFT]}}
    with_, without = (lab.play(changes, label, events=True) for label in ("gift", "control"))
    assert with_.events is not None
    given = with_.events.loc[with_.events["type"] == "sample", "agent"]
    both = [journal.orders.drop(columns="tactic").astype({"cause": str, "mode": str}) for journal in (with_, without)]
    others, theirs = ([table[table["agent"].isin(given) == is_given] for table in both] for is_given in (False, True))
    world = lab.world(changes)
    graph, ids = world.graph, world.population.ids

    def hearers(agent: int) -> tables.IntArray:
        row = int(np.searchsorted(ids, agent))
        return np.asarray(ids[graph.audience[graph.indptr[row] : graph.indptr[row + 1]]], dtype=np.int64)

    orders = without.orders
    naive, _ = tables.contagion(orders, orders, hearers, len(world), len(world.catalogue), without.days)
    return [exact.differing(*others), exact.differing(*theirs), naive]
