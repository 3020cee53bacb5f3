"""The command that judges A/B tests inside a world: ab-test; part of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import show
from sim.cli.explaining import folded
from sim.cli.guard import SOME_FAILED
from sim.cli.options import RESULTS, Changes, Executor, File, Jobs, Json, Out, Quiet, Seed, load, typed_command
from sim.cli.speed import say_if_compiling

if TYPE_CHECKING:
    from sim.studies.ab_test import AbTest


def ab_test(
    file: File,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="LABEL", help="Which one is tested.  [default: the only one]")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", help="What is randomised: shopper, ego_net, community. Repeatable.  [default: all]"),
    ] = None,
    tests: Annotated[int, typer.Option("--tests", help="Randomisations of each design in each world.")] = 20,
    worlds: Annotated[int, typer.Option("--worlds", help="Worlds; more of them extend a folder.")] = 4,
    treated: Annotated[float, typer.Option("--treated", help="Chance of a unit to be treated.")] = 0.5,
    outcome: Annotated[str, typer.Option("--outcome", help="orders, spend or visits, per shopper.")] = "orders",
    who: Annotated[str, typer.Option("--who", help="Who counts: members when it begins, or everybody.")] = "members",
    jobs: Jobs = None,
    executor: Executor = "loky",
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """A/B tests inside one world, where shoppers influence each other: bias, power, coverage, against the truth."""
    from sim.experiment import folder_name
    from sim.strategies.arms import UNITS
    from sim.studies.ab_test import ab_test as ask
    from sim.studies.ab_test.planning import check_units, planned, the_strategy

    scenario, units = load(file, changes, seed), check_units(unit or UNITS)
    label = the_strategy(scenario, strategy)
    question = planned(scenario, label, units, tests, treated, worlds)
    folder = out / folder_name(question)
    if not quiet:
        n = len(question.labels)
        show.note(
            f"{label}: {len(units)} designs x {tests} tests, and the truth: {n} runs a world x {worlds} -> {folder}"
        )
        say_if_compiling()
    with show.progress(quiet=quiet) as step:
        found = ask(
            scenario, label, units, tests, worlds, treated, outcome, who, jobs, folder, step, executor,
            typed_command(), None if quiet else show.note,
        )  # fmt: skip
    n_failed = len(found.results.failures)
    if json:
        show.as_json({"folder": str(folder), "failed": n_failed, **found.answer})
    else:
        print("\n".join(folded(sentence) for sentence in found.sentences))
        print("\n" + _tables(found) + f"\n\nEvery test: {folder / 'ab_tests.parquet'}")
    if n_failed:
        show.note(
            f"{n_failed} runs failed and are left out: `grapevine failures {folder}`; the same command tries again."
        )
        raise typer.Exit(SOME_FAILED)


def _tables(found: AbTest) -> str:
    """An outcome a block, a row a design."""
    from sim.studies.ab_test.words import OUTCOME_NAMES, per_thousand

    blocks = []
    for outcome, some in found.tables["summary"].groupby("outcome", sort=False):
        name = str(outcome)
        head = [
            OUTCOME_NAMES[name][0],
            "truth",
            "expected",
            "bias",
            "spread",
            "units",
            "covers",
            "power",
            "false alarms",
        ]
        rows = [
            [
                str(row["unit"]), *(per_thousand(row[key], name, sign=True) for key in ("truth", "expected", "bias")),
                per_thousand(row["sd"], name), show.number(row["n_groups"], "count"),
                *(f"{100 * row[key]:.0f} %" for key in ("coverage", "power", "false_alarms")),
            ]
            for row in some.to_dict("records")
        ]  # fmt: skip
        blocks.append(show.table(head, rows))
    return "\n\n".join(blocks)
