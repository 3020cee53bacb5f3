"""Whether and what is bought, and what comes of it: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.laboratory import N, agree, both_seen, happened, lab, logistic, people, play, products, rows, spread

# --- (4), (5), (6): which product, and whether any ------------------------------------------------------------


@pytest.mark.parametrize("label", ["leader", "cut", "share", "money"])
def test_what_is_liked_is_bought(label: str) -> None:
    """Two products on nearly everybody's screen, for six days; every term of the utility counts for somebody.

    u = b_m match + b_q f(stars) + b_v ln(1 + reviews) + b_h (herd / mean) z - b_abs (price / mean) ln(list / p_ref)
        + b_k kol presence - b_p (price / mean) ln(paid / list)
    P(1 | buys) = logistic(u_1 - u_0);  P(buys) = logistic(alpha + need + mu (ln sum exp u - ln attention))
    """
    p = {"attention": 6, "b_m": 0.9, "b_q": 0.5, "b_v": 0.6, "b_h": 0.5, "b_abs": 0.8, "b_k": 1.6, "b_p": 2.5,
         "alpha": 0.4, "mu": 0.6, "p_fade": 0.6, "w_kol": 0.001, "s_quality": 1.0, "rev_0": 0.8, "rev_max": 1.0,
         "star_0": 3.6, "star_s": 1.0}  # fmt: skip
    days = 6
    hears, taste, herd, price = spread(N, (0, 1), (-1.0, 1.0), (0.1, 0.9), (0.2, 0.8))
    who = people(
        1 + N, need=0.0, kol=np.concatenate([[0.0], np.full(N, 0.8)]), taste_0=np.concatenate([[-5.0], taste]),
        taste_1=np.concatenate([[0.0], -0.7 * taste]), taste_2=np.concatenate([[0.0], 0.4 * taste]),
        herd=np.concatenate([[0.5], herd]), price=np.concatenate([[0.5], price]),
    )  # fmt: skip
    me = np.arange(1, 1 + N)
    tastes = np.array([[0.6, -0.8, 0.9], [-0.6, 0.8, -0.9]])
    what = products(2, taste=tastes, quality=[1.2, -1.5], price_cents=[1500, 900])
    leader = {"kind": "kol_seeding", "seeds": 1, "posts_every": 3, "fee_base": 0, "fee_per_follower": 0}
    cut = {"kind": "price_cut", "discount": 0.3, "products": 0.5}
    share = {"kind": "coupon", "discount": 0.2}
    money = {"kind": "coupon", "face": 3.0, "min_price": 10.0}
    tactics = {"leader": leader, "cut": [leader, cut], "share": [leader, share], "money": [leader, money]}
    world = lab(who, what, days, p, [(me[hears > 0], 0, 1)], {label: tactics[label]})
    journal = play(world, label)
    bought = np.stack([happened(journal, "order", item=j)[:, me] for j in (0, 1)], axis=2)
    list_cents = np.array([1500.0, 900.0])
    unit = list_cents.copy()
    if label == "cut":
        ours = journal.orders[journal.orders["tactic"] == "cut.price_cut"]["product"].unique()
        assert len(ours) == 1
        unit[ours[0]] = np.floor(unit[ours[0]] * 0.7 + 0.5)
    elif label == "share":
        unit = np.floor(unit * 0.8 + 0.5)
    elif label == "money":
        unit[0] -= 300.0  # the other is too cheap for it
    paid = journal.orders[journal.orders["agent"] > 0]
    assert (paid["paid_cents"].to_numpy() == unit[paid["product"]]).all()
    match = taste[:, None] * (tastes @ np.array([1.0, -0.7, 0.4])) / math.sqrt(3)
    dear = 0.8 * (price / 0.5)[:, None] * np.log(np.array([1.5, 0.9]))
    units, n, stars = np.zeros(2), np.zeros(2), np.zeros(2)
    happens, chances, first = np.zeros((days, N)), np.zeros((days, N)), np.zeros((days, N))
    everything = journal.orders.groupby(["day", "product"])["quantity"].sum().unstack(fill_value=0)
    wrote = rows(journal, "review")
    both = both_seen(6)
    for t in range(days):
        log_units = np.log(1.0 + units)
        z = (log_units - log_units.mean()) / (log_units.std() + 0.3)
        gain = (21.0 + stars) / (5.0 + n) - 4.2
        volume = np.log(1.0 + n) - np.log(1.0 + n).mean()
        appeal = 0.5 * np.where(gain < 0, gain, 0.7 * gain) + 0.6 * volume
        presence = np.zeros((N, 2))
        presence[:, 1] = np.where(hears > 0, 0.6 ** (t % 3), 0.0)  # the leader's taste is product 1's
        u = 0.9 * match + appeal + 0.5 * (herd / 0.5)[:, None] * z - dear + 1.6 * 0.8 * presence
        u = u - 2.5 * (price / 0.5)[:, None] * np.log(unit / list_cents)
        of_both = logistic(0.4 + 0.6 * (np.log(np.exp(u).sum(axis=1)) - math.log(6.0)))
        of_one = logistic(0.4 + 0.6 * (u - math.log(6.0)))
        happens[t] = bought[t].sum(axis=1)
        chances[t] = both * of_both + 0.5 * (1.0 - both) * of_one.sum(axis=1)
        buys_1 = both * of_both * logistic(u[:, 1] - u[:, 0]) + 0.5 * (1.0 - both) * of_one[:, 1]
        first[t] = buys_1 / chances[t]
        units += everything.loc[t].to_numpy()
        today = wrote[wrote["day"] == t]
        n += np.bincount(today["item"], minlength=2)
        stars += np.bincount(today["item"], today["value"], 2)
    day = np.broadcast_to(np.arange(days)[:, None], (days, N))
    agree(happens, chances, groups=day, at_least=6)
    for trait in (taste, herd, price, hears):
        agree(happens, chances, groups=trait, at_least=2)
        agree(bought[:, :, 1], first, happens > 0, groups=trait, at_least=2)
        agree(bought[:, :, 1], first, happens > 0, groups=day + 100 * trait, at_least=8)


# --- (10)-(14): what comes of an order ------------------------------------------------------------------------


def test_orders_are_judged_reviewed_sent_back_and_shared() -> None:
    """Without luck an experience is s = s_const + s_quality quality + s_match match; the rest follows from s.

    reviewed min(rev_max, rev_0 + rev_2 s^2 (rev_neg if s < 0)); stars from s and the rating shown this morning;
    sent back logistic(logit ret_0 + ret_1 [s < s_bad]);
    shared logistic(s_0 + b_n (social - mean) / .2 + b_sat s + b_a arousal).
    """
    p = {"s_const": 0.2, "s_quality": 0.8, "s_match": 0.5, "ret_0": 0.2, "ret_1": 1.8, "s_bad": -1.0, "rev_0": 0.1,
         "rev_2": 0.15, "rev_neg": 2.0, "rev_max": 0.7, "star_0": 3.4, "star_s": 0.9, "om_h": 0.8,
         "s_0": -0.5, "b_n": 0.7, "b_sat": 0.8, "b_a": 0.6}  # fmt: skip
    days, quality, arousal = 3, np.array([-2.0, -0.9, 0.0, 0.9, 2.0]), np.array([0.5, -1.0, 1.5, -0.5, 0.0])
    taste, herd, social = spread(N, (-1.0, 1.0), (0.1, 0.9), (0.2, 0.5, 0.9))
    who = people(N, taste_0=taste, herd=herd, social=social)
    journal = play(lab(who, products(5, quality=quality, arousal=arousal, taste=0.8), days, p))
    orders = rows(journal, "order").set_index(["day", "agent"]).sort_index()
    assert len(orders) == days * N  # everybody buys every day
    item = orders["item"].to_numpy()
    day, agent = (orders.index.get_level_values(k).to_numpy() for k in (0, 1))
    s = 0.2 + 0.8 * quality[item] + 0.5 * taste[agent] * 0.8 / math.sqrt(3)

    def found(kind: str) -> pd.Series[Any]:
        log = rows(journal, kind).set_index(["day", "agent"])["value"]
        return log.reindex(orders.index)

    reviewed = found("review")
    chance = np.minimum(0.7, 0.1 + 0.15 * s**2 * np.where(s < 0, 2.0, 1.0))
    agree(reviewed.notna().to_numpy(), chance, groups=np.round(s, 6), at_least=10)
    agree(
        found("send_back").notna().to_numpy(), logistic(math.log(0.25) + 1.8 * (s < -1.0)), groups=s < -1.0, at_least=2
    )
    x = -0.5 + 0.7 * (social[agent] - 0.5) / 0.2 + 0.8 * s + 0.6 * arousal[item]
    agree(found("share").notna().to_numpy(), logistic(x), groups=item, at_least=5)
    agree(found("share").notna().to_numpy(), logistic(x), groups=social[agent] + 10 * taste[agent], at_least=6)
    shown = np.full((days, 5), 4.2)
    for t in range(1, days):
        before = reviewed[day < t].dropna()
        what = item[day < t][reviewed[day < t].notna().to_numpy()]
        shown[t] = (21.0 + np.bincount(what, before.to_numpy(), 5)) / (5.0 + np.bincount(what, minlength=5))
    own = 3.4 + 0.9 * s
    pulled = own + 0.8 * herd[agent] * np.maximum(0.0, shown[day, item] - own)
    stars = np.clip(np.floor(pulled + 0.5), 1, 5)
    wrote = reviewed.notna().to_numpy()
    assert (reviewed.to_numpy()[wrote] == stars[wrote]).all()
    assert set(stars[wrote]) >= {2.0, 3.0, 4.0, 5.0}
    assert (stars != np.clip(np.floor(own + 0.5), 1, 5)).any()


def test_luck_and_failure_make_the_stars() -> None:
    """s is normal(s_const, s_luck), less s_fail with chance `fail`; everybody reviews, so stars show its law."""
    p = {"s_const": 0.3, "s_luck": 0.8, "fail": 0.2, "s_fail": 2.0, "rev_0": 1.0, "rev_max": 1.0, "star_0": 3.6,
         "star_s": 1.1, "om_h": 0.6, "ret_0": 0.1, "ret_1": 2.0, "s_bad": -0.8, "q_more": 0.4}  # fmt: skip
    (herd,) = spread(N, (0.1, 0.9))
    journal = play(lab(people(N, herd=herd), products(), 1, p))
    stars = rows(journal, "review").set_index("agent")["value"].sort_index().to_numpy()
    assert len(stars) == N

    def above(x: Any) -> Any:  # P(s >= x)
        return 0.8 * stats.norm.sf((x - 0.3) / 0.8) + 0.2 * stats.norm.sf((x + 1.7) / 0.8)

    pull = 0.6 * herd
    for k in (2, 3, 4, 5):  # stars >= k from this own rating on: pulled up by 4.2, never down
        own = np.where(k - 0.5 < 4.2, (k - 0.5 - 4.2 * pull) / (1.0 - pull), k - 0.5)
        agree(stars >= k, above((own - 3.6) / 1.1), groups=herd)
    back = np.zeros(N)
    back[rows(journal, "send_back")["agent"]] = 1
    bad = 1.0 - above(-0.8)
    agree(back, np.full(N, bad * logistic(math.log(1 / 9) + 2.0) + (1.0 - bad) * 0.1))
    quantity = journal.orders["quantity"].to_numpy()
    for k in range(1, 6):  # one more with chance q_more, again and again
        agree(quantity > k, np.full(N, 0.4**k))


def test_who_shares_for_a_coupon() -> None:
    """Willing: logistic(s_u + b_n (social - mean) / .2 + b_rw ln(1 + face / hassle)), hassle = 100 h_0 mean / price.

    What she shares is what she likes best: here the product of her taste.
    """
    p = {"s_u": -1.5, "b_n": 0.8, "b_rw": 0.9, "h_0": 1.2, "b_m": 1.0, "attention": 20}
    price, social, taste = spread(N, (0.2, 0.5, 0.9), (0.3, 0.5, 0.8), (-1.0, 1.0))
    offers = {f"face{face}": {"kind": "share_coupon", "face": float(face)} for face in (1, 4, 16)}
    world = lab(people(N, price=price, social=social, taste_0=taste), products(2, taste=[1.0, -1.0]), 1, p, (), offers)
    for face in (1, 4, 16):
        journal = play(world, f"face{face}")
        shared = happened(journal, "share", value=1)[0]
        hassle = 120.0 * 0.5 / price
        x = -1.5 + 0.8 * (social - 0.5) / 0.2 + 0.9 * np.log(1.0 + 100.0 * face / hassle)
        agree(shared, logistic(x), groups=price, at_least=3)
        agree(shared, logistic(x), groups=social, at_least=3)
        log = rows(journal, "share")
        assert (log["item"].to_numpy() == np.where(taste[log["agent"]] > 0, 0, 1)).all()
