"""Replications x strategies into a results folder; resume, extend, survive. Imports metrics, engines, scenario.

One task is one replication: its world is built once and shared by every strategy. The worker writes
its own Parquet parts and hands back nothing heavy; the part of `runs` is renamed last and says that
the replication is complete. When all is done the parts are merged, in the order of replications and
with fixed writer settings, so the tables are the same bytes for any number of workers and after any
number of interruptions. Wall times live apart, in `timing`, outside that promise.

Rooms, each importing only from those before it: `files`, `schemas`; `parts`; `results`, `worker`; `pool`;
`coordinator`.
"""

from __future__ import annotations

from sim.experiment.coordinator import Experiment, Progress, folder_name
from sim.experiment.files import write_journal, write_json
from sim.experiment.pool import cores
from sim.experiment.results import Results
from sim.experiment.schemas import KEEP, Keep

__all__ = [
    "KEEP",
    "Experiment",
    "Keep",
    "Progress",
    "Results",
    "cores",
    "folder_name",
    "write_journal",
    "write_json",
]
