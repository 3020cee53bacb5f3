"""Bargaining: friends cut the price for who asks them to help; imports `tactic`, rewards, people, money."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.day import Day
from sim.money import Cents
from sim.strategies.rewards import pay_each, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, chosen_products, lever, reduced_cents


class Bargain(Tactic):
    """A shopper asks friends to cut the price; who gets it down to the floor in time buys one unit at that price.

    Bargaining for a product is an alternative of its own in the choice (docs/model.md, eq. 20), so it attracts demand
    and does not only give money away. Each request is a message that names the product: it recommends it, and it tires.
    Prospects may help too, and helping brings some to register. The cut is reserved when a bargain starts.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "the whole cut of every bargain that is won, gifts to newcomers, a fee a day"
    backfires: ClassVar[str] = (
        "who would have paid the list price bargains; requests tire friends, who then leave sooner"
    )
    title_zh: ClassVar[str] = "砍价"
    about_zh: ClassVar[str] = "用户请好友帮忙砍价；在期限内砍到底价者以该价购买一件。"
    costs_zh: ClassVar[str] = "每次砍价成功的全部让利、给新人的礼物、每日运营费"
    backfires_zh: ClassVar[str] = "本愿按标价购买的人也来砍价；求助打扰好友，使其更早离开"

    kind: Literal["bargain"] = "bargain"
    discount: float = lever(
        0.30,
        "share of price",
        "target cut: share off the list price for who wins",
        "砍价成功的优惠幅度",
        ge=0.01,
        le=0.95,
    )
    helpers: int = lever(
        2, "helps", "helps needed to reach the target, at the mean cut", "砍到底价所需助力次数", ge=1, le=100
    )
    random_cut: bool = lever(
        True, "yes/no", "every cut is drawn, between nothing and twice the mean; no = all are equal", "每刀金额是否随机"
    )
    deadline_days: int = lever(
        1, "days", "days friends have to help, after the day it was started", "砍价有效天数", ge=1, le=14
    )
    min_price: Cents = lever(0, "currency", "only products from this list price on", "参与商品最低价格", ge=0)
    products: float = lever(
        1.0,
        "share of products",
        "share of the catalogue one may bargain for, chosen by lot",
        "参与商品比例",
        ge=0.0,
        le=1.0,
    )
    gift: Cents = lever(0, "currency", "gift to a prospect who registers by helping", "助力新用户注册礼金", ge=0)
    cost_per_day: Cents = lever(1000, "currency per day", "what running the game costs", "每日运营费用", ge=0)

    @classmethod
    def null(cls) -> Self:
        """There is nothing to bargain for."""
        return cls(products=0.0, cost_per_day=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(discount=0.35, helpers=1, deadline_days=2, cost_per_day=100)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(discount=0.8, helpers=1, deadline_days=3)

    def on_bargain(self, terms: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Pay the day's fee, and let people bargain for what is better than at another tactic's terms."""
        if self.cost_per_day > desk.budget.available():
            return
        desk.pay(self.cost_per_day, "running")
        part = chosen_products(desk.world.catalogue.id, self.products, desk.seed, self.purpose("products", desk))
        cut = board.list_cents - reduced_cents(board.list_cents, self.discount)
        better = part & (board.list_cents >= self.min_price) & (terms["discount"] < self.discount)
        better &= self.affords(cut, desk)
        for column, value in {
            "discount": self.discount,
            "tactic": desk.index,
            "helpers": self.helpers,
            "is_random": self.random_cut,
            "deadline": self.deadline_days,
            "gift": int(self.gift * share_kept(desk)),
        }.items():
            terms[column][better] = value

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay the gifts of prospects who registered by helping."""
        came = events.newcomers[events.newcomer_tactic == desk.index]
        desk.notes["due_cents"] = len(came) * self.gift
        pay_each(self, came, self.gift, "gifts", board, desk)

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the floor price is below unit cost."""
        losing = int(np.sum(reduced_cents(list_cents, self.discount) < unit_cost_cents))
        return (
            [f"discount {self.discount:.0%} lets people bargain {losing} of {len(list_cents)} products down below cost"]
            if losing
            else []
        )
