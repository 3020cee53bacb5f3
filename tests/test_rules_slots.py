"""A visitor's slots: sources stick by stick, friends' products, nothing twice; by hand and by frequency."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from sim.rules import expose as exposing
from sim.rules.records import (
    BROWSE,
    CONTENT,
    FRIEND,
    KOL,
    LIVE,
    POPULAR,
    PROMOTED,
    RECOMMENDED,
    TASTE_SEARCH,
    Key,
    Shelf,
)
from tests.by_hand import KEY, P, a_desk, a_shelf, a_shopper, a_state, an_inbox, an_offer, close_share, fits, visitors

BIG = 20_000  # so many products that one is hardly ever shown twice
SOURCES = (BROWSE, TASTE_SEARCH, POPULAR, FRIEND, KOL, RECOMMENDED, PROMOTED)


def _big_shelf() -> Shelf:
    return a_shelf(BIG, promoted=np.arange(BIG) % 2 == 0)


def _full_house(**weights: float) -> dict[str, Any]:
    """Every source has some weight."""
    p = P._replace(**{name: value for name, value in weights.items() if name != "rec_weight"})
    return {
        "p": p, "on": _big_shelf(), "promoting": True, "state": a_state(inbox_day=40, kol_product=9000, kol_day=40),
        "inbox": an_inbox(*[(100 + k, 65536) for k in range(8)]),
        "offer": an_offer(rec_weight=weights.get("rec_weight", 1.0), rec_accuracy=0.5),
    }  # fmt: skip


def _pairs(shown: Any, source: Any) -> list[set[tuple[int, int]]]:
    return [{(int(j), int(s)) for j, s in zip(a, b, strict=True) if j >= 0} for a, b in zip(shown, source, strict=True)]


def test_sticks_by_hand() -> None:
    p = P._replace(w_s=2.0, w_pop=1.0, w_new=0.5, w_fr=0.7, w_kol=2.0, w_promo=1.5, p_fade=0.9)
    someone, on = a_shopper(kol=0.4), a_shelf()
    told = a_state(kol_product=3, kol_day=38)
    found = exposing.sticks(p, someone, told, an_offer(rec_weight=1.1), 4, on, True, 40)
    kol = 2.0 * 0.4 * 0.9**2
    placed = kol + 1.1 + 1.5
    assert found == pytest.approx(
        (placed / (placed + 2.8 + 3.5), 2.8 / 6.3, 2 / 3.5, 1 / 1.5, kol, 1.1, 0.0, 0.0, 1.5), rel=1e-13
    )
    assert exposing.organic_weight(p) == 3.5
    assert [exposing.friend_chance(p, n) for n in (0, 1, 8)] == pytest.approx([0.0, 0.7 / 4.2, 5.6 / 9.1])
    nothing = exposing.sticks(p, someone, a_state(), an_offer(), 0, on, False, 40)
    assert nothing == pytest.approx((0.0, 0.0, 2 / 3.5, 1 / 1.5, 0.0, 0.0, 0.0, 0.0, 0.0))
    sold_out = a_shelf(on_sale=np.arange(8) != 3)
    assert exposing.sticks(p, someone, told, an_offer(), 0, sold_out, False, 40).kol == 0.0
    assert exposing.sticks(p, someone, told, an_offer(), 0, on, False, 40).kol == pytest.approx(kol)


def test_the_first_stick_that_wins_gives_the_source() -> None:
    chance = exposing.Sticks(0.2, 0.4, 0.6, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0)
    sources = (exposing.PLACED, FRIEND, TASTE_SEARCH, POPULAR)
    for wins in itertools.product([True, False], repeat=4):
        below = [int(c * 2**32) + (-1 if won else 1) for c, won in zip(chance[:4], wins, strict=True)]
        expected = next((source for source, won in zip(sources, wins, strict=True) if won), BROWSE)
        assert exposing.slot_source(chance, (below[0], below[1], below[2], below[3])) == expected


def test_a_strategys_slots_go_by_weight() -> None:
    kinds = [KOL, RECOMMENDED, LIVE, CONTENT, PROMOTED]
    some = [(1.0, 2.0, 1.5, 0.5, 3.0), (0.0, 1.0, 0.0, 1.0, 1.0), (2.0, 0.0, 1.0, 0.0, 1.0), (1.0, 1.0, 0.0, 0.0, 0.0)]
    for weights in (*some, *(tuple(float(k == one) for k in range(5)) for one in range(5))):
        chance = exposing.Sticks(0.5, 0.5, 0.5, 0.5, *weights)
        found = [exposing.placed_source(chance, exposing.placed_words(Key(3, 4, a), 2)) for a in range(6000)]
        fits(np.bincount(found, minlength=9)[kinds], weights)
        assert set(found) <= set(kinds)


def test_slots_are_shared_by_weight() -> None:
    no_leader = {**_full_house(), "state": a_state(inbox_day=40)}
    shown, source, *_ = visitors(20_000, **no_leader)
    counts = np.bincount(source[shown >= 0], minlength=7)
    weights = [P.w_new, P.w_s, P.w_pop, P.w_fr * 8, 0.0, 1.0, P.w_promo]
    assert counts[KOL] == 0
    fits(np.delete(counts, KOL), np.delete(weights, KOL))
    assert (shown >= 0).sum(axis=1).max() == 8


def test_a_followed_leaders_post_shows_one_product() -> None:
    p_one = P.w_kol * 0.4 / (P.w_kol * 0.4 + P.w_new + P.w_s + P.w_pop)
    leader = a_state(inbox_day=40, kol_product=9000, kol_day=40)
    shown, source, *_ = visitors(20_000, on=_big_shelf(), state=leader)
    by_leader = source == KOL
    assert (shown[by_leader] == 9000).all()
    assert by_leader.sum(axis=1).max() == 1
    close_share(by_leader.any(axis=1), 1 - (1 - p_one) ** 8)
    assert exposing.kol_presence(P, a_state(), 40) == 0.0
    assert exposing.kol_presence(P, leader, 40) == 1.0
    assert exposing.kol_presence(P, leader, 45) == pytest.approx(P.p_fade**5)


def test_a_visitor_sees_at_most_her_attention_and_nothing_twice() -> None:
    for attention in (2, 8, 20):
        shown, *_ = visitors(2000, on=a_shelf(10), p=P._replace(attention=float(attention)))
        n = (shown >= 0).sum(axis=1)
        assert n.max() <= min(attention, 10)
        assert all(len(set(row[:k])) == k for row, k in zip(shown.tolist(), n, strict=True))


def _moved(lever: str, source: int) -> tuple[int, int]:
    """Double a weight: (products newly shown by that source, products newly shown by another)."""
    low = 1.0 if lever == "rec_weight" else getattr(P, lever)
    houses = [_full_house(**{lever: low}), _full_house(**{lever: 2 * low})]
    for house in houses:  # no placed source besides the one whose weight is raised
        if lever != "w_kol":
            house["state"] = a_state(inbox_day=40)
        if lever != "rec_weight":
            house["offer"] = an_offer()
        if lever != "w_promo":
            house["promoting"] = False
    before, now = (_pairs(*visitors(1500, **house)[:2]) for house in houses)
    new = [pair for a, b in zip(before, now, strict=True) for pair in b - a]
    gained = sum(pair[1] == source for pair in new)
    return gained, len(new) - gained


PLACED_OR_FRIEND = {"w_kol": KOL, "rec_weight": RECOMMENDED, "w_promo": PROMOTED, "w_fr": FRIEND}


@pytest.mark.parametrize("lever", PLACED_OR_FRIEND)
def test_raising_the_weight_of_the_only_placed_source_moves_slots_into_it_only(lever: str) -> None:
    gained, strays = _moved(lever, PLACED_OR_FRIEND[lever])
    assert gained > 100
    assert strays <= 0.02 * gained  # a product shown twice counts for whoever showed it first


def test_friends_products_by_hand() -> None:
    box = an_inbox((0, 65536), (1, int(0.05 * 65536)), (2, -65536), (3, 40_000), (4, 65536))
    on = a_shelf(8, on_sale=np.arange(8) != 3)
    desk = a_desk()
    assert (
        exposing.friend_products(P, KEY, box, 1.0, on, desk) == 2
    )  # .05 is not above .05; -1 and sold out do not show
    assert {int(box.product[e]) for e in desk.ranked[:2]} == {0, 4}
    assert (np.diff(desk.times[:2]) >= 0).all()
    assert exposing.friend_products(P, KEY, box, 0.0500001, on, desk) == 2  # what is left of a whole one still shows
    assert exposing.friend_products(P, KEY, box, 0.05, on, desk) == 0
    assert exposing.friend_products(P, KEY, box, P.delta_r**100, on, desk) == 0


def test_a_stronger_recommendation_tends_to_come_first() -> None:
    box, on, first = an_inbox((0, 65536), (1, 32768), (2, 16384)), a_shelf(), []
    for a in range(4000):
        desk = a_desk()
        exposing.friend_products(P, Key(1, 1, a), box, 1.0, on, desk)
        first.append(int(box.product[desk.ranked[0]]))
    fits(np.bincount(first, minlength=3), [4, 2, 1])
