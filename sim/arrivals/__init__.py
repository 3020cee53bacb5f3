"""How a prospect comes to register by herself: one file per rule, found by its `kind`; imports rules, pydantic.

Third parties add rules through the entry point group `sim.arrivals` (an Arrival subclass each).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sim._jit import rule
from sim.arrivals.arrival import Arrival, coefficient
from sim.arrivals.organic import Organic
from sim.errors import InputError
from sim.plugins import by_kind, own, published

GROUP = "sim.arrivals"

__all__ = ["GROUP", "Arrival", "Organic", "coefficient", "registry", "rule"]


def _others() -> list[Any]:
    return published(GROUP)


@cache
def registry() -> dict[str, type[Arrival]]:
    """All arrival rules by kind, sorted. Raises InputError for a class without a rule, or a kind that exists twice."""
    table = by_kind([*own(__name__, __path__, Arrival), *_others()], Arrival, GROUP)
    for kind, cls in table.items():
        if cls.chance is None and cls is not Organic:
            hint = "Give it a static method `chance` (sim/arrivals/arrival.py says of what)."
            raise InputError("an arrival rule without a rule", found=kind, hint=hint)
    return table
