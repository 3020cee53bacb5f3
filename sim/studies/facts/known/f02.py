"""F02: one sender again and again; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sim.studies.facts import labs
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.known.f01 import NARROW
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import RECS

FACT: Final = Fact(
    "F02",
    "Of recommendations from one person the first three work alike; then each works less, down to about half.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "other",
    left_out="films, of which the second recommendation from one person already works less",
)  # fmt: skip
_EARLIER: Final = (0, 1, 2, 6, 12, 20, 30)  # messages before
_SILENT_DAYS: Final = 70  # until nothing of them is remembered
_RECEIVERS: Final = 2500


@FACT.test(
    RECS,
    Band("success of a message after 1 earlier one from that sender against the first", 0.85, 1.1),
    Band("after 2 earlier ones", 0.85, 1.1),
    Band("after 20 earlier ones", 0.35, 0.7),
    Direction("success after 2 less after 6"),
    Direction("after 6 less after 20"),
    Band("numbers of earlier messages after which success is higher than after fewer", 0, 0),
)  # fmt: skip
def one_sender_again(lab: Lab) -> Sequence[Value]:
    """Success: those who buy on the day after the message and, same luck, do not without it.

    The sender writes on m days in a row (she shares for a coupon), is silent until that is forgotten, and writes again.
    """
    success = success_after(lab, _EARLIER, _RECEIVERS)
    by = dict(zip(_EARLIER, success, strict=True))
    rises = sum(b > a for a, b in pairwise(success))
    return [
        *[(by[m], by[0]) for m in (1, 2, 20)],
        (by[2] - by[6]) / _RECEIVERS, (by[6] - by[20]) / _RECEIVERS, float(rises),
    ]  # fmt: skip


def success_after(lab: Lab, earlier: Sequence[int], n_receivers: int) -> list[float]:
    """How many of the receivers one message makes buy, after so many earlier ones from its sender."""
    graph, people = labs.one_sender(n_receivers)
    last = max(earlier) + _SILENT_DAYS  # the day of the message
    writes = {"kind": "share_coupon", "target": {"personas": [labs.SENDER]}}
    bought = []
    for m in (None, *earlier):
        tactics = []
        if m:
            tactics.append({**writes, "start": max(earlier) - m, "stop": max(earlier)})
        if m is not None:
            tactics.append({**writes, "start": last, "stop": last + 1})
        changes = {**NARROW, "days": last + 2, "strategies": {"writes": tactics}}
        orders = lab.play(changes, "writes", graph=graph, people=people).orders
        bought.append(float((orders["day"] == last + 1).sum()))
    return [with_message - bought[0] for with_message in bought[1:]]
