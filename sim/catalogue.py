"""Products -> Catalogue (price, cost, quality, taste, arousal ...); imports `tables`, `draws`, `_jit`, `errors`.

Everything that is drawn is drawn by the product's id (purpose PRODUCT, item = attribute number), so a
product keeps its quality whatever else is sold, and giving one column in a file leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sim._jit import exp, kernel, log
from sim.draws import PRODUCT, normal, u01
from sim.errors import InputError
from sim.tables import Kind, header, line_of, read_columns

if TYPE_CHECKING:
    import pandas as pd

# --- attribute numbers: the `item` of a product's draws; a number, once given, is never reused ---------
PRICE: Final = 0
UNIT_COST: Final = 1
QUALITY: Final = 2
TASTE: Final = 3  # 3, 4, 5: one for each dimension
AROUSAL: Final = 6
SOCIALITY: Final = 7
CATEGORY: Final = 8
SAMPLE: Final = 9  # who is kept when a long file is cut to `size` products
N_ATTRIBUTES: Final = 10

N_TASTES: Final = 3
N_CATEGORIES: Final = 8
COST_LOW, COST_HIGH = 0.60, 0.75  # unit cost as a share of the price (model.md 5.3)
SOCIALITY_LOW, SOCIALITY_HIGH = 0.30, 1.20
SPAM_ABOVE, SPAM_ONSET, NO_SPAM = 0.8, 2.0, 1e9
UNLIMITED: Final = -1
MOST_PRICE_CENTS: Final = 10**9  # ten million: a billion units of it still fit into 64 bits
MOST_SOCIALITY: Final = 10.0  # one recommendation then has all the effect there is
MOST_SCORE: Final = 10.0  # quality and arousal are standard scores; 10 is beyond any of them

COLUMNS: Final[dict[str, Kind]] = {
    "id": "int",
    "price": "float",
    "unit_cost": "float",
    "quality": "float",
    "category": "text",
    "arousal": "float",
    "sociality": "float",
    "spam_onset": "float",
    "stock": "int",
    "launch_day": "int",
}
"""What a file of products may hold; `id` and `price` are needed."""


class CatalogueSummary(NamedTuple):
    """What a warning needs to know about the products."""

    n_products: int
    median_price_cents: int
    median_margin_cents: int
    low_margin_cents: int  # nine of ten products earn more than this


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Products as columns of one length, in the order of their ids."""

    id: np.ndarray  # int64, 0 <= id < 2**31
    price_cents: np.ndarray  # int64, list price
    unit_cost_cents: np.ndarray  # int64
    quality: np.ndarray  # float64, standard score
    taste: np.ndarray  # float64[P, 3]
    arousal: np.ndarray  # float64, standard score
    sociality: np.ndarray  # float64, kappa, drawn from 0.3-1.2: how much friends' words say about it
    spam_onset: np.ndarray  # float64, recommendations beyond this number hurt; 1e9: never
    category: np.ndarray  # int32, place in `category_names`
    stock: np.ndarray  # int64, -1 = unlimited
    launch_day: np.ndarray  # int32, first day on sale
    p_ref_cents: int  # median list price of the specification: a constant, not of the sample
    category_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what was drawn, rounded or left out; for `check` and the report

    def __len__(self) -> int:
        return int(self.id.size)

    @classmethod
    def draw(cls, size: int, seed: int, median_price_cents: int = 3000, sd_log_price: float = 0.7) -> Catalogue:
        """`size` products with ids 0, 1, 2 ...; more products leave the earlier ones as they are."""
        if not 1 <= size < 2**31:
            raise InputError("number of products out of range", path="catalogue.size", found=size, allowed="at least 1")
        ids = np.arange(size, dtype=np.int64)
        traits = _traits(ids, seed)
        price = np.empty(size)
        _prices(traits, float(median_price_cents), float(sd_log_price), price)
        price_cents = np.clip(np.floor(price + 0.5), 1, MOST_PRICE_CENTS).astype(np.int64)
        return cls(
            id=ids,
            price_cents=price_cents,
            unit_cost_cents=_drawn_cost(price_cents, traits),
            p_ref_cents=int(median_price_cents),
            category=(traits[:, CATEGORY] * N_CATEGORIES).astype(np.int32),
            category_names=tuple(f"category {k + 1}" for k in range(N_CATEGORIES)),
            stock=np.full(size, UNLIMITED, dtype=np.int64),
            launch_day=np.zeros(size, dtype=np.int32),
            quality=traits[:, QUALITY].copy(),
            arousal=traits[:, AROUSAL].copy(),
            taste=_drawn_taste(traits),
            sociality=(sociality := _drawn_sociality(traits)),
            spam_onset=_onset(sociality),
        )

    @classmethod
    def from_csv(
        cls, path: str | Path, seed: int, columns: Mapping[str, str] | None = None, size: int | None = None
    ) -> Catalogue:
        """Products of a CSV; columns it does not have are drawn by product id.

        `columns` maps our names to the file's. With `size`, that many products are kept, chosen by their
        ids alone: the same ones in every world, and a smaller sample is part of a larger one.
        """
        given = read_products(path, columns)
        notes = list(given.notes)
        ids, p_ref_cents = given.columns["id"], _median(given.columns["price"])
        keep = np.argsort(ids, kind="stable")
        if size is not None and size < ids.size:
            chosen = np.lexsort((ids, _traits(ids, 0)[:, SAMPLE]))[:size]
            keep = chosen[np.argsort(ids[chosen], kind="stable")]
            notes.append(f"{size:,} of the file's {ids.size:,} products are sold, chosen by id")
        table = {name: values[keep] for name, values in given.columns.items()}
        ids, price_cents = table["id"], table["price"]
        traits = _traits(ids, seed)
        n = int(ids.size)
        if "unit_cost" not in table:
            notes.append(f"no unit costs in the file: drawn, {COST_LOW:.0%} to {COST_HIGH:.0%} of the price")
        drawn = [name for name in ("quality", "category", "arousal") if name not in table]
        if drawn:
            notes.append(f"not in the file, drawn: {', '.join(drawn)}")
        if "category" in table:
            names, codes = np.unique(table["category"].astype(str), return_inverse=True)
        else:
            names = np.array([f"category {k + 1}" for k in range(N_CATEGORIES)])
            codes = (traits[:, CATEGORY] * N_CATEGORIES).astype(np.int32)
        return cls(
            id=ids,
            price_cents=price_cents,
            unit_cost_cents=table.get("unit_cost", _drawn_cost(price_cents, traits)),
            p_ref_cents=p_ref_cents,
            category=codes.astype(np.int32),
            category_names=tuple(str(name) for name in names),
            stock=table.get("stock", np.full(n, UNLIMITED, dtype=np.int64)),
            launch_day=table.get("launch_day", np.zeros(n, dtype=np.int64)).astype(np.int32),
            quality=table.get("quality", traits[:, QUALITY].copy()),
            arousal=table.get("arousal", traits[:, AROUSAL].copy()),
            taste=_drawn_taste(traits),
            sociality=(sociality := table.get("sociality", _drawn_sociality(traits))),
            spam_onset=table.get("spam_onset", _onset(sociality)),
            notes=tuple(notes),
        )

    def summary(self) -> CatalogueSummary:
        """Prices and margins in four numbers."""
        margin = np.sort(self.price_cents - self.unit_cost_cents)
        return CatalogueSummary(len(self), _median(self.price_cents), _median(margin), int(margin[len(self) // 10]))

    def with_prices(self, price_cents: np.ndarray) -> Catalogue:
        """The same products at other list prices (for what-if questions)."""
        return replace(self, price_cents=np.asarray(price_cents, dtype=np.int64))

    def to_frame(self) -> pd.DataFrame:
        """One row a product, money in cents."""
        import pandas as pd

        names = [self.category_names[code] for code in self.category]
        return pd.DataFrame(
            {
                "id": self.id,
                "price_cents": self.price_cents,
                "unit_cost_cents": self.unit_cost_cents,
                "quality": self.quality,
                **{f"taste_{k + 1}": self.taste[:, k] for k in range(N_TASTES)},
                "arousal": self.arousal,
                "sociality": self.sociality,
                "category": names,
                "stock": self.stock,
                "launch_day": self.launch_day,
            }
        )


class Products(NamedTuple):
    """The columns of a file, checked: prices and costs in cents."""

    columns: dict[str, np.ndarray]
    notes: tuple[str, ...]


def read_products(path: str | Path, columns: Mapping[str, str] | None = None) -> Products:
    """Read and check a file of products; every refusal names file and line."""
    path = Path(path)
    rename = dict(columns or {})
    table = read_columns(
        path,
        required={"id": "int", "price": "float"},
        optional={name: kind for name, kind in COLUMNS.items() if name not in ("id", "price")},
        rename=rename,
        what="catalogue",
    )
    notes: list[str] = []
    unused = [name for name in header(path) if name not in {rename.get(ours, ours) for ours in table}]
    if unused:
        notes.append(f"columns not used: {', '.join(unused[:10])}")

    def refuse(name: str, bad: np.ndarray, problem: str, allowed: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                problem, file=path, line=line_of(path, row), path=rename.get(name, name),
                found=table[name][row].item(), allowed=allowed,
            )  # fmt: skip

    ids, price = table["id"], table["price"]
    refuse("id", (ids < 0) | (ids >= 2**31), "product id out of range", "0 to 2147483647")
    refuse("id", _repeats(ids), "product id appears twice", "every id once")
    refuse("price", (price < 0.005) | (price * 100.0 > MOST_PRICE_CENTS), "price out of range", "0.01 to 10,000,000.00")
    if "unit_cost" in table:
        cost = table["unit_cost"]
        bad = (cost < 0) | (cost * 100.0 > MOST_PRICE_CENTS)
        refuse("unit_cost", bad, "unit cost out of range", "0 to 10,000,000.00")
    for name in ("quality", "arousal"):
        if name in table:
            refuse(name, np.abs(table[name]) > MOST_SCORE, f"{name} out of range", "a standard score, -10 to 10")
    if "sociality" in table:
        bad = (table["sociality"] < 0.0) | (table["sociality"] > MOST_SOCIALITY)
        refuse("sociality", bad, "sociality out of range", f"0 to {MOST_SOCIALITY:g}")
    if "spam_onset" in table:
        bad = (table["spam_onset"] < 0.0) | (table["spam_onset"] > NO_SPAM)
        refuse("spam_onset", bad, "spam onset out of range", "0 or more recommendations; 1e9 for never")
    if "stock" in table:
        refuse("stock", table["stock"] < UNLIMITED, "stock out of range", "0 or more units, or -1 for no limit")
    if "launch_day" in table:
        refuse("launch_day", np.abs(table["launch_day"]) > 32_767, "launch day out of range", "-32767 to 32767")
    for name in ("price", "unit_cost"):
        if name in table:
            cents = np.rint(table[name] * 100.0)
            n_rounded = int((np.abs(table[name] * 100.0 - cents) > 1e-7 * np.maximum(1.0, table[name])).sum())
            if n_rounded:
                notes.append(f"{name}: {n_rounded:,} values with more than two decimals were rounded to whole cents")
            table[name] = cents.astype(np.int64)
    if "unit_cost" in table:
        n_below = int((table["unit_cost"] > table["price"]).sum())
        if n_below:
            notes.append(f"{n_below:,} products cost more than their list price: each sale of them loses money")
    return Products(table, tuple(notes))


def _repeats(ids: np.ndarray) -> np.ndarray:
    """True where an id was already seen further up."""
    again = np.ones(ids.size, dtype=bool)
    again[np.unique(ids, return_index=True)[1]] = False
    return again


def _median(cents: np.ndarray) -> int:
    """The lower of the two middle values: an amount somebody really asks."""
    return int(np.sort(cents)[(cents.size - 1) // 2])


def _drawn_cost(price_cents: np.ndarray, traits: np.ndarray) -> np.ndarray:
    share = COST_LOW + (COST_HIGH - COST_LOW) * traits[:, UNIT_COST]
    cost: np.ndarray = np.floor(price_cents * share + 0.5).astype(np.int64)
    return cost


def _drawn_taste(traits: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(traits[:, TASTE : TASTE + N_TASTES])


def _drawn_sociality(traits: np.ndarray) -> np.ndarray:
    sociality: np.ndarray = SOCIALITY_LOW + (SOCIALITY_HIGH - SOCIALITY_LOW) * traits[:, SOCIALITY]
    return sociality


def _onset(sociality: np.ndarray) -> np.ndarray:
    """Recommendations beyond which one more annoys, of products whose file does not say."""
    return np.where(sociality > SPAM_ABOVE, SPAM_ONSET, NO_SPAM)


def _traits(ids: np.ndarray, seed: int) -> np.ndarray:
    """One row a product, one column an attribute: standard normal, or uniform for shares and choices."""
    traits = np.empty((ids.size, N_ATTRIBUTES))
    _fill(ids, seed, traits)
    return traits


@kernel
def _fill(ids: np.ndarray, seed: int, traits: np.ndarray) -> None:
    for row in range(ids.shape[0]):
        for attribute in range(traits.shape[1]):
            u = u01(seed, PRODUCT, 0, ids[row], attribute)
            if attribute in (UNIT_COST, SOCIALITY, CATEGORY, SAMPLE):
                traits[row, attribute] = u
            else:
                traits[row, attribute] = normal(u)


@kernel
def _prices(traits: np.ndarray, median: float, sd: float, price: np.ndarray) -> None:
    middle = log(median)
    for row in range(traits.shape[0]):
        price[row] = exp(middle + sd * traits[row, PRICE])
