"""V1: percolation; imports the other rooms of `facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.journal import Journal
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import IC
from sim.studies.facts.theory import ACCEPTS, TAIL, TAIL_GRAPH, TAIL_MEAN, final_size, poisson

FACT: Final = Fact(
    "V1",
    "An invitation that passes every tie with the same chance is bond percolation: outbreaks above the threshold, and "
    "as large as the equation says.",
    "Newman 2002; Kenah & Robins 2007", "paper; calculation", "theory",
    left_out="R = .8 below the threshold, which needs some 20,000 seeds (tests/test_theory.py)",
)  # fmt: skip
MEAN_DEGREE: Final = 8.0
LIKELY: Final = 0.7968  # of one seed at R = 2: the chance of an outbreak is its size
SINGLE, SINGLE_SIZE = 25, 1500


def per_tie(chance: float, mean_degree: float = MEAN_DEGREE) -> dict[str, Any]:
    """Changes to lab.ic so that every tie passes with this chance: r_0 / mean degree, times acceptance."""
    return {"params.r_0": chance * mean_degree / ACCEPTS}


def adopters(journal: Journal) -> int:
    """How many adopted, seeds included."""
    return int((journal.shoppers["channel"] != "").sum())


def trees(journal: Journal) -> tuple[int, int, int]:
    """(adopters, seeds, seeds that brought nobody)."""
    people = journal.shoppers
    seeds = people.loc[people["channel"] == "start", "id"]
    return adopters(journal), len(seeds), int((~seeds.isin(people["inviter"])).sum())


def one_seed(size: int) -> dict[str, Any]:
    """Columns of people of whom the first is the only seed; graphs are drawn anew, so that is a person at random."""
    return {"registered": (np.arange(size) == 0).astype(np.int64)}


@FACT.test(
    IC,
    Band("share reached at R = 1.2 (T = .15), random graph: less the equation's", -0.02, 0.02),
    Band("at R = 2 (T = .25)", -0.01, 0.01),
    Band("degrees k^-2.5 on 2..200, T = .10, where without hubs there were none", -0.015, 0.015),
    Band("the same, T = .20", -0.015, 0.015),
    Band("below the threshold, R = .4: mean size of a tree (1.667)", 1.583, 1.750),
    Band("seeds that bring nobody less exp(-R)", -0.01, 0.01),
    Band("chance of an outbreak from one seed at R = 2 (.797)", 0.727, 0.867),
)  # fmt: skip
def percolation(lab: Lab) -> Sequence[Value]:
    """Graphs of 20,000 with 40 or 100 seeds, against the equation with that share of seeds."""
    found: list[Value] = []
    ask: list[tuple[Any, float, float, int, dict[str, Any]]] = [
        (poisson(MEAN_DEGREE), 0.15, 0.002, 100, per_tie(0.15)),
        (poisson(MEAN_DEGREE), 0.25, 0.002, 35, per_tie(0.25)),
        (TAIL, 0.10, 0.005, 60, {**per_tie(0.10, TAIL_MEAN), "graph": TAIL_GRAPH}),
        (TAIL, 0.20, 0.005, 35, {**per_tie(0.20, TAIL_MEAN), "graph": TAIL_GRAPH}),
    ]
    size = lab.scenario.population.size or 0
    for law, chance, seeds, days, changes in ask:
        journal = lab.play({**changes, "days": days, "population.registered_share": seeds})
        found.append(adopters(journal) / size - final_size(law, chance, seeds))
    below = {**per_tie(0.05), "days": 25, "population.registered_share": 0.005, "population.size": 20 * size}
    total, n_seeds, alone = trees(lab.play(below))
    found += [(float(total), float(n_seeds)), (alone - n_seeds * math.exp(-0.4), float(n_seeds))]
    small = {
        **per_tie(0.25), "days": 20, "population.size": SINGLE_SIZE, "noise_per_world": 1,
        "replications": SINGLE * (lab.first + 1),
    }  # fmt: skip
    sizes = [
        adopters(lab.play(small, replication=SINGLE * lab.first + k, people=one_seed(SINGLE_SIZE)))
        for k in range(SINGLE)
    ]
    return [*found, (float(sum(reached > 0.05 * SINGLE_SIZE for reached in sizes)), float(SINGLE))]
