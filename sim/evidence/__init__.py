"""What data hold: study files, targets with standard errors, benchmark forecasts, scores; imports scenario, `tables`.

`study` says what a file means, `intake` reads the data, `findings` turns them (or the tables of a run) into targets.
"""

from __future__ import annotations

from sim.evidence.study import Study, shipped_studies
from sim.evidence.target import FAMILIES, Target, Targets

__all__ = ["FAMILIES", "Study", "Target", "Targets", "shipped_studies"]
