"""What to expect for a shop of your size: seconds and memory, each measured in a process of its own.

python benchmarks/sizes.py base.open 10000            # prints JSON
python benchmarks/sizes.py base.open 1000000 --threads 2
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000


def fresh(name: str, size: int, days: int, threads: int = 1) -> dict[str, Any]:
    """The numbers of one size, from a new process: its memory is its own."""
    words = [sys.executable, __file__, name, str(size), "--days", str(days), "--threads", str(threads)]
    return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def one(name: str, size: int, days: int, threads: int) -> dict[str, Any]:
    """Build a world and run the control in it, in this process."""
    from sim.engines import World, simulate, warm_up
    from sim.scenario import Scenario

    warm_up()
    before = _peak_bytes()
    scenario = Scenario.load(name).with_({"population.size": size, "days": days, "burn_in_days": 0})
    began = time.process_time()
    world = World.build(scenario, 0)
    built = time.process_time() - began
    began, cpu = time.perf_counter(), time.process_time()
    simulate(scenario, "control", world=world, threads=threads)
    ran, worked = time.perf_counter() - began, time.process_time() - cpu
    shown = worked if threads == 1 else ran  # processor time of one thread; of several, what the wall says
    return {
        "shoppers": size, "days": days, "threads": threads, "directed_ties": int(world.graph.audience.size),
        "world_seconds": round(built, 3), "run_seconds": round(shown, 3), "run_wall_seconds": round(ran, 3),
        "agent_days_per_second": round(size * days / shown), "peak_mb": round(_peak_bytes() / 1e6),
        "peak_mb_above_start": round((_peak_bytes() - before) / 1e6),
    }  # fmt: skip


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says includes the parent, until this process has grown past it
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    """Measure one size and print JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("scenario")
    options.add_argument("shoppers", type=int)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--threads", type=int, default=1)
    asked = options.parse_args()
    print(json.dumps(one(asked.scenario, asked.shoppers, asked.days, asked.threads)))


if __name__ == "__main__":
    main()
