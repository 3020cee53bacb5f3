"""F07: broadcast and personal messages; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.graph import SocialGraph
from sim.studies.facts import tables
from sim.studies.facts.fact import Band, Direction, Fact, Plan, Stage, Value
from sim.studies.facts.play import Lab

FACT: Final = Fact(
    "F07",
    "Friends of users whose app posts by itself adopt three to four times as often; personal invitations double it, "
    "and each of them works better than a post.",
    "Aral & Walker 2011", "paper", "other",
    stays="posts are weak at these guesses: a visiting friend sees one with chance p_b (.3), it weighs v_post (.25) "
    "of a message; raising them for this fact alone would move F03, F05 and F12",
)  # fmt: skip
SENDERS, FRIENDS = 600, 10
#: a shop without doors in which only the treated speak; her friends hear nobody else
STARS: Final = Stage(
    "senders", "base.closed", Plan(12), Plan(60),
    {"population.size": SENDERS * (1 + FRIENDS), "burn_in_days": 10, "days": 90, "params.s_0": 100.0}, alone=True,
)  # fmt: skip
#: whom a share reaches: nobody, all friends by a post, or also some of them personally
MODES: Final[dict[str, dict[str, float]]] = {
    "none": {"params.r_0": 0.0, "params.p_post": 0.0},
    "broadcast": {"params.r_0": 0.0, "params.p_post": 1.0},
    "both": {"params.p_post": 1.0},
    "personal": {"params.p_post": 0.0},
}
WITHIN: Final = 14  # days


def stars() -> tuple[SocialGraph, dict[str, Any]]:
    """Treated users 0, 1, .. who hear nobody and buy often, and ten friends each who hear only her."""
    sender = np.repeat(np.arange(SENDERS), FRIENDS)
    hearer = np.arange(SENDERS, SENDERS * (1 + FRIENDS))
    ids = np.arange(SENDERS * (1 + FRIENDS))
    graph = SocialGraph.from_edges(hearer, sender, np.ones(len(hearer)), ids, directed=True)
    return graph, {"need": np.where(ids < SENDERS, 1.5, 0.0)}


@FACT.test(
    STARS,
    Band("friends' adoptions: posts against no messages", 1.5, 5),
    Band("posts and personal messages against posts alone", 1.05, 2.5),
    Direction("adoptions more per personal message than per friend a post was for"),
)  # fmt: skip
def broadcast_and_personal(lab: Lab) -> Sequence[Value]:
    """Purchases by friends, within two weeks, of what a treated user bought; the same pairs in all arms."""
    graph, people = stars()
    adopted, sent, posted = {}, {}, 0.0
    for mode, changes in MODES.items():
        journal = lab.play(changes, graph=graph, people=people, events=True)
        assert journal.events is not None
        day, agent, product = tables.ints(journal.orders, "day", "agent", "product")
        bought = (agent < SENDERS) & (day + WITHIN < lab.scenario.days)
        pairs = np.unique(np.stack([agent[bought], product[bought], day[bought]], axis=1), axis=0)
        exposed = tables.pairs_of_friends(pairs, FRIENDS, SENDERS)
        adopted[mode] = float(tables.bought_after(journal.orders, exposed, WITHIN).sum())
        messages = journal.events[(journal.events["type"] == "message") & (journal.events["agent"] < SENDERS)]
        sent[mode], posted = float(len(messages)), float(len(exposed))
    per_post = (adopted["broadcast"] - adopted["none"]) / max(posted, 1.0)
    per_message = (adopted["personal"] - adopted["none"]) / max(sent["personal"], 1.0)
    return [
        (adopted["broadcast"], adopted["none"]), (adopted["both"], adopted["broadcast"]), per_message - per_post,
    ]  # fmt: skip
