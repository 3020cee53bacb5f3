"""Write docs/validation.md: is the shop steady before anything is done to it, which published facts hold, who loses?

Run by `make validation`.
"""

from __future__ import annotations

from pathlib import Path

import losing
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.engines import World, simulate
from sim.metrics import measure
from sim.scenario import Scenario
from sim.studies.validate import PROTOCOLS, Report, validate

HERE = Path(__file__).resolve().parent
WORLDS, DAYS, BURN_IN = 8, 240, 30


def runs(name: str, **changes: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily tables of the control in several worlds, burn-in included, and the measures of the usual window."""
    shown = Scenario.load(name).with_({"burn_in_days": 0, "days": BURN_IN + DAYS, "noise_per_world": 1, **changes})
    usual = Scenario.load(name).with_({"noise_per_world": 1, **changes})
    daily, measures = [], []
    for replication in range(WORLDS):
        world = World.build(shown, replication)
        daily.append(simulate(shown, "control", replication, world=world).daily.assign(world=replication))
        measures.append(measure(simulate(usual, "control", replication)))
    return pd.concat(daily, ignore_index=True), pd.DataFrame(measures)


def figure(daily: pd.DataFrame, path: Path) -> None:
    """Daily active shoppers over time, one thin line a world, the mean in front."""
    picture = Figure(figsize=(8, 3.6), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    for _, one in daily.groupby("world"):
        axes.plot(one["day"] - BURN_IN, one["dau"], color="#0072B2", alpha=0.18, linewidth=0.8)
    mean = daily.groupby("day")["dau"].mean()
    axes.plot(mean.index - BURN_IN, mean, color="#0072B2", linewidth=2, label=f"mean of {WORLDS} worlds")
    axes.axvspan(-BURN_IN, 0, color="0.92", zorder=0, label="burn-in, excluded from every measure")
    axes.set_ylim(0, daily["dau"].max() * 1.15)
    axes.set_xlabel("day, counted from the end of the burn-in")
    axes.set_ylabel("shoppers who visit")
    axes.set_title("Without any strategy the shop keeps its daily active shoppers", loc="left", fontsize=11)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    picture.savefig(path, dpi=150, metadata={"Software": ""})


def facts(report: Report) -> list[str]:
    """The table of facts, a row a check, and what every fact says."""

    def number(value: float | None) -> str:
        return "n/a" if value is None else f"{value:.3g}"

    table, known = [], []
    for answer in report.answers:
        fact = answer.fact
        left_out = f" Left out: {fact.left_out}." if fact.left_out else ""
        left_out += f" Left so: {fact.stays}." if fact.stays and answer.verdict != "pass" else ""
        known.append(
            f"| {fact.id} | {fact.statement}{left_out} | {fact.source} | {fact.evidence} | {fact.role} "
            f"| **{answer.verdict}** |"
        )
        for one in answer.estimates:
            interval = "n/a" if one.ci_low is None else f"{number(one.ci_low)} to {number(one.ci_high)}"
            cells = [fact.id, one.check.what, one.check.allowed, number(one.value), interval, one.verdict]
            table.append(f"| {' | '.join(cells)} |")
    plans = PROTOCOLS["quick"]
    closed, open_ = plans["base.closed"], plans["base.open"]
    labs = ", ".join(f"{plan.worlds} of `{name}`" for name, plan in plans.items() if name.startswith("lab."))
    return [
        "## Which published facts hold?",
        "",
        f"`grapevine validate --quick` plays {closed.worlds} worlds of `base.closed` (everybody a customer, nobody",
        f"leaves; {closed.size:,} people), {open_.worlds} of `base.open`",
        f"(a year of a shop with doors; {open_.size:,} people) and of laboratories, where everything is off but what",
        f"the fact is about: {labs}. Bands are",
        "the published ones. Intervals are 95 %, over worlds. A magnitude passes if the value lies in the band and the",
        "half-width of its interval is at most a quarter of the band; a direction (`>`) if the one-sided 95 % interval",
        "of the paired difference lies above the threshold. *Inconclusive* means too wide to say and never counts as",
        "passed; `grapevine validate --full` plays more. Role *tuned*: defaults were once chosen with this fact in",
        "view, so agreement is fit, not evidence. *Emergent*: no coefficient holds it.",
        "",
        "| fact | what is known | source | evidence | role | verdict |",
        "|---|---|---|---|---|---|",
        *known,
        "",
        "| fact | check | band | value | 95 % interval | verdict |",
        "|---|---|---|---|---|---|",
        *table,
        "",
    ]


def text(report: Report | None = None) -> str:
    """The page; `report` if the facts have been answered already."""
    daily, measures = runs("demo")
    figure(daily, HERE / "figures" / "daily_active.png")
    block = (daily["day"] - BURN_IN) // 30
    rows = []
    for start, part in daily.groupby(block):
        by_world = part.groupby("world")
        rows.append(
            f"| {int(start) * 30} to {int(start) * 30 + 29}{' (burn-in)' if start < 0 else ''} "
            f"| {part['dau'].mean():.0f} | {by_world['dau'].mean().std():.0f} | {part['n_active'].mean():.0f} "
            f"| {part['new_registrations'].mean():.1f} | {part['churned'].mean():.1f} | {part['returned'].mean():.1f} "
            f"| {part['orders'].mean():.1f} | {part['orders'].sum() / part['visits'].sum():.2%} |"
        )
    shown = {
        "retention_d1": "{:.1%}", "retention_d7": "{:.1%}", "retention_d30": "{:.1%}", "conversion": "{:.2%}",
        "repeat_rate_30d": "{:.1%}", "top20_share": "{:.2f}", "gini_sales": "{:.2f}", "one_hop_share": "{:.3f}",
        "share_rate": "{:.2f}", "k_factor": "{:.3f}", "review_mean": "{:.2f}", "churn_rate_30d": "{:.1%}",
    }  # fmt: skip
    shown_measures = [
        f"| `{name}` | {form.format(measures[name].mean())} | {form.format(measures[name].std())} |"
        for name, form in shown.items()
        if measures[name].notna().all()
    ]
    last = daily[daily["day"] >= BURN_IN]
    slope = np.polyfit(last["day"], last["dau"], 1)[0] * 30 / last["dau"].mean()
    return "\n".join(
        [
            "# Validation",
            "",
            "Written by `make validation` (docs/validation.py); do not edit.",
            "",
            "## Is the shop steady before anything is done to it?",
            "",
            "Whoever is registered at the start has a tenure, drawn from two years of steady arrivals thinned by",
            "survival, and churns as somebody of that tenure does. So a run does not begin with a collapse of",
            f"shoppers who never were. The control of the shipped demo in {WORLDS} worlds, 10,000 people:",
            "",
            "![daily active shoppers](figures/daily_active.png)",
            "",
            f"Trend of daily active shoppers over the {DAYS} measured days: {slope:+.2%} a month.",
            "",
            "| days | visits a day | sd over worlds | registered and active | new a day | lapsed a day | back a day "
            "| orders a day | orders per visit |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            "## What the control looks like at defaults",
            "",
            "Measures of the demo's control over its 90 days, mean and standard deviation over the same worlds.",
            "",
            "| measure | mean | sd |",
            "|---|---|---|",
            *shown_measures,
            "",
            *facts(report or validate()),
            *losing.section(),
        ]
    )


if __name__ == "__main__":
    (HERE / "validation.md").write_text(text(), encoding="utf-8")
