"""Small sweeps for tests: a design around a tiny shop, run with fake engines; hashes of what must not change."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sim.design import Design
from sim.experiment import Experiment, Results, Shard
from sim.scenario import Scenario

SCENARIO = """
name: tiny
days: 6
burn_in_days: 1
replications: 4
noise_per_world: 2
population: {size: 50}
graph: {kind: random, mean_degree: 4}
strategies:
  team_up: {kind: group_buy}
  coupons: {kind: share_coupon}
"""
LABELS = ("control", "team_up", "coupons")
FACTORS = {"population.size": [50, 60], "params.b_h": [0.1, 0.3, 0.5]}


def design(factors: dict[str, Any] | None = None, text: str = SCENARIO, folder: Path | str = ".") -> Design:
    return Design.of(Scenario.from_yaml(text, folder), factors or FACTORS)


def experiment(shard: str | None = None, engines: str = "fake_engines", asked: Design | None = None) -> Experiment:
    asked = asked or design()
    return Experiment(asked.scenario, asked, shard=Shard.parse(shard) if shard else None, engines=engines)


def run(folder: Path, jobs: int = 1, shard: str | None = None, **more: Any) -> Results:
    return experiment(shard).run(jobs, folder, keep="daily", **more)


def tables(folder: Path) -> dict[str, str]:
    """Hash of every table that promises equal bytes."""
    files = sorted(folder.glob("*.parquet"))
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.name != "timing.parquet"}
