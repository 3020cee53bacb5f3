"""Speed and memory of both drivers, in the units of docs/design.md: nanoseconds per agent-day, bytes per shopper."""

from __future__ import annotations

import argparse
import resource
import time

from sim.engines import World, simulate, warm_up
from sim.scenario import Scenario


def main() -> None:
    """Time the control and a busy strategy with both drivers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shoppers", type=int, default=100_000, help="for the columnar driver")
    options.add_argument("--objects", type=int, default=2_000, help="for the objects driver")
    options.add_argument("--days", type=int, default=60)
    asked = options.parse_args()
    began = time.perf_counter()
    warm_up()
    print(f"compiling or loading kernels: {time.perf_counter() - began:.1f} s\n")
    print(f"{'driver':10} {'strategy':12} {'shoppers':>10} {'seconds':>8} {'ns per agent-day':>17}")
    for engine, size in (("columnar", asked.shoppers), ("objects", asked.objects)):
        scenario = Scenario.load("demo").with_({"population.size": size, "days": asked.days})
        began = time.perf_counter()
        world = World.build(scenario, 0)
        built = time.perf_counter() - began
        for strategy in ("control", "group_buy"):
            began = time.perf_counter()
            simulate(scenario, strategy, engine=engine, world=world)  # type: ignore[arg-type]
            seconds = time.perf_counter() - began
            per_day = seconds / (size * (scenario.days + scenario.burn_in_days)) * 1e9
            print(f"{engine:10} {strategy:12} {size:10,} {seconds:8.2f} {per_day:17,.0f}")
        print(f"{'':10} world built in {built:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"\npeak memory {peak / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
