"""Where the orders come from: attributed against extra, causes, first and later, pulled forward, products, cost lines.

Imports `pairs`. Attributed orders are those that name a tactic or a slot only the shop can give; extra ones are the
paired difference: what would not have been ordered without the strategy. The attributed that were not extra
(`n_not_extra`) would have been placed anyway.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.experiment import Results
from sim.funnel import PURCHASES
from sim.rules.records import CAUSES, CONTENT, KOL, LIVE, PROMOTED, RECOMMENDED
from sim.scenario.parts import CatalogueFile
from sim.studies.compare.values import CONTROL
from sim.studies.explain.pairs import Floats, Pairs, cells, estimate

#: slots that exist only because a tactic fills them
SHOP_CAUSES: Final = tuple(CAUSES[k] for k in (KOL, RECOMMENDED, PROMOTED, LIVE, CONTENT))
#: products by rank of their GMV: from which to which share of the catalogue
_RANKS: Final = (("best tenth", 0.0, 0.1), ("to the middle", 0.1, 0.5), ("lower half", 0.5, 1.0))


def _difference(results: Results, name: str, pair: Pairs, column: str, among: Any = None) -> Floats:
    """A column of a table, summed over rows of each run: the strategy's less the control's."""
    table = cells(results, name)
    strategy, control = (
        table.sums(label, pair.replications, (), [column], among)[column] for label in (pair.label, CONTROL)
    )
    return np.asarray(strategy - control)


def attribution(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """A row a tactic or slot that orders name, and one in total, which alone knows what was extra: means of a run."""
    sales, ledger = cells(results, "sales"), cells(results, "ledger")
    runs, n = pair.replications, len(pair.replications)
    of_tactic = ~sales.are("tactic", [""])
    is_named = of_tactic | sales.are("cause", SHOP_CAUSES)
    orders = sales.sums(pair.label, runs, ["tactic", "cause"], ["n_orders", "gmv_cents"], is_named)
    spent = ledger.sums(pair.label, runs, ["tactic"], ["amount_cents"])["amount_cents"]
    # An order that names a tactic counts there, any other at the slot in which the product was seen.
    by: dict[str, dict[str, float]] = {}
    there = sales.sums(pair.label, sales.names("replication"), ["tactic", "cause"], ["rows"], is_named)["rows"]
    for j, tactic in enumerate(sales.names("tactic")):
        for k, cause in enumerate(sales.names("cause")):
            if there[:, j, k].any():
                row = by.setdefault(str(tactic or cause), {"n_orders": 0.0, "gmv_cents": 0.0, "cost": 0.0})
                for name, column in orders.items():
                    row[name] += float(column[:, j, k].sum())
    paid = ledger.sums(pair.label, ledger.names("replication"), ["tactic"], ["rows"])["rows"]
    for j, tactic in enumerate(ledger.names("tactic")):
        if paid[:, j].any():
            row = by.setdefault(str(tactic), {"n_orders": 0.0, "gmv_cents": 0.0, "cost": 0.0})
            row["cost"] = float(spent[:, j].sum())
    total = {"cost": float(spent.sum()), **{name: float(column.sum()) for name, column in orders.items()}}
    rows: list[dict[str, Any]] = [
        {
            "strategy": pair.label, "named": name, "cost_cents": row["cost"] / n,
            "n_attributed": row["n_orders"] / n, "attributed_gmv_cents": row["gmv_cents"] / n,
            **dict.fromkeys(f"{what}{end}" for what in ("n_extra", "n_not_extra") for end in ("", "_low", "_high")),
        }
        for name, row in (*sorted(by.items()), ("total", total))
    ]  # fmt: skip
    extra = _difference(results, "sales", pair, "n_orders")
    attributed = orders["n_orders"].sum(axis=(1, 2))
    for what, values in (("n_extra", extra), ("n_not_extra", attributed - extra)):
        entry = estimate(values, pair.worlds)
        rows[-1] |= {what: entry["diff"], f"{what}_low": entry["ci_low"], f"{what}_high": entry["ci_high"]}
    return rows


def causes(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Differences of orders and GMV by what the product was first seen through, and by first against later purchase."""
    sales = cells(results, "sales")
    groups = [("cause", name) for name in CAUSES] + [("purchase", name) for name in PURCHASES]
    return [
        {"strategy": pair.label, "by": by, "of": name, "what": column,
         **estimate(_difference(results, "sales", pair, column, sales.are(by, [name])), pair.worlds)}
        for by, name in groups for column in ("n_orders", "gmv_cents")
    ]  # fmt: skip


def costs(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Every line of the ledger: what it costs more than under the control."""
    table = cells(results, "ledger")
    keys = ("tactic", "line", "cls")
    mine = np.flatnonzero(table.are("strategy", [pair.label, CONTROL]))
    lines = np.unique(np.stack([table.codes(key)[mine] for key in keys], axis=1), axis=0)
    found = {
        label: table.sums(label, pair.replications, keys, ["amount_cents"])["amount_cents"]
        for label in (pair.label, CONTROL)
    }
    return [
        {"strategy": pair.label, **{key: str(table.names(key)[k]) for key, k in zip(keys, line, strict=True)},
         **estimate(np.asarray(found[pair.label][:, *line] - found[CONTROL][:, *line]), pair.worlds)}
        for line in lines.tolist()
    ]  # fmt: skip


def days(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """The paired difference of orders and GMV day by day."""
    found = []
    for column in ("orders", "gmv_cents"):
        difference = _by_day(results, pair, column)
        found += [
            {"strategy": pair.label, "what": column, "day": day, **estimate(difference[:, day], pair.worlds)}
            for day in range(difference.shape[1])
        ]
    return found


def _by_day(results: Results, pair: Pairs, column: str) -> Floats:
    strategy, control = (
        cells(results, "daily").sums(label, pair.replications, ["day"], [column])[column]
        for label in (pair.label, CONTROL)
    )
    return np.asarray(strategy - control)


def pulled_forward(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Differences before the strategy's first day, on its days and after them; empty where it never pauses.

    Its days are those on which the calendar lets any of its tactics run. Orders that are only pulled forward are extra
    on its days and missing after them.
    """
    scenario = results.scenario
    on = {day for tactic in scenario.tactics(pair.label) for day in tactic.days_on(scenario.calendar, scenario.days)}
    if not on:
        return []
    is_on = np.isin(np.arange(scenario.days), sorted(on))
    is_after = ~is_on & (np.arange(scenario.days) > min(on))
    if not is_after.any():
        return []
    rows = []
    for column in ("orders", "gmv_cents"):
        difference = _by_day(results, pair, column)
        for name, when in (("on its days", is_on), ("after", is_after)):
            entry = estimate(difference[:, when].sum(axis=1), pair.worlds)
            rows.append({"strategy": pair.label, "what": column, "when": name, "n_days": int(when.sum()), **entry})
    return rows


def products(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Differences of GMV and units by product, best sellers against the rest.

    Drawn products differ between worlds, so they are told apart by rank: by GMV under the control and the strategy
    together, which favours neither. Products of a file are also given one by one.
    """
    columns = ("gmv_cents", "units")
    strategy, control = (
        cells(results, "products").sums(label, pair.replications, ["id"], columns) for label in (pair.label, CONTROL)
    )
    ids = cells(results, "products").names("id")
    best_first = np.argsort(-(strategy["gmv_cents"] + control["gmv_cents"]), axis=1, kind="stable")
    is_given = isinstance(results.scenario.catalogue, CatalogueFile)
    rows = []
    for column in columns:
        difference = strategy[column] - control[column]
        ranked = np.take_along_axis(difference, best_first, axis=1)
        keys = {"strategy": pair.label, "what": column}
        for name, low, high in _RANKS:
            part = ranked[:, round(low * len(ids)) : round(high * len(ids))].sum(axis=1)
            rows.append({**keys, "by": "rank", "of": name, **estimate(part, pair.worlds)})
        rows += [
            {**keys, "by": "product", "of": str(name), **estimate(difference[:, k], pair.worlds)}
            for k, name in enumerate(ids) if is_given
        ]  # fmt: skip
    return rows
