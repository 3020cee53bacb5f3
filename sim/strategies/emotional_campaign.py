"""Emotional campaign: a story that moves people and that they talk about; imports `tactic`, people, `draws`, money."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.money import Cents
from sim.strategies.people import People
from sim.strategies.tactic import Board, BuysMedia, Contacting, Contacts, Desk, lever


class EmotionalCampaign(BuysMedia, Contacting):
    """A brand story shown to members: it lifts mood a little, and makes what they buy something to talk about.

    Mood does little to buying (eq. 1, 5, 16); what moves people is shared more (eq. 14). A story wears out with
    each time it is seen, and annoys beyond that. The more of it is plain advertising, the more it works, tires and
    is switched off like any other message.
    """

    grade: ClassVar[str] = "C"
    costs: ClassVar[str] = "a creative once, and media for every member reached"
    backfires: ClassVar[str] = "seen too often it annoys; too commercial it tires, and messages are switched off"
    title_zh: ClassVar[str] = "情感营销活动"
    about_zh: ClassVar[str] = "向会员展示品牌故事：略微提升情绪，并使所购商品更有谈资。"
    costs_zh: ClassVar[str] = "一次性创意费，以及触达每位会员的媒体费"
    backfires_zh: ClassVar[str] = "看得太多令人厌烦；商业味过重令人疲劳，消息会被关闭"

    kind: Literal["emotional_campaign"] = "emotional_campaign"
    reach: float = lever(
        0.2, "share of members", "members it is shown to on a day, by lot", "每日触达会员比例", ge=0.0, le=1.0
    )
    impulse: float = lever(
        0.02, "mood", "what seeing it first does to mood, times emotional reactivity (small: d about .02, Kramer 2014)",
        "首次观看对情绪的影响", ge=0.0, le=1.0,
    )  # fmt: skip
    arousal: float = lever(
        1.0, "sd", "how stirring it makes the products, were it shown to all (Berger & Milkman 2012: odds 1.34 per sd)",
        "内容唤起程度", ge=0.0, le=3.0,
    )  # fmt: skip
    lasts_days: int = lever(
        7, "days", "half of those whom it moved are still moved after so long (guess)", "感动的半衰期", ge=1, le=90
    )
    commercial: float = lever(
        0.0, "share", "how much of it is advertising instead of story", "商业化程度", ge=0.0, le=1.0
    )
    welcome: int = lever(
        10, "times", "seen so often it is worn out, and annoys beyond (Schmidt & Eisend 2015, from memory)",
        "多少次后开始厌烦", ge=1, le=100,
    )  # fmt: skip
    creative: Cents = lever(50_000, "currency", "making it, once", "创意制作成本（一次性）", ge=0)
    media: Cents = lever(2, "currency", "media for one member reached", "单人触达成本", ge=0)

    @classmethod
    def null(cls) -> Self:
        """Shown to nobody, made for nothing."""
        return cls(reach=0.0, creative=0)

    @classmethod
    def example(cls) -> Self:
        """Strong enough to be seen in a small shop."""
        return cls(reach=1.0, impulse=0.5, arousal=3.0, creative=10)

    @classmethod
    def overdone(cls) -> Self:
        """Gives away more than it brings."""
        return cls(reach=1.0, commercial=1.0, welcome=1, media=1)

    def begin(self, desk: Desk) -> None:
        """Nobody has seen it."""
        desk.notes |= {"seen": np.zeros(len(desk.world), dtype=np.int64), "is_made": False}
        # in 1/1024, so that their sum does not depend on an order
        desk.notes |= {"moved": np.zeros(len(desk.world), dtype=np.int64), "talk": 0.0}

    def freshness(self, seen: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 for who sees it first, 0 after `welcome` times, down to -1."""
        return np.maximum(1.0 - seen / self.welcome, -1.0)

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Whom it moved talks: all products become something to talk about, as far as members are moved."""
        shelf["arousal"] += self.arousal * desk.notes["talk"]

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Make it, once; show it, by lot as far as the budget reaches; who was moved before is a little less so."""
        moved = desk.notes["moved"]
        np.floor(moved * 0.5 ** (1.0 / self.lasts_days), out=moved, casting="unsafe")
        self._show(contacts, people, chosen, board, desk)
        desk.notes["talk"] = int(moved[people.row].sum()) / 1024.0 / max(len(people.row), 1)

    def _show(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Show it to today's members: as a story, or as an advertisement."""
        notes = desk.notes
        wanted = np.flatnonzero(chosen)
        n = math.floor(self.reach * len(wanted) + 0.5)
        if n == 0 or not (notes["is_made"] or self.creative <= desk.budget.available()):
            return
        if not notes["is_made"]:
            desk.pay(self.creative, "creative")
            notes["is_made"] = True
        price = self.media_price(self.media, board)
        most = n if price == 0 else min(n, desk.budget.available() // price)
        shown = self.in_turn(people, wanted, board, desk)[:most]
        desk.pay(len(shown) * price, "media")
        words = np.empty((len(shown), 4), dtype=np.int64)
        purpose = self.purpose("commercial", desk)
        draws.blocks(
            desk.world.noise_seed, purpose, people.day, people.id[shown], np.zeros(len(shown), np.int64), words
        )
        is_advert = (words[:, 0] + 0.5) * 2.0**-32 < self.commercial
        fresh = self.freshness(notes["seen"][people.row[shown]])
        contacts.pushes[shown[is_advert]] += 1
        contacts.impulse[shown[~is_advert]] += self.impulse * fresh[~is_advert]
        notes["seen"][people.row[shown]] += 1
        units = np.floor(1024.0 * np.maximum(fresh[~is_advert], 0.0)).astype(np.int64)
        rows = people.row[shown[~is_advert]]
        notes["moved"][rows] = np.maximum(notes["moved"][rows], units)
