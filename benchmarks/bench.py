"""Speed and memory of both drivers, against each other and against a floor measured in the same run.

Times are processor time, on the wall only where processes are started. They depend on the machine and on what else it
does; ratios taken in one run much less, so ratios are what counts. The floor is what no simulation of this kind can go
below: for every agent and day one block of random numbers, one logistic function and one pass over the columns of the
state.

With `--json FILE` the new ratios are held against those stored in FILE (guard.py): where one got worse, it is said, the
exit code is 1 and FILE stays as it is (`--accept` writes it all the same).
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import guard
import numpy as np
import sizes

from sim import draws
from sim._jit import column_kernel, logistic
from sim.engines import World, columnar, columns, kernels, simulate, visits, warm_up
from sim.engines.offering import Offering
from sim.engines.operations import Operations, prepare
from sim.engines.settling import Settling
from sim.journal import Recorder
from sim.rules.records import Column, State
from sim.scenario import Scenario

SCENARIOS = ("base.closed", "base.open")
SMALL = 5_000  # shoppers of a run as calibration makes thousands of
TINY = 60  # so few that a day costs only what it costs whatever the size
#: five tactics at once, of as many sorts: team price, coupon for sharing, other slots, messages, points
FIVE: list[dict[str, Any]] = [
    {"kind": "group_buy"},
    {"kind": "share_coupon"},
    {"kind": "recommendation"},
    {"kind": "push", "every": 3},
    {"kind": "points"},
]
#: phases as docs/model.md numbers them, and what of the driver does them
PHASES: tuple[tuple[str, Any, str], ...] = (
    ("1-3 wake: draws, visits, arrivals, returns", columnar.Columnar, "_arrive_return_visit"),
    ("4 messages remembered", columnar.Columnar, "_remember"),
    ("5-6 seen and chosen", visits, "look_and_choose"),
    ("6 settled: prices, teams, stock", Settling, "settle"),
    ("7-8 fulfilled and reviewed", kernels, "fulfil"),
    ("9 shared and invited", columnar.Columnar, "_send_all"),
    ("10-11 mood, leaving", columnar.Columnar, "_close_day"),
    ("0, 12 shelf, offers, books", Operations, "morning"),
    ("0, 12 shelf, offers, books", Offering, "offers"),
    ("0, 12 shelf, offers, books", Operations, "night"),
    ("0, 12 shelf, offers, books", Recorder, "write"),
    ("all", columnar.Columnar, "step"),
)


@column_kernel
def floor(state: State, ids: Column, seed: int, day: int, out: Column) -> None:
    """One block of draws, one logistic and one pass over the state per agent and day."""
    for i in range(ids.shape[0]):
        words = draws.block(seed, draws.LIFE, day, ids[i], 0)
        x = (
            state.satisfaction[i] + state.mood[i] + state.fatigue[i] + state.joy[i] + state.left[i]
            + state.n_friends_active[i] + state.invited_by[i] + state.lapsed_day[i] + state.left_day[i]
            + state.heard[i] + state.seen[i] + state.valence[i] + state.n_posts[i] + state.status[i]
        )  # fmt: skip
        out[i] = draws.unit(words[0]) < logistic(x)


def best(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Processor seconds of the fastest of several repeats: the one that was disturbed least."""
    times = []
    for _ in range(repeats):
        began = clock()
        work()
        times.append(clock() - began)
    return min(times)


@contextmanager
def stopwatches() -> Iterator[dict[str, float]]:
    """Seconds spent in each phase while the context lasts."""
    spent: dict[str, float] = defaultdict(float)
    originals = [(owner, name, getattr(owner, name)) for _, owner, name in PHASES]
    for (phase, owner, name), (_, _, original) in zip(PHASES, originals, strict=True):

        def timed(*args: Any, phase: str = phase, original: Any = original) -> Any:
            began = time.process_time()
            try:
                return original(*args)
            finally:
                spent[phase] += time.process_time() - began

        setattr(owner, name, timed)
    try:
        yield spent
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def measure(name: str, size: int, objects: int, days: int, repeats: int) -> dict[str, Any]:
    """One scenario: nanoseconds per agent-day of both drivers and of the floor, by phase, and memory."""
    changes = {"population.size": size, "days": days, "burn_in_days": 0, "strategies": {"five": FIVE}}
    scenario = Scenario.load(name).with_(changes)
    world = World.build(scenario, 0)
    per_day = 1e9 / (size * days)
    state = columns.new_state(world, np.zeros(size, dtype=np.int32))
    flags, ids = np.zeros(size, dtype=np.bool_), world.population.ids
    floor(state, ids, 1, 0, flags)

    def run_floor() -> None:
        for day in range(days):
            floor(state, ids, 1, day, flags)

    few = scenario.with_({"population.size": SMALL})
    few_world, none = World.build(few, 0), scenario.with_({"population.size": TINY})
    none_world = World.build(none, 0)
    floors, runs, fives, smalls, tinies, worlds = [], [], [], [], [], []
    simulate(scenario, "five", world=world)
    for _ in range(repeats):  # in turn, so that both meet the same machine
        floors.append(best(run_floor, 1))
        runs.append(best(lambda: simulate(scenario, "control", world=world), 1))
        fives.append(best(lambda: simulate(scenario, "five", world=world), 1))
        smalls.append(best(lambda: simulate(few, "control", world=few_world), 3))
        tinies.append(best(lambda: simulate(none, "control", world=none_world), 3))
        worlds.append(best(lambda: World.build(scenario, 0), 1))
    with stopwatches() as spent:
        simulate(scenario, "control", world=world)
    small = scenario.with_({"population.size": objects, "days": 20})
    small_world = World.build(small, 0)
    simulate(small, "control", world=small_world, engine="objects")
    slow = best(lambda: simulate(small, "control", world=small_world, engine="objects"), 2) / (objects * 20) * 1e9
    operations, recorder = prepare(world, "control")
    run = columnar.Columnar(world, operations, recorder)
    held = [*run.traits, *run.state, *run.inboxes, run.ids, run.n_heard, run.churn_word, run.flags, recorder.marks]
    fast, base, five = min(runs) * per_day, min(floors) * per_day, min(fives) * per_day
    total = spent.pop("all")
    shares = {phase: round(seconds / total, 3) for phase, seconds in spent.items()}
    shares["the rest of the day"] = round(1.0 - sum(shares.values()), 3)
    return {
        "shoppers": size, "days": days,
        "columnar_ns_per_agent_day": round(fast, 1), "agent_days_per_second": round(1e9 / fast),
        "floor_ns_per_agent_day": round(base, 2), "columnar_over_floor": round(fast / base, 1),
        "five_tactics_ns_per_agent_day": round(five, 1), "five_tactics_agent_days_per_second": round(1e9 / five),
        "five_tactics_over_control": round(five / fast, 2),
        "objects_ns_per_agent_day": round(slow), "objects_over_columnar": round(slow / fast),
        "ms_per_run_of_5000": round(min(smalls) * 1e3, 1),
        "small_over_large": round(min(smalls) / SMALL / (min(runs) / size), 2),
        "us_per_day_whatever_the_size": round(min(tinies) / days * 1e6),
        "share_of_time": shares, "world_over_run": round(min(worlds) / min(runs), 2),
        "bytes_per_shopper": round(sum(column.nbytes for column in held) / size),
        "bytes_per_directed_tie": round(
            sum(column.nbytes for column in (run.audience, run.strength, run.n_sent)) / len(run.audience), 1
        ),
    }  # fmt: skip


def start_up() -> dict[str, float]:
    """Seconds to import the package and to show the help, each in a fresh process, best of five."""

    def fresh(*arguments: str) -> float:
        return best(
            lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True), 5, time.perf_counter
        )

    bare = fresh("-c", "pass")
    return {
        "import_sim_seconds": round(fresh("-c", "import sim") - bare, 3),
        "help_seconds": round(fresh("-m", "sim", "--help"), 3),
        "python_alone_seconds": round(bare, 3),
    }


def main() -> None:
    """Measure, print, and write JSON if asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shoppers", type=int, default=100_000, help="for the columnar driver")
    options.add_argument("--objects", type=int, default=2_000, help="for the objects driver")
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--full", action="store_true", help="also a million shoppers, on one thread and on two")
    options.add_argument("--json", type=Path, help="hold against the numbers stored here, then write them here")
    options.add_argument("--accept", action="store_true", help="write them even where a ratio got worse")
    asked = options.parse_args()
    stored = json.loads(asked.json.read_text()) if asked.json and asked.json.exists() else {}
    began = time.perf_counter()
    warm_up()
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one core",
        "compile_or_load_seconds": round(time.perf_counter() - began, 1),
        "start_up": start_up(),
    }
    for name in SCENARIOS:
        found[name] = measure(name, asked.shoppers, asked.objects, asked.days, asked.repeats)
    found["sizes"] = {name: [sizes.fresh(name, size, asked.days) for size in sizes.SIZES] for name in SCENARIOS}
    found["million"] = stored.get("million", {})
    if asked.full:
        found["million"] = {
            name: [sizes.fresh(name, sizes.LARGEST, asked.days, threads) for threads in (1, 2)] for name in SCENARIOS
        }
    print(json.dumps(found, indent=2))
    worse = guard.verdicts(stored, found)
    for sentence in worse:
        print(f"worse: {sentence}", file=sys.stderr)
    if asked.json and (asked.accept or not worse):
        asked.json.write_text(json.dumps(found, indent=2) + "\n")
    if worse and not asked.accept:
        sys.exit(1)


if __name__ == "__main__":
    main()
