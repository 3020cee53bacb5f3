"""How long things take on this machine, and how much room they need; part of the command line."""

from __future__ import annotations

from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, Any

from sim.cli import show

if TYPE_CHECKING:
    from sim.scenario import Scenario

#: seconds an agent-day takes until a comparison on this machine has measured it (two cores of a laptop)
_GUESSED_SECONDS = 1.5e-7
_REMEMBERED = 9  # comparisons
_BASE_BYTES = 300e6  # Python, compiler and libraries, per process


def say_if_compiling() -> None:
    """Warn that the first run takes longer, if it does."""
    from sim._jit import IS_COMPILED, cache_folder
    from sim.engines import visits

    if IS_COMPILED and not any(cache_folder(visits.__file__).rglob("*.nbi")):
        show.note("compiling the model first; this happens once and takes a minute or so")


def estimate_of(scenario: Scenario, world: Any, jobs: int | None) -> dict[str, Any]:
    """Time, memory and disk that a comparison will need."""
    from sim.experiment import cores

    n, n_ties = len(world.population), int(world.graph.audience.size)
    n_runs = scenario.replications * len(scenario.labels)
    n_jobs = min(jobs or cores(), scenario.replications)
    speed = _speed()
    seconds = (speed or _GUESSED_SECONDS) * n * (scenario.days + scenario.burn_in_days) * n_runs / n_jobs
    return {
        "shoppers": n, "ties": n_ties, "products": len(world.catalogue), "runs": n_runs, "jobs": n_jobs,
        "seconds": round(seconds, 1), "is_measured": speed is not None,
        "memory_bytes": round(n_jobs * (_BASE_BYTES + 400 * n + 8 * n_ties)),
        "disk_bytes": round(n_runs * (12 * n + 4 * scenario.days**2 + 150 * scenario.days)),
    }  # fmt: skip


def _speed_file() -> Path:
    from sim._jit import CACHE_ROOT

    return CACHE_ROOT / "seconds_per_agent_day"


def _speeds() -> list[float]:
    """What the last comparisons took, in seconds an agent-day, the newest last."""
    try:
        return [float(word) for word in _speed_file().read_text().split()][-_REMEMBERED:]
    except (OSError, ValueError):
        return []


def _speed() -> float | None:
    """What is to be expected: their middle, so that one comparison on a busy machine does not count for more."""
    return median_low(_speeds()) if _speeds() else None


def remember_speed(results: Any) -> None:
    """Keep how fast this machine is, for the estimates of `check`; nothing where no run finished."""
    if results.shoppers.empty:
        return
    seconds = results.timing["seconds"].dropna()
    days = results.scenario.days + results.scenario.burn_in_days
    first = results.shoppers["replication"].eq(results.replications[0]) & results.shoppers["strategy"].eq("control")
    n = int(first.sum())
    if len(seconds) and n * days >= 100_000:  # smaller runs measure the start of Python
        try:
            speeds = [*_speeds(), float(seconds.median()) / (n * days)][-_REMEMBERED:]
            _speed_file().write_text("".join(f"{speed:.3e}\n" for speed in speeds))
        except OSError:
            return
