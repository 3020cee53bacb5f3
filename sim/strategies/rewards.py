"""What tactics that reward people share: promises the purse can keep, payment by lot; imports `tactic`, people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.strategies.people import People
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


def pay_part(cents: int, line: str, desk: Desk) -> int:
    """Pay this much, or what is left; what was paid."""
    paid = min(cents, desk.budget.available())
    desk.pay(paid, line)
    return paid


def first_order_coupon(
    offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], days: int, face: int, least: int,
    desk: Desk,
) -> None:  # fmt: skip
    """Money off for chosen visitors who registered less than so many days ago and have not ordered yet."""
    is_new = (people.n_orders == 0) & (people.tenure_days < days)
    better = chosen & is_new & (offers["coupon_cents"] < face)
    offers["coupon_cents"][better] = face
    offers["coupon_min_cents"][better] = least
    offers["coupon_cents_tactic"][better] = desk.index
