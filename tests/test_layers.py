"""The house: what may be imported when, and what importing must leave alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "sim").rglob("*.py"))
HEAVY = "numba numpy pandas pyarrow networkx mesa matplotlib pydantic scipy loky typer rich yaml duckdb".split()  # noqa: SIM905


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()


def _imports(path: Path) -> set[str]:
    """Top-level packages a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def test_import_sim_is_light() -> None:
    loaded = _python("import sys, sim; print(*sys.modules)").split()
    assert not [name for name in HEAVY if name in loaded]


def test_import_sim_is_quick() -> None:
    took = [
        float(_python("import time; t = time.perf_counter(); import sim; print(time.perf_counter() - t)"))
        for _ in range(3)
    ]
    assert min(took) < 0.3


def test_import_leaves_the_start_method_alone() -> None:
    # Mesa 3.3 sets it to spawn for everybody on import.
    code = "import multiprocessing as m, sim; sim.Scenario; print(m.get_start_method(allow_none=True))"
    assert _python(code) == "None"


def test_public_names_load_lazily_and_are_what_the_table_says() -> None:
    import sim

    for name, (module, sentence) in sim.PUBLIC.items():
        value = getattr(sim, name)
        assert value is getattr(sys.modules[module], name)
        assert sentence.endswith(".")
        assert name in dir(sim)
    with pytest.raises(AttributeError, match="public names: Adoption, Catalogue"):
        _ = sim.nothing_like_this  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module starts with a docstring"


def test_only_the_objects_driver_knows_mesa() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in SOURCES if "mesa" in _imports(path)}
    assert users <= {"sim/engines/objects.py", "sim/engines/shoppers.py"}


def test_every_import_is_a_declared_dependency_with_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = [one for name, listed in project["optional-dependencies"].items() if name != "dev" for one in listed]
    declared = project["dependencies"] + extras
    names = {requirement.partition(">")[0].lower() for requirement in declared}
    for name in names:
        line = next(line for line in text.splitlines() if f'"{name}>' in line.lower())
        assert "#" in line, f"no reason beside {name}"
    called = {"yaml": "pyyaml", "vl_convert": "vl-convert-python"}
    # Parts of the compiler, the command line, the app and the templates that come with them.
    come_along = {
        "rich": "typer", "llvmlite": "numba", "pydantic_core": "pydantic", "annotated_types": "pydantic",
        "PIL": "streamlit", "markupsafe": "jinja2",
    }  # fmt: skip
    for path in SOURCES:
        for module in _imports(path) - set(sys.stdlib_module_names) - {"sim"}:
            package = come_along.get(module, called.get(module, module)).lower()
            assert package in names, f"{path.name} imports {module}, which pyproject.toml does not declare"


def test_lock_has_every_dependency_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    assert "://" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = requirement.partition(">")[0].lower()
        if name.startswith(project["name"]):  # the package's own extras, whose packages are asked for here too
            continue
        assert f"\n{name}==" in lock, f"{name} is not pinned"


def test_every_scenario_goes_into_the_wheel() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    studies = {file.parent.name for file in (ROOT / "calibration").glob("*/study.yaml")}
    assert build["targets"]["wheel"]["force-include"] == {
        "scenarios": "sim/scenarios",
        "designs": "sim/designs",
        **{f"calibration/{name}": f"sim/calibration/{name}" for name in studies},
    }
