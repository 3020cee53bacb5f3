"""The best levers and the best split of a budget, and what they are worth on worlds they were not chosen on.

Imports experiment, design, compare, scenario; Optuna (the extra `optimise`) proposes what to try.

Rooms, each importing only from those before it: `search`, `space`; `question`; `trials`; `words`; `study`.
"""

from __future__ import annotations

from sim.studies.optimise.question import Question
from sim.studies.optimise.study import Optimum, optimise

__all__ = ["Optimum", "Question", "optimise"]
