"""The shop's own analytics: what it predicts of members, and how far it is wrong; imports `draws`, `_jit`, records.

Two ways to a score. *Learned*: shares found in the shop's own books, of members who stood there as she does now.
*Set*: the truth, blurred until the two are correlated as asked. Neither is ever as good as the truth itself.
Days count from the start of the burn-in; columns go over all shoppers, by row.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import kernel
from sim.rules.records import NEVER, Column

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ScoreName = Literal["risk", "intent", "mood"]
SCORES: Final[tuple[ScoreName, ...]] = ("risk", "intent", "mood")
RISK_DAYS: Final = 14  # risk: not seen in so many days, today included (guess: what the shop calls silent)
INTENT_DAYS: Final = 7  # intent: an order in so many days, today included (guess)

# where a member stands (all bounds are guesses): a value belongs to the bin of the last bound it reaches
AWAY_DAYS: Final = np.array([3, 5, 8, 15, 31])  # days since the last visit, or since registration
VISITS_IN_30_DAYS: Final = np.array([2, 4, 8, 15])
ORDERS: Final = np.array([1, 2, 4])
TENURE_DAYS: Final = np.array([14, 90])
#: what is expected before anything was seen, by days away (guess)
RISK_AT_FIRST: Final = np.array([0.35, 0.45, 0.55, 0.65, 0.80, 0.95])
INTENT_AT_FIRST: Final = np.array([0.10, 0.08, 0.06, 0.04, 0.02, 0.005])
KEPT_A_DAY: Final = 1.0 - 1.0 / 30.0  # what a judged day still counts for on the next: about a month (guess)
PRIOR_MEMBERS: Final = 50.0  # member-days that what is expected counts as much as, on either level (guess)


class Books(NamedTuple):
    """What the shop wrote down of everybody until yesterday."""

    registered_day: Ints
    last_visit_day: Ints
    last_order_day: Ints
    n_visits: Ints  # since the burn-in began
    n_orders: Ints


class Learner:
    """Shares of members to whom something happened within some days, by where they stood before; kept up daily.

    In the morning of day t the members of day t - days are judged: everything that could happen has been seen. Days
    judged long ago count less. A share is drawn towards that of everybody as long away, and that towards what is
    expected at first, each as if of PRIOR_MEMBERS member-days.

    The books begin with the burn-in: of who was not seen since, one cannot say how long she is away until that is
    longer than the last bound. Until then she is not judged.
    """

    def __init__(self, days: int, at_first: Floats, n_kinds: int) -> None:
        self.days, self.at_first = days, at_first
        self.n_kinds = n_kinds  # bins of what stands beside days away and tenure
        shape = (len(AWAY_DAYS) + 1, n_kinds, len(TENURE_DAYS) + 1)
        self.seen, self.happened = np.zeros(shape), np.zeros(shape)
        self._waiting: deque[NDArray[np.int16]] = deque()  # where everybody stood on the last days; -1 = no member
        self.cell = np.empty(0, dtype=np.int16)
        self.shares: Floats = np.empty(0)

    def start_day(self, day: int, books: Books, kind: Ints, has_happened: NDArray[np.bool_]) -> None:
        """Judge the members of `days` ago, of whom it has or has not happened since; see where everybody stands now."""
        if len(self._waiting) == self.days:
            before = self._waiting.popleft()
            is_member = before >= 0
            n = self.seen.size
            counts = [np.bincount(before[who], minlength=n) for who in (is_member, is_member & has_happened)]
            self.seen, self.happened = (
                KEPT_A_DAY * table + count.reshape(table.shape)
                for table, count in zip((self.seen, self.happened), counts, strict=True)
            )
        self.cell = self._cells(day, books, kind)
        is_known = (books.last_visit_day != NEVER) | (books.registered_day >= 0) | (day >= AWAY_DAYS[-1])
        is_judged = is_known & (books.registered_day != NEVER)
        self._waiting.append(np.where(is_judged, self.cell, -1).astype(np.int16))
        axes = (1, 2)
        as_long = (self.happened.sum(axis=axes) + PRIOR_MEMBERS * self.at_first) / (
            self.seen.sum(axis=axes) + PRIOR_MEMBERS
        )
        shares = (self.happened + PRIOR_MEMBERS * as_long[:, None, None]) / (self.seen + PRIOR_MEMBERS)
        self.shares = shares.ravel()

    def _cells(self, day: int, books: Books, kind: Ints) -> NDArray[np.int16]:
        tenure = np.where(books.registered_day == NEVER, 0, day - books.registered_day)
        away = np.minimum(day - books.last_visit_day, tenure)
        places = (
            np.searchsorted(AWAY_DAYS, away, side="right"),
            kind,
            np.searchsorted(TENURE_DAYS, tenure, side="right"),
        )
        return np.ravel_multi_index(places, self.seen.shape).astype(np.int16)

    def score(self, rows: Ints) -> Floats:
        """The share of each of these people; who is no member yet stands where a new one does."""
        return self.shares[self.cell[rows]]


def visit_kind(day: int, books: Books) -> Ints:
    """How often she came lately, as a bin: visits in 30 days at the rate of the days she was watched."""
    since = np.minimum(np.where(books.registered_day == NEVER, 1, day - books.registered_day), day)
    return np.searchsorted(VISITS_IN_30_DAYS, 30 * books.n_visits // np.maximum(since, 1), side="right")


def order_kind(books: Books) -> Ints:
    """How often she bought, as a bin."""
    return np.searchsorted(ORDERS, books.n_orders, side="right")


class Truth(NamedTuple):
    """What the engine knows this morning, for everybody: chances of what scores are about, and moods."""

    risk: Floats
    intent: Floats
    mood: Floats

    def of(self, name: ScoreName) -> Floats:
        """One of them by name."""
        return np.asarray(getattr(self, name))


def blurred(truth: Floats, accuracy: float, seed: int, day: int, name: ScoreName, ids: Ints) -> Floats:
    """A reading of a truth that is as good as `accuracy`: the truth's own values, dealt out in another order.

    The order is that of accuracy * z + sqrt(1 - accuracy^2) * e, where z is the normal score of her rank (equal truths
    by lot) and e a normal error of hers on `day`. So normal scores of reading and truth are correlated as asked,
    1 is the truth itself and 0 says nothing.
    """
    item = SCORES.index(name)
    lot = np.empty((len(ids), 4), dtype=np.int64)
    draws.blocks(seed, draws.SCORE_ERROR, day, ids, np.full(len(ids), item), lot)
    by_truth = np.lexsort((ids, lot[:, 1], truth))
    z, error = np.empty(len(ids)), np.empty(len(ids))
    _normal_scores(by_truth, z)
    _normals(lot[:, 0].copy(), error)
    reading = accuracy * z + np.sqrt(1.0 - accuracy * accuracy) * error
    found = np.empty(len(ids))
    found[np.lexsort((ids, reading))] = truth[by_truth]
    return found


@kernel
def _normal_scores(order: Column, out: Column) -> None:
    n = order.shape[0]
    for k in range(n):
        out[order[k]] = draws.normal((k + 0.5) / n)


@kernel
def _normals(words: Column, out: Column) -> None:
    for k in range(words.shape[0]):
        out[k] = draws.normal(draws.unit(words[k]))


class Analytics:
    """What the shop predicts in one run: for each score either a learner or a set accuracy."""

    def __init__(
        self, needed: frozenset[str], accuracy: dict[ScoreName, float | None], world_seed: int, noise_seed: int
    ) -> None:
        self.needed, self.accuracy = needed, accuracy
        self.world_seed, self.noise_seed = world_seed, noise_seed
        self.learners: dict[str, Learner] = {}
        if "risk" in needed and accuracy["risk"] is None:
            self.learners["risk"] = Learner(RISK_DAYS, RISK_AT_FIRST, len(VISITS_IN_30_DAYS) + 1)
        if "intent" in needed and accuracy["intent"] is None:
            self.learners["intent"] = Learner(INTENT_DAYS, INTENT_AT_FIRST, len(ORDERS) + 1)
        self.read: dict[str, Floats] = {}  # today's readings of what has a set accuracy

    @property
    def needs_truth(self) -> bool:
        """Does any score asked for have a set accuracy?"""
        return bool(self.needed - self.learners.keys())

    def start_day(self, day: int, books: Books) -> None:
        """Learn from the days until yesterday."""
        if learner := self.learners.get("risk"):
            learner.start_day(day, books, visit_kind(day, books), books.last_visit_day < day - learner.days)
        if learner := self.learners.get("intent"):
            learner.start_day(day, books, order_kind(books), books.last_order_day >= day - learner.days)

    def look(self, day: int, truth: Truth, ids: Ints, registered_day: Ints) -> None:
        """Read this morning's truth about all members, with the errors that go with the accuracy.

        Errors about risk and intent stay with a member for the whole run; moods are read anew every day.
        """
        members = np.flatnonzero(registered_day != NEVER)
        for name in SCORES:
            accuracy = self.accuracy[name]
            if name not in self.needed or accuracy is None:
                continue
            known = np.sort(truth.of(name)[members])
            found = np.full(len(ids), known[len(known) // 2] if len(known) else 0.0)  # who is no member yet: the middle
            seed, when = (self.noise_seed, day) if name == "mood" else (self.world_seed, 0)
            found[members] = blurred(truth.of(name)[members], accuracy, seed, when, name, ids[members])
            self.read[name] = found

    def score(self, name: ScoreName, rows: Ints) -> Floats:
        """One score of these people this morning."""
        if name not in self.needed:
            raise RuntimeError(f"a tactic that uses {name} must say so in its class variable `reads`")
        return self.learners[name].score(rows) if name in self.learners else self.read[name][rows]
