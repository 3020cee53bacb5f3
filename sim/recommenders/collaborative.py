"""Collaborative filtering: what goes with what she bought, by items or by users; imports `seen`."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np

from sim.recommenders.seen import Ints, Seen

UNIT: Final = 2.0**20  # likeness is counted in these steps (technical: whole numbers)
WEIGHT_UNIT: Final = 2.0**10  # and so are weights of customers: sums over millions of them must fit (technical)
MOST_PRODUCTS: Final = 2000  # best bought products that are compared, so that the table stays small (technical: 32 MB)


def links_by_item(bought: Any) -> Ints:
    """Cosine of every two products' sets of buyers."""
    together = (bought.T @ bought).toarray().astype(np.int64)
    buyers = np.maximum(np.diag(together), 1).astype(np.float64)
    found: Ints = np.floor(UNIT * together / np.sqrt(buyers[:, None] * buyers[None, :]) + 0.5).astype(np.int64)
    return found


def links_by_user(bought: Any) -> Ints:
    """How many bought both, each counted by 1 / sqrt(what she bought in all).

    Summed over her products this is, for every product, the sum over all customers who bought it of the cosine of
    their set and hers (but for her own 1 / sqrt(size), which ranks nothing): everybody is a neighbour.
    """
    sizes = np.diff(bought.indptr)
    weight = np.floor(WEIGHT_UNIT / np.sqrt(np.maximum(sizes, 1).astype(np.float64)) + 0.5).astype(np.int64)
    weighed = bought.copy()
    weighed.data = np.repeat(weight, sizes)
    found: Ints = (bought.T @ weighed).toarray().astype(np.int64)
    return found


class Collaborative:
    """A product's score is the sum of its links to what she bought. What nobody bought has no link to anything."""

    def __init__(self, seen: Seen, neighbours: Literal["item", "user"]) -> None:
        buyers = np.asarray(seen.bought.sum(axis=0)).ravel()
        self.n_products = len(buyers)
        best = np.argsort(-buyers, kind="stable")[:MOST_PRODUCTS]
        self.compared = np.sort(best[buyers[best] > 0])
        is_all = len(self.compared) == self.n_products
        self.bought = seen.bought if is_all else seen.bought[:, self.compared]
        self.links = (links_by_item if neighbours == "item" else links_by_user)(self.bought)

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores, and how many different products each bought."""
        bought = self.bought[rows]
        scores = np.zeros((len(rows), self.n_products), dtype=np.int64)
        scores[:, self.compared] = bought.astype(np.int64) @ self.links
        return scores, np.diff(bought.indptr).astype(np.int64)
