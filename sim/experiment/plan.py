"""Everything there is to run, in order: points x replications, grouped by world; imports design, scenario, `ledger`.

The order of running is the order of the tables: families (points that live in the same worlds), then worlds, then
points, then replications. So neighbours share a world, which is then built once, and merging parts is a walk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from sim.design import ONE_POINT, Points
from sim.errors import InputError
from sim.experiment.ledger import Cell
from sim.scenario import Scenario, content_hash


@dataclass(frozen=True)
class Shard:
    """One of several equal shares of a sweep; `number` counts from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`2/4` as typed."""
        number, slash, of = text.partition("/")
        if not slash or not number.isdecimal() or not of.isdecimal() or not 1 <= int(number) <= int(of):
            raise InputError("not a shard", path="--shard", found=text, allowed="i/n, like 1/4 to 4/4")
        return cls(int(number), int(of))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True)
class Plan:
    """A base scenario, its points, and the share of them that is ours."""

    scenario: Scenario
    points: Points = ONE_POINT
    shard: Shard | None = None
    inputs: Callable[[Scenario], str] | None = None  # what a world is built from; None: every point has its own

    @cached_property
    def families(self) -> list[int]:
        """Number of the family of every point; every point is checked on the way."""
        if len(self.points) == 1 and not self.points.paths:
            return [0]
        known: dict[str, int] = {}
        found = []
        for point in range(len(self.points)):
            scenario = self.points.scenario(self.scenario, point)
            if scenario.labels != self.scenario.labels:
                raise InputError(f"point {point} has other strategies", path="strategies")
            key = str(point) if self.inputs is None else self.inputs(scenario)
            found.append(known.setdefault(key, len(known)))
        return found

    @property
    def n_cells(self) -> int:
        """Cells of this plan, or of its shard."""
        start, stop = self._share
        return stop - start

    @property
    def _share(self) -> tuple[int, int]:
        whole = len(self.points) * self.scenario.replications
        if self.shard is None:
            return 0, whole
        return whole * (self.shard.number - 1) // self.shard.of, whole * self.shard.number // self.shard.of

    def cells(self) -> Iterator[Cell]:
        """Every cell in order."""
        start, stop = self._share
        return islice(self._all_cells(), start, stop)

    def _all_cells(self) -> Iterator[Cell]:
        members: dict[int, list[int]] = {}
        for point, family in enumerate(self.families):
            members.setdefault(family, []).append(point)
        n, per_world = self.scenario.replications, self.scenario.noise_per_world
        for points in members.values():
            for first in range(0, n, per_world):
                for point in points:
                    for replication in range(first, min(first + per_world, n)):
                        yield Cell(point, replication)

    @property
    def digest(self) -> str:
        """12 hex digits that name the question: the scenario's for one point, else of scenario and points."""
        if not self.points.paths:
            return self.scenario.digest
        text = f"{self.scenario.digest}\n{self.points.as_text()}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def files(self) -> dict[str, str]:
        """SHA-256 of every file the scenario names, by the path of the field that names it."""
        return {path: content_hash(file) for path, file in self.scenario.files().items()}
