"""Customer service: help before buying, recovery when an order fails; imports `tactic`, rewards, `draws`, money."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from sim import draws
from sim.day import Day
from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.rewards import pay_part, share_kept
from sim.strategies.tactic import Board, Desk, Tactic, Target, lever

HELP: Final = 0.15  # b_c: logit of buying for a visitor who is helped (Tan, Wang & Tan 2019: live chat +16 %)
ANSWERS: Final = 0.15  # utility per star missing to GOOD, where all are helped: doubts are answered (guess)
GOOD: Final = 4.2  # stars shown of a product without reviews; above it there is nothing to reassure about


class CustomerService(Tactic):
    """People who answer: a share of visitors is helped, and orders that fail are made good.

    Help adds to the logit of buying today (docs/model.md, eq. 5), for visitors drawn by lot; answers that stay on a
    product's page help low-rated products most. Where an order fails, good handling takes back a part of the
    disappointment (eq. 10), so fewer warn friends and leave. Each contact and each failed order handled costs.
    """

    grade: ClassVar[str] = "B"
    costs: ClassVar[str] = "a price for every contact, and compensation for every failed order handled"
    backfires: ClassVar[str] = "most who are helped would not have bought anyway: contacts cost more than orders bring"
    title_zh: ClassVar[str] = "客户服务"
    about_zh: ClassVar[str] = "人工客服：解答部分访客的问题，并补偿出错的订单。"
    costs_zh: ClassVar[str] = "每次接待的费用，以及每个处理的问题订单的补偿"
    backfires_zh: ClassVar[str] = "多数被服务者本来也不会买：接待成本高于带来的订单"

    kind: Literal["customer_service"] = "customer_service"
    coverage: float = lever(
        0.3, "share of visitors", "visitors helped today, and failed orders handled", "服务覆盖率", ge=0.0, le=1.0
    )
    cost: Cents = lever(10, "currency", "cost of one contact", "单次接待成本", ge=0)
    recovery: float = lever(
        0.5, "share of the loss", "how much of a failed order's disappointment good handling takes back",
        "售后补救程度", ge=0.0, le=1.0,
    )  # fmt: skip
    compensation: Cents = lever(
        300, "currency", "compensation and work for one failed order handled", "单个问题订单补偿", ge=0
    )

    @classmethod
    def null(cls) -> Self:
        """Nobody answers."""
        return cls(coverage=0.0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(coverage=1.0, cost=1)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(coverage=1.0, cost=5)

    @model_validator(mode="after")
    def _recovers_everybody(self) -> Self:
        if self.recovery > 0.0 and self.target != Target():
            raise ValueError("recovery reaches every buyer: with a target, say recovery: 0")
        return self

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """See how many can be helped today; reassure about low-rated products."""
        desk.notes["kept"] = share_kept(desk)
        desk.notes["coverage"] = self.coverage * desk.notes["kept"]
        desk.notes["contacts_cents"] = 0
        shelf["appeal"] += ANSWERS * desk.notes["coverage"] * np.maximum(GOOD - shelf["rating"], 0.0)

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Make good what fails; answer warnings."""
        conditions["s_fail"] *= 1.0 - desk.notes["coverage"] * self.recovery
        conditions["answered"] = 1.0 - (1.0 - conditions["answered"]) * (1.0 - desk.notes["coverage"])
        desk.notes["fail"] = conditions["fail"]

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Help visitors drawn by lot; a larger coverage helps the same people and some more."""
        n, day = len(people.id), people.day
        words = np.empty((n, 4), dtype=np.int64)
        purpose = self.purpose("help", desk)
        draws.blocks(desk.world.noise_seed, purpose, day, people.id, np.zeros(n, dtype=np.int64), words)
        drawn = chosen & ((words[:, 0] + 0.5) * 2.0**-32 < desk.notes["coverage"])
        helped = np.flatnonzero(drawn)
        helped = helped[np.lexsort((people.id[helped], words[helped, 0]))]
        if self.cost:
            helped = helped[: desk.budget.available() // self.cost]
        offers["urge"][helped] += HELP
        desk.notes["contacts_cents"] = len(helped) * self.cost
        desk.pay(desk.notes["contacts_cents"], "contacts")

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for the failed orders handled: as many as fail on average."""
        handled = len(events.orders.row) * desk.notes["fail"] * desk.notes["coverage"] if self.recovery else 0.0
        due = math.floor(handled * self.compensation + 0.5)
        if desk.notes["kept"] > 0.0:
            desk.notes["due_cents"] = math.ceil((due + desk.notes["contacts_cents"]) / desk.notes["kept"])
        pay_part(due, "compensation", desk)
