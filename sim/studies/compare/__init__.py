"""Which strategy wins, by how much, and how sure that is: from a table of runs to a verdict; imports metrics, errors.

Every strategy meets the control in the same world with the same luck, so what is analysed is the difference
within a replication.

Rooms, each importing only from those before it: `intervals`, `values`, `choice`, `sentence`, `points`, `comparison`.
"""

from __future__ import annotations

from sim.studies.compare.choice import MARGIN, check_question, goal_measure
from sim.studies.compare.comparison import Comparison, ResultsLike, compare_results, verdict
from sim.studies.compare.intervals import ALPHA, Paired, holm, paired, probability_best, unit_means, variance_parts
from sim.studies.compare.points import columns_needed, verdicts
from sim.studies.compare.sentence import amount
from sim.studies.compare.values import CONTROL

__all__ = [
    "ALPHA",
    "CONTROL",
    "MARGIN",
    "Comparison",
    "Paired",
    "ResultsLike",
    "amount",
    "check_question",
    "columns_needed",
    "compare_results",
    "goal_measure",
    "holm",
    "paired",
    "probability_best",
    "unit_means",
    "variance_parts",
    "verdict",
    "verdicts",
]
