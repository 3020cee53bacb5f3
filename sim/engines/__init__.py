"""Worlds and the two drivers that run strategies in them; imports everything that is not a face, page or study."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from sim.engines.columnar import Columnar
from sim.engines.operations import prepare
from sim.engines.world import World
from sim.errors import InputError
from sim.journal import Journal
from sim.scenario import Scenario

EngineName = Literal["columnar", "objects"]

__all__ = ["Journal", "World", "prepare", "simulate", "warm_up"]


def simulate(
    scenario: Scenario,
    strategy: str,
    replication: int = 0,
    engine: EngineName = "columnar",
    threads: int = 1,
    events: bool | Collection[str] = False,
    world: World | None = None,
) -> Journal:
    """Run one strategy in one world; the same bytes from both engines and any number of threads.

    `world` (from World.build with the same scenario and replication) may be shared between strategies.
    With `events` the journal carries the event log: in full, or the types named (see `journal.EVENT_TYPES`).
    """
    world = world if world is not None else World.build(scenario, replication)
    operations, recorder = prepare(world, strategy, events)
    status: Any
    fatigue: Any
    if engine == "columnar":
        run = Columnar(world, operations, recorder, threads)
        run.run()
        status, fatigue = run.state.status, run.state.fatigue
    elif engine == "objects":
        from sim.engines.objects import Shop

        shop = Shop(scenario, strategy, world=world, parts=(operations, recorder))
        shop.run()
        status, fatigue = shop.statuses(), shop.fatigue()
    else:
        raise InputError("unknown engine", found=engine, allowed="columnar, objects")
    return recorder.journal(
        strategy, world.replication, operations.labels, status, fatigue, operations.ratings(), world.provenance
    )


def warm_up() -> None:
    """Compile everything once (or load it from the cache), so that worker processes only load."""
    scenario = Scenario.model_validate({"name": "warm-up", "days": 2, "burn_in_days": 0, "population": {"size": 50}})
    simulate(scenario, "control")
