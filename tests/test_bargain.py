"""Bargaining: each part of eq. 20 through the engine, money, both drivers, what field experiments found (S4, F02)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.engines import World, simulate
from sim.journal import Journal
from sim.ledger import Budget
from sim.metrics import measure
from sim.scenario import Scenario
from sim.strategies import registry
from tests.busy_worlds import BUSY, SCARCE, assert_drivers_agree, events, from_files, scenario
from tests.laboratory import ONE_SLOT, N, agree, happened, lab, logistic, people, play, products, rows, spread

HAGGLE: dict[str, Any] = {"kind": "bargain", "random_cut": False, "cost_per_day": 0.0}
EAGER = {**ONE_SLOT, "b_p": 1000.0}  # whoever may start a bargain does


def test_who_starts_a_bargain() -> None:
    """Alone or bargaining: v = beta save - c_w (1 - social) + ln pi, pi the share of bargains that were won.

    Nobody helps, so pi falls from its prior .5: (.5 4 + won) / (4 + closed). Who has one open starts no other.
    """
    p = {**ONE_SLOT, "b_p": 3.0, "c_w": 1.5}
    price, social = spread(N, (0.3, 0.9), (0.1, 0.9))
    tactic = HAGGLE | {"discount": 0.4, "deadline_days": 2}
    journal = play(lab(people(N, price=price, social=social), products(), 5, p, (), {"b": tactic}), "b")
    started, failed = happened(journal, "bargain"), happened(journal, "bargain_failed")
    holds = np.zeros(N, dtype=bool)
    for t in range(5):
        success = 2.0 / (4.0 + failed[:t].sum())
        v = 3.0 * (price / 0.5) * -math.log(0.6) - 1.5 * (1.0 - social) + math.log(success)
        agree(started[t], np.where(holds, 0.0, logistic(v)), groups=price + 10 * social, at_least=4 * (t == 0))
        assert (failed[t] == (started[t - 2] if t >= 2 else 0)).all()
        holds = (holds & (failed[t] == 0)) | (started[t] > 0)
    assert failed.sum() > N / 8


def test_bargains_bring_people_who_would_not_buy() -> None:
    """The alternative stands inside (5): P(start) = p' e^v / (1 + e^v), p' = logistic(need + ln(1 + e^v))."""
    need, tactic = 0.0, HAGGLE | {"discount": 0.2}
    p = {**ONE_SLOT, "b_p": 4.0, "b_inv": 6.0, "tau_inv": 1.0}
    journal = play(lab(people(N, need=need), products(), 2, p, (), {"b": tactic}), "b")
    v = -4.0 * math.log(0.8) + math.log(0.5)
    chance = logistic(need + math.log(1.0 + math.exp(v))) * logistic(v)
    agree(happened(journal, "bargain")[0], np.full(N, chance))
    assert chance > logistic(need) * logistic(v), "more bargain than are taken from the shelf"
    agree(happened(journal, "order")[0], np.full(N, logistic(need) * logistic(-v)))  # the rest of who came to buy
    # who had come to buy anyway does so when she has lost, for the list price; who came for the bargain does not
    dear = journal.orders[(journal.orders["mode"] == "bargain") & (journal.orders["paid_cents"] == 1000)]
    agree(np.isin(np.arange(N), dear["agent"]), np.full(N, logistic(need) * logistic(v)))
    assert (happened(journal, "bargain_failed")[1] == happened(journal, "bargain")[0]).all()
    # the next day the need of who bought is met in part, and who waits for friends starts no other
    wants = need - 6.0 * math.exp(-1.0) * happened(journal, "order")[0]
    free = happened(journal, "bargain")[0] == 0
    agree(
        happened(journal, "bargain")[1],
        free * logistic(wants + math.log(1.0 + math.exp(v))) * logistic(v),
        groups=wants,
    )


def test_a_bargain_starts_from_the_list_price() -> None:
    """A price cut of a quarter makes buying alone better, and leaves the bargain what it is, less what it is ahead."""
    p = {**ONE_SLOT, "b_p": 3.0}
    bundle = [HAGGLE | {"discount": 0.5}, {"kind": "price_cut", "discount": 0.25}]
    journal = play(lab(people(N), products(), 1, p, (), {"b": bundle}), "b")
    v, alone = 3.0 * math.log(2.0) + math.log(0.5), 3.0 * -math.log(0.75)
    agree(happened(journal, "bargain")[0], np.full(N, logistic(v - alone)))


def asking(n: int, friends: int, days: int, params: dict[str, float], tactic: dict[str, Any], **traits: Any) -> Journal:
    """n customers who bargain whenever they may, with `friends` friends each, who are asked; friends' traits given."""
    friend = np.arange(n, n * (1 + friends))
    columns = {
        name: np.concatenate([np.full(n, 0.5), np.broadcast_to(x, n * friends)])
        for name, x in traits.items()
        if name != "registered"
    }
    registered = np.concatenate([np.ones(n, bool), np.broadcast_to(traits.get("registered", True), n * friends)])
    come = np.where(np.arange(n * (1 + friends)) < n, 1000.0, 0.0)
    who = people(n * (1 + friends), registered=registered, intensity=come, **columns)
    ties = [(friend, np.repeat(np.arange(n), friends), 1.0)]
    return play(lab(who, products(), days, {**EAGER, **params}, ties, {"b": HAGGLE | {"discount": 0.5} | tactic}), "b")


def test_who_helps() -> None:
    """A friend who is asked helps with 1 - exp(-a_h trust / mean w(m) exp(-fatigue / f_0)); every request tires her."""
    n, days, keep, tires, f_0 = N // 2, 24, 0.8, 0.6, 2.0
    (trust,) = spread(n, (0.2, 0.8))
    p = {"a_h": 0.7, "w_inf": 0.3, "m_f": 2.0, "fat_keep": keep, "fat_ask": tires, "f_0": f_0}
    journal = asking(n, 1, days, p, {"helpers": 1}, trust=trust)
    started, helped = happened(journal, "bargain")[:, :n], happened(journal, "help")[:, n:]
    fatigue, earlier = np.zeros(n), np.zeros(n)
    for t in range(1, days):
        asked = started[t - 1] > 0
        worn = 0.3 + 0.7 * np.exp(-np.maximum(0.0, earlier - 3.0) / 2.0)
        chance = 1.0 - np.exp(-0.7 * (trust / 0.5) * worn * np.exp(-fatigue / f_0))
        agree(helped[t], np.where(asked, chance, 0.0), groups=trust, at_least=2 * (t % 2))  # closed on the evening
        fatigue = keep * fatigue + tires * asked  # tonight's, with this morning's request
        earlier += asked
    assert (earlier == days // 2).mean() > 0.9
    log = rows(journal, "help")
    assert (log["other"].to_numpy() == log["agent"].to_numpy() - n).all()
    assert (log["value"] == 500).all()


def test_requests_yield_less_and_less() -> None:
    """F02: help per request is flat to the third from one friend, and falls to about half by the twentieth."""
    n, days = N // 2, 44
    journal = asking(n, 1, days, {"a_h": 0.1, "f_0": 1e6}, {"helpers": 1})
    started, helped = happened(journal, "bargain")[:, :n], happened(journal, "help")[:, n:]
    earlier, n_asked, n_helped = np.zeros(n, dtype=int), np.zeros(99), np.zeros(99)
    for t in range(1, days):
        asked = started[t - 1] > 0
        np.add.at(n_asked, earlier[asked], 1)
        np.add.at(n_helped, earlier[asked], helped[t][asked])
        earlier += asked
    rate = n_helped / np.maximum(n_asked, 1)
    first = n_helped[:3].sum() / n_asked[:3].sum()
    late = n_helped[18:21].sum() / n_asked[18:21].sum()
    assert n_asked[20] > n / 4
    assert (rate[:3] / first > 0.75).all()
    assert 0.35 < late / first < 0.7


def p_drawn_cuts_reach(k: int, needed: int) -> float:
    """P(sum of k cuts, uniform on 0..2, >= needed): Irwin-Hall."""
    x = needed / 2.0
    below = sum((-1) ** j * math.comb(k, j) * (x - j) ** k for j in range(int(x) + 1)) / math.factorial(k) if k else 1.0
    return 1.0 - below if x < k else 0.0


@pytest.mark.parametrize(("needed", "days"), [(1, 1), (3, 1), (2, 3), (5, 2)])
@pytest.mark.parametrize("is_random", [False, True])
def test_how_often_a_bargain_is_won(needed: int, days: int, is_random: bool) -> None:
    """Six friends, each helping within the days with h = 1 - (1 - p)^days: a binomial tail; drawn cuts: Irwin-Hall.

    It is won on the evening the cuts reach the target, and then she has one unit at the floor price.
    """
    n, friends = N // 6, 6
    tactic = {"helpers": needed, "deadline_days": days, "random_cut": is_random}
    journal = asking(n, friends, days + 1, {"a_h": 0.5, "f_0": 1e6, "q_more": 0.8}, tactic)
    started, won = happened(journal, "bargain")[0, :n], happened(journal, "bargain_won")[:, :n]
    h = 1.0 - math.exp(-0.5 * days)
    if is_random:
        chance = sum(stats.binom.pmf(k, friends, h) * p_drawn_cuts_reach(k, needed) for k in range(friends + 1))
    else:
        chance = float(stats.binom.sf(needed - 1, friends, h))
    assert started.sum() > 0.99 * n
    assert won[0].sum() == 0
    lost = happened(journal, "bargain_failed")[days, :n]  # of those of the first day; who won early may start another
    agree(lost, started * (1.0 - chance))
    orders = journal.orders[journal.orders["mode"] == "bargain"]
    ended = won.sum(axis=1) + happened(journal, "bargain_failed").sum(axis=1)  # who loses pays the list price
    assert (orders.groupby("day").size().reindex(range(days + 1), fill_value=0) == ended).all()
    cheap, dear = orders[orders["tactic"] == "b"], orders[orders["tactic"] == ""]
    assert (cheap["paid_cents"] == 500).all()
    assert (cheap["quantity"] == 1).all()
    assert (dear["paid_cents"] == 1000 * dear["quantity"]).all()
    assert len(dear) == 0 or dear["quantity"].max() > 1
    assert journal.ledger["amount_cents"].sum() == 500 * len(cheap)
    helps = rows(journal, "help")
    first_won = rows(journal, "bargain_won").groupby("agent")["day"].min().reindex(helps["other"], fill_value=days)
    of_first = helps["day"].to_numpy() <= first_won.to_numpy()
    assert not helps[of_first].duplicated(["agent", "other"]).any(), "nobody helps twice in one bargain"


def test_helping_brings_prospects_and_being_asked_does_not() -> None:
    """A prospect who helps registers that morning with 1 - exp(-a_inv exp(b_ir ln(1 + gift / hassle))), and is paid."""
    n, gift = N // 2, 3.0
    p = {"a_h": 0.8, "a_inv": 0.3, "b_ir": 0.5, "h_0": 1.0}
    journal = asking(n, 1, 4, p, {"helpers": 1, "gift": gift}, registered=False)
    helped, came = happened(journal, "help")[:, n:], happened(journal, "register", value=4)[:, n:]
    for t in (1, 3):  # a bargain closes on the evening after, so there is one every other day
        is_new = came[:t].sum(axis=0) == 0
        agree(came[t], is_new * helped[t] * (1.0 - math.exp(-0.3 * math.exp(0.5 * math.log(4.0)))))
    assert came.sum() == happened(journal, "register").sum() > n / 8
    log = rows(journal, "register")
    assert (log["other"].to_numpy() == log["agent"].to_numpy() - n).all()
    gifts = journal.ledger[journal.ledger["line"] == "gifts"]
    assert gifts.set_index("day")["amount_cents"].to_dict() == {t: 300 * int(came[t].sum()) for t in (1, 3)}


def test_a_random_cut_makes_people_ask_more_friends() -> None:
    """S4: each friend is asked e^b_unsure as often, by the same luck: nobody asked for a fixed cut is left out."""
    n, friends, asked = N // 20, 10, {}
    for is_random in (False, True):
        tactic = {"random_cut": is_random}
        journal = asking(n, friends, 1, {"r_0": 3.0, "eta": 0.0, "b_unsure": math.log(1.209)}, tactic)
        sent = rows(journal, "message")
        asked[is_random] = set(zip(sent["agent"], sent["other"], strict=True))
        p = 3.0 / friends * (1.209 if is_random else 1.0)
        assert abs(len(asked[is_random]) - n * friends * p) < 4.5 * math.sqrt(n * friends * p * (1 - p))
    assert asked[False] < asked[True]


def shop(strategies: dict[str, Any], **more: Any) -> Scenario:
    return Scenario.load("base.open").with_({"strategies": strategies, "days": 60, **more})


def requests(journal: Journal) -> pd.DataFrame:
    """Messages that ask for help."""
    log = events(journal)
    started = log[log["type"] == "bargain"][["day", "agent", "item"]]
    return log[log["type"] == "message"].merge(started, on=["day", "agent", "item"])


# --- money, and both drivers ------------------------------------------------------------------------------------


def test_a_cap_is_never_passed_and_stock_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every start reserves the whole cut and a unit; who does not fit does what she would have done without."""
    seen: list[int] = []
    original = Budget.reserve

    def reserve(self: Budget, cents: int) -> None:
        original(self, cents)
        seen.append(self.spent_cents + self.reserved_cents)

    monkeypatch.setattr(Budget, "reserve", reserve)
    n = N // 10
    who, stock = people(n), products(stock=n // 2)
    tactic = HAGGLE | {"discount": 0.5, "budget": 5.0 * (n // 4)}
    journal = play(lab(who, stock, 2, EAGER, (), {"b": tactic}), "b")
    started, alone = happened(journal, "bargain"), happened(journal, "order")
    assert started.sum() == n // 4  # of n who want to
    assert max(seen) == 500 * (n // 4)
    assert alone[0].sum() == n // 2 - n // 4, "the others buy alone what is left"
    assert happened(journal, "bargain_failed")[1].sum() == n // 4 == alone[1].sum(), (
        "and who lost what was kept for her"
    )
    assert journal.ledger.empty


def test_drivers_agree_on_bargains(tmp_path: Path) -> None:
    several = [
        {"kind": "bargain", "helpers": 1, "budget": 150.0, "gift": 1.0},
        {"kind": "bargain", "helpers": 2, "discount": 0.5, "products": 0.5, "deadline_days": 3, "budget_per_day": 30.0},
        {"kind": "group_buy", "discount": 0.4, "window_days": 2},
        *SCARCE[:4],
    ]
    asked = scenario(params=BUSY, **from_files(tmp_path), strategies={"several": several})
    log = events(assert_drivers_agree(asked)["several"])
    assert {"bargain", "help", "bargain_won", "bargain_failed", "found", "join"} <= set(log["type"])


def test_a_bargain_that_is_overdone_loses_money_and_the_example_is_used() -> None:
    kind = registry()["bargain"]
    as_data = {name: getattr(kind, name)().model_dump(mode="json") for name in ("example", "overdone", "null")}
    asked = scenario(population={"size": 400}, days=25, params={"alpha": -2.0}, strategies=as_data)
    world = World.build(asked)
    runs = {label: simulate(asked, label, world=world, events=True) for label in asked.labels}
    profit = {label: measure(run)["profit_cents"] for label, run in runs.items()}
    assert profit["overdone"] < profit["control"]  # type: ignore[operator]
    pd.testing.assert_frame_equal(events(runs["null"]), events(runs["control"]), check_exact=True)
    won = runs["example"].orders.query("mode == 'bargain' and tactic != ''")
    assert (won["paid_cents"] < won["list_cents"]).all()
    assert len(won) > 5
