"""For tests of the engines: small worlds in which everything happens soon; what makes two runs the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.engines import World, simulate
from sim.events import registry as all_events
from sim.journal import Journal
from sim.population import PERSONA_TRAITS, PERSONAS
from sim.scenario import Scenario
from sim.strategies import registry

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events")

# makes what is rare frequent, so that small worlds go through every line of the model
BUSY = {
    "alpha": -1.0, "p_post": 0.8, "g_n": 0.9, "organic": 0.05, "churn": 3.0, "om_0": 0.01, "a_inv": 0.3, "a_kol": 0.1,
    "s_0": 0.0, "s_u": 0.0, "r_0": 10.0, "rev_0": 0.2, "fail": 0.15, "ret_0": 0.4, "w_fr": 5.0, "q_more": 0.8,
    "f_1": 0.0, "g_f": 0.3, "fat_ask": 2.0, "o_p": 0.02, "e_p": 1.0, "k_e": 0.05, "b_r": 3.0, "v_bad": 3.0,
    "w_promo": 4.0,
}  # fmt: skip

# people do all there is about each other's words
TALKING = {
    **BUSY, "p_b": 0.9, "p_fwd": 0.4, "fwd_fade": 0.3, "p_like": 0.5, "p_comment": 0.3, "like_joy": 1.0, "p_show": 0.6,
    "p_ask": 0.5, "p_answer": 0.6, "rep_w": 0.1,
}  # fmt: skip
TALK_TYPES = ("show", "like", "comment", "repost", "question", "answer")  # events of it

#: slow states and communities, as strong as they get
BONDS: dict[str, float] = {
    "b_ref": 1.5, "ref_keep": 0.8, "budget": 60.0, "left_because": 0.01, "b_hab": 1.5, "g_hab": 2.0, "hab_r": 0.2,
    "g_warn": 0.5, "g_ref": 5.0, "p_com": 0.3, "com_size": 25.0, "b_bel": 1.0, "g_bel": 1.0, "bel_up": 0.4,
    "tier_gap": 0.9, "b_deal": 2.0, "deal_r": 0.5, "bel_like": 0.5,
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    kind: tactic.example().model_dump(mode="json", exclude_defaults=True) | {"kind": kind}
    for kind, tactic in registry().items()
}
ALONE: dict[str, Any] = {
    **EXAMPLES,
    "all_examples": list(EXAMPLES.values()),
    "cut": {"kind": "price_cut", "discount": 0.25, "products": 0.5, "promoted": True},
    "coupon": {"kind": "coupon", "discount": 0.2},
    "money_off": {"kind": "coupon", "face": 6.0},
    "team": {"kind": "group_buy", "discount": 0.4},
    "big_team": {"kind": "group_buy", "discount": 0.5, "size": 3, "capacity": 4, "window_days": 3, "progress": False},
    "friends_only": {"kind": "group_buy", "discount": 0.5, "window_days": 2, "strangers": False},
    "bargain": {"kind": "bargain", "discount": 0.6, "helpers": 2, "deadline_days": 3, "random_cut": False, "gift": 4.0},
    "kol": {"kind": "kol_seeding", "seeds": 6, "posts_every": 2, "hype": 2.0},
    "kol_core": {"kind": "kol_seeding", "seeds": 6, "choose": "k_core", "posts_every": 3, "commission": 0.5},
    "recommend": {"kind": "recommendation", "weight": 3.0},
    "best_sellers": {"kind": "recommendation", "weight": 5.0, "by": "popularity"},
    **{
        by: {"kind": "recommendation", "by": by, "weight": 3.0, "places": 4, "refresh_days": 3}
        for by in ("content", "collaborative", "social", "hybrid")
    },
    "unlock": {"kind": "share_coupon", "face": 8.0},
    "samples": {"kind": "product_sampling", "share": 0.1, "choose": "lot", "products": 0.5},
}
EVERYTHING = [
    {"kind": "price_cut", "discount": 0.1, "products": 0.5, "promoted": True},
    {"kind": "coupon", "discount": 0.15},
    {"kind": "coupon", "face": 3.0},
    {"kind": "share_coupon", "face": 6.0},
    {"kind": "group_buy", "discount": 0.3, "size": 2, "capacity": 5, "window_days": 2},
    {"kind": "kol_seeding", "seeds": 4, "posts_every": 2},
    {"kind": "kol_seeding", "seeds": 4, "choose": "trait", "posts_every": 3},
    {"kind": "recommendation"},
    {
        "kind": "recommendation",
        "by": "hybrid",
        "weight": 1.5,
        "places": 5,
        "refresh_days": 3,
        "exploration": 0.2,
        "target": {"gender": ["female"]},
    },
    {"kind": "product_sampling", "share": 0.1},
    {"kind": "product_sampling", "share": 0.1, "choose": "lot"},
]
SCARCE = [
    {"kind": "price_cut", "discount": 0.2, "budget_per_day": 25.0},
    {"kind": "coupon", "discount": 0.2, "budget": 60.0},
    {"kind": "coupon", "face": 4.0, "budget": 90.0, "budget_per_day": 20.0},
    {"kind": "share_coupon", "face": 7.0, "budget": 120.0, "budget_per_day": 30.0},
    {"kind": "group_buy", "discount": 0.4, "budget": 150.0, "budget_per_day": 40.0},
    {"kind": "kol_seeding", "seeds": 8, "posts_every": 1, "budget": 400.0},
    {"kind": "recommendation", "budget_per_day": 20.2},
    {"kind": "product_sampling", "share": 0.2, "choose": "lot", "budget": 250.0, "budget_per_day": 70.0},
]
TIMED = [
    {"kind": "price_cut", "discount": 0.3, "start": 3, "stop": 9},
    {"kind": "coupon", "face": 5.0, "every": 3, "target": {"lifecycle": ["new", "returned"]}},
    {"kind": "share_coupon", "start": 5, "target": {"personas": ["price_hunter", "kol_fan"]}},
    {"kind": "group_buy", "discount": 0.4, "window_days": 3, "stop": 8, "target": {"lifecycle": ["active", "silent"]}},
    {"kind": "kol_seeding", "start": 2, "every": 2, "posts_every": 4},
    {"kind": "product_sampling", "share": 0.2, "stop": 9, "target": {"lifecycle": ["active", "returned"]}},
]
#: Every kind of event, most of them at once, and a rival shop for the one that is about it.
EVENTS: list[dict[str, Any]] = [
    *(event.example().model_dump(mode="json") for event in all_events().values()),
    {"kind": "stock_out", "start": 2, "days": 9, "products": [3, 7]},
    {"kind": "season", "start": 8, "days": 3, "visiting": -0.5, "buying": -0.5},
    {"kind": "data_leak", "start": 7, "days": 4},
]
WITH_RIVAL = {**BUSY, "w_rival": 1.5, "g_rival": 0.8}


def scenario(**changes: Any) -> Scenario:
    fields = {"name": "small", "days": 16, "burn_in_days": 6, "population": {"size": 120}, "catalogue": {"size": 25}}
    return Scenario.model_validate({**fields, **changes})


def write(path: Path, table: pd.DataFrame) -> str:
    table.to_csv(path, index=False)
    return str(path)


def people(n: int, seed: int = 0) -> pd.DataFrame:
    """A shoppers' file with every column; ids shuffled, with gaps."""
    luck = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "id": luck.permutation(np.arange(n) * 7 + 3),
        "persona": luck.choice(list(PERSONAS), n),
        "registered": luck.integers(0, 2, n),
        "tenure_days": luck.integers(0, 90, n),
    }
    columns |= {trait: luck.uniform(0.05, 0.95, n).round(3) for trait in PERSONA_TRAITS}
    columns |= {
        "intensity": luck.gamma(1.0, 0.5, n).round(3), "need": luck.normal(0, 1.5, n).round(3),
        "theta": luck.beta(0.5, 10, n).round(5), "arrive": luck.gamma(1.0, 3.0, n).round(3),
    }  # fmt: skip
    return pd.DataFrame(columns | {f"taste_{k}": luck.normal(0, 1, n).round(3) for k in range(3)})


def edges(ids: np.ndarray, per_person: int = 6, seed: int = 1) -> pd.DataFrame:
    """Ties among these people with weights, none twice."""
    luck = np.random.default_rng(seed)
    ties = luck.choice(ids, (len(ids) * per_person // 2, 2))
    table = pd.DataFrame(ties, columns=["source", "target"])
    table = table[table["source"] != table["target"]]
    order = np.sort(table.to_numpy(), axis=1)
    table = table[~pd.DataFrame(order, index=table.index).duplicated()]
    return table.assign(weight=luck.uniform(0.2, 2.0, len(table)).round(3))


def products(n: int, seed: int = 2) -> pd.DataFrame:
    luck = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": luck.permutation(np.arange(n) * 3 + 1),
            "price": luck.uniform(2, 60, n).round(2),
            "stock": np.where(luck.random(n) < 0.5, luck.integers(0, 6, n), -1),
            "launch_day": np.where(luck.random(n) < 0.3, luck.integers(0, 12, n), 0),
        }
    )


def from_files(folder: Path, directed: bool = True) -> dict[str, Any]:
    table = people(110)
    return {
        "population": {"from": write(folder / "people.csv", table)},
        "graph": {
            "kind": "file", "path": write(folder / "ties.csv", edges(table["id"].to_numpy())), "directed": directed,
        },
        "catalogue": {"path": write(folder / "products.csv", products(30))},
    }  # fmt: skip


def assert_same(one: Journal, other: Journal, tables: tuple[str, ...] = TABLES) -> None:
    for name in tables:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, obj=name)


def assert_drivers_agree(asked: Scenario, labels: tuple[str, ...] = ()) -> dict[str, Journal]:
    world = World.build(asked)
    journals = {}
    for label in labels or asked.labels:
        fast = simulate(asked, label, world=world, events=True)
        slow = simulate(asked, label, world=world, events=True, engine="objects")
        assert_same(fast, slow)
        assert fast.provenance == slow.provenance
        journals[label] = fast
    return journals


def events(journal: Journal) -> pd.DataFrame:
    assert journal.events is not None
    return journal.events


def hash_of(thing: Any) -> int:
    return int.from_bytes(hashlib.sha256(str(thing).encode()).digest()[:8], "big")


def fingerprint(journal: Journal) -> str:
    return hashlib.sha256("".join(getattr(journal, name).to_csv() for name in TABLES).encode()).hexdigest()
