"""Who the shoppers are: personas, traits, who is registered at the start; imports `draws`, `params`, `tables`, records.

Traits are drawn by shopper id, smoothed over friends and put back on their persona's distribution by
rank: friends are alike without the mix changing (docs/model.md, section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import demographics, draws
from sim._jit import exp, kernel, log, rule
from sim.demographics import DEMOGRAPHICS
from sim.errors import InputError
from sim.params import Params
from sim.rules.records import Column, Traits, aligned_table
from sim.sorting import order_of
from sim.tables import Kind, line_of, read_columns

if TYPE_CHECKING:
    import pandas as pd

TENURE_MOST_DAYS: Final = 730  # the shop is taken to have run steadily for two years (guess)
SMOOTHING_ROUNDS: Final = 2
_AT_ONCE: Final = 4  # fields that are smoothed together: half a cache line a friend
#: coefficients that people are drawn with; all others act on them later
DRAWN_WITH: Final = ("lam", "lam_sd", "nu_sd", "theta_a", "theta_b", "trait_sd", "hom", "dem_taste", "dem_social")


class Persona(NamedTuple):
    """Share and mean traits of one type; all shares and means are guesses anchored as docs/model.md 5.2 says."""

    share: float
    price: float
    herd: float
    trust: float
    social: float
    emotion: float
    activity: float
    kol: float
    meaning: str
    zh: str


# In the order of a line on which neighbours are alike: homophily of personas runs along it.
PERSONAS: Final[dict[str, Persona]] = {
    "silent_lurker": Persona(0.15, 0.50, 0.40, 0.40, 0.08, 0.30, 0.35, 0.25, "looks on, shares nothing", "沉默潜水者"),
    "price_hunter": Persona(0.22, 0.85, 0.45, 0.40, 0.50, 0.45, 0.55, 0.25, "buys where it is cheap", "价格敏感者"),
    "herd_follower": Persona(0.18, 0.55, 0.85, 0.55, 0.50, 0.55, 0.50, 0.45, "buys what others buy", "从众者"),
    "kol_fan": Persona(0.12, 0.45, 0.60, 0.50, 0.60, 0.70, 0.65, 0.90, "follows opinion leaders", "达人粉丝"),
    "experience_seeker": Persona(0.08, 0.30, 0.30, 0.45, 0.65, 0.65, 0.55, 0.45, "wants something new", "体验追求者"),
    "loyal_member": Persona(0.10, 0.30, 0.35, 0.60, 0.45, 0.40, 0.80, 0.25, "comes often, stays", "忠诚会员"),
    "trust_driven": Persona(0.15, 0.45, 0.40, 0.85, 0.50, 0.40, 0.50, 0.25, "listens to friends", "信任驱动者"),
    # templates: nobody, unless a scenario's mix has them
    "young_white_collar": Persona(
        0.0, 0.30, 0.50, 0.45, 0.60, 0.60, 0.65, 0.60, "wants design and brands, follows trends", "年轻白领"
    ),
    "homemaker": Persona(0.0, 0.75, 0.55, 0.65, 0.55, 0.40, 0.70, 0.30, "wants what is cheap and useful", "家庭主妇"),
}
PERSONA_TRAITS: Final = ("price", "herd", "trust", "social", "emotion", "activity", "kol")
DEFAULT_MIX: Final = {name: persona.share for name, persona in PERSONAS.items()}

_TRAIT_COLUMNS: Final = (*PERSONA_TRAITS, "intensity", "need", "theta", "taste_0", "taste_1", "taste_2", "arrive")
#: what is known of shoppers may be given in columns of these names
PEOPLE_COLUMNS: Final[dict[str, Kind]] = {
    "id": "int", "persona": "text", "registered": "int", "tenure_days": "int",
    **dict.fromkeys(_TRAIT_COLUMNS, "float"), **dict.fromkeys(DEMOGRAPHICS, "text"),
}  # fmt: skip
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    **dict.fromkeys(PERSONA_TRAITS, (0.0, 1.0)),
    "intensity": (0.0, 50.0),
    "need": (-20.0, 20.0),
    "theta": (0.0, 1.0),
    "arrive": (0.0, 1000.0),
}


def mean_trait(mix: Mapping[str, float], trait: str) -> float:
    """Expected trait under a persona mix: a constant of the scenario, never a mean of the sample."""
    return float(sum(share * getattr(PERSONAS[name], trait) for name, share in mix.items()))


@dataclass(frozen=True, eq=False)
class Population:
    """Columns over shoppers, one entry each; `row` is a position, `ids` are names."""

    ids: NDArray[np.int64]
    persona: NDArray[np.int8]  # index into PERSONAS
    traits: Traits
    is_registered: NDArray[np.bool_]  # at the start of the burn-in
    tenure_days: NDArray[np.int16]  # how long she has been registered then
    seed: int = 0  # of the world, for what is drawn when it is first asked for
    demographic_shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    _demographics: dict[str, NDArray[np.int8]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def demographic(self, name: str) -> NDArray[np.int8]:
        """One of DEMOGRAPHICS for everybody, as codes; drawn when it is first asked for."""
        if name not in self._demographics:
            shares = demographics.full_shares(self.demographic_shares)[name]
            self._demographics[name] = demographics.draw(name, self.seed, self.ids, shares)
        return self._demographics[name]

    def to_frame(self) -> pd.DataFrame:
        """One row a shopper: id, persona, traits, start, demographics."""
        import pandas as pd

        names = list(PERSONAS)
        return pd.DataFrame(
            {
                "id": self.ids,
                "persona": [names[k] for k in self.persona],
                **self.traits._asdict(),
                "registered": self.is_registered,
                "tenure_days": self.tenure_days,
                **{name: np.array(list(of))[self.demographic(name)] for name, of in DEMOGRAPHICS.items()},
            }
        )

    @classmethod
    def draw(
        cls,
        ids: NDArray[np.int64],
        seed: int,
        params: Params,
        mix: Mapping[str, float] = DEFAULT_MIX,
        registered_share: float = 0.25,
        neighbours: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
        given: Mapping[str, NDArray[Any]] | None = None,
        demographic_shares: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Population:
        """Draw a population of these ids; `neighbours` is the CSR of friends to be alike with.

        Columns in `given` (see `read_population`) are taken as they are. Demographics not among them follow
        `demographic_shares`, attribute by attribute, else the usual shares.
        """
        given = given or {}
        n = len(ids)
        names = list(PERSONAS)
        smooth = _Smoother(ids, seed, params.hom, neighbours)
        smooth.plan([
            *([] if "persona" in given else [(draws.PERSONA, 0)]),
            *((draws.TRAIT_NOISE, k) for k, trait in enumerate(PERSONA_TRAITS) if trait not in given),
            *((draws.TRAIT_NOISE, 10 + k) for k in range(3) if f"taste_{k}" not in given),
        ])  # fmt: skip
        if "persona" in given:
            persona = np.array([names.index(name) for name in given["persona"]], dtype=np.int8)
        else:
            ranks = smooth.ranks(draws.PERSONA, 0, np.zeros(n, dtype=np.int8))
            edges = np.floor(np.cumsum([mix.get(name, 0.0) for name in names]) * n + 0.5)
            persona = np.minimum(np.searchsorted(edges, ranks, side="right"), len(names) - 1).astype(np.int8)
        columns: dict[str, NDArray[np.float64]] = {}
        for number, trait in enumerate(PERSONA_TRAITS):
            if trait in given:
                columns[trait] = given[trait].astype(np.float64)
                continue
            means = np.array([getattr(PERSONAS[name], trait) for name in names])
            values = np.empty(n)
            _draw_traits(seed, ids, means[persona], params.trait_sd, 16 * number, values)
            columns[trait] = smooth.rearranged(values, draws.TRAIT_NOISE, number, persona)
        for k in range(3):
            name = f"taste_{k}"
            if name in given:
                columns[name] = given[name].astype(np.float64)
            else:
                values = np.empty(n)
                _draw_normals(seed, draws.TASTE, ids, k, values)
                columns[name] = smooth.rearranged(values, draws.TRAIT_NOISE, 10 + k, np.zeros(n, dtype=np.int8))
        known = {name: demographics.codes(name, given[name]) for name in DEMOGRAPHICS if name in given}
        if params.dem_taste > 0.0 or params.dem_social > 0.0:
            shares = demographics.full_shares(demographic_shares or {})
            known |= {
                name: demographics.draw(name, seed, ids, shares[name]) for name in DEMOGRAPHICS if name not in known
            }
            for k in range(2):
                if f"taste_{k}" not in given:
                    columns[f"taste_{k}"] += params.dem_taste * demographics.leaning(known, shares, k)
            if "social" not in given:
                more = params.dem_social * demographics.womanly(known, shares)
                columns["social"] = np.clip(columns["social"] + more, 0.001, 0.999)
        is_registered = np.empty(n, dtype=np.bool_)
        tenure = np.empty(n, dtype=np.int16)
        if not {"registered", "tenure_days"} <= given.keys():
            _draw_start(seed, ids, registered_share, params.theta_a, params.theta_b, is_registered, tenure)
        if "registered" in given:
            is_registered = given["registered"].astype(np.bool_)
        if "tenure_days" in given:
            tenure = given["tenure_days"].astype(np.int16)
        tenure[~is_registered] = 0
        activity = columns.pop("activity") / mean_trait(mix, "activity")
        intensity, need, theta = np.empty(n), np.empty(n), np.empty(n)
        if not {"intensity", "need", "theta"} <= given.keys():
            _draw_habits(seed, ids, activity, params, tenure, intensity, need, theta)
        intensity = given.get("intensity", intensity).astype(np.float64)
        need = given.get("need", need).astype(np.float64)
        theta = given.get("theta", theta).astype(np.float64)
        stay = np.empty(n)
        _log_stay(theta, stay)
        traits = Traits(
            **{name: columns[name] for name in ("price", "herd", "trust", "social", "emotion", "kol")},
            intensity=intensity,
            need=need,
            stay=stay,
            arrive=given.get("arrive", np.ones(n)).astype(np.float64),
            **{f"taste_{k}": columns[f"taste_{k}"] for k in range(3)},
        )
        return cls(ids, persona, _side_by_side(traits), is_registered, tenure, seed, demographic_shares or {}, known)


#: what a visit reads of one shopper
_ON_A_VISIT: Final = ("price", "herd", "trust", "social", "need", "taste_0", "taste_1", "taste_2")


def _side_by_side(traits: Traits) -> Traits:
    """The same columns, with what a visit reads of one shopper in one cache line instead of eight."""
    table = aligned_table(len(traits.price), len(_ON_A_VISIT), np.float64)
    for k, name in enumerate(_ON_A_VISIT):
        table[:, k] = getattr(traits, name)
    return traits._replace(**{name: table[:, k] for k, name in enumerate(_ON_A_VISIT)})


def read_population(path: str | Path) -> dict[str, NDArray[Any]]:
    """Columns of a shoppers' file: id, persona, registered, tenure_days, traits; missing ones are drawn.

    Without `id` the shoppers are numbered from 0 in the order of the file. Raises InputError with file and line.
    """
    columns = read_columns(path, required={}, optional=PEOPLE_COLUMNS, what="shoppers")
    n = len(next(iter(columns.values()))) if columns else 0
    if n == 0:
        raise InputError("no shoppers in the file", file=path, allowed="one row a shopper")
    columns.setdefault("id", np.arange(n, dtype=np.int64))
    return checked_people(columns, path)


def checked_people(columns: Mapping[str, NDArray[Any]], path: str | Path | None = None) -> dict[str, NDArray[Any]]:
    """Columns of shoppers as `read_population` gives them, or InputError; `path` is the file they come from."""
    unknown = [name for name in columns if name not in PEOPLE_COLUMNS]
    if unknown:
        raise InputError("unknown column of people", found=unknown[0], allowed=", ".join(PEOPLE_COLUMNS))

    def refuse(bad: NDArray[np.bool_], name: str, allowed: str) -> None:
        if bad.any():
            k = int(np.argmax(bad))
            line = line_of(path, k) if path is not None else None
            found = columns[name][k]
            raise InputError("value not allowed", file=path, line=line, path=name, found=found, allowed=allowed)

    if "id" in columns:
        refuse((columns["id"] < 0) | (columns["id"] >= 2**31), "id", "0 to 2147483647")
        order = np.argsort(columns["id"], kind="stable")
        repeated = np.zeros(len(order), dtype=bool)
        repeated[order[1:]] = columns["id"][order][1:] == columns["id"][order][:-1]
        refuse(repeated, "id", "every id once")
    if "persona" in columns:
        refuse(~np.isin(columns["persona"].astype(str), list(PERSONAS)), "persona", ", ".join(PERSONAS))
    for name, of in DEMOGRAPHICS.items():
        if name in columns:
            refuse(~np.isin(columns[name].astype(str), list(of)), name, ", ".join(of))
    if "registered" in columns:
        refuse(~np.isin(columns["registered"], (0, 1)), "registered", "0 or 1")
    if "tenure_days" in columns:
        refuse((columns["tenure_days"] < 0) | (columns["tenure_days"] > 30_000), "tenure_days", "0 to 30000")
    for name, (low, high) in _BOUNDS.items():
        if name in columns:
            refuse(~((columns[name] >= low) & (columns[name] <= high)), name, f"{low:g} to {high:g}")
    for name in ("taste_0", "taste_1", "taste_2"):
        if name in columns:
            refuse(~np.isfinite(columns[name]), name, "a number")
    # equations divide by some traits
    return {
        name: np.clip(column, 0.001, 0.999) if name in PERSONA_TRAITS else column for name, column in columns.items()
    }


class _Smoother:
    """Ranks of fields smoothed over friends; ties and sums go by shopper id, so storage order cannot matter."""

    def __init__(
        self,
        ids: NDArray[np.int64],
        seed: int,
        hom: float,
        neighbours: tuple[NDArray[np.int64], NDArray[np.int32]] | None,
    ) -> None:
        self.ids, self.seed, self.hom, self.neighbours = ids, seed, hom, neighbours
        self._planned: list[tuple[int, int]] = []
        self._ready: dict[tuple[int, int], NDArray[np.float64]] = {}

    def plan(self, fields: list[tuple[int, int]]) -> None:
        """These fields (purpose, item) are going to be asked for, in this order."""
        self._planned = fields

    def _field(self, purpose: int, item: int) -> NDArray[np.float64]:
        """A field that was planned, once; made with the next ones, because smoothing waits for friends' memory."""
        if (purpose, item) not in self._ready:
            at = self._planned.index((purpose, item))
            some = self._planned[at : at + _AT_ONCE]
            self._ready = dict(zip(some, self._smoothed(some), strict=True))
        return self._ready.pop((purpose, item))

    def _smoothed(self, some: list[tuple[int, int]]) -> list[NDArray[np.float64]]:
        fields = aligned_table(len(self.ids), _AT_ONCE, np.float64)
        for k, (purpose, item) in enumerate(some):
            _draw_normals(self.seed, purpose, self.ids, item, fields[:, k])
        if self.neighbours is not None and self.hom > 0.0:
            other = aligned_table(len(self.ids), _AT_ONCE, np.float64)
            for _ in range(SMOOTHING_ROUNDS):
                _smooth(*self.neighbours, fields, self.hom, other)
                fields, other = other, fields
            del other
        return [fields[:, k].copy() for k in range(len(some))]

    def ranks(self, purpose: int, item: int, group: NDArray[np.int8]) -> NDArray[np.int64]:
        """Rank of everybody's smoothed field within her group (0 = lowest)."""
        order = order_of(self.ids, self._field(purpose, item), group)
        grouped = group[order]
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order)) - np.searchsorted(grouped, grouped, side="left")
        return ranks

    def rearranged(
        self, values: NDArray[np.float64], purpose: int, item: int, group: NDArray[np.int8]
    ) -> NDArray[np.float64]:
        """The same values, dealt out within each group in the order of the smoothed field."""
        by_field = order_of(self.ids, self._field(purpose, item), group)
        by_value = order_of(self.ids, values, group)
        out = np.empty_like(values)
        out[by_field] = values[by_value]
        return out


@kernel
def _smooth(indptr: Column, friends: Column, fields: Column, hom: float, out: Column) -> None:
    """Everybody moves towards the mean of her friends, in four fields side by side (_AT_ONCE)."""
    for i in range(fields.shape[0]):
        a = b = c = d = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            friend = friends[e]
            a += fields[friend, 0]
            b += fields[friend, 1]
            c += fields[friend, 2]
            d += fields[friend, 3]
        n = indptr[i + 1] - indptr[i]
        for k in range(4):
            total = a if k == 0 else (b if k == 1 else (c if k == 2 else d))
            out[i, k] = (1.0 - hom) * fields[i, k] + hom * (total / n) if n > 0 else fields[i, k]


@kernel
def _draw_normals(seed: int, purpose: int, ids: Column, item: int, out: Column) -> None:
    for i in range(ids.shape[0]):
        out[i] = draws.normal(draws.u01(seed, purpose, 0, ids[i], item))


@kernel
def _draw_traits(seed: int, ids: Column, means: Column, sd: float, item: int, out: Column) -> None:
    for i in range(ids.shape[0]):
        m = means[i]
        if sd <= 0.0:
            out[i] = m
            continue
        size = m * (1.0 - m) / (sd * sd) - 1.0  # Beta(m size, (1 - m) size) has this mean and sd
        value = draws.beta(m * size, (1.0 - m) * size, seed, draws.TRAIT_VALUE, ids[i], item)
        out[i] = min(max(value, 0.001), 0.999)


@rule
def registers_first(seed: int, agent: int, share: float) -> bool:
    """Is this shopper registered at the start of the burn-in?"""
    return draws.u01(seed, draws.REGISTERED, 0, agent, 0) < share


@kernel
def _draw_start(
    seed: int, ids: Column, share: float, a: float, b: float, is_registered: Column, tenure: Column
) -> None:
    """Who is registered, and since when: steady arrivals over two years, thinned by beta-geometric survival."""
    survival = np.empty(TENURE_MOST_DAYS)
    survival[0] = 1.0
    for t in range(1, TENURE_MOST_DAYS):
        survival[t] = survival[t - 1] * (b + t - 1.0) / (a + b + t - 1.0)
    for i in range(ids.shape[0]):
        is_registered[i] = registers_first(seed, ids[i], share)
        tenure[i] = 0
        for attempt in range(256):
            w0, w1, _, _ = draws.block(seed, draws.TENURE, 0, ids[i], attempt)
            days = (w0 * TENURE_MOST_DAYS) >> 32
            if draws.unit(w1) < survival[days]:
                tenure[i] = days
                break


@kernel
def _draw_habits(
    seed: int,
    ids: Column,
    activity: Column,
    params: Params,
    tenure: Column,
    intensity: Column,
    need: Column,
    theta: Column,
) -> None:
    """Visit intensity, purchase need and baseline churn (docs/model.md, section 2.1)."""
    for i in range(ids.shape[0]):
        z = draws.normal(draws.u01(seed, draws.ACTIVITY, 0, ids[i], 0))
        intensity[i] = params.lam * activity[i] * exp(params.lam_sd * z - 0.5 * params.lam_sd * params.lam_sd)
        z = draws.normal(draws.u01(seed, draws.NEED, 0, ids[i], 0))
        need[i] = params.nu_sd * z - 0.5 * params.nu_sd * params.nu_sd
        theta[i] = draws.beta(params.theta_a, params.theta_b + tenure[i], seed, draws.CHURN_PRONENESS, ids[i], 0)


@kernel
def _log_stay(theta: Column, out: Column) -> None:
    for i in range(theta.shape[0]):
        out[i] = log(1.0 - min(theta[i], 1.0 - 1e-12))
