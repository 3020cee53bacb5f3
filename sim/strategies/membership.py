"""Membership: for a fee, a member's price and free shipping for a while; imports `tactic`, rewards, `draws`, money."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.day import Day
from sim.money import Cents
from sim.rules.records import NEVER
from sim.strategies.people import People
from sim.strategies.rewards import pay_each, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, lever, reduced_cents

PERIOD_DAYS: Final = 90  # a customer makes up her mind anew after so many days, and judges by as many at least (guess)
RENEWAL: Final = 3.0  # these odds are so many times higher for who was a member before: habit (guess)
SUNK: Final = 0.10  # logit of buying of who has paid a fee, beside the price (Iyengar et al. 2022: direction; guess)
FREE_SHIPPING: Final = 1.3  # logit of buying per share of the usual price that shipping would cost: mu b_p (eq. 4, 5)


class Membership(Tactic):
    """A paid club: who buys enough to save more than the fee tends to join, and buys more once she has paid.

    The odds that a customer wants to join are even where she expects to save just the fee, and grow with the fourth
    power of saving over fee; the saving is judged from her orders so far. For the term she gets a share off every
    unit and orders are sent free of charge; both raise the chance to buy (docs/model.md, eq. 4, 5), and so does
    having paid. After it she decides anew, more readily than before. Fees come in as a negative cost line.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "the member's price and free shipping on orders that would have come anyway, less the fees"
    backfires: ClassVar[str] = "those join who buy most anyway: a low fee sells them what they paid in full before"
    title_zh: ClassVar[str] = "付费会员"
    about_zh: ClassVar[str] = "付费会员：购买多、省得回会费的人倾向加入，付费后买得更多。"
    costs_zh: ClassVar[str] = "本来就会发生的订单的会员价与包邮，减去会费收入"
    backfires_zh: ClassVar[str] = "加入者本就买得最多：会费过低等于把原价商品贱卖"

    kind: Literal["membership"] = "membership"
    fee: Cents = lever(900, "currency", "price of one term; 0 = whoever would save anything joins", "会员费", ge=0)
    term_days: int = lever(90, "days", "length of a term", "会员期限", ge=1, le=365)
    discount: float = lever(0.05, "share of price", "members' share off every unit", "会员折扣", ge=0.0, le=0.9)
    shipping: Cents = lever(
        200,
        "currency",
        "shipping of one order that the shop pays for members; 0 = no free shipping",
        "每单免运费成本",
        ge=0,
    )

    @classmethod
    def null(cls) -> Self:
        """Nothing to join for."""
        return cls(discount=0.0, shipping=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(fee=3, term_days=10, discount=0.2, shipping=3)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(fee=1, discount=0.5, shipping=20)

    def begin(self, desk: Desk) -> None:
        """Open the list of members: the first day on which each is no longer one."""
        desk.notes["until"] = np.full(len(desk.world), NEVER, dtype=np.int64)

    def _expected_saving(self, people: People) -> NDArray[np.float64]:
        """Cents each of these would save in a term, going by what she ordered so far."""
        watched = np.maximum(np.minimum(people.tenure_days, people.day) + 1, PERIOD_DAYS)
        spent = people.books.paid_cents[people.row]
        saved = spent * self.discount + people.n_orders * self.shipping
        found: NDArray[np.float64] = saved * (self.term_days / watched)
        return found

    def _lot(self, people: People, site: str, day: int, desk: Desk) -> NDArray[np.float64]:
        """A number between 0 and 1 for each of these people on that day."""
        words = np.empty((len(people.id), 4), dtype=np.int64)
        nothing = np.zeros(len(people.id), dtype=np.int64)
        draws.blocks(desk.world.noise_seed, self.purpose(site, desk), day, people.id, nothing, words)
        return np.asarray((words[:, 0] + 0.5) * 2.0**-32)

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Sell memberships to chosen visitors; give members what they paid for."""
        until, today = desk.notes["until"], board.day
        desk.notes["kept"] = kept = share_kept(desk)
        off = board.list_cents - reduced_cents(board.list_cents, self.discount)
        if not self.affords(off, desk).all():
            desk.notes["kept"] = kept = 0.0
        saving = self._expected_saving(people)
        ratio = saving / max(self.fee, 1)
        odds = ratio * ratio * ratio * ratio * np.where(until[people.row] == NEVER, 1.0, RENEWAL)
        mind = self._lot(people, "mind", people.day // PERIOD_DAYS, desk)  # the same on all visits of a period
        would_join = (saving > 0.0) & (mind < odds / (1.0 + odds)) if self.fee else saving > 0.0
        joins = chosen & (until[people.row] <= today) & would_join & (kept == 1.0)
        until[people.row[joins]] = today + self.term_days
        desk.book("member_fees", "expense", -self.fee * int(joins.sum()))
        served = (until[people.row] > today) & (self._lot(people, "served", people.day, desk) < kept)
        offers["urge"][served] += SUNK + FREE_SHIPPING * self.shipping / float(np.median(board.list_cents))
        better = served & (offers["coupon_share"] < self.discount)
        offers["coupon_share"][better] = self.discount
        offers["coupon_share_tactic"][better] = desk.index

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for sending members' orders."""
        orders = events.orders
        theirs = orders.row[desk.notes["until"][orders.row] > board.day]
        given = (orders.list_cents - orders.paid_cents)[orders.tactic == desk.index]
        if desk.notes["kept"] > 0.0:
            due = len(theirs) * self.shipping + int(given.sum())
            desk.notes["due_cents"] = math.ceil(due / desk.notes["kept"])
        pay_each(self, theirs, self.shipping, "shipping", board, desk)

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where members' prices are below unit cost."""
        losing = int(np.sum(reduced_cents(list_cents, self.discount) < unit_cost_cents))
        return [f"members buy {losing} of {len(list_cents)} products below cost"] if losing else []
