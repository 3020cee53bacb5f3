"""Forms made from the schema: a widget for every field, with unit, range, help; imports `session`, `words`, scenario.

A widget shows what the draft holds and writes there when it is changed. Which widget a field gets follows from its type
and its range alone, so a new lever, or a tactic of somebody else's package, has its form without a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import streamlit as st
from pydantic import BaseModel

from sim.app import session
from sim.app.session import say
from sim.app.words import label_of, value_name
from sim.scenario.fields import FieldAbout, describe, field_named, submodel
from sim.scenario.reader import Path_
from sim.scenario.words import UNITS_ZH, range_zh

#: whole numbers up to this many get a slider; shares always do
_MOST_STEPS = 100
_LARGEST = 2**53 - 1  # whole numbers of a browser


class Sort(NamedTuple):
    """What a field holds, as its JSON schema says."""

    name: str  # boolean, integer, number, string, array, object
    is_optional: bool
    choices: tuple[str, ...]  # of a string, or of the entries of an array
    items: str  # what an array holds


@cache
def sorts(model: type[BaseModel]) -> dict[str, Sort]:
    """What every field of a part holds."""
    schema = model.model_json_schema(mode="validation")
    parts = schema.get("$defs", {})

    def full(one: dict[str, Any]) -> dict[str, Any]:
        return parts.get(one["$ref"].rpartition("/")[2], {}) if "$ref" in one else one

    found = {}
    for name, said in schema["properties"].items():
        options = [full(one) for one in said.get("anyOf", [said])]
        kinds = [one for one in options if one.get("type") != "null"]
        one = kinds[0] if kinds else {}
        items = full(one.get("items", {}))
        choices = one.get("enum") or items.get("enum") or ([one["const"]] if "const" in one else [])
        name_of = "number" if {k.get("type") for k in kinds} > {"number"} else str(one.get("type", "string"))
        found[name] = Sort(name_of, len(kinds) < len(options), tuple(map(str, choices)), str(items.get("type", "")))
    return found


def form(model: type[BaseModel], path: Path_, names: Sequence[str] | None = None, columns: int = 3) -> None:
    """Widgets for fields of the part that stands at this path of the draft, some in a row."""
    fields = [one for one in describe(model) if (names is None or one.name in names) and one.name != "kind"]
    plain = [one for one in fields if not one.is_part]
    for at in range(0, len(plain), columns):
        places = st.columns(columns)
        for place, field in zip(places, plain[at : at + columns], strict=False):
            with place:
                _widget(model, field, (*path, field.name))
    for field in fields:
        if field.is_part:
            _part(model, field, (*path, field.name), columns)


def _part(model: type[BaseModel], field: FieldAbout, path: Path_, columns: int) -> None:
    """A part inside: open or closed; one that need not be there is switched on."""
    info = field_named(model, field.name)
    inner = submodel(info.annotation) if info is not None else None
    if inner is None:
        return
    value = session.draft().get(path)
    lang = session.lang()
    if sorts(model)[field.name].is_optional or value is None:
        name = session.key("on", *path)
        st.toggle(
            label_of(field, lang), value is not None, key=name, help=_help(field),
            on_change=_switch, args=(path, name, inner),
        )  # fmt: skip
    else:
        st.markdown(f"**{label_of(field, lang)}**")
    if value is not None:
        with st.container(border=True):
            form(inner, path, columns=columns)


def _switch(path: Path_, name: str, inner: type[BaseModel]) -> None:
    session.draft().put(path, _first(inner) if st.session_state[name] else None)
    session.changed()


def _first(model: type[BaseModel]) -> dict[str, Any]:
    """Something to begin with for a part that was not there: what must be said is said somehow."""
    made: dict[str, Any] = {}
    for field in describe(model):
        sort = sorts(model)[field.name]
        if field.is_required:
            made[field.name] = sort.choices[0] if sort.choices else field.low or 0
        else:
            made[field.name] = list(field.default) if isinstance(field.default, tuple) else field.default
    return made


def _help(field: FieldAbout) -> str:
    """What a reader needs to know: meaning, unit, what is allowed, default."""
    zh = session.lang() == "zh"
    facts = []
    if field.unit not in ("", "1", "yes/no"):
        facts.append(f"{say('unit')}: {UNITS_ZH.get(field.unit, field.unit) if zh else field.unit}")
    if field.allowed and not field.choices:
        facts.append(f"{say('allowed')}: {range_zh(field.allowed) if zh else field.allowed}")
    if isinstance(field.default, (bool, int, float, str)) and field.default != "":
        facts.append(f"{say('default')}: {_plain(field.default)}")
    said = (field.zh or field.description) if zh else field.description
    return f"{said}  \n`{field.name}`" + (f" · {' · '.join(facts)}" if facts else "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _widget(model: type[BaseModel], field: FieldAbout, path: Path_) -> None:
    sort, value, name = sorts(model)[field.name], session.draft().get(path), session.key(*path)
    label = label_of(field, session.lang())
    common: dict[str, Any] = {"key": name, "help": _help(field)}
    if sort.name == "boolean":
        st.toggle(label, bool(value), on_change=_write, args=(path, name), **common)
    elif sort.name == "string" and sort.choices:
        choices = [None, *sort.choices] if sort.is_optional else [*sort.choices]
        at = choices.index(value) if value in choices else 0
        st.selectbox(label, choices, at, format_func=_choice, on_change=_write, args=(path, name), **common)
    elif sort.name in ("integer", "number"):
        _number(label, field, sort, value, path, name, common)
    elif sort.name == "array":
        _list(label, field, sort, value, path, name, common)
    elif sort.name == "string":
        st.text_input(label, value or "", on_change=_write, args=(path, name, _text), **common)


def _choice(value: str | None) -> str:
    return say("none") if value is None else value_name(value, session.lang())


def _number(
    label: str, field: FieldAbout, sort: Sort, value: Any, path: Path_, name: str, common: dict[str, Any]
) -> None:
    whole = sort.name == "integer"
    kind: Callable[[float], Any] = int if whole else float
    low, high = (None if bound is None else kind(min(bound, _LARGEST)) for bound in (field.low, field.high))
    if low is not None and high is not None and not sort.is_optional and value is not None and low <= value <= high:
        is_share = not whole and high - low <= 2
        if is_share or (whole and high - low <= _MOST_STEPS):
            step = 1 if whole else 0.01
            st.slider(
                label, low, high, kind(value), step, format=None if whole else "%.2f",
                on_change=_write, args=(path, name), **common,
            )  # fmt: skip
            return
    step = kind(1) if whole else 0.01 if not field.is_money else 0.5
    st.number_input(
        label, low, high, None if value is None else kind(value), step,
        format="%d" if whole else "%.2f" if field.is_money else "%g" if _is_short(value) else "%.4f",
        placeholder=say("empty"), on_change=_write, args=(path, name, _or_none if sort.is_optional else None), **common,
    )  # fmt: skip


def _is_short(value: Any) -> bool:
    return value is None or len(f"{value:g}") <= 6


def _list(
    label: str, field: FieldAbout, sort: Sort, value: Any, path: Path_, name: str, common: dict[str, Any]
) -> None:
    value = list(value or ())
    choices = list(sort.choices)
    if field.name == "festivals":
        choices = list(session.draft().data["calendar"])
    if choices or (sort.items == "string" and field.name == "festivals"):
        known = [one for one in value if one in choices]
        st.multiselect(
            label, choices, known, format_func=_choice, placeholder=say("everybody" if "target" in path else "nothing"),
            on_change=_write, args=(path, name), **common,
        )  # fmt: skip
        return
    shown = ", ".join(map(str, value))
    st.text_input(label, shown, placeholder="1, 2, 3", on_change=_write_numbers, args=(path, name), **common)


def _text(value: str) -> Any:
    return value.strip() or None


def _or_none(value: Any) -> Any:
    return value


def _write(path: Path_, name: str, change: Callable[[Any], Any] | None = None) -> None:
    """Put what a widget holds into the draft."""
    value = st.session_state[name]
    if value is None and change is None:
        return  # an emptied box of what must have a value keeps the last one
    session.draft().put(path, value if change is None else change(value))


def _write_numbers(path: Path_, name: str) -> None:
    """Whole numbers, separated by commas or spaces; what is none stays as typed, and the scenario refuses it."""
    words = st.session_state[name].replace("，", ",").replace("、", ",").replace(",", " ").split()
    session.draft().put(path, [int(word) if word.isdigit() else word for word in words])
