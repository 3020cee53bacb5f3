"""A regulation that forbids tactics; imports `event`, strategies."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator

from sim.errors import did_you_mean
from sim.events.event import Event, detail
from sim.strategies import registry


def _known_tactic(name: str) -> str:
    if name not in registry():
        raise ValueError(f"no tactic is of this kind. {did_you_mean(name, registry(), kind='kinds')}")
    return name


class Ban(Event):
    """Tactics of these kinds are off, in every strategy: a law or a platform's rule forbids them.

    A strategy that has nothing else is then the control. What was promised before holds: teams that are open may
    still fill, commissions on earlier posts are paid.
    """

    source: ClassVar[str] = "by definition"
    title_zh: ClassVar[str] = "监管禁令：禁止某类战术"

    kind: Literal["ban"] = "ban"
    kinds: tuple[Annotated[str, AfterValidator(_known_tactic)], ...] = detail(
        ..., "names", "kinds of tactics that are forbidden", "被禁止的战术类型", strict=False, min_length=1
    )

    @classmethod
    def example(cls) -> Self:
        """No teams, no coupons."""
        return cls(start=5, days=4, kinds=("group_buy", "share_coupon", "coupon"))

    def banned(self) -> tuple[str, ...]:
        """Kinds of tactics that are off."""
        return self.kinds
