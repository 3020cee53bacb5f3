"""Everything that is told of one comparison, worked out once: what charts, report and app show; imports the studies.

A Story opens a results folder and answers with numbers, never with pictures or pages. Each part is worked out when it
is first asked for; a part that the folder cannot give is None or empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from sim.errors import InputError
from sim.experiment import Results
from sim.metrics import MEASURES
from sim.studies.ask import common_retention
from sim.studies.compare import ALPHA, CONTROL
from sim.studies.compare.comparison import Comparison, compare_results
from sim.studies.explain import Explanation, explain
from sim.studies.explain.picture import communities, shoppers_of, tree_picture
from sim.studies.over_time import Series, by_age, by_day, cohort_weeks

#: what a strategy does to people beside what it sells: measure names, in the order told
WELFARE: Final = (
    "discount_per_buyer_cents", "pushes_per_month", "messages_per_month", "n_let_down", "fatigue_mean", "churn_rate_30d",
)  # fmt: skip
_RETENTION: Final = ("retention_d30", "retention_d7", "retention_d1")


class Story:
    """One comparison and all that is told of it."""

    def __init__(self, results: Results) -> None:
        if results.manifest.get("design") is not None:
            raise InputError(
                "a sweep of many points cannot be told as one comparison", file=results.folder,
                hint="Run `grapevine compare` with the changes of one point (`--set path=value`), and use that folder.",
            )  # fmt: skip
        self.results = results

    @classmethod
    def of(cls, source: Story | Results | Comparison | str | Path) -> Story:
        """From a results folder (its path too), a comparison, or a story (which is given back as it is)."""
        if isinstance(source, Story):
            return source
        if isinstance(source, Results):
            return cls(source)
        return cls(Results.open(source if isinstance(source, str | Path) else source.folder))

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The verdict, as `verdict.json` has it."""
        if self.results.runs.empty:
            raise InputError(
                "nothing has finished in this folder yet", file=self.results.folder,
                hint="`grapevine compare` goes on where it stopped.",
            )  # fmt: skip
        return compare_results(self.results).answer | {"common_retention": common_retention(self.results)}

    @cached_property
    def labels(self) -> list[str]:
        """All strategies, the control first."""
        return list(self.answer["measures"][self.answer["decide_on"]])

    @property
    def others(self) -> list[str]:
        """All strategies but the control."""
        return [label for label in self.labels if label != CONTROL]

    @cached_property
    def subject(self) -> str | None:
        """The strategy to look at first: the chosen one, or the best of the others if that is the control."""
        choice = self.answer["choice"]["label"]
        if choice is not None and choice != CONTROL:
            return str(choice)
        measure = MEASURES[self.answer["decide_on"]]
        means = {k: e["mean"] for k, e in self.answer["measures"][measure.name].items() if k != CONTROL}
        known = {label: mean for label, mean in means.items() if mean is not None}
        if known:
            return max(known, key=lambda label: measure.direction * known[label])
        return next(iter(self.others), None)

    def entry(self, measure: str, label: str) -> dict[str, Any]:
        """What the verdict says of one strategy in one measure, with two plain additions.

        `relative`: the difference over the control's mean (None where that is 0 or unknown). `is_clear`: told from
        zero at 5 % after Holm.
        """
        entry = dict(self.answer["measures"][measure][label])
        base, diff = entry["control_mean"], entry["diff"]
        entry["relative"] = diff / base if diff is not None and base else None
        entry["is_clear"] = entry["p_holm"] is not None and entry["p_holm"] <= ALPHA and diff != 0
        return entry

    def entries(self, measure: str) -> dict[str, dict[str, Any]]:
        """`entry` for every strategy, the control first."""
        return {label: self.entry(measure, label) for label in self.labels}

    def is_known(self, measure: str) -> bool:
        """Whether any strategy has a value of this measure."""
        return any(entry["mean"] is not None for entry in self.answer["measures"][measure].values())

    @cached_property
    def retention_measure(self) -> str:
        """The longest retention of new shoppers that the horizon gives."""
        return next((name for name in _RETENTION if self.is_known(name)), _RETENTION[-1])

    @cached_property
    def explanation(self) -> Explanation | None:
        """Why, for whom, who brought whom; None where the folder stores too little for it."""
        try:
            return explain(self.results, luck_worlds=0)
        except InputError:
            return None

    def why(self, table: str, strategy: str | None = None) -> pd.DataFrame:
        """One table of the explanation, or its rows of one strategy; empty where there is none."""
        tables = self.explanation.tables if self.explanation is not None else {}
        frame = tables.get(table, pd.DataFrame())
        return frame if strategy is None or "strategy" not in frame else frame[frame["strategy"] == strategy]

    def _kept(self, name: str) -> pd.DataFrame | None:
        try:
            table: pd.DataFrame = getattr(self.results, name)
        except InputError:  # the study did not keep this table
            return None
        return table if len(table) else None

    @cached_property
    def gmv(self) -> Series | None:
        """GMV a day, in currency."""
        return self._by_day("gmv_cents", 0.01)

    @cached_property
    def active(self) -> Series | None:
        """Shoppers who visit, a day."""
        return self._by_day("dau", 1.0)

    def _by_day(self, column: str, factor: float) -> Series | None:
        daily = self._kept("daily")
        series = None if daily is None else by_day(daily, self.results.runs, column, self.labels, factor)
        return series if series is not None and len(series.x) > 1 else None

    @cached_property
    def retention(self) -> Series | None:
        """New shoppers who visit, by days since they registered, in percent."""
        cohorts = self._kept("cohorts")
        series = None if cohorts is None else by_age(cohorts, self.results.runs, self.labels)
        return series if series is not None and len(series.x) > 1 else None

    @cached_property
    def cohort_weeks(self) -> pd.DataFrame:
        """Weeks of registration by weeks since: see `over_time.cohort_weeks`; empty where the folder has none."""
        cohorts = self._kept("cohorts")
        return pd.DataFrame() if cohorts is None else cohort_weeks(cohorts, self.results.runs, self.labels)

    def first(self, labels: Sequence[str], most: int) -> list[str]:
        """At most so many of these strategies: the one to look at first, then those that move GMV most."""
        entries = self.answer["measures"]["gmv_cents"]
        size = {label: abs(entries[label]["diff"] or 0) for label in labels}
        return sorted(labels, key=lambda label: (label != self.subject, -size[label]))[:most]

    @cached_property
    def _first_shoppers(self) -> dict[int, pd.DataFrame]:
        return {}

    def shoppers_of(self, replication: int) -> pd.DataFrame:
        """The shoppers of one replication, all strategies; empty where the folder stores none."""
        if self.results.keep != "all":
            return pd.DataFrame()
        if replication not in self._first_shoppers:
            self._first_shoppers[replication] = shoppers_of(self.results, replication)
        return self._first_shoppers[replication]

    def largest_tree(self, label: str) -> tuple[dict[str, Any], pd.DataFrame] | None:
        """The largest tree of invitations of a strategy: what is known of it, and a picture of its members."""
        trees = self.why("largest_trees", label)
        if not len(trees):
            return None
        first = trees.iloc[0]
        people = self.shoppers_of(int(first["replication"]))
        mine = people[people["strategy"] == label]
        about = {"size": int(first["size"]), "depth": int(first["depth"]), "replication": int(first["replication"]),
                 "inviter": int(first["inviter"]), "persona": str(first["persona"])}  # fmt: skip
        return about, tree_picture(mine, about["inviter"])

    @cached_property
    def _communities(self) -> dict[str, dict[str, pd.DataFrame]]:
        return {}

    def communities(self, label: str) -> dict[str, pd.DataFrame]:
        """Groups of people who hear one another in the first world, and what a strategy moves in each; may be empty."""
        if label not in self._communities:
            found: dict[str, pd.DataFrame] = {}
            replication = self.results.replications[0] if self.results.replications else 0
            people = self.shoppers_of(replication)
            both = set(people["strategy"]) if len(people) else set()
            if {label, CONTROL} <= both and self.is_the_same_question:
                try:
                    found = communities(self.results, people, label, replication)
                except InputError:  # a file that the scenario names is no longer there
                    found = {}
            self._communities[label] = found
        return self._communities[label]

    @cached_property
    def is_the_same_question(self) -> bool:
        """Whether this version of the model, with the files as they are now, would play what the folder holds."""
        try:
            return self.results.is_writable and self.results.scenario.digest == self.results.manifest.get("digest")
        except InputError:
            return False
