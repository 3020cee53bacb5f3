"""Running in the background: orders to worker processes, their progress, cancelling; imports nothing of ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

#: orders carried out at the same time, over all tabs
MOST_AT_ONCE: Final = 2


class Job:
    """One order in a process of its own; its fields are read by whoever shows it."""

    def __init__(self) -> None:
        self.done = self.total = self.failed = 0
        self.folder: Path | None = None
        self.answered: int | None = None  # replications that the newest answer rests on
        self.n_answers = 0
        self.error = ""  # what was refused, or broke
        self.where = ""  # the traceback of what broke
        self.is_cancelled = False
        self.order: dict[str, Any] = {}  # what it was told to do
        self.began = time.monotonic()
        self.ended: float | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim.app.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding="utf-8", start_new_session=True, env=_environment(),
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.ended is not None

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def seconds_left(self) -> float | None:
        """How much longer, if that can be said."""
        if not self.done or self.is_over:
            return None
        return self.seconds / self.done * (self.total - self.done)

    def give(self, order: dict[str, Any]) -> None:
        """Hand over the order."""
        assert self._process.stdin is not None
        self.order = order
        self.began = time.monotonic()
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def cancel(self) -> None:
        """End it as Ctrl-C does: what is done is kept, and can be gone on with."""
        self.is_cancelled = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, at most so long; whether it is."""
        self._reader.join(seconds)
        return self.is_over

    def dismiss(self) -> None:
        """End a process that got no order."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        with self._process as process:  # closes both ends
            assert process.stdout is not None
            for line in process.stdout:
                with contextlib.suppress(json.JSONDecodeError):  # whatever else a library prints
                    self._take(json.loads(line))
            code = process.wait()
        if code not in (0, 130, -signal.SIGTERM) and not self.error and not self.is_cancelled:
            self.error = f"the worker died (exit code {code})"
        self.ended = time.monotonic()

    def _take(self, news: dict[str, Any]) -> None:
        if "done" in news:
            self.done, self.total, self.failed = news["done"], news["total"], news["failed"]
        if "folder" in news:
            self.folder = Path(news["folder"])
        if "answered" in news:
            self.answered = news["answered"]
            self.n_answers += 1
        self.error = news.get("refused", self.error) or news.get("broken", "")
        self.where = news.get("where", self.where)


def _environment() -> dict[str, str]:
    """Ours, with the folder of this package, so that the worker finds it wherever the app was started."""
    here = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, known] if known else [here])}


class Office:
    """Everybody's jobs in this app: one worker waits, loaded and compiled, for the next order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: Job | None = None
        self._jobs: list[Job] = []

    def prepare(self) -> None:
        """Have a worker waiting."""
        with self._lock:
            if self._spare is None or self._spare.is_over:
                self._spare = Job()

    def is_busy(self) -> bool:
        """Whether as many orders are at work as may be."""
        with self._lock:
            self._jobs = [job for job in self._jobs if not job.is_over]
            return len(self._jobs) >= MOST_AT_ONCE

    def order(self, **order: Any) -> Job:
        """Have something done."""
        self.prepare()
        with self._lock:
            assert self._spare is not None
            job, self._spare = self._spare, None
            self._jobs.append(job)
        job.give(order)
        return job
