"""How soon the app answers: from the click on Run to the first sentence. Run by hand: python benchmarks/app.py

Starts the app in an empty folder, opens it in headless Chromium (`apt-get install chromium`), waits as long as a person
reads, clicks, and looks at the clock. The model must have been compiled before (`grapevine doctor` does it).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from sim.scenario import Scenario

MOST_SECONDS = 300


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The app in this folder, until it is no longer needed; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "sim", "app", str(folder), "--no-browser", "--port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            until = time.monotonic() + MOST_SECONDS
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                    break
                except OSError:
                    if child.poll() is not None or time.monotonic() > until:
                        raise
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/?lang=en"
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(30)


def clicked(page: Any, address: str, name: str, reads: float) -> dict[str, float]:
    """Open the scenario as a person does, click Run; seconds from there to what comes, and what was opened how fast."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("h1")
    found = {"page": time.perf_counter() - began}
    box = page.locator(".st-key-source input")
    box.click()
    box.fill(name)
    page.get_by_role("option", name=name).first.click()
    page.wait_for_timeout(300)
    page.locator(".st-key-open button").click()
    page.wait_for_timeout(1000 * reads)
    page.locator(".st-key-screen button").nth(2).click()
    page.wait_for_selector(".st-key-run button:enabled")
    page.wait_for_timeout(500)
    click = time.perf_counter()
    page.locator(".st-key-run button").click()
    for what, selector in (
        ("progress", ".st-key-cancel button"),
        ("answer", "h4"),
        ("chart", "[data-testid=stVegaLiteChart] :is(canvas, svg)"),
    ):
        page.wait_for_selector(selector)
        found[what] = time.perf_counter() - click
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=5000)
    options.add_argument("--reads", type=float, default=6.0, help="seconds between opening the scenario and the click")
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder = Path(place)
        scenario = Scenario.load("demo").with_({"population.size": asked.people, "name": "timed"})
        (folder / "timed.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        with served(folder) as address:
            page = chromium.new_page()
            page.set_default_timeout(1000 * MOST_SECONDS)
            found = clicked(page, address, "timed.yaml", asked.reads)
        chromium.close()
    answer = {
        "people": asked.people, "strategies": len(scenario.labels),
        "seconds_to": {name: round(seconds, 1) for name, seconds in found.items()},
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(json.dumps(answer, indent=2))
    if asked.json:
        asked.json.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
