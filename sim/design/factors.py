"""One factor: a field of the scenario and the values it takes, listed or in a range; imports the rooms beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sim.design.points import Value, check_path
from sim.design.ranges import Range, range_of
from sim.errors import InputError, did_you_mean
from sim.scenario import Scenario

_KEYS = ("values", "low", "high", "scale", "levels")


@dataclass(frozen=True)
class Factor:
    """A path with its values, or with a range to take them from."""

    path: str
    values: tuple[Value, ...]  # empty: a range
    span: Range
    is_log: bool = False
    n_levels: int | None = None  # its own, where it differs from the design's

    def at(self, u: float) -> Value:
        """The value at a share of the way from the lowest (0) to the highest (below 1)."""
        if self.values:
            return self.values[min(int(u * len(self.values)), len(self.values) - 1)]
        low, high = self._ends()
        if self.span.is_whole:
            return min(int(low + math.floor(u * (high - low + 1))), int(high))
        return self.span.rounded(self._between(u))

    def levels(self, n: int) -> list[Value]:
        """The listed values, or so many spread evenly over the range, both ends included."""
        if self.values:
            return list(self.values)
        n = self.n_levels or n
        spread = [self.span.rounded(self._between(k / (n - 1) if n > 1 else 0.5)) for k in range(n)]
        return list(dict.fromkeys(spread))  # a short range of whole numbers has fewer

    def _ends(self) -> tuple[float, float]:
        assert self.span.low is not None
        assert self.span.high is not None
        return self.span.low, self.span.high

    def _between(self, u: float) -> float:
        low, high = self._ends()
        if u in (0.0, 1.0):
            return high if u else low
        return math.exp(math.log(low) + u * math.log(high / low)) if self.is_log else low + u * (high - low)


def factor_of(scenario: Scenario, path: str, said: Any) -> Factor:
    """A factor as a design describes it: a list of values, {low, high, scale, levels}, or nothing (its whole range)."""
    check_path(path)
    span = range_of(scenario, path)
    if isinstance(said, (list, tuple)):
        said = {"values": said}
    if said is not None and not isinstance(said, dict):
        raise InputError("wrong type", path=path, found=said, allowed="a list of values, {low, high}, or nothing")
    said = said or {}
    for key in said:
        if key not in _KEYS:
            raise InputError("unknown key", path=f"{path}.{key}", hint=did_you_mean(str(key), _KEYS, kind="keys"))
    if "values" in said:
        return Factor(path, _values(path, said), span)
    if span.choices and not said:
        return Factor(path, tuple({"on": True, "off": False}.get(c, c) for c in span.choices), span)
    low, high = (_number(path, said, key, getattr(span, key)) for key in ("low", "high"))
    if low >= high:
        raise InputError("the range is empty", path=path, found=f"{low:g} to {high:g}", allowed="low below high")
    scale = said.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise InputError("unknown scale", path=f"{path}.scale", found=scale, allowed="linear or log")
    if scale == "log" and low <= 0:
        raise InputError("a log scale starts above 0", path=path, found=low)
    if span.is_whole and not (float(low).is_integer() and float(high).is_integer()):
        raise InputError("this field takes whole numbers", path=path, found=f"{low:g} to {high:g}")
    return Factor(path, (), span._replace(low=low, high=high), scale == "log", _levels(path, said))


def _values(path: str, said: dict[str, Any]) -> tuple[Value, ...]:
    values = said["values"]
    if len(said) > 1:
        raise InputError("either values or a range", path=path, found=", ".join(said))
    if not isinstance(values, (list, tuple)) or not values:
        raise InputError("a factor needs values", path=path, found=values, allowed="a list of one or more")
    for value in values:
        if value is not None and type(value) not in (bool, int, float, str):
            raise InputError("a factor's value is not plain", path=path, found=value, allowed="number, text, on or off")
    if len(set(map(repr, values))) < len(values):
        raise InputError("a value appears twice", path=path)
    return tuple(values)


def _number(path: str, said: dict[str, Any], key: str, usual: float | None) -> float:
    value = said.get(key, usual)
    if value is None:
        hint = f"Write {path}: {{low: ..., high: ...}}, or a list of values."
        raise InputError(f"this field has no '{key}' of its own", path=path, hint=hint)
    if type(value) not in (int, float):
        raise InputError("wrong type", path=f"{path}.{key}", found=value, allowed="a number")
    return float(value)


def _levels(path: str, said: dict[str, Any]) -> int | None:
    n = said.get("levels")
    if n is not None and (type(n) is not int or not 1 <= n <= 10_000):
        raise InputError("wrong number of levels", path=f"{path}.levels", found=n, allowed="1 to 10,000")
    return n
