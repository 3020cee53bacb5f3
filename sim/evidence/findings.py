"""Everything a study's data hold, as targets; and the same from the tables of a run; imports the rooms beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.evidence import buying, exposure, sharing, uplift, visiting
from sim.evidence.intake import TO_SELF, Intake, Section, Wanted, table_of
from sim.evidence.normal import Orders, Window, customers, orders_of, read_orders, read_visits, visits_of
from sim.evidence.study import Study
from sim.evidence.target import FAMILIES, Target, Targets

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evidence:
    """What a study holds: targets, order days, window, customers by number, days of registration if given."""

    study: Study
    targets: Targets
    window: Window | None = None
    orders: Orders | None = None
    hold_out: Orders | None = None  # order days of fit and hold-out together, if there is a hold-out
    customers: tuple[str, ...] = ()
    registered: dict[int, int] = field(default_factory=dict)  # customer -> day
    registration_days: np.ndarray[Any, Any] = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # of everybody
    sections: dict[str, Section] = field(default_factory=dict)
    share_days: int = 0  # from the first share to the last; 0: not known

    @property
    def n_days(self) -> int:
        """Days of the fit: of orders and visits, else of shares; a year where nothing is dated."""
        return self.share_days or 365 if self.window is None else self.window.n_days

    @property
    def history_days(self) -> int:
        """Days at the start of the window that are history: no target is of them."""
        return 0 if self.window is None else self.window.history_days

    @property
    def no_data(self) -> list[str]:
        """Families of targets that the data do not hold."""
        held = {target.measure for target in self.targets}
        return [name for name in FAMILIES if name not in held]

    @property
    def arrival_days(self) -> np.ndarray[Any, Any]:
        """The day on which each customer arrived, by number: of registration if given, else of the first order."""
        assert self.orders is not None
        first = self.orders.day[self.orders.is_start]
        who = self.orders.customer[self.orders.is_start]
        given = (
            [self.registered.get(int(c), int(d)) for c, d in zip(who, first, strict=True)] if self.registered else first
        )
        return np.asarray(given, dtype=np.int64)


def gather(study: Study) -> Evidence:
    """Read the data of a study and find its targets."""
    with Intake(study) as intake:
        return evidence_of(intake)


def evidence_of(intake: Intake) -> Evidence:
    """What the data of an open study hold."""
    study = intake.study
    read_all(intake)
    window = intake.window
    found: list[Target] = []
    orders = hold_out = visits = None
    who: tuple[str, ...] = ()
    registered: dict[int, int] = {}
    if window is not None and study.orders is not None:
        orders = orders_of(intake, window)
        who = tuple(customers(intake))
        if window.hold_out_days:
            hold_out = orders_of(intake, window, hold_out=True)
        found += buying.all_targets(orders.after(window.history_days), study.source)
    came = np.empty(0, dtype=np.int64)
    if "arrivals" in intake.sections and window is not None:
        registered = _registered(intake, window)
        came = _registration_days(intake, window)
    if window is not None and study.visits is not None:
        visits = visits_of(intake, window)
        first = visits.first_day
        if registered:
            first = np.array(
                [registered.get(int(c), int(d)) for c, d in zip(visits.customer, first, strict=True)], dtype=np.int64
            )
        past = window.history_days
        found += visiting.visit_targets(
            visits.after(past), None if orders is None else orders.after(past), first - past, study.source
        )
    for part in (_shares, _teams, _ties, _adoptions, _experiments):
        found += part(intake)
    found = [*typed(study, found), *found]
    if study.targets:
        found = [target for target in found if target.measure in study.targets]
    return Evidence(
        study, Targets(found), window, orders, hold_out, who, registered, came, dict(intake.sections),
        _share_days(intake),
    )  # fmt: skip


def typed(study: Study, found: Iterable[Target] = ()) -> Iterator[Target]:
    """Figures somebody typed; data that say the same go before them."""
    held = {target.name for target in found}
    for name, figure in study.figures:
        if figure is not None:
            target = Target(
                name, figure.value, figure.sd, study.source or "typed", 0, "mean" if name == "order_value" else ""
            )
            if target.name not in held:
                yield target


def targets_of_run(
    orders: pd.DataFrame, n_days: int, shoppers: pd.DataFrame | None = None, daily: pd.DataFrame | None = None
) -> Targets:
    """Targets of a simulated run by the same functions: its journal's tables `orders`, `shoppers` and `daily`.

    `n_days`: how many measured days; give a run the length of the data's window, so that both see as far.
    """
    normal = Orders.of_run(orders, n_days)
    found = list(buying.all_targets(normal))
    if daily is not None and shoppers is not None:
        found += visiting.visit_targets_of_run(daily, shoppers, normal)
    return Targets(found)


# --- reading ------------------------------------------------------------------------------------------------


def read_all(intake: Intake) -> None:
    """Read every section of the study into its table."""
    study = intake.study
    window: Window | None = None
    if study.orders is not None:
        window = read_orders(intake)
    if study.visits is not None:
        window = read_visits(intake, window)
    intake.window = window
    if study.arrivals.kind == "given":
        arrivals = study.arrivals
        intake.read("arrivals", {"customer": Wanted(arrivals.customer, "id"), "stamp": Wanted(arrivals.time, "time")})
    if study.shares is not None:
        shares = study.shares
        wanted = {
            "sender": Wanted(shares.sender, "id"),
            "receiver": Wanted(shares.receiver, "id"),
            "stamp": Wanted(shares.time, "time"),
            "product": Wanted(shares.product, "id", needed=False),
        }
        _read_pairs(intake, "shares", wanted, "sender", "receiver")
    if study.groups is not None:
        groups = study.groups
        intake.read(
            "groups",
            {
                "founder": Wanted(groups.founder, "id"),
                "outcome": Wanted(groups.outcome, "text"),
                "joiners": Wanted(groups.joiners, "text", needed=False),
            },
        )
    if study.ties is not None:
        ties = study.ties
        wanted = {"source": Wanted(ties.source, "id"), "target": Wanted(ties.target, "id")}
        _read_pairs(intake, "ties", wanted, "source", "target")
    if study.adoptions is not None:
        adoptions = study.adoptions
        intake.read(
            "adoptions",
            {
                "person": Wanted(adoptions.person, "id"),
                "item": Wanted(adoptions.item, "id"),
                "stamp": Wanted(adoptions.time, "time", needed=not adoptions.is_period),
            },
        )
    for name, spec in study.experiments.items():
        outcomes = {f"outcome:{column}": Wanted(column, "flag") for column in spec.outcomes}
        intake.read(
            f"experiments.{name}", {"unit": Wanted(spec.unit, "id"), "arm": Wanted(spec.arm, "text"), **outcomes}
        )


def _read_pairs(intake: Intake, section: str, wanted: dict[str, Wanted], one: str, other: str) -> None:
    intake.read(section, wanted)
    intake.con.execute(f"UPDATE {section} SET why = {TO_SELF} WHERE why = 0 AND {one} = {other}")
    intake.count_reasons(section)


def _registered(intake: Intake, window: Window) -> dict[int, int]:
    rows = intake.all(
        f"SELECT c.code, min(CAST(a.stamp AS DATE) - DATE '{window.start}') FROM arrivals a JOIN customers c USING "
        f"(customer) "
        "WHERE a.why = 0 GROUP BY 1 ORDER BY 1"
    )
    return {int(code): int(day) for code, day in rows}


def _registration_days(intake: Intake, window: Window) -> np.ndarray[Any, Any]:
    """The day on which each person of the file of arrivals registered, those who never ordered too."""
    (days,) = _numbers(
        intake,
        f"SELECT min(CAST(stamp AS DATE)) - DATE '{window.start}' AS day FROM arrivals WHERE why = 0 GROUP BY customer "
        "ORDER BY 1",
    )
    return days


def _share_days(intake: Intake) -> int:
    shares = intake.study.shares
    if shares is None or shares.time is None:
        return 0
    (days,) = intake.one("SELECT max(CAST(stamp AS DATE)) - min(CAST(stamp AS DATE)) + 1 FROM shares WHERE why = 0")
    return int(days or 0)


# --- sections -> targets ------------------------------------------------------------------------------------


def _numbers(intake: Intake, sql: str) -> list[np.ndarray[Any, Any]]:
    """Columns of a query as whole numbers."""
    return [np.asarray(np.ma.getdata(column)).astype(np.int64) for column in intake.columns(sql).values()]


def _people(intake: Intake, name: str, *sources: str) -> int:
    """A table `name` (id, code) of all ids in the sources (SQL that gives one column of ids); how many."""
    intake.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT id, CAST(row_number() OVER (ORDER BY id) - 1 AS BIGINT) AS "
        f"code "
        f"FROM (SELECT DISTINCT id FROM ({' UNION ALL '.join(sources)}) AS t(id))"
    )
    return int(intake.one(f"SELECT count(*) FROM {name}")[0])


def _shares(intake: Intake) -> Iterator[Target]:
    if intake.study.shares is None:
        return
    _people(intake, "sharers", "SELECT sender FROM shares WHERE why = 0", "SELECT receiver FROM shares WHERE why = 0")
    sender, receiver = _numbers(
        intake,
        "SELECT a.code, b.code AS other FROM shares s JOIN sharers a ON a.id = s.sender JOIN sharers b ON b.id = "
        "s.receiver "
        "WHERE s.why = 0",
    )
    yield from sharing.share_targets(sender, receiver, intake.study.source)


def _teams(intake: Intake) -> Iterator[Target]:
    groups = intake.study.groups
    if groups is None:
        return
    joiners = "0"
    if groups.joiners is not None:
        # a number is how many joined, unless some row lists several ids: then every number is an id
        lists = intake.one("SELECT count(*) FROM groups WHERE why = 0 AND regexp_matches(joiners, '[\\s;|]')")[0]
        listed = "len(regexp_extract_all(coalesce(joiners, ''), '[^\\s;|]+'))"
        joiners = listed if lists else "coalesce(try_cast(joiners AS BIGINT), 0)"
    escaped = groups.success.replace("'", "''")
    succeeded, joined = _numbers(
        intake, f"SELECT (outcome = '{escaped}')::INTEGER AS a, {joiners} AS b FROM groups WHERE why = 0"
    )
    if not succeeded.any():
        outcomes = ", ".join(
            str(row[0]) for row in intake.all("SELECT DISTINCT outcome FROM groups ORDER BY 1 LIMIT 8")
        )
        raise intake.study.refuse(
            "no group with this outcome", "groups.success", found=groups.success, allowed=outcomes
        )
    counted = None if groups.joiners is None else joined
    yield from sharing.team_targets(succeeded, counted, groups.is_sample, intake.study.source)


def _ties(intake: Intake) -> Iterator[Target]:
    ties = intake.study.ties
    if ties is None:
        return
    n = _people(intake, "members", "SELECT source FROM ties WHERE why = 0", "SELECT target FROM ties WHERE why = 0")
    hearer, heard = _tie_numbers(intake, "members")
    yield from sharing.tie_targets(n, hearer, heard, ties.directed, intake.study.source)


def _tie_numbers(intake: Intake, people: str) -> list[np.ndarray[Any, Any]]:
    return _numbers(
        intake,
        f"SELECT a.code, b.code AS other FROM ties t JOIN {people} a ON a.id = t.source JOIN {people} b ON b.id = "
        f"t.target "
        "WHERE t.why = 0",
    )


def _both_ways(intake: Intake, people: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(hearer, heard): a tie that is not directed is heard both ways."""
    hearer, heard = _tie_numbers(intake, people)
    assert intake.study.ties is not None
    if intake.study.ties.directed:
        return hearer, heard
    return np.concatenate([hearer, heard]), np.concatenate([heard, hearer])


def _adoptions(intake: Intake) -> Iterator[Target]:
    study = intake.study
    if study.ties is None:
        return
    if study.adoptions is not None and study.adoptions.is_period:
        n = _people(intake, "adopters", "SELECT person FROM adoptions WHERE why = 0")
        never = study.adoptions.never
        when = "stamp" if never is None else f"CASE WHEN stamp < {never} THEN stamp END"
        sql = f"SELECT p.code, min({when}) AS time FROM adoptions a JOIN adopters p ON p.id = a.person WHERE a.why = 0 GROUP BY 1 ORDER BY 1"  # noqa: E501
        time = np.ma.filled(np.ma.asarray(intake.columns(sql)["time"]).astype(np.float64), np.inf)
        time = np.where(np.isnan(time), np.inf, time)
        yield from exposure.hazard_targets(n, time, *_both_ways(intake, "adopters"), study.source)
        return
    if study.adoptions is not None:
        what = "item" if study.adoptions.item else "'all'"
        table, columns = "adoptions", f"person, {what} AS item, CAST(stamp AS DATE) AS day"
    elif study.orders is not None and study.orders.product is not None:
        table, columns = "orders", "customer AS person, product AS item, CAST(stamp AS DATE) AS day"
    else:
        return
    n = int(intake.one("SELECT count(*) FROM members")[0])
    person, thing, day = _numbers(
        intake,
        f"SELECT p.code, dense_rank() OVER (ORDER BY a.item) - 1 AS item, a.day - DATE '1970-01-01' AS day "
        f"FROM (SELECT {columns} FROM {table} WHERE why = 0) a JOIN members p ON p.id = a.person WHERE a.item IS "
        f"NOT NULL",
    )
    if len(person):
        made = exposure.Adoptions.of(n, person, thing, day, *_both_ways(intake, "members"))
        yield from exposure.exposure_targets(made, study.source)


def _experiments(intake: Intake) -> Iterator[Target]:
    study = intake.study
    for name, spec in study.experiments.items():
        columns = [f'"outcome:{column}" AS o{i}' for i, column in enumerate(spec.outcomes)]
        where = f"FROM {table_of(f'experiments.{name}')} WHERE why = 0"
        found = intake.columns(f"SELECT arm, {', '.join(columns)} {where}")
        arms = [str(row[0]) for row in intake.all(f"SELECT DISTINCT arm {where} ORDER BY 1")]
        if spec.control not in arms:
            allowed = ", ".join(arms[:12])
            raise study.refuse(
                "the control is no arm", f"experiments.{name}.control", found=spec.control, allowed=allowed
            )
        outcomes = {column: np.ma.getdata(found[f"o{i}"]) for i, column in enumerate(spec.outcomes)}
        prefix = f"{name}." if len(study.experiments) > 1 else ""
        yield from uplift.arm_targets(np.ma.getdata(found["arm"]), outcomes, spec.control, prefix, study.source)
