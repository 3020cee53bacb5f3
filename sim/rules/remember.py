"""Phase 4, what friends' recommendations leave behind: a bounded inbox; imports `draws`, `_jit` and records."""

from __future__ import annotations

import math

from sim import draws
from sim._jit import exp, log, power, rule
from sim.params import Params
from sim.rules.records import INBOX_SIZE, STRENGTH_UNIT, Column, Constants, Inbox, Key

# kinds of message
GOOD = 0  # personal, from a satisfied sender
BAD = 1  # personal, from a dissatisfied sender
ASK = 2  # personal, a founder asks to join her team: never wears out
POST = 3  # posted for all friends, seen on a visit
BAD_POST = 4
OWN = 5  # a friend's visible purchase
SHOW = 6  # a buyer shows what she got, with pictures, for all friends
KINDS = ("good", "bad", "ask", "post", "bad_post", "own", "show")

FORGOTTEN = 328  # strengths below .005 leave the inbox (guess: a hundredth of what still shows)
STRENGTH_MOST = 1 << 30  # 16,384 ordinary messages; keeps sums inside 32 bits
SEEN_MOST = 120  # messages a shopper counts in one day (technical: one byte)
COUNT_MOST = 30_000  # recommendations of a product she counts (technical: two bytes)
SENT_MOST = 255  # messages counted per tie; wearing out is over long before
TIE_UNIT = 1024.0  # tie strengths are integers of 1/1024


@rule
def is_personal(kind: int) -> bool:
    """Was it written to one friend (and not posted, or merely visible)?"""
    return kind <= ASK


@rule
def is_post(kind: int) -> bool:
    """Was it posted for all friends?"""
    return kind in (POST, BAD_POST, SHOW)


@rule
def is_warning(kind: int) -> bool:
    """Does it speak against the product?"""
    return kind in (BAD, BAD_POST)


@rule
def notices(
    params: Params, key: Key, kind: int, is_active: bool, is_visiting: bool, sender_id: int, product_id: int
) -> bool:
    """Does a message reach the mind of its receiver? Personal ones always, posts on a visit and by luck."""
    if is_personal(kind):
        return True
    if kind == OWN:
        return is_active
    name = draws.pair(sender_id, product_id)
    return is_visiting and draws.u01(key.seed, draws.POST_SEEN, key.day, key.agent, name) < params.p_b


@rule
def wear_out(params: Params, earlier: int) -> float:
    """w(m), eq. 9: weight of the next message after `earlier` ones from the same sender; flat to three."""
    beyond = max(0, earlier - 3)
    return params.w_inf + (1.0 - params.w_inf) * exp(-beyond / params.m_f)


@rule
def kind_value(params: Params, kind: int) -> float:
    """v of eq. 8: what one message of this kind is worth to a receiver of average trust."""
    if kind in (GOOD, ASK):
        return 1.0
    if kind == BAD:
        return -params.v_bad
    if kind == POST:
        return params.v_post
    if kind == BAD_POST:
        return -params.v_post * params.v_bad
    if kind == SHOW:
        return params.v_show
    return params.v_own


@rule
def to_power(base: float, exponent: float) -> float:
    """base ^ exponent; base itself, to the last bit, where the exponent is 1; nothing stays nothing."""
    if exponent == 1.0 or base <= 0.0:
        return base
    return power(base, exponent)


@rule
def message_weight(params: Params, constants: Constants, trust: float, tie: int, earlier: int, kind: int) -> int:
    """Strength one message adds, eq. 8, in units of 1/65536: tie strength^x_tie * (trust / mean)^x_trust * w(m) * v."""
    worn = wear_out(params, earlier) if kind <= BAD else 1.0
    tied, trusted = to_power(tie / TIE_UNIT, params.x_tie), to_power(trust / constants.trust, params.x_trust)
    value = tied * trusted * worn * kind_value(params, kind)
    return math.floor(value * STRENGTH_UNIT + 0.5)


@rule
def fading(params: Params, days: int) -> float:
    """delta_r ^ days, the share of a recommendation still remembered."""
    return exp(days * log(params.delta_r))


@rule
def faded(strength: int, fade: float) -> int:
    """Remembered strength after fading, rounded to the unit."""
    return math.floor(strength * fade + 0.5)


@rule
def weaker(key: Key, product_a: int, strength_a: int, product_b: int, strength_b: int) -> bool:
    """Is a remembered more weakly than b? Ties by keyed priority, so the order of arrival cannot matter."""
    if abs(strength_a) != abs(strength_b):
        return abs(strength_a) < abs(strength_b)
    u_a = draws.u01(key.seed, draws.INBOX_TIE, key.day, key.agent, product_a)
    return u_a < draws.u01(key.seed, draws.INBOX_TIE, key.day, key.agent, product_b)


@rule
def remember(
    params: Params,
    key: Key,
    inbox: Inbox,
    days: int,
    ids: Column,  # product ids, to name ties
    products: Column,
    weights: Column,
    kinds: Column,
    senders: Column,
    sender_ids: Column,
    teams: Column,
) -> None:
    """Fade the inbox by `days`, then take in today's messages (sorted by product), keeping the eight strongest.

    Sums are of integers, the winning sender and the places are given by keyed priority: the order of
    messages cannot matter. Messages about products that are already remembered are added first, and
    marked in `products` (which is used up) so that one driven out later does not come in again.
    """
    fade = fading(params, days)
    for e in range(INBOX_SIZE):
        if inbox.product[e] >= 0:
            inbox.strength[e] = faded(inbox.strength[e], fade)
            if abs(inbox.strength[e]) < FORGOTTEN:
                inbox.product[e] = -1
    n = products.shape[0]
    for is_new in range(2):
        start = 0
        while start < n:
            stop = start + 1
            while stop < n and products[stop] == products[start]:
                stop += 1
            product = products[start]
            place = -1
            for e in range(INBOX_SIZE):
                if inbox.product[e] == product:
                    place = e
            if product >= 0 and (place >= 0) != (is_new == 1):
                _take_in(key, inbox, ids, place, product, start, stop, weights, kinds, senders, sender_ids, teams)
                for m in range(start, stop):
                    products[m] = -1 - product
            start = stop


@rule
def _take_in(
    key: Key,
    inbox: Inbox,
    ids: Column,
    place: int,
    product: int,
    start: int,
    stop: int,
    weights: Column,
    kinds: Column,
    senders: Column,
    sender_ids: Column,
    teams: Column,
) -> None:
    """Add messages start..stop-1, all about one product, to the inbox (place -1: find one)."""
    known_sender = inbox.sender[place] if place >= 0 else -1
    total = 0
    count = 0
    best_sender, best_u = -1, 2.0
    best_team, best_team_u = -1, 2.0
    for m in range(start, stop):
        total += weights[m]
        if is_personal(kinds[m]):
            if senders[m] != known_sender:
                count += 1
            u = draws.u01(key.seed, draws.WINNER, key.day, key.agent, draws.pair(sender_ids[m], ids[product]))
            if u < best_u:
                best_sender, best_u = senders[m], u
            if teams[m] >= 0 and u < best_team_u:
                best_team, best_team_u = teams[m], u
    if place < 0:
        if abs(total) < FORGOTTEN:
            return
        place = 0
        for e in range(INBOX_SIZE):
            if inbox.product[e] < 0:
                place = e
                break
            if inbox.product[place] >= 0 and weaker(
                key, ids[inbox.product[e]], inbox.strength[e], ids[inbox.product[place]], inbox.strength[place]
            ):
                place = e
        if inbox.product[place] >= 0 and not weaker(
            key, ids[inbox.product[place]], inbox.strength[place], ids[product], total
        ):
            return
        inbox.product[place] = product
        inbox.strength[place] = 0
        inbox.count[place] = 0
        inbox.sender[place] = -1
        inbox.sender_day[place] = 0
        inbox.team[place] = -1
    inbox.strength[place] = min(max(inbox.strength[place] + total, -STRENGTH_MOST), STRENGTH_MOST)
    inbox.count[place] = min(inbox.count[place] + count, COUNT_MOST)
    if best_sender >= 0:
        inbox.sender[place] = best_sender
        inbox.sender_day[place] = key.day
    if best_team >= 0:
        inbox.team[place] = best_team
