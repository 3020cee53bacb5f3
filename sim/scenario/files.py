"""What files hold that a scenario names: how many rows, which bytes; imports the world's rooms, each when needed."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any


def stamp_of(file: Path) -> tuple[int, int]:
    """What changes when the file does, as a rule."""
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


# Files are read once per state, however many copies of a scenario `with_` makes.


@lru_cache(maxsize=32)
def n_products(file: Path, stamp: tuple[int, int], columns: tuple[tuple[str, str], ...]) -> int:
    """Rows of a file of products."""
    from sim.catalogue import read_products

    return int(read_products(file, dict(columns)).columns["id"].size)


@lru_cache(maxsize=32)
def n_nodes(
    file: Path, stamp: tuple[int, int], directed: bool, source: str | None, target: str | None, weight: str | None
) -> int:
    """People in a file of ties."""
    from sim.graph import read_edges

    return int(read_edges(file, directed=directed, source=source, target=target, weight=weight).ids.size)


@lru_cache(maxsize=32)
def n_shoppers(file: Path, stamp: tuple[int, int]) -> int:
    """Rows of a file of shoppers."""
    from sim.population import read_population

    table: Any = read_population(file)
    return int(len(table["id"]) if isinstance(table, dict) else len(table))


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    return _content_hash(file, stamp_of(file))


@lru_cache(maxsize=64)
def _content_hash(file: Path, stamp: tuple[int, int]) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
