"""For tests of rules by hand: records with neutral values, samples of shoppers who differ only in their luck.

Large samples run through kernels defined here; a rule has the same bits in both worlds (tested too).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy import stats

from sim import params
from sim._jit import kernel
from sim.rules import buy
from sim.rules import expose as exposing
from sim.rules import shelf as shelf_rules
from sim.rules.records import (
    BROWSE,
    INBOX_SIZE,
    MOST_SLOTS,
    NEVER,
    TEAM_CAPACITY,
    TEAM_CLOSES,
    TEAM_COLUMNS,
    TEAM_DAY,
    TEAM_FOUNDER,
    TEAM_FOUNDER_ID,
    TEAM_MEMBERS,
    TEAM_PRODUCT,
    TEAM_SIZE,
    Constants,
    Desk,
    Inbox,
    Key,
    Offer,
    Shelf,
    State,
    Traits,
)

P = params.build()
C = Constants(
    price=0.5, herd=0.5, trust=0.5, social=0.4, emotion=0.5, kol=0.4, degree=10.0, active_share=0.25, p_ref=3000.0
)
KEY = Key(12345, 40, 7)
often = settings(max_examples=100, deadline=None)
small = st.floats(-3, 3)
share_of_one = st.floats(0.001, 0.999)


# --- records with neutral values -----------------------------------------------------------------

_NEUTRAL_TRAITS = dict.fromkeys(Traits._fields, 0.0) | {
    "price": 0.5, "herd": 0.5, "trust": 0.5, "social": 0.4, "emotion": 0.5, "kol": 0.4,
    "intensity": 0.3, "stay": math.log(1 - 0.02), "arrive": 1.0,
}  # fmt: skip
_FLOAT_STATE = {"satisfaction", "mood", "fatigue", "joy", "kol_hype"}


def a_shopper(**traits: float) -> Traits:
    return Traits(**{**_NEUTRAL_TRAITS, **{name: float(value) for name, value in traits.items()}})


def a_state(**state: Any) -> State:
    neutral: dict[str, Any] = {name: 0.0 if name in _FLOAT_STATE else 0 for name in State._fields}
    neutral |= dict.fromkeys(("last_visit_day", "last_buy_day", "lapsed_day", "left_day", "kol_day"), NEVER)
    neutral |= dict.fromkeys(("kol_product", "kol_tactic", "team", "invited_by"), -1)
    given_values = {name: float(value) if name in _FLOAT_STATE else int(value) for name, value in state.items()}
    return State(**{**neutral, **given_values})


def an_offer(**offer: Any) -> Offer:
    neutral: dict[str, Any] = dict.fromkeys(Offer._fields, 0)
    neutral |= {name: -1 for name in Offer._fields if name.endswith("_tactic")}
    neutral |= {"coupon_share": 0.0, "rec_weight": 0.0, "rec_accuracy": 0.0, "rec_known": 0.0}
    neutral |= {"rec_list": np.empty(0, dtype=np.int32)}
    return Offer(**{**neutral, **offer})


def a_shelf(n: int = 8, **columns: Any) -> Shelf:
    """Products with neutral values; what the price is to the list price follows from the two."""
    floats = dict.fromkeys(
        "quality taste_0 taste_1 taste_2 arousal promoted log_price log_cut popularity appeal team_discount".split(),  # noqa: SIM905
        0.0,
    )
    values: dict[str, Any] = {name: np.zeros(n, dtype=np.int64) for name in Shelf._fields}
    values |= {name: np.full(n, value) for name, value in floats.items()}
    values |= {
        "id": np.arange(n) + 100,
        "list_cents": np.full(n, 3000),
        "price_cents": np.full(n, 3000),
        "unit_cost_cents": np.full(n, 2000),
        "sociality": np.full(n, 0.8),
        "spam_onset": np.full(n, 2.0),
        "on_sale": np.ones(n, dtype=bool),
        "rating": np.full(n, 4.2),
        "team_strangers": np.ones(n, dtype=bool),
        "team_told": np.ones(n, dtype=bool),
        "team_size": np.full(n, 2),
        "team_capacity": np.full(n, 2),
        "team_window": np.ones(n, dtype=np.int64),
        "team_success": np.full(n, 0.5),
        "team_joins": np.full(n, 0.3),
    }
    for name, value in columns.items():
        values[name] = np.array(np.broadcast_to(np.asarray(value, dtype=values[name].dtype), (n,)))
    return listed(repriced(Shelf(**values), values["price_cents"]))


def repriced(on: Shelf, price_cents: Any) -> Shelf:
    """The same products at other prices."""
    return on._replace(price_cents=price_cents, log_cut=np.log(price_cents / on.list_cents))


def listed(on: Shelf) -> Shelf:
    """The same products, with what a list shows of them as they are now."""
    glance = np.zeros(len(on.id), dtype=np.int64)
    shelf_rules.glances(on.taste_0, on.taste_1, on.taste_2, on.popularity, on.on_sale, glance)
    return on._replace(glance=glance)


def an_inbox(*entries: tuple[int, int], **columns: list[int]) -> Inbox:
    """Entries (product, strength in 1/65536); other columns by name."""
    box = Inbox(*(np.zeros(INBOX_SIZE, dtype=np.int64) for _ in Inbox._fields))
    box.product[:], box.sender[:], box.team[:] = -1, -1, -1
    for place, (product, strength) in enumerate(entries):
        box.product[place], box.strength[place], box.count[place] = product, strength, 1
    for name, values in columns.items():
        getattr(box, name)[: len(values)] = values
    return box


def a_desk(products: list[int] | None = None, sources: list[int] | None = None) -> Desk:
    floats = {"utility", "team_utility", "found_utility", "weight", "times"}
    desk = Desk(*(np.zeros(MOST_SLOTS, dtype=float if name in floats else np.int64) for name in Desk._fields))
    if products is not None:
        desk.product[: len(products)] = products
        desk.source[: len(products)] = sources if sources is not None else BROWSE
    return desk


NO_TEAMS = (np.full((8, 3), -1, dtype=np.int64), np.zeros((0, TEAM_COLUMNS), dtype=np.int64))


def a_team(**columns: int) -> list[int]:
    row = [0] * TEAM_COLUMNS
    spec = {"founder": 1, "founder_id": 501, "product": 0, "day": 39, "closes": 41, "members": 1}
    spec |= {"size": 3, "capacity": 3} | columns
    for place, name in (
        (TEAM_FOUNDER, "founder"), (TEAM_FOUNDER_ID, "founder_id"), (TEAM_PRODUCT, "product"), (TEAM_DAY, "day"),
        (TEAM_CLOSES, "closes"), (TEAM_MEMBERS, "members"), (TEAM_SIZE, "size"), (TEAM_CAPACITY, "capacity"),
    ):  # fmt: skip
        row[place] = spec[name]
    return row


# --- samples -------------------------------------------------------------------------------------


@kernel
def _visitors(
    params: Any, constants: Any, traits: Any, state: Any, offer: Any, inbox: Any, shelf: Any, promoting: bool,
    seed: int, day: int, desk: Any, public: Any, teams: Any, shown: Any, source: Any, bought: Any, luck: Any,
) -> None:  # fmt: skip
    """Exposure and purchase of shoppers who differ only in their luck."""
    for a in range(shown.shape[0]):
        key = Key(seed, day, a, 9)
        n = exposing.expose(params, traits, state, offer, inbox, shelf, promoting, key, desk)
        for k in range(shown.shape[1]):
            shown[a, k] = desk.product[k] if k < n else -1
            source[a, k] = desk.source[k] if k < n else -1
        c = buy.decide(params, constants, traits, state, offer, inbox, shelf, public, teams, 0, a + 1000, key, n, desk)
        bought[a, 0], bought[a, 1], bought[a, 2] = c.product, c.favourite, c.quantity
        bought[a, 3], bought[a, 4], bought[a, 5], bought[a, 6] = c.is_team, c.team, c.source, c.parent
        bought[a, 7], bought[a, 8], bought[a, 9], bought[a, 10] = c.unit_cents, c.coupon, c.team_cents, c.would_found
        luck[a] = desk.utility[0]


@kernel
def _deciders(
    params: Any, constants: Any, traits: Any, state: Any, offer: Any, inbox: Any, shelf: Any, seed: int,
    desk: Any, n_shown: int, public: Any, teams: Any, out: Any,
) -> None:  # fmt: skip
    """Purchase from a fixed display, by shoppers who differ only in their luck."""
    for a in range(out.shape[0]):
        key = Key(seed, 40, a, 9)
        c = buy.decide(
            params, constants, traits, state, offer, inbox, shelf, public, teams, 0, a + 1000, key, n_shown, desk
        )
        out[a, 0], out[a, 1], out[a, 2] = c.product, c.quantity, c.is_team


def visitors(
    n: int = 20_000, *, p: Any = P, traits: Any = None, state: Any = None, offer: Any = None, inbox: Any = None,
    on: Any = None, promoting: bool = False, seed: int = 5, public: Any = None, teams: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    shown, source = np.empty((n, MOST_SLOTS), dtype=np.int64), np.empty((n, MOST_SLOTS), dtype=np.int64)
    bought, luck = np.empty((n, 11), dtype=np.int64), np.empty(n)
    on = on if on is not None else a_shelf()
    _visitors(
        p, C, traits or a_shopper(), state or a_state(inbox_day=40), offer or an_offer(), inbox or an_inbox(), on,
        promoting, seed, 40, a_desk(), NO_TEAMS[0] if public is None else public,
        NO_TEAMS[1] if teams is None else teams, shown, source, bought, luck,
    )  # fmt: skip
    return shown, source, bought, luck


def decided(
    n: int = 100_000, *, p: Any = P, traits: Any = None, state: Any = None, offer: Any = None, inbox: Any = None,
    on: Any = None, products: list[int] | None = None, seed: int = 5, desk: Any = None,
) -> tuple[Any, Desk]:  # fmt: skip
    products = products if products is not None else list(range(8))
    desk = desk or a_desk(products)
    out = np.empty((n, 3), dtype=np.int64)
    _deciders(
        p, C, traits or a_shopper(), state or a_state(inbox_day=40), offer or an_offer(), inbox or an_inbox(),
        on if on is not None else a_shelf(), seed, desk, len(products), *NO_TEAMS, out,
    )  # fmt: skip
    return out, desk


def decide_once(n: int, desk: Desk, **what: Any) -> Any:
    return buy.decide(
        P, C, what.get("traits", a_shopper(need=99)), what.get("state", a_state(inbox_day=40)),
        what.get("offer", an_offer()), what.get("inbox", an_inbox()), what.get("on", a_shelf()),
        what.get("public", NO_TEAMS[0]), what.get("teams", NO_TEAMS[1]), what.get("first", 0), 0, KEY, n, desk,
    )  # fmt: skip


def fits(counts: Any, weights: Any, p: float = 1e-4) -> None:
    """Chi-square of counts against weights (cells with weight 0 must be empty)."""
    counts, weights = np.asarray(counts, dtype=float), np.asarray(weights, dtype=float)
    assert counts[weights == 0].sum() == 0
    counts, weights = counts[weights > 0], weights[weights > 0] / weights.sum()
    if len(counts) == 1:
        assert counts.sum() > 0
        return
    assert stats.chisquare(counts, weights * counts.sum()).pvalue > p


def close_share(hits: Any, p: float, sds: float = 4.5) -> None:
    """An observed share against its probability."""
    n = len(hits)
    assert abs(np.mean(hits) - p) < sds * math.sqrt(p * (1 - p) / n) + 1e-12
