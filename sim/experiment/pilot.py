"""A few cells tried in a folder of their own, to say what the whole will take; imports `coordinator`, `worker`."""

from __future__ import annotations

import importlib
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from sim.experiment.coordinator import Experiment
from sim.experiment.files import write_json
from sim.experiment.ledger import Cell
from sim.experiment.pool import cores
from sim.experiment.schemas import KEEP, Keep
from sim.experiment.worker import Task, run_task

_MOST_CELLS: Final = 6
_ENOUGH_SECONDS: Final = 5.0


class Pilot(NamedTuple):
    """What a plan will take, judged by the cells tried."""

    points: int
    replications: int
    runs: int  # of this plan, or of its shard
    tried: int
    seconds_per_run: float
    seconds: float  # in all, with so many workers
    disk_bytes: int
    jobs: int


def pilot(experiment: Experiment, keep: Keep, jobs: int | None = None) -> Pilot:
    """Run a few cells, spread over the points, one after the other in this process."""
    plan = experiment.plan
    labels = len(plan.scenario.labels)
    importlib.import_module(experiment.engines).warm_up()
    points = sorted({round(k * (len(plan.points) - 1) / (_MOST_CELLS - 1)) for k in range(_MOST_CELLS)})
    tried, size, began = 0, 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_json(folder / "manifest.json", {})
        for number, point in enumerate(points):
            cells = ((Cell(point, 0), plan.points.changes(point)),)
            run_task(Task(plan.scenario, cells, f"{number}", folder, KEEP[keep], experiment.engines,
                          experiment.engine, plan.files()))  # fmt: skip
            tried += labels
            if time.perf_counter() - began > _ENOUGH_SECONDS:
                break
        per_run = (time.perf_counter() - began) / tried
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    runs = plan.n_cells * labels
    workers = max(1, min(jobs or cores(), plan.n_cells))
    return Pilot(
        len(plan.points), plan.scenario.replications, runs, tried, per_run, per_run * runs / workers,
        2 * size * runs // tried,  # parts and merged tables lie side by side for a moment
        workers,
    )  # fmt: skip
