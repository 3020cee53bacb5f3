"""Which factors of a sweep matter: Morris, Sobol, given data; imports compare, experiment, swept.

Reads the stored runs of a sweep and nothing else; the indices are SALib's. Rooms, each importing only from those before
it: `structure`, `suggestion`, `words`; `methods`; `sentence`; `answer`.
"""

from __future__ import annotations

from sim.studies.sensitivity.answer import Sensitivity, sensitivity
from sim.studies.sensitivity.methods import MAIN
from sim.studies.sensitivity.words import METHOD_NAMES

__all__ = ["MAIN", "METHOD_NAMES", "Sensitivity", "sensitivity"]
