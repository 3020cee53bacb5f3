"""What `check` expects: the middle of the last comparisons, whatever one met; a clock that counts no waiting."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from sim.cli import speed
from sim.experiment.worker import _Clock


def results(seconds: list[float]) -> SimpleNamespace:
    people = pd.DataFrame({"replication": 0, "strategy": ["control"] * 10_000})
    scenario = SimpleNamespace(days=10, burn_in_days=0)
    timing = pd.DataFrame({"seconds": seconds})
    return SimpleNamespace(shoppers=people, timing=timing, scenario=scenario, replications=(0,))


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(speed, "_speed_file", lambda: tmp_path / "speed")
    return tmp_path / "speed"


def test_one_comparison_on_a_busy_machine_does_not_decide() -> None:
    assert speed._speed() is None
    for took in (0.01, 0.012, 0.9, 0.011):
        speed.remember_speed(results([took] * 5))
    assert speed._speed() == pytest.approx(0.011 / 100_000)


def test_what_was_long_ago_is_forgotten(file: Path) -> None:
    for took in [5.0] * 9 + [0.01] * 9:
        speed.remember_speed(results([took]))
    assert speed._speed() == pytest.approx(1e-7)
    assert len(file.read_text().split()) == 9


@pytest.mark.parametrize("text", ["", "fast", "1e-7 x", "\x00"])
def test_a_damaged_note_is_none(file: Path, text: str) -> None:
    file.write_text(text)
    assert speed._speed() is None
    speed.remember_speed(results([0.01]))
    assert speed._speed() == pytest.approx(1e-7)


def test_waiting_is_not_working() -> None:
    clock = _Clock()
    time.sleep(0.3)
    assert clock.seconds() < 0.2
