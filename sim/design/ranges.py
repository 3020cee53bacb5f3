"""Where a field of a scenario may lie: a coefficient's prior range, a lever's bounds; imports params and scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from sim.errors import InputError, did_you_mean
from sim.params import COEFFICIENTS
from sim.scenario import Scenario, parse_path
from sim.scenario.fields import about_field, field_named, names_of


class Range(NamedTuple):
    """Lowest and highest value, None where the field sets no bound; what its values look like."""

    low: float | None
    high: float | None
    is_whole: bool = False
    is_money: bool = False  # in currency, two decimals
    choices: tuple[str, ...] = ()

    def rounded(self, value: float) -> int | float:
        """A value as it may stand in a scenario."""
        if self.is_whole:
            return round(value)
        return round(value, 2) if self.is_money else float(f"{value:.12g}")


def range_of(scenario: Scenario, path: str) -> Range:
    """The range of the field at a path of this scenario."""
    parts = parse_path(path)
    if parts[0] == "params" and len(parts) == 2:
        row = COEFFICIENTS.get(str(parts[1]))
        if row is None:
            hint = did_you_mean(str(parts[1]), COEFFICIENTS, kind="coefficients")
            raise InputError("unknown coefficient", path=path, hint=hint)
        return Range(row.low, row.high)
    if parts[0] == "switches":
        return Range(None, None, choices=("on", "off"))
    holder = _holder(scenario, parts)
    if not isinstance(holder, BaseModel):
        return Range(None, None)
    name = str(parts[-1])
    field = about_field(type(holder), name)
    if field is None:
        hint = did_you_mean(name, names_of(type(holder)), kind="fields")
        raise InputError("unknown path", path=path, hint=hint)
    info = field_named(type(holder), name)
    types = _types(None if info is None else info.annotation)
    choices = ("on", "off") if bool in types else field.choices
    is_whole = int in types and float not in types and not field.is_money
    return Range(field.low, field.high, is_whole, field.is_money, choices)


def unit_of(scenario: Scenario, path: str) -> str:
    """The unit of the field at a path, in English (Chinese: `scenario.words.UNITS_ZH`); empty where it has none."""
    parts = parse_path(path)
    if parts[0] == "params" and len(parts) == 2 and parts[1] in COEFFICIENTS:
        unit = COEFFICIENTS[str(parts[1])].unit
    else:
        holder = _holder(scenario, parts)
        field = about_field(type(holder), str(parts[-1])) if isinstance(holder, BaseModel) else None
        unit = field.unit if field is not None else ""
    return "" if unit in ("1", "yes/no", "names") else unit


def value_at(scenario: Scenario, path: str) -> Any:
    """The value a scenario has at a path: a coefficient's default where it says nothing."""
    parts = parse_path(path)
    if parts[0] == "params" and len(parts) == 2:
        return scenario.params.get(str(parts[1]), COEFFICIENTS[str(parts[1])].default)
    here: Any = scenario.as_dict()
    for part in parts:
        if isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif isinstance(here, dict) and part == 0 and "kind" in here:
            continue  # label[0] of a strategy that is one tactic
        elif isinstance(here, dict) and part in here:
            here = here[part]
        else:
            raise InputError("the scenario has no value here", path=path)
    return here


def _holder(scenario: Scenario, parts: tuple[str | int, ...]) -> Any:
    """What holds the last name of a path: a part of the scenario, a tactic, an event; None where nothing does."""
    here: Any = scenario
    for part in parts[:-1]:
        if isinstance(here, tuple) and isinstance(part, str) and len(here) == 1:
            here = here[0]  # a strategy that is one tactic needs no [0]
        if isinstance(here, BaseModel):
            own = next((own for own, i in type(here).model_fields.items() if part == (i.alias or own)), None)
            here = None if own is None else getattr(here, own)
        elif isinstance(here, Mapping):
            here = here.get(part)
        elif isinstance(here, (tuple, list)):
            here = here[part] if isinstance(part, int) and part < len(here) else None
        else:
            return None
    return here[0] if isinstance(here, tuple) and len(here) == 1 else here


def _types(annotation: Any) -> set[type]:
    if isinstance(annotation, type):
        return {annotation}
    if get_origin(annotation) in (Union, *((type(int | str)),)):
        return {one for arg in get_args(annotation) for one in _types(arg)}
    if hasattr(annotation, "__metadata__"):
        return _types(get_args(annotation)[0])
    return set()
