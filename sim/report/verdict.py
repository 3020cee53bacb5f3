"""What the screens "verdict" and "over time" hold, in one language; imports `words`, charts, studies."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from sim.charts.numbers import NOTHING, amount, chance, heading, measure_name, number, percent
from sim.metrics import MEASURES
from sim.report.words import Words
from sim.studies.compare import CONTROL, goal_measure
from sim.studies.story import Story

_CARDS: Final = ("gmv_cents", "retained_share", "profit_cents")
_COMMON: Final = ("retention_d1", "retention_d7", "retention_d30")


def difference(story: Story, measure: str, label: str, words: Words) -> dict[str, Any]:
    """A difference from the control as a page shows it: text, interval, share, whether it is clear."""
    entry = story.entry(measure, label)
    lang = words.lang
    interval = ""
    if entry["ci_low"] is not None:
        largest = max(abs(entry[end]) for end in ("diff", "ci_low", "ci_high"))
        low, high = (
            amount(entry[end], measure, lang, difference=True, beside=largest) for end in ("ci_low", "ci_high")
        )
        if lang == "en":
            low = low.removesuffix(" points")
        interval = words("interval", low=low, high=high)
    elif label != CONTROL and entry["diff"] is not None:
        interval = words("no_interval")
    of_whole = MEASURES[measure].unit in ("cents", "count") and (entry["control_mean"] or 0) > 0
    way = 0 if not entry["is_clear"] else MEASURES[measure].direction * (1 if entry["diff"] > 0 else -1)
    return {
        "measure": measure,
        "name": measure_name(measure, lang),
        "heading": heading(measure, lang),
        "diff": amount(entry["diff"], measure, lang, difference=True),
        "mean": amount(entry["mean"], measure, lang),
        "relative": percent(entry["relative"], lang, signed=True) if of_whole else "",
        "interval": interval,
        "is_clear": entry["is_clear"],
        "way": {1: "good", -1: "bad", 0: ""}[way],
        "is_known": entry["diff"] is not None,
        "is_cost": False,
    }


def headline(story: Story, words: Words) -> Markup:
    """The verdict in a few words."""
    choice = story.answer["choice"]
    label = choice["label"]
    if label is None:
        return words("nobody")
    if choice["rival"] is None:
        return words("only", label=words.name(label, opens=True))
    if choice["is_clear"]:
        return words("keep") if label == CONTROL else words("choose", label=words.name(label))
    if choice["is_tie"]:
        return words("tie", label=words.name(label, opens=True), rival=words.name(choice["rival"]))
    return words("open_control") if label == CONTROL else words("open", label=words.name(label))


def _sure(story: Story, words: Words) -> list[Markup]:
    answer, lang = story.answer, words.lang
    choice, name = answer["choice"], measure_name(answer["decide_on"], words.lang)
    label = choice["label"]
    if label is None:
        is_goals = len(choice["missed_goals"]) == len(story.labels)
        return [words("nobody_goals") if is_goals else words("nobody_values", measure=name)]
    if choice["rival"] is None:
        return []
    found = {"measure": name, "k": len(choice["candidates"]), "p": chance(choice["p_best"], lang)}
    lead = amount(choice["lead"], answer["decide_on"], lang, difference=True).removeprefix("+")
    if choice["is_clear"]:
        return [words("sure_keep" if label == CONTROL else "sure_best", **found)]
    if choice["is_tie"]:
        return [words("sure_tie", lead=lead, **found)]
    rival = words.name(choice["rival"])
    if choice["lead_low"] is None:
        return [words("sure_open_none", rival=rival, lead=lead, **found)]
    said = [words("sure_open", rival=rival, lead=lead, **found)]
    more = choice["more_replications"]
    said.append(
        words("more_runs", n=number(float(f"{more:.2g}"), lang)) if more is not None else words("never_settles")
    )
    return said


def _effects(story: Story, label: str, words: Words) -> Markup | None:
    effects = []
    names = [*_CARDS] if story.answer["decide_on"] in _CARDS else [story.answer["decide_on"], *_CARDS]
    for name in names:
        found = difference(story, name, label, words)
        if found["is_known"]:
            key = "effect" if found["relative"] else "effect_plain"
            effects.append(words(key, measure=found["name"], diff=found["diff"], relative=found["relative"]))
    if not effects:
        return None
    days = story.results.scenario.days
    return words("brings", days=days, label=words.name(label, opens=words.lang == "zh"), effects=words.listed(effects))


def _goals(story: Story, words: Words) -> list[dict[str, Any]]:
    found = []
    for goal, report in story.answer["goals"].items():
        about, factor = goal_measure(goal)
        sense = "goal_at_most" if report["sense"] == "at most" else "goal_at_least"
        rows = []
        for label, one in report["strategies"].items():
            state = "unknown" if one["passed"] is None else "passed" if one["passed"] else "failed"
            mean = NOTHING if one["mean"] is None else amount(factor * one["mean"], about.name, words.lang)
            said = (
                mean
                if one["p_passed"] is None
                else words("goal_sure", mean=mean, p=chance(one["p_passed"], words.lang))
            )
            rows.append(
                {"label": words.name(label, opens=True), "state": state, "state_said": words(state), "said": said}
            )
        bound = amount(factor * report["goal"], about.name, words.lang)
        found.append({"title": words(sense, measure=measure_name(about.name, words.lang), bound=bound), "rows": rows})
    return found


def _missed(story: Story, words: Words) -> Markup | None:
    missed = story.answer["choice"]["missed_goals"]
    return words("missed", names=words.listed([words.name(label) for label in missed])) if missed else None


def gate(story: Story, words: Words) -> list[Markup]:
    """What is to be known of the calibration whose draws the worlds are, before anybody decides; empty without one."""
    found = story.worlds_from
    if found is None:
        return []
    parts = {"n": found["draws"], "study": words.name(found["study"] or "")}
    if found["fit_for_decisions"] is None:
        return [words("gate_unknown", n=found["draws"])]
    if found["fit_for_decisions"]:
        return [words("gate_passed", **parts)]
    checks = found["failed_checks_zh" if words.lang == "zh" else "failed_checks"]
    return [words("gate_failed", **parts), *(Markup("{}").format(one) for one in checks)]


def verdict_screen(story: Story, words: Words) -> dict[str, Any]:
    """One sentence, how sure, what it costs, which goals are met, every strategy beside the others."""
    answer, lang = story.answer, words.lang
    label = answer["choice"]["label"]
    subject = story.subject
    said = [] if subject is None else [_effects(story, subject, words)]
    cards = []
    if subject is not None:
        cards = [difference(story, name, subject, words) for name in _CARDS]
        cost = difference(story, "cost_cents", subject, words)
        cards.append(
            cost
            | {
                "heading": words("card_cost"),
                "diff": cost["mean"],
                "relative": "",
                "interval": "",
                "way": "",
                "is_cost": True,
            }
        )
    columns = list(dict.fromkeys([answer["decide_on"], *_CARDS, "cost_cents"]))
    if not story.is_known("retained_share"):
        columns.remove("retained_share")
    if story.is_known("retention_d30"):
        columns.insert(columns.index("profit_cents"), "retention_d30")
    table = [
        {
            "label": words.name(one, opens=True, most=200),
            "is_control": one == CONTROL,
            "is_choice": one == label,
            "cells": [difference(story, name, one, words) for name in columns],
            "best": chance(answer["measures"][answer["decide_on"]][one]["p_best"], lang),
        }
        for one in story.labels
    ]
    n, worlds = answer["replications"], answer["worlds"]
    return {
        "headline": headline(story, words),
        "gate": gate(story, words),
        "is_fit": story.worlds_from is None or story.worlds_from["fit_for_decisions"] is True,
        "looked": words("looked", n=len(answer["looks"])) if answer["looks"] else None,
        "sure": _sure(story, words),
        "effects": [one for one in said if one],
        "subject": None if subject is None else words.name(subject, opens=True),
        "cards": cards,
        "goals": _goals(story, words),
        "missed": _missed(story, words),
        "columns": [
            {"measure": name, "name": heading(name, lang), "is_cost": name == "cost_cents"} for name in columns
        ],
        "table": table,
        "rests_on": words("rests_on", n=n, w=worlds) if n > 1 else words("rests_on_one"),
        "n_failed": int((story.results.runs["status"] == "failed").sum()),
        "best_on": measure_name(answer["decide_on"], lang),
    }


def over_time_screen(story: Story, words: Words) -> dict[str, Any]:
    """Retention among the same people everywhere; the rest of this screen are charts."""
    common = story.answer["common_retention"]
    rows = []
    for label in story.labels:
        cells = [common.get(name, {}).get(label, {}).get("share") for name in _COMMON]
        rows.append({"label": words.name(label, opens=True), "cells": [percent(cell, words.lang) for cell in cells]})
    known = [
        k
        for k, name in enumerate(_COMMON)
        if any(common.get(name, {}).get(one, {}).get("share") is not None for one in story.labels)
    ]
    return {
        "common": [row | {"cells": [row["cells"][k] for k in known]} for row in rows] if known else [],
        "columns": [heading(_COMMON[k], words.lang) for k in known],
    }
