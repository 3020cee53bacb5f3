"""What is said of each strategy, which one to choose, whether that is clear; imports `values`, `intervals`, metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.metrics import MEASURES, Measure
from sim.studies.compare.intervals import (
    ALPHA,
    MIXTURE,
    N_DRAWS,
    Paired,
    chances,
    detectable,
    holm,
    more_replications,
    paired,
    unit_means,
)
from sim.studies.compare.values import CONTROL, Runs, Values

#: Strategies that differ by no more than this share of the control's mean are practically equal (as in scenarios)
MARGIN = 0.001


@dataclass(frozen=True)
class Rule:
    """How a verdict is reached: the margin, and whether the runs were looked at while they were being added."""

    margin: float = MARGIN
    is_looked_at: bool = False

    def claims(self, n_pairs: int = 1) -> int:
        """For how many claims together bounds must hold; 0: the number of worlds was fixed beforehand."""
        return n_pairs if self.is_looked_at else 0


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


def about_measure(measure: Measure, values: Values, costs: Values, rule: Rule) -> dict[str, dict[str, Any]]:
    """What the verdict says about one measure: a record per strategy, the control included."""
    entries: dict[str, dict[str, Any]] = {}
    joint = values.complete(values.labels)
    found = chances(joint.units(), measure.direction) if len(joint.labels) > 1 else None
    p_best, regret = ({}, {}) if found is None else (dict(zip(joint.labels, one, strict=True)) for one in found)
    for label in values.labels:
        entry: dict[str, Any] = dict.fromkeys(
            ("mean", "control_mean", "diff", "ci_low", "ci_high", "p_best", "diff_per_cost", "p_value", "p_holm")
        )
        entry |= dict.fromkeys(("sd_world", "sd_noise", "correlation", "detectable", "is_equal"))
        entry["mean"] = values.mean(label)
        entry["p_best"], entry["regret"] = p_best.get(label), regret.get(label)
        entry["replications"] = int((~np.isnan(values.column(label))).sum())
        if label == CONTROL:
            entry["control_mean"] = entry["mean"]
        else:
            _compare_with_control(entry, values, label, costs, rule)
        entries[label] = entry
    tested = [label for label in entries if entries[label]["p_value"] is not None]
    for label, p in zip(tested, holm([entries[label]["p_value"] for label in tested]), strict=True):
        entries[label]["p_holm"] = p
    return entries


def _compare_with_control(entry: dict[str, Any], values: Values, label: str, costs: Values, rule: Rule) -> None:
    mine, control = values.column(label), values.column(CONTROL)
    both = ~(np.isnan(mine) | np.isnan(control))
    if not both.any():
        return
    worlds = values.worlds[both]
    mine, control = mine[both], control[both]
    difference = paired(mine - control, worlds, rule.claims())
    entry["replications"] = int(both.sum())
    entry["mean"] = float(unit_means(mine, worlds).mean())
    entry["control_mean"] = float(unit_means(control, worlds).mean())
    for field in ("diff", "ci_low", "ci_high", "p_value", "sd_world", "sd_noise"):
        entry[field] = getattr(difference, field)
    if difference.sd_unit is not None:
        entry["detectable"] = detectable(difference.sd_unit, difference.n_units, rule.claims())
    if difference.ci_low is not None and difference.ci_high is not None:
        entry["is_equal"] = _is_within(difference, values, rule.margin)
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
    measure: Measure, values: Values, labels: Sequence[str], rule: Rule
) -> tuple[str | None, dict[str, Paired]]:
    """(the label that clearly beats every other one of `labels` or None, the leader's lead over each other)."""
    joint = values.complete(labels)
    leader = _leader(measure, joint)
    if measure.direction == 0 or leader is None or len(joint.labels) < 2:
        return None, {}
    claims = rule.claims(n_pairs(len(joint.labels)))
    leads = {
        other: paired(measure.direction * (joint.column(leader) - joint.column(other)), joint.worlds, claims)
        for other in joint.labels
        if other != leader
    }
    p_values = [lead.p_value for lead in leads.values() if lead.p_value is not None]
    adjusted = p_values if rule.is_looked_at else holm(p_values)  # the former are for all pairs together already
    if len(p_values) < len(leads) or max(adjusted) > ALPHA:
        return None, leads
    if any(_is_practically_zero(lead.diff, values, rule.margin) for lead in leads.values()):
        return None, leads
    return leader, leads


def n_pairs(n_labels: int) -> int:
    """How many pairs there are: what can be said of who is better than whom."""
    return n_labels * (n_labels - 1) // 2


def _is_practically_zero(diff: float, values: Values, margin: float) -> bool:
    return abs(diff) <= margin * abs(values.mean(CONTROL) or 0.0)


def _is_within(lead: Paired, values: Values, margin: float) -> bool:
    """Does the whole interval lie within the margin?"""
    return all(x is not None and _is_practically_zero(x, values, margin) for x in (lead.ci_low, lead.ci_high))


def _is_tie(lead: Paired, values: Values, rule: Rule) -> bool:
    """As good as equal, and known to be so: a small difference that may be a large one in truth is not a tie."""
    if lead.p_value is None or lead.ci_low is None or lead.ci_high is None:
        return lead.diff == 0
    if _is_within(lead, values, rule.margin):
        return True
    is_sure = lead.p_value <= ALPHA and not rule.is_looked_at  # one of many looks always shows something small
    return is_sure and _is_practically_zero(lead.diff, values, rule.margin)


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


def choose(
    measure: Measure, values: Values, goals: Mapping[str, Any], rule: Rule, *, with_chances: bool = True
) -> dict[str, Any]:
    """What to do: the leader among those that miss no goal, and whether that is clear.

    `with_chances=False` leaves out its probability of being best and its expected regret, which take longest.
    """
    missed = {
        label: [name for name, goal in goals.items() if goal["strategies"][label]["passed"] is False]
        for label in values.labels
    }
    admissible = [label for label in values.labels if not missed[label]]
    joint = values.complete(admissible)
    leader = _leader(measure, joint)
    best, leads = clear_best(measure, values, admissible, rule)
    found = chances(joint.units(), measure.direction) if len(joint.labels) > 1 and with_chances else None
    p_best, regret = (None, None) if found is None or leader is None else (
        one[joint.labels.index(leader)] for one in found
    )  # fmt: skip
    choice: dict[str, Any] = {
        "label": leader, "is_clear": best is not None, "candidates": joint.labels,
        "missed_goals": {label: names for label, names in missed.items() if names}, "p_best": p_best, "regret": regret,
    }  # fmt: skip
    choice |= dict.fromkeys(("rival", "lead", "lead_low", "lead_high", "is_tie", "detectable", "more_replications"))
    equal = [label for label, lead in leads.items() if best is None and _is_tie(lead, values, rule)]
    unsettled = [] if best is not None else [
        label for label, lead in leads.items() if label not in equal and not _is_beaten(lead, len(leads), values, rule)
    ]  # fmt: skip
    choice |= {"equal": equal, "unsettled": unsettled, "is_decided": bool(leads) and not unsettled}
    if not leads:
        return choice
    # The rival is the one it is hardest to tell the leader from.
    among = {label: leads[label] for label in unsettled or equal or leads}
    rival = max(among, key=lambda label: (leads[label].p_value or 0.0, -leads[label].diff))
    if all(lead.p_value is None for lead in leads.values()):
        rival = min(leads, key=lambda label: leads[label].diff)
    lead = leads[rival]
    is_tie = _is_tie(lead, values, rule)
    choice |= {"rival": rival, "lead": lead.diff, "lead_low": lead.ci_low, "lead_high": lead.ci_high, "is_tie": is_tie}
    if lead.sd_unit is not None:
        claims = rule.claims(n_pairs(len(joint.labels)))
        choice["detectable"] = detectable(lead.sd_unit, lead.n_units, claims)
        if best is None and not is_tie:
            choice["more_replications"] = more_replications(lead, len(joint.values), claims)
    return choice


def _is_beaten(lead: Paired, n_others: int, values: Values, rule: Rule) -> bool:
    """Is the leader surely ahead of this one, even as the hardest of all others, and by more than the margin?"""
    if _is_practically_zero(lead.diff, values, rule.margin):
        return False
    factor = 1 if rule.is_looked_at else n_others  # p-values of looks are for all pairs together already
    return lead.p_value is not None and factor * lead.p_value <= ALPHA


def describe_method(table: Runs, rule: Rule) -> str:
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
    margin = f"{100 * rule.margin:g} % of the control's mean"
    if rule.is_looked_at:
        tests = (
            "Runs were added until the answer was clear, so intervals and p-values hold at every number of worlds at "
            f"once: confidence sequences of the mixture t-test (normal mixture over effect sizes, sd {MIXTURE:g}; "
            "right Haar prior on the spread; Lai 1976, Wang & Ramdas 2024), on means of worlds taken as normal, in "
            "place of t intervals. p-values of the strategies of one measure are adjusted by Holm's method. Between "
            "the leader and the others bounds are for all pairs of strategies together (5 % / number of pairs), so "
            "that, however often one looks, a wrong claim of better or equal comes up in at most 5 % of studies. Best: "
            f"ahead of every other label, the control included, and by more than {margin}; otherwise null. Practically "
            f"equal: the whole interval of the difference lies within {margin}. "
        )
    else:
        tests = (
            "p-values of the strategies of one measure are adjusted by Holm's method. Best: ahead of every other "
            f"label, the control included, at 5 % after Holm and by more than {margin}; otherwise null. Practically "
            f"equal: the difference is within {margin}, and its whole interval is too, or its sign is sure. These hold "
            "for a number of worlds fixed beforehand; to look again and again, use --until-clear. "
        )
    return (
        "Every strategy is compared with the control in the same world with the same luck (common random numbers); the "
        f"difference is taken within each replication. {unit} {tests}"
        "The probability of being best and the expected regret (how far a strategy is expected to lie behind the best "
        f"one) come from the joint t posterior of the means (flat prior, {N_DRAWS:,} draws with a fixed seed); exact "
        "ties share it equally. detectable: the true difference that would be found 8 times in 10. "
        "diff_per_cost: difference / difference of cost_cents, null where the strategy costs no more than the "
        "control. roi: mean profit difference / mean cost, interval by linearisation. sd_world, sd_noise: spread of "
        "the difference between worlds and within them, by analysis of variance. Runs that failed are left out of "
        "every pair they belong to."
    )
