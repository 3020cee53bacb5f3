"""Measures of a graph: cores, betweenness, clustering, friends of friends; imports _jit; in the package base, luck."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim._jit import kernel
from sim.graph.limits import Floats, Ints, Rows
from sim.graph.luck import PROBE, luck

_SAMPLE: Final = 20_000  # people looked at by `surroundings`


@kernel
def _cores(indptr: Ints, friends: Rows, core: Rows) -> None:
    """Core numbers by peeling in the order of remaining degrees (Batagelj & Zaversnik 2003), O(ties)."""
    n = core.shape[0]
    most = 0
    for v in range(n):
        core[v] = indptr[v + 1] - indptr[v]
        most = max(most, core[v])
    bins = np.zeros(most + 2, np.int64)
    for v in range(n):
        bins[core[v] + 1] += 1
    for d in range(most + 1):
        bins[d + 1] += bins[d]
    queue = np.empty(n, np.int32)
    where = np.empty(n, np.int64)
    for v in range(n):
        where[v] = bins[core[v]]
        queue[where[v]] = v
        bins[core[v]] += 1
    for d in range(most + 1, 0, -1):
        bins[d] = bins[d - 1]
    bins[0] = 0
    for i in range(n):
        v = queue[i]
        for k in range(indptr[v], indptr[v + 1]):
            u = friends[k]
            if core[u] > core[v]:
                first = bins[core[u]]
                w = queue[first]
                if u != w:
                    queue[where[u]], queue[first] = w, u
                    where[w], where[u] = where[u], first
                bins[core[u]] += 1
                core[u] -= 1


@kernel
def _add_dependencies(indptr: Ints, friends: Rows, pivots: Ints, total: Floats) -> None:
    """Brandes (2001): for every pivot, the shares of shortest paths from it that lead through each person."""
    n = indptr.shape[0] - 1
    queue = np.empty(n, np.int32)
    distance = np.empty(n, np.int32)
    n_paths = np.empty(n, np.float64)
    share = np.empty(n, np.float64)
    for p in range(pivots.shape[0]):
        distance[:] = -1
        n_paths[:] = 0.0
        share[:] = 0.0
        queue[0] = pivots[p]
        distance[pivots[p]] = 0
        n_paths[pivots[p]] = 1.0
        first, last = 0, 1
        while first < last:
            v = queue[first]
            first += 1
            for e in range(indptr[v], indptr[v + 1]):
                u = friends[e]
                if distance[u] < 0:
                    distance[u] = distance[v] + 1
                    queue[last] = u
                    last += 1
                if distance[u] == distance[v] + 1:
                    n_paths[u] += n_paths[v]
        for k in range(last - 1, 0, -1):
            v = queue[k]
            for e in range(indptr[v], indptr[v + 1]):
                u = friends[e]
                if distance[u] == distance[v] - 1:
                    share[u] += n_paths[u] / n_paths[v] * (1.0 + share[v])
            total[v] += share[v]


@kernel
def _look_around(indptr: Ints, friends: Rows, rows: Ints, clustering: Floats, median: Floats) -> None:
    """For some people: the share of pairs of friends who are friends, and the median of the friends' degrees."""
    seen = np.full(indptr.shape[0] - 1, -1, np.int64)
    for i in range(rows.shape[0]):
        u = rows[i]
        low, high = indptr[u], indptr[u + 1]
        k = high - low
        degrees = np.empty(k, np.int64)
        for e in range(low, high):
            seen[friends[e]] = u
        n_closed = 0
        for e in range(low, high):
            v = friends[e]
            degrees[e - low] = indptr[v + 1] - indptr[v]
            for f in range(indptr[v], indptr[v + 1]):
                n_closed += seen[friends[f]] == u
        clustering[i] = n_closed / (k * (k - 1.0)) if k > 1 else 0.0
        degrees.sort()
        median[i] = 0.5 * (degrees[(k - 1) // 2] + degrees[k // 2]) if k > 0 else -1.0


@kernel
def _probe_keys(ids: Ints, keys: Ints) -> None:
    for i in range(ids.shape[0]):
        w0, w1, _, _ = luck(0, ids[i], PROBE, 0)
        keys[i] = (w0 << 31) | (w1 >> 1)


def core_numbers(indptr: Ints, friends: Rows) -> Rows:
    """The largest k such that the person is in a group where everybody has k friends."""
    core = np.zeros(indptr.size - 1, np.int32)
    _cores(indptr, friends, core)
    return core


def betweenness(ids: Ints, indptr: Ints, friends: Rows, n_pivots: int) -> Floats:
    """Shortest paths that lead through each person, estimated from so many people's paths (chosen by id)."""
    total = np.zeros(ids.size, np.float64)
    rows = _probed(ids, n_pivots)
    _add_dependencies(indptr, friends, rows, total)
    return total * (ids.size / (2.0 * rows.size))


def _probed(ids: Ints, n: int) -> Ints:
    """Rows of n people chosen by id, of all if they are fewer; ascending."""
    if ids.size <= n:
        return np.arange(ids.size)
    keys = np.empty(ids.size, np.int64)
    _probe_keys(ids, keys)
    return np.sort(np.argsort(keys, kind="stable")[:n])


def surroundings(ids: Ints, indptr: Ints, friends: Rows) -> dict[str, float]:
    """The part of a graph's summary that looks at people and their friends (see `SocialGraph.summary`)."""
    rows = _probed(ids, _SAMPLE)
    clustering, median = np.empty(rows.size, np.float64), np.empty(rows.size, np.float64)
    _look_around(indptr, friends, rows, clustering, median)
    degree = np.diff(indptr)
    linked = median >= 0.0
    mean = float(degree.mean())
    return {
        "share_isolated": float(np.mean(degree == 0)),
        "clustering": float(clustering.mean()),
        "degree_variance_over_mean": float(degree.var()) / mean if mean else 0.0,
        "share_paradox": float(np.mean(degree[rows][linked] < median[linked])) if linked.any() else 0.0,
    }
