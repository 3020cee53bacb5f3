"""What theory says exactly: percolation, beta-geometric survival, Poisson teams, no influence without a coupling.

Laboratories are scenarios (scenarios/lab), run by the usual engines; only coefficients and sizes are changed
here. Numbers to compare with are computed below from the formulas, and checked against published ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from sim import draws, strategies
from sim.engines import World, simulate
from sim.journal import Journal
from sim.scenario import Scenario
from sim.strategies.tactic import Board, Desk, People, Tactic, lever
from sim.studies.facts.exact import ALONE
from sim.studies.facts.known import v01, v05
from sim.studies.facts.theory import (
    ACCEPTS,
    TAIL,
    TAIL_GRAPH,
    TAIL_MEAN,
    fills,
    final_size,
    poisson,
    reach_for,
    survival,
)

# --- V1: an invitation that passes every tie with the same chance is bond percolation ---------------------


def test_the_formula_gives_the_published_numbers() -> None:
    er = {1.2: 0.3137, 1.5: 0.5828, 2.0: 0.7968, 3.0: 0.9405}
    for r, size in er.items():
        assert final_size(poisson(8.0), r / 8.0) == pytest.approx(size, abs=5e-5)
        assert size == pytest.approx(1.0 - math.exp(-r * size), abs=1e-4)
    k = np.arange(201)
    assert pytest.approx(4.3110, abs=5e-5) == TAIL_MEAN
    assert TAIL_MEAN / float((k * (k - 1) * TAIL).sum()) == pytest.approx(0.0603, abs=5e-5)
    assert final_size(TAIL, 0.10) == pytest.approx(0.0735, abs=5e-5)
    assert final_size(TAIL, 0.20) == pytest.approx(0.2666, abs=5e-5)


def cascade(chance: float, mean_degree: float = v01.MEAN_DEGREE, **changes: Any) -> Scenario:
    """lab.ic with this chance per tie."""
    paths = {name.replace("__", "."): value for name, value in changes.items()}
    return Scenario.load("lab.ic").with_({**v01.per_tie(chance, mean_degree), **paths})


def reached(scenario: Scenario, replications: int) -> NDArray[np.int64]:
    """How many adopted in each replication, seeds included. Each has a graph and luck of its own."""
    return np.array([v01.adopters(simulate(scenario, "control", r)) for r in range(replications)])


def one_seed(folder: Path, size: int) -> dict[str, Any]:
    """Person 0 is the only seed; graphs are drawn anew each time, so that is a person at random."""
    pd.DataFrame({"id": range(size), "registered": [1] + [0] * (size - 1)}).to_csv(folder / "one.csv", index=False)
    return {"population__size": size, "population__from": str(folder / "one.csv")}


def mean_and_error(values: NDArray[Any]) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def test_as_shipped_the_cascade_reaches_what_its_file_says() -> None:
    shipped = Scenario.load("lab.ic")
    assert cascade(0.25).coefficients().r_0 == pytest.approx(shipped.coefficients().r_0, rel=1e-3)
    journal = simulate(shipped, "control")
    daily = journal.daily
    assert v01.adopters(journal) / 20_000 == pytest.approx(final_size(poisson(8.0), 0.25, 0.0005), abs=0.015)
    # everybody acts on one day: visits, buys, leaves
    for column in ("visits", "orders", "units", "churned", "share_events"):
        assert daily[column].sum() == v01.adopters(journal)
    assert daily["n_active"].sum() == 0
    assert daily["returned"].sum() == 0


@pytest.mark.parametrize(("chance", "days", "within"), [(0.15, 100, 0.02), (0.25, 35, 0.01)])
def test_a_share_of_seeds_reaches_the_size_of_the_giant_component(chance: float, days: int, within: float) -> None:
    """Four graphs of 20,000 with 40 seeds, against the formula with that share of seeds."""
    sizes = reached(cascade(chance, population__registered_share=0.002, days=days), 4) / 20_000
    assert sizes.mean() == pytest.approx(final_size(poisson(8.0), chance, 0.002), abs=within)


def test_an_outbreak_is_as_likely_as_it_is_large(tmp_path: Path) -> None:
    """100 single seeds in graphs of 1,500 (R = 2): P(outbreak) = S, here within 3 standard errors."""
    sizes = reached(cascade(0.25, **one_seed(tmp_path, 1500), days=20), 100) / 1500
    large = sizes > 0.05
    assert large.mean() == pytest.approx(0.7968, abs=0.12)
    assert sizes[large].mean() == pytest.approx(0.7968, abs=0.015)
    assert not ((sizes > 0.05) & (sizes < 0.5)).any()  # small or giant, nothing between


def trees(scenario: Scenario, replications: int) -> tuple[float, float, int]:
    """Mean size of the trees below all seeds, share of seeds that brought nobody, number of seeds."""
    adopters, seeds, alone = np.sum([v01.trees(simulate(scenario, "control", r)) for r in range(replications)], axis=0)
    return float(adopters / seeds), float(alone / seeds), int(seeds)


def test_below_the_threshold_cascades_stay_small() -> None:
    """R = .4, about 2,000 seeds in four graphs (one person of 200 is a seed, which costs under 1 % of the mean).

    Mean 1 / (1 - R), standard deviation sqrt(R / (1 - R)^3); P(alone) = exp(-R). Within 3 standard errors.
    """
    mean, alone, n = trees(cascade(0.05, population__size=100_000, population__registered_share=0.005, days=25), 4)
    assert n > 1900
    assert mean == pytest.approx(1.0 / 0.6, abs=3 * math.sqrt(0.4 / 0.6**3 / n) + 0.01)
    assert alone == pytest.approx(math.exp(-0.4), abs=3 * math.sqrt(0.67 * 0.33 / n))


@pytest.mark.parametrize(("chance", "days"), [(0.10, 60), (0.20, 35)])
def test_hubs_lower_the_threshold(chance: float, days: int) -> None:
    """Degrees k^-2.5 on 2..200, 100 seeds in 20,000: an outbreak at T = .10, where without hubs R would be .43."""
    lab = cascade(chance, TAIL_MEAN, graph=TAIL_GRAPH, days=days, population__registered_share=0.005)
    assert reached(lab, 4).mean() / 20_000 == pytest.approx(final_size(TAIL, chance, 0.005), abs=0.015)


def test_below_the_threshold_hubs_do_not_help() -> None:
    """T = .03, half the threshold: ten seeds reach less than one in 200."""
    assert reached(cascade(0.03, TAIL_MEAN, graph=TAIL_GRAPH, days=40), 3).max() / 20_000 < 0.005


def test_on_a_clustered_graph_percolation_is_the_second_opinion() -> None:
    """Where friends know each other no formula holds: networkx opens ties of the same graph by lot, same seeds."""
    graph = {"kind": "powerlaw_cluster", "mean_degree": 8, "triangle_share": 0.6}
    runs = 16
    lab = cascade(0.15, graph=graph, population__size=3000, population__registered_share=0.005, noise_per_world=runs)
    world = World.build(lab)
    seeds = np.flatnonzero(world.population.is_registered).tolist()
    chance = lab.coefficients().r_0 * ACCEPTS / world.graph.mean_degree
    ties = np.array(world.graph.to_networkx().edges)
    luck = np.random.default_rng(0)
    drawn = []
    for _ in range(runs):
        open_ties: nx.Graph[int] = nx.Graph(ties[luck.random(len(ties)) < chance].tolist())
        open_ties.add_nodes_from(seeds)
        told = set().union(*(nx.node_connected_component(open_ties, seed) for seed in seeds))
        drawn.append(len(told))
    (mean, error), (other, its_error) = mean_and_error(reached(lab, runs)), mean_and_error(np.array(drawn))
    assert mean == pytest.approx(other, abs=3 * math.hypot(error, its_error))
    assert error < 0.02 * mean


@pytest.mark.slow
@pytest.mark.parametrize(("chance", "size", "within", "days"), [(0.15, 0.3137, 0.02, 160), (0.25, 0.7968, 0.01, 45)])
def test_400_single_seeds(tmp_path: Path, chance: float, size: float, within: float, days: int) -> None:
    """V1 in full: 400 graphs of 20,000, one seed each."""
    sizes = reached(cascade(chance, **one_seed(tmp_path, 20_000), days=days), 400) / 20_000
    large = sizes > 0.05
    assert sizes[large].mean() == pytest.approx(size, abs=within)
    assert large.mean() == pytest.approx(size, abs=0.07)


@pytest.mark.slow
@pytest.mark.parametrize(("r", "share", "days", "replications"), [(0.4, 0.005, 30, 60), (0.8, 0.001, 60, 200)])
def test_many_small_cascades(r: float, share: float, days: int, replications: int) -> None:
    """V1 in full below the threshold: mean 1 / (1 - R) within 5 %, P(alone) = exp(-R) within .01.

    30,000 and 20,000 seeds, so that .01 is about three standard errors.
    """
    lab = cascade(r / 8.0, population__size=100_000, population__registered_share=share, days=days)
    mean, alone, n = trees(lab, replications)
    assert n > 19_000
    assert mean == pytest.approx(1.0 / (1.0 - r), rel=0.05)
    assert alone == pytest.approx(math.exp(-r), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("chance", "size", "days"), [(0.10, 0.0735, 120), (0.20, 0.2666, 60)])
def test_200_single_seeds_among_hubs(tmp_path: Path, chance: float, size: float, days: int) -> None:
    """V1 in full on k^-2.5: near the threshold outbreaks of a graph of 20,000 are few and scattered, hence .015."""
    lab = cascade(chance, TAIL_MEAN, **one_seed(tmp_path, 20_000), graph=TAIL_GRAPH, days=days)
    sizes = reached(lab, 200) / 20_000
    assert sizes[sizes > min(0.05, size / 2)].mean() == pytest.approx(size, abs=0.015)


# --- V5: leaving alone is the shifted beta-geometric --------------------------------------------------------


def test_survival_is_that_of_fader_and_hardie() -> None:
    """100,000 people; a share of .5 has a standard error of .0016."""
    published = list(v05.PUBLISHED)
    assert [survival(0.704, 1.182, t) for t in range(1, 8)] == pytest.approx(published, abs=5e-5)
    daily = simulate(Scenario.load("lab.churn"), "control").daily
    assert daily["new_organic"].tolist() == [100_000] + [0] * 11
    alive = np.concatenate([[1.0], daily["n_active"].to_numpy() / 100_000])  # after t nights
    assert alive[1:8] == pytest.approx(published, abs=0.005)
    retention = alive[1:] / alive[:-1]
    assert (np.diff(retention[:7]) > 0).all()  # rises though nobody changes
    assert (daily["n_active"] + daily["n_lapsed"] == 100_000).all()


@pytest.mark.parametrize(("a", "b"), [(0.668, 3.806), (0.35, 1.2), (3.0, 1.0)])
def test_survival_with_other_shapes(a: float, b: float) -> None:
    """High-end customers of Fader & Hardie, the shop's defaults, and people who are much alike; 50,000 each."""
    changed = {"params.theta_a": a, "params.theta_b": b, "population.size": 50_000, "days": 30}
    daily = simulate(Scenario.load("lab.churn").with_(changed), "control").daily
    expected = [survival(a, b, t) for t in range(1, 31)]
    assert daily["n_active"].to_numpy() / 50_000 == pytest.approx(expected, abs=0.007)


def test_who_has_stayed_long_stays() -> None:
    """Who is registered for a while at the start leaves as a survivor of that many nights does (theta | tenure)."""
    changed = {"population.registered_share": 1, "params.organic": 0, "population.size": 100_000, "days": 1}
    world = World.build(Scenario.load("lab.churn").with_(changed))
    tenure = world.population.tenure_days
    left = (simulate(world.scenario, "control", world=world).shoppers["status"] == "lapsed").to_numpy()
    for low, high in ((0, 1), (1, 5), (5, 30), (30, 200)):
        part = (tenure >= low) & (tenure < high)
        expected = np.mean([0.704 / (0.704 + 1.182 + t) for t in tenure[part]])
        assert left[part].mean() == pytest.approx(expected, abs=4 * math.sqrt(expected / part.sum()))


# --- V6: teams with Poisson joiners -------------------------------------------------------------------------


def group_lab(joiners: float, size: int, **changes: Any) -> Scenario:
    return Scenario.load("lab.group").with_({"params.r_0": reach_for(joiners, 0.1), "population.size": size, **changes})


def check_groups(joiners: float, people: int, within: float) -> None:
    lab = group_lab(joiners, people)
    world = World.build(lab)
    for label, size in (("pairs", 2), ("threes", 3), ("fives", 5)):
        daily = simulate(lab, label, world=world).daily
        founded = daily["teams_founded"][0]
        assert founded == pytest.approx(0.1 * people, rel=0.03)
        assert daily["teams_succeeded"][1] + daily["teams_failed"][1] == founded  # all close on day 1
        assert daily["new_invited"][1] / founded == pytest.approx(joiners, rel=0.03)
        assert daily["teams_succeeded"][1] / founded == pytest.approx(fills(joiners, size), abs=within), label


def test_poisson_teams_as_published() -> None:
    published = {1.0: (0.6321, 0.2642, 0.0190), 2.0: (0.8647, 0.5940, 0.1429)}
    for mean, rates in published.items():
        assert [fills(mean, size) for size in (2, 3, 5)] == pytest.approx(rates, abs=5e-4)
    shipped = Scenario.load("lab.group")
    assert reach_for(1.0, 0.1) == pytest.approx(shipped.coefficients().r_0, rel=1e-3)


@pytest.mark.parametrize("joiners", [1.0, 2.0])
def test_teams_fill_as_often_as_poisson_says(joiners: float) -> None:
    """About 8,000 teams: a rate of .5 has a standard error of .0056."""
    check_groups(joiners, 80_000, 0.016)


@pytest.mark.slow
@pytest.mark.parametrize("joiners", [1.0, 2.0])
def test_50_000_teams(joiners: float) -> None:
    """V6 in full: within .007."""
    check_groups(joiners, 500_000, 0.007)


def test_a_longer_window_closes_later_and_fills_as_often() -> None:
    """All joiners come on day 1; with a window of two days teams wait for day 2."""
    lab = group_lab(1.0, 50_000)
    one = simulate(lab, "threes").daily
    two = simulate(lab.with_({"strategies.threes.window_days": 2}), "threes").daily
    assert two["teams_succeeded"][1] == two["teams_failed"][1] == 0
    assert two["teams_succeeded"][2] == one["teams_succeeded"][1]
    assert two["teams_failed"][2] == one["teams_failed"][1]


# --- V8: without a social coupling nobody is influenced, however alike friends are -----------------------------

#: Messages are still sent, posted and remembered; friends are still alike (hom).
DEAF = {name: value for name, value in ALONE.items() if name != "v_own"}


class Gift(Tactic):
    """For tests: everything for next to nothing to people drawn by lot, who then surely buy."""

    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = "nearly the list price"
    backfires: ClassVar[str] = "made to"
    title_zh: ClassVar[str] = "赠品"

    kind: Literal["parcel"] = "parcel"
    people: float = lever(0.01, "share of people", "who gets it", "获赠比例", ge=0.0, le=1.0)

    def lot(self, ids: NDArray[np.int64], desk: Desk) -> NDArray[np.bool_]:
        words = np.empty((len(ids), 4), dtype=np.int64)
        draws.blocks(desk.seed, self.purpose("people", desk), 0, ids, np.zeros(len(ids), dtype=np.int64), words)
        return words[:, 0] < self.people * 2**32

    def begin(self, desk: Desk) -> None:
        people = desk.world.population.ids
        CHOSEN[:] = people[self.lot(people, desk)].tolist()

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        mine = chosen & self.lot(people.id, desk)
        offers["coupon_share"][mine] = 0.9999
        offers["coupon_share_tactic"][mine] = desk.index


CHOSEN: list[int] = []


@pytest.fixture
def with_gift(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the tactic as a third party's package would."""
    monkeypatch.setattr(strategies, "_others", lambda: [Gift])
    strategies.registry.cache_clear()
    yield
    strategies.registry.cache_clear()


def closed(params: dict[str, float], **changes: Any) -> Scenario:
    """Everybody registered, nobody leaves; buys often enough to see something."""
    return Scenario.from_dict(
        {
            "name": "closed", "days": 30, "burn_in_days": 10,
            "population": {"size": 3000, "registered_share": 1}, "catalogue": {"size": 40},
            "params": {"churn": 0, "alpha": -2, "b_p": 3.0, "p_post": 0.8, **params},
            "strategies": {"gift": {"kind": "parcel"}}, **changes,
        }
    )  # fmt: skip


def others(journal: Journal) -> pd.DataFrame:
    """What those did who got no gift."""
    assert journal.events is not None
    return journal.events[~journal.events["agent"].isin(CHOSEN)].reset_index(drop=True)


@pytest.mark.usefixtures("with_gift")
@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_gifts_change_nobody_else_where_nobody_listens(engine: Any) -> None:
    """Hundreds of orders more, told to friends; not one event of anybody else is different."""
    lab = closed(DEAF)
    if engine == "objects":
        lab = lab.with_({"population.size": 400, "days": 8, "strategies.gift.people": 0.05})
    world = World.build(lab)
    without = simulate(lab, "control", world=world, events=True, engine=engine)
    given = simulate(lab, "gift", world=world, events=True, engine=engine)
    assert len(CHOSEN) >= 10
    more = given.orders["agent"].isin(CHOSEN).sum() - without.orders["agent"].isin(CHOSEN).sum()
    assert more > len(CHOSEN)  # she buys nearly every time she comes
    assert given.events is not None
    heard = given.events[(given.events["type"] == "message") & given.events["agent"].isin(CHOSEN)]["other"]
    assert heard.nunique() > 5  # friends did hear of it
    assert_frame_equal(others(given), others(without))


@pytest.mark.usefixtures("with_gift")
@pytest.mark.parametrize("heard", ["e_in", "w_fr", "b_r", "b_h", "w_pop", "b_v", "b_q", "om_h", "k_e"])
def test_each_coupling_is_one(heard: str) -> None:
    """The same with one of the couplings back on: now others' events differ. So the placebo above says something."""
    strong = {"e_in": 0.5, "w_fr": 2.0, "b_r": 6.0, "b_h": 0.5, "w_pop": 1.0, "b_v": 0.4, "b_q": 0.4, "om_h": 0.6,
              "k_e": 1.0}  # fmt: skip
    # stars are whole numbers, which a pull seldom moves: more reviews, and for longer
    more = {"k_e": {"e_e": 0.5}, "om_h": {"rev_0": 1.0, "rev_max": 1.0}}.get(heard, {})
    lab = closed(DEAF | {heard: strong[heard]} | more)
    world = World.build(lab)
    without = simulate(lab, "control", world=world, events=True)
    given = simulate(lab, "gift", world=world, events=True)
    assert not others(given).equals(others(without))


def likeness(hom: float) -> float:
    """How much likelier two friends bought the same product than two people at random (1 = no likelier)."""
    lab = closed(DEAF | {"hom": hom}, strategies={}, population={"size": 10_000, "registered_share": 1})
    world = World.build(lab)
    orders = simulate(lab, "control", world=world).orders
    bought = np.zeros((len(world), len(world.catalogue)))
    bought[np.searchsorted(world.population.ids, orders["agent"]), orders["product"]] = 1.0
    one = np.repeat(np.arange(len(world)), np.diff(world.graph.indptr))
    other = world.graph.audience
    among_friends = (bought[one] * bought[other]).sum(axis=1).mean()
    luck = np.random.default_rng(1)
    shuffled = [(bought[one] * bought[luck.permutation(other)]).sum(axis=1).mean() for _ in range(5)]
    return float(among_friends / np.mean(shuffled))


def test_friends_buy_alike_although_nobody_influences_anybody() -> None:
    """What a naive measure takes for influence is likeness: it vanishes with homophily, not with influence."""
    assert likeness(0.6) > 1.1
    assert likeness(0.0) == pytest.approx(1.0, abs=0.1)  # some thousand orders
