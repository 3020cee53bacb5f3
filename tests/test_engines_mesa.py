"""The objects as Mesa sees them: its tools, an overridden phase, the page in docs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import mesa
import pandas as pd
import pytest

from sim.engines import World, simulate
from sim.engines.objects import Shop
from sim.engines.shoppers import NOTHING, Shopper
from sim.errors import InputError
from sim.rules.records import STATUSES, State
from tests.busy_worlds import BUSY, ROOT, TABLES, assert_same, scenario


def test_a_shopper_is_her_own_state() -> None:
    shop = Shop(scenario(population={"size": 3}, graph={"kind": "none"}))
    missing = [name for name in State._fields if not hasattr(shop.shoppers[0], name)]
    assert not missing


def test_mesa_tools_work() -> None:
    asked = scenario(params=BUSY)
    shop = Shop(asked)
    collector = mesa.DataCollector(
        model_reporters={"n_active": lambda shop: len(shop.agents.select(lambda a: a.is_active))},
        agent_reporters={"mood": "mood", "n_orders": "n_orders"},
    )
    for _ in range(5):
        shop.step()
        collector.collect(shop)
    assert shop.day == 5
    assert shop.running
    active = shop.agents.select(lambda a: a.is_active)
    assert len(active) == collector.get_model_vars_dataframe()["n_active"].iloc[-1] > 0
    assert active.get("mood") == [shopper.mood for shopper in shop.shoppers if shopper.is_active]
    assert len(collector.get_agent_vars_dataframe()) == 5 * 120
    assert sum(shop.agents.get("visits_today")) > 0
    with pytest.raises(InputError, match="not over"):
        shop.journal()
    while shop.running:  # what Mesa's own tools do
        shop.step()
    with pytest.raises(InputError, match="over"):
        shop.step()
    expected = simulate(asked, "control")
    assert_same(expected, shop.journal(), TABLES[:-1])
    assert [STATUSES[k] for k in shop.statuses()] == expected.shoppers["status"].tolist()
    assert sum(shop.agents.get("n_visits")) >= expected.daily["visits"].sum()


def test_a_behaviour_is_one_overridden_phase() -> None:
    class Thrifty(Shopper):
        """Buys nothing dearer than thirty."""

        def choose(self) -> None:
            super().choose()
            if self.choice.unit_cents > 3000:
                self.choice = NOTHING._replace(favourite=self.choice.favourite)

    asked = scenario(params=BUSY, population={"size": 500, "registered_share": 1.0}, burn_in_days=0, days=4)
    world = World.build(asked)
    usual = Shop(asked, world=world).run().orders
    thrifty = Shop(asked, world=world, shopper=Thrifty).run().orders
    assert (thrifty["paid_cents"] / thrifty["quantity"]).max() <= 3000
    first = usual[usual["day"] == 0]  # until the first evening both shops have the same past
    kept = first[first["paid_cents"] / first["quantity"] <= 3000].reset_index(drop=True)
    assert 3 < len(kept) < len(first)
    pd.testing.assert_frame_equal(kept, thrifty[thrifty["day"] == 0].reset_index(drop=True), check_exact=True)


def test_importing_the_objects_leaves_the_start_method_alone() -> None:
    code = "import multiprocessing as m\n{}import sim.engines.objects\nprint(m.get_start_method(allow_none=True))"
    for before, expected in (("", "None"), ("m.set_start_method('forkserver')\n", "forkserver")):
        done = subprocess.run(
            [sys.executable, "-c", code.format(before)], env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.strip() == expected


def test_the_page_on_mesa_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "mesa.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/mesa.md", "exec"), names)
