"""The documentation is true: every command and block of Python on its pages runs, its site is whole and offline."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from conftest import ROOT
from typer.testing import CliRunner

from sim.cli.commands import app
from tests.pages import MY_SHOP, blocks, commands, shrunk, words_of

DOCS = ROOT / "docs"
#: pages whose blocks another file runs, in a way of their own
PLAYED_ELSEWHERE = {"mesa.md": "test_engines_mesa.py", "write-a-strategy.md": "test_write_a_strategy.py"}
#: README.md itself is played in test_faces.py
WRITTEN = {path.name: path for path in [*sorted(DOCS.glob("*.md")), ROOT / "README.zh.md"]}
PAGES = [name for name in WRITTEN if name not in PLAYED_ELSEWHERE]
WITH_COMMANDS = [name for name in PAGES if blocks(WRITTEN[name], "sh")]
WITH_PYTHON = [name for name in PAGES if blocks(WRITTEN[name], "python")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, where nothing is drawn (that takes seconds)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.plots.save_figures", lambda *_: [])
    monkeypatch.setattr("sim.report.write_report", lambda *_, **__: Path("report.html"))
    return tmp_path


def _play(name: str, here: Path, marks: tuple[str, ...]) -> int:
    """Run the commands of a page in their order; how many there were."""
    n, found = 0, blocks(WRITTEN[name], "sh")
    if not any("grapevine new my_shop" in block.text for block in found):
        (here / "my_shop.yaml").write_text(MY_SHOP)
    for block in found:
        if block.mark not in marks:
            continue
        for line in commands(block):
            words = words_of(line, here)
            if words[0] != "grapevine":
                continue
            made = sorted((here / "results").glob("how_generous-*"))
            asked = [str(made[0]) if word == "DIR" else word for word in shrunk(words[1:])]
            answer = CliRunner().invoke(app, asked)
            assert answer.exit_code == 0, (f"{name}:{block.line}", asked, answer.output)
            n += 1
    return n


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_commands_of_a_page_run(here: Path, name: str) -> None:
    _play(name, here, ("",))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in WITH_COMMANDS if any(one.mark == "slow" for one in blocks(WRITTEN[name], "sh"))]
)
def test_long_commands_of_a_page_run(here: Path, name: str) -> None:
    assert _play(name, here, ("slow",))


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_python_of_a_page_runs(here: Path, name: str) -> None:
    _exec(name, ("",))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in WITH_PYTHON if any(one.mark == "slow" for one in blocks(WRITTEN[name], "python"))]
)
def test_long_python_of_a_page_runs(here: Path, name: str) -> None:
    _exec(name, ("", "slow"))


def _exec(name: str, marks: tuple[str, ...]) -> None:
    """Run the blocks of a page one after the other, as one program."""
    names: dict[str, object] = {}
    for block in blocks(WRITTEN[name], "python"):
        if block.mark in marks:
            exec(compile("\n" * block.line + block.text, name, "exec"), names)


def test_nothing_escapes_its_test() -> None:
    """A mark is one that is known; what is no command of ours is a target of make; who is played elsewhere is."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in WRITTEN.values():
        for block in blocks(path, "sh", "python"):
            where = f"{path.name}:{block.line}"
            assert block.mark in ("", "slow") or re.match(r"no: \w{2,}", block.mark), where
            if block.language == "sh":
                for line in commands(block):
                    first, *rest = line.split()
                    assert first == "grapevine" or (first == "make" and rest[0] in targets), (where, line)
        fences = re.findall(r"^```(\w*)", path.read_text(encoding="utf-8"), re.MULTILINE)
        others = {"bash", "shell", "console", "py", "pycon"} & set(fences)
        assert not others, f"{path.name}: call a block of commands sh, a block of Python python, not {others}"
    for name, test in PLAYED_ELSEWHERE.items():
        assert name in (ROOT / "tests" / test).read_text(encoding="utf-8")


def test_yaml_on_pages_is_a_part_of_a_scenario(tmp_path: Path) -> None:
    """Blocks of YAML that are a whole scenario, or strategies of one, are accepted at the door."""
    from sim.design import Design
    from sim.evidence import Study
    from sim.scenario import Scenario
    from sim.scenario.fields import names_of
    from sim.studies.optimise import Question

    n = 0
    for path in sorted(DOCS.glob("*.md")):
        for block in blocks(path, "yaml"):
            data = yaml.safe_load(block.text)
            if "factors" in data:
                Design.from_dict(data)
            elif "orders" in data:
                Study.from_dict(data)
            elif "vary" in data:
                (tmp_path / "search.yaml").write_text(block.text, encoding="utf-8")
                Question.load(tmp_path / "search.yaml")
            elif path.name not in PLAYED_ELSEWHERE and set(data) <= set(names_of(Scenario)):  # others: a study of data
                Scenario.from_dict({"name": "page", **data}, check_files=False)
            n += 1
    assert n > 20


# --- the site ----------------------------------------------------------------------------------------


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    return generate


def test_generated_pages_are_fresh() -> None:
    generate = _generate()
    for name in generate.PAGES:
        is_fresh = (DOCS / name).read_text(encoding="utf-8") == generate.text(name)
        assert is_fresh, f"docs/{name} is older than the code: make docs"


def test_the_site_builds_without_a_warning_and_asks_the_web_for_nothing(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|iframe)[^>]+src="?(?:https?:)?//', text), page.name
        assert not re.findall(r'<link[^>]+rel="?(?:stylesheet|preconnect)[^>]+href="?(?:https?:)?//', text), page.name
