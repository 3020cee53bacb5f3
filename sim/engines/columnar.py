"""The fast driver: shoppers as columns, each phase a compiled loop. Imports rules, world, operations, journal.

A phase is either dense (all shoppers, branch-free, nearly all of it arithmetic) or sparse (only those
who acted). Nobody scans friends: who acted writes to her friends. Dense loops and visits run in blocks
that threads can share; every block writes only its own part, so their number cannot matter.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim._jit import Direct
from sim.analytics import Truth
from sim.day import SHARE_KINDS, Day, Orders
from sim.engines import bargain_kernels, columns, kernels, talk_loops, visits
from sim.engines import bonds as binding
from sim.engines.arrivals import arrivals_of
from sim.engines.bargains import Wishes
from sim.engines.communities import reached
from sim.engines.operations import Operations
from sim.engines.settling import Buyers
from sim.engines.talk import Receipts, Talk
from sim.engines.truth import truth_of
from sim.engines.view import new_view
from sim.engines.world import World
from sim.journal import Recorder
from sim.rules import bonds as bond_rules
from sim.rules import leave, remember, resolve
from sim.rules import talk as talking
from sim.rules.fulfil import order_name
from sim.rules.reach import STEPS
from sim.rules.records import (
    ACTIVE,
    BROWSE,
    HELP,
    INVITED,
    LAPSED,
    ORGANIC,
    PAID,
    PROSPECT,
    SAMPLE,
    Choice,
    Offer,
    Shelf,
    State,
    Traits,
)
from sim.rules.remember import (
    ASK,
    BAD,
)
from sim.rules.visit import REGISTERS, REGISTERS_INVITED, RETURNS
from sim.sorting import order_of

Ints = NDArray[np.int64]

VISITS_AT_ONCE = 2000  # visitors who take each step together; no power of two, whose strides share cache lines


_NOBODY: Ints = np.empty(0, dtype=np.int64)
_NO_POSTS = (_NOBODY, _NOBODY, _NOBODY)


class Messages:
    """Messages under way: sent today, read tomorrow (arrays of equal length)."""

    FIELDS = ("sender", "receiver", "product", "weight", "kind", "team", "tie")

    def __init__(self, columns: tuple[NDArray[Any], ...] | None = None) -> None:
        if columns is None:
            columns = tuple(np.empty(0, dtype=np.int64) for _ in self.FIELDS)
        self.sender, self.receiver, self.product, self.weight, self.kind, self.team, self.tie = columns


def _together(a: Orders, b: Orders) -> Orders:
    """Orders of both, one after the other."""
    return Orders(*[np.concatenate(pair) for pair in zip(a, b, strict=True)])


class Part(NamedTuple):
    """A run of rows, as views: what one thread works on in a dense loop."""

    traits: Traits
    state: State
    ids: NDArray[np.int64]
    n_heard: NDArray[np.int32]
    churn_word: NDArray[np.uint32]
    flags: NDArray[np.bool_]


class Columnar:
    """One run of one strategy in one world, on columns."""

    def __init__(self, world: World, operations: Operations, recorder: Recorder, threads: int = 1) -> None:
        self.world, self.ops, self.recorder = world, operations, recorder
        self.params, self.constants = world.params, world.constants
        self.kernels, self.visits = Direct(kernels), Direct(visits)
        self.binding, self.bargain_kernels = Direct(binding), Direct(bargain_kernels)
        self.ids, self.traits = world.population.ids, world.population.traits
        self.arrivals = arrivals_of(world)
        if self.arrivals is not None:  # another arrival rule takes the place of organic * arrive
            self.traits = self.arrivals.traits
        self.seed = world.noise_seed
        n = len(world)
        graph = world.graph
        self.indptr, self.audience, self.strength = graph.indptr, graph.audience, graph.strength
        self.n_heard = graph.n_heard
        operations.see_truth = self._truth
        self.n_sent = np.zeros(len(self.audience), dtype=np.uint8)
        self.state = columns.new_state(world, np.zeros(n, dtype=np.int32))
        active = np.flatnonzero(self.state.status == ACTIVE)
        self.n_active, self.n_prospects = len(active), int(np.sum(self.state.status == PROSPECT))
        self._tell(active, 1, 0)
        self.inboxes = columns.new_inboxes(n)
        self.messages = Messages()
        self.bonds = binding.new_bonds(self.params, n)
        self.has_bonds = bond_rules.has_bonds(self.params)
        self.has_belonging = bond_rules.has_belonging(self.params)
        self.acting: list[Ints] = []  # rows of who took part in her community today
        self.talk = Talk(world, self.state) if talking.is_talking(world.params) else None
        self.most_orders = 0  # of any shopper
        self.churn_word = np.zeros(n, dtype=np.uint32)
        self.flags = np.zeros(n, dtype=np.bool_)
        self.threads = threads
        edges = [n * k // threads for k in range(threads + 1)]
        self.parts = [self._part(slice(low, high)) for low, high in itertools.pairwise(edges)]
        self.desks = [columns.new_desk() for _ in range(threads)]
        self.views = [new_view(VISITS_AT_ONCE) for _ in range(threads)]

    def _part(self, rows: slice) -> Part:
        return Part(
            Traits(*[column[rows] for column in self.traits]),
            State(*[column[rows] for column in self.state]),
            self.ids[rows],
            self.n_heard[rows],
            self.churn_word[rows],
            self.flags[rows],
        )

    def run(self, first: int = 0, after: Callable[[int, int], None] | None = None) -> None:
        """All days of the burn-in and of the measured window, from day `first` on.

        `after` is told, when a day is over, how many are, and of how many.
        """
        total = self.recorder.first + self.recorder.days
        with ThreadPoolExecutor(self.threads) if self.threads > 1 else contextlib.nullcontext() as pool:
            for t in range(first, total):
                self.step(t, pool)
                if after is not None:
                    after(t + 1, total)

    def _blocks(self, pool: ThreadPoolExecutor | None, n: int, work: Callable[[int, int, int], None]) -> None:
        """Run work(block, low, high) over blocks of 0..n-1, in threads if there are any."""
        if pool is None or n < 2:
            work(0, 0, n)
            return
        edges = [n * k // self.threads for k in range(self.threads + 1)]
        list(pool.map(lambda k: work(k, edges[k], edges[k + 1]), range(self.threads)))

    def _in_parts(self, pool: ThreadPoolExecutor | None, work: Callable[[Part], None]) -> None:
        """Run a dense loop over everybody, part by part."""
        if pool is None:
            work(self.parts[0])
        else:
            list(pool.map(work, self.parts))

    def step(self, t: int, pool: ThreadPoolExecutor | None) -> None:
        """One day, phase by phase (see sim.rules)."""
        events = Day()
        shelf = self.ops.morning(t)
        self.params, self.constants = self.ops.params, self.ops.constants
        if self.arrivals is not None:
            self.params = self.arrivals.ruled(self.params)
        if self.talk is not None:
            self.talk.start_day(t, self.params, self.constants, shelf)
        # whom anything reaches today
        mail = np.concatenate([self._posts(t), self._reach(t, events), self.messages.receiver])
        if self.has_bonds:
            self.binding.bind(
                self.params, self.constants, self.traits, self.state, self.bonds, self.ops.dearer, len(self.ids)
            )
        self.kernels.hear(self.state, self.messages.receiver, self.messages.kind)
        self._help(t, events)
        self._arrive_return_visit(t, pool, events)
        self._remember(t, events.visitors)
        events.samples = self.ops.offering.samples(t, lambda: (self._members(), events.returned))
        buyers, offers, unlockers, favourites = self._shop(t, pool, events, shelf)
        watched = self.ops.offering.watched(events.visitors, offers)
        if watched is not None:
            self.kernels.wary(self.params, self.traits.trust, self.state.satisfaction, *watched)
        buyers, orders, about_teams = self.ops.settling.settle(t, buyers, offers)
        for name in ("founders", "founded", "joiners", "joined", "joined_with"):
            setattr(events, name, getattr(about_teams, name))
        seated = buyers.take(buyers.is_team)
        self.state.team[seated.row] = seated.team
        team_orders, refunded = self.ops.settling.close_teams(t, events)
        if len(team_orders.row):
            self.state.team[team_orders.row] = -1
            orders = _together(orders, team_orders)
        if self.ops.bargaining is not None:
            orders = _together(orders, self.ops.bargaining.close(t, events))
        self._fulfil_review_share(t, events, shelf, orders, refunded.row, unlockers, favourites, seated)
        moved = [] if self.talk is None else [self.talk.moved]
        touched = np.concatenate([mail, orders.row, events.samples.row, refunded.row, *moved])
        self._close_day(t, pool, events, touched)
        self.ops.night(t, events)
        if self.talk is not None:
            self.talk.night()
        self.n_prospects -= len(events.registered)
        self.n_active += len(events.registered) + len(events.returned) - len(events.lapsed)
        n_lapsed = len(self.ids) - self.n_prospects - self.n_active
        self.recorder.write(t, events, (self.n_prospects, self.n_active, n_lapsed))

    def _members(self) -> Ints:
        """Rows of who is active."""
        return np.flatnonzero(self.state.status == ACTIVE)

    def _truth(self, t: int) -> Truth:
        """What the shop's analytics read with errors."""
        return truth_of(self.world.params, self.constants, self.traits, self.state, self.n_heard, t)

    def _posts(self, t: int) -> Ints:
        """Opinion leaders' posts arrive; rows of those they reach."""
        reach = self.ops.posts(t)
        if reach is None:
            return np.empty(0, dtype=np.int64)
        state = self.state
        state.kol_product[reach.row] = reach.product
        state.kol_day[reach.row] = t
        state.kol_hype[reach.row] = reach.hype
        state.kol_tactic[reach.row] = reach.tactic
        prospects = state.status[reach.row] == PROSPECT
        state.n_posts[reach.row[prospects]] = reach.n_posts[prospects]
        return reach.row

    def _reach(self, t: int, events: Day) -> Ints:
        """The shop's own messages and offers reach members; rows of those they reach."""
        reach = self.ops.reach(t)
        self.most_pull = 0.0
        if reach is None:
            return np.empty(0, dtype=np.int64)
        opts_out = np.empty(len(reach.row), dtype=np.bool_)
        self.kernels.reach(
            self.params, self.traits, self.state, reach.row, reach.pushes, reach.pull, reach.hold, reach.impulse,
            reach.blow, self.ids, self.seed, t, opts_out,
        )  # fmt: skip
        self.ops.opt_out(reach.row[opts_out])
        events.pushed, events.pushes = reach.row, reach.pushes
        self.most_pull = int(self.state.pull[reach.row].max(initial=0)) / STEPS
        return reach.row

    def _arrive_return_visit(self, t: int, pool: ThreadPoolExecutor | None, events: Day) -> None:
        state = self.state
        if self.arrivals is not None:
            self.arrivals.fill(state, t)
        likeliest = leave.most_returns(self.params, self.most_orders, self.most_pull)
        self._in_parts(
            pool,
            lambda part: self.kernels.wake(
                self.params, part.traits, part.state, part.ids, self.seed, t, likeliest, part.flags, part.churn_word
            ),
        )
        rows = np.flatnonzero(self.flags)
        acts = np.empty(len(rows), dtype=np.int8)
        n = self.kernels.act(self.params, self.constants, self.traits, state, rows, self.ids, self.seed, t, acts)
        events.visitors, acts = rows[:n], acts[:n]
        new = (acts >= REGISTERS) & (acts <= REGISTERS_INVITED)
        events.registered = events.visitors[new]
        events.channel = np.array([0, 0, ORGANIC, PAID, INVITED])[acts[new]]
        events.inviter = np.where(events.channel == INVITED, state.invited_by[events.registered], -1)
        events.returned = events.visitors[acts == RETURNS]
        state.status[events.visitors] = ACTIVE
        state.registered_day[events.registered] = t
        state.invited_by[events.registered] = -1

    def _help(self, t: int, events: Day) -> None:
        """Friends who were asked in bargains help, or not yet; prospects who do may register at once."""
        bargaining = self.ops.bargaining
        if bargaining is None or len(bargaining.asked) == 0:
            return
        asked = bargaining.pending()
        n = len(asked.friend)
        helps, registers = np.empty(n, dtype=np.bool_), np.empty(n, dtype=np.bool_)
        cut, priority = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        self.bargain_kernels.answers(
            self.params, self.constants, self.traits, self.state.fatigue, asked.friend, asked.owner, asked.product,
            asked.earlier, asked.gift, asked.is_random, self.ids, self.world.catalogue.id, self.seed, t, helps,
            registers, cut, priority,
        )  # fmt: skip
        registers &= (self.state.status[asked.friend] == PROSPECT) & (self.state.invited_by[asked.friend] < 0)
        best = bargaining.help(asked, helps, registers, cut, priority, events)
        self.state.invited_by[asked.friend[best]] = asked.owner[best]

    def _remember(self, t: int, visitors: Ints) -> None:
        m = self.messages
        if len(m.receiver) == 0:
            return
        self.flags[:] = 0
        self.flags[visitors] = 1
        kept = np.empty(len(m.receiver), dtype=np.bool_)
        product_ids = self.world.catalogue.id
        self.kernels.notice(
            self.params, self.state, self.ids, product_ids, m.sender, m.receiver, m.product, m.kind, self.flags,
            self.seed, t, kept,
        )  # fmt: skip
        if self.talk is not None:
            self.talk.read(m, kept)
        order = np.flatnonzero(kept)
        order = order[order_of(m.product[order], m.receiver[order])]
        senders = m.sender[order]
        self.kernels.remember_all(
            self.params, self.state, self.inboxes, self.ids, product_ids, m.receiver[order], m.product[order],
            m.weight[order], m.kind[order], senders, self.ids[senders], m.team[order], self.seed, t,
        )  # fmt: skip

    def _shop(
        self, t: int, pool: ThreadPoolExecutor | None, events: Day, shelf: Shelf
    ) -> tuple[Buyers, Offer, Ints, Ints]:
        """Phases 5-6: buyers' choices, what was offered, who shared to unlock (rows), and their favourites."""
        rows, state = events.visitors, self.state
        n = len(rows)
        offers = self.ops.offering.offers(t, rows, events.returned)
        agents = self.ids[rows]
        unlockers = np.empty(0, dtype=np.int64)
        if (offers.unlock_cents > 0).any():
            luck, willing = np.empty(n), np.empty(n, dtype=np.bool_)
            self.visits.want_unlock(
                self.params, self.constants, self.traits, offers, rows, agents, self.seed, t, luck, willing
            )
            unlockers = self.ops.offering.unlock(t, offers, np.flatnonzero(willing), rows)
        kinds = {"is_team": np.bool_, "would_found": np.bool_, "hype": np.float64}
        choice = Choice(*[np.empty(n, dtype=kinds.get(name, np.int64)) for name in Choice._fields])
        teams = self.ops.teams

        favours = np.zeros(n, dtype=np.bool_)
        favours[unlockers] = True

        def work(block: int, first: int, last: int) -> None:
            self.visits.look_and_choose(
                self.params, self.constants, self.traits, state, self.inboxes, offers, shelf, self.ops.is_promoting,
                teams.public, teams.table, teams.first, favours, rows, agents, first, last, self.seed,
                self.world.world_seed, t, self.views[block], self.desks[block], choice,
            )  # fmt: skip

        self._blocks(pool, n, work)
        if self.talk is not None:
            self.talk.wonder(self.ops, self.inboxes, offers, rows, choice.product, self.desks[0])
        self._bargain(t, events, offers, shelf, choice)
        state.last_visit_day[rows] = t
        if self.has_belonging:
            self.acting = [rows[(offers.live_weight > 0.0) | (offers.content_weight > 0.0)]]
        bought = np.flatnonzero(choice.product >= 0)
        buyers = Buyers(
            row=rows[bought],
            visit=bought,
            **{name: getattr(choice, name)[bought] for name in Choice._fields if name != "favourite"},
        )
        liked = choice.favourite[unlockers]
        return buyers, offers, rows[unlockers][liked >= 0], liked[liked >= 0]

    def _bargain(self, t: int, events: Day, offers: Offer, shelf: Shelf, choice: Choice) -> None:
        """Visitors who would rather bargain start a bargain, as far as stock and budgets reach, and choose nothing."""
        rows, bargaining, teams = events.visitors, self.ops.bargaining, self.ops.teams
        tactics = self.ops.offering.may_bargain(rows, events.returned)
        if bargaining is None or tactics is None:
            return
        n = len(rows)
        product, source, parent, kol_tactic = (np.empty(n, dtype=np.int64) for _ in range(4))
        hype = np.empty(n)
        self.bargain_kernels.consider(
            self.params, self.constants, self.traits, self.state, self.inboxes, offers, shelf, bargaining.terms,
            tactics, bargaining.success, self.ops.is_promoting, teams.public, teams.table, teams.first, rows, self.ids,
            self.seed, self.world.world_seed, t, self.desks[0], product, source, parent, hype, kol_tactic,
        )  # fmt: skip
        instead = np.where(choice.product >= 0, choice.quantity, 0)
        wishes = Wishes(np.arange(n), rows, product, source, parent, hype, kol_tactic, instead).take(product >= 0)
        choice.product[bargaining.start(t, wishes, events).visit] = -1

    def _fulfil_review_share(
        self,
        t: int,
        events: Day,
        shelf: Shelf,
        orders: Orders,
        let_down: Ints,
        unlockers: Ints,
        favourites: Ints,
        seated: Buyers,
    ) -> None:
        samples, n_orders = events.samples, len(orders.row)
        row, product = np.concatenate([orders.row, samples.row]), np.concatenate([orders.product, samples.product])
        n = len(row)
        mode = np.full(n, SAMPLE, dtype=np.int8)
        mode[:n_orders] = orders.mode
        hype = np.zeros(n)
        hype[:n_orders] = orders.hype
        source = np.full(n, BROWSE, dtype=np.int64)
        source[:n_orders] = orders.source
        returned, shared, posted, bad = (np.empty(n, dtype=np.bool_) for _ in range(4))
        given = np.empty(n, dtype=np.int64)
        self.kernels.fulfil(
            self.params, self.constants, self.traits, self.state, shelf, row, product, mode, hype, source,
            self.ids, self.seed, t, returned, given, shared, posted, bad,
        )  # fmt: skip
        if len(let_down):
            self.kernels.let_down(self.params, self.state, let_down)
        self.most_orders = max(self.most_orders, int(self.state.n_orders[orders.row].max(initial=0)))
        events.orders = orders._replace(is_returned=returned[:n_orders])
        wrote = given > 0
        events.reviewers, events.reviewed, events.stars = row[wrote], product[wrote], given[wrote]
        # who shared to unlock a coupon, or asks for a team, does not share the same day's order again
        asked = seated.take(np.isin(seated.row, events.founders)) if len(seated.row) else seated
        quiet = np.zeros(n, dtype=np.bool_)
        if len(unlockers) or len(asked.row) or len(events.bargainers):
            quiet = np.isin(row, np.concatenate([unlockers, asked.row, events.bargainers]))
            shared &= ~quiet
            posted &= ~quiet
        if self.has_belonging:
            self._belong(t, row, product, mode, shared, posted)
            self.acting += [row[wrote], row[posted]]
        more: tuple[Ints, ...] = _NO_POSTS
        if self.talk is not None:
            got = Receipts(row, product, mode, hype, source, bad, given)
            more = self.talk.evening(events, orders.parent, got, posted, quiet)
        self._send_all(t, events, row, product, mode, shared, posted, bad, unlockers, favourites, asked, more)

    def _belong(
        self, t: int, row: Ints, product: Ints, mode: NDArray[np.int8], shared: NDArray[np.bool_],
        posted: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Members who only shared may also post, because they belong."""
        only = np.flatnonzero(shared & ~posted)
        names = [order_name(p, m) for p, m in zip(self.world.catalogue.id[product[only]], mode[only], strict=True)]
        too = np.empty(len(only), dtype=np.bool_)
        self.binding.posts_too(
            self.params, self.bonds, row[only], np.array(names, dtype=np.int64), self.ids, self.seed, t, too
        )
        posted[only[too]] = True

    def _to_communities(self, t: int, sent: tuple[Ints, ...], row: Ints, product: Ints, kind: Ints) -> tuple[Ints, ...]:
        """The messages under way, and the posts that reach members of posters' communities."""
        post, receiver = reached(self.world, row, product, t)
        trust, n = self.traits.trust[receiver], len(post)
        weight = [
            remember.message_weight(self.params, self.constants, x, talking.STRANGER, 0, k)
            for x, k in zip(trust.tolist(), kind[post].tolist(), strict=True)
        ]
        none = np.full(n, -1, dtype=np.int64)
        more = (row[post], receiver, product[post], np.array(weight, dtype=np.int64), kind[post], none, none)
        return tuple(np.concatenate(pair) for pair in zip(sent, more, strict=True))

    def _send_all(
        self,
        t: int,
        events: Day,
        row: Ints,
        product: Ints,
        mode: NDArray[np.int8],
        shared: NDArray[np.bool_],
        posted: NDArray[np.bool_],
        bad: NDArray[np.bool_],
        unlockers: Ints,
        favourites: Ints,
        asked: Buyers,
        more: tuple[Ints, ...],
    ) -> None:
        """Phase 9: everything that leaves for friends tonight, and prospects who accept; `more` are further posts."""
        most = 3 * len(row) + len(unlockers) + len(asked.row) + len(more[0])
        sharers, products, kinds, teams, share_kind = (np.empty(most, dtype=np.int64) for _ in range(5))
        n_shares, n_written, n = self.kernels.letters(
            row, product, mode, shared, posted, bad, unlockers, favourites, asked.row, asked.product, asked.team, *more,
            sharers, products, kinds, teams, share_kind,
        )  # fmt: skip
        sharers, products, kinds, teams = sharers[:n], products[:n], kinds[:n], teams[:n]
        events.sharers, events.shared, events.share_kind = (
            sharers[:n_shares],
            products[:n_shares],
            share_kind[:n_shares],
        )
        posts = tuple(column[n_shares:n_written] for column in (sharers, products, kinds))
        requests = self._ask_for_help(t, events)
        spared = np.full(len(sharers), -1)  # who is not written to: from whom she has it
        if self.talk is not None:
            passed = self.talk.pass_on(events, sharers[:n_written], products[:n_written])
            letters = zip((sharers, products, kinds, teams, spared), passed, strict=True)
            sharers, products, kinds, teams, spared = (np.concatenate(pair) for pair in letters)
        most = int((self.indptr[sharers + 1] - self.indptr[sharers]).sum())
        columns = tuple(np.empty(most, dtype=np.int64) for _ in Messages.FIELDS)
        n, _ = self.kernels.send(
            self.params, self.constants, self.traits.trust, self.indptr, self.audience, self.strength, self.n_sent,
            self.ids, self.world.catalogue.id, sharers, products, kinds, teams, spared, self.seed, t, *columns,
        )  # fmt: skip
        sent = tuple(column[:n] for column in columns)
        if self.params.p_com > 0.0:
            sent = self._to_communities(t, sent, *posts)
        if requests is not None:
            sent = tuple(np.concatenate(pair) for pair in zip(sent, requests, strict=True))
            self._note_requests(requests[Messages.FIELDS.index("tie")], events)
        self.messages = m = Messages(sent if self.talk is None else self.talk.sent(sent))
        if self.params.x_know > 0.0:
            talk_loops.know(self.params, self.traits, self.ops.shelf, m.sender, m.product, m.weight)
        said = np.asarray(m.kind <= ASK)
        events.senders, events.receivers, events.messaged = m.sender[said], m.receiver[said], m.product[said]
        is_inviting = said & (m.kind != BAD)
        self._invite(t, is_inviting if requests is None else is_inviting & (m.team != HELP))

    def _ask_for_help(self, t: int, events: Day) -> tuple[Ints, ...] | None:
        """Whom they ask who started a bargain today; read as of this morning, sent after everything else."""
        bargaining, n = self.ops.bargaining, len(events.bargainers)
        if bargaining is None or n == 0:
            return None
        owners = events.bargainers
        most = int((self.indptr[owners + 1] - self.indptr[owners]).sum())
        sender, receiver, product, weight, earlier, tie = (np.empty(most, dtype=np.int64) for _ in range(6))
        n = self.bargain_kernels.ask(
            self.params, self.constants, self.traits.trust, self.indptr, self.audience, self.strength, self.n_sent,
            self.ids, self.world.catalogue.id, owners, events.bargained, bargaining.terms.is_random[events.bargained],
            self.seed, t, sender, receiver, product, weight, earlier, tie,
        )  # fmt: skip
        bargaining.ask(sender[:n], receiver[:n], earlier[:n])
        kind, team = np.full(most, ASK), np.full(most, HELP)
        return tuple(column[:n] for column in (sender, receiver, product, weight, kind, team, tie))

    def _note_requests(self, tie: Ints, events: Day) -> None:
        """Requests for help left over these ties."""
        self.n_sent[tie] = np.minimum(self.n_sent[tie].astype(np.int64) + 1, remember.SENT_MOST)
        events.sharers = np.concatenate([events.sharers, events.bargainers])
        events.shared = np.concatenate([events.shared, events.bargained])
        kind = np.full(len(events.bargainers), SHARE_KINDS.index("bargain"))
        events.share_kind = np.concatenate([events.share_kind, kind])

    def _invite(self, t: int, is_inviting: NDArray[np.bool_]) -> None:
        """Prospects who were written to (other than to be warned) may register tomorrow."""
        m = self.messages
        to_prospect = is_inviting & (self.state.status[m.receiver] == PROSPECT)
        receivers, senders = m.receiver[to_prospect], m.sender[to_prospect]
        if len(receivers) == 0:
            return
        ids = self.ids
        words = resolve.priorities(self.seed, draws.INVITER, t, ids[receivers], ids[senders])
        best = resolve.winners(receivers, words, ids[senders])
        prospects, counts = np.unique(receivers, return_counts=True)
        accepts = np.empty(len(prospects), dtype=np.bool_)
        self.kernels.accept(self.params, self.constants, self.traits, ids, prospects, counts, self.seed, t, accepts)
        self.state.invited_by[prospects[accepts]] = senders[best][accepts]

    def _close_day(self, t: int, pool: ThreadPoolExecutor | None, events: Day, touched: Ints) -> None:
        state = self.state
        self._in_parts(
            pool,
            lambda part: self.kernels.close_day(
                self.params, self.constants, part.traits, part.state, part.n_heard, part.churn_word, part.flags
            ),
        )
        rows = np.flatnonzero(self.flags)
        leaves = np.empty(len(rows), dtype=np.bool_)
        self.kernels.leaves(
            self.params, self.constants, self.traits, state, rows, self.n_heard, self.churn_word, t, leaves
        )
        events.lapsed = rows[leaves]
        if self.params.left_because > 0.0:
            events.left_because = np.empty(len(events.lapsed), dtype=np.int64)
            self.binding.causes(
                self.params, self.constants, self.traits, state, self.bonds, self.ops.dearer, events.lapsed,
                self.n_heard, t, events.left_because,
            )  # fmt: skip
        if self.has_bonds or self.has_belonging:
            acting = np.concatenate(self.acting) if self.acting else rows[:0]
            self.binding.end_day(self.params, self.constants, state, self.bonds, t, acting, events.likes)
            state.pull[:] = state.hold[:] = 0
        self.kernels.forget_day(state, touched)  # after leaving, which reads `hold`
        state.status[events.lapsed] = LAPSED
        state.lapsed_day[events.lapsed] = t
        self._tell(np.concatenate([events.registered, events.returned]), 1, t)
        self._tell(events.lapsed, -1, t)

    def _tell(self, rows: Ints, change: int, t: int) -> None:
        state = self.state
        self.kernels.tell_friends(
            self.indptr, self.audience, self.strength, rows, change, state.registered_day, t, state.n_friends_active,
            state.left, state.left_day,
        )  # fmt: skip
