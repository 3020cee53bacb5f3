"""What was found and what it is worth, in plain sentences, English and Chinese; imports `trials`, compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from sim.metrics import MEASURES
from sim.studies.compare.sentence import EN as VERDICT_EN
from sim.studies.compare.sentence import ZH as VERDICT_ZH
from sim.studies.compare.sentence import amount
from sim.studies.optimise.question import Question

EN: Final = {
    "best": "Best of {n} trials for {goals}: {levers}.",
    "front": "{k} trials are not beaten on every goal by another one (the front); this one lies nearest to the best of "
    "each.",
    "as_it_is": "the scenario as it is",
    "control": "the control",
    "choice": "Against {against}: {goal} {at_choice} where it was chosen, {confirmed}{interval} in {worlds} fresh "
    "world{s}{verdict}.",
    "interval": " (95 % interval {low} to {high})",
    "better": ": better there too",
    "worse": ": worse",
    "luck": ": not clear",
    "curse": "{share} of its advantage over {against} on {goal} did not hold in fresh worlds: the best of many trials is "
    "the luckiest too (the winner's curse).",
    "nothing": "On fresh worlds the shop without this strategy is no worse on any goal: with these levers, leave it.",
    "same": "No trial beats the scenario as it is.",
    "failed": "{n} trials failed or were no scenario.",
    "goals": ", ",
    "shares": "shares {shares}",
}
ZH: Final = {
    "best": "{n} 次试验中，就{goals}而言的最优方案：{levers}。",
    "front": "共有 {k} 次试验未被其他试验在所有目标上超越（帕累托前沿）；此方案最接近各目标的最优值。",
    "as_it_is": "原方案",
    "control": "对照组",
    "choice": "与{against}相比：{goal}在选择时所用的世界中为 {at_choice}，"
    "在 {worlds} 个新世界中为 {confirmed}{interval}{verdict}。",
    "interval": "（95% 区间 {low} 至 {high}）",
    "better": "，仍然更优",
    "worse": "，更差",
    "luck": "，尚不明确",
    "curse": "它相对{against}在{goal}上的优势中有 {share} 在新世界中未能保持：众多试验中的最优者也是最幸运者（赢家诅咒）。",
    "nothing": "在新世界中，不采用该策略在任何目标上都不逊色：以这些杠杆取值，不建议采用。",
    "same": "没有试验优于原方案。",
    "failed": "{n} 次试验失败或不构成有效场景。",
    "goals": "、",
    "shares": "预算比例 {shares}",
}


def levers_in_words(row: Mapping[str, Any], question: Question, words: Mapping[str, str] = EN) -> str:
    """The levers of a trial as people read them."""
    prefix = f"strategies.{question.strategy}"
    said = []
    for factor in question.space.factors:
        value = row[factor.path]
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        said.append(f"{factor.path.removeprefix(prefix).removeprefix('.')} = {shown}")
    if question.space.n_shares:
        shares = " / ".join(f"{100 * row[f'share_{k}']:.0f} %" for k in range(question.space.n_shares))
        said.append(words["shares"].format(shares=shares))
    return words["goals"].join(said)


def sentences(question: Question, trials: pd.DataFrame, confirmed: pd.DataFrame, language: str = "en") -> list[str]:
    """The choice, what it is worth on fresh worlds, and how much of it was luck."""
    words = EN if language == "en" else ZH
    row: dict[str, Any] = trials[trials["is_chosen"]].to_dict("records")[0]  # type: ignore[assignment]
    goals = words["goals"].join(_name(goal, language) for goal in question.goals)
    said = [words["best"].format(n=len(trials), goals=goals, levers=levers_in_words(row, question, words))]
    if len(question.goals) > 1:
        said.append(words["front"].format(k=int(trials["is_front"].sum())))
    if row["trial"] == 0 and question.has_start:
        said.append(words["same"])
    mine = confirmed[confirmed["trial"] == row["trial"]]
    for one in mine.to_dict("records"):
        said += _about(one, question.direction(one["goal"]), words, language)
    alone = mine[mine["against"] == "control"]
    signs = [question.direction(goal) for goal in alone["goal"]]
    if len(alone) and all(d * value <= 0 for d, value in zip(signs, alone["confirmed"], strict=True)):
        said.append(words["nothing"])
    n_failed = int((trials["state"] == "failed").sum())
    if n_failed:
        said.append(words["failed"].format(n=n_failed))
    return said


def _about(one: Mapping[Any, Any], direction: int, words: Mapping[str, str], language: str) -> list[str]:
    measure, verdict = MEASURES[one["goal"]], VERDICT_EN if language == "en" else VERDICT_ZH

    def shown(value: float) -> str:
        return "?" if value != value else amount(value, measure, is_difference=True, words=verdict)

    interval, key = "", ""
    if one["ci_low"] == one["ci_low"]:
        interval = words["interval"].format(low=shown(one["ci_low"]), high=shown(one["ci_high"]))
        low, high = sorted(direction * one[name] for name in ("ci_low", "ci_high"))
        key = "better" if low > 0 else "worse" if high < 0 else "luck" if high > low else ""
    found = {"against": words[one["against"]], "goal": _name(one["goal"], language)}
    n = int(one["worlds"])
    said = [
        words["choice"].format(
            **found, at_choice=shown(one["at_choice"]), confirmed=shown(one["confirmed"]), interval=interval, worlds=n,
            s="s" if n > 1 else "", verdict=words[key] if key else "",
        )
    ]  # fmt: skip
    before = direction * one["at_choice"]
    if before > 0 and 0.1 * before < one["optimism"]:
        share = min(one["optimism"] / before, 1.0)
        said.append(words["curse"].format(share=f"{100 * share:.0f} %", **found))
    return said


def _name(goal: str, language: str) -> str:
    return MEASURES[goal].zh if language == "zh" else MEASURES[goal].label
