"""Commands that ask how far an answer rests on what was assumed: robustness, sensitivity; part of the command line."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import (
    RESULTS,
    Changes,
    Executor,
    Jobs,
    Json,
    Out,
    Quiet,
    Replications,
    Seed,
    load,
    typed_command,
)
from sim.cli.speed import say_if_compiling
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.experiment import Results
    from sim.studies.robustness import Doubts, Robustness
    from sim.studies.sensitivity import Sensitivity

_UNCLEAR = "?"
_MOST_ROWS = 40
_DRAWN_ONLY = ("--points", "--vary", "--status", "--draws", "--set", "--seed", "--replications", "--jobs", "--executor")
Measures = Annotated[
    str | None, typer.Option("--measure", metavar="NAME", help="What decides.  [default: decide_on of the scenario]")
]


def robustness(
    of: Annotated[
        str, typer.Argument(metavar="DIR|FILE", help="A sweep; or a scenario, or a comparison, to draw around.")
    ],
    measure: Measures = None,
    points: Annotated[int | None, typer.Option("--points", min=2, help="FILE: how many draws.  [default: 192]")] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="PATH[=LOW:HIGH]", help="FILE: only this coefficient or lever. Repeatable."),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status", help="FILE: coefficients of this status. Repeatable.  [default: guess, literature, verified]"
        ),
    ] = None,
    draws: Annotated[
        Path | None,
        typer.Option(
            "--draws", metavar="FILE|DIR", help="FILE: a posterior (CSV, Parquet, a column a path), or a calibration."
        ),
    ] = None,
    replications: Replications = None,
    jobs: Jobs = None,
    executor: Executor = "loky",
    changes: Changes = None,
    seed: Seed = None,
    out: Out = RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Is the best strategy best whatever is assumed, where does the ranking flip, what does the answer rest on."""
    from sim.experiment import Results
    from sim.studies.robustness import robustness as ask

    asked: Doubts | None = None
    folder = Path(of) if Path(of).is_dir() else None
    compared = None if folder is None or Results.open(folder).manifest.get("design") is not None else folder
    if folder is not None and compared is None:
        here = None if executor == "loky" else executor
        given = (points, vary, status, draws, changes, seed, replications, jobs, here)
        extra = [name for name, value in zip(_DRAWN_ONLY, given, strict=True) if value not in (None, [])]
        if extra:
            raise InputError(
                "this option is for a scenario, and a folder was given", path=extra[0], found=of,
                hint="A folder's sweep is read as it is.",
            )  # fmt: skip
        results = Results.open(of)
    else:
        file = of if compared is None else str(compared / "scenario.yaml")
        results, asked = _run(
            file, points, vary, status, draws, replications, jobs, executor, changes, seed, out, quiet
        )  # fmt: skip
    found = ask(results, measure)
    written = found.write() if results.is_writable else None
    if compared is not None and Results.open(compared).is_writable:
        found.write(compared / "robustness")  # beside the comparison whose answer is doubted
    if json:
        left_out = {} if asked is None else dict(asked.left_out)
        show.as_json({"folder": str(results.folder), "left_out": left_out, **found.answer})
        return
    print(_answer(found))
    if not quiet:
        if asked is not None and asked.left_out:
            show.note("\n" + _left_out(asked))
        if written is not None:
            show.note(f"\nAll tables: {written} (`grapevine export {results.folder}` for spreadsheets)")


def sensitivity(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", metavar="NAME", help="Repeatable.  [default: decide_on, GMV, profit, retained_share]"
        ),
    ] = None,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", metavar="LABEL", help="Only this one. Repeatable.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Which factors of a sweep move the differences: Morris, Sobol, or given data; with intervals and convergence."""
    from sim.studies.sensitivity import sensitivity as ask

    found = ask(folder, measure or None, strategy or None)
    written = found.write() if found.results.is_writable else None
    if json:
        show.as_json({"folder": str(folder), **found.answer})
        return
    print("\n".join(_folded(sentence) for sentence in found.sentences))
    print("\n" + _indices(found))
    if written is not None and not quiet:
        show.note(f"\nAll tables: {written} (`grapevine export {folder}` for spreadsheets)")


def _indices(found: Sensitivity) -> str:
    """The main index of the first measure, a row a factor and a column a strategy; the largest first."""
    from sim.metrics import MEASURES
    from sim.studies.sensitivity import MAIN

    table, measure, main = found.tables.get("indices"), found.measures[0], MAIN[found.method]
    if table is None:
        return ""
    unit = MEASURES[measure].unit if found.method == "morris" else "ratio"
    table = table[(table["name"] == main) & (table["measure"] == measure)]
    order = table[table["factor"] != "chance"].groupby("factor")["value"].max().sort_values(ascending=False).index
    rows = []
    for path in [*order[:_MOST_ROWS], *(["chance"] if (table["factor"] == "chance").any() else [])]:
        mine = table[table["factor"] == path].set_index("strategy")
        name = "chance alone, at most" if path == "chance" else str(path)
        rows.append([name, *(_index(mine, label, unit) for label in found.strategies)])
    name = MEASURES[measure].label
    text = show.table([f"{main} on the difference in {name}", *(f"{label} " for label in found.strategies)], rows)
    return text + f"\n{_UNCLEAR}: cannot be told from nothing (95 % interval)."


def _index(rows: Any, label: str, unit: str) -> str:
    if label not in rows.index:
        return "n/a "
    row = rows.loc[label]
    return show.number(float(row["value"]), unit) + (_UNCLEAR if row["is_told"] is False else " ")


def _run(
    file: str, points: int | None, vary: list[str] | None, status: list[str] | None, draws: Path | None,
    replications: int | None, jobs: int | None, executor: str, changes: list[str] | None, seed: int | None, out: Path,
    quiet: bool,
) -> tuple[Results, Doubts]:  # fmt: skip
    """Make and run a sweep over what a scenario assumes; the same command goes on where it stopped."""
    from sim.experiment import Experiment
    from sim.studies.ask import sweep as ask
    from sim.studies.robustness import DOUBTED, POINTS, REPLICATIONS, over_assumptions

    scenario = load(file, changes, seed, replications)
    if len(scenario.labels) < 2:
        raise InputError(
            "nothing to compare: the scenario has no strategy besides the control", file=file, path="strategies",
            hint="Add one; `grapevine strategies` lists what there is.",
        )  # fmt: skip
    if replications is None and not any(change.startswith("replications=") for change in changes or ()):
        scenario = scenario.with_({"replications": REPLICATIONS})
    if not any(change.startswith("noise_per_world=") for change in changes or ()):
        scenario = scenario.with_({"noise_per_world": 2})
    named = None if vary is None else dict(_factor(text) for text in vary)
    if not quiet:
        say_if_compiling()
        if named is None:
            show.note("which coefficients can change a run of this scenario? each is tried in a small world")
    with show.progress(quiet=quiet) as step:
        design, asked = over_assumptions(
            scenario, points or POINTS, vary=named, statuses=status or DOUBTED, draws=draws, jobs=jobs, out=out,
            progress=step, executor=executor,
        )  # fmt: skip
    if asked.warning and not quiet:
        show.note(f"the draws come from a calibration that is not fit for decisions: {asked.warning}")
    folder = Experiment(design.scenario, design).default_folder(out)
    if not quiet:
        n, d, labels = len(design.points), len(design.points.paths), len(scenario.labels)
        show.note(
            f"{scenario.name}: {n} draws of {d} factors x {labels} strategies x {scenario.replications} replications "
            f"({n * labels * scenario.replications:,} runs) -> {folder}"
        )
    with show.progress(quiet=quiet) as step:
        results = ask(design, jobs, folder, step, "runs", executor, command=typed_command())
    if len(results.failures) and not quiet:
        show.note(f"{len(results.failures)} runs failed: `grapevine failures {results.folder}` lists them.")
    return results, asked


def _factor(text: str) -> tuple[str, Any]:
    """`b_r`, `params.b_r=0.5:2`, `strategies.coupons.face=3:12`."""
    from sim.params import COEFFICIENTS

    path, _, span = text.partition("=")
    path = f"params.{path}" if path in COEFFICIENTS else path
    if not span:
        return path, None
    low, colon, high = span.partition(":")
    try:
        return path, {"low": float(low), "high": float(high)} if colon else {"values": [float(low)]}
    except ValueError:
        raise InputError("not a range", path="--vary", found=text, allowed="PATH or PATH=LOW:HIGH") from None


def _left_out(asked: Doubts) -> str:
    """What is not drawn, by reason."""
    by_reason: dict[str, list[str]] = {}
    for name, why in asked.left_out.items():
        by_reason.setdefault(why, []).append(name)
    lines = [f"not drawn ({why}): {', '.join(names)}" for why, names in by_reason.items()]
    return "\n".join(_folded(line) for line in lines)


def _folded(sentence: str) -> str:
    width = min(shutil.get_terminal_size((120, 24)).columns, 120)
    return textwrap.fill(sentence, width, initial_indent="  ", subsequent_indent="    ")


def _answer(found: Robustness) -> str:
    from sim.studies.robustness import TOPICS

    blocks = [
        "\n".join([TOPICS[topic][0], *(_folded(sentence) for sentence in said)])
        for topic, said in found.sentences.items()
        if said
    ]
    return "\n\n".join([*blocks, _best(found), _ledger(found)]).rstrip()


def _best(found: Robustness) -> str:
    from sim.metrics import MEASURES

    unit = MEASURES[found.measure].unit
    rows = []
    for row in found.tables["best"].astype(object).to_dict("records"):
        row = {name: None if value != value else value for name, value in row.items()}
        shares = [show.number(row[name], "share") for name in ("p_best", "p_best_points", "p_better")]
        changes = [show.difference(row[name], unit) for name in ("diff", "diff_p5", "diff_p95")]
        rows.append([str(row["strategy"]), *shares, *changes, show.number(row["regret"], unit)])
    of = found.draws
    head = ["", f"best, {of} x worlds", f"best, {of}", "beats control", "difference", f"5 % of {of}", "95 %", "regret"]
    return show.table(head, rows)


def _ledger(found: Robustness) -> str:
    from sim.studies.robustness import SOURCE_NAMES

    table = found.tables.get("assumptions")
    if table is None or not len(table):
        return ""
    labels = list(dict.fromkeys(table["strategy"]))
    rows = []
    for source, group in table.groupby("source", sort=False):
        shares = dict(zip(group["strategy"], group["share"], strict=True))
        if group["share"].notna().any():
            rows.append([SOURCE_NAMES[str(source)][0], *(show.number(float(shares[x]), "share") for x in labels)])
    return show.table(["variance of one run's difference", *labels], rows)
