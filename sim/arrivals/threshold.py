"""Watts's threshold: she registers once enough of her friends have; imports `arrival`, rules."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim._jit import rule
from sim.arrivals.arrival import Arrival, coefficient
from sim.rules.arrive import friends_active
from sim.rules.records import State, Traits


class Threshold(Arrival):
    """A prospect registers for certain on the day after at least this share of her friends were active.

    Below it, and if she hears nobody, never. Nothing is left to luck: who registers follows from the graph and from
    who is registered at the start.
    """

    source: ClassVar[str] = "Granovetter 1978, AJS 83 1420; Watts 2002, PNAS 99(9) 5766 (default as in his figures)"
    title_zh: ClassVar[str] = "门槛：足够多的好友已加入后才注册"

    kind: Literal["threshold"] = "threshold"
    share: float = coefficient(
        0.18,
        "share of friends",
        "friends who must be active before she registers",
        "所需的活跃好友比例",
        ge=0.0,
        le=1.0,
    )

    @staticmethod
    @rule
    def chance(
        coefficients: tuple[float, ...], traits: Traits, state: State, n_friends: int, active_share: float
    ) -> float:
        """1 or 0."""
        return 1.0 if n_friends > 0 and friends_active(state, n_friends) >= coefficients[0] else 0.0
