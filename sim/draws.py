"""Random numbers looked up by name (seed, purpose, day, agent, item); imports only `_jit`.

Philox4x32-10 (Salmon et al. 2011, Random123): a pure function from 192 bits of name to four 32-bit
words. A name holds ids, never a row, a position in a list or a label, so nothing that reorders or
renumbers storage can change anybody's luck.

Names and words are signed 64-bit integers with masks: the same text then means the same thing in
plain Python (unbounded integers) and in Numba (wrapping integers), where `uint64 * int` is a float.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

from sim._jit import MASK32, exp, kernel, log, philox, rule

# --- the numbered list of purposes: a number, once given, is never reused -------------------------
# One purpose, one place where it is drawn (tests/test_draws.py checks this).

# worlds
SEED_OF_WORLD: Final = 1  # item: number of the world
SEED_OF_NOISE: Final = 2  # item: number of the replication
GRAPH: Final = 10  # agent: new node or row; item: attempt
PERSONA: Final = 11
TRAIT_NOISE: Final = 12  # item: trait number; the field that is smoothed over friends
TRAIT_VALUE: Final = 13  # item: 16 * trait number and the next, then attempts
ACTIVITY: Final = 14
NEED: Final = 15
CHURN_PRONENESS: Final = 16  # item: attempt
TASTE: Final = 17  # item: taste dimension
REGISTERED: Final = 18
TENURE: Final = 19  # item: attempt
PRODUCT: Final = 20  # agent: product id; item: attribute number
KOL_CHOICE: Final = 21
KOL_AUDIENCE: Final = 22
KOL_FOLLOWER: Final = 23  # agent: leader; item: attempt; lanes: who, whether
PERSONAL_NOISE: Final = 24  # item: product; the recommender's fixed error about this shopper
LOT: Final = 25  # agent: person; item: what a laboratory draws by lot, and its attempt
DEMOGRAPHIC: Final = 30  # item: attribute number
COMMUNITY: Final = 31  # item: attempt; lanes: four communities looked at
COMMUNITY_TASTE: Final = 32  # agent: number of the community; item: taste dimension
EGO_ORDER: Final = 33
EXPERIMENT_ARM: Final = 34  # agent: shopper, or who names her group; item: what is randomised; seed: the experiment's

# a day
LIFE: Final = 40  # items 0-3 (four lanes): visit, churn, return, arrive
SLOT_SOURCE: Final = 41  # item: slot; lanes: placed, friend, taste, popular
SLOT_PLACED: Final = 42  # item: slot; lanes: leader's post, recommended
SLOT_ITEM: Final = 43  # item: (attempt, 256 * source + slot); lanes: four products met by chance
FRIEND_SLOT: Final = 44  # item: product
BUY: Final = 45  # lanes: incidence, quantity
CHOICE: Final = 46  # item: (mode, product)
FULFIL: Final = 47  # item: product; lanes: luck, failure, return, review
SHARE: Final = 50  # item: product; lanes: share at all, also post
MESSAGE: Final = 51  # item: (receiver, product)
POST_SEEN: Final = 52  # agent: receiver; item: (sender, product)
ACCEPT: Final = 53
INVITER: Final = 54  # agent: prospect; item: sender
WINNER: Final = 55  # agent: receiver; item: (sender, product)
INBOX_TIE: Final = 56  # agent: receiver; item: product
UNLOCK: Final = 57
KOL_TIE: Final = 58  # agent: follower; item: (opinion leader, product)
SEAT: Final = 60  # agent: joiner; item: (founder, product)
PUBLIC_TEAM: Final = 61  # agent: founder; item: product
TEAM_CHOICE: Final = 62
STOCK: Final = 63  # item: product
OPT_OUT: Final = 64
HELP: Final = 65  # agent: friend; item: (who bargains, product); lanes: helps, registers, the cut, who brought her
REACT: Final = 120  # agent: who saw a post; item: (its author, product); lanes: likes, comments
SHOW_OFF: Final = 121  # item: product, as in SHARE
REPOST: Final = 122  # agent: reader; item: product
REPOST_OF: Final = 123  # agent: reader; item: (sender, product)
QUESTION: Final = 124  # agent: visitor
ANSWER: Final = 125  # agent: owner; item: (asker, product)
SCORE_ERROR: Final = 70  # item: which score; lanes: error, order among equals
COMMUNITY_POST: Final = 80  # agent: sender; item: (receiver, product)
BELONGING_POST: Final = 81  # item: product

_TO_UNIT: Final = 2.0**-32


@rule
def block(seed: int, purpose: int, day: int, agent: int, item: int) -> tuple[int, int, int, int]:
    """Four independent 32-bit words for one name: agent 32, item 64, day 16, purpose 32, seed 48 bits."""
    agent = int(agent)
    item = int(item)
    seed = int(seed)
    return philox(
        agent & MASK32,
        item & MASK32,
        (item >> 32) & MASK32,
        (int(day) & 0xFFFF) | (((seed >> 32) & 0xFFFF) << 16),
        seed & MASK32,
        int(purpose) & MASK32,
    )


@rule
def unit(word: int) -> float:
    """A 32-bit word as a number strictly between 0 and 1."""
    return (word + 0.5) * _TO_UNIT


@rule
def u01(seed: int, purpose: int, day: int, agent: int, item: int = 0) -> float:
    """One uniform number in (0, 1) for a name (lane 0 of its block)."""
    return unit(block(seed, purpose, day, agent, item)[0])


@rule
def pair(high: int, low: int) -> int:
    """Two 32-bit names packed into one 64-bit item."""
    return (int(high) << 32) | int(low)


@rule
def gumbel(u: float) -> float:
    """Standard Gumbel variate: the largest of `utility + gumbel` is a softmax choice."""
    return -log(-log(u))


@rule
def is_central(u: float) -> bool:
    """Does `central_normal` know this quantile? Of 85 % it does."""
    return abs(u - 0.5) <= 0.425


@rule
def central_normal(u: float) -> float:
    """Standard normal quantile between 7.5 % and 92.5 %: no branch, so a compiled loop makes several at a time."""
    q = u - 0.5
    r = 0.180625 - q * q
    a = 3.3430575583588128105e4 + r * 2.5090809287301226727e3
    a = 4.5921953931549871457e4 + r * (6.7265770927008700853e4 + r * a)
    a = 1.9715909503065514427e3 + r * (1.3731693765509461125e4 + r * a)
    a = 3.3871328727963666080e0 + r * (1.3314166789178437745e2 + r * a)
    b = 2.8729085735721942674e4 + r * 5.2264952788528545610e3
    b = 2.1213794301586595867e4 + r * (3.9307895800092710610e4 + r * b)
    b = 6.8718700749205790830e2 + r * (5.3941960214247511077e3 + r * b)
    b = 1.0 + r * (4.2313330701600911252e1 + r * b)
    return q * a / b


@rule
def normal(u: float) -> float:
    """Standard normal quantile, relative error about 1e-16 (Wichura 1988, algorithm AS 241)."""
    if is_central(u):
        return central_normal(u)
    q = u - 0.5
    r = u if q < 0.0 else 1.0 - u
    r = math.sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        a = 2.27238449892691845833e-2 + r * 7.74545014278341407640e-4
        a = 1.27045825245236838258e0 + r * (2.41780725177450611770e-1 + r * a)
        a = 5.76949722146069140550e0 + r * (3.64784832476320460504e0 + r * a)
        a = 1.42343711074968357734e0 + r * (4.63033784615654529590e0 + r * a)
        b = 5.47593808499534494600e-4 + r * 1.05075007164441684324e-9
        b = 1.48103976427480074590e-1 + r * (1.51986665636164571966e-2 + r * b)
        b = 1.67638483018380384940e0 + r * (6.89767334985100004550e-1 + r * b)
        b = 1.0 + r * (2.05319162663775882187e0 + r * b)
    else:
        r -= 5.0
        a = 2.71155556874348757815e-5 + r * 2.01033439929228813265e-7
        a = 2.65321895265761230930e-2 + r * (1.24266094738807843860e-3 + r * a)
        a = 1.78482653991729133580e0 + r * (2.96560571828504891230e-1 + r * a)
        a = 6.65790464350110377720e0 + r * (5.46378491116411436990e0 + r * a)
        b = 1.42151175831644588870e-7 + r * 2.04426310338993978564e-15
        b = 7.86869131145613259100e-4 + r * (1.84631831751005468180e-5 + r * b)
        b = 1.36929880922735805310e-1 + r * (1.48753612908506148525e-2 + r * b)
        b = 1.0 + r * (5.99832206555887937690e-1 + r * b)
    return -a / b if q < 0.0 else a / b


@rule
def gamma(shape: float, seed: int, purpose: int, agent: int, item: int) -> float:
    """Gamma(shape, 1) variate named by (seed, purpose, agent, item): Marsaglia & Tsang 2000, keyed attempts."""
    boosted = shape if shape >= 1.0 else shape + 1.0
    d = boosted - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    value = d
    for attempt in range(64):
        w0, w1, w2, _ = block(seed, purpose, 0, agent, pair(attempt, item))
        x = normal(unit(w0))
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        if log(unit(w1)) < 0.5 * x * x + d - d * v + d * log(v):
            value = d * v
            if shape < 1.0:
                value *= exp(log(unit(w2)) / shape)
            break
    return value


@rule
def beta(a: float, b: float, seed: int, purpose: int, agent: int, item: int) -> float:
    """Beta(a, b) variate, named; `item` and `item + 1` are used."""
    x = gamma(a, seed, purpose, agent, item)
    y = gamma(b, seed, purpose, agent, item + 1)
    return x / (x + y)


@kernel
def blocks(seed: int, purpose: int, day: int, agents, items, out) -> None:  # type: ignore[no-untyped-def]
    """Fill out[i, 0:4] with the words of (seed, purpose, day, agents[i], items[i]); integer arrays."""
    for i in range(agents.shape[0]):
        w0, w1, w2, w3 = block(seed, purpose, day, agents[i], items[i])
        out[i, 0] = w0
        out[i, 1] = w1
        out[i, 2] = w2
        out[i, 3] = w3


def derived_seed(seed: int, purpose: int, number: int) -> int:
    """A 48-bit seed for the world or the replication with this number."""
    # The two halves of the user's seed are both used, so any 64-bit integer is a seed of its own.
    low, high, _, _ = block(seed & 0xFFFFFFFFFFFF, purpose, 0, (seed >> 48) & MASK32, number)
    return low | ((high & 0xFFFF) << 32)


def tactic_purpose(kind: str, site: str, ordinal: int) -> int:
    """Purpose of a strategy's own draws: 2^31 + 31 bits of SHA-256(kind, site, ordinal among same-kind tactics)."""
    digest = hashlib.sha256(f"{kind}\x1f{site}\x1f{ordinal}".encode()).digest()
    return (1 << 31) + (int.from_bytes(digest[:4], "big") >> 1)
