"""Money: currency with at most two decimals in files, whole cents inside; imports only `errors`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from sim.errors import InputError, shown

#: contra_revenue is already missing from what shoppers paid; expense is paid on top.
CostClass = Literal["contra_revenue", "expense"]

MOST_CENTS: Final = 10**14  # a trillion; sums over a run then stay far inside 64 bits
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)


def to_cents(value: Any) -> int:
    """Whole cents of a currency amount (int, float, Decimal or numeric text) with at most two decimals.

    >>> to_cents(21.8), to_cents("5.00"), to_cents(7)
    (2180, 500, 700)
    """
    if isinstance(value, str) and _NUMBER.match(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InputError("not an amount of money", found=value, allowed="a number with at most two decimals, like 5.00")
    exact = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise InputError("not an amount of money", found=value, allowed="a finite number")
    if abs(exact) > MOST_CENTS // 100:
        raise InputError("too large an amount of money", found=value, allowed=f"at most {in_currency(MOST_CENTS)}")
    # A float near a cent (0.1 + 0.2) is that cent; a third decimal is a mistake, not to be rounded in silence.
    cents = round(exact * 100)
    slack = Decimal("1e-7") * max(Decimal(1), abs(exact)) if isinstance(value, float) else Decimal(0)
    if abs(exact * 100 - cents) > slack:
        raise InputError("too many decimals for money", found=exact, allowed="at most two")
    return int(cents)


def in_currency(cents: int) -> str:
    """Cents as people write them.

    >>> in_currency(123450), in_currency(-5)
    ('1,234.50', '-0.05')
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(int(cents)), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def _validate(value: Any) -> int:
    try:
        return to_cents(value)
    except InputError as error:
        text = f"{error.problem} (found {error.found or shown(value)}, allowed {error.allowed})"
        parts = {"text": text, "problem": error.problem, "allowed": error.allowed}
        raise PydanticCustomError("money", "{text}", parts) from None


def _serialise(cents: int) -> float:
    return cents / 100  # the shortest decimal that reads back as the same cents


class _Money:
    """Marks a field as money, so that docs, forms and messages show currency and not cents."""

    def __repr__(self) -> str:
        return "MONEY"


MONEY: Final = _Money()

#: Field type of every amount of money. Bounds and defaults in `Field(...)` are cents; values given are currency.
Cents = Annotated[
    int,
    BeforeValidator(_validate),
    PlainSerializer(_serialise, return_type=float),
    WithJsonSchema({"type": "number"}),
    MONEY,
]
