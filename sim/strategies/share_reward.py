"""Share reward: money for every order shared with friends; imports `tactic`, rewards, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np

from sim.day import SHARE_KINDS, Day
from sim.money import Cents
from sim.strategies.rewards import pay_each, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, lever


class ShareReward(Tactic):
    """Whoever shares an order with friends is paid for it, a few times a day at most.

    The reward raises the chance of sharing (docs/model.md, eq. 14) with its logarithm, so ever more money moves
    ever fewer. Many would have shared anyway and are paid too; every message tires friends and wears its sender
    out. If the budget cannot pay all who share, people expect the share that was paid on the last day.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "the reward for every order shared, also by people who would have shared anyway"
    backfires: ClassVar[str] = "pays for shares that would have come; more messages tire and annoy friends, who leave"
    title_zh: ClassVar[str] = "分享奖励"
    about_zh: ClassVar[str] = "把订单分享给好友者获得报酬，每日限次。"
    costs_zh: ClassVar[str] = "每次分享的奖励，包括本来就会分享的人"
    backfires_zh: ClassVar[str] = "为本来就会发生的分享付费；更多消息打扰好友，使其离开"
    is_for_all: ClassVar[bool] = True

    kind: Literal["share_reward"] = "share_reward"
    reward: Cents = lever(50, "currency", "paid for an order shared with friends", "每次分享奖励", ge=0)
    per_day: int = lever(2, "shares", "most shares paid to one person on one day", "每人每日奖励次数上限", ge=1, le=50)

    @classmethod
    def null(cls) -> Self:
        """Worth nothing."""
        return cls(reward=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(reward=30)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(reward=100)

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Promise the reward, as far as it is kept."""
        conditions["share_reward"] += self.reward * share_kept(desk)

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for the orders shared today."""
        of_orders = events.sharers[events.share_kind == SHARE_KINDS.index("order")]
        people, shares = np.unique(of_orders, return_counts=True)
        due = np.repeat(people, np.minimum(shares, self.per_day))
        desk.notes["due_cents"] = len(due) * self.reward
        pay_each(self, due, self.reward, "share_rewards", board, desk)
