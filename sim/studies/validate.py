"""The model against published facts: play what they need, estimate, judge, report; imports `facts` and `experiment`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.experiment import Progress, cores, own_pool, write_json
from sim.params import COEFFICIENTS
from sim.scenario import Scenario
from sim.studies.facts.fact import Band, Estimate, Fact, Stage, Test, Value, Verdict, estimate, together
from sim.studies.facts.kept import Kept
from sim.studies.facts.known import facts as all_facts
from sim.studies.facts.play import play
from sim.version import RESULTS_VERSION

PROTOCOLS: Final = ("quick", "full")

Protocol = str


class Task(NamedTuple):
    """One replication of one stage, with the tests that it still has to answer."""

    stage: str
    replication: int
    tests: tuple[tuple[str, int], ...]  # (fact, place among its tests)


@dataclass(frozen=True)
class Answer:
    """One fact, with an estimate for each of its checks."""

    fact: Fact
    estimates: tuple[Estimate, ...]

    @property
    def verdict(self) -> Verdict:
        """The fact's: that of its checks together."""
        return together([one.verdict for one in self.estimates])


@dataclass(frozen=True)
class Report:
    """What holds: one answer a fact, and the value of every replication."""

    answers: tuple[Answer, ...]
    values: pd.DataFrame  # fact, check, replication, world, value, weight (the denominator of a ratio of means)
    about: dict[str, Any]
    seconds: dict[str, float]  # of one core, by fact; a run that several facts look at is shared out evenly

    @property
    def digest(self) -> str:
        """Names the question: what was played, with which coefficients, for which facts."""
        asked = {**self.about, "facts": [answer.fact.id for answer in self.answers]}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:12]

    def rows(self) -> list[dict[str, Any]]:
        """One plain row a check."""
        return [
            {
                "fact": answer.fact.id, "check": one.check.what, "band": one.check.allowed,
                "kind": "magnitude" if isinstance(one.check, Band) else "direction",
                "value": one.value, "ci_low": one.ci_low, "ci_high": one.ci_high, "worlds": one.n_worlds,
                "verdict": one.verdict,
            }
            for answer in self.answers
            for one in answer.estimates
        ]  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Everything but the values of single replications, as plain data."""
        facts = [
            {
                "fact": answer.fact.id, "statement": answer.fact.statement, "source": answer.fact.source,
                "evidence": answer.fact.evidence, "role": answer.fact.role, "left_out": answer.fact.left_out,
                "grade": answer.fact.grade, "tactics": list(answer.fact.about),
                "stays": answer.fact.stays if answer.verdict != "pass" else "",
                "stages": sorted({test.stage.name for test in answer.fact.tests}), "verdict": answer.verdict,
                "cpu_seconds": round(self.seconds.get(answer.fact.id, 0.0), 1),
                "checks": [row for row in self.rows() if row["fact"] == answer.fact.id],
            }
            for answer in self.answers
        ]  # fmt: skip
        return {**self.about, "facts": facts}

    def write(self, folder: Path) -> None:
        """facts.json and values.csv."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("cannot write here", file=folder, found=error.strerror) from None
        write_json(folder / "facts.json", self.as_dict())
        self.values.to_csv(folder / "values.csv", index=False, lineterminator="\n")


def chosen(names: Sequence[str]) -> list[Fact]:
    """The facts of these names, in the order of the table; all if none is named. `V`, `F`, `S`: all of a kind."""
    known = all_facts()
    by_name = {id_.upper(): id_ for id_ in known}
    wanted: set[str] = set()
    for name in names:
        family = {id_ for id_ in known if len(name) == 1 and id_.startswith(name.upper())}
        if not family and name.upper() not in by_name:
            raise InputError("no such fact", found=name, hint=did_you_mean(name.upper(), known, kind="facts", most=80))
        wanted |= family or {by_name[name.upper()]}
    return [fact for id_, fact in known.items() if not names or id_ in wanted]


def validate(
    facts: Sequence[str] = (),
    protocol: Protocol = "quick",
    changes: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    world: Scenario | None = None,
    keep: Path | None = None,
) -> Report:
    """Hold the model against published facts; `changes` are applied to every scenario (`{"params.b_p": 2.0}`).

    `world` is a scenario of one's own, calibrated say: its coefficients and switches take the place of the defaults
    wherever a stage does not set them itself. A laboratory stays one: of `changes` it takes coefficients that its file
    leaves at their defaults, seed and number of people, nothing else; `replications` are its worlds. One task is one
    replication of one stage with all arms that the chosen facts need there, or one world of a laboratory. What has been
    played is kept in the folder `keep`, if there is one, and not played again while the code that says so is the same.
    """
    answered = chosen(facts)
    tests: dict[str, list[tuple[Fact, int, Test]]] = {}
    stages: dict[str, Stage] = {}
    for fact in answered:
        for place, test in enumerate(fact.tests):
            tests.setdefault(test.stage.name, []).append((fact, place, test))
            if stages.setdefault(test.stage.name, test.stage) != test.stage:
                raise InputError("two stages have one name", found=test.stage.name, hint="Rename one of them.")
    theirs = _given(world)
    scenarios = {name: staged(stage, protocol, changes or {}, theirs) for name, stage in stages.items()}
    played = {name: _played(stages[name], scenario) for name, scenario in scenarios.items()}
    kept = Kept(keep)
    known: dict[tuple[str, int, str, int], tuple[Sequence[Value], float]] = {}
    tasks = []
    for name, scenario in scenarios.items():
        keys = {(fact.id, place): kept.key(fact, place, scenario) for fact, place, _ in tests[name]}
        for r in played[name]:
            missing = []
            for (id_, place), key in keys.items():
                found = kept.get(key, r)
                if found is None:
                    missing.append((id_, place))
                else:
                    known[name, r, id_, place] = found
            if missing:
                tasks.append(Task(name, r, tuple(missing)))

    def take(task: Task, values: list[Sequence[Value]], seconds: float) -> None:
        for (id_, place), value in zip(task.tests, values, strict=True):
            part = seconds / len(task.tests)
            known[task.stage, task.replication, id_, place] = value, part
            fact = next(fact for fact in answered if fact.id == id_)
            kept.put(kept.key(fact, place, scenarios[task.stage]), task.replication, value, part)

    _play_all(scenarios, tasks, take, jobs, progress)

    estimates: dict[tuple[str, int], list[Estimate]] = {}
    rows: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}
    for name, scenario in scenarios.items():
        worlds = [r // scenario.noise_per_world for r in played[name]]
        for fact, place, test in tests[name]:
            seconds[fact.id] = seconds.get(fact.id, 0.0) + sum(known[name, r, fact.id, place][1] for r in played[name])
            for k, check in enumerate(test.checks):
                values = [known[name, r, fact.id, place][0][k] for r in played[name]]
                estimates.setdefault((fact.id, place), []).append(estimate(check, values, worlds))
                rows += [
                    _row(fact, check.what, r, number, value)
                    for r, number, value in zip(played[name], worlds, values, strict=True)
                ]
    answers = tuple(
        Answer(fact, tuple(one for place in range(len(fact.tests)) for one in estimates[fact.id, place]))
        for fact in answered
    )
    about = {
        "protocol": protocol,
        "results_version": RESULTS_VERSION,
        "changes": dict(changes or {}),
        "world": None if world is None else {"name": world.name, "digest": world.digest},
        "scenarios": {
            name: {
                "digest": scenario.digest, "size": scenario.population.size, "days": scenario.days,
                "burn_in_days": scenario.burn_in_days, "replications": scenario.replications,
                "noise_per_world": scenario.noise_per_world, "seed": scenario.seed,
            }
            for name, scenario in scenarios.items()
        },
        "coefficients": {name: row.default for name, row in COEFFICIENTS.items()},
    }  # fmt: skip
    return Report(answers, pd.DataFrame(rows), about, seconds)


def _given(world: Scenario | None) -> dict[str, Any]:
    """What facts take over from a world of one's own: its coefficients, blocks that are off included."""
    if world is None:
        return {}
    params = world.coefficients()
    usual = {name: row.default for name, row in COEFFICIENTS.items()}
    return {f"params.{name}": getattr(params, name) for name in usual if getattr(params, name) != usual[name]}


def staged(stage: Stage, protocol: Protocol, changes: Mapping[str, Any], world: Mapping[str, Any] = {}) -> Scenario:
    """The scenario of a stage as it is played."""
    plan = stage.plan(protocol)
    scenario = Scenario.load(stage.scenario)
    size = {} if plan.size is None else {"population.size": plan.size}
    own = {path for path in stage.changes if path.startswith("params.")}
    own |= {f"params.{name}" for name in scenario.params}
    theirs = {path: value for path, value in world.items() if path not in own}
    if not stage.is_lab:
        usual = {"replications": plan.worlds, "noise_per_world": 1, **stage.changes, **size}
        return scenario.with_({**usual, **theirs, **changes})
    taken = {
        path: value
        for path, value in changes.items()
        if path == "seed"
        or (path == "population.size" and scenario.population.size is not None)
        or (path.startswith("params.") and path not in own)
    }
    worlds = changes.get("replications", plan.worlds)
    usual = {**stage.changes, **size, **theirs, **taken}
    return scenario.with_({**usual, "replications": worlds * scenario.noise_per_world})


def _played(stage: Stage, scenario: Scenario) -> range:
    """Replications that are tasks: all, or in a laboratory the first of every world."""
    return range(0, scenario.replications, scenario.noise_per_world if stage.alone else 1)


def _row(fact: Fact, what: str, replication: int, world: int, value: Value) -> dict[str, Any]:
    top, bottom = value if isinstance(value, tuple) else (value, 1.0)
    keys = {"fact": fact.id, "check": what, "replication": replication, "world": world}
    return {**keys, "value": None if top is None or not bottom else top / bottom, "weight": bottom}


def _task(scenario: Scenario, task: Task) -> tuple[list[Sequence[Value]], float]:
    """What a worker does; facts go by name, because their functions live in its own copy of the table."""
    began = time.process_time()
    found = play(scenario, [all_facts()[id_].tests[place] for id_, place in task.tests], task.replication)
    return found, time.process_time() - began


def _play_all(
    scenarios: Mapping[str, Scenario],
    tasks: Sequence[Task],
    take: Callable[[Task, list[Sequence[Value]], float], None],
    jobs: int | None,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Every task's values, from this process or from workers; the same either way."""
    from sim.engines import warm_up

    width = min(jobs or cores(), len(tasks))
    say = progress or (lambda state: None)
    if not tasks:
        return
    warm_up()  # before the workers start: each would compile everything for itself
    say(Progress(0, len(tasks), 0))
    if width <= 1:
        for done, task in enumerate(tasks, 1):
            take(task, *_task(scenarios[task.stage], task))
            say(Progress(done, len(tasks), 0))
        return
    pool = own_pool(width)
    try:
        waiting: dict[Future[Any], Task] = {pool.submit(_task, scenarios[task.stage], task): task for task in tasks}
        done = 0
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                take(waiting.pop(future), *future.result())
                done += 1
                say(Progress(done, len(tasks), 0))
    except BaseException:
        pool.shutdown(wait=True, kill_workers=True)  # type: ignore[call-arg]  # loky's own argument
        raise
    pool.shutdown(wait=True)
