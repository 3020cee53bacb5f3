"""V0f: nobody is lost; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import exact
from sim.studies.facts.fact import Direction, Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V0f", "Nobody is lost: prospects, active and lapsed are everybody; who was invited has one inviter, who was there "
    "before, so invitations have no cycle.",
    "definition", "theory", "theory",
)  # fmt: skip


@FACT.test(
    EXACT,
    exactly("largest daily difference, people"),
    exactly("invited without an inviter, or the other way round"),
    exactly("invitees whose inviter was not there before"),
    Direction("people who were invited", above=5),
)
def everybody(lab: Lab) -> Sequence[Value]:
    """Every tactic there is at work."""
    journal = lab.play({**exact.busy(), "strategies": {"all": exact.examples()}}, "all")
    daily, people = journal.daily, journal.shoppers.set_index("id")
    n, start = journal.n_shoppers, int((people["channel"] == "start").sum())
    moved = daily["new_registrations"] + daily["returned"] - daily["churned"]
    gap = exact.largest_gap(
        (daily["n_prospects"] + daily["n_active"] + daily["n_lapsed"], np.full(len(daily), n)),
        (daily["new_registrations"], daily["new_organic"] + daily["new_paid"] + daily["new_invited"]),
        (daily["n_active"].diff().iloc[1:], moved.iloc[1:]),
    )
    invited = people[people["channel"] == "invited"]
    unlike = int(((people["inviter"] >= 0) != (people["channel"] == "invited")).sum())
    before = people.loc[invited["inviter"], "registered_day"].to_numpy() < invited["registered_day"].to_numpy()
    assert start > 0
    return [gap, float(unlike), float((~before).sum()), float(len(invited))]
