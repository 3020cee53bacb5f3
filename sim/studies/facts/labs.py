"""Who is in a laboratory and who hears whom there, where a drawn graph cannot say it; imports `draws`, graph.

Graphs and columns of people for `Lab.play`. What is drawn by lot is drawn by id, from the seed of the world.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np

from sim import draws
from sim.graph import SocialGraph
from sim.population import PERSONA_TRAITS, PERSONAS
from sim.studies.facts.tables import FloatArray, IntArray

People: TypeAlias = dict[str, Any]

#: recommendations a receiver may get
MOST: Final = 20


def recommended(per_number: int) -> tuple[SocialGraph, People]:
    """Senders 0..19; then, for each n = 0..20, receivers who hear the senders 0..n-1. Senders buy on the first day."""
    number = np.repeat(np.arange(MOST + 1), per_number)
    receiver = np.repeat(np.arange(MOST, MOST + len(number)), number)
    sender = np.concatenate([np.arange(n) for n in number])
    ids = np.arange(MOST + len(number))
    graph = SocialGraph.from_edges(receiver, sender, np.ones(len(sender)), ids, directed=True)
    return graph, {"need": np.where(ids < MOST, 20.0, 0.0)}


def by_number(agent: IntArray, per_number: int) -> IntArray:
    """How many of these people are receivers of n recommendations, n = 0..20."""
    return np.bincount((agent[agent >= MOST] - MOST) // per_number, minlength=MOST + 1)


#: persona of the sender who writes again and again; receivers have the lab's
SENDER: Final = "trust_driven"


def one_sender(n_receivers: int) -> tuple[SocialGraph, People]:
    """Sender 0, who never buys, and receivers 1..n who hear her."""
    ids = np.arange(n_receivers + 1)
    graph = SocialGraph.from_edges(
        ids[1:], np.zeros(n_receivers, dtype=np.int64), np.ones(n_receivers), ids, directed=True
    )
    persona = np.where(ids == 0, SENDER, "loyal_member")
    return graph, {"persona": persona, "need": np.where(ids == 0, -20.0, 0.0)}


# --- seeds ---------------------------------------------------------------------------------------------------

POOL, SEEDS = 0.05, 0.01  # of all people: those who may be seeds of one sort, and those who are
SORTS: Final = ("hub", "bridge", "random", "fringe")


def seeds(graph: SocialGraph, sort: str, seed: int) -> IntArray:
    """Ids of the seeds of one sort, drawn by lot from their pool; who is in a pool on a tie goes by lot as well."""
    lot = drawn(graph.ids, seed, 0)
    height = {
        "hub": -graph.degree,
        "bridge": -graph.betweenness(512) if sort == "bridge" else lot,
        "random": lot,
        "fringe": graph.degree,
    }[sort]
    pool = np.lexsort((lot, height))[: round(POOL * graph.n)]
    again = drawn(graph.ids[pool], seed, 1)
    return np.sort(graph.ids[pool[np.argsort(again)[: round(SEEDS * graph.n)]]])


def drawn(ids: IntArray, seed: int, item: int) -> IntArray:
    """A number a person by lot."""
    words = np.empty((len(ids), 4), dtype=np.int64)
    draws.blocks(seed, draws.LOT, 0, ids, np.full(len(ids), item), words)
    return (words[:, 0] << 31) | (words[:, 1] >> 1)


# --- audiences ------------------------------------------------------------------------------------------------

AUDIENCE_EXPONENT, FEWEST, LARGEST = 2.3, 10, 100_000
PEOPLE: Final = 100_003  # a prime


def audience_law() -> tuple[IntArray, FloatArray]:
    """Sizes of audiences and their chances, ~ k^-2.3 from 10 to 100,000."""
    sizes = np.arange(FEWEST, LARGEST + 1)
    chance = sizes.astype(np.float64) ** -AUDIENCE_EXPONENT
    return sizes, chance / chance.sum()


def audiences(seed: int) -> SocialGraph:
    """Everybody is heard by people taken by lot from all: whom one brings has an audience of her own, unrelated.

    An audience is an arithmetic sequence of ids modulo a prime, start and step by lot: all different, any two of
    them as if by lot.
    """
    ids = np.arange(PEOPLE)
    sizes, chance = audience_law()
    u = (drawn(ids, seed, 2) + 0.5) * 2.0**-63
    size = np.minimum(sizes[np.searchsorted(np.cumsum(chance), u).clip(max=len(sizes) - 1)], PEOPLE - 1)
    step = 1 + drawn(ids, seed, 3) % (PEOPLE - 1)
    speaker = np.repeat(ids, size)
    place = np.arange(len(speaker)) - np.repeat(np.cumsum(size) - size, size)
    hearer = (speaker + (place + 1) * step[speaker]) % PEOPLE  # never herself: the step is not 0 modulo the prime
    return SocialGraph.from_edges(hearer, speaker, np.ones(len(speaker)), ids, directed=True)


def roots(seed: int, luck: int, n: int) -> People:
    """Everybody alike; registered are n people by lot, others each time: the roots."""
    chosen = np.argsort(drawn(np.arange(PEOPLE), seed, 16 + luck))[:n]
    is_root = np.zeros(PEOPLE, dtype=np.int64)
    is_root[chosen] = 1
    return {"registered": is_root, **alike(PEOPLE)}


def alike(n: int) -> People:
    """So many people who differ in nothing, so that nothing need be drawn; they come whenever they can."""
    person = PERSONAS["loyal_member"]
    values = {name: getattr(person, name) for name in PERSONA_TRAITS}
    values |= {"taste_0": 0.0, "taste_1": 0.0, "taste_2": 0.0, "need": 0.0, "intensity": 50.0, "theta": 1.0}
    return {"tenure_days": np.zeros(n, dtype=np.int64), **{name: np.full(n, value) for name, value in values.items()}}
