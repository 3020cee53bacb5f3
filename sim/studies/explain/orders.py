"""Where the orders come from: attributed against extra, causes, first and later, pulled forward, products, cost lines.

Imports `pairs`. Attributed orders are those that name a tactic or a slot only the shop can give; extra ones are the
paired difference: what would not have been ordered without the strategy. The attributed that were not extra
(`n_not_extra`) would have been placed anyway.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sim.experiment import Results
from sim.funnel import PURCHASES
from sim.rules.records import CAUSES, CONTENT, KOL, LIVE, PROMOTED, RECOMMENDED
from sim.scenario.parts import CatalogueFile
from sim.studies.compare.values import CONTROL
from sim.studies.explain.pairs import Floats, Pairs, cubes, estimate

#: slots that exist only because a tactic fills them
SHOP_CAUSES: Final = tuple(CAUSES[k] for k in (KOL, RECOMMENDED, PROMOTED, LIVE, CONTENT))
#: products by rank of their GMV: from which to which share of the catalogue
_RANKS: Final = (("best tenth", 0.0, 0.1), ("to the middle", 0.1, 0.5), ("lower half", 0.5, 1.0))


def _sums(table: pd.DataFrame, label: str, pair: Pairs, column: str) -> Floats:
    mine = table[table["strategy"] == label]
    return mine.groupby("replication")[column].sum().reindex(pair.replications, fill_value=0).to_numpy(np.float64)


def _difference(table: pd.DataFrame, pair: Pairs, column: str) -> Floats:
    return np.asarray(_sums(table, pair.label, pair, column) - _sums(table, CONTROL, pair, column))


def attribution(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """A row a tactic or slot that orders name, and one in total, which alone knows what was extra: means of a run."""
    sales = results.sales
    named = sales[(sales["strategy"] == pair.label) & ((sales["tactic"] != "") | sales["cause"].isin(SHOP_CAUSES))]
    named = named.assign(by=np.where(named["tactic"] != "", named["tactic"], named["cause"]))
    cost_of = results.ledger[results.ledger["strategy"] == pair.label]
    names = sorted({*named["by"], *cost_of["tactic"]})
    n = len(pair.replications)
    runs = pair.replications
    rows: list[dict[str, Any]] = []
    for name in [*names, "total"]:
        mine = named[named["replication"].isin(runs) & ((named["by"] == name) | (name == "total"))]
        cost = cost_of[cost_of["replication"].isin(runs) & ((cost_of["tactic"] == name) | (name == "total"))]
        rows.append({
            "strategy": pair.label, "named": name, "cost_cents": cost["amount_cents"].sum() / n,
            "n_attributed": mine["n_orders"].sum() / n, "attributed_gmv_cents": mine["gmv_cents"].sum() / n,
            **dict.fromkeys(f"{what}{end}" for what in ("n_extra", "n_not_extra") for end in ("", "_low", "_high")),
        })  # fmt: skip
    extra = _difference(sales, pair, "n_orders")
    for what, values in (("n_extra", extra), ("n_not_extra", _sums(named, pair.label, pair, "n_orders") - extra)):
        entry = estimate(values, pair.worlds)
        rows[-1] |= {what: entry["diff"], f"{what}_low": entry["ci_low"], f"{what}_high": entry["ci_high"]}
    return rows


def causes(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Differences of orders and GMV by what the product was first seen through, and by first against later purchase."""
    sales = results.sales[results.sales["strategy"].isin([pair.label, CONTROL])]
    groups = [("cause", name) for name in CAUSES] + [("purchase", name) for name in PURCHASES]
    return [
        {"strategy": pair.label, "by": by, "of": name, "what": column,
         **estimate(_difference(sales[sales[by] == name], pair, column), pair.worlds)}
        for by, name in groups for column in ("n_orders", "gmv_cents")
    ]  # fmt: skip


def costs(results: Results, pair: Pairs) -> list[dict[str, Any]]:
    """Every line of the ledger: what it costs more than under the control."""
    mine = results.ledger[results.ledger["strategy"].isin([pair.label, CONTROL])]
    return [
        {"strategy": pair.label, "tactic": str(tactic), "line": str(line), "cls": str(cls),
         **estimate(_difference(lines, pair, "amount_cents"), pair.worlds)}
        for (tactic, line, cls), lines in mine.groupby(["tactic", "line", "cls"], sort=True)
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
        cubes(results.daily, label, pair.replications, ["day"], [column])[column] for label in (pair.label, CONTROL)
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
        cubes(results.products, label, pair.replications, ["id"], columns) for label in (pair.label, CONTROL)
    )
    ids = sorted(results.products["id"].unique())
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
