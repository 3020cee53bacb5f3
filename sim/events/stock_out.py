"""Products that cannot be had for a while; imports `event`, strategies' lot, `errors`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.errors import InputError
from sim.events.event import Event, Scene, detail
from sim.params import Params
from sim.strategies.tactic import chosen_products

ProductId = Annotated[int, Field(strict=True, ge=0)]


class StockOut(Event):
    """Some products are not on sale, although they were launched: the supplier fails, or the warehouse is empty.

    Nobody sees them, so visitors look at other products, and tactics do not offer them. Orders and seats in teams
    that were taken before are delivered. The lot is the same for all strategies and replications of a world.
    """

    source: ClassVar[str] = "guess: sizes and lengths are yours to set"
    title_zh: ClassVar[str] = "缺货：部分商品暂时无法购买"

    kind: Literal["stock_out"] = "stock_out"
    products: tuple[ProductId, ...] = detail(
        (), "product ids", "these products; empty = a share by lot", "缺货商品编号；空为按比例随机抽取", strict=False
    )
    share: float = detail(
        0.1,
        "share of products",
        "share of the catalogue that is missing, by lot; not used where products are named",
        "缺货商品占目录比例（随机抽取；指定商品时不使用）",
        ge=0.0,
        le=1.0,
    )

    @classmethod
    def example(cls) -> Self:
        """Most of the shop is empty."""
        return cls(start=3, days=5, share=0.6)

    def begin(self, scene: Scene) -> None:
        """Find the products; raises InputError if there is none of an id that was asked for."""
        ids = scene.world.catalogue.id
        if self.products:
            unknown = self._unknown(ids)
            if unknown:
                raise InputError(
                    "no product has this id",
                    path=f"events[{scene.index}].products",
                    found=unknown[0],
                    allowed=f"the ids of {len(ids):,} products, {ids.min()} to {ids.max()}",
                )
            scene.notes["missing"] = np.isin(ids, self.products)
        else:
            scene.notes["missing"] = chosen_products(ids, self.share, scene.seed, scene.purpose(self.kind, "products"))

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """Take them off the shelf."""
        shelf["on_sale"] &= ~scene.notes["missing"]

    def warnings(self, params: Params, product_ids: NDArray[Any]) -> list[str]:
        """Products that do not exist."""
        return [f"no product has the id {unknown}: no run will start" for unknown in self._unknown(product_ids)[:1]]

    def _unknown(self, ids: NDArray[Any]) -> list[int]:
        return [one for one in self.products if not np.any(ids == one)]
