"""From ids, in any order and with gaps, to positions; imports errors; in the package base."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sim.errors import InputError
from sim.graph.limits import MAX_ID, Ints, Rows


def as_ids(values: ArrayLike, what: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{what} must be a list of whole numbers, not of {array.dtype} in {array.ndim} dimensions")
    if array.size and (array.min() < 0 or array.max() > MAX_ID):
        bad = array[(array < 0) | (array > MAX_ID)][0]
        raise InputError(f"{what} hold an id that is out of range", found=int(bad), allowed=f"0 to {MAX_ID}")
    return array.astype(np.int64)


def population_ids(ids: ArrayLike) -> tuple[Ints, Ints]:
    """The ids as given, and the rows in the order of ids."""
    array = as_ids(ids, "ids")
    if array.size == 0:
        raise InputError("a graph needs at least one person", path="graph")
    if np.all(array[1:] > array[:-1]):
        return array, np.arange(array.size)
    order = np.argsort(array, kind="stable")
    in_order = array[order]
    repeated = in_order[1:] == in_order[:-1]
    if repeated.any():
        raise InputError("an id is given twice", found=int(in_order[1:][repeated][0]), hint="Ids must be unique.")
    return array, order


def find_people(sorted_ids: Ints, wanted: Ints) -> tuple[Rows, int]:
    """Position of every wanted id among the sorted ids, and the position of the first unknown one or -1."""
    top = int(sorted_ids[-1])
    if top < 8 * (sorted_ids.size + wanted.size) + 1024:  # a table is several times faster than a search
        table = np.full(top + 2, -1, np.int32)
        table[sorted_ids] = np.arange(sorted_ids.size, dtype=np.int32)
        place = table[np.minimum(wanted, top + 1)]
    else:
        place = np.minimum(np.searchsorted(sorted_ids, wanted), sorted_ids.size - 1).astype(np.int32)
        place[sorted_ids[place] != wanted] = -1
    unknown = place < 0
    return place, int(np.argmax(unknown)) if unknown.any() else -1


def unique(values: Ints) -> Ints:
    top = int(values.max())
    if top < 8 * values.size + 1024:
        present = np.zeros(top + 1, np.bool_)
        present[values] = True
        return np.flatnonzero(present).astype(np.int64)
    return np.unique(values)
