"""What tactics that reward people share: promises the purse can keep, payment by lot; imports `tactic`."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sim.strategies.tactic import Board, Desk, Tactic


def share_kept(desk: Desk) -> float:
    """Share of today's dues that the budget will reach for, if they are those of the last day it ran."""
    last, left = desk.notes.get("due_cents", 0), desk.budget.available()
    if left <= 0:
        return 0.0
    return min(1.0, left / last) if last > 0 else 1.0


def pay_each(tactic: Tactic, rows: NDArray[Any], cents: int, line: str, board: Board, desk: Desk) -> NDArray[Any]:
    """Pay the same to each entry, by lot as far as the budget reaches; the entries paid, in the order of the lot."""
    order = tactic.by_lot(desk.world.population.ids[rows], board, desk)
    most = len(rows) if cents == 0 else min(len(rows), desk.budget.available() // cents)
    desk.pay(most * cents, line)
    return order[:most]
