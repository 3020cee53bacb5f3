"""Engines that answer at once, fail or die on demand: what the running room needs to be tested, and no model.

GRAPEVINE_FAKE holds words like `slow=0.2 fail=team_up:1 die=2 world=3 note=/path`: seconds a run takes; the strategy
and replication that raise; the replication that kills its process; the replication whose world cannot be built; a
file to which every run is noted; `built=/path`: one to which every world that is built is noted.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

_DAILY = [
    "visits",
    "dau",
    "new_registrations",
    "new_organic",
    "new_paid",
    "new_invited",
    "returned",
    "churned",
    "n_prospects",
    "n_active",
    "n_lapsed",
    "orders",
    "units",
    "gmv_cents",
    "paid_cents",
    "refund_cents",
    "nmv_cents",
    "cogs_cents",
    "fulfilment_cents",
    "contra_cents",
    "expense_cents",
    "cost_cents",
    "share_events",
    "messages",
    "pushes",
    "reviews",
    "stars",
    "returns",
    "teams_founded",
    "teams_succeeded",
    "teams_failed",
    "shows",
    "likes",
    "comments",
    "reposts",
    "repost_hands",
    "questions",
    "answers",
]


def _orders() -> dict[str, str]:
    return dict(word.split("=", 1) for word in os.environ.get("GRAPEVINE_FAKE", "").split())


class World:
    def __init__(self, replication: int) -> None:
        self.replication = replication

    @staticmethod
    def inputs(scenario: Any) -> str:
        return str(scenario.population)

    def seen_from(self, scenario: Any, replication: int) -> World:
        return World(replication)

    @classmethod
    def build(cls, scenario: Any, replication: int) -> World:
        if _orders().get("world") == str(replication):
            raise ValueError("no such world")
        if "built" in _orders():
            with Path(_orders()["built"]).open("a") as handle:
                handle.write(f"{scenario.population.size} {replication // scenario.noise_per_world}\n")
        return cls(replication)


def warm_up() -> None:
    pass


def simulate(scenario: Any, strategy: str, replication: int = 0, engine: str = "columnar", world: Any = None) -> Any:
    orders = _orders()
    assert world is not None
    assert world.replication == replication
    time.sleep(float(orders.get("slow", 0)))
    if "note" in orders:
        with Path(orders["note"]).open("a") as handle:
            handle.write(f"{strategy} {replication}\n")
    if orders.get("fail") == f"{strategy}:{replication}":
        raise RuntimeError("the shop burned down")
    if orders.get("die") == str(replication):
        os._exit(9)
    key = [ord(c) for c in strategy] + [int(1000 * value) for value in scenario.params.values()]
    return journal(scenario.days, key, replication)


def journal(days: int, name: list[int], replication: int) -> Any:
    """Tables of the right shape whose numbers depend on the strategy and the replication, and on nothing else."""
    rng = np.random.Generator(np.random.Philox([*name, replication]))
    daily = pd.DataFrame({column: rng.integers(1, 50, days) for column in ("day", *_DAILY)})
    daily["day"] = np.arange(days)
    n = 40
    registered = rng.integers(-3, days, n)
    shoppers = pd.DataFrame({
        "id": np.arange(n), "persona": ["loyal_member"] * n, "registered_day": registered, "channel": "organic",
        "inviter": -1, "status": "active", "last_visit_day": registered.clip(0), "visits": 1, "active_days": 1,
        "n_orders": 1,
        "spend_cents": rng.integers(0, 9999, n), "visited_d1": rng.random(n) < 0.5, "visited_d7": rng.random(n) < 0.5,
        "visited_d30": False, "n_let_down": 0, "fatigue": 0.5,
    })  # fmt: skip
    pairs = [(c, a) for c in range(days) for a in range(days - c)]
    cohorts = pd.DataFrame(pairs, columns=["cohort_day", "age"]).assign(n_registered=3, n_active=2, n_buyers=1)
    cohorts["gmv_cents"] = rng.integers(0, 9999, len(cohorts))
    m = 25
    orders = pd.DataFrame({
        "day": rng.integers(0, days, m), "agent": rng.integers(0, n, m), "product": rng.integers(0, 5, m),
        "mode": "solo", "quantity": 1, "list_cents": 1000, "paid_cents": 900, "cost_cents": 500,
        "fulfilment_cents": 100, "cause": "browse", "parent": -1, "is_returned": False, "refund_cents": 0, "tactic": "",
        "resold_cents": 0, "caused_by": "",
    })  # fmt: skip
    products = pd.DataFrame({"id": np.arange(5), "units": rng.integers(0, 9, 5)})
    lines = 0 if name[:7] == [ord(c) for c in "control"] else 3
    ledger = pd.DataFrame({"day": range(lines), "tactic": "t", "line": "coupon", "cls": "expense", "amount_cents": 5})
    return SimpleNamespace(
        days=days, burn_in_days=1, n_shoppers=n, daily=daily, shoppers=shoppers, cohorts=cohorts, orders=orders,
        products=products, ledger=ledger, events=None, served=None, provenance={},
    )  # fmt: skip
