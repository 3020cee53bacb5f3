"""The shoppers of the readable driver: Mesa agents, each phase of a day a method; imports mesa, rules, population.

A shopper reads her own state and her own mail and writes only those; see objects.py for the shop they visit.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.population import PERSONAS
from sim.rules import bargain, feel, leave, reach, remember, resolve, share, talk
from sim.rules import bonds as bond_rules
from sim.rules.arrive import ruled_probability
from sim.rules.buy import cause, decide
from sim.rules.expose import expose, taste_match
from sim.rules.fulfil import deliver, order_name
from sim.rules.records import (
    ACTIVE,
    BROWSE,
    HELP,
    INBOX_SIZE,
    INVITED,
    LAPSED,
    NEVER,
    NO_TEAM,
    ORGANIC,
    PAID,
    PROSPECT,
    SAMPLE,
    START,
    Bonds,
    Choice,
    Inbox,
    Key,
    Offer,
    State,
    Traits,
)
from sim.rules.remember import ASK, BAD, GOOD, OWN, POST, SHOW
from sim.rules.review import review_probability, review_reward, stars
from sim.rules.visit import REGISTERS, REGISTERS_INVITED, REGISTERS_PAID, RETURNS, action, acts

if TYPE_CHECKING:
    from sim.engines.objects import Shop

_start_method = multiprocessing.get_start_method(allow_none=True)
import mesa  # noqa: E402  (Mesa 3.3 sets the start method of the whole process on import; put back below)

multiprocessing.set_start_method(_start_method, force=True)

__all__ = ["Message", "Parcel", "Shopper", "Tie", "ints_of", "mesa"]

Ints = NDArray[np.int64]

NOTHING: Final = Choice(-1, -1, False, NO_TEAM, False, 0, BROWSE, -1, 0, 0, 0, 0.0, -1)  # saw nothing, bought nothing

_CHANNEL_OF: Final = {REGISTERS: ORGANIC, REGISTERS_PAID: PAID, REGISTERS_INVITED: INVITED}


def ints_of(values: Iterable[Any]) -> Ints:
    """Whole numbers as an array."""
    return np.array(list(values), dtype=np.int64)


@dataclass(slots=True, eq=False)
class Tie:
    """Somebody who hears me."""

    friend: Shopper
    strength: int  # 1/1024
    n_sent: int = 0  # personal messages so far


class Message(NamedTuple):
    """Sent in the evening, read the next morning."""

    sender: Shopper
    product: int
    kind: int  # one of rules.remember.KINDS
    team: int  # to join, -1 = none
    strength: int  # of the tie
    earlier: int  # personal messages that came this way before today
    standing: float = 1.0  # of the sender
    hands: int = 0  # it went through after its author's


@dataclass(slots=True, eq=False)
class Parcel:
    """A confirmed order or a free sample on its way, and what came of it."""

    product: int
    mode: int  # 0 ordered alone, 1 in a team, 2 a sample, 3 a bargain
    hype: float
    is_live: bool = False  # bought in a live session
    is_returned: bool = False
    stars: int = 0  # 0 = no review
    is_shared: bool = False
    is_posted: bool = False
    is_shown: bool = False
    tone: int = GOOD


class Shopper(mesa.Agent):  # type: ignore[misc]  # Mesa is untyped here
    """One person. Her attributes are the fields of the rules' State, so she is what rules call `state`.

    To change a behaviour, override one phase method and pass the class to Shop. Phases in their order:
    read_mail, wake, recall, consider_unlocking, choose, receive, write, answer, end_day,
    tell_friends; where people talk about each other's words also react, rejoice and reply, before write.
    """

    model: Shop

    def __init__(self, shop: Shop, row: int) -> None:
        super().__init__(shop)
        people = shop.world.population
        self.row, self.id = row, int(people.ids[row])
        self.persona = tuple(PERSONAS)[people.persona[row]]
        self.traits = Traits(*[float(column[row]) for column in people.traits])
        is_registered = bool(people.is_registered[row])
        self.status = ACTIVE if is_registered else PROSPECT
        self.channel = START if is_registered else 0
        self.registered_day = -int(people.tenure_days[row]) if is_registered else NEVER
        self.inviter: Shopper | None = None
        self.invited_by: Shopper | None = None  # whom she said yes to yesterday
        self.last_visit_day = self.last_buy_day = self.lapsed_day = NEVER
        self.n_visits = self.n_orders = 0
        self.satisfaction = self.mood = self.fatigue = self.joy = 0.0
        self.left = self.left_day = 0  # friends who left
        self.n_friends_active = 0
        self.heard = self.seen = self.valence = self.n_posts = self.pushes = 0
        self.pull = self.hold = 0.0  # what the shop does today to bring her in, and about her leaving
        self.kol_product, self.kol_day, self.kol_hype, self.kol_tactic = -1, 0, 0.0, -1
        self.team = -1
        self.bonds = Bonds(0.0, 0.0, 0.0)  # slow states
        # friends and mail
        self.ties: list[Tie] = []  # who hears her
        self.n_heard = 0  # how many she hears
        self.inbox = Inbox(*[[empty] * INBOX_SIZE for empty in (-1, 0, 0, -1, 0, -1)])
        self.inbox_day = 0
        self.mail: list[Message] = []
        self.tomorrow: list[Message] = []  # mail that arrives tomorrow
        # today
        self.life: tuple[int, int, int, int] = (0, 0, 0, 0)
        self.visits_today = 0
        self.registers_today = self.returns_today = self.lapses_today = False
        self.left_because = 0
        self.offer: Offer | None = None
        self.is_willing = self.has_unlocked = self.has_founded = self.is_let_down = False
        self.choice = NOTHING
        self.parcels: list[Parcel] = []
        self.asks: list[tuple[int, int]] = []  # (product, team) she writes about whatever she bought
        self.sent: list[tuple[Shopper, int]] = []  # personal messages: (to whom, about which product)
        self.wish: tuple[float, ...] = ()  # what she would rather bargain for: fields of Wishes from `product` on
        self.bargain_tactics = 0  # bit k set: tactic k lets her bargain today
        self.bargain = -1  # product of the bargain that she starts
        self.requests: list[tuple[Shopper, int]] = []  # friends she asks for help, and what she had sent them before
        # each other's words
        self.reputation = 0.0
        self.credit = 0  # of today
        self.written: dict[int, int] = {}  # product -> day on which she last wrote about it
        self.noticed: list[Message] = []  # what she read today, but for requests and purchases only seen
        self.n_received = self.n_given = 0  # likes of today
        self.again: dict[int, int] = {}  # product -> kind of her post that somebody commented on
        self.question = -1  # product she asks about
        self.put_to_her: list[tuple[Shopper, int, bool]] = []  # questions: by whom, about what, was it bad
        self.likes: list[tuple[int, Shopper, int]] = []  # (product, whose post, 0); comments: 1 for it, -1 against it
        self.comments: list[tuple[int, Shopper, int]] = []
        self.shows: list[tuple[int, None, int]] = []
        self.reposts: list[tuple[int, Shopper, int]] = []  # (product, from whom, hands until then)
        self.answers: list[tuple[int, Shopper, int]] = []

    @property
    def is_active(self) -> bool:
        """Is she a member who has not left?"""
        return self.status == ACTIVE

    @property
    def friends(self) -> list[Shopper]:
        """Who hears her."""
        return [tie.friend for tie in self.ties]

    @property
    def key(self) -> Key:
        """The fixed part of the names of her luck today."""
        return Key(self.model.noise_seed, self.model.day, self.id, self.model.world.world_seed)

    @property
    def state(self) -> State:
        """Herself, as rules see her."""
        return cast(State, self)

    # --- morning ---------------------------------------------------------------------------------

    def hear_from_shop(self, pushes: int, pull: float, hold: float, impulse: float, blow: float) -> bool:
        """Phase 0: the shop's messages and offers reach her, and news about it; does she switch messages off?"""
        shop = self.model
        opts_out = reach.opts_out(shop.params, self.key, self.state, pushes)
        self.pull, self.hold, self.mood, self.satisfaction = reach.reached(
            shop.params, self.traits, self.state, shop.day, pushes, pull, hold, impulse, blow
        )
        self.pushes = pushes
        return opts_out

    def read_mail(self) -> None:
        """Personal messages of yesterday arrive; yesterday's doings are over, and slow states act."""
        shop = self.model
        if bond_rules.has_bonds(shop.params):
            self.pull, self.hold = bond_rules.bound(
                shop.params, shop.constants, self.traits, self.state, self.bonds, shop.ops.dearer
            )
        self.visits_today = 0
        self.registers_today = self.returns_today = self.lapses_today = False
        self.is_willing = self.has_unlocked = self.has_founded = self.is_let_down = False
        self.offer, self.choice, self.parcels, self.asks, self.sent = None, NOTHING, [], [], []
        self.wish, self.bargain, self.requests = (), -1, []
        self.noticed, self.again, self.question, self.put_to_her = [], {}, -1, []
        self.likes, self.comments, self.shows, self.reposts, self.answers = [], [], [], [], []
        self.n_received = self.n_given = 0
        self.mail, self.tomorrow = self.tomorrow, []
        for message in self.mail:
            if remember.is_personal(message.kind):
                self.heard += int(self.seen < remember.SEEN_MOST)
                self._see(not remember.is_warning(message.kind))

    def _see(self, is_good: bool) -> None:
        if self.seen < remember.SEEN_MOST:
            self.seen += 1
            self.valence += 1 if is_good else -1

    def answer_bargain(
        self, owner: Shopper, product: int, earlier: int, gift: int, is_random: bool
    ) -> tuple[bool, bool, int, int]:
        """Phase 0d: does she help a friend who asked; does that bring her to register; the cut; her luck in it."""
        shop = self.model
        helps, registers, cut, priority = bargain.answer(
            shop.params, shop.constants, self.traits, self.fatigue, earlier, gift, is_random, self.key,
            draws.pair(owner.id, shop.shelf.id[product]),
        )  # fmt: skip
        return helps, registers and self.status == PROSPECT and self.invited_by is None, cut, priority

    def wake(self) -> None:
        """Phases 1-3: a prospect may register, a lapsed shopper come back, an active one open the shop."""
        shop = self.model
        self.life = draws.block(shop.noise_seed, draws.LIFE, shop.day, self.id, 0)
        is_invited = self.invited_by is not None
        traits = self.traits if shop.arrival.chance is None else self.ruled_traits()
        is_acting = acts(shop.params, shop.constants, traits, self.state, is_invited, shop.day, self.life)
        self.visits_today = int(is_acting)
        if not is_acting:
            return
        what = action(shop.params, traits, self.state, is_invited, self.life)
        if what == RETURNS:
            self.status, self.returns_today = ACTIVE, True
        elif what in _CHANNEL_OF:
            self._register(_CHANNEL_OF[what])

    def ruled_traits(self) -> Traits:
        """Her traits where another arrival rule takes the place of organic * arrive: its answer is in `arrive`."""
        shop, traits = self.model, self.traits
        if self.status != PROSPECT:
            return traits
        answer = shop.arrival.chance(shop.arrival_coefficients, traits, self.state, self.n_heard, shop.active_share)
        return traits._replace(arrive=ruled_probability(answer, traits))

    def _register(self, channel: int) -> None:
        self.status, self.registers_today = ACTIVE, True
        self.channel, self.registered_day = channel, self.model.day
        self.inviter, self.invited_by = self.invited_by, None

    def recall(self) -> None:
        """Phase 4: what friends wrote goes into her bounded memory."""
        kept = [message for message in self.mail if self.notices(message)]
        if self.model.is_talking:
            self.noticed = [message for message in kept if message.kind not in (ASK, OWN)]
        if not kept:
            return
        for message in kept:
            if remember.is_post(message.kind):
                self._see(not remember.is_warning(message.kind))
        kept.sort(key=lambda message: message.product)
        shop = self.model
        remember.remember(
            shop.params, self.key, self.inbox, shop.day - self.inbox_day, shop.shelf.id,
            ints_of(m.product for m in kept),
            cast(Any, [self.weigh(m) for m in kept]), cast(Any, [m.kind for m in kept]),
            cast(Any, [m.sender.row for m in kept]), cast(Any, [m.sender.id for m in kept]),
            cast(Any, [m.team for m in kept]),
        )  # fmt: skip
        self.inbox_day = shop.day

    def notices(self, message: Message) -> bool:
        """Personal messages always, purchases if she is active, posts on a visit and by luck."""
        shop, sender_id, product_id = self.model, message.sender.id, self.model.shelf.id[message.product]
        is_visiting = self.visits_today > 0
        return remember.notices(shop.params, self.key, message.kind, self.is_active, is_visiting, sender_id, product_id)

    def weigh(self, message: Message) -> int:
        """How strongly a message counts with her, eq. 8."""
        weight = remember.message_weight(
            self.model.params, self.model.constants, self.traits.trust, message.strength, message.earlier, message.kind
        )
        if self.model.params.rep_w > 0.0:
            weight = talk.weighed(weight, message.standing)
        if self.model.params.x_know > 0.0:
            match = taste_match(message.sender.traits, self.model.shelf, message.product)
            weight = talk.weighed(weight, talk.expertise(self.model.params, match))
        return weight

    # --- in the shop -----------------------------------------------------------------------------

    def consider_unlocking(self) -> None:
        """Phase 5, visitors who may share for a coupon: is she willing?"""
        if self.offer is not None and self.offer.unlock_cents > 0:
            shop = self.model
            face = self.offer.unlock_cents
            luck = share.unlock_luck(self.key)
            self.is_willing = share.wants_unlock(shop.params, shop.constants, self.traits, luck, face)

    def choose(self) -> None:
        """Phases 5-6, visitors: what she sees and what she wants to buy."""
        if self.offer is None:
            return
        shop, teams = self.model, self.model.ops.teams
        n_shown = expose(
            shop.params, self.traits, self.state, self.offer, self.inbox, shop.shelf, shop.ops.is_promoting, self.key,
            shop.desk,
        )  # fmt: skip
        self.choice = decide(
            shop.params, shop.constants, self.traits, self.state, self.offer, self.inbox, shop.shelf, teams.public,
            teams.table, teams.first, self.row, self.key, n_shown, shop.desk,
        )  # fmt: skip
        self._consider_bargains(n_shown)
        self.wonder()
        self.last_visit_day = shop.day
        self.n_visits += 1

    def _consider_bargains(self, n_shown: int) -> None:
        """Phase 6, who is allowed to: would she rather bargain for something on her desk?"""
        shop, bargaining = self.model, self.model.ops.bargaining
        if bargaining is None or self.offer is None or not self.bargain_tactics:
            return
        place = bargain.wish(
            shop.params, shop.constants, self.traits, self.state, self.offer, shop.shelf, bargaining.terms,
            self.bargain_tactics, bargaining.success, self.key, n_shown, shop.desk,
        )  # fmt: skip
        if place >= 0:
            product, source = shop.desk.product[place], shop.desk.source[place]
            parent, hype, kol_tactic = cause(self.state, self.offer, self.inbox, product, source, shop.day)
            instead = self.choice.quantity if self.choice.product >= 0 else 0
            self.wish = (product, source, parent, hype, kol_tactic, instead)

    def wonder(self) -> None:
        """Who bought nothing may ask others about what she liked best."""
        j = self.choice.favourite
        if self.model.params.p_ask > 0.0 and self.choice.product < 0 and j >= 0:
            shop = self.model
            p = talk.ask_probability(shop.params, shop.shelf.log_price[j], int(shop.ops.reviews[j]))
            self.question = j if talk.asks(self.key, p) else -1

    def receive(self) -> None:
        """Phases 7-8: parcels arrive: experience, return, stars; a team that failed disappoints."""
        shop, shelf, params = self.model, self.model.shelf, self.model.params
        for parcel in self.parcels:
            j = parcel.product
            match, name = taste_match(self.traits, shelf, j), order_name(shelf.id[j], parcel.mode)
            s, sends_back, u = deliver(params, self.key, name, shelf.quality[j], match, parcel.hype, parcel.is_live)
            parcel.is_returned = sends_back and parcel.mode != SAMPLE
            if u < review_probability(params, s, review_reward(params, shop.constants, self.traits)):
                parcel.stars = stars(params, self.traits, s, shelf.rating[j])
            parcel.is_shared, parcel.is_posted = share.shares(
                params, shop.constants, self.traits, self.key, name, s, shelf.arousal[j]
            )
            if parcel.is_shared and not parcel.is_posted and bond_rules.has_belonging(params):
                parcel.is_posted = bond_rules.posts_too(params, self.key, name, self.bonds.belonging)
            parcel.tone = BAD if s < params.s_bad else GOOD
            if parcel.stars > 0:
                parcel.is_shown = talk.shows(params, shop.constants, self.traits, self.key, name, s)
            self._experience(s)
            self.last_buy_day = shop.day
            self.n_orders += parcel.mode != SAMPLE
        if self.is_let_down:
            self._experience(params.s_team)

    def _experience(self, s: float) -> None:
        self.satisfaction = feel.next_satisfaction(self.model.params, self.satisfaction, s)
        self.joy += feel.joy(s)

    # --- evening ---------------------------------------------------------------------------------

    def react(self) -> None:
        """Phase 8b: likes posts she saw today and comments on them."""
        shop = self.model
        for message in self.noticed:
            if not remember.is_post(message.kind):
                continue
            author, j = message.sender, message.product
            likes, comments = talk.reacts(
                shop.params, shop.constants, self.traits, self.key, author.id, shop.shelf.id[j]
            )
            if likes:
                self.likes.append((j, author, 0))
                self.n_given += 1
                author.n_received += 1
                author.credit += talk.LIKED
            if comments:
                self.comments.append((j, author, -1 if remember.is_warning(message.kind) else 1))
                author.again[j] = min(author.again.get(j, message.kind), message.kind)

    def rejoice(self) -> None:
        """Phase 8b: likes please."""
        if self.n_received or self.n_given:
            self.joy += talk.joy_of(self.model.params, self.n_received, self.n_given)

    def reply(self) -> None:
        """Phase 8b: answers questions about what she owns."""
        shop = self.model
        for asker, j, was_bad in self.put_to_her:
            if self.is_active and talk.answers(
                shop.params, shop.constants, self.traits, self.key, asker.id, shop.shelf.id[j]
            ):
                self.answers.append((j, asker, -1 if was_bad else 1))
                self.credit += talk.ANSWERED

    def passes_on(self) -> list[Message]:
        """Phase 9: of the words she read today, those she passes on: one a product, if she wrote nothing about it."""
        shop = self.model
        if not self.is_active or shop.params.p_fwd <= 0.0:
            return []
        by_product: dict[int, list[Message]] = {}
        for message in self.noticed:
            if shop.day - self.written.get(message.product, NEVER) >= talk.REST_DAYS:
                by_product.setdefault(message.product, []).append(message)
        passed = []
        for j, messages in by_product.items():
            name = shop.shelf.id[j]
            one = min(messages, key=lambda m: (talk.origin_luck(self.key, m.sender.id, name), m.sender.id, m.kind))
            is_warning = remember.is_warning(one.kind)
            if talk.forwards(
                shop.params, shop.constants, self.traits, self.key, name, one.hands, shop.shelf.arousal[j], is_warning
            ):
                passed.append(one)
        return passed

    def write(self) -> None:
        """Phase 9: writes to friends, who read it tomorrow."""
        if self.has_unlocked and self.choice.favourite >= 0:
            self.asks.append((self.choice.favourite, -1))
        if self.has_founded:
            self.asks.append((self.choice.product, self.team))
        letters: list[tuple[int, int, int, Message | None]]  # product, kind, team, what she passes on
        letters = [(product, GOOD if team < 0 else ASK, team, None) for product, team in self.asks]
        for parcel in self.parcels:
            if self.asks or self.bargain >= 0:  # who asks for something does not share the same day's order again
                parcel.is_shared = parcel.is_posted = parcel.is_shown = False
            if parcel.is_shared:
                letters.append((parcel.product, parcel.tone, -1, None))
            if parcel.is_shown:  # instead of posting it
                letters.append((parcel.product, SHOW, -1, None))
                self.shows.append((parcel.product, None, 0))
            elif parcel.is_posted:
                letters.append((parcel.product, parcel.tone + POST, -1, None))
            letters.append((parcel.product, OWN, -1, None))
        if self.model.is_talking:
            self.say_more(letters)
        p = share.tie_probability(self.model.params, self.model.constants, len(self.ties))
        ids, used = self.model.shelf.id, []
        my_standing = self.standing()
        for product, kind, team, passed in letters:
            hands = passed.hands + 1 if passed else 0
            for tie in self.ties:
                if passed and tie.friend is passed.sender:
                    continue
                if remember.is_personal(kind):
                    if not share.sends_to(self.key, tie.friend.id, ids[product], p):
                        continue
                    used.append(tie)
                    self.sent.append((tie.friend, product))
                letter = Message(self, product, kind, team, tie.strength, tie.n_sent, my_standing, hands)
                tie.friend.tomorrow.append(letter)
        if self.model.params.p_com > 0.0:
            self._write_to_community([(product, kind) for product, kind, _, _ in letters if remember.is_post(kind)])
        if self.bargain >= 0:
            used += self._ask_for_help()
        for tie in used:
            tie.n_sent = min(tie.n_sent + 1, remember.SENT_MOST)
        hands_of = {product: hands for product, _, hands in self.reposts}
        for j, asker, tone in self.answers:
            kind, hands = GOOD if tone > 0 else BAD, hands_of.get(j, 0)
            asker.tomorrow.append(Message(self, j, kind, -1, talk.STRANGER, 0, my_standing, hands))
            self.sent.append((asker, j))

    def say_more(self, letters: list[tuple[int, int, int, Message | None]]) -> None:
        """Phase 9: posts with comments come up again; then what others wrote is passed on."""
        posted = {product for product, kind, _, _ in letters if remember.is_post(kind)}
        letters += [(product, kind, -1, None) for product, kind in self.again.items() if product not in posted]
        day = self.model.day
        self.written |= {product: day for product, kind, _, _ in letters if kind != OWN}
        for message in self.passes_on():
            kind = BAD if remember.is_warning(message.kind) else GOOD
            letters.append((message.product, kind, -1, message))
            self.reposts.append((message.product, message.sender, message.hands + 1))
            self.written[message.product] = day

    def standing(self) -> float:
        """What her words count."""
        params = self.model.params
        return talk.standing(params, self.reputation) if params.rep_w > 0.0 else 1.0

    def _write_to_community(self, posts: list[tuple[int, int]]) -> None:
        """Members of her community come across what she posts, also where they are no friends of hers."""
        shop = self.model
        members = shop.world.communities.others(self.row).tolist() if posts else []
        strangers = [shop.shoppers[row] for row in members if row != self.row]
        for product, kind in posts:
            for member in strangers:
                if member not in self.friends and bond_rules.comes_across(
                    shop.params, self.key, member.id, shop.shelf.id[product]
                ):
                    letter = Message(self, product, kind, -1, talk.STRANGER, 0, self.standing(), 0)
                    member.tomorrow.append(letter)

    def _ask_for_help(self) -> list[Tie]:
        """Phase 9: who started a bargain asks friends for help; the ties it goes over."""
        shop, bargaining = self.model, self.model.ops.bargaining
        assert bargaining is not None
        is_random = bool(bargaining.terms.is_random[self.bargain])
        p = bargain.ask_probability(shop.params, shop.constants, len(self.ties), is_random)
        asked = [t for t in self.ties if share.sends_to(self.key, t.friend.id, shop.shelf.id[self.bargain], p)]
        my_standing = self.standing()
        for tie in asked:
            self.requests.append((tie.friend, tie.n_sent))
            self.sent.append((tie.friend, self.bargain))
            tie.friend.tomorrow.append(Message(self, self.bargain, ASK, HELP, tie.strength, tie.n_sent, my_standing, 0))
        return asked

    def answer(self) -> None:
        """Phase 9: a prospect who was written to may accept; who counts as the inviter goes by keyed priority."""
        invitations = [m for m in self.tomorrow if m.kind in (GOOD, ASK) and m.team != HELP]
        senders = [m.sender for m in invitations] if self.status == PROSPECT else []
        if not senders:
            return
        shop = self.model
        if share.accepts(shop.params, shop.constants, self.traits, self.key, len(senders)):
            names = ints_of(sender.id for sender in senders)
            me = np.full(len(names), self.id)
            words = resolve.priorities(shop.noise_seed, draws.INVITER, shop.day, me, names)
            self.invited_by = senders[resolve.winners(me, words, names)[0]]

    def end_day(self) -> None:
        """Phases 10-11: mood and fatigue; then she may leave."""
        shop = self.model
        if self.is_active:
            mood, fatigue = feel.next_mood(shop.params, self.state), feel.next_fatigue(shop.params, self.state)
            p = leave.leave_probability(
                shop.params, shop.constants, self.traits, self.state, fatigue, self.n_heard, shop.day
            )
            self.mood, self.fatigue = mood, fatigue
            if draws.unit(self.life[1]) < p:
                self.status, self.lapses_today, self.lapsed_day = LAPSED, True, shop.day
                self.left_because = leave.cause_of_leaving(
                    shop.params, shop.constants, self.traits, self.state, self.n_heard, shop.day, self.bonds,
                    shop.ops.dearer,
                )  # fmt: skip
        self._change_slowly()
        if shop.params.rep_w > 0.0:
            self.reputation, self.credit = talk.next_reputation(shop.params, self.reputation, self.credit), 0
        self.joy = self.pull = self.hold = 0.0
        self.heard = self.seen = self.valence = self.n_posts = self.pushes = 0

    def _change_slowly(self) -> None:
        """Phase 10b: habit, warnings heard and belonging take in the day, where they are on."""
        shop, bonds, params = self.model, self.bonds, self.model.params
        if bond_rules.has_habit(params):
            bonds = bonds._replace(habit=bond_rules.next_habit(params, bonds.habit, self.last_visit_day == shop.day))
        if bond_rules.has_warnings(params):
            warned = bond_rules.next_warned(params, shop.constants, bonds.warned, self.seen, self.valence)
            bonds = bonds._replace(warned=warned)
        if bond_rules.has_belonging(params):
            bonds = bonds._replace(
                belonging=bond_rules.next_belonging(
                    params, bonds.belonging, self._times_taking_part(), self.n_received + self.n_given
                )
            )
        self.bonds = bonds

    def _times_taking_part(self) -> int:
        """Reviews and posts of today, and once for watching a live session or reading what others wrote."""
        offer = self.offer
        reads = offer is not None and (offer.live_weight > 0.0 or offer.content_weight > 0.0)
        return int(reads) + sum((parcel.stars > 0) + parcel.is_posted for parcel in self.parcels)

    def tell_friends(self) -> None:
        """Friends learn that she became active or left; leaving counts if she had tenure."""
        day = self.model.day
        if self.registers_today or self.returns_today:
            for tie in self.ties:
                tie.friend.n_friends_active += 1
        if self.lapses_today:
            for tie in self.ties:
                friend = tie.friend
                friend.n_friends_active -= 1
                if day - self.registered_day >= leave.TENURED_DAYS:
                    friend.left = leave.faded_left(friend.left, day - friend.left_day) + (tie.strength << 22)
                    friend.left_day = day
