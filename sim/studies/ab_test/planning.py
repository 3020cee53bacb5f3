"""Which runs a study of tests needs: nobody, everybody, and many randomisations of each design; imports scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sim.errors import InputError, did_you_mean
from sim.scenario import Scenario
from sim.strategies.arms import UNITS, Unit

EVERYBODY: Final = "everybody"
MOST_TESTS: Final = 300  # randomisations of a design; a scenario holds a thousand strategies


def label_of(unit: str, seed: int) -> str:
    """The label under which a randomisation runs."""
    return f"{unit}_{seed:03d}"


def the_strategy(scenario: Scenario, asked: str | None) -> str:
    """Which strategy is tested: the one asked for, or the only one there is."""
    labels = list(scenario.strategies)
    if asked is None:
        if len(labels) != 1:
            raise InputError("which strategy is to be tested?", path="--strategy", found=f"{len(labels)} strategies",
                             allowed=", ".join(labels) or "a scenario with a strategy", file=scenario.file)  # fmt: skip
        return labels[0]
    if asked not in labels:
        raise InputError("no such strategy in this scenario", path="--strategy", found=asked,
                         hint=did_you_mean(asked, labels, kind="strategies"))  # fmt: skip
    return asked


def check_units(units: Sequence[str]) -> tuple[Unit, ...]:
    """The designs asked for, in the order in which they are told."""
    for unit in units:
        if unit not in UNITS:
            raise InputError("no such unit of randomisation", path="--unit", found=unit, allowed=", ".join(UNITS),
                             hint=did_you_mean(unit, UNITS, kind="units"))  # fmt: skip
    if not units:
        raise InputError("nothing to randomise", path="--unit", allowed=", ".join(UNITS))
    return tuple(unit for unit in UNITS if unit in units)


def planned(
    scenario: Scenario, strategy: str, units: Sequence[Unit], tests: int, treated: float, worlds: int
) -> Scenario:
    """A scenario whose strategies are the tests: the control, everybody treated, and each randomisation of each design.

    All share the world and its luck, so what everybody would have done, treated or not, is known of each shopper.
    """
    if not 2 <= tests <= MOST_TESTS:
        raise InputError("wrong number of tests", path="--tests", found=tests, allowed=f"2 to {MOST_TESTS}")
    if not 0.0 < treated < 1.0:
        raise InputError("both arms need somebody", path="--treated", found=treated, allowed="between 0 and 1")
    if worlds < 1:
        raise InputError("too few worlds", path="--worlds", found=worlds, allowed="1 or more")
    for k, tactic in enumerate(scenario.tactics(strategy)):
        if tactic.is_for_all:
            raise InputError(
                f"{tactic.kind} reaches everybody, so nobody can be kept out of it in one world",
                file=scenario.file, path=f"strategies.{strategy}[{k}]",
                hint="Compare whole worlds with `grapevine compare`, or test a strategy of other tactics.",
            )  # fmt: skip
        if tactic.target.arm is not None:
            raise InputError("this strategy is already restricted to an arm", file=scenario.file,
                             path=f"strategies.{strategy}[{k}].target.arm", hint="Leave it out.")  # fmt: skip
    data = scenario.as_dict()
    told = data["strategies"][strategy]
    tactics = told if isinstance(told, list) else [told]
    strategies: dict[str, list[dict[str, Any]]] = {EVERYBODY: tactics}
    for unit in units:
        for seed in range(tests):
            arm = {"unit": unit, "treated": treated, "seed": seed}
            strategies[label_of(unit, seed)] = [{**one, "target": {**one["target"], "arm": arm}} for one in tactics]
    purse = data["budgets"].get(strategy)
    data |= {
        "name": f"{scenario.name[:40]}-ab-{strategy}"[:60], "description": f"A/B tests of {strategy} within a world.",
        "strategies": strategies, "budgets": dict.fromkeys(strategies, purse) if purse else {}, "goals": {},
        "replications": worlds, "noise_per_world": 1,
    }  # fmt: skip
    try:
        made = Scenario.from_dict(data, scenario.folder)
    except InputError as error:  # a tactic that takes no target with these levers
        first = error.problems[0]
        raise InputError(f"this strategy cannot be kept to an arm: {first.problem}", file=scenario.file,
                         path=f"strategies.{strategy}", hint=first.hint) from None  # fmt: skip
    made._file = scenario.file
    return made
