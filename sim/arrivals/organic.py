"""The usual arrival: the same small chance every day; imports `arrival`."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.arrivals.arrival import Arrival


class Organic(Arrival):
    """Every prospect registers with the same chance every day, whoever else has: the coefficient `organic`.

    This is the model's own rule (docs/model.md, eq. 15b); it is built into both drivers.
    """

    source: ClassVar[str] = "guess; see `organic` among the coefficients"
    title_zh: ClassVar[str] = "每天以固定的概率自行注册"

    kind: Literal["organic"] = "organic"
