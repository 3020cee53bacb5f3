"""Why GMV and profit differ: exact splits by factor, group and persona; imports `shapley`, `pairs`, funnel.

GMV = sum over groups of people (where they came from) and personas of

    shopper-days x active share x share of these days of people who come x visits a day x orders a visit x GMV an order

(`path`), or of people x share who buy x orders a buyer x GMV an order (`buyers`). Each group and persona is split by
itself, in each pair of runs, so that the parts add up in whatever way they are summed (docs/explain.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from sim.experiment import Results
from sim.funnel import FUNNEL, GROUPS
from sim.studies.compare.values import CONTROL
from sim.studies.explain.pairs import Floats, Pairs, cells, estimate
from sim.studies.explain.shapley import filled, of_product, ratios, weights

#: the factors of the identities by name, in the order in which they are told
FACTORS: Final = (
    "acquisition", "referral", "retention", "activation", "frequency", "conversion", "buying", "repeat", "order_value",
    "reductions", "returns", "expenses",
)  # fmt: skip
_PATH: Final = ("shopper_days", "active_days", "visitor_days", "visits", "n_orders")
_PATH_FACTORS: Final = ("retention", "activation", "frequency", "conversion")
_BUYERS: Final = ("n_people", "n_buyers", "n_orders")
_BUYERS_FACTORS: Final = ("buying", "repeat")


class Split(NamedTuple):
    """One identity: its parts, replications x groups x personas each."""

    measure: str
    split: str  # "path" or "buyers"
    parts: dict[str, Floats]


def _size_and_rest(sizes: Floats, names: Sequence[str], rest: Floats) -> dict[str, Floats]:
    """The size of a group is referral for the invited and acquisition for everybody else."""
    is_invited = (np.array(GROUPS) == "invited")[None, :, None]
    parts = {"acquisition": np.where(is_invited, 0.0, sizes), "referral": np.where(is_invited, sizes, 0.0)}
    return parts | {name: rest[..., k] for k, name in enumerate(names)}


def split_funnel(control: dict[str, Floats], strategy: dict[str, Floats]) -> list[Split]:
    """The three splits of what two funnels differ by (columns: replications x groups x personas)."""
    both = (control, strategy)
    before, after = filled(*(ratios([one[name] for name in (*_PATH, "gmv_cents")]) for one in both))
    values = of_product(before, after)
    path = _size_and_rest(values[..., 0], (*_PATH_FACTORS, "order_value"), values[..., 1:])
    before, after = filled(*(ratios([one[name] for name in (*_BUYERS, "gmv_cents")]) for one in both))
    values = of_product(before, after)
    buyers = _size_and_rest(values[..., 0], (*_BUYERS_FACTORS, "order_value"), values[..., 1:])

    # Profit: the last factor is what an order leaves, a sum of three, and a product is linear in a factor.
    margins = [
        {
            "order_value": one["gmv_cents"] - one["cost_cents"] - one["fulfilment_cents"],
            "reductions": one["paid_cents"] - one["gmv_cents"],
            "returns": one["resold_cents"] - one["refund_cents"],
        }
        for one in both
    ]
    levels = [
        ratios([*(one[name] for name in _PATH), sum(margin.values(), np.zeros(()))])
        for one, margin in zip(both, margins, strict=True)
    ]
    before, after = filled(*levels)
    values, worth = of_product(before, after), weights(before, after)[..., -1]
    profit = _size_and_rest(values[..., 0], _PATH_FACTORS, values[..., 1:-1])
    for name in margins[0]:
        low, high = filled(
            *(ratios([one["n_orders"], margin[name]])[..., 1] for one, margin in zip(both, margins, strict=True))
        )
        profit[name] = worth * (high - low)
    return [
        Split("gmv_cents", "path", path), Split("gmv_cents", "buyers", buyers), Split("profit_cents", "path", profit)
    ]  # fmt: skip


def funnels(results: Results, pair: Pairs, label: str) -> dict[str, Floats]:
    """One strategy's funnel in the replications of a pair: column -> replications x groups x personas."""
    place = [sorted(GROUPS).index(group) for group in GROUPS]
    found = cells(results, "funnel").sums(label, pair.replications, ["group", "persona"], FUNNEL)
    return {name: column[:, place] for name, column in found.items()}


def expenses(results: Results, pair: Pairs) -> Floats:
    """What expense lines take from profit, by replication: minus the difference of their sums."""
    table = cells(results, "ledger")
    is_expense = table.are("cls", ["expense"])
    strategy, control = (
        table.sums(label, pair.replications, (), ["amount_cents"], is_expense)["amount_cents"]
        for label in (pair.label, CONTROL)
    )
    return np.asarray(control - strategy)


def why(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """All splits of one strategy, tidy: measure, split, by (all, group, persona), of which, factor, difference."""
    personas = cells(results, "funnel").names("persona")
    sides = funnels(results, pair, CONTROL), funnels(results, pair, pair.label)
    is_anybody = sum(side["n_people"].sum(axis=(0, 1)) for side in sides) > 0  # a mix need not have all personas
    rows: list[dict[str, Any]] = []
    for found in split_funnel(*sides):
        parts = found.parts
        keys = {"strategy": pair.label, "measure": found.measure, "split": found.split}
        totals = {name: part.sum(axis=(1, 2)) for name, part in parts.items()}
        if found.measure == "profit_cents":
            totals["expenses"] = expenses(results, pair)
        rows += _rows(keys, "all", "all", totals, pair)
        for k, group in enumerate(GROUPS):
            rows += _rows(keys, "group", group, {n: part[:, k].sum(axis=1) for n, part in parts.items()}, pair)
        for k, persona in enumerate(personas):
            if not is_anybody[k]:
                continue
            rows += _rows(keys, "persona", persona, {n: part[:, :, k].sum(axis=1) for n, part in parts.items()}, pair)
    return rows


def _rows(
    keys: dict[str, str], by: str, of: str, parts: dict[str, Floats], pair: Pairs
) -> list[dict[str, Any]]:  # fmt: skip
    total = np.rint(np.sum(list(parts.values()), axis=0))  # a pair differs by whole cents
    every = {"total": total} | {name: parts[name] for name in FACTORS if name in parts}
    return [
        {**keys, "by": by, "of": of, "factor": name, **estimate(values, pair.worlds)} for name, values in every.items()
    ]


def funnel_means(results: Results, pair: Pairs) -> pd.DataFrame:
    """The factors themselves, under the control and under the strategy, by group: means of a run."""
    rows = []
    for label in (CONTROL, pair.label):
        sums = {name: column.sum(axis=2).mean(axis=0) for name, column in funnels(results, pair, label).items()}
        for k, group in enumerate((*GROUPS, "all")):
            x = {name: float(column.sum() if group == "all" else column[k]) for name, column in sums.items()}
            rows.append({
                "strategy": pair.label, "under": label, "group": group, "n_people": x["n_people"],
                "days_on_books": _over(x["shopper_days"], x["n_people"]),
                "retention": _over(x["active_days"], x["shopper_days"]),
                "activation": _over(x["visitor_days"], x["active_days"]),
                "visits_per_day": _over(x["visits"], x["visitor_days"]),
                "conversion": _over(x["n_orders"], x["visits"]),
                "buyers_share": _over(x["n_buyers"], x["n_people"]),
                "orders_per_buyer": _over(x["n_orders"], x["n_buyers"]),
                "order_value_cents": _over(x["gmv_cents"], x["n_orders"]),
                "gmv_cents": x["gmv_cents"],
            })  # fmt: skip
    return pd.DataFrame(rows)


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None
