"""An explanation in plain sentences, from its tables; imports `words`, `pairs`, compare, metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from sim.metrics import MEASURES
from sim.population import PERSONAS
from sim.studies.compare import amount
from sim.studies.compare.sentence import EN as NUMBERS_EN
from sim.studies.compare.sentence import ZH as NUMBERS_ZH
from sim.studies.compare.values import CONTROL
from sim.studies.explain.pairs import is_clear
from sim.studies.explain.words import EN, FACTOR_NAMES, ZH

Tables = Mapping[str, pd.DataFrame]
_MOST_PARTS: Final = 3
_SIGNED: Final = ("attributed_nothing", "attributed_unclear", "attributed_fewer")


class _Voice:
    """One language: its words and how it writes numbers."""

    def __init__(self, language: str) -> None:
        self.is_english = language == "en"
        self.words = EN if self.is_english else ZH
        self._numbers = NUMBERS_EN if self.is_english else NUMBERS_ZH

    def say(self, key: str, **parts: Any) -> str:
        return self.words[key].format(**parts)

    def number(self, value: float, measure: str, *, is_difference: bool = True) -> str:
        return amount(value, MEASURES[measure], is_difference=is_difference, words=self._numbers)

    def interval(self, entry: Mapping[Any, Any], measure: str) -> str:
        if entry["ci_low"] is None or pd.isna(entry["ci_low"]):
            return self.words["no_interval"]
        low, high = (self.number(entry[end], measure) for end in ("ci_low", "ci_high"))
        return self.say("interval", low=low.removesuffix(self._numbers["points"]), high=high)

    def factor(self, name: str) -> str:
        return FACTOR_NAMES[name][0 if self.is_english else 1]

    def persona(self, name: str) -> str:
        known = PERSONAS.get(name)
        return name.replace("_", " ") if known is None or self.is_english else known.zh

    def share(self, value: float) -> str:
        return self.number(value, "retained_share", is_difference=False)


def sentences(label: str, tables: Tables, language: str = "en") -> list[str]:
    """What is to be said of one strategy, the most important first."""
    voice = _Voice(language)
    found = [_because(label, tables["why"], "gmv_cents", voice), *_buyers(label, tables["why"], voice)]
    found += [_because(label, tables["why"], "profit_cents", voice), *_personas(label, tables["why"], voice)]
    found += [_attributed(_of(tables["attribution"], label), voice), *_purchases(label, tables["causes"], voice)]
    for name, tell in (("pulled_forward", _pulled), ("twins", _twins), ("referral", _referral)):
        if name in tables and len(_of(tables[name], label)):
            found += tell(label, tables, voice)
    return found


def _of(table: pd.DataFrame, label: str) -> pd.DataFrame:
    return table[table["strategy"] == label]


def _entries(table: pd.DataFrame, **keys: str) -> dict[str, dict[str, Any]]:
    """Rows with these keys as records by factor."""
    for name, value in keys.items():
        table = table[table[name] == value]
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {str(row["factor"]): {str(k): v for k, v in row.items()} for row in rows}


def _because(label: str, why: pd.DataFrame, measure: str, voice: _Voice) -> str:
    parts = _entries(why, strategy=label, measure=measure, split="path", by="all")
    total = parts.pop("total")
    name = voice.words["gmv" if measure == "gmv_cents" else "profit"]
    if total["diff"] == total["ci_low"] == total["ci_high"] == 0:
        return voice.say("total_only", total=voice.say("same", measure=name))
    sure = is_clear(total)
    whole = voice.say(
        "total" if sure else "unclear", measure=name, diff=voice.number(total["diff"], measure),
        interval=voice.interval(total, measure),
    )  # fmt: skip
    known = sorted((part for part in parts.values() if is_clear(part)), key=lambda part: -abs(part["diff"]))
    if not sure:
        return voice.say(
            "but_clear" if known else "total_only", total=whole, parts=_listed(known, measure, None, voice)
        )
    size = abs(total["diff"])
    known = [part for part in known if abs(part["diff"]) >= size / 100]
    unsure = [part for part in parts.values() if not is_clear(part) and abs(part["diff"]) >= size / 10]
    for key, listed, of in (
        ("from", [part for part in known if part["diff"] * total["diff"] > 0], total["diff"]),
        ("against", [part for part in known if part["diff"] * total["diff"] < 0], None),
        ("not_certain", unsure, None),
    ):
        whole += voice.say(key, parts=_listed(listed, measure, of, voice)) if listed else ""
    return voice.say("total_only", total=whole)


def _listed(parts: Sequence[Mapping[str, Any]], measure: str, whole: float | None, voice: _Voice) -> str:
    """The largest parts with their names, and their shares of the whole where that is asked for."""
    told = []
    for part in parts[:_MOST_PARTS]:
        found = {"name": voice.factor(part["factor"]), "diff": voice.number(part["diff"], measure)}
        if whole is None:
            told.append(voice.say("part_plain", **found))
        else:
            told.append(voice.say("part", share=round(100 * part["diff"] / whole), **found))
    return voice.words["list"].join(told)


def _buyers(label: str, why: pd.DataFrame, voice: _Voice) -> list[str]:
    parts = _entries(why, strategy=label, measure="gmv_cents", split="buyers", by="all")
    total = parts["total"]
    if not is_clear(total):
        return []
    share = {name: 100 * part["diff"] / total["diff"] for name, part in parts.items()}
    more = share["acquisition"] + share["referral"] + share["buying"]
    return [
        voice.say("buyers", buyers=f"{more:.0f}", repeat=f"{share['repeat']:.0f}", value=f"{share['order_value']:.0f}")
    ]


def _personas(label: str, why: pd.DataFrame, voice: _Voice) -> list[str]:
    table = _of(why, label)
    table = table[(table["measure"] == "gmv_cents") & (table["split"] == "path") & (table["factor"] == "total")]
    whole = _entries(table, by="all")["total"]
    rows = table[table["by"] == "persona"].sort_values("diff", ascending=False, kind="stable")
    clear = [row for row in rows.to_dict("records") if is_clear(row) and row["diff"] > 0]
    if not clear or not is_clear(whole) or whole["diff"] < 0:
        return []
    parts = [
        voice.say(
            "part", name=voice.persona(row["of"]), diff=voice.number(row["diff"], "gmv_cents"),
            share=round(100 * row["diff"] / whole["diff"]),
        )
        for row in clear[:_MOST_PARTS]
    ]  # fmt: skip
    return [voice.say("personas", parts=voice.words["list"].join(parts))]


def _attributed(table: pd.DataFrame, voice: _Voice) -> str:
    row = table[table["named"] == "total"].iloc[0]
    extra = {"ci_low": row["n_extra_low"], "ci_high": row["n_extra_high"]}
    left = {"ci_low": row["n_not_extra_low"], "ci_high": row["n_not_extra_high"]}
    n = row["n_attributed"]
    if n == 0:
        key = "attributed_nothing"
    elif not is_clear(extra):
        key = "attributed_unclear"
    elif row["n_extra"] < 0:
        key = "attributed_fewer"
    elif not is_clear(left):
        key = "attributed_equal"
    else:
        key = "attributed_some" if row["n_not_extra"] > 0 else "attributed_beyond"
    return voice.say(
        key, n=voice.number(n, "n_orders", is_difference=False), interval=voice.interval(extra, "n_orders"),
        extra=voice.number(row["n_extra"], "n_orders", is_difference=key in _SIGNED),
        share=f"{100 * row['n_extra'] / n:.0f}" if n else "",
    )  # fmt: skip


def _purchases(label: str, causes: pd.DataFrame, voice: _Voice) -> list[str]:
    table = _of(causes, label)
    rows = table[(table["by"] == "purchase") & (table["what"] == "n_orders")].set_index("of").to_dict("index")
    first, later = rows["first"], rows["later"]
    if not (is_clear(first) or is_clear(later)):
        return []
    numbers = {name: voice.number(row["diff"], "n_orders") for name, row in (("first", first), ("later", later))}
    intervals = {
        "first_interval": voice.interval(first, "n_orders"),
        "later_interval": voice.interval(later, "n_orders"),
    }
    return [voice.say("purchases", **numbers, **intervals)]


def _pulled(label: str, tables: Tables, voice: _Voice) -> list[str]:
    table = _of(tables["pulled_forward"], label)
    rows = table[table["what"] == "orders"].astype(object).set_index("when").to_dict("index")
    on, after = rows["on its days"], rows["after"]
    found = {
        "on": voice.number(on["diff"], "n_orders"), "after": voice.number(after["diff"], "n_orders"),
        "interval": voice.interval(after, "n_orders"),
    }  # fmt: skip
    if not is_clear(after):
        return [voice.say("not_pulled", **found)]
    if after["diff"] > 0 or on["diff"] <= 0:
        return [voice.say("lasting" if after["diff"] > 0 else "not_pulled", **found)]
    return [voice.say("pulled", share=f"{min(100.0, -100 * after['diff'] / on['diff']):.0f}", **found)]


def _twins(label: str, tables: Tables, voice: _Voice) -> list[str]:
    table = _of(tables["twins"], label)
    row = table[table["by"] == "all"].iloc[0]
    classes = {name: voice.share(row[name]) for name in ("persuadables", "sleeping_dogs", "sure_things")}
    net = {"ci_low": row["net_buyers_low"], "ci_high": row["net_buyers_high"]}
    whole = voice.number(row["net_buyers"], "retained_share")
    return [
        voice.say("twins", **classes), voice.say("net", net=whole, interval=voice.interval(net, "retained_share"))
    ]  # fmt: skip


def general(tables: Tables, language: str, keep: str, has_luck: bool) -> list[str]:
    """What holds for all strategies alike: how much luck does, what cannot be said."""
    voice = _Voice(language)
    if "twins" not in tables:
        return [voice.say("no_people", keep=keep)]
    if "luck" in tables:
        shares = tables["luck"][tables["luck"]["by"] == "all"].iloc[0]
        return [voice.say("luck", share=voice.share(shares["persuadables"] + shares["sleeping_dogs"]))]
    return [voice.say("no_luck")] if has_luck else []


def _referral(label: str, tables: Tables, voice: _Voice) -> list[str]:
    def value(strategy: str, what: str) -> float:
        table = _of(tables["referral"], strategy)
        return float(table[table["what"] == what]["mean"].iloc[0])

    mine, theirs = value(label, "n_invited"), value(CONTROL, "n_invited")
    table = _of(tables["referral"], label)
    if not is_clear(table[table["what"] == "n_invited"].iloc[0]):
        return []
    trees = _of(tables["largest_trees"], label)
    generations = _of(tables["generations"], label)
    return [
        voice.say(
            "referral", mine=voice.number(mine, "n_orders", is_difference=False),
            theirs=voice.number(theirs, "n_orders", is_difference=False),
            trees=voice.number(value(label, "n_trees"), "n_orders", is_difference=False),
            largest=int(trees["size"].max()), depth=int(generations["generation"].max()),
        )
    ]  # fmt: skip
