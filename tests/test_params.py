"""The table of coefficients is complete, and overrides and switches do what they say."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from sim import params
from sim.errors import InputError
from sim.params import BLOCKS, COEFFICIENTS, Block, Params, Status, build
from sim.population import PERSONA_TRAITS, PERSONAS

ROWS = list(COEFFICIENTS.values())


def test_the_table_has_every_coefficient_once() -> None:
    assert tuple(COEFFICIENTS) == Params._fields
    assert len(set(Params._fields)) == len(Params._fields)
    assert set(Params._field_defaults) == set(Params._fields)
    assert all(name == row.name for name, row in COEFFICIENTS.items())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_complete(row: params.Coefficient) -> None:
    assert row.low < row.high
    assert row.low <= row.default <= row.high
    assert all(math.isfinite(x) for x in (row.low, row.default, row.high))
    assert row.status in get_args(Status)
    assert row.block in get_args(Block)
    assert len(row.meaning.split()) >= 2
    assert row.unit
    assert row.source
    if row.status in ("verified", "literature"):
        assert "no source" not in row.source
    if "no source" in row.source:
        assert row.status == "guess"
    assert all(fact[0] in "FSV" and fact[1:].isdigit() for fact in row.serves.split())


def test_every_block_has_coefficients_and_the_list_is_whole() -> None:
    assert {row.block for row in ROWS} == {*BLOCKS, ""}
    assert set(BLOCKS) | {""} == set(get_args(Block))


def test_defaults() -> None:
    assert build() == Params() == Params(**{row.name: row.default for row in ROWS})
    assert build({}, dict.fromkeys(BLOCKS, True)) == build()


def test_overrides() -> None:
    found = build({"b_h": 0.8, "attention": 5})
    assert (found.b_h, found.attention) == (0.8, 5.0)
    assert found._replace(b_h=build().b_h, attention=build().attention) == build()
    assert all(isinstance(value, float) for value in found)  # one type: one compiled version
    for row in ROWS:  # both ends are allowed
        assert getattr(build({row.name: row.low}), row.name) == row.low
        assert getattr(build({row.name: row.high}), row.name) == row.high


@pytest.mark.parametrize("block", BLOCKS)
def test_a_switch_takes_its_block_to_nothing_and_leaves_the_rest(block: str) -> None:
    found = build(switches={block: False})
    for row in ROWS:
        assert getattr(found, row.name) == (0.0 if row.block == block else row.default)


def test_switches_come_after_overrides() -> None:
    assert build({"b_h": 0.8}, {"social": False}).b_h == 0.0
    off = build(switches=dict.fromkeys(BLOCKS, False))
    assert {row.name for row in ROWS if row.block} <= {name for name in Params._fields if getattr(off, name) == 0.0}
    assert off.w_new > 0.0  # slots are still filled


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ({"b_hh": 1.0}, ["params.b_hh", "unknown", "'b_h'"]),
        ({"p_b": 1.01}, ["params.p_b", "1.01", "0 to 1"]),
        ({"b_h": -0.01}, ["params.b_h", "-0.01"]),
        ({"b_h": math.nan}, ["params.b_h", "nan"]),
        ({"b_h": math.inf}, ["params.b_h", "inf"]),
        ({"something_else_entirely": 1.0}, ["params.something_else_entirely", "unknown"]),
    ],
)
def test_refusals(overrides: dict[str, float], parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        build(overrides)
    for part in parts:
        assert part in str(caught.value)


def test_every_allowed_value_keeps_the_formulas_defined() -> None:
    # what rules divide by, or take a logarithm of
    for name in ("tau_inv", "om_tau", "m_f", "delta_r", "w_new", "h_0", "theta_a", "theta_b", "p_fade"):
        assert COEFFICIENTS[name].low > 0.0
        assert COEFFICIENTS[name].block == "", f"{name} = 0 would not be defined"
    for name in ("ret_0", "q_more", "delta_r"):
        assert COEFFICIENTS[name].high < 1.0
    assert COEFFICIENTS["attention"].high <= 20  # places on the desk
    widest = COEFFICIENTS["trait_sd"].high
    for persona in PERSONAS.values():
        for trait in PERSONA_TRAITS:
            mean = getattr(persona, trait)
            assert mean * (1 - mean) > widest**2, "no Beta has this mean and spread"


def test_hazard_ratio_of_a_lost_friend_is_the_published_one() -> None:
    assert math.exp(build().g_n) == pytest.approx(1.8)
