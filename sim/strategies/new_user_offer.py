"""New-user offer: advertisements bring people to register, money off a first order; imports `tactic`, money_off."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.day import Day
from sim.money import Cents
from sim.rules.records import CHANNELS
from sim.strategies.money_off import MoneyOff
from sim.strategies.people import People
from sim.strategies.rewards import first_order_coupon, pay_part
from sim.strategies.tactic import Board, BuysMedia, Desk, lever


class NewUserOffer(MoneyOff, BuysMedia):
    """Paid acquisition and a newcomer's price: more prospects register, and a first order costs them less.

    Advertisements add `ads` to everybody's daily chance to register by herself (docs/model.md, eq. 15b); prospects
    run out. Each registration they bring costs the price of an install; in the books these stand among the organic
    ones, of which the shop is billed the advertisements' share. The first-order coupon is for whoever registered
    at most `within_days` ago and has not ordered. Ads are bought only as far as the budget is expected to reach.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "a price for every registration that advertisements bring, the face of coupons used"
    backfires: ClassVar[str] = "an install costs more than most newcomers ever bring; bought ones leave as others do"
    title_zh: ClassVar[str] = "新人礼包"
    about_zh: ClassVar[str] = "付费拉新与新人价：更多潜在用户注册，首单更便宜。"
    costs_zh: ClassVar[str] = "广告带来的每次注册的价格，以及核销的优惠券面额"
    backfires_zh: ClassVar[str] = "一次获客的成本往往超过多数新人的价值；买来的用户同样会离开"

    kind: Literal["new_user_offer"] = "new_user_offer"
    face: Cents = lever(500, "currency", "money off the first order", "首单立减", ge=0)
    within_days: int = lever(
        30, "days", "days after registering during which the coupon is good", "注册后有效天数", ge=1, le=365
    )
    ads: float = lever(
        0.0, "share of prospects per day", "prospects whom advertisements bring to register", "广告带来的每日注册率",
        ge=0.0, le=0.05,
    )  # fmt: skip
    cost_per_install: Cents = lever(
        500, "currency", "price of one registration that advertisements bring", "单次获客费用", ge=0
    )

    @classmethod
    def null(cls) -> Self:
        """No coupon, no advertisements."""
        return cls(face=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(face=6, min_price=0, ads=0.02)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(ads=0.05, cost_per_install=50)

    def begin(self, desk: Desk) -> None:
        """Count who could still be won."""
        desk.notes["prospects"] = int(np.sum(~desk.world.population.is_registered))
        desk.notes["bought_share"] = 0.0

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Buy advertisements, as many as the budget is expected to pay."""
        desk.notes["bought_share"] = 0.0
        if self.ads == 0.0 or desk.world.scenario.arrival.kind != "organic":
            return  # another arrival rule does not ask for the coefficient
        expected = self.ads * desk.notes["prospects"] * self.media_price(self.cost_per_install, board)
        left = desk.budget.available()
        bought = self.ads * (1.0 if expected <= left else left / expected)
        conditions["organic"] = min(conditions["organic"] + bought, 1.0)
        if bought > 0.0:
            desk.notes["bought_share"] = bought / conditions["organic"]

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Hand the coupon to newcomers without an order."""
        first_order_coupon(offers, people, chosen, self.within_days, self.face, self.least_cents, desk)

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay the advertisements' share of today's organic registrations."""
        desk.notes["prospects"] -= len(events.registered)
        organic = int(np.sum(events.channel == CHANNELS.index("organic")))
        price = self.media_price(self.cost_per_install, board)
        pay_part(math.floor(organic * desk.notes["bought_share"] * price + 0.5), "installs", desk)
