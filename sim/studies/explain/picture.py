"""Where people stand in pictures of who brought whom: the largest tree, communities; imports `trees`, `pairs`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sim.experiment import Results
from sim.studies.compare.values import CONTROL
from sim.studies.explain.trees import invitation_forest

MOST_IN_TREE: Final = 200
#: people of whom communities are found; of more, those nearest to the one in the middle
MOST_IN_COMMUNITIES: Final = 3000
_FEWEST_IN_COMMUNITY: Final = 10
_MOST_COMMUNITIES: Final = 24
_SEED: Final = 20_240_229  # of the layout: a picture, no result
_COLUMNS: Final = ["strategy", "id", "persona", "registered_day", "inviter", "n_orders"]


def shoppers_of(results: Results, replication: int) -> pd.DataFrame:
    """The shoppers of one replication, all strategies."""
    return results.of_replication("shoppers", replication, _COLUMNS)


def tree_picture(shoppers: pd.DataFrame, root: int) -> pd.DataFrame:
    """One tree of invitations, drawn around the one who began it: id, inviter, persona, generation, x, y.

    A radius of 1 a generation; a member's angle is the middle of those she brought. Of a tree of more than
    MOST_IN_TREE people those nearest to the root are kept.
    """
    ids, forest = invitation_forest(shoppers)
    at_root = int(np.searchsorted(ids, root))
    rows = np.flatnonzero(forest.root == at_root)
    rows = rows[np.argsort(forest.depth[rows], kind="stable")][:MOST_IN_TREE]
    inviter = dict(zip(shoppers["id"].tolist(), shoppers["inviter"].tolist(), strict=True))
    persona = dict(zip(shoppers["id"].tolist(), shoppers["persona"].astype(str).tolist(), strict=True))
    depth = {int(ids[row]): int(forest.depth[row]) for row in rows}
    children: dict[int, list[int]] = {}
    for one in depth:
        if one != root:
            children.setdefault(int(inviter[one]), []).append(one)
    width: dict[int, int] = {}
    for one in sorted(depth, key=lambda k: -depth[k]):
        width[one] = sum(width[child] for child in children.get(one, ())) or 1
    start = {root: 0.0}
    angle: dict[int, float] = {}
    for one in depth:  # parents come before their children
        at = start[one]
        angle[one] = 2 * np.pi * (at + width[one] / 2) / width[root]
        for child in children.get(one, ()):
            start[child], at = at, at + width[child]
    return pd.DataFrame([
        {"id": one, "inviter": -1 if one == root else int(inviter[one]), "persona": persona[one], "generation": d,
         "x": d * float(np.cos(angle[one])), "y": d * float(np.sin(angle[one]))}
        for one, d in depth.items()
    ])  # fmt: skip


def communities(results: Results, shoppers: pd.DataFrame, label: str, replication: int) -> dict[str, pd.DataFrame]:
    """Groups of people who hear one another, and what a strategy moves in each, in one replication's world.

    `communities`: people, share with more and with fewer orders than under the control, invited people, x, y;
    `ties`: between which two, how many. Empty tables where the world cannot be built or people have no ties.
    """
    import networkx as nx

    from sim.engines import World

    world = World.build(results.scenario, replication)
    graph = world.graph
    rows = _nearest(graph.indptr, graph.audience, MOST_IN_COMMUNITIES)
    if len(rows) < 2 * _FEWEST_IN_COMMUNITY:
        return {"communities": pd.DataFrame(), "ties": pd.DataFrame()}
    place = np.full(len(graph.ids), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    source = np.repeat(np.arange(len(graph.ids)), np.diff(graph.indptr))
    ends = np.stack([place[source], place[graph.audience]])
    ends = ends[:, (ends >= 0).all(axis=0) & (source <= graph.audience if not graph.is_directed else True)]
    network: Any = nx.Graph()
    network.add_nodes_from(range(len(rows)))
    network.add_edges_from(ends.T.tolist())
    found = nx.community.louvain_communities(network, seed=_SEED, threshold=1e-3)
    kept = sorted((sorted(one) for one in found if len(one) >= _FEWEST_IN_COMMUNITY), key=lambda one: (-len(one), one))
    kept = kept[:_MOST_COMMUNITIES]
    member = np.full(len(rows), -1, dtype=np.int64)
    for k, people in enumerate(kept):
        member[people] = k
    mine, theirs = (
        shoppers[shoppers["strategy"] == name].set_index("id").reindex(graph.ids[rows]) for name in (label, CONTROL)
    )
    more = (mine["n_orders"].to_numpy() > theirs["n_orders"].to_numpy()).astype(np.int64)
    fewer = (mine["n_orders"].to_numpy() < theirs["n_orders"].to_numpy()).astype(np.int64)
    invited = (mine["inviter"].to_numpy() >= 0).astype(np.int64) & (mine["registered_day"].to_numpy() >= 0)
    between: dict[tuple[int, int], int] = {}
    for a, b in zip(member[ends[0]].tolist(), member[ends[1]].tolist(), strict=True):
        if a >= 0 and b >= 0 and a != b:
            key = (min(a, b), max(a, b))
            between[key] = between.get(key, 0) + 1
    sketch: Any = nx.Graph()
    sketch.add_nodes_from(range(len(kept)))
    sketch.add_weighted_edges_from((a, b, n / np.sqrt(len(kept[a]) * len(kept[b]))) for (a, b), n in between.items())
    spots = nx.spring_layout(sketch, seed=_SEED, k=2.2 / np.sqrt(max(len(kept), 1)), iterations=200)
    table = [
        {"community": k + 1, "people": len(people), "more": float(more[people].mean()),
         "fewer": float(fewer[people].mean()), "invited": int(invited[people].sum()),
         "x": float(spots[k][0]), "y": float(spots[k][1])}
        for k, people in enumerate(kept)
    ]  # fmt: skip
    ties = [
        {"one": a + 1, "other": b + 1, "ties": n, "x": float(spots[a][0]), "y": float(spots[a][1]),
         "x2": float(spots[b][0]), "y2": float(spots[b][1])}
        for (a, b), n in sorted(between.items())
    ]  # fmt: skip
    return {"communities": pd.DataFrame(table), "ties": pd.DataFrame(ties)}


def _nearest(indptr: Any, audience: Any, most: int) -> np.ndarray[Any, Any]:
    """Rows of at most so many people: those whom the one with most ties reaches in fewest steps."""
    degree = np.diff(indptr)
    if not degree.any():
        return np.empty(0, dtype=np.int64)
    order = [int(np.argmax(degree))]
    seen = np.zeros(len(degree), dtype=np.bool_)
    seen[order[0]] = True
    at = 0
    while at < len(order) and len(order) < most:
        row = order[at]
        for other in audience[indptr[row] : indptr[row + 1]].tolist():
            if not seen[other]:
                seen[other] = True
                order.append(int(other))
        at += 1
    return np.array(sorted(order[:most]), dtype=np.int64)
