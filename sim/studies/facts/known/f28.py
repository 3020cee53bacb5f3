"""F28: retention rises with tenure; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.evidence.buyers import fit_sbg, sbg_survival
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F28", "Retention of a cohort rises with tenure though nobody changes: those who would leave have left (sBG).",
    "Fader & Hardie 2007", "secondary (counts), data (fit)", "emergent",
)  # fmt: skip
_WEEKS: Final = 12


@FACT.test(
    OPEN,
    Band("Spearman of week-on-week retention with tenure", 0.8, 1),
    Band("sBG fit: mean absolute error of survival, relative", 0, 0.05),
    Band("sBG fit: a", 0, 1.5),
    log=("lapse",),
)  # fmt: skip
def sorting(shop: Shop) -> Sequence[Value]:
    """Weekly survival (not yet lapsed) of those who register, pooled over cohorts followed for twelve weeks."""
    ids, registered = shop.registrants
    lapses = shop.log("lapse")
    first = lapses.groupby("agent")["day"].min().reindex(ids).to_numpy(dtype=np.float64)
    alive, n = tables.survival(registered, np.where(np.isnan(first), np.inf, first), shop.days, _WEEKS)
    if n == 0 or (alive == 0).any():
        return [None, None, None]
    share = alive / n
    retention = share / np.concatenate([[1.0], share[:-1]])
    rises = tables.spearman(retention, np.arange(_WEEKS))
    a, b = fit_sbg(alive, n)
    return [rises, float(np.abs(sbg_survival(a, b, _WEEKS) / share - 1).mean()), a]
