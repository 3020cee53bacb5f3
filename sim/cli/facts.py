"""The command that holds the model against published facts: validate; part of the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import RESULTS, Changes, Jobs, Json, Out, Quiet
from sim.cli.speed import say_if_compiling


def validate(
    facts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FACT]...", help="Facts, e.g. F23 S4, or a kind (V, F, S); all by default."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full/--quick", help="Many worlds of each scenario (much longer), or few (minutes)."),
    ] = False,
    replications: Annotated[
        int | None,
        typer.Option("--replications", min=1, help="Worlds of every scenario; more of them, narrower intervals."),
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(
            "--world", metavar="FILE", help="Coefficients of this scenario (your own, calibrated) in place of defaults."
        ),
    ] = None,
    jobs: Jobs = None,
    changes: Changes = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The model against theory (V), published facts (F) and experiments on levers (S).

    Each check is shown with its band, value, interval, verdict and evidence. Killed, it goes on where it was.
    """
    from sim.scenario import Scenario, parse_assignment
    from sim.studies.validate import validate as ask

    wanted = dict(parse_assignment(change) for change in changes or [])
    if replications is not None:
        wanted["replications"] = replications
    if not quiet:
        say_if_compiling()
    with show.progress(quiet=quiet, what="replications") as step:
        mine = None if world is None else Scenario.load(world)
        report = ask(facts or (), "full" if full else "quick", wanted, jobs, step, mine, out / "validate")
    folder = out / f"validate-{report.digest}"
    report.write(folder)
    if json:
        show.as_json({"folder": str(folder), **report.as_dict()})
        return
    print(_facts(report))
    if len(report.answers) > 1:
        print("\n" + _costs(report))
    count = {verdict: sum(a.verdict == verdict for a in report.answers) for verdict in ("pass", "fail", "inconclusive")}
    n_facts = len(report.answers)
    counts = ", ".join(f"{n} {verdict}" for verdict, n in count.items())
    print(f"\n{n_facts} fact{'s' if n_facts != 1 else ''}: {counts}. ", end="")
    print("Inconclusive: the interval is too wide to say; more worlds or people.")
    if not quiet:
        show.note(f"Values of every replication: {folder}")


def _facts(report: Any) -> str:
    """A block a fact: what is known and how well, then a row a check."""
    blocks = []
    for answer in report.answers:
        fact = answer.fact
        role = {
            "tuned": "; defaults were chosen with it in view", "emergent": "; no coefficient holds it",
            "input": "; a coefficient is the fact, so this checks the wiring",
        }  # fmt: skip
        grade = f"Grade {fact.grade}. " if fact.grade else ""
        lines = [
            f"{fact.id}  {answer.verdict.upper()}  {fact.statement}",
            f"     {fact.source}. {grade}Evidence: {fact.evidence}{role.get(fact.role, '')}.",
        ]
        if fact.left_out:
            lines.append(f"     Left out: {fact.left_out}.")
        if fact.stays and answer.verdict != "pass":
            lines.append(f"     Left so: {fact.stays}.")
        rows = [
            [f"     {one.check.what}", one.check.allowed, _figure(one.value), _interval(one), one.verdict]
            for one in answer.estimates
        ]
        lines.append(show.table(["     check", "band", "value", "95 % interval", "verdict"], rows, left=(0, 4)))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _costs(report: Any) -> str:
    """What each fact took, of one core."""
    rows = [
        [answer.fact.id, ", ".join(sorted({test.stage.name for test in answer.fact.tests})), answer.verdict,
         f"{report.seconds.get(answer.fact.id, 0.0):.0f}"]
        for answer in report.answers
    ]  # fmt: skip
    return str(show.table(["fact", "stages", "verdict", "core-seconds"], rows, left=(0, 1, 2)))


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3g}"


def _interval(one: Any) -> str:
    return "n/a" if one.ci_low is None else f"{_figure(one.ci_low)} to {_figure(one.ci_high)}"
