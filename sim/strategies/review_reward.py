"""Review reward: money for every review, as for shows of what buyers bought; imports `tactic`, rewards, money."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from sim.day import Day
from sim.money import Cents
from sim.strategies.rewards import pay_each, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, lever


class ReviewReward(Tactic):
    """Whoever reviews an order, or shows what she bought, is paid for it, good review or bad.

    The reward multiplies the chance of a review (docs/model.md, eq. 12) by a power of it, up to `rev_max`. More
    reviews make stars truer and favour products with many of them against the catalogue's mean; they do not make
    people need more, so high rewards mostly cost. If the budget cannot pay all, people expect the share paid last.
    """

    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = "the reward for every review, also by people who would have written one anyway"
    backfires: ClassVar[str] = "pays for reviews that would have come; mediocre products get the stars they deserve"
    title_zh: ClassVar[str] = "评价晒单奖励"
    about_zh: ClassVar[str] = "评价订单或晒单者获得报酬，好评差评一视同仁。"
    costs_zh: ClassVar[str] = "每条评价的奖励，包括本来就会写的人"
    backfires_zh: ClassVar[str] = "为本来就会有的评价付费；平庸商品得到应有的星级"
    is_for_all: ClassVar[bool] = True

    kind: Literal["review_reward"] = "review_reward"
    reward: Cents = lever(100, "currency", "paid for a review", "每条评价奖励", ge=0)

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
        conditions["review_reward"] += self.reward * share_kept(desk)

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for today's reviews."""
        desk.notes["due_cents"] = len(events.reviewers) * self.reward
        pay_each(self, events.reviewers, self.reward, "review_rewards", board, desk)
