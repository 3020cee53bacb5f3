"""An engine whose best levers are known: GMV has its peak at discount .3 and face 2, whatever the world adds to it.

GMV of a run, in cents: 100,000 - 1,000,000 (discount - .3)^2 - 5,000 (face - 2)^2 + luck of the world (the same for
every strategy) + luck of the run (spread 300, by replication and lever). Budget shares (a, b): less 100,000 (a - .7)^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.fake_engines import World as World
from tests.fake_engines import journal, warm_up

__all__ = ["World", "simulate", "warm_up"]


def simulate(scenario: Any, strategy: str, replication: int = 0, engine: str = "columnar", world: Any = None) -> Any:
    made = journal(scenario.days, [7], replication)
    levers = {name: value for tactic in scenario.tactics(strategy) for name, value in tactic.model_dump().items()}
    gmv = 60_000.0
    if strategy != "control":
        gmv = 100_000 - 1e6 * (levers["discount"] - 0.3) ** 2 - 5_000 * (levers.get("face", 2.0) - 2) ** 2
        spec = scenario.budgets.get(strategy)
        if spec is not None and spec.shares:
            gmv -= 1e5 * (spec.shares[0] - 0.7) ** 2
        name = [scenario.seed % 2**32, replication, int(1e6 * levers["discount"])]
        gmv += 300 * np.random.Generator(np.random.Philox(name)).standard_normal()
    gmv += 5_000 * np.random.Generator(np.random.Philox([scenario.seed % 2**32, replication])).standard_normal()
    made.daily["gmv_cents"] = 0
    made.daily.loc[0, "gmv_cents"] = int(gmv)
    return made
