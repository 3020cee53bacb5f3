"""Phase 5, what a visitor sees: up to eight slots, each with a source and an item; imports `draws`, `_jit`, records."""

from __future__ import annotations

import math

from sim import draws
from sim._jit import MASK32, exp, log, rule
from sim.params import Params
from sim.rules.records import (
    BROWSE,
    FRIEND,
    INBOX_SIZE,
    KOL,
    POPULAR,
    PROMOTED,
    RECOMMENDED,
    STRENGTH_UNIT,
    TASTE_SEARCH,
    Desk,
    Inbox,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)
from sim.rules.remember import fading
from sim.rules.shelf import place_in_list

SHOWS_ABOVE = 0.05  # a recommendation weaker than this fills no slot (eq. 3)
TRIES = 16  # blocks of four proposals before the next product that fits is taken
ROOT_3 = 1.7320508075688772


@rule
def taste_match(traits: Traits, shelf: Shelf, product: int) -> float:
    """match_ij = taste_i . taste_j / sqrt(3), section 7."""
    return (
        traits.taste_0 * shelf.taste_0[product]
        + traits.taste_1 * shelf.taste_1[product]
        + traits.taste_2 * shelf.taste_2[product]
    ) / ROOT_3


@rule
def guessed_match(traits: Traits, key: Key, offer: Offer, shelf: Shelf, product: int) -> float:
    """The recommender's score: rho match + sqrt(1 - rho^2) noise, the noise fixed for life; or popularity (rho < 0)."""
    rho = offer.rec_accuracy
    if rho < 0.0:
        return float(shelf.popularity[product])
    noise = draws.normal(draws.u01(key.world_seed, draws.PERSONAL_NOISE, 0, key.agent, shelf.id[product]))
    return float(rho * taste_match(traits, shelf, product) + math.sqrt(1.0 - rho * rho) * noise)


@rule
def proposal_weight(
    params: Params, traits: Traits, key: Key, offer: Offer, shelf: Shelf, source: int, product: int
) -> float:
    """Chance that a proposed product is accepted into a slot of this source."""
    if not shelf.on_sale[product]:
        return 0.0
    if source == POPULAR:
        return float(shelf.place[product])
    if source == TASTE_SEARCH:
        return place_in_list(params, taste_match(traits, shelf, product))
    if source == RECOMMENDED:
        return place_in_list(params, guessed_match(traits, key, offer, shelf, product))
    if source == PROMOTED:
        return 1.0 if shelf.promoted[product] > 0.0 else 0.0
    return 1.0


@rule
def proposed(word: int, n_products: int) -> tuple[int, float]:
    """A draw read as a proposal: product floor(P u), and the rest of P u as the draw that accepts or refuses."""
    scaled = word * n_products
    return scaled >> 32, (scaled & MASK32) * 2.0**-32


@rule
def draw_item(
    params: Params,
    traits: Traits,
    key: Key,
    offer: Offer,
    shelf: Shelf,
    source: int,
    slot: int,
    words: tuple[int, int, int, int],
) -> int:
    """A product for one slot by keyed rejection; -1 if nothing fits. `words` are the first four draws.

    Attempt k proposes floor(P u_k) and accepts with the fractional part of P u_k. Doubling one
    product's weight therefore changes only the draws that it newly wins, never the others. After 64
    refusals (few products of many promoted, say) the next one that fits after the last proposal is taken.
    """
    n = shelf.id.shape[0]
    product = 0
    for attempt in range(TRIES):
        if attempt > 0:
            words = draws.block(key.seed, draws.SLOT_ITEM, key.day, key.agent, item_name(attempt, source, slot))
        for word in words:
            product, rest = proposed(word, n)
            if rest < proposal_weight(params, traits, key, offer, shelf, source, product):
                return int(product)
    for step in range(n):
        fitting = (product + step) % n
        if proposal_weight(params, traits, key, offer, shelf, source, fitting) > 0.0:
            return int(fitting)
    return -1


@rule
def item_name(attempt: int, source: int, slot: int) -> int:
    """Name of a block of four proposals for a slot."""
    return draws.pair(attempt, 256 * source + slot)


@rule
def kol_presence(params: Params, state: State, day: int) -> float:
    """K of eq. 3-4: how present the last post of a followed opinion leader still is, 0 to 1."""
    if state.kol_product < 0:
        return 0.0
    return exp((day - state.kol_day) * log(max(params.p_fade, 1e-9)))


@rule
def friend_products(params: Params, key: Key, inbox: Inbox, days: int, shelf: Shelf, desk: Desk) -> int:
    """Products friends recommended that still show, in the order in which friends' slots take them.

    An exponential race keyed by product, so stronger recommendations tend to come first and a new one
    does not reshuffle the others. Fills desk.ranked with inbox places and returns how many.
    """
    fade = fading(params, days)
    n = 0
    for e in range(INBOX_SIZE):
        product = inbox.product[e]
        if product < 0:
            continue
        strength = inbox.strength[e] * fade / STRENGTH_UNIT
        if strength <= SHOWS_ABOVE or not shelf.on_sale[product]:
            continue
        time = -log(draws.u01(key.seed, draws.FRIEND_SLOT, key.day, key.agent, shelf.id[product])) / strength
        place = n
        while place > 0 and desk.times[place - 1] > time:
            desk.times[place] = desk.times[place - 1]
            desk.ranked[place] = desk.ranked[place - 1]
            place -= 1
        desk.times[place] = time
        desk.ranked[place] = e
        n += 1
    return n


@rule
def placed_source(key: Key, slot: int, kol: float, recommended: float, promoted: float) -> int:
    """Which of the strategy's sources fills a slot that was given to one of them."""
    w0, w1, _, _ = draws.block(key.seed, draws.SLOT_PLACED, key.day, key.agent, slot)
    total = kol + recommended + promoted
    if draws.unit(w0) * total < kol:
        return KOL
    return RECOMMENDED if draws.unit(w1) * (recommended + promoted) < recommended else PROMOTED


@rule
def draw_sources(key: Key, n_slots: int, desk: Desk) -> None:
    """Draws that give every slot its source (lanes: placed, friend, taste, popular)."""
    for slot in range(n_slots):
        words = draws.block(key.seed, draws.SLOT_SOURCE, key.day, key.agent, slot)
        desk.word_0[slot], desk.word_1[slot], desk.word_2[slot], desk.word_3[slot] = words


@rule
def choose_sources(
    params: Params, traits: Traits, state: State, offer: Offer, n_friend: int, shelf: Shelf, is_promoting: bool,
    key: Key, n_slots: int, desk: Desk,
) -> None:  # fmt: skip
    """Give every slot its source, eq. 3: stick by stick, the strategy's sources first, each with a draw of its own."""
    presence = kol_presence(params, state, key.day)
    kol = params.w_kol * traits.kol * presence if presence > 0.0 and shelf.on_sale[state.kol_product] else 0.0
    promoted = params.w_promo if is_promoting else 0.0
    placed = kol + offer.rec_weight + promoted
    friend = params.w_fr * n_friend
    organic = params.w_s + params.w_pop + params.w_new
    p_placed = placed / (placed + friend + organic)
    p_friend = friend / (friend + organic)
    p_taste = params.w_s / organic
    p_popular = params.w_pop / (params.w_pop + params.w_new)
    for slot in range(n_slots):
        source = BROWSE if draws.unit(desk.word_3[slot]) >= p_popular else POPULAR
        source = TASTE_SEARCH if draws.unit(desk.word_2[slot]) < p_taste else source
        source = FRIEND if draws.unit(desk.word_1[slot]) < p_friend else source
        if draws.unit(desk.word_0[slot]) < p_placed:
            source = placed_source(key, slot, kol, offer.rec_weight, promoted)
        desk.slot_source[slot] = source


@rule
def draw_items(key: Key, n_slots: int, desk: Desk) -> None:
    """The first four proposals of every slot."""
    for slot in range(n_slots):
        name = item_name(0, desk.slot_source[slot], slot)
        words = draws.block(key.seed, draws.SLOT_ITEM, key.day, key.agent, name)
        desk.word_0[slot], desk.word_1[slot], desk.word_2[slot], desk.word_3[slot] = words


@rule
def fill_slots(
    params: Params, traits: Traits, state: State, offer: Offer, inbox: Inbox, n_friend: int, shelf: Shelf, key: Key,
    n_slots: int, desk: Desk,
) -> int:  # fmt: skip
    """Fill desk.product and desk.source; a product shown twice counts once, for the source that showed it first."""
    n = 0
    next_friend = 0
    for slot in range(n_slots):
        source = desk.slot_source[slot]
        product = -1
        if source == FRIEND:
            if next_friend < n_friend:
                product = inbox.product[desk.ranked[next_friend]]
                next_friend += 1
        elif source == KOL:
            product = state.kol_product
        else:
            words = (desk.word_0[slot], desk.word_1[slot], desk.word_2[slot], desk.word_3[slot])
            product = draw_item(params, traits, key, offer, shelf, source, slot, words)
        is_known = product < 0
        for k in range(n):
            is_known = is_known or desk.product[k] == product
        if not is_known:
            desk.product[n] = product
            desk.source[n] = source
            n += 1
    return n


@rule
def expose(
    params: Params,
    traits: Traits,
    state: State,
    offer: Offer,
    inbox: Inbox,
    shelf: Shelf,
    is_promoting: bool,
    key: Key,
    desk: Desk,
) -> int:
    """Fill desk.product and desk.source with what the visitor sees, eq. 3 by slots; returns how many products.

    Switching a strategy's source on takes slots from the others and moves none among them. The columnar
    driver takes the same steps, with the draws of many visitors made together.
    """
    n_slots = int(params.attention)
    n_friend = friend_products(params, key, inbox, key.day - state.inbox_day, shelf, desk)
    draw_sources(key, n_slots, desk)
    choose_sources(params, traits, state, offer, n_friend, shelf, is_promoting, key, n_slots, desk)
    draw_items(key, n_slots, desk)
    return fill_slots(params, traits, state, offer, inbox, n_friend, shelf, key, n_slots, desk)
