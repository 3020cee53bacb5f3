"""Figures for people who publish (PNG and SVG): of a comparison, of a calibration; imports studies, metrics, errors.

Rooms, each importing only from those before it: `look`; `comparison`, `calibration`.
"""

from __future__ import annotations

from sim.plots.calibration import save_calibration_figures
from sim.plots.comparison import save_figures

__all__ = ["save_calibration_figures", "save_figures"]
