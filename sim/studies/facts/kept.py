"""What was answered before, world by world, so that a killed run is taken up again; imports `fact`.

One file of lines, each appended when a replication is done. A value counts again only for the same scenario, the same
code of the fact and of what it stands on, and the same model (all files of `sim` below the studies).
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sim.errors import InputError
from sim.studies.facts.fact import Fact, Value

if TYPE_CHECKING:
    from sim.scenario import Scenario

FILE: Final = "played.jsonl"
#: rooms that no value depends on
_FACES: Final = ("cli", "report", "charts", "studies", "experiment", "plots", "__main__.py")


class Kept:
    """Values by test and replication, in a folder or (None) only in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._values: dict[tuple[str, int], tuple[list[Value], float]] = {}
        self._file = None if folder is None else folder / FILE
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lines = self._file.read_text(encoding="utf-8").splitlines() if self._file and self._file.exists() else []
        except OSError as error:
            raise InputError("cannot write here", file=folder, found=error.strerror) from None
        for line in lines:
            try:
                said = json.loads(line)
                values = [tuple(value) if isinstance(value, list) else value for value in said["values"]]
                self._values[said["key"], said["replication"]] = values, said["seconds"]
            except (ValueError, KeyError, TypeError):
                continue  # half a line of a run that was killed

    def key(self, fact: Fact, place: int, scenario: Scenario) -> str:
        """Names everything that the values of one test depend on, but for the replication."""
        said = [fact.id, place, scenario.digest, _source(fact), model_digest()]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def get(self, key: str, replication: int) -> tuple[list[Value], float] | None:
        """(values, seconds they took), if they were found before."""
        return self._values.get((key, replication))

    def put(self, key: str, replication: int, values: Sequence[Value], seconds: float) -> None:
        """Keep them."""
        plain = [None if value is None else _plain(value) for value in values]
        self._values[key, replication] = plain, seconds
        if self._file is not None:
            line = {"key": key, "replication": replication, "values": plain, "seconds": round(seconds, 3)}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _plain(value: Any) -> Value:
    return (float(value[0]), float(value[1])) if isinstance(value, tuple) else float(value)


@cache
def _text(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _source(fact: Fact) -> str:
    """The files of the fact's functions, and all of this room but other facts."""
    own = {Path(inspect.getsourcefile(test.look) or "") for test in fact.tests}
    room = set(Path(__file__).parent.glob("*.py"))
    return "".join(_text(path) for path in sorted(own | room) if path.is_file())


@cache
def model_digest() -> str:
    """All that runs depend on."""
    root = Path(__file__).parents[2]
    files = [path for path in sorted(root.rglob("*.py")) if path.relative_to(root).parts[0] not in _FACES]
    return hashlib.sha256("".join(_text(path) for path in files).encode()).hexdigest()
