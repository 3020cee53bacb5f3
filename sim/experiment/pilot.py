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
    tried, spent, size = 0, 0.0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_json(folder / "manifest.json", {})
        # The first cell is run twice: what is loaded and compiled at first is not what a run takes.
        for number, point in enumerate([points[0], *points]):
            began = time.perf_counter()
            cells = ((Cell(point, 0), plan.points.changes(point)),)
            run_task(Task(plan.scenario, cells, f"{number}", folder, KEEP[keep], experiment.engines,
                          experiment.engine, plan.files()))  # fmt: skip
            if number == 0:
                continue
            tried, spent = tried + labels, spent + time.perf_counter() - began
            size += sum(file.stat().st_size for file in folder.rglob(f"{number}.parquet"))
            if spent > _ENOUGH_SECONDS:
                break
    runs = plan.n_cells * labels
    workers = max(1, min(jobs or cores(), plan.n_cells))
    return Pilot(
        len(plan.points), plan.scenario.replications, runs, tried, spent / tried, spent / tried * runs / workers,
        2 * size * runs // tried,  # parts and merged tables lie side by side for a moment
        workers,
    )  # fmt: skip
