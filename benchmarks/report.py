"""How long a report takes: 12 strategies x 100 replications. Run by hand: python benchmarks/report.py [--json FILE]

A few replications are played, then copied under other numbers until there are a hundred: what a report reads is as
long as in truth, and the benchmark does not take an hour. (The copies are alike: its intervals mean nothing.)
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.experiment import Results
from sim.scenario import Scenario
from sim.studies.ask import compare

KINDS = (
    "group_buy", "share_coupon", "kol_seeding", "referral", "push", "points", "membership", "price_cut", "flash_sale",
    "live_stream", "recommendation", "win_back",
)  # fmt: skip
PLAYED, REPLICATIONS = 4, 100


def played(people: int, days: int, folder: Path) -> Path:
    """A comparison of twelve strategies, a few replications long."""
    scenario = Scenario.load("demo").with_({
        "population.size": people, "days": days, "replications": PLAYED, "noise_per_world": 1,
        "strategies": {kind: {"kind": kind} for kind in KINDS},
    })  # fmt: skip
    return compare(scenario, to=folder / "played", jobs=2).folder


def copied(folder: Path) -> None:
    """The same tables, each replication as often as is needed, under other numbers."""
    for name in Results.open(folder).stored:
        table = pq.read_table(folder / f"{name}.parquet")
        pieces = []
        for k in range(REPLICATIONS // PLAYED):
            piece = table
            for column in ("replication", "world"):
                if column in piece.column_names:
                    at = piece.column_names.index(column)
                    piece = piece.set_column(at, piece.schema.field(at), pc.add(piece[column], k * PLAYED))
            pieces.append(piece)
        pq.write_table(pa.concat_tables(pieces), folder / f"{name}.parquet", compression="zstd", row_group_size=1 << 20)
    (folder / "runs.sqlite").unlink()  # an index: made anew from the tables


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--json", type=Path)
    options.add_argument("--folder", type=Path, help="keep the folder here and use it again")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = asked.folder or Path(place)
        folder = home / "played"
        if not folder.exists():
            copied(played(asked.people, asked.days, home))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)  # the workers that played
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "sim", "report", str(folder), "--quiet"], check=True)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        answer = {
            "strategies": len(KINDS), "replications": len(Results.open(folder).replications), "people": asked.people,
            "days": asked.days, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1),
            "memory_mb": round(after.ru_maxrss / 1024),
            "file_mb": round((folder / "report.html").stat().st_size / 1e6, 2),
        }  # fmt: skip
    print(json.dumps(answer, indent=2))
    if asked.json:
        asked.json.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
