"""From what is missing to tasks: made one by one as they are needed, large enough to be worth it; imports `worker`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, Self

from sim.experiment.ledger import Cell
from sim.experiment.worker import Report, Task

SECONDS_A_TASK: Final = 2.0  # what a kill costs at most; against it, writing a part is nothing
_MOST_CELLS: Final = 500


class Batches:
    """An iterator of tasks over missing cells; it learns from reports how many cells a task may have."""

    def __init__(
        self, cells: Iterator[Cell], n_cells: int, jobs: int, task_of: Callable[[tuple[Cell, ...], int], Task]
    ) -> None:
        self._cells, self._left, self._jobs, self._task_of = cells, n_cells, jobs, task_of
        self._number = 0
        self._size = 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Task:
        # No worker should wait long for the last one; but a part that is written costs more than an eighth of a task.
        most = max(1, self._left // (4 * self._jobs), self._size // 8) if self._jobs > 1 else self._left
        cells = tuple(islice(self._cells, min(self._size, most)))
        if not cells:
            raise StopIteration
        self._left -= len(cells)
        self._number += 1
        return self._task_of(cells, self._number)

    def learn(self, report: Report) -> None:
        """Fit the size of the tasks to come to how long this one took."""
        n = len({(run.point, run.replication) for run in report.runs})
        if n and report.seconds > 0:
            fitting = int(SECONDS_A_TASK * n / report.seconds)
            self._size = max(1, min(fitting, 4 * self._size, _MOST_CELLS))
