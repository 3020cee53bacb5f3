"""What a shop has seen: who bought what and kept it, what products are like, who knows whom; imports NumPy, SciPy."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Purchases:
    """Who bought which product, however often: rows of people, positions of products."""

    def __init__(self, n_people: int, n_products: int) -> None:
        self.n_people, self.n_products = n_people, n_products
        self._pairs = np.empty(0, dtype=np.int64)  # row x n_products + position, ascending, each once
        self._new: list[Ints] = []

    def write(self, rows: Ints, products: Ints) -> None:
        """Write down orders of one day."""
        self._new.append(rows.astype(np.int64) * self.n_products + products)

    def matrix(self) -> Any:
        """Sparse rows (CSR) of ones, people x products, as of now; columns ascend."""
        from scipy.sparse import csr_matrix

        if self._new:
            self._pairs, self._new = np.unique(np.concatenate([self._pairs, *self._new])), []
        starts = np.searchsorted(self._pairs, np.arange(self.n_people + 1) * self.n_products)
        columns = (self._pairs % self.n_products).astype(np.int32)
        ones = np.ones(len(columns), dtype=np.int32)
        return csr_matrix((ones, columns, starts), shape=(self.n_people, self.n_products))


class Seen(NamedTuple):
    """What a recommender learns from on one morning."""

    bought: Any  # Purchases.matrix()
    units: Ints  # sold until yesterday, per product
    tastes: NDArray[np.float64]  # n_products x 3: what products are like, as the shop describes them
    friends: Any  # sparse rows of ones: whom each person hears; None where nobody asks


class Recommender(Protocol):
    """One way to judge products."""

    def judge(self, rows: Ints) -> tuple[Ints, Ints]:
        """Scores (these people x products; 0 = no reason to show it) and how many purchases speak for each person."""
        ...


def friends(indptr: Ints, audience: NDArray[Any], is_directed: bool) -> Any:
    """Whom each person hears, as sparse rows of ones, from lists of who hears each."""
    from scipy.sparse import csr_matrix

    n = len(indptr) - 1
    heard = csr_matrix((np.ones(len(audience), dtype=np.int8), audience, indptr), shape=(n, n))
    return heard.T.tocsr() if is_directed else heard
