"""The model fitted to a study's data, with its doubts: posterior, checks, forecast; imports evidence, experiment.

`calibration` is the whole; `world` plays the study's shop, `bank` runs and stores, `inference` and `doubt` say what the
runs mean, `gate` what must hold before anybody decides with it, `forecast` looks ahead, `writing` leaves the folder.
"""

from __future__ import annotations

from sim.studies.calibrate.calibration import calibrate, point_fit
from sim.studies.calibrate.outcome import Calibration, Effort
from sim.studies.calibrate.writing import read_posterior

__all__ = ["Calibration", "Effort", "calibrate", "point_fit", "read_posterior"]
