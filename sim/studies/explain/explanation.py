"""From a results folder to its explanation: tables, sentences, files; imports the rooms beside it, experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment import Results, write_json
from sim.experiment.files import ParquetFile
from sim.studies.compare.comparison import Comparison
from sim.studies.compare.values import CONTROL
from sim.studies.explain import orders
from sim.studies.explain.luck import luck
from sim.studies.explain.pairs import Pairs, People, pairs
from sim.studies.explain.sentence import general, sentences
from sim.studies.explain.trees import Referrals, add_run, referral_tables
from sim.studies.explain.who import SHOPPER_COLUMNS, side, twin_sums, who
from sim.studies.explain.why import funnel_means, why

#: worlds whose control is played once more to see what luck alone does
LUCK_WORLDS: Final = 2
_BY_PAIR: Final[dict[str, Callable[[Results, Pairs], list[dict[str, Any]]]]] = {
    "why": why,
    "attribution": orders.attribution,
    "causes": orders.causes,
    "costs": orders.costs,
    "pulled_forward": orders.pulled_forward,
    "days": orders.days,
}


class Explanation:
    """Why the strategies of a results folder differ from the control: `tables` (tidy) and `sentences` by strategy."""

    def __init__(
        self, results: Results, asked: list[Pairs], tables: dict[str, pd.DataFrame], luck_worlds: int
    ) -> None:  # fmt: skip
        self.results, self.tables = results, tables
        self.notes, self.notes_zh = (general(tables, lang, results.keep, luck_worlds > 0) for lang in ("en", "zh"))
        self.pairs = {pair.label: len(pair.replications) for pair in asked}
        self.worlds = {pair.label: len(set(pair.worlds.tolist())) for pair in asked}
        self.sentences: dict[str, list[str]] = {}
        self.sentences_zh: dict[str, list[str]] = {}
        for label in (pair.label for pair in asked):
            about = {
                name: table[table["strategy"].isin([label, CONTROL])] if "strategy" in table else table
                for name, table in tables.items()
            }
            self.sentences[label], self.sentences_zh[label] = sentences(label, about), sentences(label, about, "zh")

    @property
    def answer(self) -> dict[str, Any]:
        """Everything as JSON knows it: sentences, and tables as lists of records."""
        return {
            "control": CONTROL,
            "pairs": self.pairs,
            "worlds": self.worlds,
            "sentences": self.sentences,
            "sentences_zh": self.sentences_zh,
            "notes": self.notes,
            "notes_zh": self.notes_zh,
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in self.tables.items()
            },
        }

    def write(self, folder: str | Path | None = None) -> Path:
        """Write `explain.json` and the tables as Parquet, by default into `explain/` in the results folder."""
        target = Path(folder) if folder is not None else self.results.folder / "explain"
        target.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            file = ParquetFile(target / f"{name}.parquet")
            file.write(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None))
            file.commit()
        write_json(target / "explain.json", self.answer)
        return target

    def __repr__(self) -> str:
        return "\n".join(f"{label}: {' '.join(said)}" for label, said in self.sentences.items())


def explain(
    results: Results | Comparison | str | Path, strategies: Sequence[str] | None = None, luck_worlds: int = LUCK_WORLDS
) -> Explanation:
    """Why, for whom, who brought whom: every strategy (or those named) against the control, from stored results.

    `luck_worlds`: in so many worlds the classes of shoppers are also worked out between two runs of the control with
    other luck; where the folder has one replication a world, each costs one more run. 0 leaves that out.
    """
    if isinstance(results, str | Path):
        results = Results.open(results)
    found = results if isinstance(results, Results) else Results.open(results.folder)
    if luck_worlds < 0:
        raise InputError("too few worlds", path="luck_worlds", found=luck_worlds, allowed="0 or more")
    if found.manifest.get("design") is not None:
        raise InputError(
            "a sweep of many points cannot be explained as one comparison", file=found.folder,
            hint=f"`grapevine explain {found.folder} --point 0` plays one of its points anew, with all tables, and "
            "explains that (from Python: `sim.explain(sim.compare(results.scenario_at(0)))`).",
        )  # fmt: skip
    asked = pairs(found, strategies)
    if not asked:
        raise InputError(
            "nothing to explain: no strategy finished a run beside the control", file=found.folder,
            found=", ".join(found.scenario.labels), allowed="the control and at least one strategy",
            hint="See `failures.parquet` in the folder, or add a strategy to the scenario.",
        )  # fmt: skip
    tables = {
        name: pd.DataFrame([row for pair in asked for row in make(found, pair)]) for name, make in _BY_PAIR.items()
    }
    tables["funnel"] = pd.concat([funnel_means(found, pair) for pair in asked], ignore_index=True)
    if found.keep == "all":
        tables["products"] = pd.DataFrame([row for pair in asked for row in orders.products(found, pair)])
        tables |= _people(found, asked)
        tables["luck"] = pd.DataFrame(luck(found, luck_worlds))
    return Explanation(found, asked, {name: table for name, table in tables.items() if len(table.columns)}, luck_worlds)


def _people(results: Results, asked: list[Pairs]) -> dict[str, pd.DataFrame]:
    """What the tables of shoppers tell, read once, a replication at a time."""
    sums: dict[str, list[Any]] = {pair.label: [] for pair in asked}
    trees: dict[str, Referrals] = {}
    for table in results.each("shoppers", SHOPPER_COLUMNS):
        replication = int(table["replication"].iloc[0])
        by_label = dict(_by_strategy(table))
        days = results.scenario.days
        control = side(by_label[CONTROL], days, is_control=True) if CONTROL in by_label else None
        for pair in asked:
            if control is not None and replication in pair.replications:
                sums[pair.label].append(twin_sums(side(by_label[pair.label], days, is_control=False), control))
        for label in (CONTROL, *(pair.label for pair in asked)):
            if label in by_label:
                add_run(trees.setdefault(label, Referrals()), replication, by_label[label])
    rows = [row for pair in asked for row in who(pair, sums[pair.label])]
    return {"twins": pd.DataFrame(rows), **referral_tables(results, asked, trees)}


def _by_strategy(table: pd.DataFrame) -> Iterator[tuple[str, People]]:
    """(strategy, its rows) of one replication: views where the rows of a strategy lie together, as they usually do."""
    words = table["strategy"].astype("category")
    codes = words.cat.codes.to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(codes) != 0) + 1).tolist(), len(codes)]
    if len(starts) - 1 == len(np.unique(codes)):
        columns = {name: _array(table[name]) for name in table.columns if name != "strategy"}
        for start, end in pairwise(starts):
            yield str(words.cat.categories[codes[start]]), {name: one[start:end] for name, one in columns.items()}
    else:
        for label, rows in table.groupby("strategy", sort=False, observed=True):
            yield str(label), rows


def _array(column: pd.Series[Any]) -> Any:
    """Numbers as NumPy has them, words as they are."""
    return column.to_numpy() if column.dtype.kind in "iuf" else column.array
