"""Ten million shoppers for ninety days: does it fit, what does it cost, and does it survive being killed?

python benchmarks/big.py --json benchmarks/big.json          # 10 million, twenty minutes on a quiet core
python benchmarks/big.py --shoppers 1000000                  # the same, smaller

Each run is a process of its own that keeps a checkpoint after every 30 days. It is killed (SIGKILL) some days after the
first one, and another process goes on from there to the end. Costs of a shopper-day are held against a run of 100,000
shoppers on the same machine in the same hour. Times of both processes are added, the days that were lost left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sizes import _peak_bytes

SCENARIOS = ("base.closed", "base.open")
USUAL = 100_000
EVERY = 30  # days between checkpoints
LOST = 3  # days after the first checkpoint at which the process is killed


def child(name: str, size: int, days: int, path: Path) -> None:
    """Build the world and run the control, from its checkpoint if there is one; a line of JSON a day on stdout."""
    from sim.engines import Checkpoint, World, simulate
    from sim.engines import checkpoint as keeping
    from sim.scenario import Scenario

    spent = {"write": 0.0, "read": 0.0}

    def timed(what: str) -> None:
        usual = getattr(keeping, what)

        def work(*words: Any) -> Any:
            began = time.perf_counter()
            try:
                return usual(*words)
            finally:
                spent[what] += time.perf_counter() - began

        setattr(keeping, what, work)

    def tell(**more: Any) -> None:
        told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "peak_mb": _peak_bytes() / 1e6}
        print(json.dumps({**told, **more}), flush=True)

    timed("write")
    timed("read")
    scenario = Scenario.load(name).with_({"population.size": size, "days": days, "burn_in_days": 0})
    few = scenario.with_({"population.size": 2000})
    simulate(few, "control", world=World.build(few, 0))  # so that everything is compiled
    cpu, wall = time.process_time(), time.perf_counter()
    world = World.build(scenario, 0)
    tell(world=int(world.graph.audience.size) // 2)
    cpu, wall = time.process_time(), time.perf_counter()
    journal = simulate(
        scenario, "control", world=world, checkpoint=Checkpoint(path, EVERY), after=lambda n, _: tell(day=n, **spent)
    )
    told = hashlib.sha256(journal.daily.to_csv().encode() + journal.shoppers["spend_cents"].to_numpy().tobytes())
    tell(orders=len(journal.orders), digest=told.hexdigest()[:16], checkpoint_mb=path.stat().st_size / 1e6, **spent)


def watched(name: str, size: int, days: int, path: Path, kill_at: int | None) -> list[dict[str, Any]]:
    """What a child told, until it was over or was killed after so many days."""
    words = [sys.executable, __file__, "--child", name, "--shoppers", str(size), "--days", str(days), "--at", str(path)]
    lines = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(json.loads(line))
            if kill_at is not None and lines[-1].get("day", 0) >= kill_at:
                os.kill(process.pid, signal.SIGKILL)
                break
    if kill_at is None and process.returncode:
        sys.exit(f"{name} with {size:,} shoppers ended with {process.returncode}")
    return lines


def measure(name: str, size: int, days: int, *, is_killed: bool) -> dict[str, Any]:
    """One run, killed once on the way or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.zip"
        first = watched(name, size, days, path, EVERY + LOST) if is_killed else []
        last = watched(name, size, days, path, None)
    world, end = last[0], last[-1]
    kept = next((line for line in first if line.get("day") == EVERY), {"cpu": 0.0, "wall": 0.0, "write": 0.0})
    work = kept["cpu"] + end["cpu"]
    return {
        "shoppers": size, "days": days, "ties": world["world"], "orders": end["orders"], "digest": end["digest"],
        "killed_after_days": first[-1]["day"] if first else None,
        "went_on_after_days": next(line["day"] for line in last if "day" in line) - 1,
        "world_cpu_seconds": round(world["cpu"], 1), "world_wall_seconds": round(world["wall"], 1),
        "run_cpu_seconds": round(work, 1), "run_wall_seconds": round(kept["wall"] + end["wall"], 1),
        "ns_per_agent_day": round(work / (size * days) * 1e9, 1),
        "world_over_run": round(world["cpu"] / work, 2),
        "write_wall_seconds": round(end["write"] + kept["write"], 1), "read_wall_seconds": round(end["read"], 1),
        "checkpoint_mb": round(end["checkpoint_mb"]),
        "world_peak_mb": round(world["peak_mb"]), "peak_mb": round(max(line["peak_mb"] for line in (*first, *last))),
    }  # fmt: skip


def main() -> None:
    """Measure, print, and write JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--shoppers", type=int, default=10_000_000)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--scenario", choices=SCENARIOS, help="only this one; the other's numbers stay in the file")
    options.add_argument("--json", type=Path, help="write the numbers here")
    options.add_argument("--child", help=argparse.SUPPRESS)
    options.add_argument("--at", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        child(asked.child, asked.shoppers, asked.days, asked.at)
        return
    found: dict[str, Any] = json.loads(asked.json.read_text()) if asked.json and asked.json.exists() else {}
    for name in [asked.scenario] if asked.scenario else SCENARIOS:
        usual = measure(name, USUAL, asked.days, is_killed=True)
        assert usual["digest"] == measure(name, USUAL, asked.days, is_killed=False)["digest"], "not the same bytes"
        big = measure(name, asked.shoppers, asked.days, is_killed=True)
        ratio = round(big["ns_per_agent_day"] / usual["ns_per_agent_day"], 2)
        found[name] = {"usual": usual, "big": big, "agent_day_over_usual": ratio}
        print(json.dumps({name: found[name]}, indent=2), flush=True)
        if asked.json:
            asked.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
