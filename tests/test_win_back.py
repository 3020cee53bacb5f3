"""Win-back: who is written to, the pull of message and coupon, what is paid, against formulas (tests/laboratory.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.metrics import measure
from tests.laboratory import N, agree, happened, lab, one_minus_exp, people, play, products
from tests.members import first_day, holders, paid_lines, shops


def test_win_back_by_message_and_coupon() -> None:
    """(18) with pull e_p exp(-fatigue / f_0) on the day of the message and pull ln(1 + face) while the coupon is good.

    Everybody leaves on the first night and again whenever she came back, and buys whenever she comes.
    """
    days, after, again, valid, face = 14, 3, 6, 2, 4.0
    p = {"churn": 1.0, "om_0": 0.02, "om_tau": 20.0, "alpha": 0.0, "e_p": 0.8, "f_0": 2.0, "b_fr": 0.5}
    p |= {"o_p": 0.0, "g_sal": 0.0}
    tactic = {
        "kind": "win_back", "after": after, "until": 12, "again": again, "valid_days": valid, "face": face,
        "min_price": 0, "pull": 0.6, "cost": 0.07,
    }  # fmt: skip
    journal = play(lab(people(N, stay=-50.0, tenure=100), products(), days, p, strategies={"s": tactic}), "s")
    back, orders = happened(journal, "return"), happened(journal, "order")
    came = happened(journal, "visit")
    chance, held = np.zeros(back.shape), np.zeros(back.shape, dtype=bool)
    sent, tired, n_written = np.full(N, -10_000), np.zeros(N), 0
    for t in range(1, days):
        last = first_day(came, t)
        away = t - last
        sent, held[t], written = holders((away >= after) & (away < 12), orders, sent, t, again, valid)
        n_written += int(written.sum())
        pull = 0.8 * written * np.exp(-tired / 2.0) + 0.6 * math.log1p(face) * held[t]
        tired = np.where(back[t] > 0, written, tired)  # of the last day she was there
        bought = orders[:t].sum(axis=0)
        chance[t] = one_minus_exp(0.02 * np.sqrt(1.0 + bought) * np.exp(-away / 20.0 + pull))
    agree(back, chance, (np.arange(days) > 0)[:, None], groups=np.arange(days)[:, None] + 100 * held, at_least=10)
    log = journal.orders
    paid = np.where(held[log["day"], log["agent"]], 600, 1000)
    assert (log["paid_cents"] == paid).all()
    assert (paid == 600).sum() > 20
    assert paid_lines(journal) == {"messages": 7 * n_written, "coupon": 400 * int((paid == 600).sum())}


def test_who_is_won_back_first() -> None:
    """With few messages a day: who paid most, or who was seen last."""
    few = {"kind": "win_back", "again": 50, "most": 30, "face": 0}
    comes = np.arange(200) < 100  # half come every day, and buy; the others never
    who = people(200, intensity=np.where(comes, 1000.0, 0.0), tenure=60)
    best = few | {"after": 1, "first": "spent", "start": 2}
    sent = promised(lab(who, products(), 3, {"alpha": 0.0}, strategies={"s": best}))
    assert len(sent) == 30
    assert comes[sent].all()
    who = people(200, intensity=0.0, tenure=np.where(comes, 60, 20))
    last = few | {"after": 2, "first": "recent"}
    sent = promised(lab(who, products(), 1, {}, strategies={"s": last}))
    assert len(sent) == 30
    assert not comes[sent].any()


def promised(world: World) -> Any:
    """Rows of those who were written to in a run."""
    operations, recorder = prepare(world, "s")
    Columnar(world, operations, recorder).run()
    return np.flatnonzero(operations.desks[0].notes["promises"].sent_day >= 0)


@pytest.mark.slow
def test_win_back_wins_back_more_with_a_better_offer_and_before_it_is_late() -> None:
    """S10, directions only: who is asked returns more often, more so for a better offer, less so after long absence.

    Half a year of the usual shop. Found: 27 % more returns by default, 55 % with three times the face, 3 % after
    four months; a message without an offer brings next to nobody, and costs.
    """
    usual = {"kind": "win_back"}
    arms = {"usual": usual, "deep": usual | {"face": 15.0}, "late": usual | {"after": 120, "until": 365}}
    arms["bare"] = usual | {"face": 0}
    found = []
    for asked, world in shops(arms, 3, days=180, burn_in_days=60):
        runs = {label: simulate(asked, label, world=world) for label in asked.labels}
        back = {label: float(run.daily["returned"].sum()) for label, run in runs.items()}
        found.append([back[label] / back["control"] - 1.0 for label in arms])
        assert measure(runs["bare"])["profit_cents"] < measure(runs["control"])["profit_cents"]
    usual_, deep, late, bare = np.mean(found, axis=0)
    assert 0.1 < usual_ < deep
    assert 0.0 < late < usual_ / 3.0
    assert abs(bare) < 0.05
