"""Sorting by digits against NumPy's sorting by comparing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sim.sorting import order_of

WHOLE = arrays.arrays(np.int64, st.shared(st.integers(0, 60), key="n"), elements=st.integers(-(2**63), 2**63 - 1))
FEW = arrays.arrays(np.int8, st.shared(st.integers(0, 60), key="n"), elements=st.integers(-3, 3))
BROKEN = arrays.arrays(np.float64, st.shared(st.integers(0, 60), key="n"), elements=st.floats(allow_nan=False))


@settings(max_examples=150, deadline=None)
@given(WHOLE, BROKEN, FEW)
def test_it_sorts_as_lexsort_does(whole: Any, broken: Any, few: Any) -> None:
    for keys in ((whole,), (few,), (broken,), (whole, broken, few), (few, whole), (broken, few)):
        assert order_of(*keys).tolist() == np.lexsort(keys).tolist()


@pytest.mark.parametrize("values", [[0.0, -0.0, 0.0], [-np.inf, np.inf, 5e-324, -5e-324, 1.0, -1.0]])
def test_zeros_are_equal_and_the_ends_of_floats_are_in_place(values: list[float]) -> None:
    assert order_of(np.array(values)).tolist() == np.lexsort((np.array(values),)).tolist()
