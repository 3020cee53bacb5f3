"""A study of A/B tests: run what is missing, read it, write it down; imports the rooms beside it, experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from sim.errors import InputError, did_you_mean
from sim.experiment import Experiment, Progress, Results, write_json, write_table
from sim.scenario import Scenario
from sim.strategies.arms import UNITS
from sim.studies.ab_test.planning import check_units, planned, the_strategy
from sim.studies.ab_test.tables import OUTCOMES, best_design, summary_table, tests_table
from sim.studies.ab_test.words import sentences

WHO: Final = ("members", "everybody")
TESTS: Final = 20
WORLDS: Final = 4

METHOD: Final = (
    "Each test is a run of its own: the strategy switched on for a share of shoppers, ego-nets or communities, by a "
    "lot that depends on the unit's name and the test's seed alone; world and luck are those of the control and of "
    "everybody treated, so what each shopper would have done either way is known. truth: mean over shoppers of "
    "everybody treated less nobody. estimate: difference in means of the arms. se: Welch; se_clustered: linearised "
    "ratio of sums over the units randomised, t with units - 2 degrees of freedom. Error of an estimate = interference "
    "+ the draw of the arms. interference: - missed - spilled, where missed = mean over the treated of (everybody - "
    "test), spilled = mean over the untreated of (test - nobody); its mean is the bias, known far better than from "
    "estimates alone. sd: spread of the error within a world. rmse: root of bias^2 + sd^2. "
    "coverage: share of tests whose clustered 95 % interval holds the truth; power: share that find the effect with "
    "its sign; false_alarms: the same test of an A/A comparison."
)


class AbTest:
    """What tests of a strategy would have found, and the truth: `tables` (tests, summary), `sentences`, `best`."""

    def __init__(
        self, results: Results, strategy: str, outcome: str, who: str, tests: pd.DataFrame, treated: float
    ) -> None:  # fmt: skip
        self.results, self.strategy, self.outcome, self.who = results, strategy, outcome, who
        self.treated = treated
        summary = summary_table(tests)
        self.tables = {"tests": tests, "summary": summary}
        self.best = best_design(summary, outcome)
        n = int(tests["world"].nunique()) if len(tests) else 0
        self.sentences = sentences(summary, strategy, outcome, n)
        self.sentences_zh = sentences(summary, strategy, outcome, n, "zh")

    @property
    def answer(self) -> dict[str, Any]:
        """Everything as JSON knows it."""
        return {
            "strategy": self.strategy, "outcome": self.outcome, "who": self.who, "treated": self.treated,
            "best_design": self.best, "sentences": self.sentences, "sentences_zh": self.sentences_zh, "method": METHOD,
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in self.tables.items()
            },
        }  # fmt: skip

    def write(self) -> Path:
        """Write `ab_test.json` and both tables into the results folder, as `ab_tests` and `ab_summary`."""
        for name, table in self.tables.items():
            plain = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
            write_table(self.results.folder / f"ab_{name}.parquet", plain)
        write_json(self.results.folder / "ab_test.json", self.answer)
        return self.results.folder

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


def ab_test(
    scenario: Scenario,
    strategy: str | None = None,
    units: Sequence[str] = UNITS,
    tests: int = TESTS,
    worlds: int = WORLDS,
    treated: float = 0.5,
    outcome: str = "orders",
    who: str = "members",
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
    command: str | None = None,
    remark: Callable[[str], None] | None = None,
) -> AbTest:
    """Test a strategy inside simulated worlds as an experimenter would, many times, and hold it against the truth.

    `units`: what is randomised (shopper, ego_net, community). `tests`: randomisations of each in each world. `treated`:
    chance of a unit to be treated. `outcome`: orders, spend or visits; it decides which design is best. `who` counts:
    members when it begins, or everybody, prospects included. The same study goes on in the same folder; more worlds
    extend it. For the other arguments see `Experiment.run`.
    """
    for name, value, known in (("outcome", outcome, tuple(OUTCOMES)), ("who", who, WHO)):
        if value not in known:
            raise InputError("no such choice", path=f"--{name}", found=value, allowed=", ".join(known),
                             hint=did_you_mean(value, known))  # fmt: skip
    label, asked = the_strategy(scenario, strategy), check_units(units)
    question = planned(scenario, label, asked, tests, treated, worlds)
    results = Experiment(question, command=command).run(jobs, to, progress, "all", executor, remark)
    table = tests_table(results, asked, tests, treated, who)
    if table.empty:
        raise InputError("no world has both its runs without and with everybody treated", file=results.folder,
                         hint="`grapevine failures` says why.")  # fmt: skip
    study = AbTest(results, label, outcome, who, table, treated)
    if results.is_writable:
        study.write()
    return study
