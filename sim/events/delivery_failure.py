"""Parcels that arrive late, broken or wrong more often; imports `event`."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from sim.events.event import Event, Scene, detail


class DeliveryFailure(Event):
    """Of the orders that would have arrived well, a share arrives late, broken or wrong: fail + share (1 - fail).

    Who gets such an order is less satisfied (eq. 10), so some send it back, review it badly, warn their friends,
    buy less and leave sooner. An order is delivered on the day it is confirmed.
    """

    source: ClassVar[str] = "guess: sizes and lengths are yours to set"
    title_zh: ClassVar[str] = "配送故障：更多订单迟到、破损或发错"

    kind: Literal["delivery_failure"] = "delivery_failure"
    share: float = detail(
        0.3,
        "share of orders",
        "of the orders that would have arrived well, how many fail",
        "原本正常送达的订单中出现故障的比例",
        ge=0.0,
        le=1.0,
    )

    @classmethod
    def example(cls) -> Self:
        """Most parcels fail."""
        return cls(start=2, days=6, share=0.8)

    def on_conditions(self, conditions: dict[str, float], day: int, scene: Scene) -> None:
        """Raise the rate of failure."""
        conditions["fail"] += self.share * (1.0 - conditions["fail"])
