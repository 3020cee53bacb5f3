"""Product sampling: a product for free, so that people know it and talk about it; imports `tactic`, `errors`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.money import Cents
from sim.strategies.tactic import Board, Desk, Giveaway, Tactic, chosen_products, lever


class ProductSampling(Tactic):
    """Free samples: members drawn by lot get one unit of a product, without an order.

    Whoever gets one experiences it as a buyer does: satisfaction and mood change, she may review, share and
    post it, friends see that she has it, and her need is met as by a purchase. It is no sale: it counts
    neither in GMV nor in units sold nor as an order, and cannot be sent back. The shop pays unit cost and
    handling. A person gets one sample a day at most, and nothing that is not on sale.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "unit cost and handling of every sample, also of those to people who would have bought"
    backfires: ClassVar[str] = "meets needs for free, so that members buy less for a while; bad products are warned of"
    title_zh: ClassVar[str] = "免费试用"
    about_zh: ClassVar[str] = "免费试用：抽签选出的会员无需下单即可得到一件商品。"
    costs_zh: ClassVar[str] = "每份试用品的成本与处理费，包括给本来就会买的人"
    backfires_zh: ClassVar[str] = "免费满足了需求，会员一段时间内少买；差的商品会被人提醒避开"

    kind: Literal["product_sampling"] = "product_sampling"
    share: float = lever(
        0.002,
        "share of members",
        "active members who get a sample on a day, by lot",
        "每日获得试用的活跃会员比例",
        ge=0.0,
        le=1.0,
    )
    choose: Literal["best_seller", "lot"] = lever(
        "best_seller",
        "",
        "what is given: the product sold most so far, or one by lot for each",
        "试用商品：最畅销或随机",
    )
    products: float = lever(
        1.0,
        "share of products",
        "share of the catalogue the lot draws from, chosen by lot",
        "随机范围占商品目录比例",
        ge=0.0,
        le=1.0,
    )
    product: int | None = lever(
        None,
        "product id",
        "give this product, whatever `choose` says; empty = as it says",
        "指定商品编号；空为按选品方式",
        ge=0,
    )
    handling: Cents = lever(
        200, "currency", "cost of sending one sample, beside its unit cost", "每件试用的处理成本", ge=0
    )

    @classmethod
    def null(cls) -> Self:
        """Nobody gets anything."""
        return cls(share=0.0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(share=0.05)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(share=0.1)

    def begin(self, desk: Desk) -> None:
        """Find the products that may be given; raises InputError if there is no product of the id asked for."""
        ids = desk.world.catalogue.id
        if self.product is None:
            among = chosen_products(ids, self.products, desk.seed, self.purpose("products", desk))
        else:
            among = ids == self.product
            if not among.any():
                raise InputError(
                    "no product has this id",
                    path=f"strategies.{desk.label}.product",
                    found=self.product,
                    allowed=f"the id of one of {len(ids):,} products, {ids.min()} to {ids.max()}",
                )
        desk.notes["among"] = among

    def on_sample(self, board: Board, desk: Desk) -> Giveaway | None:
        """Give what is on sale today; nothing if that is none of the products."""
        among: NDArray[Any] = desk.notes["among"] & board.on_sale
        if self.product is None and self.choose == "best_seller":
            best = np.argmax(np.where(board.on_sale, board.units, -1))
            among = board.on_sale & (np.arange(board.n_products) == best)
        return Giveaway(np.flatnonzero(among).astype(np.int64), self.share, self.handling)
