"""What is fitted, and where it may lie before the data are seen; imports `errors`.

Inference happens on the logit of the share of the way from low to high: there a prior that is even between its bounds
has no edges, and no draw can leave them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError

Floats = NDArray[np.float64]

_EDGE = 1e-6  # the logit of exactly 0 or 1 is infinite


@dataclass(frozen=True)
class Span:
    """A path of the scenario and the range in which it lies, evenly on its scale."""

    path: str
    low: float
    high: float
    is_log: bool = False

    @property
    def name(self) -> str:
        """The path without `params.`."""
        return self.path.removeprefix("params.")


class Priors(Sequence[Span]):
    """Independent even priors, in order; tables have a row a draw and a column a path."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = tuple(spans)
        if not self._spans:
            raise InputError("nothing to fit", path="fit.priors", hint="Name at least one coefficient and its range.")

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, k):  # type: ignore[no-untyped-def]
        return self._spans[k]

    @property
    def paths(self) -> list[str]:
        """Paths in order."""
        return [span.path for span in self._spans]

    def factors(self) -> dict[str, dict[str, float | str]]:
        """The same as factors of a design."""
        return {s.path: {"low": s.low, "high": s.high, "scale": "log" if s.is_log else "linear"} for s in self._spans}

    def shares(self, values: Floats) -> Floats:
        """How far along its range every value lies, 0 to 1."""
        table = np.array(values, dtype=np.float64, ndmin=2)
        for k, span in enumerate(self._spans):
            low, high, column = span.low, span.high, table[:, k]
            if span.is_log:
                low, high, column = np.log(low), np.log(high), np.log(column)
            table[:, k] = (column - low) / (high - low)
        return table

    def values(self, shares: Floats) -> Floats:
        """Values at these shares of the way."""
        table = np.array(shares, dtype=np.float64, ndmin=2)
        for k, span in enumerate(self._spans):
            if span.is_log:
                table[:, k] = span.low * np.exp(table[:, k] * np.log(span.high / span.low))
            else:
                table[:, k] = span.low + table[:, k] * (span.high - span.low)
        return table


def logit(shares: Floats) -> Floats:
    """Log odds of shares; exactly 0 or 1 count as just inside."""
    inside = np.clip(shares, _EDGE, 1.0 - _EDGE)
    odds: Floats = np.log(inside) - np.log1p(-inside)
    return odds


def expit(odds: Floats) -> Floats:
    """The shares with these log odds."""
    shares: Floats = 0.5 * (1.0 + np.tanh(0.5 * np.asarray(odds)))
    return shares
