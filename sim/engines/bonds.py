"""Slow states of everybody as columns, and the passes over them; imports rules, rows, `day`, `_jit`.

Nothing here is allocated or run where no coefficient of a slow state is set (docs/model.md, 7.9b).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim._jit import column_kernel, rule
from sim.day import Acts
from sim.engines.rows import state_of, traits_of
from sim.params import Params
from sim.rules import bonds as rules
from sim.rules import leave
from sim.rules.reach import STEPS
from sim.rules.records import Bonds, Column, Constants, Key, State, Traits


def new_bonds(params: Params, n: int) -> Bonds:
    """Columns of the slow states that are on; one entry for those that are not."""
    is_on = (rules.has_habit(params), rules.has_warnings(params), rules.has_belonging(params))
    return Bonds(*[np.zeros(n if on else 1) for on in is_on])


@rule
def bonds_of(b: Bonds, i: int) -> Bonds:
    """One person's slow states; columns that are off have one entry, 0."""
    return Bonds(
        b.habit[min(i, b.habit.shape[0] - 1)],
        b.warned[min(i, b.warned.shape[0] - 1)],
        b.belonging[min(i, b.belonging.shape[0] - 1)],
    )


@column_kernel
def bind(
    params: Params, constants: Constants, traits: Traits, state: State, bonds: Bonds, dearer: float, n: int
) -> None:
    """Phase 0b3: last night's slow states act today."""
    for i in range(n):
        pull, hold = rules.bound(
            params, constants, traits_of(traits, i), state_of(state, i), bonds_of(bonds, i), dearer
        )
        state.pull[i], state.hold[i] = pull * STEPS, hold * STEPS


@column_kernel
def causes(
    params: Params, constants: Constants, traits: Traits, state: State, bonds: Bonds, dearer: float, rows: Column,
    n_heard: Column, day: int, out: Column,
) -> None:  # fmt: skip
    """Phase 11: why those who leave tonight do."""
    for k in range(rows.shape[0]):
        i = rows[k]
        out[k] = leave.cause_of_leaving(
            params, constants, traits_of(traits, i), state_of(state, i), n_heard[i], day, bonds_of(bonds, i), dearer
        )


@column_kernel
def posts_too(
    params: Params, bonds: Bonds, rows: Column, names: Column, ids: Column, seed: int, day: int, out: Column
) -> None:
    """Phase 9: which of those who only shared an order also post it, because they belong."""
    for k in range(rows.shape[0]):
        i = rows[k]
        out[k] = rules.posts_too(params, Key(seed, day, ids[i], 0), names[k], bonds_of(bonds, i).belonging)


@column_kernel
def _come_to_habit(params: Params, last_visit_day: Column, day: int, habit: Column) -> None:
    for i in range(habit.shape[0]):
        habit[i] = rules.next_habit(params, habit[i], last_visit_day[i] == day)


@column_kernel
def _hear_warnings(params: Params, constants: Constants, seen: Column, valence: Column, warned: Column) -> None:
    for i in range(warned.shape[0]):
        warned[i] = rules.next_warned(params, constants, warned[i], int(seen[i]), int(valence[i]))


@column_kernel
def _take_part(params: Params, acts: Column, likes: Column, belonging: Column) -> None:
    for i in range(belonging.shape[0]):
        belonging[i] = rules.next_belonging(params, belonging[i], acts[i], likes[i])


def end_day(
    params: Params, constants: Constants, state: State, bonds: Bonds, day: int, acting: NDArray[np.int64], liked: Acts
) -> None:
    """Phase 10b: slow states take in the day; `acting` has a row for every time somebody took part."""
    if rules.has_habit(params):
        _come_to_habit(params, state.last_visit_day, day, bonds.habit)
    if rules.has_warnings(params):
        _hear_warnings(params, constants, state.seen, state.valence, bonds.warned)
    if rules.has_belonging(params):
        n = len(bonds.belonging)
        acts, likes = np.bincount(acting, minlength=n), np.zeros(n, dtype=np.int64)
        if params.bel_like > 0.0:
            likes = np.bincount(liked.row, minlength=n) + np.bincount(liked.other, minlength=n)
        _take_part(params, acts, likes, bonds.belonging)
