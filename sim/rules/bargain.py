"""Phases 6 and 0d, bargaining: who starts a bargain, how many friends she asks, who helps; imports `draws`, rules."""

from __future__ import annotations

from typing import Final

from sim import draws
from sim._jit import exp, log, rule
from sim.params import Params
from sim.rules.buy import buy_probability, impulse, inclusive_value, price_effect, reduced, rival_value
from sim.rules.records import (
    MODE_BARGAIN,
    MODE_TEAM,
    NO_TEAM,
    Bargains,
    Constants,
    Desk,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)
from sim.rules.remember import wear_out
from sim.rules.share import accept_probability, hassle_cents, tie_probability
from sim.rules.team import team_utility

CUT: Final = 1 << 32  # the mean cut of a help; a bargain is won when its cuts reach the helps needed times this
NOT_OFFERED: Final = -1e300  # stands for the utility of a bargain that she is not offered


@rule
def bargain_utility(
    params: Params,
    constants: Constants,
    traits: Traits,
    shelf: Shelf,
    product: int,
    alone: float,
    unit_cents: int,
    coupon: int,
    floor_cents: int,
    success: float,
) -> float:
    """Utility of (product, bargain), eq. 20: that of a sure team order (eq. 19) at the floor price, + ln pi.

    pi = `success`, the displayed share of bargains that are won: a bargain weighs pi times as much as having the
    product at that price. `alone`: utility of buying at `unit_cents`.
    """
    list_cents = shelf.list_cents[product]
    log_ratio = shelf.log_cut[product] if coupon == 0 else log(unit_cents / list_cents)
    at_list = alone - price_effect(params, constants, traits, log_ratio)
    return team_utility(params, constants, traits, at_list, -log(floor_cents / list_cents), 1.0) + log(success)


@rule
def wish(
    params: Params,
    constants: Constants,
    traits: Traits,
    state: State,
    offer: Offer,
    shelf: Shelf,
    terms: Bargains,
    tactics: int,
    success: float,
    key: Key,
    n_shown: int,
    desk: Desk,
) -> int:
    """Place on her desk of the product she wants to bargain for, -1 = none; the desk is as rules.buy.decide left it.

    Each (product, bargain) is one more alternative of eq. 5-6 with the luck of its own name: bargains bring
    purchases, and take them from the shelf. `tactics`: bit k set iff tactic k lets her bargain.
    """
    total, is_offered = 0.0, False
    for k in range(n_shown):
        total += exp(desk.utility[k])
        if desk.team[k] != NO_TEAM:
            total += exp(desk.team_utility[k])
        product = desk.product[k]
        desk.weight[k] = NOT_OFFERED
        if terms.discount[product] > 0.0 and (tactics >> terms.tactic[product]) & 1 == 1:
            floor_cents = reduced(shelf.list_cents[product], terms.discount[product])
            if floor_cents < desk.unit_cents[k]:
                desk.weight[k] = bargain_utility(
                    params, constants, traits, shelf, product, desk.utility[k], desk.unit_cents[k], desk.coupon[k],
                    floor_cents, success,
                )  # fmt: skip
                total += exp(desk.weight[k])
                is_offered = True
    if not is_offered:
        return -1
    w0, _, _, _ = draws.block(key.seed, draws.BUY, key.day, key.agent, 0)
    p = buy_probability(
        params, traits, inclusive_value(params, total), key.day - state.last_buy_day, state.satisfaction, state.mood,
        offer.urge + impulse(params, constants, traits, offer) - rival_value(params, constants, traits),
    )  # fmt: skip
    if draws.unit(w0) >= p:
        return -1
    place, top = -1, NOT_OFFERED
    for k in range(n_shown):
        name = shelf.id[desk.product[k]]
        alone = desk.utility[k] + draws.gumbel(draws.u01(key.seed, draws.CHOICE, key.day, key.agent, name))
        if alone > top:
            place, top = -1, alone
        if desk.team[k] != NO_TEAM:
            luck = draws.gumbel(draws.u01(key.seed, draws.CHOICE, key.day, key.agent, name + MODE_TEAM))
            if desk.team_utility[k] + luck > top:
                place, top = -1, desk.team_utility[k] + luck
        if desk.weight[k] > NOT_OFFERED:
            luck = draws.gumbel(draws.u01(key.seed, draws.CHOICE, key.day, key.agent, name + MODE_BARGAIN))
            if desk.weight[k] + luck > top:
                place, top = k, desk.weight[k] + luck
    return place


@rule
def ask_probability(params: Params, constants: Constants, audience: int, is_random: bool) -> float:
    """Chance that she asks one given friend for help: as for a share (eq. 14), e^b_unsure more where cuts are drawn."""
    p = tie_probability(params, constants, audience)
    return min(1.0, p * exp(params.b_unsure)) if is_random else p


@rule
def help_probability(params: Params, constants: Constants, trust: float, earlier: int, fatigue: float) -> float:
    """Chance that a friend helps today, eq. 20: 1 - exp(-a_h trust / mean w(m) exp(-fatigue / f_0)).

    `earlier` is the number m of messages that the one who asks had sent her before.
    """
    rate = params.a_h * (trust / constants.trust) * wear_out(params, earlier)
    return 1.0 - exp(-rate * exp(-fatigue / params.f_0))


@rule
def answer(
    params: Params,
    constants: Constants,
    traits: Traits,
    fatigue: float,
    earlier: int,
    gift_cents: int,
    is_random: bool,
    key: Key,
    name: int,
) -> tuple[bool, bool, int, int]:
    """What a friend who was asked does today; `name` = (who bargains, product).

    (helps; would register if she is no member yet, as on one invitation (eq. 15); the cut, CUT being the mean; the
    priority of who brought her). A drawn cut is uniform between nothing and twice the mean.
    """
    w0, w1, w2, w3 = draws.block(key.seed, draws.HELP, key.day, key.agent, name)
    helps = draws.unit(w0) < help_probability(params, constants, traits.trust, earlier, fatigue)
    gift = log(1.0 + gift_cents / hassle_cents(params, constants, traits))
    registers = helps and draws.unit(w1) < accept_probability(params, 1, gift)
    return helps, registers, 2 * w2 + 1 if is_random else CUT, w3
