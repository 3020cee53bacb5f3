"""S2: share to get a coupon; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S2",
    "A coupon that must be shared first converts fewer of those who are offered it (.80), and with the friends it "
    "brings it is a wash.",
    "Iyengar & Park 2016", "paper", "other", grade="A", about=("share_coupon", "coupon"),
)  # fmt: skip
FACE: Final = 5.0
PLAIN: Final = Arm("plain_coupon", ({"kind": "coupon", "face": FACE},))
GATED: Final = Arm("gated_coupon", ({"kind": "share_coupon", "face": FACE},))


@FACT.test(
    LEVERS,
    Band("orders per visit: behind a share against plain", 0.6, 0.98),
    Band("revenue after returns, likewise", 0.8, 1.25),
    Direction("registrations by invitation per registration: behind a share less plain"),
    arms=(PLAIN, GATED),
)  # fmt: skip
def share_to_get(shop: Shop) -> Sequence[Value]:
    """The same face for all visitors."""
    plain, gated = (shop[arm].daily for arm in (PLAIN, GATED))
    rate = [float(daily["orders"].sum() / daily["visits"].sum()) for daily in (gated, plain)]
    net = [float(daily["nmv_cents"].sum()) for daily in (gated, plain)]
    k = [float(daily["new_invited"].sum() / max(daily["new_registrations"].sum(), 1)) for daily in (gated, plain)]
    return [(rate[0], rate[1]), (net[0], net[1]), less(*k)]
