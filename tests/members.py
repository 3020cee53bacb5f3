"""What tests of tactics that reach members share: from an event log to who was promised what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sim.engines import World
from sim.journal import Journal
from sim.scenario import Scenario

FEW = 2_000  # people for the plain driver

BOTH = pytest.mark.parametrize("engine", ["objects", "columnar"])


def first_day(seen: Any, t: int, none: int = -10_000) -> Any:
    """Day of the last happening before day t, per person."""
    before = seen[:t] > 0
    return np.where(before.any(axis=0), t - 1 - np.argmax(before[::-1], axis=0) if t else none, none)


def paid_lines(journal: Journal) -> dict[str, int]:
    """Cents by line of the ledger."""
    found: dict[str, int] = journal.ledger.groupby("line")["amount_cents"].sum().to_dict()
    return found


def holders(wanted: Any, orders: Any, sent: Any, t: int, again: int, valid: int) -> tuple[Any, Any, Any]:
    """(sent day of each, who holds a promise on day t, who is written to on day t)."""
    written = wanted & (sent <= t - again)
    sent = np.where(written, t, sent)
    return sent, (sent > t - valid) & (first_day(orders, t) < sent), written


def shops(arms: dict[str, Any], worlds: int, **changes: Any) -> Iterator[tuple[Scenario, World]]:
    """The usual open shop (base.open) with these strategies, in some worlds."""
    asked = Scenario.load("base.open").with_({"strategies": arms, **changes})
    for replication in range(worlds):
        yield asked, World.build(asked, replication)


def mean_and_error(values: Any) -> tuple[Any, Any]:
    """Mean over worlds (the first axis) and its standard error."""
    found = np.asarray(values, dtype=float)
    return found.mean(axis=0), found.std(axis=0, ddof=1) / len(found) ** 0.5
