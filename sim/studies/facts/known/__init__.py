"""The facts, one file each, and those that other packages publish; imports `facts`' other rooms, plugins.

Bands are the published ones and are never moved to where the model happens to lie. Evidence: `paper` (figures read in
the paper or its abstract), `secondary` (in a text that quotes it), `data` (calculated from public data), `memory` (from
memory of the paper), `calculation` (theory; worked out). Role: `tuned` (defaults were once chosen with this fact in
view, so agreement is fit), `input` (a coefficient is the fact: the check is of the wiring), `emergent` (no coefficient
holds it), `theory` (exact).

A file here holds a FACT: a `Fact`, and functions under `@FACT.test(stage, checks)` that answer its checks. Another
package publishes one in the entry point group `sim.facts`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from sim import plugins
from sim.errors import InputError
from sim.studies.facts.fact import Fact

GROUP = "sim.facts"


@cache
def facts() -> dict[str, Fact]:
    """Every fact by its id: theory (V), stylised facts (F), levers (S), then those of other packages."""
    own = [importlib.import_module(f"{__name__}.{module.name}").FACT for module in pkgutil.iter_modules(__path__)]
    found: dict[str, Fact] = {}
    for fact in [*sorted(own, key=_place), *sorted(plugins.published(GROUP), key=lambda fact: str(fact))]:
        if not isinstance(fact, Fact):
            raise InputError(f"the entry point group {GROUP} holds something else: not a Fact", found=str(fact))
        if fact.id in found:
            raise InputError("two facts have the same id", found=fact.id, hint="Uninstall or rename one of them.")
        found[fact.id] = fact
    return found


def of_tactic(kind: str) -> list[Fact]:
    """Facts about this tactic."""
    return [fact for fact in facts().values() if kind in fact.about]


def _place(fact: Fact) -> tuple[int, int, str]:
    digits = "".join(c for c in fact.id if c.isdigit())
    return "VFS".find(fact.id[0]), int(digits or 0), fact.id
