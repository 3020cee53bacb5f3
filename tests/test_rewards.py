"""Rewards for sharing, reviewing, inviting, registering: chances by formula, payments recounted (see laboratory.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.engines import simulate
from sim.journal import Journal
from tests.busy_worlds import BUSY, scenario
from tests.laboratory import N, agree, happened, lab, logistic, one_minus_exp, people, play, products, rows, spread

DAYS = 4


def line(journal: Journal, name: str, cls: str = "expense") -> np.ndarray:
    """Cents of a cost line by day."""
    found = journal.ledger[(journal.ledger["line"] == name) & (journal.ledger["cls"] == cls)]
    return found.groupby("day")["amount_cents"].sum().reindex(range(journal.days), fill_value=0).to_numpy()


def hassle(price: Any, h_0: float = 1.0) -> Any:
    """What sharing costs in cents, at a mean price sensitivity of .5."""
    return 100.0 * h_0 * 0.5 / price


# --- sharing ---------------------------------------------------------------------------------------------------


def test_who_shares_for_a_reward_and_is_paid() -> None:
    """logit = s_0 + b_rw ln(1 + reward / hassle); with too little money, the part of it that was paid last time."""
    price, _ = spread(N, (0.2, 0.8), (0.0,))
    p = {"alpha": 0.0, "s_0": -2.0, "b_rw": 1.0, "r_0": 0.0}
    free = {"kind": "share_reward", "reward": 3.0}
    scarce = free | {"budget_per_day": float(N // 10)}
    world = lab(people(N, price=price), products(), DAYS, p, strategies={"free": free, "scarce": scarce})
    for label in ("free", "scarce"):
        journal = play(world, label)
        assert (happened(journal, "order") == 1).all()
        shared = happened(journal, "share")
        due = shared.sum(axis=1) * 300
        cap = N // 10 * 100 if label == "scarce" else 10**12
        assert line(journal, "share_rewards").tolist() == [min(cents, cap) // 300 * 300 for cents in due.tolist()]
        kept = np.minimum(1.0, cap / np.concatenate([[1], due[:-1]]))
        assert label == "free" or kept[-1] < 0.8
        chance = logistic(-2.0 + np.log(1.0 + 300.0 * kept[:, None] / hassle(price)))
        agree(shared, chance, groups=np.arange(DAYS)[:, None] * 2 + (price > 0.5), at_least=8)


def test_shares_paid_a_day_are_capped() -> None:
    """Who shares an order alone and one in a team on the same day is paid twice, or once, as the lever says."""
    team = {"kind": "group_buy", "discount": 0.5, "window_days": 2}
    once, twice = ({"kind": "share_reward", "reward": 1.0, "per_day": k} for k in (1, 2))
    asked = scenario(
        params=BUSY | {"s_0": 3.0}, population={"size": 1500}, strategies={"once": [team, once], "twice": [team, twice]}
    )
    for label, most in (("once", 1), ("twice", 2)):
        journal = simulate(asked, label, events=True)
        per_person = rows(journal, "share", value=0).groupby(["day", "agent"]).size()
        per_person = per_person[per_person.index.get_level_values("day") >= 0]
        assert (per_person >= 2).sum() > 3
        paid = journal.ledger[journal.ledger["line"] == "share_rewards"]["amount_cents"].sum()
        assert paid == per_person.clip(upper=most).sum() * 100


# --- reviewing -------------------------------------------------------------------------------------------------


def test_who_reviews_for_a_reward_and_is_paid() -> None:
    """rev_0 (1 + reward / hassle)^b_rv, at most rev_max."""
    price, _ = spread(N, (0.2, 0.5, 0.9), (0.0,))
    p = {"alpha": 0.0, "rev_0": 0.1, "b_rv": 0.7, "rev_max": 0.3}
    asked = {"s": {"kind": "review_reward", "reward": 3.0}}
    journal = play(lab(people(N, price=price), products(), DAYS, p, strategies=asked), "s")
    reviewed = happened(journal, "review")
    chance = np.minimum(0.3, 0.1 * (1.0 + 300.0 / hassle(price)) ** 0.7)
    assert (chance == 0.3).any()
    agree(reviewed, np.broadcast_to(chance, reviewed.shape), groups=price, at_least=3)
    assert line(journal, "review_rewards").tolist() == (reviewed.sum(axis=1) * 300).tolist()


# --- inviting --------------------------------------------------------------------------------------------------


def test_who_registers_for_a_gift_and_who_is_paid() -> None:
    """Accepts: 1 - exp(-n a_inv (1 + gift / hassle)^b_ir); gifts to all, rewards to the first of each inviter."""
    m, days, each = 4, 6, 3
    n, price = spread(N, (1, 2, 4), (0.3, 0.8))
    who = people(
        m + N, price=np.concatenate([np.full(m, 0.5), price]), registered=np.arange(m + N) < m,
        taste_0=0.0,
    )  # fmt: skip
    p = {"alpha": 0.0, "s_0": 1000.0, "a_inv": 0.01, "b_ir": 0.6}
    me = np.arange(m, m + N)
    ties = [(me[n > i], i, 1.0) for i in range(m)]
    offer = {"kind": "referral", "gift": 5.0, "reward": 2.0, "per_inviter": each}
    journal = play(lab(who, products(), days, p, ties, strategies={"s": offer}), "s")
    registered = happened(journal, "register")[:, me]
    at_risk = np.cumsum(registered, axis=0) - registered == 0
    at_risk[0] = False
    chance = one_minus_exp(n * 0.01 * (1.0 + 500.0 / hassle(price)) ** 0.6)
    agree(registered, np.broadcast_to(chance, registered.shape), at_risk, groups=n + 10.0 * price, at_least=6)
    assert line(journal, "gifts").tolist() == (registered.sum(axis=1) * 500).tolist()
    brought = journal.shoppers[journal.shoppers["channel"] == "invited"]["inviter"].value_counts()
    assert len(brought) == m
    assert (brought > each).all()
    assert line(journal, "rewards").sum() == m * each * 200


def test_a_gift_is_promised_only_for_days_on_which_it_is_paid() -> None:
    """On every second day nobody can register on the day after an invitation and be paid: the gift moves nobody."""
    who = people(1 + N, registered=np.arange(1 + N) < 1)
    p = {"alpha": 0.0, "s_0": 1000.0, "a_inv": 0.01, "b_ir": 2.0}
    offer = {"kind": "referral", "gift": 50.0, "reward": 0.0, "every": 2}
    world = lab(who, products(), 5, p, [(np.arange(1, 1 + N), 0, 1.0)], strategies={"s": offer})
    assert happened(play(world, "s"), "register").tolist() == happened(play(world), "register").tolist()


# --- registering -----------------------------------------------------------------------------------------------


def test_advertisements_bring_people_and_are_billed_their_share() -> None:
    """organic + ads by day; of each day's registrations the bill is for ads / (organic + ads)."""
    who = people(N, registered=False, arrive=np.where(np.arange(N) % 2, 0.5, 1.5))
    offer = {"kind": "new_user_offer", "face": 0.0, "ads": 0.02, "cost_per_install": 1.37}
    some = offer | {"budget_per_day": N * 0.005}  # reaches for about a fifth of them
    asked = {"s": offer, "some": some}
    world = lab(who, products(), DAYS, {"alpha": 0.0, "organic": 0.01}, strategies=asked)
    journal = play(world, "s")
    registered = happened(journal, "register")
    at_risk = np.cumsum(registered, axis=0) - registered == 0
    chance = np.broadcast_to(0.03 * who.traits.arrive, registered.shape)
    agree(registered, chance, at_risk, groups=who.traits.arrive, at_least=2)
    bills = np.floor(registered.sum(axis=1) * (2.0 / 3.0) * 137 + 0.5)
    assert line(journal, "installs").tolist() == bills.tolist()
    less = play(world, "some")
    bought = N * 0.5 / (N * 137)  # on the first day all are prospects
    first = happened(less, "register")[0]
    agree(first, (0.01 + bought) * who.traits.arrive)
    assert line(less, "installs")[0] <= N * 0.5
    assert line(less, "installs")[0] > N * 0.4


def test_a_first_order_costs_newcomers_less() -> None:
    """Money off the first order only, for who registered less than 30 days ago; later orders pay the list price."""
    tenure, registered = np.array([40, 29, 30, 0, 0]), np.array([True, True, True, True, False])
    for kind, face in (("new_user_offer", "face"), ("referral", "first_order")):
        offer = {"kind": kind, face: 2.0, "min_price": 0.0} | ({"gift": 0.0, "reward": 0.0} if face != "face" else {})
        who = people(20, registered=np.resize(registered, 20), tenure=np.resize(tenure, 20))
        journal = play(lab(who, products(), 3, {"alpha": 0.0, "organic": 1.0}, strategies={"s": offer}), "s")
        paid: pd.DataFrame = journal.orders.pivot_table("paid_cents", "agent", "day")
        assert paid.loc[0].tolist() == [1000, 1000, 1000]
        assert paid.loc[2].tolist() == [1000, 1000, 1000]
        assert all(paid.loc[k].tolist() == [800, 1000, 1000] for k in (1, 3, 4))
