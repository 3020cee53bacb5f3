"""What a shop can do: one file per tactic, found by its `kind`; imports the model's records, `money`, pydantic.

Third parties add tactics through the entry point group `sim.strategies` (a Tactic subclass each).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sim.plugins import by_kind, own, published
from sim.strategies.tactic import Tactic

GROUP = "sim.strategies"


def _others() -> list[Any]:
    return published(GROUP)


@cache
def registry() -> dict[str, type[Tactic]]:
    """All tactics by kind, sorted. Raises InputError if two share a kind or something else is registered."""
    return by_kind([*own(__name__, __path__, Tactic), *_others()], Tactic, GROUP)
