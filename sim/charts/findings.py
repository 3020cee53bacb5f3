"""Titles that state what was found, from the verdict; imports `look`, `numbers`, `words`, studies."""

from __future__ import annotations

from typing import Final

from sim.charts.look import Lang, short
from sim.charts.numbers import amount, measure_name, number, percent
from sim.charts.words import WORDS
from sim.metrics import MEASURES
from sim.studies.compare import CONTROL
from sim.studies.story import Story

_MOST_NAMED: Final = 3


def finding(story: Story, measure: str, lang: Lang) -> str:
    """Which strategies clearly differ from the control in a measure, by how much."""
    words, name = WORDS[lang], measure_name(measure, lang)
    entries = story.entries(measure)
    found = {label: e for label, e in entries.items() if label != CONTROL and e["diff"] is not None}
    if not found:
        return words["alone"].format(Measure=_capital(name), measure=name)
    clear = sorted((k for k, e in found.items() if e["is_clear"]), key=lambda k: -abs(found[k]["diff"]))
    if not clear:
        if all(e["p_holm"] is None for e in found.values()):
            return words["one_run"].format(measure=name)
        is_same = all(e["diff"] == e["ci_low"] == e["ci_high"] == 0 for e in found.values())
        return words["no_change" if is_same else "no_difference"].format(measure=name)
    parts: list[str] = []
    for label in clear[:_MOST_NAMED]:
        entry = found[label]
        if MEASURES[measure].unit in ("cents", "count") and entry["relative"] is not None:
            size = percent(abs(entry["relative"]), lang)
        else:
            size = amount(abs(entry["diff"]), measure, lang, difference=True).lstrip("+")
        key = ("more" if entry["diff"] > 0 else "less") if not parts else (
            "then_more" if entry["diff"] > 0 else "then_less"
        )  # fmt: skip
        parts.append(words[key].format(label=short(label), measure=name, size=size))
    rest = len(found) - len(parts)
    if rest:
        parts.append(words["others_unclear" if len(clear) == len(parts) else "others_less"].format(n=rest))
    return words["list"].join(parts)


def levels(story: Story, measure: str, lang: Lang) -> str:
    """How much the strategy to look at first and the control have of a measure."""
    label = story.subject
    entry = None if label is None else story.entry(measure, label)
    if label is None or entry is None or entry["mean"] is None or entry["control_mean"] is None:
        return finding(story, measure, lang)
    key = "level_retention" if measure.startswith("retention_d") else f"level_{measure}"
    mean, control = (
        number(value, lang) if measure == "dau_mean" else amount(value, measure, lang)
        for value in (entry["mean"], entry["control_mean"])
    )
    return WORDS[lang][key].format(
        label=short(label), mean=mean, control=control, days=story.results.scenario.days,
        age=measure.removeprefix("retention_d"),
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def name_of(label: str, lang: Lang, *, opens: bool = False) -> str:
    """A strategy in a sentence; `opens`: at its start."""
    return WORDS[lang]["Control" if opens else "control"] if label == CONTROL else short(label)
