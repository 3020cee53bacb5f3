"""pydantic's errors -> messages a person can act on; imports `fields`, `reader`, `parts`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from sim.errors import ScenarioError, did_you_mean, nearest
from sim.scenario.fields import about_field, field_named, names_of, submodel
from sim.scenario.parts import GRAPHS, CatalogueFile, DrawnCatalogue
from sim.scenario.reader import Document, Path_, path_text

_TYPES: Final = {
    "int_type": "a whole number", "int_from_float": "a whole number", "int_parsing": "a whole number",
    "int_parsing_size": "a whole number", "float_type": "a number", "float_parsing": "a number",
    "string_type": "text", "bool_type": "on or off", "bool_parsing": "on or off", "dict_type": "a mapping",
    "mapping_type": "a mapping", "model_type": "a mapping", "model_attributes_type": "a mapping", "list_type": "a list",
    "tuple_type": "a list", "set_type": "a list", "frozen_set_type": "a list", "iterable_type": "a list",
    "none_required": "nothing", "is_instance_of": "a mapping",
}  # fmt: skip
_A_GRAPH: Final = "a mapping with a kind, like {kind: random, mean_degree: 10}"
_RANGES: Final = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})


def refusal(problem: str, loc: Path_ = (), *, found: Any = ..., allowed: str = "", hint: str = "") -> InitErrorDetails:
    """One problem found by a validator of ours, to be raised by `raise_all`."""
    parts = {"problem": problem, "allowed": allowed, "hint": hint, "has_found": found is not ...}
    return InitErrorDetails(
        type=PydanticCustomError("refused", "{problem}", parts), loc=loc, input=None if found is ... else found
    )


def raise_all(details: list[InitErrorDetails]) -> None:
    """Raise the problems together; inside a validator pydantic adds them to its own."""
    if details:
        raise ValidationError.from_exception_data("scenario", details)


def again(error: ErrorDetails, prefix: Path_) -> InitErrorDetails:
    """An error of a nested validation, to be raised further up."""
    context = {**error.get("ctx", {}), "msg": error["msg"]}
    return InitErrorDetails(
        type=PydanticCustomError(error["type"], "{msg}", context),
        loc=(*prefix, *error["loc"]),
        input=error["input"],
    )


def translate(
    errors: Iterable[ErrorDetails],
    root: type[BaseModel],
    kinds: Mapping[str, Mapping[str, type[BaseModel]]],
    document: Document,
    file: Path | None,
) -> list[ScenarioError]:
    """Errors of pydantic about `document.data`, each with line, path, what was found and what is allowed."""
    return [_one(error, root, kinds, document, file) for error in errors]


def _one(
    error: ErrorDetails,
    root: type[BaseModel],
    kinds: Mapping[str, Mapping[str, type[BaseModel]]],
    document: Document,
    file: Path | None,
) -> ScenarioError:
    loc = _plain_loc(error["loc"])
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    model = _model_at(loc[:-1], root, kinds, document.data)
    field = about_field(model, str(loc[-1])) if model is not None and loc else None
    allowed: str | None = None
    hint: str | None = None
    shown_found: Any = found
    if kind == "refused":
        problem, allowed, hint = context["problem"], context["allowed"], context["hint"]
        shown_found = found if context["has_found"] else ...
    elif kind == "missing":
        problem, shown_found = "missing key", ...
        hint = f"It is needed: {field.description}" if field and field.description else None
    elif kind == "extra_forbidden":
        problem, shown_found = "unknown key", ...
        hint = did_you_mean(str(loc[-1]), names_of(model), kind="keys") if model is not None else None
    elif kind in _RANGES:
        problem = "out of range"
        allowed = field.allowed if field and field.allowed else str(error["msg"])
        if field and field.is_money:
            shown_found = _currency(found)
        if field and field.unit and field.unit not in ("1", "share", "currency"):
            allowed = f"{allowed} ({field.unit})"
    elif kind in ("literal_error", "enum"):
        problem = "unknown value"
        choices = tuple(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
        allowed = ", ".join(choices)
        if isinstance(found, str) and len(choices) > 1:
            close = nearest(found, choices)
            hint = f"Did you mean '{close}'?" if close else None
    elif kind == "union_tag_invalid":
        problem, loc = "unknown kind", (*loc, "kind")
        choices = tuple(kinds[str(loc[0])])
        shown_found = found.get("kind") if isinstance(found, dict) else found
        allowed = ", ".join(choices)
        hint = did_you_mean(str(shown_found), choices) if isinstance(shown_found, str) else None
    elif kind == "union_tag_not_found":
        if isinstance(found, dict):
            problem, shown_found = "missing key 'kind'", ...
            hint = f"Kinds: {', '.join(GRAPHS)}."
        else:
            problem, allowed = "wrong type", _A_GRAPH
    elif kind == "money":
        problem, allowed = context["problem"], context["allowed"]
    elif kind == "finite_number":
        problem, allowed = "not a finite number", "a finite number"
    elif kind in _TYPES:
        problem, allowed = "wrong type", _TYPES[kind]
        if loc == ("graph",):
            allowed = _A_GRAPH
        elif field and field.allowed and allowed.endswith("number"):
            allowed = f"{allowed}, {field.allowed}"
    elif kind == "string_pattern_mismatch":
        problem, allowed = "not a name", "letters, digits, _ and -"
    elif kind in ("string_too_short", "too_short"):
        problem, allowed = "too short", f"at least {context.get('min_length', 1)}"
    elif kind in ("string_too_long", "too_long"):
        problem, allowed = "too long", f"at most {context.get('max_length')}"
    else:
        problem = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        shown_found = found if isinstance(found, (str, int, float)) else ...
    return ScenarioError(
        problem, file=file, line=document.line(loc), path=path_text(loc) or None,
        found=shown_found, allowed=allowed, hint=hint,
    )  # fmt: skip


def _currency(value: Any) -> Any:
    # Bounds are checked on cents; the person wrote currency.
    return value / 100 if type(value) is int else value


def _plain_loc(loc: tuple[int | str, ...]) -> Path_:
    """The path as in the file: without the names pydantic gives to members of a union."""
    if len(loc) > 1 and loc[0] in ("graph", "catalogue"):
        loc = (loc[0], *loc[2:])
    return tuple(part for part in loc if not (isinstance(part, str) and part.startswith(("function-", "[key]"))))


def _model_at(
    path: Path_, root: type[BaseModel], kinds: Mapping[str, Mapping[str, type[BaseModel]]], data: Any
) -> type[BaseModel] | None:
    """The model that describes the mapping at a path."""
    if not path:
        return root
    first = path[0]
    here = data.get(first) if isinstance(data, dict) else None
    rest = path[1:]
    model: type[BaseModel] | None
    if first in ("graph", "arrival"):
        model = kinds[first].get(str(here.get("kind"))) if isinstance(here, dict) else None
    elif first == "events":
        if len(path) < 2 or not isinstance(here, list) or not isinstance(path[1], int) or path[1] >= len(here):
            return None
        one, rest = here[path[1]], path[2:]
        model = kinds["events"].get(str(one.get("kind"))) if isinstance(one, dict) else None
    elif first == "catalogue":
        model = CatalogueFile if isinstance(here, dict) and here.get("path") is not None else DrawnCatalogue
    elif first == "strategies":
        if len(path) < 2 or not isinstance(here, dict):
            return None
        here, rest = here.get(str(path[1])), path[2:]
        if rest and isinstance(rest[0], int):
            here = here[rest[0]] if isinstance(here, list) and rest[0] < len(here) else None
            rest = rest[1:]
        model = kinds["strategies"].get(str(here.get("kind"))) if isinstance(here, dict) else None
    else:
        model, rest = root, path
    inside: type[BaseModel] | None = None  # of the values of a mapping whose keys are free
    for part in rest:
        if inside is not None:
            model, inside = inside, None
            continue
        info = None if model is None or isinstance(part, int) else field_named(model, part)
        model = None if info is None else submodel(info.annotation)
        if info is not None and get_origin(info.annotation) is dict:
            inside = submodel(get_args(info.annotation)[1])
    return model
