"""The shop visited by many at once: what they see, what they like, who buys; imports rules, `draws`, rows.

The steps are those of rules.expose and rules.decide, each taken for some thousand visitors before the
next. The steps that most visits need (a slot's source, four products met by chance, liking, whether to
buy) are loops without branches, which the compiler makes several at a time; what only some need (slots
given to friends or to a strategy, remembered products, coupons, teams, the purchase itself) follows for
those alone. Which path a visitor takes changes nothing: tests hold both drivers together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim import draws
from sim._jit import column_kernel, exp, rule
from sim.engines.rows import inbox_of, offer_of, state_of, traits_of
from sim.params import Params
from sim.rules import share
from sim.rules.buy import (
    buy_probability,
    content_effect,
    decide,
    impulse,
    inclusive_value,
    liking,
    lures,
    most_lure,
    most_weight,
    price_effect,
    rival_value,
)
from sim.rules.expose import (
    PLACED,
    SHOWS_ABOVE,
    Sticks,
    draw_item,
    friend_chance,
    friend_products,
    glance_at,
    item_name,
    look,
    personal_luck,
    placed_source,
    placed_words,
    popular_chance,
    presence_after,
    proposed,
    recommender_score,
    slot_source,
    sticks,
    taste_chance,
    taste_match,
)
from sim.rules.records import (
    FRIEND,
    INBOX_SIZE,
    KOL,
    MOST_SLOTS,
    POPULAR,
    RECOMMENDED,
    STRENGTH_UNIT,
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

ROUNDING = 1e-9  # what a bound leaves for rounding


class View(NamedTuple):
    """Scratch space of one thread: what many visitors see. Tables are [slot, visitor]."""

    price: Any  # traits that every slot needs
    herd: Any
    social: Any
    taste_0: Any
    taste_1: Any
    taste_2: Any
    kol: Any
    is_led: Any  # did a post of an opinion leader reach her lately?
    need: Any  # what decides whether they buy
    emotion: Any
    satisfaction: Any
    mood: Any
    last_buy_day: Any
    rival: Any  # what a rival shop takes from the logit of buying (rules.buy.rival_value); 0 where there is none
    fade: Any  # of what friends told them
    placed: Any  # chances of the first two sticks (rules.expose.Sticks)
    leader: Any  # weight of an opinion leader's post among the strategy's sources
    friend: Any
    chances: Any  # of a slot to go to friends, by the number of their products
    n_friend: Any  # products that friends' slots show
    ranked: Any  # [visitor, place]: their inbox places
    is_memorable: Any  # remembers anything from friends?
    special: Any  # bit s set: slot s needs more than the plain steps
    decides: Any  # buys, or needs more than the plain steps for that
    shown: Any  # bit (product mod 64) set: may be on the screen
    source: Any  # table
    product: Any  # table; -1 = empty, or shown in an earlier slot
    utility: Any  # table
    total: Any
    word_0: Any  # draws
    word_1: Any
    word_2: Any
    word_3: Any
    glance_0: Any  # what the shelf shows of the four products met
    glance_1: Any
    glance_2: Any
    glance_3: Any
    asks: Any  # slots a recommender fills by its score: visitor * 32 + slot
    luck: Any  # of these, as many at a time as there are visitors: luck, noise, the best score so far and its product
    noise: Any
    best: Any
    found: Any
    might: Any  # may what she is offered make her buy?
    seen: Shelf  # what one slot shows to each of them: a shelf with a place for every visitor


def new_view(n: int) -> View:
    """Room for n visitors."""
    tables = {"source": np.int8, "product": np.int32, "utility": np.float64}
    # words as wide as their products with the number of products
    kinds: dict[str, Any] = {f"{name}_{lane}": np.int64 for name in ("word", "glance") for lane in range(4)}
    kinds |= {
        "last_buy_day": np.int16,
        "n_friend": np.int8,
        "is_memorable": np.bool_,
        "special": np.int64,
        "decides": np.bool_,
        "shown": np.int64,
        "found": np.int64,
        "might": np.bool_,
        "is_led": np.bool_,
    }
    columns: dict[str, Any] = {name: np.zeros(n, dtype=kinds.get(name, np.float64)) for name in View._fields}
    columns |= {name: np.zeros((MOST_SLOTS, n), dtype=kind) for name, kind in tables.items()}
    columns["seen"] = Shelf(**{name: np.zeros(n) for name in Shelf._fields})
    columns |= {"ranked": np.zeros((n, INBOX_SIZE), dtype=np.int8), "chances": np.zeros(INBOX_SIZE + 1)}
    return View(**columns | {"asks": np.zeros(n * MOST_SLOTS, dtype=np.int32)})


@rule
def _face(view: View, k: int) -> Traits:
    """The traits that decide what a visitor likes and whether she buys; the others are not known here."""
    return Traits(
        view.price[k], view.herd[k], 0.0, view.social[k], view.emotion[k], 0.0, 0.0, view.need[k], 0.0, 0.0,
        view.taste_0[k], view.taste_1[k], view.taste_2[k],
    )  # fmt: skip


@column_kernel
def enter(
    params: Params,
    traits: Traits,
    state: State,
    inboxes: Inbox,
    offers: Offer,
    shelf: Shelf,
    is_promoting: bool,
    rows: Column,
    agents: Column,
    low: int,
    high: int,
    seed: int,
    day: int,
    view: View,
    desk: Desk,
) -> None:
    """Visitors low..high-1 come in: their tastes, what friends told them, the chances of their slots' sources."""
    n = high - low
    # One number of every cache line first: so small a loop lets the processor fetch many visitors at a time
    # (measured: this function in half the time).
    for k in range(n):
        i = rows[low + k]
        view.total[k] = traits.price[i] + inboxes.strength[i, 0] + state.last_buy_day[i]
    for k in range(n):
        i = rows[low + k]
        view.price[k], view.herd[k], view.need[k] = traits.price[i], traits.herd[i], traits.need[i]
        view.social[k] = traits.social[i]
        view.taste_0[k], view.taste_1[k], view.taste_2[k] = traits.taste_0[i], traits.taste_1[i], traits.taste_2[i]
        view.kol[k], view.is_led[k] = traits.kol[i], state.kol_product[i] >= 0
        view.emotion[k], view.mood[k], view.satisfaction[k] = traits.emotion[i], state.mood[i], state.satisfaction[i]
        view.last_buy_day[k] = state.last_buy_day[i]
        view.fade[k] = day - int(state.inbox_day[i])
    for k in range(n):
        view.fade[k] = fading(params, view.fade[k])
    for k in range(n):
        i = rows[low + k]
        top, known = 0, -1
        for e in range(INBOX_SIZE):
            known = max(known, inboxes.product[i, e])
            top = max(top, inboxes.strength[i, e])
        view.is_memorable[k] = known >= 0
        view.n_friend[k] = 0
        if top * view.fade[k] / STRENGTH_UNIT > SHOWS_ABOVE:
            key, memory = Key(seed, day, agents[k], 0), inbox_of(inboxes, i)
            view.n_friend[k] = friend_products(params, key, memory, view.fade[k], shelf, desk)
            for place in range(view.n_friend[k]):
                view.ranked[k, place] = desk.ranked[place]
    for n_friend in range(INBOX_SIZE + 1):
        view.chances[n_friend] = friend_chance(params, n_friend)
    for k in range(n):
        view.placed[k], view.friend[k] = 0.0, view.chances[view.n_friend[k]]
        i, offer = rows[low + k], offer_of(offers, low + k)
        other = offer.rec_weight + offer.live_weight + offer.content_weight
        if is_promoting or other > 0.0 or state.kol_product[i] >= 0:
            it, me = traits_of(traits, i), state_of(state, i)
            chance = sticks(params, it, me, offer, view.n_friend[k], shelf, is_promoting, day)
            view.placed[k], view.leader[k] = chance.placed, chance.kol


@column_kernel
def look_around(
    params: Params,
    shelf: Shelf,
    agents: Column,
    seed: int,
    day: int,
    n_slots: int,
    taste: float,
    popular: float,
    view: View,
) -> None:
    """Every slot's source, and the product of those that need nobody but the visitor."""
    word_0, word_1, word_2, word_3 = view.word_0, view.word_1, view.word_2, view.word_3
    glance_0, glance_1, glance_2, glance_3 = view.glance_0, view.glance_1, view.glance_2, view.glance_3
    n_products = shelf.id.shape[0]
    for k in range(agents.shape[0]):
        view.special[k] = 0
    for slot in range(n_slots):
        source, product = view.source[slot], view.product[slot]
        for k in range(agents.shape[0]):
            words = draws.block(seed, draws.SLOT_SOURCE, day, agents[k], slot)
            source[k] = slot_source(
                Sticks(view.placed[k], view.friend[k], taste, popular, 0.0, 0.0, 0.0, 0.0, 0.0), words
            )
        # Drawing, fetching what is shown, and looking apart: the first and the last the compiler makes for several
        # visitors at a time.
        for k in range(agents.shape[0]):
            w0, w1, w2, w3 = draws.block(seed, draws.SLOT_ITEM, day, agents[k], item_name(0, int(source[k]), slot))
            word_0[k], word_1[k], word_2[k], word_3[k] = w0, w1, w2, w3
        for k in range(agents.shape[0]):
            glance_0[k] = glance_at(shelf, word_0[k])
            glance_1[k] = glance_at(shelf, word_1[k])
            glance_2[k] = glance_at(shelf, word_2[k])
            glance_3[k] = glance_at(shelf, word_3[k])
        for k in range(agents.shape[0]):
            drawn: Any = (word_0[k], word_1[k], word_2[k], word_3[k])
            shown: Any = (glance_0[k], glance_1[k], glance_2[k], glance_3[k])
            product[k] = look(params, _face(view, k), source[k], n_products, drawn, shown)
        for k in range(agents.shape[0]):
            view.special[k] |= np.int64((source[k] > POPULAR) | (product[k] < 0)) << slot


@column_kernel
def fill_special(
    params: Params,
    traits: Traits,
    state: State,
    inboxes: Inbox,
    offers: Offer,
    shelf: Shelf,
    is_promoting: bool,
    rows: Column,
    agents: Column,
    low: int,
    high: int,
    seed: int,
    world_seed: int,
    day: int,
    n_slots: int,
    view: View,
) -> None:
    """Slots given to friends or to a strategy, and those where none of four products sells."""
    n, at_once = high - low, view.luck.shape[0]
    n_placed = n_asks = 0
    for k in range(n):
        if view.placed[k] > 0.0:
            for slot in range(n_slots):
                if view.source[slot, k] == PLACED:
                    view.asks[n_placed] = k * 32 + slot
                    n_placed += 1
    for first in range(0, n_placed, at_once):
        asks = view.asks[first : min(first + at_once, n_placed)]
        n_asks = place(params, offers, agents, is_promoting, low, seed, day, asks, n_asks, view)
    for first in range(0, n_asks, at_once):
        asks = view.asks[first : min(first + at_once, n_asks)]
        recommend(params, traits, offers, shelf, rows, agents, low, seed, world_seed, day, asks, view)
    for k in range(n):
        if view.special[k] == 0:
            continue
        i, offer, next_friend = rows[low + k], offer_of(offers, low + k), 0
        for slot in range(n_slots):
            source = int(view.source[slot, k])
            if (view.special[k] >> slot) & 1 == 0 or (source == RECOMMENDED and offer.rec_accuracy >= 0.0):
                continue
            product: Any = np.int64(-1)
            if source == FRIEND:
                if next_friend < view.n_friend[k]:
                    product = inboxes.product[i, view.ranked[k, next_friend]]
                    next_friend += 1
            elif source == KOL:
                product = state.kol_product[i]
            else:
                key = Key(seed, day, agents[k], world_seed)
                product = draw_item(params, traits_of(traits, i), key, offer, shelf, source, slot)
            view.product[slot, k] = product


@column_kernel
def place(
    params: Params,
    offers: Offer,
    agents: Column,
    is_promoting: bool,
    low: int,
    seed: int,
    day: int,
    asks: Column,
    n_asks: int,
    view: View,
) -> int:
    """Which of the strategy's sources fills each of these slots.

    Those that a recommender fills by its score are written down from place `n_asks` of `view.asks` on, which never
    passes what was read; returns how many stand there now.
    """
    n = asks.shape[0]
    agent, slots = view.glance_0, view.glance_1
    for m in range(n):
        agent[m], slots[m] = agents[asks[m] >> 5], asks[m] & 31
    for m in range(n):
        w0, w1, w2, w3 = placed_words(Key(seed, day, agent[m], 0), slots[m])
        view.word_0[m], view.word_1[m], view.word_2[m], view.word_3[m] = w0, w1, w2, w3
    promoted = params.w_promo if is_promoting else 0.0
    for m in range(n):
        k = asks[m] >> 5
        j = low + k
        weights = Sticks(
            0.0, 0.0, 0.0, 0.0, view.leader[k], offers.rec_weight[j], offers.live_weight[j], offers.content_weight[j],
            promoted,
        )  # fmt: skip
        drawn: Any = (view.word_0[m], view.word_1[m], view.word_2[m], view.word_3[m])
        source = placed_source(weights, drawn)
        view.source[slots[m], k] = source
        if source == RECOMMENDED and offers.rec_accuracy[j] >= 0.0:
            view.asks[n_asks] = asks[m]
            n_asks += 1
    return n_asks


@column_kernel
def recommend(
    params: Params,
    traits: Traits,
    offers: Offer,
    shelf: Shelf,
    rows: Column,
    agents: Column,
    low: int,
    seed: int,
    world_seed: int,
    day: int,
    asks: Column,
    view: View,
) -> None:
    """Slots that a recommender fills by its score (rules.expose.draw_item), many at a time.

    What takes long is the recommender's error about each visitor and product: drawn apart, the compiler makes several
    at a time.
    """
    n, n_products = asks.shape[0], shelf.id.shape[0]
    agent, product, name, luck, noise = view.glance_0, view.glance_1, view.glance_2, view.luck, view.noise
    best, found = view.best, view.found
    for m in range(n):
        agent[m], name[m] = agents[asks[m] >> 5], item_name(0, RECOMMENDED, asks[m] & 31)
        best[m], found[m] = -1e300, -1
    for m in range(n):
        w0, w1, w2, w3 = draws.block(seed, draws.SLOT_ITEM, day, agent[m], name[m])
        view.word_0[m], view.word_1[m], view.word_2[m], view.word_3[m] = w0, w1, w2, w3
    for lane in range(4):
        word = view.word_0 if lane == 0 else view.word_1 if lane == 1 else view.word_2 if lane == 2 else view.word_3
        for m in range(n):
            product[m] = proposed(word[m], n_products)[0]
            name[m] = shelf.id[product[m]]
        for m in range(n):
            luck[m] = personal_luck(Key(0, 0, agent[m], world_seed), name[m])
        for m in range(n):
            noise[m] = draws.central_normal(luck[m])
        for m in range(n):
            if not draws.is_central(luck[m]):
                noise[m] = draws.normal(luck[m])
        for m in range(n):
            k, j = asks[m] >> 5, product[m]
            score = recommender_score(offers.rec_accuracy[low + k], taste_match(_face(view, k), shelf, j), noise[m])
            is_better = shelf.on_sale[j] & (score > best[m])
            best[m] = score if is_better else best[m]
            found[m] = j if is_better else found[m]
    for m in range(n):
        k, slot = asks[m] >> 5, asks[m] & 31
        item = found[m]
        if item < 0:  # none of the four sells: it goes on looking
            key, i = Key(seed, day, agents[k], world_seed), rows[low + k]
            item = draw_item(params, traits_of(traits, i), key, offer_of(offers, low + k), shelf, RECOMMENDED, slot)
        view.product[slot, k] = item


@column_kernel
def drop_repeats(n: int, n_slots: int, view: View) -> None:
    """A product shown twice counts once, for the slot that showed it first."""
    for k in range(n):
        view.shown[k] = 0
    for slot in range(n_slots):
        product = view.product[slot]
        for earlier in range(slot):
            other = view.product[earlier]
            for k in range(n):
                product[k] = -1 if product[k] == other[k] else product[k]
        for k in range(n):
            view.shown[k] |= np.int64(1) << np.int64(product[k] & 63)


@column_kernel
def like(
    params: Params,
    constants: Constants,
    inboxes: Inbox,
    shelf: Shelf,
    rows: Column,
    n_slots: int,
    view: View,
) -> None:
    """How much they like what they see at the shelf's price, alone; what friends told them included."""
    n, seen = rows.shape[0], view.seen
    for slot in range(n_slots):
        product, source, utility = view.product[slot], view.source[slot], view.utility[slot]
        for k in range(n):  # fetching and liking apart: the second the compiler makes for several visitors at a time
            j = max(product[k], 0)
            seen.taste_0[k], seen.taste_1[k], seen.taste_2[k] = shelf.taste_0[j], shelf.taste_1[j], shelf.taste_2[j]
            seen.appeal[k], seen.popularity[k] = shelf.appeal[j], shelf.popularity[j]
            seen.log_price[k], seen.log_cut[k] = shelf.log_price[j], shelf.log_cut[j]
        for k in range(n):
            it = _face(view, k)
            liked = liking(params, constants, it, seen, k, 0.0, 0, 0.0)
            utility[k] = (
                liked
                + content_effect(params, constants, it, source[k])
                + price_effect(params, constants, it, seen.log_cut[k])
            )
    for k in range(n):
        if not view.is_memorable[k]:
            continue
        i, hits = rows[k], 0
        for e in range(INBOX_SIZE):
            j = int(inboxes.product[i, e])
            hits |= ((view.shown[k] >> (j & 63)) & 1 & ~(j >> 31)) << e
        if hits == 0:
            continue
        for e in range(INBOX_SIZE):
            j = int(inboxes.product[i, e])
            if (hits >> e) & 1 == 0:
                continue
            for slot in range(n_slots):
                if view.product[slot, k] == j:
                    strength = inboxes.strength[i, e] * view.fade[k] / STRENGTH_UNIT
                    it = _face(view, k)
                    liked = liking(params, constants, it, shelf, j, strength, inboxes.count[i, e], 0.0)
                    liked += content_effect(params, constants, it, view.source[slot, k])
                    view.utility[slot, k] = liked + price_effect(params, constants, it, shelf.log_cut[j])
                    break


@column_kernel
def weigh(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    offers: Offer,
    shelf: Shelf,
    favours: Column,
    rows: Column,
    agents: Column,
    low: int,
    high: int,
    seed: int,
    day: int,
    n_slots: int,
    view: View,
) -> None:
    """Who buys, eq. 5; and whose offers or opinion leader may make them buy, which takes the full calculation.

    `favours`: visitors whose favourite must be known whether they buy or not.
    """
    n = high - low
    for k in range(n):
        view.total[k] = 0.0
    for slot in range(n_slots):
        product, utility = view.product[slot], view.utility[slot]
        for k in range(n):
            view.total[k] += exp(utility[k]) if product[k] >= 0 else 0.0
    if params.w_rival > 0.0:  # else it stays at 0 all the run
        for k in range(n):
            view.rival[k] = rival_value(params, constants, _face(view, k))
    for k in range(n):
        w0, _, _, _ = draws.block(seed, draws.BUY, day, agents[k], 0)
        inclusive = inclusive_value(params, view.total[k])
        urge = buy_probability(
            params, _face(view, k), inclusive, day - int(view.last_buy_day[k]), view.satisfaction[k], view.mood[k],
            offers.urge[low + k] - view.rival[k],
        )  # fmt: skip
        view.decides[k] = (view.total[k] > 0.0) & (draws.unit(w0) < urge)
    n_offered = 0
    for k in range(n):
        has_coupon = (offers.coupon_share[low + k] > 0.0) | (offers.coupon_cents[low + k] > 0)
        has_more = (offers.team_tactics[low + k] != 0) | (state.kol_product[rows[low + k]] >= 0)
        view.might[k] = has_coupon | has_more | (offers.live_weight[low + k] > 0.0)
        view.decides[k] |= favours[low + k]
        n_offered += view.might[k]
    if n_offered == 0:
        return
    most = lures(shelf)
    for k in range(n):  # a generous question first, of many at a time
        it = Traits(
            view.price[k], 0.0, 0.0, 0.0, view.emotion[k], view.kol[k], 0.0, view.need[k], 0.0, 0.0, 0.0, 0.0, 0.0
        )
        terms = Offer(
            offers.coupon_share[low + k], 0, offers.coupon_cents[low + k], offers.coupon_min_cents[low + k], 0, 0, 0, 0,
            offers.team_tactics[low + k], 0.0, 0.0, 0, 0, 0.0, offers.live_weight[low + k], 0, 0.0, 0.0, 0.0,
        )  # fmt: skip
        total = view.total[k] * most_lure(params, constants, it, terms, most, view.is_led[k])
        w0, _, _, _ = draws.block(seed, draws.BUY, day, agents[k], 0)
        chance = buy_probability(
            params, it, inclusive_value(params, total), day - int(view.last_buy_day[k]), view.satisfaction[k],
            view.mood[k], offers.urge[low + k] + impulse(params, constants, it, terms) - view.rival[k],
        )  # fmt: skip
        view.might[k] &= (view.total[k] > 0.0) & (draws.unit(w0) < chance * (1.0 + ROUNDING))
    for k in range(n):
        if view.might[k] and not view.decides[k]:
            i, offer = rows[low + k], offer_of(offers, low + k)
            it, posted = traits_of(traits, i), state.kol_product[i]
            total = 0.0
            for slot in range(n_slots):
                product = view.product[slot, k]
                if product >= 0:
                    presence = presence_after(params, day - state.kol_day[i]) if product == posted else 0.0
                    total += most_weight(
                        params, constants, it, offer, shelf, product, view.utility[slot, k], presence, state.team[i] < 0
                    )
            if total > 0.0:
                w0, _, _, _ = draws.block(seed, draws.BUY, day, agents[k], 0)
                chance = buy_probability(
                    params, it, inclusive_value(params, total), day - int(view.last_buy_day[k]), view.satisfaction[k],
                    view.mood[k], offer.urge + impulse(params, constants, it, offer) - view.rival[k],
                )  # fmt: skip
                view.decides[k] = draws.unit(w0) < chance * (1.0 + ROUNDING)


@column_kernel
def buy(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    inboxes: Inbox,
    offers: Offer,
    shelf: Shelf,
    public: Column,
    teams: Column,
    first_team: int,
    rows: Column,
    agents: Column,
    low: int,
    high: int,
    seed: int,
    day: int,
    n_slots: int,
    view: View,
    desk: Desk,
    out: Choice,
) -> None:
    """Phase 6 in full for those who buy, or who are offered more than the shelf's price."""
    for place in range(high - low):
        k = low + place
        out.product[k] = -1
        out.favourite[k] = -1
        if not view.decides[place]:
            continue
        n = 0
        for slot in range(n_slots):
            if view.product[slot, place] >= 0:
                desk.product[n] = view.product[slot, place]
                desk.source[n] = view.source[slot, place]
                n += 1
        i = rows[k]
        c = decide(
            params, constants, traits_of(traits, i), state_of(state, i), offer_of(offers, k), inbox_of(inboxes, i),
            shelf, public, teams, first_team, i, Key(seed, day, agents[place], 0), n, desk,
        )  # fmt: skip
        out.product[k] = c.product
        out.favourite[k] = c.favourite
        out.is_team[k] = c.is_team
        out.team[k] = c.team
        out.would_found[k] = c.would_found
        out.quantity[k] = c.quantity
        out.source[k] = c.source
        out.parent[k] = c.parent
        out.unit_cents[k] = c.unit_cents
        out.coupon[k] = c.coupon
        out.team_cents[k] = c.team_cents
        out.hype[k] = c.hype
        out.kol_tactic[k] = c.kol_tactic


@column_kernel
def look_and_choose(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    inboxes: Inbox,
    offers: Offer,
    shelf: Shelf,
    is_promoting: bool,
    public: Column,
    teams: Column,
    first_team: int,
    favours: Column,
    rows: Column,
    all_agents: Column,
    first: int,
    last: int,
    seed: int,
    world_seed: int,
    day: int,
    view: View,
    desk: Desk,
    out: Choice,
) -> None:
    """Phases 5-6 for visitors first..last-1; `all_agents` are the ids of `rows`, `favours` as in `weigh`."""
    n_slots = int(params.attention)
    taste, popular = taste_chance(params), popular_chance(params)
    at_once = view.total.shape[0]
    for low in range(first, last, at_once):
        high = min(low + at_once, last)
        agents = all_agents[low:high]
        enter(
            params, traits, state, inboxes, offers, shelf, is_promoting, rows, agents, low, high, seed, day, view,
            desk,
        )  # fmt: skip
        look_around(params, shelf, agents, seed, day, n_slots, taste, popular, view)
        fill_special(
            params, traits, state, inboxes, offers, shelf, is_promoting, rows, agents, low, high, seed, world_seed, day,
            n_slots, view,
        )  # fmt: skip
        drop_repeats(high - low, n_slots, view)
        like(params, constants, inboxes, shelf, rows[low:high], n_slots, view)
        weigh(
            params, constants, traits, state, offers, shelf, favours, rows, agents, low, high, seed, day, n_slots, view,
        )  # fmt: skip
        buy(
            params, constants, traits, state, inboxes, offers, shelf, public, teams, first_team, rows, agents, low,
            high, seed, day, n_slots, view, desk, out,
        )  # fmt: skip


@column_kernel
def want_unlock(
    params: Params,
    constants: Constants,
    traits: Traits,
    offers: Offer,
    rows: Column,
    agents: Column,
    seed: int,
    day: int,
    luck: Column,
    out: Column,
) -> None:
    """Phase 5b: which visitors, whose ids are `agents`, share to get a coupon; `luck` is room for their draws."""
    for k in range(rows.shape[0]):
        luck[k] = share.unlock_luck(Key(seed, day, agents[k], 0))
    for k in range(rows.shape[0]):
        face = offers.unlock_cents[k]
        out[k] = False
        if face > 0:
            out[k] = share.wants_unlock(params, constants, traits_of(traits, rows[k]), luck[k], face)
