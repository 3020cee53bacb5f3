"""Worlds and the two drivers that run strategies in them; imports everything that is not a face, page or study."""

from __future__ import annotations

from typing import Any, Literal

from sim import version
from sim.engines.columnar import Columnar
from sim.engines.operations import Operations
from sim.engines.world import World
from sim.errors import InputError, nearest
from sim.journal import Journal, Recorder
from sim.scenario import Scenario

EngineName = Literal["columnar", "objects"]

__all__ = ["Journal", "World", "prepare", "simulate", "warm_up"]


def prepare(world: World, strategy: str, events: bool = False) -> tuple[Operations, Recorder]:
    """What both drivers need besides the world: the strategy at work, and the books."""
    scenario = world.scenario
    if strategy not in scenario.labels:
        near = nearest(strategy, scenario.labels)
        raise InputError(
            "no strategy of this label in the scenario",
            found=strategy,
            allowed=", ".join(scenario.labels),
            hint=f"Did you mean '{near}'?" if near else None,
        )
    recorder = Recorder(
        world.population, world.catalogue, scenario.days, scenario.burn_in_days, world.params.resale,
        int(world.params.ship * 100 + 0.5), events,
    )  # fmt: skip
    tactics = scenario.tactics(strategy)
    return Operations(world, strategy, tactics, recorder, scenario.burn_in_days), recorder


def simulate(
    scenario: Scenario,
    strategy: str,
    replication: int = 0,
    engine: EngineName = "columnar",
    threads: int = 1,
    events: bool = False,
    world: World | None = None,
) -> Journal:
    """Run one strategy in one world; the same bytes from both engines and any number of threads.

    `world` (from World.build with the same scenario and replication) may be shared between strategies.
    With `events` the journal carries the full event log.
    """
    world = world if world is not None else World.build(scenario, replication)
    operations, recorder = prepare(world, strategy, events)
    status: Any
    if engine == "columnar":
        run = Columnar(world, operations, recorder, threads)
        run.run()
        status = run.state.status
    elif engine == "objects":
        from sim.engines.objects import Shop

        shop = Shop(scenario, strategy, world=world, parts=(operations, recorder))
        shop.run()
        status = shop.statuses()
    else:
        raise InputError("unknown engine", found=engine, allowed="columnar, objects")
    provenance = {
        "world": world.number,
        "world_seed": world.world_seed,
        "noise_seed": world.noise_seed,
        "results_version": version.RESULTS_VERSION,
    }
    return recorder.journal(
        strategy, world.replication, operations.labels, status, operations.ratings(), provenance
    )


def warm_up() -> None:
    """Compile everything once (or load it from the cache), so that worker processes only load."""
    scenario = Scenario.model_validate({"name": "warm-up", "days": 2, "burn_in_days": 0, "population": {"size": 50}})
    simulate(scenario, "control")
