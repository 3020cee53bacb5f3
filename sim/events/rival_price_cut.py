"""A rival shop lowers its prices; imports `event`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from numpy.typing import NDArray

from sim.events.event import Event, Scene, detail
from sim.params import Params


class RivalPriceCut(Event):
    """A rival shop sells everything cheaper for a while, so some visitors buy there, and members leave a little sooner.

    Its price level against ours, `rival_price`, is (1 - cut) times the usual. The chance to buy here falls by eq. 5b,
    most for the price-sensitive; the log hazard of leaving grows by g_rival ln(1 / rival_price) (eq. 17). There is a
    rival only where the coefficient `w_rival` is above 0; it also takes customers at equal prices, so raise `alpha` by
    ln(1 + w_rival) to start from the usual demand.
    """

    source: ClassVar[str] = "guess: how large and how near the rival is (w_rival), is yours to set"
    title_zh: ClassVar[str] = "竞争对手降价"

    kind: Literal["rival_price_cut"] = "rival_price_cut"
    days: int = detail(14, "days", "how long it lasts", "持续天数", ge=1, le=3650)
    cut: float = detail(
        0.15, "share of price", "by how much the rival lowers its prices", "对手降价幅度", ge=0.0, le=0.95
    )

    @classmethod
    def example(cls) -> Self:
        """A price war; it needs w_rival above 0."""
        return cls(start=2, days=7, cut=0.5)

    def on_conditions(self, conditions: dict[str, float], day: int, scene: Scene) -> None:
        """The rival is cheaper."""
        conditions["rival_price"] *= 1.0 - self.cut

    def warnings(self, params: Params, product_ids: NDArray[Any]) -> list[str]:
        """A rival that is not there."""
        return [] if params.w_rival > 0.0 else ["it changes nothing: params.w_rival is 0, so there is no rival"]
