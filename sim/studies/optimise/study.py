"""A search for the best levers: try, choose, confirm on fresh worlds, write down; imports the rooms beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from sim.errors import InputError
from sim.experiment import Experiment, Progress, Results, folder_name, write_json, write_table
from sim.experiment.files import write_text
from sim.experiment.lock import only_writer
from sim.scenario import Scenario
from sim.studies.optimise.question import TRIALS, Question
from sim.studies.optimise.search import BATCH, optuna, search
from sim.studies.optimise.trials import candidates, confirmed_table, evaluator, fresh, trials_table
from sim.studies.optimise.words import sentences

METHOD: Final = (
    "Trials are proposed by Optuna (tree-structured Parzen estimator; the first ten by lot, the scenario as it is "
    "first of all), eight at a time, each from the seed and its number. All run in the same worlds with the same luck "
    "as the control (common random numbers). front: trials that no other one is at least as good as on every goal. The "
    "one chosen lies nearest to the best of every goal, each scaled by its range over all trials; of one goal it is "
    "the best. It, the front (8 at most) and the scenario as it is are run again in fresh worlds (another seed): "
    "intervals are 95 % t intervals over means of these worlds, which had no part in the choice. optimism: how much "
    "better a trial looked where it was chosen."
)


class Optimum:
    """The best levers found: `best` (changes), `scenario` (with them), `tables` (trials, confirmed), `sentences`."""

    def __init__(self, folder: Path, question: Question, trials: pd.DataFrame, confirmed: pd.DataFrame,
                 best: Mapping[str, Any]) -> None:  # fmt: skip
        self.folder, self.question, self.best = folder, question, dict(best)
        self.tables = {"trials": trials, "confirmed": confirmed}
        self.scenario: Scenario = question.scenario.with_(self.best)
        self.sentences, self.sentences_zh = (sentences(question, trials, confirmed, lang) for lang in ("en", "zh"))

    @property
    def answer(self) -> dict[str, Any]:
        """Everything as JSON knows it."""
        return {
            "strategy": self.question.strategy, "goals": list(self.question.goals), "best": self.best,
            "sentences": self.sentences, "sentences_zh": self.sentences_zh, "method": METHOD,
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in self.tables.items()
            },
        }  # fmt: skip

    def write(self) -> Path:
        """Write both tables, `optimise.json`, and `best.yaml`: the scenario with the levers chosen."""
        for name, table in self.tables.items():
            plain = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
            write_table(self.folder / f"{name}.parquet", plain)
        write_json(self.folder / "optimise.json", self.answer)
        write_text(self.folder / "best.yaml", self.scenario.to_yaml(self.folder))
        return self.folder

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


def default_folder(question: Question, out: Path = Path("results")) -> Path:
    """Where the search goes if nobody says where."""
    return out / f"{folder_name(question.scenario, 'optimise')}-{question.digest}"


def optimise(
    question: Question | Scenario,
    vary: Mapping[str, Any] | None = None,
    strategy: str | None = None,
    goals: Sequence[str] | None = None,
    trials: int = TRIALS,
    split: bool = False,
    budget: float | None = None,
    confirm: int | None = None,
    seed: int = 1,
    jobs: int | None = None,
    to: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | str | None = None,
    remark: Callable[[str], None] | None = None,
    engines: str = "sim.engines",
) -> Optimum:
    """Find the levers (and the split of a budget) of one strategy that are best for its goals, and confirm them.

    `vary`: lever -> {low, high, scale}, a list of values, or None for the lever's own range, as factors of a design.
    `goals`: measures, several at once; their directions are known. `split`: also how the strategy's budget is split
    among its tactics. `confirm`: replications in fresh worlds. The scenario's replications are those of a trial. The
    same question goes on in the same folder, also with more trials. See `Experiment.run` for the other arguments.
    """
    if isinstance(question, Scenario):
        question = Question.of(question, vary, strategy, goals, trials, split, budget, confirm, seed)
    elif vary or strategy or goals:
        raise InputError("a question says already what varies, of which strategy, for which goals", path="vary")
    optuna()  # before anything is made, if it is missing
    folder = Path(to) if to is not None else default_folder(question)
    folder.mkdir(parents=True, exist_ok=True)
    say = remark or (lambda _: None)

    def run(scenario: Scenario, where: Path) -> Results:
        experiment = Experiment(scenario, engines=engines)
        return experiment.run(jobs, where, None, "runs", executor, remark)

    with only_writer(folder):
        return _search(question, folder, run, say, progress)


def _search(
    question: Question,
    folder: Path,
    run: Callable[[Scenario, Path], Results],
    say: Callable[[str], None],
    progress: Callable[[Progress], None] | None,
) -> Optimum:
    _same_question(folder, question)
    evaluate = evaluator(question, folder, run)

    def watched(first: int, points: Sequence[Mapping[str, Any]]) -> list[list[float] | None]:
        if progress is not None:
            progress(Progress(first, question.trials, 0))
        return evaluate(first, points)  # type: ignore[no-any-return]

    start = question.space.start(question.scenario)
    directions = question.directions
    found = search(
        folder / "trials.log",
        question.space.distributions(),
        directions,
        question.trials,
        watched,
        question.seed,
        start,
    )
    if progress is not None:
        progress(Progress(question.trials, question.trials, 0))
    table = trials_table(question, found)
    numbers = candidates(question, found)
    say(f"confirming {len(numbers)} of {len(found)} trials on fresh worlds, {question.confirm} replications")
    scenario = fresh(question, found, numbers)
    later = run(scenario, folder / "confirm" / scenario.digest)
    batches = {n: Results.open(folder / "batches" / f"{n // BATCH * BATCH:05d}").runs for n in numbers}
    confirmed = confirmed_table(question, numbers, batches, later.runs)
    best = question.space.changes(next(trial.point for trial in found if trial.number == numbers[0]))
    optimum = Optimum(folder, question, table, confirmed, best)
    optimum.write()
    return optimum


def _same_question(folder: Path, question: Question) -> None:
    """Refuse to add trials to those of another question."""
    note = folder / "question.txt"
    if note.exists() and note.read_text(encoding="utf-8").strip() != question.digest:
        raise InputError("this folder holds the trials of another question", file=folder,
                         hint="Choose another folder with --out, or leave it to the name of the question.")  # fmt: skip
    if not note.exists():
        write_text(note, question.digest + "\n")
