"""F01: one more recommendation; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from sim.studies.facts import labs, tables
from sim.studies.facts.fact import Band, Direction, Fact, Value, less
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import RECS
from sim.studies.facts.tables import IntArray

FACT: Final = Fact(
    "F01",
    "One more recommendation helps at first; then, of books, it annoys (peak at 2, slow fall), of films it saturates.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "tuned",
)  # fmt: skip
NARROW: Final = {"catalogue.path": "recs_narrow.csv"}  # like a book
SOCIAL: Final = {"catalogue.path": "recs_social.csv"}  # like a film
_PER_NUMBER: Final = 4200  # receivers of each number of recommendations in one world; even


def buyers(lab: Lab, product: Mapping[str, str], per_number: int) -> list[IntArray]:
    """How many bought on the day after n recommendations, n = 0..20: of the receivers with even ids, and odd."""
    graph, people = labs.recommended(per_number)
    orders = lab.play(product, graph=graph, people=people).orders
    (agent,) = tables.ints(orders[orders["day"] == 1], "agent")
    return [labs.by_number(agent[agent % 2 == half], per_number) for half in (0, 1)]


@FACT.test(
    RECS,
    Band("recommendations at which most buy, narrow product", 2, 4),
    Band("bought after 10 recommendations against the best number, narrow", 0.3, 0.85),
    Direction("bought after 2-3 recommendations less after 0-1, social product"),
    Direction("after 4-6 less after 2-3, social"),
    Direction("after 7-10 less after 4-6, social"),
    Direction("after 10 against after 20, social", above=0.85),
)  # fmt: skip
def one_more_recommendation(lab: Lab) -> Sequence[Value]:
    """Half of the receivers say which number is best and the other half how much better, or its luck would count."""
    narrow, social = (buyers(lab, product, _PER_NUMBER) for product in (NARROW, SOCIAL))
    best = [int(np.argmax(half)) for half in narrow]
    at_best = float(narrow[1][best[0]] + narrow[0][best[1]])
    both = narrow[0] + narrow[1]
    after = (social[0] + social[1]) / _PER_NUMBER
    steps = [float(after[low:high].mean()) for low, high in ((0, 2), (2, 4), (4, 7), (7, 11))]
    return [
        float(np.argmax(both)),
        (float(both[10]), at_best),
        *[less(later, earlier) for earlier, later in pairwise(steps)],
        (float(after[10]), float(after[20])),
    ]
