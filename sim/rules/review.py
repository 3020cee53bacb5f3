"""Phase 8, reviews and stars; imports `_jit`, records and share."""

from __future__ import annotations

import math

from sim._jit import exp, log, rule
from sim.params import Params
from sim.rules.records import Constants, Traits
from sim.rules.share import hassle_cents


@rule
def review_probability(params: Params, s: float, reward: float = 0.0) -> float:
    """Chance that an order is reviewed, eq. 12: strong experiences are reviewed, bad ones more.

    `reward` = ln(1 + reward / hassle), if the shop pays for reviews.
    """
    strength = params.rev_2 * s * s
    drive = params.rev_0 + (strength * params.rev_neg if s < 0.0 else strength)
    return min(params.rev_max, drive * exp(params.b_rv * reward))


@rule
def review_reward(params: Params, constants: Constants, traits: Traits) -> float:
    """ln(1 + reward / hassle) of eq. 12."""
    return log(1.0 + constants.review_reward / hassle_cents(params, constants, traits))


@rule
def stars(params: Params, traits: Traits, s: float, shown: float) -> int:
    """Stars given, eq. 13: one's own experience, pulled up (never down) by a higher displayed rating."""
    own = params.star_0 + params.star_s * s
    pulled = own + params.om_h * traits.herd * max(0.0, shown - own)
    return int(min(max(math.floor(pulled + 0.5), 1.0), 5.0))
