"""Points: spending earns a reward, and a tier by spending of late; imports `tactic`, rules, `_jit`, money."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim._jit import exp
from sim.day import Day
from sim.money import Cents
from sim.rules import resolve
from sim.strategies.money_off import face_warnings, least_price
from sim.strategies.people import People
from sim.strategies.tactic import Board, Contacts, Desk, Tactic, lever

GOAL_PULL: Final = 0.4  # b_g: logit of buying with the goal in reach (guess; goal gradient: Kivetz et al. 2006)
RECENT_DAYS: Final = 90  # spending and orders of so many days count as recent (guess)
HABIT_ORDERS: Final = (
    3.0  # recent orders at which the goal moves a third as much (guess; Liu 2007: heavy do not change)
)
TIER_PULL: Final = 0.05  # log rate of visiting, in the upper tier (guess)
TIER_HOLD: Final = -0.10  # log hazard of leaving, in the upper tier (guess)
#: pull of the goal by recent orders
HABIT: Final = np.array([exp(-k / HABIT_ORDERS) for k in range(64)])


class Points(Tactic):
    """Points on what members pay; at the goal they become money off one order, and the card starts again.

    The nearer the goal as it is shown, the likelier a member buys today, with the square of the way gone and less for
    who buys often anyway (docs/model.md, eq. 5): after the reward the pull is gone. A head start shows some of
    the way as gone though just as much must be spent. The books carry a liability for points given, as far as they
    are expected to be redeemed, and release it when they are. An upper tier by recent spending visits more and
    stays longer, and costs its perks.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "a liability for all points given, settled by money off; perks of the upper tier"
    backfires: ClassVar[str] = "heavy buyers earn most and change least: they are paid for what they would have bought"
    title_zh: ClassVar[str] = "积分与会员等级"
    about_zh: ClassVar[str] = "按会员实付金额积分；达标后抵扣一单，然后重新累计。"
    costs_zh: ClassVar[str] = "已发积分的负债（以抵扣结算），以及高等级会员的权益"
    backfires_zh: ClassVar[str] = "重度买家积分最多而改变最少：为本来就会买的付费"

    kind: Literal["points"] = "points"
    goal: Cents = lever(10_000, "currency", "spending that earns one reward; 0 = no points", "满额可兑", ge=0)
    reward: Cents = lever(500, "currency", "money off one order, for reaching the goal", "兑换金额", ge=0)
    min_price: Cents | None = lever(
        None,
        "currency",
        "reward only on products from this price on; empty = 4 x reward",
        "适用商品最低价格；空为奖励的4倍",
        ge=0,
    )
    head_start: float = lever(
        0.0, "share of the way", "share of the way shown as gone on a fresh card", "虚拟起步进度", ge=0.0, le=0.5
    )
    redemption: float = lever(
        0.8, "share of points", "points expected to be redeemed, for the liability", "预期兑换率", ge=0.0, le=1.0
    )
    tier_spend: Cents | None = lever(
        None,
        "currency",
        "spending in 90 days that leads into the upper tier; empty = no tiers",
        "高等级90天消费门槛",
        ge=0,
    )
    tier_cost: Cents = lever(
        2, "currency", "perks of one member of the upper tier, per day", "高等级每日权益成本", ge=0
    )

    @classmethod
    def null(cls) -> Self:
        """Worth nothing."""
        return cls(reward=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(goal=40, reward=8, min_price=0, redemption=1.0, tier_spend=20)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(goal=20, reward=15, min_price=0)

    @property
    def _is_paying(self) -> bool:
        return self.goal > 0 and self.reward > 0

    def begin(self, desk: Desk) -> None:
        """Open the books of points."""
        n = len(desk.world)
        for name in ("balance", "spent", "orders"):  # cents towards rewards; cents and orders of the last 90 days
            desk.notes[name] = np.zeros(n, dtype=np.int64)
        desk.notes["joined"] = np.zeros(n, dtype=np.bool_)
        desk.notes["recent"] = deque()
        desk.notes["owed_cents"] = 0

    def _forget(self, desk: Desk, day: int) -> None:
        """Take what is no longer recent out of the sums."""
        recent = desk.notes["recent"]
        while recent and recent[0][0] <= day - RECENT_DAYS:
            _, rows, cents = recent.popleft()
            np.subtract.at(desk.notes["spent"], rows, cents)
            np.subtract.at(desk.notes["orders"], rows, 1)

    def _worth(self, balance: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cents that these balances are worth if all is redeemed."""
        return balance * self.reward // self.goal

    def _liability(self, balance: NDArray[np.int64]) -> int:
        """Cents that these balances are expected to cost."""
        return int((self._worth(balance) * round(self.redemption * 1000) // 1000).sum())

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Show how near the goal is; hand out rewards that are due."""
        self._forget(desk, board.day)
        desk.notes["joined"][people.row[chosen]] = True
        if not self._is_paying:
            return
        balance = desk.notes["balance"][people.row]
        shown = self.head_start + (1.0 - self.head_start) * (balance % self.goal / self.goal)
        habit = HABIT[np.minimum(desk.notes["orders"][people.row], len(HABIT) - 1)]
        offers["urge"] += np.where(chosen, GOAL_PULL * shown * shown * habit, 0.0)
        due = chosen & (balance >= self.goal) & (offers["coupon_cents"] < self.reward)
        offers["coupon_cents"][due] = self.reward
        offers["coupon_min_cents"][due] = least_price(self.min_price, self.reward)
        offers["coupon_cents_tactic"][due] = desk.index

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Treat the upper tier well, by lot as far as the budget reaches."""
        self._forget(desk, board.day)
        if self.tier_spend is None or not self._is_paying:
            return
        upper = chosen & desk.notes["joined"][people.row] & (desk.notes["spent"][people.row] >= self.tier_spend)
        upper &= desk.notes["orders"][people.row] > 0
        who = np.flatnonzero(upper)
        who = who[self.by_lot(people.id[who], board, desk)]
        if self.tier_cost:
            who = who[: max(self._room(desk), 0) // self.tier_cost]
        desk.pay(len(who) * self.tier_cost, "tier_perks")
        contacts.pull[who] += TIER_PULL
        contacts.hold[who] += TIER_HOLD

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Take points for rewards used, give points for what was paid and kept, and bring the liability up to date."""
        orders, notes = events.orders, desk.notes
        notes["recent"].append((board.day, orders.row, orders.paid_cents))
        np.add.at(notes["spent"], orders.row, orders.paid_cents)
        np.add.at(notes["orders"], orders.row, 1)
        if not self._is_paying:
            return
        balance = notes["balance"]
        used = orders.row[(orders.tactic == desk.index) & (orders.mode == 0)]
        balance[used] -= self.goal  # one order alone a day, so nobody stands here twice
        keeps = ~orders.is_returned.astype(np.bool_) & notes["joined"][orders.row]
        rows, place = np.unique(orders.row[keeps], return_inverse=True)
        paid = np.zeros(len(rows), dtype=np.int64)
        np.add.at(paid, place, orders.paid_cents[keeps])
        given = self._within_budget(rows, paid, board, desk)
        balance[rows[given]] += paid[given]
        owed = self._liability(balance)
        desk.book("points_liability", "expense", owed - notes["owed_cents"])
        notes["owed_cents"] = owed

    def _within_budget(
        self, rows: NDArray[np.int64], paid: NDArray[np.int64], board: Board, desk: Desk
    ) -> NDArray[np.bool_]:
        """Who gets points: all, or by lot as long as everything promised could be redeemed within the budget."""
        balance = desk.notes["balance"]
        if not desk.budget.is_capped:
            return np.ones(len(rows), dtype=np.bool_)
        worth = self._worth(balance[rows] + paid) - self._worth(balance[rows])
        ids = desk.world.population.ids[rows]
        day = board.day + desk.world.scenario.burn_in_days
        purpose = self.purpose("points", desk)
        words = resolve.priorities(desk.world.noise_seed, purpose, day, ids, np.zeros(len(rows), dtype=np.int64))
        given: NDArray[np.bool_] = resolve.grant(worth, self._room(desk), words, ids)
        return given

    def _room(self, desk: Desk) -> int:
        """Cents that may be promised beside all points that are out; a coupon handed out today is one of those."""
        out = int(self._worth(desk.notes["balance"]).sum())
        return min(desk.budget.unspent() - out, desk.budget.left_today())

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Warn where the reward eats the margin of a typical product it is good for, or all that earned it."""
        found = face_warnings(self.reward, least_price(self.min_price, self.reward), list_cents, unit_cost_cents)
        if self._is_paying and self.reward > self.goal * 0.3:
            found.append("the reward gives back more than 30 % of the spending that earns it")
        return found if self._is_paying else []
