"""The page that says how to write a strategy is true: its example, installed as a package, works everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import strategies
from sim.engines import World, simulate
from sim.metrics import measure
from sim.scenario import Scenario, schema, template
from tests.busy_worlds import BUSY, ROOT, assert_drivers_agree

PAGE = (ROOT / "docs" / "write-a-strategy.md").read_text(encoding="utf-8")
SMALL = (
    "name: mine\ndays: 20\nburn_in_days: 4\nreplications: 2\npopulation: {size: 300, registered_share: 0.6}\n"
    "catalogue: {size: 12}\nparams: {alpha: -2}\n"
)


def block(language: str) -> str:
    """The first block of code in this language on the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's example, installed as pip would leave it."""
    site = tmp_path / "site"
    info = site / "my_package-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "my_package.py").write_text(block("python"), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    points = block("toml").replace('[project.entry-points."sim.strategies"]', "[sim.strategies]").replace('"', "")
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(site))
    strategies.registry.cache_clear()
    yield site
    strategies.registry.cache_clear()
    sys.modules.pop("my_package", None)


def test_it_is_short() -> None:
    assert len(block("python").strip().splitlines()) < 60


def test_it_keeps_what_every_tactic_must(package: Path) -> None:
    kind = strategies.registry()["weekend_thanks"]
    spec = {
        name: [getattr(kind, name)().model_dump(mode="json", exclude_defaults=True) | {"kind": "weekend_thanks"}]
        for name in ("null", "example", "overdone")
    }
    scenario = Scenario.from_yaml(SMALL).with_({"strategies": spec, "population.size": 400, "days": 25})
    world = World.build(scenario, 0)
    control, null, example, overdone = (simulate(scenario, label, world=world) for label in ("control", *spec))
    assert null.orders.equals(control.orders)
    assert null.daily.equals(control.daily)
    assert example.ledger["amount_cents"].sum() > 0
    assert not example.orders.equals(control.orders)
    lost = measure(overdone)["profit_cents"], measure(control)["profit_cents"]
    assert lost[0] < lost[1]  # type: ignore[operator]
    assert_drivers_agree(scenario.with_({"population.size": 120, "days": 8, "params": BUSY}))


def test_it_is_known_wherever_ours_are(package: Path, tmp_path: Path) -> None:
    text = SMALL + block("yaml")
    asked = Scenario.from_yaml(text)
    assert Scenario.from_yaml(template(asked)) == asked
    assert any("WeekendThanks" in str(one) for one in schema()["$defs"]["Tactic"]["oneOf"])
    (tmp_path / "mine.yaml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(package)]), "COLUMNS": "140"}

    def said(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout

    assert "members not seen for so long get a message" in said("-m", "sim", "strategies", "weekend_thanks")
    assert "weekend_thanks" in said("-m", "sim", "strategies")
    said("-m", "sim", "check", "mine.yaml")
    assert "thanks" in said("-m", "sim", "compare", "mine.yaml", "--jobs", "1", "--quiet")
    there = f"import sys; sys.path.insert(0, {str(ROOT / 'docs')!r})"
    assert "weekend_thanks" in said("-c", f"{there}; import generate; print(generate.text('strategies.md'))")
