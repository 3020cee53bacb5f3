"""V0c: a null strategy is null; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts import exact
from sim.studies.facts.fact import Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V0c", "Every tactic has a setting without effect, and with it nothing more happens and nothing costs.",
    "definition", "theory", "theory",
)  # fmt: skip


@FACT.test(EXACT, exactly("events that differ"), exactly("cents in the books"))
def nothing(lab: Lab) -> Sequence[Value]:
    """All of them at once in one strategy, against the control."""
    changes = {**exact.busy(), "strategies": {"nothing": exact.nulls()}}
    with_, without = (lab.play(changes, label, events=True) for label in ("nothing", "control"))
    booked = float(with_.ledger["amount_cents"].abs().sum()) if len(with_.ledger) else 0.0
    return [exact.differing(exact.log(with_), exact.log(without)), booked]
