"""One tool, one workload, one graph, in a process of its own; prints a line of JSON.

Imports and compilation are not counted: both are done on a small graph first. Set-up is from the arrays of ties to a
model that can run; a run is from there to its answer.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

from benchmarks.peers.workloads import Graph

RUNS, SECONDS = 7, 30.0  # so many runs, fewer where they take longer than this together


def main() -> None:
    """python -m benchmarks.peers.one TOOL WORKLOAD FILE"""
    warnings.simplefilter("ignore")
    name, workload, file = sys.argv[1:]
    tool: Any = importlib.import_module(f"benchmarks.peers.tools.{name}")
    arrays = np.load(file)
    graph = Graph(int(arrays["n"]), arrays["source"], arrays["target"])
    small = tool.prepare(workload, Graph.draw(500, 1))
    if small is None:
        print(json.dumps(None))
        return
    tool.run(small, 0)
    began = time.perf_counter()
    ready = tool.prepare(workload, graph)
    set_up = time.perf_counter() - began
    seconds: list[float] = []
    answers: list[float | None] = []
    while len(seconds) < RUNS and (not seconds or sum(seconds) + min(seconds) < SECONDS):
        began = time.perf_counter()
        answers.append(tool.run(ready, len(seconds) + 1))
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"set_up": set_up, "seconds": seconds, "answers": answers, "peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
