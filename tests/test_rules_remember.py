"""What a shopper remembers of messages: their weight, wearing out, fading; the inbox against its definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sim import draws
from sim.rules import remember
from sim.rules.records import INBOX_SIZE, NEVER, Inbox, Key
from tests.by_hand import KEY, C, P, an_inbox, often


def test_wearing_out_is_flat_to_three_then_falls_to_w_inf() -> None:
    assert [remember.wear_out(P, m) for m in range(4)] == [1.0] * 4
    assert remember.wear_out(P, 7) == pytest.approx(0.5 + 0.5 * math.exp(-4 / P.m_f))
    assert remember.wear_out(P, 255) == pytest.approx(P.w_inf, abs=1e-12)
    assert remember.wear_out(P._replace(w_inf=1.0), 100) == 1.0
    worn = [remember.wear_out(P, m) for m in range(60)]
    assert worn == sorted(worn, reverse=True)
    assert worn[3] > worn[4]


def test_signs_and_sizes_of_messages() -> None:
    def weight(kind: int, tie: int = 1024, trust: float = 0.5, earlier: int = 0) -> int:
        return remember.message_weight(P, C, trust, tie, earlier, kind)

    unit = 65536
    assert weight(remember.GOOD) == unit
    assert weight(remember.BAD) == -1.5 * unit
    assert weight(remember.POST) == 0.25 * unit
    assert weight(remember.BAD_POST) == -0.375 * unit
    assert weight(remember.OWN) == math.floor(P.v_own * unit + 0.5)
    assert weight(remember.GOOD, tie=512, trust=1.0) == unit
    assert weight(remember.GOOD, trust=0.25) == unit // 2
    assert weight(remember.GOOD, earlier=7) == math.floor(remember.wear_out(P, 7) * unit + 0.5)
    assert weight(remember.BAD, earlier=255) == -0.75 * unit
    assert weight(remember.ASK, earlier=50) == weight(remember.ASK) == unit  # a founder's request never wears out
    assert weight(remember.POST, earlier=50) == weight(remember.POST)  # only personal messages wear out
    assert weight(remember.GOOD, tie=0) == 0


@often
@given(st.integers(0, 30), st.integers(0, 30), st.integers(-200_000, 200_000))
def test_fading_composes(one: int, two: int, strength: int) -> None:
    assert remember.fading(P, one) == pytest.approx(P.delta_r**one, rel=1e-13)
    whole = remember.fading(P, one) * remember.fading(P, two)
    assert whole == pytest.approx(remember.fading(P, one + two), rel=1e-13)
    in_steps = remember.faded(remember.faded(strength, remember.fading(P, one)), remember.fading(P, two))
    assert abs(in_steps - remember.faded(strength, remember.fading(P, one + two))) <= 1
    assert remember.faded(strength, remember.fading(P, 0)) == strength
    assert abs(remember.faded(strength, remember.fading(P, one))) <= abs(strength) + 1


IDS = np.arange(20) * 3 + 100

Message = tuple[int, int, int, int, int]  # product, weight, kind, sender, team


def after(messages: list[Message], box: Inbox | None = None, days: int = 0, key: Key = KEY) -> Inbox:
    """The inbox after these messages (put in order of product, as drivers do, but in the given order within)."""
    box = box or an_inbox()
    columns = np.array(sorted(messages, key=lambda m: m[0]), dtype=np.int64).reshape(-1, 5)
    product, weight, kind, sender, team_number = columns.T.copy()
    remember.remember(P, key, box, days, IDS, product, weight, kind, sender, sender + 9000, team_number)
    return box


def contents(box: Inbox) -> dict[int, tuple[int, ...]]:
    return {
        int(box.product[e]): tuple(int(column[e]) for column in box[1:])
        for e in range(INBOX_SIZE)
        if box.product[e] >= 0
    }


def test_one_message_is_remembered() -> None:
    assert contents(after([(4, 65536, remember.GOOD, 2, 17)])) == {4: (65536, 1, 2, 40, 17)}
    assert contents(after([(4, 16384, remember.POST, 2, -1)])) == {4: (16384, 0, -1, 0, -1)}
    assert contents(after([(4, 300, remember.OWN, 2, -1)])) == {}  # too weak to stick
    assert contents(after([])) == {}


def test_messages_about_one_product_add_up() -> None:
    personal: list[Message] = [(4, 65536, 0, 1, -1), (4, 65536, 0, 2, -1), (4, -98304, 1, 3, -1)]
    found = contents(after([*personal, (4, 9830, remember.OWN, 5, -1)]))
    strength, count, sender, day, team_number = found[4]
    assert (strength, count, day, team_number) == (65536 * 2 - 98304 + 9830, 3, 40, -1)
    luck = {s: draws.u01(KEY.seed, draws.WINNER, 40, 7, draws.pair(9000 + s, int(IDS[4]))) for s in (1, 2, 3)}
    assert sender == min(luck, key=lambda s: luck[s])


def test_the_inbox_fades_and_forgets() -> None:
    box = after([], an_inbox((4, 65536), (5, -65536), (6, 400)), days=5)
    assert {product: entry[0] for product, entry in contents(box).items()} == {
        4: math.floor(65536 * 0.9**5 + 0.5), 5: math.floor(-65536 * 0.9**5 + 0.5)
    }  # fmt: skip
    assert contents(after([], an_inbox((4, 65536)), days=40 - NEVER)) == {}


def test_a_known_sender_is_not_counted_twice_and_the_old_winner_stays_without_personal_messages() -> None:
    box = an_inbox((4, 65536), sender=[2], sender_day=[38], team=[5])
    assert contents(after([(4, 65536, 0, 2, -1)], box))[4] == (131072, 1, 2, 40, 5)
    box = an_inbox((4, 65536), sender=[2], sender_day=[38], team=[5])
    assert contents(after([(4, 16384, remember.POST, 3, -1)], box))[4] == (81920, 1, 2, 38, 5)


def test_the_eight_strongest_are_kept() -> None:
    weights = [5, 90, 30, 70, 20, 60, 10, 80, 40, 50, -65, 1]
    messages = [(j, w * 1000, 0 if w > 0 else 1, 1, -1) for j, w in enumerate(weights)]
    strongest = sorted(range(len(weights)), key=lambda j: -abs(weights[j]))[:INBOX_SIZE]
    assert set(contents(after(messages))) == set(strongest)
    box = an_inbox(*[(10 + k, 40_000 + k) for k in range(8)])
    assert set(contents(after([(3, 39_999, 0, 1, -1)], box))) == set(range(10, 18))
    assert set(contents(after([(3, 40_500, 0, 1, -1)], box))) == {3, *range(11, 18)}


def _by_hand(messages: list[Message], before: dict[int, int], days: int) -> dict[int, int]:
    """Strengths by the definition: fade, add, keep the eight strongest, ties by keyed priority."""
    fade = 0.9**days
    total = {p: math.floor(s * fade + 0.5) for p, s in before.items()}
    total = {p: s for p, s in total.items() if abs(s) >= remember.FORGOTTEN}
    known = set(total)
    for product, weight, *_ in messages:
        total[product] = total.get(product, 0) + weight
    total = {p: s for p, s in total.items() if p in known or abs(s) >= remember.FORGOTTEN}
    luck = {p: draws.u01(KEY.seed, draws.INBOX_TIE, 40, 7, int(IDS[p])) for p in total}
    best = sorted(total, key=lambda p: (-abs(total[p]), -luck[p]))[:INBOX_SIZE]
    return {p: total[p] for p in best}


a_message = st.tuples(
    st.integers(0, 19),
    st.sampled_from([65536, 65536, 32768, 9830, 100, -98304, -24576]),
    st.sampled_from([remember.GOOD, remember.BAD, remember.ASK, remember.POST, remember.OWN]),
    st.integers(0, 6),
    st.integers(-1, 3),
)
a_memory = st.dictionaries(
    st.integers(0, 19), st.sampled_from([65536, 50000, 32768, 1000, -98304, -20000]), max_size=INBOX_SIZE
)


@settings(max_examples=300, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(a_message, max_size=30), a_memory, st.integers(0, 9))
def test_the_inbox_against_its_definition(messages: list[Message], before: dict[int, int], days: int) -> None:
    found = contents(after(messages, an_inbox(*before.items()), days))
    assert {p: entry[0] for p, entry in found.items()} == _by_hand(messages, before, days)


def test_a_product_that_was_crowded_out_is_not_taken_in_again_with_only_todays_messages() -> None:
    # product 9 is remembered with +.5, today's message takes it to -.1; stronger news crowds it out. It must not
    # come back as -.6 merely because it is looked at after product 0.
    before = {9: 32768, **dict.fromkeys(range(10, 17), 60000)}
    messages: list[Message] = [(0, 30_000, 0, 1, -1), (9, -39_322, 1, 2, -1)]
    found = contents(after(messages, an_inbox(*before.items())))
    assert {p: entry[0] for p, entry in found.items()} == _by_hand(messages, before, 0)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_order_of_messages_cannot_matter(data: Any) -> None:
    # one message a sender, product and day, as in the model (a team request replaces the plain message)
    messages = data.draw(st.lists(a_message, max_size=20, unique_by=lambda m: (m[0], m[3])))
    shuffled = data.draw(st.permutations(messages))
    before = data.draw(a_memory)
    one = after(messages, an_inbox(*before.items()), 2)
    other = after(list(shuffled), an_inbox(*before.items()), 2)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_two_messages_of_one_sender_about_one_product_may_come_in_any_order() -> None:
    # she shares to unlock a coupon and founds a team for the same product on the same day
    messages: list[Message] = [(4, 65536, 0, 1, -1), (4, 65536, 0, 1, 17)]
    one, other = after(messages), after(messages[::-1])
    assert contents(one) == contents(other)
    assert contents(one)[4][4] == 17


@often
@given(a_memory, st.lists(a_message, max_size=10))
def test_where_an_entry_lies_cannot_matter(before: dict[int, int], messages: list[Message]) -> None:
    forwards = after(messages, an_inbox(*before.items()), 1)
    backwards = after(messages, an_inbox(*reversed(before.items())), 1)
    assert contents(forwards) == contents(backwards)
