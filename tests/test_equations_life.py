"""Who comes, stays, leaves and registers: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.laboratory import (
    DAILY,
    SURE,
    N,
    agree,
    happened,
    lab,
    logistic,
    one_minus_exp,
    people,
    play,
    products,
    rows,
    spread,
)

# --- (1), (16), (17): messages, mood and fatigue ------------------------------------------------------


def test_who_is_written_to_comes_more_often_and_tires() -> None:
    """Six content and six discontent senders write every day; receivers hear some of each.

    visit:   1 - exp(-intensity exp(e_in min(heard, 3) + e_e emotion mood))
    mood:    mood_keep mood + k_e (valence / seen - mood);  fatigue: fat_keep fatigue + fat_ask heard
    leaving: 1 - exp(exp(g_f max(0, fatigue - f_1)) stay), with tonight's fatigue
    """
    p = {"e_in": 0.5, "e_e": 1.8, "mood_keep": 0.8, "k_e": 0.5, "s_match": 2.0, "s_0": 1000,
         "churn": 1, "g_f": 0.5, "f_1": 1.5, "fat_keep": 0.5, "fat_ask": 0.6}  # fmt: skip
    good, bad, emotion = spread(N, (0, 1, 2, 4), (0, 1, 2), (0.2, 0.9))
    sender = np.arange(12) < 6
    who = people(
        12 + N,
        taste_0=np.concatenate([np.where(sender, math.sqrt(3), -math.sqrt(3)), np.zeros(N)]),
        intensity=np.concatenate([np.full(12, DAILY), np.full(N, 0.15)]),
        need=np.concatenate([np.full(12, SURE), np.zeros(N)]),
        stay=np.concatenate([np.zeros(12), np.full(N, math.log(0.98))]),
        emotion=np.concatenate([np.full(12, 0.5), emotion]),
    )
    me = np.arange(12, 12 + N)
    ties = [(me[good > k], k, 1) for k in range(4)] + [(me[bad > k], 6 + k, 1) for k in range(2)]
    days = 6
    journal = play(lab(who, products(taste=1.0), days, p, ties))
    visits, lapses = happened(journal, "visit")[:, me], happened(journal, "lapse")[:, me]
    assert (happened(journal, "message")[:, :6].sum(axis=1) == (good.sum())).all()
    mood, fatigue, active = np.zeros(N), np.zeros(N), np.ones(N, dtype=bool)
    chances, leaving, here = (np.zeros((days, N)) for _ in range(3))
    for t in range(days):
        heard = (good + bad) * (t > 0)
        here[t] = active
        chances[t] = one_minus_exp(0.15 * np.exp(0.5 * np.minimum(heard, 3) + 1.8 * emotion * mood))
        valence = np.divide(good - bad, good + bad, out=np.zeros(N), where=good + bad > 0)
        mood = 0.8 * mood + np.where(heard > 0, 0.5 * (valence - mood), 0.0)
        fatigue = 0.5 * fatigue + 0.6 * heard
        leaving[t] = one_minus_exp(-math.log(0.98) * np.exp(0.5 * np.maximum(0.0, fatigue - 1.5)))
        active = active & (lapses[t] == 0)
    at_risk = here > 0
    agree(visits, chances, at_risk, groups=good + 10 * bad, at_least=12)
    agree(visits, chances, at_risk, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)))
    agree(visits, chances, at_risk, groups=np.sign(good - bad) * (1 + emotion), at_least=4)
    agree(lapses, leaving, at_risk, groups=good + bad, at_least=4)
    agree(lapses, leaving, at_risk, groups=np.broadcast_to(np.arange(days)[:, None], (days, N)))


# --- (1), (5), (10), (16), (17), (18): one's own life -------------------------------------------------


@pytest.mark.parametrize("mood_s", [0.5, 1.8], ids=["mild", "wild"])
def test_what_one_bought_decides_what_comes_next(mood_s: float) -> None:
    """Nobody knows anybody. Two products, one pleases and one disappoints; purchases, moods, leaving, coming back.

    P(buy) = logistic(alpha + need + mu 0 - b_inv exp(-(t - last_buy_day) / tau_inv) + b_s satisfaction
                      + b_e emotion mood)
    satisfaction <- s_keep satisfaction + (1 - s_keep) s;  mood <- cut(mood_keep mood + mood_s cut(s))
    leaving = 1 - exp(exp(-g_s satisfaction) stay)
    return = 1 - exp(-om_0 exp(-away / om_tau) (1 + orders)^b_fr)
    """
    p = {"e_e": 1.5, "alpha": -0.4, "mu": 0.5, "b_inv": 3.0, "tau_inv": 2.0, "b_s": 0.8, "b_e": 1.5, "s_const": 0.2,
         "s_quality": 2.2, "s_keep": 0.4, "mood_keep": 0.7, "mood_s": mood_s, "churn": 2.0, "g_s": 0.7,
         "om_0": 0.5, "om_tau": 3.0, "b_fr": 0.7}  # fmt: skip
    need, emotion = spread(N, (-0.8, 0.8), (0.3, 0.9))
    stay, days = math.log(0.96), 12
    who = people(N, need=need, emotion=emotion, intensity=0.4, stay=stay)
    journal = play(lab(who, products(2, quality=[1.0, -1.0]), days, p))
    visits, lapses, returns = (happened(journal, kind) for kind in ("visit", "lapse", "return"))
    orders = [happened(journal, "order", item=j) for j in (0, 1)]
    agree(orders[0], np.full((days, N), 0.5), orders[0] + orders[1] > 0)  # whatever she sees, she sees by lot
    mood, satisfaction = np.zeros(N), np.zeros(N)
    last, lapsed, n = np.full(N, -(10**6)), np.full(N, -(10**6)), np.zeros(N)
    active = np.ones(N, dtype=bool)
    cells: dict[str, list[Any]] = {name: [] for name in ("visit", "buy", "leave", "back", "mood", "since", "sat", "n")}
    for t in range(days):
        comes_back = one_minus_exp(0.5 * np.exp(-(t - lapsed) / 3.0) * (1.0 + n) ** 0.7)
        comes = one_minus_exp(0.4 * np.exp(1.5 * emotion * mood))
        cells["visit"].append((visits[t], comes, active))
        cells["back"].append((returns[t], comes_back, ~active))
        cells["n"].append(np.minimum(n, 3) + 10.0 * (t - lapsed == 1))
        active = active | (returns[t] > 0)
        x = -0.4 + need - 3.0 * np.exp(-(t - last) / 2.0) + 0.8 * satisfaction + 1.5 * emotion * mood
        bought = orders[0][t] + orders[1][t] > 0
        cells["buy"].append((bought, logistic(x), visits[t] > 0))
        cells["mood"].append(np.round(mood, 0) + 10 * need)
        cells["since"].append(np.minimum(t - last, 9.0))
        cells["sat"].append(np.round(satisfaction, 0))
        s = 0.2 + 2.2 * np.where(orders[0][t] > 0, 1.0, -1.0)
        satisfaction = np.where(bought, 0.4 * satisfaction + 0.6 * s, satisfaction)
        mood = np.where(active, np.clip(0.7 * mood + mood_s * np.where(bought, np.clip(s, -1, 1), 0.0), -1, 1), mood)
        last, n = np.where(bought, t, last), n + bought
        cells["leave"].append((lapses[t], one_minus_exp(-stay * 2.0 * np.exp(-0.7 * satisfaction)), active))
        active, lapsed = active & (lapses[t] == 0), np.where(lapses[t] > 0, t, lapsed)

    def check(name: str, by: str, at_least: int) -> None:
        seen, chance, where = (np.array([cell[k] for cell in cells[name]]) for k in range(3))
        agree(seen, chance, where, np.array(cells[by]), at_least)

    check("visit", "mood", 4)
    check("buy", "since", 8)
    check("buy", "mood", 4)
    check("buy", "sat", 4)
    check("leave", "sat", 4)
    check("back", "n", 5)


# --- (18): coming back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("om_0", "om_tau", "b_fr"), [(0.06, 4.0, 1.3), (0.05, 1e6, 0.0)], ids=["fading", "steady"])
def test_who_left_comes_back_the_sooner_the_more_she_bought(om_0: float, om_tau: float, b_fr: float) -> None:
    """Everybody leaves every night. Some buy whenever they come, some never do.

    return = 1 - exp(-om_0 exp(-away / om_tau) (1 + orders)^b_fr), away counted from the day of leaving. Where all
    are alike and nothing fades, everybody's chance is the greatest there is: a bound that is too low would show.
    """
    days = 10
    (buys,) = spread(N, (0, 1, 1))
    who = people(N, need=np.where(buys > 0, SURE, 0.0), stay=-1000.0)
    journal = play(lab(who, products(), days, {"churn": 1.0, "om_0": om_0, "om_tau": om_tau, "b_fr": b_fr}))
    returns, orders = happened(journal, "return"), happened(journal, "order")
    assert (happened(journal, "lapse")[0] == 1).all()
    assert (orders == (returns + (np.arange(days) == 0)[:, None]) * buys).all()
    lapsed, n = np.zeros(N, dtype=int), buys.copy()
    chances, past, away = (np.zeros((days, N)) for _ in range(3))
    for t in range(1, days):
        away[t], past[t] = t - lapsed, n
        chances[t] = one_minus_exp(om_0 * np.exp(-away[t] / om_tau) * (1.0 + n) ** b_fr)
        lapsed, n = np.where(returns[t] > 0, t, lapsed), n + returns[t] * buys
    later = np.broadcast_to(np.arange(days)[:, None] > 0, (days, N))
    agree(returns, chances, later)
    agree(returns, chances, later, groups=np.minimum(past, 3), at_least=3)
    agree(returns, chances, later, groups=away, at_least=4)
    agree(returns, chances, later, groups=np.arange(days)[:, None] + 10 * np.minimum(past, 2), at_least=8)


# --- (17), 11b: friends who leave ---------------------------------------------------------------------


def test_friends_who_leave_take_others_with_them() -> None:
    """Watchers hear people who leave; losses weigh by tie and fade, only those of 30 days' tenure count.

    leaving = 1 - exp(exp(g_n min(sum weight exp(-(t - day left) / 30), 2) - g_a (active share - normal)) stay)

    Three sorts of watchers: gentle ones lose several of little weight, one by one; the cap of 2 decides on others;
    the last lose one friend of weight 1.9 on day 0, who has been there for 30 days, or for 29, which does not count.
    """
    p = {"churn": 1.0, "g_n": 20.0, "g_a": 1.5}
    days, m, most, normal = 20, 62, 7, 0.4
    luck = np.random.default_rng(5)
    tenure = np.where(np.arange(m) % 3 == 0, 5, np.where(np.arange(m) % 3 == 1, 100, 26))  # 26: tenured from day 4 on
    tenure[60:] = 30, 29
    sort, k = spread(N, (0, 0, 1, 2), range(most + 1))  # k: how many she hears
    k = np.where(sort == 2, 1, k)
    weight = np.choose(sort[:, None], [luck.choice([64, 128], (N, most)), 1536, 1946]) / 1024
    heard = np.argsort(luck.random((N, 60)), axis=1)[:, :most]
    heard[sort == 2, 0] = 60 + np.arange((sort == 2).sum()) % 2
    base = np.exp(np.choose(sort, [-6.5, -41.5, -37.5]))  # so that many leave, and not all at once
    who = people(
        m + N,
        tenure=np.concatenate([tenure, np.zeros(N, dtype=int)]),
        intensity=0.0,
        stay=np.concatenate([np.where(np.arange(m) < 60, -0.15, -1000.0), -base]),
    )
    me = np.arange(m, m + N)
    ties = [(me[k > j], heard[k > j, j], weight[k > j, j]) for j in range(most)]
    journal = play(lab(who, products(), days, p, ties, active_share=normal))
    lapses = happened(journal, "lapse")
    gone = np.where(lapses[:, :m].any(axis=0), lapses[:, :m].argmax(axis=0), 10**6)
    assert (gone[60:] == 0).all()
    counts = gone + tenure >= 30
    at_risk = np.cumsum(lapses, axis=0) - lapses == 0
    chances, level = np.zeros((days, N)), np.zeros((days, N))
    for t in range(days):
        left, active = np.zeros(N), np.zeros(N)
        for j in range(most):
            is_heard, day = k > j, gone[heard[:, j]]
            past = is_heard & (day < t)
            fade = np.exp(-np.minimum(np.maximum(t - day, 0), 99) / 30.0)
            left += np.where(past & counts[heard[:, j]], weight[:, j] * fade, 0.0)
            active += is_heard & ~past
        share = np.where(k > 0, active / np.maximum(k, 1) - normal, 0.0)
        level[t] = np.minimum(left, 2.0)
        chances[t] = one_minus_exp(base * np.exp(20.0 * level[t] - 1.5 * share))
    seen, at_risk = lapses[:, m:], at_risk[:, m:]
    day = np.broadcast_to(np.arange(days)[:, None], (days, N))
    agree(seen, chances, at_risk, groups=np.floor(level * 10), at_least=5)
    agree(seen, chances, at_risk, groups=sort, at_least=3)
    agree(seen, chances, at_risk, groups=k + 10 * sort, at_least=8)
    agree(seen, chances, at_risk, groups=day + 100 * sort, at_least=10)


def test_losses_are_forgotten_from_one_to_the_next() -> None:
    """Each watcher hears two who leave: one on day 0, surely, and one on a day of its own, so that what is left of the
    first is remembered anew with the second. Nobody had left before; weights are 0.9 and 0.3, forgotten by a month.

    leaving = 1 - exp(exp(g_n (.9 exp(-t / 30) + .3 exp(-(t - second) / 30))) stay), exact in whichever order
    """
    days, m, g_n = 40, 400, 12.0
    who = people(
        1 + m + N, tenure=100, intensity=0.0,
        stay=np.concatenate([[-1000.0], np.full(m, -0.05), np.full(N, -np.exp(-14.3))]),
    )  # fmt: skip
    me, second = np.arange(1 + m, 1 + m + N), 1 + np.arange(N) % m
    ties = [(me, 0, 922 / 1024), (me, second, 307 / 1024)]
    journal = play(lab(who, products(), days, {"churn": 1.0, "g_n": g_n}, ties))
    lapses = happened(journal, "lapse")
    assert lapses[0, 0] == 1
    first_day = np.where(lapses.any(axis=0), lapses.argmax(axis=0), 10**6)
    t, gone = np.arange(days)[:, None], first_day[second]
    level = np.where(t > 0, 922 / 1024 * np.exp(-t / 30.0), 0.0)
    level = level + np.where(t > gone, 307 / 1024 * np.exp(-np.maximum(t - gone, 0) / 30.0), 0.0)
    chances = one_minus_exp(np.exp(g_n * level - 14.3))
    seen = lapses[:, me]
    at_risk = np.cumsum(seen, axis=0) - seen == 0
    since = np.where(t > gone, 1 + np.minimum(gone, t) // 5, 0)
    agree(seen, chances, at_risk, groups=np.broadcast_to(t // 4, seen.shape), at_least=3)
    agree(seen, chances, at_risk, groups=t > gone, at_least=2)
    agree(seen, chances, at_risk, groups=since, at_least=3)


# --- (15b), (15): who registers ---------------------------------------------------------------------------


def test_prospects_come_by_themselves_and_through_posts() -> None:
    """Two leaders post every second day. p = 1 - (1 - organic arrive) exp(-posts a_kol kol / mean)."""
    days = 4
    hears, arrive, kol = spread(N, (0, 1, 2), (0.0, 1.0, 4.0), (0.2, 0.8))
    who = people(
        2 + N, registered=np.arange(2 + N) < 2, need=0.0,
        arrive=np.concatenate([[0, 0], arrive]), kol=np.concatenate([[0, 0], kol]),
    )  # fmt: skip
    me = np.arange(2, 2 + N)
    ties = [(me[hears > k], k, 1) for k in range(2)]
    leaders = {"kind": "kol_seeding", "seeds": 2, "posts_every": 2, "fee_base": 0, "fee_per_follower": 0}
    world = lab(who, products(), days, {"organic": 0.03, "a_kol": 0.4}, ties, {"leaders": leaders})
    journal = play(world, "leaders")
    joined = happened(journal, "register")[:, me]
    alone = happened(journal, "register", value=2)[:, me]
    at_risk = np.cumsum(joined, axis=0) - joined == 0
    posts = np.where(np.arange(days) % 2 == 0, 1, 0)[:, None] * hears
    organic = np.broadcast_to(0.03 * arrive, (days, N))
    chances = 1.0 - (1.0 - organic) * np.exp(-posts * 0.4 * kol / 0.5)
    agree(joined, chances, at_risk, groups=hears + 10 * (kol > 0.5) + 100 * (posts > 0), at_least=6)
    agree(joined, chances, at_risk, groups=arrive, at_least=3)
    agree(alone, organic, at_risk, groups=arrive, at_least=2)
    agree(joined - alone, chances - organic, at_risk, groups=posts, at_least=2)


def test_friends_are_reached_and_accept_as_often_as_they_should() -> None:
    """Reach: every friend with chance min(1, r_0 (friends / mean)^eta / friends); accepting: 1 - exp(-n a_inv).

    Two thirds of the senders are content and invite; the others warn, and bring nobody.
    """
    p = {"s_0": 1000, "r_0": 1.5, "eta": 0.5, "a_inv": 0.35, "s_match": 2.0}
    days, m = 5, N // 6
    size = np.array([1, 4, 16])[np.arange(m) % 3]
    content = np.arange(m) % 4 != 0
    luck = np.random.default_rng(2)
    who = people(
        m + N, registered=np.arange(m + N) < m, need=np.concatenate([np.full(m, SURE), np.zeros(N)]),
        taste_0=np.concatenate([np.where(content, 1.0, -1.0) * math.sqrt(3), np.zeros(N)]),
    )  # fmt: skip
    heard_by = [luck.choice(N, size[i], replace=False) + m for i in range(m)]
    ties = [(np.concatenate(heard_by), np.repeat(np.arange(m), size), 1)]
    journal = play(lab(who, products(taste=1.0), days, p, ties, degree=4.0))
    written = happened(journal, "message")[:, :m]
    chance = np.minimum(1.0, 1.5 * (size / 4.0) ** 0.5 / size)
    for friends in (1, 4, 16):
        for is_content in (False, True):  # warnings travel as far
            mine = (size == friends) & (content == is_content)
            sent, tries = int(written[:, mine].sum()), int(mine.sum()) * friends * days
            agree(np.arange(tries) < sent, np.full(tries, chance[mine][0]))
    mail = rows(journal, "message")
    good = mail[mail["agent"].isin(np.flatnonzero(content))]
    invited = np.zeros((days, m + N), dtype=int)
    np.add.at(invited, (good["day"].to_numpy(), good["other"].to_numpy()), 1)
    joined = happened(journal, "register", value=4)
    assert joined.sum() == happened(journal, "register").sum()
    assert joined[0].sum() == 0
    joined = joined[1:, m:]  # the day after
    at_risk = np.cumsum(joined, axis=0) - joined == 0
    invited = invited[:-1, m:]
    agree(joined, 1.0 - np.exp(-invited * 0.35), at_risk, groups=np.minimum(invited, 3), at_least=2)
    # of two who invited on one evening each is the inviter as often
    registered = rows(journal, "register")
    pairs = good.merge(
        registered.assign(day=registered["day"] - 1), left_on=["day", "other"], right_on=["day", "agent"]
    )
    pairs = pairs.assign(counts=pairs["agent_x"] == pairs["other_y"])
    by_person = pairs.sort_values("agent_x").groupby(["day", "other_x"])["counts"].agg(["size", "first", "sum"])
    assert (by_person["sum"] == 1).all()
    two = by_person[by_person["size"] == 2]
    agree(two["first"].to_numpy(), np.full(len(two), 0.5))
