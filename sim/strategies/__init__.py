"""What a shop can do: one file per tactic, found by its `kind`; imports the model's records, `money`, pydantic.

Third parties add tactics through the entry point group `sim.strategies` (a Tactic subclass each).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from functools import cache

from sim.errors import InputError
from sim.strategies.tactic import Tactic


def _own() -> list[type[Tactic]]:
    found = []
    for module in pkgutil.iter_modules(__path__):
        content = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for value in content.values():
            is_tactic = isinstance(value, type) and issubclass(value, Tactic) and value is not Tactic
            if is_tactic and value.__module__.endswith(f".{module.name}"):
                found.append(value)
    return found


def _others() -> list[type[Tactic]]:
    return [point.load() for point in importlib.metadata.entry_points(group="sim.strategies")]


@cache
def registry() -> dict[str, type[Tactic]]:
    """All tactics by kind, sorted. Raises InputError if two share a kind or something else is registered."""
    table: dict[str, type[Tactic]] = {}
    for cls in [*_own(), *_others()]:
        if not (isinstance(cls, type) and issubclass(cls, Tactic)):
            raise InputError("the entry point group sim.strategies holds something else than a Tactic", found=str(cls))
        kind = str(cls.model_fields["kind"].default)
        if kind in table and table[kind] is not cls:
            raise InputError("two tactics have the same kind", found=kind, hint="Uninstall or rename one of them.")
        table[kind] = cls
    return dict(sorted(table.items()))
