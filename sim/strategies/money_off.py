"""Money off an order, what coupons of every kind share: face, least price, warning; imports `tactic` and money."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.money import Cents, in_currency
from sim.strategies.tactic import Tactic, lever

_GUESSED_RATIO = 4  # least price over face where nobody said (guess)


def least_price(min_price: int | None, face: int) -> int:
    """Shelf price from which money off counts; without a word on it four times the face (a guess)."""
    return _GUESSED_RATIO * face if min_price is None else min_price


def face_warnings(
    face: int, min_price: int, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]
) -> list[str]:
    """Warn where money off an order exceeds what a typical product it is good for earns."""
    good_for = list_cents >= min_price
    if not good_for.any():
        return [f"min_price {in_currency(min_price)} is above every price: the coupon is never used"]
    margin = int(np.median((list_cents - unit_cost_cents)[good_for]))
    if face > margin:
        return [
            f"face {in_currency(face)} exceeds unit margin {in_currency(margin)} of the median product it is good for"
        ]
    return []


class MoneyOff(Tactic):
    """A tactic that takes money off one order of a product dear enough."""

    face: Cents = lever(500, "currency", "money off one order", "面额", ge=0)
    min_price: Cents | None = lever(
        None, "currency", "money off only on products from this price on; empty = 4 x face",
        "适用商品最低价格；空为面额的4倍", ge=0,
    )  # fmt: skip

    @property
    def least_cents(self) -> int:
        """Shelf price from which its money off counts."""
        return least_price(self.min_price, self.face)

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the coupon eats the margin of a typical product it is good for."""
        return face_warnings(self.face, self.least_cents, list_cents, unit_cost_cents) if self.face else []
