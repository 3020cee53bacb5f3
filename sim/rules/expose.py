"""Phase 5, what a visitor sees: up to eight slots, each with a source and an item; imports `draws`, `_jit`, records."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from sim import draws
from sim._jit import MASK32, exp, log, rule
from sim.params import Params
from sim.rules.records import (
    BROWSE,
    CONTENT,
    FRIEND,
    INBOX_SIZE,
    KOL,
    LIVE,
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
from sim.rules.shelf import GLANCE_UNIT, NOT_SOLD, of_glance

SHOWS_ABOVE = 0.05  # a recommendation weaker than this fills no slot (eq. 3)
TRIES = 16  # blocks of four proposals before the next product that fits is taken
INV_ROOT_3 = 0.5773502691896258
LISTED: Final = -2.0  # stands for an accuracy: recommended slots are served from her own list (Offer.rec_list)
PLACED: Final = 15  # a slot that went to one of the strategy's sources; which one is drawn on its own


@rule
def taste_match(traits: Traits, shelf: Shelf, product: int) -> float:
    """match_ij = taste_i . taste_j / sqrt(3), section 7."""
    return (
        traits.taste_0 * shelf.taste_0[product]
        + traits.taste_1 * shelf.taste_1[product]
        + traits.taste_2 * shelf.taste_2[product]
    ) * INV_ROOT_3


@rule
def guessed_match(traits: Traits, key: Key, offer: Offer, shelf: Shelf, product: int) -> float:
    """The recommender's score: rho match + sqrt(1 - rho^2) noise, the noise fixed for life; or popularity (rho < 0)."""
    rho = offer.rec_accuracy
    if rho < 0.0:
        return float(shelf.popularity[product])
    noise = draws.normal(personal_luck(key, shelf.id[product]))
    return recommender_score(rho, taste_match(traits, shelf, product), noise)


@rule
def personal_luck(key: Key, product_id: int) -> float:
    """How the recommender errs about this shopper and this product, for life: a number in (0, 1)."""
    return draws.u01(key.world_seed, draws.PERSONAL_NOISE, 0, key.agent, product_id)


@rule
def recommender_score(rho: float, match: float, noise: float) -> float:
    """A score with correlation rho to the true match."""
    return float(rho * match + math.sqrt(1.0 - rho * rho) * noise)


@rule
def proposed(word: int, n_products: int) -> tuple[int, float]:
    """A draw read as a proposal: product floor(P u), and the rest of P u as the luck of looking at it, in (0, 1)."""
    scaled = word * n_products
    # the mask changes nothing, but tells the compiler that positions are never negative
    return (scaled >> 32) & MASK32, (scaled & MASK32) * 2.0**-32


@rule
def seen_score(params: Params, score: float, rest: float) -> float:
    """How good a product looks in a list: its score, with an error of up to `look_error` either way."""
    return score + params.look_error * (2.0 * rest - 1.0)


@rule
def look(
    params: Params,
    traits: Traits,
    source: int,
    n_products: int,
    words: tuple[int, int, int, int],
    glances: tuple[int, int, int, int],
) -> int:
    """The product that looks best of four met by chance: by taste, by popularity, or (browsing) any; -1 if none sells.

    `glances` are what the shelf shows of the four. No branch depends on the visitor, so a compiled loop makes
    many visitors at a time.
    """
    found, best = -1, -1e300
    by_taste, by_popularity = 1.0 * (source == TASTE_SEARCH), 1.0 * (source == POPULAR)
    for word, glance in (
        (words[0], glances[0]), (words[1], glances[1]), (words[2], glances[2]), (words[3], glances[3]),
    ):  # fmt: skip
        product, rest = proposed(word, n_products)
        seen = seen_score(params, by_taste * glanced_match(traits, glance) + by_popularity * glanced_z(glance), rest)
        is_better = (seen > best) & (of_glance(glance, 3) != NOT_SOLD)
        best = seen if is_better else best
        found = product if is_better else found
    return found


@rule
def glanced_match(traits: Traits, glance: int) -> float:
    """match_ij as far as a list shows it."""
    return (
        traits.taste_0 * of_glance(glance, 0)
        + traits.taste_1 * of_glance(glance, 1)
        + traits.taste_2 * of_glance(glance, 2)
    ) * (INV_ROOT_3 / GLANCE_UNIT)


@rule
def glanced_z(glance: int) -> float:
    """Popularity as far as a list shows it."""
    return of_glance(glance, 3) / GLANCE_UNIT


@rule
def glance_at(shelf: Shelf, word: int) -> int:
    """What the shelf shows of the product that a draw proposes."""
    return int(shelf.glance[proposed(word, shelf.id.shape[0])[0]])


@rule
def fits(shelf: Shelf, source: int, product: int) -> bool:
    """Can a slot of this source show this product?"""
    if not shelf.on_sale[product] or (source == PROMOTED and shelf.promoted[product] <= 0.0):
        return False
    if source == LIVE and shelf.live[product] <= 0.0:
        return False
    return source != CONTENT or shelf.content[product] > 0.0


@rule
def look_placed(
    params: Params, traits: Traits, key: Key, offer: Offer, shelf: Shelf, source: int, words: tuple[int, int, int, int]
) -> int:
    """The same for a strategy's source: by score, among the products that fit; -1 if none of the four does."""
    found, best = -1, -1e300
    for word in words:
        product, rest = proposed(word, shelf.id.shape[0])
        if not fits(shelf, source, product):
            continue
        score = guessed_match(traits, key, offer, shelf, product) if source == RECOMMENDED else 0.0
        score = shelf.content[product] if source == CONTENT else score
        # a recommender ranks, nobody has to look
        seen = score if source == RECOMMENDED else seen_score(params, score, rest)
        if seen > best:
            found, best = product, seen
    return found


@rule
def listed_item(key: Key, offer: Offer, shelf: Shelf, slot: int) -> int:
    """A product of her list, every place alike; the next that is on sale, if that one is not; -1 if none is."""
    w0, _, _, _ = draws.block(key.seed, draws.SLOT_ITEM, key.day, key.agent, item_name(0, RECOMMENDED, slot))
    places = len(offer.rec_list)
    for step in range(places):
        product = int(offer.rec_list[(((w0 * places) >> 32) + step) % places])
        if product >= 0 and shelf.on_sale[product]:
            return product
    return -1


@rule
def draw_item(
    params: Params,
    traits: Traits,
    key: Key,
    offer: Offer,
    shelf: Shelf,
    source: int,
    slot: int,
) -> int:
    """A product for one slot; -1 if nothing in the shop fits.

    A visitor looks at four products met by chance and takes the one that looks best. A product that gains
    in score wins some of the draws in which it was met, and no other draw changes. Where none of 64 fits
    (few products of many promoted, say) the next one that does after the last proposal is taken.
    """
    product = 0
    if source == RECOMMENDED and offer.rec_accuracy == LISTED:
        listed = listed_item(key, offer, shelf, slot)
        if listed >= 0:
            return listed
    for attempt in range(TRIES):
        words = draws.block(key.seed, draws.SLOT_ITEM, key.day, key.agent, item_name(attempt, source, slot))
        if source <= POPULAR:
            w0, w1, w2, w3 = words
            glances = glance_at(shelf, w0), glance_at(shelf, w1), glance_at(shelf, w2), glance_at(shelf, w3)
            product = look(params, traits, source, shelf.id.shape[0], words, glances)
        else:
            product = look_placed(params, traits, key, offer, shelf, source, words)
        if product >= 0:
            return product
        product = proposed(words[3], shelf.id.shape[0])[0]
    for step in range(shelf.id.shape[0]):
        fitting = (product + step) % shelf.id.shape[0]
        if fits(shelf, source, fitting):
            return fitting
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
    return presence_after(params, day - state.kol_day)


@rule
def presence_after(params: Params, days: int) -> float:
    """K of eq. 3-4, so many days after the post."""
    return exp(days * log(max(params.p_fade, 1e-9)))


@rule
def friend_products(params: Params, key: Key, inbox: Inbox, fade: float, shelf: Shelf, desk: Desk) -> int:
    """Products friends recommended that still show, in the order in which friends' slots take them.

    An exponential race keyed by product, so stronger recommendations tend to come first and a new one
    does not reshuffle the others. Fills desk.ranked with inbox places and returns how many.
    """
    n = 0
    for e in range(INBOX_SIZE):
        product = inbox.product[e]
        if product < 0:
            continue
        strength = inbox.strength[e] * fade / STRENGTH_UNIT
        if strength <= SHOWS_ABOVE or not shelf.on_sale[product]:
            continue
        desk.ranked[n] = e
        desk.times[n] = strength
        n += 1
    if n > 1:  # nothing to rank otherwise
        for k in range(n):
            name = shelf.id[inbox.product[desk.ranked[k]]]
            u = draws.u01(key.seed, draws.FRIEND_SLOT, key.day, key.agent, name)
            e, time, place = desk.ranked[k], -log(u) / desk.times[k], k
            while place > 0 and desk.times[place - 1] > time:
                desk.times[place] = desk.times[place - 1]
                desk.ranked[place] = desk.ranked[place - 1]
                place -= 1
            desk.times[place] = time
            desk.ranked[place] = e
    return n


class Sticks(NamedTuple):
    """Chances by which a slot gets its source, stick by stick; and the weights of the strategy's sources."""

    placed: float
    friend: float
    taste: float
    popular: float
    kol: float
    recommended: float
    live: float
    content: float
    promoted: float


@rule
def organic_weight(params: Params) -> float:
    """Weight of the slots that need neither friends nor a strategy."""
    return params.w_s + params.w_pop + params.w_new


@rule
def friend_chance(params: Params, n_friend: int) -> float:
    """Chance that a slot the strategy leaves goes to friends, who recommend so many products."""
    friend = params.w_fr * n_friend
    return friend / (friend + organic_weight(params))


@rule
def taste_chance(params: Params) -> float:
    """Chance that a slot left by friends goes to what she finds by her own taste."""
    return params.w_s / organic_weight(params)


@rule
def popular_chance(params: Params) -> float:
    """Chance that a slot left by taste goes to what sells."""
    return params.w_pop / (params.w_pop + params.w_new)


@rule
def sticks(
    params: Params, traits: Traits, state: State, offer: Offer, n_friend: int, shelf: Shelf, is_promoting: bool,
    day: int,
) -> Sticks:  # fmt: skip
    """Weights of eq. 3 as chances, the strategy's sources first: switching one on takes slots and moves none."""
    presence = kol_presence(params, state, day)
    kol = params.w_kol * traits.kol * presence if presence > 0.0 and shelf.on_sale[state.kol_product] else 0.0
    promoted = params.w_promo if is_promoting else 0.0
    placed = kol + offer.rec_weight + offer.live_weight + offer.content_weight + promoted
    return Sticks(
        placed / (placed + params.w_fr * n_friend + organic_weight(params)),
        friend_chance(params, n_friend),
        taste_chance(params),
        popular_chance(params),
        kol,
        offer.rec_weight,
        offer.live_weight,
        offer.content_weight,
        promoted,
    )


@rule
def slot_source(chance: Sticks, words: tuple[int, int, int, int]) -> int:
    """Source of one slot: each stick has a draw of its own (lanes: placed, friend, taste, popular)."""
    source = BROWSE if draws.unit(words[3]) >= chance.popular else POPULAR
    source = TASTE_SEARCH if draws.unit(words[2]) < chance.taste else source
    source = FRIEND if draws.unit(words[1]) < chance.friend else source
    return PLACED if draws.unit(words[0]) < chance.placed else source


@rule
def placed_words(key: Key, slot: int) -> tuple[int, int, int, int]:
    """The draws of `placed_source` for one slot."""
    return draws.block(key.seed, draws.SLOT_PLACED, key.day, key.agent, slot)


@rule
def placed_source(chance: Sticks, words: tuple[int, int, int, int]) -> int:
    """Which of the strategy's sources fills a slot that was given to one of them."""
    w0, w1, w2, w3 = words
    others = chance.recommended + chance.live + chance.content + chance.promoted
    if draws.unit(w0) * (chance.kol + others) < chance.kol:
        return KOL
    if draws.unit(w1) * others < chance.recommended:
        return RECOMMENDED
    if draws.unit(w2) * (chance.live + chance.content + chance.promoted) < chance.live:
        return LIVE
    return CONTENT if draws.unit(w3) * (chance.content + chance.promoted) < chance.content else PROMOTED


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

    A product shown twice counts once, for the source that showed it first. The columnar driver takes the
    same steps, each for many visitors before the next.
    """
    n_friend = friend_products(params, key, inbox, fading(params, key.day - state.inbox_day), shelf, desk)
    chance = sticks(params, traits, state, offer, n_friend, shelf, is_promoting, key.day)
    n = 0
    next_friend = 0
    for slot in range(int(params.attention)):
        source = slot_source(chance, draws.block(key.seed, draws.SLOT_SOURCE, key.day, key.agent, slot))
        if source == PLACED:
            source = placed_source(chance, placed_words(key, slot))
        product = -1
        if source == FRIEND:
            if next_friend < n_friend:
                product = inbox.product[desk.ranked[next_friend]]
                next_friend += 1
        elif source == KOL:
            product = state.kol_product
        else:
            product = draw_item(params, traits, key, offer, shelf, source, slot)
        is_known = product < 0
        for k in range(n):
            is_known = is_known or desk.product[k] == product
        if not is_known:
            desk.product[n] = product
            desk.source[n] = source
            n += 1
    return n
