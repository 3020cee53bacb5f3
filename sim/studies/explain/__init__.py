"""Why a strategy differs from the control, for whom, and who brought whom; imports compare, experiment.

Every difference is taken within pairs of runs (same world, same luck) and has the verdict's intervals. Rooms, each
importing only from those before it: `shapley`, `words`; `pairs`; `why`, `orders`, `who`, `trees`; `luck`, `sentence`;
`explanation`.
"""

from __future__ import annotations

from sim.studies.explain.explanation import LUCK_WORLDS, Explanation, explain
from sim.studies.explain.words import FACTOR_NAMES

__all__ = ["FACTOR_NAMES", "LUCK_WORLDS", "Explanation", "explain"]
