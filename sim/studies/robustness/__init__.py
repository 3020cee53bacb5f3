"""How far the best strategy rests on what is assumed, and where the ranking flips; imports compare, experiment, swept.

Reads the stored runs of a sweep and nothing else. Rooms, each importing only from those before it: `variance`, `words`,
`surrogate`; `best`, `crossing`, `tree`; `assumptions`, `tipping`, `sentence`; `answer`; `doubts` makes a sweep to ask.
"""

from __future__ import annotations

from sim.studies.robustness.answer import Robustness, robustness
from sim.studies.robustness.doubts import DOUBTED, POINTS, REPLICATIONS, STATUSES, Doubts, over_assumptions
from sim.studies.robustness.words import SOURCE_NAMES, TOPICS

__all__ = [
    "DOUBTED",
    "POINTS",
    "REPLICATIONS",
    "SOURCE_NAMES",
    "STATUSES",
    "TOPICS",
    "Doubts",
    "Robustness",
    "over_assumptions",
    "robustness",
]
