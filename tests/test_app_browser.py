"""The web app as people use it, in headless Chromium, against a server of its own. Skipped where there is none."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import ROOT
from test_app import SMALL

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("streamlit", reason="the extra app is not installed")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine (apt-get install chromium)"),
]


class Served(NamedTuple):
    """An app that runs, and its folder."""

    url: str
    folder: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "corner.yaml").write_text(SMALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "sim", "app", str(folder), "--no-browser", "--port", str(port), "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            until = time.monotonic() + 120
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                    break
                except OSError:
                    assert time.monotonic() < until
                    assert child.poll() is None
                    time.sleep(0.2)
            yield Served(f"http://127.0.0.1:{port}/", folder)
        finally:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:  # a hanging app must not hang the tests: they would wait without an end
                child.kill()
                raise


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Tab:
    """One tab: what a person does in it."""

    def __init__(self, browser: Any, served: Served, lang: str = "en", **how: Any) -> None:
        self.outside: list[str] = []
        self.page = browser.new_context(accept_downloads=True, **how).new_page()
        self.page.set_default_timeout(150_000)  # the first run compiles
        self.page.on("request", lambda asked: self._note(asked.url))
        self.page.goto(f"{served.url}?lang={lang}")
        self.page.wait_for_selector("h1")

    def _note(self, url: str) -> None:
        if url.startswith("http") and "127.0.0.1" not in url:
            self.outside.append(url)

    def go(self, screen: int) -> None:
        self.page.locator(".st-key-screen button").nth(screen).click()
        self.rest()

    def rest(self) -> None:
        """Wait until the page is no longer worked on."""
        self.page.wait_for_timeout(600)
        self.page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
        self.page.wait_for_timeout(200)

    def open(self, name: str) -> None:
        """Start from a scenario of the folder."""
        box = self.page.locator(".st-key-source input")
        box.click()
        box.fill(name)
        self.page.get_by_role("option", name=re.compile(name)).first.click()
        self.rest()
        self.page.locator(".st-key-open button").click()
        self.rest()

    def fill(self, label: str, value: str) -> None:
        box = self.page.get_by_label(label, exact=True).locator("visible=true").first
        box.fill(value)
        box.press("Enter")
        self.rest()

    def answer(self) -> str:
        return str(self.page.locator("h4").first.inner_text())

    def sees(self, text: str) -> None:
        """Wait until this stands on the page."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=60_000)

    def run(self) -> None:
        self.page.locator(".st-key-run button").click()
        self.rest()  # an answer of before is on the page until the run is done: the button is off so long
        self.page.wait_for_function("!document.querySelector('.st-key-run button').disabled")
        self.page.get_by_text(re.compile(r"\d+ replications, \d")).wait_for()
        self.rest()

    @property
    def text(self) -> str:
        return str(self.page.locator("[data-testid=stMain]").inner_text())


@pytest.fixture
def tab(chromium: Any, served: Served) -> Tab:
    return Tab(chromium, served)


def test_first_run_gives_the_verdict_and_asks_the_web_for_nothing(tab: Tab, served: Served) -> None:
    tab.open("corner.yaml")
    tab.go(2)
    tab.run()
    (folder,) = (served.folder / "results").glob("corner-*")
    import json

    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    assert tab.answer() == verdict["sentence"]
    for name in ("Over time", "Why", "For whom", "Spread", "Money"):
        tab.page.get_by_role("tab", name=name, exact=True).click()
        tab.rest()
        assert tab.page.locator("[data-testid=stVegaLiteChart]:visible").count() > 0, name
    tab.page.get_by_role("tab", name="Download the report").click()
    tab.page.locator(".st-key-make_report button").click()
    button = tab.page.locator(".st-key-download_report button")
    button.wait_for()
    with tab.page.expect_download() as told:
        button.click()
    html = Path(told.value.path()).read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") or html.startswith("<!DOCTYPE html>")
    assert tab.outside == []
    assert tab.page.locator("[data-testid=stException]").count() == 0


def test_a_changed_lever_is_warned_of_at_once_and_saved(tab: Tab, served: Served) -> None:
    tab.open("corner.yaml")
    tab.fill("Name", "dear")
    tab.go(1)
    tab.fill("Face (currency)", "60")
    tab.fill("Min price (currency)", "1")
    tab.sees("exceeds unit margin")
    tab.go(0)
    with tab.page.expect_download() as told:
        tab.page.locator(".st-key-save_yaml button").click()
    from sim.scenario import Scenario

    text = Path(told.value.path()).read_text(encoding="utf-8")
    assert Scenario.from_yaml(text).strategies["coupons"][0].face == 6000
    tab.page.locator(".st-key-save button").first.click()
    tab.rest()
    assert Scenario.load(served.folder / "dear.yaml").name == "dear"
    tab.page.locator(".st-key-save button").first.click()
    tab.sees("not overwritten")


def test_a_bad_upload_is_refused_in_words(tab: Tab) -> None:
    for content, reason in (
        (SMALL.replace("discount", "discont"), "Did you mean 'discount'"),
        (SMALL + "description: !!python/name:os.system x\n", "tags"),
        (SMALL.replace("{size: 12}", "{path: /etc/passwd}"), "outside"),
    ):
        file = {"name": "mine.yaml", "mimeType": "application/yaml", "buffer": content.encode()}
        tab.page.locator("input[type=file]").set_input_files(file)
        tab.sees(reason)
    assert tab.page.get_by_label("Name", exact=True).input_value() == "demo"


def test_cancel_keeps_what_is_done_and_it_can_be_gone_on_with(tab: Tab, served: Served) -> None:
    tab.open("corner.yaml")
    tab.fill("Name", "long")
    tab.page.get_by_role("tab", name="People").click()
    tab.fill("Size (people)", "4000")
    tab.go(2)
    tab.fill("Replications", "1000")
    tab.page.locator(".st-key-run button").click()
    tab.page.get_by_text(re.compile(r"[1-9]\d* of 3000 runs")).wait_for()
    tab.page.locator(".st-key-cancel button").click()
    tab.page.get_by_text("Cancelled after").wait_for()
    (folder,) = (served.folder / "results").glob("long-*")
    assert (folder / "runs.sqlite").exists()
    tab.page.locator(".st-key-go_on button").click()
    tab.page.get_by_text(re.compile(r"[1-9]\d* of 3000 runs")).wait_for()
    tab.page.locator(".st-key-cancel button").click()
    tab.page.get_by_text("Cancelled after").wait_for()


def test_two_tabs_do_not_mix(chromium: Any, served: Served) -> None:
    one, other = Tab(chromium, served), Tab(chromium, served, "zh")
    one.open("corner.yaml")
    one.fill("Name", "mine")
    other.fill("名称", "theirs") if other.page.get_by_label("名称", exact=True).count() else None
    one.go(1)
    assert one.page.get_by_label("Label", exact=True).first.input_value() == "team_up"
    other.go(1)
    assert other.page.get_by_label("名称", exact=True).first.input_value() == "group_buy"
    assert "Sound" in one.text
    assert "没有问题" in other.text


def test_two_folders_stand_side_by_side(tab: Tab) -> None:
    sentences = []
    for size in ("300", "350"):
        tab.go(0)
        tab.open("corner.yaml")
        tab.page.get_by_role("tab", name="People").click()
        tab.fill("Size (people)", size)
        tab.go(2)
        tab.run()
        sentences.append(tab.answer())
    box = tab.page.locator(".st-key-beside input")
    box.click()
    tab.page.get_by_role("option", name=re.compile("corner-")).first.click()
    tab.page.get_by_text("population.size").first.wait_for()
    tab.rest()
    assert tab.page.locator("h4").count() == 2
    assert tab.answer() == sentences[-1]


def test_a_world_is_watched_day_by_day(tab: Tab) -> None:
    tab.open("corner.yaml")
    tab.go(3)
    tab.page.locator(".st-key-write_down button").click()
    tab.page.locator("[class*=st-key-town]").wait_for()
    tab.rest()
    assert "What happened on day 0" in tab.text
    assert "Her life" in tab.text
    tab.page.get_by_text("Play", exact=True).click()
    tab.page.get_by_text("What happened on day 3").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_screen(chromium: Any, served: Served, width: int, scheme: str) -> None:
    tab = Tab(chromium, served, "zh", viewport={"width": width, "height": 900}, color_scheme=scheme)
    for screen in range(5):
        tab.go(screen)
        wide = tab.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= width, screen
        assert tab.page.locator("[data-testid=stException]").count() == 0
