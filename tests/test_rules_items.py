"""Which product fills a slot of each source: frequencies against closed forms, and what must not move."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from sim import draws, params
from sim._jit import kernel
from sim.rules import expose as exposing
from sim.rules.records import BROWSE, POPULAR, PROMOTED, RECOMMENDED, TASTE_SEARCH, Key, Shelf
from tests.by_hand import P, a_shelf, a_shopper, a_state, an_inbox, an_offer, close_share, fits, visitors


@kernel
def _items(params: Any, traits: Any, offer: Any, shelf: Any, seed: int, source: int, out: Any) -> None:
    for a in range(out.shape[0]):
        out[a] = exposing.draw_item(params, traits, Key(seed, 3, a, 9), offer, shelf, source, 2)


def _draw(source: int, on: Shelf, n: int = 200_000, traits: Any = None, offer: Any = None, p: Any = P) -> Any:
    out = np.empty(n, dtype=np.int64)
    _items(p, traits or a_shopper(), offer or an_offer(), on, 5, source, out)
    return out


def _counts(found: Any, n: int) -> Any:
    assert (found >= 0).all()
    return np.bincount(found, minlength=n)


def tournament(score: Any, error: float, fits_slot: Any = None) -> Any:
    """Chance of each product to fill a slot, exactly: the best looking of four met by chance, among those that fit.

    A product that is met looks uniform within `error` of its score. If none of four fits, four others are met, sixteen
    times; then the next product that fits is taken, going up from the last one met.
    """
    score = np.asarray(score, dtype=float)
    n = len(score)
    fit = np.ones(n, dtype=bool) if fits_slot is None else np.asarray(fits_slot, dtype=bool)
    won, misfit = np.zeros(n), 1.0 - fit.sum() / n
    if error == 0.0:
        for value in np.unique(score[fit]):
            tied = fit & (score == value)  # whoever of them is met first: each as often as another
            below = misfit + (fit & (score < value)).sum() / n
            won[tied] = ((below + tied.sum() / n) ** 4 - below**4) / tied.sum()
    else:
        edges = np.unique(np.concatenate([score[fit] - error, score[fit] + error]))
        nodes, weights = np.polynomial.legendre.leggauss(3)  # exact: a cubic between any two edges
        half = np.diff(edges)[:, None] / 2
        x, dx = (edges[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()
        under = misfit + np.clip((x[:, None] - score[fit] + error) / (2 * error), 0.0, 1.0).sum(axis=1) / n
        density = (np.abs(x[:, None] - score) < error) * fit / (2 * error * n)
        won = (dx * 4 * under**3) @ density
    if not fit.any():
        return won
    won *= (1.0 - misfit**64) / (1.0 - misfit**4)
    for last in np.flatnonzero(~fit):  # as likely one as another
        found = next(j % n for j in range(last, last + n) if fit[j % n])
        won[found] += misfit**64 / (~fit).sum()
    return won


def test_the_formula_of_the_tournament() -> None:
    ranks = np.arange(1, 8)
    np.testing.assert_allclose(tournament(np.arange(7.0), 0.0), (ranks**4 - (ranks - 1) ** 4) / 7**4, rtol=1e-13)
    score, fit = np.array([0.3, -1.0, 0.3, 2.0, 0.0]), np.array([1, 1, 1, 0, 1], dtype=bool)
    won = np.zeros(5)
    for met in itertools.product(range(5), repeat=4):  # every way to meet four of five
        found = -1
        for j in met:
            if fit[j] and (found < 0 or score[j] > score[found]):
                found = j
        if found >= 0:
            won[found] += 1
    won *= (1 - 0.2**64) / won.sum()
    won[4] += 0.2**64
    np.testing.assert_allclose(tournament(score, 0.0, fit), won, rtol=1e-13)
    np.testing.assert_allclose(tournament(score, 1e-7, fit), won, atol=1e-6)
    np.testing.assert_allclose(tournament(score, 1e7), 0.2, atol=1e-6)
    luck = np.random.default_rng(4)
    met = luck.integers(0, 5, (400_000, 4))
    seen = np.where(fit[met], score[met] + 1.1 * luck.uniform(-1, 1, met.shape), -np.inf)
    best = met[np.arange(len(met)), seen.argmax(axis=1)][seen.max(axis=1) > -np.inf]
    fits(np.bincount(best, minlength=5), tournament(score, 1.1, fit))
    few = tournament(np.zeros(200), 1.5, np.isin(np.arange(200), [10, 20]))
    assert few[10] - few[20] == pytest.approx(0.99**64 * (190 - 10) / 198, rel=1e-9)
    for error in (0.0, 0.7, 4.0):
        assert tournament(score, error, fit).sum() == pytest.approx(1.0, rel=1e-12)


ERRORS = [0.0, P.look_error, 1.5, params.COEFFICIENTS["look_error"].high]


@pytest.mark.parametrize("error", ERRORS)
def test_items_of_a_popular_slot_come_as_often_as_the_tournament_says(error: float) -> None:
    z = np.linspace(-2, 3.5, 40)
    z[[7, 8, 30]] = z[6], z[6], z[31]  # some look alike
    sells = np.arange(40) % 9 != 4
    on, p = a_shelf(40, popularity=z, on_sale=sells), P._replace(look_error=error)
    fits(_counts(_draw(POPULAR, on, p=p), 40), tournament(z, error, sells))
    first = a_shelf(40)  # a shop on its first morning: all alike
    fits(_counts(_draw(POPULAR, first, p=p), 40), np.full(40, 1 / 40))


@pytest.mark.parametrize("error", ERRORS)
def test_items_of_other_slots_come_as_often_as_the_tournament_says(error: float) -> None:
    p, places = P._replace(look_error=error), np.arange(12)
    taste, z = np.linspace(-2, 2, 12), np.linspace(-1, 2, 12)[::-1]
    on = a_shelf(12, taste_0=taste, popularity=z, on_sale=places != 4, promoted=places % 3 == 0)
    someone, sells = a_shopper(taste_0=1.5), np.asarray(on.on_sale)

    def found(source: int, accuracy: float = 0.0) -> Any:
        return _counts(_draw(source, on, traits=someone, offer=an_offer(rec_accuracy=accuracy), p=p), 12)

    match = 1.5 * taste / math.sqrt(3)
    alike = np.zeros(12)
    fits(found(BROWSE), tournament(alike, error, sells))
    fits(found(PROMOTED), tournament(alike, error, sells & (places % 3 == 0)))
    fits(found(TASTE_SEARCH), tournament(match, error, sells))
    fits(found(POPULAR), tournament(z, error, sells))
    fits(found(RECOMMENDED, 1.0), tournament(match, 0.0, sells))  # a recommender ranks
    fits(found(RECOMMENDED, -1.0), tournament(z, 0.0, sells))
    fits(found(RECOMMENDED, 0.0), sells)  # everybody has another error, for life


def _by_definition(source: int, score: Any, fit: Any, p: Any, agent: int) -> int:
    """One slot of one visitor, from docs/model.md, 7.2."""
    n, place = len(score), -1
    for attempt in range(16):
        met = []
        for word in draws.block(5, draws.SLOT_ITEM, 3, agent, draws.pair(attempt, 256 * source + 2)):
            place, rest = divmod(int(word) * n, 2**32)
            if fit[place]:
                error = 0.0 if source == RECOMMENDED else p.look_error
                met.append((score[place] + error * (2 * (rest / 2**32) - 1), place))
        if met:
            return max(met, key=lambda seen: seen[0])[1]  # the first of the highest
    return next((j % n for j in range(place, place + n) if fit[j % n]), -1)


@pytest.mark.parametrize("error", [0.0, P.look_error])
@pytest.mark.parametrize("n_sell", [0, 3, 75, 150])
def test_items_against_their_definition(error: float, n_sell: int) -> None:
    luck, p = np.random.default_rng(2), P._replace(look_error=error)
    taste, z = luck.normal(size=(3, 150)).round(1), luck.normal(size=150).round(1)  # rounded: some are alike
    lot = luck.permutation(150)
    sells, promoted = lot < n_sell, lot % 3 == 1  # of the three that sell, one is promoted
    on = a_shelf(
        150, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2], popularity=z, on_sale=sells, promoted=promoted
    )
    someone = a_shopper(taste_0=0.5, taste_1=-1.0, taste_2=1.5)
    match = (0.5 * taste[0] - 1.0 * taste[1] + 1.5 * taste[2]) * 0.5773502691896258
    shown = np.floor(4096 * taste + 0.5) / 4096  # as a list shows it
    seen_match = (0.5 * shown[0] - 1.0 * shown[1] + 1.5 * shown[2]) * 0.5773502691896258
    alike, seen_z = np.zeros(150), np.floor(4096 * z + 0.5) / 4096
    asked: list[tuple[int, float, Any, Any]] = [
        (BROWSE, 0.0, alike, sells), (TASTE_SEARCH, 0.0, seen_match, sells), (POPULAR, 0.0, seen_z, sells),
        (RECOMMENDED, 1.0, match, sells), (RECOMMENDED, -1.0, z, sells), (PROMOTED, 0.0, alike, sells & promoted),
    ]  # fmt: skip
    for source, accuracy, score, fit in asked:
        found = _draw(source, on, 400, traits=someone, offer=an_offer(rec_accuracy=accuracy), p=p)
        assert found.tolist() == [_by_definition(source, score, fit, p, agent) for agent in range(400)]


def test_the_first_of_equals_is_taken() -> None:
    words = (3 << 30, 1 << 30, 0, 1 << 31)  # products 3, 1, 0, 2 of four, each at the lowest it can look
    sorts = {
        TASTE_SEARCH: a_shelf(4, taste_0=[1, 2, 1, 2]),
        POPULAR: a_shelf(4, popularity=[1, 2, 1, 2]),
        BROWSE: a_shelf(4),
    }
    for source, on in sorts.items():
        for order in itertools.permutations(range(4)):
            lanes = tuple(words[k] for k in order)
            best = [word >> 30 for word in lanes if source == BROWSE or (word >> 30) in (1, 3)]
            found = exposing.look(
                P, a_shopper(taste_0=1), source, 4, (lanes[0], lanes[1], lanes[2], lanes[3]),
                tuple(exposing.glance_at(on, word) for word in lanes),
            )  # fmt: skip
            assert found == best[0]


def test_a_draw_is_a_product_and_the_luck_of_looking_at_it() -> None:
    assert exposing.proposed(0, 7) == (0, 0.0)
    assert exposing.proposed(2**32 - 1, 7) == (6, pytest.approx(1 - 7 / 2**32, abs=1e-15))
    assert exposing.proposed(1 << 31, 7) == (3, 0.5)
    most = exposing.proposed(2**32 - 1, 2**31 - 1)  # does not leave 63 bits
    assert (most[0], 0.0 <= most[1] < 1.0) == (2**31 - 2, True)
    assert exposing.seen_score(P, 0.3, 0.5) == 0.3
    assert exposing.seen_score(P, 0.3, 0.0) == 0.3 - P.look_error
    assert exposing.seen_score(P, 0.3, 0.75) == pytest.approx(0.3 + P.look_error / 2)


def test_a_recommender_is_as_accurate_as_it_says() -> None:
    taste = np.random.default_rng(1).normal(size=(3, 400))
    on = a_shelf(400, taste_0=taste[0], taste_1=taste[1], taste_2=taste[2])
    someone = a_shopper(taste_0=0.9, taste_1=-1.1, taste_2=0.98)  # matches have variance one
    match = [exposing.taste_match(someone, on, j) for j in range(400)]
    assert match == pytest.approx((np.array([0.9, -1.1, 0.98]) @ taste / math.sqrt(3)).tolist())
    for rho in (0.0, 0.6, 1.0):
        offer = an_offer(rec_accuracy=rho)
        lives = [Key(1, 1, 3, 77), Key(2, 9, 3, 77)]  # another day of another replication of the same world
        guess = [exposing.guessed_match(someone, key, offer, on, j) for key in lives for j in range(400)]
        assert guess[:400] == guess[400:]  # the error is for life
        assert np.corrcoef(match, guess[:400])[0, 1] == pytest.approx(rho, abs=0.13)
        assert np.std(guess[:400]) == pytest.approx(1.0, abs=0.13)


SORTED = {
    TASTE_SEARCH: ("taste_0", 0.0),
    POPULAR: ("popularity", 0.0),
    RECOMMENDED: ("popularity", -1.0),
}  # the column that sorts, and the recommender's accuracy


def _slots(source: int, score: Any, sells: Any, p: Any) -> Any:
    """Many slots of one source, where a product's score is as given."""
    column, accuracy = SORTED[source]
    by = np.asarray(score) * (math.sqrt(3) if column == "taste_0" else 1.0)
    on = a_shelf(len(by), on_sale=sells, **{column: by})
    return _draw(source, on, traits=a_shopper(taste_0=1.0), offer=an_offer(rec_accuracy=accuracy), p=p)


def _raised_to(times: float, score: Any, at: int, error: float, sells: Any) -> Any:
    """The same scores, but one so much higher that its product is shown so many times as often."""
    before = tournament(score, error, sells)[at]

    def now(by: float) -> Any:
        return score + by * (np.arange(len(score)) == at)

    return now(optimize.brentq(lambda by: tournament(now(by), error, sells)[at] - times * before, 0.0, 20.0))


@pytest.mark.parametrize("source", [source for source in SORTED if source != RECOMMENDED])  # which ranks sharply
@pytest.mark.parametrize(
    ("at", "times", "n_off"),  # the lowest, the middle and the highest of 40 products, some of which are not on sale
    [(0, 1.05, 0), (0, 2.0, 0), (0, 20.0, 0), (17, 1.2, 0), (17, 2.0, 0), (39, 1.2, 0), (0, 2.0, 10), (17, 2.0, 10)],
)
def test_raising_one_score_moves_only_what_it_newly_wins(source: int, at: int, times: float, n_off: int) -> None:
    score, error = np.linspace(-2, 1.4, 40), 1.5
    p = P._replace(look_error=error)
    sells = ~np.isin(np.arange(40), 4 * np.arange(n_off) + 2)
    raised = _raised_to(times, score, at, error, sells)
    before, now = _slots(source, score, sells, p), _slots(source, raised, sells, p)
    chance, chance_now = tournament(score, error, sells), tournament(raised, error, sells)
    variation = float(0.5 * np.abs(chance - chance_now).sum())
    assert variation == pytest.approx(chance_now[at] - chance[at], rel=1e-6)
    assert chance_now[at] == pytest.approx(times * chance[at], rel=1e-6)
    moved = before != now
    assert moved.any()
    assert (now[moved] == at).all()
    close_share(moved, variation)
    assert moved.mean() <= 2 * variation + 0.005
    close_share(now == at, times * chance[at])


@pytest.mark.parametrize("source", SORTED)
def test_without_error_the_highest_score_wins_whatever_it_is(source: int) -> None:
    p, score, sells = P._replace(look_error=0.0), np.linspace(-2, 1.4, 40), np.ones(40, dtype=bool)
    before = _slots(source, score, sells, p)
    for at, rank in ((0, 13), (0, 40), (17, 19), (39, 40)):
        raised = score.copy()
        raised[at] = score[rank - 1] + 1e-3  # above the product that had this rank
        now = _slots(source, raised, sells, p)
        moved = before != now
        assert (now[moved] == at).all()
        gained = (rank**4 - (rank - 1) ** 4 - (at + 1) ** 4 + at**4) / 40**4
        assert moved.any() == (gained > 0)
        close_share(moved, gained)


@pytest.mark.parametrize("source", [BROWSE, *SORTED, PROMOTED])
@pytest.mark.parametrize("n_fit", [1, 3, 60])
def test_a_new_product_takes_slots_and_moves_no_other(source: int, n_fit: int) -> None:
    fit = np.zeros(80, dtype=bool)
    fit[np.random.default_rng(1).permutation(80)[:n_fit]] = True
    at = int(np.flatnonzero(~fit)[len(fit) // 10])
    more = fit | (np.arange(80) == at)
    z = np.linspace(1, -1, 80)

    def slots(fits_slot: Any) -> Any:
        which = {"promoted": fits_slot} if source == PROMOTED else {"on_sale": fits_slot}
        on = a_shelf(80, popularity=z, taste_0=z, **which)
        return _draw(source, on, traits=a_shopper(taste_0=1.0), offer=an_offer(rec_accuracy=-1.0))

    before, now = slots(fit), slots(more)
    moved = before != now
    assert (now[moved] == at).all()
    if source in (BROWSE, POPULAR, PROMOTED):
        score = z if source == POPULAR else 0 * z
        chance, chance_now = tournament(score, P.look_error, fit), tournament(score, P.look_error, more)
        fits(_counts(now, 80), chance_now)
        close_share(moved, chance_now[at])
        assert moved.mean() <= np.abs(chance - chance_now).sum() + 0.005


def test_an_empty_shop_shows_nothing() -> None:
    closed = a_shelf(5, on_sale=False)
    for source in (BROWSE, TASTE_SEARCH, POPULAR, RECOMMENDED, PROMOTED):
        assert (_draw(source, closed, 100) == -1).all()
    assert (_draw(PROMOTED, a_shelf(5), 100) == -1).all()  # none is promoted
    shown, *_ = visitors(50, on=closed)
    assert (shown == -1).all()
    assert (_draw(BROWSE, a_shelf(1), 100) == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1), st.floats(0, 4))
def test_only_what_is_on_sale_is_shown(n: int, seed: int, selling: float, promoted: float, error: float) -> None:
    luck = np.random.default_rng(seed)
    sells, is_promoted = luck.random(n) < selling**2, luck.random(n) < promoted**2
    on = a_shelf(n, on_sale=sells, promoted=is_promoted, popularity=luck.normal(size=n), taste_0=luck.normal(size=n))
    for source in (BROWSE, TASTE_SEARCH, POPULAR, RECOMMENDED, PROMOTED):
        fit = sells & is_promoted if source == PROMOTED else sells
        offer = an_offer(rec_accuracy=0.6)
        found = _draw(source, on, 300, traits=a_shopper(taste_0=1), offer=offer, p=P._replace(look_error=error))
        assert fit[found].all() if fit.any() else (found == -1).all()  # filled wherever anything fits
    shown, source, *_ = visitors(
        300, on=on, promoting=bool(is_promoted.any()), traits=a_shopper(taste_0=1),
        offer=an_offer(rec_weight=1.0, rec_accuracy=0.6), state=a_state(inbox_day=40, kol_product=n - 1, kol_day=40),
        inbox=an_inbox(*[(j, 65536) for j in range(min(n, 8))]),
    )  # fmt: skip
    assert sells[shown[shown >= 0]].all()
    assert is_promoted[shown[source == PROMOTED]].all()
    assert (shown >= 0).any() == sells.any()


@pytest.mark.parametrize("n_promoted", [1, 2, 7, 20, 200])
def test_few_promoted_products_of_many_are_found(n_promoted: int) -> None:
    is_promoted = np.isin(np.arange(200), np.random.default_rng(6).permutation(200)[:n_promoted])
    found = _draw(PROMOTED, a_shelf(200, promoted=is_promoted))
    fits(_counts(found, 200), tournament(np.zeros(200), P.look_error, is_promoted))
