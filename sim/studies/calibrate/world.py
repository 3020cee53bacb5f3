"""A scenario in which the shop of a study is played again: its days, arrivals, prices; imports evidence, scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.evidence.findings import Evidence
from sim.evidence.forecast import season_of
from sim.evidence.normal import Orders
from sim.scenario import Scenario
from sim.scenario.question import MOST_EVENTS
from sim.studies.calibrate.priors import Priors

MOST_CUSTOMERS: Final = 10_000  # simulated; a larger shop is played smaller
YEAR: Final = 364  # days
BURN_IN: Final = 30  # days, where some were registered before the records begin (guess)
WEEK: Final = 7


@dataclass(frozen=True)
class Look:
    """How a run is looked at: as the shop's records see the shop."""

    n_days: int  # of the records
    before: int = 0  # days played before the records begin: what happened there is not on record
    history: int = 0  # first days of the records, of which there are no targets
    scale: float = 1.0  # people of the shop for one of the world
    sampled: float = 1.0  # part of the shares that is on record
    label: str = "control"  # the strategy in force

    def until(self, n_days: int) -> Look:
        """As if the records had ended, or gone on, until then."""
        return replace(self, n_days=n_days)


@dataclass(frozen=True)
class Setting:
    """The world of a study: its scenario, how many customers stand for how many, how its runs are looked at."""

    scenario: Scenario
    n_customers: int  # of the shop, for those of the world
    look: Look

    @property
    def n_days(self) -> int:
        """Days of the records that are fitted."""
        return self.look.n_days

    @property
    def scale(self) -> float:
        """Customers of the data for one of the world."""
        return self.look.scale


def newcomers_a_day(orders: Orders) -> NDArray[np.int64]:
    """How many customers order for the first time on each day of the window."""
    first = orders.day[orders.is_start]
    return np.bincount(first[first >= 0], minlength=orders.n_days)[: orders.n_days].astype(np.int64)


def setting_of(evidence: Evidence, size: int | None = None, later: Sequence[float] = ()) -> Setting:
    """The world in which orders like these are to come about; `later`: newcomers expected after the window, a day each.

    Customers are those of the data, at most `size` (default 10,000). Where only buyers are on record
    (arrivals: first_order), they come on the days of their first orders and buy on that day; where the records begin
    with a history, the shop has then been open for a year already, and during it and the history newcomers came as
    often as afterwards. Where registrations are on record (arrivals: given), they come on these days. With a year of
    data the season of that year holds in every year: visits follow the orders of the week (`season_of`).
    """
    study, orders = evidence.study, evidence.orders
    base = (
        study.base()
        if study.scenario is not None
        else Scenario.from_dict({"name": study.name, "graph": {"kind": "none"}})
    )
    if study.scenario is None and study.set:
        base = base.with_(study.set)
    look = Look(evidence.n_days, 0, evidence.history_days)
    changes: dict[str, Any] = {
        "days": look.n_days + len(later), "burn_in_days": 0, "goals": {}, "budgets": {},
        "replications": 1, "noise_per_world": 1, "events": [], "strategies": {},
    }  # fmt: skip
    if study.strategy is not None:
        tactics = base.as_dict()["strategies"]
        if study.strategy not in tactics:
            raise study.refuse("no such strategy in the scenario", "strategy", found=study.strategy,
                               allowed=", ".join(tactics) or "(it has none)")  # fmt: skip
        changes["strategies"] = {study.strategy: tactics[study.strategy]}
    kind, people = study.arrivals.kind, 0.0
    if kind == "first_order":
        if orders is None:
            raise study.refuse("first orders need a file of orders", "arrivals.kind", found=kind)
        newcomers = newcomers_a_day(orders).astype(np.float64)
        if newcomers.sum() == 0.0:
            raise InputError("nobody orders for the first time in the window", file=study.file, path="window")
        if look.history:
            look = replace(look, before=YEAR)
            usual = float(newcomers[look.history :].mean())
            newcomers = np.concatenate([np.full(look.before + look.history, usual), newcomers[look.history :]])
        people, seen = float(newcomers.sum() + sum(later)), float(newcomers.sum())
        changes |= {
            "population.size": round(min(size or MOST_CUSTOMERS, round(seen)) * people / seen),
            "population.registered_share": 0.0, "days": look.before + look.n_days + len(later),
            "arrival": {"kind": "dated", "per_day": [float(x) for x in (*newcomers, *later)], "buys": True},
            "events": season_events(orders, look, len(later)),
        }  # fmt: skip
    elif kind == "given":
        came = evidence.registration_days
        n_before = int((came < 0).sum())
        newcomers = np.bincount(came[(came >= 0) & (came < look.n_days)], minlength=look.n_days).astype(np.float64)
        seen = n_before + float(newcomers.sum())
        people = seen + sum(later)
        if newcomers.sum() + sum(later) == 0:
            raise study.refuse("nobody registers in the window", "arrivals.path", found=study.arrivals.path)
        changes |= {
            "population.size": round(min(size or MOST_CUSTOMERS, round(seen)) * people / seen),
            "population.registered_share": n_before / people, "burn_in_days": BURN_IN if n_before else 0,
            "arrival": {"kind": "dated", "per_day": [float(x) for x in (*newcomers, *later)]},
        }  # fmt: skip
    elif size is not None:
        changes["population.size"] = size
    try:
        scenario = base.with_(changes)
    except InputError as error:
        raise InputError(
            "the study's scenario does not fit its data", file=study.file, path="scenario", found=error.problem
        ) from None
    n = int(scenario.population.size or 1)
    n_shop = round(people) or n
    sampled = 1.0 if study.shares is None else study.shares.sampled
    look = replace(look, scale=n_shop / n, sampled=sampled, label=study.strategy or "control")
    return Setting(scenario, n_shop, look)


def season_events(orders: Orders, look: Look, n_later: int) -> list[dict[str, Any]]:
    """The season of the last year of the data in every year played: a week each; none without a year of data.

    A visit of a member is as much oftener as a week has more orders than the mean week. One year cannot tell season
    from growth: what it takes for season, it expects again.
    """
    if orders.n_days < YEAR:
        return []
    index = season_of(orders, YEAR // WEEK)[0]  # of the weeks after the window, which is the year before them
    end = look.before + look.n_days
    weeks = np.arange(-(end // WEEK), -(-n_later // WEEK))
    size = np.clip(np.log(index), -3.0, 3.0)[weeks % len(index)]
    step = 0.05
    while True:  # neighbours that differ by less than a step become one event, so that there are not too many
        level = np.round(size / step)
        first = np.flatnonzero(np.diff(level, prepend=np.nan) != 0.0)
        if len(first) < MOST_EVENTS:
            break
        step *= 1.25
    last = np.append(first[1:], len(weeks))
    return [
        {"kind": "season", "start": int(end + WEEK * weeks[a]), "visiting": round(float(size[a:b].mean()), 4),
         "buying": 0.0, "days": int(min(WEEK * (b - a), n_later - WEEK * weeks[a]))}
        for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]  # fmt: skip


def with_prices(setting: Setting, orders: Orders, priors: Priors) -> Setting:
    """The same world with list prices at which its order values have the median and spread of the data.

    Prices are data, not coefficients. An order is some units at some price, chosen by taste: so a first guess is
    played in the middle of the priors, and moved by the ratio of medians and of spreads on the log scale. Where a
    prior is about prices or units an order, nothing is moved.
    """
    from sim.engines import simulate

    value = orders.inside().value_cents
    value = value[value > 0]
    is_fitted = any(path.startswith("catalogue.") or path == "params.q_more" for path in priors.paths)
    if len(value) < 30 or setting.scenario.catalogue.path is not None or is_fitted:
        return setting
    middle, spread = np.median(value), np.std(np.log(value))
    price, sd = float(middle) / 130.0, min(max(float(spread) * 0.8, 0.05), 2.5)
    middle_of = priors.values(np.full((1, len(priors)), 0.5))[0]
    size = min(1500, int(setting.scenario.population.size or 1))
    scenario = setting.scenario.with_(
        {**dict(zip(priors.paths, middle_of.tolist(), strict=True)), "population.size": size}
    )
    for _ in range(3):
        scenario = scenario.with_(
            {"catalogue.median_price": round(max(price, 0.01), 2), "catalogue.sd_log_price": round(sd, 3)}
        )
        played = simulate(scenario, "control")
        got = played.orders["list_cents"].to_numpy()
        got = got[got > 0]
        if len(got) < 30:
            break
        price *= float(middle / np.median(got))
        sd = float(np.clip(sd * spread / max(np.std(np.log(got)), 1e-6), 0.05, 2.5))
    final = {"catalogue.median_price": round(max(price, 0.01), 2), "catalogue.sd_log_price": round(sd, 3)}
    return replace(setting, scenario=setting.scenario.with_(final))


def longer(evidence: Evidence, setting: Setting, size: int | None, later: Sequence[float]) -> Setting:
    """The same world for as many days more, with newcomers on each of them; prices as they are."""
    if not later:
        return setting
    found = setting_of(evidence, size, later)
    return replace(found, scenario=found.scenario.with_({"catalogue": setting.scenario.as_dict()["catalogue"]}))
