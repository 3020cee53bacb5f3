"""V0a: order does not matter; imports the other rooms of `facts`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sim.studies.facts import exact
from sim.studies.facts.fact import Direction, Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V0a", "Everybody acts at once: in which order people, ties and products are listed changes nothing.",
    "definition (synchronous updating)", "theory", "theory",
)  # fmt: skip


@FACT.test(EXACT, exactly("events that differ"), Direction("events compared", above=1000))
def order(lab: Lab) -> Sequence[Value]:
    """The same people, ties and products from files whose rows are shuffled; every tactic there is at work."""
    world = lab.world()
    one, other = world.graph.pairs()
    registered = world.population.is_registered.astype(int)
    tables = {
        "people": pd.DataFrame({"id": world.population.ids, "registered": registered, "tenure_days": 5 * registered}),
        "ties": pd.DataFrame({"source": one, "target": other}),
        "products": pd.DataFrame({"id": world.catalogue.id, "price": world.catalogue.price_cents / 100}),
    }
    logs = []
    for shuffled in (False, True):
        luck = np.random.default_rng(lab.seed % 2**32)
        with tempfile.TemporaryDirectory() as folder:
            for name, table in tables.items():
                rows = table.iloc[luck.permutation(len(table))] if shuffled else table
                rows.to_csv(Path(folder) / f"{name}.csv", index=False)
            journal = lab.play(
                {
                    **exact.busy(),
                    "population.from": f"{folder}/people.csv",
                    "graph": {"kind": "file", "path": f"{folder}/ties.csv"},
                    "catalogue": {"path": f"{folder}/products.csv"},
                    "strategies": {"all": exact.examples()},
                },
                "all",
                events=True,
            )
        logs.append(exact.log(journal))
    return [exact.differing(*logs), float(len(logs[0]))]
