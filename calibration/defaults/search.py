"""Joint search for the defaults of sim/params.py: a stored design of small runs, an emulator, a proposal.

    python calibration/defaults/search.py run --points 300     # a few thousand small runs; can be killed and resumed
    python calibration/defaults/search.py propose              # reads the stored runs; no new ones
    python calibration/defaults/search.py report               # the same: where do the present defaults stand?

`run` draws points from a Latin hypercube over the coefficients below and plays, at each, what the tuned facts of
`grapevine validate` need, in one small world a point (another world at every point, so that the emulator averages over
worlds). Rows are appended to runs.csv.gz one point at a time; a point that is there is not played again.

`propose` fits one quadratic surface a check (ridge, by generalised cross-validation) and looks for the coefficients
whose predicted checks lie well inside their bands and which are nearest to today's defaults. Facts not listed in TUNED
are held out: they are predicted and printed, but the search never looks at them. What it proposes is then tried with
`grapevine validate`, in other worlds and at the size the facts were written for.

`report` says which checks the surfaces predict in band at today's defaults, how near each is to the border, which of
them ends the way along every coefficient, and how much of the whole region has all tuned checks in band.
"""

from __future__ import annotations

import argparse
import gzip
import io
import math
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sim.params import COEFFICIENTS
from sim.scenario import Scenario
from sim.studies.facts.fact import Band, Check, Test
from sim.studies.facts.known import facts
from sim.studies.facts.play import play

RUNS: Final = Path(__file__).with_name("runs.csv.gz")
SEED: Final = 20_260_000  # of worlds in the design: never those of `grapevine validate`

#: what is searched, and how far: the usual range of the table, narrowed where an equation's meaning is already fixed
RANGES: Final[dict[str, tuple[float, float]]] = {
    "alpha": (-3.9, -2.9), "nu_sd": (1.4, 2.0), "b_inv": (0.6, 3.0), "tau_inv": (7.0, 30.0),
    "lam": (0.34, 0.52), "lam_sd": (0.95, 1.25), "b_p": (1.9, 2.8), "mu": (0.45, 0.8),
    "w_pop": (0.15, 1.0), "b_h": (0.15, 0.55), "look_error": (0.4, 2.6),
    "w_fr": (0.3, 1.2), "b_r": (1.0, 2.4), "v_own": (0.05, 0.3), "s_0": (-1.6, -0.5), "a_inv": (0.02, 0.12),
}  # fmt: skip

#: facts the search may look at; all others that are played are held out
TUNED: Final = ("F03", "F14", "F23", "F24", "F25", "F26", "F29", "F30", "F31", "F32", "F35")
#: facts played in the design; others only afterwards: they depend on none of RANGES, or are dear
PLAYED: Final = ("F03", "F05", "F12", "F14", *(f"F{n}" for n in (23, 24, 25, 26, 29, 30, 31, 32, 33, 35)))
#: people per scenario: small, as many as a point can afford; laboratories as they are
SIZES: Final = {"base.closed": 8_000, "base.open": 5_000}
WELL_INSIDE: Final = 0.6  # of a band's half-width: further out costs
NEARNESS: Final = 0.05  # cost of moving a coefficient across its whole range
TELLS: Final = 0.2  # of variance between points explained: a surface below that says nothing in a report


def tests() -> list[tuple[str, Test]]:
    """(fact, test) of every fact that can be played, in the order of the table."""
    return [(fact.id, test) for fact in facts().values() for test in fact.tests if fact.id in PLAYED]


def label(fact: str, check: Check) -> str:
    """Name of a column of runs.csv.gz."""
    return f"{fact}: {check.what}"


def design(points: int) -> pd.DataFrame:
    """A Latin hypercube over RANGES; the first k points of a longer one are other points, so fix the length first."""
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(d=len(RANGES), seed=1).random(points)
    low, high = (np.array([bounds[k] for bounds in RANGES.values()]) for k in (0, 1))
    return pd.DataFrame(low + unit * (high - low), columns=list(RANGES)).round(5)


def answer(point: int, values: dict[str, float]) -> dict[str, Any]:
    """One row: the coefficients of a point and what every check says there."""
    row: dict[str, Any] = {"point": point, **values}
    by_scenario: dict[str, list[tuple[str, Test]]] = {}
    for fact, test in tests():
        by_scenario.setdefault(test.stage.scenario, []).append((fact, test))
    for name, wanted in by_scenario.items():
        changes: dict[str, Any] = {f"params.{key}": value for key, value in values.items()}
        scenario = Scenario.load(name)
        lucks = scenario.noise_per_world if wanted[0][1].stage.is_lab else 1
        changes |= {"seed": SEED + point, "replications": lucks, "noise_per_world": lucks}
        if name in SIZES:
            changes["population.size"] = SIZES[name]
        fixed = {key for key in changes if key.removeprefix("params.") in dict(scenario.params)}
        scenario = scenario.with_({key: value for key, value in changes.items() if key not in fixed})
        for (fact, test), found in zip(wanted, play(scenario, [test for _, test in wanted], 0), strict=True):
            for check, value in zip(test.checks, found, strict=True):
                if isinstance(value, tuple):
                    value = value[0] / value[1] if value[1] else None
                row[label(fact, check)] = math.nan if value is None else float(value)
    return row


def stored() -> pd.DataFrame:
    """What has been played; empty if nothing was. A torn last line (a killed run) is left out."""
    if not RUNS.exists():
        return pd.DataFrame({"point": pd.Series(dtype=int)})
    whole = []
    try:
        with gzip.open(RUNS, "rt", encoding="utf-8") as file:
            whole += list(file)
    except EOFError:
        pass
    found = pd.read_csv(io.StringIO("".join(line for line in whole if line.endswith("\n"))))
    return found.sort_values("point", ignore_index=True)


def run(points: int, jobs: int) -> None:
    """Play the points that are missing."""
    from sim.engines import warm_up

    warm_up()
    table, done = design(points), stored()
    if len(done):
        done.to_csv(RUNS, index=False)  # drops a torn end
    todo = [k for k in range(points) if k not in set(done["point"])]
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(answer, k, {str(a): float(b) for a, b in table.loc[k].items()}) for k in todo]
        for count, future in enumerate(as_completed(waiting), 1):
            line = pd.DataFrame([future.result()])
            with gzip.open(RUNS, "at", encoding="utf-8") as file:
                file.write(line.to_csv(index=False, header=not len(done) and count == 1))
            print(f"{count} of {len(todo)}", end="\r", flush=True)
    print()


class Surface:
    """A quadratic in the coefficients for one check: ridge regression, its strength by generalised cross-validation."""

    def __init__(self, unit: np.ndarray, y: np.ndarray) -> None:
        k = unit.shape[1]
        self.has_pairs = len(y) > k * (k + 3)  # twice as many points as terms; else without products of two
        basis = self.basis(unit)
        self.centre, self.scale = basis.mean(axis=0), basis.std(axis=0) + 1e-12
        x = (basis - self.centre) / self.scale
        self.mean = float(y.mean())
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        projected = u.T @ (y - self.mean)
        best: tuple[float, np.ndarray, float] | None = None
        for strength in np.geomspace(1e-2, 1e4, 40):
            shrink = s**2 / (s**2 + strength)
            residual = (y - self.mean) - u @ (shrink * projected)
            score = float((residual**2).mean() / (1 - shrink.sum() / len(y)) ** 2)
            if best is None or score < best[0]:
                best = (score, vt.T @ (shrink / s * projected), float(residual.std()))
        assert best is not None
        self.weights, self.error = best[1], math.sqrt(best[0])
        self.explained = 1.0 - best[0] / float(y.var() + 1e-300)

    def basis(self, unit: np.ndarray) -> np.ndarray:
        """x, their squares, and where there are points enough all products of two."""
        k = unit.shape[1]
        pairs = [unit[:, i] * unit[:, j] for i in range(k) for j in range(i + 1, k)] if self.has_pairs else []
        return np.column_stack([unit, unit**2, *pairs])

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        return np.asarray(self.mean + ((self.basis(unit) - self.centre) / self.scale) @ self.weights)


def badness(check: Check, value: np.ndarray, error: float) -> np.ndarray:
    """0 well inside the band (or well above the threshold), growing with the square of the distance beyond."""
    if isinstance(check, Band):
        half = (check.high - check.low) / 2
        low = check.low if check.low > 0 or check.high < 1 else -math.inf  # a natural bound is no border
        high = check.high if check.high != 1 else math.inf
        inner = half * (1 - WELL_INSIDE)
        return (np.maximum(0, low + inner - value) / half) ** 2 + (np.maximum(0, value - high + inner) / half) ** 2
    return np.asarray((np.maximum(0, check.above + 0.5 * error - value) / max(error, 1e-12)) ** 2)


def fitted(runs: pd.DataFrame, unit: np.ndarray) -> list[tuple[str, Check, Surface]]:
    """(fact, check, surface) of every check that was played."""
    surfaces: list[tuple[str, Check, Surface]] = []
    for fact, test in tests():
        for check in test.checks:
            if label(fact, check) in runs:
                y = runs[label(fact, check)].to_numpy(dtype=float)
                good = np.isfinite(y)
                low_y, high_y = np.quantile(y[good], [0.005, 0.995])
                surfaces.append((fact, check, Surface(unit[good], np.clip(y[good], low_y, high_y))))
    return surfaces


def located() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The stored runs; where they and today's defaults lie in RANGES, from -1 to 1."""
    runs = stored()
    low, high = (np.array([bounds[k] for bounds in RANGES.values()]) for k in (0, 1))
    unit = 2 * (runs[list(RANGES)].to_numpy() - low) / (high - low) - 1
    today = 2 * (np.array([COEFFICIENTS[name].default for name in RANGES]) - low) / (high - low) - 1
    return runs, unit, today


def inside(check: Check, value: np.ndarray) -> np.ndarray:
    """How far inside its band a value lies: 1 in the middle, 0 on the border, negative outside.

    A natural bound is no border, and the middle of a band with one lies there. Of a direction: how far above the
    threshold, in units of 1.
    """
    if not isinstance(check, Band):
        return np.asarray(value - check.above)
    half = (check.high - check.low) / 2
    below = value - check.low if check.low > 0 or check.high < 1 else np.full_like(value, math.inf)
    above = check.high - value if check.high != 1 else np.full_like(value, math.inf)
    return np.asarray(np.minimum(below, above) / half)


def report() -> None:
    """Print where today's defaults lie in the region where the tuned facts hold, as far as the surfaces say."""
    runs, unit, today = located()
    surfaces = fitted(runs, unit)
    print(f"{len(runs)} points\n\n{'check':78} {'band':>14} {'today':>8} {'error':>7} {'inside':>7} {'R2':>5}")
    for fact, check, surface in surfaces:
        at_today, error = surface(today[None]), surface.error
        depth = float(inside(check, at_today)[0]) / (1.0 if isinstance(check, Band) else max(error, 1e-12))
        name = f"{' ' if fact in TUNED else '*'} {label(fact, check)[:76]:76}"
        numbers = f"{float(at_today[0]):8.3f} {error:7.3f} {depth:7.2f} {surface.explained:5.2f}"
        print(f"{name} {check.allowed:>14} {numbers}")
    print("\n* held out. Error: of one point's prediction, its small world's luck included. Inside: 1 in the middle of")
    print("the band, 0 on its border; of a direction, above the threshold in units of the error.\n")
    tuned = [found for found in surfaces if found[0] in TUNED and found[2].explained > TELLS]
    holding = [found for found in tuned if float(inside(found[1], found[2](today[None]))[0]) >= 0]
    for fact, check, _ in (found for found in tuned if found not in holding):
        print(f"predicted out of band today, so left out below: {label(fact, check)}")
    print(f"{'coefficient':12} {'default':>8} {'from':>8} {'to':>8}  ends below / above")
    for k, name in enumerate(RANGES):
        (low, below), (high, above) = (way(holding, today, k, up) for up in (False, True))
        print(f"{name:12} {COEFFICIENTS[name].default:8.3f} {low:8.3f} {high:8.3f}  {below} / {above}")
    anywhere = np.random.default_rng(1).uniform(-1, 1, (20_000, len(RANGES)))
    holds = np.array([inside(check, surface(anywhere)) >= 0 for _, check, surface in tuned])
    print(
        f"\nall tuned checks in band: {holds.all(axis=0).mean():.1%} of the region searched; each alone, if below 95 %:"
    )
    for k in np.argsort(holds.mean(axis=1)):
        if holds[k].mean() < 0.95:
            print(f"  {holds[k].mean():6.1%}  {label(*tuned[k][:2])}")


def way(tuned: list[tuple[str, Check, Surface]], today: np.ndarray, k: int, up: bool) -> tuple[float, str]:
    """How far one coefficient can go from today's value with all these checks predicted in band; what ends the way."""
    low, high = list(RANGES.values())[k]
    line = np.repeat(today[None], 201, axis=0)
    line[:, k] = np.linspace(today[k], 1.0 if up else -1.0, 201)
    holds = np.array([inside(check, surface(line)) >= 0 for _, check, surface in tuned])
    broken = np.flatnonzero(~holds.all(axis=0))
    last = int(broken[0]) if len(broken) else 200
    ended = " ".join(sorted({tuned[c][0] for c in np.flatnonzero(~holds[:, last])})) or "-"
    return float(low + (line[last, k] + 1) / 2 * (high - low)), ended


def propose() -> None:
    """Fit, search, and print what moves and what it is predicted to do."""
    from scipy.optimize import differential_evolution

    runs, unit, today = located()
    names = list(RANGES)
    low, high = (np.array([RANGES[name][k] for name in names]) for k in (0, 1))
    surfaces = fitted(runs, unit)

    def cost(x: np.ndarray) -> float:
        at = x[None, :]
        # a surface that explains nothing must not steer
        wrong = sum(
            max(s.explained, 0.0) * float(badness(c, s(at), s.error)[0]) for fact, c, s in surfaces if fact in TUNED
        )
        return wrong + NEARNESS * float(((x - today) ** 2).sum())

    found = differential_evolution(cost, [(-1, 1)] * len(names), seed=1, maxiter=400, popsize=12, x0=today, tol=1e-8)
    values = low + (found.x + 1) / 2 * (high - low)
    print(f"{len(runs)} points; cost today {cost(today):.3f}, proposed {found.fun:.3f}\n")
    for name, value in zip(names, values, strict=True):
        print(f"  {name:12} {COEFFICIENTS[name].default:8.3f} -> {value:8.3f}")
    print(f"\n{'check':78} {'band':>14} {'today':>8} {'then':>8} {'R2':>5}")
    for fact, check, surface in surfaces:
        before, after = float(surface(today[None])[0]), float(surface(found.x[None])[0])
        role = " " if fact in TUNED else "*"
        name = f"{role} {label(fact, check)[:76]:76}"
        print(f"{name} {check.allowed:>14} {before:8.3f} {after:8.3f} {surface.explained:5.2f}")
    print("\n* held out")


def main() -> None:
    """Run, propose or report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("run", "propose", "report"))
    options.add_argument("--points", type=int, default=300)
    options.add_argument("--jobs", type=int, default=2)
    asked = options.parse_args()
    if asked.what == "run":
        run(asked.points, asked.jobs)
    else:
        {"propose": propose, "report": report}[asked.what]()


if __name__ == "__main__":
    main()
