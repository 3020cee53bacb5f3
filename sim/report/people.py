"""What the screens "why", "who" and "how it spread" hold, in one language; imports `verdict`, `words`, charts."""

from __future__ import annotations

import re
from typing import Any, Final

from sim.charts.numbers import amount, heading, number
from sim.report.verdict import difference
from sim.report.words import Words
from sim.studies.compare import CONTROL
from sim.studies.explain.pairs import is_clear
from sim.studies.story import WELFARE, Story

#: numbers of trees: name in the table `referral`, key of its words
_INVITATIONS: Final = (
    ("n_invited", "invited_run"),
    ("n_trees", "trees_run"),
    ("tree_size_mean", "tree_mean"),
    ("tree_size_max", "tree_max"),
    ("depth_max", "depth_max"),
    ("k_factor", "k_factor"),
    ("viral_cycle_days", "cycle"),
)


def why_screen(story: Story, words: Words) -> dict[str, Any]:
    """What explains each strategy, in sentences."""
    found = story.explanation
    if found is None:
        return {"sentences": {}, "notes": []}
    of = found.sentences if words.lang == "en" else found.sentences_zh
    # A minus sign as wide as a plus; what was written for terminals has a hyphen.
    of = {label: [re.sub(r"(?<!\w)-(?=\d)", "−", one) for one in said] for label, said in of.items()}
    return {"sentences": of, "notes": found.notes if words.lang == "en" else found.notes_zh}


def who_screen(story: Story, words: Words) -> dict[str, Any]:
    """How many kinds of shopper gain and lose; what people get and what they put up with."""
    twins, said = story.why("twins"), {}
    for label in story.others:
        mine = twins[(twins["strategy"] == label) & (twins["by"] == "persona")] if len(twins) else twins
        if not len(mine):
            continue
        sure = [
            row["spend_cents"]
            for row in mine.to_dict("records")
            if is_clear({"ci_low": row["spend_cents_low"], "ci_high": row["spend_cents_high"]})
        ]
        gains, loses = sum(x > 0 for x in sure), sum(x < 0 for x in sure)
        said[label] = words("gains_loses", gains=gains, loses=loses, n=len(mine), label=words.name(label))
    asked = [name for name in WELFARE if any(e["mean"] for e in story.entries(name).values())]
    rows = [
        {"label": words.name(label, opens=True), "cells": [difference(story, name, label, words) for name in asked]}
        for label in story.labels
    ]
    columns = [{"measure": name, "name": heading(name, words.lang)} for name in asked]
    return {"said": said, "welfare": rows if asked else [], "columns": columns}


def spread_screen(story: Story, words: Words) -> dict[str, Any]:
    """Trees of invitations in numbers, every strategy."""
    table = story.why("referral")
    if not len(table):
        return {"rows": [], "columns": []}
    by_key = {(str(row["strategy"]), str(row["what"])): row for row in table.to_dict("records")}
    labels = [label for label in story.labels if (label, "n_invited") in by_key]
    asked = [(name, key) for name, key in _INVITATIONS if any(_known(by_key[label, name]["mean"]) for label in labels)]
    rows = []
    for label in labels:
        cells = []
        for name, _ in asked:
            row = by_key[label, name]
            mean = row["mean"] if _known(row["mean"]) else None
            text = amount(mean, name, words.lang) if name in ("k_factor",) else number(mean, words.lang)
            clear = label != CONTROL and is_clear(row)
            cells.append({"mean": text, "diff": number(row["diff"], words.lang, signed=True) if clear else ""})
        rows.append({"label": words.name(label, opens=True), "cells": cells})
    return {"rows": rows, "columns": [words(key) for _, key in asked]}


def _known(value: Any) -> bool:
    return value is not None and value == value
