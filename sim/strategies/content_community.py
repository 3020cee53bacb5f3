"""Content community: shoppers write about products for other shoppers to read; imports `tactic`, people, money."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim._jit import log
from sim.day import Day
from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, Tactic, lever

GOOD_STARS = 4  # a review with so many stars recommends (guess)


class ContentCommunity(Tactic):
    """A place to read what other shoppers wrote about products ("seeding notes"), with a reward for writing.

    Notes are the reviews and posts of who bought (docs/model.md, 8.1b). What was written about lately shows in the
    community's slots and is liked better, because somebody tells what it is like. Without moderation bad notes are
    shown as well and weigh against the product; rewards make people write who have little to say.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "a reward for every note, moderation of every note, and running the place"
    backfires: ClassVar[str] = "notes about bad products are read too; rewarded notes cost more than they sell"
    title_zh: ClassVar[str] = "内容社区"
    about_zh: ClassVar[str] = "供用户阅读他人商品心得（种草笔记）的社区，写作有奖励。"
    costs_zh: ClassVar[str] = "每篇笔记的奖励与审核费，以及社区运营费"
    backfires_zh: ClassVar[str] = "差评笔记同样会被看到；奖励的笔记可能花费大于带来的销售"

    kind: Literal["content_community"] = "content_community"
    weight: float = lever(
        0.5, "slots against one random slot", "weight of the community's slots", "内容展示权重", ge=0.0, le=5.0
    )
    reward: Cents = lever(50, "currency", "paid for a note", "每篇笔记奖励", ge=0)
    moderation: float = lever(
        0.8, "share of bad notes", "bad notes kept from readers", "差评内容审核比例", ge=0.0, le=1.0
    )
    fade_days: float = lever(14.0, "days", "time in which a note is forgotten", "内容热度衰减天数", ge=1.0, le=365.0)
    moderation_cost: Cents = lever(10, "currency", "cost of reading one note", "每篇审核成本", ge=0)
    cost_per_day: Cents = lever(1000, "currency", "fixed cost of running it", "每日固定成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """A place without slots, reward or cost."""
        return cls(weight=0.0, reward=0, moderation_cost=0, cost_per_day=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(weight=3.0, reward=2)

    @classmethod
    def overdone(cls) -> Self:
        """Pays for notes more than they can bring."""
        return cls(weight=0.1, reward=20, cost_per_day=100)

    def begin(self, desk: Desk) -> None:
        """Nobody wrote anything yet."""
        desk.notes["written"] = np.zeros(len(desk.world.catalogue))
        desk.notes["is_open"] = False

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Open for the day, if the budget has its cost; promise the reward while there is money for one."""
        desk.notes["is_open"] = bool(desk.pay_in_turn(np.array([self.cost_per_day]), "running")[0])
        if desk.notes["is_open"] and desk.budget.available() >= self.reward + self.moderation_cost:
            conditions["review_reward"] = max(conditions["review_reward"], float(self.reward))

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """What was written about lately."""
        shelf["content"] = np.maximum(shelf["content"], _logs(desk.notes["written"]))

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Let whom it is meant for read."""
        if desk.notes["is_open"] and desk.notes["written"].any():
            better = chosen & (offers["content_weight"] < self.weight)
            offers["content_weight"][better] = self.weight

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for today's notes as far as the budget reaches, moderate them, and let older ones fade."""
        written = desk.notes["written"] * (1.0 - 1.0 / self.fade_days)
        desk.notes["written"] = np.where(written < 0.01, 0.0, written)
        if not desk.notes["is_open"]:
            return
        each = self.reward + self.moderation_cost
        ids = desk.world.population.ids[events.reviewers]
        notes = desk.world.catalogue.id[events.reviewed] * 8 + events.stars
        order = self.by_lot(ids, board, desk, "notes", items=notes)
        n = len(order) if each == 0 else min(len(order), desk.budget.available() // each)
        taken = order[:n]
        desk.pay(n * self.reward, "rewards")
        desk.pay(n * self.moderation_cost, "moderation")
        good = events.stars[taken] >= GOOD_STARS
        change = np.where(good, 1.0, -(1.0 - self.moderation))
        counts = np.zeros(len(written), dtype=np.int64)  # in thousandths, so that order cannot matter
        np.add.at(counts, events.reviewed[taken], np.floor(change * 1000.0 + 0.5).astype(np.int64))
        desk.notes["written"] = np.maximum(desk.notes["written"] + counts / 1000.0, 0.0)


def _logs(written: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([log(1.0 + x) if x > 0.0 else 0.0 for x in written.tolist()])
