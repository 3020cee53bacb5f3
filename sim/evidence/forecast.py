"""Benchmark forecasts by week: BG/NBD with gamma-gamma, seasonal naive; imports `buyers`, `buying`, `score`.

What a good analyst without a simulator would do with the same data; the model's own forecast is held against both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.evidence import buyers
from sim.evidence.buying import weekly_table
from sim.evidence.normal import WEEK, Orders
from sim.evidence.score import QUANTITIES, Forecast

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS: Final = 400
SEED: Final = 1
YEAR: Final = 52
#: yearly growth where one year of data cannot show it: mean 0, sd of the logarithm (guess)
GROWTH_SD: Final = 0.15
#: how sure the level of newcomers is, sd of the logarithm (guess)
NEWCOMERS_SD: Final = 0.15
#: how far the level of all weeks may drift from the model, sd of the logarithm (guess)
LEVEL_SD: Final = 0.1
FEWEST: Final = 30
#: how far season and growth may be mistaken for each other in one year of data, sd of the logarithm (guess)
SEASON_SD: Final = 0.1
#: a shop takes in newcomers if as many weeks before the end had some
_STILL: Final = 4


@dataclass(frozen=True)
class Fitted:
    """A BG/NBD with gamma-gamma fitted to some customers; times on the season's clock. Draws: one row each."""

    bg_nbd: tuple[float, float, float, float]
    gamma_gamma: tuple[float, float, float]
    bg_nbd_draws: Floats
    gamma_gamma_draws: Floats
    first: Ints  # day of the first order
    x: Ints
    t_x: Floats
    t: Floats
    n_valued: Ints  # order days with a value, the first one too
    mean_value: Floats
    share_valued: float

    @property
    def n(self) -> int:
        """Customers."""
        return len(self.x)


class Effects(NamedTuple):
    """What weeks have in common beside the model; see `week_effects`."""

    rho: float
    sigma: float
    level: float
    level_sd: float


def fit(orders: Orders, draws: int = DRAWS, seed: int = SEED, clock: Floats | None = None) -> Fitted:
    """Fit to all customers whose first order is in the window.

    `clock`: time that has passed by the beginning of each day 0 .. n_days; a day is a day if left out. A clock
    that runs faster in a busy season lets the same rates hold all year.
    """
    clock = np.arange(orders.n_days + 1, dtype=np.float64) if clock is None else clock
    new = orders.first_day >= 0
    customer, day, value = orders.customer[new], orders.day[new], orders.value_cents[new] / 100
    _, at, who = np.unique(customer, return_index=True, return_inverse=True)
    n = len(at)
    if n < FEWEST:
        raise InputError("too few customers for a BG/NBD", found=n, allowed=f"{FEWEST} or more")
    x = np.bincount(who, minlength=n) - 1
    first = day[at]
    last = np.maximum.reduceat(day, at)
    t_x = clock[last] - clock[first]
    t = np.maximum(clock[-1] - clock[first], 0.5)
    t_x = np.minimum(t_x, t)
    valued = np.bincount(who[value > 0], minlength=n)
    mean_value = np.bincount(who, weights=value, minlength=n) / np.maximum(valued, 1)
    best = buyers.fit_bg_nbd(x.astype(np.float64), t_x, t)
    buys = valued > 0
    spends = buyers.fit_gamma_gamma(valued[buys].astype(np.float64), mean_value[buys])
    luck = np.random.default_rng(seed)

    def of_purchases(r: float, alpha: float, a: float, b: float) -> float:
        return buyers.bg_nbd_log_likelihood(r, alpha, a, b, x, t_x, t)

    def of_values(p: float, q: float, gamma: float) -> float:
        return buyers.gamma_gamma_log_likelihood(p, q, gamma, valued[buys], mean_value[buys])

    return Fitted(
        best, spends, buyers.draws_around(of_purchases, best, draws, luck),
        buyers.draws_around(of_values, spends, draws, luck),
        first, x, t_x, t, valued, mean_value, float((value > 0).mean()),
    )  # fmt: skip


def bg_nbd(orders: Orders, n_weeks: int, draws: int = DRAWS, seed: int = SEED, told: Floats | None = None) -> Forecast:
    """BG/NBD with gamma-gamma, customer by customer: the weeks after the window.

    Every draw has coefficients from their posterior; for each customer, whether she has left, her rate and her value a
    purchase from hers; then purchases one by one. What a good analyst adds:

    - Season, with a year of data: the clock runs as fast as the orders of a week of that year compare with its mean.
    - Old customers, where the data begin in the middle of a shop's life: whoever is first seen in the first quarter
      of the window has coefficients of her own; newcomers are like those first seen later.
    - Newcomers, where the shop still gets some, come at the level of the second half of the window, with the season.
    - What weeks have in common (weather, mailings, holidays): a factor a week, autoregressive, as large as what the
      model leaves over in the window; and one for all weeks, from the last quarter of a year, as models drift.

    `told`: the season of all weeks, of the window and after, where it is known from elsewhere.
    """
    luck = np.random.default_rng(seed + 1)
    table = weekly_table(orders)
    season, clock = season_of(orders, n_weeks) if told is None else _told(orders, n_weeks, told)
    parts = [fit(part, draws, seed, clock) for part in segments(orders)]
    ahead = np.concatenate([[0.0], np.cumsum(season) * WEEK])
    arriving = _newcomers(table["new"], clock, season)
    repeats, value = np.zeros((draws, n_weeks)), np.zeros((draws, n_weeks))
    nobody = np.zeros(n_weeks, dtype=np.int64)
    for s in range(draws):
        new = luck.poisson(arriving * np.exp(NEWCOMERS_SD * luck.standard_normal()))
        for part in parts:
            counts, money = _simulate(part, s, ahead, new if part is parts[-1] else nobody, luck)
            repeats[s] += counts
            value[s] += money
    rest = week_effects(orders, parts, clock)
    if len(np.unique(season)) > 1:  # one year cannot tell season from growth
        rest = rest._replace(level_sd=(rest.level_sd**2 + SEASON_SD**2) ** 0.5)
    effects = _autoregressive(rest.rho, rest.sigma, draws, n_weeks, luck)
    effects *= np.exp(rest.level + rest.level_sd * luck.standard_normal((draws, 1)) - rest.level_sd**2 / 2)
    start = None if orders.start is None else orders.start + timedelta(days=orders.n_days)
    weeks = orders.n_days // WEEK + 1 + np.arange(n_weeks)
    return Forecast(weeks, {"repeat_orders": repeats * effects, "gmv": value * effects}, start)


def segments(orders: Orders) -> list[Orders]:
    """Old customers and new ones, where many of the first are old; else all in one part."""
    first = orders.first_day
    known = orders.where(first >= 0)
    first = known.first_day
    early = first < orders.n_days // 4
    start = known.is_start
    n_early, n_later = int((start & early).sum()), int((start & ~early).sum())
    first_days = first[start]
    is_old = (first_days < 4 * WEEK).mean() / (4 * WEEK) > 2 * (first_days >= 8 * WEEK).mean() / (
        orders.n_days - 8 * WEEK
    )
    if orders.n_days < 16 * WEEK or not is_old or min(n_early, n_later) < FEWEST:
        return [known]
    if not _still_coming(weekly_table(orders)["new"]):
        return [known]
    return [known.where(early), known.where(~early)]


def _simulate(fitted: Fitted, s: int, ahead: Floats, new: Ints, luck: np.random.Generator) -> tuple[Floats, Floats]:
    """Of one draw, by week: repeat orders; value of all orders, the first ones of newcomers too.

    `ahead`: time on the clock at the borders of the weeks, from now.
    """
    r, alpha, a, b = fitted.bg_nbd_draws[s]
    p, q, gamma = fitted.gamma_gamma_draws[s]
    n_weeks = len(ahead) - 1
    stays = luck.random(fitted.n) < buyers.bg_nbd_alive(r, alpha, a, b, fitted.x, fitted.t_x, fitted.t)
    x, t = fitted.x[stays], fitted.t[stays]
    valued, mean = fitted.n_valued[stays], fitted.mean_value[stays]
    n_new = int(new.sum())
    rate = np.concatenate([luck.gamma(r + x, 1 / (alpha + t)), luck.gamma(r, 1 / alpha, n_new)])
    leave = np.concatenate([luck.beta(a, b + x), luck.beta(a, b, n_new)])
    inverse = np.concatenate([luck.gamma(q + p * valued, 1 / (gamma + valued * mean)), luck.gamma(q, 1 / gamma, n_new)])
    arrives = np.repeat(np.arange(n_weeks), new)
    first_value = luck.gamma(p, 1 / inverse[len(x) :]) * (luck.random(n_new) < fitted.share_valued)
    counts, money = np.zeros(n_weeks), np.zeros(n_weeks)
    np.add.at(money, arrives, first_value)
    now = np.concatenate([np.zeros(len(x)), ahead[arrives] + luck.random(n_new) * np.diff(ahead)[arrives]])
    while len(now):
        now = now + luck.exponential(1 / np.maximum(rate, 1e-300))
        inside = now < ahead[-1]
        now, rate, leave, inverse = now[inside], rate[inside], leave[inside], inverse[inside]
        week = np.searchsorted(ahead, now, side="right") - 1
        paid = luck.gamma(p, 1 / inverse) * (luck.random(len(now)) < fitted.share_valued)
        counts += np.bincount(week, minlength=n_weeks)
        money += np.bincount(week, weights=paid, minlength=n_weeks)
        remains = luck.random(len(now)) >= leave
        now, rate, leave, inverse = now[remains], rate[remains], leave[remains], inverse[remains]
    return counts, money


def season_of(orders: Orders, n_weeks: int) -> tuple[Floats, Floats]:
    """(season of the weeks to come, clock of the window); without a year of data all weeks are alike.

    The season of a week is its order days, averaged with those of the weeks beside it (1/4, 1/2, 1/4), over the
    mean of the last 364 days. A week with less than half of the usual of the two weeks on each side (a shop that
    is closed) stays as it is and does not spread. The clock gives the time passed by the beginning of each day 0
    .. n_days.
    """
    n_days = orders.n_days
    if n_days < YEAR * WEEK:
        return np.ones(n_weeks), np.arange(n_days + 1, dtype=np.float64)
    day = orders.day[orders.day >= n_days - YEAR * WEEK] - (n_days - YEAR * WEEK)
    year = np.bincount(day // WEEK, minlength=YEAR).astype(np.float64)
    usual = np.median([np.roll(year, k) for k in (-2, -1, 1, 2)], axis=0)
    is_open = (year >= 0.5 * usual).astype(np.float64)
    parts = [(0.5, 0), (0.25, 1), (0.25, -1)]
    weight = sum(share * np.roll(is_open, k) for share, k in parts)
    smooth = sum(share * np.roll(is_open * year, k) for share, k in parts) / np.maximum(weight, 0.25)
    smooth = np.where(is_open > 0, smooth, year)
    index = np.maximum(smooth / smooth.mean(), 0.02)
    of_day = index[(np.arange(n_days) - n_days) // WEEK % YEAR]
    return np.resize(index, n_weeks), np.concatenate([[0.0], np.cumsum(of_day)])


def _told(orders: Orders, n_weeks: int, season: Floats) -> tuple[Floats, Floats]:
    """As `season_of`, of a season that is known."""
    n = orders.n_days // WEEK
    of_day = season[np.minimum(np.arange(orders.n_days) // WEEK, n - 1)]
    return season[n : n + n_weeks], np.concatenate([[0.0], np.cumsum(of_day)])


def _still_coming(new: Any) -> bool:
    """Whether the shop still gets newcomers: some in each of the last weeks."""
    return bool((np.asarray(new)[-_STILL:] > 0).all())


def _newcomers(seen: Any, clock: Floats, season: Floats) -> Floats:
    """Expected newcomers of the weeks to come: the level of the second half of the window, with the season."""
    seen = np.asarray(seen, dtype=np.float64)
    if not _still_coming(seen):
        return np.zeros(len(season))
    half = len(seen) // 2
    passed = clock[len(seen) * WEEK] - clock[half * WEEK]
    return np.asarray(float(seen[half:].sum()) / passed * WEEK * season, dtype=np.float64)


def expected_repeats(parts: list[Fitted], clock: Floats) -> Floats:
    """Repeat orders by week of the window that the fitted models expect, newcomers given: the tracking plot's line."""
    n_weeks = (len(clock) - 1) // WEEK
    edges = clock[np.arange(n_weeks + 1) * WEEK]
    cumulated = np.zeros(n_weeks + 1)
    for part in parts:
        days, n = np.unique(part.first, return_counts=True)
        age = np.maximum(edges[None, :] - clock[days][:, None], 0.0)
        cumulated += n @ buyers.bg_nbd_expected(*part.bg_nbd, age)
    return np.diff(cumulated)


def week_effects(orders: Orders, parts: list[Fitted], clock: Floats) -> Effects:
    """How far repeat orders of a week are from what the models expect, in logarithms, luck of counts taken off.

    `rho`, `sigma`: autocorrelation and sd over the second half of the window. `level`: mean of the last quarter of
    a year, shrunken by its own noise towards 0, from where models drift with LEVEL_SD; `level_sd` is what remains
    unknown of it.
    """
    seen = np.asarray(weekly_table(orders)["repeat_orders"], dtype=np.float64)
    expected = expected_repeats(parts, clock)
    half = slice(len(seen) // 2, None)
    usable = (seen[half] > 0) & (expected[half] > 0)
    if usable.sum() < 6:
        return Effects(0.5, 0.2, 0.0, LEVEL_SD)
    rest = np.log(seen[half][usable] / expected[half][usable])
    noise = float(np.mean(1 / seen[half][usable]))
    variance = max(float(rest.var(ddof=1)) - noise, 1e-4)
    around = rest - rest.mean()
    rho = float(np.clip(np.mean(around[1:] * around[:-1]) / variance, 0.0, 0.9))
    last = rest[-YEAR // 4 :]
    of_mean = (variance * (1 + rho) / (1 - rho) + noise) / len(last)
    trust = LEVEL_SD**2 / (LEVEL_SD**2 + of_mean)
    return Effects(rho, variance**0.5, trust * float(last.mean()), (trust * of_mean) ** 0.5)


def _autoregressive(rho: float, sigma: float, draws: int, n_weeks: int, luck: np.random.Generator) -> Floats:
    """Factors with mean 1: exp of a stationary autoregressive process of order 1."""
    z = luck.standard_normal((draws, n_weeks))
    path = np.empty((draws, n_weeks))
    path[:, 0] = z[:, 0]
    for w in range(1, n_weeks):
        path[:, w] = rho * path[:, w - 1] + (1 - rho**2) ** 0.5 * z[:, w]
    factors: Floats = np.exp(sigma * path - sigma**2 / 2)
    return factors


def seasonal_naive(
    orders: Orders, n_weeks: int, draws: int = DRAWS, seed: int = SEED, told: Floats | None = None
) -> Forecast:
    """Next year's week is this year's, 364 days earlier; with less than a year of data, the mean of the last four
    weeks.

    Of last year's orders, the share that are repeats is that of the last quarter: in the first weeks of data everybody
    seems new. Uncertain by how irregular weeks are (a week against the mean of its neighbours; twice, as two weeks are
    compared) and by growth (GROWTH_SD a year); without a year, by a random walk of the irregularity. `told` as in
    `bg_nbd`: the last four weeks are then moved by the season.
    """
    luck = np.random.default_rng(seed)
    by_day = _by_day(orders)
    has_year = orders.n_days >= YEAR * WEEK
    if has_year:
        quarter = slice(-YEAR // 4 * WEEK, None)
        share = by_day["repeat_orders"][quarter].sum() / max(by_day["orders"][quarter].sum(), 1.0)
        by_day["repeat_orders"] = by_day["orders"] * share
    found = {}
    for name in QUANTITIES:
        seen = by_day[name]
        whole = seen[len(seen) % WEEK :].reshape(-1, WEEK).sum(axis=1)
        sigma = _irregularity(whole)
        z = luck.standard_normal((draws, n_weeks))
        if has_year:
            center = np.resize(whole[-YEAR:], n_weeks)
            drift = GROWTH_SD * luck.standard_normal((draws, 1)) * (1 + np.arange(n_weeks)[None, :] // YEAR)
            logs = drift + sigma * 2**0.5 * z
        else:
            n = len(whole)
            ahead = np.ones(n_weeks) if told is None else told[n : n + n_weeks] / told[n - 4 : n].mean()
            center = whole[-4:].mean() * ahead
            logs = sigma * z + sigma * np.cumsum(luck.standard_normal((draws, n_weeks)), axis=1) / 2
        found[name] = center * np.exp(logs - logs.var(axis=0, keepdims=True) / 2)
    start = None if orders.start is None else orders.start + timedelta(days=orders.n_days)
    return Forecast(orders.n_days // WEEK + 1 + np.arange(n_weeks), found, start)


def _irregularity(weeks: Floats) -> float:
    """Sd of the log of a week, from weeks against the mean of their neighbours; by quartiles: holidays do not count.

    A week less the mean of two others has a variance of 3/2 of its own.
    """
    if len(weeks) < 5:
        return 0.2
    rest = np.log(np.maximum(weeks[1:-1], 1) / np.maximum((weeks[:-2] + weeks[2:]) / 2, 1))
    low, high = np.quantile(rest, [0.25, 0.75])
    return max(float(high - low) / 1.349 / float(np.sqrt(1.5)), 0.02)


def _by_day(orders: Orders) -> dict[str, Floats]:
    """Order days, repeat orders and value in currency of every day of the window."""
    inside = orders.day >= 0
    new = (orders.is_start & (orders.first_day >= 0))[inside]
    day = orders.day[inside]
    return {
        "orders": np.bincount(day, minlength=orders.n_days).astype(np.float64),
        "repeat_orders": np.bincount(day[~new], minlength=orders.n_days).astype(np.float64),
        "gmv": np.bincount(day, weights=orders.value_cents[inside], minlength=orders.n_days) / 100,
    }


def actual(orders: Orders, from_day: int, n_weeks: int) -> dict[str, Floats]:
    """What happened in the weeks after day `from_day`: order days of customers who had ordered before, and value."""
    by_day = _by_day(orders)
    days = slice(from_day, from_day + n_weeks * WEEK)
    return {name: by_day[name][days].reshape(n_weeks, WEEK).sum(axis=1) for name in QUANTITIES}
