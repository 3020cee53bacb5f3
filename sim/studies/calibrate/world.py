"""A scenario in which the shop of a study is played again: its days, arrivals, prices; imports evidence, scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.evidence import Study
from sim.evidence.normal import Orders
from sim.scenario import Scenario
from sim.studies.calibrate.priors import Priors

MOST_CUSTOMERS: Final = 10_000  # simulated; a larger shop is played smaller


@dataclass(frozen=True)
class Setting:
    """The world of a study: its scenario (no strategies), and how many customers stand for how many."""

    scenario: Scenario
    n_customers: int  # newcomers of the data in the fitted days
    n_days: int

    @property
    def scale(self) -> float:
        """Customers of the data for one of the world."""
        return self.n_customers / int(self.scenario.population.size or 1)


def newcomers_a_day(orders: Orders) -> NDArray[np.int64]:
    """How many customers order for the first time on each day of the window."""
    first = orders.day[orders.is_start]
    return np.bincount(first[first >= 0], minlength=orders.n_days)[: orders.n_days].astype(np.int64)


def setting_of(study: Study, orders: Orders, size: int | None = None, later: Sequence[float] = ()) -> Setting:
    """The world in which orders like these are to come about; `later`: newcomers expected after the window, a day each.

    Customers are those of the data, at most `size` (default 10,000). Where only buyers are on record
    (arrivals: first_order), they come on the days of their first orders and buy on that day.
    """
    base = (
        study.base()
        if study.scenario is not None
        else Scenario.from_dict({"name": study.name, "graph": {"kind": "none"}})
    )
    if study.scenario is None and study.set:
        base = base.with_(study.set)
    newcomers = newcomers_a_day(orders)
    n = int(newcomers.sum())
    if n == 0:
        raise InputError("nobody orders for the first time in the window", file=study.file, path="window")
    changes: dict[str, Any] = {
        "days": orders.n_days, "burn_in_days": 0, "strategies": {}, "events": [], "goals": {}, "budgets": {},
        "replications": 1, "noise_per_world": 1,
    }  # fmt: skip
    if study.arrivals.kind == "first_order":
        people = n + float(sum(later))
        size = min(size or MOST_CUSTOMERS, n)
        changes |= {
            "population.size": round(size * people / n), "population.registered_share": 0.0,
            "days": orders.n_days + len(later),
            "arrival": {"kind": "dated", "per_day": [float(x) for x in (*newcomers, *later)], "buys": True},
        }  # fmt: skip
    elif study.arrivals.kind == "given":
        raise study.refuse("dates of registration are not fitted yet", "arrivals.kind", found="given",
                           allowed="first_order or model",
                           hint="With first_order a customer begins with her first order.")  # fmt: skip
    elif size is not None:
        changes["population.size"] = size
    try:
        scenario = base.with_(changes)
    except InputError as error:
        raise InputError(
            "the study's scenario does not fit its data", file=study.file, path="scenario", found=error.problem
        ) from None
    if study.arrivals.kind == "first_order":
        return Setting(scenario, round(n * (1 + sum(later) / n)), orders.n_days)
    return Setting(scenario, int(scenario.population.size or 1), orders.n_days)


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
    return Setting(setting.scenario.with_(final), setting.n_customers, setting.n_days)


def longer(study: Study, orders: Orders, setting: Setting, size: int | None, later: Sequence[float]) -> Setting:
    """The same world for as many days more, with newcomers on each of them; prices as they are."""
    if not later:
        return setting
    found = setting_of(study, orders, size, later)
    if study.arrivals.kind != "first_order":
        found = Setting(found.scenario.with_({"days": orders.n_days + len(later)}), found.n_customers, found.n_days)
    catalogue = setting.scenario.as_dict()["catalogue"]
    return Setting(found.scenario.with_({"catalogue": catalogue}), found.n_customers, found.n_days)
