"""Bargains on columns: who starts one, whom she asks, who helps; compiled only where a shop lets people bargain."""

from __future__ import annotations

from sim import draws
from sim._jit import column_kernel
from sim.engines.rows import inbox_of, offer_of, state_of, traits_of
from sim.params import Params
from sim.rules import bargain, share
from sim.rules.buy import cause, decide
from sim.rules.expose import expose
from sim.rules.records import Bargains, Column, Constants, Desk, Inbox, Key, Offer, Shelf, State, Traits
from sim.rules.remember import ASK, message_weight


@column_kernel
def consider(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    inboxes: Inbox,
    offers: Offer,
    shelf: Shelf,
    terms: Bargains,
    tactics: Column,
    success: float,
    is_promoting: bool,
    public: Column,
    teams: Column,
    first_team: int,
    rows: Column,
    ids: Column,
    seed: int,
    world_seed: int,
    day: int,
    desk: Desk,
    out_product: Column,
    out_source: Column,
    out_parent: Column,
    out_hype: Column,
    out_kol_tactic: Column,
) -> None:
    """Which product each visitor wants to bargain for (-1 = none), with `tactics` a mask for each of them.

    She sees and weighs once more what she saw and weighed on her visit, so the loops over visits stay as they are.
    """
    for k in range(rows.shape[0]):
        out_product[k] = -1
        if tactics[k] == 0:
            continue
        i = rows[k]
        it, me, offer, memory = traits_of(traits, i), state_of(state, i), offer_of(offers, k), inbox_of(inboxes, i)
        key = Key(seed, day, ids[i], world_seed)
        n_shown = expose(params, it, me, offer, memory, shelf, is_promoting, key, desk)
        decide(params, constants, it, me, offer, memory, shelf, public, teams, first_team, i, key, n_shown, desk)
        place = bargain.wish(params, constants, it, me, offer, shelf, terms, tactics[k], success, key, n_shown, desk)
        if place < 0:
            continue
        out_product[k], out_source[k] = desk.product[place], desk.source[place]
        out_parent[k], out_hype[k], out_kol_tactic[k] = cause(
            me, offer, memory, desk.product[place], desk.source[place], day
        )


@column_kernel
def ask(
    params: Params,
    constants: Constants,
    trust: Column,
    indptr: Column,
    audience: Column,
    strength: Column,
    n_sent: Column,
    ids: Column,
    product_ids: Column,
    owners: Column,
    products: Column,
    is_random: Column,
    seed: int,
    day: int,
    out_sender: Column,
    out_receiver: Column,
    out_product: Column,
    out_weight: Column,
    out_earlier: Column,
    out_tie: Column,
) -> int:
    """Phase 9: who started a bargain asks friends for help; how many messages. The counts of ties are not touched."""
    n = 0
    for k in range(owners.shape[0]):
        i, j = owners[k], products[k]
        key = Key(seed, day, ids[i], 0)
        p = bargain.ask_probability(params, constants, indptr[i + 1] - indptr[i], is_random[k])
        for e in range(indptr[i], indptr[i + 1]):
            r = audience[e]
            if share.sends_to(key, ids[r], product_ids[j], p):
                out_sender[n], out_receiver[n], out_product[n], out_tie[n] = i, r, j, e
                out_earlier[n] = n_sent[e]
                out_weight[n] = message_weight(params, constants, trust[r], int(strength[e]), int(n_sent[e]), ASK)
                n += 1
    return n


@column_kernel
def answers(
    params: Params,
    constants: Constants,
    traits: Traits,
    fatigue: Column,
    friends: Column,
    owners: Column,
    products: Column,
    earlier: Column,
    gifts: Column,
    is_random: Column,
    ids: Column,
    product_ids: Column,
    seed: int,
    day: int,
    helps: Column,
    registers: Column,
    cut: Column,
    priority: Column,
) -> None:
    """Phase 0d: what friends who were asked and have not helped yet do today."""
    for k in range(friends.shape[0]):
        i = friends[k]
        name = draws.pair(ids[owners[k]], product_ids[products[k]])
        helps[k], registers[k], cut[k], priority[k] = bargain.answer(
            params, constants, traits_of(traits, i), fatigue[i], int(earlier[k]), gifts[k], is_random[k],
            Key(seed, day, ids[i], 0), name,
        )  # fmt: skip
