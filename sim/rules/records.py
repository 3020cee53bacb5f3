"""The records that rules read: traits, state, offers, the shelf; imports only NumPy.

The same field names serve as scalars (one shopper, in the object driver and inside compiled code)
and as columns (all shoppers, in the columnar driver). Days count from the start of the burn-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]  # one entry per shopper, product, message ...: which, is said where it is used

NEVER: Final = -32768  # a day that has not happened; far enough away for every decay to be over

PROSPECT: Final = 0
ACTIVE: Final = 1
LAPSED: Final = 2
STATUSES: Final = ("prospect", "active", "lapsed")

START: Final = 1
ORGANIC: Final = 2
PAID: Final = 3
INVITED: Final = 4
CHANNELS: Final = ("", "start", "organic", "paid", "invited")

# why somebody left: the largest term of the hazard, if it is large enough (docs/model.md, 7.9)
NO_CAUSE: Final = 0
PRICE: Final = 1  # a cheaper rival, prices above those remembered
SERVICE: Final = 2  # bad experiences
FRIENDS: Final = 3  # who left, or is not active, or warned
FATIGUE: Final = 4
CONTACT: Final = 5  # what reached her today: a message that reminded her, news about the shop
LEAVING_CAUSES: Final = ("none", "price", "service", "friends", "fatigue", "contact")

# why a product was shown: the source of the slot that displayed it first
BROWSE: Final = 0
TASTE_SEARCH: Final = 1
POPULAR: Final = 2
FRIEND: Final = 3
KOL: Final = 4
RECOMMENDED: Final = 5
PROMOTED: Final = 6
LIVE: Final = 7
CONTENT: Final = 8
CAUSES: Final = ("browse", "taste", "popular", "friend", "kol", "recommendation", "promotion", "live", "content")

INBOX_SIZE: Final = 8  # products remembered from friends; bounded memory (docs/model.md, 7.4; guess)
STRENGTH_UNIT: Final = 65536.0  # remembered strengths are integers of 1/65536, so that sums commute


class Key(NamedTuple):
    """Whose luck on which day: the fixed part of a random number's name."""

    seed: int
    day: int
    agent: int  # the shopper's id, never a row
    world_seed: int = 0  # only for what is fixed for life


class Constants(NamedTuple):
    """What holds for everybody: expectations under the scenario's specification (never means of a sample), rewards."""

    price: float  # mean traits under the persona mix
    herd: float
    trust: float
    social: float
    emotion: float
    kol: float
    degree: float  # mean audience of the people who have friends
    active_share: float  # share of friends taken as normal
    p_ref: float  # median list price, cents
    share_reward: float = 0.0  # cents the shop pays today for sharing an order
    invite_gift: float = 0.0  # cents a prospect gets for accepting an invitation
    review_reward: float = 0.0  # cents the shop pays today for a review
    rival_price: float = 1.0  # the rival shop's price level today, against ours
    answered: float = 0.0  # share of warnings about the shop that its service answers today


class Traits(NamedTuple):
    """Fixed for life."""

    price: Any  # price sensitivity, (0, 1)
    herd: Any  # herding, (0, 1)
    trust: Any  # trust in peers, (0, 1)
    social: Any  # social need, (0, 1)
    emotion: Any  # emotional reactivity, (0, 1)
    kol: Any  # affinity to opinion leaders, (0, 1)
    intensity: Any  # visits per day when active (lam_i)
    need: Any  # purchase need, logit scale (nu_i)
    stay: Any  # ln(1 - theta_i), theta_i the baseline daily churn
    arrive: Any  # organic arrival relative to the average prospect; 0 = never registers by herself
    taste_0: Any
    taste_1: Any
    taste_2: Any


class State(NamedTuple):
    """As it was at the end of yesterday."""

    status: Any
    registered_day: Any
    last_visit_day: Any
    last_buy_day: Any
    lapsed_day: Any
    n_orders: Any
    satisfaction: Any
    mood: Any
    fatigue: Any
    joy: Any  # experience of today's orders, for mood
    left: Any  # decayed weight of tenured friends who left, 2^-32 units
    left_day: Any  # day up to which `left` is decayed
    n_friends_active: Any
    heard: Any  # personal messages that arrived this morning
    seen: Any  # messages and posts seen today
    valence: Any  # their summed signs
    n_posts: Any  # opinion leaders' posts that reached a prospect this morning
    pushes: Any  # messages from the shop this morning
    pull: Any  # what the shop does today to bring her in: log rate of visiting, or of coming back
    hold: Any  # what the shop does today about her leaving: log hazard
    kol_product: Any  # product of the last post that reached her, -1 = none
    kol_day: Any
    kol_hype: Any  # how much that post promised too much
    kol_tactic: Any
    team: Any  # team in which she holds a seat, -1 = none
    invited_by: Any  # row of the inviter she said yes to, -1 = none
    inbox_day: Any  # day up to which the inbox is decayed


class Bonds(NamedTuple):
    """What ties a person to the shop or loosens her, slowly (docs/model.md, 7.9b); columns only where it is on."""

    habit: Any  # 0 to 1: how regularly she comes
    warned: Any  # warnings she heard, as far as remembered
    belonging: Any  # 0 to 1: how much she is part of her community


class Inbox(NamedTuple):
    """What a shopper remembers of friends' recommendations; arrays of INBOX_SIZE (columns: n x INBOX_SIZE)."""

    product: Any  # -1 = empty
    strength: Any  # 1/65536
    count: Any  # recommendations received, as far as remembered
    sender: Any  # row of the winning sender, -1 = none (posts, ownership)
    sender_day: Any
    team: Any  # last team she was asked to join for it, -1 = none


class Offer(NamedTuple):
    """What the strategy offers one visitor today."""

    coupon_share: Any  # share off every unit
    coupon_share_tactic: Any  # index of the tactic that pays for it, -1 = none
    coupon_cents: Any  # money off the order
    coupon_min_cents: Any  # on products from this shelf price on
    coupon_cents_tactic: Any
    unlock_cents: Any  # money off the order for who shares first
    unlock_min_cents: Any
    unlock_tactic: Any
    team_tactics: Any  # bit k set: may see team prices of tactic k
    rec_weight: Any  # weight of recommended slots
    rec_accuracy: (
        Any  # correlation of the recommender's score with the true match; < 0: by popularity; LISTED: her list
    )
    rec_tactic: Any
    rec_list: Any  # positions of products (visitors x places): her list, if her recommended slots are served from one
    rec_known: Any  # share of what it shows her that was chosen by what the shop knows of her, 0 to 1
    live_weight: Any  # weight of slots of the live session she watches; 0 = she does not
    live_tactic: Any
    live_hype: Any  # how much its host promises too much
    content_weight: Any  # weight of slots filled from what other shoppers wrote
    urge: Any  # added to the logit of buying today (eq. 5): a helpful clerk, a reward in reach


class Shelf(NamedTuple):
    """What the shop shows today, per product (arrays of n_products, sorted by product id)."""

    id: Any
    list_cents: Any
    price_cents: Any  # after price cuts
    unit_cost_cents: Any
    cut_tactic: Any
    quality: Any
    taste_0: Any
    taste_1: Any
    taste_2: Any
    arousal: Any
    sociality: Any
    spam_onset: Any
    on_sale: Any  # launched and in stock
    promoted: Any
    live: Any  # 1 = in today's live session
    live_discount: Any  # share off for who watches
    content: Any  # how much shoppers wrote about it lately, ln(1 + posts); 0 = nothing
    log_price: Any  # ln(list / p_ref)
    log_cut: Any  # ln(price / list), 0 where nothing is cut
    popularity: Any  # z of ln(1 + units sold until yesterday)
    glance: Any  # what is seen of it in a list: tastes, popularity, whether it is sold, in one word (rules.shelf)
    rating: Any  # displayed stars
    appeal: Any  # eq. 4: stars and number of reviews
    team_discount: Any  # 0 = no teams
    team_tactic: Any
    team_size: Any
    team_capacity: Any
    team_window: Any
    team_strangers: Any  # public teams are shown
    team_told: Any  # shows that a team has tipped
    team_success: Any  # displayed success rate
    team_joins: Any  # displayed joins per open team and day


class Bargains(NamedTuple):
    """Terms on which the shop lets shoppers bargain today, per product (arrays of n_products)."""

    discount: Any  # share off the list price for who wins, 0 = none
    tactic: Any
    helpers: Any  # helps needed, at the mean cut
    is_random: Any  # every cut is drawn
    deadline: Any  # days for friends to help, after the day it was started
    gift: Any  # cents for a prospect who registers by helping


class Desk(NamedTuple):
    """Scratch space for one visitor at a time (arrays of MOST_SLOTS or INBOX_SIZE); nothing survives the visit."""

    product: Any
    source: Any
    unit_cents: Any  # price of one unit, alone
    coupon: Any  # which coupon that is: 0 none, 1 share off, 2 money off
    utility: Any  # alone
    team: Any  # team to join, FOUND, or NO_TEAM
    team_cents: Any
    team_utility: Any  # in a team: joining, or founding
    found_utility: Any  # founding, for who loses her seat
    weight: Any  # exp(utility); later, where she may bargain, the utility of that
    ranked: Any  # inbox places in the order in which friends' slots take them
    times: Any


def aligned_table(n: int, width: int, dtype: Any) -> NDArray[Any]:
    """An n x width table of zeros that begins at a cache line, so that a row of 64 bytes is one."""
    return _aligned_bytes(np.dtype(dtype).itemsize * n * width).view(dtype).reshape(n, width)


def columns_together(n: int, kinds: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Columns of n zeros in one block of memory, which an operating system maps in fewer, larger pages."""
    sizes = [-(-np.dtype(kind).itemsize * n // 64) * 64 for kind in kinds.values()]
    block = _aligned_bytes(sum(sizes))
    firsts = np.cumsum([0, *sizes]).tolist()
    return {
        name: block[first : first + np.dtype(kind).itemsize * n].view(kind)
        for (name, kind), first in zip(kinds.items(), firsts, strict=False)
    }


def _aligned_bytes(size: int) -> NDArray[np.uint8]:
    block = np.zeros(size + 64, dtype=np.uint8)
    first = -block.ctypes.data % 64
    return block[first : first + size]


MOST_SLOTS: Final = 20
# columns of the table of teams
TEAM_FOUNDER: Final = 0  # row
TEAM_FOUNDER_ID: Final = 1
TEAM_PRODUCT: Final = 2
TEAM_DAY: Final = 3  # founded; visible from the next day on
TEAM_CLOSES: Final = 4
TEAM_MEMBERS: Final = 5  # as of last night
TEAM_SIZE: Final = 6
TEAM_CAPACITY: Final = 7
TEAM_COLUMNS: Final = 8
PUBLIC_TEAMS: Final = 3  # teams of strangers shown per product (docs/model.md, 7.10)

MODE_TEAM: Final = 1 << 32  # added to a product's id in the names of draws about its team alternative
MODE_BARGAIN: Final = 3 << 32  # ... about bargaining for it
SAMPLE: Final = 2  # how somebody comes by a product: 0 an order placed alone, 1 in a team, 2 a free sample, 3 a bargain
BARGAIN: Final = 3
HELP: Final = -3  # in a message, in the place of a team: who reads it is asked to help in a bargain
NO_TEAM: Final = -2
FOUND: Final = -1


class Choice(NamedTuple):
    """What one visitor decided."""

    product: Any  # -1 = bought nothing
    favourite: Any  # the product she liked best, -1 = saw nothing
    is_team: Any
    team: Any  # team to join, FOUND, or NO_TEAM
    would_found: Any  # if she loses her seat: does founding still beat buying alone?
    quantity: Any
    source: Any
    parent: Any  # row of the friend whose message showed it, -1 = none
    unit_cents: Any  # alone
    coupon: Any
    team_cents: Any
    hype: Any  # what the post or live session that showed it promised too much, 0 = none
    kol_tactic: Any  # whose post or live session that was, -1 = none
