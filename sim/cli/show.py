"""How answers look on a terminal: numbers with units, aligned tables, progress on stderr; part of the command line."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import textwrap
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiment import Progress

Value = int | float | str | None


def note(text: str) -> None:
    """Say something beside the answer: on stderr, so that stdout holds the answer only."""
    print(text, file=sys.stderr, flush=True)


def as_json(content: Any) -> None:
    """The machine-readable answer; a number that does not exist is null."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def number(value: Value, unit: str) -> str:
    """A value of a measure as people write it: cents as currency, shares as percentages.

    >>> number(123456, "cents"), number(0.0421, "share"), number(None, "days")
    ('1,234.56', '4.21 %', 'n/a')
    """
    if value is None or (isinstance(value, float) and value != value):
        return "n/a"
    if isinstance(value, str):
        return value
    if unit == "cents":
        amount = value / 100
        return f"{amount:,.0f}" if abs(amount) >= 100_000 else f"{amount:,.2f}"
    if unit == "share":
        return f"{100 * value:.2f} %"
    if unit == "count":
        return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 100 else f"{value:,.1f}"
    return f"{value:,.3f}"


def difference(value: Value, unit: str) -> str:
    """A difference of two values: with its sign; of shares in percentage points."""
    if value is None or isinstance(value, str):
        return number(value, unit)
    text = number(value, unit).replace(" %", " pp")
    return text if text.startswith("-") or text == "n/a" else f"+{text}"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(0.4), duration(75), duration(7300)
    ('0.4 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(n_bytes: float) -> str:
    """Bytes as people say them.

    >>> size(512), size(3_400_000)
    ('512 B', '3.4 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), wrap: int | None = None
) -> str:
    """Aligned columns: those in `left` start at the left, the others end at the right; column `wrap` is folded.

    >>> print(table(["who", "orders"], [["Ann", "7"], ["Bo", "12"]]))
    who  orders
    Ann       7
    Bo       12
    """
    widths = [max([_width(name), *(_width(row[i]) for row in rows)]) for i, name in enumerate(head)]
    if wrap is not None:
        others = sum(widths) - widths[wrap] + 2 * (len(head) - 1)
        room = shutil.get_terminal_size((120, 24)).columns - others
        widths[wrap] = min(widths[wrap], max(room, 24))

    def cell(text: str, i: int) -> str:
        space = " " * (widths[i] - _width(text))
        return text + space if i in left else space + text

    lines: list[str] = []
    for row in [head, *rows]:
        folded = [textwrap.wrap(text, widths[i]) or [""] if i == wrap else [text] for i, text in enumerate(row)]
        for k in range(max(len(parts) for parts in folded)):
            cells = (cell(parts[k] if k < len(parts) else "", i) for i, parts in enumerate(folded))
            lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


@contextlib.contextmanager
def progress(*, quiet: bool, what: str = "runs") -> Iterator[Callable[[Progress], None]]:
    """A bar with the time left on a terminal, a line now and then elsewhere (batch logs); always on stderr."""
    if quiet:
        yield lambda state: None
    elif sys.stderr.isatty():
        with _bar(what) as step:
            yield step
    else:
        yield _lines(what)


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, start=False)

        def step(state: Any) -> None:
            if state.done == 0:
                bar.start_task(task)
            failed = f", {state.failed} failed" if state.failed else ""
            bar.update(task, total=state.total, completed=state.done, description=f"{what}{failed}")

        yield step


def _lines(what: str) -> Callable[[Progress], None]:
    began = [time.monotonic()]
    last = [0.0, -1.0]

    def step(state: Progress) -> None:
        now = time.monotonic()
        if state.done == 0:
            began[0] = last[0] = now
            return
        if state.done == state.total or now - last[0] >= 10.0:
            if state.done == last[1]:
                return
            last[0], last[1] = now, state.done
            left = (now - began[0]) / state.done * (state.total - state.done) if state.done else 0.0
            failed = f", {state.failed} failed" if state.failed else ""
            rest = f", {duration(left)} left" if left else ""
            note(f"{state.done}/{state.total} {what}{failed}{rest}")

    return step
