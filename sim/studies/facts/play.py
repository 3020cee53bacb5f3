"""How a fact's runs are played: arms beside the control, in one world with one luck; imports engines and below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from sim.studies.facts.fact import Arm, Test, Value
from sim.studies.facts.tables import IntArray

if TYPE_CHECKING:
    import pandas as pd

    from sim.engines import World
    from sim.engines.operations import Operations
    from sim.events import Event
    from sim.graph import SocialGraph
    from sim.journal import Journal
    from sim.scenario import Scenario

CONTROL: Final = "control"


class Ending(NamedTuple):
    """What a run left behind beside its tables."""

    operations: Operations
    state: Any  # of the columnar driver


@dataclass
class Shop:
    """One replication, played: the journals of the control and of the arms, and the world of the control."""

    world: World
    journals: dict[str, Journal] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)

    def __getitem__(self, arm: str | Arm) -> Journal:
        return self.journals[_name(arm)]

    def ending(self, arm: str | Arm) -> Ending:
        """How people and books were on the last evening."""
        return self.endings[_name(arm)]

    @property
    def days(self) -> int:
        """Measured days."""
        return self.world.scenario.days

    def lot(self, arm: Arm, ordinal: int = 0) -> IntArray:
        """Ids of the products that the arm's tactic of this ordinal cuts."""
        from sim.draws import tactic_purpose
        from sim.strategies.tactic import chosen_products

        tactic = arm.tactics[ordinal]
        ids = self.world.catalogue.id
        chosen = chosen_products(
            ids, tactic["products"], self.world.world_seed, tactic_purpose(tactic["kind"], "products", ordinal)
        )
        return np.asarray(ids[chosen], dtype=np.int64)

    def log(self, kind: str, arm: str | Arm = CONTROL) -> pd.DataFrame:
        """Events of one type on measured days."""
        events = self[arm].events
        assert events is not None, "the test must ask for events"
        return events[(events["type"] == kind) & (events["day"] >= 0)]

    @cached_property
    def registrants(self) -> tuple[IntArray, IntArray]:
        """(ids, registration days) of those who registered on measured days."""
        people = self.journals[CONTROL].shoppers
        people = people[people["registered_day"] >= 0]
        return people["id"].to_numpy(dtype=np.int64), people["registered_day"].to_numpy(dtype=np.int64)

    def hearers(self, agent: int) -> IntArray:
        """Ids of those who hear of a shopper."""
        world = self.world
        row = int(self._row[agent])
        rows = world.graph.audience[world.graph.indptr[row] : world.graph.indptr[row + 1]]
        return np.asarray(world.population.ids[rows], dtype=np.int64)

    def n_friends(self, agents: IntArray) -> IntArray:
        """How many people each of them hears."""
        rows = np.array([self._row[agent] for agent in agents.tolist()], dtype=np.int64)
        return np.asarray(self.world.graph.n_heard[rows], dtype=np.int64)

    @cached_property
    def _row(self) -> dict[int, int]:
        return {agent: row for row, agent in enumerate(self.world.population.ids.tolist())}


@dataclass(frozen=True)
class Lab:
    """One world of a laboratory, in which a fact plays what it needs."""

    scenario: Scenario
    first: int  # replication, of those that share the world

    @property
    def replications(self) -> range:
        """Those that share the world: the same people and products, other luck."""
        return range(self.first, self.first + self.scenario.noise_per_world)

    @cached_property
    def seed(self) -> int:
        """For what the fact itself draws by lot: the seed of the world."""
        from sim.draws import SEED_OF_WORLD, derived_seed

        return derived_seed(self.scenario.seed, SEED_OF_WORLD, self.first // self.scenario.noise_per_world)

    @cached_property
    def graph(self) -> SocialGraph:
        """Who hears whom in the world as the scenario draws it."""
        return self.world().graph

    def world(self, changes: Mapping[str, Any] | None = None) -> World:
        """The world, as the scenario draws it with these changes."""
        from sim.engines import World

        return World.build(self.scenario.with_(changes) if changes else self.scenario, self.first)

    def usual(self, *names: str) -> dict[str, float]:
        """Coefficients at their defaults, for what the laboratory's file sets."""
        from sim.params import COEFFICIENTS

        return {name: COEFFICIENTS[name].default for name in names}

    def play(
        self,
        changes: Mapping[str, Any] | None = None,
        strategy: str = CONTROL,
        replication: int | None = None,
        *,
        graph: SocialGraph | None = None,
        people: Mapping[str, Any] | None = None,
        events: bool = False,
        befalls: Sequence[Event] = (),
    ) -> Journal:
        """One run, under changed conditions, with this graph and these people where given; `befalls`: it alone."""
        from sim.engines import World

        asked = self.scenario.with_(changes) if changes else self.scenario
        number = self.first if replication is None else replication
        world = World.build(asked, number, graph=graph, people=people)
        return run(world, strategy, events, befalls)[0]


def play(scenario: Scenario, tests: Sequence[Test], replication: int) -> list[Sequence[Value]]:
    """Play what the tests (of one stage) need in one replication and let each look; one list of values a test.

    The control is played once, an arm as long as the next test needs it: few runs are held at a time.
    """
    from sim.engines import World

    if tests[0].stage.alone:
        return [test.look(Lab(scenario, replication)) for test in tests]
    arms = {arm.name: arm for test in tests for arm in test.arms}
    assert all(arms[arm.name] == arm for test in tests for arm in test.arms), "two arms have one name"
    played = scenario.with_({"strategies": {arm.name: list(arm.tactics) for arm in arms.values() if arm.tactics}})
    shop = Shop(World.build(played, replication))
    for_control = tuple(sorted({kind for test in tests for kind in test.log}))
    shop.journals[CONTROL], shop.endings[CONTROL] = run(shop.world, CONTROL, for_control)
    found = []
    for place, test in enumerate(tests):
        for arm in test.arms:
            if arm.name not in shop.journals:
                users = [other for other in tests[place:] if arm in other.arms]
                log = {*arm.log, *(kind for other in users for kind in other.log)}
                shop.journals[arm.name], shop.endings[arm.name] = _run_arm(played, shop.world, arm, tuple(sorted(log)))
        found.append(test.look(shop))
        rest = tests[place + 1 :]
        needed = {CONTROL, *(arm.name for other in rest for arm in other.arms)}
        for name in shop.journals.keys() - needed if rest else ():
            del shop.journals[name], shop.endings[name]
    return found


def _run_arm(played: Scenario, world: World, arm: Arm, log: tuple[str, ...]) -> tuple[Journal, Ending]:
    from sim.engines import World

    if arm.params:
        asked = played.with_({f"params.{name}": value for name, value in arm.params.items()})
        same = World.inputs(asked) == World.inputs(played)
        replication = world.replication
        world = world.seen_from(asked, replication) if same else World.build(asked, replication)
    return run(world, arm.name if arm.tactics else CONTROL, log, arm.events)


def run(
    world: World, strategy: str, log: bool | tuple[str, ...] = (), events: Sequence[Event] = ()
) -> tuple[Journal, Ending]:
    """One run in this world, with events that befall it alone."""
    from sim.engines import prepare
    from sim.engines.columnar import Columnar

    operations, recorder = prepare(world, strategy, log)
    for event in events:
        operations.befall(event)
        operations.scenes[-1].notes["books"] = operations
    driver = Columnar(world, operations, recorder, 1)
    driver.run()
    state = driver.state
    journal = recorder.journal(
        strategy, world.replication, operations.labels, state.status, state.fatigue, operations.ratings(),
        world.provenance,
    )  # fmt: skip
    return journal, Ending(operations, state)


def _name(arm: str | Arm) -> str:
    return arm if isinstance(arm, str) else arm.name
