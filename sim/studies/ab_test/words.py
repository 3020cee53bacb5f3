"""What the tests show, in a few plain sentences, English and Chinese; imports `tables`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from sim.strategies.arms import UNITS
from sim.studies.ab_test.tables import best_design

UNIT_NAMES: Final = {
    "shopper": ("single shoppers", "单个顾客"),
    "ego_net": ("ego-nets (a shopper with her friends)", "自我中心网络（顾客及其好友）"),
    "community": ("communities of friends", "好友社群"),
}
OUTCOME_NAMES: Final = {
    "orders": ("orders per 1,000 shoppers", "每千名顾客订单数"),
    "spend": ("spend per 1,000 shoppers", "每千名顾客消费额"),
    "visits": ("visits per 1,000 shoppers", "每千名顾客访问数"),
}

EN: Final = {
    "space": " ",
    "truth": "In truth, {strategy} for everybody against nobody changes {outcome} by {truth} (twins, {n} world{s}).",
    "none": "In truth, {strategy} changes nothing for these shoppers: whatever a test finds is luck.",
    "unit": "A test by {unit} is expected to find {expected}: bias {bias}{share}{why}; one test strays by {sd} "
    "(standard deviation), its 95 % interval holds the truth in {coverage} of tests, and it finds it in {power}.",
    "share": ", {share} of the effect",
    "why_both": " ({missed} that the treated miss because others are not treated, {spilled} that spills over to the "
    "untreated)",
    "exact": "no bias at all: shoppers do not influence each other here",
    "plain": "Taking its shoppers as independent would make that {plain} instead of {coverage}.",
    "use": "Use {unit}: one such test lies nearest to the truth (root mean square error {rmse}{others}).",
    "others": ", against {list}",
    "weak": "But even it finds the effect in {power} of tests only: take more shoppers or days, or compare worlds.",
    "biased": "Mind that it is biased: {share} of the effect, however many shoppers take part.",
    "nothing": "No test could be read: each had an arm of fewer than two groups. Smaller groups or more shoppers help.",
    "and": ", ",
}
ZH: Final = {
    "space": "",
    "truth": "事实上，对所有人与对无人实施 {strategy} 相比，{outcome}变化 {truth}（{n} 个世界中的孪生运行）。",
    "none": "事实上，{strategy} 对这些顾客没有任何影响：实验发现的差异都是偶然。",
    "unit": "按{unit}随机化的实验预期得到 {expected}：偏差 {bias}{share}{why}；单次实验的标准差为 {sd}，"
    "其 95% 区间在 {coverage} 的实验中包含真值，{power} 的实验能发现该效应。",
    "share": "，为效应的 {share}",
    "why_both": "（因他人未受处理，处理组少得 {missed}；溢出到对照组 {spilled}）",
    "exact": "完全无偏：此处顾客之间互不影响",
    "plain": "若把顾客视为相互独立，覆盖率将是 {plain} 而非 {coverage}。",
    "use": "建议按{unit}随机化：在这些设计中，单次实验离真值最近（均方根误差 {rmse}{others}）。",
    "others": "，其余为 {list}",
    "weak": "但即便如此，也只有 {power} 的实验能发现该效应：请增加顾客或天数，或直接比较整个世界。",
    "biased": "请注意它有偏差：为效应的 {share}，增加顾客也无法消除。",
    "nothing": "没有可解读的实验：每次都有一组少于两个随机化单位。请缩小单位或增加顾客。",
    "and": "，",
}


def per_thousand(value: float, outcome: str, *, sign: bool = False) -> str:
    """A mean per shopper as people read it: per 1,000 of them, money in currency."""
    shown = 1000.0 * value / (100.0 if outcome == "spend" else 1.0) + 0.0
    return f"{shown:{'+' if sign else ''},.{0 if abs(shown) >= 1000 else 1 if abs(shown) >= 10 else 2}f}"


def sentences(summary: pd.DataFrame, strategy: str, outcome: str, n_worlds: int, language: str = "en") -> list[str]:
    """The truth, what each design finds, and which one to use."""
    words, k = (EN, 0) if language == "en" else (ZH, 1)
    some = summary[summary["outcome"] == outcome] if len(summary) else summary
    if some.empty:
        return [words["nothing"]]
    by_unit: dict[str, Mapping[Any, Any]] = {row["unit"]: row for row in some.to_dict("records")}
    truth = float(some["truth"].mean())
    found = {"strategy": strategy, "outcome": OUTCOME_NAMES[outcome][k], "n": n_worlds, "s": "s"[: n_worlds > 1]}
    if truth == 0 and not some[["missed", "spilled"]].abs().to_numpy().any():
        return [words["none"].format(**found)]
    said = [words["truth"].format(truth=per_thousand(truth, outcome, sign=True), **found)]
    for unit in UNITS:
        if unit in by_unit:
            said += _about(by_unit[unit], outcome, words, k)
    best = best_design(summary, outcome)
    assert best is not None
    others = [
        f"{per_thousand(row['rmse'], outcome)} ({UNIT_NAMES[unit][k]})" for unit, row in by_unit.items() if unit != best
    ]
    row = by_unit[best]
    listed = words["others"].format(list=words["and"].join(others)) if others else ""
    said.append(words["use"].format(unit=UNIT_NAMES[best][k], rmse=per_thousand(row["rmse"], outcome), others=listed))
    if row["power"] < 0.8:
        said.append(words["weak"].format(power=_percent(row["power"])))
    if abs(row["bias_share"]) > 0.1:
        said.append(words["biased"].format(share=_percent(row["bias_share"], sign=True)))
    return said


def _about(row: Mapping[Any, Any], outcome: str, words: Mapping[str, str], k: int) -> list[str]:
    def shown(name: str) -> str:
        return per_thousand(float(row[name]), outcome, sign=name in ("expected", "bias"))

    is_exact = row["missed"] == row["spilled"] == 0
    share = "" if is_exact or math.isnan(row["bias_share"]) else words["share"].format(
        share=_percent(row["bias_share"], sign=True)
    )  # fmt: skip
    why = "" if is_exact else words["why_both"].format(missed=shown("missed"), spilled=shown("spilled"))
    coverage = _percent(row["coverage"])
    said = words["unit"].format(
        unit=UNIT_NAMES[row["unit"]][k], expected=shown("expected"), bias=words["exact"] if is_exact else shown("bias"),
        share=share, why=why, sd=per_thousand(row["sd"], outcome), coverage=coverage, power=_percent(row["power"]),
    )  # fmt: skip
    plain = _percent(row["coverage_plain"])
    if row["unit"] == "shopper" or plain == coverage:
        return [said]
    return [said, words["plain"].format(plain=plain, coverage=coverage)]


def _percent(share: float, *, sign: bool = False) -> str:
    return f"{100 * share:{'+' if sign else ''}.0f} %"
