"""A season: people come and buy more often, or less; imports `event`."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from sim.events.event import Event, Scene, detail


class Season(Event):
    """Demand moves for everybody: a festival, a sales season, a holiday; negative numbers are a slack season.

    Visits of members are exp(visiting) times as frequent (the rate of eq. 1), and a visit ends in an order with
    exp(buying) times the odds (eq. 5). With shape `peak` both grow evenly to the middle of its days and fall again.
    """

    source: ClassVar[str] = "guess: sizes and lengths are yours to set; weekdays and calendars are not in the model"
    title_zh: ClassVar[str] = "季节与节日：整体需求上升或下降"

    kind: Literal["season"] = "season"
    visiting: float = detail(
        0.3, "log rate", "how much oftener members visit; .3 = a third", "会员到访频率的变化（对数）", ge=-3.0, le=3.0
    )
    buying: float = detail(
        0.2, "logit", "how much likelier a visit ends in an order", "到访后下单倾向的变化（对数几率）", ge=-3.0, le=3.0
    )
    shape: Literal["constant", "peak"] = detail(
        "constant", "", "the same on all its days, or growing to a peak in the middle", "各日相同，或在中段达到高峰"
    )

    @classmethod
    def example(cls) -> Self:
        """A feast."""
        return cls(start=1, days=9, visiting=1.0, buying=1.0, shape="peak")

    def strength(self, day: int) -> float:
        """Which part of the whole effect holds on a day of it: 1, or 1 - |2 (k + .5) / days - 1| on day k of a peak."""
        if self.shape == "constant":
            return 1.0
        return 1.0 - abs(2.0 * (day - self.start + 0.5) / self.days - 1.0)

    def on_conditions(self, conditions: dict[str, float], day: int, scene: Scene) -> None:
        """Shift everybody's visiting and buying."""
        conditions["e_0"] += self.visiting * self.strength(day)
        conditions["alpha"] += self.buying * self.strength(day)
