"""Which strategy wins, by how much, and how sure that is: from a table of runs to a verdict; imports metrics, errors.

Every strategy meets the control in the same world with the same luck, so what is analysed is the difference
within a replication. Replications that share a world share its people and graph and are not independent
of each other: worlds are. Hence the t interval on means of worlds, exact for balanced designs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.metrics import MEASURES, Measure

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONTROL = "control"
ALPHA = 0.05
#: Two strategies whose means differ by less than this share of the control's mean count as equally good.
MARGIN = 0.001
#: Power at which "how many more replications" and "detectable" are computed.
POWER = 0.8
_N_DRAWS = 20_000
_DRAWS_SEED = 20_240_229
_MOST_REPLICATIONS = 100_000


# --- statistics ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paired:
    """A mean difference over paired replications, with what is known about its error (None: cannot be known)."""

    diff: float
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    sd_unit: float | None  # between units of inference: worlds, or replications if there is one world
    n_units: int
    sd_world: float | None
    sd_noise: float | None


def unit_means(values: FloatArray, worlds: IntArray) -> FloatArray:
    """Means of the worlds, each with the same weight; the values themselves if there is only one world."""
    names, world = np.unique(worlds, return_inverse=True)
    if len(names) < 2:
        return values
    return np.asarray(np.bincount(world, weights=values) / np.bincount(world), dtype=np.float64)


def paired(differences: FloatArray, worlds: IntArray) -> Paired:
    """Mean of the differences with its two-sided 95 % t interval and p-value; worlds are the units."""
    from scipy.stats import t

    units = unit_means(differences, worlds)
    n = len(units)
    diff = float(units.mean())
    sd_world, sd_noise = variance_parts(differences, worlds)
    if n < 2:
        return Paired(diff, None, None, None, None, n, sd_world, sd_noise)
    if (differences == differences[0]).all():  # no spread at all: exact ties, or a constant effect
        diff = float(differences[0])
        return Paired(diff, diff, diff, 1.0 if diff == 0 else 0.0, 0.0, n, sd_world, sd_noise)
    sd = float(units.std(ddof=1))
    error = sd / math.sqrt(n)
    if error == 0.0:
        return Paired(diff, diff, diff, 1.0 if diff == 0 else 0.0, 0.0, n, sd_world, sd_noise)
    half = float(t.ppf(1 - ALPHA / 2, n - 1)) * error
    p = float(2 * t.sf(abs(diff) / error, n - 1))
    return Paired(diff, diff - half, diff + half, min(p, 1.0), sd, n, sd_world, sd_noise)


def variance_parts(differences: FloatArray, worlds: IntArray) -> tuple[float | None, float | None]:
    """(sd between worlds, sd of the luck within a world) by analysis of variance; None where not estimable."""
    names, world = np.unique(worlds, return_inverse=True)
    n, n_worlds = len(differences), len(names)
    if n == n_worlds:
        return None, None
    count = np.bincount(world).astype(np.float64)
    mean = np.bincount(world, weights=differences) / count
    within = float(((differences - mean[world]) ** 2).sum()) / (n - n_worlds)
    if n_worlds < 2:
        return None, math.sqrt(within)
    between = float((count * (mean - differences.mean()) ** 2).sum()) / (n_worlds - 1)
    per_world = (n - float((count**2).sum()) / n) / (n_worlds - 1)
    return math.sqrt(max(0.0, (between - within) / per_world)), math.sqrt(within)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    >>> holm([0.25, 0.0625])
    [0.25, 0.125]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


@lru_cache(maxsize=8)
def _posterior_draws(n_units: int) -> FloatArray:
    """Weights of the units' deviations in draws of a multivariate t with n_units - 1 degrees of freedom."""
    rng = np.random.Generator(np.random.Philox(_DRAWS_SEED))
    normal = rng.standard_normal((n_units, _N_DRAWS))
    spread = np.sqrt(rng.chisquare(n_units - 1, _N_DRAWS) / (n_units - 1))
    return np.asarray(normal / (spread * math.sqrt(n_units * (n_units - 1))), dtype=np.float64)


def probability_best(units: FloatArray, direction: int) -> list[float] | None:
    """For each column (strategy) of units x strategies: the probability that its mean is the best one.

    The joint posterior of the means under a flat prior, with the covariance between strategies as observed, so
    pairing counts; the margin of each difference is the t distribution of `paired`. Exact ties share equally.
    """
    n_units, n_strategies = units.shape
    if n_units < 2 or direction == 0:
        return None
    groups: dict[bytes, list[int]] = {}
    for j in range(n_strategies):
        groups.setdefault(np.ascontiguousarray(units[:, j] + 0.0).tobytes(), []).append(j)
    columns = units[:, [members[0] for members in groups.values()]] * direction
    means = columns.mean(axis=0)
    weights = _posterior_draws(n_units)
    draws = np.repeat(means[None, :], _N_DRAWS, axis=0)
    for weight, deviation in zip(weights, columns - means, strict=True):  # not a matrix product: same bits everywhere
        draws += weight[:, None] * deviation[None, :]
    is_best = draws == draws.max(axis=1, keepdims=True)
    shares = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
    result = [0.0] * n_strategies
    for members, share in zip(groups.values(), shares, strict=True):
        for j in members:
            result[j] = float(share) / len(members)
    return result


# --- from runs to values ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Values:
    """One measure: replications x labels, NaN where a run failed or the measure is null."""

    labels: list[str]
    values: FloatArray
    worlds: IntArray

    def column(self, label: str) -> FloatArray:
        return self.values[:, self.labels.index(label)]

    def mean(self, label: str) -> float | None:
        known = ~np.isnan(self.column(label))
        if not known.any():
            return None
        return float(unit_means(self.column(label)[known], self.worlds[known]).mean())

    def complete(self, labels: Sequence[str]) -> _Values:
        """The labels that have values at all, in the replications in which all of those have one."""
        kept = [label for label in labels if not np.isnan(self.column(label)).all()]
        values = self.values[:, [self.labels.index(label) for label in kept]]
        rows = ~np.isnan(values).any(axis=1)
        return _Values(kept, values[rows], self.worlds[rows])

    def units(self) -> FloatArray:
        columns = [unit_means(self.values[:, j], self.worlds) for j in range(len(self.labels))]
        return np.stack(columns, axis=1) if columns else np.empty((0, 0))


@dataclass(frozen=True)
class _Runs:
    """The finished runs of one point, by replication."""

    labels: list[str]
    replications: list[int]
    worlds: IntArray
    by_label: dict[str, pd.DataFrame]

    @classmethod
    def read(cls, runs: pd.DataFrame, labels: Sequence[str] | None) -> _Runs:
        if "point" in runs and runs["point"].nunique() > 1:
            raise ValueError("verdict: the runs belong to several points; give those of one")
        if runs.duplicated(["strategy", "replication"]).any():
            raise ValueError("verdict: two runs of the same strategy and replication")
        present = list(dict.fromkeys(str(label) for label in runs["strategy"]))
        order = list(labels) if labels is not None else present
        order = [CONTROL, *(label for label in order if label != CONTROL)]
        finished = runs[runs["status"] != "failed"]
        world = dict(zip(finished["replication"].astype(int), finished["world"].astype(int), strict=True))
        replications = sorted(world)
        by_label = {
            label: finished[finished["strategy"] == label].set_index("replication").reindex(replications)
            for label in order
        }
        return cls(order, replications, np.array([world[r] for r in replications], dtype=np.int64), by_label)

    def values(self, name: str) -> _Values:
        if name == "roi":
            return self._return_on_cost()
        columns = [
            pd.to_numeric(table[name]).to_numpy(dtype=np.float64, na_value=np.nan)
            if name in table
            else np.full(len(table), np.nan)
            for table in self.by_label.values()
        ]
        return _Values(self.labels, np.stack(columns, axis=1), self.worlds)

    def _return_on_cost(self) -> _Values:
        """Mean profit difference / mean cost, spread over replications by linearisation (the delta method).

        The mean of a column is the ratio of means, its spread that of (difference - ratio x cost) / mean cost. The
        control spends nothing and returns nothing: 0.
        """
        profit, cost = self.values("profit_cents"), self.values("cost_cents")
        result = np.full(profit.values.shape, np.nan)
        for j, label in enumerate(self.labels):
            gain, spent = profit.values[:, j] - profit.column(CONTROL), cost.values[:, j]
            known = ~(np.isnan(gain) | np.isnan(spent))
            if label == CONTROL:
                result[~np.isnan(profit.values[:, j]), j] = 0.0
            elif known.any():
                mean_cost = float(unit_means(spent[known], self.worlds[known]).mean())
                if mean_cost > 0:
                    ratio = float(unit_means(gain[known], self.worlds[known]).mean()) / mean_cost
                    result[known, j] = ratio + (gain[known] - ratio * spent[known]) / mean_cost
        return _Values(self.labels, result, self.worlds)


# --- the verdict -----------------------------------------------------------------------------------------------


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


def verdict(
    runs: pd.DataFrame,
    decide_on: str,
    goals: Mapping[str, float],
    measures: Iterable[str] | None = None,
    margin: float = MARGIN,
    labels: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Compare all strategies with the control and choose on `decide_on`, subject to `goals` (see `interface.md`).

    `runs`: point, strategy, replication, world, status and the measures, a row per run of one point.
    """
    check_question(decide_on, goals)
    table = _Runs.read(runs, labels)
    names = list(MEASURES if measures is None else measures)
    needed = {"gmv_cents", "profit_cents", "cost_cents", "retained_share", "retention_d30", decide_on}
    needed |= {goal_measure(goal)[0].name for goal in goals}
    values = {name: table.values(name) for name in MEASURES if name in names or name in needed}
    entries = {name: _entries(MEASURES[name], values[name], values["cost_cents"]) for name in values}
    goal_report = {goal: _goal(goal, float(level), table, values) for goal, level in goals.items()}
    choice = _choose(MEASURES[decide_on], values[decide_on], goal_report, margin)
    facts = _Facts(table, decide_on, entries, goal_report, choice)
    return {
        "control": CONTROL,
        "replications": len(table.replications),
        "worlds": len(set(table.worlds.tolist())),
        "decide_on": decide_on,
        "measures": {name: entries[name] for name in names},
        "best": {name: _clear_best(MEASURES[name], values[name], table.labels, margin)[0] for name in names},
        "goals": goal_report,
        "choice": choice,
        "sentence": _say(facts, _EN, "en"),
        "sentence_zh": _say(facts, _ZH, "zh"),
        "method": _method(table, margin),
    }


def _entries(measure: Measure, values: _Values, costs: _Values) -> dict[str, dict[str, Any]]:
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


def _compare_with_control(entry: dict[str, Any], values: _Values, label: str, costs: _Values) -> None:
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


def _leader(measure: Measure, values: _Values) -> str | None:
    """The label with the best mean; the control, then the first one, where means are exactly equal."""
    if not len(values.values) or not values.labels:
        return None
    means = {label: float(unit_means(values.column(label), values.worlds).mean()) for label in values.labels}
    top = max(measure.direction * mean for mean in means.values())
    return next(label for label in values.labels if measure.direction * means[label] == top)


def _clear_best(
    measure: Measure, values: _Values, labels: Sequence[str], margin: float
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


def _is_practically_zero(diff: float, values: _Values, margin: float) -> bool:
    return abs(diff) <= margin * abs(values.mean(CONTROL) or 0.0)


def _is_tie(lead: Paired, values: _Values, margin: float) -> bool:
    """As good as equal, and known to be so: a small difference that may be a large one in truth is not a tie."""
    if lead.p_value is None or lead.ci_low is None or lead.ci_high is None:
        return lead.diff == 0
    is_sure = lead.p_value <= ALPHA or all(_is_practically_zero(x, values, margin) for x in (lead.ci_low, lead.ci_high))
    return is_sure and _is_practically_zero(lead.diff, values, margin)


def _goal(name: str, level: float, table: _Runs, values: Mapping[str, _Values]) -> dict[str, Any]:
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


def _choose(measure: Measure, values: _Values, goals: Mapping[str, Any], margin: float) -> dict[str, Any]:
    """What to do: the leader among those that miss no goal, and whether that is clear."""
    missed = {
        label: [name for name, goal in goals.items() if goal["strategies"][label]["passed"] is False]
        for label in values.labels
    }
    admissible = [label for label in values.labels if not missed[label]]
    joint = values.complete(admissible)
    leader = _leader(measure, joint)
    best, leads = _clear_best(measure, values, admissible, margin)
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
        choice["detectable"] = _detectable(lead.sd_unit, lead.n_units)
        if best is None and not is_tie:
            choice["more_replications"] = _more_replications(lead, len(joint.values))
    return choice


def _detectable(sd: float, n_units: int) -> float:
    """The true difference that a test at 5 % on this many units finds 8 times in 10 (nearly exact)."""
    from scipy.stats import t

    df = n_units - 1
    return float(t.ppf(1 - ALPHA / 2, df) + t.ppf(POWER, df)) * sd / math.sqrt(n_units)


def _more_replications(lead: Paired, n_now: int) -> int | None:
    """Replications to add so that a lead as large as this one would be clear 8 times in 10; None: too many."""
    if lead.sd_unit is None or lead.diff <= 0:
        return None
    most = int(_MOST_REPLICATIONS * lead.n_units / n_now)
    low, high = lead.n_units, most
    if _detectable(lead.sd_unit, high) > lead.diff:
        return None
    while low < high:  # what can be detected falls with every unit
        middle = (low + high) // 2
        if _detectable(lead.sd_unit, middle) <= lead.diff:
            high = middle
        else:
            low = middle + 1
    more_units = max(low - lead.n_units, 1)
    return math.ceil(more_units * n_now / lead.n_units)


def _method(table: _Runs, margin: float) -> str:
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
        f"{_N_DRAWS:,} draws with a fixed seed); exact ties share it equally. Best: ahead of every other label, the "
        f"control included, at 5 % after Holm and by more than {100 * margin:g} % of the control's mean; otherwise "
        "null. diff_per_cost: difference / difference of cost_cents, null where the strategy costs no more than the "
        "control. roi: mean profit difference / mean cost, interval by linearisation. sd_world, sd_noise: spread of "
        "the difference between worlds and within them, by analysis of variance. Runs that failed are left out of "
        "every pair they belong to."
    )


# --- the sentence ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Facts:
    table: _Runs
    decide_on: str
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]]
    goals: Mapping[str, Any]
    choice: Mapping[str, Any]


_EN: dict[str, str] = {
    "space": " ",
    "and": "; ",
    "list": ", ",
    "comma": ", ",
    "points": " percentage points",
    "days": " days",
    "control": "the control",
    "effect": "{label} {diff}{details}",
    "details": " ({parts})",
    "effect_unknown": "{label} cannot be given",
    "effect_none": "{label} exactly the same",
    "no_retention": "retention cannot be given over so few days",
    "interval": "95 % interval {low} to {high}",
    "above": "above 99 %",
    "below": "below 1 %",
    "sure": "probability of being best {p}",
    "sure_in_brackets": " ({p})",
    "clear": "Choose {label}: it is clearly the best of {k} on {measure}{sure}.",
    "clear_control": "Keep the shop as it is: the control is clearly the best of {k} on {measure}{sure}.",
    "open": "No strategy is clearly best on {measure}: {label} leads{sure}, but its lead of {lead} over {rival} "
    "({interval}) may be luck.",
    "open_no_interval": "Nothing is clear: {label} leads on {measure} by {lead} over {rival}, but one replication "
    "gives no interval, so this may be luck.",
    "tie": "No strategy is clearly best on {measure}: {label} and {rival} are as good as equal "
    "(difference {lead}{sure}).",
    "more": "About {n} more replications would settle it if the lead is real; these {have} show differences from about "
    "{detectable}.",
    "more_never": "No affordable number of replications would settle so small a lead; these {have} show differences "
    "from about {detectable}.",
    "too_close": "These {have} replications show differences from about {detectable}.",
    "only_one": "{label} is the only one left to choose on {measure}, so there was nothing to compare it with.",
    "nobody": "Nothing can be chosen on {measure}: {why}.",
    "all_miss": "everything, the control included, misses a goal",
    "no_values": "no run gives this measure",
    "against": "{label} against the control: {effects}.",
    "nothing_against": "There is no strategy to set against the control, so GMV, retention and profit have no "
    "difference to report.",
    "missed": "Left out because they miss a goal: {names}.",
    "missed_one": "{label} ({goal} {mean}, goal {sense} {bound})",
    "at least": "at least",
    "at most": "at most",
    "unknown_goal": "The goal on {goal} cannot be judged for {names}.",
    "basis": "{n} paired replications in {w} worlds.",
    "basis_one_world": "{n} paired replications, all in one world: this speaks for that world only.",
    "basis_one": "One replication in one world.",
    "basis_none": "No run finished.",
}

_ZH: dict[str, str] = {
    "space": "",
    "and": "；",
    "list": "、",
    "comma": "，",
    "points": " 个百分点",
    "days": " 天",
    "control": "对照组",
    "effect": "{label} {diff}{details}",
    "details": "（{parts}）",
    "effect_unknown": "{label} 无法给出",
    "effect_none": "{label} 完全相同",
    "no_retention": "观测天数太短，无法给出留存率",
    "interval": "95% 区间 {low} 至 {high}",
    "above": "大于 99%",
    "below": "小于 1%",
    "sure": "为最优的概率{p}",
    "sure_in_brackets": "（{p}）",
    "clear": "建议选择 {label}：就{measure}而言，它在 {k} 个方案中明显最优{sure}。",
    "clear_control": "建议维持现状：就{measure}而言，对照组在 {k} 个方案中明显最优{sure}。",
    "open": "就{measure}而言，没有明显最优的策略：{label} 领先{sure}，但它比 {rival} 多出的 {lead}（{interval}）"
    "可能只是偶然。",
    "open_no_interval": "尚无定论：就{measure}而言，{label} 比 {rival} 领先 {lead}，但只有一次重复，无法给出区间，"
    "可能只是偶然。",
    "tie": "就{measure}而言，没有明显最优的策略：{label} 与 {rival} 几乎相同（相差 {lead}{sure}）。",
    "more": "若该领先属实，约需再做 {n} 次重复才能确认；现有 {have} 次可识别约 {detectable} 以上的差异。",
    "more_never": "领先太小，再多重复也难以确认；现有 {have} 次可识别约 {detectable} 以上的差异。",
    "too_close": "现有 {have} 次重复可识别约 {detectable} 以上的差异。",
    "only_one": "就{measure}而言，只剩 {label} 可选，没有可比较的对象。",
    "nobody": "无法就{measure}作出选择：{why}。",
    "all_miss": "包括对照组在内，所有方案都未达到目标",
    "no_values": "没有任何一次运行给出该指标",
    "against": "{label} 与对照组相比：{effects}。",
    "nothing_against": "没有可与对照组比较的策略，因此成交总额（GMV）、留存率和利润没有差异可报告。",
    "missed": "因未达到目标而排除：{names}。",
    "missed_one": "{label}（{goal} {mean}，目标{sense} {bound}）",
    "at least": "不低于",
    "at most": "不高于",
    "unknown_goal": "无法判断 {names} 是否达到{goal}目标。",
    "basis": "共 {n} 次配对重复，{w} 个世界。",
    "basis_one_world": "共 {n} 次配对重复，都在同一个世界：结论只适用于这个世界。",
    "basis_one": "只有一个世界中的一次重复。",
    "basis_none": "没有完成的运行。",
}


def amount(value: float, measure: Measure, *, is_difference: bool, words: Mapping[str, str] | None = None) -> str:
    """A measure's value, or a difference of two, as people write it: currency, percent or percentage points."""
    words = words or _EN
    sign = "+" if is_difference else ""
    value = value + 0.0  # -0.0 reads as a fall
    if measure.unit == "cents":
        return f"{value / 100:{sign},.{0 if abs(value) >= 10_000 else 2}f}"
    if measure.unit == "share":
        text = f"{100 * value:{sign}.{1 if abs(value) >= 0.01 or value == 0 else 2}f}"
        return text + (words["points"] if is_difference else " %" if words is _EN else "%")
    if measure.unit == "count":
        return f"{value:{sign},.{0 if abs(value) >= 100 or value == round(value) else 1}f}"
    return f"{value:{sign}.{2 if abs(value) >= 0.1 or value == 0 else 3}f}" + (
        words["days"] if measure.unit == "days" else ""
    )


def _say(facts: _Facts, words: Mapping[str, str], language: str) -> str:
    """The verdict in a few plain sentences: the choice, its effects, how sure, on what basis."""
    measure = MEASURES[facts.decide_on]
    what = _name(measure, language)
    choice, table = facts.choice, facts.table
    label = choice["label"]
    sentences: list[str] = []

    def name(of: str) -> str:
        return words["control"] if of == CONTROL else of

    def number(value: float, is_difference: bool = True) -> str:
        return amount(value, measure, is_difference=is_difference, words=words)

    p_best = choice["p_best"]
    sure = "" if p_best is None else words["sure"].format(p=_percent(p_best, words))
    in_brackets = words["sure_in_brackets"].format(p=sure) if sure else ""
    have = len(table.replications)
    if label is None:
        why = words["all_miss"] if len(choice["missed_goals"]) == len(table.labels) else words["no_values"]
        sentences.append(words["nobody"].format(measure=what, why=why))
    elif choice["rival"] is None:
        sentences.append(words["only_one"].format(label=name(label), measure=what))
    elif choice["is_clear"]:
        template = words["clear_control" if label == CONTROL else "clear"]
        k = len(choice["candidates"])
        sentences.append(template.format(label=label, k=k, measure=what, sure=words["comma"] + sure))
    else:
        rival, lead = name(choice["rival"]), number(choice["lead"], is_difference=False)
        found = {"measure": what, "label": name(label), "rival": rival, "lead": lead, "sure": in_brackets}
        if choice["lead_low"] is None and not choice["is_tie"]:
            sentences.append(words["open_no_interval"].format(**found))
        elif choice["is_tie"]:
            found["sure"] = words["comma"] + sure if sure else ""
            sentences.append(words["tie"].format(**found))
        else:
            interval = words["interval"].format(low=number(choice["lead_low"]), high=number(choice["lead_high"]))
            sentences.append(words["open"].format(**found, interval=interval))
        if choice["detectable"]:
            more = choice["more_replications"]
            key = "too_close" if choice["is_tie"] else "more" if more is not None else "more_never"
            shown = number(choice["detectable"], is_difference=False)
            sentences.append(words[key].format(n=f"{more:,}" if more else "", have=have, detectable=shown))

    subject = _subject(facts)
    if subject is None:
        sentences.append(words["nothing_against"])
    else:
        effects = words["and"].join(_effects(facts, subject, words, language))
        sentences.append(words["against"].format(label=subject, effects=effects))
    sentences += _about_goals(facts, words, language)
    n_worlds = len(set(table.worlds.tolist()))
    key = "basis" if n_worlds > 1 else "basis_one_world" if have > 1 else "basis_one" if have else "basis_none"
    sentences.append(words[key].format(n=have, w=n_worlds))
    # A label keeps its own spelling; only "the control" can open a sentence in lower case.
    return words["space"].join("The " + s[4:] if s.startswith("the ") else s for s in sentences)


def _subject(facts: _Facts) -> str | None:
    """Whose differences from the control are told: the chosen strategy, or the nearest one if that is the control."""
    label = facts.choice["label"]
    if label is not None and label != CONTROL:
        return str(label)
    measure = MEASURES[facts.decide_on]
    means = {
        other: entry["mean"]
        for other, entry in facts.entries[facts.decide_on].items()
        if other != CONTROL and entry["mean"] is not None
    }
    others = [other for other in facts.table.labels if other != CONTROL]
    if not means:
        return others[0] if others else None
    return max(means, key=lambda other: measure.direction * float(means[other]))


def _effects(facts: _Facts, label: str, words: Mapping[str, str], language: str) -> list[str]:
    names = ["gmv_cents", "retained_share", "retention_d30", "profit_cents"]
    known = [n for n in names[1:3] if facts.entries[n][label]["diff"] is not None]
    names = ["gmv_cents", *known, "profit_cents"]
    if facts.decide_on not in names:
        names.append(facts.decide_on)
    effects = [_effect(MEASURES[n], facts.entries[n][label], words, language) for n in names]
    return effects if known else [effects[0], words["no_retention"], *effects[1:]]


def _effect(measure: Measure, entry: Mapping[str, Any], words: Mapping[str, str], language: str) -> str:
    name = _name(measure, language)
    if entry["diff"] is None:
        return words["effect_unknown"].format(label=name)
    if entry["diff"] == entry["ci_low"] == entry["ci_high"] == 0:
        return words["effect_none"].format(label=name)
    parts: list[str] = []
    base = entry["control_mean"]
    space = " " if language == "en" else ""
    if measure.unit in ("cents", "count") and base is not None and base > 0:
        parts.append(f"{100 * entry['diff'] / base:+.1f}{space}%")
    if entry["ci_low"] is not None:
        low, high = (amount(entry[k], measure, is_difference=True, words=words) for k in ("ci_low", "ci_high"))
        # The unit once, after the second number.
        parts.append(words["interval"].format(low=low.removesuffix(words["points"]), high=high))
    details = words["details"].format(parts=words["list"].join(parts)) if parts else ""
    diff = amount(entry["diff"], measure, is_difference=True, words=words)
    return words["effect"].format(label=name, diff=diff, details=details)


def _about_goals(facts: _Facts, words: Mapping[str, str], language: str) -> list[str]:
    sentences: list[str] = []
    missed: list[str] = []
    for label, goals in facts.choice["missed_goals"].items():
        for goal in goals:
            report = facts.goals[goal]
            measure, factor = goal_measure(goal)
            mean, bound = (
                amount(factor * value, measure, is_difference=False, words=words)
                for value in (report["strategies"][label]["mean"], report["goal"])
            )
            found = {"goal": _name(measure, language), "mean": mean, "bound": bound, "sense": words[report["sense"]]}
            missed.append(words["missed_one"].format(label=words["control"] if label == CONTROL else label, **found))
    if missed:
        sentences.append(words["missed"].format(names=words["list"].join(missed)))
    for goal, report in facts.goals.items():
        unknown = [label for label, result in report["strategies"].items() if result["passed"] is None]
        if unknown:
            listed = words["list"].join(words["control"] if label == CONTROL else label for label in unknown)
            name = _name(goal_measure(goal)[0], language)
            sentences.append(words["unknown_goal"].format(goal=name, names=listed))
    return sentences


def _name(measure: Measure, language: str) -> str:
    return measure.zh if language == "zh" else measure.label


def _percent(p: float, words: Mapping[str, str]) -> str:
    if p > 0.99:
        return words["above"]
    if p < 0.01:
        return words["below"]
    return f"{100 * p:.0f} %" if words is _EN else f"为 {100 * p:.0f}%"


# --- results compared ------------------------------------------------------------------------------------------


class _Question(Protocol):
    @property
    def decide_on(self) -> str: ...
    @property
    def goals(self) -> Mapping[str, float]: ...
    @property
    def labels(self) -> Sequence[str]: ...


class ResultsLike(Protocol):
    """What a comparison reads from a results folder."""

    @property
    def folder(self) -> Path: ...
    @property
    def runs(self) -> pd.DataFrame: ...
    @property
    def daily(self) -> pd.DataFrame: ...
    @property
    def scenario(self) -> Any: ...  # a _Question; Any, because a frozen pydantic field is no read-only property to mypy


class Comparison:
    """Results with their verdict: `results.verdict("gmv_cents")`, `results.sentence`."""

    def __init__(self, results: ResultsLike) -> None:
        self.results = results

    @property
    def folder(self) -> Path:
        return self.results.folder

    @property
    def runs(self) -> pd.DataFrame:
        return self.results.runs

    @property
    def daily(self) -> pd.DataFrame:
        return self.results.daily

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The whole verdict, as written to `verdict.json`."""
        question: _Question = self.results.scenario
        return verdict(self.results.runs, question.decide_on, question.goals, labels=list(question.labels))

    @property
    def sentence(self) -> str:
        return str(self.answer["sentence"])

    @property
    def sentence_zh(self) -> str:
        return str(self.answer["sentence_zh"])

    def verdict(self, measure: str | None = None) -> pd.DataFrame:
        """One measure (default: the one decided on), a row per strategy."""
        name = measure or str(self.answer["decide_on"])
        if name not in MEASURES:
            raise InputError("unknown measure", found=name, hint=did_you_mean(name, MEASURES, kind="measures"))
        table = pd.DataFrame.from_dict(self.answer["measures"][name], orient="index")
        table.index.name = "strategy"
        return table

    def to_json(self, path: str | Path) -> Path:
        """Write `verdict.json`."""
        target = Path(path)
        text = json.dumps(self.answer, ensure_ascii=False, indent=2, allow_nan=False)
        target.write_text(text + "\n", encoding="utf-8", newline="\n")
        return target

    def __repr__(self) -> str:
        return self.sentence


def compare_results(results: ResultsLike) -> Comparison:
    """The verdict on results that are already there."""
    return Comparison(results)
