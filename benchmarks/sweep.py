"""Throughput of sweeps: runs per second on one and on all cores, and what a run costs beside its simulation.

Overhead is what a sweep in one process takes beyond simulating and building worlds, both timed in the same sweep:
measures, tables, parts, ledger, merging. The machine is shared with whatever else it does, so the fastest of several
repeats counts, and the share of overhead is steadier than its milliseconds.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim import engines
from sim.design import Design
from sim.experiment import Experiment, cores
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
    """Seconds spent in simulating and in building worlds while the context lasts."""
    spent = [0.0]

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return wrapped

    simulate, build = engines.simulate, engines.World.build
    engines.simulate, engines.World.build = timed(simulate), timed(build)  # type: ignore[assignment, method-assign]
    try:
        yield spent
    finally:
        engines.simulate, engines.World.build = simulate, build  # type: ignore[method-assign]


def swept(asked: Design, jobs: int) -> float:
    """Seconds of the same runs as a sweep that keeps daily tables, merged at the end."""
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        results = Experiment(asked.scenario, asked).run(jobs, Path(place) / "r", keep="daily")
        took = time.perf_counter() - began
        state = results.status()
        assert state["done"] == state["runs"]
    return took


def main() -> None:
    """Measure, print, and write JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shoppers", type=int, default=5_000)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--points", type=int, default=24)
    options.add_argument("--replications", type=int, default=4)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--json", type=Path, help="write the numbers here")
    asked = options.parse_args()
    engines.warm_up()
    plan = design(asked.shoppers, asked.days, asked.points, asked.replications)
    n_runs = len(plan.points) * len(plan.scenario.labels) * asked.replications
    all_cores = cores()
    swept(design(200, 10, 2, 1), 1)  # what is loaded once
    one, beside, every = [], [], []
    for _ in range(asked.repeats):
        with stopwatch() as spent:
            one.append(swept(plan, 1))
        beside.append(one[-1] - spent[0])
        every.append(swept(plan, all_cores))
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, {all_cores} cores",
        "shoppers": asked.shoppers, "days": asked.days, "runs": n_runs,
        "ms_per_run_one_process": round(1000 * min(one) / n_runs, 1),
        "overhead_ms_per_run": round(1000 * min(beside) / n_runs, 1),
        "overhead_share": round(min(b / o for b, o in zip(beside, one, strict=True)), 3),
        "runs_per_second_one_process": round(n_runs / min(one), 1),
        "runs_per_second_all_cores": round(n_runs / min(every), 1),
        "agent_days_per_second_all_cores": round(n_runs * asked.shoppers * asked.days / min(every)),
    }  # fmt: skip
    text = json.dumps(found, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
