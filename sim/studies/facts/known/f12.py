"""F12: influence or likeness; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

#: nobody hears of another's orders: no messages, no posts, no visible purchases; tastes stay as alike as they are
UNHEARD: Final = Arm("unheard", params={"r_0": 0.0, "p_b": 0.0, "v_own": 0.0})

FACT: Final = Fact(
    "F12", "Likeness of friends looks like influence: naive measures overstate it by 300 to 700 %.",
    "Aral, Muchnik & Sundararajan 2009", "paper", "emergent",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("(naive relative risk - 1) / (causal - 1)", 2, 9),
    Direction("naive relative risk where nobody hears of others' orders", above=1.2),
    arms=(UNHEARD,),
)  # fmt: skip
def influence_or_likeness(shop: Shop) -> Sequence[Value]:
    """Causal: the exposed pairs against the same pairs, same luck, in a world where nobody hears of orders."""
    n_people, n_products = len(shop.world), len(shop.world.catalogue)
    orders, twin = shop[CONTROL].orders, shop[UNHEARD].orders
    naive, causal = tables.contagion(orders, twin, shop.hearers, n_people, n_products, shop.days)
    without, _ = tables.contagion(twin, twin, shop.hearers, n_people, n_products, shop.days)
    return [None if naive is None or causal is None else (naive - 1, causal - 1), without]
