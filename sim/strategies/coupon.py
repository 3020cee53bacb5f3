"""Coupon: money or a share off, without a condition; imports `tactic`, money_off."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from sim.money import Cents
from sim.strategies.money_off import MoneyOff
from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, lever, reduced_cents


class Coupon(MoneyOff):
    """A plain coupon for every targeted visitor, valid today: money off the order, or a share off every unit.

    The shopper uses the better of all coupons she has, one per order. Money off is reserved from the
    budget when the coupon is handed out and released at night if it was not used; a share off is
    reserved when the order is placed, because only then its amount is known.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "the face value on redemption, also by people who would have bought anyway"
    backfires: ClassVar[str] = "pays for orders that would have come anyway; loses where the face exceeds the margin"
    title_zh: ClassVar[str] = "优惠券"
    about_zh: ClassVar[str] = "向所有目标访客发放当日有效的普通优惠券：满减或折扣。"
    costs_zh: ClassVar[str] = "核销的面额，包括本来就会购买的人"
    backfires_zh: ClassVar[str] = "为本来就会发生的订单付费；面额超过毛利时亏损"

    kind: Literal["coupon"] = "coupon"
    face: Cents = lever(0, "currency", "money off one order", "面额", ge=0)
    discount: float = lever(
        0.0, "share of price", "share off every unit (instead of money off)", "折扣比例", ge=0.0, le=0.9
    )

    @classmethod
    def null(cls) -> Self:
        """Worth nothing."""
        return cls()

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(face=6, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(face=20, min_price=0)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.face > 0 and self.discount > 0.0:
            raise ValueError("give either face or discount, not both")
        return self

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Hand the coupon to whom it is meant for, where it is better than another of its sort."""
        saving = board.list_cents - reduced_cents(board.list_cents, self.discount)
        by_share = chosen & (offers["coupon_share"] < self.discount) & self.affords(saving, desk).all()
        offers["coupon_share"][by_share] = self.discount
        offers["coupon_share_tactic"][by_share] = desk.index
        by_face = chosen & (offers["coupon_cents"] < self.face)
        offers["coupon_cents"][by_face] = self.face
        offers["coupon_min_cents"][by_face] = self.least_cents
        offers["coupon_cents_tactic"][by_face] = desk.index

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where a coupon eats the margin of a typical product."""
        if self.face > 0:
            return super().warnings(list_cents, unit_cost_cents)
        losing = int(np.sum(list_cents * (1.0 - self.discount) < unit_cost_cents)) if self.discount else 0
        return (
            [f"discount {self.discount:.0%} sells {losing} of {len(list_cents)} products below cost"] if losing else []
        )
