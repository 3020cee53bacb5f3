"""For whom: the same people under the strategy and in the twin world of the control; imports `pairs`.

Pairs share their people and their luck, so a person's two outcomes differ by what the strategy did to her and to
those around her. The four classes are by whether she ordered at all: under both, only under one, under neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.journal import STAGES
from sim.metrics import RETAINED_DAYS
from sim.population import PERSONAS
from sim.studies.explain.pairs import Floats, Pairs, People, estimate

#: class -> (ordered under the strategy, ordered under the control)
CLASSES: Final = {
    "sure_things": (True, True), "persuadables": (True, False), "sleeping_dogs": (False, True),
    "lost_causes": (False, False),
}  # fmt: skip
#: what is set side by side, a person
OUTCOMES: Final = ("n_orders", "spend_cents", "visits", "is_retained")
_COLUMNS: Final = ("n_people", *OUTCOMES, *CLASSES)
#: what is read of the table of shoppers
SHOPPER_COLUMNS: Final = (
    "strategy", "replication", "id", "persona", "stage", "registered_day", "inviter", "last_visit_day", *OUTCOMES[:3],
)  # fmt: skip
SEGMENTS: Final = (
    ("all", "all"), *(("stage", stage) for stage in STAGES), *(("persona", persona) for persona in PERSONAS)
)  # fmt: skip


class Side(NamedTuple):
    """One run's people in the order of their ids: outcomes, and (under the control) the segment of each."""

    ids: NDArray[np.int64]
    outcomes: dict[str, NDArray[np.int64]]
    places: tuple[NDArray[np.int64], ...]  # of each kind of segment: 1 for the first name ..., 0: none of them


_KINDS: Final = (("stage", STAGES), ("persona", tuple(PERSONAS)))  # in the order of SEGMENTS


def _places(words: Any, names: Sequence[str]) -> NDArray[np.int64]:
    found = pd.Categorical(words)
    place = np.array([names.index(name) + 1 if name in names else 0 for name in found.categories] + [0], dtype=np.int64)
    return np.asarray(place[found.codes])  # a missing word has code -1, the last place


def side(shoppers: People, n_days: int, *, is_control: bool) -> Side:
    """What `twins` compares, of one run."""
    ids = np.asarray(shoppers["id"], dtype=np.int64)
    order: Any = slice(None) if (ids[1:] > ids[:-1]).all() else np.argsort(ids, kind="stable")
    found = {name: np.asarray(shoppers[name], dtype=np.int64)[order] for name in OUTCOMES[:3]}
    found["is_retained"] = (np.asarray(shoppers["last_visit_day"])[order] >= n_days - RETAINED_DAYS).astype(np.int64)
    places = tuple(_places(shoppers[kind], names)[order] for kind, names in _KINDS if is_control)
    return Side(ids[order], found, places)


def twins(strategy: pd.DataFrame, control: pd.DataFrame, n_days: int) -> Floats:
    """Sums over the people of each segment: how many, differences of outcomes, how many in each class.

    Segments are what people were before measured day 0, so they hold the same people in both tables.
    """
    return twin_sums(side(strategy, n_days, is_control=False), side(control, n_days, is_control=True))


def twin_sums(strategy: Side, control: Side) -> Floats:
    """`twins` of two runs that are prepared."""
    if not np.array_equal(strategy.ids, control.ids):
        raise ValueError("the two tables do not hold the same people")
    one, other = strategy.outcomes, control.outcomes
    buys, bought = one["n_orders"] > 0, other["n_orders"] > 0
    columns = [np.ones(len(buys)), *(one[name] - other[name] for name in OUTCOMES)]
    columns += [(buys == a) & (bought == b) for a, b in CLASSES.values()]
    parts = [np.array([[column.sum() for column in columns]], dtype=np.float64)]
    for place, (_, names) in zip(control.places, _KINDS, strict=True):
        found = [np.bincount(place, weights=column, minlength=len(names) + 1)[1:] for column in columns]
        parts.append(np.stack(found, axis=1))
    return np.concatenate(parts)


def who(pair: Pairs, sums: Iterable[Floats]) -> list[dict[str, Any]]:
    """Uplift a person with its interval, and shares of the four classes, by segment."""
    table = np.stack(list(sums))
    rows = []
    for k, (kind, name) in enumerate(SEGMENTS):
        people = table[:, k, 0]
        if not people.any():
            continue
        row: dict[str, Any] = {"strategy": pair.label, "by": kind, "of": name, "n_people": float(people.mean())}
        share = np.divide(
            table[:, k, 1:], people[:, None], out=np.full((len(people), len(_COLUMNS) - 1), np.nan),
            where=people[:, None] > 0,
        )  # fmt: skip
        for j, outcome in enumerate(OUTCOMES):
            entry = estimate(share[:, j], pair.worlds)
            row |= {outcome: entry["diff"], f"{outcome}_low": entry["ci_low"], f"{outcome}_high": entry["ci_high"]}
        row |= class_shares(table[:, k])
        net = np.asarray(share[:, _place("persuadables")] - share[:, _place("sleeping_dogs")])
        entry = estimate(net, pair.worlds)
        row |= {"net_buyers": entry["diff"], "net_buyers_low": entry["ci_low"], "net_buyers_high": entry["ci_high"]}
        rows.append(row)
    return rows


def _place(name: str) -> int:
    return _COLUMNS.index(name) - 1


def class_shares(sums: Floats) -> Mapping[str, float]:
    """Share of a segment's people in each class, over replications together."""
    people = sums[:, 0].sum()
    return {name: float(sums[:, _COLUMNS.index(name)].sum() / people) for name in CLASSES}
