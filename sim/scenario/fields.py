"""Fields of a scenario that carry their own explanation; imports only `money` and pydantic.

A field says once what it means, in which unit, and what is allowed. From that come the messages at
the door, the JSON schema, the comments of a new scenario, the docs and (later) the app's forms.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types as at
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sim.money import MONEY, in_currency


class Part(BaseModel):
    """A part of a scenario: frozen, nothing unknown, no silent conversion ("12" is not a number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True)


def about(description: str, *, unit: str = "", zh: str = "", **rules: Any) -> Any:
    """A pydantic field with one sentence, its unit and its Chinese text."""
    extra: dict[str, Any] = {key: text for key, text in (("unit", unit), ("zh", zh)) if text}
    return Field(description=description, json_schema_extra=extra or None, **rules)


class FieldAbout(NamedTuple):
    """What a reader needs to know about one field."""

    name: str
    description: str
    zh: str
    unit: str
    low: float | None  # money: currency
    high: float | None
    is_open_low: bool  # greater than, not equal
    is_open_high: bool
    choices: tuple[str, ...]
    default: Any
    is_required: bool
    is_money: bool
    is_part: bool  # a mapping with fields of its own

    @property
    def allowed(self) -> str:
        """The range or the choices in words; empty if anything of the type goes."""
        if self.choices:
            return " | ".join(self.choices)
        low, high = self._number(self.low), self._number(self.high)
        if low and high and not (self.is_open_low or self.is_open_high):
            return f"{low} to {high}"
        parts = []
        if low:
            parts.append(
                f"more than {low}" if self.is_open_low else f"{low} or more" if not high else f"at least {low}"
            )
        if high:
            parts.append(f"less than {high}" if self.is_open_high else f"at most {high}")
        return ", ".join(parts)

    def _number(self, value: float | None) -> str:
        if value is None:
            return ""
        if self.is_money:
            return in_currency(round(value * 100))
        return f"{int(value):,}" if value == int(value) else f"{value:g}"


def describe(model: type[BaseModel]) -> list[FieldAbout]:
    """Every field of a part or of a tactic, in the order it is written."""
    return [_about_field(info.alias or name, info) for name, info in model.model_fields.items()]


def describe_deep(model: type[BaseModel]) -> list[FieldAbout]:
    """As `describe`; a field that holds a part is followed by that part's fields, as `part.field`."""
    found = []
    for field in describe(model):
        found.append(field)
        info = field_named(model, field.name)
        inner = None if info is None else submodel(info.annotation)
        found += [deep._replace(name=f"{field.name}.{deep.name}") for deep in describe_deep(inner)] if inner else []
    return found


def field_named(model: type[BaseModel], name: str) -> FieldInfo | None:
    """The field with this name in a file."""
    for own, info in model.model_fields.items():
        if name == (info.alias or own):
            return info
    return None


def names_of(model: type[BaseModel]) -> list[str]:
    """Names of the fields as they stand in a file."""
    return [info.alias or name for name, info in model.model_fields.items()]


def about_field(model: type[BaseModel], name: str) -> FieldAbout | None:
    """What is known about one field, or None."""
    info = field_named(model, name)
    return None if info is None else _about_field(name, info)


def submodel(annotation: Any) -> type[BaseModel] | None:
    """The model in `X`, `X | None` or `Annotated[X, ...]`, if there is exactly one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        found = [m for m in (submodel(arg) for arg in get_args(annotation)) if m is not None]
        return found[0] if len(found) == 1 else None
    if hasattr(annotation, "__metadata__"):
        return submodel(get_args(annotation)[0])
    return None


def _rules(info: FieldInfo) -> Iterator[Any]:
    yield from info.metadata
    stack = [info.annotation]
    while stack:
        annotation = stack.pop()
        metadata = getattr(annotation, "__metadata__", ())
        yield from metadata
        for rule in metadata:
            if isinstance(rule, FieldInfo):
                yield from rule.metadata
        if metadata or get_origin(annotation) in (Union, types.UnionType):
            stack.extend(get_args(annotation) if not metadata else get_args(annotation)[:1])


def _literals(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(value for arg in get_args(annotation) for value in _literals(arg))
    return ()


def _about_field(name: str, info: FieldInfo) -> FieldAbout:
    low: Any = None
    high: Any = None
    is_open_low = is_open_high = is_money = False
    for rule in _rules(info):
        is_money = is_money or rule is MONEY
        rules = list(rule) if isinstance(rule, at.Interval) else [rule]
        for one in rules:
            if isinstance(one, at.Ge):
                low = one.ge
            elif isinstance(one, at.Gt):
                low, is_open_low = one.gt, True
            elif isinstance(one, at.Le):
                high = one.le
            elif isinstance(one, at.Lt):
                high, is_open_high = one.lt, True
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    default = info.get_default(call_default_factory=False) if info.default_factory is None else PydanticUndefined
    if is_money and isinstance(default, int):
        default = default / 100
    return FieldAbout(
        name=name,
        description=info.description or "",
        zh=str(extra.get("zh", "")),
        unit=str(extra.get("unit", "currency" if is_money else "")),
        low=low / 100 if is_money and low is not None else low,
        high=high / 100 if is_money and high is not None else high,
        is_open_low=is_open_low,
        is_open_high=is_open_high,
        choices=_literals(info.annotation),
        default=None if default is PydanticUndefined else default,
        is_required=info.is_required(),
        is_money=is_money,
        is_part=submodel(info.annotation) is not None,
    )
