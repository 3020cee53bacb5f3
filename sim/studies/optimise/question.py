"""What is to be optimised: scenario, strategy, what varies, goals; from a file or Python; imports `search`, `space`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError, did_you_mean
from sim.metrics import MEASURES
from sim.scenario import Scenario, find
from sim.scenario.reader import read_file, read_value
from sim.scenario.shipped import SUFFIXES
from sim.studies.optimise.search import BATCH
from sim.studies.optimise.space import Space

KEYS: Final = (
    "name", "description", "scenario", "set",
    "strategy", "vary", "split", "budget", "goals", "trials", "confirm", "seed",
)  # fmt: skip
TRIALS: Final = 40
MOST_TRIALS: Final = 10_000
MOST_GOALS: Final = 5
_RANGE: Final = re.compile(r"(.+?)\.\.(.+)\Z")


@dataclass(frozen=True)
class Question:
    """Which levers of a strategy, within which ranges, are best for which goals."""

    scenario: Scenario
    strategy: str
    space: Space
    goals: tuple[str, ...]
    directions: tuple[int, ...]  # +1 more is better, -1 less, a goal each
    trials: int = TRIALS
    confirm: int = 0  # fresh replications for the confirmation; 0: twice those of a trial
    seed: int = 1

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        vary: Mapping[str, Any] | None = None,
        strategy: str | None = None,
        goals: Sequence[str] | None = None,
        trials: int = TRIALS,
        split: bool = False,
        budget: float | None = None,
        confirm: int | None = None,
        seed: int = 1,
    ) -> Question:
        """A question around a scenario at hand, checked. Without goals, the measure it decides on is the goal."""
        label = _strategy(scenario, strategy)
        if budget is not None:
            purses = {**scenario.as_dict()["budgets"]}
            scenario = scenario.with_({"budgets": {**purses, label: {**(purses.get(label) or {}), "total": budget}}})
        for name, value, least, most in (
            ("trials", trials, 1, MOST_TRIALS), ("confirm", confirm, 1, 100_000), ("seed", seed, 0, 2**31 - 1)
        ):  # fmt: skip
            if value is not None and (type(value) is not int or not least <= value <= most):
                raise InputError("out of range", path=name, found=value, allowed=f"a whole number, {least} to {most:,}")
        wanted = tuple(dict.fromkeys(goals or (scenario.decide_on,)))
        directions = dict(map(_goal, wanted))
        if len(wanted) > MOST_GOALS:
            raise InputError("too many goals", path="goals", found=len(wanted), allowed=f"at most {MOST_GOALS}",
                             hint="Nearly everything is on the front of many goals.")  # fmt: skip
        space = Space.of(scenario, label, vary or {}, split)
        trials = -(-trials // BATCH) * BATCH  # whole batches: so that more trials go on where fewer ended
        return cls(
            scenario,
            label,
            space,
            tuple(directions),
            tuple(directions.values()),
            trials,
            confirm or 2 * scenario.replications,
            seed,
        )

    @classmethod
    def load(
        cls, source: str | Path, changes: Mapping[str, Any] | None = None, typed: Mapping[str, Any] | None = None
    ) -> Question:
        """Read a search file, or take a scenario's file or name; `typed`: keys that come before the file's."""
        path = find(source)
        data = read_file(path).data
        told: dict[str, Any] = {}
        if "scenario" in data:
            told = data
            for key in told:
                if key not in KEYS:
                    hint = did_you_mean(str(key), KEYS, kind="keys")
                    raise InputError("unknown key", file=path, path=str(key), hint=hint)
            named = told["scenario"]
            if not isinstance(named, str):
                raise InputError("wrong type", file=path, path="scenario", found=named, allowed="a name or a path")
            is_path = named.endswith(SUFFIXES) or "/" in named or "\\" in named
            scenario = Scenario.load(path.parent / named if is_path else named)
            if isinstance(told.get("set"), dict):
                scenario = scenario.with_(told["set"])
            scenario = scenario.with_({"name": str(told.get("name", path.stem))})
        else:
            scenario = Scenario.load(source)
        if changes:
            scenario = scenario.with_(changes)
        asked = {name: told[name] for name in KEYS[4:] if told.get(name) is not None}
        for name, value in (typed or {}).items():
            if value is not None:
                asked[name] = {**asked.get("vary", {}), **value} if name == "vary" else value
        try:
            _check_types(asked)
            return cls.of(scenario, **asked)
        except InputError as error:
            if error.file is not None:
                raise
            raise error.placed(path, None) from None

    def direction(self, goal: str) -> int:
        """+1 where more of this goal is better, -1 where less is."""
        return self.directions[self.goals.index(goal)]

    @cached_property
    def has_start(self) -> bool:
        """Whether trial 0 is the scenario as it is; not where that lies outside the ranges."""
        return self.space.start(self.scenario) is not None

    @cached_property
    def digest(self) -> str:
        """12 hex digits that name the question; more trials or a longer confirmation continue the same one."""
        parts = {
            "scenario": self.scenario.digest, "replications": self.scenario.replications, "strategy": self.strategy,
            "goals": self.goals, "directions": self.directions, "seed": self.seed, "split": self.space.n_shares,
            "vary": [[f.path, list(f.values), f.span.low, f.span.high, f.is_log] for f in self.space.factors],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def parse_vary(text: str) -> tuple[str, Any]:
    """`face=1..8` (a range), `size=2,3,5` (values), `face` (the lever's own range), as typed."""
    path, equals, said = text.partition("=")
    if not path.strip() or (equals and not said.strip()):
        raise InputError("not a range", path="--vary", found=text, allowed="PATH=LOW..HIGH, PATH=A,B,C, or PATH")
    if not equals:
        return path.strip(), None
    found = _RANGE.match(said.strip())
    if found:
        return path.strip(), {"low": read_value(found[1].strip()), "high": read_value(found[2].strip())}
    return path.strip(), [read_value(value.strip()) for value in said.split(",")]


def _strategy(scenario: Scenario, asked: str | None) -> str:
    labels = list(scenario.strategies)
    if asked is None:
        if len(labels) != 1:
            raise InputError("which strategy is to be optimised?", path="strategy", found=f"{len(labels)} strategies",
                             allowed=", ".join(labels) or "a scenario with a strategy")  # fmt: skip
        return labels[0]
    if asked not in labels:
        hint = did_you_mean(str(asked), labels, kind="strategies")
        raise InputError("no such strategy in this scenario", path="strategy", found=asked, hint=hint)
    return asked


def _goal(said: str) -> tuple[str, int]:
    """`profit_cents`, or `messages_per_month:less` where the measure itself does not know which side is better."""
    name, colon, wish = str(said).partition(":")
    if name not in MEASURES:
        raise InputError(
            "unknown measure", path="goals", found=name, hint=did_you_mean(name, MEASURES, kind="measures")
        )
    if colon and wish.strip() not in ("more", "less"):
        raise InputError("which side is better?", path="goals", found=said, allowed=f"{name}:more or {name}:less")
    direction = {"more": 1, "less": -1}.get(wish.strip(), MEASURES[name].direction)
    if direction == 0:
        raise InputError("neither more nor less of this measure is better by itself", path="goals", found=name,
                         allowed=f"{name}:more or {name}:less")  # fmt: skip
    return name, direction


def _check_types(asked: Mapping[str, Any]) -> None:
    kinds: dict[str, tuple[tuple[type, ...], str]] = {
        "strategy": ((str,), "a label"), "vary": ((dict,), "a mapping: path -> values or a range"),
        "split": ((bool,), "true or false"), "budget": ((int, float), "an amount"), "goals": ((list, tuple), "a list"),
        "trials": ((int,), "a whole number"), "confirm": ((int,), "a whole number"), "seed": ((int,), "a whole number"),
    }  # fmt: skip
    for name, value in asked.items():
        types, allowed = kinds[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise InputError("wrong type", path=name, found=value, allowed=allowed)
