"""Arrivals on given days, as a shop's own records have them; imports `arrival`, rules."""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from sim._jit import rule
from sim.arrivals.arrival import Arrival, coefficient
from sim.rules.records import State, Traits

_URGE = 60.0  # in logits: whoever sees anything on sale buys


class Dated(Arrival):
    """Prospects register on given days in given proportions, and buy on that day if that is what is known of them.

    For fitting to records of customers: `per_day` says how many came on each day from the first measured one on (only
    their proportions count, the world may be smaller than the shop), `share` how many of the prospects come in all.
    Nobody comes before or after. Where only buyers are on record, a customer begins with her first order: `buys`.
    """

    source: ClassVar[str] = "the dates in a shop's own records"
    title_zh: ClassVar[str] = "按实际记录的日期注册（可设为注册当天即下首单）"

    kind: Literal["dated"] = "dated"
    per_day: Annotated[tuple[float, ...], Field(strict=False)] = coefficient(
        (1.0,),
        "people",
        "how many come on each day, from the first measured day on; proportions",
        "每天注册的人数（比例）",
    )
    share: float = coefficient(
        1.0, "share", "of the prospects, how many come in all these days", "潜在用户中注册的比例", ge=0.0, le=1.0
    )
    buys: bool = coefficient(False, "yes/no", "who registers buys on that day", "注册当天是否下单")

    @field_validator("per_day")
    @classmethod
    def _check(cls, given: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(given) <= 3650 or min(given) < 0.0 or sum(given) <= 0.0:
            raise ValueError("per_day needs 1 to 3650 numbers, none below 0 and not all of them 0")
        return given

    @cached_property
    def _chances(self) -> tuple[float, ...]:
        """Of those still to come, how many come on each day; on the last one all that are left, if all come."""
        total = sum(self.per_day)
        left = [1.0 - self.share * came / total for came in accumulate(self.per_day, initial=0.0)]
        chances = [
            min(self.share * n / total / rest, 1.0) if n > 0.0 and rest > 0.0 else float(n > 0.0)
            for n, rest in zip(self.per_day, left, strict=False)
        ]
        if self.share == 1.0:  # rounding must not leave anybody behind
            chances[max(day for day, n in enumerate(self.per_day) if n > 0.0)] = 1.0
        return tuple(chances)

    def coefficients(self) -> tuple[float, ...]:
        """Those of the first measured day; they differ from day to day."""
        return self.coefficients_on(0)

    def coefficients_on(self, day: int) -> tuple[float, ...]:
        """The chance of this measured day."""
        return (self._chances[day] if 0 <= day < len(self._chances) else 0.0,)

    @property
    def first_urge(self) -> float:
        """Enough for every visitor, where who registers buys."""
        return _URGE if self.buys else 0.0

    @staticmethod
    @rule
    def chance(
        coefficients: tuple[float, ...], traits: Traits, state: State, n_friends: int, active_share: float
    ) -> float:
        """Of those still to come, who comes today."""
        return coefficients[0]
