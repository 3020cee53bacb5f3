"""A sensitivity answer in plain sentences, from its tables; imports `words`, `methods`, compare, metrics, swept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sim.metrics import MEASURES
from sim.studies.compare import amount
from sim.studies.compare.sentence import EN as NUMBERS_EN
from sim.studies.compare.sentence import ZH as NUMBERS_ZH
from sim.studies.sensitivity.methods import MAIN
from sim.studies.sensitivity.structure import Structure
from sim.studies.sensitivity.words import EN, METHOD_NAMES, ZH
from sim.studies.swept import Factor

_MOST: Final = 5
#: settled: no index moved by more, no interval is wider, as shares of the largest index
SETTLED: Final = 0.1

Rows = Sequence[Mapping[str, Any]]


class Voice:
    """One language: its words and how it writes numbers."""

    def __init__(self, language: str, found: Structure, factors: Sequence[Factor]) -> None:
        self.is_english = language == "en"
        self.words = EN if self.is_english else ZH
        self._numbers = NUMBERS_EN if self.is_english else NUMBERS_ZH
        self.found, self.names = found, {factor.path: factor.name for factor in factors}

    def say(self, key: str, **parts: Any) -> str:
        return self.words[key].format(**parts)

    def percent(self, share: float) -> str:
        return f"{100 * share:.0f}" + (" %" if self.is_english else "%")

    def index(self, value: float, measure: str) -> str:
        """mu* has the measure's unit, every other index is a share of 1."""
        if self.found.method == "morris":
            return amount(value, MEASURES[measure], is_difference=True, words=self._numbers).removeprefix("+")
        return f"{value:.2f}"

    def measure(self, name: str) -> str:
        return MEASURES[name].label if self.is_english else MEASURES[name].zh


def basis(voice: Voice, factors: int, replications: int, left_out: int) -> list[str]:
    """What was read, by which method."""
    method = METHOD_NAMES[voice.found.method][0 if voice.is_english else 1]
    parts = {"method": method, "n": len(voice.found.blocks), "d": factors, "r": replications}
    said = [voice.say(f"basis_{voice.found.method}", **parts)]
    return [*said, voice.say("left_out", n=left_out)] if left_out else said


def about(label: str, measure: str, rows: Rows, growth: Rows, noise: float | None, voice: Voice) -> list[str]:
    """What is to be said of one strategy's difference on one measure."""
    main = MAIN[voice.found.method]
    mine = sorted((r for r in rows if r["name"] == main and r["factor"] != "chance"), key=lambda r: -r["value"])
    real = [row for row in mine if is_told(row, rows)]
    head = {"label": label, "measure": voice.measure(measure)}
    if not real:
        said = [voice.say("none", **head)]
    else:
        parts = [_part(row, measure, voice) for row in real[:_MOST]]
        said = [voice.say("most", **head, parts=voice.words["list"].join(parts))]
        if len(mine) > len(real):
            said.append(voice.say("small", n=len(mine) - len(real), d=len(mine)))
        if voice.found.method == "morris":
            said += _curved(real, rows, voice)
        else:
            alone = sum(row["value"] for row in rows if row["name"] == "S1" and row["factor"] != "chance")
            said.append(voice.say("together", alone=voice.percent(min(max(alone, 0.0), 1.0))))
            said += _pairs(rows, voice)
    if noise is not None and noise >= 0.01:
        said.append(voice.say("luck", share=voice.percent(noise)))
    return [*said, _convergence(growth, voice)] if real else said


def is_told(row: Mapping[str, Any], rows: Rows) -> bool:
    """Whether an index can be told from nothing: its interval is above 0, and for given data above chance's own."""
    chance = [r["value"] for r in rows if r["factor"] == "chance" and r["name"] == row["name"]]
    return bool(row["ci_low"] is not None and row["value"] > max(chance, default=0.0) and row["ci_low"] > 0.0)


def _part(row: Mapping[str, Any], measure: str, voice: Voice) -> str:
    value, low, high = (voice.index(row[name], measure) for name in ("value", "ci_low", "ci_high"))
    return voice.say("part", name=voice.names[row["factor"]], value=value, low=low, high=high)


def _curved(real: Rows, rows: Rows, voice: Voice) -> list[str]:
    sigma = {row["factor"]: row["value"] for row in rows if row["name"] == "sigma"}
    names = [voice.names[row["factor"]] for row in real if sigma[row["factor"]] > 0.5 * row["value"]]
    return [voice.say("curved", names=voice.words["list"].join(names))] if names else []


def _pairs(rows: Rows, voice: Voice) -> list[str]:
    pairs = sorted((r for r in rows if r["name"] == "S2" and r["ci_low"] > 0), key=lambda r: -r["value"])
    parts = [f"{voice.names[r['factor']]} x {voice.names[r['other']]} {r['value']:.2f}" for r in pairs[:_MOST]]
    return [voice.say("pairs", parts=voice.words["list"].join(parts))] if parts else []


def convergence(growth: Rows) -> tuple[float, float] | None:
    """(largest move from half to all of the data, widest half interval), as shares of the largest index."""
    sizes = sorted({row["n"] for row in growth})
    if len(sizes) < 2:
        return None
    now, before = ({r["factor"]: r for r in growth if r["n"] == n} for n in (sizes[-1], sizes[-2]))
    largest = max(abs(row["value"]) for row in now.values())
    if largest <= 0:
        return None
    moved = max(abs(now[path]["value"] - before[path]["value"]) for path in now if path in before)
    half = max(((r["ci_high"] - r["ci_low"]) / 2 for r in now.values() if r["ci_low"] is not None), default=0.0)
    return moved / largest, half / largest


def _convergence(growth: Rows, voice: Voice) -> str:
    more = voice.words[f"more_{voice.found.method}"]
    found = convergence(growth)
    if found is None:
        return voice.say("too_few", more=more)
    key = "settled" if max(found) <= SETTLED else "not_settled"
    return voice.say(key, moved=voice.percent(found[0]), half=voice.percent(found[1]), more=more)
