"""The report one mails: a results folder as one HTML file, English and Chinese; imports charts, studies.

Rooms, each importing only from those before it: `words`; `verdict`; `people`, `ground`; `page`. Cards and sentences are
data poured into `templates`; `locale` holds every sentence in both languages.
"""

from __future__ import annotations

from sim.report.page import SCREENS, render, write_report
from sim.report.words import Words

__all__ = ["SCREENS", "Words", "render", "write_report"]
