"""A design, from a file or from Python: a base scenario and the points of it to run; imports the rooms beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from sim.design.draw import beside_draws, grid, latin_hypercube, morris, one_at_a_time, saltelli, sobol
from sim.design.factors import Factor, factor_of
from sim.design.listed import read_points
from sim.design.points import MOST_POINTS, Points
from sim.errors import InputError, did_you_mean
from sim.scenario import Scenario
from sim.scenario.reader import Document, plain, read_file
from sim.scenario.shipped import SUFFIXES, find

#: kind of a design -> the keys that are its own
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "grid": ("factors", "levels"),
    "latin_hypercube": ("factors", "points", "seed", "draws"),
    "sobol": ("factors", "points", "seed", "draws"),
    "one_at_a_time": ("factors", "levels"),
    "morris": ("factors", "trajectories", "levels", "seed"),
    "saltelli": ("factors", "base", "second_order", "seed"),
    "csv": ("file",),
}
_OWN: Final = tuple(dict.fromkeys(key for keys in KINDS.values() for key in keys))
_KEYS: Final = ("name", "description", "scenario", "set", "kind", *_OWN)
_MORRIS_LEVELS: Final = 4
_NAME: Final = re.compile(r"\w[\w.\- ]{0,59}\Z")


def shipped_designs() -> dict[str, Path]:
    """Designs that come with the package: name -> file."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "designs", package.parent / "designs"):
        found = sorted(folder.glob("*.yaml"))
        if found:
            return {path.stem: path for path in found}
    return {}


@dataclass(frozen=True)
class Design:
    """A base scenario, the points of it to run, and how they were chosen."""

    name: str
    kind: str
    scenario: Scenario
    points: Points
    description: str = ""
    drawn: tuple[str, ...] = ()  # paths whose values come from given joint draws (a posterior)
    calibrated: tuple[str, ...] | None = None  # those of `drawn` that data tell something of; None: all
    levels: int | None = None  # of Morris's trajectories, whose analysis needs it

    @classmethod
    def load(cls, source: str | Path, changes: Mapping[str, Any] | None = None) -> Self:
        """Read a design file, or a shipped design by its name; `changes` are made to the base scenario."""
        path = _find(source)
        document = read_file(path)
        if "name" not in document.data and _NAME.match(path.stem):
            document.data["name"] = path.stem
        try:
            return cls._of(document, path.parent, changes)
        except InputError as error:
            if error.file is not None:
                raise
            raise error.placed(path, _line_of(document, error.path or "")) from None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: str | Path = ".") -> Self:
        """A design from the same plain data a file would hold; paths are relative to `folder`."""
        return cls._of(Document(plain(data), {}), Path(folder), None)

    @classmethod
    def of(cls, scenario: Scenario, factors: Mapping[str, Any], kind: str = "grid", **more: Any) -> Self:
        """A design around a scenario at hand; `more`: levels, points, seed, draws, name as in a file."""
        data = {"name": scenario.name, **more, "kind": kind}
        if factors or "draws" not in more:
            data["factors"] = dict(factors)
        return cls._of(Document(plain(data), {}), Path(), None, scenario)

    @classmethod
    def _of(
        cls, document: Document, folder: Path, changes: Mapping[str, Any] | None, scenario: Scenario | None = None
    ) -> Self:
        data: dict[str, Any] = document.data
        for key in data:
            if key not in _KEYS:
                raise InputError("unknown key", path=key, hint=did_you_mean(key, _KEYS, kind="keys"))
        kind = data.get("kind", "grid")
        if kind not in KINDS:
            hint = did_you_mean(str(kind), KINDS, kind="kinds")
            raise InputError("no such kind of design", path="kind", found=kind, allowed=", ".join(KINDS), hint=hint)
        name = data.get("name", "design")
        if not isinstance(name, str) or not _NAME.match(name):
            raise InputError("not a name", path="name", found=name, allowed="letters, digits, spaces, . _ and -")
        if scenario is None:
            scenario = _base(data, folder)
        if changes:
            scenario = scenario.with_(changes)
        scenario = scenario.with_({"name": name})
        points, drawn = _points(kind, data, scenario, folder)
        levels = data.get("levels", _MORRIS_LEVELS) if kind == "morris" else None
        return cls(name, kind, scenario, points, str(data.get("description") or ""), drawn, levels=levels)

    def about(self) -> dict[str, Any]:
        """Name, kind and factors, as plain data."""
        said = {"name": self.name, "kind": self.kind, "points": len(self.points), "factors": list(self.points.paths)}
        more = {"drawn": list(self.drawn), "levels": self.levels}
        known = {} if self.calibrated is None else {"calibrated": list(self.calibrated)}
        return {**said, **{key: value for key, value in more.items() if value}, **known}

    def with_(self, changes: Mapping[str, Any]) -> Self:
        """The same points around a changed base scenario."""
        return replace(self, scenario=self.scenario.with_(changes))


def _find(source: str | Path) -> Path:
    text = str(source)
    known = shipped_designs()
    if text in known and not Path(text).exists():
        return known[text]
    path = Path(source)
    if not path.is_file():
        near = did_you_mean(text, known, kind="shipped designs")
        raise InputError("no such design", found=text, hint=near or "Give the path of a design file.")
    return path


def _base(data: dict[str, Any], folder: Path) -> Scenario:
    named = data.get("scenario")
    if not isinstance(named, str) or not named:
        hint = "The name of a shipped scenario, or a path from this file."
        raise InputError("missing key 'scenario'", path="scenario", found=named, hint=hint)
    is_path = named.endswith(SUFFIXES) or "/" in named or "\\" in named
    changes = data.get("set") or {}
    if not isinstance(changes, dict):
        raise InputError("wrong type", path="set", found=changes, allowed="a mapping: path -> value")
    base = Scenario.load(find(folder / named if is_path else named), check_files=not changes)
    return base.with_(changes) if changes else base


def _points(kind: str, data: dict[str, Any], scenario: Scenario, folder: Path) -> tuple[Points, tuple[str, ...]]:
    """The points of a design, and which paths come from given draws."""
    for key in _OWN:
        if key in data and key not in KINDS[kind]:
            hint = f"A design of kind {kind} has: {', '.join(KINDS[kind])}."
            raise InputError(f"a design of kind {kind} has no '{key}'", path=key, hint=hint)
    if kind == "csv":
        return read_points(folder / _named(data, "file", "The CSV or Parquet file with one column a path.")), ()
    if kind in ("grid", "one_at_a_time"):
        factors, levels = _factors(data, scenario), _whole(data, "levels", 5, 10_000)
        return (grid(factors, levels) if kind == "grid" else one_at_a_time(scenario, factors, levels)), ()
    seed = _whole(data, "seed", 1, 2**63 - 1, least=0)
    if kind == "morris":
        n, levels = _whole(data, "trajectories", 20, MOST_POINTS), _whole(data, "levels", _MORRIS_LEVELS, 100, least=2)
        return morris(_factors(data, scenario), n, levels, seed), ()
    if kind == "saltelli":
        pairs = data.get("second_order", False)
        if type(pairs) is not bool:
            raise InputError("wrong type", path="second_order", found=pairs, allowed="true or false")
        return saltelli(_factors(data, scenario), _whole(data, "base", None, MOST_POINTS), pairs, seed), ()
    return _sample(kind, data, scenario, folder, seed)


def _sample(
    kind: str, data: dict[str, Any], scenario: Scenario, folder: Path, seed: int
) -> tuple[Points, tuple[str, ...]]:
    n, points = _whole(data, "points", None, MOST_POINTS), None
    if "factors" in data or "draws" not in data:
        factors = _factors(data, scenario)
        points = latin_hypercube(factors, n, seed) if kind == "latin_hypercube" else sobol(factors, n, seed)
    if "draws" not in data:
        assert points is not None
        return points, ()
    draws = read_points(folder / _named(data, "draws", "A CSV or Parquet file of draws, one column a path."))
    return beside_draws(points, draws, n, seed), draws.paths


def _named(data: dict[str, Any], key: str, hint: str) -> str:
    named = data.get(key)
    if not isinstance(named, str) or not named:
        raise InputError(f"missing key '{key}'", path=key, found=named, hint=hint)
    return named


def _factors(data: dict[str, Any], scenario: Scenario) -> list[Factor]:
    said = data.get("factors")
    if not isinstance(said, dict) or not said:
        hint = "For example factors: {params.b_h: [0.2, 0.4]}."
        raise InputError("a design needs factors", path="factors", found=said, allowed="path -> values", hint=hint)
    return [factor_of(scenario, path, values) for path, values in said.items()]


def _whole(data: dict[str, Any], key: str, usual: int | None, most: int, least: int = 1) -> int:
    value = data.get(key, usual)
    if value is None:
        hint = "How many blocks of points; a power of 2." if key == "base" else "How many points are drawn."
        raise InputError(f"missing key '{key}'", path=key, hint=hint)
    if type(value) is not int or not least <= value <= most:
        raise InputError("out of range", path=key, found=value, allowed=f"a whole number, {least} to {most:,}")
    return value


def _line_of(document: Document, path: str) -> int | None:
    """Line of a key, also of a factor's own part (`factor.low`)."""
    named = [key for key in document.lines if key and path.startswith(str(key[-1])) and len(key) <= 2]
    return document.lines[max(named, key=lambda key: len(str(key[-1])))] if named and path else None
