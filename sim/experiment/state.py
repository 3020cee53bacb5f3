"""How far a results folder is, without opening its tables; imports `ledger`, `lock`, `schemas` and nothing slow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.experiment.ledger import RunLedger, read_families
from sim.experiment.lock import is_being_written
from sim.experiment.schemas import stored_tables
from sim.version import RESULTS_VERSION


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a results folder says of itself."""
    if not folder.is_dir():
        raise InputError("no such results folder", file=folder, hint="`grapevine compare` makes one in results/.")
    if not (folder / "manifest.json").exists():
        raise InputError("not a results folder: it has no manifest.json", file=folder)
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError("manifest.json is not JSON", file=folder, hint=str(error)) from None
    if not isinstance(content, dict):
        raise InputError("manifest.json is not a mapping", file=folder)
    return content


def status(folder: Path) -> dict[str, Any]:
    """Runs in all, done, failed, missing, and who is at work: quick for any number of runs."""
    manifest = read_manifest(folder)
    ledger = RunLedger.view(folder, read_families(folder), stored_tables(manifest), check=False)
    design, labels = manifest.get("design"), list(manifest["strategies"])
    n_points, replications = (design["points"] if design else 1), int(manifest["seeds"]["replications"])
    cells, shard = n_points * replications, manifest.get("shard")
    if shard is not None:
        number, of = map(int, shard.split("/"))
        cells = cells * number // of - cells * (number - 1) // of
    total, failed, there = cells * len(labels), ledger.n_runs("failed"), ledger.n_runs()
    return {
        "folder": str(folder), "name": manifest["name"], "digest": manifest["digest"],
        "points": n_points, "strategies": labels, "replications": replications, "shard": shard,
        "runs": total, "done": there - failed, "failed": failed, "missing": total - there,
        "is_running": is_being_written(folder), "is_writable": manifest.get("results_version") == RESULTS_VERSION,
        "keep": manifest["keep"], "started": manifest.get("started"), "finished": manifest.get("finished"),
    }  # fmt: skip
