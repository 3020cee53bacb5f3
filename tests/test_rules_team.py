"""Teams: the chance that one fills, which open one is best, who may join or found; by hand and at the limits."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim.rules import buy, team
from sim.rules.records import FOUND, NO_TEAM, TEAM_COLUMNS, TEAM_MEMBERS
from tests.by_hand import (
    KEY,
    NO_TEAMS,
    C,
    P,
    a_desk,
    a_shelf,
    a_shopper,
    a_state,
    a_team,
    an_offer,
    decide_once,
    decided,
    fits,
    often,
    share_of_one,
)


@often
@given(st.floats(0, 40), st.integers(-2, 60))
def test_poisson_tail_against_scipy(mean: float, least: int) -> None:
    assert team.poisson_tail(mean, least) == pytest.approx(stats.poisson.sf(least - 1, mean), abs=1e-13)


def test_group_formation_v6() -> None:
    found = [[team.poisson_tail(mean, size - 1) for size in (2, 3, 5)] for mean in (1.0, 2.0)]
    assert found[0] == pytest.approx([0.632, 0.264, 0.019], abs=5e-4)
    assert found[1] == pytest.approx([0.865, 0.594, 0.143], abs=5e-4)
    assert team.poisson_tail(0.0, 1) == 0.0


def test_the_chance_that_a_team_fills() -> None:
    on = a_shelf(team_joins=0.5, team_success=0.37)
    assert team.fill_chance(on, 0, 2, 3, 0) == 1.0  # she is the third
    assert team.fill_chance(on, 0, 5, 3, 0) == 1.0  # tipped
    assert team.fill_chance(on, 0, 1, 3, 0) == 0.0  # closes tonight, one missing
    assert team.fill_chance(on, 0, 1, 3, 2) == pytest.approx(1 - math.exp(-1.0))
    assert team.fill_chance(on._replace(team_told=np.zeros(8, dtype=bool)), 0, 2, 3, 0) == 0.37


def test_team_utility_at_its_limits() -> None:
    social, alone = a_shopper(social=1.0, price=0.75), a_shopper(social=0.0, price=0.75)
    assert team.team_utility(P, C, social, 0.4, 0.3, 1.0) == pytest.approx(0.4 + P.b_p * 1.5 * 0.3)
    assert team.team_utility(P, C, social, 0.4, 0.3, 0.0) == pytest.approx(0.4 - P.c_fail)
    assert team.team_utility(P, C, alone, 0.4, 0.3, 1.0) == pytest.approx(0.4 + P.b_p * 1.5 * 0.3 - P.c_w)
    assert team.team_utility(P, C, social, 0.4, 0.0, 1.0) == 0.4


@often
@given(share_of_one, share_of_one, st.floats(0, 2), st.floats(0, 0.9))
def test_team_utility_is_monotone(social: float, price: float, saving: float, fills: float) -> None:
    def u(social: float = social, saving: float = saving, fills: float = fills) -> float:
        return team.team_utility(P, C, a_shopper(social=social, price=price), 0.0, saving, fills)

    assert u(social=min(social + 0.1, 1)) >= u()
    assert u(saving=saving + 0.1) >= u()
    assert u(fills=fills + 0.1) >= u()


def test_displayed_rates_start_at_their_prior() -> None:
    assert team.displayed_rate(0, 0, 0.5) == 0.5
    assert team.displayed_rate(3, 4, 0.5) == pytest.approx((2 + 3) / 8)
    assert team.displayed_rate(10**6, 10**6, 0.3) == pytest.approx(1.0, abs=1e-5)


def _best(
    teams: list[list[int]], public: list[int], asked: int = -1, first: int = 0, on: Any = None, me: int = 0
) -> tuple[int, float]:
    shown = np.full((8, 3), -1, dtype=np.int64)
    shown[0, : len(public)] = public
    table = np.array(teams, dtype=np.int64).reshape(-1, TEAM_COLUMNS)
    return buy.best_team(on if on is not None else a_shelf(), 0, asked, shown, table, first, me, KEY)


def test_the_fullest_open_team_is_best() -> None:
    one, two = a_team(), a_team(founder=2, founder_id=502, members=2)
    assert _best([], []) == (FOUND, 0.0)
    assert _best([one, two], [0, 1]) == _best([one, two], [1, 0]) == (1, 1.0)
    number, chance = _best([one], [0])
    assert (number, chance) == (0, pytest.approx(1 - math.exp(-0.3 * 2)))  # today and tomorrow
    assert _best([two], [7], first=7)[0] == 7  # numbers go on when old teams are forgotten
    assert _best([two], [3], first=7) == (FOUND, 0.0)
    assert _best([one, two], [0], asked=1) == (1, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [{"founder": 0}, {"product": 1}, {"day": 40}, {"closes": 39}, {"members": 3}],
    ids=["her own", "another product", "founded today", "closed", "full"],
)
def test_teams_that_cannot_be_joined(wrong: dict[str, int]) -> None:
    assert _best([a_team(members=2)], [0])[0] == 0
    assert _best([a_team(**{"members": 2, **wrong})], [0]) == (FOUND, 0.0)
    assert _best([a_team(**{"members": 2, **wrong})], [], asked=0) == (FOUND, 0.0)


def test_strangers_are_shown_only_where_they_are_shown() -> None:
    closed = a_shelf(team_strangers=False)
    assert _best([a_team(members=2)], [0], on=closed) == (FOUND, 0.0)
    assert _best([a_team(members=2)], [0], asked=0, on=closed)[0] == 0


def test_equal_teams_go_by_keyed_priority() -> None:
    rows = [a_team(founder=k, founder_id=500 + k, members=2) for k in (1, 2, 3)]
    luck = [draws.u01(KEY.seed, draws.TEAM_CHOICE, KEY.day, KEY.agent, draws.pair(500 + k, 100)) for k in (1, 2, 3)]
    for order in itertools.permutations(range(3)):
        assert _best(rows, list(order)) == (int(np.argmin(luck)), 1.0)


def test_a_team_price_is_an_alternative_of_its_own() -> None:
    on = a_shelf(team_discount=[0.3, 0, 0, 0, 0, 0, 0, 0])
    someone = a_shopper(need=20, social=0.7)
    saving = -math.log(2100 / 3000)
    founding = 0.5 * P.b_p * saving - 0.5 * P.c_fail - P.c_w * 0.3
    out, desk = decided(on=on, traits=someone, offer=an_offer(team_tactics=1), products=[0, 1])
    assert desk.found_utility[0] == desk.team_utility[0] == pytest.approx(founding)
    assert desk.team[0] == FOUND
    assert desk.team[1] == NO_TEAM
    weights = np.exp([0.0, founding, 0.0])
    fits(np.bincount(out[:, 0] * 2 + out[:, 2], minlength=3)[:3], weights)
    assert desk.team_cents[0] == 2100


def test_teams_are_for_who_may_and_is_in_none() -> None:
    on = a_shelf(team_discount=0.3)
    for offer, state in (
        (an_offer(), a_state()),
        (an_offer(team_tactics=0b1110), a_state()),  # other tactics' teams
        (an_offer(team_tactics=1), a_state(team=4)),
    ):
        desk = a_desk([0, 1])
        found = decide_once(2, desk, on=on, offer=offer, state=state)
        assert (desk.team[:2] == NO_TEAM).all()
        assert (found.is_team, found.team, found.team_cents) == (False, NO_TEAM, 0)


def test_joining_is_preferred_when_it_fills_more_surely() -> None:
    on = a_shelf(team_discount=0.3)
    rows = np.array([a_team(members=2)], dtype=np.int64)
    public = NO_TEAMS[0].copy()
    public[0, 0] = 0
    desk = a_desk([0])
    decide_once(1, desk, on=on, offer=an_offer(team_tactics=1), public=public, teams=rows)
    assert desk.team[0] == 0
    assert desk.team_utility[0] == pytest.approx(P.b_p * -math.log(0.7) - P.c_w * 0.6)
    rows[0, TEAM_MEMBERS] = 1  # now two more are missing and founding looks better
    slow = on._replace(team_joins=np.full(8, 0.01))
    decide_once(1, desk, on=slow, offer=an_offer(team_tactics=1), public=public, teams=rows)
    assert desk.team[0] == FOUND
