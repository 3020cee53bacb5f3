"""F03: yield of recommendations; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import CLOSED

FACT: Final = Fact(
    "F03", "A recommendation leads to a purchase in about one of 70 to 200 cases; about a third of buyers recommend.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "tuned",
)  # fmt: skip


@FACT.test(
    CLOSED,
    Band("purchases by a recipient within 7 days per message", 0.003, 0.04),
    Band("share of orders followed by a share", 0.05, 0.40),
    log=("message",),
)  # fmt: skip
def yield_of_messages(shop: Shop) -> Sequence[Value]:
    """Any purchase of the product counts, whatever brought it about, as in the source."""
    log = shop.log("message")
    day, receiver, product = tables.ints(log, "day", "other", "item")
    daily = shop[CONTROL].daily
    return [
        tables.message_yield(day, receiver, product, shop[CONTROL].orders, shop.days),
        (float(daily["share_events"].sum()), float(daily["orders"].sum())),
    ]
