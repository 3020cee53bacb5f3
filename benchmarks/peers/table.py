"""The tables of docs/performance.md from the figures that run.py wrote; imports the tools' names."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.run import ENGINE, HERE, OURS, TOOLS
from benchmarks.peers.workloads import CASCADE, DAYS, EVERYDAY

TITLES = {
    CASCADE: "An independent cascade",
    EVERYDAY: f"Everybody decides every day, {DAYS} days",
}


def _seconds(x: float) -> str:
    return f"{x * 1000:,.3g} ms" if x < 1.0 else f"{x:,.3g} s"


def _times(x: float) -> str:
    return f"{x:.2g}" if x < 100 else f"{x:,.0f}"


def _ratio(cell: dict[str, Any], other: dict[str, Any]) -> str:
    """How many times the other's median, from this one's fastest and slowest runs."""
    base = median(other["seconds"])
    run, low, high = (f(cell["seconds"]) / base for f in (median, min, max))
    return f"{_times(run)} ({_times(low)} to {_times(high)})"


def _with_set_up(cell: dict[str, Any], other: dict[str, Any]) -> float:
    """Set-up and one run, as many times the other's."""
    whole = (c["set_up"] + median(c["seconds"]) for c in (cell, other))
    return next(whole) / next(whole)


def _ahead(by: dict[Any, Any], names: dict[tuple[str, int], list[str]]) -> str:
    """A sentence on which tools are ahead of our laboratory mode, and by how much."""
    found = []
    for (workload, n), tools in names.items():
        ours = by[OURS, workload, n]
        for tool in tools:
            cell = by[tool, workload, n]
            run, whole = median(ours["seconds"]) / median(cell["seconds"]), 1.0 / _with_set_up(cell, ours)
            said = [f"{_times(x)} times as fast{how}" for x, how in ((run, ""), (whole, " with set-up")) if x > 1.0]
            if said:
                found.append(f"{TOOLS[tool][0]} is {' and '.join(said)} ({workload}, {n:,})")
    return "Ahead of our laboratory mode: " + ("; ".join(found) if found else "nobody") + "."


def tables(file: Path = HERE / "peers.json") -> str:
    """Markdown: a table a workload and size, a row a tool; then who is ahead of us."""
    found = json.loads(file.read_text())
    by = {(c["tool"], c["workload"], c["n"]): c for c in found["cells"]}
    sizes = sorted({c["n"] for c in found["cells"]})
    said = ", ".join(f"{name} {of}" for name, of in found["versions"].items() if not name.startswith("Grapevine"))
    lines = [f"Measured on {found['machine']}, one core; {said}."]
    others: dict[tuple[str, int], list[str]] = {}
    for workload, title in TITLES.items():
        for n in sizes:
            lab, engine = by[OURS, workload, n], by[ENGINE, workload, n]
            lines += ["", f"### {title}, {n:,} people", ""]
            lines.append("| tool | set-up | a run | times our laboratory mode | with set-up | times our engine |")
            lines.append("|---|" + "---:|" * 5)
            for tool, (name, _) in TOOLS.items():
                cell = by.get((tool, workload, n))
                if cell is None:
                    continue
                if "failed" in cell:
                    lines.append(f"| {name} | | {cell['failed']} | | | |")
                    continue
                if not tool.startswith("grapevine"):
                    others.setdefault((workload, n), []).append(tool)
                row = [_seconds(cell["set_up"]), _seconds(median(cell["seconds"]))]
                row += [_ratio(cell, lab), _times(_with_set_up(cell, lab)), _ratio(cell, engine)]
                lines.append(f"| {name} | " + " | ".join(row) + " |")
    lines += ["", _ahead(by, others), "", "Wherever the last column is below 1, the tool is ahead of our whole engine,"]
    lines.append("which plays visits, orders, letters and books on the way.")
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables())
