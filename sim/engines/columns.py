"""The columns a run works on; imports records, world. How one row of them is read: rows.py."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.engines.world import World
from sim.rules.records import (
    ACTIVE,
    INBOX_SIZE,
    MOST_SLOTS,
    NEVER,
    PROSPECT,
    Desk,
    Inbox,
    State,
    aligned_table,
    columns_together,
)

_DAYS: Final = ("registered_day", "last_visit_day", "last_buy_day")
#: state that only acts touch, side by side: half a cache line a shopper
_RARE: Final = np.dtype(
    [
        ("kol_hype", np.float64), ("kol_product", np.int32), ("team", np.int32), ("n_orders", np.int32),
        *[(name, np.int16) for name in (*_DAYS, "inbox_day", "kol_day")], ("kol_tactic", np.int8),
    ],
    align=True,
)  # fmt: skip

#: state that loops over everybody read every day
_DAILY: Final[dict[str, Any]] = {
    **dict.fromkeys(("satisfaction", "mood", "fatigue", "joy"), np.float64), "left": np.int64,
    **dict.fromkeys(("n_friends_active", "invited_by"), np.int32),
    **dict.fromkeys(("pull", "hold"), np.int16),
    **dict.fromkeys(("lapsed_day", "left_day"), np.int16),
    **dict.fromkeys(("heard", "seen", "valence", "n_posts", "pushes", "status"), np.int8),
}  # fmt: skip


def new_state(world: World, n_friends_active: NDArray[np.int32]) -> State:
    """Everybody's state at the start of the burn-in."""
    population = world.population
    n = len(population)
    is_registered = population.is_registered
    tenure = population.tenure_days.astype(np.int16)

    rare = aligned_table(n, 1, _RARE)[:, 0]
    for name in _DAYS:
        rare[name] = NEVER
    rare["registered_day"] = np.where(is_registered, -tenure, NEVER)
    rare["kol_product"] = rare["kol_tactic"] = rare["team"] = -1
    daily = columns_together(n, _DAILY)
    daily["status"][:] = np.where(is_registered, ACTIVE, PROSPECT)
    daily["lapsed_day"][:] = NEVER
    daily["n_friends_active"][:] = n_friends_active
    daily["invited_by"][:] = -1
    assert _RARE.names is not None
    return State(**daily, **{name: rare[name] for name in _RARE.names})


def new_inboxes(n: int) -> Inbox:
    """Empty memories for n shoppers (columns: n x INBOX_SIZE); what a visit reads first shares a cache line."""
    words, halves = aligned_table(n, 4 * INBOX_SIZE, np.int32), aligned_table(n, 2 * INBOX_SIZE, np.int16)
    product, strength, sender, team = (words[:, k * INBOX_SIZE :][:, :INBOX_SIZE] for k in range(4))
    product[:] = sender[:] = team[:] = -1
    return Inbox(product, strength, halves[:, :INBOX_SIZE], sender, halves[:, INBOX_SIZE:], team)


def new_desk() -> Desk:
    """Scratch space for one thread."""
    floats = ("utility", "team_utility", "found_utility", "weight", "times")
    sizes = {"ranked": INBOX_SIZE, "times": INBOX_SIZE}
    columns: dict[str, Any] = {
        name: np.zeros(sizes.get(name, MOST_SLOTS), dtype=np.float64 if name in floats else np.int64)
        for name in Desk._fields
    }
    return Desk(**columns)
