"""Small shops in which everything happens soon, and what makes two runs the same; imports strategies and below."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from sim.journal import Journal

#: makes what is rare frequent, so that small worlds go through every line of the model
BUSY: Final = {
    "alpha": -1.0, "p_post": 0.8, "g_n": 0.9, "organic": 0.05, "churn": 3.0, "om_0": 0.01, "a_inv": 0.3, "a_kol": 0.1,
    "s_0": 0.0, "s_u": 0.0, "r_0": 10.0, "rev_0": 0.2, "fail": 0.15, "ret_0": 0.4, "w_fr": 5.0, "q_more": 0.8,
    "f_1": 0.0, "g_f": 0.3, "fat_ask": 2.0, "o_p": 0.02, "e_p": 1.0, "k_e": 0.05, "b_r": 3.0, "v_bad": 3.0,
    "w_promo": 4.0,
}  # fmt: skip
#: everything through which one shopper's acts reach another's choices
ALONE: Final = dict.fromkeys(
    (
        "e_in", "w_fr", "b_r", "b_sp", "b_h", "w_pop", "b_q", "b_v", "om_h", "a_inv", "k_e", "fat_ask", "g_n", "g_a",
        "v_own",
    ),
    0.0,
)  # fmt: skip


def busy() -> dict[str, Any]:
    """The same as changes to a scenario."""
    return {f"params.{name}": value for name, value in BUSY.items()}


def examples(*without: str) -> list[dict[str, Any]]:
    """Every tactic there is, strong enough to be seen, as one strategy."""
    from sim.strategies import registry

    return [
        tactic.example().model_dump(mode="json", exclude_defaults=True) | {"kind": kind}
        for kind, tactic in registry().items()
        if kind not in without
    ]


def nulls() -> list[dict[str, Any]]:
    """Every tactic there is, without effect."""
    from sim.strategies import registry

    return [{**tactic.null().model_dump(mode="json"), "kind": kind} for kind, tactic in registry().items()]


def log(journal: Journal) -> pd.DataFrame:
    """The event log in an order that does not depend on how it was written."""
    assert journal.events is not None
    table = journal.events.astype({"type": str})
    return table.sort_values(list(table.columns), ignore_index=True)


def differing(a: pd.DataFrame, b: pd.DataFrame) -> float:
    """Rows that are in one of two tables and not in the other; rows that repeat count."""
    keyed = [t.assign(nth=t.groupby(list(t.columns), dropna=False).cumcount()) for t in (a, b)]
    return float(len(pd.concat(keyed).drop_duplicates(keep=False)))


def largest_gap(*pairs: tuple[Any, Any]) -> float:
    """Largest difference between two columns, over pairs of them."""
    gaps = [np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)) for a, b in pairs]
    return float(max(gap.max(initial=0.0) for gap in gaps))
