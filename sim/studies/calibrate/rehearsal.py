"""The forecast rehearsed inside the window: fitted to two thirds, scored on the rest; imports `forecast`, `bank`.

No new runs: what is stored is looked at as if the records had ended earlier. BG/NBD and a naive forecast stand beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.evidence import Targets
from sim.evidence.buying import all_targets
from sim.evidence.forecast import actual, bg_nbd, season_of, seasonal_naive
from sim.evidence.normal import Orders
from sim.studies.calibrate.bank import Round, chosen, each_run, orders_of_run, table_of
from sim.studies.calibrate.blocks import tells
from sim.studies.calibrate.forecast import Paths, forecast
from sim.studies.calibrate.inference import Bank, infer
from sim.studies.calibrate.priors import Priors
from sim.studies.calibrate.proposal import Proposal, mixture_weights
from sim.studies.calibrate.world import YEAR, Setting

WEEK: Final = 7
FEWEST_WEEKS: Final = 20  # in the window: less cannot be cut
FITTED_SHARE: Final = 2.0 / 3.0
_QUANTITIES: Final = ("repeat_orders", "gmv")


def rehearse(
    rounds: Sequence[Round],
    proposals: Sequence[Proposal],
    priors: Priors,
    orders: Orders,
    setting: Setting,
    folder: Path,
) -> dict[str, Any] | None:
    """Scores by quantity and forecaster, and which weeks; None where the window is too short.

    Newcomers of the weeks scored are as they were, for every run of the model: it is told when customers come. With a
    year of data it is told the season of the whole year as well, and then so are the others.
    """
    n_weeks = orders.n_days // WEEK
    if n_weeks < FEWEST_WEEKS:
        return None
    cut = round(n_weeks * FITTED_SHARE)
    ahead = n_weeks - cut
    early = orders.until(cut * WEEK)
    paths = _paths(rounds, proposals, priors, early, setting, folder, n_weeks)
    told = None
    if setting.scenario.events:
        told = season_of(orders, YEAR // WEEK)[0][np.arange(-n_weeks, 0) % (YEAR // WEEK)]
    truth = actual(orders, cut * WEEK, ahead)
    makers: dict[str, Callable[[], Any]] = {
        "model": lambda: forecast(early, paths, ahead).forecast,
        "bg_nbd": lambda: bg_nbd(early, ahead, told=told),
        "naive": lambda: seasonal_naive(early, ahead, told=told),
    }
    scores: dict[str, dict[str, dict[str, float]]] = {quantity: {} for quantity in _QUANTITIES}
    for name, make in makers.items():
        found = make().scores({quantity: truth[quantity] for quantity in _QUANTITIES})
        for quantity in _QUANTITIES:
            scores[quantity][name] = {key: round(float(value), 5) for key, value in found[quantity].items()}
    return {"weeks": [cut + 1, n_weeks], "season_told": told is not None, "scores": scores}


def _paths(
    rounds: Sequence[Round], proposals: Sequence[Proposal], priors: Priors, early: Orders, setting: Setting,
    folder: Path, n_weeks: int,
) -> Paths:  # fmt: skip
    """Runs that go with the early weeks, in full length."""
    look = setting.look.until(early.n_days)
    targets = Targets(all_targets(early.after(look.history)))
    names, values, whole = chosen([table_of(one, look, folder) for one in rounds], targets)
    shares = np.vstack([one.shares for one in rounds])
    weight = mixture_weights(shares, [len(one.shares) for one in rounds], proposals)
    told = tells(priors.paths, [targets[name].measure for name in names])
    bank = Bank(shares[whole], values.to_numpy(dtype=np.float64)[whole], told, weight[whole])
    observed = np.array([targets[name].value for name in names])
    posterior = infer(bank, observed, np.array([targets[name].sd for name in names]))
    kept = np.flatnonzero(whole)[posterior.rows]
    runs: dict[int, Orders] = {}
    before = 0
    wanted = set(kept.tolist())
    for one in rounds:
        for point, table in each_run(one.results, look.label):
            if before + point in wanted:
                runs[before + point] = orders_of_run(table, look.until(n_weeks * WEEK))
        before += len(one.shares)
    return Paths.of([runs[row] for row in kept.tolist()], setting.scale, posterior.weight)
