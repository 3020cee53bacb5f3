"""Flash sale: a few products much cheaper for a few days, in rounds; imports `tactic`, `draws`."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.day import Day
from sim.strategies.tactic import Board, Desk, Tactic, lever, reduced_cents

SOLD_CUE: Final = 0.2  # utility of seeing that an allotment is nearly gone (Luo et al. 2014: direction; size guess)
LAST_DAY_CUE: Final = 0.1  # utility of a countdown on a round's last day (guess)


class FlashSale(Tactic):
    """Seckill: products by lot, a deep cut, a fixed number of days, perhaps a fixed number of units; then new ones.

    The cut acts through the price term (docs/model.md, eq. 4), promotion through slots, and the shown scarcity
    through appeal: how much of the allotment is gone, and that it is the last day. When a product's units are sold
    its price goes back in the next morning; everybody who ordered at the price gets it.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "the reduction on every unit sold in the sale, also to who would have paid the list price"
    backfires: ClassVar[str] = "deep cuts sell below cost, take sales from other products and from the weeks after"
    title_zh: ClassVar[str] = "限时秒杀"
    about_zh: ClassVar[str] = "限时秒杀：随机选品、大幅降价、固定天数，可限量；随后换一批。"
    costs_zh: ClassVar[str] = "秒杀期间每件商品的让利，包括本愿付标价的人"
    backfires_zh: ClassVar[str] = "大幅降价会低于成本出售，并挤占其他商品和随后几周的销售"
    is_for_all: ClassVar[bool] = True

    kind: Literal["flash_sale"] = "flash_sale"
    discount: float = lever(0.3, "share of price", "share off the list price", "折扣比例", ge=0.0, le=0.9)
    products: int = lever(3, "products", "products in a round, chosen by lot", "每轮商品数", ge=1, le=1000)
    days: int = lever(2, "days", "days a round lasts", "每轮天数", ge=1, le=60)
    gap: int = lever(12, "days", "days between two rounds", "两轮间隔天数", ge=0, le=365)
    units: int | None = lever(
        None, "units", "units of each product in a round, counted every night; empty = no limit",
        "每轮每件商品数量（每晚盘点）；空为不限", ge=1, le=1_000_000,
    )  # fmt: skip
    promoted: bool = lever(True, "yes/no", "give the products promotion slots", "是否占用促销位")
    cue: bool = lever(True, "yes/no", "show a countdown, and how much of the units is gone", "是否显示倒计时与已抢比例")

    @classmethod
    def null(cls) -> Self:
        """Cuts nothing."""
        return cls(discount=0.0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(discount=0.4, gap=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(discount=0.6, products=1000, gap=0)

    def _round(self, board: Board, desk: Desk) -> NDArray[np.bool_]:
        """Products of this day's round by lot, another lot in each round; none between rounds."""
        number, day = divmod(board.day - self.start, self.days + self.gap)
        chosen = np.zeros(board.n_products, dtype=np.bool_)
        if day < self.days:
            ids = desk.world.catalogue.id
            words = np.empty((len(ids), 4), dtype=np.int64)
            draws.blocks(desk.seed, self.purpose("round", desk), 0, ids, np.full(len(ids), number), words)
            chosen[np.lexsort((ids, words[:, 0]))[: self.products]] = True
        if desk.notes.get("number") != number:
            desk.notes["number"], desk.notes["sold"] = number, np.zeros(board.n_products, dtype=np.int64)
        if self.units is not None:
            chosen &= desk.notes["sold"] < self.units
        return chosen

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Lower prices where that is better than what another tactic already did; promote, and show what is scarce."""
        part = self._round(board, desk)
        cut = reduced_cents(shelf["list_cents"], self.discount)
        part &= self.affords(shelf["list_cents"] - cut, desk)
        desk.notes["part"] = part
        if self.discount == 0.0:
            return
        better = part & (cut < shelf["price_cents"])
        shelf["price_cents"][better] = cut[better]
        shelf["cut_tactic"][better] = desk.index
        if self.promoted:
            shelf["promoted"][part] = 1.0
        if self.cue:
            is_last = (board.day - self.start) % (self.days + self.gap) == self.days - 1
            gone = desk.notes["sold"] / self.units if self.units is not None else np.zeros(board.n_products)
            shelf["appeal"][part] += (SOLD_CUE * gone + LAST_DAY_CUE * is_last)[part]

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Count what was sold of the round's products."""
        ours = desk.notes["part"][events.orders.product]
        np.add.at(desk.notes["sold"], events.orders.product[ours], events.orders.quantity[ours])

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the cut price is below unit cost."""
        losing = int(np.sum(reduced_cents(list_cents, self.discount) < unit_cost_cents))
        return (
            [f"discount {self.discount:.0%} may sell below cost: {losing} of {len(list_cents)} products"]
            if losing
            else []
        )
