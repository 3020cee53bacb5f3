"""S12: customer service; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sim import draws
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S12",
    "Live help raises the chance to buy by 16 %, more where ratings are low; and who is made good after a failure "
    "leaves less.",
    "Tan, Wang & Tan 2019", "paper (abstract)", "tuned", grade="B", about=("customer_service",),
)  # fmt: skip
_HELP: Final = {"kind": "customer_service", "coverage": 1.0, "cost": 0.0}
CHAT: Final = Arm("chat", ({**_HELP, "recovery": 0.0},), log=("lapse",))
CARE: Final = Arm("care", ({**_HELP, "recovery": 0.6},), log=("lapse",))
WITHIN: Final = 60  # days


def has_failed(shop: Shop, orders: pd.DataFrame) -> Any:
    """Which orders arrived late, broken or wrong: the second word of each delivery's draw."""
    world = shop.world
    words = np.empty((len(orders), 4), dtype=np.int64)
    for day in np.unique(orders["day"]):
        today = (orders["day"] == day).to_numpy()
        part = np.empty((int(today.sum()), 4), dtype=np.int64)
        agent, product = (orders[name][today].to_numpy(np.int64) for name in ("agent", "product"))
        draws.blocks(world.noise_seed, draws.FULFIL, int(day) + world.scenario.burn_in_days, agent, product, part)
        words[today] = part
    return (words[:, 1] + 0.5) * 2.0**-32 < world.params.fail


def leavers(shop: Shop) -> tuple[float, float, float]:
    """Orders that failed in both runs; how many of their buyers left within two months, made good and not."""
    failed = {arm.name: shop[arm].orders[has_failed(shop, shop[arm].orders)] for arm in (CHAT, CARE)}
    keys = ["day", "agent", "product"]
    same = failed["chat"].merge(failed["care"], on=keys).drop_duplicates(keys)[["day", "agent"]]
    same = same[same["day"] < shop.days - WITHIN].reset_index(drop=True)
    left = []
    for arm in (CARE, CHAT):
        lapses = same.reset_index().merge(shop.log("lapse", arm)[["day", "agent"]], on="agent", suffixes=("", "_left"))
        after = lapses["day_left"] - lapses["day"]
        left.append(float(lapses[(after >= 0) & (after < WITHIN)]["index"].nunique()))
    return float(len(same)), left[0], left[1]


@FACT.test(
    LEVERS,
    Band("orders per visit where everybody is helped, against the control", 1.05, 1.30),
    Direction("units of the third of products with fewest stars less with most, each against the control"),
    Direction("of those whose order failed: share who leave within two months, not made good less made good"),
    arms=(CHAT, CARE),
)  # fmt: skip
def service(shop: Shop) -> Sequence[Value]:
    """Help for all visitors; with and without making good what went wrong."""
    rates = [float(shop[arm].daily["orders"].sum() / shop[arm].daily["visits"].sum()) for arm in ("chat", CONTROL)]
    stars = shop[CONTROL].products.set_index("id")["rating"].rank(pct=True)
    thirds = [stars.index[stars <= 1 / 3], stars.index[stars > 2 / 3]]
    low, high = (
        float(shop[CHAT].orders["product"].isin(part).sum() / shop[CONTROL].orders["product"].isin(part).sum())
        for part in thirds
    )
    n, good, bad = leavers(shop)
    return [(rates[0], rates[1]), low - high, (bad - good) / n if n else None]
