"""The command that looks for the best levers: optimise; part of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import show
from sim.cli.explaining import folded
from sim.cli.options import RESULTS, Changes, Executor, Jobs, Json, Out, Quiet, Replications, Seed, changes_of
from sim.cli.speed import say_if_compiling

if TYPE_CHECKING:
    from sim.studies.optimise import Optimum


def optimise(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Search file, scenario file, or a shipped scenario.")],
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="LABEL", help="Whose levers.  [default: the only one]")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", metavar="LEVER=LOW..HIGH", help="A lever that varies: face=1..8, size=2,3,5 or just discount."
        ),
    ] = None,
    split: Annotated[
        bool | None, typer.Option("--split/--no-split", help="Also how the budget is split among the tactics.")
    ] = None,
    budget: Annotated[float | None, typer.Option("--budget", help="What the tactics share, in currency.")] = None,
    goal: Annotated[
        list[str] | None, typer.Option("--goal", metavar="MEASURE", help="Repeatable.  [default: decide_on]")
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", help="How many are tried, eight at a time.  [default: 40]")
    ] = None,
    confirm: Annotated[
        int | None, typer.Option("--confirm", help="Replications on fresh worlds.  [default: twice those of a trial]")
    ] = None,
    search_seed: Annotated[int | None, typer.Option("--search-seed", help="Seed of what is tried.")] = None,
    replications: Replications = None,
    jobs: Jobs = None,
    executor: Executor = "loky",
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The best levers and the best split of a budget, for one goal or several; confirmed on fresh worlds."""
    from sim.studies.optimise import Question
    from sim.studies.optimise import optimise as ask
    from sim.studies.optimise.question import parse_vary
    from sim.studies.optimise.search import optuna
    from sim.studies.optimise.study import default_folder

    optuna()
    typed = {
        "strategy": strategy, "vary": dict(map(parse_vary, vary)) if vary else None, "split": split, "budget": budget,
        "goals": goal or None, "trials": trials, "confirm": confirm, "seed": search_seed,
    }  # fmt: skip
    question = Question.load(file, changes_of(changes, seed, replications), typed)
    folder = default_folder(question, out)
    if not quiet:
        n, r = len(question.space.distributions()), question.scenario.replications
        show.note(
            f"{question.strategy}: {n} things vary, {question.trials} trials x {r} replications, "
            f"goals {', '.join(question.goals)} -> {folder}"
        )
        say_if_compiling()
    with show.progress(quiet=quiet, what="trials") as step:
        found = ask(question, jobs=jobs, to=folder, progress=step, executor=executor,
                    remark=None if quiet else show.note)  # fmt: skip
    if json:
        show.as_json({"folder": str(folder), **found.answer})
        return
    print("\n".join(folded(sentence) for sentence in found.sentences))
    print(f"\n{_front(found)}\n\nThe scenario with these levers: {folder / 'best.yaml'}\nEvery trial: "
          f"{folder / 'trials.parquet'}")  # fmt: skip


def _front(found: Optimum) -> str:
    """The trials that were confirmed: levers, and each goal against the control, then and on fresh worlds."""
    from sim.metrics import MEASURES
    from sim.studies.optimise.words import levers_in_words

    trials = {row["trial"]: row for row in found.tables["trials"].to_dict("records")}
    rows = []
    table = found.tables["confirmed"]
    for one in table[table["against"] == "control"].to_dict("records"):
        about, row = MEASURES[one["goal"]], trials[one["trial"]]
        is_start = one["trial"] == 0 and found.question.has_start
        name = f"{one['trial']}{' (chosen)' if row['is_chosen'] else ''}{' (as it is)' if is_start else ''}"
        interval = "n/a"
        if one["ci_low"] == one["ci_low"]:
            interval = f"{show.difference(one['ci_low'], about.unit)} to {show.difference(one['ci_high'], about.unit)}"
        levers = levers_in_words({str(key): value for key, value in row.items()}, found.question)
        rows.append([
            name, levers, about.label, show.difference(one["at_choice"], about.unit),
            show.difference(one["confirmed"], about.unit), interval,
        ])  # fmt: skip
    head = ["trial", "levers", "against the control", "at choice", "fresh worlds", "95 % interval"]
    return show.table(head, rows, left=(0, 1, 2), wrap=1)
