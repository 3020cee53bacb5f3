"""A calibration in a few plain sentences, English and Chinese; imports nothing of ours."""

from __future__ import annotations

from typing import Any


def say(answer: dict[str, Any]) -> tuple[str, str]:
    """(English, Chinese)."""
    rows = answer["coefficients"]
    told = [row for row in rows if row["status"] == "identified"]
    few = [row for row in rows if row["status"] == "too few data"]
    never = [row for row in rows if row["status"] == "not identified by your data"]
    failed = [check for check in answer["checks"] if not check["passed"]]
    n_runs = answer["runs"]["compared"]
    english = [
        f"{answer['study']}: {n_runs:,} runs were held against {answer['targets_compared']} targets of "
        f"{answer['customers']:,} customers over {answer['days']} days."
    ]
    chinese = [
        f"{answer['study']}：用 {n_runs:,} 次模拟对照 {answer['customers']:,} 位客户 {answer['days']} 天数据中的 "
        f"{answer['targets_compared']} 个目标。"
    ]
    if told:
        english.append("Identified: " + "; ".join(_range(row) for row in told) + ".")
        chinese.append("可识别：" + "；".join(_range(row) for row in told) + "。")
    if few:
        names = ", ".join(_name(row) for row in few)
        english.append(f"Data of this kind and size do not narrow {names}: kept wide.")
        chinese.append(f"此类规模的数据无法收窄 {names}：保持宽区间。")
    if never:
        needs = sorted({row["needs"] for row in never if row["needs"]})
        names = ", ".join(_name(row) for row in never)
        what = f" That takes {' and '.join(needs)}." if needs else ""
        english.append(f"Not identified by your data, kept at the prior: {names}.{what}")
        chinese.append(f"您的数据无法识别、保持先验：{names}。")
    if answer["ridges"]:
        first = answer["ridges"][0]
        pair = f"{_short(first['first'])} and {_short(first['second'])}"
        english.append(f"{pair} are told only together (correlation {first['correlation']:+.2f}).")
        chinese.append(
            f"{_short(first['first'])} 与 {_short(first['second'])} 只能合并识别（相关 {first['correlation']:+.2f}）。"
        )
    if failed:
        reasons = " ".join(check["sentence"] for check in failed)
        english.append(f"NOT FIT FOR DECISIONS: {reasons}")
        chinese.append("不可用于决策：" + "".join(check["sentence_zh"] for check in failed))
    else:
        english.append("Every check passed: the posterior may be used.")
        chinese.append("全部检验通过：后验可以使用。")
    return " ".join(english), "".join(chinese)


def _short(path: str) -> str:
    return path.removeprefix("params.")


def _name(row: dict[str, Any]) -> str:
    return _short(row["path"])


def _range(row: dict[str, Any]) -> str:
    return f"{_name(row)} {row['median']:.3g} ({row['p05']:.3g} to {row['p95']:.3g})"
