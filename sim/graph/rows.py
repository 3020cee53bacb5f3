"""From ties to rows: sorted lists of who hears whom; imports _jit; in the package base.

Every builder goes through `build_rows`, which works on people in the order of their ids; only then
does `place_rows` move them to the rows of the population.
"""

from __future__ import annotations

import numpy as np

from sim._jit import kernel
from sim.graph.limits import Ints, Rows, Strengths


@kernel
def build_rows(
    n: int, speaker: Rows, hearer: Rows, weight: Strengths, is_weighted: bool, is_directed: bool
) -> tuple[Ints, Rows, Strengths, int, int]:
    """Per speaker the sorted list of hearers, without self-loops and repeats (the strongest counts).

    Sorted by two passes of counting, never by comparing: O(people + ties).
    Returns the lists, how many self-loops and how many repeats were dropped (of ties as given).
    """
    n_given = speaker.shape[0]
    n_loops = 0
    at = np.zeros(n + 1, np.int64)
    for i in range(n_given):
        if speaker[i] == hearer[i]:
            n_loops += 1
            continue
        at[hearer[i] + 1] += 1
        if not is_directed:
            at[speaker[i] + 1] += 1
    for v in range(n):
        at[v + 1] += at[v]
    size = at[n]
    by_hearer = np.empty(size, np.int32)
    weight_by_hearer = np.empty(size if is_weighted else 0, np.uint16)
    bounds = at.copy()
    for i in range(n_given):
        a, b = speaker[i], hearer[i]
        if a == b:
            continue
        k = at[b]
        at[b] += 1
        by_hearer[k] = a
        if is_weighted:
            weight_by_hearer[k] = weight[i]
        if not is_directed:
            k = at[a]
            at[a] += 1
            by_hearer[k] = b
            if is_weighted:
                weight_by_hearer[k] = weight[i]
    indptr = np.zeros(n + 1, np.int64)
    for k in range(size):
        indptr[by_hearer[k] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
        at[v] = indptr[v]
    audience = np.empty(size, np.int32)
    strength = np.empty(size, np.uint16)
    n_repeats = 0
    for b in range(n):
        for k in range(bounds[b], bounds[b + 1]):
            a = by_hearer[k]
            last = at[a] - 1
            if last >= indptr[a] and audience[last] == b:
                n_repeats += 1
                if is_weighted:
                    strength[last] = max(strength[last], weight_by_hearer[k])
                continue
            audience[at[a]] = b
            if is_weighted:
                strength[at[a]] = weight_by_hearer[k]
            at[a] += 1
    if n_repeats > 0:  # close the gaps
        end = np.int64(0)
        for a in range(n):
            low = indptr[a]
            indptr[a] = end
            for k in range(low, at[a]):
                audience[end] = audience[k]
                strength[end] = strength[k]
                end += 1
        indptr[n] = end
        audience = audience[:end].copy()
        strength = strength[:end].copy()
        if not is_directed:
            n_repeats //= 2
    return indptr, audience, strength, n_loops, n_repeats


@kernel
def place_rows(row_of: Ints, indptr: Ints, audience: Rows, strength: Strengths) -> tuple[Ints, Rows, Strengths]:
    """Move people, counted in the order of ids, to their rows; lists stay in the order of ids."""
    n = row_of.shape[0]
    new_indptr = np.zeros(n + 1, np.int64)
    for v in range(n):
        new_indptr[row_of[v] + 1] = indptr[v + 1] - indptr[v]
    for r in range(n):
        new_indptr[r + 1] += new_indptr[r]
    new_audience = np.empty(audience.shape[0], np.int32)
    new_strength = np.empty(audience.shape[0], np.uint16)
    for v in range(n):
        k = new_indptr[row_of[v]]
        for i in range(indptr[v], indptr[v + 1]):
            new_audience[k] = row_of[audience[i]]
            new_strength[k] = strength[i]
            k += 1
    return new_indptr, new_audience, new_strength


@kernel
def unfold_rows(indptr: Ints, out: Rows) -> None:
    for v in range(indptr.shape[0] - 1):
        for k in range(indptr[v], indptr[v + 1]):
            out[k] = v
