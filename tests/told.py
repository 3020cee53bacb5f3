"""Small finished comparisons for the tests of charts and report, and a browser that has no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sim.scenario import Scenario
from sim.studies.ask import compare

SCENARIO = """
name: told
description: Two ways to grow, against doing nothing.
days: 42
burn_in_days: 5
seed: 3
replications: 3
noise_per_world: 1
population: {size: 900, registered_share: 0.5}
params: {a_inv: 0.5, organic: 0.01}
catalogue: {size: 20}
goals: {retention_d30: 0.02, profit: 100000000.0}
strategies:
  invite: {kind: referral}
  coupons: {kind: share_coupon, face: 6.0, start: 5, stop: 25}
"""


def told(folder: Path, text: str = SCENARIO) -> Path:
    """Play a scenario into a folder."""
    return compare(Scenario.from_yaml(text), jobs=1, to=folder / "told").folder


def browser_path() -> str:
    """The installed Chromium; skips the test where there is none."""
    found = os.environ.get("GRAPEVINE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium here: `apt-get install chromium`, or set GRAPEVINE_CHROMIUM to a Chrome or Chromium")
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    path = browser_path()
    api = pytest.importorskip("playwright.sync_api", reason="the extra `dev` brings playwright, which drives Chromium")
    with api.sync_playwright() as driver:
        one = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            yield one
        finally:
            one.close()


class Opened:
    """A report in a page without a network; what it said and asked for is written down."""

    def __init__(self, chromium: Any, file: Path, width: int = 1440, theme: str = "light") -> None:
        self.context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True, accept_downloads=True
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]", timeout=120_000)

    def press(self, what: str) -> None:
        self.page.click(f".page:not([hidden]) [data-do={what}]")
        self.ready()

    def close(self) -> None:
        self.context.close()
