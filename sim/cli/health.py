"""The command that examines this set-up: doctor; part of the command line."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

from sim.cli import show
from sim.cli.options import Json
from sim.version import RESULTS_VERSION, __version__

_LIBRARIES = ("numpy", "numba", "llvmlite", "pandas", "pyarrow", "networkx", "mesa", "loky")


def doctor(json: Json = False) -> None:
    """Whether this set-up is sound: versions, compiler cache, cores, memory, self-test."""
    report = examine()
    if json:
        show.as_json(report)
    else:
        rows = [[name, value] for name, value in report["facts"].items()]
        rows += [
            [check["name"], f"{'ok' if check['passed'] else 'FAILED'}  {check['detail']}"] for check in report["checks"]
        ]
        print(show.table(["", ""], rows, left=(0, 1)).lstrip("\n"))
    if not all(check["passed"] for check in report["checks"]):
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """Facts about the set-up and the checks it passes."""
    from sim._jit import CACHE_ROOT, IS_COMPILED
    from sim.experiment import cores

    compiled = list(CACHE_ROOT.rglob("*.nbc"))
    compiled_size = show.size(sum(p.stat().st_size for p in compiled))
    facts = {
        "grapevine": f"{__version__} (results version {RESULTS_VERSION})",
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **{name: _version_of(name) for name in _LIBRARIES},
        "compiler": "on" if IS_COMPILED else "off (NUMBA_DISABLE_JIT)",
        "compiler cache": f"{CACHE_ROOT}: {len(compiled)} functions, {compiled_size}",
        "cores": str(cores()),
        "memory": _memory(),
    }
    checks = [_check("random numbers", _philox), _check("both drivers agree", _drivers)]
    return {"facts": facts, "checks": checks}


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _memory() -> str:
    try:
        return show.size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return "unknown"


def _check(name: str, test: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "passed": True, "detail": test()}
    except Exception as error:  # a doctor reports, whatever it meets
        return {"name": name, "passed": False, "detail": f"{type(error).__name__}: {error}"}


def _philox() -> str:
    from sim._jit import philox

    found = philox(0, 0, 0, 0, 0, 0)
    if found != (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8):
        raise ValueError(f"Philox4x32-10 of zeros is {found}")
    return "Philox4x32-10 gives its published answer"


def _drivers() -> str:
    from sim.engines import World, simulate
    from sim.scenario import Scenario

    small = {"population.size": 300, "days": 10, "burn_in_days": 5}
    scenario = Scenario.load("demo").with_(small)
    world = World.build(scenario, 0)
    began = time.perf_counter()
    for strategy in scenario.labels:
        fast, plain = (simulate(scenario, strategy, engine=e, world=world) for e in ("columnar", "objects"))
        for table in ("daily", "cohorts", "shoppers", "orders", "ledger"):
            if not getattr(fast, table).equals(getattr(plain, table)):
                raise ValueError(f"strategy {strategy}: table {table} differs")
    took = f"{time.perf_counter() - began:.1f} s, compiling included"
    return f"{len(scenario.labels)} strategies, every table equal ({took})"
