"""How a fact's runs are played: arms beside the control, in one world with one luck; imports engines and below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from sim.studies.facts.fact import Test, Value, is_lab
from sim.studies.facts.tables import IntArray

if TYPE_CHECKING:
    import pandas as pd

    from sim.engines import World
    from sim.graph import SocialGraph
    from sim.journal import Journal
    from sim.scenario import Scenario

CONTROL: Final = "control"


class Arm(NamedTuple):
    """What is different from the control: tactics, or coefficients."""

    tactics: tuple[dict[str, Any], ...] = ()
    params: Mapping[str, float] = {}


#: share of the catalogue in product trials: 10 of 60
SOME: Final = 10 / 60
PROMOTION_DAYS: Final = 4
DIP_DAYS: Final = 28
#: several promotions in one run, far enough apart that one does not reach into the next
PROMOTIONS: Final = (0, 30, 60)
SALES: Final = (0, 45)
#: samples are given on these days, and their receivers' friends followed for the days after
GIFTS: Final = (0, 29, 59)
GIFT_DAYS: Final = 30

ARMS: Final[dict[str, Arm]] = {
    "some_cheaper": Arm(({"kind": "price_cut", "discount": 0.10, "products": SOME},)),
    "all_cheaper": Arm(({"kind": "price_cut", "discount": 0.10},)),
    "promotion": Arm(
        tuple(
            {
                "kind": "price_cut", "discount": 0.20, "products": SOME, "promoted": True,
                "start": day, "stop": day + PROMOTION_DAYS,
            }
            for day in PROMOTIONS
        )
    ),
    "sale": Arm(
        tuple({"kind": "price_cut", "discount": 0.25, "start": day, "stop": day + PROMOTION_DAYS} for day in SALES)
    ),
    "share_coupon": Arm(({"kind": "share_coupon"},)),
    "gifts": Arm(
        tuple(
            {"kind": "product_sampling", "share": 0.01, "choose": "lot", "start": day, "stop": day + 1} for day in GIFTS
        )
    ),
    "no_herding": Arm(params={"b_h": 0.0}),
    # nobody hears of another's orders: no messages, no posts, no visible purchases; tastes stay as alike as they are
    "unheard": Arm(params={"r_0": 0.0, "p_b": 0.0, "v_own": 0.0}),
}  # fmt: skip


@dataclass
class Shop:
    """One replication, played: the journals of the control and of the arms, and the world of the control."""

    world: World
    journals: dict[str, Journal] = field(default_factory=dict)

    def __getitem__(self, arm: str) -> Journal:
        return self.journals[arm]

    @property
    def days(self) -> int:
        """Measured days."""
        return self.world.scenario.days

    def lot(self, arm: str, ordinal: int = 0) -> IntArray:
        """Ids of the products that the arm's tactic of this ordinal cuts."""
        from sim.draws import tactic_purpose
        from sim.strategies.tactic import chosen_products

        tactic = ARMS[arm].tactics[ordinal]
        ids = self.world.catalogue.id
        chosen = chosen_products(
            ids, tactic["products"], self.world.world_seed, tactic_purpose(tactic["kind"], "products", ordinal)
        )
        return np.asarray(ids[chosen], dtype=np.int64)

    def log(self, kind: str, arm: str = CONTROL) -> pd.DataFrame:
        """Events of one type on measured days."""
        events = self.journals[arm].events
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
        from sim.engines import World

        return World.build(self.scenario, self.first).graph

    def play(
        self,
        changes: Mapping[str, Any] | None = None,
        strategy: str = CONTROL,
        replication: int | None = None,
        *,
        graph: SocialGraph | None = None,
        people: Mapping[str, Any] | None = None,
        events: bool = False,
    ) -> Journal:
        """One run, under changed conditions, with this graph and these people where they are given."""
        from sim.engines import World, simulate

        asked = self.scenario.with_(changes) if changes else self.scenario
        number = self.first if replication is None else replication
        world = World.build(asked, number, graph=graph, people=people)
        return simulate(asked, strategy, number, world=world, events=events)


def play(scenario: Scenario, tests: Sequence[Test], replication: int) -> list[Sequence[Value]]:
    """Play what the tests need in one replication and let each look; one list of values a test."""
    from sim.engines import World, simulate

    if all(is_lab(test.scenario) for test in tests):
        return [test.look(Lab(scenario, replication)) for test in tests]
    arms = list(dict.fromkeys(arm for test in tests for arm in test.arms))
    played = scenario.with_({"strategies": {arm: list(ARMS[arm].tactics) for arm in arms if ARMS[arm].tactics}})
    shop = Shop(World.build(played, replication))
    shop.journals[CONTROL] = simulate(played, CONTROL, replication, events=_events(tests), world=shop.world)
    for arm in arms:
        if ARMS[arm].tactics:
            log = _events([test for test in tests if arm in test.arms])
            shop.journals[arm] = simulate(played, arm, replication, events=log, world=shop.world)
        else:
            other = scenario.with_({f"params.{name}": value for name, value in ARMS[arm].params.items()})
            shop.journals[arm] = simulate(other, CONTROL, replication)
    return [test.look(shop) for test in tests]


def _events(tests: Sequence[Test]) -> tuple[str, ...]:
    return tuple(sorted({kind for test in tests for kind in test.events}))
