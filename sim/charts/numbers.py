"""Numbers as people read them, English and Chinese: 53,200 and 5.32 万元, 12.1 % and 12.1%; imports metrics.

For charts, report and app. Text for terminals and files keeps every digit (`studies.compare.amount`).
"""

from __future__ import annotations

import math
from typing import Final

from sim.charts.look import Lang
from sim.metrics import MEASURES

_BIG: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "en": ((1e9, " billion"), (1e6, " million")),
    "zh": ((1e8, " 亿"), (1e4, " 万")),
}
_UNITS: Final[dict[str, tuple[str, str]]] = {
    "days": (" days", " 天"), "stars": (" stars", " 星"), "distance": ("", ""), "ratio": ("", ""), "count": ("", ""),
}  # fmt: skip
NOTHING: Final = "–"


def number(value: float | None, lang: Lang, *, signed: bool = False, decimals: int | None = None) -> str:
    """A plain number; large ones in millions, or in 万 and 亿.

    >>> number(53_200, "en"), number(53_200, "zh"), number(-3.25, "en", signed=True), number(None, "en")
    ('53,200', '5.32 万', '−3.25', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    size, word = abs(value), ""
    for unit, name in _BIG[lang]:
        # What would be rounded up to a unit counts as one.
        if size >= unit * (1 - 5e-7 if lang == "en" else 1 - 5e-4):
            size, word = size / unit, name
            break
    if word:
        text = f"{size:,.{0 if size >= 999.95 else 1 if size >= 99.995 else 2}f}"
    elif decimals is not None:
        text = f"{size:,.{decimals}f}"
    elif size >= 100 or size == round(size):
        text = f"{size:,.0f}"
    else:
        text = f"{size:,.1f}" if size >= 10 else f"{size:,.2f}" if size >= 0.095 else _small(size)
    is_zero = not text.strip("0.,")
    sign = "" if is_zero else "−" if value < 0 else "+" if signed else ""
    return sign + text + word


def _small(size: float) -> str:
    """Two digits, never as 8.4e-05; what is nothing to anybody is 0.

    >>> _small(0.0123), _small(0.00084), _small(0.000002)
    ('0.012', '0.00084', '0')
    """
    return "0" if size < 5e-5 else f"{size:.{max(2, 1 - math.floor(math.log10(size)))}f}".rstrip("0")


def money(cents: float | None, lang: Lang, *, signed: bool = False, beside: float = 0.0) -> str:
    """Cents as currency; `beside` is the largest amount next to it, so that both have the same decimals.

    >>> money(5_320_000, "en"), money(5_320_000, "zh"), money(-250, "zh", signed=True)
    ('53,200', '5.32 万元', '−2.50 元')
    """
    if cents is None or not math.isfinite(cents):
        return NOTHING
    value = cents / 100
    small = 0 < abs(value) < 100 and abs(beside) < 10_000
    text = number(value, lang, signed=signed, decimals=2 if small else 0)
    if lang == "en":
        return text
    return text + ("元" if text.endswith(("万", "亿")) else " 元")


def percent(share: float | None, lang: Lang, *, signed: bool = False, decimals: int = 1) -> str:
    """A share.

    >>> percent(0.1234, "en"), percent(0.1234, "zh"), percent(-0.1, "en", signed=True)
    ('12.3 %', '12.3%', '−10.0 %')
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    value = 100 * share
    text = f"{abs(value):,.{decimals + 1 if 0 < abs(value) < 1 else decimals}f}"
    sign = "" if not text.strip("0.,") else "−" if value < 0 else "+" if signed else ""
    return sign + text + (" %" if lang == "en" else "%")


def points(share: float | None, lang: Lang, *, signed: bool = True) -> str:
    """A difference of shares.

    >>> points(0.012, "en"), points(-0.0004, "zh")
    ('+1.2 points', '−0.04 个百分点')
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    return percent(share, lang, signed=signed).rstrip("% ") + (" points" if lang == "en" else " 个百分点")


def chance(p: float | None, lang: Lang) -> str:
    """How sure: never quite sure, never quite impossible.

    >>> chance(0.968, "en"), chance(0.9999, "en"), chance(0.001, "zh")
    ('97 %', 'more than 99 %', '不到 1%')
    """
    if p is None:
        return NOTHING
    end = " %" if lang == "en" else "%"
    if p > 0.99:
        return ("more than 99" if lang == "en" else "超过 99") + end
    if p < 0.01:
        return ("less than 1" if lang == "en" else "不到 1") + end
    return f"{100 * p:.0f}{end}"


def amount(value: float | None, measure: str, lang: Lang, *, difference: bool = False, beside: float = 0.0) -> str:
    """A value of a measure, or a difference of two, with its unit."""
    unit = MEASURES[measure].unit
    if unit == "cents":
        return money(value, lang, signed=difference, beside=beside)
    if unit == "share":
        return points(value, lang) if difference else percent(value, lang)
    text = number(value, lang, signed=difference)
    return text if text == NOTHING else text + _UNITS[unit][lang == "zh"]


def measure_name(measure: str, lang: Lang) -> str:
    """What a measure is called in a sentence."""
    return MEASURES[measure].zh if lang == "zh" else MEASURES[measure].label


def heading(measure: str, lang: Lang) -> str:
    """What a measure is called at the head of a column or card."""
    name = measure_name(measure, lang)
    return name[:1].upper() + name[1:]
