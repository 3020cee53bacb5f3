"""Take the picture of the report that the README shows: python docs/screenshots.py [RESULTS_DIR]

Plays the shipped comparison if no results folder is given. Needs Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from sim.report import write_report
from sim.scenario import Scenario
from sim.studies.ask import compare

TARGET = Path(__file__).parent / "figures" / "report.png"
WIDTH, HEIGHT = 1280, 860


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
        else:
            folder = compare(Scenario.load("demo"), to=Path(place) / "demo").folder
        report = write_report(folder, to=Path(place) / "report.html")
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            context = chromium.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", offline=True
            )
            page = context.new_page()
            page.goto(report.as_uri())
            page.wait_for_selector("html[data-ready]", timeout=120_000)
            page.screenshot(path=TARGET)
            chromium.close()
    print(f"{TARGET}: {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
