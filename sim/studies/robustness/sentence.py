"""A robustness answer in plain sentences, from its tables; imports `words`, `tree`, compare, metrics, swept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sim.metrics import MEASURES
from sim.studies.compare import CONTROL, amount
from sim.studies.compare.sentence import EN as NUMBERS_EN
from sim.studies.compare.sentence import ZH as NUMBERS_ZH
from sim.studies.robustness.tree import Condition, Tree
from sim.studies.robustness.words import EN, SOURCE_NAMES, ZH
from sim.studies.swept import Factor, Sweep

_MOST_TIPS: Final = 4  # of one factor
_MOST_FACTORS: Final = 5
_LEAST_SHARE: Final = 0.005  # of variance that is named
#: kinds of designs whose points are draws of what is not known
DRAWN: Final = ("latin_hypercube", "sobol", "csv", "saltelli")


class Voice:
    """One language: its words and how it writes numbers."""

    def __init__(self, language: str, sweep: Sweep, measure: str) -> None:
        self.language, self.is_english = language, language == "en"
        self.words = EN if self.is_english else ZH
        self._numbers = NUMBERS_EN if self.is_english else NUMBERS_ZH
        self.about = MEASURES[measure]
        self.draws = self.words["draws" if sweep.kind in DRAWN else "points"]

    def say(self, key: str, **parts: Any) -> str:
        text = self.words[key].format(draws=self.draws, **parts)
        return (
            text[:1].upper() + text[1:] if self.is_english and text.startswith("the ") and text.endswith(".") else text
        )

    def name(self, label: str) -> str:
        return self.words["control"] if label == CONTROL else label

    def number(self, value: float) -> str:
        return amount(value, self.about, is_difference=True, words=self._numbers)

    def size(self, value: float) -> str:
        return self.number(value).removeprefix("+")

    def percent(self, share: float) -> str:
        return amount(share, MEASURES["retained_share"], is_difference=False, words=self._numbers).replace(".0", "")

    def measure(self) -> str:
        return self.about.label if self.is_english else self.about.zh


def about_best(best: Sequence[Mapping[str, Any]], sweep: Sweep, voice: Voice) -> list[str]:
    """Who is best where, by how much, what choosing it costs."""
    n_worlds = int(best[0]["n_worlds"])
    parts = {"n": len(sweep.points), "d": len(sweep.factors), "w": n_worlds, "runs": f"{len(sweep.runs):,}"}
    said = [voice.say("basis" if n_worlds > 1 else "basis_one_world", **parts)]
    if sweep.n_left_out:
        said.append(voice.say("left_out", n=sweep.n_left_out))
    known = [row for row in best if row["p_best"] is not None]
    if not known:
        return said
    order = sorted(known, key=lambda row: (-row["p_best_points"], -row["p_best"]))
    first, rest = order[0], [row for row in order[1:] if row["p_best"] > 0 or row["p_best_points"] > 0]

    def shares(row: Mapping[str, Any]) -> dict[str, str]:
        return {"label": voice.name(row["strategy"]), "cells": voice.percent(row["p_best"]),
                "points": voice.percent(row["p_best_points"])}  # fmt: skip

    after = voice.say("next", **shares(rest[0])) if rest else ""
    key = "best" if n_worlds > 1 else "best_one_world"
    said.append(voice.say(key, measure=voice.measure(), **shares(first), next=after))
    said += [_difference(row, voice) for row in order if row["diff"] is not None]
    others = [row for row in sorted(known, key=lambda row: row["regret"]) if row is not first]
    after = voice.say("regret_next", label=voice.name(others[0]["strategy"]), regret=voice.size(others[0]["regret"]))
    said.append(
        voice.say("regret", label=voice.name(first["strategy"]), regret=voice.size(first["regret"]), next=after)
    )
    return said


def _difference(row: Mapping[str, Any], voice: Voice) -> str:
    interval = ""
    if row["ci_low"] is not None:
        interval = voice.say("interval", low=voice.number(row["ci_low"]), high=voice.number(row["ci_high"]))
    low, high = voice.number(row["diff_p5"]), voice.number(row["diff_p95"])
    return voice.say("difference", label=voice.name(row["strategy"]), diff=voice.number(row["diff"]), interval=interval,
                     low=low, high=high, better=voice.percent(row["p_better"]))  # fmt: skip


def about_tree(tree: Tree | None, names: Sequence[str], factors: Sequence[Factor], voice: Voice) -> list[str]:
    """Where the ranking flips, if that can be told."""
    if tree is None:
        return [voice.say("always", label=voice.name(names[0]))]
    whole = [sum(leaf.counts[k] for leaf in tree.leaves) for k in range(len(names))]
    commonest = voice.name(names[whole.index(max(whole))])
    if tree.depth == 0 or len(tree.leaves) < 2:
        return [voice.say("no_rule", label=commonest, base=voice.percent(tree.base_accuracy))]
    said = []
    for leaf in sorted(tree.leaves, key=lambda leaf: -leaf.n):
        others = [(leaf.counts[k], names[k]) for k in range(len(names)) if k != leaf.best and leaf.counts[k]]
        parts = [f"{voice.name(name)} {voice.percent(n / leaf.n)}" for n, name in sorted(others, reverse=True)]
        after = voice.say("rule_next", parts=voice.words["list"].join(parts)) if parts else ""
        conditions = voice.words["and"].join(condition(one, factors, voice) for one in leaf.conditions)
        said.append(voice.say("rule", conditions=conditions, label=voice.name(names[leaf.best]), n=leaf.n,
                              share=voice.percent(leaf.share), next=after))  # fmt: skip
    accuracy, base = voice.percent(tree.accuracy), voice.percent(tree.base_accuracy)
    return [*said, voice.say("rule_accuracy", accuracy=accuracy, label=commonest, base=base)]


def condition(one: Condition, factors: Sequence[Factor], voice: Voice) -> str:
    """A leaf's condition on one factor, in words with its unit."""
    factor = factors[one.factor]
    if one.text is not None:
        return voice.say("is" if one.is_text else "is_not", name=factor.name, text=factor.texts[one.text])
    low, high = (None if end is None else factor.written(end, voice.language) for end in (one.low, one.high))
    key = "below" if low is None else "above" if high is None else "within"
    return voice.say(key, name=factor.name, low=low, high=high)


def about_tipping(table: Sequence[Mapping[str, Any]], sweep: Sweep, best: str, voice: Voice) -> list[str]:
    """Where one strategy overtakes another along each factor looked at, or that none does."""
    by_path = {factor.path: factor for factor in sweep.factors}
    said: list[str] = []
    for path in dict.fromkeys(row["factor"] for row in table):
        rows, factor = [row for row in table if row["factor"] == path], by_path[path]
        tips = [row for row in rows if row["value"] is not None and row["share_of_resamples"] != 0.0]
        # clear ones first, then those that the best strategy is part of
        tips.sort(key=lambda row: (not row["is_clear"], best not in (row["ahead"], row["behind"]), row["value"]))
        said += [_tip(row, factor, voice) for row in tips[:_MOST_TIPS]]
        if not tips:
            said.append(_never(rows, factor, best, voice))
    return said


def _tip(row: Mapping[str, Any], factor: Factor, voice: Voice) -> str:
    parts = {"ahead": voice.name(row["ahead"]), "behind": voice.name(row["behind"]), "name": factor.name,
             "value": factor.written(row["value"], voice.language)}  # fmt: skip
    if row["ci_low"] is None or pd.isna(row["ci_low"]):
        return voice.say("tips_one_world", **parts)
    if not row["is_clear"]:
        return voice.say("tips_unsure", **parts, share=voice.percent(row["share_of_resamples"]))
    unit = factor.written(row["value"], voice.language).partition(" ")[2]
    low, high = (factor.written(row[end], voice.language).removesuffix(f" {unit}") for end in ("ci_low", "ci_high"))
    return voice.say(
        "tips_back" if row["n_crossings"] > 1 else "tips", **parts, low=low, high=high, n=row["n_crossings"]
    )


def _never(rows: Sequence[Mapping[str, Any]], factor: Factor, best: str, voice: Voice) -> str:
    ends = {"name": factor.name, "low": factor.written(rows[0]["low"], voice.language).split(" ")[0],
            "high": factor.written(rows[0]["high"], voice.language)}  # fmt: skip
    if rows[0]["share_of_resamples"] is None:
        return voice.say("never_one_world", **ends)
    unsure = max(row["share_of_resamples"] for row in rows)
    mine = [row for row in rows if best in (row["ahead"], row["behind"]) and row["is_clear"]]
    if not mine:
        return voice.say("never_unsure", **ends, share=voice.percent(unsure))
    parts = [
        voice.say("never_part", ahead=voice.name(row["ahead"]), behind=voice.name(row["behind"])) for row in mine
    ]  # fmt: skip
    doubtful = [row for row in rows if best in (row["ahead"], row["behind"]) and not row["is_clear"]]
    said = voice.say("never", **ends, parts=voice.words["list"].join(parts))
    return said + voice.words["space"] + " ".join(
        voice.say("never_but", ahead=voice.name(row["ahead"]), behind=voice.name(row["behind"]),
                  share=voice.percent(row["share_of_resamples"]))
        for row in doubtful
    ) if doubtful else said  # fmt: skip


def about_ledger(
    label: str, ledger: Sequence[Mapping[str, Any]], factors: Sequence[Mapping[str, Any]], sweep: Sweep, voice: Voice
) -> list[str]:
    """On what the variance of one strategy's difference rests."""
    if ledger[0]["total_variance"] == 0:
        return [voice.say("same", label=label)]
    at = 0 if voice.is_english else 1
    rows = sorted((row for row in ledger if (row["share"] or 0) >= _LEAST_SHARE), key=lambda row: -row["share"])
    parts = []
    for row in rows:
        found = {"name": SOURCE_NAMES[row["source"]][at], "share": _whole(row["share"])}
        if row["share_low"] is None:
            parts.append(voice.say("part", **found))
        else:
            ends = {"low": _whole(row["share_low"]), "high": _whole(row["share_high"])}
            parts.append(voice.say("part_interval", **found, **ends))
    said = [voice.say("ledger", label=label, parts=voice.words["list"].join(parts))]
    r2 = ledger[0]["r2"]
    said.append(voice.say("r2", r2=voice.percent(r2)) if r2 > 0 else voice.say("no_r2"))
    short = {factor.path: factor.name for factor in sweep.factors}
    most = [row for row in factors if row["share_with_others"] >= 2 * _LEAST_SHARE][:_MOST_FACTORS]
    if most:
        named = [voice.say("part", name=short[row["factor"]], share=_whole(row["share_with_others"])) for row in most]
        said.append(voice.say("factors", parts=voice.words["list"].join(named)))
    return said


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"


def general(ledgers: Mapping[str, Sequence[Mapping[str, Any]]], sweep: Sweep, voice: Voice) -> list[str]:
    """What holds for every ledger: what was not varied, what the design cannot tell."""
    at = 0 if voice.is_english else 1
    said: list[str] = []
    first = next(iter(ledgers.values()), None)
    if first is None:
        return said
    missing = [
        row["source"]
        for row in first
        if row["variance"] is None and row["source"] in ("guess", "literature", "calibrated")
    ]
    if missing:
        said.append(voice.say("not_varied", names=voice.words["list"].join(SOURCE_NAMES[one][at] for one in missing)))
    known = {row["source"]: row["variance"] is not None for row in first}
    if not known["luck"] and not known["world"]:
        said.append(voice.say("no_noise", draw=voice.draws.removesuffix("s")))
    elif not known["luck"]:
        said.append(voice.say("no_luck", world=SOURCE_NAMES["world"][at]))
    elif not known["world"]:
        said.append(voice.say("no_world"))
    if not sweep.is_independent:
        said.append(voice.say("dependent"))
    return said
