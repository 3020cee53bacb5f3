"""What is said of each strategy, which one to choose, whether that is clear; imports `values`, `intervals`, metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.metrics import MEASURES, Measure
from sim.studies.compare.intervals import (
    ALPHA,
    N_DRAWS,
    Paired,
    detectable,
    holm,
    more_replications,
    paired,
    probability_best,
    unit_means,
)
from sim.studies.compare.values import CONTROL, Runs, Values

#: Two strategies whose means differ by less than this share of the control's mean count as equally good.
MARGIN = 0.001


def check_question(decide_on: str, goals: Mapping[str, float]) -> None:
    """Refuse a `decide_on` or a goal that names no measure (to be called before anything runs)."""
    if decide_on not in MEASURES:
        hint = did_you_mean(decide_on, MEASURES, kind="measures")
        raise InputError("unknown measure", path="decide_on", found=decide_on, hint=hint)
    if MEASURES[decide_on].direction == 0:
        raise InputError(
            "neither more nor less of this measure is better, so nothing can be decided on it",
            path="decide_on", found=decide_on, hint="Choose a measure like profit_cents, gmv_cents or retained_share.",
        )  # fmt: skip
    for name in goals:
        goal_measure(name)


def goal_measure(name: str) -> tuple[Measure, float]:
    """The measure a goal speaks of and the factor from the goal's unit to the measure's.

    Goals are in the units people use: `profit` is currency, `profit_cents` cents, shares are 0-1.
    """
    if name in MEASURES:
        return MEASURES[name], 1.0
    if f"{name}_cents" in MEASURES:
        return MEASURES[f"{name}_cents"], 100.0
    known = [m.removesuffix("_cents") for m in MEASURES]
    hint = did_you_mean(name, known, kind="measures")
    raise InputError("unknown measure", path=f"goals.{name}", found=name, hint=hint)


def about_measure(measure: Measure, values: Values, costs: Values) -> dict[str, dict[str, Any]]:
    """What the verdict says about one measure: a record per strategy, the control included."""
    entries: dict[str, dict[str, Any]] = {}
    joint = values.complete(values.labels)
    best = probability_best(joint.units(), measure.direction) if len(joint.labels) > 1 else None
    p_best = dict(zip(joint.labels, best, strict=True)) if best is not None else {}
    for label in values.labels:
        entry: dict[str, Any] = dict.fromkeys(
            ("mean", "control_mean", "diff", "ci_low", "ci_high", "p_best", "diff_per_cost", "p_value", "p_holm")
        )
        entry |= dict.fromkeys(("sd_world", "sd_noise", "correlation"))
        entry["mean"] = values.mean(label)
        entry["p_best"] = p_best.get(label)
        entry["replications"] = int((~np.isnan(values.column(label))).sum())
        if label == CONTROL:
            entry["control_mean"] = entry["mean"]
        else:
            _compare_with_control(entry, values, label, costs)
        entries[label] = entry
    tested = [label for label in entries if entries[label]["p_value"] is not None]
    for label, p in zip(tested, holm([entries[label]["p_value"] for label in tested]), strict=True):
        entries[label]["p_holm"] = p
    return entries


def _compare_with_control(entry: dict[str, Any], values: Values, label: str, costs: Values) -> None:
    mine, control = values.column(label), values.column(CONTROL)
    both = ~(np.isnan(mine) | np.isnan(control))
    if not both.any():
        return
    worlds = values.worlds[both]
    mine, control = mine[both], control[both]
    difference = paired(mine - control, worlds)
    entry["replications"] = int(both.sum())
    entry["mean"] = float(unit_means(mine, worlds).mean())
    entry["control_mean"] = float(unit_means(control, worlds).mean())
    for field in ("diff", "ci_low", "ci_high", "p_value", "sd_world", "sd_noise"):
        entry[field] = getattr(difference, field)
    spent = (costs.column(label) - costs.column(CONTROL))[both]
    if not np.isnan(spent).any():
        extra = float(unit_means(spent, worlds).mean())
        entry["diff_per_cost"] = difference.diff / extra if extra > 0 else None
    if len(mine) > 2 and (mine != mine[0]).any() and (control != control[0]).any():
        x, y = mine - mine.mean(), control - control.mean()
        entry["correlation"] = float(np.clip((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()), -1, 1))


def _leader(measure: Measure, values: Values) -> str | None:
    """The label with the best mean; the control, then the first one, where means are exactly equal."""
    if not len(values.values) or not values.labels:
        return None
    means = {label: float(unit_means(values.column(label), values.worlds).mean()) for label in values.labels}
    top = max(measure.direction * mean for mean in means.values())
    return next(label for label in values.labels if measure.direction * means[label] == top)


def clear_best(
    measure: Measure, values: Values, labels: Sequence[str], margin: float
) -> tuple[str | None, dict[str, Paired]]:
    """(the label that clearly beats every other one of `labels` or None, the leader's lead over each other)."""
    joint = values.complete(labels)
    leader = _leader(measure, joint)
    if measure.direction == 0 or leader is None or len(joint.labels) < 2:
        return None, {}
    leads = {
        other: paired(measure.direction * (joint.column(leader) - joint.column(other)), joint.worlds)
        for other in joint.labels
        if other != leader
    }
    p_values = [lead.p_value for lead in leads.values() if lead.p_value is not None]
    if len(p_values) < len(leads) or max(holm(p_values)) > ALPHA:
        return None, leads
    if any(_is_practically_zero(lead.diff, values, margin) for lead in leads.values()):
        return None, leads
    return leader, leads


def _is_practically_zero(diff: float, values: Values, margin: float) -> bool:
    return abs(diff) <= margin * abs(values.mean(CONTROL) or 0.0)


def _is_tie(lead: Paired, values: Values, margin: float) -> bool:
    """As good as equal, and known to be so: a small difference that may be a large one in truth is not a tie."""
    if lead.p_value is None or lead.ci_low is None or lead.ci_high is None:
        return lead.diff == 0
    is_sure = lead.p_value <= ALPHA or all(_is_practically_zero(x, values, margin) for x in (lead.ci_low, lead.ci_high))
    return is_sure and _is_practically_zero(lead.diff, values, margin)


def judge_goal(name: str, level: float, table: Runs, values: Mapping[str, Values]) -> dict[str, Any]:
    """Does each strategy's mean reach the goal, and how probable is it that its true mean does?"""
    measure, factor = goal_measure(name)
    bound = level * factor
    sense = "at most" if measure.direction < 0 else "at least"
    sign = -1.0 if sense == "at most" else 1.0
    report: dict[str, Any] = {"measure": measure.name, "goal": level, "sense": sense, "strategies": {}}
    for label in table.labels:
        column = values[measure.name].column(label)
        known = ~np.isnan(column)
        if not known.any():
            report["strategies"][label] = {"mean": None, "passed": None, "p_passed": None}
            continue
        beyond = paired(sign * (column[known] - bound), values[measure.name].worlds[known])
        p_passed = None
        if beyond.p_value is not None:
            p_passed = 1 - beyond.p_value / 2 if beyond.diff > 0 else beyond.p_value / 2
            p_passed = 1.0 if beyond.sd_unit == 0 and beyond.diff == 0 else p_passed
        mean = values[measure.name].mean(label)
        report["strategies"][label] = {
            "mean": None if mean is None else mean / factor, "passed": beyond.diff >= 0, "p_passed": p_passed,
        }  # fmt: skip
    return report


def choose(measure: Measure, values: Values, goals: Mapping[str, Any], margin: float) -> dict[str, Any]:
    """What to do: the leader among those that miss no goal, and whether that is clear."""
    missed = {
        label: [name for name, goal in goals.items() if goal["strategies"][label]["passed"] is False]
        for label in values.labels
    }
    admissible = [label for label in values.labels if not missed[label]]
    joint = values.complete(admissible)
    leader = _leader(measure, joint)
    best, leads = clear_best(measure, values, admissible, margin)
    probabilities = probability_best(joint.units(), measure.direction) if len(joint.labels) > 1 else None
    choice: dict[str, Any] = {
        "label": leader, "is_clear": best is not None, "candidates": joint.labels,
        "missed_goals": {label: names for label, names in missed.items() if names},
        "p_best": probabilities[joint.labels.index(leader)] if probabilities and leader else None,
    }  # fmt: skip
    choice |= dict.fromkeys(("rival", "lead", "lead_low", "lead_high", "is_tie", "detectable", "more_replications"))
    if not leads:
        return choice
    # The rival is the one it is hardest to tell the leader from.
    rival = max(leads, key=lambda label: (leads[label].p_value or 0.0, -leads[label].diff))
    if all(lead.p_value is None for lead in leads.values()):
        rival = min(leads, key=lambda label: leads[label].diff)
    lead = leads[rival]
    is_tie = _is_tie(lead, values, margin)
    choice |= {"rival": rival, "lead": lead.diff, "lead_low": lead.ci_low, "lead_high": lead.ci_high, "is_tie": is_tie}
    if lead.sd_unit is not None:
        choice["detectable"] = detectable(lead.sd_unit, lead.n_units)
        if best is None and not is_tie:
            choice["more_replications"] = more_replications(lead, len(joint.values))
    return choice


def describe_method(table: Runs, margin: float) -> str:
    """How all this was computed, for those who want to check it."""
    counts = np.bincount(np.unique(table.worlds, return_inverse=True)[1]) if len(table.worlds) else np.array([0])
    if len(counts) > 1:
        unit = (
            f"Replications of one world share its people and graph, so worlds are the units: t interval on the "
            f"means of {len(counts)} worlds with {len(counts) - 1} degrees of freedom"
        )
        unit += (
            ", exact for this balanced design."
            if len(set(counts.tolist())) == 1
            else "; worlds have different numbers of replications and are weighted equally, so it is approximate."
        )
    elif len(table.replications) > 1:
        unit = "All replications share one world: t interval over replications, which speaks for this one world only."
    else:
        unit = "One replication: no interval can be given."
    return (
        "Every strategy is compared with the control in the same world with the same luck (common random numbers); the "
        f"difference is taken within each replication. {unit} p-values of the strategies of one measure are adjusted "
        "by Holm's method. The probability of being best comes from the joint t posterior of the means (flat prior, "
        f"{N_DRAWS:,} draws with a fixed seed); exact ties share it equally. Best: ahead of every other label, the "
        f"control included, at 5 % after Holm and by more than {100 * margin:g} % of the control's mean; otherwise "
        "null. diff_per_cost: difference / difference of cost_cents, null where the strategy costs no more than the "
        "control. roi: mean profit difference / mean cost, interval by linearisation. sd_world, sd_noise: spread of "
        "the difference between worlds and within them, by analysis of variance. Runs that failed are left out of "
        "every pair they belong to."
    )
