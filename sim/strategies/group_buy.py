"""Group buying: a lower price for a team that fills in time; imports `tactic`, rules."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, Tactic, chosen_products, lever, reduced_cents


class GroupBuy(Tactic):
    """Teams: a shopper founds a team for a product and asks friends; if enough join in time, all pay less.

    The team price is an alternative of its own in the choice (docs/model.md, eq. 19), so it attracts
    demand and does not only give money away. A team that does not fill is refunded and disappoints.
    The discount is reserved when a seat is taken; who no longer fits into the budget buys alone.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "the discount on every unit of a team that fills, also to who would have paid the list price"
    backfires: ClassVar[str] = "teams that fail disappoint members; requests tire friends; thin margins turn negative"
    title_zh: ClassVar[str] = "拼团"
    about_zh: ClassVar[str] = "拼团：用户为商品开团并邀请好友；人数按时凑齐则全员享低价。"
    costs_zh: ClassVar[str] = "成团的每件商品的折扣，包括本愿付标价的人"
    backfires_zh: ClassVar[str] = "拼团失败令会员失望；邀请打扰好友；毛利薄时转为亏损"

    kind: Literal["group_buy"] = "group_buy"
    discount: float = lever(0.20, "share of price", "share off for a team that fills", "成团折扣", ge=0.01, le=0.9)
    size: int = lever(2, "people", "members needed", "成团人数", ge=2, le=20)
    capacity: int | None = lever(None, "people", "most members; empty = size", "人数上限；空为成团人数", ge=2, le=50)
    window_days: int = lever(
        1, "days", "days a team stays open after the day it was founded", "拼团有效天数", ge=1, le=14
    )
    products: float = lever(
        1.0,
        "share of products",
        "share of the catalogue with a team price, chosen by lot",
        "参与商品比例",
        ge=0.0,
        le=1.0,
    )
    strangers: bool = lever(True, "yes/no", "show up to three open teams of strangers", "允许与陌生人拼团")
    progress: bool = lever(True, "yes/no", "show how many have joined", "显示已参团人数")

    @classmethod
    def null(cls) -> Self:
        """No product has a team price."""
        return cls(products=0.0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(discount=0.3, window_days=3)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(discount=0.6, window_days=5)

    @model_validator(mode="after")
    def _capacity_holds_a_team(self) -> Self:
        if self.capacity is not None and self.capacity < self.size:
            raise ValueError(f"capacity ({self.capacity}) must be at least size ({self.size})")
        return self

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Put team terms on the products, where they are better than another tactic's."""
        part = chosen_products(shelf["id"], self.products, desk.seed, self.purpose("products", desk))
        saving = shelf["price_cents"] - reduced_cents(shelf["price_cents"], self.discount)
        better = part & (shelf["team_discount"] < self.discount) & self.affords(saving, desk)
        for column, value in {
            "team_discount": self.discount,
            "team_tactic": desk.index,
            "team_size": self.size,
            "team_capacity": self.capacity or self.size,
            "team_window": self.window_days,
            "team_strangers": self.strangers,
            "team_told": self.progress,
        }.items():
            shelf[column][better] = value

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Let whom it is meant for see team prices."""
        offers["team_tactics"][chosen] |= 1 << desk.index

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the team price is below unit cost."""
        losing = int(np.sum(reduced_cents(list_cents, self.discount) < unit_cost_cents))
        return (
            [f"discount {self.discount:.0%} sells {losing} of {len(list_cents)} products below cost"] if losing else []
        )
