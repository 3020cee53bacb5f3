"""Parts found by their `kind`: tactics, events, arrival rules, graphs; imports `refusals`, `parts` and their rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import did_you_mean
from sim.scenario.parts import GRAPHS
from sim.scenario.reader import Path_
from sim.scenario.refusals import again, refusal


def tactic_kinds() -> dict[str, type[BaseModel]]:
    """Every tactic there is, by its kind."""
    from sim import strategies

    return dict(strategies.registry())


def arrival_kinds() -> dict[str, type[BaseModel]]:
    """Every arrival rule there is, by its kind."""
    from sim import arrivals

    return dict(arrivals.registry())


def event_kinds() -> dict[str, type[BaseModel]]:
    """Every event there is, by its kind."""
    from sim import events

    return dict(events.registry())


def usual_arrival() -> BaseModel:
    """The rule of a scenario that says nothing on it."""
    from sim.arrivals import Organic

    return Organic()


def known_kinds() -> dict[str, Mapping[str, type[BaseModel]]]:
    """What a `kind` may be, for each key whose parts are found by it."""
    return {"graph": GRAPHS, "arrival": arrival_kinds(), "events": event_kinds(), "strategies": tactic_kinds()}


def dumped(part: BaseModel) -> dict[str, Any]:
    """A tactic, an event or an arrival rule as it stands in a file."""
    data: dict[str, Any] = part.model_dump(mode="json", by_alias=True)
    return data


def tactic_of(raw: Any, path: Path_, problems: list[Any]) -> Any:
    """The tactic that `raw` describes; what is wrong with it goes to `problems`."""
    return of_kind(raw, path, problems, tactic_kinds(), "a tactic, like {kind: group_buy, discount: 0.2}")


def of_kind(raw: Any, path: Path_, problems: list[Any], kinds: Mapping[str, type[BaseModel]], example: str) -> Any:
    """What `raw` describes, by its kind; what is wrong with it goes to `problems`."""
    if isinstance(raw, tuple(kinds.values())):
        return raw
    if not isinstance(raw, dict):
        problems.append(refusal("wrong type", path, found=raw, allowed=example))
        return None
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        if kind is None:
            problems.append(refusal("missing key 'kind'", path, hint=f"Kinds: {', '.join(kinds)}."))
        else:
            hint = did_you_mean(kind, kinds, kind="kinds") if isinstance(kind, str) else ""
            problems.append(refusal("unknown kind", (*path, "kind"), found=kind, allowed=", ".join(kinds), hint=hint))
        return None
    try:
        return kinds[kind].model_validate(raw)
    except ValidationError as error:
        problems.extend(again(one, path) for one in error.errors(include_url=False))
        return None
