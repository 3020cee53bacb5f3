"""Phase 7, delivery, experience and returns; imports `draws`, `_jit` and records."""

from __future__ import annotations

from sim import draws
from sim._jit import log, logistic, rule
from sim.params import Params
from sim.rules.records import MODE_TEAM, Key


@rule
def experience(params: Params, quality: float, match: float, hype: float, luck: float, failed: bool) -> float:
    """Experience of one order, eq. 10 (0 = neutral); `luck` is standard normal, `hype` what was over-promised."""
    return (
        params.s_const
        + params.s_quality * quality
        + params.s_match * match
        + params.s_luck * luck
        - (params.s_fail if failed else 0.0)
        - params.s_hype * max(0.0, hype)
    )


@rule
def return_probability(params: Params, s: float, is_live: bool = False) -> float:
    """Chance that an order is sent back, eq. 11: logit = logit(ret_0) + ret_1 [s < s_bad] + ret_l [bought live]."""
    if params.ret_0 <= 0.0:
        return 0.0
    base = log(params.ret_0 / (1.0 - params.ret_0))
    return logistic(base + (params.ret_1 if s < params.s_bad else 0.0) + (params.ret_l if is_live else 0.0))


@rule
def order_name(product_id: int, mode: int) -> int:
    """Name of one delivery of a day: a shopper may get a product alone, in a team and as a sample on the same day."""
    return product_id + MODE_TEAM * int(mode)


@rule
def deliver(
    params: Params, key: Key, name: int, quality: float, match: float, hype: float, is_live: bool = False
) -> tuple[float, bool, float]:
    """One delivery: (experience, is sent back, the draw that decides on a review); `name` as in `order_name`."""
    w0, w1, w2, w3 = draws.block(key.seed, draws.FULFIL, key.day, key.agent, name)
    failed = draws.unit(w1) < params.fail
    s = experience(params, quality, match, hype, draws.normal(draws.unit(w0)), failed)
    return s, draws.unit(w2) < return_probability(params, s, is_live), draws.unit(w3)
