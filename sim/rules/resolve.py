"""Who gets a scarce thing (budget, seat, stock, being the inviter): never first come; imports `draws`, `sorting`.

Drivers collect requests, these functions decide by keyed priority, drivers commit. They take arrays
and exist once; the order of the requests cannot matter, because ties are broken by the request's name.
"""

from __future__ import annotations

import numpy as np

from sim import draws
from sim.rules.records import Column
from sim.sorting import order_of

MANY = 1000  # so many are sorted by digits sooner than by comparing


def priorities(seed: int, purpose: int, day: int, agents: Column, items: Column) -> Column:
    """Keyed priority of each request (the smallest comes first): 32-bit words as int64."""
    words = np.empty((len(agents), 4), dtype=np.int64)
    draws.blocks(seed, purpose, day, np.asarray(agents, dtype=np.int64), np.asarray(items, dtype=np.int64), words)
    return words[:, 0]


def grant(amounts: Column, available: int, words: Column, names: Column) -> Column:
    """Which requests fit into `available` (same unit as the positive integer amounts), by keyed priority.

    A request that does not fit is passed over and the next one is tried; so with equal amounts c
    exactly floor(available / c) are granted.
    """
    granted = np.zeros(len(amounts), dtype=bool)
    left = int(available)
    if len(amounts) == 0 or left <= 0:
        return granted
    if int(np.sum(amounts, dtype=np.int64)) <= left:
        granted[:] = True
        return granted
    order = np.lexsort((names, words))
    ordered = np.asarray(amounts, dtype=np.int64)[order]
    smallest = int(ordered.min())
    for position, amount in zip(order.tolist(), ordered.tolist(), strict=True):
        if amount <= left:
            granted[position] = True
            left -= amount
        if left < smallest:
            break
    return granted


def seats(things: Column, free: Column, words: Column, names: Column) -> Column:
    """Which requests get a place: request i wants one of the free[things[i]] places of its thing."""
    granted = np.zeros(len(things), dtype=bool)
    order = np.lexsort((names, words, things))
    wanted = np.asarray(things)[order]
    first = np.searchsorted(wanted, wanted, side="left")
    granted[order] = np.arange(len(wanted)) - first < np.asarray(free)[wanted]
    return granted


def winners(groups: Column, words: Column, names: Column) -> Column:
    """Positions of the winning request of every group, in ascending order of group."""
    keys = (np.asarray(names), np.asarray(words), np.asarray(groups))
    order = np.lexsort(keys) if len(keys[0]) < MANY else order_of(*keys)
    ordered = keys[2][order]
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return order[is_first]
