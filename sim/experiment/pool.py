"""Tasks in worker processes: a window of them at a time, and a death is no end; imports `worker`."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

from sim.errors import InputError
from sim.experiment.worker import Report, Task, record_death, run_task

Done = Callable[[Report], None]


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody; the coordinator answers for all


def own_pool(jobs: int) -> Executor:
    """As many worker processes; who gets it shuts it down."""
    from loky.process_executor import ProcessPoolExecutor

    # loky takes worlds and compiled code that a worker keeps for a leak, and gives it a new process: no news for users.
    warnings.filterwarnings("ignore", message="A worker was restarted", category=UserWarning, module="loky")
    # One process a run: threads inside libraries would only fight for the same cores.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pool: Executor = ProcessPoolExecutor(jobs, initializer=_ignore_interrupts, env=threads)
    return pool


def _close(pool: Executor, *, kill: bool) -> None:
    pool.shutdown(wait=True, kill_workers=kill)  # type: ignore[call-arg]  # loky's own argument


def _is_death(error: BaseException | None) -> bool:
    """Whether a worker died under a task: the pool is broken, or (Dask) gave the task up."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def in_pool(
    tasks: Iterator[Task], pool: Executor, window: Callable[[], int], done: Done, *, is_ours: bool = False
) -> list[Task]:
    """Run tasks in a pool, so many at a time; returns those that were at work when a worker died.

    Only the tasks in the window exist: memory does not grow with the number of runs. A pool that a death has broken
    leaves the rest of `tasks` untouched. Interrupted, somebody else's pool is told to forget what waits; one that
    `is_ours` is about to be killed, and would stumble over futures that are cancelled meanwhile.
    """
    running: dict[Future[Report], Task] = {}
    suspects: list[Task] = []
    is_broken = False
    try:
        while not is_broken:
            while len(running) < window():
                task = next(tasks, None)
                if task is None:
                    break
                try:
                    running[pool.submit(run_task, task)] = task
                except BrokenExecutor:
                    suspects.append(task)
                    is_broken = True
                    break
            if not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(finished, key=lambda f: running[f].part):
                if _is_death(future.exception()):
                    is_broken = is_broken or isinstance(future.exception(), BrokenExecutor)
                    suspects.append(running.pop(future))
                else:
                    report = future.result()
                    del running[future]
                    done(report)
    except BaseException:
        for future in () if is_ours else running:
            future.cancel()
        raise
    return [*suspects, *running.values()]


def in_own_pool(tasks: Iterator[Task], jobs: int, done: Done) -> None:
    """Run tasks in worker processes; a cell that kills its worker becomes failed runs, the others go on."""
    is_left = True
    while is_left:
        suspects = _in_one_pool(tasks, jobs, done)
        is_left = bool(suspects)
        for task in suspects:
            for one in task.alone():
                # Alone in its pool, so if that dies, and dies again, it was this one and not somebody's `kill`.
                if _in_one_pool(iter((one,)), 1, done) and _in_one_pool(iter((one,)), 1, done):
                    done(record_death(one, RuntimeError("worker died")))


def _in_one_pool(tasks: Iterator[Task], jobs: int, done: Done) -> list[Task]:
    pool = own_pool(jobs)
    try:
        suspects = in_pool(tasks, pool, lambda: 2 * jobs, done, is_ours=True)  # the next waits where it is needed
    except BaseException:
        _close(pool, kill=True)
        raise
    _close(pool, kill=bool(suspects))
    return suspects


def in_given_pool(tasks: Iterator[Task], pool: Executor, window: Callable[[], int], done: Done) -> None:
    """Run tasks in somebody else's pool. One that breaks ends the work; what is done is kept."""
    suspects = in_pool(tasks, pool, window, done)
    for task in suspects:
        for one in task.alone():
            left = in_pool(iter((one,)), pool, window, done)
            if left and _is_open(pool):
                done(record_death(one, RuntimeError("worker died")))
            elif left:
                raise InputError("the executor broke", hint="What is done is kept; the same call goes on from there.")


def _is_open(pool: Executor) -> bool:
    try:
        return bool(pool.submit(int).result() == 0)
    except BrokenExecutor:
        return False


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
