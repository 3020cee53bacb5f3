"""People and each other's words, on columns: a pass an evening over what was read today; imports rules, world, loops.

Made only where a coefficient of rules/talk.py is at work. `Owners`, whom questions are put to, serve both drivers.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.day import Acts, Day, no_acts
from sim.engines import talk_loops
from sim.engines.operations import Operations
from sim.engines.world import World
from sim.params import Params
from sim.rules import resolve, talk
from sim.rules.records import ACTIVE, Constants, Desk, Inbox, Offer, Shelf, State
from sim.rules.remember import ASK, BAD, GOOD, KINDS, OWN, SHOW, is_post, is_warning

Ints = NDArray[np.int64]
_NOBODY: Final = np.empty(0, dtype=np.int64)
_POSTS: Final = np.array([is_post(kind) for kind in range(len(KINDS))], dtype=np.bool_)
_WARNS: Final = np.array([is_warning(kind) for kind in range(len(KINDS))], dtype=np.bool_)


class Words(NamedTuple):
    """Messages and posts, one entry each (arrays of equal length)."""

    sender: Ints
    receiver: Ints
    product: Ints
    kind: Ints

    def take(self, chosen: NDArray[Any]) -> Words:
        """Those entries only."""
        return Words(*[column[chosen] for column in self])


class Receipts(NamedTuple):
    """Orders and samples that arrived today, one entry each."""

    row: Ints
    product: Ints
    mode: NDArray[Any]
    hype: NDArray[np.float64]
    source: Ints
    bad: NDArray[np.bool_]
    stars: Ints  # 0 = no review


class Owners:
    """Who got each product last, and whether it was a bad experience: whom a question about it is put to."""

    def __init__(self, ids: Ints, n_products: int) -> None:
        self.ids = ids
        self.latest: list[list[tuple[int, bool]]] = [[] for _ in range(n_products)]

    def of(self, product: int, asker: int) -> list[tuple[int, bool]]:
        """Owners a question of this person is put to: (row, was it bad)."""
        return [owner for owner in self.latest[product] if owner[0] != asker]

    def receive(self, row: Ints, product: Ints, bad: NDArray[Any]) -> None:
        """Today's deliveries; those of one day count in the order of ids, of one person's the bad one."""
        order = np.lexsort((bad, self.ids[row], product))
        for i, j, was_bad in zip(row[order].tolist(), product[order].tolist(), bad[order].tolist(), strict=True):
            others = [owner for owner in self.latest[j] if owner[0] != i]
            self.latest[j] = [*others, (i, bool(was_bad))][-talk.OWNERS_ASKED :]


class Talk:
    """What people do about what they read, in one run of the columnar driver."""

    def __init__(self, world: World, state: State) -> None:
        self.seed, self.world_seed, self.state = world.noise_seed, world.world_seed, state
        self.ids, self.product_ids, self.traits = world.population.ids, world.catalogue.id, world.population.traits
        params = world.params
        self.owners = Owners(self.ids, len(world.catalogue)) if params.p_ask > 0.0 else None
        self.reputation = np.zeros(len(world) if params.rep_w > 0.0 else 0)
        self.credit = np.zeros(len(self.reputation), dtype=np.int64)
        self.written, self.written_day = _NOBODY, _NOBODY  # (person, product) lately written about, and when
        self.passed, self.hands = _NOBODY, _NOBODY  # (person, product) passed on last night, and the hands until then

    def start_day(self, t: int, params: Params, constants: Constants, shelf: Shelf) -> None:
        """Coefficients and shelf of today; nothing is read yet."""
        self.day, self.params, self.constants, self.shelf = t, params, constants, shelf
        self.words = Words(*([_NOBODY] * len(Words._fields)))
        self.askers = self.asked = _NOBODY
        self.answers = no_acts()
        self.moved = _NOBODY  # whose joy likes moved today

    def read(self, m: Any, kept: NDArray[np.bool_]) -> None:
        """What reached minds this morning, except requests and purchases that were only seen."""
        said = kept & (m.kind != ASK) & (m.kind != OWN)
        self.words = Words(m.sender[said], m.receiver[said], m.product[said], m.kind[said])

    def wonder(self, ops: Operations, inboxes: Inbox, offers: Offer, rows: Ints, bought: Ints, desk: Desk) -> None:
        """Which of today's visitors who bought nothing ask about what they liked best."""
        if self.params.p_ask <= 0.0 or len(rows) == 0:
            return
        pairs = zip(self.shelf.log_price.tolist(), ops.reviews.tolist(), strict=True)
        chances = np.array([talk.ask_probability(self.params, log_price, n) for log_price, n in pairs])
        about = np.full(len(rows), -1, dtype=np.int64)
        talk_loops.wonder(
            self.params, self.constants, self.traits, self.state, inboxes, offers, self.shelf, ops.is_promoting,
            ops.teams.public, ops.teams.table, ops.teams.first, rows, self.ids, self.seed, self.world_seed, self.day,
            chances, float(chances.max()), bought, desk, about,
        )  # fmt: skip
        self.askers, self.asked = rows[about >= 0], about[about >= 0]

    def evening(
        self, events: Day, advisers: Ints, got: Receipts, posted: NDArray[np.bool_], quiet: NDArray[np.bool_]
    ) -> tuple[Ints, Ints, Ints]:
        """Likes, comments, buyers who show what they got, questions and answers of the day.

        `advisers` of the orders are rows, -1 = nobody. Returns further posts of tonight, (author, product, kind). Who
        shows what she got does not post it besides (`posted` is put right); the quiet do neither.
        """
        again = self._react(events)
        shown = self._show(got, posted, quiet)
        events.shows = _acts(*shown)
        events.questions = _acts(self.askers, self.asked)
        events.answers = self.answers = self._answer()
        if self.owners is not None:  # only now: questions of today go to who had it before
            self.owners.receive(got.row, got.product, got.bad)
        if len(self.credit):
            np.add.at(self.credit, events.likes.other, talk.LIKED)
            np.add.at(self.credit, self.answers.row, talk.ANSWERED)
            advised = advisers >= 0
            outcome = np.where(got.bad[: len(advisers)], talk.MISLED, talk.ADVISED)
            np.add.at(self.credit, advisers[advised], outcome[advised])
        tonight = np.concatenate([_names(*shown), _names(got.row[posted], got.product[posted])])
        again = again[~np.isin(_names(again[:, 0], again[:, 1]), tonight)]
        kinds = np.concatenate([np.full(len(shown[0]), SHOW), again[:, 2]])
        return np.concatenate([shown[0], again[:, 0]]), np.concatenate([shown[1], again[:, 1]]), kinds

    def pass_on(self, events: Day, authors: Ints, products: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Who passes on what of the words read today: (row, product, kind, no team, from whom).

        `authors` wrote about `products` themselves tonight, so they pass nothing on about them for a while.
        """
        params = self.params
        if params.p_fwd <= 0.0:
            return (_NOBODY,) * 5
        self._note(_names(authors, products))
        words = self.words.take(self.state.status[self.words.receiver] == ACTIVE)
        words = words.take(~np.isin(_names(words.receiver, words.product), self.written))
        luck = np.empty(len(words.kind))
        talk_loops.origins(*words[:3], self.ids, self.product_ids, self.seed, self.day, luck)
        names = (self.ids[words.sender] << 3) | words.kind
        words = words.take(resolve.winners(_names(words.receiver, words.product), luck, names))
        hands = self._hands_of(_names(words.sender, words.product))
        goes = np.empty(len(hands), dtype=np.bool_)
        talk_loops.forward(
            params, self.constants, self.traits, self.shelf.arousal, words.receiver, words.product, words.kind, hands,
            self.ids, self.product_ids, self.seed, self.day, goes,
        )  # fmt: skip
        words, self.hands = words.take(goes), hands[goes] + 1
        self.passed = _names(words.receiver, words.product)  # ascending, as winners are
        self._note(self.passed)
        events.reposts = Acts(words.receiver, words.product, words.sender, self.hands)
        kinds = np.where(_WARNS[words.kind], BAD, GOOD)
        return words.receiver, words.product, kinds, np.full(len(kinds), -1), words.sender

    def sent(self, columns: tuple[Ints, ...]) -> tuple[Ints, ...]:
        """Tonight's messages (sender, receiver, product, weight, kind, team, tie) by standing, and with the answers."""
        a = self.answers
        weight, none = np.empty(len(a.row), dtype=np.int64), np.full(len(a.row), -1)
        kind = np.where(a.value < 0, BAD, GOOD)
        talk_loops.weigh_answers(self.params, self.constants, self.traits.trust, a.other, kind, weight)
        more = (a.row, a.other, a.product, weight, kind, none, none)
        columns = tuple(np.concatenate(pair) for pair in zip(columns, more, strict=True))
        if len(self.reputation):
            talk_loops.stand(self.params, self.reputation, columns[0], columns[3])
        return columns

    def night(self) -> None:
        """Reputations move."""
        if len(self.reputation):
            talk_loops.remember_credit(self.params, self.reputation, self.credit)

    def _react(self, events: Day) -> Ints:
        """Likes and comments on posts; the posts that come up again, one a row: author, product, kind."""
        posts = self.words.take(_POSTS[self.words.kind])
        likes, comments = np.empty(len(posts.kind), dtype=np.bool_), np.empty(len(posts.kind), dtype=np.bool_)
        talk_loops.react(
            self.params, self.constants, self.traits, *posts[:3], self.ids, self.product_ids, self.seed, self.day,
            likes, comments,
        )  # fmt: skip
        liked, commented = posts.take(likes), posts.take(comments)
        events.likes = _acts(liked.receiver, liked.product, liked.sender)
        tone = np.where(_WARNS[commented.kind], -1, 1)
        events.comments = Acts(commented.receiver, commented.product, commented.sender, tone)
        self.moved = np.unique(np.concatenate([liked.sender, liked.receiver]))
        n_received, n_given = (
            np.bincount(np.searchsorted(self.moved, who), minlength=len(self.moved))
            for who in (liked.sender, liked.receiver)
        )
        talk_loops.please(self.params, self.state, self.moved, n_received, n_given)
        order = np.lexsort((commented.kind, _names(commented.sender, commented.product)))  # of two kinds the smaller
        again = np.stack([commented.sender, commented.product, commented.kind], axis=1)[order]
        _, first = np.unique(_names(again[:, 0], again[:, 1]), return_index=True)
        return np.asarray(again[first])

    def _show(self, got: Receipts, posted: NDArray[np.bool_], quiet: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Who shows what."""
        if self.params.p_show <= 0.0:
            return _NOBODY, _NOBODY
        is_shown = np.empty(len(got.row), dtype=np.bool_)
        talk_loops.show_off(
            self.params, self.constants, self.traits, self.shelf, got.row, got.product, got.mode, got.hype, got.source,
            got.stars, self.ids, self.seed, self.day, is_shown,
        )  # fmt: skip
        is_shown &= ~quiet
        posted &= ~is_shown
        return got.row[is_shown], got.product[is_shown]

    def _answer(self) -> Acts:
        """What owners answer to today's questions."""
        if self.owners is None or len(self.askers) == 0:
            return no_acts()
        asked = [
            (owner, j, i, -1 if bad else 1)
            for i, j in zip(self.askers.tolist(), self.asked.tolist(), strict=True)
            for owner, bad in self.owners.of(j, i)
            if self.state.status[owner] == ACTIVE
        ]
        put = Acts(*np.array(asked, dtype=np.int64).reshape(-1, 4).T.copy())
        replies = np.empty(len(put.row), dtype=np.bool_)
        talk_loops.answer(
            self.params, self.constants, self.traits, put.row, put.product, put.other, self.ids, self.product_ids,
            self.seed, self.day, replies,
        )  # fmt: skip
        return Acts(*[column[replies] for column in put])

    def _note(self, names: Ints) -> None:
        """These wrote tonight; what is long ago is forgotten."""
        recent = (self.written_day > self.day - talk.REST_DAYS) & ~np.isin(self.written, names)
        new = np.unique(names)
        self.written = np.concatenate([self.written[recent], new])
        self.written_day = np.concatenate([self.written_day[recent], np.full(len(new), self.day)])

    def _hands_of(self, names: Ints) -> Ints:
        """Hands through which what these people wrote last night had gone after its author's."""
        if len(self.passed) == 0:
            return np.zeros(len(names), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.passed, names), len(self.passed) - 1)
        return np.where(self.passed[place] == names, self.hands[place], 0)


def _names(people: Ints, products: Ints) -> Ints:
    """One number for a person and a product."""
    return np.asarray((np.asarray(people, dtype=np.int64) << 32) | products)


def _acts(row: Ints, product: Ints, other: Ints | None = None) -> Acts:
    return Acts(row, product, np.full(len(row), -1) if other is None else other, np.zeros(len(row), dtype=np.int64))
