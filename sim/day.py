"""What happened on one day, as plain arrays of rows and positions: told by drivers to tactics and books; imports NumPy.

Rows are people's places in the population, positions products' places in the catalogue.
"""

from __future__ import annotations

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
    return _NO_ORDERS


class Samples(NamedTuple):
    """Products given away on one day, one entry each (arrays of equal length, ascending by row)."""

    row: NDArray[Any]
    product: NDArray[Any]  # position in the catalogue
    cents: NDArray[Any]  # what it costs the shop
    tactic: NDArray[Any]  # index


def no_samples() -> Samples:
    """A day on which nothing is given away."""
    return _NO_SAMPLES


class Acts(NamedTuple):
    """What people did today about words or products of others, one entry each (arrays of equal length)."""

    row: NDArray[Any]
    product: NDArray[Any]  # position in the catalogue
    other: NDArray[Any]  # row of whom it is about, -1 = nobody
    value: NDArray[Any]  # what it means is said where it is logged


def no_acts() -> Acts:
    """Nobody did."""
    return _NO_ACTS


# shared by all days: nobody can write into what has no entry
_NO_ORDERS: Final = Orders(*([_EMPTY] * len(Orders._fields)))
_NO_SAMPLES: Final = Samples(*([_EMPTY] * len(Samples._fields)))
_NO_ACTS: Final = Acts(*([_EMPTY] * len(Acts._fields)))


class Day:
    """What happened on one day, nothing until it is told; arrays of rows (people) and positions (products)."""

    registered: NDArray[Any] = _EMPTY
    channel: NDArray[Any] = _EMPTY
    inviter: NDArray[Any] = _EMPTY
    returned: NDArray[Any] = _EMPTY
    visitors: NDArray[Any] = _EMPTY
    pushed: NDArray[Any] = _EMPTY  # whom the shop wrote to this morning
    pushes: NDArray[Any] = _EMPTY  # how often
    orders: Orders = _NO_ORDERS
    samples: Samples = _NO_SAMPLES
    reviewers: NDArray[Any] = _EMPTY
    reviewed: NDArray[Any] = _EMPTY
    stars: NDArray[Any] = _EMPTY
    sharers: NDArray[Any] = _EMPTY
    shared: NDArray[Any] = _EMPTY
    share_kind: NDArray[Any] = _EMPTY  # index into SHARE_KINDS
    senders: NDArray[Any] = _EMPTY  # personal messages only
    receivers: NDArray[Any] = _EMPTY
    messaged: NDArray[Any] = _EMPTY
    likes: Acts = _NO_ACTS  # other: who had posted; value 0
    comments: Acts = _NO_ACTS  # other: who had posted; value: 1 for the product, -1 against it
    reposts: Acts = _NO_ACTS  # other: from whom; value: hands it went through, hers included
    questions: Acts = _NO_ACTS  # value 0
    answers: Acts = _NO_ACTS  # other: who had asked; value: 1 for the product, -1 against it
    shows: Acts = _NO_ACTS  # buyers who show what they got; value 0
    founders: NDArray[Any] = _EMPTY
    founded: NDArray[Any] = _EMPTY
    joiners: NDArray[Any] = _EMPTY
    joined: NDArray[Any] = _EMPTY
    joined_with: NDArray[Any] = _EMPTY  # row of the founder
    n_teams_filled: int = 0
    n_teams_failed: int = 0
    let_down: NDArray[Any] = _EMPTY  # members of teams that failed
    let_down_product: NDArray[Any] = _EMPTY
    lapsed: NDArray[Any] = _EMPTY
    helpers: NDArray[Any] = _EMPTY  # friends who helped in a bargain today
    helped: NDArray[Any] = _EMPTY  # for which product
    helped_with: NDArray[Any] = _EMPTY  # row of who asked them
    help_cents: NDArray[Any] = _EMPTY  # what their help cut
    newcomers: NDArray[Any] = _EMPTY  # prospects whom helping brought to register
    newcomer_tactic: NDArray[Any] = _EMPTY
    bargainers: NDArray[Any] = _EMPTY  # who started a bargain
    bargained: NDArray[Any] = _EMPTY
    won: NDArray[Any] = _EMPTY  # whose bargain reached its target
    won_product: NDArray[Any] = _EMPTY
    lost: NDArray[Any] = _EMPTY  # whose bargain ran out of time
    lost_product: NDArray[Any] = _EMPTY
    left_because: NDArray[Any] | None = None  # index into LEAVING_CAUSES, as `lapsed`; None where it is not asked


SHARE_KINDS: Final = ("order", "unlock", "team", "sample", "bargain")
SHARES_ORDER: Final = SHARE_KINDS.index("order")
SHARES_TO_UNLOCK: Final = SHARE_KINDS.index("unlock")
SHARES_FOR_TEAM: Final = SHARE_KINDS.index("team")
SHARES_SAMPLE: Final = SHARE_KINDS.index("sample")
EVENT_TYPES: Final = (
    "register", "return", "visit", "found", "join", "let_down", "sample", "order", "send_back", "review", "share",
    "message", "show", "like", "comment", "repost", "question", "answer", "lapse",
    "bargain", "help", "bargain_won", "bargain_failed",
)  # fmt: skip
