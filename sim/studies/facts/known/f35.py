"""F35: the viral coefficient; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.metrics import measure
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less, number
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

COUPON: Final = Arm("share_coupon", ({"kind": "share_coupon"},))

FACT: Final = Fact(
    "F35", "Most apps have a viral coefficient of .15 to .25, famous programmes .35 to .5; a cycle days to weeks.",
    "practitioners (bloomitize.com, digithelm.com)", "secondary", "other",
    stays="the median lag is that of members who stay for months and share whenever they order; no coefficient makes "
    "new members invite sooner, and a rule for that would need a source",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("invited registrations per registration, no incentive", 0.01, 0.25),
    Direction("the same with share coupons, less without"),
    Band("median days from the inviter's registration to the invitee's", 1, 14),
    arms=(COUPON,),
)  # fmt: skip
def viral_coefficient(shop: Shop) -> Sequence[Value]:
    """Registrations of the year; with share coupons of the default face."""
    counts = []
    for arm in (CONTROL, COUPON):
        daily = shop[arm].daily
        counts.append((float(daily["new_invited"].sum()), float(daily["new_registrations"].sum())))
    k, k_coupon = (a / b if b else None for a, b in counts)
    return [counts[0], less(k_coupon, k), number(measure(shop[CONTROL])["viral_cycle_days"])]
