"""Money in whole cents: cost lines, budgets that reserve, books that balance; imports `money`."""

from __future__ import annotations

from sim.money import CostClass


class Budget:
    """What one tactic may still give: a cap for the whole run, a cap per day, or none.

    Every promise is reserved when it is made and either spent or released; spent + reserved never
    passes the cap, on any day.
    """

    def __init__(self, total_cents: int | None, per_day_cents: int | None) -> None:
        self.total_cents = total_cents
        self.per_day_cents = per_day_cents
        self.spent_cents = 0
        self.reserved_cents = 0
        self.today_cents = 0  # reserved or spent of today's promises

    def start_day(self) -> None:
        """Begin a day: the cap per day is whole again."""
        self.today_cents = 0

    @property
    def is_capped(self) -> bool:
        """Is there any cap?"""
        return self.total_cents is not None or self.per_day_cents is not None

    def available(self) -> int:
        """Cents that may be promised now."""
        left = 1 << 62
        if self.total_cents is not None:
            left = self.total_cents - self.spent_cents - self.reserved_cents
        if self.per_day_cents is not None:
            left = min(left, self.per_day_cents - self.today_cents)
        return max(left, 0)

    def reserve(self, cents: int) -> None:
        """Promise this much."""
        if cents > self.available():
            raise ValueError(f"promised {cents} cents with {self.available()} left")
        self.reserved_cents += cents
        self.today_cents += cents

    def _unreserve(self, cents: int) -> None:
        if not 0 <= cents <= self.reserved_cents:
            raise ValueError(f"{cents} cents to settle with {self.reserved_cents} promised")
        self.reserved_cents -= cents

    def spend(self, cents: int) -> None:
        """Turn a promise into an expense."""
        self._unreserve(cents)
        self.spent_cents += cents

    def release(self, cents: int, *, same_day: bool = True) -> None:
        """Take back a promise nobody used; it can be promised again."""
        self._unreserve(cents)
        if same_day:
            self.today_cents -= cents


class Ledger:
    """Cost lines of one run: (day, tactic, line, class) -> cents. Nothing is subtracted twice: a
    contra_revenue line is already missing from what shoppers paid, an expense line is not."""

    def __init__(self) -> None:
        self._cents: dict[tuple[int, str, str, CostClass], int] = {}

    def book(self, day: int, tactic: str, line: str, cls: CostClass, cents: int) -> None:
        """Add cents to a line; zero amounts leave no line."""
        if cents:
            key = (day, tactic, line, cls)
            self._cents[key] = self._cents.get(key, 0) + int(cents)

    def rows(self) -> list[tuple[int, str, str, CostClass, int]]:
        """All lines, sorted: (day, tactic, line, class, amount_cents)."""
        return [(*key, cents) for key, cents in sorted(self._cents.items())]

    def of_tactic(self, tactic: str, first: int, last: int) -> int:
        """What one tactic cost on the days from first to last, of all classes."""
        return sum(cents for (d, name, _, _), cents in self._cents.items() if name == tactic and first <= d <= last)

    def of_day(self, day: int, cls: CostClass) -> int:
        """Total of one class on one day."""
        return sum(cents for (d, _, _, c), cents in self._cents.items() if d == day and c == cls)
