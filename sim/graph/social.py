"""SocialGraph, who hears whom: drawn, from ties, to and from networkx; imports errors; in the package all but edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sim.errors import InputError
from sim.graph.generate import draw_ties
from sim.graph.kinds import check_spec
from sim.graph.limits import Floats, Ints, Rows, Strengths, counted
from sim.graph.measure import betweenness, core_numbers, surroundings
from sim.graph.people import as_ids, find_people, population_ids, unique
from sim.graph.rows import build_rows, place_rows, unfold_rows
from sim.graph.strength import STRENGTH_UNIT, as_strengths, fill_strengths

if TYPE_CHECKING:
    import networkx as nx


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
    n_heard: Rows  #: how many people row i hears (undirected: her friends)
    mean_degree: float  #: mean audience of the people with a tie at all: people without change nothing
    is_directed: bool
    notes: tuple[str, ...] = field(default=())  #: what was dropped or capped on the way in
    _strength: Strengths | None = field(default=None, repr=False)  # where it is known from the start

    @cached_property
    def strength(self) -> Strengths:
        """Tie strength in 1/1024, one per entry of `audience`; what follows from the graph is found when asked for."""
        if self._strength is not None:
            return self._strength
        found = np.empty(self.audience.size, np.uint16)
        fill_strengths(self.indptr, self.audience, found, self.is_directed)
        return found

    @classmethod
    def draw(cls, kind: str, ids: ArrayLike, seed: int, **spec: float | None) -> SocialGraph:
        """Draw a graph of one of the `KINDS` over people with these ids; a pure function of seed and set of ids.

        Where a setting asks for more friends than there are people, everybody knows everybody.
        In `small_world` and `community` neighbours on the ring and communities follow the order of ids.
        """
        settings = check_spec(kind, spec)
        array, order = population_ids(ids)
        source, target = draw_ties(kind, array.size, int(seed), settings)
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
        a, b = as_ids(source, "source"), as_ids(target, "target")
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
            ids = np.union1d(unique(source), unique(target))
        array, order = population_ids(ids)
        in_order = array[order]
        a, bad_a = find_people(in_order, source)
        b, bad_b = find_people(in_order, target)
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
            stored, notes = as_strengths(weight, speaker.size)
        indptr, audience, strength, n_loops, n_repeats = build_rows(
            n, speaker, hearer, stored, weight is not None, directed
        )
        dropped = [counted(k, what) for k, what in ((n_loops, "self-loop"), (n_repeats, "repeated edge")) if k]
        if dropped:
            notes.insert(0, "dropped " + ", ".join(dropped))
        is_known = weight is not None
        if np.any(order[1:] < order[:-1]):
            if not is_known:  # people are counted in the order of their ids here, and only here
                fill_strengths(indptr, audience, strength, directed)
            indptr, audience, strength = place_rows(order, indptr, audience, strength)
            is_known = True
        n_heard = np.bincount(audience, minlength=n).astype(np.int32)
        n_linked = int(np.count_nonzero((n_heard > 0) | (np.diff(indptr) > 0)))
        mean_degree = audience.size / n_linked if n_linked else 0.0
        known = strength if is_known else None
        return cls(ids, indptr, audience, n_heard, mean_degree, directed, tuple(notes), known)

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
        unfold_rows(self.indptr, speaker)
        return speaker, self.audience

    def pairs(self) -> tuple[Ints, Ints]:
        """Ids of both ends of every tie: who hears, whom (undirected: once, the lower row first)."""
        speaker, hearer = self._entries()
        kept = slice(None) if self.is_directed else hearer < speaker
        return self.ids[hearer[kept]], self.ids[speaker[kept]]

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
        indptr, friends, _, _, _ = build_rows(self.n, speaker, hearer, self.strength, False, False)
        return indptr, friends

    def core_numbers(self) -> Rows:
        """The largest k such that the person is in a group where everybody has k friends (whatever the direction)."""
        return core_numbers(*self._undirected())

    def betweenness(self, n_pivots: int = 256) -> Floats:
        """How many shortest paths between others lead through each person (whatever the direction).

        Estimated from the paths of `n_pivots` people, chosen by id (Brandes & Pich 2007); exact if that is everybody.
        """
        return betweenness(self.ids, *self._undirected(), n_pivots)

    def summary(self) -> dict[str, float]:
        """Describe the graph: size, degrees, clustering, share of people with fewer friends than their friends.

        `mean_degree` is over people with ties, `degree_variance_over_mean` over everybody. Clustering
        is the mean over everybody of the share of pairs of friends who are friends; `share_paradox` the
        share, of people with ties, who have fewer than the median of their friends. Above 20,000 people
        both look at 20,000, chosen by id. Directions do not matter for the last three.
        """
        indptr, friends = self._undirected()
        return {
            "n": self.n,
            "n_edges": self.n_ties,
            "mean_degree": self.mean_degree,
            **surroundings(self.ids, indptr, friends),
            "mean_strength": float(self.strength.mean()) / STRENGTH_UNIT if self.strength.size else 0.0,
        }
