"""What may be chosen: levers in ranges, a split of one budget; imports design, scenario; Optuna where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sim.design.factors import Factor, factor_of
from sim.design.points import Value
from sim.design.ranges import value_at
from sim.errors import InputError
from sim.scenario import Scenario

_WEIGHT: Final = "weight of tactic {k}"  # names of a split's coordinates among the trials' parameters
_DIGITS: Final = 4  # of a share


@dataclass(frozen=True)
class Space:
    """Levers of one strategy that vary, by path, and how many tactics share its budget (0: the split stays)."""

    strategy: str
    factors: tuple[Factor, ...]
    n_shares: int = 0

    @classmethod
    def of(cls, scenario: Scenario, strategy: str, vary: Mapping[str, Any], split: bool) -> Space:
        """What a search file says: path -> values, a range, or nothing where the lever has bounds."""
        factors = tuple(factor_of(scenario, full_path(strategy, path), said) for path, said in vary.items())
        for factor in factors:
            value_at(scenario, factor.path)  # refuses what the scenario does not have
        if not split:
            if not factors:
                raise InputError("nothing varies", path="vary", allowed="levers, or split: true",
                                 hint="For example vary: {discount: {low: 0.05, high: 0.3}}.")  # fmt: skip
            return cls(strategy, factors)
        spec, n = scenario.budgets.get(strategy), len(scenario.tactics(strategy))
        if n < 2:
            raise InputError("one tactic alone has nothing to split", path="split", found=f"{n} tactic")
        if spec is None or (spec.total is None and spec.per_day is None):
            raise InputError("there is no budget to split", path="split", found=f"no budgets.{strategy}",
                             hint="Give one: `budget: 3000` here, or budgets in the scenario.")  # fmt: skip
        return cls(strategy, factors, n)

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of the split's coordinates."""
        return tuple(_WEIGHT.format(k=k) for k in range(self.n_shares))

    def distributions(self) -> dict[str, Any]:
        """The space as Optuna knows it."""
        from optuna.distributions import FloatDistribution

        space = {factor.path: _distribution(factor) for factor in self.factors}
        return space | {name: FloatDistribution(0.0, 1.0) for name in self.weights}

    def start(self, scenario: Scenario) -> dict[str, Any] | None:
        """The scenario as it is, as a point of the space; None where it lies outside."""
        point: dict[str, Any] = {}
        for factor in self.factors:
            value = value_at(scenario, factor.path)
            inside = value in factor.values if factor.values else _within(factor, value)
            if not inside:
                return None
            point[factor.path] = value
        spec = scenario.budgets.get(self.strategy)
        if self.n_shares:
            shares = None if spec is None else spec.shares
            if shares is None:
                return None  # one pot is no split
            point |= dict(zip(self.weights, shares, strict=True))
        return point

    def changes(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """What a point changes in the scenario."""
        changed: dict[str, Any] = {}
        for factor in self.factors:
            value: Value = point[factor.path]
            changed[factor.path] = factor.span.rounded(value) if isinstance(value, float) else value
        if self.n_shares:
            changed[f"budgets.{self.strategy}.shares"] = shares_of([float(point[name]) for name in self.weights])
        return changed


def shares_of(weights: list[float]) -> list[float]:
    """Weights as shares that sum to 1 exactly; nothing at all is an equal split."""
    total = sum(weights)
    whole = 10**_DIGITS
    parts = [round(whole * (w / total if total > 0 else 1 / len(weights))) for w in weights]
    parts[max(range(len(parts)), key=parts.__getitem__)] += whole - sum(parts)  # rounding falls on the largest
    return [part / whole for part in parts]


def full_path(strategy: str, path: str) -> str:
    """`discount` and `[1].face` are levers of the strategy that is optimised."""
    if path.startswith((f"strategies.{strategy}.", f"strategies.{strategy}[", f"budgets.{strategy}.")):
        return path
    if path.startswith(("strategies.", "budgets.", "params.", "population.", "graph.", "catalogue.", "switches.")):
        raise InputError("only the strategy that is optimised can be chosen", path=path,
                         allowed=f"strategies.{strategy}..., budgets.{strategy}...",
                         hint="What the world is like is not ours to choose: set it, or sweep over it.")  # fmt: skip
    return f"strategies.{strategy}{path}" if path.startswith("[") else f"strategies.{strategy}.{path}"


def _within(factor: Factor, value: Any) -> bool:
    low, high = factor.span.low, factor.span.high
    return isinstance(value, int | float) and low is not None and high is not None and low <= value <= high


def _distribution(factor: Factor) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if factor.values:
        return CategoricalDistribution(list(factor.values))
    low, high = factor.span.low, factor.span.high
    assert low is not None
    assert high is not None
    if factor.span.is_whole:
        return IntDistribution(int(low), int(high), log=factor.is_log)
    return FloatDistribution(float(low), float(high), log=factor.is_log)
