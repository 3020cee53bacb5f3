"""Who hears whom: generators, edge files and networkx graphs as compact arrays; imports draws, _jit, errors.

A graph is a list, per person, of the people who hear her. Every builder goes through one routine
that works on people in the order of their ids and only then places them in rows, so neither the
order of the population nor the order of lines in a file can change anybody's friends.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim._jit import exp, kernel, part, power, rule
from sim._jit import log as _log
from sim.draws import GRAPH, block, pair, unit
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import networkx as nx

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Strengths = NDArray[np.uint16]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

STRENGTH_UNIT: Final = 1024  # a strength of 1.0 is stored as this
STRENGTH_CAP: Final = 63.0
STRONG: Final = 1.5
WEAK: Final = 0.85
#: A tie is embedded when at least this share of the friends of the less connected of the two is common.
EMBEDDED_SHARE: Final = 0.25
MAX_ID: Final = 2**31 - 1
MAX_TIES: Final = 2**31 - 1  # entries of `audience`; beyond it a graph would need more than 12 GB
_SAMPLE: Final = 20_000  # people looked at by `summary`


class Setting(NamedTuple):
    """One number that a generator accepts, with its default and the range in which it makes sense."""

    default: float | None
    low: float
    high: float
    meaning: str


_MEAN_DEGREE: Final = Setting(10.0, 0.0, 1e6, "friends a person has on average")

#: kind -> setting -> its default, range and meaning.
KINDS: Final[dict[str, dict[str, Setting]]] = {
    "powerlaw_cluster": {
        "mean_degree": _MEAN_DEGREE,
        "triangle_share": Setting(0.3, 0.0, 1.0, "share of ties made with a friend of the friend just made"),
    },
    "small_world": {
        "mean_degree": _MEAN_DEGREE,
        "rewire": Setting(0.1, 0.0, 1.0, "share of ties that lead to anybody instead of a neighbour on the ring"),
    },
    "random": {"mean_degree": _MEAN_DEGREE},
    "community": {
        "mean_degree": _MEAN_DEGREE,
        "n_communities": Setting(None, 1, MAX_ID, "equal runs of consecutive ids; null: one per 100 people"),
        "share_inside": Setting(0.8, 0.0, 1.0, "share of ties within the own community"),
        "exponent": Setting(3.0, 2.1, 100.0, "tail of the degrees; null: everybody alike"),
    },
    "configuration": {
        "exponent": Setting(2.5, 0.0, 100.0, "a person has k friends with probability proportional to k^-exponent"),
        "min_degree": Setting(3, 0, 1e6, "fewest friends"),
        "max_degree": Setting(300, 0, 1e6, "most friends"),
    },
    "none": {},
}

_WHOLE: Final = frozenset({"n_communities", "min_degree", "max_degree"})


# --- luck ----------------------------------------------------------------------------------------

# What an item of the purpose GRAPH is about (its high word; the low word counts attempts).
_PLACE: Final = 1
_COUNT: Final = 2
_LINK: Final = 3
_TRIAD: Final = 4
_WEIGHT: Final = 5
_COIN: Final = 6
_SHUFFLE: Final = 7
_PROBE: Final = 8
_EDGE: Final = 1 << 10  # and beyond: one number per tie that a person starts


@rule
def _luck(seed: int, person: int, about: int, attempt: int) -> tuple[int, int, int, int]:
    """Draw four words for a person, counted in the order of ids."""
    return block(seed, GRAPH, 0, person, pair(about, attempt))


@rule
def _fine(w0: int, w1: int) -> float:
    """53 random bits as a number in (0, 1)."""
    return (((w0 << 20) | (w1 >> 12)) + 0.5) * 2.0**-52


@rule
def _index(w0: int, w1: int, n: int) -> int:
    """A whole number below n."""
    return min(int(_fine(w0, w1) * n), n - 1)


# --- generators: each fills ties (source, target), people counted in the order of ids --------------


@kernel
def _places(n: int, seed: int, keys: Ints) -> None:
    for i in range(n):
        w0, w1, _, _ = _luck(seed, i, _PLACE, 0)
        keys[i] = (w0 << 31) | (w1 >> 1)


# A growing list of friends, four numbers in one place because memory is what growing a graph waits for:
_START, _ROOM, _DEGREE, _LINKED = range(4)  # where it starts, its room, its length, who last linked to her


@part
def _befriend(pool: Rows, used: int, lists: Ints, person: int, friend: int) -> tuple[Rows, int]:
    """Append a friend to a person's list, moving the list to the end of the pool when it is full."""
    k = lists[person, _DEGREE]
    if k == lists[person, _ROOM]:
        larger = max(2 * k, 4)
        if used + larger > pool.shape[0]:
            more = np.empty(used + larger + pool.shape[0] // 2, np.int32)
            more[:used] = pool[:used]
            pool = more
        old = lists[person, _START]
        for j in range(k):
            pool[used + j] = pool[old + j]
        lists[person, _START] = used
        lists[person, _ROOM] = larger
        used += larger
    pool[lists[person, _START] + k] = friend
    lists[person, _DEGREE] = k + 1
    return pool, used


@kernel
def _grow(n: int, m: float, triangle_share: float, seed: int, source: Rows, target: Rows) -> int:
    """Holme & Kim 2002: newcomers link to well-connected people, then to friends of the friend just made.

    Starts from nothing: the first newcomers link to everybody there is. A broken `m` is a coin for one more tie.
    """
    whole = int(m)
    pool = np.empty(max(8, int(4.5 * m * n)), np.int32)
    used = 0
    lists = np.zeros((n, 4), np.int64)
    lists[:, _LINKED] = -1
    n_ties = 0
    for v in range(n):
        n_new = whole
        if m > whole and unit(_luck(seed, v, _COUNT, 0)[0]) < m - whole:
            n_new += 1
        n_new = min(n_new, v)
        before = n_ties  # a newcomer's own ties do not attract her
        loose = v if m < 1.0 else 0  # below one tie each, people without ties must stay reachable
        anchor = -1
        attempt = 0
        for step in range(n_new):
            w0, w1, w2, _ = _luck(seed, v, _LINK, attempt)
            attempt += 1
            pick = -1
            if n_new == v:
                pick = step
            elif anchor >= 0 and unit(w2) < triangle_share:
                k = lists[anchor, _DEGREE]
                first = lists[anchor, _START]
                for again in range(8):
                    t0, t1, _, _ = _luck(seed, v, _TRIAD, 16 * step + again)
                    friend = pool[first + _index(t0, t1, k)]
                    if friend != v and lists[friend, _LINKED] != v:
                        pick = friend
                        break
                if pick < 0:  # few or none left: list them
                    n_left = 0
                    for j in range(k):
                        friend = pool[first + j]
                        n_left += friend != v and lists[friend, _LINKED] != v
                    if n_left > 0:
                        t0, t1, _, _ = _luck(seed, v, _TRIAD, 16 * step + 8)
                        left = _index(t0, t1, n_left)
                        for j in range(k):
                            friend = pool[first + j]
                            if friend != v and lists[friend, _LINKED] != v:
                                if left == 0:
                                    pick = friend
                                    break
                                left -= 1
            if pick < 0:
                while True:
                    r = _index(w0, w1, 2 * before + loose)
                    if r < before:
                        pick = source[r]
                    elif r < 2 * before:
                        pick = target[r - before]
                    else:
                        pick = r - 2 * before
                    if lists[pick, _LINKED] != v:
                        break
                    w0, w1, _, _ = _luck(seed, v, _LINK, attempt)
                    attempt += 1
                anchor = pick
            lists[pick, _LINKED] = v
            source[n_ties] = v
            target[n_ties] = pick
            n_ties += 1
            pool, used = _befriend(pool, used, lists, v, pick)
            pool, used = _befriend(pool, used, lists, pick, v)
    return n_ties


@rule
def _insert(table: Ints, mask: int, key: int) -> bool:
    """Put a key into an open hash table of int64, empty = -1; False if it was there."""
    h = (key & 0x7FFFFFFF) * 0x1E3779B1 + (key >> 31) * 0x05EBCA6B  # below 2^63: plain Python agrees
    slot = (h ^ (h >> 31)) & mask
    while table[slot] != -1:
        if table[slot] == key:
            return False
        slot = (slot + 1) & mask
    table[slot] = key
    return True


@rule
def _tie_key(a: int, b: int, n: int) -> int:
    return int(min(a, b)) * n + max(a, b)


@kernel
def _ring(n: int, half: float, rewire: float, seed: int, table: Ints, source: Rows, target: Rows) -> int:
    """Watts & Strogatz 1998: neighbours on a ring, a share of the ties rewired to anybody.

    Ties to rewire are chosen first and placed after all that stay, so a share of 1 is a plain random graph.
    """
    whole = int(half)
    mask = table.shape[0] - 1
    degree = np.zeros(n, np.int32)
    moved = np.empty(source.shape[0], np.int64)
    n_ties = n_moved = 0
    for v in range(n):
        n_right = whole
        if half > whole and unit(_luck(seed, v, _COUNT, 0)[0]) < half - whole:
            n_right += 1
        for j in range(n_right):
            if rewire > 0.0 and unit(_luck(seed, v, _COIN, j)[0]) < rewire:
                moved[n_moved] = v * (whole + 1) + j
                n_moved += 1
                continue
            w = (v + 1 + j) % n
            if rewire == 0.0 or _insert(table, mask, _tie_key(v, w, n)):
                source[n_ties] = v
                target[n_ties] = w
                n_ties += 1
                degree[v] += 1
                degree[w] += 1
    for i in range(n_moved):
        v = moved[i] // (whole + 1)
        j = moved[i] % (whole + 1)
        attempt = 0
        while True:
            w0, w1, w2, w3 = _luck(seed, v, _EDGE + j, attempt)
            attempt += 1
            a = v if degree[v] < n - 1 else _index(w2, w3, n)  # who knows everybody passes the tie on
            b = _index(w0, w1, n)
            if a != b and _insert(table, mask, _tie_key(a, b, n)):
                break
        source[n_ties] = a
        target[n_ties] = b
        n_ties += 1
        degree[a] += 1
        degree[b] += 1
    return n_ties


@kernel
def _sprinkle(n: int, log_miss: float, seed: int, source: Rows, target: Rows) -> int:
    """Erdos-Renyi G(n, p), jumping from tie to tie (Batagelj & Brandes 2005); -1 if the arrays are too short."""
    n_ties = 0
    for v in range(1, n):
        at = -1
        attempt = 0
        while True:
            w0, w1, _, _ = _luck(seed, v, _LINK, attempt)
            attempt += 1
            jump = _log(_fine(w0, w1)) / log_miss
            if jump >= n:
                break
            at += 1 + int(jump)
            if at >= v:
                break
            if n_ties == source.shape[0]:
                return -1
            source[n_ties] = v
            target[n_ties] = at
            n_ties += 1
    return n_ties


@rule
def _poisson(mean: float, seed: int, person: int) -> int:
    """Poisson variate by inversion, in slices of mean 16 so that exp never underflows."""
    total = 0
    part = 0
    while mean > 0.0:
        slice_mean = min(mean, 16.0)
        mean -= slice_mean
        w0, w1, _, _ = _luck(seed, person, _COUNT, part)
        part += 1
        u = _fine(w0, w1)
        p = exp(-slice_mean)
        k = 0
        while u > p and k < 200:
            u -= p
            k += 1
            p *= slice_mean / k
        total += k
    return total


@kernel
def _sociable(n: int, exponent: float, most: float, seed: int, weight: Floats) -> None:
    """How much more than others a person is linked: Pareto, cut at `most`, mean about 1."""
    for v in range(n):
        weight[v] = 1.0
        if exponent > 0.0:
            w0, w1, _, _ = _luck(seed, v, _WEIGHT, 0)
            share = (exponent - 2.0) / (exponent - 1.0)
            weight[v] = min(share * power(_fine(w0, w1), -1.0 / (exponent - 1.0)), most)


@rule
def _find(cum: Floats, value: float, low: int, high: int) -> int:
    """The i in [low, high) with cum[i] <= value < cum[i + 1]."""
    while high - low > 1:
        middle = (low + high) >> 1
        if cum[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@kernel
def _communities(
    n: int,
    n_groups: int,
    half: float,
    share_inside: float,
    cum: Floats,
    seed: int,
    table: Ints,
    source: Rows,
    target: Rows,
) -> int:
    """Degree-corrected stochastic block model (Karrer & Newman 2011); -1 if the arrays are too short.

    A person starts Poisson(half * weight) ties; the other end is drawn by weight, inside her community or outside.
    """
    mask = table.shape[0] - 1
    total = cum[n]
    scale = n / total
    n_ties = 0
    for g in range(n_groups):
        low = g * n // n_groups
        high = (g + 1) * n // n_groups
        own = cum[high] - cum[low]
        for v in range(low, high):
            for j in range(_poisson(half * scale * (cum[v + 1] - cum[v]), seed, v)):
                for attempt in range(64):  # a full community gives up the tie
                    w0, w1, _, _ = _luck(seed, v, _EDGE + j, attempt)
                    u = _fine(w0, w1)
                    if n_groups == 1 or unit(_luck(seed, v, _COIN, j)[0]) < share_inside:
                        w = _find(cum, cum[low] + u * own, low, high)
                    else:
                        r = u * (total - own)
                        w = _find(cum, r, 0, low) if r < cum[low] else _find(cum, r + own, high, n)
                    if w != v and _insert(table, mask, _tie_key(v, w, n)):
                        if n_ties == source.shape[0]:
                            return -1
                        source[n_ties] = v
                        target[n_ties] = w
                        n_ties += 1
                        break
    return n_ties


@kernel
def _degrees(n: int, low: int, cum: Floats, seed: int, degree: Ints) -> int:
    total = 0
    for v in range(n):
        w0, w1, _, _ = _luck(seed, v, _COUNT, 0)
        degree[v] = low + _find(cum, _fine(w0, w1) * cum[-1], 0, cum.shape[0] - 1)
        total += degree[v]
    return total


@kernel
def _match(degree: Ints, seed: int, stubs: Rows) -> None:
    """Shuffle half-ties (Fisher-Yates): 2i and 2i + 1 belong together."""
    k = 0
    for v in range(degree.shape[0]):
        for _ in range(degree[v]):
            stubs[k] = v
            k += 1
    for i in range(k - 1, 0, -1):
        w0, w1, _, _ = _luck(seed, i, _SHUFFLE, 0)
        j = _index(w0, w1, i + 1)
        stubs[i], stubs[j] = stubs[j], stubs[i]


@kernel
def _everybody(n: int, source: Rows, target: Rows) -> None:
    k = 0
    for v in range(n):
        for w in range(v):
            source[k] = v
            target[k] = w
            k += 1


def _table(n_ties: int) -> Ints:
    return np.full(1 << max(4, math.ceil(math.log2(2.5 * n_ties + 1))), -1, np.int64)


def _check_size(n_ties: float, kind: str) -> None:
    if 2 * n_ties > MAX_TIES:
        raise InputError(
            f"a {kind} graph of about {n_ties:,.0f} ties is too large",
            path="graph",
            found=round(n_ties),
            allowed=f"at most {MAX_TIES // 2:,}",
            hint="Lower mean_degree or the number of people.",
        )


def _draw_ties(kind: str, n: int, seed: int, spec: dict[str, float | None]) -> tuple[Rows, Rows]:
    """Ties between people 0..n-1, counted in the order of ids."""
    nobody = np.empty(0, np.int32), np.empty(0, np.int32)
    if kind == "none" or n < 2:
        return nobody
    if kind == "configuration":
        return _draw_configuration(n, seed, spec)
    mean_degree = float(spec["mean_degree"] or 0.0)
    if mean_degree == 0.0:
        return nobody
    if mean_degree >= n - 1:  # more friends than there are people: everybody knows everybody
        mean_degree = float(n - 1)
        _check_size(n * mean_degree / 2, kind)
        source, target = np.empty(n * (n - 1) // 2, np.int32), np.empty(n * (n - 1) // 2, np.int32)
        _everybody(n, source, target)
        return source, target
    half = mean_degree / 2.0
    _check_size(n * half, kind)
    room = n * math.ceil(half)
    if kind in ("random", "community"):  # the number of ties is drawn too
        room = int(n * half + 8.0 * math.sqrt(n * half) + 64.0)
    while True:
        source, target = np.empty(room, np.int32), np.empty(room, np.int32)
        if kind == "powerlaw_cluster":
            n_ties = _grow(n, half, float(spec["triangle_share"] or 0.0), seed, source, target)
            # Early comers are hubs. Who came early is luck, not the id: ids may mean something to the user.
            keys = np.empty(n, np.int64)
            _places(n, seed, keys)
            person = np.argsort(keys, kind="stable").astype(np.int32)
            return person[source[:n_ties]], person[target[:n_ties]]
        if kind == "small_world":
            rewire = float(spec["rewire"] or 0.0)
            n_ties = _ring(n, half, rewire, seed, _table(room if rewire > 0.0 else 1), source, target)
        elif kind == "random":
            n_ties = _sprinkle(n, _log(1.0 - mean_degree / (n - 1)), seed, source, target)
        else:
            n_ties = _draw_communities(n, half, seed, spec, source, target)
        if n_ties >= 0:
            return source[:n_ties], target[:n_ties]
        room *= 2


def _draw_communities(n: int, half: float, seed: int, spec: dict[str, float | None], source: Rows, target: Rows) -> int:
    share = float(spec["share_inside"] or 0.0)
    n_groups = int(spec["n_communities"] or max(1, round(n / 100)))
    size = n // n_groups
    inside = 2.0 * half * (share if n_groups > 1 else 1.0)
    if inside > size - 1 and inside > 0.0:
        fit = max(1, int(n // (inside + 1)))
        raise InputError(
            f"communities of {size} people cannot hold {inside:g} ties a person inside",
            path="graph.n_communities",
            found=n_groups,
            allowed=f"at most {fit} for {n} people",
            hint="Use fewer communities, or lower mean_degree or share_inside.",
        )
    if n_groups > 1 and 2.0 * half - inside > n - size - 1:
        raise InputError(
            f"{n - size} people outside a community cannot take {2.0 * half - inside:g} ties of each person",
            path="graph.share_inside",
            found=share,
            hint="Raise share_inside or lower mean_degree.",
        )
    weight = np.empty(n, np.float64)
    # A hub must find room in her community, so weights are cut where she would know half of it.
    most = max(1.0, min(30.0, (size - 1) / (2.0 * inside) if inside > 0.0 else 30.0))
    _sociable(n, float(spec["exponent"] or 0.0), most, seed, weight)
    cum = np.zeros(n + 1, np.float64)
    np.cumsum(weight, out=cum[1:])
    return _communities(n, n_groups, half, share, cum, seed, _table(source.shape[0]), source, target)


def _draw_configuration(n: int, seed: int, spec: dict[str, float | None]) -> tuple[Rows, Rows]:
    """Configuration model, erased: what would be a self-loop or a repeated tie is dropped later."""
    low, high = int(spec["min_degree"] or 0), int(spec["max_degree"] or 0)
    if low > high:
        raise InputError(
            "the fewest friends are more than the most friends",
            path="graph.min_degree",
            found=low,
            allowed=f"at most max_degree = {high}",
        )
    low, high = min(low, n - 1), min(high, n - 1)
    exponent = float(spec["exponent"] or 0.0)
    cum = np.zeros(high - low + 2, np.float64)
    for k in range(low, high + 1):
        cum[k - low + 1] = cum[k - low] + power(float(max(k, 1)), -exponent)
    degree = np.empty(n, np.int64)
    total = _degrees(n, low, cum, seed, degree)
    _check_size(total / 2, "configuration")
    stubs = np.empty(total, np.int32)
    _match(degree, seed, stubs)
    return stubs[: total - 1 : 2].copy(), stubs[1::2].copy()


# --- from ties to rows ---------------------------------------------------------------------------


@kernel
def _rows(
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
    for u in range(n):
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
        for i in range(indptr[u], indptr[u + 1]):
            v = friends[i]
            if mine[u] < up_at[u + 1] and up[mine[u]] == v:
                while friends[theirs[v]] < u:
                    theirs[v] += 1
                result[i] = common[mine[u]]
                result[theirs[v]] = common[mine[u]]
                theirs[v] += 1
                mine[u] += 1
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


@kernel
def _place(row_of: Ints, indptr: Ints, audience: Rows, strength: Strengths) -> tuple[Ints, Rows, Strengths]:
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
def _unfold(indptr: Ints, out: Rows) -> None:
    for v in range(indptr.shape[0] - 1):
        for k in range(indptr[v], indptr[v + 1]):
            out[k] = v


# --- measures ------------------------------------------------------------------------------------


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
        w0, w1, _, _ = _luck(0, ids[i], _PROBE, 0)
        keys[i] = (w0 << 31) | (w1 >> 1)


# --- the graph -----------------------------------------------------------------------------------


def _as_ids(values: ArrayLike, what: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{what} must be a list of whole numbers, not of {array.dtype} in {array.ndim} dimensions")
    if array.size and (array.min() < 0 or array.max() > MAX_ID):
        bad = array[(array < 0) | (array > MAX_ID)][0]
        raise InputError(f"{what} hold an id that is out of range", found=int(bad), allowed=f"0 to {MAX_ID}")
    return array.astype(np.int64)


def _population_ids(ids: ArrayLike) -> tuple[Ints, Ints]:
    """The ids as given, and the rows in the order of ids."""
    array = _as_ids(ids, "ids")
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


def _find_people(sorted_ids: Ints, wanted: Ints) -> tuple[Rows, int]:
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


def _unique(values: Ints) -> Ints:
    top = int(values.max())
    if top < 8 * values.size + 1024:
        present = np.zeros(top + 1, np.bool_)
        present[values] = True
        return np.flatnonzero(present).astype(np.int64)
    return np.unique(values)


def _as_strengths(weight: ArrayLike, n: int) -> tuple[Strengths, list[str]]:
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
        notes.append(f"capped {_count(n_capped, 'tie strength')} at {STRENGTH_CAP:g}")
    stored = np.floor(np.minimum(values, STRENGTH_CAP) * STRENGTH_UNIT + 0.5).astype(np.uint16)
    mean = float(values.mean()) if n else 1.0
    if not 0.2 <= mean <= 5.0:
        notes.append(f"tie strengths average {mean:.3g}; the model is made for an average near 1, consider rescaling")
    return stored, notes


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


@dataclass(frozen=True, eq=False)
class SocialGraph:
    """Who hears whom, one row per person; `audience[indptr[i]:indptr[i + 1]]` are the rows of who hear row i.

    Tie strengths come from the data, or else from the ties around: a tie is *embedded*, hence
    strong (1.5), when the two have a friend in common and common friends make up at least a quarter
    of the friends of the less connected of the two (without counting each other); any other tie is
    weak (0.85). This looks at the two people only, never at the rest of the sample, and counts
    friends whatever the direction. On the default graph the mean strength is close to 1.
    """

    ids: Ints  #: shopper ids, any order; a row is a position here
    indptr: Ints  #: where each row's list starts in `audience`
    audience: Rows  #: rows of the people who hear row i, in the order of their ids
    strength: Strengths  #: tie strength in 1/1024, one per entry of `audience`
    n_heard: Rows  #: how many people row i hears (undirected: her friends)
    mean_degree: float  #: mean audience of the people with a tie at all: people without change nothing
    is_directed: bool
    notes: tuple[str, ...] = field(default=())  #: what was dropped or capped on the way in

    @classmethod
    def draw(cls, kind: str, ids: ArrayLike, seed: int, **spec: float | None) -> SocialGraph:
        """Draw a graph of one of the `KINDS` over people with these ids; a pure function of seed and set of ids.

        Where a setting asks for more friends than there are people, everybody knows everybody.
        In `small_world` and `community` neighbours on the ring and communities follow the order of ids.
        """
        settings = check_spec(kind, spec)
        array, order = _population_ids(ids)
        source, target = _draw_ties(kind, array.size, int(seed), settings)
        graph = cls._build(array, order, target, source, None, False)
        if kind == "configuration" and graph.notes:  # an artefact of drawing, nothing the user gave
            object.__setattr__(graph, "notes", ())
        return graph

    @classmethod
    def from_edges(
        cls,
        source: ArrayLike,
        target: ArrayLike,
        weight: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        directed: bool = False,
    ) -> SocialGraph:
        """Build from ties between ids; directed: source hears target.

        `ids` are all people, with or without ties (default: the ids that occur). Self-loops are dropped; of
        repeated ties the strongest counts. Both are told in `notes`.
        """
        a, b = _as_ids(source, "source"), _as_ids(target, "target")
        if a.size != b.size:
            raise InputError(f"source and target differ in length: {a.size} and {b.size}")
        graph, unknown = cls._from_checked(a, b, weight, ids, directed)
        if graph is None:
            raise InputError(
                f"tie number {unknown % a.size} names a person who is not in the population",
                found=int(a[unknown]) if unknown < a.size else int(b[unknown - a.size]),
                hint="Add the person, or leave out ids to take everybody who has a tie.",
            )
        return graph

    @classmethod
    def _from_checked(
        cls, source: Ints, target: Ints, weight: ArrayLike | None, ids: ArrayLike | None, directed: bool
    ) -> tuple[SocialGraph | None, int]:
        """The graph, or None and where the first unknown id is in source followed by target."""
        if ids is None:
            if source.size == 0:
                raise InputError("a graph without ties needs ids", path="graph", hint="Give the ids of the people.")
            ids = np.union1d(_unique(source), _unique(target))
        array, order = _population_ids(ids)
        in_order = array[order]
        a, bad_a = _find_people(in_order, source)
        b, bad_b = _find_people(in_order, target)
        if bad_a >= 0 or bad_b >= 0:
            # The earlier line of the two, so that the message names the first bad one.
            first_is_source = bad_b < 0 or 0 <= bad_a <= bad_b
            return None, bad_a if first_is_source else source.size + bad_b
        return cls._build(array, order, b, a, weight, directed), -1

    @classmethod
    def _build(
        cls, ids: Ints, order: Ints, speaker: Rows, hearer: Rows, weight: ArrayLike | None, directed: bool
    ) -> SocialGraph:
        n = ids.size
        notes: list[str] = []
        stored = np.empty(0, np.uint16)
        if weight is not None:
            stored, notes = _as_strengths(weight, speaker.size)
        indptr, audience, strength, n_loops, n_repeats = _rows(n, speaker, hearer, stored, weight is not None, directed)
        dropped = [_count(k, what) for k, what in ((n_loops, "self-loop"), (n_repeats, "repeated edge")) if k]
        if dropped:
            notes.insert(0, "dropped " + ", ".join(dropped))
        if weight is None:
            _fill_strengths(indptr, audience, strength, directed)
        if np.any(order[1:] < order[:-1]):
            indptr, audience, strength = _place(order, indptr, audience, strength)
        n_heard = np.bincount(audience, minlength=n).astype(np.int32)
        n_linked = int(np.count_nonzero((n_heard > 0) | (np.diff(indptr) > 0)))
        mean_degree = audience.size / n_linked if n_linked else 0.0
        return cls(ids, indptr, audience, strength, n_heard, mean_degree, directed, tuple(notes))

    @classmethod
    def from_networkx(
        cls, G: nx.Graph[Any], ids: ArrayLike | None = None, weight: str | None = "weight"
    ) -> SocialGraph:
        """Build from a networkx graph whose nodes are ids; in a DiGraph an edge u -> v means u hears v.

        Edge data named `weight` is tie strength if every edge has it, and ignored if none has.
        """
        nodes = list(G.nodes)
        odd = [node for node in nodes if isinstance(node, bool) or not isinstance(node, (int, np.integer))]
        if odd:
            raise InputError(
                "nodes of the graph must be whole numbers",
                found=odd[0],
                hint="networkx.convert_node_labels_to_integers(G) numbers them.",
            )
        edges = list(G.edges(data=weight if weight is not None else False))
        values: list[float] | None = None
        if weight is not None and edges:
            n_weighted = sum(edge[2] is not None for edge in edges)
            if n_weighted not in (0, len(edges)):
                raise InputError(
                    f"only {n_weighted} of {len(edges)} edges have a {weight!r}",
                    hint="Give all of them one, or pass weight=None.",
                )
            values = [edge[2] for edge in edges] if n_weighted else None
        return cls.from_edges(
            np.array([edge[0] for edge in edges], np.int64),
            np.array([edge[1] for edge in edges], np.int64),
            values,
            sorted(nodes) if ids is None else ids,
            G.is_directed(),
        )

    def to_networkx(self) -> nx.Graph[Any]:
        """The same as networkx Graph or DiGraph (an edge u -> v: u hears v), strengths as edge data `weight`."""
        import networkx

        graph: nx.Graph[Any] = networkx.DiGraph() if self.is_directed else networkx.Graph()
        graph.add_nodes_from(self.ids.tolist())
        speaker, hearer = self._entries()
        weights = (self.strength / STRENGTH_UNIT).tolist()
        graph.add_weighted_edges_from(zip(self.ids[hearer].tolist(), self.ids[speaker].tolist(), weights, strict=True))
        return graph

    def _entries(self) -> tuple[Rows, Rows]:
        """Row of the speaker and row of the hearer of every entry."""
        speaker = np.empty(self.audience.size, np.int32)
        _unfold(self.indptr, speaker)
        return speaker, self.audience

    @property
    def n(self) -> int:
        """Number of people."""
        return int(self.ids.size)

    @property
    def n_ties(self) -> int:
        """Number of ties; in an undirected graph a friendship counts once."""
        return self.audience.size if self.is_directed else self.audience.size // 2

    @property
    def degree(self) -> Rows:
        """Size of everybody's audience (undirected: number of friends)."""
        return np.diff(self.indptr).astype(np.int32)

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self.ids, kind="stable")

    def row(self, agent_id: int) -> int:
        """The row of a person."""
        at = int(np.searchsorted(self.ids, agent_id, sorter=self._order))
        if at == self.n or self.ids[self._order[at]] != agent_id:
            raise InputError("there is no person with this id", found=agent_id)
        return int(self._order[at])

    def friends(self, agent_id: int) -> Ints:
        """Ids of the people who hear this person (undirected: her friends), sorted."""
        row = self.row(agent_id)
        return self.ids[self.audience[self.indptr[row] : self.indptr[row + 1]]]

    def _undirected(self) -> tuple[Ints, Rows]:
        """Lists of friends whatever the direction, by row."""
        if not self.is_directed:
            return self.indptr, self.audience
        speaker, hearer = self._entries()
        indptr, friends, _, _, _ = _rows(self.n, speaker, hearer, self.strength, False, False)
        return indptr, friends

    def core_numbers(self) -> Rows:
        """The largest k such that the person is in a group where everybody has k friends (whatever the direction)."""
        indptr, friends = self._undirected()
        core = np.zeros(self.n, np.int32)
        _cores(indptr, friends, core)
        return core

    def summary(self) -> dict[str, float]:
        """Describe the graph: size, degrees, clustering, share of people with fewer friends than their friends.

        `mean_degree` is over people with ties, `degree_variance_over_mean` over everybody. Clustering
        is the mean over everybody of the share of pairs of friends who are friends; `share_paradox` the
        share, of people with ties, who have fewer than the median of their friends. Above 20,000 people
        both look at 20,000, chosen by id. Directions do not matter for the last three.
        """
        indptr, friends = self._undirected()
        rows = np.arange(self.n)
        if self.n > _SAMPLE:
            keys = np.empty(self.n, np.int64)
            _probe_keys(self.ids, keys)
            rows = np.sort(np.argsort(keys, kind="stable")[:_SAMPLE])
        clustering, median = np.empty(rows.size, np.float64), np.empty(rows.size, np.float64)
        _look_around(indptr, friends, rows, clustering, median)
        degree = np.diff(indptr)
        linked = median >= 0.0
        mean = float(degree.mean())
        return {
            "n": self.n,
            "n_edges": self.n_ties,
            "mean_degree": self.mean_degree,
            "share_isolated": float(np.mean(degree == 0)),
            "clustering": float(clustering.mean()),
            "degree_variance_over_mean": float(degree.var()) / mean if mean else 0.0,
            "share_paradox": float(np.mean(degree[rows][linked] < median[linked])) if linked.any() else 0.0,
            "mean_strength": float(self.strength.mean()) / STRENGTH_UNIT if self.strength.size else 0.0,
        }


def _fill_strengths(indptr: Ints, audience: Rows, strength: Strengths, directed: bool) -> None:
    """Strong where embedded, else weak (see `SocialGraph`); people counted in the order of ids."""
    strong, weak = round(STRONG * STRENGTH_UNIT), round(WEAK * STRENGTH_UNIT)
    if not directed:
        _embed(indptr, audience, _common_friends(indptr, audience), EMBEDDED_SHARE, strong, weak, strength)
        return
    speaker = np.empty(audience.size, np.int32)
    _unfold(indptr, speaker)
    both_indptr, both, values, _, _ = _rows(indptr.size - 1, speaker, audience, strength, False, False)
    _embed(both_indptr, both, _common_friends(both_indptr, both), EMBEDDED_SHARE, strong, weak, values)
    _pick_out(indptr, audience, both_indptr, both, values, strength)


def check_spec(kind: str, spec: dict[str, float | None]) -> dict[str, float | None]:
    """Check the settings of a generator and fill in the defaults."""
    if kind not in KINDS:
        allowed = ", ".join(KINDS)
        raise InputError(
            "unknown kind of graph", path="graph.kind", found=kind, allowed=allowed, hint=did_you_mean(kind, KINDS)
        )
    settings = KINDS[kind]
    for name, value in spec.items():
        path = f"graph.{name}"
        if name not in settings:
            raise InputError(
                f"a {kind} graph has no such setting",
                path=path,
                allowed=", ".join(settings) or "no settings",
                hint=did_you_mean(name, settings),
            )
        if value is None and kind == "community" and name in ("exponent", "n_communities"):
            continue
        setting = settings[name]
        allowed = f"{setting.low:g} to {setting.high:g}"
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise InputError("not a number", path=path, found=repr(value), allowed=allowed)
        if not setting.low <= value <= setting.high:  # also refuses NaN
            raise InputError("out of range", path=path, found=value, allowed=allowed)
        if name in _WHOLE and value != int(value):
            raise InputError("not a whole number", path=path, found=value, allowed=allowed)
    return {name: spec.get(name, setting.default) for name, setting in settings.items()}


# --- edge files ----------------------------------------------------------------------------------

_OK, _BAD_ID, _BAD_WEIGHT, _BAD_COLUMNS = range(4)
_POWERS_OF_TEN: Final = np.array([float(f"1e{k}") for k in range(23)])  # all exact


@rule
def _is_blank(c: int, separator: int) -> bool:
    return c == 32 or c == 13 or (c == 9 and separator != 9)


@rule
def _whole(buffer: Bytes, low: int, high: int) -> int:
    """Digits as an id, or -1."""
    if low == high or high - low > 10:
        return -1
    value = 0
    for i in range(low, high):
        digit = int(buffer[i]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value if value <= 2147483647 else -1


@rule
def _decimal(buffer: Bytes, low: int, high: int) -> float:
    """A decimal number of at least 0, or -1; exact to 15 digits, which is far finer than a strength is kept."""
    i = low
    negative = False
    if i < high and (buffer[i] == 43 or buffer[i] == 45):
        negative = buffer[i] == 45
        i += 1
    mantissa = 0
    shift = 0
    n_digits = 0
    after_point = False
    while i < high:
        c = int(buffer[i])
        if 48 <= c <= 57:
            n_digits += 1
            if mantissa < 100000000000000000:
                mantissa = mantissa * 10 + (c - 48)
                shift -= after_point
            else:
                shift += not after_point
        elif c == 46 and not after_point:
            after_point = True
        else:
            break
        i += 1
    if n_digits == 0:
        return -1.0
    if i < high:
        if buffer[i] != 101 and buffer[i] != 69:
            return -1.0
        i += 1
        sign = 1
        if i < high and (buffer[i] == 43 or buffer[i] == 45):
            sign = -1 if buffer[i] == 45 else 1
            i += 1
        if i == high:
            return -1.0
        exponent = 0
        while i < high:
            digit = int(buffer[i]) - 48
            if digit < 0 or digit > 9:
                return -1.0
            exponent = min(exponent * 10 + digit, 1000)
            i += 1
        shift += sign * exponent
    if mantissa == 0:
        return 0.0
    if negative or shift > 308:
        return -1.0
    value = float(mantissa)
    while shift > 0:
        step = min(shift, 22)
        value *= _POWERS_OF_TEN[step]
        shift -= step
    while shift < 0 and value > 0.0:
        step = min(-shift, 22)
        value /= _POWERS_OF_TEN[step]
        shift += step
    return value if value <= 1.7976931348623157e308 else -1.0


@kernel
def _parse(
    buffer: Bytes,
    start: int,
    line: int,
    separator: int,
    n_columns: int,
    columns: tuple[int, int, int],
    most: int,
    source: Ints,
    target: Ints,
    weight: Floats,
) -> tuple[int, int, int, int, int, int, int]:
    """Read `most` lines of ties at most; separator 0 is any run of blanks.

    Returns what went wrong, how many ties were read, the line, the cell (from, to, column) and the columns found.
    """
    n = buffer.shape[0]
    at = start
    k = 0
    while at < n and k < most:
        end = at
        while end < n and buffer[end] != 10:
            end += 1
        low, high = at, end
        at = end + 1
        while high > low and _is_blank(buffer[high - 1], separator):
            high -= 1
        while low < high and _is_blank(buffer[low], separator):
            low += 1
        if low == high or buffer[low] == 35:
            line += 1
            continue
        column = 0
        p = low
        while True:
            q = p
            if separator == 0:
                while q < high and buffer[q] != 32 and buffer[q] != 9:
                    q += 1
            else:
                while q < high and buffer[q] != separator:
                    q += 1
            a, b = p, q
            while b > a and buffer[b - 1] == 32:
                b -= 1
            while a < b and buffer[a] == 32:
                a += 1
            if b - a >= 2 and buffer[a] == 34 and buffer[b - 1] == 34:
                a += 1
                b -= 1
            if column == columns[0] or column == columns[1]:
                person = _whole(buffer, a, b)
                if person < 0:
                    return _BAD_ID, k, line, a, b, column, 0
                if column == columns[0]:
                    source[k] = person
                else:
                    target[k] = person
            elif column == columns[2]:
                value = _decimal(buffer, a, b)
                if value < 0.0:
                    return _BAD_WEIGHT, k, line, a, b, column, 0
                weight[k] = value
            column += 1
            if q >= high:
                break
            p = q + 1
            if separator == 0:
                while buffer[p] == 32 or buffer[p] == 9:
                    p += 1
        if column != n_columns:
            return _BAD_COLUMNS, k, line, low, high, 0, column
        k += 1
        line += 1
    return _OK, k, line - 1, 0, 0, 0, 0


class _Layout(NamedTuple):
    """How an edge file is laid out: where its first tie is and which columns mean what."""

    start: int
    line: int
    separator: int
    n_columns: int
    columns: tuple[int, int, int]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EdgeList:
    """Ties as a file gives them; `graph` makes a SocialGraph of them."""

    source: Ints
    target: Ints
    weight: Floats | None
    directed: bool
    file: Path
    layout: _Layout
    notes: tuple[str, ...] = ()

    @cached_property
    def ids(self) -> Ints:
        """Everybody who has a tie, sorted."""
        return np.union1d(_unique(self.source), _unique(self.target))

    def graph(self, ids: ArrayLike | None = None) -> SocialGraph:
        """The graph over these people (default: everybody who has a tie)."""
        people = self.ids if ids is None else ids
        graph, unknown = SocialGraph._from_checked(self.source, self.target, self.weight, people, self.directed)
        if graph is None:
            k = unknown % self.source.size
            raise InputError(
                "a tie names a person who is not in the population",
                file=str(self.file),
                line=_line_of(self.file, self.layout, k),
                found=int(self.source[k] if unknown < self.source.size else self.target[k]),
                hint="Add the person, or leave out population.size to take everybody who has a tie.",
            )
        object.__setattr__(graph, "notes", self.notes + graph.notes)
        return graph


def read_edges(
    path: str | Path,
    *,
    directed: bool = False,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
) -> EdgeList:
    """Read ties from text: one a line, cells parted by commas, semicolons, tabs or blanks; .gz accepted.

    Columns are found by the names source, target and weight (or the names given here). Without such
    names, or without a header, the first two columns are taken, and a third as tie strength if it
    holds numbers. Lines that start with # are comments. Directed: source hears target.
    """
    file = Path(path)
    text = _read_bytes(file)
    layout, notes = _find_layout(file, text, source, target, weight)
    buffer = np.frombuffer(text, np.uint8)
    most = text.count(b"\n", layout.start) + 1
    a, b = np.empty(most, np.int64), np.empty(most, np.int64)
    c = np.empty(most if layout.columns[2] >= 0 else 0, np.float64)
    wrong, k, line, low, high, column, n_columns = _parse(
        buffer, layout.start, layout.line, layout.separator, layout.n_columns, layout.columns, most, a, b, c
    )
    if wrong == _BAD_COLUMNS:
        raise InputError(
            "the number of columns changes",
            file=str(file),
            line=line,
            found=n_columns,
            allowed=f"{layout.n_columns}, as in the first line",
        )
    if wrong != _OK:
        raise _bad_cell(file, line, layout.names[column], text[low:high].decode("utf-8", "replace"), wrong == _BAD_ID)
    if k == 0:
        raise InputError("the file has no ties", file=str(file), hint="A tie is a line with two ids: 17,42")
    return EdgeList(a[:k].copy(), b[:k].copy(), c[:k].copy() if c.size else None, directed, file, layout, tuple(notes))


def _read_bytes(file: Path) -> bytes:
    try:
        data = file.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise InputError("there is no such edge file", file=str(file), hint="Check the path.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError("the compressed file is damaged", file=str(file), hint="Try gzip -t on it.") from None
    except OSError as error:
        raise InputError(f"cannot read the edge file ({error.strerror})", file=str(file)) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError("the file is UTF-16 text", file=str(file), hint="Save it as UTF-8.")
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    if not data.strip():
        raise InputError("the edge file is empty", file=str(file), hint="A tie is a line with two ids: 17,42")
    return data


def _cells(line: str, separator: int) -> list[str]:
    cells = line.split(chr(separator)) if separator else line.split()
    return [cell.strip().removeprefix('"').removesuffix('"') for cell in cells]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _find_layout(
    file: Path, text: bytes, source: str | None, target: str | None, weight: str | None
) -> tuple[_Layout, list[str]]:
    """Look at the first lines: what parts the cells, is there a header, which columns are wanted."""
    rows: list[tuple[int, int, str]] = []  # where it starts, its number, the line; the first two that are no comments
    at, number = 0, 1
    while at < len(text) and len(rows) < 2:
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].decode("utf-8", "replace").strip(" \r")
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append((at, number, line))
        at, number = end + 1, number + 1
    if not rows:
        raise InputError("the file holds only comments", file=str(file), hint="A tie is a line with two ids: 17,42")
    first = rows[0][2]
    separator = next((ord(c) for c in ",;\t" if c in first), 0)
    cells = _cells(first, separator)
    n_columns = len(cells)
    if n_columns < 2:
        raise InputError(
            "a tie needs two columns",
            file=str(file),
            line=rows[0][1],
            found=first,
            hint="Part source and target by a comma, a tab or a blank.",
        )
    asked = [name for name in (source, target, weight) if name is not None]
    if any(_is_number(cell) for cell in cells[:2]):
        if asked:
            raise InputError(
                "columns are named, but the file has no header", file=str(file), line=rows[0][1], found=first
            )
        if n_columns > 3:
            raise InputError(
                f"{n_columns} columns and no header: which are source and target?",
                file=str(file),
                line=rows[0][1],
                found=first,
                allowed="2 or 3 columns without a header",
                hint="Add a line such as source,target,weight,... at the top.",
            )
        third = 2 if n_columns == 3 else -1
        return _Layout(rows[0][0], rows[0][1], separator, n_columns, (0, 1, third), ("source", "target", "weight")), []
    names = [cell.lower() for cell in cells]
    if len(rows) < 2:
        raise InputError("the file has a header but no ties", file=str(file), line=rows[0][1], found=first)
    start, line_number, second = rows[1]
    wanted = (source or "source").lower(), (target or "target").lower()
    notes: list[str] = []
    if asked or all(name in names for name in wanted):
        for name in (*wanted, *([weight.lower()] if weight else [])):
            if names.count(name) != 1:
                raise InputError(
                    "no such column" if name not in names else "a column appears twice",
                    file=str(file),
                    line=rows[0][1],
                    found=first,
                    allowed=f"a column named '{name}'",
                    hint=did_you_mean(name, names) if name not in names else None,
                )
        if wanted[0] == wanted[1]:
            raise InputError("source and target are the same column", file=str(file), found=wanted[0])
        strength = (weight or "weight").lower()
        third = names.index(strength) if strength in names else -1
        columns = names.index(wanted[0]), names.index(wanted[1]), third
    elif n_columns > 3:
        raise InputError(
            "which columns are source and target?",
            file=str(file),
            line=rows[0][1],
            found=first,
            allowed="columns named source and target",
            hint="Rename two columns, or name them (source=..., target=...).",
        )
    else:
        third = -1
        if n_columns == 3:
            values = _cells(second, separator)
            third = 2 if len(values) == 3 and _is_number(values[2]) else -1
            notes.append(f"column '{cells[2]}' is {'read as tie strength' if third == 2 else 'not used'}")
        columns = 0, 1, third
    return _Layout(start, line_number, separator, n_columns, columns, tuple(cells)), notes


def _bad_cell(file: Path, line: int, name: str, cell: str, is_id: bool) -> InputError:
    text = cell.strip()
    if is_id:
        allowed, hint = f"a whole number from 0 to {MAX_ID}", "Number the people 0, 1, 2, ..."
        problem = "an id is not a whole number"
        if not text:
            problem, hint = "an id is missing", "Fill the cell or delete the line."
        elif text.lstrip("+-").isdigit():
            problem = "an id is negative" if text[0] == "-" else "an id is too large"
    else:
        allowed, hint = "a finite number, 0 or more", "Correct the cell or delete the line."
        problem = "a weight is not a number"
        if not text:
            problem = "a weight is missing"
        elif _is_number(text):
            problem, hint = "a weight is negative", "Leave out ties of distrust, or shift the scale to start at 0."
            if not math.isfinite(float(text)):
                problem, hint = "a weight is not finite", "Correct the cell or delete the line."
    return InputError(problem, file=str(file), line=line, path=name, found=text, allowed=allowed, hint=hint)


def _line_of(file: Path, layout: _Layout, k: int) -> int:
    """The number of the line that holds tie k: read again, because only a message needs it."""
    buffer = np.frombuffer(_read_bytes(file), np.uint8)
    a, b, c = np.empty(k + 1, np.int64), np.empty(k + 1, np.int64), np.empty(0, np.float64)
    nothing = (-1, -1, -1)
    found = _parse(buffer, layout.start, layout.line, layout.separator, layout.n_columns, nothing, k + 1, a, b, c)
    return int(found[2])
