"""Who hears whom: drawn, read from an edge file or from networkx, as compact arrays; imports draws, _jit, errors.

A graph is a list, per person, of the people who hear her. Every builder goes through one routine
that works on people in the order of their ids and only then places them in rows, so neither the
order of the population nor the order of lines in a file can change anybody's friends.

Rooms, each importing only from those before it: `limits`; `kinds`, `luck`, `people`, `rows`;
`generate`, `strength`, `measure`; `social`; `edges`, `clusters`.
"""

from __future__ import annotations

from sim.graph.clusters import ego_nets, friend_communities
from sim.graph.edges import EdgeList, read_edges
from sim.graph.kinds import KINDS, Setting, check_spec
from sim.graph.limits import MAX_ID, MAX_TIES
from sim.graph.social import SocialGraph
from sim.graph.strength import EMBEDDED_SHARE, STRENGTH_CAP, STRENGTH_UNIT, STRONG, WEAK

__all__ = [
    "EMBEDDED_SHARE",
    "KINDS",
    "MAX_ID",
    "MAX_TIES",
    "STRENGTH_CAP",
    "STRENGTH_UNIT",
    "STRONG",
    "WEAK",
    "EdgeList",
    "Setting",
    "SocialGraph",
    "check_spec",
    "ego_nets",
    "friend_communities",
    "read_edges",
]
