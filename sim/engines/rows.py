"""How one row of a run's columns is read, in compiled loops; imports records, `_jit`, and no more.

Kernels depend on this file and not on the world or the scenario, so an edit there compiles nothing anew.
"""

from __future__ import annotations

from sim._jit import rule
from sim.rules.reach import STEPS
from sim.rules.records import Inbox, Offer, State, Traits


@rule
def traits_of(t: Traits, i: int) -> Traits:
    """One shopper's traits."""
    return Traits(
        t.price[i], t.herd[i], t.trust[i], t.social[i], t.emotion[i], t.kol[i], t.intensity[i], t.need[i], t.stay[i],
        t.arrive[i], t.taste_0[i], t.taste_1[i], t.taste_2[i],
    )  # fmt: skip


@rule
def state_of(s: State, i: int) -> State:
    """One shopper's state."""
    # int(): in plain Python narrow types would overflow (NumPy 2 keeps them)
    return State(
        int(s.status[i]), int(s.registered_day[i]), int(s.last_visit_day[i]),
        int(s.last_buy_day[i]), int(s.lapsed_day[i]), int(s.n_orders[i]), s.satisfaction[i],
        s.mood[i], s.fatigue[i], s.joy[i], int(s.left[i]), int(s.left_day[i]), int(s.n_friends_active[i]),
        int(s.heard[i]), int(s.seen[i]), int(s.valence[i]), int(s.n_posts[i]),
        int(s.pushes[i]), s.pull[i] / STEPS, s.hold[i] / STEPS, int(s.kol_product[i]),
        int(s.kol_day[i]), s.kol_hype[i], int(s.kol_tactic[i]), int(s.team[i]), int(s.invited_by[i]),
        int(s.inbox_day[i]),
    )  # fmt: skip


@rule
def offer_of(o: Offer, k: int) -> Offer:
    """What one visitor is offered."""
    return Offer(
        o.coupon_share[k], o.coupon_share_tactic[k], o.coupon_cents[k], o.coupon_min_cents[k],
        o.coupon_cents_tactic[k], o.unlock_cents[k], o.unlock_min_cents[k], o.unlock_tactic[k], o.team_tactics[k],
        o.rec_weight[k], o.rec_accuracy[k], o.rec_tactic[k], o.rec_list[k], o.rec_known[k],
        o.live_weight[k], o.live_tactic[k], o.live_hype[k], o.content_weight[k], o.urge[k],
    )  # fmt: skip


@rule
def inbox_of(inboxes: Inbox, i: int) -> Inbox:
    """What one shopper remembers of friends (views)."""
    return Inbox(
        inboxes.product[i], inboxes.strength[i], inboxes.count[i], inboxes.sender[i], inboxes.sender_day[i],
        inboxes.team[i],
    )  # fmt: skip
