"""Targets of shares, group-buys and ties: fan-out, ties used again, teams, degree, clustering; imports `target`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.evidence.target import Target, share

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEWEST: Final = 30
PERCENTILES: Final = (25, 50, 75, 90, 95, 99)
_BLOCK: Final = 2_000  # people whose friends of friends are held at a time


def share_targets(sender: Ints, receiver: Ints, source: str = "") -> Iterator[Target]:
    """Targets of shares, one row each; people are whole numbers.

    fan_out = distinct receivers of a sender (mean, percentiles). tie_reuse = shares over a (sender, receiver) pair that
    was used before / all shares. shared_again = receivers who also send / receivers.
    """
    if len(sender) < FEWEST:
        return
    n_people = int(max(sender.max(), receiver.max())) + 1
    pairs = np.unique(sender * n_people + receiver)
    yield from spread("fan_out", np.unique(pairs // n_people, return_counts=True)[1], source)
    yield share("tie_reuse", len(sender) - len(pairs), len(sender), source)
    receivers = np.unique(receiver)
    yield share("shared_again", int(np.isin(receivers, sender).sum()), len(receivers), source)


def team_targets(succeeded: Any, joiners: Any, is_sample: bool, source: str = "") -> Iterator[Target]:
    """team_success = group-buys that succeed / all; team_joiners = mean joiners of one that succeeds.

    Without a rate of success where the data are a sample of successes or of failures.
    """
    succeeded = np.asarray(succeeded, dtype=bool)
    if len(succeeded) >= FEWEST and not is_sample:
        yield share("team_success", int(succeeded.sum()), len(succeeded), source)
    if joiners is not None and succeeded.sum() >= FEWEST:
        yield mean("team_joiners", np.asarray(joiners, dtype=np.float64)[succeeded], source)


def tie_targets(n_people: int, hearer: Ints, heard: Ints, directed: bool, source: str = "") -> Iterator[Target]:
    """Targets of a network; repeated ties count once, a directed tie counts as a tie for degree and clustering.

    degree = ties of a person (mean, percentiles). clustering = mean over people of tied pairs of her friends / pairs of
    her friends, 0 with less than two friends (as `SocialGraph.summary`). transitivity = 3 triangles / open or closed
    triads; standard error of the ratio of the two sums over people. reciprocity = directed ties that go the other way
    too / directed ties.
    """
    keys = np.unique(hearer[hearer != heard] * n_people + heard[hearer != heard])
    if len(keys) < FEWEST:
        return
    from scipy.sparse import csr_array

    u, v = keys // n_people, keys % n_people
    both = np.unique(np.concatenate([keys, v * n_people + u]))
    one = csr_array((np.ones(len(both)), (both // n_people, both % n_people)), shape=(n_people, n_people))
    degree = np.diff(one.indptr).astype(np.float64)
    yield from spread("degree", degree, source)
    closed = np.concatenate(
        [
            np.asarray(((one[at : at + _BLOCK] @ one) * one[at : at + _BLOCK]).sum(axis=1)).reshape(-1)
            for at in range(0, n_people, _BLOCK)
        ]
    )
    triads = degree * (degree - 1)
    has = triads > 0
    if has.sum() >= FEWEST:
        yield mean("clustering", closed / np.maximum(triads, 1.0), source)
        ratio = closed.sum() / triads.sum()
        sd = float(np.sqrt(((closed - ratio * triads) ** 2).sum()) / triads.sum())
        yield Target("transitivity", float(ratio), max(sd, 1e-6), source, int(has.sum()))
    if directed:
        back = int(np.isin(v * n_people + u, keys).sum())
        yield share("reciprocity", back, len(keys), source)


def mean(measure: str, value: Floats, source: str = "", at: str = "") -> Target:
    """A mean with sd / sqrt(n)."""
    sd = float(value.std(ddof=1)) / len(value) ** 0.5
    return Target(measure, float(value.mean()), max(sd, 1e-9), source, len(value), at)


def spread(measure: str, value: Any, source: str = "") -> Iterator[Target]:
    """Mean and percentiles of independent counts; standard error of a percentile after Woodruff, at least 0.5."""
    value = np.asarray(value, dtype=np.float64)
    if len(value) < FEWEST:
        return
    yield mean(measure, value, source, "mean")
    for p in PERCENTILES:
        q = float(np.quantile(value, p / 100))
        below = float((value <= q).mean())
        s = (below * (1 - below) / len(value)) ** 0.5
        low, high = np.quantile(value, [max(p / 100 - s, 0.0), min(p / 100 + s, 1.0)])
        yield Target(measure, q, max(float(high - low) / 2, 0.5), source, len(value), f"p{p}")
