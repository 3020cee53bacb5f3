"""What fills the slots of many visitors: chance, friends, the strategy's sources; imports rules, `draws`, view, rows.

The first half of the steps in visits.py, which says why they are steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import draws
from sim._jit import column_kernel
from sim.engines.rows import offer_of, traits_of
from sim.engines.view import View, face
from sim.params import Params
from sim.rules.expose import (
    PLACED,
    Sticks,
    draw_item,
    glance_at,
    item_name,
    look,
    personal_luck,
    placed_source,
    placed_words,
    proposed,
    recommender_score,
    slot_source,
    taste_match,
)
from sim.rules.records import (
    FRIEND,
    KOL,
    POPULAR,
    RECOMMENDED,
    Column,
    Inbox,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)


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
            product[k] = look(params, face(view, k), source[k], n_products, drawn, shown)
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
        i, next_friend = rows[low + k], 0
        is_scored = offers.rec_accuracy[low + k] >= 0.0
        for slot in range(n_slots):
            source = int(view.source[slot, k])
            if (view.special[k] >> slot) & 1 == 0 or (source == RECOMMENDED and is_scored):
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
                product = draw_item(params, traits_of(traits, i), key, offer_of(offers, low + k), shelf, source, slot)
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
    best, found, rare, tail = view.best, view.found, view.glance_3, view.total
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
        n_rare = 0  # those out of its reach, put together
        for m in range(n):
            rare[n_rare] = m
            n_rare += not draws.is_central(luck[m])
        for x in range(n_rare):
            tail[x] = luck[rare[x]]
        for x in range(n_rare):
            tail[x] = draws.normal(tail[x])
        for x in range(n_rare):
            noise[rare[x]] = tail[x]
        for m in range(n):
            k, j = asks[m] >> 5, product[m]
            score = recommender_score(offers.rec_accuracy[low + k], taste_match(face(view, k), shelf, j), noise[m])
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
