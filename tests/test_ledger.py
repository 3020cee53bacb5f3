"""Budgets that reserve and cost lines that add up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sim.ledger import Budget, Ledger


def test_without_a_cap_anything_goes() -> None:
    free = Budget(None, None)
    assert not free.is_capped
    free.reserve(10**15)
    assert free.available() > 10**15


def test_a_total_cap() -> None:
    budget = Budget(1000, None)
    assert budget.is_capped
    budget.reserve(600)
    assert budget.available() == 400
    with pytest.raises(ValueError, match=r"401.*400"):
        budget.reserve(401)
    assert (budget.available(), budget.reserved_cents) == (400, 600)  # a refusal changes nothing
    budget.spend(100)
    assert budget.available() == 400
    budget.release(500)
    assert (budget.available(), budget.spent_cents, budget.reserved_cents) == (900, 100, 0)
    budget.start_day()
    assert budget.available() == 900


def test_a_cap_per_day_is_whole_again_in_the_morning() -> None:
    budget = Budget(None, 300)
    budget.reserve(300)
    assert budget.available() == 0
    budget.release(100)
    assert budget.available() == 100
    budget.spend(200)
    budget.start_day()
    assert budget.available() == 300


def test_yesterdays_promise_frees_the_total_but_not_todays_cap() -> None:
    budget = Budget(1000, 300)
    budget.reserve(300)
    budget.start_day()
    budget.reserve(250)
    budget.release(300, same_day=False)
    assert budget.available() == 50
    assert budget.reserved_cents == 250
    budget.start_day()
    assert budget.available() == 300


def test_the_tighter_cap_holds() -> None:
    assert Budget(100, 300).available() == 100
    assert Budget(300, 100).available() == 100
    assert Budget(0, None).available() == 0
    assert Budget(None, 0).available() == 0
    nothing = Budget(0, 0)
    nothing.reserve(0)
    with pytest.raises(ValueError, match="promised 1"):
        nothing.reserve(1)


class Spending(RuleBasedStateMachine):
    """Whatever is promised, spent and taken back: no cap is passed on any day."""

    @initialize(total=st.none() | st.integers(0, 500), per_day=st.none() | st.integers(0, 200))
    def open(self, total: int | None, per_day: int | None) -> None:
        self.budget = Budget(total, per_day)
        self.open_today: list[int] = []
        self.older: list[int] = []
        self.spent, self.spent_today = 0, 0

    @rule(cents=st.integers(0, 150))
    def promise(self, cents: int) -> None:
        if cents <= self.budget.available():
            self.budget.reserve(cents)
            self.open_today.append(cents)
        else:
            with pytest.raises(ValueError, match="promised"):
                self.budget.reserve(cents)

    @rule(is_used=st.booleans(), is_old=st.booleans())
    def settle(self, is_used: bool, is_old: bool) -> None:
        promises = self.older if is_old else self.open_today
        if not promises:
            return
        cents = promises.pop()
        if is_used:
            self.budget.spend(cents)
            self.spent += cents
            self.spent_today += 0 if is_old else cents
        else:
            self.budget.release(cents, same_day=not is_old)

    @rule()
    def sleep(self) -> None:
        self.budget.start_day()
        self.older += self.open_today
        self.open_today, self.spent_today = [], 0

    @invariant()
    def holds(self) -> None:
        budget = self.budget
        assert budget.spent_cents == self.spent
        assert budget.reserved_cents == sum(self.older) + sum(self.open_today)
        assert budget.today_cents == self.spent_today + sum(self.open_today)
        assert budget.available() >= 0
        if budget.total_cents is not None:
            assert budget.spent_cents + budget.reserved_cents <= budget.total_cents
        if budget.per_day_cents is not None:
            assert budget.today_cents <= budget.per_day_cents


Spending.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestSpending = Spending.TestCase


def test_lines_add_up_by_day_tactic_line_and_class() -> None:
    ledger = Ledger()
    ledger.book(3, "coupon", "coupons", "contra_revenue", 500)
    ledger.book(3, "coupon", "coupons", "contra_revenue", 250)
    ledger.book(3, "coupon", "coupons", "expense", 10)
    ledger.book(1, "kol_seeding", "fees", "expense", 7)
    assert ledger.rows() == [
        (1, "kol_seeding", "fees", "expense", 7),
        (3, "coupon", "coupons", "contra_revenue", 750),
        (3, "coupon", "coupons", "expense", 10),
    ]
    assert ledger.of_day(3, "contra_revenue") == 750
    assert ledger.of_day(3, "expense") == 10
    assert ledger.of_day(2, "expense") == 0


def test_nothing_leaves_no_line() -> None:
    ledger = Ledger()
    ledger.book(0, "coupon", "coupons", "expense", 0)
    assert ledger.rows() == []
    assert ledger.of_day(0, "expense") == 0


lines = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from("ab"), st.sampled_from("xy"),
        st.sampled_from(["contra_revenue", "expense"]), st.integers(-500, 10**12),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(lines, st.randoms(use_true_random=False))
def test_the_order_of_booking_cannot_matter(booked: list[tuple], rng: object) -> None:  # type: ignore[type-arg]
    one, other = Ledger(), Ledger()
    shuffled = list(booked)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    for line in booked:
        one.book(*line)
    for line in shuffled:
        other.book(*line)
    positive = [row for row in one.rows() if row[-1]]
    assert positive == [row for row in other.rows() if row[-1]]
    assert one.rows() == sorted(one.rows())
    for day, cls in itertools.product(range(4), ("contra_revenue", "expense")):
        expected = sum(line[4] for line in booked if line[0] == day and line[3] == cls)
        assert one.of_day(day, cls) == expected  # type: ignore[arg-type]
    assert all(isinstance(row[-1], int) for row in one.rows())
