"""What the whole shop shows in the morning: popularity, stars, prices; imports `_jit` and records."""

from __future__ import annotations

import math

from sim._jit import exp, kernel, log, rule
from sim.params import Params
from sim.rules.records import Column

RATING_PRIOR = 4.2  # stars shown for a product nobody reviewed (docs/model.md, 7.0; guess)
RATING_WEIGHT = 5  # reviews that prior is worth (guess)
GLANCE_UNIT = 4096.0  # in a list tastes and popularity are seen to 1/4096, up to 8 either way (guess)
GLANCE_MOST = 0x7FFF
NOT_SOLD = -0x8000  # popularity of what is not on sale
SD_FLOOR = 0.3  # keeps early popularity from exploding (docs/model.md, 7.0; guess)


@rule
def displayed_rating(n_reviews: int, stars: int) -> float:
    """Mean stars shown, with the prior."""
    return (RATING_PRIOR * RATING_WEIGHT + stars) / (RATING_WEIGHT + n_reviews)


@rule
def in_glance(x: float) -> int:
    """A taste or a popularity as 16 bits with a sign, in units of 1/4096."""
    return min(max(math.floor(x * GLANCE_UNIT + 0.5), -GLANCE_MOST), GLANCE_MOST)


@rule
def of_glance(glance: int, lane: int) -> int:
    """What `in_glance` made of tastes 0-2 (lanes 0-2) and popularity (lane 3)."""
    return (((glance >> (16 * lane)) & 0xFFFF) ^ 0x8000) - 0x8000


@rule
def star_effect(rating: float) -> float:
    """f(r) of eq. 4: losses weigh more than gains."""
    x = rating - RATING_PRIOR
    return x if x < 0.0 else 0.7 * x


@kernel
def show(
    params: Params,
    units: Column,
    n_reviews: Column,
    stars: Column,
    popularity: Column,
    rating: Column,
    appeal: Column,
) -> None:
    """Fill the displayed columns from cumulated units, reviews and stars (all until yesterday).

    popularity: z of ln(1 + units), denominator sd + .3. appeal, eq. 4: b_q f(rating) + b_v (ln(1 + n) - mean);
    the number of reviews is taken against the catalogue's mean, so that a shop does not sell ever more
    merely because reviews pile up.
    """
    n = units.shape[0]
    mean = 0.0
    mean_reviews = 0.0
    for j in range(n):
        popularity[j] = log(1.0 + units[j])
        appeal[j] = log(1.0 + n_reviews[j])
        mean += popularity[j]
        mean_reviews += appeal[j]
    mean /= n
    mean_reviews /= n
    variance = 0.0
    for j in range(n):
        variance += (popularity[j] - mean) * (popularity[j] - mean)
    sd = math.sqrt(variance / n)
    for j in range(n):
        popularity[j] = (popularity[j] - mean) / (sd + SD_FLOOR)
        rating[j] = displayed_rating(n_reviews[j], stars[j])
        appeal[j] = params.b_q * star_effect(rating[j]) + params.b_v * (appeal[j] - mean_reviews)


@rule
def freshness(params: Params, day: int, launch_day: int) -> float:
    """What a product is liked better for being new, of eq. 4; launched before the measured days is not new."""
    if launch_day <= 0 or day < launch_day:
        return 0.0
    return params.b_fresh * exp((launch_day - day) / params.fresh_days)


@kernel
def refresh(params: Params, day: int, launch_day: Column, appeal: Column) -> None:
    """Add to each product's appeal what its newness does on this measured day."""
    for j in range(appeal.shape[0]):
        appeal[j] += freshness(params, day, launch_day[j])


@rule
def reference_effect(params: Params, log_price: float, remembered: float) -> float:
    """What remembered prices add to liking today, eq. 4r: -b_ref (felt - x), felt = x - m, ref_loss times it if dearer.

    x and m are logarithms of price to list price. A new cut works as without memory (m = 0); when it is remembered, its
    part b_ref is gone; and a price above the remembered one is felt as a loss.
    """
    gap = log_price - remembered
    felt = gap if gap < 0.0 else params.ref_loss * gap
    return -params.b_ref * (felt - log_price)


@rule
def next_remembered(params: Params, remembered: float, log_price: float) -> float:
    """The remembered price follows the price paid, eq. 4r: ref^keep p^(1 - keep), in logarithms."""
    return params.ref_keep * remembered + (1.0 - params.ref_keep) * log_price


@kernel
def feel_prices(params: Params, log_cut: Column, coupons: float, remembered: Column, appeal: Column) -> None:
    """Add to each product's appeal how its price today, less what coupons took off, compares with the remembered."""
    for j in range(appeal.shape[0]):
        appeal[j] += reference_effect(params, log_cut[j] + coupons, remembered[j])


@kernel
def remember_prices(params: Params, log_cut: Column, coupons: float, remembered: Column) -> None:
    """Take in the prices of a day."""
    for j in range(remembered.shape[0]):
        remembered[j] = next_remembered(params, remembered[j], log_cut[j] + coupons)


@kernel
def glances(
    taste_0: Column, taste_1: Column, taste_2: Column, popularity: Column, on_sale: Column, out: Column
) -> None:
    """What a visitor sees of each product in a list, in one word: a look costs one access to memory and not five."""
    for j in range(out.shape[0]):
        shown = in_glance(popularity[j]) if on_sale[j] else NOT_SOLD
        tastes = (in_glance(taste_1[j]) & 0xFFFF) << 16 | (in_glance(taste_2[j]) & 0xFFFF) << 32
        out[j] = (in_glance(taste_0[j]) & 0xFFFF) | tastes | shown << 48


@kernel
def log_ratios(cents: Column, reference_cents: Column, out: Column) -> None:
    """ln(price / reference price): of the list price to the catalogue's, the dearness of eq. 4; of price to list."""
    for j in range(cents.shape[0]):
        out[j] = log(cents[j] / reference_cents[j])
