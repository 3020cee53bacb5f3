"""Slow states, remembered prices and why people leave: by hand (docs/model.md, 4r, 7.7b, 7.9, 7.9b)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sim import draws
from sim.rules import bonds, leave, shelf
from sim.rules.records import ACTIVE, LAPSED, LEAVING_CAUSES, PROSPECT, Bonds, State
from tests.by_hand import KEY, C, P, a_shopper, a_state

NONE = Bonds(0.0, 0.0, 0.0)
SOME = Bonds(habit=0.5, warned=2.0, belonging=0.4)
ON = P._replace(
    b_ref=1.2, ref_loss=2.0, ref_keep=0.9, b_hab=0.8, g_hab=1.5, hab_r=0.1, g_warn=0.3, warn_keep=0.7, g_ref=2.0,
    p_com=0.25, b_bel=0.6, g_bel=0.7, bel_up=0.2, bel_keep=0.9,
)  # fmt: skip


def at(pull: float = 0.0, hold: float = 0.0, **state: Any) -> State:
    return a_state(**{"status": ACTIVE, **state})._replace(pull=pull, hold=hold)


def test_remembered_prices() -> None:
    """-b_ref (felt - x): nothing at first, all of b_ref taken back when it is remembered, a loss when it ends."""
    x = math.log(0.8)
    for price, memory, expected in (
        (0.0, 0.0, 0.0), (x, 0.0, 0.0), (x, x, 1.2 * x), (x, x / 2, 1.2 * x / 2), (0.0, x, 2.0 * 1.2 * x),
        (x / 2, x, -1.2 * (2.0 * (-x / 2) - x / 2)),
    ):  # fmt: skip
        assert shelf.reference_effect(ON, price, memory) == pytest.approx(expected, abs=1e-15)
    assert shelf.next_remembered(ON, x, 0.0) == pytest.approx(0.9 * x)
    assert shelf.next_remembered(ON, 0.0, x) == pytest.approx(0.1 * x)


@pytest.mark.parametrize("coupons", [0.0, -0.3])
def test_what_coupons_take_off_is_remembered_with_the_price(coupons: float) -> None:
    cuts, memory, appeal = [0.0, -0.2, -0.1], [0.0, -0.1, -0.9], [0.5, 0.0, 0.1]
    felt, later = list(appeal), list(memory)
    _plainly(shelf.feel_prices)(ON, _Column(cuts), coupons, _Column(memory), column := _Column(felt))
    gaps = [cut + coupons - m for cut, m in zip(cuts, memory, strict=True)]
    for gap, cut, before, after in zip(gaps, cuts, appeal, column, strict=True):
        assert after == pytest.approx(before - 1.2 * (gap * (2.0 if gap > 0 else 1.0) - cut - coupons))
    _plainly(shelf.remember_prices)(ON, _Column(cuts), coupons, column := _Column(later))
    assert list(column) == pytest.approx([0.9 * m + 0.1 * (x + coupons) for m, x in zip(memory, cuts, strict=True)])


def _plainly(kernel: Any) -> Any:
    """The Python text of a kernel, whether or not there is a compiler."""
    return getattr(kernel, "py_func", kernel)


class _Column(list[float]):
    """A list with a shape, as columns have."""

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)


def test_what_is_on() -> None:
    """Each by its own coefficients, and by no other."""
    asked = {
        "b_hab": (True, False, False, True), "g_hab": (True, False, False, True), "g_warn": (False, True, False, True),
        "b_bel": (False, False, True, False), "g_bel": (False, False, True, True), "g_ref": (False, False, False, True),
        "p_com": (False, False, False, False),
    }  # fmt: skip
    questions = (bonds.has_habit, bonds.has_warnings, bonds.has_belonging, bonds.has_bonds)
    assert not any(asks(P) for asks in questions)
    for name, answers in asked.items():
        assert tuple(asks(P._replace(**{name: 0.5})) for asks in questions) == answers, name


def test_pull_and_hold() -> None:
    """Pull for the active only; hold: warnings (three at most) and dearer prices less habit and belonging."""
    it = a_shopper(price=0.8)
    assert bonds.warning_hold(ON, SOME) == pytest.approx(0.6)
    assert bonds.warning_hold(ON, SOME._replace(warned=7.0)) == pytest.approx(0.9)
    assert bonds.price_hold(ON, C, it, 0.1) == pytest.approx(2.0 * 0.1 * 0.8 / 0.5)
    hold = 0.6 + 0.32 - 1.5 * 0.5 - 0.7 * 0.4
    assert bonds.bond_hold(ON, C, it, SOME, 0.1) == pytest.approx(hold)
    for status, pull in ((ACTIVE, 0.4), (LAPSED, 0.0), (PROSPECT, 0.0)):
        found = bonds.bound(ON, C, it, at(0.25, -0.5, status=status), SOME, 0.1)
        assert found == pytest.approx((0.25 + pull, -0.5 + hold), abs=1 / 8192)
        assert all((x * 4096).is_integer() for x in found)


def test_the_next_day() -> None:
    assert bonds.next_habit(ON, 0.5, True) == pytest.approx(0.55)
    assert bonds.next_habit(ON, 0.5, False) == pytest.approx(0.45)
    calm, answering = C, C._replace(answered=0.75)
    assert bonds.next_warned(ON, calm, 2.0, 5, 1) == pytest.approx(0.7 * 2 + 2)  # three good and two bad
    assert bonds.next_warned(ON, answering, 2.0, 3, -3) == pytest.approx(0.7 * 2 + 0.25 * 3)
    assert bonds.next_belonging(ON, 0.5, 0, 0) == pytest.approx(0.45)
    assert bonds.next_belonging(ON, 0.5, 2, 0) == pytest.approx(1 - (1 - 0.45) * 0.8**2)


def test_luck_decides_who_posts_and_who_comes_across_it() -> None:
    for name in range(200):
        u = draws.u01(KEY.seed, draws.BELONGING_POST, KEY.day, KEY.agent, name)
        assert bonds.posts_too(ON, KEY, name, 0.5) == (u < 0.3)
        u = draws.u01(KEY.seed, draws.COMMUNITY_POST, KEY.day, KEY.agent, draws.pair(name, 3))
        assert bonds.comes_across(ON, KEY, name, 3) == (u < 0.25)


def test_the_largest_reason_is_the_cause() -> None:
    """Each reason in turn is the largest; below the least that counts there is none; of equals the first."""
    p = ON._replace(left_because=0.2, g_s=0.5, g_n=0.6, g_a=0.4, g_f=0.1, f_1=5.0, w_rival=1.0, g_rival=1.0)
    it, rival = a_shopper(price=0.5), C._replace(rival_price=0.5)
    unit = 4294967296

    def cause(state: State, tied: Bonds = NONE, dearer: float = 0.0, constants: Any = C, n_friends: int = 0) -> str:
        code = leave.cause_of_leaving(p, constants, it, state, n_friends, 50, tied, dearer)
        return LEAVING_CAUSES[code]

    assert cause(at()) == "none"
    assert cause(at(satisfaction=-0.39)) == "none"  # .195
    assert cause(at(satisfaction=-0.41)) == "service"
    assert cause(at(satisfaction=0.9)) == "none"
    assert cause(at(), constants=rival) == "price"  # ln 2
    assert cause(at(satisfaction=-1.5), constants=rival) == "service"
    assert cause(at(hold=2.0 * 0.11), dearer=0.11) == "price"
    assert cause(at(left=unit, left_day=50, satisfaction=-1.0)) == "friends"  # .6 against .5
    assert cause(at(left=unit, left_day=50 - 30, satisfaction=-1.0)) == "service"  # .6 / e
    assert cause(at(), n_friends=10) == "none"  # .4 x .25 friends missing
    assert cause(at(satisfaction=-0.41, n_friends_active=10), n_friends=10) == "service"
    assert cause(at(hold=0.6), SOME._replace(habit=0.0, belonging=0.0)) == "friends"  # warnings
    assert cause(at(fatigue=7.5)) == "fatigue"
    assert cause(at(fatigue=4.9, hold=0.3)) == "contact"
    # what slow states had taken off `hold` is given back: a contact of .3 on a habit
    tied = SOME._replace(warned=0.0)
    assert cause(at(hold=0.3 + bonds.bond_hold(p, C, it, tied, 0.0)), tied) == "contact"
    assert cause(at(hold=bonds.bond_hold(p, C, it, tied, 0.0)), tied) == "none"
