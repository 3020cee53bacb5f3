"""Where facts are played, and how much of each place `--quick` and `--full` play; imports `fact`.

Many worlds with one luck each: worlds are what intervals are over, and some facts differ more between worlds than by
luck (the yield of messages: by a factor of two). Closed worlds have the size the facts were written for, as what
follows a sale depends on it: with 5,000 people F26 lies in its band, with 10,000 and 20,000 not. In a laboratory a
world is played with all lucks that its file asks for (noise_per_world).
"""

from __future__ import annotations

from typing import Final

from sim.studies.facts.fact import Plan, Stage


def _lab(name: str, quick: int, full: int) -> Stage:
    return Stage(name, name, Plan(quick), Plan(full), alone=True)


#: everybody a customer, nobody comes or goes
CLOSED: Final = Stage("base.closed", "base.closed", Plan(24, 20_000), Plan(100, 20_000))
#: a year of a shop with doors
OPEN: Final = Stage("base.open", "base.open", Plan(40, 5_000), Plan(100, 20_000))
#: half a year of it, for what levers do
LEVERS: Final = Stage(
    "levers", "base.open", Plan(24, 8_000), Plan(60, 20_000), {"days": 180, "burn_in_days": 30}
)  # fmt: skip
#: almost nobody is a customer yet and friends bring friends
LAUNCH: Final = Stage("base.launch", "base.launch", Plan(12, 40_000), Plan(40, 40_000))
#: small shops in which everything happens, for what must hold exactly
EXACT: Final = Stage(
    "exact", "base.open", Plan(2, 600), Plan(6, 2_000),
    {"days": 30, "burn_in_days": 5, "params.alpha": -2.0}, alone=True,
)  # fmt: skip

IC: Final = _lab("lab.ic", 24, 50)
MUSICLAB: Final = _lab("lab.musiclab", 12, 40)
RECS: Final = _lab("lab.recs", 12, 40)
SEEDING: Final = _lab("lab.seeding", 30, 60)
THRESHOLD: Final = _lab("lab.threshold", 40, 300)
BASS: Final = _lab("lab.bass", 16, 50)
CHURN: Final = _lab("lab.churn", 8, 20)
GROUP: Final = _lab("lab.group", 18, 40)
RATING: Final = _lab("lab.rating", 24, 100)

#: two months, for what a dose does
MONTHS: Final = Stage("months", "base.open", Plan(16, 8_000), Plan(40, 20_000), {"days": 60, "burn_in_days": 30})
#: a year, for what works slowly
YEAR: Final = Stage("year", "base.open", Plan(16, 8_000), Plan(40, 20_000), {"days": 360})
