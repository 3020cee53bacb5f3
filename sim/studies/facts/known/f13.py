"""F13: leaving is contagious; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.studies.facts.fact import Arm, Band, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import OPEN

FACT: Final = Fact(
    "F13", "A friend who leaves raises the hazard of leaving by 80 %, most in the first month.",
    "Nitzan & Libai 2011", "paper", "input",
    left_out="loyal customers, who are said to be less affected: the model has one coefficient for all",
)  # fmt: skip
ALOOF: Final = Arm("aloof", params={"g_n": 0.0})
TENURED_DAYS: Final = 30  # only a friend who was there for so long counts as a loss in the model
RECENT, LONG_AGO, OVER = (1, 30), (91, 120), 121


@FACT.test(
    OPEN,
    Band("hazard after one friend left in the last 30 days, against the same people where nobody minds", 1.4, 2.2),
    Direction("log of that less the same 91 to 120 days after"),
    arms=(ALOOF,), log=("register", "return", "lapse"),
)  # fmt: skip
def leaving_after_a_friend(shop: Shop) -> Sequence[Value]:
    """Nights of active members one of whose friends, long registered, left so many days before; both arms' nights."""
    counts = {}
    rates = {}
    after, was_there = _friends_who_left(shop)
    for arm in (CONTROL, ALOOF):
        left, active = _nights(shop, arm)
        for name, (first, last) in {"recent": RECENT, "long ago": LONG_AGO}.items():
            exposed = _within(after, first, last) == 1
            if name == "long ago":
                exposed &= _within(after, 1, first - 1) == 0
            nights = exposed & active & was_there
            rates[arm if isinstance(arm, str) else arm.name, name] = float((left & nights).sum()), float(nights.sum())
    for name in ("recent", "long ago"):
        (a, n), (b, m) = rates[CONTROL, name], rates[ALOOF.name, name]
        counts[name] = (a * m, b * n) if n and m else None
    logs = [None if c is None or not c[0] or not c[1] else float(np.log(c[0] / c[1])) for c in counts.values()]
    scaled = counts["recent"]
    ratio = None if scaled is None or not scaled[1] else scaled[0] / scaled[1]
    return [ratio, None if logs[0] is None or logs[1] is None else logs[0] - logs[1]]


def _nights(shop: Shop, arm: str | Arm) -> tuple[Any, Any]:
    """[day, row]: who leaves that night; who is a member that evening."""
    n, days = len(shop.world), shop.days
    change = np.zeros((days + 1, n), dtype=np.int8)
    change[0] += shop.world.population.is_registered
    left = np.zeros((days, n), dtype=bool)
    for kind, step in (("register", 1), ("return", 1), ("lapse", -1)):
        log = shop.log(kind, arm)
        day, row = log["day"].to_numpy(), np.searchsorted(shop.world.population.ids, log["agent"].to_numpy())
        np.add.at(change, (day + (kind == "lapse"), row), step)
        if kind == "lapse":
            left[day, row] = True
    return left, np.cumsum(change, axis=0)[:days] > 0


def _friends_who_left(shop: Shop) -> tuple[Any, Any]:
    """[day, row]: how many friends left on that day, as the control has it; and who was a member then."""
    left, active = _nights(shop, CONTROL)
    registered = shop[CONTROL].shoppers["registered_day"].to_numpy()
    day, row = np.nonzero(left & (np.arange(shop.days)[:, None] - registered >= TENURED_DAYS))
    found = np.zeros(left.shape, dtype=np.int16)
    ids = shop.world.population.ids
    for d, r in zip(day.tolist(), row.tolist(), strict=True):
        np.add.at(found[d], np.searchsorted(ids, shop.hearers(int(ids[r]))), 1)
    return found, active


def _within(left: Any, first: int, last: int) -> Any:
    """How many friends left `first` to `last` days before."""
    total = np.vstack([np.zeros((1, left.shape[1]), dtype=np.int32), np.cumsum(left, axis=0, dtype=np.int32)])
    day = np.arange(left.shape[0])
    return total[np.maximum(day - first + 1, 0)] - total[np.maximum(day - last, 0)]
