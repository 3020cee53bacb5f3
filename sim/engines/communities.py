"""Communities of interest, a second layer beside ties: who is in which, whom posts reach; imports rules, draws.

Worked out once a world, when a run first needs it (docs/model.md, 5.1b).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import kernel
from sim.params import Params
from sim.population import Population
from sim.rules.bonds import comes_across
from sim.rules.records import Column, Key


class Communities(NamedTuple):
    """Everybody's community, and the rows of each community's members, ascending by id."""

    of: NDArray[np.int32]
    indptr: NDArray[np.int64]
    member: NDArray[np.int64]

    def others(self, row: int) -> NDArray[np.int64]:
        """Rows of the members of this person's community, herself included."""
        c = int(self.of[row])
        return self.member[self.indptr[c] : self.indptr[c + 1]]


def draw_communities(population: Population, seed: int, mean_size: float) -> Communities:
    """Everybody looks at eight communities by lot and joins the one that suits her taste best."""
    n = len(population)
    count = max(1, int(n / mean_size + 0.5))
    of = np.empty(n, dtype=np.int32)
    t = population.traits
    _join(seed, population.ids, t.taste_0, t.taste_1, t.taste_2, count, of)
    member = np.lexsort((population.ids, of)).astype(np.int64)
    indptr = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(of, minlength=count), out=indptr[1:])
    return Communities(of, indptr, member)


@kernel
def _join(seed: int, ids: Column, taste_0: Column, taste_1: Column, taste_2: Column, count: int, of: Column) -> None:
    centre = np.empty((count, 3))
    for c in range(count):
        for k in range(3):
            centre[c, k] = draws.normal(draws.u01(seed, draws.COMMUNITY_TASTE, 0, c, k))
    for i in range(ids.shape[0]):
        best, of[i] = -1e300, 0
        for attempt in range(2):
            for word in draws.block(seed, draws.COMMUNITY, 0, ids[i], attempt):
                c = (word * count) >> 32
                match = taste_0[i] * centre[c, 0] + taste_1[i] * centre[c, 1] + taste_2[i] * centre[c, 2]
                if match > best:
                    best, of[i] = match, c


@kernel
def spread(
    params: Params, ids: Column, product_ids: Column, indptr: Column, audience: Column, of: Column, first: Column,
    member: Column, posters: Column, products: Column, seed: int, day: int, out_post: Column, out_receiver: Column,
) -> int:  # fmt: skip
    """Phase 9: whom of their communities posts reach, beside friends; which post, and who. Returns how many."""
    n = 0
    for k in range(posters.shape[0]):
        i, c = posters[k], of[posters[k]]
        key = Key(seed, day, ids[i], 0)
        for place in range(first[c], first[c + 1]):
            r = member[place]
            if r == i or not comes_across(params, key, ids[r], product_ids[products[k]]):
                continue
            is_friend = False
            for e in range(indptr[i], indptr[i + 1]):
                is_friend |= audience[e] == r
            if not is_friend:
                out_post[n], out_receiver[n] = k, r
                n += 1
    return n


def reached(
    world: Any, posters: NDArray[Any], products: NDArray[Any], day: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of these posts reach whom (positions among the posts, and rows)."""
    groups, graph = world.communities, world.graph
    most = int((groups.indptr[groups.of[posters] + 1] - groups.indptr[groups.of[posters]]).sum())
    post, receiver = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    n = spread(
        world.params, world.population.ids, world.catalogue.id, graph.indptr, graph.audience, groups.of,
        groups.indptr, groups.member, posters, products, world.noise_seed, day, post, receiver,
    )  # fmt: skip
    return post[:n], receiver[:n]
