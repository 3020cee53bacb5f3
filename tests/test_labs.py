"""Laboratories: they load by name, both drivers agree on them, and what facts find there is what can be calculated.

What theory says exactly is in test_theory.py; here the functions that `grapevine validate` asks are held against closed
forms, exact laws and hand calculations. Whether a fact holds is no test: it is an answer (docs/validation.md).
"""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal
from scipy.special import gammaln
from scipy.stats import binom

from sim.engines import World, simulate
from sim.graph import SocialGraph
from sim.metrics import gini
from sim.params import COEFFICIENTS
from sim.scenario import Scenario, shipped
from sim.studies.facts import labs, tables
from sim.studies.facts.known import f01, f02, f04, f08, f14
from sim.studies.facts.play import Lab
from tests.second_opinion import SecondOpinion
from tests.test_second_opinion import assert_agree

LABS = (
    "lab.bass", "lab.churn", "lab.group", "lab.ic", "lab.musiclab", "lab.rating", "lab.recs", "lab.seeding",
    "lab.threshold",
)  # fmt: skip
TABLES = ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events")


def laboratory(name: str, **changes: Any) -> Lab:
    """The first world of a laboratory; `a__b` is the path a.b."""
    return Lab(Scenario.load(name).with_({path.replace("__", "."): value for path, value in changes.items()}), 0)


def test_labs_are_shipped_and_come_after_the_main_scenarios() -> None:
    names = list(shipped())
    assert [name for name in names if name.startswith("lab.")] == list(LABS)
    in_a_folder = ["." in name for name in names]
    assert in_a_folder == sorted(in_a_folder)
    for name in LABS:
        lab = Scenario.load(name)
        assert (lab.name, lab.file) == (name, shipped()[name])
        assert Scenario.from_yaml(lab.to_yaml(), lab.folder) == lab


@pytest.mark.parametrize("name", LABS)
def test_both_drivers_agree_on_a_small_copy(name: str) -> None:
    small: dict[str, Any] = {"population.size": 300, "days": 8}
    if name in ("lab.ic", "lab.threshold"):
        small["population.registered_share"] = 0.02
    same_in_both_drivers(Scenario.load(name).with_(small if name != "lab.recs" else {}))


def same_in_both_drivers(lab: Scenario) -> None:
    world = World.build(lab)
    one = simulate(lab, lab.labels[-1], world=world, engine="columnar", events=True)
    two = simulate(lab, lab.labels[-1], world=world, engine="objects", events=True)
    for table in TABLES:
        assert_frame_equal(getattr(one, table), getattr(two, table))


def default(name: str) -> float:
    return COEFFICIENTS[name].default


def test_labs_leave_alone_what_their_fact_is_about() -> None:
    """A laboratory switches off what its fact is not about; it does not tune what it is about."""
    about = {
        "lab.musiclab": ("b_h", "w_pop", "w_new", "look_error", "attention", "b_m", "w_s"),
        "lab.recs": ("b_r", "b_sp", "delta_r", "w_inf", "m_f", "mu", "alpha", "w_fr"),
        "lab.seeding": ("r_0", "eta", "a_inv"),
    }
    for name, coefficients in about.items():
        params = Scenario.load(name).coefficients()
        assert {c: getattr(params, c) for c in coefficients} == {c: default(c) for c in coefficients}


# --- F14: seeing what others chose makes success more unequal and less predictable -------------------------


def test_the_music_lab_has_a_second_opinion() -> None:
    """Event by event, from the description of the model alone."""
    lab = Scenario.load("lab.musiclab").with_({"population.size": 150, "days": 30})
    world = World.build(lab)
    journal = simulate(lab, "control", world=world, events=True)
    assert len(journal.orders) > 90
    assert_agree(SecondOpinion(world, "control").run(), journal)


def test_unpredictability_by_hand() -> None:
    worlds = np.array([[0.5, 0.5, 0.0], [0.3, 0.5, 0.2], [0.5, 0.2, 0.3]])
    # pairs: (.2 + 0 + .2) / 3, (0 + .3 + .3) / 3, (.2 + .3 + .1) / 3
    assert tables.unpredictability(worlds) == pytest.approx((0.4 + 0.6 + 0.6) / 9)


def test_where_all_songs_are_alike_and_hidden_success_is_a_lottery() -> None:
    """Everybody takes one of 48 by chance: inequality and unpredictability of multinomial counts, exactly."""
    lab = laboratory("lab.musiclab", params__b_m=0, params__w_s=0)
    taken = f14.downloads(lab, f14.HIDDEN)
    k, totals = taken.shape[1], taken.sum(axis=1)
    assert (totals > 670).all()
    n = int(totals.mean())
    x = np.arange(n + 1)
    one = binom.pmf(x, n, 1 / k)
    reach = one > 1e-12
    apart = np.abs(x[reach, None] - x[reach]) * one[reach, None] * one[reach]  # two worlds, the same product
    shares = taken / totals[:, None]
    assert tables.unpredictability(shares) == pytest.approx(apart.sum() / n, rel=0.08)
    # two products of one world: their sum m is Binomial(n, 2/k), each of the m is either's with chance 1/2
    between = sum(
        chance * (np.abs(2 * np.arange(m + 1) - m) * binom.pmf(np.arange(m + 1), m, 0.5)).sum()
        for m, chance in enumerate(binom.pmf(x, n, 2 / k))
        if chance > 1e-12
    )
    expected = between * (k - 1) / k / (2 * n / k)
    assert np.mean([gini(world) for world in taken]) == pytest.approx(expected, rel=0.08)


def test_music_lab() -> None:
    """Two draws of products, three conditions, eight worlds of 700 people each; and a stronger signal does more."""
    usual = [Lab(Scenario.load("lab.musiclab"), 8 * draw) for draw in (0, 1)]
    found = [f14.music_lab(lab) for lab in usual]
    for in_order, shown, sorted_, *_ in found:
        assert in_order == 1.0
        assert 0 < shown < sorted_  # type: ignore[operator]
    stronger = laboratory("lab.musiclab", params__b_h=2 * default("b_h"), params__w_pop=2 * default("w_pop"))
    plain, strong = found[0], f14.music_lab(stronger)
    for k in (1, 2):
        assert plain[k] < strong[k]  # type: ignore[operator]
    for k in (3, 4):
        (u, hidden), (u_strong, same) = plain[k], strong[k]  # type: ignore[misc]
        assert hidden == same  # the hidden condition does not know how strong the signal would be
        assert hidden < u < u_strong


# --- F01, F02: one more recommendation ------------------------------------------------------------------------


def chance_to_buy(strength: Any, count: Any, kappa: float, onset: float) -> NDArray[np.float64]:
    """The formula in the lab's file, with the coefficients' defaults."""
    felt = default("b_r") * (1.0 - np.exp(-kappa * np.asarray(strength, dtype=float)))
    utility = felt - default("b_sp") * np.maximum(0.0, np.asarray(count) - onset)
    return np.asarray(1.0 / (1.0 + np.exp(-default("alpha") - default("mu") * utility)))


def check_recommendations(per_number: int) -> None:
    lab, n = laboratory("lab.recs"), np.arange(labs.MOST + 1)
    for product, kappa, onset in ((f01.NARROW, 1.2, 2.0), (f01.SOCIAL, 0.3, 1e9)):
        expected = chance_to_buy(n, n, kappa, onset)
        even, odd = f01.buyers(lab, product, per_number)
        error = np.sqrt(expected * (1 - expected) / (per_number / 2))
        for half in (even, odd):
            assert (np.abs(half / (per_number / 2) - expected) < 4 * error).all()
        both = (even + odd) / per_number - expected
        assert (both**2 / (error**2 / 2)).sum() < 50  # chi squared with 21 degrees of freedom: 1 in 2,500
    assert chance_to_buy(2, 2, 1.2, 2.0) > chance_to_buy(1, 1, 1.2, 2.0)


def test_one_more_recommendation() -> None:
    """2,000 receivers for each of 21 numbers, two products, against the closed form."""
    check_recommendations(2000)


@pytest.mark.slow
def test_one_more_recommendation_in_full() -> None:
    """F01 with 50,000 receivers for each number."""
    check_recommendations(50_000)


def test_as_shipped_receivers_get_what_the_file_says() -> None:
    """210 receivers, ten for each number; the files and `labs.recommended` say the same."""
    lab = Scenario.load("lab.recs")
    journal = simulate(lab, "control", events=True)
    assert journal.events is not None
    log = journal.events
    got = log[(log["type"] == "message") & (log["day"] == 0)].groupby("other").size()
    received = got.reindex(range(labs.MOST, labs.MOST + 210), fill_value=0)
    assert received.tolist() == np.repeat(np.arange(21), 10).tolist()
    graph, people = labs.recommended(10)
    again = simulate(lab, "control", world=World.build(lab, graph=graph, people=people))
    assert_frame_equal(again.orders, journal.orders)


def test_one_sender_again() -> None:
    """F02 against the closed form: strength is w(m), equation 9, and the base is who buys without a message."""
    n, earlier = 4000, (0, 2, 8, 30)
    found = f02.success_after(laboratory("lab.recs"), earlier, n)
    worn = [default("w_inf") + (1 - default("w_inf")) * math.exp(-max(0, m - 3) / default("m_f")) for m in earlier]
    base = float(chance_to_buy(0, 0, 1.2, 2.0))
    for buyers, w in zip(found, worn, strict=True):
        more = float(chance_to_buy(w, 1, 1.2, 2.0)) - base  # same luck, so the difference has few to count
        assert buyers == pytest.approx(n * more, abs=4 * math.sqrt(n * more))
    assert found[0] == found[1] > found[2] > found[3]  # flat to three, then less


# --- F04: small cascades with a heavy tail --------------------------------------------------------------------


def offspring(most: int, drawn: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """Chances to bring 0, 1, .. most others: Binomial(k, T) with k ~ k^-2.3 from 10 to 100,000 and mean .25.

    With `drawn` the sizes are those of one graph, and T as before.
    """
    k = np.arange(10, 100_001, dtype=np.float64)
    p = k**-2.3
    p /= p.sum()
    chance = 0.25 / (k * p).sum()
    if drawn is not None:
        k, count = np.unique(drawn.astype(np.float64), return_counts=True)
        p = count / count.sum()
    j = np.arange(most + 1)[:, None]
    with np.errstate(divide="ignore"):
        log_pmf = gammaln(k + 1) - gammaln(j + 1) - gammaln(np.maximum(k - j, 0) + 1)
        log_pmf = log_pmf + j * math.log(chance) + (k - j) * math.log1p(-chance)
    return np.asarray((np.where(j <= k, np.exp(log_pmf), 0.0) * p).sum(axis=1))


def sizes_of_cascades(most: int, drawn: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """P(size = n) for n = 0..most-1 (Otter 1949, Dwass 1969): 1/n times the chance that n people bring n - 1."""
    one = offspring(most, drawn)
    found, together = np.zeros(most), np.array([1.0])
    for n in range(1, most):
        together = np.convolve(together, one)[:most]
        found[n] = together[n - 1] / n
    return found


def test_the_law_of_sizes_is_that_of_the_literature() -> None:
    law = sizes_of_cascades(100)
    assert law[1] == pytest.approx(offspring(0)[0])
    published = 1.65e-4  # from a simulation of 200,000 roots: 33 of them
    assert 1 - law.sum() == pytest.approx(published, abs=3 * math.sqrt(published / 200_000))
    # with Poisson offspring the same recipe is Borel's law: P(1) = e^-R, mean 1 / (1 - R)
    j = np.arange(100)
    poisson = np.exp(j * math.log(0.25) - 0.25 - gammaln(j + 1))
    pair = np.convolve(poisson, poisson)[1] / 2
    assert pair == pytest.approx(math.exp(-0.5) * 0.25)


def test_audiences_follow_the_law_and_are_by_lot() -> None:
    graph = labs.audiences(7)
    assert graph.is_directed
    assert graph.notes == ()  # nobody hears herself, nobody hears anybody twice
    sizes = graph.degree
    k = np.arange(10, 100_001)
    p = k**-2.3 / (k**-2.3).sum()
    for least in (10, 20, 100, 1000):
        share = p[k >= least].sum()
        assert (sizes >= least).mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / len(sizes)))
    heard = graph.n_heard  # by how many speakers' lots she was hit
    big = sizes > 20_000
    spread = heard - sum((sizes[big] / labs.PEOPLE).tolist())
    assert heard.mean() == pytest.approx(sizes.mean())
    assert abs(np.corrcoef(sizes, heard)[0, 1]) < 0.02  # whom one reaches has an audience unrelated to it
    assert spread.var() < 1.5 * heard.mean()


def check_cascades(lucks: int) -> NDArray[np.int64]:
    lab = laboratory("lab.ic")
    sizes = f04.cascades(lab, lucks)
    law, n = sizes_of_cascades(100, labs.audiences(lab.seed).degree), len(sizes)
    assert n == lucks * 1000
    for at_least in (2, 3, 5, 10, 30):
        share = 1 - law[:at_least].sum()
        # a cascade now and then meets another one; that costs about one in a hundred further steps
        assert (sizes >= at_least).mean() == pytest.approx(share, abs=4 * math.sqrt(share / n) + 0.02 * share)
    return sizes


def test_cascades_follow_the_law_of_a_branching_process() -> None:
    check_cascades(3)


@pytest.mark.slow
def test_cascades_in_full() -> None:
    """100,000 roots in one graph: the mean is 1 / (1 - R), R the mean of what one brings in this graph."""
    sizes = check_cascades(100)
    sizes_of_audiences = labs.audiences(laboratory("lab.ic").seed).degree
    k, p = labs.audience_law()
    r = 0.25 * sizes_of_audiences.mean() / (k @ p)
    assert sizes.mean() == pytest.approx(1 / (1 - r), abs=0.04)  # standard error .011, and .005 where cascades meet


def test_tree_sizes() -> None:
    rng = np.random.default_rng(4)
    ids = np.sort(rng.choice(10_000, 300, replace=False))
    inviter = np.array([-1 if rng.random() < 0.3 or k == 0 else ids[rng.integers(k)] for k in range(300)])
    forest = nx.Graph([(int(a), int(b)) for a, b in zip(ids, inviter, strict=True) if b >= 0])
    forest.add_nodes_from(ids.tolist())
    expected = [len(nx.node_connected_component(forest, int(i))) for i in ids[inviter < 0]]
    assert tables.tree_sizes(ids, inviter, inviter < 0).tolist() == expected


# --- F08: whom to tell first ----------------------------------------------------------------------------------


def test_seeds_come_from_their_pools() -> None:
    graph = laboratory("lab.seeding", population__size=3000).graph
    degree = pd.Series(graph.degree, index=graph.ids)
    through = pd.Series(graph.betweenness(3000), index=graph.ids)
    chosen = {sort: labs.seeds(graph, sort, 5) for sort in labs.SORTS}
    assert {len(seeds) for seeds in chosen.values()} == {30}
    assert degree[chosen["hub"]].min() >= degree.sort_values().iloc[-150]
    assert degree[chosen["fringe"]].max() <= degree.sort_values().iloc[149]
    assert through[chosen["bridge"]].min() > through.quantile(0.85)  # the pool is found from some people's paths
    assert degree[chosen["random"]].mean() == pytest.approx(degree.mean(), rel=0.4)
    assert not np.array_equal(chosen["random"], labs.seeds(graph, "random", 6))
    assert np.array_equal(chosen["hub"], labs.seeds(graph, "hub", 5))


@pytest.mark.parametrize("directed", [False, True])
def test_betweenness_is_that_of_networkx(directed: bool) -> None:
    drawn = nx.gnm_random_graph(60, 110, seed=3, directed=directed)
    found = SocialGraph.from_networkx(drawn).betweenness(60)
    expected = nx.betweenness_centrality(drawn.to_undirected(), normalized=False)
    assert found == pytest.approx([expected[i] for i in range(60)])


def test_betweenness_from_some_is_near() -> None:
    graph = SocialGraph.draw("powerlaw_cluster", np.arange(1000), 2, mean_degree=8)
    whole, part = graph.betweenness(1000), graph.betweenness(300)
    assert part.sum() == pytest.approx(whole.sum(), rel=0.05)
    assert np.corrcoef(whole, part)[0, 1] > 0.98


def test_seeds_send_what_their_friends_are_worth() -> None:
    """Messages of day 0 against r_0 (k / mean)^eta over all ties; registrations against 1 - exp(-a_inv)."""
    lab = laboratory("lab.seeding", population__size=8000)
    graph = lab.graph
    successes, tried = 0.0, 0.0
    for sort in labs.SORTS:
        seeds = labs.seeds(graph, sort, lab.seed)
        rows = np.searchsorted(graph.ids, seeds)
        expected = 0.0
        for row in rows:
            friends = graph.audience[graph.indptr[row] : graph.indptr[row + 1]]
            k = len(friends)
            chance = min(1.0, default("r_0") * (k / graph.mean_degree) ** default("eta") / k)
            expected += chance * (~np.isin(friends, rows)).sum()
        all_, own, messages = f08.referrals(lab, sort)
        assert messages == pytest.approx(4 * expected, abs=4 * math.sqrt(4 * expected))  # four lucks
        assert own <= all_
        successes, tried = successes + own, tried + messages
    accepts = 1 - math.exp(-default("a_inv"))
    assert successes == pytest.approx(tried * accepts, abs=4 * math.sqrt(tried * accepts))
