"""Write docs/validation.md: is the shop steady before anything is done to it, which published facts hold, who loses?

Run by `make validation`; killed, it goes on where it was (what was played is kept in results/).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import losing
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.engines import World, simulate
from sim.experiment import Progress
from sim.metrics import measure
from sim.scenario import Scenario
from sim.studies.validate import Report, validate

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


FAMILIES = {
    "V": (
        "Is what theory says exactly so?",
        "What must hold exactly, or is known in closed form. Laboratories are scenarios, run by the usual engines.",
    ),
    "F": (
        "Which published facts hold?",
        "Regularities of shops and networks at defaults. Role *tuned*: defaults were once chosen with this fact in "
        "view, so agreement is fit, not evidence. *Input*: a coefficient is the fact, so this checks the wiring. "
        "*Emergent*: no coefficient holds it.",
    ),
    "S": (
        "What do levers do, against experiments?",
        "Paired runs with and without a tactic at its defaults, or as the experiment had it. Grade of the evidence: A "
        "randomised field experiment, B quasi-experiment or structural, C observational, D practitioners.",
    ),
}


def number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3g}"


def family(report: Report, letter: str) -> list[str]:
    """Tables of all facts of one kind: what they say, and a row a check."""
    table, known = [], []
    for answer in report.answers:
        fact = answer.fact
        if not fact.id.startswith(letter):
            continue
        more = f" Left out: {fact.left_out}." if fact.left_out else ""
        more += f" Left so: {fact.stays}." if fact.stays and answer.verdict != "pass" else ""
        last = {"S": fact.grade, "V": "", "F": fact.role}[letter]
        known.append(
            f"| {fact.id} | {fact.statement}{more} | {fact.source} | {fact.evidence} | {last or '-'} "
            f"| **{answer.verdict}** | {report.seconds.get(fact.id, 0.0):.0f} |"
        )
        for one in answer.estimates:
            interval = "n/a" if one.ci_low is None else f"{number(one.ci_low)} to {number(one.ci_high)}"
            cells = [fact.id, one.check.what, one.check.allowed, number(one.value), interval, one.verdict]
            table.append(f"| {' | '.join(cells)} |")
    title, about = FAMILIES[letter]
    return [
        f"## {title}",
        "",
        about,
        "",
        f"| fact | what is known | source | evidence | {'grade' if letter == 'S' else 'role'} | verdict | core-s |",
        "|---|---|---|---|---|---|---|",
        *known,
        "",
        "| fact | check | band | value | 95 % interval | verdict |",
        "|---|---|---|---|---|---|",
        *table,
        "",
    ]


def facts(report: Report) -> list[str]:
    """How facts are judged, how many hold, and the tables of every kind."""
    verdicts = ("pass", "fail", "inconclusive")
    rows = []
    for letter, (title, _) in FAMILIES.items():
        found = [answer.verdict for answer in report.answers if answer.fact.id.startswith(letter)]
        rows.append(f"| {title} | {' | '.join(str(found.count(verdict)) for verdict in verdicts)} |")
    stages = {test.stage.name: test.stage for answer in report.answers for test in answer.fact.tests}
    protocol = report.about["protocol"]
    played = []
    for name, stage in stages.items():
        asked = report.about["scenarios"][name]
        worlds = asked["replications"] // asked["noise_per_world"]
        size = f"{asked['size']:,}" if asked["size"] else "by fact"
        played.append(f"| `{name}` | `{stage.scenario}` | {worlds} | {size} | {asked['days']} |")
    return [
        "## How facts are judged",
        "",
        f"`grapevine validate --{protocol}`. Bands are the published ones. Intervals are 95 %, over worlds. A",
        "magnitude passes if the value lies in the band and the half-width of its interval is at most a quarter of the",
        "band; a direction (`>`) if the one-sided 95 % interval of the paired difference lies above the threshold.",
        "*Inconclusive* means too wide to say and never counts as passed; `grapevine validate --full` plays more. Some",
        "numbers are missing: those facts are kept back, to be checked from outside. Core-seconds are those of one",
        "core; a run that several facts look at is shared out.",
        "",
        "| | pass | fail | inconclusive |",
        "|---|---|---|---|",
        *rows,
        "",
        "| stage | scenario | worlds | people | days |",
        "|---|---|---|---|---|",
        *played,
        "",
        *[line for letter in FAMILIES for line in family(report, letter)],
    ]


def text(report: Report, losers: list[str]) -> str:
    """The page, with the facts answered and the tactics that lose played."""
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
            *facts(report),
            *losers,
        ]
    )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=None, help="worker processes; default: one a core")
    options.add_argument("--full", action="store_true", help="many more worlds (hours)")
    options.add_argument("--keep", type=Path, default=HERE.parent / "results", help="what was played is kept here")
    asked = options.parse_args()

    def tell(state: Progress) -> None:
        if state.done % 20 == 0 or state.done == state.total:
            print(f"facts: {state.done} of {state.total}", file=sys.stderr, flush=True)

    answers = validate(
        (), "full" if asked.full else "quick", jobs=asked.jobs, progress=tell, keep=asked.keep / "validate"
    )
    print("tactics overdone", file=sys.stderr, flush=True)
    losers = losing.section(asked.jobs, asked.keep / "losing")
    (HERE / "validation.md").write_text(text(answers, losers), encoding="utf-8")
