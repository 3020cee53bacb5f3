"""Which tables a results folder stores, and their columns; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

Keep = Literal["runs", "orders", "records", "daily", "all"]

#: which tables a folder stores; `runs` comes first here and is written last
KEEP: Final[dict[Keep, tuple[str, ...]]] = {
    "runs": ("runs", "common_retention", "failures", "timing"),
    "orders": ("runs", "common_retention", "failures", "timing", "order_days"),  # what shops' records hold: calibration
    "records": (  # ... and of visits, shares and teams
        *("runs", "common_retention", "failures", "timing", "daily", "order_days", "records"),
    ),
    "daily": ("runs", "common_retention", "failures", "timing", "daily", "ledger", "funnel", "sales"),
    "all": (
        *("runs", "common_retention", "failures", "timing", "daily", "ledger", "funnel", "sales"),
        *("cohorts", "shoppers", "products"),
    ),
}
FROM_JOURNAL: Final = ("daily", "ledger", "funnel", "sales", "order_days", "records", "cohorts", "shoppers", "products")
#: of the manifest; folders of format 1 lack the tables that came later
FORMAT: Final = 2
_SINCE_FORMAT_2: Final = frozenset({"funnel", "sales", "products"})
KEYS: Final = (("point", pa.int64()), ("strategy", pa.string()), ("replication", pa.int64()))
SCHEMAS: Final = {
    "failures": pa.schema([*KEYS, ("error", pa.string()), ("traceback", pa.string()), ("rerun", pa.string())]),
    "common_retention": pa.schema(
        [
            *KEYS,
            ("measure", pa.string()),
            ("n_shoppers", pa.int64()),
            ("n_visited", pa.int64()),
            ("share", pa.float64()),
        ]
    ),
    "timing": pa.schema([*KEYS, ("seconds", pa.float64()), ("started", pa.string()), ("worker", pa.int64())]),
}
#: text columns of the journal's tables, named because an empty column does not tell its type
_TEXT: Final = frozenset(
    {"strategy", "persona", "channel", "status", "stage", "tactic", "line", "cls", "group", "purchase", "cause"}
)


def stored_tables(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Which tables a folder stores, by what its manifest says."""
    later = _SINCE_FORMAT_2 if manifest.get("format", 1) < FORMAT else frozenset()
    return tuple(name for name in KEEP[manifest.get("keep", "all")] if name not in later)


def with_keys(frame: pd.DataFrame, point: int, strategy: str, replication: int) -> pa.Table:
    """A table of the journal with the run's keys in front; types do not depend on what the run held."""
    n = len(frame)
    columns: dict[str, pa.Array] = {
        "point": pa.repeat(pa.scalar(point, pa.int64()), n),
        "strategy": pa.repeat(pa.scalar(strategy, pa.string()), n),
        "replication": pa.repeat(pa.scalar(replication, pa.int64()), n),
    }
    if len(set(frame.dtypes)) == 1 and frame.dtypes.iloc[0] == np.int64:  # as the daily table: one block of memory
        block = np.ascontiguousarray(frame.to_numpy().T)
        return pa.table(columns | {str(name): pa.array(block[k]) for k, name in enumerate(frame.columns)})
    for name, values in frame.items():
        if name in _TEXT:
            columns[str(name)] = _text(values)
        elif values.dtype == bool:
            columns[str(name)] = pa.array(values.to_numpy(), pa.bool_())
        elif n and values.dtype.kind == "f":
            columns[str(name)] = pa.array(values.to_numpy(), pa.float64())
        else:
            columns[str(name)] = pa.array(values.to_numpy(dtype=np.int64), pa.int64())
    return pa.table(columns)


def _text(values: pd.Series) -> pa.Array:
    if hasattr(values, "cat"):
        codes, words = values.cat.codes.to_numpy(), values.cat.categories.tolist()
        return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())).cast(pa.string())
    return pa.array(values.tolist(), pa.string())


def runs_table(rows: list[dict[str, Any]], measures: Iterable[str]) -> pa.Table:
    """One row a run. A measure counted in whole units is int64, every other is float64; missing is null."""
    schema = pa.schema(
        [*KEYS, ("world", pa.int64()), ("status", pa.string())] + [(name, _type_of(name)) for name in measures]
    )
    return pa.Table.from_pylist(rows, schema)


def _type_of(measure: str) -> pa.DataType:
    whole = measure.endswith("_cents") or measure.startswith("n_")
    return pa.int64() if whole and measure not in _FRACTIONS_OF_CENTS else pa.float64()


#: averages of cents keep their fraction
_FRACTIONS_OF_CENTS: Final = frozenset(
    {"aov_cents", "cac_cents", "ltv_180d_cents", "arpu_cents", "discount_per_buyer_cents"}
)
