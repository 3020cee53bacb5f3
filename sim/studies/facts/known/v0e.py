"""V0e: books balance; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.metrics import measure
from sim.studies.facts import exact
from sim.studies.facts.fact import Fact, Value, exactly
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import EXACT

FACT: Final = Fact(
    "V0e", "Books balance to the cent: GMV is the sum of order lines; less cuts and refunds it is net revenue; less "
    "cost and the ledger, profit; and no budget is passed on any day.",
    "definition", "theory", "theory",
)  # fmt: skip
CAP: Final = 25.0


@FACT.test(
    EXACT,
    exactly("largest daily difference from the order lines, cents"),
    exactly("profit less what the lines leave, cents"),
    exactly("days on which a cap is passed"),
)
def books(lab: Lab) -> Sequence[Value]:
    """Every tactic there is, and a coupon with a budget a day; money again from orders and products alone."""
    asked = {
        "all": exact.examples(),
        "capped": {"kind": "coupon", "face": 3.0, "budget_per_day": CAP},
    }
    changes = {**exact.busy(), "strategies": asked}
    journal, capped = (lab.play(changes, label) for label in asked)
    params = lab.scenario.with_(changes).coefficients()
    daily, orders = journal.daily.set_index("day"), journal.orders
    back = orders["is_returned"]
    resold = np.floor(orders["cost_cents"] * params.resale + 0.5).astype(np.int64).where(back, 0)

    def by_day(values: Any) -> Any:
        return values.groupby(orders["day"]).sum().reindex(daily.index, fill_value=0)

    gmv, paid, refund = (
        by_day(orders["list_cents"]), by_day(orders["paid_cents"]), by_day(orders["paid_cents"].where(back, 0)),
    )  # fmt: skip
    cogs = by_day(orders["cost_cents"] - resold)
    ship = by_day(orders["quantity"] * 0 + int(params.ship * 100 + 0.5))
    expense, contra = (
        journal.ledger[journal.ledger["cls"] == cls].groupby("day")["amount_cents"].sum().reindex(daily.index).fillna(0)
        for cls in ("expense", "contra_revenue")
    )
    gap = exact.largest_gap(
        (daily["gmv_cents"], gmv), (daily["nmv_cents"], paid - refund), (daily["cogs_cents"], cogs),
        (daily["fulfilment_cents"], ship), (daily["cost_cents"], gmv - paid + expense), (contra, gmv - paid),
    )  # fmt: skip
    profit = int((paid - refund - cogs - ship - expense).sum())
    per_day = capped.ledger.groupby("day")["amount_cents"].sum()
    return [gap, float((measure(journal)["profit_cents"] or 0) - profit), float((per_day > 100 * CAP).sum())]
