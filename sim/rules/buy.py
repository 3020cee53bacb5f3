"""Phase 6, whether, what, how many and in which mode a visitor buys; imports `draws`, `_jit` and other rules."""

from __future__ import annotations

import math
from typing import NamedTuple

from sim import draws
from sim._jit import exp, log, logistic, rule
from sim.params import Params
from sim.rules.expose import kol_presence, taste_match
from sim.rules.records import (
    BROWSE,
    CONTENT,
    FOUND,
    FRIEND,
    INBOX_SIZE,
    KOL,
    LIVE,
    MODE_TEAM,
    NO_TEAM,
    STRENGTH_UNIT,
    TEAM_CAPACITY,
    TEAM_CLOSES,
    TEAM_DAY,
    TEAM_FOUNDER,
    TEAM_FOUNDER_ID,
    TEAM_MEMBERS,
    TEAM_PRODUCT,
    TEAM_SIZE,
    Choice,
    Column,
    Constants,
    Desk,
    Inbox,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)
from sim.rules.remember import fading
from sim.rules.team import fill_chance, team_utility

PARENT_DAYS = 7  # a friend's message older than this is no longer the cause of an order (guess)


@rule
def reduced(cents: int, share: float) -> int:
    """A price less a share of it, in whole cents, at least one."""
    return int(max(math.floor(cents * (1.0 - share) + 0.5), 1.0))


@rule
def price_alone(offer: Offer, price_cents: int, live_discount: float) -> tuple[int, int]:
    """Price of one unit with the best of the visitor's reductions, and which that is.

    0 none, 1 share off, 2 money off, 3 the price of the live session she watches.
    """
    best, coupon = price_cents, 0
    if offer.live_weight > 0.0 and live_discount > 0.0:
        in_session = reduced(price_cents, live_discount)
        if in_session < best:
            best, coupon = in_session, 3
    if offer.coupon_share > 0.0:
        by_share = reduced(price_cents, offer.coupon_share)
        if by_share < best:
            best, coupon = by_share, 1
    if offer.coupon_cents > 0 and price_cents >= offer.coupon_min_cents:
        by_face = max(price_cents - offer.coupon_cents, 1)
        if by_face < best:
            best, coupon = by_face, 2
    return best, coupon


@rule
def order_paid(price_cents: int, unit_cents: int, coupon: int, coupon_cents: int, quantity: int) -> int:
    """What an order costs the buyer: a share off every unit, money off once."""
    if coupon == 2:
        return max(price_cents * quantity - coupon_cents, 1)
    return unit_cents * quantity


@rule
def recommendation_effect(params: Params, shelf: Shelf, product: int, strength: float, count: int) -> float:
    """b_r sign(R)(1 - exp(-kappa |R|)) - b_sp max(0, n - n0) of eq. 4: saturating, then annoying."""
    felt = params.b_r * (1.0 - exp(-shelf.sociality[product] * abs(strength)))
    spam = params.b_sp * max(0.0, count - shelf.spam_onset[product])
    return (felt if strength >= 0.0 else -felt) - spam


@rule
def liking(
    params: Params,
    constants: Constants,
    traits: Traits,
    shelf: Shelf,
    product: int,
    strength: float,
    count: int,
    presence: float,
) -> float:
    """u_ij of eq. 4 without its price term; `strength`, `count` from the inbox, `presence` of a leader's post."""
    u = params.b_m * taste_match(traits, shelf, product) + shelf.appeal[product]
    u += params.b_h * (traits.herd / constants.herd) * shelf.popularity[product]
    u -= params.b_abs * (traits.price / constants.price) * shelf.log_price[product]
    if strength != 0.0 or count > 0:
        u += recommendation_effect(params, shelf, product, strength, count)
    return float(u + params.b_k * traits.kol * presence)


@rule
def place_effect(
    params: Params, constants: Constants, traits: Traits, offer: Offer, shelf: Shelf, product: int, source: int
) -> float:
    """What the place where she sees it adds to u_ij of eq. 4: a live session she watches, what other shoppers wrote."""
    live = params.b_l * shelf.live[product] if offer.live_weight > 0.0 else 0.0
    return live + content_effect(params, constants, traits, source)


@rule
def content_effect(params: Params, constants: Constants, traits: Traits, source: int) -> float:
    """b_u social / mean of eq. 4 for a slot filled from what other shoppers wrote: company, more than information."""
    return params.b_u * (traits.social / constants.social) * (source == CONTENT)


@rule
def impulse(params: Params, constants: Constants, traits: Traits, offer: Offer) -> float:
    """What watching a live session adds to the logit of buying, eq. 5: an impulse, larger for the emotional."""
    return params.b_imp * traits.emotion / constants.emotion if offer.live_weight > 0.0 else 0.0


@rule
def price_effect(params: Params, constants: Constants, traits: Traits, log_ratio: float) -> float:
    """-beta_i ln(p / p0) of eq. 4, beta_i = b_p price / mean; 0 at the list price."""
    return -params.b_p * (traits.price / constants.price) * log_ratio


@rule
def inclusive_value(params: Params, total: float) -> float:
    """ln sum exp(u) - ln A of eq. 5; `total` = sum exp(u) over what is shown, A the constant number of slots."""
    return log(total) - log(float(int(params.attention)))


@rule
def rival_value(params: Params, constants: Constants, traits: Traits) -> float:
    """ln(1 + e^r) of eq. 5b: what a rival shop takes from the logit of buying here; 0 where there is none.

    e^r = w_rival exp(-beta_i ln(rival_price)): how attractive it is to buy there, beside 1 for not buying at all.
    """
    if params.w_rival <= 0.0:
        return 0.0
    return log(1.0 + params.w_rival * exp(price_effect(params, constants, traits, log(constants.rival_price))))


@rule
def buy_probability(
    params: Params,
    traits: Traits,
    inclusive: float,
    days_since_buy: int,
    satisfaction: float,
    mood: float,
    urge: float = 0.0,
) -> float:
    """Chance to buy on this visit, eq. 5; `inclusive` = ln sum exp(u) - ln A, `urge` what offer and rival add."""
    recent = exp(-days_since_buy / params.tau_inv)
    return logistic(
        params.alpha
        + traits.need
        + params.mu * inclusive
        - params.b_inv * recent
        + params.b_s * satisfaction
        + params.b_e * traits.emotion * mood
        + urge
    )


@rule
def bought_units(params: Params, u: float) -> int:
    """Units in an order, eq. 7: 1 + K with P(K = k) = (1 - q) q^k, by inversion of one uniform (at most 20)."""
    if params.q_more <= 0.0:
        return 1
    return 1 + min(int(log(u) / log(params.q_more)), 19)


@rule
def sees_teams(offer: Offer, shelf: Shelf, product: int) -> bool:
    """Is this visitor among those for whom the tactic behind the product's team price is meant?"""
    return (offer.team_tactics >> shelf.team_tactic[product]) & 1 == 1


@rule
def most_weight(
    params: Params,
    constants: Constants,
    traits: Traits,
    offer: Offer,
    shelf: Shelf,
    product: int,
    plain: float,
    presence: float,
    is_free: bool,
) -> float:
    """What a slot adds to the total of eq. 5 at most, whatever teams there are.

    `plain` is its utility at the shelf's price without live session and leader's post, `presence` that of a post on
    this product, `is_free` whether she is in no team. Exact but for a team, taken as sure to fill (c_fail >= 0).
    """
    plain += params.b_k * traits.kol * presence
    if offer.live_weight > 0.0:
        plain += params.b_l * shelf.live[product]
    shelf_cents = shelf.price_cents[product]
    unit_cents, coupon = price_alone(offer, shelf_cents, shelf.live_discount[product])
    alone = plain
    if coupon != 0:
        alone += price_effect(params, constants, traits, log(unit_cents / shelf_cents))
    weight = exp(alone)
    if shelf.team_discount[product] > 0.0 and is_free and sees_teams(offer, shelf, product):
        saving = -log(reduced(shelf_cents, shelf.team_discount[product]) / shelf_cents)
        weight += exp(team_utility(params, constants, traits, plain, saving, 1.0))
    return weight


class Lures(NamedTuple):
    """The most that anything on the shelf can add to a slot today (see `most_lure`)."""

    lowest_cents: float  # price
    live: float
    live_discount: float
    log_saving: float  # in a team


@rule
def lures(shelf: Shelf) -> Lures:
    """What the whole shelf offers at most."""
    lowest, live, live_discount, log_saving = 1e18, 0.0, 0.0, 0.0
    for j in range(shelf.id.shape[0]):
        lowest = min(lowest, float(shelf.price_cents[j]))
        live, live_discount = max(live, shelf.live[j]), max(live_discount, shelf.live_discount[j])
        if shelf.team_discount[j] > 0.0:
            saving = -log(reduced(shelf.price_cents[j], shelf.team_discount[j]) / shelf.price_cents[j])
            log_saving = max(log_saving, saving)
    return Lures(max(lowest, 1.0), live, live_discount, log_saving)


@rule
def most_lure(params: Params, constants: Constants, traits: Traits, offer: Offer, most: Lures, is_led: bool) -> float:
    """By what factor an offer can raise exp(utility) of a slot at most: never below what `most_weight` makes of it.

    No branch depends on the visitor, so a compiled loop makes several at a time. `is_led`: an opinion leader's post
    reached her lately.
    """
    watches = 1.0 * (offer.live_weight > 0.0)
    beta = max(params.b_p * (traits.price / constants.price), 0.0)
    # `reduced` takes half a cent more at most; money off weighs most on the cheapest product it is for
    share = max(offer.coupon_share, watches * most.live_discount)
    by_share = 1.0 - share - (share > 0.0) * 0.5 / most.lowest_cents
    smallest = max(most.lowest_cents, float(offer.coupon_min_cents))
    is_left = smallest > offer.coupon_cents
    by_face = (smallest - offer.coupon_cents) / smallest if is_left else 1.0 / (offer.coupon_cents + 1.0)
    cheaper = -beta * log(max(min(by_share, by_face), 1e-12))  # no price is above 10^12 cents
    apart = watches * max(params.b_l * most.live, 0.0) + 1.0 * is_led * max(params.b_k * traits.kol, 0.0)
    in_team = 1.0 * (offer.team_tactics != 0) * exp(beta * most.log_saving + max(-params.c_w, 0.0))
    return exp(apart) * (exp(cheaper) + in_team)


@rule
def best_team(
    shelf: Shelf, product: int, asked: int, public: Column, teams: Column, first_team: int, me: int, key: Key
) -> tuple[int, float]:
    """The visible team most likely to fill, and that chance; (FOUND, 0) if none can be joined.

    `asked` is the team a friend asked her to join (or -1), `public` up to three open ones of strangers;
    teams are numbered in the order of founding, `teams` holds those from number first_team on (columns:
    see TEAM_*). Ties go to the keyed priority of the founder, never to the first in a list.
    """
    found, chance, tie = FOUND, 0.0, 2.0
    for k in range(public.shape[1] + 1):
        number = asked if k == 0 else (public[product, k - 1] if shelf.team_strangers[product] else -1)
        team = number - first_team
        if team < 0 or teams[team, TEAM_FOUNDER] == me or teams[team, TEAM_PRODUCT] != product:
            continue
        members = teams[team, TEAM_MEMBERS]
        is_open = teams[team, TEAM_DAY] < key.day <= teams[team, TEAM_CLOSES]
        if not is_open or members >= teams[team, TEAM_CAPACITY]:
            continue
        fills = fill_chance(shelf, product, members, teams[team, TEAM_SIZE], teams[team, TEAM_CLOSES] - key.day + 1)
        name = draws.pair(teams[team, TEAM_FOUNDER_ID], shelf.id[product])
        u = draws.u01(key.seed, draws.TEAM_CHOICE, key.day, key.agent, name)
        if fills > chance or (fills == chance and fills > 0.0 and u < tie):
            found, chance, tie = number, fills, u
    return found, chance


@rule
def cause(state: State, offer: Offer, inbox: Inbox, product: int, source: int, day: int) -> tuple[int, float, int]:
    """Who made her want what she saw in a slot of this source: (friend's row, what was over-promised, whose tactic)."""
    parent = -1
    if source == FRIEND:
        for e in range(INBOX_SIZE):
            if inbox.product[e] == product and day - inbox.sender_day[e] <= PARENT_DAYS:
                parent = inbox.sender[e]
    if source == KOL:
        return parent, state.kol_hype, state.kol_tactic
    if source == LIVE:
        return parent, offer.live_hype, offer.live_tactic
    return parent, 0.0, -1


@rule
def decide(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    offer: Offer,
    inbox: Inbox,
    shelf: Shelf,
    public: Column,
    teams: Column,
    first_team: int,
    me: int,
    key: Key,
    n_shown: int,
    desk: Desk,
) -> Choice:
    """What a visitor does with the n_shown products on her desk, eq. 4-7 and 19.

    Every mode is an alternative of its own: (product, alone) and, where a team price is offered to
    her, (product, team). Choice among them is Gumbel-max keyed by product and mode.
    """
    fade = fading(params, key.day - state.inbox_day)
    presence = kol_presence(params, state, key.day)
    favourite = -1
    best = -1e300
    for k in range(n_shown):
        product = desk.product[k]
        strength, count, asked = 0.0, 0, -1
        for e in range(INBOX_SIZE):
            if inbox.product[e] == product:
                strength = inbox.strength[e] * fade / STRENGTH_UNIT
                count = inbox.count[e]
                asked = inbox.team[e]
        shelf_cents = shelf.price_cents[product]
        unit_cents, coupon = price_alone(offer, shelf_cents, shelf.live_discount[product])
        here = presence if product == state.kol_product else 0.0
        list_cents = shelf.list_cents[product]
        liked = liking(params, constants, traits, shelf, product, strength, count, here)
        liked += place_effect(params, constants, traits, offer, shelf, product, desk.source[k])
        # the shelf's own logarithm where she has no coupon: one less to take, and the same number
        log_ratio = shelf.log_cut[product] if coupon == 0 else log(unit_cents / list_cents)
        alone = liked + price_effect(params, constants, traits, log_ratio)
        desk.unit_cents[k] = unit_cents
        desk.coupon[k] = coupon
        desk.utility[k] = alone
        desk.team[k] = NO_TEAM
        if alone > best:
            favourite, best = product, alone
        if shelf.team_discount[product] > 0.0 and sees_teams(offer, shelf, product) and state.team < 0:
            team_cents = reduced(shelf_cents, shelf.team_discount[product])
            saving = -log(team_cents / shelf_cents)
            plain = liked + price_effect(params, constants, traits, shelf.log_cut[product])
            found = team_utility(params, constants, traits, plain, saving, shelf.team_success[product])
            team, fills = best_team(shelf, product, asked, public, teams, first_team, me, key)
            joined = team_utility(params, constants, traits, plain, saving, fills)
            if team == FOUND or found > joined:
                team, joined = FOUND, found
            desk.team[k] = team
            desk.team_cents[k] = team_cents
            desk.team_utility[k] = joined
            desk.found_utility[k] = found
    if n_shown == 0:
        return Choice(-1, -1, False, NO_TEAM, False, 0, BROWSE, -1, 0, 0, 0, 0.0, -1)
    for k in range(n_shown):
        desk.weight[k] = exp(desk.utility[k])
    total = 0.0
    for k in range(n_shown):
        total += desk.weight[k]
        if desk.team[k] != NO_TEAM:
            total += exp(desk.team_utility[k])
    w0, w1, _, _ = draws.block(key.seed, draws.BUY, key.day, key.agent, 0)
    since = key.day - state.last_buy_day
    p = buy_probability(
        params, traits, inclusive_value(params, total), since, state.satisfaction, state.mood,
        offer.urge + impulse(params, constants, traits, offer) - rival_value(params, constants, traits),
    )  # fmt: skip
    if draws.unit(w0) >= p:
        return Choice(-1, favourite, False, NO_TEAM, False, 0, BROWSE, -1, 0, 0, 0, 0.0, -1)
    chosen, in_team, top, would_found = 0, False, -1e300, False
    for k in range(n_shown):
        name = shelf.id[desk.product[k]]
        alone = desk.utility[k] + draws.gumbel(draws.u01(key.seed, draws.CHOICE, key.day, key.agent, name))
        if alone > top:
            chosen, in_team, top, would_found = k, False, alone, False
        if desk.team[k] != NO_TEAM:
            luck = draws.gumbel(draws.u01(key.seed, draws.CHOICE, key.day, key.agent, name + MODE_TEAM))
            if desk.team_utility[k] + luck > top:
                chosen, in_team, top = k, True, desk.team_utility[k] + luck
                would_found = desk.found_utility[k] + luck > alone
    product = desk.product[chosen]
    parent, hype, kol_tactic = cause(state, offer, inbox, product, desk.source[chosen], key.day)
    return Choice(
        product,
        favourite,
        in_team,
        desk.team[chosen] if in_team else NO_TEAM,
        would_found,
        bought_units(params, draws.unit(w1)),
        desk.source[chosen],
        parent,
        desk.unit_cents[chosen],
        desk.coupon[chosen],
        desk.team_cents[chosen] if in_team else 0,
        hype,
        kol_tactic,
    )
