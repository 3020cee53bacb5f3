"""What a shop knows of people beside what they do: age, city, gender, region; imports `draws`.

No rule reads any of it: by themselves these are labels to aim at and to split by. Two coefficients make them count
when people are drawn: `dem_taste` shifts tastes, `dem_social` social need. Shares are guesses after the usual
description of social shopping's public (most of it young, most of it women, most in larger cities).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws


class Group(NamedTuple):
    """One value of an attribute: its share where a scenario says nothing (guess), and what it is called."""

    share: float
    zh: str


#: attributes and their values in order; places in this table are the codes of the columns
DEMOGRAPHICS: Final[dict[str, dict[str, Group]]] = {
    "age_band": {
        "18-24": Group(0.30, "18-24岁"),
        "25-35": Group(0.40, "25-35岁"),
        "36-50": Group(0.22, "36-50岁"),
        "over_50": Group(0.08, "50岁以上"),
    },
    "city_tier": {
        "tier_1_2": Group(0.55, "一二线城市"),
        "tier_3": Group(0.30, "三线城市"),
        "tier_4_5": Group(0.15, "四五线城市"),
    },
    "gender": {"female": Group(0.60, "女"), "male": Group(0.40, "男")},
    "region": {"north": Group(0.42, "北方"), "south": Group(0.58, "南方")},
}


#: The first two tastes are called fashion and beauty, and home and digital; which way each group leans (guesses after
#: the same description: the young to fashion, those settling down to home; the north to home, the south to fashion).
LEANINGS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "age_band": {"18-24": (1.0, 0.0), "25-35": (0.0, 1.0), "36-50": (0.0, 0.0), "over_50": (0.0, 0.0)},
    "region": {"north": (0.0, 1.0), "south": (1.0, 0.0)},
}


def full_shares(given: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Shares of every value: as given for an attribute that is given, else as usual."""
    return {
        name: {
            value: float(given[name].get(value, 0.0)) if name in given else group.share for value, group in of.items()
        }
        for name, of in DEMOGRAPHICS.items()
    }


def draw(name: str, seed: int, ids: NDArray[np.int64], shares: Mapping[str, float]) -> NDArray[np.int8]:
    """One attribute of these people, each by herself: code k iff her number falls into the k-th share."""
    words = np.empty((len(ids), 4), dtype=np.int64)
    draws.blocks(seed, draws.DEMOGRAPHIC, 0, ids, np.full(len(ids), list(DEMOGRAPHICS).index(name)), words)
    edges = np.cumsum([shares[value] for value in DEMOGRAPHICS[name]])[:-1]
    return np.searchsorted(edges, (words[:, 0] + 0.5) * 2.0**-32, side="right").astype(np.int8)


def leaning(known: Mapping[str, NDArray[np.int8]], shares: Mapping[str, Mapping[str, float]], k: int) -> NDArray[Any]:
    """How far each person's groups lean in taste k (0 or 1), against what is expected under these shares."""
    total: Any = 0.0
    for name, of in LEANINGS.items():
        way = np.array([of[value][k] for value in DEMOGRAPHICS[name]])
        mean = sum(shares[name][value] * of[value][k] for value in DEMOGRAPHICS[name])
        total = total + (way[known[name]] - mean)
    return np.asarray(total)


def womanly(known: Mapping[str, NDArray[np.int8]], shares: Mapping[str, Mapping[str, float]]) -> NDArray[Any]:
    """1 for women and 0 for men, less what is expected under these shares."""
    female = list(DEMOGRAPHICS["gender"]).index("female")
    return np.asarray((known["gender"] == female) - shares["gender"]["female"])


def codes(name: str, values: NDArray[Any]) -> NDArray[np.int8]:
    """Known values of an attribute as codes."""
    known = list(DEMOGRAPHICS[name])
    return np.array([known.index(value) for value in values.tolist()], dtype=np.int8)
