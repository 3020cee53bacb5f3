"""Influencer seeding: people are paid to post about a product; imports `tactic`, `draws`, `_jit`, `money`."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import power
from sim.money import Cents
from sim.strategies.tactic import Board, BuysMedia, Desk, Posts, lever


class KolSeeding(BuysMedia):
    """Opinion leaders post about the product that fits them best, to friends and followers.

    A post shows the product to those who follow (slots and utility, docs/model.md, eq. 3-4), and makes
    some prospects register. Seeds are chosen by audience (degree), by lot, by the core of the friendship
    graph, or by affinity. Fee = base + per_follower * audience^0.8, paid for every post; hype disappoints
    buyers later (eq. 10).
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "a fee for every post, growing with the audience, and a commission on orders it caused"
    backfires: ClassVar[str] = "hype disappoints: bad reviews, returns, leaving; big names cost more than they bring"
    title_zh: ClassVar[str] = "达人种草"
    about_zh: ClassVar[str] = "达人发帖推荐最适合自己的商品，触达好友与粉丝。"
    costs_zh: ClassVar[str] = "每条帖子的费用（随受众增长），以及所带订单的佣金"
    backfires_zh: ClassVar[str] = "过度宣传令人失望：差评、退货、流失；大牌达人得不偿失"
    is_for_all: ClassVar[bool] = True

    kind: Literal["kol_seeding"] = "kol_seeding"
    seeds: int = lever(10, "people", "opinion leaders hired", "达人数量", ge=0, le=100_000)
    choose: Literal["degree", "random", "k_core", "trait"] = lever(
        "degree",
        "",
        "by audience, by lot, by core of the friendship graph, or by affinity to opinion leaders",
        "选人方式",
    )
    posts_every: int = lever(7, "days", "days between two posts of a seed", "发帖间隔天数", ge=1, le=365)
    hype: float = lever(0.3, "satisfaction", "how much a post promises too much", "夸大程度", ge=0.0, le=3.0)
    fee_base: Cents = lever(2000, "currency", "fee for a post, fixed part", "每帖基础费用", ge=0)
    fee_per_follower: Cents = lever(
        50, "currency per follower^0.8", "fee for a post, part that grows with the audience", "按粉丝计费", ge=0
    )
    commission: float = lever(
        0.05, "share of what was paid", "commission on orders caused by a post", "佣金比例", ge=0.0, le=0.5
    )

    @classmethod
    def null(cls) -> Self:
        """Nobody is hired."""
        return cls(seeds=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(seeds=12, posts_every=2)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(seeds=50, posts_every=1, fee_base=100)

    def begin(self, desk: Desk) -> None:
        """Choose the seeds; ties by lot, so storage order cannot matter."""
        world = desk.world
        ids = world.population.ids
        lot = np.empty((len(ids), 4), dtype=np.int64)
        draws.blocks(desk.seed, self.purpose("seeds", desk), 0, ids, np.zeros(len(ids), dtype=np.int64), lot)
        audience = world.audience_sizes()
        score: NDArray[Any] = {
            "degree": audience,
            "random": np.zeros(len(ids)),
            "k_core": world.graph.core_numbers(),
            "trait": world.population.traits.kol,
        }[self.choose]
        order = np.lexsort((ids, lot[:, 0], -score))
        rows = order[: self.seeds].astype(np.int64)
        traits = world.population.traits
        desk.notes["rows"] = rows
        desk.notes["tastes"] = [traits.taste_0[rows], traits.taste_1[rows], traits.taste_2[rows]]
        desk.notes["fees"] = np.array([self.fee(int(audience[row])) for row in rows], dtype=np.int64)

    def fee(self, audience: int) -> int:
        """Fee for one post in cents: base + per_follower * audience^0.8 (docs/model.md, 8.1; guess)."""
        grown = power(float(audience), 0.8) if audience > 0 else 0.0
        return self.fee_base + math.floor(self.fee_per_follower * grown + 0.5)

    def on_post(self, board: Board, desk: Desk) -> Posts | None:
        """Who posts today, as far as the budget reaches (in order of choice)."""
        rows, fees = desk.notes["rows"], desk.notes["fees"]
        if len(rows) == 0 or not board.on_sale.any() or not self.is_turn(self.posts_every, board, desk):
            return None
        paid = desk.pay_in_turn(self.media_cents(fees, board), "fees")
        taste = desk.world.catalogue.taste
        fit = sum(np.outer(mine[paid], taste[:, k]) for k, mine in enumerate(desk.notes["tastes"]))
        best = np.argmax(np.where(board.on_sale, fit, -np.inf), axis=1).astype(np.int64)
        return Posts(rows[paid], best, self.hype)

    def commission_share(self) -> float:
        """Commission on orders its posts caused."""
        return self.commission
