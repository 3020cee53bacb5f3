"""S6: live streaming; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.metrics import measure
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S6",
    "Live sessions raise sales of what they show (22 to 107 %), viewers buy several times as often, and more of it "
    "comes back.",
    "HICSS; Zhang, Liu, Liu & Muller 2023; McKinsey 2021", "paper; secondary (conversion, returns)", "tuned",
    grade="B/D", about=("live_stream",),
)  # fmt: skip
LIVE: Final = Arm("live", ({"kind": "live_stream"},), log=("visit",))


def viewers(shop: Shop, visits: pd.DataFrame) -> Any:
    """Which of these visits are by people who watch that day's session (they are drawn by lot, by name)."""
    operations = shop.ending(LIVE).operations
    tactic: Any = operations.tactics[0]
    desk, board = operations.desks[0], operations.board
    luck = np.empty(len(visits))
    for day in range(shop.days):
        today = (visits["day"] == day).to_numpy()
        ids = visits["agent"].to_numpy(dtype=np.int64)[today]
        luck[today] = tactic.luck(ids, board._replace(day=day), desk, "viewers")
    return luck < tactic.viewers


def shown(shop: Shop) -> pd.DataFrame:
    """(day, product) of every session."""
    operations = shop.ending(LIVE).operations
    tactic: Any = operations.tactics[0]
    desk, board = operations.desks[0], operations.board
    ids = np.asarray(shop.world.catalogue.id, dtype=np.int64)
    days = [
        (day, int(ids[k]))
        for day in range(shop.days)
        for k in tactic.by_lot(ids, board._replace(day=day), desk, "products")[: tactic.products]
    ]
    return pd.DataFrame(days, columns=["day", "product"])


@FACT.test(
    LEVERS,
    Band("units of what a session shows, on that day, against the control", 1.10, 2.20),
    Band("orders per visit: viewers against other visitors", 2, 10),
    Band("share sent back: bought live against all orders of the control", 1.5, 6),
    Direction("GMV against the control less net of returns likewise"),
    arms=(LIVE,),
)  # fmt: skip
def live_selling(shop: Shop) -> Sequence[Value]:
    """A session a day at the defaults."""
    live, usual = shop[LIVE].orders, shop[CONTROL].orders
    featured = shown(shop)
    units = (
        float(live.merge(featured, on=["day", "product"])["quantity"].sum()),
        float(usual.merge(featured, on=["day", "product"])["quantity"].sum()),
    )
    visits = shop.log("visit", LIVE)[["day", "agent"]].astype("int64")
    watches = viewers(shop, visits)
    ordered = live[["day", "agent"]].astype("int64").drop_duplicates().assign(bought=1)
    bought = visits.merge(ordered, how="left", on=["day", "agent"])["bought"].fillna(0).to_numpy()
    rates = float(bought[watches].mean()), float(bought[~watches].mean())
    back = float(live.loc[live["cause"] == "live", "is_returned"].mean()), float(usual["is_returned"].mean())
    lifts = [
        float(measure(shop[LIVE])[name] or 0) / float(measure(shop[CONTROL])[name] or 1)
        for name in ("gmv_cents", "nmv_cents")
    ]
    return [units, rates, back, lifts[0] - lifts[1]]
