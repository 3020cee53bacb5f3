"""Lists of what to show each person: the best by score, the rest by the rule for the unknown; imports `seen`."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.recommenders.seen import Ints, Recommender

CELLS = 4_000_000  # scores that are held at once (technical: 32 MB an array)


class Wanted(NamedTuple):
    """What lists are to be like."""

    places: int
    cold_below: int  # purchases that must speak for a person
    cold_start: Literal["popularity", "explore"]  # what fills the places nothing speaks for
    skip_bought: bool
    exploration: float  # chance of a place to go to any product on sale


class Lists(NamedTuple):
    """Positions of products, people x places (-1: nothing to show), and how many of the places were chosen for her."""

    product: NDArray[np.int32]
    n_personal: Ints


def best(scores: Ints, places: int) -> NDArray[np.int32]:
    """The products with the highest scores above 0, the best first, at a tie the earlier position; -1 for none."""
    n, n_products = scores.shape
    places_there = min(places, n_products)
    # one number a product, no two alike: a partial sort then has one answer
    keys = scores * n_products + np.arange(n_products)[::-1]
    if places_there < n_products:
        keys = -np.partition(-keys, places_there - 1, axis=1)[:, :places_there]
    keys = -np.sort(-keys, axis=1)
    found = np.full((n, places), -1, dtype=np.int32)
    found[:, :places_there] = np.where(keys >= n_products, n_products - 1 - keys % n_products, -1)
    return found


def best_sellers(units: Ints, on_sale: NDArray[np.bool_]) -> Ints:
    """Positions of what sells, the best first; what never sold is not among them."""
    order = np.argsort(-units, kind="stable")
    return order[(units[order] > 0) & on_sale[order]]


def make(
    recommender: Recommender,
    rows: Ints,
    words: Ints | None,
    bought: Any,
    units: Ints,
    on_sale: NDArray[np.bool_],
    wanted: Wanted,
) -> Lists:
    """Lists for these people; `words` (people x places x 2) are the luck of what is shown to learn something."""
    step = max(1, CELLS // max(len(on_sale), 1))
    parts = [
        _make(
            recommender, rows[low : low + step], None if words is None else words[low : low + step], bought, units,
            on_sale, wanted,
        )
        for low in range(0, max(len(rows), 1), step)
    ]  # fmt: skip
    return Lists(*[np.concatenate(columns) for columns in zip(*parts, strict=True)])


def _make(
    recommender: Recommender, rows: Ints, words: Ints | None, bought: Any, units: Ints, on_sale: NDArray[np.bool_],
    wanted: Wanted,
) -> Lists:  # fmt: skip
    scores, known = recommender.judge(rows)
    scores[:, ~on_sale] = 0
    scores[known < wanted.cold_below] = 0
    if wanted.skip_bought:
        scores[bought[rows].nonzero()] = 0
    lists = best(scores, wanted.places)
    is_personal = lists >= 0
    sold = np.flatnonzero(on_sale)
    if wanted.cold_start == "popularity":
        _fill(lists, best_sellers(units, on_sale))
    elif words is not None and len(sold):
        lists = np.where(is_personal, lists, sold[(words[:, :, 1] * len(sold)) >> 32]).astype(np.int32)
    if wanted.exploration > 0.0 and words is not None and len(sold):
        explored = (words[:, :, 0] + 0.5) * 2.0**-32 < wanted.exploration
        lists = np.where(explored, sold[(words[:, :, 1] * len(sold)) >> 32], lists).astype(np.int32)
        is_personal &= ~explored
    return Lists(lists, is_personal.sum(axis=1).astype(np.int64))


def _fill(lists: NDArray[np.int32], fillers: Ints) -> None:
    """Put the first of `fillers` that a list does not hold yet into its empty places, which stand at its end."""
    places = lists.shape[1]
    held = (lists >= 0).sum(axis=1)
    short = np.flatnonzero(held < places)
    fillers = fillers[: 2 * places]  # enough, even where all the others of them are held
    is_new = ~(lists[short][:, None, :] == fillers[None, :, None]).any(axis=2)
    turn = np.cumsum(is_new, axis=1)
    who, which = np.nonzero(is_new & (turn <= (places - held[short])[:, None]))
    lists[short[who], held[short[who]] + turn[who, which] - 1] = fillers[which]
