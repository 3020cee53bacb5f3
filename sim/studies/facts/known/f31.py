"""F31: a cohort slows down; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.evidence.buyers import bg_nbd_expected, fit_bg_nbd
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F31", "A cohort's buying slows down to a plateau; BG/NBD describes it.",
    "CDNOW, weeks 1-39; Fader, Hardie & Lee 2005", "data", "emergent",
)  # fmt: skip


@FACT.test(
    OPEN,
    Band("members ordering in the 6th against the 1st four weeks after the first order", 0.35, 0.8),
    Direction("fall from window to window (slope, sign changed)"),
    Band("BG/NBD fitted to the first half: repeats forecast / actual in the second", 0.85, 1.15),
)  # fmt: skip
def slowing_down(shop: Shop) -> Sequence[Value]:
    """Those who register and first order during the year, so that their first order is their first."""
    orders = shop[CONTROL].orders
    ids, _ = shop.registrants
    windows = tables.windows_after_first(orders, ids, shop.days)
    shares = [a / b if b else 0.0 for a, b in windows]
    half = shop.days // 2
    x, t_x, t, members = tables.histories(orders, ids, half // 2, half - 1)
    if len(x) < 20 or x.sum() == 0:
        return [(windows[5][0], windows[0][0]), -tables.slope(shares), None]
    fitted = fit_bg_nbd(x, t_x, t)
    rest = shop.days - half
    forecast = bg_nbd_expected(*fitted, t + rest) - bg_nbd_expected(*fitted, t)
    later = tables.order_days(orders[orders["agent"].isin(members)])
    actual = float((later["day"] >= half).sum())
    return [(windows[5][0], windows[0][0]), -tables.slope(shares), (float(np.sum(forecast)), actual)]
