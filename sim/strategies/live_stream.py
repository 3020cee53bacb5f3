"""Live streaming: a host shows some products at a session price; imports `tactic`, people, `draws`, money."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.tactic import Board, BuysMedia, Desk, lever, reduced_cents


class LiveStream(BuysMedia):
    """Sessions in which a host shows a few products to some of the day's visitors, cheaper while it lasts.

    Who watches sees these products in more of her slots, likes them better, and buys on the spur of the moment
    (docs/model.md, 8.1b). A host who promises too much disappoints, and what was bought live comes back more often.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "a fee for every session, a commission on what it sold, the session price, and returns"
    backfires: ClassVar[str] = "hype disappoints and live purchases come back; the cut goes also to who would have paid"
    title_zh: ClassVar[str] = "直播带货"
    about_zh: ClassVar[str] = "主播向当日部分访客展示少数商品，直播期间更便宜。"
    costs_zh: ClassVar[str] = "每场费用、所售商品佣金、直播价让利与退货"
    backfires_zh: ClassVar[str] = "过度宣传令人失望、直播订单退货多；本愿付标价者也享让利"

    kind: Literal["live_stream"] = "live_stream"
    # guess: what is shown then sells about twice as much that day, in a shop of 60 products (10 to 120 % more, S6)
    viewers: float = lever(
        0.05, "share of visitors", "visitors who watch, by lot", "观看直播的访客比例", ge=0.0, le=1.0
    )
    products: int = lever(3, "products", "products shown in a session, by lot", "每场展示商品数", ge=0, le=100)
    discount: float = lever(0.1, "share of price", "share off while it lasts", "直播间折扣", ge=0.0, le=0.9)
    weight: float = lever(
        2.0,
        "slots against one random slot",
        "weight of the session's slots for who watches",
        "直播展示权重",
        ge=0.0,
        le=10.0,
    )
    hype: float = lever(0.3, "satisfaction", "how much the host promises too much", "夸大程度", ge=0.0, le=3.0)
    fee: Cents = lever(5000, "currency", "fee for one session", "每场坑位费", ge=0)
    commission: float = lever(
        0.15, "share of what was paid", "commission on what its slots sold", "佣金比例", ge=0.0, le=0.5
    )

    @classmethod
    def null(cls) -> Self:
        """Sessions that nobody watches, for free."""
        return cls(viewers=0.0, fee=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(viewers=0.8, fee=10)

    @classmethod
    def overdone(cls) -> Self:
        """A dear host for a deep cut, every day."""
        return cls(viewers=0.8, discount=0.5, hype=3.0, fee=200, commission=0.5)

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Choose today's products, if the fee can be paid and anything is on sale."""
        desk.notes["is_live"] = False
        shown, fee = np.flatnonzero(board.on_sale), np.array([self.media_price(self.fee, board)])
        if self.products == 0 or len(shown) == 0 or not desk.pay_in_turn(fee, "fees")[0]:
            return
        order = self.by_lot(shelf["id"][shown], board, desk, "products")
        chosen = shown[order[: self.products]]
        saving = shelf["price_cents"][chosen] - reduced_cents(shelf["price_cents"][chosen], self.discount)
        chosen = chosen[self.affords(saving, desk)]
        shelf["live"][chosen] = 1.0
        shelf["live_discount"][chosen] = np.maximum(shelf["live_discount"][chosen], self.discount)
        desk.notes["is_live"] = len(chosen) > 0

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Who watches, by lot; one session a visitor: the first tactic's."""
        if not desk.notes["is_live"]:
            return
        watches = (
            chosen & (offers["live_weight"] <= 0.0) & (self.luck(people.id, board, desk, "viewers") < self.viewers)
        )
        offers["live_weight"][watches] = self.weight
        offers["live_tactic"][watches] = desk.index
        offers["live_hype"][watches] = self.hype

    def commission_share(self) -> float:
        """Commission on what the session's slots sold."""
        return self.commission

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the session price and the commission together fall below unit cost."""
        kept = list_cents * (1.0 - self.discount) * (1.0 - self.commission)
        losing = int(np.sum(kept < unit_cost_cents)) if self.viewers else 0
        text = (
            f"after {self.discount:.0%} off and {self.commission:.0%} commission {losing} of {len(list_cents)} products"
        )
        return [f"{text} sell below cost"] if losing else []
