"""Runs of the model at many points, stored and resumable, in the terms of the data; imports experiment.

A round is a results folder like any other (`grapevine status`, `resume`, `query` work on it). It keeps the order days
of every run, so that other targets, a shorter window or another prior need no new runs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.design import Design, Points
from sim.evidence import Target, Targets
from sim.evidence.buying import cohort_retention, concentration, gaps, ladder, repeat_curve, values
from sim.evidence.normal import Orders
from sim.evidence.sharing import share_targets, team_targets
from sim.evidence.visiting import visit_targets
from sim.experiment import Experiment, Keep, Progress, Results
from sim.funnel import RECORDED
from sim.scenario import Scenario
from sim.studies.calibrate.blocks import used_families
from sim.studies.calibrate.priors import Floats, Priors
from sim.studies.calibrate.world import Look

Watch = Callable[[Progress], None]

_SEEDS = 1_000_003  # rounds apart: every run has people and luck of its own


@dataclass(frozen=True)
class Round:
    """Points of one round, and where their runs lie."""

    number: int
    folder: Path
    shares: Floats
    results: Results


def prior_shares(priors: Priors, n: int, seed: int) -> Floats:
    """A Latin hypercube over the priors' ranges."""
    from scipy.stats import qmc

    luck = np.random.Generator(np.random.PCG64(seed))
    drawn: Floats = qmc.LatinHypercube(len(priors), rng=luck).random(n)
    return np.clip(drawn, 1e-6, 1.0 - 1e-6)


def play(
    scenario: Scenario,
    priors: Priors,
    shares: Floats,
    number: int,
    folder: Path,
    jobs: int | None = None,
    watch: Watch | None = None,
    name: str | None = None,
    keep: Keep = "orders",
    executor: Executor | str | None = None,
) -> Round:
    """Run the model at these points, or what is missing of it; every point has its own people and luck."""
    values = priors.values(shares)
    first = scenario.seed + _SEEDS * number
    rows = [(*(float(v) for v in row), first + k) for k, row in enumerate(values)]
    title = name or f"round {number}"
    design = Design(title, "csv", scenario.with_({"name": title}), Points.of([*priors.paths, "seed"], rows))
    results = Experiment(design.scenario, design).run(jobs, folder, watch, keep, executor)
    return Round(number, folder, shares, results)


def each_run(results: Results, label: str = "control", name: str = "order_days") -> Iterator[tuple[int, pd.DataFrame]]:
    """(point, its rows of a table) of every run that went well, one after the other: together they may be too large."""
    for table in results.each(name, ["point", "strategy", *_COLUMNS[name]]):
        yield int(table["point"].iloc[0]), table[table["strategy"] == label]


_COLUMNS: Final = {
    "order_days": ("agent", "day", "gmv_cents"),
    "records": ("agent", "day", "what", "other"),
    "daily": ("day", "teams_succeeded", "teams_failed"),
}


def orders_of_run(table: pd.DataFrame, look: Look) -> Orders:
    """The order days of a run, as the shop's records would have them."""
    day = table["day"].to_numpy() - look.before
    kept = day >= 0
    return Orders.of(
        table["agent"].to_numpy()[kept], day[kept], table["gmv_cents"].to_numpy()[kept], look.n_days
    )  # fmt: skip


def summaries_of(orders: Orders) -> dict[str, float]:
    """Targets of a run's orders by name: of the families that tell anything."""
    makers = (repeat_curve, cohort_retention, ladder, gaps, values, concentration)
    return _told(itertools.chain.from_iterable(make(orders) for make in makers) if len(orders.day) else ())


def summaries_of_records(log: pd.DataFrame, orders: Orders, look: Look, point: int = 0) -> dict[str, float]:
    """Targets of a run's visits and messages by name, by the functions that serve the data.

    Of visits a day as many are expected as the shop is larger than the world. Of messages only a part is taken, by lot,
    where the shop's records are a sample.
    """
    day, agent, what = (log[name].to_numpy(dtype=np.int64) for name in ("day", "agent", "what"))
    day = day - look.before
    came = what == RECORDED.index("visit")
    visits = Orders.of(agent[came], day[came], np.zeros(int(came.sum())), look.n_days).after(look.history)
    joined = what == RECORDED.index("register")
    first = pd.Series(day[joined], index=agent[joined]).groupby(level=0).min() - look.history
    first_day = first.reindex(visits.customer).fillna(-1).to_numpy(dtype=np.int64)  # registered before the run began
    found = _told(visit_targets(visits, orders, first_day))
    if "visits_per_day" in found:
        found["visits_per_day"] *= look.scale
    sent = (what == RECORDED.index("message")) & (day >= look.history) & (day < look.n_days)
    if look.sampled < 1.0:
        sent &= np.random.Generator(np.random.PCG64(point)).random(len(sent)) < look.sampled
    return found | _told(share_targets(agent[sent], log["other"].to_numpy(dtype=np.int64)[sent]))


def summaries_of_teams(daily: pd.DataFrame, look: Look) -> dict[str, float]:
    """Success of a run's teams."""
    day = daily["day"] - look.before
    inside = daily[(day >= look.history) & (day < look.n_days)]
    succeeded, failed = int(inside["teams_succeeded"].sum()), int(inside["teams_failed"].sum())
    return _told(team_targets(np.repeat([True, False], [succeeded, failed]), None, False))


def _told(targets: Iterable[Target]) -> dict[str, float]:
    known = used_families()
    return {target.name: target.value for target in targets if target.measure in known}


_NOBODY: Final = Orders.of([], [], [], 1)


def table_of(rounds: Round, look: Look, cache: Path | None = None) -> pd.DataFrame:
    """Summaries of every run of a round (missing: too few cases, or a failed run), a row a point.

    Worked out once and kept beside the runs; what is kept says for which runs and days it holds.
    """
    key = hashlib.sha256(
        json.dumps(
            [rounds.results.manifest["digest"], len(rounds.shares), *astuple(look), sorted(used_families())]
        ).encode()
    ).hexdigest()[:12]
    file = None if cache is None else cache / f"summaries-{rounds.number}-{key}.parquet"
    if file is not None and file.exists():
        return pd.read_parquet(file)
    rows: list[dict[str, Any]] = [{} for _ in range(len(rounds.shares))]
    known: dict[int, Orders] = {}
    has_records = rounds.results.keep == "records"
    for point, table in each_run(rounds.results, look.label):
        orders = orders_of_run(table, look).after(look.history)
        rows[point] = summaries_of(orders)
        if has_records:
            known[point] = orders
    if has_records:
        for point, table in each_run(rounds.results, look.label, "records"):
            rows[point] |= summaries_of_records(table, known.get(point, _NOBODY), look, point)
        for point, table in each_run(rounds.results, look.label, "daily"):
            rows[point] |= summaries_of_teams(table, look)
    found = pd.DataFrame(rows)
    if file is not None:
        found.to_parquet(file)
    return found


def chosen(
    tables: Sequence[pd.DataFrame], data: Targets
) -> tuple[list[str], pd.DataFrame, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Summaries that data and at least four of five runs have; all runs' values of them; which runs have them all.

    Of long families only some places are taken: neighbours say the same.
    """
    whole = pd.concat(tables, ignore_index=True)
    names = [t.name for t in data if t.measure in used_families() and _is_taken(t.measure, t.at) and t.name in whole]
    names = [name for name in names if whole[name].notna().mean() >= 0.8 and whole[name].std() > 0.0]
    values = whole[names]
    return names, values, values.notna().all(axis=1).to_numpy()


_EVER = {"1", "2", "4", "8", "13", "20", "26", "38", "52"}


def _is_taken(measure: str, at: str) -> bool:
    if measure == "ever_repeated":
        return at in _EVER
    if measure == "repeat_in_week":
        return int(at) <= 8 or int(at) % 3 == 0
    return True
