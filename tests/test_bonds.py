"""Slow states and what is remembered of money: each through the engine, against closed forms (tests/laboratory.py)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.busy_worlds import ALONE, BUSY, EVERYTHING, assert_drivers_agree, scenario

#: Everything of this page at once, as strong as it gets.
BONDS: dict[str, float] = {
    "b_ref": 1.5, "ref_keep": 0.8, "budget": 60.0, "left_because": 0.01, "b_hab": 1.5, "g_hab": 2.0, "hab_r": 0.2,
    "g_warn": 0.5, "g_ref": 5.0, "p_com": 0.3, "com_size": 25.0, "b_bel": 1.0, "g_bel": 1.0, "bel_up": 0.4,
}  # fmt: skip


@pytest.mark.parametrize(
    "only",
    [(), ("b_ref", "g_ref"), ("budget",), ("left_because",), ("b_hab",), ("g_warn",), ("p_com", "com_size"), ("b_bel", "bel_up")],
    ids=lambda only: "+".join(only) or "all",
)
def test_drivers_agree(only: tuple[str, ...]) -> None:
    params: dict[str, Any] = {name: x for name, x in BONDS.items() if not only or name in only}
    strategies = {"everything": EVERYTHING} | ({} if only else {"examples": ALONE["all_examples"]})
    asked = scenario(params={**BUSY, "p_post": 0.2, **params}, population={"size": 110, "registered_share": 0.6}, strategies=strategies)
    on = assert_drivers_agree(asked)
    off = assert_drivers_agree(asked.with_({"params": {**BUSY, "p_post": 0.2}}), ("everything",))
    assert not on["everything"].events.equals(off["everything"].events), "it does something"
