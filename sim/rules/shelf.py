"""What the whole shop shows in the morning: popularity, stars, prices; imports `_jit` and records."""

from __future__ import annotations

import math

from sim._jit import kernel, log, rule
from sim.params import Params
from sim.rules.records import Column

RATING_PRIOR = 4.2  # stars shown for a product nobody reviewed (docs/model.md, 7.0; guess)
RATING_WEIGHT = 5  # reviews that prior is worth (guess)
SD_FLOOR = 0.3  # keeps early popularity from exploding (docs/model.md, 7.0; guess)


@rule
def displayed_rating(n_reviews: int, stars: int) -> float:
    """Mean stars shown, with the prior."""
    return (RATING_PRIOR * RATING_WEIGHT + stars) / (RATING_WEIGHT + n_reviews)


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


@kernel
def log_ratios(cents: Column, reference_cents: Column, out: Column) -> None:
    """ln(price / reference price): of the list price to the catalogue's, the dearness of eq. 4; of price to list."""
    for j in range(cents.shape[0]):
        out[j] = log(cents[j] / reference_cents[j])
