"""Who adopts after how many friends have: exposure curves with a shuffled baseline, hazards; imports `target`.

Ties go from who hears to who is heard. People and items are whole numbers 0, 1, ..; times may be any numbers. A friend
counts if she adopted strictly earlier. Neither a curve nor a hazard proves influence: friends are alike as well.
What the shuffled baseline removes is that active people have active friends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.evidence.target import Target, share

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST: Final = 10
SHUFFLES: Final = 20
SEED: Final = 1
#: fewest adoptions behind a target
FEWEST: Final = 10
_CHUNK: Final = 4_000_000  # exposures held at a time


@dataclass(frozen=True)
class Adoptions:
    """First adoptions of items by people of a network, sorted by item, and the ties among the people."""

    n_people: int
    n_items: int
    person: Ints
    item: Ints
    time: Floats
    hearer: Ints
    heard: Ints

    @classmethod
    def of(cls, n_people: int, person: Any, item: Any, time: Any, hearer: Any, heard: Any) -> Adoptions:
        """From rows in any order: repeated ties and later adoptions of the same item by the same person go."""
        hearer, heard = np.asarray(hearer, dtype=np.int64), np.asarray(heard, dtype=np.int64)
        keys = np.unique(hearer[hearer != heard] * n_people + heard[hearer != heard])
        item = np.unique(np.asarray(item), return_inverse=True)[1].reshape(-1).astype(np.int64)
        n_items = int(item.max(initial=-1)) + 1
        rows = _first(np.asarray(person, dtype=np.int64), item, np.asarray(time, dtype=np.float64))
        return cls(n_people, n_items, *rows, keys // n_people, keys % n_people)

    def counts(self) -> tuple[Ints, Ints]:
        """(pairs that ever had k friends who had adopted, adoptions with exactly k), k = 0 .. MOST.

        A pair has k friends if k adopted before she did herself, or k at all if she never did.
        """
        reached, adopted = np.zeros(MOST + 2, dtype=np.int64), np.zeros(MOST + 2, dtype=np.int64)
        order = np.argsort(self.heard, kind="stable")
        hearers = self.hearer[order]
        starts = np.searchsorted(self.heard[order], np.arange(self.n_people + 1))
        audience = (starts[1:] - starts[:-1])[self.person]
        ends = np.cumsum(audience)
        cut = 0
        while cut < len(self.person):  # whole items at a time, so that a pair is never torn
            limit = (ends[cut - 1] if cut else 0) + _CHUNK
            stop = max(int(np.searchsorted(ends, limit)), cut + 1)
            stop = int(np.searchsorted(self.item, self.item[stop - 1], side="right"))
            self._add(slice(cut, stop), starts, hearers, audience, reached, adopted)
            cut = stop
        reached[0] = self.n_people * self.n_items
        adopted[0] = len(self.person) - adopted[1:].sum()
        return reached[: MOST + 1], adopted[: MOST + 1]

    def _add(self, rows: slice, starts: Ints, hearers: Ints, audience: Ints, reached: Ints, adopted: Ints) -> None:
        person, item, time, size = self.person[rows], self.item[rows], self.time[rows], audience[rows]
        own_key = item * self.n_people + person
        order = np.argsort(own_key)
        own_key, own_time = own_key[order], time[order]
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        who = hearers[np.repeat(starts[person], size) + offset]
        key = np.repeat(item, size) * self.n_people + who
        at = np.searchsorted(own_key, key).clip(max=len(own_key) - 1)
        is_own = own_key[at] == key
        before = ~is_own | (np.repeat(time, size) < own_time[at])
        pairs, n = np.unique(key[before], return_counts=True)
        reached[1:] += np.bincount(np.minimum(n, MOST + 1), minlength=MOST + 2)[:0:-1].cumsum()[::-1]
        place = np.searchsorted(own_key, pairs).clip(max=len(own_key) - 1)
        adopted += np.bincount(np.minimum(n[own_key[place] == pairs], MOST + 1), minlength=MOST + 2)

    def shuffled(self, luck: np.random.Generator) -> Adoptions:
        """The same adoptions by other people: people trade all of theirs with people who adopt about as often.

        About as often: the same whole part of the log2 of the number of adoptions. Who adopts what with what, and when,
        stays as it is; whom she knows does not.
        """
        activity = np.bincount(self.person, minlength=self.n_people)
        stratum = np.floor(np.log2(np.maximum(activity, 1))).astype(np.int64)
        other = np.arange(self.n_people)
        for one in np.unique(stratum[activity > 0]):
            people = np.flatnonzero((stratum == one) & (activity > 0))
            other[people] = luck.permutation(people)
        rows = _first(other[self.person], self.item, self.time)
        return Adoptions(self.n_people, self.n_items, *rows, self.hearer, self.heard)


def _first(person: Ints, item: Ints, time: Floats) -> tuple[Ints, Ints, Floats]:
    order = np.lexsort((time, person, item))
    person, item, time = person[order], item[order], time[order]
    kept = np.ones(len(person), dtype=bool)
    kept[1:] = (person[1:] != person[:-1]) | (item[1:] != item[:-1])
    return person[kept], item[kept], time[kept]


def curve(adoptions: Adoptions, shuffles: int = SHUFFLES) -> dict[str, Any]:
    """k, pairs that reached k, adoptions at k, p_k, the same shuffled and its standard error, lift = their ratio.

    p_shuffled[k] is the mean over shuffles of adoptions at k / pairs that reached k.
    """
    reached, adopted = adoptions.counts()
    luck = np.random.default_rng(SEED)
    counts = [adoptions.shuffled(luck).counts() for _ in range(shuffles)]
    p_0 = np.array([at / np.maximum(n, 1) for n, at in counts])
    with np.errstate(divide="ignore", invalid="ignore"):
        p, mean = adopted / reached, p_0.mean(axis=0)
        lift = p / mean
    return {
        "k": np.arange(MOST + 1), "reached": reached, "adopted": adopted, "p": p, "p_shuffled": mean, "lift": lift,
        "se_shuffled": p_0.std(axis=0, ddof=1) / shuffles**0.5,
    }  # fmt: skip


def exposure_targets(adoptions: Adoptions, source: str = "") -> Iterator[Target]:
    """adoption[k] = adoptions with exactly k adopting friends / pairs that ever had k; adoption_lift[k] = p_k /
    shuffled.

    Standard error of p_k: of a share; of the lift: lift sqrt(1 / x + (s0 / p0)^2), x the adoptions at k, s0 the
    standard error of the shuffled p0.
    """
    table = curve(adoptions)
    for k in range(MOST + 1):
        x, n = int(table["adopted"][k]), int(table["reached"][k])
        if x < FEWEST:
            continue
        yield share("adoption", x, n, source, str(k))
        p_0, s_0 = float(table["p_shuffled"][k]), float(table["se_shuffled"][k])
        if k and p_0 > 0:
            lift = float(table["lift"][k])
            yield Target("adoption_lift", lift, lift * (1 / x + (s_0 / p_0) ** 2) ** 0.5, source, x, str(k))


def hazard_table(n_people: int, time: Floats, hearer: Ints, heard: Ints, last: float) -> dict[str, Ints]:
    """By k: (person, period) pairs with k friends adopted before and she had not; adoptions in that period.

    `time`: period of adoption by person, infinity if never. Periods are the whole numbers from the first adoption to
    `last`.
    """
    keys = np.unique(hearer[hearer != heard] * n_people + heard[hearer != heard])
    hearer, heard = keys // n_people, keys % n_people
    at_risk, adopted = np.zeros(n_people + 1, dtype=np.int64), np.zeros(n_people + 1, dtype=np.int64)
    for period in range(int(np.floor(time.min())), int(np.floor(last)) + 1):
        k = np.bincount(hearer[time[heard] < period], minlength=n_people)
        risk = time >= period
        at_risk += np.bincount(k[risk], minlength=n_people + 1)
        adopted += np.bincount(k[risk & (time < period + 1)], minlength=n_people + 1)
    return {"at_risk": at_risk, "adopted": adopted}


def hazard_targets(n_people: int, time: Floats, hearer: Ints, heard: Ints, source: str = "") -> Iterator[Target]:
    """hazard[k] = adoptions in a period by those with k friends who had adopted / (person, period) pairs with k.

    adopted_by[t] = people who have adopted by period t / all people. Standard errors of shares.
    """
    ever = np.isfinite(time)
    if not ever.any():
        return
    last = float(time[ever].max())
    table = hazard_table(n_people, time, hearer, heard, last)
    for k in range(MOST + 1):
        if k < len(table["at_risk"]) and table["at_risk"][k] >= FEWEST and table["adopted"][k] > 0:
            yield share("hazard", int(table["adopted"][k]), int(table["at_risk"][k]), source, str(k))
    for period in range(int(np.floor(time.min())), int(np.floor(last)) + 1):
        yield share("adopted_by", int((time < period + 1).sum()), n_people, source, str(period))
