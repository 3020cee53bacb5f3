"""Kinds of drawn graphs and the settings each accepts, with their check; imports errors; in the package base."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.graph.limits import MAX_ID


class Setting(NamedTuple):
    """One number that a generator accepts, with its default and the range in which it makes sense."""

    default: float | None
    low: float
    high: float
    meaning: str


_MEAN_DEGREE: Final = Setting(10.0, 0.0, 1e6, "friends a person has on average")

#: kind -> setting -> its default, range and meaning.
KINDS: Final[dict[str, dict[str, Setting]]] = {
    "powerlaw_cluster": {
        "mean_degree": _MEAN_DEGREE,
        "triangle_share": Setting(0.3, 0.0, 1.0, "share of ties made with a friend of the friend just made"),
    },
    "small_world": {
        "mean_degree": _MEAN_DEGREE,
        "rewire": Setting(0.1, 0.0, 1.0, "share of ties that lead to anybody instead of a neighbour on the ring"),
    },
    "random": {"mean_degree": _MEAN_DEGREE},
    "community": {
        "mean_degree": _MEAN_DEGREE,
        "n_communities": Setting(None, 1, MAX_ID, "equal runs of consecutive ids; null: one per 100 people"),
        "share_inside": Setting(0.8, 0.0, 1.0, "share of ties within the own community"),
        "exponent": Setting(3.0, 2.1, 100.0, "tail of the degrees; null: everybody alike"),
    },
    "configuration": {
        "exponent": Setting(2.5, 0.0, 100.0, "a person has k friends with probability proportional to k^-exponent"),
        "min_degree": Setting(3, 0, 1e6, "fewest friends"),
        "max_degree": Setting(300, 0, 1e6, "most friends"),
    },
    "none": {},
}

_WHOLE: Final = frozenset({"n_communities", "min_degree", "max_degree"})


def check_spec(kind: str, spec: dict[str, float | None]) -> dict[str, float | None]:
    """Check the settings of a generator and fill in the defaults."""
    if kind not in KINDS:
        allowed = ", ".join(KINDS)
        raise InputError(
            "unknown kind of graph", path="graph.kind", found=kind, allowed=allowed, hint=did_you_mean(kind, KINDS)
        )
    settings = KINDS[kind]
    for name, value in spec.items():
        path = f"graph.{name}"
        if name not in settings:
            raise InputError(
                f"a {kind} graph has no such setting",
                path=path,
                allowed=", ".join(settings) or "no settings",
                hint=did_you_mean(name, settings),
            )
        if value is None and kind == "community" and name in ("exponent", "n_communities"):
            continue
        setting = settings[name]
        allowed = f"{setting.low:g} to {setting.high:g}"
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise InputError("not a number", path=path, found=repr(value), allowed=allowed)
        if not setting.low <= value <= setting.high:  # also refuses NaN
            raise InputError("out of range", path=path, found=value, allowed=allowed)
        if name in _WHOLE and value != int(value):
            raise InputError("not a whole number", path=path, found=value, allowed=allowed)
    return {name: spec.get(name, setting.default) for name, setting in settings.items()}
