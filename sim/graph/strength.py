"""How strong ties are: from data, or by friends in common; imports _jit, errors; in the package base, rows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sim._jit import kernel, part
from sim.errors import InputError
from sim.graph.limits import Ints, Rows, Strengths, counted
from sim.graph.rows import build_rows, unfold_rows

STRENGTH_UNIT: Final = 1024  # a strength of 1.0 is stored as this
STRENGTH_CAP: Final = 63.0
STRONG: Final = 1.5
WEAK: Final = 0.85
#: A tie is embedded when at least this share of the friends of the less connected of the two is common.
EMBEDDED_SHARE: Final = 0.25


def as_strengths(weight: ArrayLike, n: int) -> tuple[Strengths, list[str]]:
    array = np.asarray(weight)
    if array.shape != (n,) or array.dtype.kind not in "iuf":
        raise InputError(f"weight must be one number per tie: {n}, not {array.size} of {array.dtype}")
    values = array.astype(np.float64)
    bad = ~np.isfinite(values) | (values < 0.0)
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(f"the weight of tie number {at} is no strength", found=values[at], allowed="0 or more, finite")
    notes = []
    n_capped = int(np.count_nonzero(values > STRENGTH_CAP))
    if n_capped:
        notes.append(f"capped {counted(n_capped, 'tie strength')} at {STRENGTH_CAP:g}")
    stored = np.floor(np.minimum(values, STRENGTH_CAP) * STRENGTH_UNIT + 0.5).astype(np.uint16)
    mean = float(values.mean()) if n else 1.0
    if not 0.2 <= mean <= 5.0:
        notes.append(f"tie strengths average {mean:.3g}; the model is made for an average near 1, consider rescaling")
    return stored, notes


_AHEAD = 64  # people whose friends' memory is fetched together


@part
def _touch(first: int, last: int, starts: Ints, friends: Rows, theirs: Ints, lists: Rows) -> int:
    """Read a little of every list that is needed for people from first to last: the processor fetches it at once."""
    touched = 0
    for i in range(starts[first], starts[last]):
        touched += theirs[friends[i]]
    for i in range(starts[first], starts[last]):
        touched += lists[min(theirs[friends[i]], lists.shape[0] - 1)]
    return touched


@kernel
def _common_friends(indptr: Ints, friends: Rows) -> Rows:
    """Friends in common of the two ends of every entry of a symmetric graph with sorted lists.

    Every triangle is met once, at its least connected corner (Latapy 2008): hubs cost nothing extra.
    """
    n = indptr.shape[0] - 1
    n_up = friends.shape[0] // 2
    degree = np.empty(n, np.int32)
    for u in range(n):
        degree[u] = indptr[u + 1] - indptr[u]
    up = np.empty(n_up, np.int32)  # friends with more friends (ties broken by order)
    up_at = np.zeros(n + 1, np.int64)
    k = 0
    for u in range(n):
        size = degree[u]
        for i in range(indptr[u], indptr[u + 1]):
            v = friends[i]
            if degree[v] > size or (degree[v] == size and v > u):
                up[k] = v
                k += 1
        up_at[u + 1] = k
    common = np.zeros(n_up, np.int32)
    seen = np.full(n, -1, np.int32)
    touched = 0
    for u in range(n):
        if u % _AHEAD == 0:
            touched += _touch(u, min(u + _AHEAD, n), up_at, up, up_at, up)
        for i in range(up_at[u], up_at[u + 1]):
            seen[up[i]] = i
        for i in range(up_at[u], up_at[u + 1]):
            v = up[i]
            for j in range(up_at[v], up_at[v + 1]):
                e = seen[up[j]]
                if e >= up_at[u]:  # marks of earlier people are smaller
                    common[i] += 1
                    common[j] += 1
                    common[e] += 1
    result = np.empty(friends.shape[0], np.int32)
    mine = up_at[:-1].copy()
    theirs = indptr[:-1].copy()  # lists are sorted, so people come up in a friend's list in their own order
    for u in range(n):
        if u % _AHEAD == 0:
            touched += _touch(u, min(u + _AHEAD, n), up_at, up, theirs, friends)
        for i in range(indptr[u], indptr[u + 1]):
            v = friends[i]
            if mine[u] < up_at[u + 1] and up[mine[u]] == v:
                while friends[theirs[v]] < u:
                    theirs[v] += 1
                result[i] = common[mine[u]]
                result[theirs[v]] = common[mine[u]]
                theirs[v] += 1
                mine[u] += 1
    seen[:1] = touched & 1  # what nobody reads is not fetched
    return result


@kernel
def _embed(indptr: Ints, friends: Rows, common: Rows, share: float, strong: int, weak: int, out: Strengths) -> None:
    for u in range(indptr.shape[0] - 1):
        k = indptr[u + 1] - indptr[u]
        for i in range(indptr[u], indptr[u + 1]):
            v = friends[i]
            others = min(k, indptr[v + 1] - indptr[v]) - 1
            out[i] = strong if common[i] > 0 and common[i] >= share * others else weak


@kernel
def _pick_out(
    indptr: Ints, audience: Rows, of_indptr: Ints, of_friends: Rows, values: Strengths, out: Strengths
) -> None:
    """Look up values of a larger graph (sorted lists) for the entries of a smaller one."""
    for u in range(indptr.shape[0] - 1):
        k = of_indptr[u]
        for i in range(indptr[u], indptr[u + 1]):
            while of_friends[k] != audience[i]:
                k += 1
            out[i] = values[k]


def fill_strengths(indptr: Ints, audience: Rows, strength: Strengths, directed: bool) -> None:
    """Strong where embedded, else weak (see `SocialGraph`); people counted in the order of ids."""
    strong, weak = round(STRONG * STRENGTH_UNIT), round(WEAK * STRENGTH_UNIT)
    if not directed:
        _embed(indptr, audience, _common_friends(indptr, audience), EMBEDDED_SHARE, strong, weak, strength)
        return
    speaker = np.empty(audience.size, np.int32)
    unfold_rows(indptr, speaker)
    both_indptr, both, values, _, _ = build_rows(indptr.size - 1, speaker, audience, strength, False, False)
    _embed(both_indptr, both, _common_friends(both_indptr, both), EMBEDDED_SHARE, strong, weak, values)
    _pick_out(indptr, audience, both_indptr, both, values, strength)
