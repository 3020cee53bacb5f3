"""Throughput of sweeps: runs per second on one and on all cores, and what a run costs beside its simulation.

Overhead is what a sweep in one process takes beyond simulating and building worlds, both timed in the same sweep, in
processor time: measures, tables, parts, ledger, merging. The machine is shared with whatever else it does, so the
fastest of several repeats counts, and the share of overhead is steadier than its milliseconds. How busy cores are is
the processor time of all workers, their start included, over the time on the wall. `--status N`: also N runs of tiny
worlds, and how long `status` takes over their folder while they lie in parts and when they are merged (some minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sim import engines
from sim.design import Design
from sim.experiment import Experiment, Progress, cores
from sim.experiment.state import status
from sim.scenario import Scenario


def design(size: int, days: int, points: int, replications: int) -> Design:
    """A lever and a coefficient that leave worlds as they are: control and group buying, at so many points."""
    strategies = {"team_up": {"kind": "group_buy", "discount": 0.2}}
    base = Scenario.load("base.open").with_({
        "population.size": size, "days": days, "burn_in_days": 0, "replications": replications, "noise_per_world": 1,
        "strategies": strategies,
    })  # fmt: skip
    factors = {"params.b_h": {"low": 0.2, "high": 0.5, "levels": points // 2},
               "strategies.team_up.discount": [0.1, 0.3]}  # fmt: skip
    return Design.of(base, factors, name="throughput")


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Seconds of this processor spent in simulating and in building worlds while the context lasts."""
    spent = [0.0]

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                spent[0] += time.process_time() - began

        return wrapped

    simulate, build = engines.simulate, engines.World.build
    engines.simulate, engines.World.build = timed(simulate), timed(build)  # type: ignore[assignment, method-assign]
    try:
        yield spent
    finally:
        engines.simulate, engines.World.build = simulate, build  # type: ignore[method-assign]


class Took(NamedTuple):
    """Seconds on the wall, of this process, and of its workers."""

    wall: float
    here: float
    workers: float


def swept(asked: Design, jobs: int) -> Took:
    """The same runs as a sweep that keeps daily tables, merged at the end."""
    with tempfile.TemporaryDirectory() as place:
        wall, cpu = time.perf_counter(), os.times()
        results = Experiment(asked.scenario, asked).run(jobs, Path(place) / "r", keep="daily")
        now = os.times()
        here = now.user + now.system - cpu.user - cpu.system
        workers = now.children_user + now.children_system - cpu.children_user - cpu.children_system
        took = Took(time.perf_counter() - wall, here, workers)
        state = results.status()
        assert state["done"] == state["runs"]
    return took


def status_of(n_runs: int) -> dict[str, Any]:
    """Seconds that `status` takes over so many runs: a look after each tenth of them, and at the end."""
    asked = design(50, 7, max(4, 2 * (n_runs // 40)), 10)
    looks: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "r"

        def look(progress: Progress) -> None:
            if progress.done >= (len(looks) + 1) * progress.total // 10:
                began = time.perf_counter()
                found = status(folder)
                looks.append(time.perf_counter() - began)
                assert found["done"] > 0

        began = time.perf_counter()
        results = Experiment(asked.scenario, asked).run(None, folder, look, keep="runs")
        took = time.perf_counter() - began
        began = time.perf_counter()
        state = results.status()
        merged = time.perf_counter() - began
    return {
        "status_runs": state["done"],
        "status_seconds_under_way": round(max(looks), 3),
        "status_seconds_merged": round(merged, 3),
        "status_runs_per_minute": round(60 * state["done"] / took),
    }


def main() -> None:
    """Measure, print, and write JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shoppers", type=int, default=5_000)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--points", type=int, default=24)
    options.add_argument("--replications", type=int, default=4)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--status", type=int, metavar="N", help="also time `status` over N runs of tiny worlds")
    options.add_argument("--json", type=Path, help="write the numbers here")
    asked = options.parse_args()
    engines.warm_up()
    plan = design(asked.shoppers, asked.days, asked.points, asked.replications)
    n_runs = len(plan.points) * len(plan.scenario.labels) * asked.replications
    all_cores = cores()
    swept(design(200, 10, 2, 1), 1)  # what is loaded once
    one: list[Took] = []
    beside: list[float] = []
    every: list[Took] = []
    for _ in range(asked.repeats):
        with stopwatch() as spent:
            one.append(swept(plan, 1))
        beside.append(one[-1].here - spent[0])
        every.append(swept(plan, all_cores))
    best = min(every)
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, {all_cores} cores",
        "shoppers": asked.shoppers, "days": asked.days, "runs": n_runs,
        "ms_per_run_one_process": round(1000 * min(took.here for took in one) / n_runs, 1),
        "overhead_ms_per_run": round(1000 * min(beside) / n_runs, 1),
        "overhead_share": round(min(b / took.here for b, took in zip(beside, one, strict=True)), 3),
        "runs_per_minute_per_core": round(60 * n_runs / min(took.here for took in one)),
        "runs_per_second_one_process": round(n_runs / min(took.wall for took in one), 1),
        "runs_per_second_all_cores": round(n_runs / best.wall, 1),
        "cores_busy_share": round((best.here + best.workers) / best.wall / all_cores, 3),
        "agent_days_per_second_all_cores": round(n_runs * asked.shoppers * asked.days / best.wall),
    }  # fmt: skip
    if asked.status:
        found |= status_of(asked.status)
    text = json.dumps(found, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
