"""Trees from parents and from invitations, against networkx and by hand."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.forest import grow
from sim.studies.explain.trees import Referrals, add_run, invitation_forest

parents = st.integers(1, 25).flatmap(
    lambda n: st.tuples(*[st.integers(-1, i - 1) for i in range(n)])  # a parent comes before her children
)


@settings(max_examples=150, deadline=None)
@given(parents, st.randoms(use_true_random=False))
def test_forest_against_networkx(above: tuple[int, ...], random: Any) -> None:
    names = list(range(len(above)))
    random.shuffle(names)  # rows in any order
    parent = np.full(len(above), -1)
    for child, her in enumerate(above):
        parent[names[child]] = names[her] if her >= 0 else -1
    forest = grow(parent)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(above)))
    graph.add_edges_from((int(her), child) for child, her in enumerate(parent) if her >= 0)
    for tree in nx.weakly_connected_components(graph):
        root = next(node for node in tree if graph.in_degree(node) == 0)
        steps = nx.single_source_shortest_path_length(graph, root)
        for node in tree:
            assert forest.root[node] == root
            assert forest.depth[node] == steps[node]
            assert forest.size[node] == len(nx.descendants(graph, node)) + 1
        if len(tree) > 1:
            undirected = graph.subgraph(tree).to_undirected()
            mean = nx.average_shortest_path_length(undirected)
            assert forest.virality(np.array([root]))[0] == pytest.approx(mean)


def test_no_forest() -> None:
    with pytest.raises(ValueError, match="circle"):
        grow(np.array([1, 2, 0, -1]))


def test_invitations_of_measured_days_make_trees() -> None:
    table = pd.DataFrame({
        "id": [10, 11, 12, 13, 14, 15, 16], "registered_day": [-50, 3, 5, 9, -2, 4, 6],
        "inviter": [-1, 10, 11, 11, 10, -1, 15], "persona": "kol_fan",
    })  # fmt: skip
    ids, forest = invitation_forest(table)
    assert ids.tolist() == [10, 11, 12, 13, 15, 16], "14 came before measured day 0"
    assert forest.depth.tolist() == [0, 1, 2, 2, 0, 1]
    found = Referrals()
    add_run(found, 0, table)
    assert found.generations == {0: 2, 1: 2, 2: 2}
    assert found.sizes == {4: 1, 2: 1}
    assert found.largest[0] == {
        "replication": 0, "inviter": 10, "persona": "kol_fan", "size": 4, "depth": 2, "virality": pytest.approx(9 / 6),
    }  # fmt: skip
    assert found.runs[0]["n_invited"] == 4
