"""The verdict in a few plain sentences, English and Chinese; imports `choice`, `values`, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.metrics import MEASURES, Measure
from sim.studies.compare.choice import Rule, goal_measure
from sim.studies.compare.values import CONTROL, Runs


@dataclass(frozen=True)
class Facts:
    """What the sentences are made from."""

    table: Runs
    decide_on: str
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]]
    goals: Mapping[str, Any]
    choice: Mapping[str, Any]
    rule: Rule
    n_looks: int


EN: dict[str, str] = {
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
    "no_bound": "so few worlds give no interval that holds at every look",
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
    "(difference {lead}{sure}; up to {margin} is called equal).",
    "regret": "Choosing {label} all the same is expected to cost {regret} against the best, whichever that is.",
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
    "looked": "The runs were looked at {n} times while they were added; every bound here allows for that.",
}

ZH: dict[str, str] = {
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
    "no_bound": "世界太少，尚无在每次查看时都成立的区间",
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
    "tie": "就{measure}而言，没有明显最优的策略：{label} 与 {rival} 几乎相同（相差 {lead}{sure}；"
    "不超过 {margin} 视为相同）。",
    "regret": "若仍选择 {label}，与真正最优者相比，预期损失 {regret}。",
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
    "looked": "追加运行期间共查看了 {n} 次结果；此处的区间和结论均已考虑这一点。",
}


def amount(value: float, measure: Measure, *, is_difference: bool, words: Mapping[str, str] | None = None) -> str:
    """A measure's value, or a difference of two, as people write it: currency, percent or percentage points."""
    words = words or EN
    sign = "+" if is_difference else ""
    value = value + 0.0  # -0.0 reads as a fall
    if measure.unit == "cents":
        return f"{value / 100:{sign},.{0 if abs(value) >= 10_000 else 2}f}"
    if measure.unit == "share":
        text = f"{100 * value:{sign}.{1 if abs(value) >= 0.01 or value == 0 else 2}f}"
        return text + (words["points"] if is_difference else " %" if words is EN else "%")
    if measure.unit == "count":
        return f"{value:{sign},.{0 if abs(value) >= 100 or value == round(value) else 1}f}"
    return f"{value:{sign}.{2 if abs(value) >= 0.1 or value == 0 else 3}f}" + (
        words["days"] if measure.unit == "days" else ""
    )


def say(facts: Facts, words: Mapping[str, str], language: str) -> str:
    """The verdict in a few plain sentences: the choice, its effects, how sure, on what basis."""
    measure = MEASURES[facts.decide_on]
    what = _name(measure, language)
    choice, table = facts.choice, facts.table
    label = choice["label"]
    sentences: list[str] = []

    def name(of: str) -> str:
        return words["control"] if of == CONTROL else of

    def number(value: float) -> str:
        return amount(value, measure, is_difference=True, words=words)

    def size(value: float) -> str:
        """Of a difference: without its sign, but in percentage points where shares are compared."""
        return number(value).removeprefix("+")

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
        rival, lead = name(choice["rival"]), size(choice["lead"])
        found = {"measure": what, "label": name(label), "rival": rival, "lead": lead, "sure": in_brackets}
        if choice["lead_low"] is None and not choice["is_tie"]:
            sentences.append(words["open_no_interval"].format(**found))
        elif choice["is_tie"]:
            found["sure"] = words["comma"] + sure if sure else ""
            margin = size(facts.rule.margin * abs(facts.entries[facts.decide_on][CONTROL]["mean"] or 0.0))
            sentences.append(words["tie"].format(**found, margin=margin))
        else:
            interval = words["no_bound"]
            if choice["lead_low"] is not None:
                interval = words["interval"].format(low=number(choice["lead_low"]), high=number(choice["lead_high"]))
            sentences.append(words["open"].format(**found, interval=interval))
        if choice["regret"] and not choice["is_tie"]:
            sentences.append(words["regret"].format(label=name(label), regret=size(choice["regret"])))
        if choice["detectable"]:
            more = choice["more_replications"]
            key = "too_close" if choice["is_tie"] else "more" if more is not None else "more_never"
            shown = size(choice["detectable"])
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
    if facts.n_looks:
        sentences.append(words["looked"].format(n=facts.n_looks))
    # A label keeps its own spelling; only "the control" can open a sentence in lower case.
    return words["space"].join("The " + s[4:] if s.startswith("the ") else s for s in sentences)


def _subject(facts: Facts) -> str | None:
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


def _effects(facts: Facts, label: str, words: Mapping[str, str], language: str) -> list[str]:
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


def _about_goals(facts: Facts, words: Mapping[str, str], language: str) -> list[str]:
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
    return f"{100 * p:.0f} %" if words is EN else f"为 {100 * p:.0f}%"
