"""What to try next, and what came of it: Optuna's ask and tell, kept in a file; imports errors, Optuna.

Trials are asked for in batches of a fixed size and told in order, and the sampler starts anew for every trial from the
seed and the trial's number. So a search that was killed goes on as it would have gone, whatever the number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.errors import InputError

BATCH: Final = 8  # trials that are proposed before any of them is known (they run together)
STARTUP: Final = 10  # trials by lot before the sampler learns (Optuna's default)

Evaluate = Callable[[int, Sequence[Mapping[str, Any]]], list[list[float] | None]]


class Trial(NamedTuple):
    """One trial: its number, its point, its goals (None: it was no scenario, or a run failed)."""

    number: int
    point: dict[str, Any]
    values: list[float] | None


def optuna() -> Any:
    """The package, or what to do to have it."""
    try:
        import optuna as package
    except ImportError:
        raise InputError("Optuna is not installed", hint="pip install 'grapevine-sim[optimise]'") from None
    package.logging.set_verbosity(package.logging.WARNING)
    return package


def search(
    file: Path,
    space: Mapping[str, Any],
    directions: Sequence[int],
    n_trials: int,
    evaluate: Evaluate,
    seed: int = 1,
    start: Mapping[str, Any] | None = None,
) -> list[Trial]:
    """Try points of a space until there are so many trials (whole batches), and hand back all of them.

    `file`: journal of the trials; what is in it is not tried again. `directions`: +1 more is better, -1 less, a goal
    each. `evaluate(first, points)`: the goals of a batch whose first trial has this number. `start`: tried first.
    """
    package = optuna()
    storage = package.storages.JournalStorage(package.storages.journal.JournalFileBackend(str(file)))
    study = package.create_study(
        storage=storage, study_name="grapevine", load_if_exists=True,
        directions=["maximize" if direction > 0 else "minimize" for direction in directions],
    )  # fmt: skip
    states = package.trial.TrialState
    if start is not None and not study.get_trials(deepcopy=False):
        study.enqueue_trial(dict(start))
    for first in range(0, n_trials, BATCH):
        numbers = range(first, first + BATCH)
        asked = sum(one.state != states.WAITING for one in study.get_trials(deepcopy=False))
        for number in range(max(asked, first), numbers.stop):
            study.sampler = package.samplers.TPESampler(seed=_seed(seed, number), n_startup_trials=STARTUP)
            study.ask(dict(space))
        batch = [one for one in study.get_trials(deepcopy=False) if one.number in numbers]
        if all(one.state.is_finished() for one in batch):
            continue
        # Killed while it was being asked for: it has no place, and never will.
        points = [dict(one.params) if set(one.params) == set(space) else {} for one in batch]
        for one, values in zip(batch, evaluate(first, points), strict=True):
            if one.state.is_finished():
                continue
            if values is None or not all(math.isfinite(value) for value in values):
                study.tell(one.number, state=states.FAIL)
            else:
                study.tell(one.number, list(values))
    trials = study.get_trials(deepcopy=False)[: -(-n_trials // BATCH) * BATCH]
    return [
        Trial(one.number, dict(one.params), list(one.values) if one.state == states.COMPLETE else None)
        for one in trials
    ]


def front(trials: Sequence[Trial], directions: Sequence[int]) -> list[int]:
    """Numbers of the trials that no other beats on every goal (Pareto); equal ones: the first."""
    known = [(trial.number, [d * v for d, v in zip(directions, trial.values, strict=True)])
             for trial in trials if trial.values is not None]  # fmt: skip
    kept = []
    for number, mine in known:
        beaten = any(
            all(theirs >= own for theirs, own in zip(other, mine, strict=True)) and (other != mine or k < number)
            for k, other in known
            if k != number
        )
        if not beaten:
            kept.append(number)
    return kept


def compromise(trials: Sequence[Trial], directions: Sequence[int]) -> int | None:
    """The one of the front that lies nearest to the best of every goal, each goal scaled by its range over all trials.

    Of several at the same distance the first one; of one goal it is the best.
    """
    known = {trial.number: trial.values for trial in trials if trial.values is not None}
    if not known:
        return None
    tops = [max(d * values[k] for values in known.values()) for k, d in enumerate(directions)]
    ranges = [top - min(d * values[k] for values in known.values())
              for k, (top, d) in enumerate(zip(tops, directions, strict=True))]  # fmt: skip

    def distance(number: int) -> float:
        behind = [top - d * value for top, d, value in zip(tops, directions, known[number], strict=True)]
        return sum((b / r) ** 2 for b, r in zip(behind, ranges, strict=True) if r > 0)

    return min(front(trials, directions), key=lambda number: (distance(number), number))


def _seed(seed: int, number: int) -> int:
    return (seed * 1_000_003 + number * 7_919) % (2**32)
