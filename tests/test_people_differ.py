"""What makes people and their words differ beyond the usual world: deals, incomes, likes, exponents, expertise.

Each through the engine or by hand, against closed forms (docs/model.md, 5c, 5d, 8, 14b, 28); all are off by default.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.engines import simulate
from sim.rules import bonds, remember, shelf, talk
from tests.busy_worlds import BUSY, TALKING, assert_drivers_agree, assert_same, scenario
from tests.by_hand import C, P
from tests.laboratory import N, agree, happened, lab, logistic, people, play, products, spread
from tests.test_bonds import days_of

# --- (5d): who has learnt to wait for deals ------------------------------------------------------------


@pytest.mark.parametrize("deal", ["coupon", "cut"])
def test_who_bought_at_a_reduction_waits_for_the_next(deal: str) -> None:
    """Five days with deals, then none: urge -b_deal q (price / P) (1 - deal), q <- q + r ([reduced] - q) an order.

    Two products, one of which is cut: half of a deal. Prices themselves move nobody here.
    """
    p = {"alpha": 0.0, "b_deal": 1.6, "deal_r": 0.5}
    (price,) = spread(N, (0.25, 0.5, 0.75))
    days, stop = 10, 5
    spec: dict[str, dict[str, Any]] = {
        "coupon": {"kind": "coupon", "discount": 0.2},
        "cut": {"kind": "price_cut", "discount": 0.2, "products": 0.5},
    }
    who = people(N, price=price, need=0.0)
    journal = play(lab(who, products(2), days, p, strategies={"s": spec[deal] | {"stop": stop}}), "s")
    bought, orders = happened(journal, "order"), journal.orders
    reduced = np.zeros((days, N))
    np.add.at(reduced, (orders["day"], orders["agent"]), orders["paid_cents"] < orders["list_cents"])
    q, chance = np.zeros(N), np.zeros((days, N))
    for t in range(days):
        found = (1.0 if deal == "coupon" else 0.5) if t < stop else 0.0
        chance[t] = logistic(-1.6 * q * price / 0.5 * (1.0 - found))
        q = np.where(bought[t] > 0, q + 0.5 * (reduced[t] - q), q)
    agree(bought, chance, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)), at_least=days)
    agree(bought, chance, groups=price, at_least=3)
    assert bought[stop].sum() < 0.9 * bought[stop - 1].sum(), "deal hunters stay away when it is over"


def test_where_nothing_was_ever_reduced_nobody_waits() -> None:
    asked = scenario(params={**BUSY, "b_deal": 2.0}, population={"size": 200})
    one, other = (simulate(each, "control", events=True) for each in (asked, asked.with_({"params": BUSY})))
    assert_same(one, other)


def test_drivers_agree_on_who_waits() -> None:
    tactics = [
        {"kind": "price_cut", "discount": 0.3, "products": 0.4, "every": 2}, {"kind": "coupon", "face": 3.0, "stop": 6},
        {"kind": "group_buy", "discount": 0.3, "products": 0.2, "window_days": 2},
    ]  # fmt: skip
    usual: dict[str, Any] = {"population": {"size": 150, "registered_share": 0.8}, "strategies": {"s": tactics}}
    on = assert_drivers_agree(scenario(params={**BUSY, "b_deal": 2.0, "deal_r": 0.5}, **usual), ("s",))
    off = simulate(scenario(params=BUSY, **usual), "s", events=True)
    assert not on["s"].events.equals(off.events), "it does something"


def test_team_and_live_prices_are_deals_to_who_sees_them() -> None:
    """Three products: one cut, one in teams, one live and cut; shares of what is on sale, and 1 for any coupon."""
    from types import SimpleNamespace

    from sim.engines.money import deals_found

    shown: Any = SimpleNamespace(
        on_sale=np.array([True, True, True, False]), log_cut=np.array([-0.1, 0.0, 0.0, -0.5]),
        team_discount=np.array([0.0, 0.2, 0.0, 0.2]), live_discount=np.array([0.3, 0.0, 0.3, 0.3]),
    )  # fmt: skip
    columns = {
        "team_tactics": [0, 1, 0, 1, 0, 0, 0], "live_weight": [0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0],
        "coupon_share": [0.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0], "coupon_cents": [0, 0, 0, 0, 0, 5, 0],
        "unlock_cents": [0, 0, 0, 0, 0, 0, 5],
    }  # fmt: skip
    found = deals_found({name: np.array(column) for name, column in columns.items()}, shown)
    assert found.tolist() == [1 / 3, 2 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0]


# --- (5c): money at hand by the class of one's city ----------------------------------------------------


def test_smaller_cities_have_less_to_spend_and_the_average_stays() -> None:
    """budget_i = budget (P / price_i) exp(-gap k) / sum_k share_k exp(-gap k); shares .55, .30, .15."""
    p = {"alpha": 0.5, "budget": 25.0, "b_bud": 2.5, "tier_gap": 0.8}
    who, days = people(N, need=0.0), 8
    tier = who.demographic("city_tier")
    journal = play(lab(who, products(), days, p))
    bought = happened(journal, "order")
    level = np.exp(-0.8 * np.arange(3))
    mine = 2500 * level[tier] / (np.array([0.55, 0.30, 0.15]) @ level)
    spent, chance = np.zeros(N), np.zeros((days, N))
    for t in range(days):
        chance[t] = logistic(0.5 - 2.5 * (spent / mine) ** 2)
        spent = spent * 29 / 30 + 1000 * bought[t]
    agree(bought, chance, groups=tier, at_least=3)
    agree(bought, chance, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)), at_least=days)
    per_head = [bought[:, tier == k].sum() / (tier == k).sum() for k in range(3)]
    assert per_head[0] > per_head[1] > per_head[2]


# --- of (4): new products ------------------------------------------------------------------------------


def test_a_new_product_is_liked_until_it_is_one_of_many() -> None:
    """P(buy) = logistic(alpha + b_fresh exp(-(d - launch) / fresh_days)) of who sees it; an old product has none."""
    days, launch = 9, 3
    p = {"alpha": -0.5, "b_fresh": 1.5, "fresh_days": 4.0}
    journal = play(lab(people(N, need=0.0), products(2, launch_day=[0, launch]), days, p))
    bought = np.stack([happened(journal, "order", item=j) for j in range(2)])
    day = np.arange(days)[:, None]
    fresh = np.where(day >= launch, 1.5 * np.exp((launch - day) / 4.0), 0.0)
    seen = np.where(day >= launch, 0.5, 0.0)  # one slot, filled by lot with what is on sale
    agree(bought[1], np.broadcast_to(seen * logistic(-0.5 + fresh), (days, N)), groups=np.broadcast_to(day, (days, N)))
    agree(bought[0], np.full((days, N), 1.0) * (1.0 - seen) * logistic(-0.5), groups=np.broadcast_to(day, (days, N)))


def test_newness_by_hand() -> None:
    """b_fresh exp((launch - day) / fresh_days) from the launch on; what was there at the start is never new."""
    p, launch = P._replace(b_fresh=1.5, fresh_days=4.0), np.array([-3, 0, 2, 9])
    for day in (-1, 0, 2, 6, 8):
        expected = [0.0, 0.0, 1.5 * math.exp((2 - day) / 4.0) if day >= 2 else 0.0, 0.0]
        assert [shelf.freshness(p, day, int(k)) for k in launch] == pytest.approx(expected)
        appeal = np.full(4, 0.5)
        shelf.refresh(p, day, launch, appeal)
        assert appeal == pytest.approx(0.5 + np.array(expected))


# --- (14b): likes make people belong -------------------------------------------------------------------


def test_likes_given_and_received_make_people_belong() -> None:
    """B <- bel_keep B + ..., then for each like given or received B + bel_like bel_up (1 - B)."""
    p = {"s_0": 1000, "p_post": 1.0, "p_b": 1.0, "p_like": 0.5, "g_bel": 1.0, "bel_up": 0.3, "bel_like": 0.4,
         "bel_keep": 0.9, "rev_0": 0.0}  # fmt: skip
    n, me, belongs = 300, np.arange(300), np.zeros(300)
    world = lab(people(n), products(), 5, p, [((me + 1) % n, me, 1), ((me + 3) % n, me, 1)])
    for t, run in days_of(world):
        posts = np.bincount(run.messages.sender[run.messages.kind == remember.POST], minlength=n) > 0
        belongs = 0.9 * belongs
        belongs = np.where(posts, belongs + 0.3 * (1.0 - belongs), belongs)
        gone = (1.0 - run.bonds.belonging) / (1.0 - belongs)  # (1 - .4 * .3)^likes
        n_likes = np.log(gone) / math.log(1.0 - 0.4 * 0.3)
        np.testing.assert_allclose(n_likes, np.round(n_likes), atol=1e-9)
        if t > 0:  # each reads two posts and wrote one that two read: four chances of a half
            assert n_likes.mean() == pytest.approx(2.0, abs=4.5 * math.sqrt(2 * 0.25 * 2 * n * 2) / n)
        else:
            assert not n_likes.round().any()
        belongs = run.bonds.belonging.copy()


def test_one_like_by_hand() -> None:
    p = P._replace(bel_keep=0.9, bel_up=0.2, bel_like=0.5)
    assert bonds.next_belonging(p, 0.5, 1, 2) == pytest.approx(1 - (1 - 0.45) * 0.8 * 0.9**2)
    assert bonds.next_belonging(p._replace(bel_like=0.0), 0.5, 1, 2) == bonds.next_belonging(p, 0.5, 1, 0)


# --- (8), (28): exponents, and what senders know -------------------------------------------------------


@pytest.mark.parametrize(("x_tie", "x_trust"), [(1.0, 1.0), (0.0, 1.0), (2.0, 0.5), (0.5, 0.0)])
def test_exponents_of_tie_and_trust(x_tie: float, x_trust: float) -> None:
    p = P._replace(x_tie=x_tie, x_trust=x_trust)
    for tie, trust in ((1536, 0.8), (870, 0.2), (1024, 0.5)):
        exact = (tie / 1024) ** x_tie * (trust / C.trust) ** x_trust * 65536
        assert remember.message_weight(p, C, trust, tie, 0, remember.GOOD) == pytest.approx(exact, abs=1)
        assert remember.message_weight(p, C, trust, tie, 0, remember.BAD) == pytest.approx(-p.v_bad * exact, abs=1)
    assert remember.message_weight(p, C, 0.5, 0, 0, remember.GOOD) == 0, "nothing to any power"


def test_experts_count_more_and_no_more_than_twice() -> None:
    p = P._replace(x_know=0.8)
    assert talk.expertise(p, 0.0) == 1.0
    for match in (0.3, 1.0, 4.0):
        z = 0.8 * match
        assert talk.expertise(p, match) == pytest.approx(2 ** (z / (1 + z)))
        assert talk.expertise(p, match) * talk.expertise(p, -match) == pytest.approx(1.0)
    assert talk.expertise(P, 3.0) == 1.0


def test_words_weigh_by_what_their_sender_knows() -> None:
    """Everybody writes to one friend about a product she likes by her taste: weight 65536 times her expertise."""
    n, me = 200, np.arange(200)
    taste = np.linspace(-2.0, 2.0, n)
    p = {"s_0": 1000, "x_know": 0.7, "v_own": 0.0}
    world = lab(people(n, taste_0=taste), products(taste=1.0), 1, p, [((me + 1) % n, me, 1)])
    for _, run in days_of(world):
        m = run.messages
        said = m.kind == remember.GOOD
        assert said.sum() == n
        z = 0.7 * taste[m.sender[said]] / math.sqrt(3.0)
        np.testing.assert_allclose(m.weight[said], 65536 * 2.0 ** (z / (1 + np.abs(z))), atol=1)


def test_drivers_agree_on_experts_and_exponents() -> None:
    more = {"x_know": 0.9, "x_tie": 0.5, "x_trust": 1.7, "bel_like": 0.5, "g_bel": 1.0}
    usual: dict[str, Any] = {"population": {"size": 110, "registered_share": 0.6}}
    on = assert_drivers_agree(scenario(params={**TALKING, **more}, **usual))
    off = assert_drivers_agree(scenario(params=TALKING, **usual))
    assert not on["control"].events.equals(off["control"].events), "it does something"
