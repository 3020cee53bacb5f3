"""A scenario made flesh: people, ties, products and seeds, shared by all strategies of a replication.

Imports everything below the engines. Built once per replication and never changed by a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim import draws
from sim._jit import exp, kernel, log
from sim.catalogue import Catalogue
from sim.engines.communities import Communities, draw_communities
from sim.errors import InputError
from sim.graph import SocialGraph, ego_nets, friend_communities, read_edges
from sim.params import Params
from sim.population import DRAWN_WITH, Population, checked_people, mean_trait, read_population
from sim.rules.expose import INV_ROOT_3
from sim.rules.records import Column, Constants
from sim.scenario import Scenario, content_hash
from sim.scenario.parts import CatalogueFile, GraphFile
from sim.strategies.arms import Unit
from sim.version import RESULTS_VERSION

KOL_PER_PERSON: Final = 0.005  # opinion leaders: 5 per 1,000 (docs/model.md, 5.1; guess)
KOL_LEAST: Final = 20  # smallest following (guess)
KOL_ALPHA: Final = 2.1  # exponent of followings (docs/model.md, 5.1; guess)
KOL_MOST_SHARE: Final = 0.05  # largest following, as a share of all (guess)


class Followers(NamedTuple):
    """Who follows opinion leaders: rows of leaders, and CSR of their followers' rows."""

    leader: NDArray[np.int64]
    indptr: NDArray[np.int64]
    follower: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class World:
    """Everything that strategies of one replication have in common."""

    scenario: Scenario
    replication: int
    number: int  # of the world; replications of the same number live in the same world
    world_seed: int
    noise_seed: int
    params: Params
    constants: Constants
    population: Population
    graph: SocialGraph
    catalogue: Catalogue

    @classmethod
    def build(
        cls,
        scenario: Scenario,
        replication: int = 0,
        *,
        graph: SocialGraph | None = None,
        people: Mapping[str, ArrayLike] | None = None,
    ) -> World:
        """Draw or read people, ties and products of this replication's world.

        `graph` (SocialGraph.from_edges, .from_networkx) takes the place of the scenario's; `people` are columns as in
        a file of shoppers, in the order of the graph's ids unless they have a column `id`, and take the place of that
        file. Raises InputError where people, ties or files do not fit together.
        """
        number, world_seed = world_of(scenario, replication)
        noise_seed = noise_seed_of(scenario, replication)
        params = scenario.coefficients()
        given, graph = _people_and_ties(scenario, world_seed, graph, people)
        population = Population.draw(
            graph.ids,
            world_seed,
            params,
            scenario.population.personas,
            scenario.population.registered_share,
            (graph.indptr, graph.audience),
            given,
            scenario.population.demographics,
        )
        catalogue = _catalogue(scenario, world_seed)
        mix = scenario.population.personas
        constants = Constants(
            price=mean_trait(mix, "price"),
            herd=mean_trait(mix, "herd"),
            trust=mean_trait(mix, "trust"),
            social=mean_trait(mix, "social"),
            emotion=mean_trait(mix, "emotion"),
            kol=mean_trait(mix, "kol"),
            degree=graph.mean_degree or 1.0,
            active_share=scenario.population.registered_share,
            p_ref=float(catalogue.p_ref_cents),
        )
        return cls(
            scenario, replication, number, world_seed, noise_seed, params, constants, population, graph, catalogue
        )

    @staticmethod
    def inputs(scenario: Scenario) -> str:
        """Everything of a scenario that its worlds are made of, as one text: equal texts, equal worlds."""
        said = scenario.as_dict()
        coefficients = scenario.coefficients()
        parts = {
            **{name: said[name] for name in ("population", "graph", "catalogue", "seed", "noise_per_world")},
            "coefficients": {name: getattr(coefficients, name) for name in DRAWN_WITH},
            "files": {path: content_hash(file) for path, file in scenario.files().items()},
        }
        return json.dumps(parts, sort_keys=True)

    def seen_from(self, scenario: Scenario, replication: int) -> World:
        """The same people, ties and products for a scenario of equal `inputs` and a replication of the same world."""
        noise_seed = noise_seed_of(scenario, replication)
        same = replace(
            self, scenario=scenario, replication=replication, noise_seed=noise_seed, params=scenario.coefficients()
        )
        # found once, and made of nothing that may differ
        for name in ("followers", "_place_of_leader", "_ego_nets", "_clusters"):
            if name in self.__dict__:
                same.__dict__[name] = self.__dict__[name]
        return same

    def __len__(self) -> int:
        return len(self.population)

    @property
    def provenance(self) -> dict[str, int]:
        """What a run of this world must say about where it comes from."""
        return {
            "world": self.number,
            "world_seed": self.world_seed,
            "noise_seed": self.noise_seed,
            "results_version": RESULTS_VERSION,
        }

    @cached_property
    def followers(self) -> Followers:
        """Opinion leaders and who follows them (docs/model.md, 5.1): drawn when a strategy first needs it."""
        people = self.population
        n = len(people)
        by_id = np.argsort(people.ids, kind="stable")  # proposals go by rank of the id, never by row
        is_leader = np.zeros(n, dtype=np.bool_)
        _pick_leaders(self.world_seed, people.ids, people.traits.kol, self.constants.kol, is_leader)
        leader = by_id[is_leader[by_id]].astype(np.int64)
        most = max(KOL_LEAST, int(n * KOL_MOST_SHARE))
        counts = np.empty(len(leader), dtype=np.int64)
        _followings(self.world_seed, people.ids[leader], min(most, n - 1), counts)
        indptr = np.zeros(len(leader) + 1, dtype=np.int64)
        np.cumsum(counts, out=indptr[1:])
        follower = np.empty(int(indptr[-1]), dtype=np.int64)
        t = people.traits
        _fill_followers(
            self.world_seed, people.ids, by_id, leader, indptr, t.kol, t.taste_0, t.taste_1, t.taste_2, follower
        )
        return Followers(leader, indptr, follower)

    @cached_property
    def communities(self) -> Communities:
        """Communities of interest (docs/model.md, 5.1b): drawn when a run first needs them."""
        return draw_communities(self.population, self.world_seed, self.params.com_size)

    def groups(self, unit: Unit) -> NDArray[np.int64]:
        """The name of everybody's group in an experiment: herself, her ego, or her community of friends."""
        if unit == "shopper":
            return self.population.ids
        return self._ego_nets if unit == "ego_net" else self._clusters

    @cached_property
    def _ego_nets(self) -> NDArray[np.int64]:
        return ego_nets(self.graph, self.world_seed)

    @cached_property
    def _clusters(self) -> NDArray[np.int64]:
        return friend_communities(self.graph)

    @cached_property
    def _place_of_leader(self) -> dict[int, int]:
        return {row: k for k, row in enumerate(self.followers.leader.tolist())}

    def audience_sizes(self) -> NDArray[np.int64]:
        """How many hear each person: friends, and followers if she is an opinion leader."""
        sizes = np.diff(self.graph.indptr).astype(np.int64)
        for row in self.followers.leader.tolist():
            sizes[row] = len(self.hearers(row))
        return sizes

    def hearers(self, row: int) -> NDArray[np.int64]:
        """Rows of all who hear this person's posts (friends and followers), each once, ascending by id."""
        friends = self.graph.audience[self.graph.indptr[row] : self.graph.indptr[row + 1]].astype(np.int64)
        k = self._place_of_leader.get(row)
        if k is not None:
            friends = np.union1d(
                friends, self.followers.follower[self.followers.indptr[k] : self.followers.indptr[k + 1]]
            )
        return friends[np.argsort(self.population.ids[friends], kind="stable")]


def world_of(scenario: Scenario, replication: int) -> tuple[int, int]:
    """Number and seed of the world that a replication lives in."""
    number = replication // scenario.noise_per_world
    return number, draws.derived_seed(scenario.seed, draws.SEED_OF_WORLD, number)


def noise_seed_of(scenario: Scenario, replication: int) -> int:
    """Seed of a replication's daily luck."""
    return draws.derived_seed(scenario.seed, draws.SEED_OF_NOISE, replication)


def _people_and_ties(
    scenario: Scenario, seed: int, graph: SocialGraph | None, people: Mapping[str, ArrayLike] | None
) -> tuple[dict[str, NDArray[Any]] | None, SocialGraph]:
    """What is given of the people (None: nothing), and their graph, rows of both in one order."""
    source, given = scenario.population.source, None
    if people is not None:
        given = checked_people({name: np.asarray(column) for name, column in people.items()})
    elif source is not None and graph is None:
        given = read_population(scenario.resolve(source))
    if graph is None:
        graph = ties_of(scenario, seed, None if given is None else given.get("id"))
    if given is not None and "id" in given and not np.array_equal(graph.ids, given["id"]):
        raise InputError("people and graph do not name the same people in the same order", path="people.id")
    if given is not None and any(len(column) != graph.n for column in given.values()):
        lengths = ", ".join(f"{name} {len(column):,}" for name, column in given.items())
        raise InputError("people and graph differ in number", path="people", found=lengths, allowed=f"{graph.n:,} each")
    return given, graph


def ties_of(scenario: Scenario, seed: int, given_ids: NDArray[np.int64] | None = None) -> SocialGraph:
    """The scenario's graph in the world of this seed, among people of given ids if there are any."""
    spec, size = scenario.graph, scenario.population.size
    if isinstance(spec, GraphFile):
        edges = read_edges(
            scenario.resolve(spec.path),
            directed=spec.directed,
            source=spec.source,
            target=spec.target,
            weight=spec.weight,
        )
        return edges.graph(given_ids if given_ids is not None else _ids_around(edges.ids, size))
    ids = given_ids if given_ids is not None else np.arange(size or 0, dtype=np.int64)
    return SocialGraph.draw(spec.kind, ids, seed, **spec.model_dump(exclude={"kind"}))


def _ids_around(nodes: NDArray[np.int64], size: int | None) -> NDArray[np.int64]:
    """Ids of the population when only the graph's file names people: its nodes, and isolated others up to size."""
    if size is None or size == len(nodes):
        return nodes
    if size < len(nodes):
        raise InputError(
            "the graph is larger than the population",
            path="population.size",
            found=f"{size} people for a graph of {len(nodes)}",
            allowed=f"at least {len(nodes)}",
            hint="Leave out population.size to take everybody in the graph.",
        )
    free = np.setdiff1d(np.arange(size, dtype=np.int64), nodes)[: size - len(nodes)]
    return np.sort(np.concatenate([nodes, free]))


def _catalogue(scenario: Scenario, seed: int) -> Catalogue:
    spec = scenario.catalogue
    if isinstance(spec, CatalogueFile):
        return Catalogue.from_csv(scenario.resolve(spec.path), seed, spec.columns, spec.size)
    return Catalogue.draw(spec.size, seed, spec.median_price, spec.sd_log_price)


@kernel
def _pick_leaders(seed: int, ids: Column, kol: Column, mean: float, out: Column) -> None:
    for i in range(ids.shape[0]):
        out[i] = draws.u01(seed, draws.KOL_CHOICE, 0, ids[i], 0) < KOL_PER_PERSON * kol[i] / mean


@kernel
def _followings(seed: int, ids: Column, most: int, out: Column) -> None:
    for k in range(ids.shape[0]):
        u = draws.u01(seed, draws.KOL_AUDIENCE, 0, ids[k], 0)
        out[k] = max(0, min(int(KOL_LEAST * exp(-log(u) / (KOL_ALPHA - 1.0))), most))


@kernel
def _fill_followers(
    seed: int,
    ids: Column,
    by_id: Column,
    leader: Column,
    indptr: Column,
    kol: Column,
    taste_0: Column,
    taste_1: Column,
    taste_2: Column,
    out: Column,
) -> None:
    """Each leader proposes people by lot and keeps those who accept: probability ~ kol_i exp(min(match, 2))."""
    n = ids.shape[0]
    last = np.full(n, -1, dtype=np.int64)
    for k in range(leader.shape[0]):
        me = leader[k]
        last[me] = k
        place = indptr[k]
        attempt = 0
        while place < indptr[k + 1]:
            w0, w1, _, _ = draws.block(seed, draws.KOL_FOLLOWER, 0, ids[me], attempt)
            attempt += 1
            i = by_id[(w0 * n) >> 32]
            if last[i] == k:
                continue
            match = (taste_0[me] * taste_0[i] + taste_1[me] * taste_1[i] + taste_2[me] * taste_2[i]) * INV_ROOT_3
            # after very many refusals anybody is taken, so that a leader's following always fills up
            if draws.unit(w1) < kol[i] * exp(min(match, 2.0) - 2.0) or attempt > 200 * (n + 1):
                last[i] = k
                out[place] = i
                place += 1
