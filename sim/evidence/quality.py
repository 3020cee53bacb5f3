"""What is odd in a study's data: gaps, duplicates, refunds, outliers, likely bots; imports `intake`, `normal`.

Nothing is left out here and nothing is changed: what is odd is said, with what to write in the study to leave it out.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any, Final

from sim.evidence.intake import AFTER, BEFORE, REASONS, REFUND, Intake

#: a customer who orders or comes so often is likely not one person
MOST_A_DAY: Final = {"orders": 20, "visits": 200}
#: order days of more than this share of all days, over at least MANY days
MOST_DAYS: Final = 0.5
MANY: Final = 28
LONG_GAP: Final = 3
#: standard deviations of the logarithm beyond which a value is an outlier
FAR: Final = 4.0
#: arms that differ so much in size are hardly drawn by lot with equal chances (the usual border for a mismatch)
UNEVEN: Final = 0.01
_SHOWN: Final = 5
_KEPT: Final = f"why IN (0, {BEFORE}, {AFTER})"


def quality(intake: Intake) -> dict[str, Any]:
    """What is odd, by section."""
    found: dict[str, Any] = {}
    if "orders" in intake.sections:
        found["orders"] = {
            **_days(intake, "orders"),
            **_values(intake),
            **_bots(intake, "orders"),
            **_newcomers(intake),
        }
    if "visits" in intake.sections:
        found["visits"] = {**_days(intake, "visits"), **_bots(intake, "visits")}
    for name in ("shares", "ties", "groups", "adoptions"):
        if name in intake.sections:
            found[name] = _doubles(intake, name)
    for name in intake.sections:
        if name.startswith("experiments."):
            found[name] = _arms(intake, name)
    return found


def remarks(found: dict[str, Any], intake: Intake) -> list[str]:
    """The odd things in words, the gravest first."""
    said: list[str] = []
    window = intake.window
    if window is not None and window.end > window.data_end:
        said.append(
            f"the fit goes to {window.end}, the last row is of {window.data_end}: the days between count as days on "
            "which nothing happened"
        )
    if window is not None and window.start < window.data_start:
        said.append(f"the fit begins on {window.start}, the first row is of {window.data_start}")
    if window is not None and window.known_days < window.hold_out_days:
        said.append(f"the data hold {window.known_days} of the {window.hold_out_days} days held out")
    for name, section in intake.sections.items():
        odd = found.get(name, {})
        counts = section.rows - sum(section.left_out.values())
        lost = sum(n for why, n in section.left_out.items() if why in (REASONS[2], REASONS[3], REASONS[4]))
        if lost > 0.05 * section.rows:
            said.append(f"{name}: {lost / section.rows:.1%} of the rows lack an id, a time or a number")
        said += [f"{name}: {text}" for text in section.remarks]
        if odd.get("customers") == 1:
            said.append(f"{name}: one customer only; nothing can be said about customers")
        if 0 < odd.get("days", 99) < 14:
            said.append(f"{name}: {odd['days']} days only; repeat buying cannot be seen in less than a few weeks")
        for gap in odd.get("gaps", ()):
            said.append(f"{name}: no row from {gap['from']} to {gap['to']} ({gap['days']} days)")
        if odd.get("duplicates"):
            said.append(
                f"{name}: {odd['duplicates']:,} rows are like another one in every column that is used; they count. If "
                f"they are copies, remove them"
            )
        if odd.get("refunds", {}).get("rows"):
            refunds = odd["refunds"]
            said.append(f"{name}: {refunds['rows']:,} refunds worth {-refunds['value']:,.2f} are left out, not set off")
        if odd.get("free"):
            said.append(f"{name}: {odd['free']:,} rows with value 0 count as orders, but not in order values")
        if odd.get("outliers", {}).get("rows"):
            outliers = odd["outliers"]
            said.append(
                f"{name}: {outliers['rows']:,} values above {outliers['above']:,.2f} (up to "
                f"{outliers['most']:,.2f}) count; "
                f"{outliers['share']:.1%} of all value"
            )
        if odd.get("likely_bots"):
            bots = odd["likely_bots"]
            listed = ", ".join(f'"{bot["customer"]}"' for bot in bots[:_SHOWN])
            said.append(
                f"{name}: {odd['n_likely_bots']:,} customers come more often than people do (dealers, staff, bots): "
                f"{listed}; "
                f"they count. `drop: {{{section.columns['customer']}: [{listed}]}}` leaves them out"
            )
        if odd.get("old_customers"):
            said.append(
                f"{name}: {odd['old_customers']:.1f} times as many first orders a week in the first 4 weeks as "
                f"later: many of "
                "these customers are old ones, whose first order was before the data"
            )
        if odd.get("closed_after"):
            said.append(f"{name}: a closed cohort, nobody's first order is after {odd['closed_after']}")
        if odd.get("last_days_thin"):
            said.append(f"{name}: the last day has less than a third of the usual rows: is it a whole day?")
        if odd.get("units_twice"):
            said.append(f"{name}: {odd['units_twice']:,} units appear more than once")
        if odd.get("uneven_arms"):
            said.append(
                f"{name}: the arms differ in size more than by a lot with equal chances (p = {odd['uneven_arms']:.2g})"
            )
        if counts == 0:
            said.append(f"{name}: no row counts")
    return said


def _days(intake: Intake, table: str) -> dict[str, Any]:
    """Span, gaps, exact duplicates, customers."""
    rows = intake.all(f"SELECT CAST(stamp AS DATE) AS d, count(*) FROM {table} WHERE {_KEPT} GROUP BY 1 ORDER BY 1")
    days = [row[0] for row in rows]
    counts = sorted(row[1] for row in rows)
    n_days = (days[-1] - days[0]).days + 1
    weekdays = {day.weekday() for day in days}
    gaps = []
    for before, after in itertools.pairwise(days):
        missing = (after - before).days - 1
        if missing >= LONG_GAP:
            first, last = before + timedelta(days=1), after - timedelta(days=1)
            gaps.append({"from": str(first), "to": str(last), "days": missing})
    gaps.sort(key=lambda gap: -gap["days"])
    doubles, people = intake.one(
        f"SELECT (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {table} WHERE {_KEPT} GROUP BY ALL "
        f"HAVING count(*) > 1)), (SELECT count(DISTINCT customer) FROM {table} WHERE {_KEPT})"
        .replace("SELECT count(*) AS n FROM", "SELECT *, count(*) AS n FROM")
    )  # fmt: skip
    return {
        "first_day": str(days[0]), "last_day": str(days[-1]), "days": n_days, "customers": int(people),
        "days_without_rows": n_days - len(days), "gaps": gaps[:_SHOWN],
        "closed_weekdays": [d for d in range(7) if d not in weekdays] if n_days >= MANY else [],
        "duplicates": int(doubles),
        "last_days_thin": n_days >= MANY and rows[-1][1] * 3 < counts[len(counts) // 2],
    }  # fmt: skip


def _values(intake: Intake) -> dict[str, Any]:
    """Refunds, free orders and outliers."""
    n, total = intake.one(f"SELECT count(*), coalesce(sum(value), 0) FROM orders WHERE why = {REFUND}")
    free, mean, sd, all_value, least, most = intake.one(
        "SELECT count(*) FILTER (value = 0), avg(ln(value)) FILTER (value > 0), stddev_samp(ln(value)) FILTER "
        "(value > 0), "
        f"sum(value), min(value), max(value) FROM orders WHERE {_KEPT}"
    )
    found: dict[str, Any] = {
        "refunds": {"rows": int(n), "value": float(total)},
        "free": int(free),
        "value": float(all_value),
    }
    found["least_value"], found["most_value"] = float(least), float(most)
    if sd:
        import math

        above = math.exp(min(mean + FAR * sd, 700.0))
        rows, value = intake.one(
            f"SELECT count(*), coalesce(sum(value), 0) FROM orders WHERE {_KEPT} AND value > {above!r}"
        )
        share = float(value) / float(all_value) if all_value else 0.0
        found["outliers"] = {"above": above, "rows": int(rows), "most": float(most), "share": share}
    return found


def _bots(intake: Intake, table: str) -> dict[str, Any]:
    """Customers who order or come more often than people do: moments on one day, or a share of all days."""
    n_days = int(intake.one(f"SELECT max(day) - min(day) + 1 FROM {table} WHERE {_KEPT}")[0])
    rows = intake.all(
        "SELECT customer, max(moments) AS busiest, count(*) AS days, sum(moments) AS rows FROM (SELECT customer, day, "
        f"count(DISTINCT stamp) AS moments FROM {table} WHERE {_KEPT} GROUP BY 1, 2) GROUP BY 1 "
        f"HAVING max(moments) > {MOST_A_DAY[table]} OR ({n_days} >= {MANY} AND count(*) > {MOST_DAYS if table == 'orders' else 0.98} * {n_days}) "  # noqa: E501
        "ORDER BY rows DESC, customer"
    )
    named = [
        {"customer": str(who), "most_on_one_day": int(busiest), "days": int(days), "times": int(times)}
        for who, busiest, days, times in rows[:20]
    ]
    return {"likely_bots": named, "n_likely_bots": len(rows)}


def _newcomers(intake: Intake) -> dict[str, Any]:
    """Whether the first weeks hold old customers, and whether the cohort is closed."""
    rows = intake.all(
        f"SELECT d, count(*) FROM (SELECT customer, min(CAST(stamp AS DATE)) AS d FROM orders WHERE {_KEPT} GROUP "
        f"BY 1) "
        "GROUP BY 1 ORDER BY 1"
    )
    last = intake.one(f"SELECT max(CAST(stamp AS DATE)) FROM orders WHERE {_KEPT}")[0]
    first, final = rows[0][0], rows[-1][0]
    n_days = (last - first).days + 1
    if n_days < 3 * MANY or sum(n for _, n in rows) < 100:
        return {}
    if (last - final).days >= MANY:
        return {"closed_after": str(final)}
    early = sum(n for day, n in rows if (day - first).days < MANY) / MANY
    later = sum(n for day, n in rows if (day - first).days >= 2 * MANY) / (n_days - 2 * MANY)
    return {"old_customers": early / later} if later and early / later > 2 else {}


def _doubles(intake: Intake, table: str) -> dict[str, Any]:
    n = intake.one(
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT *, count(*) AS n FROM {table} WHERE why = 0 GROUP BY ALL "
        "HAVING count(*) > 1)"
    )[0]
    found: dict[str, Any] = {"repeated_rows": int(n)}
    if table == "ties":
        found["duplicates"] = int(n)
    if "stamp" in intake.sections[table].columns and table == "shares":
        found["first_day"], found["last_day"] = map(
            str, intake.one(f"SELECT min(CAST(stamp AS DATE)), max(CAST(stamp AS DATE)) FROM {table} WHERE why = 0")
        )
    return found


def _arms(intake: Intake, name: str) -> dict[str, Any]:
    """Sizes of arms, units that appear twice, and whether arms of one size would differ so much by lot."""
    from sim.evidence.intake import table_of

    table = table_of(name)
    rows = intake.all(f"SELECT arm, count(*) FROM {table} WHERE why = 0 GROUP BY 1 ORDER BY 1")
    sizes = {str(arm): int(n) for arm, n in rows}
    found: dict[str, Any] = {"arms": sizes}
    if "unit" in intake.sections[name].columns:
        twice = intake.one(
            f"SELECT count(*) FROM (SELECT unit FROM {table} WHERE why = 0 GROUP BY 1 HAVING count(*) > 1)"
        )
        found["units_twice"] = int(twice[0])
    if len(sizes) > 1:
        from scipy.stats import chisquare

        p = float(chisquare(list(sizes.values())).pvalue)
        if p < UNEVEN:
            found["uneven_arms"] = p
    return found
