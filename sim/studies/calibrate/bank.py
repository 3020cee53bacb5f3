"""Runs of the model at many points, stored and resumable, in the terms of the data; imports experiment.

A round is a results folder like any other (`grapevine status`, `resume`, `query` work on it). It keeps the order days
of every run, so that other targets, a shorter window or another prior need no new runs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.design import Design, Points
from sim.evidence import Targets
from sim.evidence.buying import cohort_retention, concentration, gaps, ladder, repeat_curve, values
from sim.evidence.normal import Orders
from sim.experiment import Experiment, Progress, Results
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
) -> Round:
    """Run the model at these points, or what is missing of it; every point has its own people and luck."""
    values = priors.values(shares)
    first = scenario.seed + _SEEDS * number
    rows = [(*(float(v) for v in row), first + k) for k, row in enumerate(values)]
    title = name or f"round {number}"
    design = Design(title, "csv", scenario.with_({"name": title}), Points.of([*priors.paths, "seed"], rows))
    results = Experiment(design.scenario, design).run(jobs, folder, watch, keep="orders")
    return Round(number, folder, shares, results)


def each_run(results: Results) -> Iterator[tuple[int, pd.DataFrame]]:
    """(point, its order days) of every run that went well, one after the other: together they may be too large."""
    for table in results.each("order_days", ["point", "agent", "day", "gmv_cents"]):
        yield int(table["point"].iloc[0]), table


def orders_of_run(table: pd.DataFrame, look: Look) -> Orders:
    """The order days of a run, as the shop's records would have them."""
    day = table["day"].to_numpy() - look.before
    kept = day >= 0
    return Orders.of(
        table["agent"].to_numpy()[kept], day[kept], table["gmv_cents"].to_numpy()[kept], look.n_days
    )  # fmt: skip


def summaries_of(orders: Orders) -> dict[str, float]:
    """Targets of a run by name: of the families that tell anything."""
    known = used_families()
    makers = (repeat_curve, cohort_retention, ladder, gaps, values, concentration)
    found = itertools.chain.from_iterable(make(orders) for make in makers) if len(orders.day) else ()
    return {target.name: target.value for target in found if target.measure in known}


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
    for point, table in each_run(rounds.results):
        rows[point] = summaries_of(orders_of_run(table, look).after(look.history))
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
