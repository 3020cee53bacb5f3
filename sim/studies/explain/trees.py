"""Who brought whom: trees of invitations, in linear time; imports `pairs`, forest.

A tree begins with an inviter who was not herself invited on a measured day; everybody in it but her registered on a
measured day, invited by the member above her.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.experiment import Results
from sim.forest import Forest, grow
from sim.studies.compare.values import CONTROL
from sim.studies.explain.pairs import Pairs, People, estimate

N_LARGEST: Final = 10
#: numbers of one run, beside the measures of the same name that the table of runs has
COUNTS: Final = ("n_invited", "n_trees", "tree_size_mean", "tree_size_max", "depth_max", "virality_mean")


@dataclass
class Referrals:
    """What the trees of one strategy amount to, over its runs."""

    runs: dict[int, dict[str, float]] = field(default_factory=dict)
    generations: dict[int, int] = field(default_factory=dict)  # generation -> people, over all runs
    sizes: dict[int, int] = field(default_factory=dict)  # size of a tree -> trees, over all runs
    largest: list[dict[str, Any]] = field(default_factory=list)


def invitation_forest(shoppers: People) -> tuple[npt.NDArray[np.int64], Forest]:
    """(ids, forest) of everybody who invited or was invited on measured days."""
    registered, inviter, people = (np.asarray(shoppers[name]) for name in ("registered_day", "inviter", "id"))
    is_invited = (inviter >= 0) & (registered >= 0)
    child, parent = people[is_invited].astype(np.int64), inviter[is_invited].astype(np.int64)
    ids = np.unique(np.concatenate([child, parent]))
    above = np.full(len(ids), -1, dtype=np.int64)
    above[np.searchsorted(ids, child)] = np.searchsorted(ids, parent)
    return ids, grow(above)


def add_run(found: Referrals, replication: int, shoppers: People) -> None:
    """Write down the trees of one run."""
    ids, forest = invitation_forest(shoppers)
    roots = np.flatnonzero(forest.root == np.arange(len(ids)))
    sizes, virality = forest.size[roots], forest.virality(roots)
    depth = np.zeros(len(ids), dtype=np.int64)
    np.maximum.at(depth, forest.root, forest.depth)
    found.runs[replication] = {
        "n_invited": float(len(ids) - len(roots)),
        "n_trees": float(len(roots)),
        "tree_size_mean": float(sizes.mean()) if len(roots) else np.nan,
        "tree_size_max": float(sizes.max(initial=0)),
        "depth_max": float(depth.max(initial=0)),
        "virality_mean": float(virality.mean()) if len(roots) else np.nan,
    }
    for counts, values in ((found.generations, forest.depth), (found.sizes, sizes)):
        for value, n in zip(*np.unique(values, return_counts=True), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + int(n)
    first = np.lexsort((ids[roots], -sizes))[:N_LARGEST]
    if len(found.largest) == N_LARGEST:  # only trees that may be among the largest of all
        first = first[sizes[first] >= found.largest[-1]["size"]]
    if not len(first):
        return
    people = np.asarray(shoppers["id"])
    begun = np.flatnonzero(np.isin(people, ids[roots[first]]))
    personas = dict(zip(people[begun].tolist(), map(str, pd.Categorical(shoppers["persona"]).take(begun)), strict=True))
    for k in first.tolist():
        row = int(roots[k])
        found.largest.append({
            "replication": replication, "inviter": int(ids[row]), "persona": personas[int(ids[row])],
            "size": int(sizes[k]), "depth": int(depth[row]), "virality": float(virality[k]),
        })  # fmt: skip
    found.largest.sort(key=lambda tree: (-tree["size"], tree["replication"], tree["inviter"]))
    del found.largest[N_LARGEST:]


def referral_tables(results: Results, asked: list[Pairs], found: dict[str, Referrals]) -> dict[str, pd.DataFrame]:
    """Tidy tables: referral (means and paired differences), generations, tree_sizes, largest_trees."""
    row: dict[str, Any]
    labels = [label for label in (CONTROL, *(pair.label for pair in asked)) if label in found]
    runs = results.runs.set_index(["strategy", "replication"])
    known = {name: runs[name].to_dict() for name in ("k_factor", "viral_cycle_days")}
    rows: list[dict[str, Any]] = []
    for label in labels:
        values = {name: {r: run[name] for r, run in found[label].runs.items()} for name in COUNTS}
        for name in ("k_factor", "viral_cycle_days"):
            values[name] = {r: _number(known[name][label, r]) for r in found[label].runs}
        pair = next((pair for pair in asked if pair.label == label), None)
        for name, mine in values.items():
            given = [x for x in mine.values() if not np.isnan(x)]
            row = {"strategy": label, "what": name, "mean": float(np.mean(given)) if given else None}
            row |= dict.fromkeys(("diff", "ci_low", "ci_high"))
            if pair is not None:
                theirs = _of_control(found[CONTROL], known, name)
                row |= estimate(np.array([mine[r] - theirs[r] for r in pair.replications]), pair.worlds)
            rows.append(row)
    generations, sizes, largest = [], [], []
    for label in labels:
        n = len(found[label].runs)
        counts = sorted(found[label].generations.items())
        for k, (generation, people) in enumerate(counts):
            following = counts[k + 1][1] if k + 1 < len(counts) else 0
            generations.append(
                {
                    "strategy": label,
                    "generation": generation,
                    "n_people": people / n,
                    "brought_each": following / people,
                }
            )
        sizes += [
            {"strategy": label, "size": size, "n_trees": trees / n}
            for size, trees in sorted(found[label].sizes.items())
        ]
        largest += [{"strategy": label, **tree} for tree in found[label].largest]
    return {
        "referral": pd.DataFrame(rows),
        "generations": pd.DataFrame(generations, columns=["strategy", "generation", "n_people", "brought_each"]),
        "tree_sizes": pd.DataFrame(sizes, columns=["strategy", "size", "n_trees"]),
        "largest_trees": pd.DataFrame(
            largest, columns=["strategy", "replication", "inviter", "persona", "size", "depth", "virality"]
        ),
    }


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _of_control(control: Referrals, known: Mapping[str, Mapping[Any, Any]], name: str) -> dict[int, float]:
    if name in COUNTS:
        return {r: run[name] for r, run in control.runs.items()}
    return {r: _number(known[name][CONTROL, r]) for r in control.runs}
