"""Worlds and the two drivers that run strategies in them; imports everything that is not a face, page or study."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal

from sim.engines import checkpoint as keeping
from sim.engines.checkpoint import Checkpoint
from sim.engines.columnar import Columnar
from sim.engines.operations import prepare
from sim.engines.world import World
from sim.errors import InputError
from sim.journal import Journal
from sim.scenario import Scenario

EngineName = Literal["columnar", "objects"]

__all__ = ["Checkpoint", "Journal", "World", "prepare", "simulate", "warm_up"]


def simulate(
    scenario: Scenario,
    strategy: str,
    replication: int = 0,
    engine: EngineName = "columnar",
    threads: int = 1,
    events: bool | Collection[str] = False,
    world: World | None = None,
    checkpoint: Checkpoint | None = None,
    after: Callable[[int, int], None] | None = None,
) -> Journal:
    """Run one strategy in one world; the same bytes from both engines and any number of threads.

    `world` (from World.build with the same scenario and replication) may be shared between strategies.
    With `events` the journal carries the event log: in full, or the types named (see `journal.EVENT_TYPES`).
    With a `checkpoint` the run is kept on disk now and then, and goes on from there if it was stopped: same bytes.
    `after` is told, when a day is over, how many are, and of how many.
    """
    world = world if world is not None else World.build(scenario, replication)
    status: Any
    fatigue: Any
    if engine == "columnar":
        run, first = _begin(world, strategy, events, threads, checkpoint)
        operations, recorder = run.ops, run.recorder

        def over(n_done: int, total: int) -> None:
            if checkpoint is not None and checkpoint.is_due(n_done, total):
                keeping.write(run, n_done, checkpoint.path)
            if after is not None:
                after(n_done, total)

        run.run(first, over)
        status, fatigue = run.state.status, run.state.fatigue
    elif engine == "objects":
        from sim.engines.objects import Shop

        if checkpoint is not None:
            raise InputError("only runs of the columnar engine can be kept", path="checkpoint_every", found=engine)
        operations, recorder = prepare(world, strategy, events)
        shop = Shop(scenario, strategy, world=world, parts=(operations, recorder))
        shop.run()
        status, fatigue = shop.statuses(), shop.fatigue()
    else:
        raise InputError("unknown engine", found=engine, allowed="columnar, objects")
    return recorder.journal(
        strategy, world.replication, operations.labels, status, fatigue, operations.ratings(), world.provenance
    )


def _begin(
    world: World, strategy: str, events: bool | Collection[str], threads: int, checkpoint: Checkpoint | None
) -> tuple[Columnar, int]:
    """A run, and the day to go on with: the first, or the one after its checkpoint."""
    run = Columnar(world, *prepare(world, strategy, events), threads)
    if checkpoint is None or not checkpoint.path.exists():
        return run, 0
    try:
        return run, keeping.read(run, checkpoint.path)
    except InputError as error:
        if checkpoint.on_unusable is None:
            raise
        checkpoint.on_unusable(error)
    return Columnar(world, *prepare(world, strategy, events), threads), 0


def warm_up() -> None:
    """Compile everything once (or load it from the cache), so that worker processes only load."""
    scenario = Scenario.model_validate({"name": "warm-up", "days": 2, "burn_in_days": 0, "population": {"size": 50}})
    simulate(scenario, "control")
