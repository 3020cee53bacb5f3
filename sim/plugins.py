"""Classes found by their `kind`: ours in a package, others' in an entry point group; imports `errors`, pydantic."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel

from sim.errors import InputError

_T = TypeVar("_T", bound=BaseModel)


def own(package: str, folders: Iterable[str], base: type[_T]) -> list[type[_T]]:
    """Subclasses of `base` with a kind that the modules of one of our packages define."""
    found = []
    for module in pkgutil.iter_modules(folders):
        for value in vars(importlib.import_module(f"{package}.{module.name}")).values():
            is_one = isinstance(value, type) and issubclass(value, base) and value is not base
            if not is_one or not value.__module__.endswith(f".{module.name}"):
                continue
            if isinstance(value.model_fields["kind"].default, str):  # else it is what others have in common
                found.append(value)
    return found


def published(group: str) -> list[Any]:
    """What installed packages have put into an entry point group."""
    return [point.load() for point in importlib.metadata.entry_points(group=group)]


def by_kind(classes: Iterable[Any], base: type[_T], group: str) -> dict[str, type[_T]]:
    """Classes by kind, sorted. Raises InputError if two share a kind or something else is registered."""
    what = base.__name__
    table: dict[str, type[_T]] = {}
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, base)):
            raise InputError(f"the entry point group {group} holds something else: not of class {what}", found=str(cls))
        kind = cls.model_fields["kind"].default
        if not isinstance(kind, str):
            hint = 'It needs a line like kind: Literal["mine"] = "mine".'
            raise InputError(f"a class of {what} has no kind", found=cls.__name__, hint=hint)
        if table.get(kind, cls) is not cls:
            hint = "Uninstall or rename one of them."
            raise InputError(f"two classes of {what} have the same kind", found=kind, hint=hint)
        table[kind] = cls
    return dict(sorted(table.items()))
