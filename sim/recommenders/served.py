"""What recommenders showed and what came of it: counts of one run; imports `lists`, rules.

Only here the truth is looked at: a measure may, a recommender may not. Sums are of whole numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.recommenders.lists import CELLS
from sim.recommenders.seen import Ints
from sim.rules.expose import INV_ROOT_3

UNIT = 2.0**20  # steps in which matches and cosines are counted (technical: whole numbers)
JUDGED_CELLS = CELLS // 4  # most pairs of a visitor and a product whose match is looked at on one day (technical)


class Served:
    """Counts over the measured days of what visitors' lists held."""

    def __init__(self, tastes: NDArray[np.float64]) -> None:
        self.tastes = tastes
        lengths = np.sqrt(np.maximum((tastes * tastes).sum(axis=1), 1e-12))
        self._directions = tastes / lengths[:, None]
        self.shown = np.zeros(len(tastes), dtype=np.int64)  # times that a product stood on a visitor's list
        self.totals = dict.fromkeys(
            ("lists", "unlike", "pairs", "judged", "match", "match_random", "match_best", "orders", "hits"), 0
        )
        self._rows = np.empty(0, dtype=np.int64)
        self._lists = np.empty((0, 0), dtype=np.int32)

    def show(
        self, rows: Ints, ids: Ints, lists: NDArray[np.int32], taste: NDArray[np.float64], on_sale: NDArray[np.bool_]
    ) -> None:
        """Visitors (ascending rows) see these lists; `taste` is theirs, one row each."""
        self._rows, self._lists = rows, lists
        is_there = lists >= 0
        self.shown += np.bincount(lists[is_there], minlength=len(self.shown))
        self.totals["lists"] += len(rows)
        self._judge_variety(lists, is_there)
        sold = np.flatnonzero(on_sale)
        # a share of visitors, by id: what is looked at must not grow with the shop
        some = ids % max(1, -(-len(rows) * len(sold) // JUDGED_CELLS)) == 0
        self._judge_match(lists[some & is_there.any(axis=1)], taste[some & is_there.any(axis=1)], sold)

    def _judge_variety(self, lists: NDArray[np.int32], is_there: NDArray[np.bool_]) -> None:
        pointing = np.where(is_there[:, :, None], self._directions[lists], 0.0)
        n = is_there.sum(axis=1)
        whole = np.zeros((len(lists), self.tastes.shape[1]))
        for place in range(lists.shape[1]):  # in this order on every machine
            whole = whole + pointing[:, place]
        alike = (whole * whole).sum(axis=1) - n  # summed cosine of all ordered pairs
        self.totals["unlike"] += int(np.floor(UNIT * (n * (n - 1) - alike) + 0.5).sum())
        self.totals["pairs"] += int((n * (n - 1)).sum())

    def _judge_match(self, lists: NDArray[np.int32], taste: NDArray[np.float64], sold: Ints) -> None:
        if len(lists) == 0 or len(sold) == 0:
            return
        match = np.zeros((len(lists), len(self.tastes)))
        for k in range(self.tastes.shape[1]):
            match = match + taste[:, k][:, None] * self.tastes[:, k][None, :]
        steps = np.floor(UNIT * INV_ROOT_3 * match + 0.5).astype(np.int64)
        n = (lists >= 0).sum(axis=1)
        listed = np.where(lists >= 0, np.take_along_axis(steps, np.maximum(lists, 0), axis=1), 0).sum(axis=1) // n
        some = min(lists.shape[1], len(sold))
        top = -np.partition(-steps[:, sold], some - 1, axis=1)[:, :some]
        self.totals["judged"] += len(lists)
        self.totals["match"] += int(listed.sum())
        self.totals["match_random"] += int((steps[:, sold].sum(axis=1) // len(sold)).sum())
        self.totals["match_best"] += int((top.sum(axis=1) // some).sum())

    def order(self, rows: Ints, products: Ints) -> None:
        """Orders of the day: how many by who saw a list today, and how many of these of something on it."""
        if len(self._rows) == 0:
            return
        place = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        saw = self._rows[place] == rows
        self.totals["orders"] += int(saw.sum())
        self.totals["hits"] += int((self._lists[place[saw]] == products[saw][:, None]).any(axis=1).sum())
        self._rows = self._rows[:0]

    def counts(self) -> dict[str, int]:
        """All counts; products that ever stood on a list, and how many there are."""
        return self.totals | {"products_shown": int((self.shown > 0).sum()), "products": len(self.shown)}
