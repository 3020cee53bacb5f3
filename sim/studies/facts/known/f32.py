"""F32: the best customers; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import gini
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Value, less
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F32", "The top 20 % of buyers bring about two thirds of revenue.",
    "McCarthy & Winer 2019; Kim, Singh & Winer 2017; Sharp et al. 2019; CDNOW", "paper; data", "tuned",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("revenue from the top 20 % of buyers in a year", 0.55, 0.78),
    Band("Gini of revenue over buyers", 0.50, 0.75),
    Direction("top 20 % in a year less in its first quarter"),
)  # fmt: skip
def best_customers(shop: Shop) -> Sequence[Value]:
    """What buyers paid less refunds."""
    year = tables.spending(shop[CONTROL].orders, shop.days - 1)
    quarter = tables.spending(shop[CONTROL].orders, shop.days // 4 - 1)
    top = tables.top_share(year)
    return [top, gini(year), less(top, tables.top_share(quarter))]
