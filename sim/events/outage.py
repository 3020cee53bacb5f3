"""The shop cannot be opened; imports `event`, `_jit`."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from sim._jit import log
from sim.events.event import Event, Scene, detail


class Outage(Event):
    """The shop is down for part of the day: of members' visits and of usual registrations a share is lost.

    The rate of eq. 1 and the coefficient `organic` are (1 - share) times the usual. Who was invited, who comes back
    after having left, and prospects under another arrival rule find their way in all the same: they are few.
    """

    source: ClassVar[str] = "guess: sizes and lengths are yours to set"
    title_zh: ClassVar[str] = "系统故障：部分到访无法打开商店"

    kind: Literal["outage"] = "outage"
    days: int = detail(1, "days", "how long it lasts", "持续天数", ge=1, le=3650)
    share: float = detail(
        0.5, "share of visits", "visits that are lost; at most .999", "损失的到访比例", ge=0.0, le=0.999
    )

    @classmethod
    def example(cls) -> Self:
        """Hardly anybody gets in."""
        return cls(start=6, days=2, share=0.9)

    def on_conditions(self, conditions: dict[str, float], day: int, scene: Scene) -> None:
        """Fewer come."""
        conditions["e_0"] += log(1.0 - self.share)
        conditions["organic"] *= 1.0 - self.share
