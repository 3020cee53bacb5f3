"""Write the tables of docs/performance.md anew from benchmarks/*.json; the text between them stays. See `make docs`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE, NUMBERS = HERE / "performance.md", HERE.parent / "benchmarks"
sys.path.insert(0, str(HERE.parent))

from benchmarks.peers.table import tables as peers  # noqa: E402 - found beside this folder


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first column is words, the others numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def seconds(x: float) -> str:
    """A duration as people say it."""
    return f"{x * 1000:.0f} ms" if x < 1.0 else f"{x:.1f} s"


def sizes(found: dict[str, Any]) -> str:
    """How long and how much for every size that was measured."""
    rows = []
    for scenario, measured in found["sizes"].items():
        for one in (*measured, *found.get("million", {}).get(scenario, ())):
            rows.append(
                [
                    f"`{scenario}`, {one['shoppers']:,}", str(one["threads"]), seconds(one["world_seconds"]),
                    seconds(one["run_seconds"]), f"{one['agent_days_per_second'] / 1e6:.1f} million",
                    f"{one['peak_mb_above_start']:,} MB", f"{one['peak_mb']:,} MB",
                ]
            )  # fmt: skip
    head = ("shop", "threads", "its world", "90 days", "agent-days a second", "memory", "the whole process")
    return table(head, rows)


def big(found: dict[str, Any]) -> str:
    """A run of very many that was killed once, beside one of a hundred thousand."""
    if not found:
        return "Not measured yet on the machine of this page."
    rows = []
    for scenario, measured in found.items():
        for one in (measured["usual"], measured["big"]):
            rows.append(
                [
                    f"`{scenario}`, {one['shoppers']:,}", f"{one['ties']:,}", seconds(one["world_cpu_seconds"]),
                    seconds(one["run_cpu_seconds"]), f"{one['ns_per_agent_day']:.0f} ns",
                    f"{one['peak_mb'] / 1000:.1f} GB", f"{one['checkpoint_mb'] / 1000:.2f} GB",
                    f"{one['killed_after_days']}, {one['went_on_after_days']}" if one["killed_after_days"] else "",
                ]
            )  # fmt: skip
    head = (
        "shop", "ties", "its world", "90 days", "a shopper-day", "peak of the process",
        "checkpoint", "killed after day, went on after",
    )  # fmt: skip
    return table(head, rows)


def speeds(found: dict[str, Any]) -> str:
    """Nanoseconds of an agent-day, against the floor and the objects driver."""
    wanted: dict[str, tuple[str, str]] = {
        "one agent-day, nothing running": ("columnar_ns_per_agent_day", "{:.0f} ns"),
        "agent-days a second": ("agent_days_per_second", "{:,.0f}"),
        "one agent-day, five tactics at once": ("five_tactics_ns_per_agent_day", "{:.0f} ns"),
        "agent-days a second, five tactics": ("five_tactics_agent_days_per_second", "{:,.0f}"),
        "the floor": ("floor_ns_per_agent_day", "{:.1f} ns"),
        "times the floor": ("columnar_over_floor", "{:.1f}"),
        "one agent-day, objects driver": ("objects_ns_per_agent_day", "{:,.0f} ns"),
        "times the columnar driver": ("objects_over_columnar", "{:,.0f}"),
        "building the world, of a run of 90 days": ("world_over_run", "{:.0%}"),
        "a run of 5,000 shoppers and 90 days": ("ms_per_run_of_5000", "{:.0f} ms"),
        "a day, whatever the size": ("us_per_day_whatever_the_size", "{:.0f} µs"),
        "bytes a shopper": ("bytes_per_shopper", "{:.0f}"),
        "bytes a tie, each way": ("bytes_per_directed_tie", "{:.0f}"),
    }
    names = list(found["sizes"])
    rows = [[what, *(how.format(found[name][key]) for name in names)] for what, (key, how) in wanted.items()]
    return table(["100,000 shoppers, 90 days, one core", *(f"`{name}`" for name in names)], rows)


def phases(found: dict[str, Any]) -> str:
    """Where an agent-day goes."""
    names = list(found["sizes"])
    rows = []
    for phase in found[names[0]]["share_of_time"]:
        shares = [found[name]["share_of_time"][phase] for name in names]
        times = [found[name]["columnar_ns_per_agent_day"] * share for name, share in zip(names, shares, strict=True)]
        rows.append([phase, *(f"{ns:.1f} ns ({share:.0%})" for ns, share in zip(times, shares, strict=True))])
    return table(["phase", *(f"`{name}`" for name in names)], rows)


def sweeps(found: dict[str, Any]) -> str:
    """What a run costs in a sweep."""
    rows = [
        ["a run of 5,000 shoppers and 90 days, one process", f"{found['ms_per_run_one_process']:.0f} ms"],
        ["of these beside simulating and building worlds", f"{found['overhead_ms_per_run']:.0f} ms"],
        ["runs a minute, one process", f"{60 * found['runs_per_second_one_process']:,.0f}"],
        [f"runs a minute, all cores ({found['machine']})", f"{60 * found['runs_per_second_all_cores']:,.0f}"],
    ]
    return table(["sweep of group buying in `base.open`", ""], rows)


def starts(found: dict[str, Any]) -> str:
    """How long it takes before anything happens."""
    start = found["start_up"]
    rows = [
        ["Python alone", seconds(start["python_alone_seconds"])],
        ["`import sim`, besides", seconds(start["import_sim_seconds"])],
        ["`grapevine --help`", seconds(start["help_seconds"])],
        ["machine code from the cache", seconds(found["compile_or_load_seconds"])],
    ]
    return table(["start", ""], rows)


def renewed(text: str) -> str:
    """The page with every table written anew."""
    bench, sweep = (json.loads((NUMBERS / f"{name}.json").read_text()) for name in ("bench", "sweep"))
    big_file = NUMBERS / "big.json"  # takes too long to be measured with the others
    many = json.loads(big_file.read_text()) if big_file.exists() else {}
    tables = {
        "sizes": sizes(bench), "speeds": speeds(bench), "phases": phases(bench), "starts": starts(bench),
        "sweeps": sweeps(sweep), "big": big(many), "peers": peers(), "machine": f"Measured on: {bench['machine']}.",
    }  # fmt: skip
    for name, lines in tables.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        assert mark.search(text), f"{PAGE.name} has no place for {name}"
        text = mark.sub(lambda found, lines=lines: found[1] + lines + found[2], text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    print(PAGE.name, file=sys.stderr)
