"""What every arrival rule has in common: coefficients, and one scalar rule; imports rules' records, pydantic.

An arrival rule answers one question: with what chance does this prospect register by herself today? The answer takes
the place of the coefficient `organic` in eq. 15b. Invitations and opinion leaders' posts work on top of it, as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from sim.rules.records import State, Traits

#: chance(coefficients, traits, state, n_friends, active_share): of one prospect, today
Chance = Callable[[tuple[float, ...], Traits, State, int, float], float]


def coefficient(
    default: Any, unit: str, description: str, zh: str, *, ge: float | None = None, le: float | None = None
) -> Any:
    """A coefficient of an arrival rule: default, unit, one sentence in English and in Chinese, bounds."""
    extra = {"unit": unit, "zh": zh}
    return Field(default, description=description, ge=ge, le=le, json_schema_extra=extra)  # type: ignore[arg-type]


class Arrival(BaseModel):
    """How prospects come to register by themselves; subclasses add `kind`, coefficients and the rule, `chance`.

    `chance` is a static method marked `@rule`, a pure function of scalars that both drivers call, one of them
    compiled: plain arithmetic, comparisons, and `exp`, `log`, `power` of `sim._jit`. Its arguments:

    * coefficients: the fields after `kind` in their order, as floats (yes = 1, no = 0);
    * traits, state: hers (rules/records.py), as of last night but for messages and posts of this morning;
      `state.n_friends_active` counts the active among the people she hears;
    * n_friends: how many people she hears (it may be 0);
    * active_share: the share of all people who were active last night.

    It answers for an average prospect; the engine multiplies by her trait `arrive` and keeps the product within 0
    and 1. It draws nothing: her luck of the day is compared with the answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: ClassVar[str] = ""  # who proposed it
    title_zh: ClassVar[str] = ""
    chance: ClassVar[Any] = None  # a Chance; None: the usual rule, which the drivers have built in

    kind: str

    def coefficients(self) -> tuple[float, ...]:
        """What `chance` gets first."""
        return tuple(float(getattr(self, name)) for name in type(self).model_fields if name != "kind")

    def coefficients_on(self, day: int) -> tuple[float, ...]:
        """What `chance` gets on one day (0 is the first measured one): the same every day, for most rules."""
        return self.coefficients()

    @property
    def first_urge(self) -> float:
        """What the day of registration adds to the logit of buying, eq. 5."""
        return 0.0
