"""Room for what many visitors see at once, step by step; imports `_jit`, records. Who fills it: visits.py, slots.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim._jit import rule
from sim.rules.records import INBOX_SIZE, MOST_SLOTS, Shelf, Traits


class View(NamedTuple):
    """Scratch space of one thread: what many visitors see. Tables are [slot, visitor]."""

    price: Any  # traits that every slot needs
    herd: Any
    social: Any
    taste_0: Any
    taste_1: Any
    taste_2: Any
    kol: Any
    is_led: Any  # did a post of an opinion leader reach her lately?
    need: Any  # what decides whether they buy
    emotion: Any
    satisfaction: Any
    mood: Any
    last_buy_day: Any
    rival: Any  # what a rival shop takes from the logit of buying (rules.buy.rival_value); 0 where there is none
    fade: Any  # of what friends told them
    placed: Any  # chances of the first two sticks (rules.expose.Sticks)
    leader: Any  # weight of an opinion leader's post among the strategy's sources
    friend: Any
    chances: Any  # of a slot to go to friends, by the number of their products
    n_friend: Any  # products that friends' slots show
    ranked: Any  # [visitor, place]: their inbox places
    is_memorable: Any  # remembers anything from friends?
    special: Any  # bit s set: slot s needs more than the plain steps
    decides: Any  # buys, or needs more than the plain steps for that
    shown: Any  # bit (product mod 64) set: may be on the screen
    source: Any  # table
    product: Any  # table; -1 = empty, or shown in an earlier slot
    utility: Any  # table
    total: Any
    word_0: Any  # draws
    word_1: Any
    word_2: Any
    word_3: Any
    glance_0: Any  # what the shelf shows of the four products met
    glance_1: Any
    glance_2: Any
    glance_3: Any
    asks: Any  # slots a recommender fills by its score: visitor * 32 + slot
    luck: Any  # of these, as many at a time as there are visitors: luck, noise, the best score so far and its product
    noise: Any
    best: Any
    found: Any
    might: Any  # may what she is offered make her buy?
    seen: Shelf  # what one slot shows to each of them: a shelf with a place for every visitor


def new_view(n: int) -> View:
    """Room for n visitors."""
    tables = {"source": np.int8, "product": np.int32, "utility": np.float64}
    # words as wide as their products with the number of products
    kinds: dict[str, Any] = {f"{name}_{lane}": np.int64 for name in ("word", "glance") for lane in range(4)}
    kinds |= {
        "last_buy_day": np.int16,
        "n_friend": np.int8,
        "is_memorable": np.bool_,
        "special": np.int64,
        "decides": np.bool_,
        "shown": np.int64,
        "found": np.int64,
        "might": np.bool_,
        "is_led": np.bool_,
    }
    columns: dict[str, Any] = {name: np.zeros(n, dtype=kinds.get(name, np.float64)) for name in View._fields}
    columns |= {name: np.zeros((MOST_SLOTS, n), dtype=kind) for name, kind in tables.items()}
    columns["seen"] = Shelf(**{name: np.zeros(n) for name in Shelf._fields})
    columns |= {"ranked": np.zeros((n, INBOX_SIZE), dtype=np.int8), "chances": np.zeros(INBOX_SIZE + 1)}
    return View(**columns | {"asks": np.zeros(n * MOST_SLOTS, dtype=np.int32)})


@rule
def face(view: View, k: int) -> Traits:
    """The traits that decide what a visitor likes and whether she buys; the others are not known here."""
    return Traits(
        view.price[k], view.herd[k], 0.0, view.social[k], view.emotion[k], 0.0, 0.0, view.need[k], 0.0, 0.0,
        view.taste_0[k], view.taste_1[k], view.taste_2[k],
    )  # fmt: skip
