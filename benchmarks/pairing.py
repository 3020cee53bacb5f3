"""How much does pairing help? Strategies and the control share people and luck; what does that save?

In every world many noise seeds are played, each with the control and with every strategy. The variance between
worlds is left out: all variances are within worlds, pooled. With common random numbers the difference has the
variance of (strategy - control) under one seed; with independent seeds it would have the sum of both variances.
Variance reduction is the second over the first: as many times more replications would be needed without pairing.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines import Journal, World, simulate
from sim.metrics import measure
from sim.scenario import Scenario

Table = NDArray[np.float64]  # [world, noise seed]

MEASURES = ("gmv_cents", "profit_cents", "retained_share")
#: The null coupon must change nothing at all; then each mechanism once with little and once with much effect.
STRATEGIES: dict[str, dict[str, Any]] = {
    "nothing": {"kind": "coupon"},
    "coupon_mild": {"kind": "coupon", "discount": 0.02},
    "coupon_strong": {"kind": "coupon", "discount": 0.30},
    "promotion_mild": {"kind": "price_cut", "discount": 0.05, "products": 0.05, "promoted": True},
    "promotion_strong": {"kind": "price_cut", "discount": 0.30, "products": 0.30, "promoted": True},
    "recommendation_mild": {"kind": "recommendation", "weight": 0.1},
    "recommendation_strong": {"kind": "recommendation", "weight": 3.0},
    "share_coupon_mild": {"kind": "share_coupon", "face": 2.0},
    "share_coupon_strong": {"kind": "share_coupon", "face": 12.0},
    "group_buy_mild": {"kind": "group_buy", "discount": 0.10, "products": 0.2},
    "group_buy_strong": {"kind": "group_buy", "discount": 0.40},
    "kol_seeding_mild": {"kind": "kol_seeding", "seeds": 2},
    "kol_seeding_strong": {"kind": "kol_seeding", "seeds": 50, "posts_every": 3},
}
SIZES: dict[str, dict[str, Any]] = {
    "base.closed": {"population.size": 5000, "days": 90},
    "base.open": {"population.size": 10000, "days": 120},
}


class Pairs(NamedTuple):
    """One measure of the control and of one strategy."""

    control: Table
    strategy: Table


def reduction(pairs: Pairs) -> dict[str, float | None]:
    """Correlation, standard deviations of the difference paired and not, and the ratio of its variances."""
    freedom = pairs.control.shape[0] * (pairs.control.shape[1] - 1)

    def within(a: Table, b: Table) -> float:
        rest_a, rest_b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        return float((rest_a * rest_b).sum() / freedom)

    x, y = pairs
    var_x, var_y, paired = within(x, x), within(y, y), within(y - x, y - x)
    independent = var_x + var_y
    same = bool((x == y).all())
    return {
        "effect": float((y - x).mean() / abs(x.mean())),
        "correlation": within(x, y) / math.sqrt(var_x * var_y) if var_x > 0.0 < var_y else None,
        "sd_paired": math.sqrt(paired),
        "sd_independent": math.sqrt(independent),
        "variance_reduction": None if same or paired == 0.0 else independent / paired,  # None: infinite
    }


def bootstrap(pairs: Pairs, draws: int = 1000) -> tuple[float | None, float | None] | None:
    """95 % interval of the variance reduction: seeds drawn anew within worlds, by one fixed lot; None: infinite."""
    if (pairs.control == pairs.strategy).all():
        return None
    luck, found = np.random.default_rng(1), []
    worlds, seeds = pairs.control.shape
    for _ in range(draws):
        drawn = luck.integers(0, seeds, (worlds, seeds))
        rows = np.arange(worlds)[:, None]
        value = reduction(Pairs(pairs.control[rows, drawn], pairs.strategy[rows, drawn]))["variance_reduction"]
        found.append(math.inf if value is None else value)
    low, high = np.quantile(found, [0.025, 0.975], method="inverted_cdf")
    return float(low) if low < math.inf else None, float(high) if high < math.inf else None


def visits(journal: Journal) -> set[tuple[int, int]]:
    """(day, id) of all visits on measured days."""
    assert journal.events is not None
    events = journal.events
    chosen = events[(events["type"] == "visit") & (events["day"] >= 0)]
    return set(zip(chosen["day"].tolist(), chosen["agent"].tolist(), strict=True))


class Likeness(NamedTuple):
    """How alike two runs are, person by person and day by day."""

    same_days: float  # share of shopper-days on which she visits in both runs or in neither
    common: float  # share of the visits of either run that are in both


def likeness(one: Journal, other: Journal) -> Likeness:
    """Of two runs with the same people."""
    a, b = visits(one), visits(other)
    return Likeness(1.0 - len(a ^ b) / (one.n_shoppers * one.days), len(a & b) / max(len(a | b), 1))


def play(scenario: Scenario, worlds: int, seeds: int) -> dict[str, dict[str, Any]]:
    """All strategies in `worlds` worlds with `seeds` noise seeds each: numbers by label."""
    scenario = scenario.with_({"replications": worlds * seeds, "noise_per_world": seeds})
    values = {label: {name: np.empty((worlds, seeds)) for name in MEASURES} for label in scenario.labels}
    alike: dict[str, list[tuple[Likeness, Likeness]]] = {label: [] for label in scenario.labels}
    for replication in range(worlds * seeds):
        world = World.build(scenario, replication)
        first = replication % seeds == 0  # people are compared under the first two seeds of every world
        journals = {}
        for label in scenario.labels:
            journal = simulate(scenario, label, world=world, events=first)
            found = measure(journal)
            for name in MEASURES:
                value = found[name]
                values[label][name][divmod(replication, seeds)] = np.nan if value is None else value
            if first:
                journals[label] = journal
        if first:
            other = simulate(scenario, "control", replication + 1, events=True)
            for label in scenario.labels:
                pair = likeness(journals["control"], journals[label]), likeness(other, journals[label])
                alike[label].append(pair)
    report: dict[str, dict[str, Any]] = {}
    for label in scenario.labels[1:]:
        report[label] = {}
        for name in MEASURES:
            pairs = Pairs(values["control"][name], values[label][name])
            report[label][name] = {**reduction(pairs), "variance_reduction_95": bootstrap(pairs)}
        for k, kind in enumerate(("paired", "independent")):
            mean = np.mean([pair[k] for pair in alike[label]], axis=0)
            report[label][f"visits_{kind}"] = {"same_days": float(mean[0]), "common": float(mean[1])}
    return report


def times(ratio: float | None) -> str:
    """A variance reduction, short."""
    return "infinite" if ratio is None else f"{ratio:,.{1 if ratio < 100.0 else 0}f}"


def show(name: str, report: dict[str, dict[str, Any]]) -> None:
    """Print one table."""
    columns = ("effect", "sd paired", "sd indep.", "correlation", "var. reduction", "95 % interval")
    print(f"\n{name}\n{'strategy':24}{'measure':16}" + "".join(f"{column:>16}" for column in columns))
    for label, found in report.items():
        for measure_name in MEASURES:
            row = found[measure_name]
            unit = 100.0 if measure_name.endswith("_cents") else 1.0
            ratio, interval = row["variance_reduction"], row["variance_reduction_95"]
            shown = (
                f"{row['effect']:+.1%}",
                f"{row['sd_paired'] / unit:,.4g}",
                f"{row['sd_independent'] / unit:,.4g}",
                "-" if row["correlation"] is None else f"{row['correlation']:.3f}",
                times(ratio),
                "" if interval is None else " to ".join(times(x) for x in interval),
            )
            print(f"{label:24}{measure_name:16}" + "".join(f"{text:>16}" for text in shown))
    print(f"\n{'strategy':24}{'same shopper-days':>22}{'(independent)':>16}{'visits in both':>18}{'(independent)':>16}")
    for label, found in report.items():
        paired, other = found["visits_paired"], found["visits_independent"]
        print(
            f"{label:24}{paired['same_days']:>22.2%}{other['same_days']:>16.2%}"
            f"{paired['common']:>18.1%}{other['common']:>16.1%}"
        )


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--worlds", type=int, default=3)
    options.add_argument("--seeds", type=int, default=20, help="noise seeds in every world, at least 2")
    options.add_argument("--only", choices=list(SIZES), help="one of the scenarios")
    options.add_argument("--scale", type=float, default=1.0, help="times as many people")
    options.add_argument("--json", type=Path, help="also write the numbers to this file")
    asked = options.parse_args()
    reports: dict[str, Any] = {}
    for name, sizes in SIZES.items():
        if asked.only not in (None, name):
            continue
        began = time.perf_counter()
        changes = {**sizes, "population.size": int(sizes["population.size"] * asked.scale), "strategies": STRATEGIES}
        scenario = Scenario.load(name).with_(changes)
        report = play(scenario, asked.worlds, asked.seeds)
        people, days = scenario.population.size, scenario.days
        show(f"{name}: {people:,} people, {days} days, {asked.worlds} worlds x {asked.seeds} noise seeds", report)
        print(f"({time.perf_counter() - began:.0f} s)")
        reports[name] = {
            "people": people, "days": days, "worlds": asked.worlds, "seeds": asked.seeds, "strategies": report,
        }  # fmt: skip
    if asked.json:
        asked.json.write_text(json.dumps(reports, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
