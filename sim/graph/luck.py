"""The one place where the purpose GRAPH is drawn, and what its items are about; imports draws and _jit."""

from __future__ import annotations

from typing import Final

from sim._jit import rule
from sim.draws import GRAPH, block, pair

# What an item of the purpose GRAPH is about (its high word; the low word counts attempts).
PLACE: Final = 1
COUNT: Final = 2
LINK: Final = 3
TRIAD: Final = 4
WEIGHT: Final = 5
COIN: Final = 6
SHUFFLE: Final = 7
PROBE: Final = 8
EDGE: Final = 1 << 10  # and beyond: one number per tie that a person starts


@rule
def luck(seed: int, person: int, about: int, attempt: int) -> tuple[int, int, int, int]:
    """Draw four words for a person, counted in the order of ids."""
    return block(seed, GRAPH, 0, person, pair(about, attempt))


@rule
def fine(w0: int, w1: int) -> float:
    """53 random bits as a number in (0, 1)."""
    return (((w0 << 20) | (w1 >> 12)) + 0.5) * 2.0**-52


@rule
def index(w0: int, w1: int, n: int) -> int:
    """A whole number below n."""
    return min(int(fine(w0, w1) * n), n - 1)
