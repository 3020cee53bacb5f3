"""F36: shape of growth; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.studies.facts import fits
from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value, less
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LAUNCH

FACT: Final = Fact(
    "F36",
    "Where most come by invitation, sign-ups follow an S (Bass: q far above p); at a usual rate they do not.",
    "Sultan, Farley & Lehmann 1990; Van den Bulte & Stremersch 2004", "secondary (p, q); paper", "emergent",
)  # fmt: skip
QUIET: Final = Arm("few_invite", params={"a_inv": 0.005, "organic": 0.003})


def _weekly(shop: Shop, arm: str | Arm) -> tuple[float, float, float, float]:
    daily = shop[arm].daily
    new = daily["new_registrations"].to_numpy(dtype=np.float64)
    weeks = new[: len(new) // 7 * 7].reshape(-1, 7).sum(axis=1)
    invited = float(daily["new_invited"].sum() / max(new.sum(), 1.0))
    return *fits.fit_bass(weeks), invited


@FACT.test(
    LAUNCH,
    Band("share of registrations by invitation, strong", 0.5, 1),
    Band("q / p, strong", 2, 100),
    Band("R2 of the fit, strong", 0.5, 1),
    Direction("q less p, strong"),
    Band("share of registrations by invitation, weak", 0, 0.1),
    Band("q / p, weak", -20, 2),
    arms=(QUIET,),
)  # fmt: skip
def shape_of_growth(shop: Shop) -> Sequence[Value]:
    """A year of weekly registrations against the share so far; invitations as they are there, and weak."""
    p, q, r2, invited = _weekly(shop, CONTROL)
    low_p, low_q, _, few = _weekly(shop, QUIET)
    return [invited, (q, p), r2, less(q, p), few, (low_q, low_p)]
