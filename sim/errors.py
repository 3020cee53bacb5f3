"""What goes wrong at the door, in words a person can act on; imports nothing of ours.

Every message says what is wrong, where (file, line, path), what was found, what is allowed and what
to do. Faces print `str(error)` and leave with exit code 2; nobody should ever see a traceback for this.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

_LONGEST_FOUND = 60


def shown(value: Any) -> str:
    """A value as it is shown in a message: text quoted, long things cut."""
    if isinstance(value, str):
        text = f"'{value}'"
    elif value is True or value is False:
        text = "true" if value else "false"
    elif value is None:
        text = "nothing"
    elif isinstance(value, dict):
        text = f"a mapping of {len(value)}" if value else "an empty mapping"
    elif isinstance(value, (list, tuple)):
        text = f"a list of {len(value)}" if value else "an empty list"
    elif isinstance(value, float):
        text = f"{value:.12g}"
    elif isinstance(value, int) and abs(value) >= 10**_LONGEST_FOUND:
        text = "a number of more than 60 digits"  # and str() of one with thousands of digits would raise
    else:
        text = str(value)
    text = " ".join(text.split())
    if len(text) > _LONGEST_FOUND:
        closing = "'" if isinstance(value, str) else ""
        return text[: _LONGEST_FOUND - 3] + "..." + closing
    return text


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name most like this one, or None if none is alike."""
    by_plain = {k.lower().replace("-", "_").replace(" ", "_"): k for k in known}
    plain = name.lower().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(plain, list(by_plain), n=1, cutoff=cutoff)
    return by_plain[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str], *, kind: str = "names", most: int = 12) -> str:
    """A sentence that helps with an unknown name: the nearest one, else the list (if it is short)."""
    names = list(known)
    close = nearest(name, names)
    if close is not None:
        return f"Did you mean '{close}'?"
    if not names:
        return ""
    listed = ", ".join(names[:most])
    return f"Known {kind}: {listed}" + (f" and {len(names) - most} more." if len(names) > most else ".")


class InputError(Exception):
    """Bad input. `str()` is the whole message; the parts are kept as attributes for `--json`."""

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        path: str | None = None,
        found: Any = ...,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.line = line
        self.path = path
        self.found = None if found is ... else shown(found)
        self.allowed = allowed
        self.hint = hint or None
        self.problems: tuple[InputError, ...] = (self,)
        super().__init__(self._message())

    def _message(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        # a key may hold anything; the message stays one line
        path = "".join(c if c.isprintable() else "?" for c in self.path or "")
        where = " ".join(part for part in (place, path) if part)
        facts = ", ".join(
            part for part in (
                f"found {self.found}" if self.found is not None else "",
                f"allowed {self.allowed}" if self.allowed else "",
            ) if part
        )  # fmt: skip
        body = self.problem.rstrip(".") if facts or self.hint else self.problem
        if facts:
            body = f"{body}: {facts}"
        if self.hint:
            body = f"{body.rstrip('.')}. {self.hint}"
        return f"{where}: {body}" if where else body

    def __str__(self) -> str:
        return str(self.args[0])

    def placed(self, file: str | Path, line: int | None) -> Self:
        """This error, now with the file and line of what it speaks of."""
        self.file, self.line = str(file), line
        self.args = (self._message(),)
        return self

    @classmethod
    def together(cls, errors: Sequence[InputError]) -> Self:
        """One error that lists several, in the order of their lines in the file."""
        flat = [problem for error in errors for problem in error.problems]
        flat.sort(key=lambda e: (e.file or "", e.line if e.line is not None else 1 << 60))
        if len(flat) == 1 and isinstance(flat[0], cls):
            return flat[0]
        first = flat[0]
        whole = cls(first.problem, file=first.file, line=first.line, path=first.path)
        whole.found, whole.allowed, whole.hint = first.found, first.allowed, first.hint
        whole.problems = tuple(flat)
        whole.args = ("\n".join(str(e) for e in flat),)
        return whole


class ScenarioError(InputError):
    """Bad input in a scenario file or in a change to a scenario."""
