"""Everything that is told of one comparison, worked out once: what charts, report and app show; imports the studies.

A Story opens a results folder and answers with numbers, never with pictures or pages. Each part is worked out when it
is first asked for; a part that the folder cannot give is None or empty.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment import Results
from sim.metrics import MEASURES, measure
from sim.params import COEFFICIENTS
from sim.studies.ask import common_retention
from sim.studies.compare import ALPHA, CONTROL
from sim.studies.compare.comparison import Comparison, compare_results
from sim.studies.explain import Explanation, explain
from sim.studies.explain.picture import communities, shoppers_of, tree_picture
from sim.studies.over_time import Series, by_age, by_day, cohort_weeks

#: what a strategy does to people beside what it sells: measure names, in the order told
WELFARE: Final = (
    "discount_per_buyer_cents",
    "pushes_per_month",
    "messages_per_month",
    "n_let_down",
    "fatigue_mean",
    "churn_rate_30d",
)
#: people x days up to which a run is played once more for a check
MOST_PERSON_DAYS: Final = 5_000_000
#: what is told of a strategy over all draws of the assumptions
_ROBUST: Final = ("strategy", "p_best_points", "p_better", "diff", "diff_p5", "diff_p95")
_RETENTION: Final = ("retention_d30", "retention_d7", "retention_d1")


class Story:
    """One comparison and all that is told of it."""

    def __init__(self, results: Results, robustness_folder: Path | None = None) -> None:
        #: the calibration whose draws the worlds are, and whether it is fit for decisions; None: no calibration
        self.worlds_from: dict[str, Any] | None = None
        if results.manifest.get("design") is not None:
            from sim.studies.calibrate.worlds import as_question, worlds_from

            self.worlds_from, results = worlds_from(results), as_question(results)
        if results.manifest.get("design") is not None:
            raise InputError(
                "a sweep of many points cannot be told as one comparison",
                file=results.folder,
                hint="Run `grapevine compare` with the changes of one point (`--set path=value`), and use that folder.",
            )
        self.results = results
        self.robustness_folder = robustness_folder

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
                "nothing has finished in this folder yet",
                file=self.results.folder,
                hint="`grapevine compare` goes on where it stopped.",
            )
        answer = compare_results(self.results).answer
        if self.worlds_from is not None:
            from sim.studies.calibrate.worlds import said_of

            answer = said_of(answer, self.worlds_from)
        return answer | {"common_retention": common_retention(self.results)}

    @cached_property
    def drawn(self) -> list[dict[str, Any]]:
        """What the worlds were drawn with: path, median, middle 90 % of the draws; empty without a calibration."""
        if self.worlds_from is None:
            return []
        draws = self.results.points.drop(columns=["point", "seed"], errors="ignore")
        quantiles, ends = draws.quantile([0.05, 0.5, 0.95]), ("p05", "median", "p95")
        return [{"path": str(name), **dict(zip(ends, quantiles[name], strict=True))} for name in draws.columns]

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
        about = MEASURES[self.answer["decide_on"]]
        means = {k: e["mean"] for k, e in self.answer["measures"][about.name].items() if k != CONTROL}
        known = {str(label): float(mean) for label, mean in means.items() if mean is not None}
        if known:
            return max(known, key=lambda label: about.direction * known[label])
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
    def _cohorts(self) -> pd.DataFrame | None:
        """The table of cohorts, which is long, with its text as categories."""
        if "cohorts" not in self.results.stored:
            return None
        columns = ["strategy", "replication", "cohort_day", "age", "n_registered", "n_active"]
        pieces = list(self.results.pieces("cohorts", columns, words=True))
        table = pa.concat_tables(pieces).unify_dictionaries().to_pandas() if pieces else pd.DataFrame()
        return table if len(table) else None

    @cached_property
    def retention(self) -> Series | None:
        """New shoppers who visit, by days since they registered, in percent."""
        cohorts = self._cohorts
        series = None if cohorts is None else by_age(cohorts, self.results.runs, self.labels)
        return series if series is not None and len(series.x) > 1 else None

    @cached_property
    def cohort_weeks(self) -> pd.DataFrame:
        """Weeks of registration by weeks since: see `over_time.cohort_weeks`; empty where the folder has none."""
        cohorts = self._cohorts
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
        about: dict[str, Any] = {
            "size": int(first["size"]),
            "depth": int(first["depth"]),
            "replication": int(first["replication"]),
            "inviter": int(first["inviter"]),
            "persona": str(first["persona"]),
        }
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
            if {label, CONTROL} <= both and self.is_played_again:
                try:
                    found = communities(self.results, people, label, replication)
                except InputError:  # a file that the scenario names is no longer there
                    found = {}
            self._communities[label] = found
        return self._communities[label]

    @cached_property
    def is_played_again(self) -> bool:
        """Whether worlds may be built anew: this version of the model would play what the folder holds.

        Never where the scenario names files: a folder that came by mail must not make anybody read files beside it.
        """
        if self.worlds_from is not None:
            return False
        if not self.results.is_writable or self.results.manifest.get("files") or self.results.scenario.files():
            return False
        return bool(self.results.scenario.digest == self.results.manifest.get("digest"))

    @cached_property
    def assumptions(self) -> list[dict[str, Any]]:
        """Every coefficient: its value here, whether the scenario changed it, how well it is known and from where."""
        values = self.results.scenario.coefficients()
        found = []
        for name, row in COEFFICIENTS.items():
            value = float(getattr(values, name))
            found.append(
                {
                    "name": name,
                    "value": value,
                    "default": row.default,
                    "is_changed": value != row.default,
                    "status": row.status,
                    "unit": row.unit,
                    "meaning": row.meaning,
                    "source": row.source,
                }
            )
        return found

    @cached_property
    def known_as(self) -> dict[str, int]:
        """How many coefficients are known how well: status -> number."""
        statuses = [row["status"] for row in self.assumptions]
        return {status: statuses.count(status) for status in ("verified", "literature", "fitted", "guess")}

    @cached_property
    def robustness(self) -> dict[str, Any] | None:
        """What `grapevine robustness` answered about this question: sentences by topic, and who is best how often.

        Read from `robustness.json` (of the folder of its sweep, or put into `robustness/` of this one). None where
        there is none, or it speaks of other strategies.
        """
        folder = self.results.folder if self.robustness_folder is None else self.robustness_folder
        file = folder / "robustness" / "robustness.json"
        try:
            answer = json.loads(file.read_text(encoding="utf-8"))
            is_ours = list(answer["strategies"]) == list(self.results.scenario.labels)
            said = {
                key: {str(topic): [str(one) for one in lines] for topic, lines in answer[key].items()}
                for key in ("sentences", "sentences_zh")
            }
            best = [{name: row.get(name) for name in _ROBUST} for row in answer["tables"]["best"]]
            measure = MEASURES[answer["measure"]].name
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputError("not an answer of `grapevine robustness`", file=file) from None
        if not is_ours:
            return None
        return {"measure": measure, "points": answer.get("points"), "best": best, **said}

    @cached_property
    def evidence(self) -> list[dict[str, Any]]:
        """Every tactic of every strategy: how good the evidence for its effect is, what it costs, how it can hurt."""
        return [
            {
                "strategy": label,
                "kind": tactic.kind,
                "zh": tactic.title_zh,
                "grade": tactic.grade,
                "costs": tactic.costs,
                "backfires": tactic.backfires,
            }
            for label in self.others
            for tactic in self.results.scenario.tactics(label)
        ]

    @cached_property
    def repeated(self) -> dict[str, Any] | None:
        """The control once more in the world of the first replication, against what the folder holds.

        Same world, same luck: every measure must be the same to the last bit. `n_measures`, `n_different`; None where
        it is not played: the world is too large, or made from files, or another version of the model made the folder.
        """
        scenario = self.results.scenario
        size = getattr(scenario.population, "size", None) or 0
        runs = self.results.runs
        mine = runs[(runs["strategy"] == CONTROL) & (runs["status"] != "failed")].sort_values("replication")
        is_small = 0 < size * (scenario.days + scenario.burn_in_days) <= MOST_PERSON_DAYS
        if not is_small or not len(mine) or not self.is_played_again:
            return None
        from sim.engines import simulate

        row = mine.iloc[0]
        again = measure(simulate(scenario, CONTROL, replication=int(row["replication"])))
        different = [name for name, value in again.items() if not _is_same(value, row[name])]
        return {"replication": int(row["replication"]), "n_measures": len(again), "n_different": len(different)}


def _is_same(one: Any, other: Any) -> bool:
    if one is None or pd.isna(other):
        return one is None and bool(pd.isna(other))
    return bool(one == other)
