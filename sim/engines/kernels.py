"""Compiled loops over columns, one per phase; imports rules, `draws`, `_jit`, rows.

Dense loops go over all shoppers and are nearly all arithmetic; sparse ones over those who acted. All take
what they read and write as columns, allocate nothing, and write only their own block or rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import column_kernel
from sim.day import SHARES_FOR_TEAM, SHARES_ORDER, SHARES_SAMPLE, SHARES_TO_UNLOCK
from sim.engines.rows import inbox_of, state_of, traits_of
from sim.params import Params
from sim.rules import feel, leave, share
from sim.rules import reach as reaching
from sim.rules.expose import taste_match
from sim.rules.fulfil import deliver, order_name
from sim.rules.records import (
    ACTIVE,
    LIVE,
    SAMPLE,
    Column,
    Constants,
    Inbox,
    Key,
    Shelf,
    State,
    Traits,
)
from sim.rules.remember import (
    ASK,
    BAD,
    GOOD,
    OWN,
    POST,
    SEEN_MOST,
    SENT_MOST,
    is_personal,
    is_post,
    is_warning,
    message_weight,
    notices,
    remember,
)
from sim.rules.review import review_probability, review_reward, stars
from sim.rules.visit import action, acts, could_act

Ints = NDArray[np.int64]


# --- what the shop does to people who are not in it ---------------------------------------------------


@column_kernel
def reach(
    params: Params,
    traits: Traits,
    state: State,
    rows: Column,
    pushes: Column,
    pull: Column,
    hold: Column,
    impulse: Column,
    blow: Column,
    ids: Column,
    seed: int,
    day: int,
    opts_out: Column,
) -> None:
    """Phase 0: contacts reach people; who of them switches pushes off for good."""
    for k in range(rows.shape[0]):
        i = rows[k]
        me, it = state_of(state, i), traits_of(traits, i)
        opts_out[k] = reaching.opts_out(params, Key(seed, day, ids[i], 0), me, pushes[k])
        comes, leaves, state.mood[i], state.satisfaction[i] = reaching.reached(
            params, it, me, day, pushes[k], pull[k], hold[k], impulse[k], blow[k]
        )
        state.pull[i], state.hold[i] = comes * reaching.STEPS, leaves * reaching.STEPS
        state.pushes[i] = pushes[k]


# --- dense phases ----------------------------------------------------------------------------------


@column_kernel
def wake(
    params: Params,
    traits: Traits,
    state: State,
    ids: Column,
    seed: int,
    day: int,
    most_returns: float,
    may_act: Column,
    churn_word: Column,
) -> None:
    """Phases 1-3: who may do anything this morning. One block of draws serves visit, churn, return, arrive."""
    for i in range(ids.shape[0]):
        words = draws.block(seed, draws.LIFE, day, ids[i], 0)
        churn_word[i] = words[1]
        me = state_of(state, i)
        may_act[i] = could_act(params, traits_of(traits, i), me, me.invited_by >= 0, most_returns, words)


@column_kernel
def act(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    rows: Column,
    ids: Column,
    seed: int,
    day: int,
    out: Column,
) -> int:
    """Of those who may act, who does and what: moved to the front of `rows` and `out`; answers how many."""
    n = 0
    for k in range(rows.shape[0]):
        i = rows[k]
        me, it, words = state_of(state, i), traits_of(traits, i), draws.block(seed, draws.LIFE, day, ids[i], 0)
        is_invited = me.invited_by >= 0
        is_acting = me.status == ACTIVE or acts(params, constants, it, me, is_invited, day, words)
        if is_acting:
            rows[n], out[n] = i, action(params, it, me, is_invited, words)
            n += 1
    return n


@column_kernel
def close_day(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    n_heard: Column,
    churn_word: Column,
    may_leave: Column,
) -> None:
    """Phases 10-11: mood and fatigue of everybody who is active, and who may leave (a generous bound)."""
    for i in range(n_heard.shape[0]):
        me, it = state_of(state, i), traits_of(traits, i)
        is_active = me.status == ACTIVE
        mood, fatigue = feel.next_mood(params, me), feel.next_fatigue(params, me)
        p = leave.most_leaves(params, constants, it, me, fatigue, n_heard[i])
        state.mood[i] = mood if is_active else me.mood
        state.fatigue[i] = fatigue if is_active else me.fatigue
        may_leave[i] = is_active & (draws.unit(churn_word[i]) < p)


@column_kernel
def leaves(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    rows: Column,
    n_heard: Column,
    churn_word: Column,
    day: int,
    out: Column,
) -> None:
    """Phase 11: which of those who may leave do."""
    for k in range(rows.shape[0]):
        i = rows[k]
        me, it = state_of(state, i), traits_of(traits, i)
        p = leave.leave_probability(params, constants, it, me, me.fatigue, n_heard[i], day)
        out[k] = draws.unit(churn_word[i]) < p


@column_kernel
def forget_day(state: State, rows: Column) -> None:
    """Clear what people heard and experienced today."""
    for k in range(rows.shape[0]):
        i = rows[k]
        state.joy[i] = 0.0
        state.heard[i] = 0
        state.seen[i] = 0
        state.valence[i] = 0
        state.n_posts[i] = 0
        state.pushes[i] = 0
        state.pull[i] = 0
        state.hold[i] = 0


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
    inboxes: Inbox,
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
) -> int:
    """Phase 4: messages, sorted by receiver and product, go into the receivers' inboxes."""
    start = 0
    n = receivers.shape[0]
    fetched = 0  # one number of every cache line first: so small a loop fetches many inboxes at a time
    for m in range(n):
        r = receivers[m]
        fetched += inboxes.product[r, 0] + inboxes.team[r, 0] + inboxes.count[r, 0]
    while start < n:
        r = receivers[start]
        stop = start + 1
        while stop < n and receivers[stop] == r:
            stop += 1
        remember(
            params, Key(seed, day, ids[r], 0), inbox_of(inboxes, r), day - state.inbox_day[r], product_ids,
            products[start:stop], weights[start:stop], kinds[start:stop], senders[start:stop], sender_ids[start:stop],
            teams[start:stop],
        )  # fmt: skip
        state.inbox_day[r] = day
        start = stop
    return fetched


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
    source: Column,
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
        it = traits_of(traits, i)
        name = order_name(shelf.id[j], mode[k])
        s, sent_back, u = deliver(
            params, key, name, shelf.quality[j], taste_match(it, shelf, j), hype[k], source[k] == LIVE
        )
        is_returned[k] = sent_back and mode[k] != SAMPLE
        chance = review_probability(params, s, review_reward(params, constants, it))
        given[k] = stars(params, it, s, shelf.rating[j]) if u < chance else 0
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
def wary(params: Params, trust: Column, satisfaction: Column, rows: Column, known: Column) -> None:
    """People whom the shop shows how much it knows of them."""
    for k in range(rows.shape[0]):
        i = rows[k]
        satisfaction[i] = feel.next_wary(params, satisfaction[i], trust[i], known[k])


@column_kernel
def letters(
    rows: Column,
    products: Column,
    mode: Column,
    is_shared: Column,
    is_posted: Column,
    is_bad: Column,
    unlockers: Column,
    favourites: Column,
    askers: Column,
    asked: Column,
    asked_teams: Column,
    posters: Column,
    posts: Column,
    post_kinds: Column,
    sharers: Column,
    shared: Column,
    kinds: Column,
    teams: Column,
    share_kind: Column,
) -> tuple[int, int, int]:
    """Phase 9: what leaves for friends tonight, one entry each: shares, then posts, then purchases that friends see.

    Shares are of orders and samples, to unlock a coupon, to fill a team; posts those of orders, and `posts`. Returns
    how many are shares, how many are written at all, and how many there are. `share_kind` is by day.SHARE_KINDS.
    """
    n = 0
    for k in range(rows.shape[0]):
        if is_shared[k]:
            sharers[n], shared[n], kinds[n], teams[n] = rows[k], products[k], BAD if is_bad[k] else GOOD, -1
            share_kind[n] = SHARES_SAMPLE if mode[k] == SAMPLE else SHARES_ORDER
            n += 1
    for k in range(unlockers.shape[0]):
        sharers[n], shared[n], kinds[n], teams[n] = unlockers[k], favourites[k], GOOD, -1
        share_kind[n] = SHARES_TO_UNLOCK
        n += 1
    for k in range(askers.shape[0]):
        sharers[n], shared[n], kinds[n], teams[n] = askers[k], asked[k], ASK, asked_teams[k]
        share_kind[n] = SHARES_FOR_TEAM
        n += 1
    n_shares = n
    for k in range(rows.shape[0]):
        if is_posted[k]:
            sharers[n], shared[n], kinds[n], teams[n] = rows[k], products[k], (BAD if is_bad[k] else GOOD) + POST, -1
            n += 1
    for k in range(posters.shape[0]):
        sharers[n], shared[n], kinds[n], teams[n] = posters[k], posts[k], post_kinds[k], -1
        n += 1
    n_written = n
    for k in range(rows.shape[0]):
        sharers[n], shared[n], kinds[n], teams[n] = rows[k], products[k], OWN, -1
        n += 1
    return n_shares, n_written, n


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
    spared: Column,
    seed: int,
    day: int,
    out_sender: Column,
    out_receiver: Column,
    out_product: Column,
    out_weight: Column,
    out_kind: Column,
    out_team: Column,
    out_tie: Column,
) -> tuple[int, float]:
    """Phase 9: shares become messages to friends (personal ones: each tie by luck; others: everybody).

    Returns how many messages, and a number without meaning: the sum of what was only touched so that many
    people's data are fetched at a time, which the compiler would drop if nobody could see it.
    """
    n = 0
    fetched = 0.0  # see remember_all
    for k in range(sharers.shape[0]):
        fetched += indptr[sharers[k]]
    for k in range(sharers.shape[0]):
        first = indptr[sharers[k]]
        if first < indptr[sharers[k] + 1]:
            fetched += audience[first] + strength[first] + n_sent[first]
    for k in range(sharers.shape[0]):
        i, kind = sharers[k], good[k]
        key = Key(seed, day, ids[i], 0)
        p = share.tie_probability(params, constants, indptr[i + 1] - indptr[i])
        for e in range(indptr[i], indptr[i + 1]):
            r = audience[e]
            if r == spared[k] or (is_personal(kind) and not share.sends_to(key, ids[r], product_ids[shared[k]], p)):
                continue
            out_sender[n] = i
            out_receiver[n] = r
            out_product[n] = shared[k]
            out_kind[n] = kind
            out_team[n] = teams[k]
            out_tie[n] = e
            n += 1
    for m in range(n):
        fetched += trust[out_receiver[m]]
    for m in range(n):
        e = out_tie[m]
        out_weight[m] = message_weight(
            params, constants, trust[out_receiver[m]], int(strength[e]), int(n_sent[e]), out_kind[m]
        )
    for m in range(n):
        if is_personal(out_kind[m]) and n_sent[out_tie[m]] < SENT_MOST:
            n_sent[out_tie[m]] += 1
    return n, fetched


@column_kernel
def accept(
    params: Params,
    constants: Constants,
    traits: Traits,
    ids: Column,
    prospects: Column,
    counts: Column,
    seed: int,
    day: int,
    out: Column,
) -> None:
    for k in range(prospects.shape[0]):
        i = prospects[k]
        out[k] = share.accepts(params, constants, traits_of(traits, i), Key(seed, day, ids[i], 0), counts[k])


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
