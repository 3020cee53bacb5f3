"""The guard over the benchmark's ratios: says what got worse, and only that."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


guard = _load("guard")
STORED = {"shop": {"columnar_over_floor": 20.0, "objects_over_columnar": 500, "bytes_per_shopper": 380}}


@pytest.mark.parametrize(
    ("changed", "n_worse"),
    [
        ({}, 0),
        ({"columnar_over_floor": 24.9}, 0),  # within the tolerance
        ({"columnar_over_floor": 25.1}, 1),
        ({"columnar_over_floor": 2.0}, 0),  # better
        ({"objects_over_columnar": 399}, 1),  # here less is worse
        ({"objects_over_columnar": 5000}, 0),
        ({"bytes_per_shopper": 401}, 1),  # within the tolerance, but past its limit
        ({"objects_over_columnar": 190}, 2),  # both
        ({"columnar_ns_per_agent_day": 1e9}, 0),  # wall-clock times are not compared
    ],
)
def test_it_says_what_got_worse(changed: dict[str, float], n_worse: int) -> None:
    assert len(guard.verdicts(STORED, {"shop": STORED["shop"] | changed, "machine": "x"})) == n_worse


def test_what_was_never_measured_cannot_have_got_worse() -> None:
    assert guard.verdicts({}, {"shop": {"columnar_over_floor": 1e9}}) == []


def test_every_watched_ratio_is_in_the_stored_numbers() -> None:
    stored = json.loads((ROOT / "benchmarks" / "bench.json").read_text())
    for scenario in ("base.closed", "base.open"):
        assert {ratio.name for ratio in guard.RATIOS} <= set(stored[scenario])
    assert guard.verdicts(stored, stored) == []


def test_the_page_shows_the_stored_numbers() -> None:
    spec = importlib.util.spec_from_file_location("performance", ROOT / "docs" / "performance.py")
    assert spec is not None
    assert spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.renewed(text) == text, "run `python docs/performance.py`"
