"""Commands on scenario files: new, check, diff, scenarios; part of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.catalogues import about_arrival
from sim.cli.options import Changes, File, Jobs, Json, Replications, Seed, load
from sim.cli.speed import estimate_of
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.scenario import Scenario


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

    scenario = load(file, changes, seed, replications)
    check_question(scenario.decide_on, scenario.goals)
    world = engines.World.build(scenario, 0)  # reads the graph, the catalogue, the shoppers: all that can be wrong
    warnings = scenario.warnings()
    estimate = estimate_of(scenario, world, jobs)
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


def _described(scenario: Scenario, estimate: dict[str, Any]) -> str:
    labels = ", ".join(label for label in scenario.labels if label != "control")
    lines = [
        f"{scenario.name}: {scenario.description}" if scenario.description else scenario.name,
        f"{estimate['shoppers']:,} shoppers, {estimate['ties']:,} ties ({scenario.graph.kind}), "
        f"{estimate['products']:,} products",
        f"{length(scenario)}, {scenario.replications} replications, seed {scenario.seed}",
        f"control against {labels}; decided on {scenario.decide_on}"
        if labels
        else "only the control: nothing to compare",
    ]
    if scenario.arrival.chance is not None:
        about = about_arrival(type(scenario.arrival))
        lines.append(f"prospects register by the rule {scenario.arrival.kind}: {about['summary']}")
    for label in scenario.labels:
        for tactic in scenario.tactics(label):
            timing = tactic.timing_in_words(scenario.calendar, scenario.days)
            lines += [f"{label}: {tactic.kind} {timing}"] if timing else []
    for event in scenario.events:
        last = min(event.start + event.days, scenario.days) - 1
        lines.append(f"days {event.start} to {last}, all strategies: {event.kind}")
    if scenario.goals:
        lines.append("goals: " + ", ".join(f"{name} {level:g}" for name, level in scenario.goals.items()))
    return "\n".join(lines)


def length(scenario: Scenario) -> str:
    """How many days, in words."""
    return f"{scenario.days} days after {scenario.burn_in_days} of burn-in"


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


def scenarios(json: Json = False) -> None:
    """The shipped scenarios."""
    from sim.scenario import Scenario, shipped

    found = [Scenario.load(name, check_files=False) for name in shipped()]
    if json:
        show.as_json([{"name": s.name, "description": s.description, "strategies": list(s.labels)} for s in found])
        return
    rows = [[s.name, ", ".join(label for label in s.labels if label != "control") or "-", s.description] for s in found]
    print(show.table(["scenario", "strategies", "what it asks"], rows, left=(0, 1, 2), wrap=2))
