"""Groups of a graph that an experiment can treat alike: ego-nets, communities; imports `social`, draws, _jit.

A group is named by the id of one of its members, so its name depends on people and ties and on nothing else.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import kernel
from sim.graph.limits import Ints, Rows
from sim.graph.social import SocialGraph

ClusterKind = Literal["ego_net", "community"]

#: resolution of modularity: above 1 gives more and smaller communities, of which a test needs many (guess)
RESOLUTION: Final = 4.0


def ego_nets(graph: SocialGraph, seed: int) -> Ints:
    """For every row the id of her ego: egos are taken by lot, each with all her friends that nobody took before.

    A covering of the graph by balls of radius 1 (Ugander et al. 2013, with r = 1; ego-clusters of Saint-Jacques et
    al. 2019). The lot goes by the world's seed and people's ids.
    """
    words = np.empty((graph.n, 4), dtype=np.int64)
    draws.blocks(seed, draws.EGO_ORDER, 0, graph.ids, np.zeros(graph.n, dtype=np.int64), words)
    ego = np.full(graph.n, -1, dtype=np.int64)
    _take(np.lexsort((graph.ids, words[:, 0])), graph.indptr, graph.audience, ego)
    names: Ints = graph.ids[ego]
    return names


@kernel
def _take(order: Ints, indptr: Ints, friends: Rows, ego: Ints) -> None:
    for k in range(order.shape[0]):
        me = order[k]
        if ego[me] >= 0:
            continue
        ego[me] = me
        for e in range(indptr[me], indptr[me + 1]):
            if ego[friends[e]] < 0:
                ego[friends[e]] = me


def friend_communities(graph: SocialGraph) -> Ints:
    """For every row the smallest id in her community: Louvain's method (networkx), ties undirected and equal.

    People without ties are communities of their own. Takes some seconds for 10,000 people.
    """
    import networkx

    speaker = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    a, b = graph.ids[speaker], graph.ids[graph.audience]
    ties = np.unique(np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1), axis=0)  # in one order, whatever the rows'
    plain: networkx.Graph[int] = networkx.Graph()
    plain.add_nodes_from(np.sort(graph.ids).tolist())
    plain.add_edges_from(ties.tolist())
    found = networkx.community.louvain_communities(plain, resolution=RESOLUTION, seed=0)
    name_of = {member: min(group) for group in found for member in group}
    names: NDArray[np.int64] = np.array([name_of[one] for one in graph.ids.tolist()], dtype=np.int64)
    return names
