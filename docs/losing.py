"""The part of docs/validation.md on where every strategy loses: its sensible and its overdone setting, both played."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sim.cli.catalogues import plain
from sim.scenario import Scenario
from sim.strategies import registry
from sim.strategies.tactic import Tactic
from sim.studies.ask import compare
from sim.studies.facts.kept import model_digest

SHOP = {"population.size": 5_000, "days": 90, "replications": 8, "noise_per_world": 1}


def _levers(tactic: Tactic) -> str:
    """What was set, as one writes it in a scenario."""
    given = tactic.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
    return ", ".join(f"{name}: {plain(value)}" for name, value in given.items()) or "defaults"


def section(jobs: int | None = None, keep: Path | None = None) -> list[str]:
    """One row a tactic: profit and GMV against the control as the defaults have it, and overdone.

    Runs are kept in the folder `keep`, if there is one, and taken up again.
    """
    tactics = registry()
    strategies = {}
    for kind, tactic in tactics.items():
        strategies[kind] = {"kind": kind}
        strategies[f"{kind}_overdone"] = tactic.overdone().model_dump(mode="json", exclude_defaults=True) | {
            "kind": kind
        }
    scenario = Scenario.load("base.open").with_({**SHOP, "name": "losing", "strategies": strategies})
    with tempfile.TemporaryDirectory() as passing:
        folder = passing if keep is None else str(keep / f"{scenario.digest[:8]}-{model_digest()[:8]}")
        answer = compare(scenario, jobs, folder, keep="runs")
        profit, gmv = answer.verdict("profit_cents"), answer.verdict("gmv_cents")

    def told(label: str) -> list[str]:
        one = profit.loc[label]
        interval = f"{one['ci_low'] / 100:+,.0f} to {one['ci_high'] / 100:+,.0f}"
        return [f"{one['diff'] / 100:+,.0f} ({interval})", f"{gmv.loc[label, 'diff'] / 100:+,.0f}"]

    rows, unclear = [], []
    for kind, tactic in tactics.items():
        overdone = f"{kind}_overdone"
        if not profit.loc[overdone, "ci_high"] < 0:
            unclear.append(f"`{kind}`")
        cells = [f"`{kind}`", *told(kind), f"`{_levers(tactic.overdone())}`", *told(overdone), tactic.backfires]
        rows.append(f"| {' | '.join(cells)} |")
    control = profit.loc["control", "mean"] / 100
    surely = "all of them with an interval below 0" if not unclear else f"not surely: {', '.join(unclear)}"
    return [
        "## Where does each strategy lose?",
        "",
        "No strategy is free and none wins everywhere. Every tactic is played with its defaults and as its",
        f"`overdone()` has it, in {SHOP['replications']} paired worlds of `base.open` with",
        f"{SHOP['population.size']:,} people over {SHOP['days']} days (profit of the control {control:,.0f}).",
        f"Differences from the control in currency with 95 % intervals; overdone, {surely}.",
        "",
        "| tactic | profit, defaults | GMV, defaults | overdone | profit, overdone | GMV, overdone | how |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


if __name__ == "__main__":
    print("\n".join(section()))
