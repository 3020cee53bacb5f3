"""Commands that run strategies: demo, compare, run; part of the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.guard import SOME_FAILED
from sim.cli.options import (
    RESULTS,
    Changes,
    CheckpointEvery,
    Executor,
    File,
    Jobs,
    Json,
    Out,
    Quiet,
    Replications,
    Seed,
    load,
    typed_command,
)
from sim.cli.reporting import write_beside
from sim.cli.scenarios import length
from sim.cli.speed import remember_speed, say_if_compiling
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from sim.engines import EngineName
    from sim.experiment import Progress
    from sim.scenario import Scenario

#: measures shown first, in this order; `--json` and runs.parquet have all
_MAIN = ("gmv_cents", "profit_cents", "retained_share", "retention_d30", "n_buyers", "cost_cents")
#: what a strategy asks of shoppers and gives them; one table after the others, means only
_WHO_PAYS = (
    ("discount_per_buyer_cents", "reductions a buyer"),
    ("pushes_per_month", "pushes a month"),
    ("messages_per_month", "friends' messages a month"),
    ("n_let_down", "failed seats"),
    ("fatigue_mean", "fatigue"),
)
#: what recommenders' lists held, the same way
_RECOMMENDED = (
    ("rec_accuracy", "accuracy"),
    ("rec_hit_rate", "hits"),
    ("rec_coverage", "coverage"),
    ("rec_diversity", "diversity"),
)
_PER_COST = ("gmv_cents", "profit_cents")  # what a unit of extra cost brought: the biggest spender often sells most


def demo(
    jobs: Jobs = None,
    executor: Executor = "loky",
    replications: Replications = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The shipped comparison: which of four strategies wins, by how much, and how sure that is."""
    _compare(load("demo", changes, seed, replications), jobs, out, json, quiet, executor)


def compare(
    file: File,
    replications: Replications = None,
    until_clear: Annotated[
        bool, typer.Option("--until-clear", help="Add replications until it is clear or a tie; bounds stay honest.")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, metavar="N", help="Budget of --until-clear.  [default: 10 x the replications]"),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="Share of the control's mean up to which strategies count as equal."),
    ] = None,
    worlds_from: Annotated[
        Path | None,
        typer.Option(
            "--worlds-from",
            metavar="POSTERIOR",
            help="Worlds have coefficients drawn from a calibration: its folder, or CSV or Parquet, a column a path.",
        ),
    ] = None,
    jobs: Jobs = None,
    executor: Executor = "loky",
    checkpoint_every: CheckpointEvery = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """All strategies of a scenario in paired worlds, and the verdict. The same command again goes on or adds."""
    if most is not None and not until_clear:
        raise InputError("--most is the budget of --until-clear", path="--most", found=most, hint="Give both.")
    scenario = load(file, changes, seed, replications)
    if margin is not None:
        scenario = scenario.with_({"margin": margin})
    if worlds_from is not None:
        if until_clear:
            raise InputError("worlds of a posterior are as many as asked for", path="--until-clear",
                             hint="Leave it out; --replications says how many.")  # fmt: skip
        if checkpoint_every is not None:
            raise InputError("worlds of a posterior are run without checkpoints", path="--checkpoint-every",
                             hint="Leave it out; what is done is kept, run by run.")  # fmt: skip
        _compare_in(scenario, worlds_from, jobs, out, json, quiet, executor)
        return
    _compare(scenario, jobs, out, json, quiet, executor, until_clear, most, checkpoint_every)


def _compare_in(
    scenario: Scenario, posterior: Path, jobs: int | None, out: Path, as_json: bool, quiet: bool, executor: str
) -> None:
    from sim.studies.calibrate.worlds import compare_in, question_in

    experiment, about = question_in(scenario, posterior)
    folder = experiment.default_folder(out)
    if not quiet:
        n = len(experiment.points)
        show.note(f"{scenario.name}: {len(scenario.labels)} strategies in {n} worlds, a draw each -> {folder}")
        if about.get("fit_for_decisions") is False:
            show.note(f"The posterior of {about.get('study')} is NOT FIT FOR DECISIONS; the sentence says why.")
        say_if_compiling()
    with show.progress(quiet=quiet) as step:
        remark = None if quiet else show.note
        results, answer = compare_in(scenario, posterior, jobs, folder, step, executor, remark)
    report = write_beside(results, quiet)
    n_failed = len(results.failures)
    if as_json:
        show.as_json({"folder": str(folder), "failed": n_failed, "report": report, **answer})
    else:
        print(_tables(answer))
        print(f"\n{answer['sentence']}\n\nTables: {folder}")
        if report is not None:
            print(f"Report to read and to mail: {folder / report}")
    if n_failed:
        show.note(f"{n_failed} of {len(results.runs)} runs failed and are left out: {folder / 'failures.parquet'}")
        raise typer.Exit(SOME_FAILED)


def _compare(
    scenario: Scenario,
    jobs: int | None,
    out: Path,
    as_json: bool,
    quiet: bool,
    executor: str,
    until_clear: bool = False,
    most: int | None = None,
    checkpoint_every: int | None = None,
) -> None:
    from sim.experiment import Results, folder_name
    from sim.studies.ask import compare as ask

    folder = out / folder_name(scenario)
    if not quiet:
        n = len(scenario.labels)
        least = "at least " if until_clear else ""
        show.note(f"{scenario.name}: {n} strategies x {least}{scenario.replications} paired replications -> {folder}")
        say_if_compiling()
    with show.progress(quiet=quiet) as step:
        remark = None if quiet else show.note
        comparison = ask(
            scenario, jobs, folder, step, executor=executor, command=typed_command(), remark=remark,
            until_clear=until_clear, most=most, checkpoint_every=checkpoint_every,
        )  # fmt: skip
    results, answer = Results.open(folder), comparison.answer
    remember_speed(results)
    figures = _figures(results, answer, quiet)
    report = write_beside(results, quiet)
    n_failed = len(results.failures)
    if as_json:
        show.as_json({"folder": str(folder), "failed": n_failed, "figures": figures, "report": report, **answer})
    else:
        print(_tables(answer))
        print(f"\n{answer['sentence']}\n\nTables and figures: {folder}")
        if report is not None:
            print(f"Report to read and to mail: {folder / report}")
    if n_failed:
        first = results.failures.iloc[0]
        show.note(
            f"{n_failed} of {len(results.runs)} runs failed and are left out. First: {first['error']}\n"
            f"All of them are in {folder / 'failures.parquet'}; the same command tries them again."
        )
        raise typer.Exit(SOME_FAILED)


def _figures(results: Any, answer: dict[str, Any], quiet: bool) -> list[str]:
    """Draw the figures; a comparison is not lost because a picture could not be drawn."""
    from sim.plots import save_figures

    try:
        return [str(Path(path).name) for path in save_figures(results, answer, results.folder / "figures")]
    except (OSError, RuntimeError) as error:
        if not quiet:
            show.note(f"the figures could not be drawn: {error}")
        return []


def _tables(answer: dict[str, Any]) -> str:
    """The main measures, a row a strategy, each with its difference from the control and how sure that is."""
    from sim.metrics import MEASURES

    names = [*_MAIN] if answer["decide_on"] in _MAIN else [answer["decide_on"], *_MAIN]
    blocks = []
    for name in names:
        about, entries = MEASURES[name], answer["measures"][name]
        if all(entry["mean"] is None for entry in entries.values()):
            continue
        head = [f"{about.label} ({_unit(about.unit)})", "mean", "difference", "95 % interval", "best?"]
        head += ["per unit of cost"] if name in _PER_COST else []
        rows = []
        for label, entry in entries.items():
            interval = "" if label == answer["control"] else "n/a"
            if entry["ci_low"] is not None:
                interval = (
                    f"{show.difference(entry['ci_low'], about.unit)} to {show.difference(entry['ci_high'], about.unit)}"
                )
            best = "" if entry["p_best"] is None or about.direction == 0 else f"{100 * entry['p_best']:.0f} %"
            gain = "" if label == answer["control"] else show.difference(entry["diff"], about.unit)
            rows.append([label, show.number(entry["mean"], about.unit), gain, interval, best])
            if name in _PER_COST:
                per_cost = entry["diff_per_cost"]
                rows[-1].append("" if per_cost is None else f"{per_cost:+.2f}")
        blocks.append(show.table(head, rows))
    blocks += _means(answer, "what shoppers get and bear", _WHO_PAYS)
    blocks += _means(answer, "what recommenders show", _RECOMMENDED)
    return "\n\n".join(blocks)


def _means(answer: dict[str, Any], title: str, columns: tuple[tuple[str, str], ...]) -> list[str]:
    """A table of means; nothing where all of them are nothing."""
    from sim.metrics import MEASURES

    asked = [(name, head) for name, head in columns if any(e["mean"] for e in answer["measures"][name].values())]
    if not asked:
        return []
    labels = list(answer["measures"][asked[0][0]])
    rows = [
        [label, *(show.number(answer["measures"][name][label]["mean"], MEASURES[name].unit) for name, _ in asked)]
        for label in labels
    ]
    return [show.table([title, *(head for _, head in asked)], rows)]


def _unit(unit: str) -> str:
    return {"cents": "currency", "share": "%"}.get(unit, unit)


def run(
    file: File,
    strategy: Annotated[str, typer.Option("--strategy", metavar="LABEL", help="Which strategy of the scenario.")],
    replication: Annotated[int, typer.Option("--replication", min=0, help="Which replication.")] = 0,
    engine: Annotated[
        str, typer.Option("--engine", help="columnar (fast) or objects (readable Mesa agents).")
    ] = "columnar",
    events: Annotated[bool, typer.Option("--events", help="Also write every event with its cause.")] = False,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of the one run; same bytes.")] = 1,
    checkpoint_every: CheckpointEvery = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One run of one strategy: its measures, and its tables in a folder. Killed, the same command goes on."""
    kind = _engine(engine)
    scenario = load(file, changes, seed)
    _label(scenario, strategy)
    from sim import engines
    from sim.experiment import folder_name, write_journal
    from sim.metrics import MEASURES, measure

    folder = out / f"{folder_name(scenario)}-{strategy}-r{replication}"
    kept = engines.Checkpoint(
        folder / "checkpoint.zip", checkpoint_every, lambda error: show.note(f"From the start: {error}")
    )
    if kind == "objects" and checkpoint_every is not None:
        raise InputError("only runs of the columnar engine can be kept", path="--checkpoint-every", found=engine)
    with show.progress(quiet=quiet, what="days") as step:
        journal = engines.simulate(
            scenario, strategy, replication=replication, engine=kind, events=events, threads=threads,
            checkpoint=kept if kind == "columnar" else None, after=_days_told(step),
        )  # fmt: skip
    values = measure(journal)
    written = write_journal(journal, folder)
    kept.remove()
    if json:
        content = {"scenario": scenario.name, "digest": scenario.digest, "strategy": strategy}
        show.as_json(
            {**content, "replication": replication, "folder": str(folder), "tables": written, "measures": values}
        )
        return
    print(f"{scenario.name}, {strategy}, replication {replication}: {length(scenario)}\n")
    rows = [
        [about.label, show.number(values[name], about.unit), _unit(about.unit), name]
        for name, about in MEASURES.items()
    ]
    print(show.table(["measure", "value", "unit", "name"], rows, left=(0, 2, 3)))
    if not quiet:
        show.note(f"\nTables: {folder}")


def _days_told(step: Callable[[Progress], None]) -> Callable[[int, int], None]:
    """Tells of days that are over as of runs that are done."""
    from sim.experiment import Progress

    is_begun = False

    def after(n_done: int, total: int) -> None:
        nonlocal is_begun
        if not is_begun:
            step(Progress(0, total, 0))
            is_begun = True
        step(Progress(n_done, total, 0))

    return after


def _label(scenario: Scenario, strategy: str) -> str:
    if strategy not in scenario.labels:
        hint = did_you_mean(strategy, scenario.labels, kind="strategies")
        raise InputError("no such strategy in this scenario", path="--strategy", found=strategy, hint=hint)
    return strategy


def _engine(name: str) -> EngineName:
    if name == "columnar":
        return "columnar"
    if name == "objects":
        return "objects"
    raise InputError("no such engine", path="--engine", found=name, allowed="columnar or objects")
