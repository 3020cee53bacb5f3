"""For tests of equations through the engine: small laboratories in which every chance is known in closed form (V-type).

What happened to each person on each day is read from the event log; the chance of it is worked out here from that
history by the formulas of docs/model.md, section 7, never by calling a rule. If the engine does what the equations
say, happenings less their chances sum to nearly 0: |sum (x - p)| <= 4.5 sqrt(sum p (1 - p)) + 2, in every group.

Coefficients are much larger than usual, so a wrong sign or a day too many shows in a few thousand people; with the
compiler on there are many more. tests/mutants.py says which mistakes each test of equations must see.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim._jit import IS_COMPILED
from sim.catalogue import Catalogue
from sim.engines import World, simulate
from sim.graph import SocialGraph
from sim.journal import Journal
from sim.population import Population
from sim.rules.records import Constants, Traits
from sim.scenario import Scenario

Reals = NDArray[np.float64]
Bools = NDArray[np.bool_]

N = 30_000 if IS_COMPILED else 2_000  # people in a laboratory
SURE = 2000.0  # a purchase need that makes up for the neutral alpha: who has it buys on every visit
DAILY = 1000.0  # visits per day: comes every day

#: Nothing happens: nobody comes, buys, speaks or leaves but as a laboratory says.
STILL: dict[str, float] = {
    **dict.fromkeys(
        (
            "organic", "churn", "e_in", "e_e", "w_pop", "w_s", "w_fr", "w_kol", "w_promo", "b_m", "b_q", "b_v", "b_p",
            "b_abs", "b_h", "b_r", "b_sp", "b_k", "b_inv", "b_s", "b_e", "q_more", "v_own", "s_const", "s_quality",
            "s_match", "s_luck", "s_hype", "fail", "ret_0", "ret_1", "rev_0", "rev_2", "om_h", "b_n", "b_sat", "b_a",
            "b_rw", "eta", "p_post", "a_inv", "a_kol", "mood_keep", "k_e", "mood_s", "fat_keep", "fat_ask", "g_s",
            "g_n", "g_a", "g_f", "f_1", "om_0", "c_fail", "c_w", "s_team",
        ),
        0.0,
    ),
    "attention": 1, "w_new": 1, "mu": 1, "alpha": -1000, "s_0": -1000, "s_u": -1000, "r_0": 1e6,
}  # fmt: skip


# --- building a laboratory ------------------------------------------------------------------------------------


def people(n: int, registered: Any = True, tenure: Any = 0, **columns: Any) -> Population:
    """n people who are alike but for these columns of traits."""
    alike = dict.fromkeys(Traits._fields, 0.0)
    alike |= {"price": 0.5, "herd": 0.5, "trust": 0.5, "social": 0.5, "emotion": 0.5, "kol": 0.5, "intensity": DAILY}
    alike |= {"arrive": 1.0, "need": SURE}
    traits = {name: np.array(np.broadcast_to(columns.get(name, alike[name]), n), dtype=float) for name in alike}
    assert set(columns) <= set(alike)
    return Population(
        np.arange(n, dtype=np.int64),
        np.zeros(n, dtype=np.int8),
        Traits(**traits),
        np.array(np.broadcast_to(registered, n), dtype=bool),
        np.array(np.broadcast_to(tenure, n), dtype=np.int16),
    )


def products(n: int = 1, **columns: Any) -> Catalogue:
    """n products that are alike but for these columns."""
    alike: dict[str, tuple[Any, Any]] = {
        "price_cents": (1000, np.int64), "unit_cost_cents": (500, np.int64), "quality": (0.0, float),
        "arousal": (0.0, float), "sociality": (0.8, float), "spam_onset": (1e9, float), "category": (0, np.int32),
        "stock": (-1, np.int64), "launch_day": (0, np.int32),
    }  # fmt: skip
    taste = np.zeros((n, 3))
    given = np.asarray(columns.pop("taste", 0.0))
    taste[:, : 3 if given.ndim == 2 else 1] = given if given.ndim == 2 else given.reshape(-1, 1)
    assert set(columns) <= set(alike)
    values = {name: np.array(np.broadcast_to(columns.get(name, x), n), dtype=d) for name, (x, d) in alike.items()}
    return Catalogue(id=np.arange(n, dtype=np.int64), taste=taste, p_ref_cents=1000, **values)


def lab(
    who: Population, what: Catalogue, days: int, params: dict[str, float], ties: Iterable[tuple[Any, Any, Any]] = (),
    strategies: dict[str, Any] | None = None, seed: int = 3, events: Iterable[dict[str, Any]] = (), **constants: float,
) -> World:  # fmt: skip
    """A world of these people and products; `ties` are (who hears, whom, strength), arrays or numbers."""
    scenario = Scenario.from_dict(
        {
            "name": "laboratory", "days": days, "burn_in_days": 0, "population": {"size": len(who)},
            "params": {**STILL, **params}, "strategies": strategies or {}, "events": list(events),
        }
    )  # fmt: skip
    parts = [np.broadcast_arrays(*[np.atleast_1d(np.asarray(x, dtype=float)) for x in tie]) for tie in ties]
    hears, whom, strength = (np.concatenate([part[k] for part in parts] or [np.empty(0)]) for k in range(3))
    graph = SocialGraph.from_edges(hears.astype(int), whom.astype(int), strength, who.ids, directed=True)
    usual = dict.fromkeys(("price", "herd", "trust", "social", "emotion", "kol", "active_share"), 0.5)
    usual |= {"degree": 1.0, "p_ref": 1000.0}
    known = Constants(**{**usual, **constants})
    return World(scenario, 0, 0, seed, seed + 1, scenario.coefficients(), known, who, graph, what)


def play(world: World, strategy: str = "control", engine: Any = "columnar") -> Journal:
    return simulate(world.scenario, strategy, world=world, events=True, engine=engine)


def happened(journal: Journal, kind: str, **where: Any) -> NDArray[np.int64]:
    """How often events of a kind happened: [day, person]."""
    log = rows(journal, kind, **where)
    counts = np.zeros((journal.days, journal.n_shoppers), dtype=np.int64)
    np.add.at(counts, (log["day"].to_numpy(), log["agent"].to_numpy()), 1)
    return counts


def rows(journal: Journal, kind: str, **where: Any) -> pd.DataFrame:
    assert journal.events is not None
    log = journal.events[journal.events["type"] == kind]
    for column, value in where.items():
        log = log[log[column] == value]
    return log


# --- comparing ------------------------------------------------------------------------------------------------

ENOUGH = 3.0  # standard deviation of a sum below which a group says too little


def agree(seen: Any, chance: Any, where: Any = True, groups: Any = None, at_least: int = 1) -> None:
    """Happenings against their chances, over all cells `where` and in every group of them."""
    chance = np.asarray(chance, dtype=float)
    where = np.broadcast_to(where, chance.shape)
    seen, chance = np.broadcast_to(seen, chance.shape)[where].astype(float), chance[where]
    assert ((chance >= 0.0) & (chance <= 1.0)).all()
    assert (seen[chance == 0.0] == 0).all(), "impossible things happened"
    assert (seen[chance == 1.0] == 1).all(), "sure things did not happen"
    names = np.zeros(len(chance)) if groups is None else np.broadcast_to(groups, where.shape)[where]
    n_told = 0
    for name in np.unique(names):
        x, p = seen[names == name], chance[names == name]
        sd = math.sqrt(float((p * (1.0 - p)).sum()))
        off = float((x - p).sum())
        told = f"group {name}: {x.sum():.0f} of {len(x)}, expected {p.sum():.1f} +- {sd:.1f}"
        assert abs(off) <= 4.5 * sd + 2.0, told  # 2: few expected are no normal sum
        n_told += sd > ENOUGH
    assert n_told >= at_least, "too little happened to say anything"


def logistic(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -500.0, 500.0)))


def one_minus_exp(rate: Any) -> Any:
    return -np.expm1(-np.minimum(np.asarray(rate, dtype=float), 700.0))


def spread(n: int, *levels: Iterable[float]) -> list[NDArray[Any]]:
    """Columns that go through all combinations of these levels, again and again."""
    grid = np.array(np.meshgrid(*[list(level) for level in levels], indexing="ij")).reshape(len(levels), -1)
    return list(grid[:, np.arange(n) % grid.shape[1]])


# --- chances that several tests need --------------------------------------------------------------------------

#: One slot and certain purchase: what she buys is what she saw.
ONE_SLOT = {"attention": 1.0, "alpha": 0.0}


def wins(score: Any, error: float, sells: Bools) -> Reals:
    """Chance of each product to look best of four met by chance, again and again until one of them is for sale.

    Four proposals, each any of n; it wins where the others look worse or are not for sale:
    4 / n E[H(score + error U)^3], H(x) the chance that a proposal is not for sale or looks worse than x, U uniform on
    (-1, 1). Without an error it is a matter of ranks, and equal ones share: (H(score)^4 - H(score-)^4) / how many.
    """
    score = np.asarray(score, dtype=float)
    n, off, chance = len(sells), float((~sells).sum()), np.zeros(score.shape)
    for j in np.flatnonzero(sells):
        mine = score[..., j, None]
        if error == 0.0:
            below, equal = (((score < mine) & sells).sum(axis=-1), ((score == mine) & sells).sum(axis=-1))
            chance[..., j] = (((off + below + equal) / n) ** 4 - ((off + below) / n) ** 4) / equal
            continue
        grid = (np.arange(100) + 0.5) / 50.0 - 1.0
        for u in grid:
            worse = np.clip((mine + error * u - score) / (2.0 * error) + 0.5, 0.0, 1.0)
            chance[..., j] += 4.0 / n * ((off + (worse * sells).sum(axis=-1)) / n) ** 3 / len(grid)
    return chance / chance.sum(axis=-1, keepdims=True)


def both_seen(attention: int) -> float:
    """Chance that slots filled by lot show both of two products; each is alone with half of the rest."""
    return 1.0 - 2.0 ** (1 - attention)
