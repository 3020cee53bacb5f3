"""A scenario in words: a commented file, what differs between two, a JSON schema; imports the rooms beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sim.demographics import DEMOGRAPHICS
from sim.errors import InputError
from sim.money import in_currency
from sim.scenario.fields import FieldAbout, about_field, describe, field_named, submodel
from sim.scenario.files import content_hash
from sim.scenario.model import Scenario
from sim.scenario.parts import GOAL_NAMES, GRAPHS, MEASURE_NAMES, MONEY_GOALS, SWITCHES
from sim.scenario.question import MOST_EVENTS

Lang = Literal["en", "zh"]
_WIDTH: Final = 110
#: keys that hold a part, whose class may depend on it
_PARTS: Final = ("population", "graph", "catalogue", "arrival", "analytics")

_TEXT: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "top": "A scenario for Grapevine. Check it with `grapevine check`, run it with `grapevine compare`.",
        "money": "Money is in currency units with at most two decimals. Paths are relative to this file.",
        "unit": "Unit", "allowed": "Allowed", "default": "Default", "nothing": "none",
        "personas": "Shares of all personas must sum to 1.",
        "kinds": "Other kinds", "catalogue": "Or your own products: {path: products.csv}",
        "params": "Coefficients that can be overridden (remove the # to change one):",
        "more": "`grapevine strategies` lists all kinds of tactics and their levers.",
        "events": "Kinds",
        "measures": "Measures",
    },
    "zh": {
        "top": "Grapevine 场景文件。用 grapevine check 检查，用 grapevine compare 运行比较。",
        "money": "金额以货币单位计，最多两位小数。路径相对于本文件。",
        "unit": "单位", "allowed": "范围", "default": "默认", "nothing": "无",
        "personas": "各类人群占比之和须为 1。",
        "kinds": "其他类型", "catalogue": "或使用自己的商品：{path: products.csv}",
        "params": "可改写的模型系数（去掉 # 即可修改）：",
        "more": "grapevine strategies 列出全部战术及其参数。",
        "events": "类型",
        "measures": "指标",
    },
}  # fmt: skip


UNITS_ZH: Final = {
    "day": "天", "days": "天", "people": "人", "friends": "个好友", "share": "比例", "currency": "货币单位",
    "products": "件商品", "communities": "个社群", "runs per strategy": "次/策略", "runs per world": "次/世界",
    "names": "名称", "yes/no": "是/否", "share of price": "占价格比例", "share of products": "占商品比例",
    "share of what was paid": "占实付金额比例", "currency per follower^0.8": "货币单位/粉丝数^0.8",
    "satisfaction": "满意度", "as the metric": "与指标相同", "messages": "条", "chance": "概率",
    "mood": "情绪值", "correlation": "相关系数", "scores": "得分",
    "share of orders": "占订单比例", "share of visits": "占到访比例",
    "product ids": "商品编号", "log rate": "对数频率", "logit": "对数几率", "log hazard": "对数风险",
}  # fmt: skip
_RANGES_ZH: Final = (
    (r"(\S+) to (\S+)", r"\1 到 \2"), (r"(\S+) or more", r"不小于 \1"), (r"at most (\S+)", r"不大于 \1"),
    (r"at least (\S+)", r"不小于 \1"), (r"more than (\S+)", r"大于 \1"), (r"less than (\S+)", r"小于 \1"),
)  # fmt: skip


# --- a commented file ----------------------------------------------------------------------------------


def template(scenario: Scenario, lang: Lang = "en") -> str:
    """The scenario as a file in which every field is explained: meaning, unit, range, default."""
    from sim.arrivals import registry
    from sim.events import registry as all_events

    say = _TEXT["zh" if lang == "zh" else "en"]
    data = scenario.as_dict()
    out = [f"# {say['top']}", f"# {say['money']}", ""]
    for field in describe(Scenario):
        value = data[field.name]
        extra: list[str] = []
        if field.name == "decide_on":
            extra = _wrapped(f"{say['measures']}: {', '.join(MEASURE_NAMES)}", 0)
        elif field.name == "goals":
            extra = _wrapped(f"{say['measures']}: {', '.join(GOAL_NAMES)}", 0)
        elif field.name == "strategies":
            extra = [f"# {say['more']}"]
        elif field.name == "events":
            extra = _wrapped(f"{say['events']}: {', '.join(all_events())}", 0)
        elif field.name == "graph":
            extra = [_other_kinds(GRAPHS, value, say)]
        elif field.name == "arrival":
            extra = [_other_kinds(registry(), value, say)]
        elif field.name == "catalogue" and "path" not in value:
            extra = [f"# {say['catalogue']}"]
        out += [*_comment(field, say, lang, 0), *extra]
        if field.name == "strategies":
            out += _strategies(scenario, data, say, lang)
        elif field.name == "events":
            out += _events(scenario, value, say, lang)
        elif field.name == "params":
            out += _params(value, say)
        elif field.name in _PARTS:
            out.append(f"{field.name}:")
            out += _part(type(getattr(scenario, field.name)), value, say, lang, 2)
        else:
            out += _entry(field.name, value, field, 0)
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def _other_kinds(kinds: Iterable[str], value: dict[str, Any], say: dict[str, str]) -> str:
    return f"# {say['kinds']}: {', '.join(kind for kind in kinds if kind != value['kind'])}"


def _part(model: type[BaseModel], data: dict[str, Any], say: dict[str, str], lang: Lang, indent: int) -> list[str]:
    out = []
    for field in describe(model):
        out += _kind(model, lang, indent) if field.name == "kind" else _comment(field, say, lang, indent)
        value = data[field.name]
        deep = _inner(model, field.name)
        if deep is not None and value is None:
            out += _comments_inside(field.name, deep, say, lang, indent)
        if field.name == "personas" and isinstance(value, dict):
            out.append(f"{' ' * indent}# {say['personas']}")
        inner = _inner(model, field.name)
        if inner is not None and isinstance(value, dict):
            out.append(f"{' ' * indent}{field.name}:")
            out += _part(inner, value, say, lang, indent + 2)
        else:
            out += _entry(field.name, value, field, indent)
    return out


def _strategies(scenario: Scenario, data: dict[str, Any], say: dict[str, str], lang: Lang) -> list[str]:
    if not scenario.strategies:
        return ["strategies: {}"]
    out = ["strategies:"]
    explained: set[tuple[str, str]] = set()
    for label, tactics in scenario.strategies.items():
        out.append(f"  {_key(label)}:" + ("" if tactics else " []"))
        raw = data["strategies"][label]
        for one, values in zip(tactics, [raw] if len(tactics) == 1 else raw, strict=True):
            lines = _explained(type(one), values, say, lang, explained)
            out += [f"    {line}" for line in lines] if len(tactics) == 1 else _item(lines, 4)
    return out


def _events(scenario: Scenario, data: list[dict[str, Any]], say: dict[str, str], lang: Lang) -> list[str]:
    if not scenario.events:
        return ["events: []"]
    out = ["events:"]
    explained: set[tuple[str, str]] = set()
    for one, values in zip(scenario.events, data, strict=True):
        out += _item(_explained(type(one), values, say, lang, explained), 2)
    return out


def _item(lines: list[str], indent: int) -> list[str]:
    """These lines as one entry of a list, with what explains it before the dash."""
    pad, first = " " * indent, next(i for i, line in enumerate(lines) if not line.lstrip().startswith("#"))
    return [
        *(f"{pad}{line}" for line in lines[:first]), f"{pad}- {lines[first]}",
        *(f"{pad}  {line}" for line in lines[first + 1 :]),
    ]  # fmt: skip


def _explained(
    model: type[BaseModel], values: dict[str, Any], say: dict[str, str], lang: Lang, explained: set[tuple[str, str]]
) -> list[str]:
    kind = str(values["kind"])
    out = [] if (kind, "kind") in explained else _kind(model, lang, 0)
    fields = describe(model)
    fields.sort(key=lambda field: field.name != "kind")
    for field in fields:
        # Fields common to all tactics (or events) are explained once; a second one of a kind is not explained again.
        common = (field.name, field.description)
        inner = _inner(model, field.name)
        if common not in explained and (kind, field.name) not in explained and field.name != "kind":
            out += _comment(field, say, lang, 0)
            if inner is not None and values[field.name] is None:
                out += _comments_inside(field.name, inner, say, lang, 0)
        explained |= {common, (kind, field.name)}
        if inner is not None and isinstance(values[field.name], dict):
            values_in = values[field.name]
            out.append(f"{field.name}:")
            if (field.name, "inner") in explained:
                out += _plain_part(inner, values_in, 2)
            else:
                out += _part(inner, values_in, say, lang, 2)
            explained.add((field.name, "inner"))
        else:
            out += _entry(field.name, values[field.name], field, 0)
    return out


def _plain_part(model: type[BaseModel], data: dict[str, Any], indent: int) -> list[str]:
    """A part that was explained before."""
    out = []
    for field in describe(model):
        inner, value = _inner(model, field.name), data[field.name]
        if inner is not None and isinstance(value, dict):
            out += [f"{' ' * indent}{field.name}:", *_plain_part(inner, value, indent + 2)]
        else:
            out += _entry(field.name, value, field, indent)
    return out


def _kind(model: type[BaseModel], lang: Lang, indent: int) -> list[str]:
    """What a kind of graph or tactic is, in its own words."""
    doc = (model.__doc__ or "").strip().split("\n\n")[0]
    if lang == "zh":
        said = [str(getattr(model, name, "")) for name in ("title_zh", "about_zh")]
        doc = "：".join(text for text in said if text) or doc
    return _wrapped(" ".join(doc.split()), indent)


def _params(values: dict[str, float], say: dict[str, str]) -> list[str]:
    from sim.params import COEFFICIENTS

    out = ["params:" if values else "params: {}"]
    out += [line for name, value in values.items() for line in _entry(name, value, None, 2)]
    out.append(f"  # {say['params']}")
    for name, row in COEFFICIENTS.items():
        if name not in values:
            unit = f", {row.unit}" if row.unit not in ("", "1") else ""
            out.append(f"  # {name}: {row.default:g}  ({row.low:g} to {row.high:g}{unit}; {row.status}) {row.meaning}")
    return out


def _comment(field: FieldAbout, say: dict[str, str], lang: Lang, indent: int) -> list[str]:
    return _wrapped(_said(field, say, lang), indent)


def _comments_inside(name: str, model: type[BaseModel], say: dict[str, str], lang: Lang, indent: int) -> list[str]:
    """The fields of a part that is not there: what could stand in it."""
    lines = (_wrapped(f"{name}.{field.name}: {_said(field, say, lang)}", indent) for field in describe(model))
    return [line for found in lines for line in found]


def _said(field: FieldAbout, say: dict[str, str], lang: Lang) -> str:
    is_zh = lang == "zh"
    text = ((field.zh or field.description) if is_zh else field.description).rstrip(".。")
    text = text[:1].upper() + text[1:]
    facts = []
    if field.unit not in ("", "1"):
        facts.append(f"{say['unit']}: {UNITS_ZH.get(field.unit, field.unit) if is_zh else field.unit}")
    if field.allowed:
        allowed = range_zh(field.allowed) if is_zh else field.allowed
        facts.append(f"{say['allowed']}: {allowed}")
    if isinstance(field.default, (bool, int, float, str)) and field.default != "":
        is_amount = field.is_money and isinstance(field.default, (int, float))
        facts.append(f"{say['default']}: {_amount(field.default) if is_amount else _scalar(field.default)}")
    if is_zh:
        return text + "。" + "；".join(facts).replace(": ", "：")
    return f"{text}. {'; '.join(facts)}".strip()


def range_zh(text: str) -> str:
    """What is allowed, in Chinese."""
    for english, chinese in _RANGES_ZH:
        text = re.sub(english, chinese, text)
    return text


def _amount(currency: Any) -> str:
    return in_currency(round(currency * 100))


def _wrapped(text: str, indent: int) -> list[str]:
    """Comment lines no wider than a screen; a Chinese character is as wide as two letters and may end a line."""
    lines, line, width = [], "", indent + 2
    for piece in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+", text):
        wide = sum(2 if "\u2e80" <= c <= "\uffef" else 1 for c in piece)
        if width + wide > _WIDTH and line and piece not in "。；，：、）":
            lines.append(line)
            line, width = "", indent + 2
        if line or not piece.isspace():
            line, width = line + piece, width + wide
    return [" " * indent + "# " + one.rstrip() for one in [*lines, line] if one.strip()]


def _entry(name: str, value: Any, field: FieldAbout | None, indent: int) -> list[str]:
    """`name: value`, long or nested values as a block."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        inside = [line for key, item in value.items() for line in _entry(key, item, None, indent + 2)]
        return [f"{pad}{_key(name)}:", *inside]
    if field is not None and field.is_money and isinstance(value, (int, float)):
        return [f"{pad}{_key(name)}: {value:.2f}"]
    return [f"{pad}{_key(name)}: {_scalar(value)}"]


def _key(name: str) -> str:
    return _scalar(name)


def _scalar(value: Any) -> str:
    if value is True or value is False:
        return "on" if value else "off"
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False).strip()
    text = text.removesuffix("...").strip()
    # What YAML wraps over lines is written as JSON, which is YAML too and stays on one line.
    return text if "\n" not in text else json.dumps(value, ensure_ascii=True)


def _inner(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The part that a field holds, if it holds one."""
    info = field_named(model, name)
    return None if info is None else submodel(info.annotation)


# --- what differs --------------------------------------------------------------------------------------


def difference(a: Scenario, b: Scenario) -> list[str]:
    """What differs between two scenarios, one sentence each, with units; an empty list if they ask the same."""
    first, second = a.as_dict(), b.as_dict()
    said: list[str] = []
    for key in first:
        if key == "strategies":
            said += _strategy_difference(a, b, first[key], second[key])
        elif key == "events":
            said += _event_difference(a, b, first[key], second[key])
        elif key == "params":
            said += _params_difference(first[key], second[key])
        elif key in _PARTS:
            models = type(getattr(a, key)), type(getattr(b, key))
            if models[0] is not models[1]:
                said.append(f"{key}: {_flow(first[key])} -> {_flow(second[key])}")
            else:
                said += _leaves(key, models[0], first[key], second[key])
        elif isinstance(first[key], dict):
            said += _mapping_difference(key, first[key], second[key])
        elif first[key] != second[key]:
            said.append(_change(key, first[key], second[key], about_field(Scenario, key)))
    files_a, files_b = a.files(), b.files()
    for path in files_a:
        if path in files_b:
            try:
                if content_hash(files_a[path]) != content_hash(files_b[path]):
                    said.append(f"{path}: the two files hold different data")
            except OSError:
                said.append(f"{path}: one of the two files cannot be read")
    return said


def _strategy_difference(a: Scenario, b: Scenario, first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for label in first:
        if label not in second:
            yield f"strategies.{label}: only in the first ({_flow(_brief(a, label))})"
    for label in second:
        if label not in first:
            yield f"strategies.{label}: only in the second ({_flow(_brief(b, label))})"
    for label in (label for label in first if label in second):
        ours, theirs = a.strategies[label], b.strategies[label]
        if [type(one) for one in ours] != [type(one) for one in theirs]:
            yield f"strategies.{label}: {_kinds(ours)} -> {_kinds(theirs)}"
            continue
        for i, one in enumerate(ours):
            is_list = len(ours) > 1
            values = [data[label][i] if is_list else data[label] for data in (first, second)]
            yield from _leaves(f"strategies.{label}" + (f"[{i}]" if is_list else ""), type(one), values[0], values[1])


def _event_difference(
    a: Scenario, b: Scenario, first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> Iterator[str]:
    """Events are compared place by place; where the kinds differ, all that are only in one of the two are named."""
    kinds = [[one.kind for one in scenario.events] for scenario in (a, b)]
    if kinds[0] == kinds[1]:
        for i, one in enumerate(a.events):
            yield from _leaves(f"events[{i}]", type(one), first[i], second[i])
        return
    for which, mine, others, scenario in (("first", first, second, a), ("second", second, first, b)):
        for i, one in enumerate(mine):
            if mine[: i + 1].count(one) > others.count(one):
                yield f"events[{i}]: only in the {which} ({_flow(_shortly(scenario.events[i]))})"
    if sorted(map(str, first)) == sorted(map(str, second)):
        yield f"events: {_flow(kinds[0])} -> {_flow(kinds[1])}"


def _brief(scenario: Scenario, label: str) -> Any:
    """A strategy without the levers that stand at their defaults."""
    brief = [_shortly(one) for one in scenario.tactics(label)]
    return brief[0] if len(brief) == 1 else brief


def _shortly(one: Any) -> dict[str, Any]:
    """A tactic or an event without what stands at its default."""
    return {"kind": one.kind, **one.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def _kinds(tactics: tuple[Any, ...]) -> str:
    return " + ".join(one.kind for one in tactics) or "no tactic"


def _leaves(path: str, model: type[BaseModel], first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for field in describe(model):
        one, other = first[field.name], second[field.name]
        if one == other:
            continue
        inner = _inner(model, field.name)
        if inner is not None and isinstance(one, dict) and isinstance(other, dict):
            yield from _leaves(f"{path}.{field.name}", inner, one, other)
        elif isinstance(one, dict) and isinstance(other, dict):
            yield from _mapping_difference(f"{path}.{field.name}", one, other)
        else:
            yield _change(f"{path}.{field.name}", one, other, field)


def _mapping_difference(path: str, first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for key in [*first, *(key for key in second if key not in first)]:
        if first.get(key) != second.get(key):
            unit = "currency" if path == "goals" and key in MONEY_GOALS else ""
            yield _change(f"{path}.{key}", first.get(key), second.get(key), None, unit)


def _params_difference(first: dict[str, float], second: dict[str, float]) -> Iterator[str]:
    from sim.params import COEFFICIENTS

    for name, row in COEFFICIENTS.items():
        one, other = first.get(name, row.default), second.get(name, row.default)
        if one != other:
            yield _change(f"params.{name}", one, other, None, row.unit)


def _change(path: str, one: Any, other: Any, field: FieldAbout | None, unit: str = "") -> str:
    unit = unit or (field.unit if field else "")
    is_money = bool(field and field.is_money) or unit == "currency"
    tail = f" {unit}" if unit not in ("", "1", "currency") else " (currency)" if is_money else ""
    return f"{path}: {_worded(one, is_money)} -> {_worded(other, is_money)}{tail}"


def _worded(value: Any, is_money: bool) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if is_money and isinstance(value, (int, float)):
        return in_currency(round(value * 100))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return _flow(value)


def _flow(value: Any) -> str:
    return _scalar(value)


# --- JSON schema ---------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """JSON schema of a scenario file: for editors, and for programs that write scenarios."""
    from sim import arrivals, events, strategies
    from sim.params import COEFFICIENTS
    from sim.population import PERSONAS

    tactics, rules, shocks = strategies.registry(), arrivals.registry(), events.registry()
    models = [(model, "validation") for model in (Scenario, *tactics.values(), *rules.values(), *shocks.values())]
    references, whole = models_json_schema(models, by_alias=True, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    definitions: dict[str, Any] = whole["$defs"]
    for model in (*tactics.values(), *GRAPHS.values(), *_catalogues()):
        _in_currency(model, definitions)
    top: dict[str, Any] = definitions.pop(Scenario.__name__)
    for name, kinds in (("Tactic", tactics), ("Arrival", rules), ("Event", shocks)):
        chosen = [dict(references[(model, "validation")]) for model in kinds.values()]
        definitions[name] = {"oneOf": chosen}
        for model, reference in zip(kinds.values(), chosen, strict=True):
            definition = definitions[reference["$ref"].rsplit("/", 1)[1]]
            definition["required"] = sorted({*definition.get("required", []), "kind"})
            definition["properties"]["kind"] = {"const": model.model_fields["kind"].default}
    one = {"$ref": "#/$defs/Tactic"}
    properties = top["properties"]
    properties["strategies"].update(
        additionalProperties={"anyOf": [one, {"type": "array", "items": one}]},
        propertyNames={"pattern": r"^[\w\-]{1,40}$"},
    )
    properties["arrival"]["$ref"] = "#/$defs/Arrival"
    properties["params"].update(
        additionalProperties=False,
        properties={
            name: {
                "type": "number", "minimum": row.low, "maximum": row.high, "default": row.default,
                "description": row.meaning, "unit": row.unit, "source": row.source, "status": row.status,
            }
            for name, row in COEFFICIENTS.items()
        },
    )  # fmt: skip
    properties["switches"].update(
        additionalProperties=False, properties={name: {"type": "boolean", "default": True} for name in SWITCHES}
    )
    properties["goals"].update(additionalProperties=False, properties={name: {"type": "number"} for name in GOAL_NAMES})
    properties["decide_on"]["enum"] = list(MEASURE_NAMES)
    properties["events"].update(items={"$ref": "#/$defs/Event"}, maxItems=MOST_EVENTS)
    definitions["PopulationSpec"]["properties"]["personas"].update(
        additionalProperties=False,
        properties={name: {"type": "number", "minimum": 0, "maximum": 1} for name in PERSONAS},
    )
    definitions["PopulationSpec"]["properties"]["demographics"].update(
        additionalProperties=False,
        properties={
            name: {
                "type": "object", "additionalProperties": False,
                "properties": {value: {"type": "number", "minimum": 0, "maximum": 1} for value in of},
            }
            for name, of in DEMOGRAPHICS.items()
        },
    )  # fmt: skip
    result = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Grapevine scenario",
        "description": "What is asked of the simulator; money in currency units.",
        **{key: value for key, value in top.items() if key not in ("title", "description")},
        "$defs": dict(sorted(definitions.items())),
    }
    return json.loads(json.dumps(result))  # type: ignore[no-any-return]


def _catalogues() -> tuple[type[BaseModel], ...]:
    from sim.scenario.parts import CatalogueFile, DrawnCatalogue

    return DrawnCatalogue, CatalogueFile


def _in_currency(model: type[BaseModel], definitions: dict[str, Any]) -> None:
    """Bounds of money are cents in the code and currency in files."""
    definition = definitions.get(model.__name__)
    if definition is None:
        raise InputError("a tactic has no schema", found=model.__name__)
    for field in describe(model):
        if not field.is_money:
            continue
        entry = definition["properties"][field.name]
        for part in (entry, *entry.get("anyOf", ())):
            for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "ge", "le", "gt", "lt"):
                part.pop(bound, None)
        target = next((part for part in entry.get("anyOf", ()) if part.get("type") == "number"), entry)
        if field.low is not None:
            target["exclusiveMinimum" if field.is_open_low else "minimum"] = field.low
        if field.high is not None:
            target["exclusiveMaximum" if field.is_open_high else "maximum"] = field.high
        if "default" in entry:
            entry["default"] = field.default
