"""The shop visited by many at once: what they see, what they like, who buys; imports rules, `draws`, slots, view, rows.

The steps are those of rules.expose and rules.decide, each taken for some thousand visitors before the
next. The steps that most visits need (a slot's source, four products met by chance, liking, whether to
buy) are loops without branches, which the compiler makes several at a time; what only some need (slots
given to friends or to a strategy, remembered products, coupons, teams, the purchase itself) follows for
those alone. Which path a visitor takes changes nothing: tests hold both drivers together.
"""

from __future__ import annotations

from sim import draws
from sim._jit import column_kernel, exp
from sim.engines.rows import inbox_of, offer_of, state_of, traits_of
from sim.engines.slots import drop_repeats, fill_special, look_around
from sim.engines.view import View, face
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
    SHOWS_ABOVE,
    friend_chance,
    friend_products,
    organic_weight,
    popular_chance,
    presence_after,
    sticks,
    taste_chance,
)
from sim.rules.records import (
    INBOX_SIZE,
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
    promoted = params.w_promo if is_promoting else 0.0
    for k in range(n):  # without an opinion leader's post, as rules.expose.sticks has it
        view.leader[k], view.friend[k] = 0.0, view.chances[view.n_friend[k]]
        placed = offers.rec_weight[low + k] + offers.live_weight[low + k] + offers.content_weight[low + k] + promoted
        view.placed[k] = placed / (placed + params.w_fr * view.n_friend[k] + organic_weight(params))
    for k in range(n):
        if view.is_led[k]:
            i, offer = rows[low + k], offer_of(offers, low + k)
            it, me = traits_of(traits, i), state_of(state, i)
            chance = sticks(params, it, me, offer, view.n_friend[k], shelf, is_promoting, day)
            view.placed[k], view.leader[k] = chance.placed, chance.kol


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
            it = face(view, k)
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
                    it = face(view, k)
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
            view.rival[k] = rival_value(params, constants, face(view, k))
    for k in range(n):
        view.word_0[k], _, _, _ = draws.block(seed, draws.BUY, day, agents[k], 0)
    for k in range(n):
        inclusive = inclusive_value(params, view.total[k])
        urge = buy_probability(
            params, face(view, k), inclusive, day - int(view.last_buy_day[k]), view.satisfaction[k], view.mood[k],
            offers.urge[low + k] - view.rival[k],
        )  # fmt: skip
        view.decides[k] = (view.total[k] > 0.0) & (draws.unit(view.word_0[k]) < urge)
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
        chance = buy_probability(
            params, it, inclusive_value(params, total), day - int(view.last_buy_day[k]), view.satisfaction[k],
            view.mood[k], offers.urge[low + k] + impulse(params, constants, it, terms) - view.rival[k],
        )  # fmt: skip
        view.might[k] &= (view.total[k] > 0.0) & (draws.unit(view.word_0[k]) < chance * (1.0 + ROUNDING))
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
                chance = buy_probability(
                    params, it, inclusive_value(params, total), day - int(view.last_buy_day[k]), view.satisfaction[k],
                    view.mood[k], offer.urge + impulse(params, constants, it, offer) - view.rival[k],
                )  # fmt: skip
                view.decides[k] = draws.unit(view.word_0[k]) < chance * (1.0 + ROUNDING)


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
