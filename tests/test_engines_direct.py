"""Calls that go straight to machine code are of the types it was compiled for: in every kind of world, on every day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from sim import _jit
from sim._jit import Direct, kernel
from sim.engines import World, simulate
from tests.busy_worlds import ALONE, BONDS, BUSY, TALKING, scenario

needs_compiler = pytest.mark.skipif(not _jit.IS_COMPILED, reason="the compiler is switched off")


def types_of(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(numba.typeof(argument) for argument in arguments)


@needs_compiler
@pytest.mark.parametrize("coefficients", [{}, BUSY, TALKING | BONDS], ids=["usual", "busy", "talking"])
def test_no_argument_changes_its_type_within_a_run(
    monkeypatch: pytest.MonkeyPatch, coefficients: dict[str, float]
) -> None:
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    usual = _jit._machine_code

    def watched(compiled: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        code, first = usual(compiled, arguments), types_of(arguments)
        assert code in [one.entry_point for one in compiled.overloads.values()]
        assert compiled.overloads[first].entry_point == code

        def call(*later: Any) -> Any:
            found[compiled.__name__].add(first)
            assert types_of(later) == first, compiled.__name__
            return code(*later)

        return call

    monkeypatch.setattr(_jit, "_machine_code", watched)
    everything = [*ALONE["all_examples"], {"kind": "recommendation", "weight": 3.0}]
    asked = scenario(params=coefficients, days=16, strategies={"all": everything, "bargain": ALONE["bargain"]})
    world = World.build(asked)
    for strategy in ("control", "all", "bargain"):
        simulate(asked, strategy, world=world, events=True, threads=2)
    assert {"wake", "act", "look_and_choose", "fulfil", "send", "close_day", "leaves", "show", "glances"} <= set(found)


@needs_compiler
def test_a_kernel_with_several_types_goes_to_its_own() -> None:
    @kernel
    def doubled(numbers: Any) -> Any:
        return numbers[0] * 2

    class Room:
        twice = doubled

    for numbers in (np.array([3]), np.array([1.5])):
        room = Direct(Room)  # type: ignore[arg-type]  # anything with kernels as attributes
        assert [room.twice(numbers) for _ in range(3)] == [numbers[0] * 2] * 3


def test_what_is_no_kernel_is_handed_on_as_it_is() -> None:
    assert Direct(_jit).IS_COMPILED is _jit.IS_COMPILED
