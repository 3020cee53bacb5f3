"""What an arm of a trial changes in what the shop shows, or in moods: events that befall it alone; imports events.

Not for scenarios: a shop cannot show what is not so. They stand for what the field experiments did.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.events import Event
from sim.events.event import MOST_DAYS, Scene
from sim.rules.shelf import star_effect
from sim.strategies.people import People
from sim.strategies.tactic import Contacts, chosen_products

SITE = "shown"


class _Shown(Event):
    """Products by lot, every day of the run."""

    days: int = MOST_DAYS
    share: float = 1.0 / 3.0  # of the catalogue

    def lot(self, world: Any) -> NDArray[np.bool_]:
        """Which products, the same in every arm."""
        from sim.draws import tactic_purpose

        return chosen_products(world.catalogue.id, self.share, world.world_seed, tactic_purpose("trial", SITE, 0))


class StarsShown(_Shown):
    """The stars shown of some products are others than their reviews say: times `factor`, plus `by`, within 1 to 5."""

    kind: Literal["stars_shown"] = "stars_shown"
    by: float = 0.0
    factor: float = 1.0

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """Stars act through appeal (eq. 4) and through what reviewers see."""
        part, stars = self.lot(scene.world), shelf["rating"].copy()
        shown = np.where(part, np.clip(self.factor * stars + self.by, 1.0, 5.0), stars)
        liked = [star_effect(new) - star_effect(old) for new, old in zip(shown.tolist(), stars.tolist(), strict=True)]
        shelf["appeal"] += scene.world.params.b_q * np.array(liked)
        shelf["rating"][:] = shown
        scene.notes["shifts"] = scene.notes.get("shifts", 0.0) + float((shown - stars)[part].mean())
        logs = float(np.log(shown / stars)[part].mean())
        scene.notes["log_shifts"] = scene.notes.get("log_shifts", 0.0) + logs
        scene.notes["days"] = scene.notes.get("days", 0) + 1


class ReviewsShown(_Shown):
    """The number of reviews shown of some products is so many times the true one."""

    kind: Literal["reviews_shown"] = "reviews_shown"
    factor: float = 1.0

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """ln(1 + n) against the catalogue's mean (eq. 4)."""
        n = scene.notes["books"].reviews
        more = np.where(self.lot(scene.world), np.log1p(self.factor * n) - np.log1p(n), 0.0)
        shelf["appeal"] += scene.world.params.b_v * (more - more.mean())


class BestSellersNamed(Event):
    """Only of the best sellers of the first morning is it shown how well they sell; of the others nothing."""

    kind: Literal["best_sellers_named"] = "best_sellers_named"
    days: int = MOST_DAYS
    named: int = 5

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """Popularity of all others looks like the average product's."""
        units = scene.notes["books"].units
        if "best" not in scene.notes:
            scene.notes["best"] = np.isin(np.arange(len(units)), np.lexsort((shelf["id"], -units))[: self.named])
        shelf["popularity"][~scene.notes["best"]] = 0.0


class GoodMoodTaken(Event):
    """Every morning people with even ids lose a part of their good mood, so others see less of it."""

    kind: Literal["good_mood_taken"] = "good_mood_taken"
    days: int = MOST_DAYS
    part: float = 0.5

    def on_reach(self, contacts: Contacts, people: People, day: int, scene: Scene) -> None:
        """An impulse against the mood of last night."""
        books = scene.notes["books"]
        assert books.see_truth is not None
        mood = books.see_truth(day + books.burn_in).mood[people.row]
        emotion = np.maximum(scene.world.population.traits.emotion[people.row], 0.05)
        is_in = people.id % 2 == 0
        contacts.impulse[is_in] -= (self.part * np.maximum(mood, 0.0) / emotion)[is_in]


class ForgedReview(Event):
    """On the first day somebody writes one review of every product, with these stars."""

    kind: Literal["forged_review"] = "forged_review"
    days: int = 1
    stars: int = 5

    def on_shelf(self, shelf: dict[str, NDArray[Any]], day: int, scene: Scene) -> None:
        """It is in the books, and shown from the next morning on."""
        books = scene.notes["books"]
        books.reviews += 1
        books.stars += self.stars
