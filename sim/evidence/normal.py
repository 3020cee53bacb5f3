"""Orders in one form, from a study's file or from a run: one row a customer and day; imports `intake`, `study`.

Days count from the first day of the window. Orders of earlier days are kept (with days below 0): they tell who is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from sim.errors import InputError
from sim.evidence.intake import AFTER, BEFORE, REFUND, Intake, Wanted, Window
from sim.evidence.study import Study

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
WEEK: Final = 7


@dataclass(frozen=True)
class Orders:
    """Order days: who ordered on which day for how much; sorted by customer, then day.

    `n_days`: days 0 .. n_days - 1 are looked at; what happened on later days is not known here.
    """

    customer: Ints
    day: Ints
    value_cents: Ints
    n_days: int
    start: date | None = None

    @classmethod
    def of(cls, customer: Any, day: Any, value_cents: Any, n_days: int, start: date | None = None) -> Orders:
        """From rows in any order, several a day perhaps: those of a customer on a day become one."""
        customer, day = np.asarray(customer, dtype=np.int64), np.asarray(day, dtype=np.int64)
        value = np.asarray(value_cents, dtype=np.int64)
        kept = day < n_days
        customer, day, value = customer[kept], day[kept], value[kept]
        order = np.lexsort((day, customer))
        customer, day, value = customer[order], day[order], value[order]
        is_first = np.ones(len(day), dtype=bool)
        is_first[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
        at = np.flatnonzero(is_first)
        total = np.add.reduceat(value, at) if len(at) else value
        return cls(customer[at], day[at], total, n_days, start)

    @classmethod
    def of_run(cls, orders: pd.DataFrame, n_days: int) -> Orders:
        """From the orders table of a run's journal."""
        return cls.of(orders["agent"], orders["day"], orders["paid_cents"], n_days)

    @property
    def is_start(self) -> npt.NDArray[np.bool_]:
        """Whether a row is the first one of its customer."""
        found = np.ones(len(self.customer), dtype=bool)
        found[1:] = self.customer[1:] != self.customer[:-1]
        return found

    @property
    def first_day(self) -> Ints:
        """Of every row, the day of its customer's first order."""
        start = self.is_start
        return self.day[start][np.cumsum(start) - 1] if len(self.day) else self.day

    def inside(self) -> Orders:
        """Only the days of the window."""
        return self.where(self.day >= 0)

    def where(self, kept: npt.NDArray[np.bool_]) -> Orders:
        """Only some rows."""
        return Orders(self.customer[kept], self.day[kept], self.value_cents[kept], self.n_days, self.start)

    def after(self, n_days: int) -> Orders:
        """The same with the first `n_days` as history: they lie before day 0."""
        start = None if self.start is None else self.start + timedelta(days=n_days)
        return Orders(self.customer, self.day - n_days, self.value_cents, self.n_days - n_days, start)

    def until(self, n_days: int) -> Orders:
        """As known after `n_days` days."""
        kept = self.day < n_days
        return Orders(self.customer[kept], self.day[kept], self.value_cents[kept], n_days, self.start)


def window_of(study: Study, first: date, last: date) -> Window:
    """The window of a study whose data go from `first` to `last`."""
    said = study.window

    def day(value: str | int | None, usual: date, is_end: bool, path: str) -> date:
        if value is None:
            return usual
        if isinstance(value, int):
            return first + timedelta(days=WEEK * (value if is_end else value - 1) - (1 if is_end else 0))
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise study.refuse("no such day", f"window.{path}", found=value) from None

    start = day(said.start, first, False, "from")
    end = day(said.to, last, True, "to")
    held = day(said.hold_out_to, end, True, "hold_out_to")
    if not start <= end:
        raise study.refuse("the fit ends before it begins", "window.to", found=str(end), allowed=f"{start} or later")
    if held < end:
        raise study.refuse("the hold-out ends before it begins", "window.hold_out_to", found=str(held))
    if start > last or end < first:
        hint = f"The data go from {first} to {last}."
        raise study.refuse("no data in the window", "window", found=f"{start} to {end}", hint=hint)
    known = day(said.history_to, start - timedelta(days=1), True, "history_to")
    if not start - timedelta(days=1) <= known < end:
        raise study.refuse(
            "the history must end in the window", "window.history_to", found=str(known), allowed=f"{start} to {end}"
        )
    history = (known - start).days + 1
    return Window(start, (end - start).days + 1, (held - end).days, first, last, history)


def read_orders(intake: Intake) -> Window:
    """Read the orders of a study into the table "orders" (customer, stamp, value, ..., day, why)."""
    spec = intake.study.orders
    if spec is None:
        raise InputError("the study has no orders", file=intake.study.file)
    wanted = {
        "customer": Wanted(spec.customer, "id"),
        "stamp": Wanted(spec.time, "time"),
        "value": Wanted(spec.value, "number"),
        "price": Wanted(spec.price, "number"),
        "quantity": Wanted(spec.quantity, "number", needed=spec.value is None),
        "product": Wanted(spec.product, "id", needed=False),
    }
    intake.read("orders", wanted)
    con = intake.con
    if spec.value is None:
        con.execute("ALTER TABLE orders ADD COLUMN value DOUBLE")
        con.execute("UPDATE orders SET value = price * quantity")
    first, last = intake.one("SELECT CAST(min(stamp) AS DATE), CAST(max(stamp) AS DATE) FROM orders WHERE why = 0")
    if first is None:
        found = intake.sections["orders"].left_out
        hint = "; ".join(f"{n:,} {reason}" for reason, n in found.items())
        raise InputError("orders: no row counts", file=intake.study.resolve(spec.path), hint=hint)
    window = window_of(intake.study, first, last)
    con.execute(f"UPDATE orders SET why = {REFUND} WHERE why = 0 AND (value < 0{_returned(spec.quantity)})")
    if not intake.one("SELECT count(*) FROM orders WHERE why = 0")[0]:
        hint = "Values or quantities below 0 are refunds. Is the sign turned round, or is this a file of refunds?"
        raise InputError("orders: every row is a refund", file=intake.study.resolve(spec.path), hint=hint)
    _place(intake, "orders", window)
    return window


def _returned(quantity: str | None) -> str:
    return "" if quantity is None else " OR quantity < 0"


def orders_of(intake: Intake, window: Window, *, hold_out: bool = False) -> Orders:
    """Order days of a study: of its fit (and of the days before), or of its hold-out as well."""
    n_days = window.n_days + (window.hold_out_days if hold_out else 0)
    _number_customers(intake)
    return _days(intake, "orders", "CAST(round(o.value * 100) AS BIGINT)", n_days, window.start)


def _number_customers(intake: Intake) -> None:
    """Customers by number, in the order of their ids: 0, 1, ..; those who only visit too."""
    parts = [
        f"SELECT customer FROM {name} WHERE why IN (0, {BEFORE}, {AFTER})"
        for name in ("orders", "visits")
        if name in intake.sections
    ]
    intake.con.execute(
        "CREATE TABLE IF NOT EXISTS customers AS SELECT customer, CAST(row_number() OVER (ORDER BY customer) - 1 AS "
        "BIGINT) "
        f"AS code FROM (SELECT DISTINCT customer FROM ({' UNION ALL '.join(parts)}))"
    )


def read_visits(intake: Intake, window: Window | None) -> Window:
    """Read the visits of a study into the table "visits"; without orders they say what the window is."""
    spec = intake.study.visits
    assert spec is not None
    intake.read("visits", {"customer": Wanted(spec.customer, "id"), "stamp": Wanted(spec.time, "time")})
    if window is None:
        first, last = intake.one("SELECT CAST(min(stamp) AS DATE), CAST(max(stamp) AS DATE) FROM visits WHERE why = 0")
        if first is None:
            raise InputError("visits: no row counts", file=intake.study.resolve(spec.path))
        window = window_of(intake.study, first, last)
    _place(intake, "visits", window)
    return window


def _place(intake: Intake, table: str, window: Window) -> None:
    con = intake.con
    con.execute(f"ALTER TABLE {table} ADD COLUMN day INTEGER")
    con.execute(f"UPDATE {table} SET day = CAST(stamp AS DATE) - DATE '{window.start}'")
    con.execute(f"UPDATE {table} SET why = {AFTER} WHERE why = 0 AND day >= {window.n_days}")
    con.execute(f"UPDATE {table} SET why = {BEFORE} WHERE why = 0 AND day < 0")
    intake.count_reasons(table)


def visits_of(intake: Intake, window: Window) -> Orders:
    """Visit days of a study, one row a customer and day, `value_cents` 0; customers numbered as in `orders_of`."""
    _number_customers(intake)
    return _days(intake, "visits", "0", window.n_days, window.start)


def _days(intake: Intake, table: str, value: str, n_days: int, start: date) -> Orders:
    found = intake.columns(
        f"SELECT c.code AS customer, o.day AS day, CAST(sum({value}) AS BIGINT) AS value_cents "
        f"FROM {table} o JOIN customers c USING (customer) WHERE o.why IN (0, {BEFORE}, {AFTER}) AND o.day < {n_days} "
        "GROUP BY ALL ORDER BY 1, 2"
    )
    customer, day, cents = (np.asarray(np.ma.getdata(column)).astype(np.int64) for column in found.values())
    return Orders(customer, day, cents, n_days, start)


def customers(intake: Intake) -> list[str]:
    """Ids of customers, by number."""
    _number_customers(intake)
    return [str(row[0]) for row in intake.all("SELECT customer FROM customers ORDER BY code")]


__all__ = ["Orders", "Window", "customers", "orders_of", "read_orders", "read_visits", "visits_of", "window_of"]
