"""Phases 8b and 9b, what people make of each other's words (eq. 21-27); imports `draws`, `_jit`, records, share."""

from __future__ import annotations

import math

from sim import draws
from sim._jit import exp, log, logistic, power, rule
from sim.params import Params
from sim.rules.records import Constants, Key, Traits
from sim.rules.share import social_pull

REST_DAYS = 30  # who wrote about a product passes on nothing about it for so long, so that chains end (guess)
CROWD = 3.0  # so many likes please two thirds as much as any number of them (guess)
GIVEN = 0.2  # joy of liking something against that of being liked (guess)
STRANGER = 870  # weight of the tie to who is no friend (answers, one's community), in 1/1024: a weak tie's (guess)
OWNERS_ASKED = 3  # a question is put to so many, who got the product last (guess)
#: What moves a reputation: a like received, a question answered, advice that turned out well, or badly (guesses).
LIKED, ANSWERED, ADVISED, MISLED = 1, 3, 5, -5


def is_talking(params: Params) -> bool:
    """Is anything of this file at work? Where not, nothing of it is allocated or worked out."""
    works = (params.p_fwd, params.p_like, params.p_comment, params.p_ask, params.p_show, params.rep_w)
    return any(coefficient > 0.0 for coefficient in works)


@rule
def log_odds(p: float) -> float:
    """ln(p / (1 - p))."""
    return log(p / (1.0 - p))


@rule
def willing(params: Params, constants: Constants, traits: Traits, p: float) -> float:
    """Chance of what a person of average social need does with chance p, eq. 21; the social do it more often."""
    return logistic(log_odds(p) + social_pull(params, constants, traits)) if p > 0.0 else 0.0


# --- likes, comments, buyers who show what they got ------------------------------------------------


@rule
def reacts(
    params: Params, constants: Constants, traits: Traits, key: Key, sender: int, product: int
) -> tuple[bool, bool]:
    """Does she like a post she saw (eq. 21), does she comment on it? Sender and product are ids."""
    w0, w1, _, _ = draws.block(key.seed, draws.REACT, key.day, key.agent, draws.pair(sender, product))
    likes = draws.unit(w0) < willing(params, constants, traits, params.p_like)
    return likes, draws.unit(w1) < willing(params, constants, traits, params.p_comment)


@rule
def crowd(n: int) -> float:
    """What n likes are worth, in [0, 1): 1 - exp(-n / 3)."""
    return 1.0 - exp(-n / CROWD)


@rule
def joy_of(params: Params, n_received: int, n_given: int) -> float:
    """Joy of today's likes, eq. 22: of those received, and a little of those given."""
    return params.like_joy * (crowd(n_received) + GIVEN * crowd(n_given))


@rule
def shows(params: Params, constants: Constants, traits: Traits, key: Key, name: int, s: float) -> bool:
    """Does a satisfied reviewer show what she got (named as in fulfil.order_name), eq. 23?"""
    if params.p_show <= 0.0 or s < params.s_bad:
        return False
    p = logistic(log_odds(params.p_show) + social_pull(params, constants, traits) + params.b_sat * s)
    return draws.u01(key.seed, draws.SHOW_OFF, key.day, key.agent, name) < p


# --- passing on ------------------------------------------------------------------------------------


@rule
def forward_probability(
    params: Params, constants: Constants, traits: Traits, hands: int, arousal: float, is_warning: bool
) -> float:
    """Chance that a member passes on what she read today, eq. 24; `hands` it went through after its author's."""
    if params.p_fwd <= 0.0:
        return 0.0
    x = log_odds(params.p_fwd) + social_pull(params, constants, traits) + params.b_a * arousal
    return logistic(x - params.fwd_fade * hands + (params.fwd_bad if is_warning else 0.0))


@rule
def forwards(
    params: Params, constants: Constants, traits: Traits, key: Key, product: int, hands: int, arousal: float,
    is_warning: bool,
) -> bool:  # fmt: skip
    """Does she pass it on? One decision per person, product (id) and day."""
    u = draws.u01(key.seed, draws.REPOST, key.day, key.agent, product)
    return u < forward_probability(params, constants, traits, hands, arousal, is_warning)


@rule
def origin_luck(key: Key, sender: int, product: int) -> float:
    """Of several who wrote to her about a product today, the smallest of these says whose words she passes on."""
    return draws.u01(key.seed, draws.REPOST_OF, key.day, key.agent, draws.pair(sender, product))


# --- questions and answers -------------------------------------------------------------------------


@rule
def ask_probability(params: Params, log_price: float, n_reviews: int) -> float:
    """Chance to ask others about a product she did not buy, eq. 25: dear products with few reviews leave doubts."""
    return logistic(log_odds(params.p_ask) + log_price - log(1.0 + n_reviews)) if params.p_ask > 0.0 else 0.0


@rule
def asks(key: Key, p: float) -> bool:
    """Does a visitor ask, if that has chance p?"""
    return draws.u01(key.seed, draws.QUESTION, key.day, key.agent, 0) < p


@rule
def answers(params: Params, constants: Constants, traits: Traits, key: Key, asker: int, product: int) -> bool:
    """Does an owner answer tonight (eq. 21 with p_answer)? Asker and product are ids."""
    u = draws.u01(key.seed, draws.ANSWER, key.day, key.agent, draws.pair(asker, product))
    return u < willing(params, constants, traits, params.p_answer)


# --- reputation ------------------------------------------------------------------------------------


@rule
def next_reputation(params: Params, reputation: float, credit: int) -> float:
    """Reputation tomorrow, eq. 26: a kept part, and today's credit."""
    return params.rep_keep * reputation + credit


@rule
def standing(params: Params, reputation: float) -> float:
    """What her words count against those of somebody unknown, eq. 27: 1 at reputation 0, between 1/2 and 2."""
    return times_at_most_two(params.rep_w * reputation)


@rule
def expertise(params: Params, match: float) -> float:
    """What a sender's words about a product count, eq. 28: more from who has a taste for its kind, and knows it."""
    return times_at_most_two(params.x_know * match)


@rule
def times_at_most_two(z: float) -> float:
    """2^(z / (1 + |z|)): a factor of 1 at 0, always between 1/2 and 2."""
    return power(2.0, z / (1.0 + abs(z)))


@rule
def weighed(weight: int, factor: float) -> int:
    """Weight of a message (eq. 8) times its sender's standing or expertise, in whole units."""
    return math.floor(weight * factor + 0.5)
