"""Points x strategies x replications into a results folder; resume, extend, survive. Imports design, metrics, engines.

A cell is one replication at one point: its world is built once and shared by every strategy, and by the cells before
and after it that are made of the same. A task is a cell, or several where runs are short. The worker writes its own
Parquet parts and hands back nothing heavy; the part of `runs` is renamed last and says that all of them are there. A
ledger (SQLite) knows which run lies in which part; only the coordinator writes it, and it can be made anew from the
Parquet files. When all is done the parts are merged, in the order of the plan and with fixed writer settings, so the
tables are the same bytes for any number of workers and after any number of interruptions. Wall times live apart, in
`timing`, outside that promise.

Rooms, each importing only from those before it: `files`, `schemas`; `parts`; `lock`, `ledger`; `state`, `merging`,
`plan`, `worker`; `results`, `batches`, `pool`; `cluster`; `coordinator`; `shards`, `pilot`, `handing_out`. A name is
loaded when it is first used: asking how far a sweep is must not wait for the compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_WHERE = {
    "coordinator": ("Experiment", "Progress", "folder_name"),
    "files": ("write_journal", "write_json", "write_table"),
    "plan": ("Shard",),
    "pool": ("cores", "own_pool"),
    "results": ("Results",),
    "schemas": ("KEEP", "Keep"),
    "shards": ("merge_folders",),
}

__all__ = [
    "KEEP",
    "Experiment",
    "Keep",
    "Progress",
    "Results",
    "Shard",
    "cores",
    "folder_name",
    "merge_folders",
    "own_pool",
    "write_journal",
    "write_json",
    "write_table",
]

if TYPE_CHECKING:  # the same table, for type checkers and editors
    from sim.experiment.coordinator import Experiment, Progress, folder_name
    from sim.experiment.files import write_journal, write_json, write_table
    from sim.experiment.plan import Shard
    from sim.experiment.pool import cores, own_pool
    from sim.experiment.results import Results
    from sim.experiment.schemas import KEEP, Keep
    from sim.experiment.shards import merge_folders


def __getattr__(name: str) -> Any:
    for room, names in _WHERE.items():
        if name in names:
            globals()[name] = getattr(importlib.import_module(f"sim.experiment.{room}"), name)
            return globals()[name]
    raise AttributeError(f"module 'sim.experiment' has no attribute {name!r}")
