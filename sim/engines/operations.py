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
from sim.day import Day, Orders, Samples, no_orders, no_samples
from sim.engines.bargains import Bargaining, lets_bargain
from sim.engines.campaign import Campaign
from sim.engines.money import RememberedPrices, Spending
from sim.engines.teams import Seats, Teams, no_seats
from sim.engines.world import World
from sim.events import Event, Scene
from sim.journal import DAILY, Recorder
from sim.money import CostClass
from sim.recommenders.seen import Purchases
from sim.recommenders.served import Served
from sim.rules import resolve
from sim.rules import shelf as shelf_rules
from sim.rules.expose import LISTED, organic_weight
from sim.rules.reach import PUSHES_MOST
from sim.rules.records import FOUND, NEVER, TEAM_COLUMNS, Offer, Shelf
from sim.rules.remember import SEEN_MOST
from sim.strategies.people import Customers, People
from sim.strategies.tactic import CONDITIONS, OUTSIDE, REPLIES, REWARDS, Board, Contacts, Desk, Tactic
from sim.strategies.timing import Past, Schedule

Ints = NDArray[np.int64]

_FRESH: Final = ("popularity", "rating", "appeal", "glance")  # columns of the shelf that change every day


class Buyers(NamedTuple):
    """What today's buyers chose, one entry each, ascending by row (fields as in rules' Choice)."""

    row: Ints
    product: Ints
    is_team: NDArray[np.bool_]
    team: Ints
    would_found: NDArray[np.bool_]
    quantity: Ints
    source: Ints
    parent: Ints
    unit_cents: Ints
    coupon: Ints
    team_cents: Ints
    hype: NDArray[np.float64]
    kol_tactic: Ints
    visit: Ints  # position among today's visitors

    def take(self, chosen: NDArray[Any]) -> Buyers:
        """Those entries only."""
        return Buyers(*[column[chosen] for column in self])


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
        self.labels = _labels(label, tactics)
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
        self.spending = Spending(world) if world.params.budget > 0.0 else None
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
        has_bargains = any(lets_bargain(tactic) for tactic in tactics)
        self.bargaining = Bargaining(self, self._in_stock) if has_bargains else None
        self._running: list[tuple[Tactic, Desk]] = []  # today
        self._aimed_at = np.empty(0, dtype=np.int64)  # rows of members who got a message aimed by scores today
        self.issued = np.zeros(0, dtype=np.int64)  # money off reserved today, per visitor
        self.issuer = np.zeros(0, dtype=np.int64)  # by which tactic
        for event, scene in zip(self.events, self.scenes, strict=True):
            event.begin(scene)
        for tactic, desk in zip(tactics, self.desks, strict=True):
            tactic.begin(desk)
        self._base = self._shelf_base()

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
        past = Past(DAILY, self.recorder.daily)
        self._running = [
            (tactic, desk)
            for tactic, desk, schedule in zip(self.tactics, self.desks, self.schedules, strict=True)
            if schedule.runs(self.day, past) and tactic.kind not in self.banned
        ]
        on = self._on()
        # tactics and events may write on any column, the shop on these
        fresh = self._base if on or self.happening else _FRESH
        shelf = {name: column.copy() if name in fresh else column for name, column in self._base.items()}
        self.shelf_kernels.show(
            self.world.params, self.units, self.reviews, self.stars, shelf["popularity"],
            shelf["rating"], shelf["appeal"],
        )  # fmt: skip
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

    def _on(self) -> list[tuple[Tactic, Desk]]:
        """Tactics that run today, as the morning decided."""
        return self._running

    def _set_conditions(self, on: list[tuple[Tactic, Desk]]) -> None:
        """What holds for everybody today."""
        params, constants = self.world.params, self.world.constants
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
        self._aimed_at = np.empty(0, dtype=np.int64)
        reaching = [(tactic, desk) for tactic, desk in self._on() if type(tactic).on_reach is not Tactic.on_reach]
        befalling = [(event, scene) for event, scene in self.happening if type(event).on_reach is not Event.on_reach]
        if not reaching and not befalling:
            return None
        nobody = np.empty(0, dtype=np.int64)
        people = self._people(self.customers.members(), nobody)
        contacts = Contacts.none(len(people.row))
        for tactic, desk in reaching:
            is_aimed = self.params.c_priv > 0.0 and bool(tactic.scores())
            before = contacts.pushes.copy() if is_aimed else contacts.pushes
            tactic.on_reach(contacts, people, tactic.target.chosen(people), self.board, desk)
            if is_aimed:
                self._aimed_at = np.union1d(self._aimed_at, people.row[contacts.pushes > before])
        if befalling:
            everybody, of_members = self._people(self.customers.registered(), nobody), contacts
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
        for tactic, desk in self._on():
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

    # --- offers ----------------------------------------------------------------------------------

    def _people(self, rows: Ints, returned: Ints) -> People:
        """These customers as the shop sees them; `returned` are the rows of those who came back today."""
        is_back = np.zeros(len(self.world), dtype=np.bool_)
        is_back[returned] = True
        return People(rows, self.world.population.ids[rows], self.day + self.burn_in, self.customers, is_back[rows])

    def samples(self, t: int, members: Callable[[], tuple[Ints, Ints]]) -> Samples:
        """What is given away today; paid at once, taken from the stock.

        `members`, asked only where something is given: rows of the active members, and of those who came back today.

        By keyed lot; who comes first in it comes first for stock and budget. One sample a day: the first tactic's.
        """
        planned = [(tactic, desk, tactic.on_sample(self.board, desk)) for tactic, desk in self._on()]
        planned = [(tactic, desk, plan) for tactic, desk, plan in planned if plan and plan.share and len(plan.product)]
        if not planned:
            return no_samples()
        people = self._people(*members())
        has_one = np.zeros(len(people.row), dtype=np.bool_)
        given = [no_samples()]
        for tactic, desk, plan in planned:
            assert plan is not None
            purpose, words = tactic.purpose("sample", desk), np.empty((len(people.row), 4), dtype=np.int64)
            draws.blocks(self.world.noise_seed, purpose, t, people.id, np.zeros(len(people.row), dtype=np.int64), words)
            is_drawn = (words[:, 0] + 0.5) * 2.0**-32 < plan.share
            wants = np.flatnonzero(tactic.target.chosen(people) & ~has_one & is_drawn)
            product = plan.product[(words[wants, 1] * len(plan.product)) >> 32]
            cents = self.world.catalogue.unit_cost_cents[product] + plan.handling_cents
            granted = self._in_stock(product, words[wants, 0], people.id[wants])
            if desk.budget.is_capped:
                asks = np.flatnonzero(granted & (cents > 0))
                fits = resolve.grant(
                    cents[asks], desk.budget.available(), words[wants[asks], 0], people.id[wants[asks]]
                )
                granted[asks[~fits]] = False
                desk.budget.reserve(int(cents[granted].sum()))
                desk.budget.spend(int(cents[granted].sum()))
            wants, product, cents = wants[granted], product[granted], cents[granted]
            has_one[wants] = True
            limited = self.stock[product] >= 0
            np.subtract.at(self.stock, product[limited], 1)
            desk.book("samples", "expense", int(cents.sum()))
            given.append(Samples(people.row[wants], product, cents, np.full(len(wants), desk.index)))
        together = Samples(*[np.concatenate(columns) for columns in zip(*given, strict=True)])
        order = np.argsort(together.row, kind="stable")
        return Samples(*[column[order] for column in together])

    def _in_stock(self, product: Ints, words: Ints, names: Ints) -> NDArray[np.bool_]:
        """Which requests for one unit the stock can serve, by priority."""
        served = np.ones(len(product), dtype=np.bool_)
        for scarce in np.unique(product[self.stock[product] >= 0]).tolist():
            wants = np.flatnonzero(product == scarce)
            one = np.ones(len(wants), dtype=np.int64)
            served[wants] = resolve.grant(one, int(self.stock[scarce]), words[wants], names[wants])
        return served

    def offers(self, t: int, rows: Ints, returned: Ints) -> Offer:
        """What each of today's visitors is offered; `returned` are the rows of those who came back today."""
        n = len(rows)
        none = np.full(n, -1, dtype=np.int64)
        columns: dict[str, NDArray[Any]] = {
            "coupon_share": np.zeros(n),
            "coupon_share_tactic": none.copy(),
            "coupon_cents": np.zeros(n, dtype=np.int64),
            "coupon_min_cents": np.zeros(n, dtype=np.int64),
            "coupon_cents_tactic": none.copy(),
            "unlock_cents": np.zeros(n, dtype=np.int64),
            "unlock_min_cents": np.zeros(n, dtype=np.int64),
            "unlock_tactic": none.copy(),
            "team_tactics": np.zeros(n, dtype=np.int64),
            "rec_weight": np.zeros(n),
            "rec_accuracy": np.zeros(n),
            "rec_tactic": none.copy(),
            "rec_list": np.empty((n, 0), dtype=np.int32),  # as wide as the longest list that is served
            "rec_known": np.zeros(n),
            "live_weight": np.zeros(n),
            "live_tactic": none.copy(),
            "live_hype": np.zeros(n),
            "content_weight": np.zeros(n),
            "urge": np.zeros(n),
        }
        self.issued, self.issuer = np.zeros(n, dtype=np.int64), none.copy()
        on = self._on()
        if on:
            people = self._people(rows, returned)
            for tactic, desk in on:
                tactic.on_offer(columns, people, tactic.target.chosen(people), self.board, desk)
            self._issue(t, columns["coupon_cents"], columns["coupon_cents_tactic"], people.id)
            self._count_lists(rows, columns)
        if self.spending is not None:
            columns["urge"] += self.spending.urge(rows)
        if self.world.scenario.arrival.first_urge:
            is_new = self.recorder.registered_day[rows] == NEVER  # in the shop, and not written down yet
            columns["urge"] += np.where(is_new, self.world.scenario.arrival.first_urge, 0.0)
        return Offer(**columns)

    def may_bargain(self, rows: Ints, returned: Ints) -> Ints | None:
        """Which tactics let each of today's visitors bargain (see Bargaining.allowed); None where nobody can."""
        if self.bargaining is None or not self.bargaining.is_offering:
            return None
        return self.bargaining.allowed(self._people(rows, returned), self._on())

    def _count_lists(self, rows: Ints, columns: dict[str, NDArray[Any]]) -> None:
        """For the measures: what recommenders' lists show today's visitors."""
        mine = np.flatnonzero(columns["rec_accuracy"] == LISTED)
        if len(mine) == 0:
            return
        if self.recorder.served is None:
            self.recorder.served = Served(self.world.catalogue.taste)
        people, traits = rows[mine], self.world.population.traits
        taste = np.stack([traits.taste_0[people], traits.taste_1[people], traits.taste_2[people]], axis=1)
        lists, ids = columns["rec_list"][mine], self.world.population.ids[people]
        self.recorder.served.show(people, ids, lists, taste, self.shelf.on_sale)

    def watched(self, rows: Ints, offers: Offer) -> tuple[Ints, NDArray[np.float64]] | None:
        """Who is shown today that the shop knows her, and how much of what she sees is (eq. 2d); None: nobody minds.

        For visitors the share of recommended slots among those that need no friends, times the share of these that were
        chosen for her; for members who got a message that was aimed by the shop's predictions about her, 1.
        """
        if self.params.c_priv == 0.0:
            return None
        share = offers.rec_weight / (offers.rec_weight + organic_weight(self.params))
        known = np.zeros(len(self.world))
        known[rows] = offers.rec_known * share
        known[self._aimed_at] = 1.0
        about = np.flatnonzero(known)
        return about, known[about]

    def _issue(self, t: int, cents: Ints, tactic_of: Ints, ids: Ints) -> None:
        """Reserve money-off coupons as they are handed out; who does not fit into a budget gets none."""
        for k, budget in enumerate(self.budgets):
            wants = np.flatnonzero((tactic_of == k) & (cents > 0))
            if not budget.is_capped or len(wants) == 0:
                continue
            granted = self._grant(t, k, "issue", cents[wants], ids[wants], np.zeros(len(wants), dtype=np.int64))
            self.issued[wants[granted]] = cents[wants[granted]]
            self.issuer[wants[granted]] = k
            cents[wants[~granted]] = 0
            tactic_of[wants[~granted]] = -1

    def _grant(self, t: int, k: int, site: str, cents: Ints, agents: Ints, items: Ints) -> NDArray[np.bool_]:
        """Reserve amounts from tactic k's budget by keyed priority; which were granted."""
        purpose = self.tactics[k].purpose(site, self.desks[k])
        words = resolve.priorities(self.world.noise_seed, purpose, t, agents, items)
        granted = resolve.grant(cents, self.budgets[k].available(), words, agents)
        self.budgets[k].reserve(int(cents[granted].sum()))
        return granted

    def unlock(self, t: int, offers: Offer, willing: Ints, rows: Ints) -> Ints:
        """Give coupons to visitors willing to share for them, as far as budgets reach; who got one (positions)."""
        got = []
        for k, budget in enumerate(self.budgets):
            wants = willing[offers.unlock_tactic[willing] == k]
            if len(wants) == 0:
                continue
            cents = offers.unlock_cents[wants]
            better = cents > offers.coupon_cents[wants]
            if budget.is_capped:
                ids = self.world.population.ids[rows[wants]]
                granted = self._grant(t, k, "unlock", cents, ids, np.zeros(len(wants), dtype=np.int64))
                wants, cents, better = wants[granted], cents[granted], better[granted]
                budget.release(int(cents[~better].sum()))  # shared in vain: she holds a better coupon
            got.append(wants)
            wants, cents = wants[better], cents[better]
            self._give_back(wants)  # the smaller coupon she held before
            if budget.is_capped:
                self.issued[wants], self.issuer[wants] = cents, k
            offers.coupon_cents[wants] = cents
            offers.coupon_min_cents[wants] = offers.unlock_min_cents[wants]
            offers.coupon_cents_tactic[wants] = k
        return np.sort(np.concatenate(got)) if got else np.empty(0, dtype=np.int64)

    def _give_back(self, visits: Ints) -> None:
        """Release what is still reserved for these visitors."""
        for k, budget in enumerate(self.budgets):
            budget.release(int(self.issued[visits[self.issuer[visits] == k]].sum()))
        self.issued[visits] = 0

    # --- settling --------------------------------------------------------------------------------

    def settle(self, t: int, buyers: Buyers, offers: Offer) -> tuple[Buyers, Orders, Day]:
        """Turn choices into orders placed alone and seats in teams.

        Returns the buyers who ended up with an order or a seat, today's orders alone, and what happened
        to teams. Scarce things go by keyed priority: stock, seats, budgets.
        """
        events = Day()
        buyers = self._from_stock(t, buyers)
        alone = buyers
        if buyers.is_team.any():
            buyers = self._seat(t, buyers)
            buyers = self._fund_teams(t, buyers)
            self._open_and_join(t, buyers, events)
            alone = buyers.take(~buyers.is_team)
        return buyers, self._sell(t, alone, offers), events

    def _from_stock(self, t: int, buyers: Buyers) -> Buyers:
        limited = np.flatnonzero(self.stock[buyers.product] >= 0)
        if len(limited) == 0:
            return buyers
        keep = np.ones(len(buyers.row), dtype=np.bool_)
        ids = self.world.population.ids[buyers.row]
        for product in np.unique(buyers.product[limited]).tolist():
            wants = np.flatnonzero(buyers.product == product)
            item = np.full(len(wants), self.world.catalogue.id[product])
            words = resolve.priorities(self.world.noise_seed, draws.STOCK, t, ids[wants], item)
            granted = resolve.grant(buyers.quantity[wants], int(self.stock[product]), words, ids[wants])
            keep[wants[~granted]] = False
            self.stock[product] -= int(buyers.quantity[wants[granted]].sum())
        return buyers.take(keep)

    def _seat(self, t: int, buyers: Buyers) -> Buyers:
        """Joiners without a seat found a team if that still beats buying alone, else buy alone."""
        joins = np.flatnonzero(buyers.is_team & (buyers.team != FOUND))
        if len(joins) == 0:
            return buyers
        seated = self.teams.seat(t, buyers.team[joins], self.world.population.ids[buyers.row[joins]])
        left = joins[~seated]
        buyers.team[left] = FOUND
        buyers.is_team[left] = buyers.would_found[left]
        return buyers

    def _fund_teams(self, t: int, buyers: Buyers) -> Buyers:
        """Reserve team discounts; who does not fit into the budget buys alone."""
        p = buyers.product
        cut = (self.shelf.list_cents[p] - self.shelf.price_cents[p]) * buyers.quantity
        saving = (self.shelf.price_cents[p] - buyers.team_cents) * buyers.quantity
        held = np.zeros(len(p), dtype=np.int64)  # reserved from the cut's budget
        for site, amount, tactic_of in (
            ("team_cut", cut, self.shelf.cut_tactic[p]),
            ("team", saving, self.shelf.team_tactic[p]),
        ):
            for k, budget in enumerate(self.budgets):
                wants = np.flatnonzero(buyers.is_team & (tactic_of == k) & (amount > 0))
                if not budget.is_capped or len(wants) == 0:
                    continue
                ids = self.world.population.ids[buyers.row[wants]]
                granted = self._grant(t, k, site, amount[wants], ids, self.world.catalogue.id[p[wants]])
                buyers.is_team[wants[~granted]] = False
                if site == "team_cut":
                    held[wants[granted]] = amount[wants[granted]]
        for k, budget in enumerate(self.budgets):
            budget.release(int(held[~buyers.is_team & (self.shelf.cut_tactic[p] == k)].sum()))
        return buyers

    def _open_and_join(self, t: int, buyers: Buyers, events: Day) -> None:
        in_team = buyers.take(buyers.is_team)
        is_founding = in_team.team == FOUND
        founding = in_team.take(is_founding)
        n = len(founding.row)
        table = np.empty((n, TEAM_COLUMNS), dtype=np.int64)
        if n:
            p = founding.product
            columns = (
                founding.row, self.world.population.ids[founding.row], p, np.full(n, t), t + self.shelf.team_window[p],
                np.ones(n, dtype=np.int64), self.shelf.team_size[p], self.shelf.team_capacity[p],
            )  # fmt: skip
            table[:] = np.stack(columns, axis=1)
        in_team.team[is_founding] = self.teams.found(table)
        joining = in_team.take(~is_founding)
        events.founders, events.founded = founding.row, founding.product
        events.joiners, events.joined = joining.row, joining.product
        events.joined_with = self.teams.table[joining.team - self.teams.first, 0] if len(joining.row) else joining.team
        buyers.team[buyers.is_team] = in_team.team
        p = in_team.product
        cut = np.where(self.shelf.price_cents[p] < self.shelf.list_cents[p], self.shelf.cut_tactic[p], -1)
        seats = Seats(
            in_team.team, in_team.row, p, in_team.quantity, self.shelf.list_cents[p], self.shelf.price_cents[p],
            in_team.team_cents, in_team.source, in_team.parent, cut, self.shelf.team_tactic[p],
            in_team.hype, in_team.kol_tactic,
        )  # fmt: skip
        self.teams.take_seats(seats, ~is_founding)

    def _sell(self, t: int, alone: Buyers, offers: Offer) -> Orders:
        """Prices of orders placed alone: shelf price, then the better coupon; budgets that ran dry give nothing."""
        p, q, ids = alone.product, alone.quantity, self.world.population.ids[alone.row]
        product_ids = self.world.catalogue.id[p]
        list_cents, price = self.shelf.list_cents[p], self.shelf.price_cents[p].copy()
        unit, coupon = alone.unit_cents.copy(), alone.coupon.copy()
        cut_by = np.where(price < list_cents, self.shelf.cut_tactic[p], -1)
        by_share = np.where(coupon == 1, offers.coupon_share_tactic[alone.visit], -1)
        by_share = np.where(coupon == 3, offers.live_tactic[alone.visit], by_share)  # a session's price works alike
        by_money = np.where(coupon == 2, offers.coupon_cents_tactic[alone.visit], -1)
        for k, budget in enumerate(self.budgets):
            if not budget.is_capped:
                continue
            wants = np.flatnonzero(cut_by == k)
            granted = self._grant(t, k, "cut", (list_cents - price)[wants] * q[wants], ids[wants], product_ids[wants])
            budget.spend(int(((list_cents - price)[wants] * q[wants])[granted].sum()))
            self._at_list_price(wants[~granted], list_cents, price, unit, coupon, cut_by)
            wants = np.flatnonzero(by_share == k)
            granted = self._grant(t, k, "share", (price - unit)[wants] * q[wants], ids[wants], product_ids[wants])
            budget.spend(int(((price - unit)[wants] * q[wants])[granted].sum()))
            lost = wants[~granted]
            unit[lost], coupon[lost], by_share[lost] = price[lost], 0, -1
        book = self.recorder.ledger.book
        money = np.where(coupon == 2, offers.coupon_cents[alone.visit], 0)
        paid = np.where(coupon == 2, np.maximum(price * q - money, 1), unit * q)
        for k, budget in enumerate(self.budgets):
            used = by_money == k
            given = (price * q - paid)[used]
            shared = (price * q - paid)[(by_share == k) & (coupon == 1)]
            live = (price * q - paid)[(by_share == k) & (coupon == 3)]
            cut = ((list_cents - price) * q)[cut_by == k]
            book(self.day, self.labels[k], "coupon", "contra_revenue", int(given.sum()) + int(shared.sum()))
            book(self.day, self.labels[k], "live_price", "contra_revenue", int(live.sum()))
            book(self.day, self.labels[k], "price_cut", "contra_revenue", int(cut.sum()))
            if budget.is_capped:
                budget.spend(int(given.sum()))
                self.issued[alone.visit[used]] -= given
        tactic = np.where(by_money >= 0, by_money, np.where(by_share >= 0, by_share, cut_by))
        return self._orders(alone, 0, list_cents * q, paid, tactic)

    def _at_list_price(self, lost: Ints, list_cents: Ints, price: Ints, unit: Ints, coupon: Ints, cut_by: Ints) -> None:
        """The cut's budget is gone: list price, less what her coupon took off the cut price."""
        off = price[lost] - unit[lost]
        price[lost] = list_cents[lost]
        unit[lost] = np.where((coupon[lost] == 1) | (coupon[lost] == 3), list_cents[lost] - off, list_cents[lost])
        cut_by[lost] = -1

    def _orders(self, of: Buyers | Seats, mode: int, list_cents: Ints, paid: Ints, tactic: Ints) -> Orders:
        n = len(of.row)
        return Orders(
            row=of.row,
            product=of.product,
            mode=np.full(n, mode),
            quantity=of.quantity,
            list_cents=list_cents,
            paid_cents=paid,
            cost_cents=self.shelf.unit_cost_cents[of.product] * of.quantity,
            source=of.source,
            parent=of.parent,
            tactic=tactic,
            hype=of.hype,
            kol_tactic=of.kol_tactic,
            is_returned=np.zeros(n, dtype=np.bool_),
        )

    def close_teams(self, t: int, events: Day) -> tuple[Orders, Seats]:
        """Orders of teams that filled tonight, and the seats of those that failed."""
        if not self.teams.is_open.any():
            return no_orders(), no_seats()
        confirmed, refunded, events.n_teams_filled, events.n_teams_failed = self.teams.close(t)
        saved = (confirmed.price_cents - confirmed.team_cents) * confirmed.quantity
        cut = (confirmed.list_cents - confirmed.price_cents) * confirmed.quantity
        released = (refunded.price_cents - refunded.team_cents) * refunded.quantity
        for k, budget in enumerate(self.budgets):
            mine, theirs = confirmed.team_tactic == k, refunded.team_tactic == k
            cut_given = int(cut[confirmed.cut_tactic == k].sum())
            cut_back = ((refunded.list_cents - refunded.price_cents) * refunded.quantity)[refunded.cut_tactic == k]
            book = self.recorder.ledger.book
            book(self.day, self.labels[k], "team_discount", "contra_revenue", int(saved[mine].sum()))
            book(self.day, self.labels[k], "price_cut", "contra_revenue", cut_given)
            if budget.is_capped:
                budget.spend(int(saved[mine].sum()) + cut_given)
                budget.release(int(released[theirs].sum()) + int(cut_back.sum()), same_day=False)
        limited = self.stock[refunded.product] >= 0
        np.add.at(self.stock, refunded.product[limited], refunded.quantity[limited])
        events.let_down, events.let_down_product = refunded.row, refunded.product
        list_cents, paid = confirmed.list_cents * confirmed.quantity, confirmed.team_cents * confirmed.quantity
        orders = self._orders(confirmed, 1, list_cents, paid, confirmed.team_tactic)
        return orders, refunded

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
                granted = self._grant(t, k, "commission", due, agents, items)
                cents = int(due[granted].sum())
                self.budgets[k].spend(cents)
                self.recorder.ledger.book(self.day, self.labels[k], "commission", "expense", cents)
        for tactic, desk in self._on():
            tactic.on_night(events, self.board, desk)
        if self.tactics or self.events:
            self.customers.write(t, events.registered, events.visitors, orders.row, orders.paid_cents)
        if self.customers.purchases is not None:
            kept = ~orders.is_returned.astype(bool)
            self.customers.purchases.write(orders.row[kept], orders.product[kept])
        if self.recorder.served is not None:
            self.recorder.served.order(orders.row, orders.product)
        self._give_back(np.arange(len(self.issued)))
        if self.prices is not None:
            self.prices.write(self.shelf, orders)
        if self.spending is not None:
            self.spending.write(orders)
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
