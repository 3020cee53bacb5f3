"""A run on disk, to go on from if it is killed; imports keeping, columnar, operations, world, errors.

One file: a zip of plain arrays (NumPy's format, no pickles) and of the tree that says what they are. It is written
under a temporary name, brought to the disk and renamed, so there is a whole one or none. Random numbers have no
state: a run that goes on is the run that was never stopped, byte for byte.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sim._jit import source_digest
from sim.engines.columnar import Columnar
from sim.engines.keeping import CannotKeep, Keeper, NotTheSame, Outside, Restorer
from sim.engines.operations import Operations
from sim.engines.world import World
from sim.errors import InputError
from sim.version import RESULTS_VERSION

FORMAT: Final = 1
_WHOSE, _TREE = "whose.json", "tree.json"


@dataclass(frozen=True)
class Checkpoint:
    """Where a run is kept, and how often.

    `every`: days between two checkpoints, and one after the last day; None: none are written, but a run that lies at
    `path` is gone on from. Whoever has the run's results safe removes the file. `on_unusable` is told why a file
    that is damaged or of another run is passed over and the run begins anew; without it that is an error.
    """

    path: Path
    every: int | None = None
    on_unusable: Callable[[InputError], None] | None = None

    def __post_init__(self) -> None:
        if self.every is not None and self.every < 1:
            raise InputError("too few days between checkpoints", path="checkpoint_every", found=self.every,
                             allowed="at least 1")  # fmt: skip

    def remove(self) -> None:
        """The run's results are safe."""
        self.path.unlink(missing_ok=True)

    def is_due(self, n_done: int, total: int) -> bool:
        """Is a checkpoint written after so many days?"""
        return self.every is not None and (n_done % self.every == 0 or n_done == total)


def whose(run: Columnar) -> dict[str, Any]:
    """Whose run it is: equal answers, equal runs. What is asked, in which world, by which program."""
    world, ops = run.world, run.ops
    return {
        "format": FORMAT,
        "results_version": RESULTS_VERSION,
        "program": _program(ops),
        "question": world.scenario.digest,
        "label": ops.label,
        "replication": world.replication,
        "world": _fingerprint(world),
        "log": list(run.recorder.logged),
    }


_NAMES: Final = {
    "format": "format", "results_version": "results version", "program": "state of the program",
    "question": "scenario (its digest)", "label": "strategy", "replication": "replication", "world": "people and ties",
    "log": "event log",
}  # fmt: skip


def _program(ops: Operations) -> str:
    """Digest of the sources that a run depends on, plug-ins among them."""
    parts = (*ops.tactics, *ops.events, ops.world.scenario.arrival)
    files = {__file__, *(inspect.getfile(type(one)) for one in parts)}
    return f"{zlib.crc32(''.join(sorted(map(source_digest, files))).encode()):08x}"


def _fingerprint(world: World) -> str:
    """Of the people and ties, whoever brought them."""
    graph, traits = world.graph, world.population.traits
    columns = (world.population.ids, graph.audience, graph.strength, traits.intensity, traits.price, traits.taste_0)
    found = world.noise_seed & 0xFFFFFFFF
    for column in (*columns, world.catalogue.price_cents):
        found = zlib.crc32(np.ascontiguousarray(column).data, found)
    return f"{len(world)}-{found:08x}"


def write(run: Columnar, n_done: int, path: Path) -> None:
    """Keep a run after so many days; raises InputError where it cannot be."""
    keeper = Keeper(_outside(run))
    try:
        tree = keeper.keep(run)
    except CannotKeep as error:
        raise InputError(
            f"this run cannot be kept: {error}", path="checkpoint_every",
            hint="Notes of a tactic may hold numbers, texts, lists, dicts, arrays and objects made of these.",
        ) from None  # fmt: skip
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as raw, zipfile.ZipFile(raw, "w", allowZip64=True) as file:
            file.writestr(_WHOSE, json.dumps({**whose(run), "day": n_done}, sort_keys=True))
            file.writestr(_TREE, json.dumps(tree), zipfile.ZIP_DEFLATED)
            for number, column in enumerate(keeper.arrays):
                with file.open(f"{number}.npy", "w", force_zip64=True) as member:
                    npy.write_array(member, column, allow_pickle=False)
            file.close()
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(path)
    except OSError as error:
        hint = "The run itself is well: make room, or leave out --checkpoint-every."
        raise InputError("cannot write the checkpoint", file=path, found=error.strerror, hint=hint) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read(run: Columnar, path: Path) -> int:
    """Put what lies at `path` into a fresh run; after how many days it was. Raises InputError where it is another's."""
    with _opened(path) as file:
        found = _json(file, path, _WHOSE)
        _check(found, whose(run), path)
        tree = _json(file, path, _TREE)

        def load(number: int) -> NDArray[Any]:
            with file.open(f"{number}.npy") as member:
                column: NDArray[Any] = npy.read_array(member, allow_pickle=False)
                _to_the_end(member)
            return column

        ops = run.ops
        parts = (*ops.tactics, *ops.events, ops.world.scenario.arrival)
        modules = {"sim", *(type(one).__module__.partition(".")[0] for one in parts)}
        try:
            Restorer(_outside(run), load, modules).restore(tree, run)
        except (NotTheSame, *_DAMAGE) as error:
            raise _damaged(path, error) from None
    return int(found["day"])


#: what reading a file that was changed on the disk may say
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
    NotImplementedError, MemoryError,
)  # fmt: skip


def _outside(run: Columnar) -> Outside:
    return Outside(world=run.world, tactics=run.ops.tactics, events=run.ops.events)


def _to_the_end(member: IO[bytes]) -> None:
    """The check sum of a member is looked at when its end is reached."""
    if member.read(1):
        raise NotTheSame("more bytes than the array has")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        file = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise _damaged(path, error) from None
    with file:
        yield file


def _json(file: zipfile.ZipFile, path: Path, name: str) -> Any:
    try:
        return json.loads(file.read(name))
    except _DAMAGE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"this checkpoint is damaged ({type(error).__name__}: {error})", file=path,
                      hint="Delete the file: the run then begins with its first day.")  # fmt: skip


def _check(found: Any, ours: dict[str, Any], path: Path) -> None:
    if not isinstance(found, dict) or not isinstance(found.get("day"), int):
        raise _damaged(path, ValueError("it does not say whose it is"))
    for name, value in ours.items():
        if found.get(name) != value:
            raise InputError(
                f"this checkpoint is of another run: another {_NAMES[name]}", file=path, found=found.get(name),
                allowed=value, hint="Delete the file: the run then begins with its first day. Or choose another --out.",
            )  # fmt: skip
