"""Which method a stored design fits: Morris's trajectories, Saltelli's blocks, or neither; imports `swept`.

Read off the points themselves, so that a design from a CSV of points is known as well; points that lack runs take their
trajectory or block with them.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from sim.studies.swept import FloatArray, IntArray

Method = Literal["morris", "sobol", "given_data"]
#: below this many points nothing is estimated from given data
LEAST_POINTS: Final = 40


class Structure(NamedTuple):
    """The method that fits, and the points it uses: blocks x points of a block."""

    method: Method
    blocks: IntArray
    second_order: bool = False


def structure(columns: FloatArray, kind: str) -> Structure | None:
    """What a design's points (point x factor) are; None: no method can read them."""
    n, d = columns.shape
    if kind in ("saltelli", "csv"):
        for step, pairs in ((d + 2, False), (2 * d + 2, True)):
            if n % step == 0 and n // step > 1 and _is_saltelli(columns.reshape(-1, step, d), pairs):
                return Structure("sobol", np.arange(n).reshape(-1, step), pairs)
    if kind == "morris" or (kind == "csv" and d > 1):
        step = d + 1
        if n % step == 0 and n // step > 1 and _is_trajectory(columns.reshape(-1, step, d)):
            return Structure("morris", np.arange(n).reshape(-1, step))
    if kind == "one_at_a_time" or n < LEAST_POINTS:
        return None
    return Structure("given_data", np.arange(n)[:, None])


def _is_saltelli(blocks: FloatArray, pairs: bool) -> bool:
    d = blocks.shape[2]
    first, last = blocks[:, 0], blocks[:, -1]
    for j in range(d):
        mixed = first.copy()
        mixed[:, j] = last[:, j]
        if not np.array_equal(blocks[:, 1 + j], mixed):
            return False
        mixed = last.copy()
        mixed[:, j] = first[:, j]
        if pairs and not np.array_equal(blocks[:, 1 + d + j], mixed):
            return False
    return True


def _is_trajectory(blocks: FloatArray) -> bool:
    moved = np.diff(blocks, axis=1) != 0.0  # block x step x factor
    return bool((moved.sum(axis=2) == 1).all() and (moved.sum(axis=1) == 1).all())
