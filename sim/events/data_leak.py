"""Customers' data get out; imports `event`, strategies' contacts."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from sim.events.event import Event, Scene, detail
from sim.strategies.people import People
from sim.strategies.tactic import Contacts


class DataLeak(Event):
    """Customers' data get out, and every member hears of it on the first day: trust in the shop falls at once.

    Satisfaction, which stands for trust in the shop, falls by `size` times (1.5 - trust) for all who ever registered
    (eq. 2c): by `size` for who trusts as most do, more for who trusts less. It comes back order by order (eq. 10).
    Members also leave sooner: `leaving` is added to the log hazard on the first day, and less each day, evenly to
    nothing at the end of its days.
    """

    source: ClassVar[str] = (
        "guess; direction: Janakiraman, Lim & Rishika 2018, Journal of Marketing 82(2): spending fell, "
        "that of loyal customers less"
    )
    title_zh: ClassVar[str] = "数据泄露：会员对商店的信任骤降"

    kind: Literal["data_leak"] = "data_leak"
    days: int = detail(30, "days", "how long members leave sooner", "流失风险升高的天数", ge=1, le=3650)
    size: float = detail(
        1.0, "satisfaction", "fall of satisfaction of who trusts as most do", "满意度（信任）的下降幅度", ge=0.0, le=5.0
    )
    leaving: float = detail(
        0.5,
        "log hazard",
        "how much sooner members leave, on the first day",
        "首日流失风险的上升（对数）",
        ge=0.0,
        le=3.0,
    )

    @classmethod
    def example(cls) -> Self:
        """A scandal."""
        return cls(start=4, days=6, size=2.0, leaving=2.0)

    def hold(self, day: int) -> float:
        """What it adds to the log hazard of leaving on a day of it."""
        return self.leaving * (1.0 - (day - self.start) / self.days)

    def on_reach(self, contacts: Contacts, people: People, day: int, scene: Scene) -> None:
        """Everybody hears of it on the first day; the worry fades."""
        if day == self.start:
            contacts.blow += self.size
        contacts.hold += self.hold(day)
