"""One value in the plain data of a scenario is changed, by its path; imports `kinds`, `fields`, `reader`."""

from __future__ import annotations

from typing import Any

from sim.errors import ScenarioError, did_you_mean
from sim.scenario.fields import names_of
from sim.scenario.kinds import known_kinds
from sim.scenario.reader import Path_, path_text


def put(data: dict[str, Any], path: Path_, value: Any, text: str) -> None:
    """Set one value in the plain data of a scenario; what is not there is refused with the nearest name."""
    if path[0] not in data:
        raise ScenarioError("unknown path", path=text, hint=did_you_mean(str(path[0]), data, kind="keys"))
    here: Any = data
    for depth, part in enumerate(path[:-1]):
        nextpart = path[depth + 1]
        here = _step(here, part, path[: depth + 1])
        if isinstance(here, list) and isinstance(nextpart, str):
            hint = f"Say which: {path_text((*path[: depth + 1], 0))}" if here else None
            raise ScenarioError("this is a list", path=text, found=here, hint=hint)
    last = path[-1]
    if isinstance(last, int):
        _step(here, last, path)
        if isinstance(here, list):
            here[last] = value
        return  # [0] of a strategy that is one tactic: handled by the step below
    if not isinstance(here, dict):
        raise ScenarioError("unknown path", path=text, found=here, hint=f"{path_text(path[:-1])} has no parts.")
    if last == "kind" and here.get("kind") != value and isinstance(value, str):
        # Another kind has other fields: keep those both know.
        model = known_kinds().get(str(path[0]), {}).get(value)
        known = names_of(model) if model is not None else list(here)
        for name in [name for name in here if name not in known]:
            del here[name]
    elif path == ("catalogue", "path") and here.get("path") is None and value is not None:
        here.clear()
    here[last] = value


def _step(here: Any, part: str | int, path: Path_) -> Any:
    if isinstance(part, int):
        if isinstance(here, dict) and part == 0 and "kind" in here:
            return here  # a strategy that is one tactic: label[0] is that tactic
        if not isinstance(here, list):
            raise ScenarioError("this is not a list", path=path_text(path), found=here)
        if part >= len(here):
            allowed = f"0 to {len(here) - 1}" if here else "nothing: the list is empty"
            raise ScenarioError("no such place in the list", path=path_text(path), allowed=allowed)
        return here[part]
    if not isinstance(here, dict) or part not in here:
        names = list(here) if isinstance(here, dict) else []
        raise ScenarioError("unknown path", path=path_text(path), hint=did_you_mean(part, names, kind="names"))
    return here[part]
