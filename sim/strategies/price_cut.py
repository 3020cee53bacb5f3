"""Price cut: some or all products cheaper for everybody; imports `tactic`, `draws`, rules."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.strategies.tactic import Board, Desk, Tactic, chosen_products, lever, reduced_cents


class PriceCut(Tactic):
    """A share off the list price of some products, shown to every visitor.

    It attracts demand through the price term of the choice (own elasticity about -2.6) and costs the
    reduction on every unit sold, also on those that would have been sold anyway. An order that no
    longer fits into the budget pays the list price.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "the reduction on every unit sold, also to people who would have paid the list price"
    backfires: ClassVar[str] = "demand is pulled forward: sales dip after it ends; profit falls where margins are thin"
    title_zh: ClassVar[str] = "直接降价"
    about_zh: ClassVar[str] = "对部分商品直接降价，所有访客可见。"
    costs_zh: ClassVar[str] = "每件售出商品的让利，包括本愿付标价的人"
    backfires_zh: ClassVar[str] = "需求提前透支：结束后销售回落；毛利薄时利润下降"
    is_for_all: ClassVar[bool] = True

    kind: Literal["price_cut"] = "price_cut"
    discount: float = lever(0.10, "share of price", "share off the list price", "折扣比例", ge=0.0, le=0.9)
    products: float = lever(
        1.0, "share of products", "share of the catalogue that is cut, chosen by lot", "参与商品比例", ge=0.0, le=1.0
    )
    promoted: bool = lever(False, "yes/no", "also give the products promotion slots", "是否占用促销位")

    @classmethod
    def null(cls) -> Self:
        """Cuts nothing."""
        return cls(discount=0.0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(discount=0.3)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(discount=0.5)

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Lower prices where that is better than what another tactic already did."""
        part = chosen_products(shelf["id"], self.products, desk.seed, self.purpose("products", desk))
        cut = reduced_cents(shelf["list_cents"], self.discount)
        part &= self.affords(shelf["list_cents"] - cut, desk)
        better = part & (cut < shelf["price_cents"])
        shelf["price_cents"][better] = cut[better]
        shelf["cut_tactic"][better] = desk.index
        if self.promoted and self.discount > 0.0:
            shelf["promoted"][part] = 1.0

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the cut price is below unit cost."""
        losing = int(np.sum(reduced_cents(list_cents, self.discount) < unit_cost_cents))
        return (
            [f"discount {self.discount:.0%} sells {losing} of {len(list_cents)} products below cost"] if losing else []
        )
