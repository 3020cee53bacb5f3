"""How every figure looks: colours, fonts, titles, numbers on axes, files without dates; imports compare's words.

Equal figures give equal bytes: no global state of matplotlib, which is imported when first needed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.compare import CONTROL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, readable by the colour-blind, without yellow (too pale on white); the control is dark grey.
CONTROL_COLOUR = "#4D4D4D"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.5)))
MUTED = "#5F5F5F"
_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei",
    "SimHei", "Arial Unicode MS",
)  # fmt: skip
_LONGEST_LABEL = 22


def save(figure: Figure, name: str, folder: Path) -> list[Path]:
    """One figure as PNG and SVG, without dates; answers with the files."""
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        path = folder / f"{name}.{ending}"
        figure.savefig(path, dpi=160, metadata=metadata)
        saved.append(path)
    return saved


@contextmanager
def style() -> Iterator[None]:
    """Our look for the time of drawing; leaves matplotlib's settings as they were."""
    import matplotlib as mpl
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    chinese = [name for name in _CHINESE_FONTS if name in installed]
    look: Any = {  # Any: matplotlib types its keys by name since 3.11
        "font.family": ["DejaVu Sans", *chinese], "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": MUTED, "axes.labelcolor": MUTED, "xtick.color": MUTED,
        "ytick.color": MUTED, "axes.grid": True, "grid.color": "#E6E6E6", "grid.linewidth": 0.8,
        "axes.axisbelow": True, "axes.unicode_minus": True, "svg.hashsalt": "grapevine", "svg.fonttype": "path",
        "figure.facecolor": "white", "savefig.facecolor": "white", "path.simplify": True, "agg.path.chunksize": 0,
    }  # fmt: skip
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a user's own matplotlibrc must not change our bytes
        mpl.rcParams.update(look)
        # Chinese fonts often come without a bold; the regular one will do, and nobody need be told
        logging.getLogger("matplotlib.font_manager").addFilter(_is_no_missing_bold)
        if not chinese:  # then Chinese labels show as boxes, which is no reason to stop
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        try:
            yield
        finally:
            logging.getLogger("matplotlib.font_manager").removeFilter(_is_no_missing_bold)


def _is_no_missing_bold(record: logging.LogRecord) -> bool:
    return "font weight" not in record.getMessage()


def colour_of(label: str, labels: Sequence[str]) -> str:
    if label == CONTROL:
        return CONTROL_COLOUR
    return COLOURS[[name for name in labels if name != CONTROL].index(label) % len(COLOURS)]


def dash_of(label: str, labels: Sequence[str]) -> Any:
    if label == CONTROL:
        return _DASHES[0]
    return _DASHES[[name for name in labels if name != CONTROL].index(label) // len(COLOURS) % len(_DASHES)]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def put_title(figure: Figure, lines: Sequence[str], left: float, width: float, height: float) -> None:
    figure.text(
        min(left, 0.3) / width, 1 - 0.14 / height, "\n".join(lines), fontsize=13, fontweight="bold", va="top",
        ha="left", color="#111111", linespacing=1.15,
    )  # fmt: skip


def put_head(panel: Axes, what: str, how: str) -> None:
    """What the panel shows, in place of a turned axis label; how it was made, smaller."""
    panel.annotate(what, (0, 1), (-40, 17), xycoords="axes fraction", textcoords="offset points", fontsize=9.5,
                   fontweight="bold", color="#222222", ha="left", va="bottom")  # fmt: skip
    panel.annotate(capital(how), (0, 1), (-40, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8,
                   color=MUTED, ha="left", va="bottom")  # fmt: skip


def label_ends(panel: Axes, ends: Mapping[str, float], labels: Sequence[str]) -> None:
    """Names beside the right ends of the lines, moved apart where they would overlap, each tied to its end."""
    low, high = panel.get_ylim()
    points = panel.get_position().height * panel.get_figure(root=True).get_figheight() * 72  # type: ignore[union-attr]
    per_point = (high - low) / points
    ordered = sorted(ends, key=lambda label: (ends[label], -labels.index(label)))
    places = spread([ends[label] for label in ordered], 12.5 * per_point, low, high)
    x = panel.get_xlim()[1]
    for label, place in zip(ordered, places, strict=True):
        colour = colour_of(label, labels)
        panel.annotate(
            short(label), (x, ends[label]), (18, (place - ends[label]) / per_point), textcoords="offset points",
            va="center", ha="left", fontsize=9.5, color=ink_of(colour), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 1.5, "shrinkB": 2.0,
                        "relpos": (0, 0.5)},
        )  # fmt: skip


def spread(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places nearest to the wanted ones (ascending; least squares) at least `least` apart, within the bounds.

    >>> spread([1.0, 1.0, 9.0], 2.0, 0.0, 10.0)
    [0.0, 2.0, 9.0]
    """
    n = len(wanted)
    if n > 1:
        least = min(least, (high - low) / (n - 1))
    blocks: list[list[float]] = []  # [mean, count]: pool adjacent violators on the places less their due gaps
    for i, place in enumerate(wanted):
        blocks.append([place - i * least, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + mean * count) / (blocks[-1][1] + count)
            blocks[-1][1] += count
    pooled = [mean for mean, count in blocks for _ in range(int(count))]
    top = high - (n - 1) * least
    return [min(max(place, low), top) + i * least for i, place in enumerate(pooled)]


def ink_of(colour: str) -> str:
    """The colour of a line, darkened for text."""
    return "#" + "".join(f"{int(int(colour[i : i + 2], 16) * 0.75):02X}" for i in (1, 3, 5))


def number_axis(panel: Axes, which: str, *, is_signed: bool, most: int = 5) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = panel.yaxis if which == "y" else panel.xaxis
    low, high = axis.get_view_interval()
    largest = max(abs(low), abs(high))
    unit, letter = next(((u, s) for u, s in ((1e9, "bn"), (1e6, "m"), (1e3, "k")) if largest >= u), (1.0, ""))

    def text(value: float, _: int) -> str:
        number = f"{value / unit:{'+' if is_signed else ''}.6g}"
        return "0" if value == 0 else minus(number) + letter

    axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(text))


def minus(text: str) -> str:
    return text.replace("-", "\u2212")
