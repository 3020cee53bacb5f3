"""Phase 9, sharing and invitations; imports `draws`, `_jit` and records."""

from __future__ import annotations

from sim import draws
from sim._jit import exp, log, logistic, power, rule
from sim.params import Params
from sim.rules.records import Constants, Key, Traits

SOCIAL_SD = 0.2  # spread of social need over the whole population, the unit of b_n


@rule
def hassle_cents(params: Params, constants: Constants, traits: Traits) -> float:
    """What sharing costs this shopper, in cents: less for the price-sensitive."""
    return 100.0 * params.h_0 * constants.price / traits.price


@rule
def reward_effect(params: Params, constants: Constants, traits: Traits, reward_cents: float) -> float:
    """b_rw ln(1 + reward / hassle), the pull of a reward in eq. 14."""
    return params.b_rw * log(1.0 + reward_cents / hassle_cents(params, constants, traits))


@rule
def social_pull(params: Params, constants: Constants, traits: Traits) -> float:
    """What her social need adds to the log odds of saying something to others, eq. 14."""
    return params.b_n * (traits.social - constants.social) / SOCIAL_SD


@rule
def share_probability(params: Params, constants: Constants, traits: Traits, s: float, arousal: float) -> float:
    """Chance that a buyer shares her order, eq. 14."""
    need = social_pull(params, constants, traits)
    paid = reward_effect(params, constants, traits, constants.share_reward) if constants.share_reward > 0.0 else 0.0
    return logistic(params.s_0 + need + params.b_sat * s + params.b_a * arousal + paid)


@rule
def unlock_probability(params: Params, constants: Constants, traits: Traits, face_cents: float) -> float:
    """Chance that a visitor shares in order to unlock a coupon, eq. 14u; nobody shares for nothing."""
    if face_cents <= 0.0:
        return 0.0
    need = social_pull(params, constants, traits)
    return logistic(params.s_u + need + reward_effect(params, constants, traits, face_cents))


@rule
def tie_probability(params: Params, constants: Constants, audience: int) -> float:
    """Chance that a share goes to one given friend, eq. 14: reach r_0 (audience / mean)^eta over the audience."""
    if audience <= 0:
        return 0.0
    reach = params.r_0 * power(audience / constants.degree, params.eta)
    return min(1.0, reach / audience)


@rule
def accept_probability(params: Params, n_messages: int, gift: float = 0.0) -> float:
    """Chance that a prospect with this many invitations today registers, eq. 15; `gift` = ln(1 + gift / hassle)."""
    return 1.0 - exp(-n_messages * params.a_inv * exp(params.b_ir * gift))


@rule
def shares(
    params: Params, constants: Constants, traits: Traits, key: Key, name: int, s: float, arousal: float
) -> tuple[bool, bool]:
    """Does a buyer share this order (named as in fulfil.order_name) with friends; does she post it for all to see?"""
    w0, w1, _, _ = draws.block(key.seed, draws.SHARE, key.day, key.agent, name)
    is_shared = draws.unit(w0) < share_probability(params, constants, traits, s, arousal)
    return is_shared, is_shared and draws.unit(w1) < params.p_post


@rule
def sends_to(key: Key, receiver_id: int, product_id: int, p: float) -> bool:
    """Does the share reach this friend? Named by sender, receiver and product."""
    return draws.u01(key.seed, draws.MESSAGE, key.day, key.agent, draws.pair(receiver_id, product_id)) < p


@rule
def unlock_luck(key: Key) -> float:
    """Her luck when a coupon for sharing is offered."""
    return draws.u01(key.seed, draws.UNLOCK, key.day, key.agent, 0)


@rule
def wants_unlock(params: Params, constants: Constants, traits: Traits, luck: float, face_cents: float) -> bool:
    """Is this visitor willing to share for a coupon of this face?"""
    return luck < unlock_probability(params, constants, traits, face_cents)


@rule
def accepts(params: Params, constants: Constants, traits: Traits, key: Key, n_messages: int) -> bool:
    """Does a prospect with this many invitations today register tomorrow?"""
    gift = log(1.0 + constants.invite_gift / hassle_cents(params, constants, traits))
    return draws.u01(key.seed, draws.ACCEPT, key.day, key.agent, 0) < accept_probability(params, n_messages, gift)
