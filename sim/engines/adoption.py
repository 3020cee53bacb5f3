"""Adoption alone, in two loops: who has it when, where nothing else is on; imports rules, arrivals, graph, world.

In the laboratories `lab.ic`, `lab.bass` and `lab.threshold` nothing matters but who registers. There the drivers' day
has phases that cannot change the answer: people buy for sure or never, leave at once or never. `Adoption` leaves these
phases out and keeps the draws, so the same people adopt on the same days as in a run of the whole model
(tests/test_adoption_alone.py), some hundred times sooner. Where it could differ, it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import kernel
from sim.arrivals.bass import Bass
from sim.arrivals.threshold import Threshold
from sim.catalogue import Catalogue
from sim.engines.world import noise_seed_of, ties_of, world_of
from sim.errors import InputError
from sim.graph import SocialGraph
from sim.params import Params
from sim.population import registers_first
from sim.rules.records import NEVER, Column, Constants, Key
from sim.rules.share import accept_probability, sends_to, tie_probability
from sim.rules.visit import visit_probability
from sim.scenario import Scenario
from sim.scenario.parts import CatalogueFile

START: Final = -1  # her day, where she had it before the first one
AT_ONCE: Final = 4096  # letters, or people, whose luck is drawn together
WAITING: Final = -(2**30)  # see `_spread`
MANY: Final = 64  # so few of all need no sorting
SURE: Final = 30.0  # logit at which no draw of 32 bits fails: e^-30 is far below 2^-33
MOST_NORMAL: Final = 6.5  # no draw of 32 bits gives a standard normal beyond
MOST_MATCH: Final = 74.0  # so no taste match is larger: 3 x 6.5 x 6.5 / sqrt(3), rounded up

_bass, _threshold = Bass.chance, Threshold.chance


@dataclass(frozen=True)
class Adopters:
    """Who has it since when: one entry a person, in the order of the graph's rows."""

    #: day of adoption, 0 the first; `START` for who had it before, `records.NEVER` for who never gets it
    day: NDArray[np.int32]
    days: int  #: that were played

    @property
    def share(self) -> float:
        """Of everybody who has it in the end."""
        return float(np.count_nonzero(self.day != NEVER)) / len(self.day)

    def by_day(self) -> NDArray[np.int64]:
        """How many have it at the end of each day."""
        had = int(np.count_nonzero(self.day == START))
        return had + np.cumsum(np.bincount(self.day[self.day >= 0], minlength=self.days))


class Adoption:
    """One world of a laboratory, of which only adoption is played.

    >>> from sim import Scenario
    >>> lab = Adoption(Scenario.load("lab.bass").with_({"population.size": 2000, "days": 5}))
    >>> lab.run().by_day().tolist()
    [67, 135, 241, 374, 540]
    """

    def __init__(self, scenario: Scenario, replication: int = 0, graph: SocialGraph | None = None) -> None:
        """Raises InputError where more than adoption is on; `graph` takes the place of the scenario's."""
        self.scenario, self.params = scenario, scenario.coefficients()
        self.number, self.world_seed = world_of(scenario, replication)
        self.replication = replication
        self.is_spread = scenario.arrival.kind == "organic"  # by invitation alone
        _only_adoption(scenario, self.params)
        self.graph = ties_of(scenario, self.world_seed) if graph is None else graph
        products = scenario.catalogue
        assert not isinstance(products, CatalogueFile)
        catalogue = Catalogue.draw(1, self.world_seed, products.median_price, products.sd_log_price)
        _is_sure(self.params, catalogue, self.graph, self.is_spread)
        n = self.graph.n
        self._is_first = np.empty(n, dtype=np.bool_)
        _first(self.world_seed, self.graph.ids, scenario.population.registered_share, self._is_first)
        self._product_id = int(catalogue.id[0])
        is_row = bool(np.array_equal(self.graph.ids, np.arange(n)))
        self._friends = self.graph.audience if is_row else self.graph.ids[self.graph.audience]
        self._flags, self._counts = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int32)
        most = int(np.diff(self.graph.indptr).max(initial=0)), int(self.graph.n_heard.max(initial=0))
        self._tie, self._takes = np.empty(most[0] + 1), np.empty(most[1] + 1)
        constants = Constants(*[1.0] * 9)._replace(degree=self.graph.mean_degree or 1.0)
        _chances(self.params, constants, self._tie, self._takes)

    def __len__(self) -> int:
        return self.graph.n

    def run(self, replication: int | None = None) -> Adopters:
        """All days under the luck of a replication of this world (default: the one it was made for)."""
        replication = self.replication if replication is None else replication
        if replication // self.scenario.noise_per_world != self.number:
            low = self.number * self.scenario.noise_per_world
            raise InputError(
                "that replication lives in another world",
                path="replication", found=replication,
                allowed=f"{low} to {low + self.scenario.noise_per_world - 1}",
                hint="Make an Adoption for it, or set noise_per_world.",
            )  # fmt: skip
        seed, days, graph = noise_seed_of(self.scenario, replication), self.scenario.days, self.graph
        day = np.where(self._is_first, START, NEVER).astype(np.int32)
        if self.is_spread:
            _spread(
                self.params, graph.ids, graph.indptr, self._friends, graph.audience, self._product_id, self._tie,
                self._takes, seed, days, day,
            )  # fmt: skip
        else:
            arrival: Any = self.scenario.arrival
            _arrive(
                isinstance(arrival, Bass), (*arrival.coefficients(), 0.0, 0.0)[:3], graph.ids, graph.indptr,
                graph.audience, graph.n_heard, seed, days, self._counts, self._flags, day,
            )  # fmt: skip
        return Adopters(day, days)


# --- is there nothing else? -------------------------------------------------------------------------------


def _only_adoption(scenario: Scenario, params: Params) -> None:
    """Raise InputError for the first thing that could change who adopts."""
    for path, found, is_in_the_way, allowed in _conditions(scenario, params):
        if is_in_the_way:
            raise InputError(
                "more than adoption is on", file=scenario.file, path=path, found=found, allowed=allowed,
                hint="sim.simulate plays everything; lab.ic, lab.bass and lab.threshold are adoption alone.",
            )  # fmt: skip


def _conditions(scenario: Scenario, p: Params) -> Iterator[tuple[str, Any, bool, str]]:
    """What must hold: where it is said, what is said there, is that in the way, what would not be."""
    people, products, kind = scenario.population, scenario.catalogue, scenario.arrival.kind
    is_one = not isinstance(products, CatalogueFile) and products.size == 1

    def off(*names: str) -> Iterator[tuple[str, Any, bool, str]]:
        for name in names:
            yield f"params.{name}", getattr(p, name), getattr(p, name) != 0.0, "0"

    def most(name: str, value: float, why: str) -> tuple[str, Any, bool, str]:
        return f"params.{name}", getattr(p, name), getattr(p, name) > value, f"at most {value:g}: {why}"

    def least(name: str, value: float, why: str) -> tuple[str, Any, bool, str]:
        return f"params.{name}", getattr(p, name), getattr(p, name) < value, f"at least {value:g}: {why}"

    yield "events", len(scenario.events), bool(scenario.events), "none"
    yield "burn_in_days", scenario.burn_in_days, scenario.burn_in_days != 0, "0"
    yield "population.from", people.source, people.source is not None, "nobody read from a file"
    yield "catalogue.size", products.size, not is_one, "one product, drawn"
    yield from off("w_rival", "budget", "b_ref", "b_hab", "g_hab", "g_warn", "b_bel", "g_bel", "g_ref")
    if kind != "organic":
        yield "arrival.kind", kind, kind not in ("bass", "threshold"), "organic, bass, threshold"
        yield most("alpha", 0.0, "nobody buys, so nobody writes")
        yield most("churn", 0.0, "who adopts stays")
        return
    alike = sorted(people.personas.values())
    yield "population.personas", len(alike), alike[-1] != 1.0, "one of them for everybody"
    yield least("alpha", 0.0, "everybody buys")
    # who adopts was invited, by somebody like herself; nobody talks about what others wrote, or comes back
    yield from off("organic", "trait_sd", "lam_sd", "p_com", "p_fwd", "p_like", "p_comment", "p_ask", "p_show", "rep_w")
    yield from off("s_luck", "s_quality", "s_match", "fail", "g_s", "g_n", "g_a", "g_f", "om_0")
    yield least("s_const", p.s_bad, "who is not pleased warns instead of inviting")
    yield least("s_0", SURE + abs(p.b_n) * 5.0 + abs(p.b_sat) * 2.0 + abs(p.b_a) * 10.0, "everybody shares")
    # the hazard is churn |ln(1 - theta)|; a Beta(100, b) with b of at most 800 is not below .01 once in 10^50 draws
    yield least("churn", 1e5, "who adopted leaves the same night")
    yield least("theta_a", 100.0, "who adopted leaves the same night")
    yield most("theta_b", 50.0, "who adopted leaves the same night")


def _is_sure(p: Params, catalogue: Catalogue, graph: SocialGraph, buys: bool) -> None:
    """Raise InputError where eq. 4-5 leave any doubt that a visitor buys (or that she does not)."""
    price = abs(float(np.log(catalogue.price_cents[0] / catalogue.p_ref_cents)))
    letters = int(graph.n_heard.max(initial=0))
    liking = (
        abs(p.b_m) * MOST_MATCH + abs(p.b_q) * 4.0 + abs(p.b_abs) * price / 0.25 + abs(p.b_r) + abs(p.b_sp) * letters
    )
    urge = MOST_NORMAL * p.nu_sd + 0.5 * p.nu_sd**2 + abs(p.b_inv) + abs(p.b_s) + abs(p.b_e) + np.log(20.0)
    needed = SURE + abs(p.mu) * (liking + np.log(20.0)) + urge
    if abs(p.alpha) < needed:
        raise InputError(
            "more than adoption is on: it is not sure " + ("that all buy" if buys else "that nobody buys"),
            path="params.alpha", found=p.alpha,
            allowed=f"at least {needed:.0f}" if buys else f"at most {-needed:.0f}",
        )  # fmt: skip


# --- loops ------------------------------------------------------------------------------------------------


@kernel
def _first(seed: int, ids: Column, share: float, out: Column) -> None:
    for i in range(ids.shape[0]):
        out[i] = registers_first(seed, ids[i], share)


@kernel
def _chances(params: Params, constants: Constants, tie: Column, takes: Column) -> None:
    """Chance that a share goes over each of so many ties; that so many invitations are accepted."""
    for k in range(tie.shape[0]):
        tie[k] = tie_probability(params, constants, k)
    for k in range(takes.shape[0]):
        takes[k] = accept_probability(params, k)


class _Visitor(NamedTuple):
    """What `visit_probability` reads of her on a morning without mood, messages or shop."""

    intensity: float
    emotion: float
    heard: int
    mood: float
    pull: float


class _Friends(NamedTuple):
    """What arrival rules read of her state."""

    n_friends_active: int


@kernel
def _spread(
    params: Params,
    ids: Column,
    indptr: Column,
    friends: Column,
    audience: Column,
    product_id: int,
    tie: Column,
    takes: Column,
    seed: int,
    days: int,
    day: Column,
) -> None:
    """An independent cascade: who adopts shares that day with all friends, each tie by luck, who accept by luck.

    `friends` are the ids of `audience`. Drawn are all ties of who shares; only who is written to is looked up. While
    this runs, `day` of who has not got it is WAITING and the number of her invitations of the day.
    """
    n = ids.shape[0]
    now, later = np.empty(n, dtype=np.int32), np.empty(n + 1, dtype=np.int32)  # who shares today; who was written to
    agent, friend = np.empty(AT_ONCE, dtype=np.int64), np.empty(AT_ONCE, dtype=np.int64)
    receiver = np.empty(AT_ONCE, dtype=np.int32)
    chance, luck = np.empty(AT_ONCE), np.empty(AT_ONCE)
    is_told = np.empty(AT_ONCE, dtype=np.bool_)
    n_now = 0
    for i in range(n):  # who has it at the start, and comes on the first day
        if day[i] == START:
            words = draws.block(seed, draws.LIFE, 0, ids[i], 0)
            she: Any = _Visitor(params.lam, 0.0, 0, 0.0, 0.0)
            if draws.unit(words[0]) < visit_probability(params, she, she):
                now[n_now] = i
                n_now += 1
        else:
            day[i] = WAITING
    for t in range(days - 1):
        if n_now == 0:
            break
        n_later, k, e = 0, 0, indptr[now[0]]
        while k < n_now:
            m = 0
            while k < n_now and m < AT_ONCE:
                i = now[k]
                last = indptr[i + 1]
                stop = min(last, e + AT_ONCE - m)
                p, me = tie[last - indptr[i]], ids[i]
                while e < stop:
                    agent[m], friend[m], receiver[m], chance[m] = me, friends[e], audience[e], p
                    m += 1
                    e += 1
                if e == last:
                    k += 1
                    e = indptr[now[k]] if k < n_now else e
            for x in range(m):
                is_told[x] = sends_to(Key(seed, t, agent[x], 0), friend[x], product_id, chance[x])
            n_told = 0
            for x in range(m):
                receiver[n_told] = receiver[x]
                n_told += is_told[x]
            for x in range(n_told):
                r = receiver[x]
                had = day[r]
                later[n_later] = r
                n_later += had == WAITING
                day[r] = had + (had < START)
        n_now = 0
        for low in range(0, n_later, AT_ONCE):
            m = min(n_later - low, AT_ONCE)
            for x in range(m):
                agent[x] = ids[later[low + x]]
            for x in range(m):
                luck[x] = draws.u01(seed, draws.ACCEPT, t, agent[x], 0)
            for x in range(m):
                r = later[low + x]
                is_won = luck[x] < takes[day[r] - WAITING]
                day[r] = t + 1 if is_won else WAITING
                now[n_now] = r
                n_now += is_won
        if n_now > n // MANY:  # in the order in which their ties stand in memory
            n_now = 0
            for i in range(n):
                now[n_now] = i
                n_now += day[i] == t + 1
    for i in range(n):
        day[i] = NEVER if day[i] < START else day[i]


@kernel
def _arrive(
    is_bass: bool,
    coefficients: tuple[float, float, float],
    ids: Column,
    indptr: Column,
    audience: Column,
    n_heard: Column,
    seed: int,
    days: int,
    n_active: Column,
    flags: Column,
    day: Column,
) -> None:
    """Everybody decides every day by an arrival rule, who stays; `n_active` is scratch: friends who have it."""
    n = ids.shape[0]
    n_have = 0
    for i in range(n):
        n_active[i] = 0
    for i in range(n):
        if day[i] == START:
            n_have += 1
            for e in range(indptr[i], indptr[i + 1]):
                n_active[audience[e]] += 1
    new = np.empty(n, dtype=np.int32)
    for t in range(days):
        share = n_have / n
        for i in range(n):
            word = draws.block(seed, draws.LIFE, t, ids[i], 0)[3]
            me: Any = _Friends(n_active[i])
            if is_bass:
                answer = _bass(coefficients, me, me, n_heard[i], share)
            else:
                answer = _threshold(coefficients, me, me, n_heard[i], share)
            # eq. 15b without posts, to the last bit
            flags[i] = (draws.unit(word) < 1.0 - (1.0 - min(max(answer, 0.0), 1.0))) & (day[i] == NEVER)
        n_new = 0
        for i in range(n):
            new[n_new] = i
            n_new += flags[i]
        for k in range(n_new):
            i = new[k]
            day[i] = t
            for e in range(indptr[i], indptr[i + 1]):
                n_active[audience[e]] += 1
        n_have += n_new
