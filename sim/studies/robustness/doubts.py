"""Which assumptions of a scenario are in doubt, and a design over them; imports calibrate, design.

Coefficients are in doubt by their status. Left out are those whose mechanism the scenario switches off, facts of the
shop, and those that change no run: each is set to both ends of its range in one small world, and if every measure of
every strategy comes out the same to the last bit, it cannot touch this question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.design import Design, read_points, value_at
from sim.errors import InputError, did_you_mean
from sim.experiment import Experiment, Progress, Results
from sim.metrics import MEASURES
from sim.params import COEFFICIENTS, FACTS_OF_THE_SHOP
from sim.scenario import Scenario

STATUSES: Final = ("guess", "literature", "verified", "fitted")
#: what is drawn if nobody says otherwise; fitted values have ranges from before they were fitted
DOUBTED: Final = ("guess", "literature", "verified")
POINTS: Final = 192
#: replications of each draw, two to a world, if nobody says otherwise: fewer worlds say little of other worlds
REPLICATIONS: Final = 6
#: status of a coefficient of which a calibration's data tell something
IDENTIFIED: Final = "identified"
#: shoppers in the world in which it is tried what a coefficient changes
_FEW: Final = 1000


@dataclass(frozen=True)
class Doubts:
    """Coefficients that are drawn, and those that are not with the reason."""

    varied: tuple[str, ...]
    left_out: Mapping[str, str]
    warning: str = ""  # of the calibration whose draws are used


def doubts(
    scenario: Scenario,
    statuses: Sequence[str] = DOUBTED,
    jobs: int | None = None,
    out: str | Path = "results",
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
) -> Doubts:
    """The coefficients of these statuses that can change a run of the scenario; tries each, in a folder of its own."""
    for status in statuses:
        if status not in STATUSES:
            hint = did_you_mean(status, STATUSES, kind="statuses")
            raise InputError("no such status", path="--status", found=status, allowed=", ".join(STATUSES), hint=hint)
    left_out: dict[str, str] = {}
    names = []
    for name, row in COEFFICIENTS.items():
        if row.status not in statuses:
            continue
        why = _why_not(scenario, name)
        if why:
            left_out[name] = why
        else:
            names.append(name)
    touching = _touching(scenario, names, jobs, Path(out), progress, executor) if names else set()
    left_out |= {name: "changes no run" for name in names if name not in touching}
    return Doubts(tuple(name for name in names if name in touching), left_out)


def _why_not(scenario: Scenario, name: str) -> str:
    row = COEFFICIENTS[name]
    if name in FACTS_OF_THE_SHOP:
        return "a fact of the shop"
    if row.block and not scenario.switches.get(row.block, True):
        return f"block {row.block} is off"
    return "0 in this scenario: its mechanism is off" if value_at(scenario, f"params.{name}") == 0.0 else ""


def _touching(
    scenario: Scenario,
    names: Sequence[str],
    jobs: int | None,
    out: Path,
    progress: Callable[[Progress], None] | None,
    executor: Executor | str | None,
) -> set[str]:
    changes: dict[str, Any] = {"replications": 1, "noise_per_world": 1, "name": f"{scenario.name[:48]}-touching"}
    if scenario.graph.kind != "file" and scenario.population.size is not None:
        changes["population.size"] = min(scenario.population.size, _FEW)
    small = scenario.with_(changes)
    ends = {f"params.{name}": [COEFFICIENTS[name].low, COEFFICIENTS[name].high] for name in names}
    design = Design.of(small, ends, "one_at_a_time")
    experiment = Experiment(design.scenario, design)
    results = experiment.run(jobs, experiment.default_folder(out), progress, "runs", executor)
    return changed(results)


def changed(results: Results) -> set[str]:
    """The coefficients for which some run of a one-at-a-time sweep differs from the same run at point 0."""
    measures = list(MEASURES)
    runs = results.table("runs", ["point", "strategy", "replication", "status", *measures])
    points = results.points.set_index("point")
    base = runs[runs["point"] == 0].set_index(["strategy", "replication"])[["status", *measures]]
    found = set()
    for point, group in runs[runs["point"] != 0].groupby("point"):
        mine = group.set_index(["strategy", "replication"])[["status", *measures]].reindex(base.index)
        if not mine.equals(base):
            moved = np.flatnonzero((points.loc[point] != points.loc[0]).to_numpy())
            found |= {str(points.columns[int(k)]).removeprefix("params.") for k in moved}
    return found


def over_assumptions(
    scenario: Scenario,
    points: int = POINTS,
    *,
    vary: Mapping[str, Any] | None = None,
    statuses: Sequence[str] = DOUBTED,
    draws: str | Path | None = None,
    seed: int = 1,
    jobs: int | None = None,
    out: str | Path = "results",
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
) -> tuple[Design, Doubts]:
    """A Latin hypercube over what a scenario assumes, to be run by `sim.sweep` and read by `sim.robustness`.

    `vary`: only these, as a design's factors (`{"params.b_r": None}` is its range). `draws`: a calibration's folder,
    or a table of joint draws, a column a path; other coefficients are drawn beside them, unless `vary` is empty.
    `jobs`, `executor`: who tries what changes a run; see `Experiment.run`.
    """
    more: dict[str, Any] = {"points": points, "seed": seed}
    given: set[str] = set()
    about: dict[str, Any] = {}
    if draws is not None:
        from sim.studies.calibrate.writing import POSTERIOR, posterior_manifest

        file = Path(draws) / POSTERIOR if Path(draws).is_dir() else Path(draws)
        more["draws"] = str(file.absolute())
        given = set(read_points(file).paths)
        about = posterior_manifest(file)
    asked = Doubts((), {})
    if vary is None:
        asked = doubts(scenario, statuses, jobs, out, progress, executor)
        vary = {f"params.{name}": None for name in asked.varied if f"params.{name}" not in given}
    if not vary and not given:
        raise InputError(
            "nothing to vary", hint="Name coefficients or levers with --vary, or other statuses with --status."
        )
    design = Design.of(scenario, vary, "latin_hypercube", **more)
    if about.get("fit_for_decisions") is False:
        asked = replace(asked, warning=str(about.get("sentence", "")))
    if about.get("status"):  # what its data do not tell still rests on what its prior rested on
        told = tuple(path for path in design.drawn if about["status"].get(path) == IDENTIFIED)
        design = replace(design, calibrated=told)
    return design, asked
