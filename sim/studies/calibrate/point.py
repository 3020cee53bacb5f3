"""One set of coefficients that comes near the data, found quickly: no posterior; imports `bank`, `world`, optimise.

For a first look at whether the model can be the shop, or to start a scenario from. It says nothing about how sure a
coefficient is, and coefficients that the data do not tell are left at the middle of their priors.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.evidence import Target, Targets
from sim.experiment import Keep, write_json
from sim.studies.calibrate.bank import Watch, play, table_of
from sim.studies.calibrate.blocks import tells
from sim.studies.calibrate.priors import Priors
from sim.studies.calibrate.world import Setting
from sim.studies.optimise.search import optuna, search
from sim.version import RESULTS_VERSION

NEAR: Final = 0.05  # of the value: no target is held to more than this
_EDGE: Final = 1e-3


@dataclass(frozen=True)
class Point:
    """The best set found: values by path, its cost (mean squared distance, families count alike), by family too."""

    values: dict[str, float]
    cost: float
    by_family: dict[str, float]
    free: tuple[str, ...]  # paths the data may tell
    runs: int
    folder: Path

    def as_dict(self) -> dict[str, Any]:
        """Plain data: point.json."""
        return {
            "results_version": RESULTS_VERSION, "values": self.values, "cost": round(self.cost, 4),
            "by_family": {name: round(cost, 4) for name, cost in self.by_family.items()},
            "searched": list(self.free), "runs": self.runs, "fit_for_decisions": False,
        }  # fmt: skip


def find_point(
    setting: Setting, priors: Priors, targets: Targets, folder: Path, n_runs: int, jobs: int | None = None,
    keep: Keep = "orders", watch: Watch | None = None, executor: Executor | str | None = None,
) -> Point:  # fmt: skip
    """Search with Optuna's tree of Parzen estimators, batch by batch; asked again it goes on where it was.

    The cost of a run: of every target (value - data) over its standard error, that of a run as small as the world, and
    a twentieth of its value, squared; the mean of every family, and the mean over families.
    """
    optuna()  # before anything is made, if it is missing
    from optuna.distributions import FloatDistribution

    measures = [target.measure for target in targets]
    may = tells(priors.paths, measures)
    free = [path for path, row in zip(priors.paths, may, strict=True) if row.any()]
    used = [target for target, column in zip(targets, may.T, strict=True) if column.any()]
    if not free:
        raise InputError("the data tell none of the coefficients", path="fit.priors")
    folder.mkdir(parents=True, exist_ok=True)

    def shares_of(point: Mapping[str, Any]) -> list[float]:
        return [float(point.get(path, 0.5)) for path in priors.paths]

    def evaluate(first: int, points: Any) -> list[list[float] | None]:
        shares = np.array([shares_of(point) for point in points])
        number = 100 + first  # people and luck of its own for every run
        where = folder / f"points-{first}"
        played = play(setting.scenario, priors, shares, number, where, jobs, watch, None, keep, executor)
        table = table_of(played, setting.look, folder)
        found: list[list[float] | None] = []
        for row in table.to_dict("records"):
            cost = _cost(row, used, setting.scale)
            found.append(None if cost is None else [cost[0]])
        return found

    space = {path: FloatDistribution(_EDGE, 1.0 - _EDGE) for path in free}
    start = dict.fromkeys(free, 0.5)
    trials = search(folder / "trials.log", space, [-1], n_runs, evaluate, setting.scenario.seed, start)
    known = [trial for trial in trials if trial.values is not None]
    if not known:
        raise InputError("no run has the targets of the data", hint="Check the priors: does anybody buy at all?")
    best = min(known, key=lambda trial: (trial.values or [0.0])[0])
    values = priors.values(np.array([shares_of(best.point)]))[0]
    four = np.array([shares_of(best.point)] * 4)
    again = play(setting.scenario, priors, four, 99, folder / "again", jobs, None, None, keep, executor)
    rows = table_of(again, setting.look, folder).to_dict("records")
    costs = [cost for row in rows if (cost := _cost(row, used, setting.scale)) is not None]
    if not costs:
        raise InputError("the best point, played again, has no targets of the data", file=folder)
    found = Point(
        dict(zip(priors.paths, (float(v) for v in values), strict=True)), float(np.mean([c for c, _ in costs])),
        {name: float(np.mean([by[name] for _, by in costs if name in by])) for name in costs[0][1]}, tuple(free),
        len(trials), folder,
    )  # fmt: skip
    write_json(folder / "point.json", found.as_dict())
    fitted = setting.scenario.with_({path: found.values[path] for path in free})
    (folder / "scenario.yaml").write_text(fitted.to_yaml(folder), encoding="utf-8", newline="\n")
    return found


def _cost(row: Mapping[Any, Any], used: list[Target], scale: float) -> tuple[float, dict[str, float]] | None:
    families: dict[str, list[float]] = {}
    for target in used:
        value = row.get(target.name)
        if value is not None and np.isfinite(value):
            near = np.sqrt(target.sd**2 * (1.0 + max(scale, 1.0)) + (NEAR * target.value) ** 2)
            families.setdefault(target.measure, []).append(float(((value - target.value) / near) ** 2))
    if not families:
        return None
    by = {name: float(np.mean(parts)) for name, parts in families.items()}
    missing = {target.measure for target in used} - set(by)
    return float(np.mean(list(by.values()))) + 10.0 * len(missing), by
