"""S14: education and proactive contact; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS, MONTHS

FACT: Final = Fact(
    "S14",
    "Lessons keep newcomers through their first week; contacting inert members drives some away (6 to 10 %); and "
    "aiming at who can be kept beats aiming at who is likeliest to leave.",
    "Ascarza, Iyengar & Schleicher 2016; Ascarza 2018; Retana, Forman & Wu 2016", "paper; memory for Retana",
    "tuned", grade="A", about=("education", "retention_offer", "push"),
)  # fmt: skip
LESSONS: Final = Arm("lessons", ({"kind": "education"},))
INERT: Final = Arm("lessons_to_the_inert", ({"kind": "education", "whom": "inert", "lessons": 14},))
_OFFER: Final = {"kind": "retention_offer", "most": 16}
UPLIFT: Final = Arm("offer_by_uplift", ({**_OFFER, "choose": "uplift"},))
RISK: Final = Arm("offer_by_risk", ({**_OFFER, "choose": "risk"},))
FORTNIGHT: Final = 14


def leavers_within(shop: Shop, arm: str | Arm, days: int) -> tuple[float, float]:
    """(those who left within so many days of registering, those who registered in time)."""
    new = shop.log("register", arm).drop_duplicates("agent").set_index("agent")["day"]
    new = new[new < shop.days - days]
    left = shop.log("lapse", arm).groupby("agent")["day"].min().reindex(new.index)
    return float((left - new < days).sum()), float(len(new))


def inert(shop: Shop) -> Any:
    """Ids of members on the first day: registered for two weeks and not seen for as long."""
    events = shop[CONTROL].events
    assert events is not None
    past = events[events["day"] < 0]
    last = past.groupby(["type", "agent"], observed=True)["day"].max()
    kinds = set(last.index.get_level_values(0))
    start = shop.world.population.ids[shop.world.population.is_registered]
    ids = np.concatenate([start, last.loc["register"].index]) if "register" in kinds else start
    never = np.full(len(ids), -1000)
    day = {
        kind: last.loc[kind].reindex(ids).fillna(-1000).to_numpy() if kind in kinds else never
        for kind in ("visit", "register", "return", "lapse")
    }
    is_active = day["lapse"] < np.maximum(day["return"], np.maximum(day["register"], -999))
    return ids[is_active & (day["visit"] <= -FORTNIGHT) & (day["register"] <= -FORTNIGHT)]


@FACT.test(
    MONTHS,
    Band("newcomers who leave within a week, with lessons against without", 0.5, 1),
    Direction("the same: fewer with lessons"),
    Band("inert members who leave in two weeks of contact, against none", 1.0, 1.7),
    Direction("the same: more with contact"),
    arms=(LESSONS, INERT), log=("register", "visit", "return", "lapse"),
)  # fmt: skip
def contact(shop: Shop) -> Sequence[Value]:
    """Lessons to the new at their defaults; a lesson a day to members who were not seen for two weeks."""
    (a, n), (b, m) = leavers_within(shop, LESSONS, 7), leavers_within(shop, CONTROL, 7)
    quiet = inert(shop)
    left = []
    for arm in (INERT.name, CONTROL):
        log = shop.log("lapse", arm)
        left.append(float(log[log["agent"].isin(quiet) & (log["day"] < FORTNIGHT)]["agent"].nunique()))
    kept = a / n, b / m
    return [kept, kept[1] - kept[0], (left[0], left[1]), left[0] - left[1]]


@FACT.test(
    LEVERS,
    Direction("active members after half a year: by uplift less by risk, per 1,000 of the control's"),
    arms=(UPLIFT, RISK),
)  # fmt: skip
def whom_to_keep(shop: Shop) -> Sequence[Value]:
    """As many offers a day at most."""
    stay = {arm: float(shop[arm].daily["n_active"].iloc[-1]) for arm in (UPLIFT.name, RISK.name, CONTROL)}
    return [1000.0 * (stay[UPLIFT.name] - stay[RISK.name]) / stay[CONTROL]]
