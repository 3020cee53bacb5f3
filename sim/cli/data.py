"""The commands about data: `data check` and `data forecast`; part of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import Json

StudyFile = Annotated[str, typer.Argument(metavar="STUDY", help="Study file, or the name of a shipped study.")]
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the files of the study lie.  [default: beside the study file]"),
]
#: most targets of a family shown on a terminal
_SHOWN = 12


def check(
    study: StudyFile,
    data: DataFolder = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Also write the targets found as CSV.")
    ] = None,
    all_targets: Annotated[
        bool, typer.Option("--all", help="Show every target, not the first of each family.")
    ] = False,
    json: Json = False,
) -> None:
    """What the data hold: mapping, rows, what is left out and why, gaps, oddities, targets found. Changes nothing."""
    from sim.evidence import Study
    from sim.evidence.check import check as ask

    answer = ask(Study.load(study, data))
    if write is not None:
        answer.evidence.targets.write(write)
    if json:
        show.as_json(answer.as_dict())
        return
    print(_text(answer, all_targets))
    if write is not None:
        show.note(f"Targets: {write}")


def forecast(
    study: StudyFile,
    data: DataFolder = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How many weeks ahead.")] = 13,
    hold_out: Annotated[
        int, typer.Option("--hold-out", min=0, help="Hide the last weeks of the fit, forecast them, and score.")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write forecast_bgnbd.csv and forecast_naive.csv there.")
    ] = None,
    json: Json = False,
) -> None:
    """Benchmark forecasts of weekly repeat orders and GMV without a simulator: BG/NBD, seasonal naive."""
    from sim.evidence import Study
    from sim.evidence.benchmarks import ask

    answer = ask(Study.load(study, data), weeks, hold_out)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        answer.write(out)
    if json:
        show.as_json(answer.as_dict())
        return
    total = [
        [name, quantity, *(f"{value:,.0f}" for value in (sums["mean"], sums["p05"], sums["p50"], sums["p95"]))]
        for name, quantities in answer.totals().items()
        for quantity, sums in quantities.items()
    ]
    print(f"Fitted: {answer.start} to {answer.end}. The {answer.weeks} weeks after, all together:\n")
    print(show.table(["forecast", "quantity", "mean", "5 %", "50 %", "95 %"], total, left=(0, 1)))
    if answer.scores:
        keys = ("mape", "mape_cumulative", "total_error", "crps", "coverage_90")
        rows = [
            [name, quantity, *(f"{scores[key]:,.3f}" if key != "crps" else f"{scores[key]:,.1f}" for key in keys)]
            for name, quantities in answer.scores.items()
            for quantity, scores in quantities.items()
        ]
        heads = ["forecast", "quantity", "MAPE", "MAPE cumulated", "error of the whole", "CRPS", "in 90 % interval"]
        print("\nAgainst what happened:\n" + show.table(heads, rows, left=(0, 1)))
    if out is not None:
        show.note(f"Written: {out}")


def _text(answer: Any, all_targets: bool) -> str:
    study, evidence = answer.evidence.study, answer.evidence
    blocks = [f"{study.name}: {study.description}".rstrip(": ")]
    if study.source:
        blocks[0] += f"\nSource: {study.source}" + (f". Terms: {study.terms}" if study.terms else "")
    for name, section in evidence.sections.items():
        used = section.rows - sum(section.left_out.values())
        mapped = ", ".join(f"{ours.split(':')[-1]} = {column}" for ours, column in section.columns.items())
        mapped = mapped.replace("stamp = ", "time = ")
        lines = [f"{name}  {section.path}", f"  columns   {mapped}"]
        if section.times:
            lines.append(f"  times     {section.times}, days of {study.time_zone}")
        lines.append(f"  rows      {section.rows:,}; {used:,} count")
        lines += [
            f"  left out  {n:,} {why}" + (f", e.g. {section.examples[why]}" if why in section.examples else "")
            for why, n in section.left_out.items()
        ]
        blocks.append("\n".join(lines))
    window = evidence.window
    if window is not None:
        text = f"Fitted: {window.start} to {window.end}, {window.n_days} days"
        if window.hold_out_days:
            text += f"; held out: the {window.hold_out_days} days after"
        if evidence.orders is not None:
            text += f". {len(evidence.customers):,} customers"
        blocks.append(text + ".")
    if answer.remarks:
        blocks.append("To know:\n" + "\n".join(f"- {text}" for text in answer.remarks))
    blocks.append(_targets(answer, all_targets))
    blocks.append("No data for: " + ", ".join(evidence.no_data) + "." if evidence.no_data else "Every family has data.")
    return "\n\n".join(blocks)


def _targets(answer: Any, all_targets: bool) -> str:
    families: dict[str, list[Any]] = {}
    for target in answer.evidence.targets:
        families.setdefault(target.measure, []).append(target)
    if not families:
        return "No targets: too few cases."
    rows = []
    for found in families.values():
        shown = found if all_targets else found[:_SHOWN]
        rows += [[t.name, f"{t.value:.5g}", f"{t.sd:.2g}", f"{t.n:,}" if t.n else ""] for t in shown]
        if len(shown) < len(found):
            rows.append([f"  and {len(found) - len(shown)} more ({found[0].measure}); --all", "", "", ""])
    head = f"{len(answer.evidence.targets)} targets found (money in {answer.evidence.study.currency}):"
    return head + "\n" + show.table(["target", "value", "standard error", "cases"], rows)
