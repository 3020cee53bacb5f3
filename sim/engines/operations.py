"""What the shop does on a day: shelf, offers, budgets, prices paid; the same for both drivers.

Imports strategies, rules, `ledger`, `journal`, world and teams. Drivers bring who visits and what they
chose; this room says what was on offer and settles who pays what, by keyed priority.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import Direct
from sim.analytics import SCORES, Analytics, Truth
from sim.day import Day
from sim.engines.bargains import Bargaining, lets_bargain
from sim.engines.campaign import Campaign
from sim.engines.checks import check_types
from sim.engines.money import RememberedPrices
from sim.engines.offering import Offering
from sim.engines.settling import Settling
from sim.engines.teams import Teams
from sim.engines.world import World
from sim.events import Event, Scene
from sim.journal import DAILY, Recorder
from sim.money import CostClass
from sim.recommenders.seen import Purchases
from sim.rules import resolve
from sim.rules import shelf as shelf_rules
from sim.rules.reach import PUSHES_MOST
from sim.rules.records import Shelf
from sim.rules.remember import SEEN_MOST
from sim.strategies.people import Customers, People
from sim.strategies.tactic import CONDITIONS, OUTSIDE, REPLIES, REWARDS, Board, Contacts, Desk, Tactic
from sim.strategies.timing import Past, Schedule

Ints = NDArray[np.int64]

_FRESH: Final = ("popularity", "rating", "appeal", "glance")  # columns of the shelf that change every day


class Reached(NamedTuple):
    """Whom the shop's messages, offers and news of it reach this morning, one entry each (see strategies' Contacts)."""

    row: Ints
    pushes: Ints
    pull: NDArray[np.float64]
    hold: NDArray[np.float64]
    impulse: NDArray[np.float64]
    blow: NDArray[np.float64]


class Reach(NamedTuple):
    """Opinion leaders' posts as they arrive this morning, one entry per person reached."""

    row: Ints
    product: Ints
    hype: NDArray[np.float64]
    tactic: Ints
    n_posts: Ints  # how many posts reached her today


class Operations:
    """One strategy at work in one world."""

    def __init__(self, world: World, label: str, tactics: tuple[Tactic, ...], recorder: Recorder, burn_in: int) -> None:
        self.world, self.tactics, self.recorder, self.burn_in = world, tactics, recorder, burn_in
        self.label, self.labels = label, _labels(label, tactics)
        self.day = 0
        self.shelf_kernels = Direct(shelf_rules)
        catalogue = world.catalogue
        self.teams = Teams(world.noise_seed, catalogue.id)
        self.units = np.zeros(len(catalogue), dtype=np.int64)  # displayed: from the first day of the burn-in on
        self.reviews = np.zeros(len(catalogue), dtype=np.int64)
        self.stars = np.zeros(len(catalogue), dtype=np.int64)
        self.stock = catalogue.stock.copy()  # -1 = unlimited
        self.prices = RememberedPrices(world) if world.params.b_ref > 0.0 else None
        self.dearer = 0.0  # today's prices above those remembered, mean log ratio
        self.analytics = _analytics(world, tactics)
        self.customers = Customers(world.population, self.analytics)
        self.customers.names_of = world.groups
        if any(tactic.reads_purchases() for tactic in tactics):
            self.customers.purchases = Purchases(len(world), len(catalogue))
        self.see_truth: Callable[[int], Truth] | None = None  # set by the driver: what analytics read with errors
        self.params, self.constants = world.params, world.constants  # as they hold today
        self.events: tuple[Event, ...] = tuple(world.scenario.events)
        self.scenes = [self._scene(k) for k in range(len(self.events))]
        self.happening: list[tuple[Event, Scene]] = []  # events of today
        self.banned: frozenset[str] = frozenset()  # kinds of tactics that an event forbids today
        self.campaign = Campaign(
            world.scenario.budgets.get(label), tactics,
            lambda k, first, last: recorder.ledger.of_tactic(self.labels[k], first, last),
        )  # fmt: skip
        self.budgets = self.campaign.budgets
        self.desks = [self._desk(k, label) for k in range(len(tactics))]
        self.schedules = [self._schedule(k) for k in range(len(tactics))]
        self.offering, self.settling = Offering(self), Settling(self)
        has_bargains = any(lets_bargain(tactic) for tactic in tactics)
        self.bargaining = Bargaining(self, self.offering.in_stock) if has_bargains else None
        self._past = Past(DAILY, recorder.daily)
        self._running: list[tuple[Tactic, Desk]] = []  # today
        self.aimed_at = np.empty(0, dtype=np.int64)  # rows of members who got a message aimed by scores today
        self._is_back = np.zeros(len(world), dtype=np.bool_)  # all False between two uses
        for event, scene in zip(self.events, self.scenes, strict=True):
            event.begin(scene)
        for tactic, desk in zip(tactics, self.desks, strict=True):
            tactic.begin(desk)
        self._base = self._shelf_base()
        self._shelf_types = {name: column.dtype for name, column in self._base.items()}

    def befall(self, event: Event) -> None:
        """Before the first day: let an event befall this run alone, beside those of the scenario."""
        self.events = (*self.events, event)
        self.scenes.append(self._scene(len(self.scenes)))
        event.begin(self.scenes[-1])

    def _desk(self, index: int, label: str) -> Desk:
        tactic = self.tactics[index]
        ordinal = sum(other.kind == tactic.kind for other in self.tactics[:index])

        def book(line: str, cls: CostClass, cents: int) -> None:
            self.recorder.ledger.book(self.day, self.labels[index], line, cls, cents)

        return Desk(index, label, ordinal, self.world.world_seed, book, self.budgets[index], self.world)

    def _schedule(self, index: int) -> Schedule:
        tactic, label, scenario = self.tactics[index], self.labels[index], self.world.scenario
        days = frozenset(tactic.days_on(scenario.calendar, scenario.days))
        return Schedule(
            days.__contains__, tactic.when, tactic.stop_loss,
            lambda first, last: self.recorder.ledger.of_tactic(label, first, last),
        )  # fmt: skip

    def _scene(self, index: int) -> Scene:
        ordinal = sum(other.kind == self.events[index].kind for other in self.events[:index])
        return Scene(index, ordinal, self.world.world_seed, self.world)

    def _shelf_base(self) -> dict[str, NDArray[Any]]:
        c, n = self.world.catalogue, len(self.world.catalogue)
        log_price = np.empty(n)
        shelf_rules.log_ratios(c.price_cents, np.full(n, self.world.constants.p_ref), log_price)
        zeros, none = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        return {
            "id": c.id,
            "list_cents": c.price_cents,
            "price_cents": c.price_cents,
            "unit_cost_cents": c.unit_cost_cents,
            "cut_tactic": none,
            "quality": c.quality,
            "taste_0": np.ascontiguousarray(c.taste[:, 0]),
            "taste_1": np.ascontiguousarray(c.taste[:, 1]),
            "taste_2": np.ascontiguousarray(c.taste[:, 2]),
            "arousal": c.arousal,
            "sociality": c.sociality,
            "spam_onset": c.spam_onset,
            "on_sale": np.ones(n, dtype=np.bool_),
            "promoted": np.zeros(n),
            "live": np.zeros(n),
            "live_discount": np.zeros(n),
            "content": np.zeros(n),
            "log_price": log_price,
            "log_cut": np.zeros(n),
            "popularity": np.zeros(n),
            "glance": zeros,
            "rating": np.zeros(n),
            "appeal": np.zeros(n),
            "team_discount": np.zeros(n),
            "team_tactic": none,
            "team_size": zeros,
            "team_capacity": zeros,
            "team_window": zeros,
            "team_strangers": np.zeros(n, dtype=np.bool_),
            "team_told": np.zeros(n, dtype=np.bool_),
            "team_success": np.zeros(n),
            "team_joins": np.zeros(n),
        }

    # --- morning ---------------------------------------------------------------------------------

    def morning(self, t: int) -> Shelf:
        """What is on the shelf on day t (counted from the start of the burn-in)."""
        self.day = t - self.burn_in
        self.teams.start_day(t)
        self.campaign.start_day(self.day)
        self._predict(t)
        self._open_day()
        self._running = [
            (tactic, desk)
            for tactic, desk, schedule in zip(self.tactics, self.desks, self.schedules, strict=True)
            if schedule.runs(self.day, self._past) and tactic.kind not in self.banned
        ]
        on = self.on()
        # tactics and events may write on any column, the shop on these
        fresh = self._base if on or self.happening else _FRESH
        shelf = {name: column.copy() if name in fresh else column for name, column in self._base.items()}
        self.shelf_kernels.show(
            self.world.params, self.units, self.reviews, self.stars, shelf["popularity"],
            shelf["rating"], shelf["appeal"],
        )  # fmt: skip
        if self.world.params.b_fresh > 0.0:
            self.shelf_kernels.refresh(self.world.params, self.day, self.world.catalogue.launch_day, shelf["appeal"])
        shelf["on_sale"] = (self.world.catalogue.launch_day <= max(self.day, 0)) & (self.stock != 0)
        shelf["team_success"], shelf["team_joins"] = self.teams.shown_rates()
        for event, scene in self.happening:  # before the tactics: they see the shop as events leave it
            event.on_shelf(shelf, self.day, scene)
        c = self.world.catalogue
        self.board = Board(
            self.day, len(c), self.units, shelf["rating"], c.price_cents, c.unit_cost_cents, shelf["on_sale"]
        )
        for tactic, desk in on:
            tactic.on_shelf(shelf, self.board, desk)
        self._set_conditions(on)
        if on or self.happening:
            check_types(shelf, self._shelf_types, "shelf")
            self.shelf_kernels.log_ratios(shelf["price_cents"], shelf["list_cents"], shelf["log_cut"])
        if self.prices is not None:
            self.prices.compare(shelf["log_cut"], shelf["appeal"])
        self.shelf_kernels.glances(
            shelf["taste_0"], shelf["taste_1"], shelf["taste_2"], shelf["popularity"], shelf["on_sale"], shelf["glance"]
        )
        self.shelf = Shelf(**shelf)
        if self.prices is not None:
            self.dearer = self.prices.dearer(self.shelf)
        self.is_promoting = bool(on or self.happening) and bool((self.shelf.promoted > 0.0).any())
        if self.bargaining is not None:
            self.bargaining.morning(on, self.shelf)
        return self.shelf

    def _predict(self, t: int) -> None:
        """What the shop's analytics say this morning, of people as last night left them."""
        self.customers.start_day(t)
        if self.day >= 0 and self.analytics.needs_truth:
            assert self.see_truth is not None, "the driver must say how the truth is seen"
            books = self.customers
            self.analytics.look(t, self.see_truth(t), self.world.population.ids, books.registered_day)

    def _open_day(self) -> None:
        """What befalls the shop today, whatever its strategy."""
        if self.events:
            self.happening = [
                (event, scene)
                for event, scene in zip(self.events, self.scenes, strict=True)
                if self.day >= 0 and event.is_on(self.day)
            ]
            self.banned = frozenset(kind for event, _ in self.happening for kind in event.banned())

    def on(self) -> list[tuple[Tactic, Desk]]:
        """Tactics that run today, as the morning decided."""
        return self._running

    def _set_conditions(self, on: list[tuple[Tactic, Desk]]) -> None:
        """What holds for everybody today."""
        params, constants = self.world.params, self.world.constants
        if not on and not self.happening:
            self.params, self.constants = params, constants
            return
        named = (*REWARDS, *REPLIES, *OUTSIDE)
        usual = {name: getattr(params, name) for name in CONDITIONS}
        usual |= {name: getattr(constants, name) for name in named}
        today = dict(usual)
        for event, scene in self.happening:
            event.on_conditions(today, self.day, scene)
        for tactic, desk in on:
            tactic.on_conditions(today, self.board, desk)
        self.params = params._replace(**{name: today[name] for name in CONDITIONS}) if today != usual else params
        self.constants = constants._replace(**{name: today[name] for name in named}) if today != usual else constants

    def reach(self, t: int) -> Reached | None:
        """Whom the shop or news of it reaches this morning, and with what; None where nothing reaches anybody.

        Tactics reach members who take messages; events reach everybody who ever registered.
        """
        self.aimed_at = np.empty(0, dtype=np.int64)
        reaching = [(tactic, desk) for tactic, desk in self.on() if type(tactic).on_reach is not Tactic.on_reach]
        befalling = [(event, scene) for event, scene in self.happening if type(event).on_reach is not Event.on_reach]
        if not reaching and not befalling:
            return None
        nobody = np.empty(0, dtype=np.int64)
        people = self.people(self.customers.members(), nobody)
        contacts = Contacts.none(len(people.row))
        for tactic, desk in reaching:
            is_aimed = self.params.c_priv > 0.0 and bool(tactic.scores())
            before = contacts.pushes.copy() if is_aimed else contacts.pushes
            tactic.on_reach(contacts, people, tactic.target.chosen(people), self.board, desk)
            if is_aimed:
                self.aimed_at = np.union1d(self.aimed_at, people.row[contacts.pushes > before])
        if befalling:
            everybody, of_members = self.people(self.customers.registered(), nobody), contacts
            contacts = Contacts.none(len(everybody.row))
            for event, scene in befalling:
                event.on_reach(contacts, everybody, self.day, scene)
            contacts.add(np.searchsorted(everybody.row, people.row), of_members)
            people = everybody
        touched, pushes = contacts.touched(), np.minimum(contacts.pushes, PUSHES_MOST)
        return Reached(
            people.row[touched], pushes[touched], contacts.pull[touched], contacts.hold[touched],
            contacts.impulse[touched], contacts.blow[touched],
        )  # fmt: skip

    def opt_out(self, rows: Ints) -> None:
        """These people switch the shop's messages off, for good."""
        self.customers.has_opted_out[rows] = True

    def posts(self, t: int) -> Reach | None:
        """Opinion leaders' posts of this morning; where several reach one person, keyed priority decides."""
        parts = []
        for tactic, desk in self.on():
            posts = tactic.on_post(self.board, desk)
            for row, product in zip(posts.row.tolist(), posts.product.tolist(), strict=True) if posts else ():
                hearers = self.world.hearers(row)
                parts.append((hearers, row, product, posts.hype if posts else 0.0, desk.index))
        if not parts:
            return None
        sizes = [len(part[0]) for part in parts]
        row = np.concatenate([part[0] for part in parts])
        leader, product, tactic_of = (np.repeat([part[k] for part in parts], sizes) for k in (1, 2, 4))
        hype = np.repeat([float(part[3]) for part in parts], sizes)
        ids = self.world.population.ids
        items = (ids[leader] << 32) | self.world.catalogue.id[product]
        words = resolve.priorities(self.world.noise_seed, draws.KOL_TIE, t, ids[row], items)
        best = resolve.winners(row, words, items)
        return Reach(
            row[best],
            product[best],
            hype[best],
            tactic_of[best],
            np.minimum(np.unique(row, return_counts=True)[1], SEEN_MOST),
        )

    def people(self, rows: Ints, returned: Ints) -> People:
        """These customers as the shop sees them; `returned` are the rows of those who came back today."""
        self._is_back[returned] = True
        is_back = self._is_back[rows]
        self._is_back[returned] = False
        return People(rows, self.world.population.ids[rows], self.day + self.burn_in, self.customers, is_back)

    def grant(self, t: int, k: int, site: str, cents: Ints, agents: Ints, items: Ints) -> NDArray[np.bool_]:
        """Reserve amounts from tactic k's budget by keyed priority; which were granted."""
        purpose = self.tactics[k].purpose(site, self.desks[k])
        words = resolve.priorities(self.world.noise_seed, purpose, t, agents, items)
        granted = resolve.grant(cents, self.budgets[k].available(), words, agents)
        self.budgets[k].reserve(int(cents[granted].sum()))
        return granted

    def ratings(self) -> NDArray[np.float64]:
        """Stars shown now, per product."""
        counts = zip(self.reviews.tolist(), self.stars.tolist(), strict=True)
        return np.array([shelf_rules.displayed_rating(n, stars) for n, stars in counts])

    # --- night -----------------------------------------------------------------------------------

    def night(self, t: int, events: Day) -> None:
        """Commissions and other dues, release of unused coupons, and what tomorrow's shelf and books show."""
        orders, reviewed, stars = events.orders, events.reviewed, events.stars
        for k, tactic in enumerate(self.tactics):
            share = tactic.commission_share()
            if share > 0.0:
                mine = np.flatnonzero(orders.kol_tactic == k)
                due = np.floor(orders.paid_cents[mine] * share + 0.5).astype(np.int64)
                agents, items = (
                    self.world.population.ids[orders.row[mine]],
                    self.world.catalogue.id[orders.product[mine]],
                )
                granted = self.grant(t, k, "commission", due, agents, items)
                cents = int(due[granted].sum())
                self.budgets[k].spend(cents)
                self.recorder.ledger.book(self.day, self.labels[k], "commission", "expense", cents)
        for tactic, desk in self.on():
            tactic.on_night(events, self.board, desk)
        if self.tactics or self.events:
            self.customers.write(t, events.registered, events.visitors, orders.row, orders.paid_cents)
        if self.customers.purchases is not None:
            kept = ~orders.is_returned.astype(bool)
            self.customers.purchases.write(orders.row[kept], orders.product[kept])
        if self.recorder.served is not None:
            self.recorder.served.order(orders.row, orders.product)
        if self.on():
            self.offering.give_back(np.arange(len(self.offering.issued)))
        if self.prices is not None:
            self.prices.write(self.shelf, orders)
        if self.offering.spending is not None:
            self.offering.spending.write(orders)
        if self.offering.deals is not None:
            self.offering.deals.write(orders)
        self.campaign.note(orders)
        np.add.at(self.units, orders.product, orders.quantity)
        np.add.at(self.reviews, reviewed, 1)
        np.add.at(self.stars, reviewed, stars)


def _analytics(world: World, tactics: tuple[Tactic, ...]) -> Analytics:
    """The shop's analytics, as far as these tactics ask for them."""
    needed = frozenset(name for tactic in tactics for name in tactic.scores())
    asked = world.scenario.analytics
    return Analytics(
        needed, {name: getattr(asked, f"{name}_accuracy") for name in SCORES}, world.world_seed, world.noise_seed
    )


def prepare(world: World, strategy: str, events: bool | Collection[str] = False) -> tuple[Operations, Recorder]:
    """What both drivers need besides the world: the strategy at work, and the books."""
    scenario, params = world.scenario, world.params
    recorder = Recorder(
        world.population,
        world.catalogue,
        scenario.days,
        scenario.burn_in_days,
        params.resale,
        int(params.ship * 100 + 0.5),
        events,
        params.left_because > 0.0,
    )
    return Operations(world, strategy, scenario.tactics(strategy), recorder, scenario.burn_in_days), recorder


def _labels(label: str, tactics: tuple[Tactic, ...]) -> list[str]:
    """Names of a strategy's cost lines: its label, and the kind where it runs several tactics."""
    if len(tactics) <= 1:
        return [label] * len(tactics)
    kinds = [tactic.kind for tactic in tactics]
    return [
        f"{label}.{kind}" + (f"_{kinds[: k + 1].count(kind)}" if kinds.count(kind) > 1 else "")
        for k, kind in enumerate(kinds)
    ]
