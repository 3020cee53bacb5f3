"""The readable driver: shoppers as Mesa agents, each phase a method; imports mesa, rules, world, operations, journal.

It answers with the same bits as the columnar driver and reads like the specification: everybody goes
through one phase before anybody begins the next. In a phase a shopper reads her own state and her own
mail and writes only those; what she does to others (messages, news of coming and leaving) is put
where they look in a later phase. So the order of agents cannot matter. See docs/mesa.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.analytics import Truth
from sim.day import SHARE_KINDS, Acts, Day, Orders, Samples
from sim.engines.bargains import Wishes
from sim.engines.operations import Operations, prepare
from sim.engines.settling import Buyers
from sim.engines.shoppers import Parcel, Shopper, Tie, ints_of, mesa
from sim.engines.talk import Owners
from sim.engines.truth import truth_of
from sim.engines.world import World
from sim.errors import InputError
from sim.journal import Journal, Recorder
from sim.rules import feel, talk
from sim.rules.records import (
    ACTIVE,
    INBOX_SIZE,
    LAPSED,
    LIVE,
    MOST_SLOTS,
    PROSPECT,
    SAMPLE,
    Choice,
    Desk,
    Offer,
    Shelf,
    State,
)
from sim.rules.remember import BAD
from sim.scenario import Scenario

Ints = NDArray[np.int64]


class Shop(mesa.Model):  # type: ignore[misc]  # Mesa is untyped here
    """One run of one strategy in one world, on agents; days count from the start of the burn-in.

    `world` may be shared between strategies; `parts` are the operations and the books to use (both are
    made if left out). `shopper` is the class of the agents. Mesa's own random numbers are never used.
    """

    def __init__(
        self,
        scenario: Scenario,
        strategy: str = "control",
        replication: int = 0,
        world: World | None = None,
        parts: tuple[Operations, Recorder] | None = None,
        *,
        events: bool | Collection[str] = False,
        shopper: type[Shopper] = Shopper,
    ) -> None:
        world = world if world is not None else World.build(scenario, replication)
        super().__init__(rng=world.noise_seed)
        self.world, self.strategy = world, strategy
        self.params, self.constants, self.noise_seed = world.params, world.constants, world.noise_seed
        self.ops, self.recorder = parts if parts is not None else prepare(world, strategy, events)
        self.is_talking = talk.is_talking(world.params)
        self.owners = Owners(world.population.ids, len(world.catalogue))  # whom questions are put to
        self.arrival = world.scenario.arrival
        self.arrival_coefficients: tuple[float, ...] = self.arrival.coefficients_on(0)
        self.active_share = 0.0  # of everybody, as of last night
        self.n_days = self.recorder.first + self.recorder.days
        self.day = 0
        self.shelf: Shelf
        self.desk = Desk(*[[0] * max(MOST_SLOTS, INBOX_SIZE) for _ in Desk._fields])
        self.ops.see_truth = self._truth
        self.shoppers = [shopper(self, row) for row in range(len(world))]
        self._introduce_friends()

    def _introduce_friends(self) -> None:
        graph = self.world.graph
        for person in self.shoppers:
            for e in range(graph.indptr[person.row], graph.indptr[person.row + 1]):
                friend = self.shoppers[graph.audience[e]]
                person.ties.append(Tie(friend, int(graph.strength[e])))
                friend.n_heard += 1
                friend.n_friends_active += person.is_active

    def run(self) -> Journal:
        """All days that are left."""
        while self.day < self.n_days:
            self.step()
        return self.journal()

    def step(self) -> None:
        """One day, phase by phase (see sim.rules)."""
        if self.day >= self.n_days:
            raise InputError("the run is over", found=f"day {self.day + 1}", allowed=f"{self.n_days} days")
        today = Day()
        shelf = self.ops.morning(self.day)
        self.shelf = Shelf(*[column.tolist() for column in shelf])._replace(id=shelf.id)  # plain numbers are faster
        self.params, self.constants = self.ops.params, self.ops.constants
        if self.arrival.chance is not None:
            self.active_share = int(np.sum(self.statuses() == ACTIVE)) / len(self.shoppers)
            self.params = self.params._replace(organic=1.0)
            self.arrival_coefficients = self.arrival.coefficients_on(self.day - self.world.scenario.burn_in_days)
        self._show_posts()
        self._reach_out(today)
        self.agents.do("read_mail")
        self._help(today)
        self.agents.do("wake")
        self.agents.do("recall")
        today.samples = self.ops.offering.samples(self.day, self._members)
        visitors = [person for person in self.shoppers if person.visits_today]
        offers = self._make_offers(visitors)
        self.agents.do("consider_unlocking")
        self._unlock(visitors, offers)
        self._allow_bargains(visitors)
        self.agents.do("choose")
        self._start_bargains(visitors, today)
        self._show_what_is_known(visitors, offers)
        orders = self._settle(visitors, offers, today)
        parcels = self._deliver(orders, today.samples)
        self.agents.do("receive")
        if self.is_talking:
            self._talk(visitors, orders, parcels, today.samples)
        self.agents.do("write")
        self._note_requests()
        self.agents.do("answer")
        self.agents.do("end_day")
        self.agents.do("tell_friends")
        self._write_down(visitors, orders, parcels, today)
        self.day += 1
        self.running = self.day < self.n_days

    def _truth(self, day: int) -> Truth:
        """What the shop's analytics read with errors; whom somebody said yes to does not matter for it."""
        kept = {name: [getattr(p, name) for p in self.shoppers] for name in State._fields if name != "invited_by"}
        state = State(**{name: np.array(values) for name, values in kept.items()}, invited_by=ints_of(self._nobody()))
        n_heard = np.array([person.n_heard for person in self.shoppers], dtype=np.int32)
        world = self.world
        return truth_of(world.params, world.constants, world.population.traits, state, n_heard, day)

    def _nobody(self) -> Iterable[int]:
        return (-1 for _ in self.shoppers)

    def statuses(self) -> NDArray[np.int8]:
        """Everybody's status, in the order of rows."""
        return np.array([person.status for person in self.shoppers], dtype=np.int8)

    def fatigue(self) -> NDArray[np.float64]:
        """Everybody's fatigue, in the order of rows."""
        return np.array([person.fatigue for person in self.shoppers])

    def journal(self) -> Journal:
        """The tables of the run; it must be over."""
        if self.day < self.n_days:
            raise InputError(
                "the run is not over", found=f"{self.day} of {self.n_days} days", hint="Call run() before journal()."
            )
        world = self.world
        return self.recorder.journal(
            self.strategy, world.replication, self.ops.labels, self.statuses(), self.fatigue(), self.ops.ratings(),
            world.provenance,
        )  # fmt: skip

    # --- what the shop does between phases -------------------------------------------------------

    def _show_posts(self) -> None:
        reach = self.ops.posts(self.day)
        for row, product, hype, tactic, n_posts in zip(*[c.tolist() for c in reach], strict=True) if reach else ():
            person = self.shoppers[row]
            person.kol_product, person.kol_day, person.kol_hype, person.kol_tactic = product, self.day, hype, tactic
            if person.status == PROSPECT:
                person.n_posts = n_posts

    def _reach_out(self, today: Day) -> None:
        """The shop's own messages and offers reach members."""
        reached = self.ops.reach(self.day)
        if reached is None:
            return
        today.pushed, today.pushes = reached.row, reached.pushes
        out = []
        for row, *contact in zip(*[c.tolist() for c in reached], strict=True):
            if self.shoppers[row].hear_from_shop(*contact):
                out.append(row)
        self.ops.opt_out(ints_of(out))

    def _members(self) -> tuple[Ints, Ints]:
        """Rows of the active members, and of those who came back today."""
        active = [person for person in self.shoppers if person.is_active]
        return ints_of(p.row for p in active), ints_of(p.row for p in active if p.returns_today)

    def _help(self, today: Day) -> None:
        """Friends who were asked in bargains help, or not yet; prospects who do may register at once."""
        bargaining = self.ops.bargaining
        if bargaining is None or len(bargaining.asked) == 0:
            return
        asked = bargaining.pending()
        answers = [
            self.shoppers[friend].answer_bargain(self.shoppers[owner], *about)
            for friend, owner, *about in zip(*[column.tolist() for column in asked], strict=True)
        ]
        helps, registers = (np.array([one[k] for one in answers], dtype=np.bool_) for k in (0, 1))
        cut, priority = (ints_of(one[k] for one in answers) for k in (2, 3))
        for k in bargaining.help(asked, helps, registers, cut, priority, today):
            self.shoppers[asked.friend[k]].invited_by = self.shoppers[asked.owner[k]]

    def _allow_bargains(self, visitors: list[Shopper]) -> None:
        returned = ints_of(p.row for p in visitors if p.returns_today)
        tactics = self.ops.offering.may_bargain(ints_of(person.row for person in visitors), returned)
        for k, person in enumerate(visitors):
            person.bargain_tactics = int(tactics[k]) if tactics is not None else 0

    def _start_bargains(self, visitors: list[Shopper], today: Day) -> None:
        """Visitors who would rather bargain start a bargain, as far as stock and budgets reach, and choose nothing."""
        bargaining, wants = self.ops.bargaining, [(k, p) for k, p in enumerate(visitors) if p.wish]
        if bargaining is None or not wants:
            return
        columns = [np.array([p.wish[k] for _, p in wants]) for k in range(len(Wishes._fields) - 2)]
        wishes = Wishes(ints_of(k for k, _ in wants), ints_of(p.row for _, p in wants), *columns)
        started = bargaining.start(self.day, wishes, today)
        for row, product in zip(started.row.tolist(), started.product.tolist(), strict=True):
            person = self.shoppers[row]
            person.bargain, person.choice = product, person.choice._replace(product=-1)

    def _note_requests(self) -> None:
        """The shop notes who was asked to help."""
        if self.ops.bargaining is not None:
            asked = [(p.row, friend.row, earlier) for p in self.shoppers for friend, earlier in p.requests]
            self.ops.bargaining.ask(*[ints_of(one[k] for one in asked) for k in range(3)])

    def _make_offers(self, visitors: list[Shopper]) -> Offer:
        rows = ints_of(person.row for person in visitors)
        offers = self.ops.offering.offers(self.day, rows, ints_of(p.row for p in visitors if p.returns_today))
        self._hand_out(visitors, offers)
        return offers

    def _hand_out(self, visitors: list[Shopper], offers: Offer) -> None:
        for person, offer in zip(visitors, zip(*[column.tolist() for column in offers], strict=True), strict=True):
            person.offer = Offer(*offer)

    def _unlock(self, visitors: list[Shopper], offers: Offer) -> None:
        willing = np.flatnonzero([person.is_willing for person in visitors])
        for k in self.ops.offering.unlock(self.day, offers, willing, ints_of(person.row for person in visitors)):
            visitors[k].has_unlocked = True
        self._hand_out(visitors, offers)

    def _show_what_is_known(self, visitors: list[Shopper], offers: Offer) -> None:
        """Phase 6b: some notice how much the shop knows of them."""
        watched = self.ops.offering.watched(ints_of(person.row for person in visitors), offers)
        for row, known in zip(*[c.tolist() for c in watched], strict=True) if watched else ():
            person = self.shoppers[row]
            person.satisfaction = feel.next_wary(self.params, person.satisfaction, person.traits.trust, known)

    def _settle(self, visitors: list[Shopper], offers: Offer, today: Day) -> Orders:
        """Choices become orders and seats in teams; teams that are full or due close."""
        wants = [(k, person) for k, person in enumerate(visitors) if person.choice.product >= 0]
        columns: dict[str, NDArray[Any]] = {
            name: np.array(
                [getattr(person.choice, name) for _, person in wants],
                dtype={"is_team": np.bool_, "would_found": np.bool_, "hype": np.float64}.get(name, np.int64),
            )
            for name in Choice._fields
            if name != "favourite"
        }
        buyers = Buyers(row=ints_of(person.row for _, person in wants), visit=ints_of(k for k, _ in wants), **columns)
        buyers, alone, about_teams = self.ops.settling.settle(self.day, buyers, offers)
        for name in ("founders", "founded", "joiners", "joined", "joined_with"):
            setattr(today, name, getattr(about_teams, name))
        seated = buyers.take(buyers.is_team)
        for row, team in zip(seated.row.tolist(), seated.team.tolist(), strict=True):
            self.shoppers[row].team = team
        for row in today.founders:
            self.shoppers[row].has_founded = True
        in_team, refunded = self.ops.settling.close_teams(self.day, today)
        for row in [*in_team.row, *refunded.row]:
            self.shoppers[row].team = -1
        for row in refunded.row:
            self.shoppers[row].is_let_down = True
        won = [self.ops.bargaining.close(self.day, today)] if self.ops.bargaining is not None else []
        return Orders(*[np.concatenate(columns) for columns in zip(alone, in_team, *won, strict=True)])

    def _deliver(self, orders: Orders, samples: Samples) -> list[Parcel]:
        """A parcel for every order, then for every sample."""
        is_live = (orders.source == LIVE).tolist()
        contents = (
            orders.row.tolist(),
            orders.product.tolist(),
            orders.mode.tolist(),
            orders.hype.tolist(),
            is_live,
        )
        sent = [(row, Parcel(product, int(mode), *more)) for row, product, mode, *more in zip(*contents, strict=True)]
        given = zip(samples.row.tolist(), samples.product.tolist(), strict=True)
        sent += [(row, Parcel(product, SAMPLE, 0.0)) for row, product in given]
        for row, parcel in sent:
            self.shoppers[row].parcels.append(parcel)
        return [parcel for _, parcel in sent]

    def _talk(self, visitors: list[Shopper], orders: Orders, parcels: list[Parcel], samples: Samples) -> None:
        """Phase 8b: likes, comments, questions and their answers; what advice led to."""
        self.agents.do("react")
        self.agents.do("rejoice")
        for person in visitors:
            if person.question >= 0:
                for row, was_bad in self.owners.of(person.question, person.row):
                    self.shoppers[row].put_to_her.append((person, person.question, was_bad))
        self.agents.do("reply")
        if self.params.p_ask > 0.0:
            owners = np.concatenate([orders.row, samples.row])
            bad = np.array([parcel.tone == BAD for parcel in parcels], dtype=np.bool_)
            self.owners.receive(owners, ints_of(parcel.product for parcel in parcels), bad)
        for adviser, parcel in zip(orders.parent.tolist(), parcels, strict=False):
            if adviser >= 0:
                self.shoppers[adviser].credit += talk.MISLED if parcel.tone == BAD else talk.ADVISED

    def _write_down(self, visitors: list[Shopper], orders: Orders, parcels: list[Parcel], today: Day) -> None:
        """Phase 12: everything that happened goes into the books."""

        def rows(people: Iterable[Shopper]) -> Ints:
            return ints_of(person.row for person in people)

        new = [person for person in visitors if person.registers_today]
        today.visitors, today.registered = rows(visitors), rows(new)
        today.channel = ints_of(person.channel for person in new)
        today.inviter = ints_of(person.inviter.row if person.inviter else -1 for person in new)
        today.returned = rows(person for person in visitors if person.returns_today)
        is_returned = [parcel.is_returned for parcel in parcels[: len(orders.row)]]
        today.orders = orders._replace(is_returned=np.array(is_returned, dtype=np.bool_))
        owners = [*orders.row.tolist(), *today.samples.row.tolist()]
        reviewed = np.flatnonzero([parcel.stars for parcel in parcels])
        today.reviewers = ints_of(owners[k] for k in reviewed)
        today.reviewed = ints_of(parcels[k].product for k in reviewed)
        today.stars = ints_of(parcels[k].stars for k in reviewed)
        shared = [
            *[
                (row, p.product, SHARE_KINDS.index("sample") if p.mode == SAMPLE else 0)
                for row, p in zip(owners, parcels, strict=True)
                if p.is_shared
            ],
            *[(person.row, product, int(team >= 0) + 1) for person in visitors for product, team in person.asks],
            *[(person.row, person.bargain, SHARE_KINDS.index("bargain")) for person in visitors if person.bargain >= 0],
        ]
        today.sharers, today.shared, today.share_kind = (ints_of(entry[k] for entry in shared) for k in range(3))
        sent = [(person.row, friend.row, product) for person in self.shoppers for friend, product in person.sent]
        today.senders, today.receivers, today.messaged = (ints_of(entry[k] for entry in sent) for k in range(3))
        for name in ("shows", "likes", "comments", "reposts", "answers") if self.is_talking else ():
            told = [
                (person.row, j, other.row if other else -1, value)
                for person in self.shoppers
                for j, other, value in getattr(person, name)
            ]
            setattr(today, name, Acts(*[ints_of(entry[k] for entry in told) for k in range(4)]))
        asking = [person for person in visitors if person.question >= 0]
        nothing = np.zeros(len(asking), dtype=np.int64)
        today.questions = Acts(rows(asking), ints_of(person.question for person in asking), nothing - 1, nothing)
        today.lapsed = rows(person for person in self.shoppers if person.lapses_today)
        if self.params.left_because > 0.0:
            today.left_because = ints_of(self.shoppers[row].left_because for row in today.lapsed)
        self.ops.night(self.day, today)
        status = self.statuses()
        n_prospects, n_active, n_lapsed = (int(np.sum(status == s)) for s in (PROSPECT, ACTIVE, LAPSED))
        self.recorder.write(self.day, today, (n_prospects, n_active, n_lapsed))
