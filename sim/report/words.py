"""The sentences of the report from its locale files; imports errors only. Parts of a sentence are escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import yaml
from markupsafe import Markup

from sim.charts import Lang

_FITS: Final = 20  # signs of a name that are kept on one line in a table


@cache
def locale(lang: Lang) -> Mapping[str, str]:
    """Every sentence in one language."""
    text = resources.files("sim.report").joinpath("locale", f"{lang}.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)
    return found


@cache
def tactics_zh() -> Mapping[str, tuple[str, str]]:
    """What our own tactics cost and how they can hurt, in Chinese: by kind."""
    text = resources.files("sim.report").joinpath("locale", "tactics_zh.yaml").read_text(encoding="utf-8")
    return {str(kind): (str(costs), str(backfires)) for kind, (costs, backfires) in yaml.safe_load(text).items()}


class Words:
    """One language: `words("choose", label=...)` is safe to put into a page."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._locale = locale(lang)

    def __call__(self, key: str, **parts: object) -> Markup:
        """A sentence with its parts; what is no Markup yet is escaped."""
        return Markup(self._locale[key]).format(**parts)

    def __contains__(self, key: str) -> bool:
        return key in self._locale

    def name(self, label: str, *, opens: bool = False, most: int = 60) -> Markup:
        """A strategy's name in a sentence: kept apart from the text around it, whatever it is made of."""
        if label == "control":
            return Markup(self._locale["Control" if opens else "control"])
        cut = label if len(label) <= most else label[: most - 1] + "…"
        kind = "label long" if len(cut) > _FITS else "label"
        return Markup('<bdi class="{}">{}</bdi>').format(kind, cut)

    def listed(self, parts: list[Markup]) -> Markup:
        """Parts of a sentence with commas between them."""
        return Markup(self._locale["list"]).join(parts)
