"""Referral: members are paid for friends who register, and the friends get a gift; imports `tactic`, rewards, money."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim.day import Day
from sim.money import Cents
from sim.rules.records import CHANNELS
from sim.strategies.money_off import face_warnings, least_price
from sim.strategies.people import People
from sim.strategies.rewards import first_order_coupon, pay_each, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, lever

NEW_DAYS: Final = 30  # the coupon for a first order is good for so many days after registering (guess)
HOPE: Final = 0.1  # friends whom a sharer expects to register for it: about three reached, .05 accept each (guess)


class Referral(Tactic):
    """Two-sided: an invited friend who registers gets a gift, who invited her a reward; new members money off at first.

    The gift raises the chance that a prospect accepts (docs/model.md, eq. 15), with its logarithm. The reward raises
    the chance that a buyer shares her order (eq. 14), as a tenth of it paid for sure would. Both are paid on the
    night of the registration, and promised only for days on which they will be paid; who has brought `per_inviter`
    friends gets nothing for more, though she may still invite.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "gift and reward for every invited registration, the face of first-order coupons used"
    backfires: ClassVar[str] = "buys registrations that would have come, and people who register and never buy"
    title_zh: ClassVar[str] = "邀请有礼"
    about_zh: ClassVar[str] = "双向奖励：被邀请的好友注册得礼，邀请人得奖；新会员首单优惠。"
    costs_zh: ClassVar[str] = "每次受邀注册的礼物与奖励，以及核销的首单优惠"
    backfires_zh: ClassVar[str] = "为本来就会来的注册付费，也买来只注册不消费的人"
    is_for_all: ClassVar[bool] = True

    kind: Literal["referral"] = "referral"
    gift: Cents = lever(300, "currency", "gift to an invited prospect who registers", "被邀请人注册礼金", ge=0)
    reward: Cents = lever(300, "currency", "reward to who invited her", "邀请人奖励", ge=0)
    per_inviter: int = lever(
        10,
        "friends",
        "most friends one member is rewarded for, in the whole run",
        "每位邀请人奖励上限",
        ge=1,
        le=10_000,
    )
    first_order: Cents = lever(0, "currency", "money off the first order of new members", "新会员首单立减", ge=0)
    min_price: Cents | None = lever(
        None,
        "currency",
        "first-order coupon only on products from this price on; empty = 4 x first_order",
        "首单券适用商品最低价格；空为面额的4倍",
        ge=0,
    )

    @classmethod
    def null(cls) -> Self:
        """Worth nothing to anybody."""
        return cls(gift=0, reward=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(gift=60, reward=20, first_order=5, min_price=0)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(gift=300, reward=300)

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Promise gift and reward for tomorrow's registrations, as far as they are kept."""
        if self.is_on(board.day + 1):
            kept = share_kept(desk)
            conditions["invite_gift"] += self.gift * kept
            conditions["share_reward"] += self.reward * kept * HOPE

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Hand the first-order coupon to new members."""
        least = least_price(self.min_price, self.first_order)
        first_order_coupon(offers, people, chosen, NEW_DAYS, self.first_order, least, desk)

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for the invited who registered today: first their gifts, then the rewards."""
        rewarded = desk.notes.setdefault("rewarded", np.zeros(len(desk.world), dtype=np.int64))
        invited = events.channel == CHANNELS.index("invited")
        friends, inviters = events.registered[invited], events.inviter[invited]
        by_lot = self.by_lot(desk.world.population.ids[friends], board, desk)
        friends, inviters = friends[by_lot], inviters[by_lot]
        earns = rewarded[inviters] + _rank_within(inviters) < self.per_inviter
        desk.notes["due_cents"] = len(friends) * self.gift + int(earns.sum()) * self.reward
        pay_each(self, friends, self.gift, "gifts", board, desk)
        paid = pay_each(self, friends[earns], self.reward, "rewards", board, desk)
        np.add.at(rewarded, inviters[earns][paid], 1)

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the coupon eats the margin of a typical product it is good for."""
        if self.first_order == 0:
            return []
        return face_warnings(
            self.first_order, least_price(self.min_price, self.first_order), list_cents, unit_cost_cents
        )


def _rank_within(groups: NDArray[Any]) -> NDArray[np.int64]:
    """Which of its group each entry is: 0 for the first, in the order given."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered, side="left")
    return rank
