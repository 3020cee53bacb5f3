"""Recommended slots: of a set accuracy, by popularity, or by what the shop learned; imports `tactic`, recommenders."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.money import Cents
from sim.recommenders import lists
from sim.recommenders.collaborative import Collaborative
from sim.recommenders.content import Content
from sim.recommenders.hybrid import Hybrid
from sim.recommenders.seen import Recommender, Seen, friends
from sim.recommenders.social import Social
from sim.rules.expose import LISTED
from sim.strategies.people import People
from sim.strategies.tactic import Board, Desk, Tactic, lever

Ints = NDArray[np.int64]


class Recommendation(Tactic):
    """Slots filled by a recommender: one of a set accuracy, what sells best, or one that learns from the shop's books.

    By taste the score is rho * true match + sqrt(1 - rho^2) * error, the error fixed for each shopper and product
    (docs/model.md, eq. 3): a recommender as good as one says. By popularity it only repeats what the lists already
    show, and concentrates sales. The others make each visitor a list from orders, ties and what products are like, and
    can only know what these tell (docs/model.md, 8.1c).
    """

    grade: ClassVar[str] = "A"
    costs: ClassVar[str] = "a fixed cost per day and a cost per 1,000 visits served"
    backfires: ClassVar[str] = (
        "an inaccurate one takes slots from better products; by popularity or among users it narrows sales; where "
        "people mind being known (c_priv), one that knows them annoys them"
    )
    title_zh: ClassVar[str] = "个性化推荐"
    about_zh: ClassVar[str] = "由推荐系统填充展示位：设定准确度、按热销，或从商家记录中学习。"
    costs_zh: ClassVar[str] = "每日固定费用与每千次访问的服务费"
    backfires_zh: ClassVar[str] = "不准的推荐挤占更好的商品；按热度或协同推荐使销售集中；介意被了解的人（c_priv）会反感"

    kind: Literal["recommendation"] = "recommendation"
    # guess, weight and accuracy: together they sell 6 % more units, as experiments do (5 to 45 %, S1)
    weight: float = lever(
        2.0, "slots against one random slot", "weight of recommended slots", "推荐位权重", ge=0.0, le=5.0
    )
    accuracy: float = lever(
        0.8, "correlation", "by taste: correlation of the score with the true match", "推荐准确度", ge=0.0, le=1.0
    )
    by: Literal["taste", "popularity", "content", "collaborative", "social", "hybrid"] = lever(
        "taste",
        "",
        "the method: taste with a set accuracy, popularity; or learned from the shop's books: content (like what she "
        "bought), collaborative (what goes with it), social (what friends bought), hybrid (these together)",
        "方法：按设定准确度的口味、按热度；或由店铺数据学习：内容相似、协同过滤、好友购买、混合",
    )
    neighbours: Literal["item", "user"] = lever(
        "item", "", "collaborative: likeness of products, or of customers", "协同过滤：基于物品或基于用户"
    )
    mix: float = lever(
        0.5,
        "share",
        "hybrid: share of the collaborative score, the rest content's",
        "混合：协同过滤得分占比",
        ge=0.0,
        le=1.0,
    )
    places: int = lever(
        10, "products", "learned: length of a visitor's list, from which her recommended slots are filled",
        "推荐列表长度", ge=1, le=50,
    )  # fmt: skip
    refresh_days: int = lever(7, "days", "learned: how often it learns anew", "模型更新间隔", ge=1, le=90)
    cold_below: int = lever(
        1, "products", "learned: who bought fewer is unknown to it (social: whose friends did)",
        "冷启动门槛（已购商品数）", ge=1, le=20,
    )  # fmt: skip
    cold_start: Literal["popularity", "explore"] = lever(
        "popularity",
        "",
        "learned: what fills the places for which it knows nothing: best sellers, or anything on sale by lot",
        "冷启动：热销商品或随机探索",
    )
    exploration: float = lever(
        0.0, "share", "learned: chance of a place to show anything on sale, by lot", "探索比例", ge=0.0, le=1.0
    )
    skip_bought: bool = lever(False, "", "learned: leave out what she bought before", "不推荐已购商品")
    cost_per_day: Cents = lever(2000, "currency", "fixed cost of running it", "每日固定成本", ge=0)
    cost_per_1000: Cents = lever(200, "currency", "cost per 1,000 visits served", "每千次访问成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """No slots, no cost."""
        return cls(weight=0.0, cost_per_day=0, cost_per_1000=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(cost_per_day=30)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(accuracy=0.0, cost_per_day=200)

    @property
    def is_learned(self) -> bool:
        """Does it learn from the shop's books?"""
        return self.by not in ("taste", "popularity")

    def reads_purchases(self) -> bool:
        """Learned ones do, if they serve anything."""
        return self.is_learned and self.weight > 0.0

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Give recommended slots to whom they are meant for; without money to serve them there are none."""
        served = int(np.sum(chosen))
        cents = self.cost_per_day + math.floor(self.cost_per_1000 * served / 1000 + 0.5)
        if not desk.pay_in_turn(np.array([cents]), "serving")[0]:
            return
        better = chosen & (offers["rec_weight"] < self.weight)
        offers["rec_weight"][better] = self.weight
        offers["rec_tactic"][better] = desk.index
        if self.is_learned:
            if self.weight > 0.0:
                self._serve_lists(offers, people, np.flatnonzero(better), board, desk)
            return
        is_personal = self.by == "taste"
        offers["rec_accuracy"][better] = self.accuracy if is_personal else -1.0
        offers["rec_known"][better] = self.accuracy if is_personal else 0.0

    def _serve_lists(self, offers: dict[str, NDArray[Any]], people: People, at: Ints, board: Board, desk: Desk) -> None:
        """These visitors (places) see what stands on their lists; a list is made when it is first asked for."""
        notes = desk.notes
        if "learned" not in notes or board.day - notes["learned"].day >= self.refresh_days:
            self._learn(people, board, desk)
        rows = people.row[at]
        new = ~notes["is_made"][rows]
        if new.any():
            self._make_lists(rows[new], people.id[at[new]], desk)
        missing = self.places - offers["rec_list"].shape[1]
        if missing > 0:
            offers["rec_list"] = np.pad(offers["rec_list"], ((0, 0), (0, missing)), constant_values=-1)
        offers["rec_list"][at] = -1
        offers["rec_list"][at, : self.places] = notes["lists"][rows]
        offers["rec_known"][at] = notes["n_personal"][rows] / self.places
        offers["rec_accuracy"][at] = LISTED

    def _learn(self, people: People, board: Board, desk: Desk) -> None:
        """Look at the books as they are this morning; lists made before are no longer good."""
        purchases, world, notes = people.books.purchases, desk.world, desk.notes
        assert purchases is not None, "kept for tactics that read them"
        if "lists" not in notes:
            n = purchases.n_people
            notes["lists"] = np.full((n, self.places), -1, dtype=np.int32)
            notes["n_personal"] = np.zeros(n, dtype=np.int8)
            notes["is_made"] = np.zeros(n, dtype=np.bool_)
            asks_friends = self.by in ("social", "hybrid")
            graph = world.graph
            notes["friends"] = friends(graph.indptr, graph.audience, graph.is_directed) if asks_friends else None
        notes["is_made"][:] = False
        # the board's columns are the shop's own, which go on growing
        notes["learned"] = board._replace(units=board.units.copy(), on_sale=board.on_sale.copy())
        notes["seen"] = Seen(purchases.matrix(), notes["learned"].units, world.catalogue.taste, notes["friends"])
        notes["recommender"] = self._recommender(notes["seen"])

    def _recommender(self, seen: Seen) -> Recommender:
        if self.by == "content":
            return Content(seen)
        if self.by == "collaborative":
            return Collaborative(seen, self.neighbours)
        return Social(seen) if self.by == "social" else Hybrid(seen, self.neighbours, self.mix, self.cold_below)

    def _make_lists(self, rows: Ints, ids: Ints, desk: Desk) -> None:
        notes = desk.notes
        learned, seen = notes["learned"], notes["seen"]
        words = None
        if self.exploration > 0.0 or self.cold_start == "explore":
            words = self._places_luck(ids, learned, desk)
        wanted = lists.Wanted(self.places, self.cold_below, self.cold_start, self.skip_bought, self.exploration)
        made = lists.make(
            notes["recommender"], rows, words, seen.bought, learned.units, learned.on_sale, wanted
        )  # fmt: skip
        notes["lists"][rows], notes["n_personal"][rows], notes["is_made"][rows] = *made, True

    def _places_luck(self, ids: Ints, learned: Board, desk: Desk) -> Ints:
        """Two words for every place of these people's lists, the same whenever before the next learning one is made."""
        day = learned.day + desk.world.scenario.burn_in_days
        words = np.empty((len(ids) * self.places, 4), dtype=np.int64)
        each, place = np.repeat(ids, self.places), np.tile(np.arange(self.places), len(ids))
        draws.blocks(desk.world.noise_seed, self.purpose("place", desk), day, each, place, words)
        return words[:, :2].reshape(len(ids), self.places, 2)
