"""Teams, and money that is scarce: each equation through the engine (see tests/laboratory.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.laboratory import ONE_SLOT, N, agree, happened, lab, logistic, people, play, products, rows, spread

# --- (19): teams ------------------------------------------------------------------------------------------------


def poisson_at_least(mean: float, least: int) -> float:
    return 1.0 if least <= 0 else float(stats.poisson.sf(least - 1, mean))


def test_who_founds_a_team() -> None:
    """Alone or founding: v = pi beta save - (1 - pi) c_fail - c_w (1 - social), beta = b_p price / mean.

    Nobody joins, so the displayed success falls from its prior .5: (shop 4 + filled) / (4 + closed), the shop's rate
    started from (.5 4 + filled) / (4 + closed) likewise.
    """
    p = {**ONE_SLOT, "b_p": 3.0, "c_fail": 1.2, "c_w": 1.5}
    price, social = spread(N, (0.3, 0.9), (0.1, 0.9))
    team = {"kind": "group_buy", "discount": 0.3, "window_days": 2, "strangers": False, "progress": False}
    journal = play(lab(people(N, price=price, social=social), products(), 5, p, (), {"team": team}), "team")
    founded = happened(journal, "found")
    closed = journal.daily["teams_failed"].to_numpy().cumsum()
    holds = np.zeros(N, dtype=bool)
    for t in range(5):
        n = closed[t - 1] if t else 0
        success = (2.0 / (4.0 + n) * 4.0) / (4.0 + n)
        save = -math.log(0.7)
        v = success * 3.0 * (price / 0.5) * save - (1.0 - success) * 1.2 - 1.5 * (1.0 - social)
        agree(founded[t], np.where(holds, 0.0, logistic(v)), groups=price + 10 * social, at_least=4 if t == 0 else 0)
        holds = founded[max(t - 1, 0) : t + 1].any(axis=0)  # a team of day t closes on the evening of t + 2
        holds |= founded[t].astype(bool)
    assert closed[-1] > N / 4


@pytest.mark.parametrize(("size", "window", "told"), [(2, 1, True), (3, 3, True), (4, 8, True), (3, 3, False)])
def test_who_joins_a_team(size: int, window: int, told: bool) -> None:
    """Customers found teams and ask a friend each; who accepts registers the next day and decides: join, or buy alone.

    Where progress is shown pi = P(Poisson(joins (closing day - t + 1)) >= size - (members + 1)), else the success
    shown. Both rates are those of the shop, started from guesses of .3 joins a team and day and of .5, weight 4, and
    then once more for the product.
    """
    p = {**ONE_SLOT, "b_p": 2.0, "c_fail": 0.9, "c_w": 1.1, "a_inv": 1.0}
    m, days = N // 2, 3
    price, social = spread(m, (0.3, 0.8), (0.1, 0.6))
    who = people(
        2 * m,
        registered=np.arange(2 * m) < m,
        price=np.tile(price, 2),
        social=np.concatenate([np.full(m, 0.9), social]),
    )
    team = {"kind": "group_buy", "discount": 0.5, "size": size, "capacity": 20, "window_days": window,
            "strangers": False, "progress": told}  # fmt: skip
    ties = [(np.arange(m, 2 * m), np.arange(m), 1.0)]
    journal = play(lab(who, products(), days, p, ties, {"team": team}), "team")
    founded, joined = happened(journal, "found"), happened(journal, "join")
    came = happened(journal, "register", value=4)[:, m:]
    filled, failed = (journal.daily[name].to_numpy() for name in ("teams_succeeded", "teams_failed"))

    def shown(events: int, exposure: int, guess: float) -> float:
        of_shop = (guess * 4.0 + events) / (4.0 + exposure)
        return (of_shop * 4.0 + events) / (4.0 + exposure)

    def v(chance: float, is_social: Any) -> Any:
        return chance * 2.0 * (price / 0.5) * math.log(2.0) - (1.0 - chance) * 0.9 - 1.1 * (1.0 - is_social)

    team_days = 0
    holds = np.zeros(m, dtype=bool)
    for t in range(days):
        closed = int(filled[:t].sum() + failed[:t].sum())
        success = shown(int(filled[:t].sum()), closed, 0.5)
        agree(founded[t, :m], np.where(holds, 0.0, logistic(v(success, 0.9))), groups=price, at_least=2 * (t == 0))
        if t > 0:
            joins = shown(int(joined[:t].sum()), team_days, 0.7)
            pi = poisson_at_least(joins * window, size - 2) if told else success
            assert pi >= success  # so nobody founds a team of her own
            asked = (came[t] > 0) & (founded[t - 1, :m] > 0)
            assert asked.sum() == came[t].sum() > 50
            agree(joined[t, m:], logistic(v(pi, social)), asked)
            agree(joined[t, m:], logistic(v(pi, social)), asked, groups=price + 10 * social, at_least=4 * (t == 1))
        # team-days count teams founded before today; those of window 1 close on the evening after
        team_days += int(founded[max(t - window, 0) : t].sum())
        holds = founded[max(t - window + 1, 0) : t + 1, :m].any(axis=0)
    log = rows(journal, "join")
    assert (log["other"].to_numpy() == log["agent"].to_numpy() - m).all()


def test_open_teams_of_strangers_are_three_at_most_and_nobody_is_favoured() -> None:
    """Seats: every morning three public teams, each with one free place; who gets them goes by lot, not by order."""
    p = {**ONE_SLOT, "b_p": 50.0}
    n = N // 10
    team = {"kind": "group_buy", "discount": 0.5, "window_days": 2, "size": 2}
    half = np.arange(n) % 2 == 0  # come on any day
    journal = play(lab(people(n, intensity=np.where(half, 0.4, 0.3)), products(), 25, p, (), {"team": team}), "team")
    joined, founded = rows(journal, "join"), rows(journal, "found")
    per_day = joined.groupby("day").size().reindex(range(25), fill_value=0)
    assert per_day[0] == 0
    assert (per_day[1:] == 3).all()  # many want one
    assert (joined.groupby("day")["other"].nunique() == 3).all()
    lot = stats.kstest(joined["agent"] / n, "uniform").pvalue  # by rank of the id: none is first
    assert lot > 1e-4
    assert len(founded) > len(joined)


# --- 8.2: scarce money --------------------------------------------------------------------------------------------


def test_a_budget_gives_what_fits_and_to_anybody() -> None:
    """V9 through the engine: floor(cap / face) coupons are given a day, each visitor with the same chance."""
    coupon = {"kind": "coupon", "face": 3.0, "min_price": 0.0, "budget_per_day": 99.0}
    journal = play(lab(people(N // 5), products(), 20, {**ONE_SLOT}, (), {"coupon": coupon}), "coupon")
    orders = journal.orders
    cheap = orders[orders["paid_cents"] == 700]
    assert set(orders["paid_cents"]) == {700, 1000}
    assert (cheap.groupby("day").size() == 33).all()
    assert stats.kstest(cheap["agent"] / (N // 5), "uniform").pvalue > 1e-4
    assert (journal.ledger["amount_cents"] == 33 * 300).all()
