"""Sensitivity indices by SALib: Morris, Sobol, and from given data RBD-FAST and PAWN; imports `structure`, swept.

Every index comes with its 95 % interval, and again from an eighth, a quarter and half of the data.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from sim.studies.sensitivity.structure import Method, Structure
from sim.studies.swept import Factor, FloatArray, IntArray

#: the index by which factors are ranked
MAIN: Final[dict[Method, str]] = {"morris": "mu_star", "sobol": "ST", "given_data": "S1"}
_RESAMPLES: Final = 400
_SEED: Final = 20_261_203
#: fewest blocks (trajectories, Saltelli blocks, points) from which anything is said
_LEAST: Final[dict[Method, int]] = {"morris": 4, "sobol": 8, "given_data": 40}
_DUMMIES: Final = 10  # columns of pure chance beside the factors of given data


class Index(NamedTuple):
    """One number about one factor (two for S2), with its interval; None: the method gives none."""

    name: str
    factor: str
    other: str | None
    value: float
    ci_low: float | None
    ci_high: float | None


def indices(found: Structure, factors: tuple[Factor, ...], values: FloatArray, levels: int) -> list[Index]:
    """All indices of a value at the design's points; nothing if it is the same everywhere."""
    rows = found.blocks.ravel()
    used = values[rows]
    if len(found.blocks) < _LEAST[found.method] or np.ptp(used) <= 1e-12 * max(1e-300, float(np.abs(used).max())):
        return []
    columns = np.stack([factor.values[rows] for factor in factors], axis=1)
    problem = {"num_vars": len(factors), "names": [f.path for f in factors], "bounds": [[0.0, 1.0]] * len(factors)}
    if found.method == "morris":
        return _morris(problem, columns, used, levels)
    if found.method == "sobol":
        return _sobol(problem, used, found.second_order)
    return _given(problem, columns, used)


def growing(found: Structure) -> Iterator[Structure]:
    """The first eighth, quarter, half, and all of the blocks; of given data a sample by lot."""
    n = len(found.blocks)
    order: IntArray = np.arange(n)
    if found.method == "given_data":
        order = np.random.Generator(np.random.PCG64(_SEED)).permutation(n)
    for part in (8, 4, 2, 1):
        if n // part >= _LEAST[found.method]:
            yield found._replace(blocks=found.blocks[np.sort(order[: n // part])])


def _morris(problem: dict[str, Any], columns: FloatArray, values: FloatArray, levels: int) -> list[Index]:
    from SALib.analyze import morris

    # Only the direction of a step is read off the columns; its size is the same share of every factor's range.
    with _silence():
        found = morris.analyze(problem, columns, values, num_resamples=_RESAMPLES, num_levels=levels, seed=_SEED)
    rows = []
    for k, path in enumerate(problem["names"]):
        value, half = float(found["mu_star"][k]), float(found["mu_star_conf"][k])
        rows.append(Index("mu_star", path, None, value, max(0.0, value - half), value + half))
        rows += [Index(name, path, None, float(found[name][k]), None, None) for name in ("mu", "sigma")]
    return rows


def _sobol(problem: dict[str, Any], values: FloatArray, pairs: bool) -> list[Index]:
    from SALib.analyze import sobol

    with _silence():
        found = sobol.analyze(problem, values, calc_second_order=pairs, num_resamples=_RESAMPLES, seed=_SEED)
    rows = []
    names = problem["names"]
    for k, path in enumerate(names):
        for index in ("S1", "ST"):
            value, half = float(found[index][k]), float(found[f"{index}_conf"][k])
            rows.append(Index(index, path, None, value, value - half, value + half))
    for j in range(len(names) if pairs else 0):
        for k in range(j + 1, len(names)):
            value, half = float(found["S2"][j, k]), float(found["S2_conf"][j, k])
            rows.append(Index("S2", names[j], names[k], value, value - half, value + half))
    return rows


def _given(problem: dict[str, Any], columns: FloatArray, values: FloatArray) -> list[Index]:
    """RBD-FAST and PAWN; both also of columns of pure chance, which says what chance alone would give."""
    from SALib.analyze import pawn, rbd_fast

    n, d = columns.shape
    luck = np.random.Generator(np.random.PCG64(_SEED))
    # ranks; equal values in an order by lot, because both methods cut a factor's range into pieces of equal size
    ranks = np.stack([np.lexsort((luck.random(n), column)).argsort() for column in columns.T], axis=1)
    chance = np.stack([luck.permutation(n) for _ in range(_DUMMIES)], axis=1)
    both = (np.column_stack([ranks, chance]) + 0.5) / n
    wide = {"num_vars": d + _DUMMIES, "names": [*problem["names"], *(f"chance {k}" for k in range(_DUMMIES))],
            "bounds": [[0.0, 1.0]] * (d + _DUMMIES)}  # fmt: skip
    with _silence():
        first = rbd_fast.analyze(wide, both, values, M=10 if n >= 200 else 4, num_resamples=_RESAMPLES // 4, seed=_SEED)
        second = pawn.analyze(wide, both, values, S=10 if n >= 200 else 5, seed=_SEED)
    rows = []
    for k, path in enumerate(problem["names"]):
        value, half = float(first["S1"][k]), float(first["S1_conf"][k])
        ends = (value - half, value + half) if half == half else (None, None)  # a resample may have lost all variance
        rows.append(Index("S1", path, None, value, *ends))
        rows.append(Index("pawn", path, None, float(second["median"][k]), None, None))
    rows.append(Index("S1", "chance", None, float(np.max(first["S1"][d:])), None, None))
    rows.append(Index("pawn", "chance", None, float(np.max(second["median"][d:])), None, None))
    return rows


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """SALib sets NumPy's old global luck and some of its versions print."""
    state = np.random.get_state()  # noqa: NPY002 - put back as it was
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(invalid="ignore", divide="ignore"):
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
