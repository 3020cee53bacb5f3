"""What friends recommended: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tests.laboratory import N, Reals, agree, both_seen, happened, lab, logistic, people, play, products, rows, spread


def remembered(days: int, daily: bool, w_inf: float, m_f: float, keep: float) -> Reals:
    """Strength on the morning of day t of messages sent on day 0, or on every day, over a tie of weight 1."""
    sent = np.arange(days if daily else 1)
    worn = w_inf + (1.0 - w_inf) * np.exp(-np.maximum(0, sent - 3) / m_f)
    t = np.arange(days)[:, None]
    return np.asarray(np.where(t > sent, worn * keep ** np.maximum(t - 1 - sent, 0), 0.0).sum(axis=1))


@pytest.mark.parametrize("kind", ["good", "bad", "daily good", "daily bad", "post", "bad post", "own"])
def test_what_friends_say_is_remembered_and_fades(kind: str) -> None:
    """Senders all buy product 0 and tell of it, once or every day; receivers buy one of two products every day.

    u_0 = sign(R) b_r (1 - exp(-kappa |R|)) - b_sp max(0, n - onset), R = sum strength trust / mean w(m) v delta_r^days.
    Of several who write every day one is known already and counts no more: n grows by k - 1 a day.
    """
    daily, personal = kind.startswith("daily"), "post" not in kind and kind != "own"
    keep, spam = (0.3, 0.05) if daily else (0.6, 0.7)
    p = {"attention": 7, "b_m": 1.5, "b_r": 3.0, "b_sp": spam, "delta_r": keep, "v_bad": 1.4, "v_post": 2.0,
         "w_inf": 0.4, "m_f": 0.4, "alpha": 0.0, "s_0": 1000, "churn": 1, "s_const": -2.0 if "bad" in kind else 1.0,
         "s_bad": -1.0}  # fmt: skip
    if "post" in kind:
        p |= {"p_post": 1.0, "r_0": 0.0, "p_b": 0.8}
    if kind == "own":
        p |= {"s_0": -1000.0, "v_own": 0.35}
    value = {"good": 1.0, "bad": -1.4, "post": 2.0, "bad post": -2.8, "own": 0.35}[kind.removeprefix("daily ")]
    days, m, onset = (8, 4, 4.0) if daily else (6, 4, 1.0)
    k, trust, tie = spread(N, (0, 1, 2, 4) if "post" not in kind else (0, 1), (0.2, 0.8), (512, 1536))
    who = people(
        m + N, taste_0=np.concatenate([np.full(m, 50.0), np.zeros(N)]), trust=np.concatenate([np.full(m, 0.5), trust]),
        stay=np.concatenate([np.full(m, 0.0 if daily else -1000.0), np.zeros(N)]),
    )  # fmt: skip
    me, t = np.arange(m, m + N), np.arange(days)[:, None]
    ties = [(me[k > i], i, tie[k > i] / 1024) for i in range(m)]
    journal = play(lab(who, products(2, taste=[1.0, -1.0], sociality=0.4, spam_onset=onset), days, p, ties))
    told = happened(journal, "order", item=0)[:, :m]  # a sender sees it nearly always
    assert (told[: days if daily else 1] == 1).all()
    chosen = happened(journal, "order", item=0)[:, me]
    assert (happened(journal, "order")[:, me] == 1).all()
    strength = remembered(days, daily, 0.4, 0.4, keep)[:, None] * k * (tie / 1024) * (trust / 0.5) * value
    n = np.where((t > 0) & (k > 0), k + (t - 1) * (k - 1) * daily, 0) * personal
    felt = np.sign(strength) * 3.0 * (1.0 - np.exp(-0.4 * np.abs(strength)))
    chance = logistic(felt - spam * np.maximum(0.0, n - onset))
    if "post" in kind:  # seen by four of five
        chance = 0.8 * chance + 0.2 * 0.5
    chance = both_seen(7) * chance + 0.5 * (1.0 - both_seen(7))
    day = np.broadcast_to(t, chance.shape)
    agree(chosen, chance, groups=day, at_least=6)
    agree(chosen, chance, groups=day + 10 * k, at_least=8)
    agree(chosen, chance, groups=day + 10 * (trust > 0.5) + 100 * (tie > 1000), at_least=16)


def test_the_strongest_eight_are_remembered_and_shown_by_strength() -> None:
    """Twelve senders, ties of different strength; she sees friends' slots only, so buys what she remembers."""
    p = {"attention": 1, "w_fr": 1e6, "b_m": 1.0, "alpha": 0.0, "s_0": 1000, "delta_r": 0.9, "churn": 1}
    days, m, n = 3, 12, N // 6
    weight = np.array([0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4])
    # each sender's first day: she sees one product by lot, so those who did not see hers tell of another one
    who = people(m + n, stay=np.concatenate([np.full(m, -1000.0), np.zeros(n)]))
    me = np.arange(m, m + n)
    journal = play(lab(who, products(40), days, p, [(me, i, weight[i]) for i in range(m)]))
    told = rows(journal, "order", day=0).set_index("agent")["item"].reindex(range(m))
    strength = np.bincount(told, weight, 40)
    assert (strength > 0).sum() > 8
    kept = np.argsort(-strength)[:8]
    expected = np.where(np.isin(np.arange(40), kept), strength, 0.0) / strength[kept].sum()
    for t in (1, 2):
        today = rows(journal, "order", day=t)
        mine = today[today["agent"] >= m]
        assert len(mine) == n
        assert (mine["cause"] == "friend").all()
        for j in np.flatnonzero(strength):
            agree(mine["item"].to_numpy() == j, np.full(n, expected[j]), at_least=int(expected[j] > 0))


@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_a_recommendation_is_a_cause_for_a_week(engine: str) -> None:
    """Bought in a friend's slot: the parent is who wrote, up to seven days after her message came in.

    A remembered strength of .05 and less fills no slot any more: 2.86 .7^days is above .05 for eleven days.
    """
    p = {"attention": 1, "w_fr": 1e6, "alpha": 0.0, "s_0": 1000, "delta_r": 0.7, "churn": 1}
    days, n = 16, 40
    who = people(1 + n, stay=np.concatenate([[-1000.0], np.zeros(n)]))
    journal = play(lab(who, products(), days, p, [(np.arange(1, 1 + n), 0, 2.86)]), engine=engine)
    orders = rows(journal, "order")
    orders = orders[orders["agent"] > 0]
    assert len(orders) == days * n
    shows = (orders["day"] >= 1) & (2.86 * 0.7 ** (orders["day"] - 1) > 0.05)
    assert ((orders["cause"] == "friend") == shows).all()
    assert sorted(orders.loc[shows, "day"].unique()) == list(range(1, 13))
    is_child = shows & (orders["day"] - 1 <= 7)
    assert ((orders["other"] == 0) == is_child).all()


@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_friends_products_fill_slots_one_by_one(engine: str) -> None:
    """w_fr counts once per product; two friends' products take two slots, and nothing is shown twice.

    Everybody takes the dearest to her taste of what two slots show, so each product's chance can be counted out.
    """
    p = {"attention": 2, "w_fr": 0.8, "w_new": 1.0, "b_m": 1.0, "alpha": 0.0, "s_0": 1000, "delta_r": 1.0, "churn": 1}
    m, n = 2, 12  # senders, products
    size = N if engine == "columnar" else min(N, 3_000)
    (k,) = spread(size, (0, 1, 2))
    who = people(m + size, taste_0=5000.0, stay=np.concatenate([np.full(m, -1000.0), np.zeros(size)]))
    me = np.arange(m, m + size)
    what = products(n, taste=np.linspace(-1.0, 1.0, n))
    journal = play(lab(who, what, 3, p, [(me[k > i], i, 1.0) for i in range(m)]), engine=engine)
    told = rows(journal, "order", day=0).set_index("agent")["item"].reindex(range(m)).tolist()
    assert told[0] != told[1]
    orders = rows(journal, "order")
    orders = orders[(orders["agent"] >= m) & (orders["day"] > 0)]
    item, number = orders["item"].to_numpy(), k[orders["agent"].to_numpy() - m]
    for heard in range(3):
        q = 0.8 * heard / (0.8 * heard + 1.0)  # chance that a slot is a friend's; without a product left it is empty
        slot = [(-1, q), *((j, (1.0 - q) / n) for j in range(n))]
        chance = np.zeros(n)
        for order in itertools.permutations(told[:heard]):
            for (one, p_one), (other, p_other) in itertools.product(slot, slot):
                friends = iter(order)
                shown = [next(friends, -1) if j < 0 else j for j in (one, other)]
                chance[max(shown)] += p_one * p_other / math.factorial(heard)
        assert chance.sum() == pytest.approx(1.0)
        cells = item[number == heard]
        for j in range(n):
            agree(cells == j, np.full(len(cells), chance[j]), at_least=int(len(cells) * chance[j] > 20.0))
