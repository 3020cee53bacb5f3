"""Laboratories: they load by name, both drivers agree on them, and they show what experiments found.

What theory says exactly is in test_theory.py; here are facts that hold in order and size, not to the digit.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from sim.catalogue import Catalogue
from sim.draws import SEED_OF_WORLD, derived_seed
from sim.engines import World, simulate
from sim.scenario import Scenario, shipped

LABS = ("lab.bass", "lab.churn", "lab.group", "lab.ic", "lab.musiclab", "lab.recs", "lab.threshold")
TABLES = ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events")


def test_labs_are_shipped_and_come_after_the_main_scenarios() -> None:
    names = list(shipped())
    assert [name for name in names if name.startswith("lab.")] == list(LABS)
    in_a_folder = ["." in name for name in names]
    assert in_a_folder == sorted(in_a_folder)
    for name in LABS:
        lab = Scenario.load(name, check_files=False)
        assert (lab.name, lab.file) == (name, shipped()[name])
        assert Scenario.from_yaml(lab.to_yaml(), check_files=False) == lab


@pytest.mark.parametrize("name", [name for name in LABS if name != "lab.recs"])
def test_both_drivers_agree_on_a_small_copy(name: str) -> None:
    small: dict[str, Any] = {"population.size": 300, "days": 8}
    if name in ("lab.ic", "lab.threshold"):
        small["population.registered_share"] = 0.02
    same_in_both_drivers(Scenario.load(name).with_(small))


def same_in_both_drivers(lab: Scenario) -> None:
    world = World.build(lab)
    one = simulate(lab, lab.labels[-1], world=world, engine="columnar", events=True)
    two = simulate(lab, lab.labels[-1], world=world, engine="objects", events=True)
    for table in TABLES:
        assert_frame_equal(getattr(one, table), getattr(two, table))


# --- F14: seeing what others chose makes success more unequal and less predictable -------------------------

HIDDEN = {"params.b_h": 0.0, "params.w_pop": 0.0}
SHOWN = {"params.w_pop": 0.0}
SORTED: dict[str, float] = {}
WORLDS = 8  # parallel worlds: the same products and people, other luck


def shares(conditions: dict[str, float], draw: int) -> NDArray[np.float64]:
    """Market shares of the 48 products in eight parallel worlds of one draw of products."""
    lab = Scenario.load("lab.musiclab").with_(conditions)
    worlds = [simulate(lab, "control", WORLDS * draw + k).products["units"].to_numpy() for k in range(WORLDS)]
    return np.array([units / units.sum() for units in worlds])


def gini(x: NDArray[np.float64]) -> float:
    """Mean absolute difference between all pairs, over twice the mean."""
    return float(np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean()))


def unpredictability(worlds: NDArray[np.float64]) -> float:
    """Salganik et al.: mean difference of a product's share between two worlds."""
    return float(np.mean([np.abs(a - b).mean() for a, b in combinations(worlds, 2)]))


def rank(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(x)).astype(float)


def check_music_lab(draws: int) -> None:
    g, u, spearman = np.empty((draws, 3)), np.empty((draws, 3)), np.empty(draws)
    for d in range(draws):
        a, b, c = (shares(condition, d) for condition in (HIDDEN, SHOWN, SORTED))
        for k, worlds in enumerate((a, b, c)):
            g[d, k] = np.mean([gini(world) for world in worlds])
            u[d, k] = unpredictability(worlds)
        assert min(gini(world) for world in c) > g[d, 0]  # all eight worlds more unequal than the independent one
        quality = a.mean(axis=0)  # as the authors measured it: the share where nobody sees the others
        spearman[d] = np.mean([np.corrcoef(rank(quality), rank(world))[0, 1] for world in c])
    in_order = [all(x < y for x, y in pairwise(row)) for row in g]
    assert np.mean(in_order) >= 0.95
    assert all(all(x < y for x, y in pairwise(row)) for row in [u.mean(axis=0)])
    assert 0.03 <= (g[:, 1] - g[:, 0]).mean() <= 0.20
    assert 0.12 <= (g[:, 2] - g[:, 0]).mean() <= 0.40
    assert 1.15 <= (u[:, 1] / u[:, 0]).mean() <= 2.2
    assert 1.6 <= (u[:, 2] / u[:, 0]).mean() <= 4.0
    assert 0.4 <= spearman.mean() <= 0.95  # the best rarely do badly, and luck has its part


def test_music_lab() -> None:
    """Two draws of products, three conditions, eight worlds of 700 people each."""
    check_music_lab(2)


@pytest.mark.slow
def test_music_lab_in_full() -> None:
    """F14 in full: forty draws of products."""
    check_music_lab(40)


# --- F01: one more recommendation ---------------------------------------------------------------------------

MOST = 20  # recommendations


def product_like(sociality: float) -> tuple[int, float, float]:
    """Id, kappa and spam onset of the product of world 0 that comes closest: both are drawn by its id."""
    drawn = Catalogue.draw(5000, derived_seed(1, SEED_OF_WORLD, 0))
    j = int(np.argmin(np.abs(drawn.sociality - sociality)))
    return int(drawn.id[j]), float(drawn.sociality[j]), float(drawn.spam_onset[j])


def recs_lab(folder: Path, product: int, per_number: int) -> Scenario:
    """Twenty senders (ids 0..19); then, for each n = 0..20, receivers who hear the senders 0..n-1."""
    n_receivers = (MOST + 1) * per_number
    number = np.repeat(np.arange(MOST + 1), per_number)
    receiver = np.repeat(np.arange(MOST, MOST + n_receivers), number)
    sender = np.concatenate([np.arange(n) for n in number])
    need = [20] * MOST + [0] * n_receivers
    pd.DataFrame({"id": range(len(need)), "need": need}).to_csv(folder / "people.csv", index=False)
    ties = pd.DataFrame({"source": receiver, "target": sender, "weight": 1})
    ties.to_csv(folder / "ties.csv", index=False)
    pd.DataFrame({"id": [product], "price": [10]}).to_csv(folder / "products.csv", index=False)
    return Scenario.load("lab.recs", check_files=False).with_(
        {
            "population.from": str(folder / "people.csv"),
            "graph.path": str(folder / "ties.csv"),
            "catalogue.path": str(folder / "products.csv"),
        }
    )


def bought_after(folder: Path, product: int, per_number: int) -> NDArray[np.float64]:
    """Share of receivers who bought on day 1, by the number of recommendations they had that morning."""
    orders = simulate(recs_lab(folder, product, per_number), "control").orders
    buyers = orders.loc[(orders["day"] == 1) & (orders["agent"] >= MOST), "agent"]
    return np.bincount((buyers - MOST) // per_number, minlength=MOST + 1) / per_number


def expected(kappa: float, onset: float) -> NDArray[np.float64]:
    """The formula in the lab's file, with the coefficients' defaults."""
    n = np.arange(MOST + 1)
    utility = 1.6 * (1.0 - np.exp(-kappa * n)) - 0.12 * np.maximum(0.0, n - onset)
    return np.asarray(1.0 / (1.0 + np.exp(2.0 - 0.6 * utility)))


def check_recs(folder: Path, per_number: int) -> None:
    error = 0.5 / np.sqrt(per_number)  # largest standard error of a share
    product, kappa, onset = product_like(1.2)
    assert (kappa > 1.19, onset) == (True, 2.0)
    narrow = bought_after(folder, product, per_number)
    assert narrow == pytest.approx(expected(kappa, onset), abs=3.5 * error)
    assert np.argmax(narrow) in (2, 3, 4)  # books peak at two, then slowly fall
    assert 0.3 <= narrow[10] / narrow.max() <= 0.85
    product, kappa, onset = product_like(0.3)
    assert (kappa < 0.31, onset) == (True, 1e9)
    social = bought_after(folder, product, per_number)
    assert social == pytest.approx(expected(kappa, onset), abs=3.5 * error)
    assert (np.diff(social[:11]) > -3 * error).all()  # DVDs rise ...
    assert social[10] / social[20] >= 0.85  # ... and saturate at about ten
    assert social[10] > 1.5 * social[0]


def test_one_more_recommendation(tmp_path: Path) -> None:
    """2,500 receivers for each of 21 numbers."""
    check_recs(tmp_path, 2500)


@pytest.mark.slow
def test_one_more_recommendation_in_full(tmp_path: Path) -> None:
    """F01 with 50,000 receivers for each number."""
    check_recs(tmp_path, 50_000)


def test_both_drivers_agree_on_recommendations(tmp_path: Path) -> None:
    same_in_both_drivers(recs_lab(tmp_path, product_like(1.2)[0], 20))
