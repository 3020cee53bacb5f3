"""What befalls the shop whatever its strategy: one file per kind of event; imports strategies, `plugins`, pydantic.

Third parties add kinds through the entry point group `sim.events` (an Event subclass each).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sim.events.event import Event, Scene, detail
from sim.plugins import by_kind, own, published

GROUP = "sim.events"

__all__ = ["GROUP", "Event", "Scene", "detail", "registry"]


def _others() -> list[Any]:
    return published(GROUP)


@cache
def registry() -> dict[str, type[Event]]:
    """All kinds of events, sorted. Raises InputError if two share a kind or something else is registered."""
    return by_kind([*own(__name__, __path__, Event), *_others()], Event, GROUP)
