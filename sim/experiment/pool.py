"""Tasks in worker processes: at most so many at a time, and a death is no end; imports `worker`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

from sim.experiment.worker import Task, record_death, replicate


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody; the coordinator answers for all


def _pool(jobs: int) -> Executor:
    from loky.process_executor import ProcessPoolExecutor

    # One process a run: threads inside libraries would only fight for the same cores.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pool: Executor = ProcessPoolExecutor(jobs, initializer=_ignore_interrupts, env=threads)
    return pool


def _close(pool: Executor, *, kill: bool) -> None:
    pool.shutdown(wait=True, kill_workers=kill)  # type: ignore[call-arg]  # loky's own argument


def in_pool(tasks: list[Task], pool: Executor, jobs: int, done: Callable[[int, int], None]) -> list[Task]:
    """Run tasks in a pool, at most `jobs` at a time; returns those that were at work when a worker died."""
    waiting = list(reversed(tasks))
    running: dict[Future[tuple[int, int]], Task] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            task = waiting.pop()
            try:
                running[pool.submit(replicate, task)] = task
            except BrokenExecutor:
                return [*running.values(), task, *reversed(waiting)]
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=lambda f: running[f].replication):
            try:
                runs, failed = future.result()
            except BrokenExecutor:
                return [*running.values(), *reversed(waiting)]
            del running[future]
            done(runs, failed)
    return []


def in_own_pool(tasks: list[Task], jobs: int, done: Callable[[int, int], None]) -> None:
    """Run tasks in worker processes; a replication that kills its worker becomes failed runs, the others go on."""
    left, width = tasks, jobs
    while left:
        pool = _pool(width)
        try:
            after = in_pool(left, pool, width, done)
        except BaseException:
            _close(pool, kill=True)
            raise
        _close(pool, kill=bool(after))
        if after and width == 1:
            # alone in its pool, so it was this one
            done(*record_death(after[0], RuntimeError("worker died")))
            after = after[1:]
        left, width = after, 1 if after else jobs


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
