"""What can be typed: commands and options; part of the command line, imports every floor, each when needed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.guard import SOME_FAILED, guarded
from sim.errors import InputError, did_you_mean
from sim.version import RESULTS_VERSION, __version__

if TYPE_CHECKING:
    from sim.engines import EngineName
    from sim.scenario import Scenario

app = typer.Typer(
    name="grapevine",
    help="An open simulator of social shopping: which strategy wins on retention, GMV and profit, how sure is it?",
    epilog="Start with `grapevine demo`, then `grapevine new my_shop --from baseline`.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# --- options that several commands share -----------------------------------------------------------

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file, or the name of a shipped scenario.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field, e.g. --set population.size=5000. Repeatable."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of worlds and luck; same as --set seed=N.")]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Worker processes.  [default: one a core]")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results folders are made.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
Replications = Annotated[
    int | None, typer.Option("--replications", min=1, help="Paired replications; more of them extend a folder.")
]
_RESULTS = Path("results")

#: measures shown first, in this order; `--json` and runs.parquet have all
_PER_COST = ("gmv_cents", "profit_cents")  # what a unit of extra cost brought: the biggest spender often sells most
_MAIN = ("gmv_cents", "profit_cents", "retained_share", "retention_d30", "n_buyers", "cost_cents")


def _load(
    file: str, changes: list[str] | None = None, seed: int | None = None, replications: int | None = None
) -> Scenario:
    """A scenario with the changes of the command line applied."""
    from sim.scenario import Scenario, parse_assignment

    wanted: dict[str, Any] = {}
    for change in changes or []:
        path, value = parse_assignment(change)
        if path in ("graph.path", "catalogue.path", "population.from") and isinstance(value, str):
            value = _from_here(value, file)
        wanted[path] = value
    if seed is not None:
        wanted["seed"] = seed
    if replications is not None:
        wanted["replications"] = replications
    # A change may name the very file that is missing, so files are looked at after the changes.
    scenario = Scenario.load(file, check_files=not wanted)
    return scenario.with_(wanted) if wanted else scenario


def _from_here(path: str, file: str) -> str:
    """A path typed on the command line starts from here; a scenario's paths start from the scenario's own folder."""
    from sim.scenario import find

    if Path(path).is_absolute():
        return path
    try:
        return Path(os.path.relpath(path, find(file).parent)).as_posix()
    except ValueError:  # another drive
        return str(Path(path).absolute())


def _command() -> str:
    """What was typed, without the folders of this machine."""

    def plain_word(word: str) -> str:
        key, equals, value = word.rpartition("=")
        return key + equals + re.split(r"[/\\]", value)[-1]

    return " ".join(["grapevine", *map(plain_word, sys.argv[1:])])


def _label(scenario: Scenario, strategy: str) -> str:
    if strategy not in scenario.labels:
        hint = did_you_mean(strategy, scenario.labels, kind="strategies")
        raise InputError("no such strategy in this scenario", path="--strategy", found=strategy, hint=hint)
    return strategy


def _version(asked: bool) -> None:
    if asked:
        print(f"grapevine {__version__} (results version {RESULTS_VERSION})")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


# --- the main job ----------------------------------------------------------------------------------


@app.command(rich_help_panel="Compare strategies")
@guarded
def demo(
    jobs: Jobs = None,
    replications: Replications = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = _RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The shipped comparison: which of four strategies wins, by how much, and how sure that is."""
    _compare(_load("demo", changes, seed, replications), jobs, out, json, quiet)


@app.command(rich_help_panel="Compare strategies")
@guarded
def compare(
    file: File,
    replications: Replications = None,
    jobs: Jobs = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = _RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """All strategies of a scenario in paired worlds, and the verdict. The same command again goes on or adds."""
    _compare(_load(file, changes, seed, replications), jobs, out, json, quiet)


def _compare(scenario: Scenario, jobs: int | None, out: Path, as_json: bool, quiet: bool) -> None:
    from sim.experiment import Results, folder_name
    from sim.studies.ask import compare as ask

    folder = out / folder_name(scenario)
    if not quiet:
        n = len(scenario.labels)
        show.note(f"{scenario.name}: {n} strategies x {scenario.replications} paired replications -> {folder}")
        _say_if_compiling()
    with show.progress(quiet=quiet) as step:
        comparison = ask(scenario, jobs, folder, step, command=_command())
    results, answer = Results.open(folder), comparison.answer
    _remember_speed(results)
    figures = _figures(results, answer, quiet)
    n_failed = len(results.failures)
    if as_json:
        show.as_json({"folder": str(folder), "failed": n_failed, "figures": figures, **answer})
    else:
        print(_tables(answer))
        print(f"\n{answer['sentence']}\n\nTables and figures: {folder}")
    if n_failed:
        first = results.failures.iloc[0]
        show.note(
            f"{n_failed} of {len(results.runs)} runs failed and are left out. First: {first['error']}\n"
            f"All of them are in {folder / 'failures.parquet'}; the same command tries them again."
        )
        raise typer.Exit(SOME_FAILED)


def _say_if_compiling() -> None:
    from sim._jit import IS_COMPILED, cache_folder
    from sim.engines import columnar

    if IS_COMPILED and not any(cache_folder(columnar.__file__).rglob("*.nbi")):
        show.note("compiling the model first; this happens once and takes a minute or so")


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
    return "\n\n".join(blocks)


def _unit(unit: str) -> str:
    return {"cents": "currency", "share": "%"}.get(unit, unit)


@app.command(rich_help_panel="Compare strategies")
@guarded
def run(
    file: File,
    strategy: Annotated[str, typer.Option("--strategy", metavar="LABEL", help="Which strategy of the scenario.")],
    replication: Annotated[int, typer.Option("--replication", min=0, help="Which replication.")] = 0,
    engine: Annotated[
        str, typer.Option("--engine", help="columnar (fast) or objects (readable Mesa agents).")
    ] = "columnar",
    events: Annotated[bool, typer.Option("--events", help="Also write every event with its cause.")] = False,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = _RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One run of one strategy: its measures, and its tables in a folder."""
    kind = _engine(engine)
    scenario = _load(file, changes, seed)
    _label(scenario, strategy)
    from sim import engines
    from sim.experiment import folder_name, write_journal
    from sim.metrics import MEASURES, measure

    journal = engines.simulate(scenario, strategy, replication=replication, engine=kind, events=events)
    values = measure(journal)
    folder = out / f"{folder_name(scenario)}-{strategy}-r{replication}"
    written = write_journal(journal, folder)
    if json:
        content = {"scenario": scenario.name, "digest": scenario.digest, "strategy": strategy}
        show.as_json(
            {**content, "replication": replication, "folder": str(folder), "tables": written, "measures": values}
        )
        return
    print(f"{scenario.name}, {strategy}, replication {replication}: {_length(scenario)}\n")
    rows = [
        [about.label, show.number(values[name], about.unit), _unit(about.unit), name]
        for name, about in MEASURES.items()
    ]
    print(show.table(["measure", "value", "unit", "name"], rows, left=(0, 2, 3)))
    if not quiet:
        show.note(f"\nTables: {folder}")


@app.command(rich_help_panel="Is the model right")
@guarded
def validate(
    facts: Annotated[
        list[str] | None, typer.Argument(metavar="[FACT]...", help="Facts, e.g. F23 F26; all by default.")
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full/--quick", help="Many worlds of each scenario (much longer), or few (minutes)."),
    ] = False,
    replications: Annotated[
        int | None,
        typer.Option("--replications", min=1, help="Worlds of every scenario; more of them, narrower intervals."),
    ] = None,
    jobs: Jobs = None,
    changes: Changes = None,
    out: Out = _RESULTS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The model against published facts: fact, band, value with its interval, verdict, evidence."""
    from sim.scenario import parse_assignment
    from sim.studies.validate import validate as ask

    wanted = dict(parse_assignment(change) for change in changes or [])
    if replications is not None:
        wanted["replications"] = replications
    if not quiet:
        _say_if_compiling()
    with show.progress(quiet=quiet, what="replications") as step:
        report = ask(facts or (), "full" if full else "quick", wanted, jobs, step)
    folder = out / f"validate-{report.digest}"
    report.write(folder)
    if json:
        show.as_json({"folder": str(folder), **report.as_dict()})
        return
    print(_facts(report))
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
        role = {"tuned": "; defaults were chosen with it in view", "emergent": "; no coefficient holds it"}
        lines = [
            f"{fact.id}  {answer.verdict.upper()}  {fact.statement}",
            f"     {fact.source}. Evidence: {fact.evidence}{role.get(fact.role, '')}.",
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


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3g}"


def _interval(one: Any) -> str:
    return "n/a" if one.ci_low is None else f"{_figure(one.ci_low)} to {_figure(one.ci_high)}"


# --- scenarios -------------------------------------------------------------------------------------


@app.command(rich_help_panel="Scenarios")
@guarded
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new scenario; the file is NAME.yaml.")],
    source: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Scenario to start from.")] = "baseline",
    lang: Annotated[str, typer.Option("--lang", help="Language of the comments: en or zh.")] = "en",
    json: Json = False,
) -> None:
    """A new scenario file in which every field is explained: meaning, unit, range."""
    from sim.scenario import Scenario, template

    if lang not in ("en", "zh"):
        raise InputError("no such language", path="--lang", found=lang, allowed="en or zh")
    target = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    changed = Scenario.load(source, check_files=False).as_dict() | {"name": target.stem}
    text = template(Scenario.from_dict(changed, target.parent, check_files=False), "zh" if lang == "zh" else "en")
    try:
        with target.open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
    except FileExistsError:
        raise InputError("this file exists already and is not overwritten", file=target) from None
    except OSError as error:
        raise InputError("cannot write the file", file=target, found=error.strerror) from None
    if json:
        show.as_json({"file": str(target)})
    else:
        print(f"{target}\nnext: edit it, then `grapevine check {target}` and `grapevine compare {target}`")


@app.command(rich_help_panel="Scenarios")
@guarded
def check(
    file: File,
    changes: Changes = None,
    seed: Seed = None,
    replications: Replications = None,
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Validate a scenario and everything it names; warn where money is lost by design; estimate time and space."""
    from sim import engines
    from sim.studies.compare import check_question

    scenario = _load(file, changes, seed, replications)
    check_question(scenario.decide_on, scenario.goals)
    world = engines.World.build(scenario, 0)  # reads the graph, the catalogue, the shoppers: all that can be wrong
    warnings = scenario.warnings()
    estimate = _estimate(scenario, world, jobs)
    if json:
        show.as_json({
            "name": scenario.name, "digest": scenario.digest, "strategies": list(scenario.labels),
            "warnings": warnings, "estimate": estimate,
        })  # fmt: skip
        return
    print(_described(scenario, estimate))
    for warning in warnings:
        print(f"warning: {warning}")
    how = "" if estimate["is_measured"] else ", a rough guess until something has run on this machine"
    print(
        f"compare: about {show.duration(estimate['seconds'])} with {estimate['jobs']} workers{how}; "
        f"memory {show.size(estimate['memory_bytes'])}, disk {show.size(estimate['disk_bytes'])}"
    )


def _engine(name: str) -> EngineName:
    if name == "columnar":
        return "columnar"
    if name == "objects":
        return "objects"
    raise InputError("no such engine", path="--engine", found=name, allowed="columnar or objects")


def _length(scenario: Scenario) -> str:
    return f"{scenario.days} days after {scenario.burn_in_days} of burn-in"


def _described(scenario: Scenario, estimate: dict[str, Any]) -> str:
    labels = ", ".join(label for label in scenario.labels if label != "control")
    lines = [
        f"{scenario.name}: {scenario.description}" if scenario.description else scenario.name,
        f"{estimate['shoppers']:,} shoppers, {estimate['ties']:,} ties ({scenario.graph.kind}), "
        f"{estimate['products']:,} products",
        f"{_length(scenario)}, {scenario.replications} replications, seed {scenario.seed}",
        f"control against {labels}; decided on {scenario.decide_on}"
        if labels
        else "only the control: nothing to compare",
    ]
    if scenario.arrival.chance is not None:
        about = about_arrival(type(scenario.arrival))
        lines.append(f"prospects register by the rule {scenario.arrival.kind}: {about['summary']}")
    if scenario.goals:
        lines.append("goals: " + ", ".join(f"{name} {level:g}" for name, level in scenario.goals.items()))
    return "\n".join(lines)


#: seconds an agent-day takes until a comparison on this machine has measured it (two cores of a laptop)
_GUESSED_SECONDS = 1.5e-7
_BASE_BYTES = 300e6  # Python, compiler and libraries, per process


def _estimate(scenario: Scenario, world: Any, jobs: int | None) -> dict[str, Any]:
    from sim.experiment import cores

    n, n_ties = len(world.population), int(world.graph.audience.size)
    n_runs = scenario.replications * len(scenario.labels)
    n_jobs = min(jobs or cores(), scenario.replications)
    speed = _speed()
    seconds = (speed or _GUESSED_SECONDS) * n * (scenario.days + scenario.burn_in_days) * n_runs / n_jobs
    return {
        "shoppers": n, "ties": n_ties, "products": len(world.catalogue), "runs": n_runs, "jobs": n_jobs,
        "seconds": round(seconds, 1), "is_measured": speed is not None,
        "memory_bytes": round(n_jobs * (_BASE_BYTES + 400 * n + 8 * n_ties)),
        "disk_bytes": round(n_runs * (12 * n + 4 * scenario.days**2 + 150 * scenario.days)),
    }  # fmt: skip


def _speed_file() -> Path:
    from sim._jit import CACHE_ROOT

    return CACHE_ROOT / "seconds_per_agent_day"


def _speed() -> float | None:
    try:
        return float(_speed_file().read_text())
    except (OSError, ValueError):
        return None


def _remember_speed(results: Any) -> None:
    """Keep how fast this machine is, for the estimates of `check`."""
    seconds = results.timing["seconds"].dropna()
    days = results.scenario.days + results.scenario.burn_in_days
    first = results.shoppers["replication"].eq(results.replications[0]) & results.shoppers["strategy"].eq("control")
    n = int(first.sum())
    if len(seconds) and n * days >= 100_000:  # smaller runs measure the start of Python
        try:
            _speed_file().write_text(f"{seconds.median() / (n * days):.3e}\n")
        except OSError:
            return


@app.command(rich_help_panel="Scenarios")
@guarded
def diff(
    first: Annotated[str, typer.Argument(metavar="FILE", help="A scenario.")],
    second: Annotated[str, typer.Argument(metavar="FILE", help="Another one.")],
    json: Json = False,
) -> None:
    """What differs between two scenarios, in words with units."""
    from sim.scenario import Scenario, difference

    lines = list(difference(Scenario.load(first, check_files=False), Scenario.load(second, check_files=False)))
    if json:
        show.as_json({"differences": [str(line) for line in lines]})
    else:
        print("\n".join(str(line) for line in lines) if lines else "the same question: no difference")


@app.command(rich_help_panel="Scenarios")
@guarded
def scenarios(json: Json = False) -> None:
    """The shipped scenarios."""
    from sim.scenario import Scenario, shipped

    found = [Scenario.load(name, check_files=False) for name in shipped()]
    if json:
        show.as_json([{"name": s.name, "description": s.description, "strategies": list(s.labels)} for s in found])
        return
    rows = [[s.name, ", ".join(label for label in s.labels if label != "control") or "-", s.description] for s in found]
    print(show.table(["scenario", "strategies", "what it asks"], rows, left=(0, 1, 2), wrap=2))


# --- catalogues of what exists ---------------------------------------------------------------------


@app.command(rich_help_panel="What exists")
@guarded
def strategies(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One kind of tactic, in full.")] = None,
    json: Json = False,
) -> None:
    """What a strategy is made of: tactics, their levers with unit, range, default; costs; how they backfire."""
    from sim.strategies import registry

    known = registry()
    if name is not None and name not in known:
        raise InputError("no such tactic", found=name, hint=did_you_mean(name, known, kind="tactics"))
    if json:
        show.as_json({kind: about_tactic(known[kind]) for kind in ([name] if name else known)})
    elif name is None:
        abouts = {kind: about_tactic(tactic) for kind, tactic in known.items()}
        rows = [[kind, about["grade"], about["summary"]] for kind, about in abouts.items()]
        print(show.table(["tactic", "evidence", "what it does"], rows, left=(0, 1, 2), wrap=2))
        print("\nEvidence: A field experiments ... D practice only.", end="")
        print("\n`grapevine strategies NAME` lists the levers of one.")
    else:
        about = about_tactic(known[name])
        print(f"{name}: {about['text']}\n")
        for what, key in (("Evidence", "grade"), ("It costs", "costs"), ("It can backfire", "backfires")):
            print(f"{what}: {about[key]}.")
        print()
        rows = [[f["name"], plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in about["levers"]]
        print(show.table(["lever", "default", "unit", "allowed", "what it is"], rows, left=(0, 1, 2, 3, 4), wrap=4))


def plain(value: Any) -> str:
    """A default as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, float, str)) and value != "" else "-"


def about_tactic(tactic: Any) -> dict[str, Any]:
    """What is known about a tactic and each of its levers, as plain data."""
    import inspect

    from sim.scenario.fields import describe
    from sim.strategies.tactic import Tactic

    text = inspect.cleandoc(tactic.__doc__ or "")
    own_first = sorted(describe(tactic), key=lambda field: field.name in Tactic.model_fields)
    levers = [_about_field(field) for field in own_first if field.name != "kind"]
    return {
        "summary": text.partition("\n")[0], "text": text, "grade": tactic.grade, "costs": tactic.costs,
        "backfires": tactic.backfires, "title_zh": tactic.title_zh, "levers": levers,
    }  # fmt: skip


def _about_field(field: Any) -> dict[str, Any]:
    return {
        "name": field.name, "default": field.default, "unit": field.unit, "allowed": field.allowed,
        "description": field.description, "zh": field.zh,
    }  # fmt: skip


@app.command(rich_help_panel="What exists")
@guarded
def arrivals(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One rule, in full.")] = None,
    json: Json = False,
) -> None:
    """How prospects come to register by themselves: rules, their coefficients with unit, range, default; sources."""
    from sim.arrivals import registry

    known = registry()
    if name is not None and name not in known:
        raise InputError("no such arrival rule", found=name, hint=did_you_mean(name, known, kind="arrival rules"))
    if json:
        show.as_json({kind: about_arrival(known[kind]) for kind in ([name] if name else known)})
    elif name is None:
        rows = [[kind, about_arrival(rule)["summary"]] for kind, rule in known.items()]
        print(show.table(["arrival", "what it says"], rows, left=(0, 1), wrap=1))
        print("\nA scenario names one: arrival.kind. `grapevine arrivals NAME` lists its coefficients.")
    else:
        about = about_arrival(known[name])
        print(f"{name}: {about['text']}\n\nSource: {about['source']}.")
        fields = about["coefficients"]
        rows = [[f["name"], plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in fields]
        if rows:
            head = ["coefficient", "default", "unit", "allowed", "what it is"]
            print("\n" + show.table(head, rows, left=(0, 1, 2, 3, 4), wrap=4))


def about_arrival(rule: Any) -> dict[str, Any]:
    """What is known about an arrival rule and each of its coefficients, as plain data."""
    import inspect

    from sim.scenario.fields import describe

    text = inspect.cleandoc(rule.__doc__ or "")
    return {
        "summary": text.partition("\n")[0], "text": text, "source": rule.source, "title_zh": rule.title_zh,
        "coefficients": [_about_field(field) for field in describe(rule) if field.name != "kind"],
    }  # fmt: skip


@app.command(rich_help_panel="What exists")
@guarded
def personas(json: Json = False) -> None:
    """The seven kinds of shopper: default share and mean traits."""
    from sim.population import PERSONAS

    if json:
        show.as_json({name: persona._asdict() for name, persona in PERSONAS.items()})
        return
    fields = [field for field in next(iter(PERSONAS.values()))._fields if field != "zh"]
    rows = [[name, *(plain(getattr(persona, field)) for field in fields)] for name, persona in PERSONAS.items()]
    print(show.table(["persona", *fields], rows, left=(0, len(fields))))
    print("\nTraits lie between 0 and 1. A scenario sets the shares: population.personas.")


@app.command(rich_help_panel="What exists")
@guarded
def params(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One coefficient.")] = None,
    json: Json = False,
) -> None:
    """Every coefficient of the model: default, range, unit, how well it is known and from where."""
    from sim.params import COEFFICIENTS

    if name is not None and name not in COEFFICIENTS:
        raise InputError("unknown coefficient", found=name, hint=did_you_mean(name, COEFFICIENTS, kind="coefficients"))
    found = [COEFFICIENTS[name]] if name else list(COEFFICIENTS.values())
    if json:
        show.as_json([row._asdict() for row in found])
        return
    rows = [
        [c.name, f"{c.default:.4g}", f"{c.low:g} to {c.high:g}", c.unit, c.status, f"{c.meaning} [{c.source}]"]
        for c in found
    ]
    head = ["name", "default", "range", "unit", "status", "meaning [source]"]
    print(show.table(head, rows, left=(0, 3, 4, 5), wrap=5))
    guesses = sum(c.status == "guess" for c in found)
    if name is None:
        print(f"\n{len(found)} coefficients, {guesses} of them guesses. Change one: --set params.NAME=VALUE")


@app.command(rich_help_panel="What exists")
@guarded
def doctor(json: Json = False) -> None:
    """Whether this set-up is sound: versions, compiler cache, cores, memory, self-test."""
    from sim.cli.health import examine

    report = examine()
    if json:
        show.as_json(report)
    else:
        rows = [[name, value] for name, value in report["facts"].items()]
        rows += [
            [check["name"], f"{'ok' if check['passed'] else 'FAILED'}  {check['detail']}"] for check in report["checks"]
        ]
        print(show.table(["", ""], rows, left=(0, 1)).lstrip("\n"))
    if not all(check["passed"] for check in report["checks"]):
        raise typer.Exit(1)
