"""Generators of ties; imports _jit, draws, errors; in the package base, luck.

Each fills two columns, source and target, with people counted in the order of ids.
"""

from __future__ import annotations

import math

import numpy as np

from sim._jit import exp, kernel, log, part, power, rule
from sim.draws import unit
from sim.errors import InputError
from sim.graph.limits import MAX_TIES, Floats, Ints, Rows
from sim.graph.luck import COIN, COUNT, EDGE, LINK, PLACE, SHUFFLE, TRIAD, WEIGHT, fine, index, luck
from sim.rules.records import aligned_table


@kernel
def _places(n: int, seed: int, keys: Ints) -> None:
    for i in range(n):
        w0, w1, _, _ = luck(seed, i, PLACE, 0)
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


_AHEAD = 64  # newcomers whose memory is fetched together
_SMALL = 1 << 14  # people whose lists the nearest caches hold anyway


@part
def _look_ahead(
    first: int, last: int, m: float, triangle_share: float, seed: int, n_ties: int, source: Rows, target: Rows,
    pool: Rows, lists: Ints, picks: Rows,
) -> int:  # fmt: skip
    """Touch what the newcomers from first to last will probably need, so that the processor fetches it all at once.

    Growing waits for memory and for little else: every pick is somewhere else. So picks are guessed, as if newcomers
    until then changed nothing, one step for all of them before the next. Nothing is decided here.
    """
    whole = int(m)
    for v in range(first, last):
        before = n_ties + int((v - first) * m)
        for step in range(whole):
            w0, w1, w2, _ = luck(seed, v, LINK, step)
            r = index(w0, w1, 2 * before)
            at = r if r < before else r - before
            k = (v - first) * whole + step
            picks[k] = -1
            if at < n_ties and (step == 0 or unit(w2) >= triangle_share):
                picks[k] = source[at] if r < before else target[at]
    n_picks = (last - first) * whole
    touched = 0
    for k in range(n_picks):
        if picks[k] >= 0:
            touched += lists[picks[k], _LINKED]
    for v in range(first, last):
        anchor = -1
        for step in range(whole):
            k = (v - first) * whole + step
            if picks[k] >= 0:
                anchor = picks[k]
                touched += pool[lists[anchor, _START] + lists[anchor, _DEGREE] - 1]
            elif anchor >= 0:
                t0, t1, _, _ = luck(seed, v, TRIAD, 16 * step)
                picks[k] = pool[lists[anchor, _START] + index(t0, t1, lists[anchor, _DEGREE])]
    for k in range(n_picks):
        if picks[k] >= 0:
            touched += lists[picks[k], _LINKED]
    return touched


@kernel
def _grow(
    n: int, m: float, triangle_share: float, seed: int, pool: Rows, lists: Ints, source: Rows, target: Rows
) -> int:
    """Holme & Kim 2002: newcomers link to well-connected people, then to friends of the friend just made.

    Starts from nothing: the first newcomers link to everybody there is. A broken `m` is a coin for one more tie.
    """
    whole = int(m)
    used = 0
    lists[:, _LINKED] = -1
    picks = np.empty(_AHEAD * whole, np.int32)
    n_ties = touched = 0
    for v in range(n):
        if n > _SMALL and v % _AHEAD == 0 and v > _AHEAD and whole > 0:
            last = min(v + _AHEAD, n)
            touched += _look_ahead(v, last, m, triangle_share, seed, n_ties, source, target, pool, lists, picks)
        n_new = whole
        if m > whole and unit(luck(seed, v, COUNT, 0)[0]) < m - whole:
            n_new += 1
        n_new = min(n_new, v)
        before = n_ties  # a newcomer's own ties do not attract her
        loose = v if m < 1.0 else 0  # below one tie each, people without ties must stay reachable
        anchor = -1
        attempt = 0
        for step in range(n_new):
            w0, w1, w2, _ = luck(seed, v, LINK, attempt)
            attempt += 1
            pick = -1
            if n_new == v:
                pick = step
            elif anchor >= 0 and unit(w2) < triangle_share:
                k = lists[anchor, _DEGREE]
                first = lists[anchor, _START]
                for again in range(8):
                    t0, t1, _, _ = luck(seed, v, TRIAD, 16 * step + again)
                    friend = pool[first + index(t0, t1, k)]
                    if friend != v and lists[friend, _LINKED] != v:
                        pick = friend
                        break
                if pick < 0:  # few or none left: list them
                    n_left = 0
                    for j in range(k):
                        friend = pool[first + j]
                        n_left += friend != v and lists[friend, _LINKED] != v
                    if n_left > 0:
                        t0, t1, _, _ = luck(seed, v, TRIAD, 16 * step + 8)
                        left = index(t0, t1, n_left)
                        for j in range(k):
                            friend = pool[first + j]
                            if friend != v and lists[friend, _LINKED] != v:
                                if left == 0:
                                    pick = friend
                                    break
                                left -= 1
            if pick < 0:
                while True:
                    r = index(w0, w1, 2 * before + loose)
                    if r < before:
                        pick = source[r]
                    elif r < 2 * before:
                        pick = target[r - before]
                    else:
                        pick = r - 2 * before
                    if lists[pick, _LINKED] != v:
                        break
                    w0, w1, _, _ = luck(seed, v, LINK, attempt)
                    attempt += 1
                anchor = pick
            lists[pick, _LINKED] = v
            source[n_ties] = v
            target[n_ties] = pick
            n_ties += 1
            pool, used = _befriend(pool, used, lists, v, pick)
            pool, used = _befriend(pool, used, lists, pick, v)
    lists[0, _LINKED] = touched  # what nobody reads is not fetched
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
        if half > whole and unit(luck(seed, v, COUNT, 0)[0]) < half - whole:
            n_right += 1
        for j in range(n_right):
            if rewire > 0.0 and unit(luck(seed, v, COIN, j)[0]) < rewire:
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
            w0, w1, w2, w3 = luck(seed, v, EDGE + j, attempt)
            attempt += 1
            a = v if degree[v] < n - 1 else index(w2, w3, n)  # who knows everybody passes the tie on
            b = index(w0, w1, n)
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
            w0, w1, _, _ = luck(seed, v, LINK, attempt)
            attempt += 1
            jump = log(fine(w0, w1)) / log_miss
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
        w0, w1, _, _ = luck(seed, person, COUNT, part)
        part += 1
        u = fine(w0, w1)
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
            w0, w1, _, _ = luck(seed, v, WEIGHT, 0)
            share = (exponent - 2.0) / (exponent - 1.0)
            weight[v] = min(share * power(fine(w0, w1), -1.0 / (exponent - 1.0)), most)


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
                    w0, w1, _, _ = luck(seed, v, EDGE + j, attempt)
                    u = fine(w0, w1)
                    if n_groups == 1 or unit(luck(seed, v, COIN, j)[0]) < share_inside:
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
        w0, w1, _, _ = luck(seed, v, COUNT, 0)
        degree[v] = low + _find(cum, fine(w0, w1) * cum[-1], 0, cum.shape[0] - 1)
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
        w0, w1, _, _ = luck(seed, i, SHUFFLE, 0)
        j = index(w0, w1, i + 1)
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


def draw_ties(kind: str, n: int, seed: int, spec: dict[str, float | None]) -> tuple[Rows, Rows]:
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
            # made here: NumPy asks for large pages, which compiled code does not
            pool, lists = np.empty(max(8, int(4.5 * half * n)), np.int32), aligned_table(n, 4, np.int64)
            n_ties = _grow(n, half, float(spec["triangle_share"] or 0.0), seed, pool, lists, source, target)
            # Early comers are hubs. Who came early is luck, not the id: ids may mean something to the user.
            keys = np.empty(n, np.int64)
            _places(n, seed, keys)
            person = np.argsort(keys, kind="stable").astype(np.int32)
            return person[source[:n_ties]], person[target[:n_ties]]
        if kind == "small_world":
            rewire = float(spec["rewire"] or 0.0)
            n_ties = _ring(n, half, rewire, seed, _table(room if rewire > 0.0 else 1), source, target)
        elif kind == "random":
            n_ties = _sprinkle(n, log(1.0 - mean_degree / (n - 1)), seed, source, target)
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
