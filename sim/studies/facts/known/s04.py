"""S4: bargaining; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S4",
    "Where what a help cuts off is uncertain for who asks, she asks a fifth more friends; a friend who is asked again "
    "and again helps less.",
    "Li et al. 2026", "paper (abstract)", "input", grade="A", about=("bargain",),
    left_out="uncertain rewards for the recipient (-12 %): helping is not paid for here",
)  # fmt: skip
_LOG: Final = ("bargain", "message", "help")
UNSURE: Final = Arm("uncertain_cut", ({"kind": "bargain", "random_cut": True},), log=_LOG)
SURE: Final = Arm("fixed_cut", ({"kind": "bargain", "random_cut": False},), log=_LOG)
_FLAT: Final = {"b_unsure": 0.0}
UNSURE_FLAT: Final = Arm("uncertain_cut_placebo", UNSURE.tactics, _FLAT, log=_LOG)
SURE_FLAT: Final = Arm("fixed_cut_placebo", SURE.tactics, _FLAT, log=_LOG)
SOON: Final = 3  # requests that one friend hears from another before they wear out


def requests(shop: Shop, arm: Arm) -> pd.DataFrame:
    """Messages that ask a friend for help (day, agent, other, item), how many before from her, and was it given?"""
    started = shop.log("bargain", arm)[["day", "agent", "item"]]
    asked = shop.log("message", arm)[["day", "agent", "other", "item"]].merge(started, on=["day", "agent", "item"])
    asked = asked.sort_values(["agent", "other", "day"], ignore_index=True)
    asked["before"] = asked.groupby(["agent", "other"]).cumcount()
    helps = shop.log("help", arm)[["day", "agent", "other", "item"]]
    helps = helps.rename(columns={"agent": "other", "other": "agent", "day": "helped"})
    both = asked.reset_index(names="place").merge(helps, on=["agent", "other", "item"])
    waited = both["helped"] - both["day"]
    return asked.assign(helped=asked.index.isin(both.loc[(waited >= 0) & (waited <= 2), "place"]))


def per_bargain(shop: Shop, arm: Arm) -> float:
    """Friends asked per bargain."""
    return len(requests(shop, arm)) / max(len(shop.log("bargain", arm)), 1)


@FACT.test(
    LEVERS,
    Band("friends asked per bargain: uncertain cut against fixed", 1.05, 1.40),
    Band("the same where uncertainty moves nobody (b_unsure 0)", 0.97, 1.03),
    Direction("share of a friend's first three requests that are answered, less of later ones"),
    arms=(UNSURE, SURE, UNSURE_FLAT, SURE_FLAT),
)  # fmt: skip
def bargaining(shop: Shop) -> Sequence[Value]:
    """The same mean cut of every help."""
    table = requests(shop, UNSURE)
    first, later = table[table["before"] < SOON]["helped"], table[table["before"] >= SOON]["helped"]
    fall = float(first.mean() - later.mean()) if len(first) and len(later) >= 20 else None
    pairs = (UNSURE, SURE), (UNSURE_FLAT, SURE_FLAT)
    return [*[(per_bargain(shop, one), per_bargain(shop, other)) for one, other in pairs], fall]
