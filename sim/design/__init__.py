"""Which points of a scenario's space are run: design files, factors, grids and samples; imports scenario, params.

`points` is the table of points, `ranges` says where a field may lie, `listed` reads points from a table, `factors` says
what one factor takes, `draw` which combinations are taken, `file` reads a design.
"""

from __future__ import annotations

from sim.design.file import Design, shipped_designs
from sim.design.listed import read_points
from sim.design.points import NOT_A_FACTOR, ONE_POINT, Points
from sim.design.ranges import range_of, unit_of, value_at

__all__ = [
    "NOT_A_FACTOR",
    "ONE_POINT",
    "Design",
    "Points",
    "range_of",
    "read_points",
    "shipped_designs",
    "unit_of",
    "value_at",
]
