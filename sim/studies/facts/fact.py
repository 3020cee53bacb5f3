"""What a fact is, where it is played, when it holds: bands, intervals over worlds, verdicts; imports nothing of ours.

A magnitude passes if the estimate lies inside the band and the half-width of its 95 % interval is at most a quarter
of the band's width. A direction passes if the one-sided 95 % interval of the paired difference lies above the
threshold. What is too uncertain to say is inconclusive, never passed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import numpy as np

Verdict = Literal["pass", "fail", "inconclusive"]
#: what one replication says: a number, or numerator and denominator of a ratio of means; None: it cannot say
Value: TypeAlias = float | tuple[float, float] | None

QUARTER: Final = 0.25
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Band:
    """A magnitude: the published range, closed at a natural bound (a share's 1) where only one end is published."""

    what: str
    low: float
    high: float

    @property
    def allowed(self) -> str:
        """The band as people read it."""
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Direction:
    """A sign or an order: the paired value must lie above the threshold."""

    what: str
    above: float = 0.0

    @property
    def allowed(self) -> str:
        """The threshold as people read it."""
        return f"> {self.above:g}"


Check: TypeAlias = Band | Direction


@dataclass(frozen=True)
class Estimate:
    """One check, answered; the interval is two-sided, 95 %, over worlds."""

    check: Check
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_worlds: int
    verdict: Verdict


@dataclass(frozen=True)
class Plan:
    """How much of a stage is played: worlds, and people in each (None: as many as the scenario has)."""

    worlds: int
    size: int | None = None


@dataclass(frozen=True)
class Stage:
    """Where facts are played: a shipped scenario, what is different in it, and how much of it either protocol plays.

    On a stage that is `alone` the fact's function gets a Lab and plays what it needs by itself, all lucks of a world
    (noise_per_world) at once; on any other it gets a Shop in which the control and the fact's arms have been played.
    """

    name: str
    scenario: str
    quick: Plan
    full: Plan
    changes: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False

    def plan(self, protocol: str) -> Plan:
        """The plan of this protocol."""
        return self.full if protocol == "full" else self.quick

    @property
    def is_lab(self) -> bool:
        """Is everything off here but what the fact is about?"""
        return self.scenario.startswith("lab.")


@dataclass(frozen=True)
class Arm:
    """What is different from the control: tactics, coefficients, something that befalls this arm alone."""

    name: str
    tactics: tuple[dict[str, Any], ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    events: tuple[Any, ...] = ()  # instances of sim.events.Event, of any kind
    log: tuple[str, ...] = ()  # types of its events that are looked at


Look: TypeAlias = Callable[[Any], Sequence[Value]]  # of a Shop, or of a Lab on a stage that is `alone`


@dataclass(frozen=True)
class Test:
    """Checks that one stage can answer: which arms are played beside the control, and the function that looks."""

    stage: Stage
    checks: tuple[Check, ...]
    look: Look
    arms: tuple[Arm, ...] = ()
    log: tuple[str, ...] = ()  # types of events that are looked at, of the control and of its arms


@dataclass(frozen=True)
class Fact:
    """A published regularity: what is known, from whom, how well that was checked, and whether defaults were tuned.

    Ids begin with V (theory: exact), F (stylised facts) or S (what experiments say a lever does); facts of other
    packages may be called anything.
    """

    id: str
    statement: str
    source: str
    evidence: str
    role: Literal["emergent", "tuned", "input", "theory", "other"]
    tests: list[Test] = field(default_factory=list)
    left_out: str = ""
    stays: str = ""  # why it fails at defaults and is left so
    grade: str = ""  # of a lever: A field experiment, B quasi-experiment, C observational, D practitioners
    about: tuple[str, ...] = ()  # tactics that it is about

    def test(
        self, stage: Stage, *checks: Check, arms: tuple[Arm, ...] = (), log: tuple[str, ...] = ()
    ) -> Callable[[Look], Look]:
        """Register a function as the one that answers these checks on this stage."""

        def register(look: Look) -> Look:
            self.tests.append(Test(stage, checks, look, arms, log))
            return look

        return register


def number(value: int | float | None) -> float | None:
    """A measure as a value."""
    return None if value is None else float(value)


def less(a: float | None, b: float | None) -> float | None:
    """a - b, where both are known."""
    return None if a is None or b is None else a - b


def exactly(what: str) -> Band:
    """A check that is exact: how much differs must be nothing."""
    return Band(what, 0, 0)


def estimate(check: Check, values: Sequence[Value], worlds: Sequence[int]) -> Estimate:
    """Mean over worlds with its t interval, and the verdict; replications that cannot say are left out."""
    known = [(value, world) for value, world in zip(values, worlds, strict=True) if _is_known(value)]
    if not known:
        return Estimate(check, None, None, None, 0, "inconclusive")
    pairs = np.array([value if isinstance(value, tuple) else (value, 1.0) for value, _ in known], dtype=np.float64)
    world = np.unique([w for _, w in known], return_inverse=True)[1]
    n = int(world.max()) + 1
    count = np.bincount(world)
    top, bottom = (np.bincount(world, weights=pairs[:, k]) / count for k in (0, 1))
    if bottom.mean() == 0.0:
        return Estimate(check, None, None, None, n, "inconclusive")
    value = float(top.mean() / bottom.mean())
    if n < 2:
        return Estimate(check, value, None, None, n, "inconclusive")
    # Spread of a ratio of means by linearisation; with denominators of 1 it is the spread of the values.
    error = float(((top - value * bottom) / bottom.mean()).std(ddof=1)) / math.sqrt(n)
    half = error * _t(0.5 + CONFIDENCE / 2, n - 1)
    return Estimate(check, value, value - half, value + half, n, judge(check, value, error, n))


def judge(check: Check, value: float, error: float, n_worlds: int) -> Verdict:
    """Whether an estimate with this standard error over so many worlds passes."""
    if isinstance(check, Direction):
        one_sided = error * _t(CONFIDENCE, n_worlds - 1)
        if value - one_sided > check.above:
            return "pass"
        return "fail" if value + one_sided <= check.above else "inconclusive"
    half = error * _t(0.5 + CONFIDENCE / 2, n_worlds - 1)
    if value + half < check.low or value - half > check.high:
        return "fail"
    if half > QUARTER * (check.high - check.low):
        return "inconclusive"
    return "pass" if check.low <= value <= check.high else "fail"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """A fact holds if all its checks do; one that fails fails it."""
    if "fail" in verdicts:
        return "fail"
    return "pass" if verdicts and all(verdict == "pass" for verdict in verdicts) else "inconclusive"


def _is_known(value: Value) -> bool:
    if value is None:
        return False
    return all(math.isfinite(part) for part in (value if isinstance(value, tuple) else (value,)))


def _t(quantile: float, freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(quantile, freedom))
