"""What happened on one day, as plain arrays of rows and positions: told by drivers to tactics and books; imports NumPy.

Rows are people's places in the population, positions products' places in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_EMPTY: Final = np.empty(0, dtype=np.int64)


class Orders(NamedTuple):
    """Confirmed orders of one day, one entry each (arrays of equal length)."""

    row: NDArray[Any]
    product: NDArray[Any]  # position in the catalogue
    mode: NDArray[Any]  # 0 alone, 1 in a team, 3 a bargain that was won (rules' records)
    quantity: NDArray[Any]
    list_cents: NDArray[Any]  # list price x quantity
    paid_cents: NDArray[Any]
    cost_cents: NDArray[Any]
    source: NDArray[Any]  # index into CAUSES
    parent: NDArray[Any]  # row, -1 = none
    tactic: NDArray[Any]  # index of the tactic whose price applied, -1 = none
    hype: NDArray[Any]  # what the post or live session that caused it promised too much
    kol_tactic: NDArray[Any]  # index of the tactic whose post or live session caused it, -1 = none
    is_returned: NDArray[Any]


def no_orders() -> Orders:
    """A day without orders."""
    return Orders(*([_EMPTY] * len(Orders._fields)))


class Samples(NamedTuple):
    """Products given away on one day, one entry each (arrays of equal length, ascending by row)."""

    row: NDArray[Any]
    product: NDArray[Any]  # position in the catalogue
    cents: NDArray[Any]  # what it costs the shop
    tactic: NDArray[Any]  # index


def no_samples() -> Samples:
    """A day on which nothing is given away."""
    return Samples(*([_EMPTY] * len(Samples._fields)))


class Acts(NamedTuple):
    """What people did today about words or products of others, one entry each (arrays of equal length)."""

    row: NDArray[Any]
    product: NDArray[Any]  # position in the catalogue
    other: NDArray[Any]  # row of whom it is about, -1 = nobody
    value: NDArray[Any]  # what it means is said where it is logged


def no_acts() -> Acts:
    """Nobody did."""
    return Acts(*([_EMPTY] * len(Acts._fields)))


@dataclass
class Day:
    """What happened on one day; arrays of rows (people) and positions (products)."""

    registered: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    channel: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    inviter: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    returned: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    visitors: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    pushed: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # whom the shop wrote to this morning
    pushes: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # how often
    orders: Orders = field(default_factory=no_orders)
    samples: Samples = field(default_factory=no_samples)
    reviewers: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    reviewed: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    stars: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    sharers: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    shared: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    share_kind: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # index into SHARE_KINDS
    senders: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # personal messages only
    receivers: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    messaged: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    likes: Acts = field(default_factory=no_acts)  # other: who had posted; value 0
    comments: Acts = field(default_factory=no_acts)  # other: who had posted; value: 1 for the product, -1 against it
    reposts: Acts = field(default_factory=no_acts)  # other: from whom; value: hands it went through, hers included
    questions: Acts = field(default_factory=no_acts)  # value 0
    answers: Acts = field(default_factory=no_acts)  # other: who had asked; value: 1 for the product, -1 against it
    shows: Acts = field(default_factory=no_acts)  # buyers who show what they got; value 0
    founders: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    founded: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    joiners: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    joined: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    joined_with: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # row of the founder
    n_teams_filled: int = 0
    n_teams_failed: int = 0
    let_down: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # members of teams that failed
    let_down_product: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    lapsed: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    helpers: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # friends who helped in a bargain today
    helped: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # for which product
    helped_with: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # row of who asked them
    help_cents: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # what their help cut
    newcomers: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # prospects whom helping brought to register
    newcomer_tactic: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    bargainers: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # who started a bargain
    bargained: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    won: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # whose bargain reached its target
    won_product: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    lost: NDArray[Any] = field(default_factory=lambda: _EMPTY)  # whose bargain ran out of time
    lost_product: NDArray[Any] = field(default_factory=lambda: _EMPTY)
    left_because: NDArray[Any] | None = None  # index into LEAVING_CAUSES, as `lapsed`; None where it is not asked


SHARE_KINDS: Final = ("order", "unlock", "team", "sample", "bargain")
EVENT_TYPES: Final = (
    "register", "return", "visit", "found", "join", "let_down", "sample", "order", "send_back", "review", "share",
    "message", "show", "like", "comment", "repost", "question", "answer", "lapse",
    "bargain", "help", "bargain_won", "bargain_failed",
)  # fmt: skip
