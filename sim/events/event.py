"""What every event has in common: its days and its hooks; imports `tactic`, people, `draws`, pydantic.

An event befalls the world: every strategy meets it on the same days and in the same way, the control too, and nobody
pays for it. So it has no target and no budget. Hooks take whole tables, as those of tactics do, and the same rules hold
for them: elementwise arithmetic only, luck through `Scene.purpose`, nothing that depends on the order of people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim import draws
from sim.params import Params
from sim.strategies.people import People
from sim.strategies.tactic import Contacts

MOST_DAYS = 3650  # an event may last longer than any run


def detail(
    default: Any, unit: str, description: str, zh: str, *, ge: float | None = None, le: float | None = None, **more: Any
) -> Any:
    """A field of an event: default (`...` = it must be given), unit, one sentence in English and in Chinese, bounds."""
    extra: Any = {"unit": unit, "zh": zh}
    return Field(default, description=description, ge=ge, le=le, json_schema_extra=extra, **more)


@dataclass
class Scene:
    """What an event holds during one run: its place in the list, its luck, the world it befalls."""

    index: int  # position among the scenario's events
    ordinal: int  # among events of the same kind
    seed: int  # of the world: what is drawn with it is the same for all strategies and replications of a world
    world: Any  # the World
    notes: dict[str, Any] = field(default_factory=dict)  # whatever the event worked out at the start of the run

    def purpose(self, kind: str, site: str) -> int:
        """Number of this event's own draws at one site; no tactic has the same."""
        return draws.tactic_purpose(f"event {kind}", site, self.ordinal)


class Event(BaseModel):
    """Something that befalls the world for some days; subclasses add `kind`, fields and hooks.

    Hooks are called on each of its days, in the order of the scenario's list and before those of tactics.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: ClassVar[str] = ""  # where its numbers come from
    title_zh: ClassVar[str] = ""

    kind: str
    start: int = detail(0, "day", "first day, counted from the end of the burn-in", "开始日（从预热期结束算起）", ge=0)
    days: int = detail(7, "days", "how long it lasts", "持续天数", ge=1, le=MOST_DAYS)

    def is_on(self, day: int) -> bool:
        """Is this one of its days (counted from the end of the burn-in)?"""
        return self.start <= day < self.start + self.days

    @classmethod
    def example(cls) -> Self:
        """An instance that is felt even in a small shop; tests of all events run it."""
        raise TypeError(f"{cls.__name__} declares no example")

    def begin(self, scene: Scene) -> None:
        """Work out at the start of a run what the whole run needs (which products)."""

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """Change what is on sale; `shelf` holds writable columns named as in rules' Shelf. Prices are the tactics'."""

    def on_conditions(self, conditions: dict[str, float], day: int, scene: Scene) -> None:
        """Change what holds for everybody: coefficients of strategies' CONDITIONS, REWARDS and OUTSIDE."""

    def on_reach(self, contacts: Contacts, people: People, day: int, scene: Scene) -> None:
        """Act on all who ever registered, also those who left or switched messages off; `contacts` is writable."""

    def banned(self) -> tuple[str, ...]:
        """Kinds of tactics that are off."""
        return ()

    def warnings(self, params: Params, product_ids: NDArray[Any]) -> list[str]:
        """Where it cannot do what was probably meant, in words."""
        return []
