"""One writer a folder: a lock that dies with its holder; imports `parts` for its words."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from sim.errors import InputError
from sim.experiment.parts import cannot_write


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system drops it when the process ends, however it ends."""
    try:
        handle = (folder / ".lock").open("a+")
    except OSError as error:
        raise cannot_write(folder, error) from None
    with handle:
        try:
            _lock(handle.fileno())
        except OSError:
            raise InputError(
                "another process is writing this results folder",
                file=folder,
                hint="Wait until it has finished, or choose another folder with --out.",
            ) from None
        yield


def is_being_written(folder: Path) -> bool:
    """Whether somebody holds the folder's lock now."""
    try:
        with (folder / ".lock").open("r+") as handle:
            try:
                _lock(handle.fileno())
            except OSError:
                return True
    except OSError:
        return False
    return False


def _lock(number: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
