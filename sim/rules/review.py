"""Phase 8, reviews and stars; imports `_jit` and records."""

from __future__ import annotations

import math

from sim._jit import rule
from sim.params import Params
from sim.rules.records import Traits


@rule
def review_probability(params: Params, s: float) -> float:
    """Chance that an order is reviewed, eq. 12: strong experiences are reviewed, bad ones more."""
    strength = params.rev_2 * s * s
    return min(params.rev_max, params.rev_0 + (strength * params.rev_neg if s < 0.0 else strength))


@rule
def stars(params: Params, traits: Traits, s: float, shown: float) -> int:
    """Stars given, eq. 13: one's own experience, pulled up (never down) by a higher displayed rating."""
    own = params.star_0 + params.star_s * s
    pulled = own + params.om_h * traits.herd * max(0.0, shown - own)
    return int(min(max(math.floor(pulled + 0.5), 1.0), 5.0))
