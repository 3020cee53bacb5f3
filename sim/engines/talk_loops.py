"""Compiled loops of the evening's talk, over those who read, asked or received; imports rules, `_jit`, rows.

Like kernels.py they know no world, so an edit of a scenario's reader compiles nothing.
"""

from __future__ import annotations

from sim._jit import column_kernel
from sim.engines.rows import inbox_of, offer_of, state_of, traits_of
from sim.params import Params
from sim.rules import talk
from sim.rules.buy import decide
from sim.rules.expose import expose, taste_match
from sim.rules.fulfil import deliver, order_name
from sim.rules.records import LIVE, Column, Constants, Desk, Inbox, Key, Offer, Shelf, State, Traits
from sim.rules.remember import is_warning, message_weight


@column_kernel
def react(
    params: Params, constants: Constants, traits: Traits, senders: Column, receivers: Column, products: Column,
    ids: Column, product_ids: Column, seed: int, day: int, likes: Column, comments: Column,
) -> None:  # fmt: skip
    """Who likes and who comments on the posts she saw."""
    for m in range(senders.shape[0]):
        i = receivers[m]
        likes[m], comments[m] = talk.reacts(
            params,
            constants,
            traits_of(traits, i),
            Key(seed, day, ids[i], 0),
            ids[senders[m]],
            product_ids[products[m]],
        )


@column_kernel
def please(params: Params, state: State, rows: Column, n_received: Column, n_given: Column) -> None:
    """Joy of likes."""
    for k in range(rows.shape[0]):
        state.joy[rows[k]] += talk.joy_of(params, n_received[k], n_given[k])


@column_kernel
def show_off(
    params: Params, constants: Constants, traits: Traits, shelf: Shelf, rows: Column, products: Column, mode: Column,
    hype: Column, source: Column, stars: Column, ids: Column, seed: int, day: int, out: Column,
) -> None:  # fmt: skip
    """Which reviewers show what they got."""
    for k in range(rows.shape[0]):
        out[k] = False
        if stars[k] > 0:
            i, j = rows[k], products[k]
            key, it, name = Key(seed, day, ids[i], 0), traits_of(traits, i), order_name(shelf.id[j], mode[k])
            s, _, _ = deliver(
                params, key, name, shelf.quality[j], taste_match(it, shelf, j), hype[k], source[k] == LIVE
            )
            out[k] = talk.shows(params, constants, it, key, name, s)


@column_kernel
def origins(
    senders: Column, receivers: Column, products: Column, ids: Column, product_ids: Column, seed: int, day: int,
    out: Column,
) -> None:  # fmt: skip
    """Luck by which one of several senders is the one passed on."""
    for m in range(senders.shape[0]):
        out[m] = talk.origin_luck(Key(seed, day, ids[receivers[m]], 0), ids[senders[m]], product_ids[products[m]])


@column_kernel
def forward(
    params: Params, constants: Constants, traits: Traits, arousal: Column, rows: Column, products: Column,
    kinds: Column, hands: Column, ids: Column, product_ids: Column, seed: int, day: int, out: Column,
) -> None:  # fmt: skip
    """Who passes on what she read."""
    for m in range(rows.shape[0]):
        i, j = rows[m], products[m]
        out[m] = talk.forwards(
            params, constants, traits_of(traits, i), Key(seed, day, ids[i], 0), product_ids[j], hands[m], arousal[j],
            is_warning(kinds[m]),
        )  # fmt: skip


@column_kernel
def wonder(
    params: Params, constants: Constants, traits: Traits, state: State, inboxes: Inbox, offers: Offer, shelf: Shelf,
    is_promoting: bool, public: Column, teams: Column, first_team: int, rows: Column, ids: Column, seed: int,
    world_seed: int, day: int, chances: Column, most: float, bought: Column, desk: Desk, out: Column,
) -> None:  # fmt: skip
    """What visitors who bought nothing ask about, -1 = nothing; only who might ask at all looks around again."""
    for k in range(rows.shape[0]):
        i = rows[k]
        key = Key(seed, day, ids[i], world_seed)
        if bought[k] >= 0 or not talk.asks(key, most):
            continue
        it, me, offer, memory = traits_of(traits, i), state_of(state, i), offer_of(offers, k), inbox_of(inboxes, i)
        n_shown = expose(params, it, me, offer, memory, shelf, is_promoting, key, desk)
        choice = decide(
            params, constants, it, me, offer, memory, shelf, public, teams, first_team, i, key, n_shown, desk
        )
        if choice.favourite >= 0 and talk.asks(key, chances[choice.favourite]):
            out[k] = choice.favourite


@column_kernel
def answer(
    params: Params, constants: Constants, traits: Traits, owners: Column, products: Column, askers: Column,
    ids: Column, product_ids: Column, seed: int, day: int, out: Column,
) -> None:  # fmt: skip
    """Which owners answer."""
    for k in range(owners.shape[0]):
        i = owners[k]
        key = Key(seed, day, ids[i], 0)
        out[k] = talk.answers(params, constants, traits_of(traits, i), key, ids[askers[k]], product_ids[products[k]])


@column_kernel
def weigh_answers(
    params: Params, constants: Constants, trust: Column, askers: Column, kinds: Column, out: Column
) -> None:
    """How strongly answers of strangers count with who asked, eq. 8."""
    for k in range(askers.shape[0]):
        out[k] = message_weight(params, constants, trust[askers[k]], talk.STRANGER, 0, kinds[k])


@column_kernel
def stand(params: Params, reputation: Column, senders: Column, weights: Column) -> None:
    """Weights of messages by their senders' standing."""
    for m in range(senders.shape[0]):
        weights[m] = talk.weighed(weights[m], talk.standing(params, reputation[senders[m]]))


@column_kernel
def know(params: Params, traits: Traits, shelf: Shelf, senders: Column, products: Column, weights: Column) -> None:
    """Weights of messages by how well their senders know the product."""
    for m in range(senders.shape[0]):
        match = taste_match(traits_of(traits, senders[m]), shelf, products[m])
        weights[m] = talk.weighed(weights[m], talk.expertise(params, match))


@column_kernel
def remember_credit(params: Params, reputation: Column, credit: Column) -> None:
    """Reputations of tomorrow; today's credit is spent."""
    for i in range(reputation.shape[0]):
        reputation[i] = talk.next_reputation(params, reputation[i], credit[i])
        credit[i] = 0
