"""Scarce things: priorities, budgets, seats and winners against naive loops."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim.rules import resolve
from tests.by_hand import often


def test_priorities_are_named() -> None:
    agents, items = np.array([3, 1, 2]), np.array([7, 7, 8])
    words = resolve.priorities(5, draws.SEAT, 9, agents, items)
    names = zip(agents.tolist(), items.tolist(), strict=True)
    assert words.tolist() == [draws.block(5, draws.SEAT, 9, a, i)[0] for a, i in names]
    assert resolve.priorities(5, draws.SEAT, 9, agents[::-1], items[::-1]).tolist() == words[::-1].tolist()
    assert len(resolve.priorities(5, draws.SEAT, 9, agents[:0], items[:0])) == 0


@often
@given(st.integers(0, 10_000), st.integers(1, 500), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_budget_treats_floor_of_cap_over_cost_v9(cap: int, cost: int, n: int, rng: Any) -> None:
    agents = np.arange(n)
    rng.shuffle(order := list(range(n)))

    def treated(rows: Any) -> set[int]:
        words = resolve.priorities(1, draws.SEAT, 2, agents[rows], 0 * agents[rows])
        granted = resolve.grant(np.full(n, cost), cap, words, agents[rows])
        return set(agents[rows][granted].tolist())

    assert len(treated(np.arange(n))) == min(cap // cost, n)
    assert treated(np.array(order, dtype=np.int64)) == treated(np.arange(n))


requests = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), max_size=30)  # few priorities: many ties


@often
@given(requests, st.integers(-5, 400), st.randoms(use_true_random=False))
def test_grants_against_a_naive_loop(wanted: list[tuple[int, int]], available: int, rng: Any) -> None:
    amounts, words = (np.array([w[k] for w in wanted], dtype=np.int64) for k in range(2))
    names = np.arange(len(wanted)) + 50
    left, expected = available, set()
    for word, name, amount in sorted(zip(words.tolist(), names.tolist(), amounts.tolist(), strict=True)):
        assert word >= 0
        if amount <= left:
            expected.add(name)
            left -= amount
    rng.shuffle(order := list(range(len(wanted))))
    order = np.array(order, dtype=np.int64)
    for rows in (np.arange(len(wanted)), order):
        granted = resolve.grant(amounts[rows], available, words[rows], names[rows])
        assert set(names[rows][granted].tolist()) == expected
        assert amounts[rows][granted].sum() <= max(available, 0)


@often
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=30),
    st.lists(st.integers(-1, 4), min_size=5, max_size=5),
    st.randoms(use_true_random=False),
)
def test_seats_and_winners_against_a_naive_loop(wanted: list[tuple[int, int]], free: list[int], rng: Any) -> None:
    things, words = (np.array([w[k] for w in wanted], dtype=np.int64) for k in range(2))
    names = np.arange(len(wanted)) + 50
    left, expected, first = list(free), set(), {}
    for _word, name, thing in sorted(zip(words.tolist(), names.tolist(), things.tolist(), strict=True)):
        first.setdefault(thing, name)
        if left[thing] > 0:
            left[thing] -= 1
            expected.add(name)
    rng.shuffle(order := list(range(len(wanted))))
    for rows in (np.arange(len(wanted)), np.array(order, dtype=np.int64)):
        granted = resolve.seats(things[rows], np.array(free), words[rows], names[rows])
        assert set(names[rows][granted].tolist()) == expected
        won = resolve.winners(things[rows], words[rows], names[rows])
        assert names[rows][won].tolist() == [first[thing] for thing in sorted(first)]


def test_every_request_has_the_same_chance() -> None:
    won = np.zeros(10, dtype=np.int64)
    agents = np.arange(10)
    for day in range(3000):
        words = resolve.priorities(1, draws.SEAT, day, agents, 0 * agents)
        won += resolve.grant(np.ones(10, dtype=np.int64), 3, words, agents)
    assert won.sum() == 9000
    assert stats.chisquare(won).pvalue > 1e-4
