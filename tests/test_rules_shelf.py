"""What the shop shows of a product: popularity, rating, appeal; by hand and at the limits."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim._jit import kernel
from sim.rules import shelf
from tests.by_hand import P, often


def _show(units: Any, reviews: Any, stars: Any, p: Any = P) -> tuple[Any, Any, Any]:
    out = tuple(np.empty(len(units)) for _ in range(3))
    shelf.show(p, np.asarray(units), np.asarray(reviews), np.asarray(stars), *out)
    return out


def test_the_shelf_by_hand() -> None:
    units, reviews, stars = [0, 3, 10, 500], [0, 1, 4, 200], [0, 5, 8, 900]
    popularity, rating, appeal = _show(units, reviews, stars)
    logs = np.log1p(units)
    z = (logs - logs.mean()) / (logs.std() + 0.3)
    np.testing.assert_allclose(popularity, z, rtol=1e-13)
    shown = [(21 + s) / (5 + n) for n, s in zip(reviews, stars, strict=True)]
    np.testing.assert_allclose(rating, shown, rtol=1e-14)
    f = [x if x < 0 else 0.7 * x for x in (r - 4.2 for r in shown)]
    volume = np.log1p(reviews) - np.log1p(reviews).mean()
    np.testing.assert_allclose(appeal, P.b_q * np.array(f) + P.b_v * volume, rtol=1e-12, atol=1e-15)


def test_a_new_shop_shows_all_products_alike() -> None:
    zero = np.zeros(6, dtype=np.int64)
    popularity, rating, appeal = _show(zero, zero, zero)
    assert not popularity.any()
    assert not appeal.any()
    assert (rating == 4.2).all()
    one = _show(zero[:1] + 7, zero[:1], zero[:1])
    assert one[0][0] == 0.0


def test_popularity_does_not_explode_early() -> None:
    first = np.zeros(100, dtype=np.int64)
    first[3] = 1
    popularity, *_ = _show(first, 0 * first, 0 * first)
    assert popularity[3] == pytest.approx((math.log(2) * 0.99) / (math.log(2) * math.sqrt(0.0099) + 0.3))


def test_stars_lost_weigh_more_than_stars_gained() -> None:
    assert shelf.star_effect(4.2) == 0.0
    assert shelf.star_effect(5.0) == pytest.approx(0.7 * 0.8)
    assert shelf.star_effect(3.4) == pytest.approx(-0.8)
    effects = [shelf.star_effect(1 + k / 100) for k in range(401)]
    assert effects == sorted(effects)


@often
@given(st.integers(0, 10**6), st.data())
def test_a_displayed_rating_lies_between_its_prior_and_the_mean(n: int, data: Any) -> None:
    stars = data.draw(st.integers(n, 5 * n))
    shown = shelf.displayed_rating(n, stars)
    mean = stars / n if n else 4.2
    assert min(4.2, mean) - 1e-12 <= shown <= max(4.2, mean) + 1e-12
    assert shelf.displayed_rating(0, 0) == 4.2


def test_log_ratios() -> None:
    out = np.empty(4)
    shelf.log_ratios(np.array([1500, 3000, 6000, 777]), np.array([3000, 3000, 3000, 777]), out)
    assert out[:3] == pytest.approx([-math.log(2), 0.0, math.log(2)], abs=1e-15)
    assert out[1] == out[3] == 0.0  # nothing is cut: exactly nothing
    shelf.log_ratios(np.array([3, 5, 7, 11]), np.full(4, 2.5), out)
    assert out == pytest.approx(np.log([1.2, 2.0, 2.8, 4.4]).tolist(), rel=1e-14)


# --- one word for what a list shows of a product -------------------------------------------------


@kernel
def _taken_apart(glance: Any, out: Any) -> None:
    for j in range(out.shape[0]):
        for lane in range(4):
            out[j, lane] = shelf.of_glance(glance[j], lane)


_shown = st.one_of(st.floats(-8, 8), st.floats(-12, 12), st.floats(-1e9, 1e9), st.sampled_from([0.0, -0.0, 8.0, -8.0]))


@often
@given(st.lists(st.tuples(_shown, _shown, _shown, _shown, st.booleans()), min_size=1, max_size=20))
def test_a_list_shows_tastes_and_popularity_to_half_a_unit(
    products: list[tuple[float, float, float, float, bool]],
) -> None:
    """Off by 1/8192 at most for |x| < 8, cut off beyond; packed, and taken apart, compiled and in plain Python."""
    *columns, sells = (np.array(column) for column in zip(*products, strict=True))
    glance, plainly = (np.zeros(len(products), dtype=np.int64) for _ in range(2))
    shelf.glances(*columns, sells, glance)
    getattr(shelf.glances, "py_func", shelf.glances)(*columns, sells, plainly)
    assert glance.tolist() == plainly.tolist()
    lanes, lanes_plainly = np.empty((len(products), 4), dtype=np.int64), np.empty((len(products), 4), dtype=np.int64)
    _taken_apart(glance, lanes)
    getattr(_taken_apart, "py_func", _taken_apart)(glance, lanes_plainly)
    # four 16-bit numbers, the lowest first: what C would make of the word
    as_shorts = [struct.unpack("<4h", struct.pack("<q", word)) for word in glance.tolist()]
    assert lanes.tolist() == lanes_plainly.tolist() == [list(shorts) for shorts in as_shorts]
    most = (2**15 - 1) / 4096
    for *values, is_sold, shorts in zip(*columns, sells, as_shorts, strict=True):
        for lane, x in enumerate(values[: 3 + is_sold]):
            near = min(max(x, -most), most)
            assert abs(shorts[lane] / shelf.GLANCE_UNIT - near) <= 1 / 8192
            assert shorts[lane] != shelf.NOT_SOLD
            assert abs(x) < 8 or shorts[lane] == math.copysign(2**15 - 1, x)
        assert (shorts[3] == shelf.NOT_SOLD) == (not is_sold)


@often
@given(_shown, _shown)
def test_what_is_more_never_looks_less(x: float, y: float) -> None:
    low, high = sorted((x, y))
    assert shelf.in_glance(low) <= shelf.in_glance(high)
    assert shelf.in_glance(-low) == -shelf.in_glance(low) or (low * 4096 + 0.5) % 1 == 0  # a half is rounded up
