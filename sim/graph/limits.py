"""The ground of the graph's rooms: kinds of columns, limits, a word for messages; imports nothing of ours."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Strengths = NDArray[np.uint16]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

MAX_ID: Final = 2**31 - 1
MAX_TIES: Final = 2**31 - 1  # entries of `audience`; beyond it a graph would need more than 12 GB


def counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
