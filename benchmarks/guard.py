"""Did anything get slower? The ratios of a benchmark against those stored before; imports nothing of ours.

Only ratios between numbers of one run are compared, and bytes: wall-clock times say more about what else the machine
does than about the code.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

TOLERANCE: Final = (
    0.25  # a ratio this much worse than the stored one is called worse: a busy machine moves them by less
)


class Ratio(NamedTuple):
    """A ratio that is watched."""

    name: str
    meaning: str
    is_small_good: bool = True
    limit: float | None = None  # and never beyond this, whatever is stored


#: of every scenario
RATIOS: Final = (
    Ratio("columnar_over_floor", "an agent-day against the floor"),
    Ratio("five_tactics_over_control", "five tactics at once against the control"),
    Ratio("objects_over_columnar", "an agent-day of the objects driver against the columnar one", False, 200.0),
    Ratio("world_over_run", "building a world against 90 days in it"),
    Ratio("small_over_large", "an agent-day in a shop of 5,000 against one of 100,000"),
    Ratio("bytes_per_shopper", "memory of a shopper", limit=400.0),
    Ratio("bytes_per_directed_tie", "memory of a tie, each way", limit=8.0),
)


def verdicts(stored: dict[str, Any], new: dict[str, Any], tolerance: float = TOLERANCE) -> list[str]:
    """What got worse by more than the tolerance or passed its limit, one sentence each; empty if nothing did.

    >>> verdicts({"a": {"world_over_run": 0.4}}, {"a": {"world_over_run": 0.6}})
    ['a: building a world against 90 days in it was 0.4, is 0.6 (tolerance 25 %)']
    """
    said = []
    for scenario, numbers in new.items():
        if not isinstance(numbers, dict):
            continue
        before = stored.get(scenario, {})
        for ratio in RATIOS:
            if ratio.name not in numbers:
                continue
            now = numbers[ratio.name]
            if ratio.name in before:
                worse = now / before[ratio.name] if ratio.is_small_good else before[ratio.name] / now
                if worse > 1.0 + tolerance:
                    was = f"was {before[ratio.name]:g}, is {now:g}"
                    said.append(f"{scenario}: {ratio.meaning} {was} (tolerance {tolerance:.0%})".replace("%)", " %)"))
            if ratio.limit is not None and (now > ratio.limit if ratio.is_small_good else now < ratio.limit):
                bound = "at most" if ratio.is_small_good else "at least"
                said.append(f"{scenario}: {ratio.meaning} is {now:g}, wanted {bound} {ratio.limit:g}")
    return said
