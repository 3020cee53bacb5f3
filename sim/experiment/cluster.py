"""Clusters by name: dask (a cluster on this machine), dask://HOST:PORT; imports `pool`."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from typing import Any

from sim.errors import InputError
from sim.experiment.pool import cores

Window = Callable[[], int]


@contextlib.contextmanager
def cluster_named(name: str, jobs: int | None, engines: str) -> Iterator[tuple[Executor, Window]]:
    """A cluster's executor, and how many tasks it may hold."""
    if name != "dask" and not name.startswith("dask://"):
        raise InputError("no such executor", path="executor", found=name, allowed="loky, dask or dask://HOST:PORT")
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            "Dask is not installed", path="executor", found=name, hint="pip install 'grapevine-sim[dask]'"
        ) from None
    with contextlib.ExitStack() as stack:
        if name == "dask":
            cluster = LocalCluster(n_workers=jobs or cores(), threads_per_worker=1, dashboard_address=":0")
            client = stack.enter_context(Client(stack.enter_context(cluster)))
        else:
            address = name.removeprefix("dask://")
            try:
                client = stack.enter_context(Client(f"tcp://{address}", timeout="10s"))
            except (OSError, ValueError):
                raise InputError("no Dask scheduler answers", path="executor", found=name) from None
            if not client.nthreads():
                raise InputError("this Dask scheduler has no workers", path="executor", found=name)
            _compile_everywhere(client, engines)
        try:
            # A cluster may grow and shrink while it works.
            yield client.get_executor(pure=False), lambda: jobs or 2 * max(1, sum(client.nthreads().values()))
        except (OSError, CancelledError) as error:
            if isinstance(error, OSError) and not type(error).__module__.startswith("distributed"):
                raise  # a folder that cannot be written
            raise InputError(
                "the Dask scheduler went away", path="executor", found=name,
                hint="What is done is kept; the same command goes on from there when a scheduler is back.",
            ) from None  # fmt: skip


def _compile_everywhere(client: Any, engines: str) -> None:
    """Once on each machine, before its workers do so all at the same time (numba #4807)."""
    hosts = {address.rpartition(":")[0]: address for address in client.nthreads()}
    client.run(_warm_up, engines, workers=list(hosts.values()))


def _warm_up(engines: str) -> None:
    importlib.import_module(engines).warm_up()
