"""Compiled loops over columns, one per phase, and the columns they work on; imports rules, `draws`, `_jit`, world.

Dense loops go over all shoppers and are nearly all arithmetic; sparse ones over those who acted. All take
what they read and write as columns, allocate nothing, and write only their own block or rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import column_kernel, rule
from sim.engines.world import World
from sim.params import Params
from sim.rules import feel, leave, share
from sim.rules.buy import decide
from sim.rules.expose import choose_sources, fill_slots, friend_products, item_name, taste_match
from sim.rules.fulfil import deliver, order_name
from sim.rules.records import (
    ACTIVE,
    INBOX_SIZE,
    MOST_SLOTS,
    NEVER,
    PROSPECT,
    SAMPLE,
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
from sim.rules.remember import (
    SEEN_MOST,
    SENT_MOST,
    is_personal,
    is_post,
    is_warning,
    message_weight,
    notices,
    remember,
)
from sim.rules.review import review_probability, stars
from sim.rules.visit import action, acts

Ints = NDArray[np.int64]


def new_state(world: World, n_friends_active: NDArray[np.int32]) -> State:
    """Everybody's state at the start of the burn-in."""
    population = world.population
    n = len(population)
    is_registered = population.is_registered
    tenure = population.tenure_days.astype(np.int16)

    def filled(value: Any, dtype: Any) -> NDArray[Any]:
        return np.full(n, value, dtype=dtype)

    return State(
        status=np.where(is_registered, ACTIVE, PROSPECT).astype(np.int8),
        registered_day=np.where(is_registered, -tenure, NEVER).astype(np.int16),
        last_visit_day=filled(NEVER, np.int16),
        last_buy_day=filled(NEVER, np.int16),
        lapsed_day=filled(NEVER, np.int16),
        n_orders=filled(0, np.int32),
        satisfaction=filled(0.0, np.float64),
        mood=filled(0.0, np.float64),
        fatigue=filled(0.0, np.float64),
        joy=filled(0.0, np.float64),
        left=filled(0, np.int64),
        left_day=filled(0, np.int16),
        n_friends_active=n_friends_active,
        heard=filled(0, np.int16),
        seen=filled(0, np.int16),
        valence=filled(0, np.int16),
        n_posts=filled(0, np.int16),
        kol_product=filled(-1, np.int32),
        kol_day=filled(0, np.int16),
        kol_hype=filled(0.0, np.float64),
        kol_tactic=filled(-1, np.int8),
        team=filled(-1, np.int32),
        invited_by=filled(-1, np.int32),
        inbox_day=filled(0, np.int16),
    )


def new_inbox(n: int) -> Inbox:
    """Empty memories for n shoppers (n x INBOX_SIZE)."""
    shape = (n, INBOX_SIZE)
    return Inbox(
        product=np.full(shape, -1, dtype=np.int32),
        strength=np.zeros(shape, dtype=np.int32),
        count=np.zeros(shape, dtype=np.int16),
        sender=np.full(shape, -1, dtype=np.int32),
        sender_day=np.zeros(shape, dtype=np.int16),
        team=np.full(shape, -1, dtype=np.int32),
    )


def new_desk() -> Desk:
    """Scratch space for one thread."""
    floats = ("utility", "team_utility", "found_utility", "weight", "times")
    sizes = {"ranked": INBOX_SIZE, "times": INBOX_SIZE}
    columns: dict[str, Any] = {
        name: np.zeros(sizes.get(name, MOST_SLOTS), dtype=np.float64 if name in floats else np.int64)
        for name in Desk._fields
    }
    return Desk(**columns)


class View(NamedTuple):
    """Scratch space of one thread for many visitors at once: their slots."""

    word_0: Any  # draws: [slot, visitor]
    word_1: Any
    word_2: Any
    word_3: Any
    names: Any  # items of the next draws: [slot, visitor]
    n_friend: Any
    ranked: Any
    source: Any  # of every slot, then of every product shown
    n_shown: Any
    shown: Any


def new_view(n: int) -> View:
    """Room for n visitors."""
    return View(
        **{f"word_{lane}": np.zeros((MOST_SLOTS, n), dtype=np.uint32) for lane in range(4)},
        names=np.zeros((MOST_SLOTS, n), dtype=np.int64),
        n_friend=np.zeros(n, dtype=np.int64),
        ranked=np.zeros((n, INBOX_SIZE), dtype=np.int8),
        source=np.zeros((n, MOST_SLOTS), dtype=np.int8),
        n_shown=np.zeros(n, dtype=np.int64),
        shown=np.zeros((n, MOST_SLOTS), dtype=np.int32),
    )


@rule
def _traits_of(t: Traits, i: int) -> Traits:
    return Traits(
        t.price[i], t.herd[i], t.trust[i], t.social[i], t.emotion[i], t.kol[i], t.intensity[i], t.need[i], t.stay[i],
        t.arrive[i], t.taste_0[i], t.taste_1[i], t.taste_2[i],
    )  # fmt: skip


@rule
def _state_of(s: State, i: int) -> State:
    # int(): in plain Python narrow types would overflow (NumPy 2 keeps them)
    return State(
        int(s.status[i]), int(s.registered_day[i]), int(s.last_visit_day[i]),
        int(s.last_buy_day[i]), int(s.lapsed_day[i]), int(s.n_orders[i]), s.satisfaction[i],
        s.mood[i], s.fatigue[i], s.joy[i], int(s.left[i]), int(s.left_day[i]), int(s.n_friends_active[i]),
        int(s.heard[i]), int(s.seen[i]), int(s.valence[i]), int(s.n_posts[i]), int(s.kol_product[i]),
        int(s.kol_day[i]), s.kol_hype[i], int(s.kol_tactic[i]), int(s.team[i]), int(s.invited_by[i]),
        int(s.inbox_day[i]),
    )  # fmt: skip


@rule
def _offer_of(o: Offer, k: int) -> Offer:
    return Offer(
        o.coupon_share[k], o.coupon_share_tactic[k], o.coupon_cents[k], o.coupon_min_cents[k],
        o.coupon_cents_tactic[k], o.unlock_cents[k], o.unlock_min_cents[k], o.unlock_tactic[k], o.team_tactics[k],
        o.rec_weight[k], o.rec_accuracy[k], o.rec_tactic[k],
    )  # fmt: skip


@rule
def _inbox_of(b: Inbox, i: int) -> Inbox:
    return Inbox(b.product[i], b.strength[i], b.count[i], b.sender[i], b.sender_day[i], b.team[i])


# --- dense phases ----------------------------------------------------------------------------------


@column_kernel
def wake(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    ids: Column,
    seed: int,
    day: int,
    is_acting: Column,
    churn_word: Column,
) -> None:
    """Phases 1-3: who does anything this morning. One block of four draws serves visit, churn, return, arrive."""
    for i in range(ids.shape[0]):
        words = draws.block(seed, draws.LIFE, day, ids[i], 0)
        churn_word[i] = words[1]
        me, it = _state_of(state, i), _traits_of(traits, i)
        is_acting[i] = acts(params, constants, it, me, me.invited_by >= 0, day, words)


@column_kernel
def name_actions(
    params: Params, traits: Traits, state: State, rows: Column, ids: Column, seed: int, day: int, out: Column
) -> None:
    """What those who do something do."""
    for k in range(rows.shape[0]):
        i = rows[k]
        me, words = _state_of(state, i), draws.block(seed, draws.LIFE, day, ids[i], 0)
        out[k] = action(params, _traits_of(traits, i), me, me.invited_by >= 0, words)


@column_kernel
def close_day(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    n_heard: Column,
    churn_word: Column,
    day: int,
    lapses: Column,
) -> None:
    """Phases 10-11: mood, fatigue and leaving of everybody who is active; clears what only lasts a day."""
    for i in range(n_heard.shape[0]):
        me, it = _state_of(state, i), _traits_of(traits, i)
        is_active = me.status == ACTIVE
        mood, fatigue = feel.next_mood(params, me), feel.next_fatigue(params, me)
        p = leave.leave_probability(params, constants, it, me, fatigue, n_heard[i], day)
        state.mood[i] = mood if is_active else me.mood
        state.fatigue[i] = fatigue if is_active else me.fatigue
        lapses[i] = is_active & (draws.unit(churn_word[i]) < p)
        state.joy[i] = 0.0
        state.heard[i] = 0
        state.seen[i] = 0
        state.valence[i] = 0
        state.n_posts[i] = 0


# --- visits ----------------------------------------------------------------------------------------


@column_kernel
def want_unlock(
    params: Params,
    constants: Constants,
    traits: Traits,
    offers: Offer,
    rows: Column,
    ids: Column,
    seed: int,
    day: int,
    out: Column,
) -> None:
    for k in range(rows.shape[0]):
        out[k] = False
        if offers.unlock_cents[k] > 0:
            it = _traits_of(traits, rows[k])
            key = Key(seed, day, ids[rows[k]], 0)
            out[k] = share.wants_unlock(params, constants, it, key, offers.unlock_cents[k])


@column_kernel
def draw_slots(purpose: int, agents: Column, seed: int, day: int, n_slots: int, view: View) -> None:
    """Blocks of all slots' draws for many visitors; view.names[slot, visitor] are their items."""
    for slot in range(n_slots):
        # rows of their own, because only separate arrays let the compiler make several draws at a time
        names, word_0, word_1 = view.names[slot], view.word_0[slot], view.word_1[slot]
        word_2, word_3 = view.word_2[slot], view.word_3[slot]
        for k in range(agents.shape[0]):
            w0, w1, w2, w3 = draws.block(seed, purpose, day, agents[k], names[k])
            word_0[k] = w0
            word_1[k] = w1
            word_2[k] = w2
            word_3[k] = w3


@rule
def _take_words(view: View, k: int, n_slots: int, desk: Desk) -> None:
    for slot in range(n_slots):
        desk.word_0[slot] = view.word_0[slot, k]
        desk.word_1[slot] = view.word_1[slot, k]
        desk.word_2[slot] = view.word_2[slot, k]
        desk.word_3[slot] = view.word_3[slot, k]


@column_kernel
def give_sources(
    params: Params,
    traits: Traits,
    state: State,
    inbox: Inbox,
    offers: Offer,
    shelf: Shelf,
    is_promoting: bool,
    rows: Column,
    low: int,
    high: int,
    ids: Column,
    seed: int,
    day: int,
    view: View,
    desk: Desk,
) -> None:
    """Phase 5, first half, for visitors low..high-1: the source of every slot, and the names of its proposals."""
    n_slots = int(params.attention)
    for k in range(high - low):
        i = rows[low + k]
        key = Key(seed, day, ids[i], 0)
        it, me, offer, memory = (
            _traits_of(traits, i),
            _state_of(state, i),
            _offer_of(offers, low + k),
            _inbox_of(inbox, i),
        )
        _take_words(view, k, n_slots, desk)
        view.n_friend[k] = friend_products(params, key, memory, day - me.inbox_day, shelf, desk)
        choose_sources(params, it, me, offer, view.n_friend[k], shelf, is_promoting, key, n_slots, desk)
        for place in range(view.n_friend[k]):
            view.ranked[k, place] = desk.ranked[place]
        for slot in range(n_slots):
            view.source[k, slot] = desk.slot_source[slot]
            view.names[slot, k] = item_name(0, desk.slot_source[slot], slot)


@column_kernel
def show(
    params: Params,
    traits: Traits,
    state: State,
    inbox: Inbox,
    offers: Offer,
    shelf: Shelf,
    rows: Column,
    low: int,
    high: int,
    ids: Column,
    seed: int,
    world_seed: int,
    day: int,
    view: View,
    desk: Desk,
) -> None:
    """Phase 5, second half: what they see (row k - low of view.shown; view.source becomes why it was shown)."""
    n_slots = int(params.attention)
    for k in range(high - low):
        i = rows[low + k]
        key = Key(seed, day, ids[i], world_seed)
        it, me, offer, memory = (
            _traits_of(traits, i),
            _state_of(state, i),
            _offer_of(offers, low + k),
            _inbox_of(inbox, i),
        )
        _take_words(view, k, n_slots, desk)
        for place in range(view.n_friend[k]):
            desk.ranked[place] = view.ranked[k, place]
        for slot in range(n_slots):
            desk.slot_source[slot] = view.source[k, slot]
        n = fill_slots(params, it, me, offer, memory, view.n_friend[k], shelf, key, n_slots, desk)
        view.n_shown[k] = n
        for place in range(n):
            view.shown[k, place] = desk.product[place]
            view.source[k, place] = desk.source[place]


@column_kernel
def choose(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    inbox: Inbox,
    offers: Offer,
    shelf: Shelf,
    public: Column,
    teams: Column,
    first_team: int,
    rows: Column,
    low: int,
    high: int,
    ids: Column,
    seed: int,
    day: int,
    view: View,
    desk: Desk,
    out: Choice,
) -> None:
    """Phase 6 for visitors low..high-1: what they choose of what they see."""
    for j in range(high - low):
        k = low + j
        i = rows[k]
        for place in range(view.n_shown[j]):
            desk.product[place] = view.shown[j, place]
            desk.source[place] = view.source[j, place]
        c = decide(
            params, constants, _traits_of(traits, i), _state_of(state, i), _offer_of(offers, k), _inbox_of(inbox, i),
            shelf, public, teams, first_team, i, Key(seed, day, ids[i], 0), view.n_shown[j], desk,
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
    inbox: Inbox,
    offers: Offer,
    shelf: Shelf,
    is_promoting: bool,
    public: Column,
    teams: Column,
    first_team: int,
    rows: Column,
    agents: Column,
    first: int,
    last: int,
    ids: Column,
    seed: int,
    world_seed: int,
    day: int,
    view: View,
    desk: Desk,
    out: Choice,
) -> None:
    """Phases 5-6 for visitors first..last-1, in the steps of rules.expose and rules.decide.

    Some thousand visitors take each step in turn, so that draws are made several at a time and every loop
    stays small enough for the compiler (measured: about half the time). `agents` are the ids of `rows`.
    """
    n_slots = int(params.attention)
    at_once = view.n_shown.shape[0]
    for low in range(first, last, at_once):
        high = min(low + at_once, last)
        for slot in range(n_slots):
            for k in range(high - low):
                view.names[slot, k] = slot
        draw_slots(draws.SLOT_SOURCE, agents[low:high], seed, day, n_slots, view)
        give_sources(
            params, traits, state, inbox, offers, shelf, is_promoting, rows, low, high, ids, seed, day, view, desk
        )
        draw_slots(draws.SLOT_ITEM, agents[low:high], seed, day, n_slots, view)
        show(params, traits, state, inbox, offers, shelf, rows, low, high, ids, seed, world_seed, day, view, desk)
        choose(
            params, constants, traits, state, inbox, offers, shelf, public, teams, first_team, rows, low, high, ids,
            seed, day, view, desk, out,
        )  # fmt: skip


# --- sparse phases ---------------------------------------------------------------------------------


@column_kernel
def hear(state: State, receivers: Column, kinds: Column) -> None:
    """Personal messages arrive in the morning."""
    for m in range(receivers.shape[0]):
        if is_personal(kinds[m]):
            r = receivers[m]
            if state.seen[r] < SEEN_MOST:
                state.heard[r] += 1
                state.seen[r] += 1
                state.valence[r] += -1 if is_warning(kinds[m]) else 1


@column_kernel
def notice(
    params: Params,
    state: State,
    ids: Column,
    product_ids: Column,
    senders: Column,
    receivers: Column,
    products: Column,
    kinds: Column,
    visits_today: Column,
    seed: int,
    day: int,
    kept: Column,
) -> None:
    """Which messages reach a mind: personal ones always, posts on a visit and by luck, purchases if she is active."""
    for m in range(receivers.shape[0]):
        r, kind = receivers[m], kinds[m]
        kept[m] = notices(
            params, Key(seed, day, ids[r], 0), kind, state.status[r] == ACTIVE, visits_today[r] > 0, ids[senders[m]],
            product_ids[products[m]],
        )  # fmt: skip
        if kept[m] and is_post(kind) and state.seen[r] < SEEN_MOST:
            state.seen[r] += 1
            state.valence[r] += -1 if is_warning(kind) else 1


@column_kernel
def remember_all(
    params: Params,
    state: State,
    inbox: Inbox,
    ids: Column,
    product_ids: Column,
    receivers: Column,
    products: Column,
    weights: Column,
    kinds: Column,
    senders: Column,
    sender_ids: Column,
    teams: Column,
    seed: int,
    day: int,
) -> None:
    """Phase 4: messages, sorted by receiver and product, go into the receivers' inboxes."""
    start = 0
    n = receivers.shape[0]
    while start < n:
        r = receivers[start]
        stop = start + 1
        while stop < n and receivers[stop] == r:
            stop += 1
        remember(
            params, Key(seed, day, ids[r], 0), _inbox_of(inbox, r), day - state.inbox_day[r], product_ids,
            products[start:stop], weights[start:stop], kinds[start:stop], senders[start:stop], sender_ids[start:stop],
            teams[start:stop],
        )  # fmt: skip
        state.inbox_day[r] = day
        start = stop


@column_kernel
def fulfil(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    shelf: Shelf,
    rows: Column,
    products: Column,
    mode: Column,
    hype: Column,
    ids: Column,
    seed: int,
    day: int,
    is_returned: Column,
    given: Column,
    is_shared: Column,
    is_posted: Column,
    is_bad: Column,
) -> None:
    """Phases 7-9 for today's orders and samples: experience, return, stars (0 = no review), wish to share."""
    for k in range(rows.shape[0]):
        i, j = rows[k], products[k]
        key = Key(seed, day, ids[i], 0)
        it = _traits_of(traits, i)
        name = order_name(shelf.id[j], mode[k])
        s, sent_back, u = deliver(params, key, name, shelf.quality[j], taste_match(it, shelf, j), hype[k])
        is_returned[k] = sent_back and mode[k] != SAMPLE
        given[k] = stars(params, it, s, shelf.rating[j]) if u < review_probability(params, s) else 0
        is_shared[k], is_posted[k] = share.shares(params, constants, it, key, name, s, shelf.arousal[j])
        is_bad[k] = s < params.s_bad
        state.satisfaction[i] = feel.next_satisfaction(params, state.satisfaction[i], s)
        state.joy[i] += feel.joy(s)
        state.last_buy_day[i] = day
        state.n_orders[i] += mode[k] != SAMPLE


@column_kernel
def let_down(params: Params, state: State, rows: Column) -> None:
    """Members of teams that failed."""
    for k in range(rows.shape[0]):
        i = rows[k]
        state.satisfaction[i] = feel.next_satisfaction(params, state.satisfaction[i], params.s_team)
        state.joy[i] += feel.joy(params.s_team)
        state.team[i] = -1


@column_kernel
def send(
    params: Params,
    constants: Constants,
    trust: Column,
    indptr: Column,
    audience: Column,
    strength: Column,
    n_sent: Column,
    ids: Column,
    product_ids: Column,
    sharers: Column,
    shared: Column,
    good: Column,
    teams: Column,
    seed: int,
    day: int,
    out_sender: Column,
    out_receiver: Column,
    out_product: Column,
    out_weight: Column,
    out_kind: Column,
    out_team: Column,
    out_tie: Column,
) -> int:
    """Phase 9: shares become messages to friends (personal ones: each tie by luck; others: everybody)."""
    n = 0
    for k in range(sharers.shape[0]):
        i, kind = sharers[k], good[k]
        key = Key(seed, day, ids[i], 0)
        p = share.tie_probability(params, constants, indptr[i + 1] - indptr[i])
        for e in range(indptr[i], indptr[i + 1]):
            r = audience[e]
            if is_personal(kind) and not share.sends_to(key, ids[r], product_ids[shared[k]], p):
                continue
            out_sender[n] = i
            out_receiver[n] = r
            out_product[n] = shared[k]
            out_weight[n] = message_weight(params, constants, trust[r], int(strength[e]), int(n_sent[e]), kind)
            out_kind[n] = kind
            out_team[n] = teams[k]
            out_tie[n] = e
            n += 1
    for m in range(n):
        if is_personal(out_kind[m]) and n_sent[out_tie[m]] < SENT_MOST:
            n_sent[out_tie[m]] += 1
    return n


@column_kernel
def accept(
    params: Params, state: State, ids: Column, prospects: Column, counts: Column, seed: int, day: int, out: Column
) -> None:
    for k in range(prospects.shape[0]):
        out[k] = share.accepts(params, Key(seed, day, ids[prospects[k]], 0), counts[k])


@column_kernel
def tell_friends(
    indptr: Column,
    audience: Column,
    strength: Column,
    rows: Column,
    change: int,
    registered_day: Column,
    day: int,
    n_friends_active: Column,
    left: Column,
    left_day: Column,
) -> None:
    """Friends learn who became active (change 1) or left (change -1); leaving counts if she had tenure."""
    for k in range(rows.shape[0]):
        i = rows[k]
        has_tenure = change < 0 and day - registered_day[i] >= leave.TENURED_DAYS
        for e in range(indptr[i], indptr[i + 1]):
            r = audience[e]
            n_friends_active[r] += change
            if has_tenure:
                left[r] = leave.faded_left(left[r], day - left_day[r]) + (np.int64(strength[e]) << 22)
                left_day[r] = day
