"""What several test files need; every test runs in a folder of its own when it asks for `tmp_path`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What these assert on behalf of tests is explained as if the tests had.
pytest.register_assert_rewrite("tests.by_hand", "tests.laboratory", "tests.busy_worlds", "tests.campus")

Typed = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure(config: pytest.Config) -> None:
    """Compile once before several workers start: each would compile everything for itself, at the same time."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, "-c", "from sim.engines import warm_up; warm_up()"], cwd=ROOT, check=False)


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Run `grapevine ...` as a person would, in an empty folder."""

    def run(*words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sim", *words],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environment},
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
