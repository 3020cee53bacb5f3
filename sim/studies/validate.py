"""The model against published facts: play what they need, estimate, judge, report; imports `facts` and `experiment`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.experiment import Progress, cores, write_json
from sim.params import COEFFICIENTS
from sim.scenario import Scenario
from sim.studies.facts.fact import Band, Estimate, Fact, Test, Value, Verdict, estimate, is_lab, together
from sim.studies.facts.known import FACTS
from sim.studies.facts.play import play
from sim.version import RESULTS_VERSION


class Plan(NamedTuple):
    """How much of a scenario is played."""

    worlds: int
    size: int | None = None  # people; None: as many as the scenario has


#: Many worlds with one luck each: worlds are what intervals are over, and some facts differ more between worlds than by
#: luck (the yield of messages: by a factor of two). Closed worlds have the size the facts were written for, as what
#: follows a sale depends on it: with 5,000 people F26 lies in its band, with 10,000 and 20,000 it does not.
#: In a laboratory a world is played with all lucks that its file asks for (noise_per_world).
PROTOCOLS: Final[dict[str, dict[str, Plan]]] = {
    "quick": {
        "base.closed": Plan(24, 20_000),
        "base.open": Plan(40, 5_000),
        "lab.ic": Plan(24),
        "lab.musiclab": Plan(12),
        "lab.recs": Plan(12),
        "lab.seeding": Plan(30),
    },
    "full": {
        "base.closed": Plan(100, 20_000),
        "base.open": Plan(100, 20_000),
        "lab.ic": Plan(50),
        "lab.musiclab": Plan(40),
        "lab.recs": Plan(40),
        "lab.seeding": Plan(60),
    },
}


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
                "stays": answer.fact.stays if answer.verdict != "pass" else "",
                "scenarios": sorted({test.scenario for test in answer.fact.tests}), "verdict": answer.verdict,
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
    """The facts of these names, in the order of the table; all of them if none is named."""
    for name in names:
        if name.upper() not in FACTS:
            raise InputError("no such fact", found=name, hint=did_you_mean(name.upper(), FACTS, kind="facts", most=40))
    wanted = {name.upper() for name in names}
    return [fact for id_, fact in FACTS.items() if not wanted or id_ in wanted]


def validate(
    facts: Sequence[str] = (),
    protocol: str = "quick",
    changes: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Hold the model against published facts; `changes` are applied to every scenario (`{"params.b_p": 2.0}`).

    A laboratory stays one: of `changes` it takes coefficients that its file leaves at their defaults, seed and number
    of people, nothing else; `replications` are its worlds. One task is one replication of one scenario with all arms
    that the chosen facts need there, or one world of a laboratory.
    """
    answered = chosen(facts)
    plans = PROTOCOLS[protocol]
    tests: dict[str, list[tuple[Fact, Test]]] = {}
    for fact in answered:
        for test in fact.tests:
            tests.setdefault(test.scenario, []).append((fact, test))
    scenarios = {name: _scenario(name, plans[name], changes or {}) for name in tests}
    played = {name: _played(name, scenario) for name, scenario in scenarios.items()}
    tasks = [(name, r) for name in scenarios for r in played[name]]
    found = _play_all(scenarios, tests, tasks, jobs, progress)

    estimates: dict[int, list[Estimate]] = {}  # by test
    rows: list[dict[str, Any]] = []
    for name, scenario in scenarios.items():
        worlds = [r // scenario.noise_per_world for r in played[name]]
        for place, (fact, test) in enumerate(tests[name]):
            for k, check in enumerate(test.checks):
                values = [found[name, r][place][k] for r in played[name]]
                estimates.setdefault(id(test), []).append(estimate(check, values, worlds))
                rows += [
                    _row(fact, check.what, r, world, value)
                    for r, world, value in zip(played[name], worlds, values, strict=True)
                ]
    answers = tuple(Answer(fact, tuple(one for test in fact.tests for one in estimates[id(test)])) for fact in answered)
    about = {
        "protocol": protocol,
        "results_version": RESULTS_VERSION,
        "changes": dict(changes or {}),
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
    return Report(answers, pd.DataFrame(rows), about)


def _scenario(name: str, plan: Plan, changes: Mapping[str, Any]) -> Scenario:
    scenario = Scenario.load(name)
    size = {} if plan.size is None else {"population.size": plan.size}
    if not is_lab(name):
        usual = {"replications": plan.worlds, "noise_per_world": 1, **size}
        return scenario.with_({**usual, **changes})
    taken = {
        path: value
        for path, value in changes.items()
        if path == "seed"
        or (path == "population.size" and scenario.population.size is not None)
        or (path.startswith("params.") and path.removeprefix("params.") not in scenario.params)
    }
    worlds = changes.get("replications", plan.worlds)
    return scenario.with_({**size, **taken, "replications": worlds * scenario.noise_per_world})


def _played(name: str, scenario: Scenario) -> range:
    """Replications that are tasks: all, or in a laboratory the first of every world."""
    return range(0, scenario.replications, scenario.noise_per_world if is_lab(name) else 1)


def _row(fact: Fact, what: str, replication: int, world: int, value: Value) -> dict[str, Any]:
    top, bottom = value if isinstance(value, tuple) else (value, 1.0)
    keys = {"fact": fact.id, "check": what, "replication": replication, "world": world}
    return {**keys, "value": None if top is None or not bottom else top / bottom, "weight": bottom}


def _task(name: str, scenario: Scenario, facts: Sequence[str], replication: int) -> list[Sequence[Value]]:
    """What a worker does; facts go by name, because their functions live in its own copy of the table."""
    tests = [test for id_ in facts for test in FACTS[id_].tests if test.scenario == name]
    return play(scenario, tests, replication)


def _play_all(
    scenarios: Mapping[str, Scenario],
    tests: Mapping[str, Sequence[tuple[Fact, Test]]],
    tasks: Sequence[tuple[str, int]],
    jobs: int | None,
    progress: Callable[[Progress], None] | None,
) -> dict[tuple[str, int], list[Sequence[Value]]]:
    """Every task's values, from this process or from workers; the same either way."""
    from sim.engines import warm_up

    found: dict[tuple[str, int], list[Sequence[Value]]] = {}
    names = {name: list(dict.fromkeys(fact.id for fact, _ in pairs)) for name, pairs in tests.items()}
    width = min(jobs or cores(), len(tasks))
    say = progress or (lambda state: None)
    warm_up()  # before the workers start: each would compile everything for itself
    say(Progress(0, len(tasks), 0))
    if width <= 1:
        for name, replication in tasks:
            found[name, replication] = _task(name, scenarios[name], names[name], replication)
            say(Progress(len(found), len(tasks), 0))
        return found
    from loky.process_executor import ProcessPoolExecutor

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pool = ProcessPoolExecutor(width, env=threads)
    try:
        waiting: dict[Future[Any], tuple[str, int]] = {
            pool.submit(_task, name, scenarios[name], names[name], replication): (name, replication)
            for name, replication in tasks
        }
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                found[waiting.pop(future)] = future.result()
                say(Progress(len(found), len(tasks), 0))
    except BaseException:
        pool.shutdown(wait=True, kill_workers=True)
        raise
    pool.shutdown(wait=True)
    return found
