"""How much memory a run holds, and how its columns lie there."""

from __future__ import annotations

import numpy as np

from sim.engines import World, prepare
from sim.engines.columnar import Columnar
from sim.scenario import Scenario
from tests.busy_worlds import scenario


def test_state_fits_its_budget() -> None:
    """At most 400 bytes a shopper, plus 8 bytes a directed tie: counted on the arrays a run holds."""
    world = World.build(Scenario.from_dict({"name": "size", "population": {"size": 3000}, "days": 1}), 0)
    operations, recorder = prepare(world, "control")
    run = Columnar(world, operations, recorder)
    people = [*run.state, *run.inboxes, *run.traits, run.ids, run.churn_word, run.flags, run.n_heard]
    people += [world.population.persona, world.population.is_registered, world.population.tenure_days, run.indptr]
    people += [recorder.registered_day, recorder.channel, recorder.inviter, recorder.last_visit, recorder.visits]
    assert held([*people, recorder.marks]) <= 400 * len(world) + 1024  # a cache line or so a block of memory
    assert held([run.audience, run.strength, run.n_sent]) <= 8 * len(run.audience)


def held(columns: list[np.ndarray]) -> int:
    """Bytes of the memory behind these columns, gaps between them included; what several share counts once."""
    owners = {}
    for column in columns:
        while isinstance(column.base, np.ndarray):
            column = column.base
        owners[id(column)] = column
    return sum(owner.nbytes for owner in owners.values())


def test_columns_of_a_run_lie_where_they_should() -> None:
    """Rows that are read together begin at a cache line, and no column shares bytes with another."""
    run = Columnar(world := World.build(scenario()), *prepare(world, "control"))
    for row in (run.traits.price, run.inboxes.product, run.inboxes.count):
        assert row.ctypes.data % 64 == row.strides[0] % (64 if row.ndim == 1 else 32) == 0
    columns = [*run.traits, *run.state, *run.inboxes]
    for k, one in enumerate(columns):
        assert not any(np.shares_memory(one, other) for other in columns[k + 1 :])
    assert {len(column) for column in columns} == {120}
