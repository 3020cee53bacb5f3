"""Social graphs against networkx, closed forms and hand-made files."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.errors import InputError
from sim.graph import KINDS, MAX_ID, SocialGraph, read_edges

DRAWN = [kind for kind in KINDS if kind != "none"]


def strengths(graph: SocialGraph) -> dict[tuple[int, int], int]:
    """(speaker id, hearer id) -> stored strength."""
    out = {}
    for row, person in enumerate(graph.ids.tolist()):
        for k in range(graph.indptr[row], graph.indptr[row + 1]):
            out[person, int(graph.ids[graph.audience[k]])] = int(graph.strength[k])
    assert len(out) == graph.audience.size, "a repeated entry"
    return out


def check_sound(graph: SocialGraph) -> None:
    """What must hold of every graph."""
    n = graph.ids.size
    assert graph.ids.dtype == np.int64
    assert graph.indptr.dtype == np.int64
    assert graph.audience.dtype == graph.n_heard.dtype == np.int32
    assert graph.strength.dtype == np.uint16
    assert graph.indptr.shape == (n + 1,)
    assert graph.n_heard.shape == (n,)
    assert graph.indptr[0] == 0
    assert graph.indptr[-1] == graph.audience.size == graph.strength.size
    speaker = np.repeat(np.arange(n), np.diff(graph.indptr))
    assert np.all(speaker != graph.audience)
    names = graph.ids[graph.audience]
    same_list = speaker[1:] == speaker[:-1]
    assert np.all(names[1:][same_list] > names[:-1][same_list])  # sorted by id, hence no repeats
    assert np.array_equal(graph.n_heard, np.bincount(graph.audience, minlength=n))
    has_tie = (graph.degree > 0) | (graph.n_heard > 0)
    assert graph.mean_degree == (pytest.approx(graph.degree[has_tie].mean()) if has_tie.any() else 0.0)
    if not graph.is_directed:
        assert np.array_equal(graph.degree, graph.n_heard)
        table = strengths(graph)
        assert all(table[b, a] == s for (a, b), s in table.items())


def plain(graph: SocialGraph) -> nx.Graph[Any]:
    """To networkx by the definition of the columns, not by `to_networkx`."""
    out: nx.Graph[Any] = nx.DiGraph() if graph.is_directed else nx.Graph()
    out.add_nodes_from(graph.ids.tolist())
    out.add_edges_from((hearer, speaker) for speaker, hearer in strengths(graph))
    return out


# --- every generator -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 11, 12, 40, 701])
def test_every_kind_is_sound_at_every_size(kind: str, n: int) -> None:
    graph = SocialGraph.draw(kind, np.arange(n), 5)
    check_sound(graph)
    assert graph.notes == ()
    if kind != "none" and 2 <= n <= 11 and "mean_degree" in KINDS[kind]:
        assert graph.n_ties == n * (n - 1) // 2  # ten friends and fewer people: everybody knows everybody
    if n == 1 or kind == "none":
        assert graph.n_ties == 0
        assert graph.mean_degree == 0.0
        assert graph.summary()["share_isolated"] == 1.0


@pytest.mark.parametrize("kind", DRAWN)
def test_seed_decides_and_order_of_people_does_not(kind: str) -> None:
    rng = np.random.default_rng(1)
    ids = np.sort(rng.choice(10_000, 600, replace=False))
    one, again, other = (SocialGraph.draw(kind, ids, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.audience, again.audience)
    assert np.array_equal(one.strength, again.strength)
    assert set(strengths(one)) != set(strengths(other))
    shuffled = SocialGraph.draw(kind, rng.permutation(ids), 3)
    check_sound(shuffled)
    assert strengths(shuffled) == strengths(one)
    assert shuffled.friends(int(ids[7])).tolist() == one.friends(int(ids[7])).tolist()
    assert shuffled.mean_degree == one.mean_degree


@pytest.mark.parametrize("kind", ["powerlaw_cluster", "small_world", "random", "community"])
@pytest.mark.parametrize("mean_degree", [0, 0.4, 1, 3, 5.5, 20])
def test_mean_degree_is_as_asked(kind: str, mean_degree: float) -> None:
    graph = SocialGraph.draw(kind, np.arange(4000), 11, mean_degree=mean_degree)
    check_sound(graph)
    assert 2 * graph.n_ties / 4000 == pytest.approx(mean_degree, abs=0.02 + 0.04 * mean_degree)


@pytest.mark.parametrize("kind", ["powerlaw_cluster", "small_world", "random"])
def test_nearly_complete_graphs_are_reached(kind: str) -> None:
    spec = {"rewire": 1} if kind == "small_world" else {}
    graph = SocialGraph.draw(kind, np.arange(14), 2, mean_degree=12.5, **spec)
    check_sound(graph)
    assert graph.degree.max() <= 13


# --- powerlaw_cluster ----------------------------------------------------------------------------


def test_default_graph_looks_like_friendships() -> None:
    """F38, and a mean strength near 1."""
    graph = SocialGraph.draw("powerlaw_cluster", np.arange(20_000), 1)
    summary = graph.summary()
    assert summary["degree_variance_over_mean"] > 3
    assert 0.05 <= summary["clustering"] <= 0.35
    assert 0.65 <= summary["share_paradox"] <= 0.95
    assert summary["mean_strength"] == pytest.approx(1.0, abs=0.06)
    assert summary["mean_degree"] == pytest.approx(10, abs=0.02)


@pytest.mark.parametrize(("mean_degree", "bits"), [(10.0, "f29b1e64ae3b0d86"), (7.0, "a671f82b129072e5")])
def test_fetching_memory_ahead_decides_nothing(mean_degree: float, bits: str) -> None:
    """Large enough that lists are fetched ahead; the bits are of the program that did not do so yet."""
    g = SocialGraph.draw("powerlaw_cluster", np.arange(40_000), 11, mean_degree=mean_degree)
    found = hashlib.sha256(g.indptr.tobytes() + g.audience.tobytes() + g.strength.tobytes()).hexdigest()
    assert found[:16] == bits


def test_powerlaw_cluster_agrees_with_networkx() -> None:
    n, m, p = 3000, 4, 0.5
    spec = {"mean_degree": 2 * m, "triangle_share": p}
    ours = [plain(SocialGraph.draw("powerlaw_cluster", np.arange(n), s, **spec)) for s in range(4)]
    theirs = [nx.powerlaw_cluster_graph(n, m, p, seed=s) for s in range(4)]

    def mean(measure: Any, graphs: list[nx.Graph[Any]]) -> float:
        return float(np.mean([measure(g) for g in graphs]))

    def clustering(graphs: list[nx.Graph[Any]]) -> tuple[float, float]:
        """Mean over people and over pairs of friends, from one search for triangles."""
        local = [np.array(list(nx.clustering(g).values())) for g in graphs]
        pairs = [np.array([k * (k - 1) for _, k in g.degree]) for g in graphs]
        return float(np.mean([c.mean() for c in local])), float(
            np.mean([np.average(c, weights=w) for c, w in zip(local, pairs, strict=True)])
        )

    (our_mean, our_transitivity), (their_mean, their_transitivity) = clustering(ours), clustering(theirs)
    assert our_mean == pytest.approx(their_mean, rel=0.07)
    assert our_transitivity == pytest.approx(their_transitivity, rel=0.15)
    for share in (0.5, 0.9, 0.99):
        ours_k, theirs_k = (mean(lambda g: np.quantile([d for _, d in g.degree], share), gs) for gs in (ours, theirs))  # noqa: B023
        assert ours_k == pytest.approx(theirs_k, rel=0.1)


def test_preferential_attachment_has_its_degree_distribution() -> None:
    """Without triangles: p(k) = 2m(m+1) / (k(k+1)(k+2)) (Bollobas et al. 2001)."""
    n, m = 60_000, 3
    degree = SocialGraph.draw("powerlaw_cluster", np.arange(n), 9, mean_degree=2 * m, triangle_share=0).degree
    assert degree.min() == m
    for k in (3, 4, 6, 10, 20):
        expected = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
        assert np.mean(degree == k) == pytest.approx(expected, abs=5 * (expected / n) ** 0.5 + 0.0005)


def test_being_early_is_not_the_id() -> None:
    degree = SocialGraph.draw("powerlaw_cluster", np.arange(5000), 2).degree
    assert abs(stats.spearmanr(np.arange(5000), degree).statistic) < 0.06


# --- small_world ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mean_degree", [2, 4, 10])
def test_ring_is_a_ring(mean_degree: int) -> None:
    ring = plain(SocialGraph.draw("small_world", np.arange(50), 3, mean_degree=mean_degree, rewire=0))
    assert nx.utils.graphs_equal(ring, nx.circulant_graph(50, range(1, mean_degree // 2 + 1)))


def test_small_world_loses_clustering_as_watts_and_strogatz_say() -> None:
    """C(p) = C(0) (1 - p)^3 (Barrat & Weigt 2000)."""
    for rewire in (0.1, 0.3, 1.0):
        graph = SocialGraph.draw("small_world", np.arange(6000), 4, mean_degree=10, rewire=rewire)
        assert graph.n_ties == 30_000
        triangles = sum(nx.triangles(plain(graph)).values()) / 3
        wedges = (graph.degree.astype(float) * (graph.degree - 1) / 2).sum()
        lattice = 3 * (10 - 2) / (4 * (10 - 1))
        ratio = 3 * triangles / wedges / lattice
        assert ratio == pytest.approx((1 - rewire) ** 3 * (10 * 9 / 2 * 6000) / wedges, abs=0.01)


def test_fully_rewired_ring_is_random() -> None:
    n = 3000
    graph = SocialGraph.draw("small_world", np.arange(n), 8, mean_degree=10, rewire=1)
    near = sum(min((a - b) % n, (b - a) % n) <= 5 for a, b in strengths(graph)) / 2
    assert near < 15_000 * 10 / n + 5 * (15_000 * 10 / n) ** 0.5
    degree = graph.degree  # five ties of one's own plus Poisson(5) from others
    assert degree.min() >= 5
    assert degree.var() == pytest.approx(5, rel=0.15)


# --- random --------------------------------------------------------------------------------------


def test_random_degrees_are_poisson() -> None:
    n = 20_000
    degree = SocialGraph.draw("random", np.arange(n), 6, mean_degree=7).degree
    bins = np.arange(2, 15)
    seen = np.array([np.sum(degree <= 1), *[np.sum(degree == k) for k in bins], np.sum(degree >= 15)])
    law = stats.binom(n - 1, 7 / (n - 1))
    expected = n * np.array([law.cdf(1), *law.pmf(bins), law.sf(14)])
    assert stats.chisquare(seen, expected).pvalue > 1e-4


def test_random_pairs_are_alike() -> None:
    """Every pair of 30 people is linked equally often over seeds."""
    n, runs = 30, 800
    drawn = (SocialGraph.draw("random", np.arange(n), seed, mean_degree=6) for seed in range(runs))
    count = Counter(pair for graph in drawn for pair in strengths(graph))
    p = 6 / (n - 1)
    z = (np.array([count[a, b] for a in range(n) for b in range(a)]) - runs * p) / (runs * p * (1 - p)) ** 0.5
    assert abs(z).max() < 4.8
    assert np.mean(z**2) == pytest.approx(1, abs=0.3)


# --- community and configuration -----------------------------------------------------------------


@pytest.mark.parametrize("exponent", [None, 3.0])
def test_communities_hold_their_share(exponent: float | None) -> None:
    n, groups = 8000, 40
    graph = SocialGraph.draw(
        "community", np.arange(n), 3, n_communities=groups, share_inside=0.7, mean_degree=12, exponent=exponent
    )
    speaker = np.repeat(np.arange(n), graph.degree)
    assert np.mean(speaker // 200 == graph.audience // 200) == pytest.approx(0.7, abs=0.01)
    per_group = np.bincount(speaker // 200) / 200
    assert per_group.mean() == pytest.approx(12, rel=0.02)
    variance_over_mean = graph.summary()["degree_variance_over_mean"]
    assert variance_over_mean > 2.5 if exponent else variance_over_mean == pytest.approx(1, abs=0.06)
    outside = np.bincount(graph.audience[speaker // 200 == 0] // 200, minlength=groups)[1:]
    assert outside.sum() > 0
    assert outside.max() < outside.mean() + 6 * outside.mean() ** 0.5  # nobody's favourite neighbours


def test_one_community_is_everybody() -> None:
    graph = SocialGraph.draw("community", np.arange(3000), 3, n_communities=1, exponent=None)
    assert graph.degree.mean() == pytest.approx(10, rel=0.03)


def test_configuration_has_the_power_law() -> None:
    graph = SocialGraph.draw("configuration", np.arange(40_000), 3, exponent=2.5, min_degree=4, max_degree=100)
    assert graph.degree.max() <= 100
    k = np.arange(4, 101)
    law = k**-2.5 / (k**-2.5).sum()
    for low in (4, 6, 12, 30):
        assert np.mean(graph.degree >= low) == pytest.approx(law[k >= low].sum(), rel=0.06, abs=0.004)


# --- measures and strengths ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", DRAWN)
def test_measures_agree_with_networkx(kind: str) -> None:
    graph = SocialGraph.draw(kind, np.arange(500), 12)
    theirs = plain(graph)
    core = nx.core_number(theirs)
    assert graph.core_numbers().tolist() == [core[i] for i in range(500)]
    summary = graph.summary()
    assert summary["clustering"] == pytest.approx(nx.average_clustering(theirs))
    degree = dict(theirs.degree)
    values = np.array([degree[i] for i in range(500)])
    assert summary["degree_variance_over_mean"] == pytest.approx(values.var() / values.mean())
    fewer = [degree[i] < np.median([degree[j] for j in theirs[i]]) for i in range(500) if degree[i]]
    assert summary["share_paradox"] == pytest.approx(np.mean(fewer))
    assert summary["n_edges"] == theirs.number_of_edges()


def embedded(theirs: nx.Graph[Any], a: int, b: int) -> bool:
    """The definition, word by word."""
    common = len(set(theirs[a]) & set(theirs[b]))
    return common > 0 and common >= 0.25 * (min(len(theirs[a]), len(theirs[b])) - 1)


@pytest.mark.parametrize("kind", DRAWN)
def test_strength_is_embeddedness(kind: str) -> None:
    graph = SocialGraph.draw(kind, np.arange(400), 13)
    theirs = plain(graph)
    for (a, b), stored in strengths(graph).items():
        assert stored == round((1.5 if embedded(theirs, a, b) else 0.85) * 1024)


def test_strength_is_local() -> None:
    """A stranger cannot change your ties: adding a far component changes nobody's strength."""
    a = SocialGraph.from_edges([1, 2, 3, 3], [2, 3, 1, 4])
    b = SocialGraph.from_edges([1, 2, 3, 3, 10, 11, 12], [2, 3, 1, 4, 11, 12, 10])
    assert strengths(a).items() <= strengths(b).items()
    assert strengths(a)[1, 2] == 1536
    assert strengths(a)[3, 4] == 870


def test_summary_samples_large_graphs_well() -> None:
    graph = SocialGraph.draw("powerlaw_cluster", np.arange(45_000), 3)
    exact = SocialGraph.draw("powerlaw_cluster", np.arange(20_000), 3).summary()
    sampled = graph.summary()
    assert sampled["clustering"] == pytest.approx(exact["clustering"], rel=0.1)
    assert sampled["share_paradox"] == pytest.approx(exact["share_paradox"], abs=0.03)


# --- from edges ----------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.floats(0, 60)), min_size=1, max_size=60),
    directed=st.booleans(),
    weighted=st.booleans(),
    gap=st.sampled_from([1, 7, 160_000_000]),
    data=st.data(),
)
def test_from_edges_is_what_networkx_makes(
    edges: list[tuple[int, int, float]], directed: bool, weighted: bool, gap: int, data: st.DataObject
) -> None:
    edges = [(a * gap, b * gap, w) for a, b, w in edges]
    ids = data.draw(st.permutations([k * gap for k in range(13)] + [5 * gap + 3 if gap > 7 else 1000]))
    source, target, weight = (list(column) for column in zip(*edges, strict=True))
    graph = SocialGraph.from_edges(source, target, weight if weighted else None, ids, directed)
    check_sound(graph)
    theirs: nx.Graph[Any] = nx.DiGraph() if directed else nx.Graph()
    theirs.add_nodes_from(ids)
    for a, b, w in edges:
        if a != b:
            theirs.add_edge(a, b, w=max(w, theirs.get_edge_data(a, b, {"w": 0.0})["w"]))
    assert nx.utils.graphs_equal(plain(graph), nx.create_empty_copy(theirs)) or set(plain(graph).edges) == {
        e if directed or e in plain(graph).edges else e[::-1] for e in theirs.edges
    }
    friendships = theirs.to_undirected()
    for (speaker, hearer), stored in strengths(graph).items():
        assert theirs.has_edge(hearer, speaker)  # source hears target
        if weighted:
            assert stored / 1024 == pytest.approx(theirs[hearer][speaker]["w"], abs=0.5001 / 1024)
        else:
            assert stored == round((1.5 if embedded(friendships, speaker, hearer) else 0.85) * 1024)
    assert graph.n_ties == theirs.number_of_edges()
    assert dict(zip(graph.ids.tolist(), graph.core_numbers().tolist(), strict=True)) == nx.core_number(friendships)
    n_loops = sum(a == b for a, b, _ in edges)
    n_repeats = len(edges) - n_loops - theirs.number_of_edges()
    told = " ".join(note for note in graph.notes if note.startswith("dropped"))
    assert (f"{n_loops} self-loop" in told) == (n_loops > 0)
    assert (f"{n_repeats} repeated edge" in told) == (n_repeats > 0)


def test_order_of_edges_is_nothing() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 300, (2, 3000))
    w = rng.uniform(0, 3, 3000)
    shuffle = rng.permutation(3000)
    one = SocialGraph.from_edges(a, b, w)
    for other in (
        SocialGraph.from_edges(a[shuffle], b[shuffle], w[shuffle]),
        SocialGraph.from_edges(b, a, w),
    ):
        assert np.array_equal(one.audience, other.audience)
        assert np.array_equal(one.strength, other.strength)


def test_directed_means_source_hears_target() -> None:
    graph = SocialGraph.from_edges([1, 2, 3], [9, 9, 1], ids=[9, 3, 2, 1, 5], directed=True)
    check_sound(graph)
    assert graph.friends(9).tolist() == [1, 2]
    assert graph.friends(1).tolist() == [3]
    assert graph.friends(2).size == graph.friends(5).size == 0
    assert dict(zip(graph.ids.tolist(), graph.n_heard.tolist(), strict=True)) == {9: 0, 3: 1, 2: 1, 1: 1, 5: 0}
    assert graph.degree.tolist() == [2, 0, 0, 1, 0]
    assert graph.mean_degree == 3 / 4  # four people have a tie


def test_isolated_people_do_not_change_the_mean_degree() -> None:
    few = SocialGraph.from_edges([0, 1], [1, 2])
    many = SocialGraph.from_edges([0, 1], [1, 2], ids=range(100))
    assert few.mean_degree == many.mean_degree == 4 / 3
    assert many.summary()["share_isolated"] == 0.97


def test_no_edges_but_people() -> None:
    graph = SocialGraph.from_edges([], [], ids=[4, 2])
    check_sound(graph)
    assert graph.friends(4).size == 0
    assert graph.core_numbers().tolist() == [0, 0]


def test_strengths_are_capped_and_told() -> None:
    graph = SocialGraph.from_edges([0, 1, 2], [1, 2, 3], [100.0, 63.0, 1.0])
    assert sorted(set(strengths(graph).values())) == [1024, 63 * 1024]
    assert any("capped 1 tie strength at 63" in note for note in graph.notes)
    assert any("average" in note for note in graph.notes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": [0], "target": [7], "ids": [0, 1]}, "not in the population: found 7"),
        ({"source": [7], "target": [0], "ids": [0, 1]}, "not in the population: found 7"),
        ({"source": [0, 1], "target": [1]}, "differ in length"),
        ({"source": [-1], "target": [1]}, "out of range: found -1"),
        ({"source": [MAX_ID + 1], "target": [1]}, "out of range"),
        ({"source": [0.5], "target": [1]}, "whole numbers"),
        ({"source": ["a"], "target": ["b"]}, "whole numbers"),
        ({"source": [0], "target": [1], "weight": [float("nan")]}, "no strength: found nan"),
        ({"source": [0], "target": [1], "weight": [float("inf")]}, "no strength"),
        ({"source": [0], "target": [1], "weight": [-0.5]}, "no strength: found -0.5"),
        ({"source": [0], "target": [1], "weight": [1, 2]}, "one number per tie"),
        ({"source": [0], "target": [1], "ids": [0, 1, 0]}, "given twice: found 0"),
        ({"source": [], "target": []}, "needs ids"),
        ({"source": [], "target": [], "ids": []}, "at least one person"),
    ],
)
def test_from_edges_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SocialGraph.from_edges(**arguments)


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("powerlaw", {}, "graph.kind: unknown kind of graph.*Did you mean 'powerlaw_cluster'"),
        ("random", {"mean_degre": 3}, "graph.mean_degre: .*Did you mean 'mean_degree'"),
        ("random", {"mean_degree": -1}, "graph.mean_degree: out of range: found -1"),
        ("random", {"mean_degree": float("nan")}, "out of range"),
        ("random", {"mean_degree": "ten"}, "not a number"),
        ("random", {"mean_degree": None}, "not a number"),
        ("small_world", {"rewire": 1.2}, "graph.rewire: out of range"),
        ("community", {"n_communities": 2.5}, "not a whole number"),
        ("community", {"n_communities": 100}, "cannot hold 8 ties.*found 100, allowed at most 55"),
        ("community", {"n_communities": 2, "mean_degree": 400, "share_inside": 0.1}, "graph.share_inside: "),
        ("configuration", {"min_degree": 5, "max_degree": 3}, "graph.min_degree: "),
        ("none", {"mean_degree": 3}, "no such setting"),
    ],
)
def test_draw_refuses(kind: str, spec: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SocialGraph.draw(kind, np.arange(500), 1, **spec)


def test_too_large_a_graph_is_refused_before_memory_is_gone() -> None:
    with pytest.raises(InputError, match="too large"):
        SocialGraph.draw("random", np.arange(300_000), 1, mean_degree=200_000)


def test_unknown_person_is_refused() -> None:
    graph = SocialGraph.from_edges([5], [3])
    for stranger in (0, 4, 9):
        with pytest.raises(InputError, match=f"no person with this id: found {stranger}"):
            graph.friends(stranger)


# --- networkx ------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
def test_networkx_round_trip(directed: bool) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 60, (2, 200))
    graph = SocialGraph.from_edges(a, b, rng.uniform(0, 3, 200), rng.permutation(70), directed)
    theirs = graph.to_networkx()
    assert theirs.is_directed() == directed
    assert set(theirs.edges) == set(plain(graph).edges)
    back = SocialGraph.from_networkx(theirs, graph.ids)
    assert np.array_equal(back.audience, graph.audience)
    assert np.array_equal(back.strength, graph.strength)
    assert SocialGraph.from_networkx(theirs).ids.tolist() == list(range(70))


def test_networkx_odd_graphs() -> None:
    club: nx.Graph[Any] = nx.karate_club_graph()
    assert SocialGraph.from_networkx(club).n_ties == 78
    assert set(strengths(SocialGraph.from_networkx(club, weight=None)).values()) == {1536, 870}
    with pytest.raises(InputError, match="whole numbers: found 'a'"):
        SocialGraph.from_networkx(nx.Graph([("a", "b")]))
    half: nx.Graph[Any] = nx.Graph([(0, 1)])
    half.add_edge(1, 2, weight=2.0)
    with pytest.raises(InputError, match="only 1 of 2 edges have a 'weight'"):
        SocialGraph.from_networkx(half)


# --- edge files ----------------------------------------------------------------------------------


def write(folder: Path, text: str | bytes, name: str = "edges.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


TIES = [(1, 2), (2, 3), (7, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "source,target\n1,2\n2,3\n7,1\n",
        "source,target\r\n1,2\r\n2,3\r\n7,1",
        "1,2\n2,3\n7,1",
        "1 2\n2   3\n7\t1\n",
        "  1 2 \n2 3\n\n7 1\n\n",
        "1\t2\n2\t3\n7\t1\n",
        "1;2\n2;3\n7;1\n",
        "# Directed graph\n# Nodes: 4 Edges: 3\n# FromNodeId\tToNodeId\n1\t2\n2\t3\n# half-way\n7\t1\n",
        "target,source\n2,1\n3,2\n1,7\n",
        "note,target,source\nx,2,1\n,3,2\nz,1,7\n",
        "truster,trustee\n1,2\n2,3\n7,1\n",
        "from,to,kind\n1,2,friend\n2,3,friend\n7,1,kin\n",
        '"source","target"\n"1","2"\n"2","3"\n7 , 1\n',
        "\ufeffSource,Target\n1,2\n2,3\n7,1\n",
        "source,target,since\n1,2,2012\n2,3,2013\n7,1,2014\n",
    ],
)
def test_all_the_ways_to_write_the_same_ties(tmp_path: Path, text: str) -> None:
    edges = read_edges(write(tmp_path, text), directed=True)
    assert list(zip(edges.source.tolist(), edges.target.tolist(), strict=True)) == TIES
    assert edges.weight is None
    assert edges.ids.tolist() == [1, 2, 3, 7]
    zipped = read_edges(write(tmp_path, gzip.compress(text.encode()), "edges.txt.gz"))
    assert zipped.source.tolist() == edges.source.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "source,target,weight\n1,2,0.5\n2,3,1\n7,1,2.25e0\n",
        "1,2,.5\n2,3,1.\n7,1,+2.25\n",
        "1 2 5e-1\n2 3 0.1E1\n7 1 225e-2\n",
        "a,b,closeness\n1,2,0.50000000000000000000001\n2,3,1\n7,1,2.25\n",
        "weight,source,target\n0.5,1,2\n1,2,3\n2.25,7,1\n",
    ],
)
def test_weights(tmp_path: Path, text: str) -> None:
    edges = read_edges(write(tmp_path, text))
    assert edges.weight is not None
    assert edges.weight.tolist() == [0.5, 1.0, 2.25]
    assert strengths(edges.graph())[1, 7] == 2.25 * 1024


@settings(max_examples=200, deadline=None)
@given(value=st.floats(0, 1e300) | st.floats(0, 100), form=st.sampled_from(["{!r}", "{:.6f}", "{:.3e}", "{:g}"]))
def test_decimals_are_read_like_python_does(value: float, form: str) -> None:
    from sim.graph.edges import _decimal

    text = form.format(value)
    ours = _decimal(np.frombuffer(text.encode(), np.uint8), 0, len(text))
    assert ours == pytest.approx(float(text), rel=1e-15, abs=1e-300)


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "day,Trustee,Truster,Trust\n1,2,1,0.5\n2,3,2,1\n")
    edges = read_edges(path, directed=True, source="truster", target="trustee", weight="trust")
    assert edges.graph().friends(2).tolist() == [1]
    with pytest.raises(InputError, match=r"edges.csv:1: no such column.*Did you mean 'trustee'"):
        read_edges(path, source="truster", target="trustees")


def test_order_of_the_file_is_nothing_and_dirt_is_counted(tmp_path: Path) -> None:
    lines = [f"{a} {b}" for a, b in np.random.default_rng(3).integers(0, 50, (300, 2))]
    one = read_edges(write(tmp_path, "\n".join(lines))).graph()
    other = read_edges(write(tmp_path, "\n".join(reversed(lines)))).graph()
    assert np.array_equal(one.audience, other.audience)
    assert np.array_equal(one.strength, other.strength)
    pairs = [tuple(sorted(map(int, line.split()))) for line in lines]
    n_loops = sum(a == b for a, b in pairs)
    n_kept = len({p for p in pairs if p[0] != p[1]})
    assert one.notes == (f"dropped {n_loops} self-loops, {300 - n_loops - n_kept} repeated edges",)


def test_what_a_third_column_became_is_told(tmp_path: Path) -> None:
    assert read_edges(write(tmp_path, "a,b,c\n1,2,3\n")).graph().notes[0] == "column 'c' is read as tie strength"
    assert read_edges(write(tmp_path, "a,b,c\n1,2,x\n")).graph().notes[0] == "column 'c' is not used"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "edges.csv: the edge file is empty"),
        (" \n\n", "edges.csv: the edge file is empty"),
        ("# only\n# this\n", "edges.csv: the file holds only comments"),
        ("source,target\n", "edges.csv:1: the file has a header but no ties"),
        ("1\n2\n", "edges.csv:1: a tie needs two columns: found '1'"),
        ("source\n2\n", "edges.csv:1: a tie needs two columns"),
        ("source,target\n1,2\nanna,3\n", "edges.csv:3 source: an id is not a whole number: found 'anna'"),
        ("1,2\n# x\n\n3,b\n", "edges.csv:4 target: an id is not a whole number: found 'b'"),
        ("1,2\n3,4.0\n", "edges.csv:2 target: an id is not a whole number: found '4.0'"),
        ("1,2\n3,-4\n", "edges.csv:2 target: an id is negative: found '-4'"),
        ("1,2\n2147483648,4\n", "edges.csv:2 source: an id is too large: found '2147483648'"),
        ("1,2\n99999999999999999999,4\n", "edges.csv:2 source: an id is too large"),
        ("1,2\n,4\n", "edges.csv:2 source: an id is missing"),
        ("1\t2\n3\t\n", "edges.csv:2 target: an id is missing"),
        ("1,2\n3,nan\n", "edges.csv:2 target: an id is not a whole number"),
        ("1,2\n3\n", "edges.csv:2: the number of columns changes: found 1, allowed 2"),
        ("1,2\n3,4,5\n", "edges.csv:2: the number of columns changes: found 3, allowed 2"),
        ("1,2,1\n3,4,\n", "edges.csv:2 weight: a weight is missing"),
        ("1,2,1\n3,4,nan\n", "edges.csv:2 weight: a weight is not finite"),
        ("1,2,1\n3,4,-inf\n", "edges.csv:2 weight: a weight is not finite"),
        ("1,2,1\n3,4,1e999\n", "edges.csv:2 weight: a weight is not finite"),
        ("1,2,1\n3,4,-2\n", "edges.csv:2 weight: a weight is negative"),
        ("1,2,1\n3,4,strong\n", "edges.csv:2 weight: a weight is not a number"),
        ("1,2,3,4\n", "edges.csv:1: 4 columns and no header"),
        ("a,b,c,d\n1,2,3,4\n", "edges.csv:1: which columns are source and target"),
        ("source,source,target\n1,2,3\n", "edges.csv:1: a column appears twice"),
        ("source,target\nanna,bert\n", "edges.csv:2 source: an id is not a whole number"),
        (b"\xff\xfe1\x00,\x002\x00", "edges.csv: the file is UTF-16"),
        (gzip.compress(b"1,2\n3,4\n" * 50, mtime=0)[:-12], "edges.csv: the compressed file is damaged"),
    ],
)
def test_files_are_refused_with_their_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_edges(write(tmp_path, text))
    assert words in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such edge file"):
        read_edges(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="cannot read the edge file"):
        read_edges(tmp_path)


def test_stranger_in_a_file_is_refused_with_the_line(tmp_path: Path) -> None:
    edges = read_edges(write(tmp_path, "# people\nsource,target\n0,1\n# more\n1,2\n\n2,8\n9,1\n"))
    with pytest.raises(InputError, match=r"edges.csv:7: a tie names a person who is not in the population: found 8"):
        edges.graph(np.arange(5))
    with pytest.raises(InputError, match=r"edges.csv:8: .*found 9"):
        edges.graph([0, 1, 2, 8])
    assert edges.graph([9, 8, 2, 1, 0, 77]).friends(2).tolist() == [1, 8]
