"""Looking while runs are added: when, what is seen, when it is enough; imports `sentence`, `choice`, `values`, metrics.

Bounds of looks hold at every number of worlds at once (`intervals.always_valid_p`), so nothing here has to be fixed
beforehand: one may look when one likes, stop when one likes, and go on after all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sim.errors import InputError
from sim.metrics import MEASURES, Measure
from sim.studies.compare.choice import Rule, choose, goal_measure, judge_goal
from sim.studies.compare.sentence import amount
from sim.studies.compare.values import Runs

#: with fewer worlds nothing is decided: their means may be equal by chance, and no bound holds for so few anyway
LEAST_WORLDS: Final = 5
GROWTH: Final = 1.25  # worlds at a look over those at the last; any value is honest
MOST_TIMES: Final = 10  # the budget where nobody says one, over the scenario's replications


def budget(replications: int, per_world: int, most: int | None) -> int:
    """The most replications to run: whole worlds; refuses what is too little to decide anything."""
    least = LEAST_WORLDS * per_world
    if most is None:
        return max(MOST_TIMES * replications // per_world * per_world, least)
    if most < max(least, replications):
        raise InputError("too few replications to decide anything", path="--most", found=most,
                         allowed=f"at least {max(least, replications)}",
                         hint=f"Looks need {LEAST_WORLDS} worlds of {per_world} replications (noise_per_world), and no "
                         "fewer than the scenario's replications.")  # fmt: skip
    return max(most // per_world * per_world, least)


def schedule(replications: int, per_world: int, most: int) -> Iterator[int]:
    """Replications at each look: first the scenario's (whole worlds, five at least), then a quarter more each time."""
    worlds, last = max(math.ceil(replications / per_world), LEAST_WORLDS), most // per_world
    while worlds < last:
        yield worlds * per_world
        worlds = max(worlds + 1, math.ceil(worlds * GROWTH))
    yield last * per_world


def at(
    runs: pd.DataFrame, decide_on: str, goals: Mapping[str, float], labels: Sequence[str], margin: float, n: int
) -> dict[str, Any]:
    """What is seen of the first n replications: who leads, whether it is decided."""
    table = Runs.read(runs[runs["replication"] < n], labels)
    values = {name: table.values(name) for name in {decide_on, *(goal_measure(goal)[0].name for goal in goals)}}
    report = {goal: judge_goal(goal, float(level), table, values) for goal, level in goals.items()}
    choice = choose(MEASURES[decide_on], values[decide_on], report, Rule(margin, is_looked_at=True), with_chances=False)
    n_worlds = len(set(table.worlds.tolist()))
    is_decided = bool(choice["is_decided"]) and n_worlds >= LEAST_WORLDS
    state = "open" if not is_decided else "clear" if choice["is_clear"] else "equal"
    # Nobody to choose from: more runs would not change that.
    state = "nothing" if n_worlds and len(choice["candidates"]) < 2 else state
    kept = ("label", "rival", "lead", "lead_low", "lead_high", "more_replications")
    return {"replications": n, "worlds": n_worlds, "state": state, **{name: choice[name] for name in kept}}


def in_words(look: Mapping[str, Any], number: int, measure: Measure) -> str:
    """A look in one line, for whoever waits."""

    def shown(name: str) -> str:
        return amount(float(look[name]), measure, is_difference=True)

    seen = f"look {number}: {look['replications']} replications in {look['worlds']} worlds, "
    if look["rival"] is None:
        return seen + ("nothing to compare" if look["state"] == "nothing" else "no run gives the measure")
    bound = "no bound yet" if look["lead_low"] is None else f"{shown('lead_low')} to {shown('lead_high')}"
    seen += f"{look['label']} leads {look['rival']} by {shown('lead')} ({bound}): "
    said = {"open": "open", "clear": "clearly best", "equal": "practically equal"}[look["state"]]
    more = look["more_replications"]
    return seen + said + (f", some {more:,.0f} more may settle it" if look["state"] == "open" and more else "")


def as_table(looks: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Looks as a tidy table, a row a look; the columns' types do not depend on what was seen."""
    whole, text = ("replications", "worlds"), ("state", "label", "rival")
    table = pd.DataFrame([dict(look) for look in looks])
    kinds = {name: "int64" if name in whole else object if name in text else "float64" for name in table.columns}
    return table.astype(kinds)


def as_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The table of looks as the verdict holds it; what is not known is null."""
    records: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[assignment]
    return records
