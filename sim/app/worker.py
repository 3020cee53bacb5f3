"""A process that runs what the app asks: reads one order, writes progress as lines of JSON; imports the studies, cli.

It is started before it is needed, so that the model is loaded and compiled when an order comes. It ends when the app
does: nobody is left who would read. Killed at any time, it leaves a folder that can be resumed, as any comparison does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from sim.errors import InputError

_NICE = 5


def say(**what: Any) -> None:
    """One line to the app."""
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main() -> int:
    """Wait for an order and carry it out."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from sim.engines import warm_up
        from sim.studies import ask  # noqa: F401  (loaded before it is asked for)

        warm_up()
        say(ready=True)
        line = sys.stdin.readline()
        if not line:
            return 0
        threading.Thread(target=_end_with_the_app, daemon=True).start()
        order = json.loads(line)
        {"compare": _compare, "resume": _resume, "watch": _watch}[order["do"]](order)
    except KeyboardInterrupt:
        say(interrupted=True)
        return 130
    except InputError as error:
        say(refused=str(error))
        return 2
    except Exception as error:  # a defect of ours: the app must say so, not wait for ever
        say(broken=f"{type(error).__name__}: {error}", where=traceback.format_exc())
        return 1
    return 0


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _end_with_the_app() -> None:
    while os.read(0, 1024):  # nothing when the app is gone; not through sys.stdin, whose lock would outlive us
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _scenario(order: dict[str, Any]) -> Any:
    from sim.scenario import Scenario

    return Scenario.from_yaml(order["scenario"], order["folder"])


def _compare(order: dict[str, Any]) -> None:
    """A first answer from a few replications, here; then all of them, with workers, in the same folder."""
    from sim.cli.speed import remember_speed
    from sim.experiment import folder_name
    from sim.studies.ask import compare

    scenario = _scenario(order)
    to = Path(order["out"]) / folder_name(scenario)
    say(folder=str(to))
    total, first = scenario.replications, min(order["first"], scenario.replications)
    steps = [(first, 1)] if first == total else [(first, 1), (total, order["jobs"])]
    for n, jobs in steps:
        before = 0 if n == first else first * len(scenario.labels)
        count = _counted(before, total * len(scenario.labels))
        comparison = compare(scenario.with_({"replications": n}), jobs, to, count, command=order["command"])
        say(answered=n, of=total)
        if n < total:  # from here on, whoever reads the first answer comes first
            os.nice(_NICE)
    remember_speed(comparison.results)


def _resume(order: dict[str, Any]) -> None:
    from sim.studies.ask import resume

    say(folder=order["to"])
    resume(order["to"], order["jobs"], _counted(0, None))
    say(answered=None, of=None)


def _counted(before: int, total: int | None) -> Any:
    """A watcher of progress that counts runs over both steps; where some are there already, the rest is what counts."""

    def step(state: Any) -> None:
        whole = before + state.total if total is None else max(total, before + state.total)
        say(done=before + state.done, total=whole, failed=state.failed)

    return step


def _watch(order: dict[str, Any]) -> None:
    """One run, written down event by event, in a folder of its own (as `grapevine run --events`)."""
    from sim.engines import simulate
    from sim.experiment import folder_name, write_journal

    scenario = _scenario(order)
    name = f"{folder_name(scenario)}-{order['strategy']}-r{order['replication']}"
    to = Path(order["out"]) / name
    say(done=0, total=1, failed=0)
    journal = simulate(scenario, order["strategy"], replication=order["replication"], events=True)
    write_journal(journal, to)
    say(folder=str(to))
    say(done=1, total=1, failed=0)


if __name__ == "__main__":
    sys.exit(main())
