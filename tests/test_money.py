"""Money comes back to the cent; names that are nearly right; errors that travel."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError, ScenarioError, did_you_mean, nearest
from sim.money import in_currency, to_cents


@given(st.integers(-(10**12), 10**12))
def test_money_comes_back(cents: int) -> None:
    assert to_cents(cents / 100) == cents
    assert to_cents(in_currency(cents).replace(",", "")) == cents


@pytest.mark.parametrize(
    "value", [True, None, "x", "1e3", "", float("nan"), float("inf"), 1.005, "1.005", 10**400, [], "１"]
)
def test_what_is_not_money(value: Any) -> None:
    with pytest.raises(InputError):
        to_cents(value)


def test_near_cents_are_cents() -> None:
    assert to_cents(0.1 + 0.2) == 30
    assert to_cents(1.1 * 3) == 330


def test_nearest_names() -> None:
    assert nearest("Group-Buy", ["group_buy", "coupon"]) == "group_buy"
    assert nearest("zzz", ["group_buy"]) is None
    assert did_you_mean("zzz", [str(i) for i in range(20)]).endswith("and 8 more.")


def test_errors_travel_between_processes() -> None:
    error = ScenarioError("out of range", file="a.yaml", line=3, path="b.c", found=1.4, allowed="0 to 1")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "a.yaml:3 b.c: out of range: found 1.4, allowed 0 to 1"
    assert (again.file, again.line, again.path) == ("a.yaml", 3, "b.c")
