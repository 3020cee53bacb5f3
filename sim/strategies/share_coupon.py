"""Share for coupon: a visitor who shares a product with friends gets money off today; imports `tactic`, money_off."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents
from sim.strategies.money_off import MoneyOff
from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, lever


class ShareCoupon(MoneyOff):
    """Share to unlock: sharing the product she likes best with friends gives a visitor money off today's order.

    Who shares is decided by social need and by the face value against the trouble of sharing
    (docs/model.md, eq. 14u). The messages leave whether or not she buys; they invite prospects and
    recommend the product to members. The face is reserved when the coupon is unlocked and released at
    night if it was not used.
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "the face value on redemption, also by people who would have bought anyway"
    backfires: ClassVar[str] = "the gate puts buyers off against a plain coupon; messages tire friends and annoy them"
    title_zh: ClassVar[str] = "分享得券"
    about_zh: ClassVar[str] = "分享解锁：把最喜欢的商品分享给好友即可当日减免。"
    costs_zh: ClassVar[str] = "核销的面额，包括本来就会购买的人"
    backfires_zh: ClassVar[str] = "与普通优惠券相比，门槛劝退买家；消息打扰并惹恼好友"

    kind: Literal["share_coupon"] = "share_coupon"
    face: Cents = lever(500, "currency", "money off one order, today, after sharing", "面额", ge=0)

    @classmethod
    def null(cls) -> Self:
        """Worth nothing, so nobody shares for it."""
        return cls(face=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(face=6, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(face=20, min_price=0)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Offer the coupon to whom it is meant for, where it is worth more than another of its sort."""
        better = chosen & (offers["unlock_cents"] < self.face)
        offers["unlock_cents"][better] = self.face
        offers["unlock_min_cents"][better] = self.least_cents
        offers["unlock_tactic"][better] = desk.index
