"""How much of a class is luck: two runs of the control in one world, with other luck; imports `who`, experiment.

Where a folder has several replications a world, they are there already. Otherwise the control of its first worlds is
played once more, with the luck of a replication that the folder does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.experiment import Results
from sim.studies.compare.values import CONTROL
from sim.studies.explain.who import SEGMENTS, SHOPPER_COLUMNS, class_shares, twins


def _control(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["strategy"] == CONTROL]


def _stored_twice(results: Results, n_worlds: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    per_world = results.scenario.noise_per_world
    before: tuple[int, pd.DataFrame] | None = None
    done = 0
    for table in results.each("shoppers", SHOPPER_COLUMNS):
        replication, control = int(table["replication"].iloc[0]), _control(table)
        if control.empty:
            continue
        world = replication // per_world
        if before is not None and before[0] == world:
            yield before[1], control
            before, done = None, done + 1
        else:
            before = (world, control)
        if done == n_worlds:
            return


def _played_again(results: Results, n_worlds: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    from sim.engines import World, simulate

    # With two replications a world, replication 2 w + 1 lives in world w, with other luck than replication w had.
    scenario = results.scenario.with_({"noise_per_world": 2})
    for table in results.each("shoppers", SHOPPER_COLUMNS):
        replication, control = int(table["replication"].iloc[0]), _control(table)
        if control.empty:
            continue
        if n_worlds == 0:
            return
        n_worlds -= 1
        again = 2 * replication + 1
        world = World.build(scenario, again)
        yield control, simulate(scenario, CONTROL, replication=again, world=world).shoppers


def _is_the_same_question(results: Results) -> bool:
    """Whether this version of the model, with the files as they are now, would play what the folder holds."""
    return results.is_writable and results.scenario.digest == results.manifest.get("digest")


def luck(results: Results, n_worlds: int) -> list[dict[str, Any]]:
    """Shares of the classes between two controls, by segment; empty if it cannot or is not to be known.

    Who ordered in only one of the two did so by luck alone; which of the two is called the strategy means nothing, so
    the two one-sided classes are given as their mean.
    """
    if n_worlds == 0:
        return []
    is_stored = results.scenario.noise_per_world > 1
    found = _stored_twice(results, n_worlds) if is_stored else _played_again(results, n_worlds)
    try:
        if not is_stored and not _is_the_same_question(results):
            return []
        sums = [twins(one, other, results.scenario.days) for one, other in found]
    except InputError:  # a file that the scenario names is no longer there
        return []
    if not sums:
        return []
    table = np.stack(sums)
    rows = []
    for k, (kind, name) in enumerate(SEGMENTS):
        if not table[:, k, 0].any():
            continue
        shares = dict(class_shares(table[:, k]))
        one_side = (shares["persuadables"] + shares["sleeping_dogs"]) / 2
        shares |= {"persuadables": one_side, "sleeping_dogs": one_side}
        rows.append({"by": kind, "of": name, "n_worlds": len(sums), **shares})
    return rows
