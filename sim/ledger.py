"""Money in whole cents: cost lines, budgets that reserve, books that balance; imports `money`."""

from __future__ import annotations

from typing import Final

from sim.money import CostClass

_BOUNDLESS: Final = 1 << 62


class Budget:
    """What one tactic may still give: a cap for the whole run, a cap per day, or none.

    Every promise is reserved when it is made and either spent or released; spent + reserved never
    passes the cap, on any day. Where several tactics share a campaign's money, each has a budget of its
    own whose promises count in the campaign's too (`pot`).
    """

    def __init__(self, total_cents: int | None, per_day_cents: int | None, pot: Budget | None = None) -> None:
        self.total_cents = total_cents
        self.per_day_cents = per_day_cents
        self.pot = pot
        self.spent_cents = 0
        self.reserved_cents = 0
        self.today_cents = 0  # reserved or spent of today's promises

    def start_day(self) -> None:
        """Begin a day: the cap per day is whole again."""
        self.today_cents = 0

    @property
    def is_capped(self) -> bool:
        """Is there any cap?"""
        of_pot = self.pot is not None and self.pot.is_capped
        return self.total_cents is not None or self.per_day_cents is not None or of_pot

    def unspent(self) -> int:
        """Cents left for the rest of the run, whatever of them is promised already."""
        left = _BOUNDLESS if self.total_cents is None else self.total_cents - self.spent_cents
        return left if self.pot is None else min(left, self.pot.unspent())

    def left_today(self) -> int:
        """Cents that today's cap still leaves."""
        left = _BOUNDLESS if self.per_day_cents is None else self.per_day_cents - self.today_cents
        return left if self.pot is None else min(left, self.pot.left_today())

    def available(self) -> int:
        """Cents that may be promised now."""
        left = _BOUNDLESS if self.total_cents is None else self.total_cents - self.spent_cents - self.reserved_cents
        left = min(left, self.left_today())
        if self.pot is not None:
            left = min(left, self.pot.available())
        return max(left, 0)

    def reserve(self, cents: int) -> None:
        """Promise this much."""
        if cents > self.available():
            raise ValueError(f"promised {cents} cents with {self.available()} left")
        self.reserved_cents += cents
        self.today_cents += cents
        if self.pot is not None:
            self.pot.reserve(cents)

    def _unreserve(self, cents: int) -> None:
        if not 0 <= cents <= self.reserved_cents:
            raise ValueError(f"{cents} cents to settle with {self.reserved_cents} promised")
        self.reserved_cents -= cents

    def spend(self, cents: int) -> None:
        """Turn a promise into an expense."""
        self._unreserve(cents)
        self.spent_cents += cents
        if self.pot is not None:
            self.pot.spend(cents)

    def release(self, cents: int, *, same_day: bool = True) -> None:
        """Take back a promise nobody used; it can be promised again."""
        self._unreserve(cents)
        if same_day:
            self.today_cents -= cents
        if self.pot is not None:
            self.pot.release(cents, same_day=same_day)


class Ledger:
    """Cost lines of one run: (day, tactic, line, class) -> cents. Nothing is subtracted twice: a
    contra_revenue line is already missing from what shoppers paid, an expense line is not."""

    def __init__(self) -> None:
        self._cents: dict[tuple[int, str, str, CostClass], int] = {}
        self._of_day: dict[tuple[int, CostClass], int] = {}

    def book(self, day: int, tactic: str, line: str, cls: CostClass, cents: int) -> None:
        """Add cents to a line; zero amounts leave no line."""
        if cents:
            key = (day, tactic, line, cls)
            self._cents[key] = self._cents.get(key, 0) + int(cents)
            self._of_day[day, cls] = self._of_day.get((day, cls), 0) + int(cents)

    def rows(self) -> list[tuple[int, str, str, CostClass, int]]:
        """All lines, sorted: (day, tactic, line, class, amount_cents)."""
        return [(*key, cents) for key, cents in sorted(self._cents.items())]

    def of_tactic(self, tactic: str, first: int, last: int) -> int:
        """What one tactic cost on the days from first to last, of all classes."""
        return sum(cents for (d, name, _, _), cents in self._cents.items() if name == tactic and first <= d <= last)

    def of_day(self, day: int, cls: CostClass) -> int:
        """Total of one class on one day."""
        return self._of_day.get((day, cls), 0)
