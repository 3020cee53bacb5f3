"""From a sweep's folder to its robustness: tables, sentences, files; imports the rooms beside it, experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd

from sim.errors import InputError
from sim.experiment import Results
from sim.metrics import MEASURES
from sim.studies.robustness.assumptions import ledger
from sim.studies.robustness.best import best, best_at_points
from sim.studies.robustness.sentence import (
    Voice,
    about_best,
    about_ledger,
    about_tipping,
    about_tree,
    condition,
    general,
)
from sim.studies.robustness.tipping import tipping
from sim.studies.robustness.tree import Tree, grow
from sim.studies.swept import Sweep, check_measure, read_sweep, write_answer

#: a coefficient that carries this share of some difference's variance is asked for tipping points
MATTERS: Final = 0.02
_MOST_COEFFICIENTS: Final = 6
_LANGUAGES: Final = ("en", "zh")


class Robustness:
    """How far the best strategy rests on what was varied: `tables` (tidy) and `sentences` by topic."""

    def __init__(self, sweep: Sweep, measure: str) -> None:
        self.sweep, self.measure, self.results = sweep, measure, sweep.results
        rows = best(sweep, measure)
        known = [row for row in rows if row["p_best_points"] is not None]
        if len(known) < 2:
            raise InputError(
                "nothing to compare: fewer than two strategies have this measure in every run",
                file=sweep.results.folder, found=measure,
            )  # fmt: skip
        first = max(known, key=lambda row: (row["p_best_points"], row["p_best"]))
        ledgers, factors = {}, {}
        for row in known:
            if row["diff"] is not None:
                label = str(row["strategy"])
                ledgers[label], factors[label] = ledger(sweep, measure, label)
        names, position = best_at_points(sweep, measure)
        tree = grow(sweep.factors, position, len(names)) if len(names) > 1 else None
        tips = tipping(sweep, measure, _that_matter(factors, tree, sweep))
        self.tables: dict[str, pd.DataFrame] = {
            "best": pd.DataFrame(rows),
            "rules": _rules(tree, names, sweep),
            "tipping": pd.DataFrame(tips),
            "assumptions": pd.DataFrame([row for table in ledgers.values() for row in table]),
            "factors": pd.DataFrame([row for table in factors.values() for row in table]),
        }
        self.tables = {name: table for name, table in self.tables.items() if len(table.columns)}
        said = {}
        for language in _LANGUAGES:
            voice = Voice(language, sweep, measure)
            said[language] = {
                "best": about_best(rows, sweep, voice),
                "flips": about_tree(tree, names, sweep.factors, voice),
                "tipping": about_tipping(tips, sweep, str(first["strategy"]), voice),
                "assumptions": [
                    *(
                        s
                        for label in ledgers
                        for s in about_ledger(label, ledgers[label], factors[label], sweep, voice)
                    ),
                    *general(ledgers, sweep, voice),
                ],
            }
        self.sentences, self.sentences_zh = said["en"], said["zh"]

    @property
    def draws(self) -> str:
        """What its points are called: draws of what is not known, or points."""
        return Voice("en", self.sweep, self.measure).draws

    @property
    def answer(self) -> dict[str, Any]:
        """Everything as JSON knows it: sentences, and tables as lists of records."""
        return {
            "measure": self.measure, "design": self.sweep.kind, "points": len(self.sweep.points),
            "strategies": list(self.sweep.labels), "factors": [factor.path for factor in self.sweep.factors],
            "sentences": self.sentences, "sentences_zh": self.sentences_zh,
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in self.tables.items()
            },
        }  # fmt: skip

    def write(self, folder: str | Path | None = None) -> Path:
        """Write `robustness.json` and the tables as Parquet, by default into `robustness/` in the results folder."""
        target = Path(folder) if folder is not None else self.results.folder / "robustness"
        write_answer(target, "robustness", self.answer, self.tables)
        return target

    def __repr__(self) -> str:
        return "\n".join(sentence for said in self.sentences.values() for sentence in said)


def robustness(results: Results | str | Path, measure: str | None = None) -> Robustness:
    """In how many draws and worlds of a sweep each strategy is best, where that flips, and on what it rests.

    `measure`: what decides, by default the scenario's `decide_on`. Reads stored runs of a sweep, whatever its design.
    """
    found = results if isinstance(results, Results) else Results.open(results)
    name = measure or found.scenario.decide_on
    check_measure(name, "--measure" if measure else "decide_on")
    if MEASURES[name].direction == 0:
        raise InputError(
            "neither more nor less of this measure is better, so no strategy is best", path="--measure", found=name,
            hint="Choose one like profit_cents, gmv_cents or retained_share.",
        )  # fmt: skip
    sweep = read_sweep(found, [name])
    if not sweep.factors:
        raise InputError("no factor differs between the points", file=found.folder)
    return Robustness(sweep, name)


def _that_matter(factors: dict[str, list[dict[str, Any]]], tree: Tree | None, sweep: Sweep) -> list[str]:
    """Coefficients that carry a part of some difference, the largest first, and those the tree asks about."""
    shares: dict[str, float] = {}
    for table in factors.values():
        for row in table:
            shares[row["factor"]] = max(shares.get(row["factor"], 0.0), row["share_with_others"])
    most = [path for path, share in sorted(shares.items(), key=lambda item: (-item[1], item[0])) if share >= MATTERS]
    used = [] if tree is None else [one.factor for leaf in tree.leaves for one in leaf.conditions]
    return [*most[:_MOST_COEFFICIENTS], *(sweep.factors[k].path for k in used)]


def _rules(tree: Tree | None, names: list[str], sweep: Sweep) -> pd.DataFrame:
    """A row a leaf and strategy."""
    voice = Voice("en", sweep, "profit_cents")
    rows: list[dict[str, Any]] = []
    if tree is None:
        return pd.DataFrame()
    for number, leaf in enumerate(tree.leaves):
        where = " and ".join(condition(one, sweep.factors, voice) for one in leaf.conditions) or "everywhere"
        rows += [
            {"leaf": number, "where": where, "n_points": leaf.n, "strategy": name, "n_best": leaf.counts[k],
             "share": leaf.counts[k] / leaf.n, "depth": tree.depth, "accuracy_unseen": tree.accuracy,
             "accuracy_commonest": tree.base_accuracy}
            for k, name in enumerate(names)
        ]  # fmt: skip
    return pd.DataFrame(rows)
