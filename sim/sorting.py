"""Sorting by counting digits, several times faster than by comparing; imports only `_jit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim._jit import kernel

Ints = NDArray[np.int64]

_BITS = 11  # of a digit: its counts fit into the nearest cache


def order_of(*keys: NDArray[Any]) -> Ints:
    """Positions that sort by the last key, equals by the one before it, and so on: what np.lexsort(keys) says.

    Keys are whole numbers, or floats other than NaN.

    >>> order_of(np.array([2, 1, 0]), np.array([0.5, -1.0, 0.5])).tolist()
    [1, 2, 0]
    """
    order = _order(_sortable(keys[0]))
    for key in keys[1:]:
        order = order[_order(_sortable(key)[order])]
    return order


def _sortable(key: NDArray[Any]) -> NDArray[np.uint64]:
    """Numbers without a sign, in the same order."""
    if key.dtype.kind == "f":
        bits = (key.astype(np.float64, copy=False) + 0.0).view(np.int64)  # + 0.0: there are two zeros
        bits = bits ^ ((bits >> 63) & 0x7FFFFFFFFFFFFFFF)
    else:
        bits = key.astype(np.int64, copy=False)
    return np.asarray(bits.view(np.uint64) ^ np.uint64(1 << 63))


@kernel
def _order(key: NDArray[np.uint64]) -> Ints:
    """Positions that sort a key, equals in the order in which they stand."""
    n = key.shape[0]
    order = np.arange(n)
    if n == 0:
        return order
    least = most = key[0]
    is_sorted = True
    for k in range(1, n):
        is_sorted &= key[k] >= key[k - 1]
        least, most = min(least, key[k]), max(most, key[k])
    if is_sorted:
        return order
    width = most - least
    rest, other = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint64)
    for k in range(n):
        rest[k] = key[k] - least
    moved = np.empty(n, dtype=np.int64)
    at = np.empty((1 << _BITS) + 1, dtype=np.int64)
    mask, shift = np.uint64((1 << _BITS) - 1), np.uint64(0)
    while shift < 64 and (width >> shift) > 0:
        at[:] = 0
        for k in range(n):
            at[np.int64((rest[k] >> shift) & mask) + 1] += 1
        for digit in range(1 << _BITS):
            at[digit + 1] += at[digit]
        for k in range(n):
            its = np.int64((rest[k] >> shift) & mask)
            moved[at[its]], other[at[its]] = order[k], rest[k]
            at[its] += 1
        order, moved, rest, other = moved, order, other, rest
        shift += np.uint64(_BITS)
    return order
