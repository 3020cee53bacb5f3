"""S15: how often to push; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import Shop
from sim.studies.facts.stages import MONTHS

FACT: Final = Fact(
    "S15",
    "More pushes bring more visits up to a point (3 to 5 a week are often called best), and the more there are, the "
    "more members switch them off.",
    "practitioners (retenshun.com, wizbrand.com)", "secondary; no experiment", "tuned", grade="D", about=("push",),
)  # fmt: skip
#: pushes a day, and the levers that send them
_LEVERS: Final[dict[float, dict[str, Any]]] = {
    0.0: {"per_day": 0}, 1 / 7: {"every": 7}, 1 / 2: {"every": 2},
    **{float(n): {"per_day": n} for n in (1, 2, 3, 5, 10)},
}  # fmt: skip
DOSES: Final = {
    dose: Arm(f"push_{k}", ({"kind": "push", **levers},)) for k, (dose, levers) in enumerate(_LEVERS.items())
}
MONTH: Final = 30


def visits(shop: Shop) -> Any:
    """In the second month, by dose."""
    return np.array([shop[arm].daily["visits"].to_numpy()[MONTH:].sum() for arm in DOSES.values()], dtype=np.float64)


def switched_off(shop: Shop) -> Any:
    """Members who take no messages any more, at the end, by dose."""
    return np.array([shop.ending(arm).operations.customers.has_opted_out.sum() for arm in DOSES.values()])


@FACT.test(
    MONTHS,
    Band("pushes a day with most visits in the second month", 0.1, 3),
    Direction("visits at the best dose of up to 3 a day, against none, less 1"),
    Direction("visits at 3 a day less at 10, of those with none"),
    Direction("members who switched off: the smallest rise from dose to dose"),
    Band("who switched off at 3 a day, per member and week", 0, 0.08),
    arms=tuple(DOSES.values()),
)  # fmt: skip
def dose(shop: Shop) -> Sequence[Value]:
    """Pushes to all members from the first day on, from none to ten a day."""
    seen, off, doses = visits(shop), switched_off(shop), np.array(list(DOSES))
    usual, three = seen[0], int(np.flatnonzero(doses == 3.0)[0])
    members = float(shop[DOSES[3.0]].daily["n_active"].mean())
    weekly = 1.0 - (1.0 - min(off[three] / members, 1.0)) ** (7 / shop.days)
    return [
        float(doses[np.argmax(seen)]), float(seen[doses <= 3.0].max() / usual - 1.0),
        float((seen[three] - seen[-1]) / usual), float(np.diff(off).min()), float(weekly),
    ]  # fmt: skip
