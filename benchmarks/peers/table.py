"""The tables of docs/performance.md from the figures that run.py wrote; imports the tools' names."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.run import HERE, OURS, TOOLS
from benchmarks.peers.workloads import CASCADE, DAYS, EVERYDAY

TITLES = {
    CASCADE: "A cascade: seconds for one run, and how many times Grapevine's laboratory",
    EVERYDAY: f"Everybody decides every day, {DAYS} days: nanoseconds per agent and day, and how many times ours",
}


def _times(seconds: float, ours: list[float]) -> str:
    """How many times ours, with the spread of our own runs."""
    ratio = seconds / median(ours)
    return f"{ratio:.2g}x" if ratio < 100 else f"{ratio:,.0f}x"


def _cell(cell: dict[str, Any] | None, ours: dict[str, Any], workload: str) -> str:
    if cell is None:
        return ""
    if "failed" in cell:
        return str(cell["failed"])
    run, low, high = median(cell["seconds"]), min(cell["seconds"]), max(cell["seconds"])
    unit = 1e9 / (cell["n"] * DAYS) if workload == EVERYDAY else 1.0
    spread = f"{run * unit:,.3g} ({low * unit:,.3g} to {high * unit:,.3g})"
    if cell["tool"] == OURS:
        return f"**{spread}**"
    whole = (run + cell["set_up"]) / (median(ours["seconds"]) + ours["set_up"])
    return f"{spread}; {_times(run, ours['seconds'])}, with set-up {whole:.2g}x"


def tables(file: Path = HERE / "peers.json") -> str:
    """Markdown: a table a workload, a row a tool, a column a size."""
    found = json.loads(file.read_text())
    by = {(c["tool"], c["workload"], c["n"]): c for c in found["cells"]}
    sizes = sorted({c["n"] for c in found["cells"]})
    lines = [f"Measured on {found['machine']}; " + ", ".join(f"{k} {v}" for k, v in found["versions"].items()) + "."]
    for workload, title in TITLES.items():
        lines += ["", f"### {title}", "", "| tool | " + " | ".join(f"{n:,} people" for n in sizes) + " |"]
        lines.append("|---|" + "---|" * len(sizes))
        for tool, (name, _) in TOOLS.items():
            row = [by.get((tool, workload, n)) for n in sizes]
            if any(row):
                cells = [_cell(c, by[OURS, workload, n], workload) for c, n in zip(row, sizes, strict=True)]
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
        setup = [by[OURS, workload, n]["set_up"] for n in sizes]
        lines += [
            "",
            "Our set-up: " + ", ".join(f"{s:.2g} s at {n:,}" for s, n in zip(setup, sizes, strict=True)) + ".",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(tables())
