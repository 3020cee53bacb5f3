"""F22: what stirs is shared; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import IC

FACT: Final = Fact(
    "F22",
    "What stirs is shared more (anger: odds 1.34 per standard deviation), what saddens less (.84).",
    "Berger & Milkman 2012", "paper (direction), memory (figures)", "input",
)  # fmt: skip


@FACT.test(
    IC,
    Band("odds that an order is shared, arousal one standard deviation above the mean against the mean", 1.15, 1.5),
    Band("one below the mean", 0.7, 0.98),
)  # fmt: skip
def arousal(lab: Lab) -> Sequence[Value]:
    """Everybody buys one of three products that differ in nothing else; sharing is at its defaults."""
    usual = {f"params.{name}": value for name, value in lab.usual("s_0", "b_a", "b_n", "b_sat").items()}
    people = {"catalogue": {"path": "arousal.csv"}, "population.registered_share": 1, "days": 1}
    journal = lab.play({**usual, **people, "params.attention": 3}, events=True)
    assert journal.events is not None
    shares = journal.events[journal.events["type"] == "share"]
    odds = []
    for product in (0, 1, 2):
        bought = float((journal.orders["product"] == product).sum())
        told = float((shares["item"] == product).sum())
        odds.append(told / max(bought - told, 1.0))
    low, middle, high = np.maximum(odds, 1e-9).tolist()
    return [high / middle, low / middle]
