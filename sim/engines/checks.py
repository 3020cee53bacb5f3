"""What hooks of tactics and events may not do to the tables they are given; imports `errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError


def check_types(columns: dict[str, NDArray[Any]], types: Mapping[str, Any], table: str) -> None:
    """Compiled code takes every column as what it was: a tactic that put another kind in its place is told so."""
    for name, column in columns.items():
        if column.dtype != types[name] or not column.flags.c_contiguous:
            raise InputError(
                f"a tactic or an event put a column of another kind in the place of {name!r}",
                path=table,
                found=f"{column.dtype}, {'' if column.flags.c_contiguous else 'not '}contiguous",
                allowed=f"{np.dtype(types[name])}, contiguous",
                hint=f"Write into the column: {table}[{name!r}][...] = ...",
            )
