"""Every tool on both workloads at three sizes: answers checked, then times as ratios to Grapevine's, to JSON.

`make peers` sets up an environment with all tools and calls this.
The figures of one size come from one call; those of other sizes stay in the file.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.peers.workloads import CASCADE, EVERYDAY, WORKLOADS, Graph, bounds, final_size

HERE = Path(__file__).resolve().parent
OURS, ENGINE = "grapevine_lab", "grapevine_engine"
#: module in tools -> (what it is called, distribution)
TOOLS: dict[str, tuple[str, str]] = {
    OURS: ("Grapevine, laboratory mode", "grapevine-sim"),
    ENGINE: ("Grapevine, the same by its whole engine", "grapevine-sim"),
    "numpy_scipy": ("NumPy + SciPy by hand", "scipy"),
    "cynetdiff_models": ("cynetdiff", "cynetdiff"),
    "starsim_agents": ("Starsim", "starsim"),
    "eon_sir": ("EoN", "EoN"),
    "ndlib_models": ("NDlib", "ndlib"),
    "mesa_agents": ("Mesa", "Mesa"),
    "grapevine_full": ("Grapevine, its whole model at work", "grapevine-sim"),
}
SIZES = (10_000, 100_000, 1_000_000)
TOLERANCE = 0.02  # of the share who adopted; luck moves it by less


def wrong(workload: str, answers: list[float], reference: float | None) -> str | None:
    """What is wrong with a tool's answers; None if nothing is."""
    found = mean(answers)
    if workload == CASCADE and abs(found - final_size()) > TOLERANCE:
        return f"reached {found:.3f}, theory says {final_size():.3f}"
    low, high = bounds()
    if workload == EVERYDAY and not low - TOLERANCE < found < high + TOLERANCE:
        return f"{found:.3f} adopted, theory says between {low:.3f} and {high:.3f}"
    if reference is not None and abs(found - reference) > TOLERANCE:
        return f"{found:.3f} adopted, {reference:.3f} under NumPy"
    return None


def measure(tool: str, workload: str, file: Path, most_seconds: float) -> dict[str, Any] | None:
    """One process; None where the tool does not do the workload."""
    words = [sys.executable, "-m", "benchmarks.peers.one", tool, workload, str(file)]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=most_seconds, check=False, cwd=HERE.parent.parent
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done in {most_seconds:.0f} s"}
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "died"}
    found: dict[str, Any] | None = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Measure all, print as it goes, write JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options.add_argument("--tools", nargs="*", default=list(TOOLS), choices=list(TOOLS))
    options.add_argument("--most-seconds", type=float, default=900.0, help="for one tool at one size")
    options.add_argument("--json", type=Path, help="write the figures here")
    asked = options.parse_args()
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "versions": {name: version(distribution) for name, distribution in TOOLS.values()},
        "cells": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for n in asked.sizes:
            graph, file = Graph.draw(n, 7), Path(folder) / f"{n}.npz"
            np.savez(file, n=n, source=graph.source, target=graph.target)
            for workload in WORKLOADS:
                reference: float | None = None
                for tool in [t for t in ("numpy_scipy", *TOOLS) if t in asked.tools]:
                    if any(c["tool"] == tool and c["n"] == n and c["workload"] == workload for c in found["cells"]):
                        continue
                    answer = measure(tool, workload, file, asked.most_seconds)
                    if answer is None:
                        continue
                    cell: dict[str, Any] = {"tool": tool, "workload": workload, "n": n, **answer}
                    if "answers" in cell and cell["answers"][0] is not None:
                        cell["share"] = mean(cell["answers"])
                        cell["wrong"] = wrong(workload, cell["answers"], reference)
                        reference = cell["share"] if tool == "numpy_scipy" and workload == EVERYDAY else reference
                    cell.pop("answers", None)
                    found["cells"].append(cell)
                    print(json.dumps({**cell, "median": median(cell.get("seconds", [0.0]))}), flush=True)
    if asked.json:
        kept = json.loads(asked.json.read_text())["cells"] if asked.json.exists() else []
        found["cells"] += [cell for cell in kept if cell["n"] not in asked.sizes]
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    if any(cell.get("wrong") for cell in found["cells"]):
        sys.exit("some answers are wrong: see above")


if __name__ == "__main__":
    main()
