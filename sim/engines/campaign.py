"""How the tactics of a strategy share money: their budgets, the split, and its moving; imports `ledger`, strategies.

Who is served first where a budget does not reach all is decided elsewhere, by keyed priority (`rules.resolve`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from sim.day import Orders
from sim.ledger import Budget
from sim.scenario.parts import CampaignSpec
from sim.strategies.tactic import Tactic

#: no tactic's share falls below this part of an equal one (guess): what gets no money can never prove itself
LEAST: Final = 0.2
#: a share at most doubles or halves at once (guess)
MOST_STEP: Final = 2.0


class Campaign:
    """The budgets of one strategy's tactics, in their order; without `spec` each has its own alone.

    `cost_of(k, first, last)`: what tactic k cost on these days, in cents.
    """

    def __init__(
        self, spec: CampaignSpec | None, tactics: Sequence[Tactic], cost_of: Callable[[int, int, int], int]
    ) -> None:
        self.spec, self.tactics, self._cost_of = spec, tactics, cost_of
        pot = None if spec is None else Budget(spec.total, spec.per_day)
        self.pot = pot
        self.budgets = [Budget(tactic.budget, tactic.budget_per_day, pot) for tactic in tactics]
        self.shares = None if spec is None or spec.shares is None else list(spec.shares)
        self._floor = [min(LEAST / len(tactics), share) for share in self.shares or ()]
        self._margin = [0] * len(tactics)  # since the last time money was moved
        self._since = 0
        if pot is not None and pot.total_cents is not None:
            self._split(pot.total_cents)
        self._split_day()

    def start_day(self, day: int) -> None:
        """Begin measured day `day` (negative: burn-in): caps per day are whole again; money moves if it is time."""
        for budget in (*([] if self.pot is None else [self.pot]), *self.budgets):
            budget.start_day()
        moves = None if self.spec is None else self.spec.move_days
        if moves is not None and day > 0 and day % moves == 0:
            self._move(day)

    def note(self, orders: Orders) -> None:
        """Tonight's orders, for the books: which tactic's price or post brought what margin."""
        if self.shares is None:
            return
        margin = orders.paid_cents - orders.cost_cents
        for k in range(len(self.tactics)):
            mine = np.asarray((orders.tactic == k) | (orders.kol_tactic == k))
            self._margin[k] += int(margin[mine].sum())

    def _move(self, day: int) -> None:
        """Shares move with margin per unit of cost since the last time.

        w <- w x (1 + r) / (1 + mean r), by at most a factor of two, never below a fifth of an equal share (or what the
        scenario gave it, if that is less). Tactics to
        which the books attribute no orders by their nature (messages, service), and those that spent nothing, keep
        their share of what is split.
        """
        assert self.shares is not None
        costs = [self._cost_of(k, self._since, day - 1) for k in range(len(self.tactics))]
        judged = [k for k, tactic in enumerate(self.tactics) if costs[k] > 0 and _is_attributable(tactic)]
        if len(judged) > 1:
            returns = {k: max(self._margin[k], 0) / costs[k] for k in judged}
            mean = sum(returns.values()) / len(judged)
            before = sum(self.shares[k] for k in judged)
            step = {k: min(max((1 + returns[k]) / (1 + mean), 1 / MOST_STEP), MOST_STEP) for k in judged}
            above = {k: max(self.shares[k] * step[k] - self._floor[k], 0.0) for k in judged}
            if sum(above.values()) > 0.0:
                to_split = before - sum(self._floor[k] for k in judged)
                for k in judged:
                    self.shares[k] = self._floor[k] + to_split * above[k] / sum(above.values())
            if self.pot is not None and self.pot.total_cents is not None:
                self._split(self.pot.total_cents - self.pot.spent_cents - self.pot.reserved_cents)
            self._split_day()
        self._margin, self._since = [0] * len(self.tactics), day

    def _split(self, cents: int) -> None:
        """Split what nobody has promised yet; what a tactic spent or promised is its own."""
        if self.shares is None:
            return
        for tactic, budget, share in zip(self.tactics, self.budgets, self.shares, strict=True):
            allotted = budget.spent_cents + budget.reserved_cents + _part(cents, share)
            budget.total_cents = allotted if tactic.budget is None else min(allotted, tactic.budget)

    def _split_day(self) -> None:
        per_day = None if self.pot is None else self.pot.per_day_cents
        if per_day is None or self.shares is None:
            return
        for tactic, budget, share in zip(self.tactics, self.budgets, self.shares, strict=True):
            allotted = _part(per_day, share)
            own = tactic.budget_per_day
            budget.per_day_cents = allotted if own is None else min(allotted, own)


def _part(cents: int, share: float) -> int:
    """Whole cents; a share that rounding took a hair off still gets its last cent."""
    return int(cents * share + 1e-6)


def _is_attributable(tactic: Tactic) -> bool:
    """Do the shop's books name this tactic on orders, by a price, a coupon, a post or a session?"""
    kind = type(tactic)
    return any(
        getattr(kind, hook) is not getattr(Tactic, hook) for hook in ("on_offer", "on_shelf", "on_post", "on_bargain")
    )
