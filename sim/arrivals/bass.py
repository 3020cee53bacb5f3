"""Bass's diffusion: some come by themselves, others because others have; imports `arrival`, rules."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim._jit import rule
from sim.arrivals.arrival import Arrival, coefficient
from sim.rules.arrive import friends_active
from sim.rules.records import State, Traits


class Bass(Arrival):
    """A prospect registers with chance p + q times the share of others who are active: innovation and imitation.

    The others are her friends (the people she hears), or everybody where `well_mixed` is on. Bass's p and q are per
    year for a whole category of goods; divide them by 365 for a step of a day.
    """

    source: ClassVar[str] = "Bass 1969, Management Science 15(5); on a network Fibich & Levin 2023, arXiv 2312.05450"
    title_zh: ClassVar[str] = "巴斯扩散：自发（创新）加模仿"

    kind: Literal["bass"] = "bass"
    p: float = coefficient(
        0.000082, "per day", "innovation: chance without anybody active; default .03 a year", "创新系数", ge=0.0, le=1.0
    )
    q: float = coefficient(
        0.00104,
        "per day",
        "imitation: what is added if all others are active; default .38 a year",
        "模仿系数",
        ge=0.0,
        le=1.0,
    )
    well_mixed: bool = coefficient(False, "yes/no", "the others are everybody, not her friends", "是否面向全体而非好友")

    @staticmethod
    @rule
    def chance(
        coefficients: tuple[float, ...], traits: Traits, state: State, n_friends: int, active_share: float
    ) -> float:
        """p + q * share, the share as of last night."""
        p, q, well_mixed = coefficients
        return p + q * (active_share if well_mixed > 0.0 else friends_active(state, n_friends))
